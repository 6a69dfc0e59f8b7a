"""A coupling flow, a graph network, a Siamese pair, a U-Net, a recurrent cell loop, LoRA."""
# ruff: noqa

import copy
import math
from collections import OrderedDict

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.parameter import Parameter


class Coupling(nn.Module):
    def __init__(self, dim, hidden, mask):
        super().__init__()
        self.register_buffer("mask", torch.tensor(mask, dtype=torch.float32))
        net = lambda: nn.Sequential(
            nn.Linear(dim, hidden), nn.LeakyReLU(), nn.Linear(hidden, dim), nn.Tanh()
        )
        self.s, self.t = net(), net()

    def forward(self, x):
        kept = x * self.mask
        s, t = self.s(kept) * (1 - self.mask), self.t(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (x * torch.exp(s) + t), s.sum(dim=1)

    def inverse(self, z):
        kept = z * self.mask
        s, t = self.s(kept) * (1 - self.mask), self.t(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (z - t) * torch.exp(-s)


class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Coupling(2, 8, m) for m in ([0, 1], [1, 0], [0, 1])])

    def log_prob(self, x):
        total = x.new_zeros(x.shape[0])
        for layer in self.layers:
            x, det = layer(x)
            total = total + det
        return total - 0.5 * (x.square().sum(1) + 2 * math.log(2 * math.pi))

    def sample(self, z):
        for layer in reversed(self.layers):
            z = layer.inverse(z)
        return z


class GraphConvolution(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = Parameter(torch.FloatTensor(in_features, out_features))
        if bias:
            self.bias = Parameter(torch.FloatTensor(out_features))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        stdv = 1.0 / math.sqrt(self.weight.size(1))
        self.weight.data.uniform_(-stdv, stdv)
        if self.bias is not None:
            self.bias.data.uniform_(-stdv, stdv)

    def forward(self, input, adj):
        output = torch.mm(adj, torch.mm(input, self.weight))
        return output + self.bias if self.bias is not None else output


class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.gc1, self.gc2 = GraphConvolution(5, 6), GraphConvolution(6, 3, bias=False)

    def forward(self, x, adj):
        x = F.dropout(F.relu(self.gc1(x, adj)), 0.0, training=self.training)
        return F.log_softmax(self.gc2(x, adj), dim=1)


class DoubleConv(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.double_conv = nn.Sequential(
            nn.Conv2d(i, o, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(o),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.double_conv(x)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.inc, self.down = DoubleConv(1, 4), nn.Sequential(nn.MaxPool2d(2), DoubleConv(4, 8))
        self.up = nn.ConvTranspose2d(8, 4, kernel_size=2, stride=2)
        self.conv, self.outc = DoubleConv(8, 4), nn.Conv2d(4, 1, kernel_size=1)

    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.up(self.down(x1))
        dy, dx = x1.size()[2] - x2.size()[2], x1.size()[3] - x2.size()[3]
        x2 = F.pad(x2, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.outc(self.conv(torch.cat([x1, x2], dim=1)))


def dice_loss(logits, target, smooth=1.0):
    p = torch.sigmoid(logits).view(logits.size(0), -1)
    t = target.view(target.size(0), -1)
    return 1 - ((2 * (p * t).sum(1) + smooth) / (p.sum(1) + t.sum(1) + smooth)).mean()


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm1, self.lstm2 = nn.LSTMCell(1, 6), nn.LSTMCell(6, 6)
        self.linear = nn.Linear(6, 1)

    def forward(self, input, future=0):
        outputs = []
        h_t = torch.zeros(input.size(0), 6, dtype=input.dtype)
        c_t, h_t2, c_t2 = h_t.clone(), torch.zeros_like(h_t), torch.zeros_like(h_t)
        for input_t in input.split(1, dim=1):
            h_t, c_t = self.lstm1(input_t, (h_t, c_t))
            h_t2, c_t2 = self.lstm2(h_t, (h_t2, c_t2))
            output = self.linear(h_t2)
            outputs += [output]
        for _ in range(future):
            h_t, c_t = self.lstm1(output, (h_t, c_t))
            h_t2, c_t2 = self.lstm2(h_t, (h_t2, c_t2))
            output = self.linear(h_t2)
            outputs += [output]
        return torch.cat(outputs, dim=1)


class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, rank=2, alpha=4):
        super().__init__()
        self.base = base
        for p in self.base.parameters():
            p.requires_grad = False
        self.lora_A = nn.Parameter(torch.empty(rank, base.in_features))
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))
        self.scaling = alpha / rank

    def forward(self, x):
        return self.base(x) + (x @ self.lora_A.T @ self.lora_B.T) * self.scaling


def models():
    siamese = nn.Sequential(
        OrderedDict([("fc1", nn.Linear(4, 8)), ("act", nn.PReLU()), ("fc2", nn.Linear(8, 3))])
    )
    lora = nn.Sequential(nn.Linear(4, 6), nn.Hardtanh(), nn.Linear(6, 2))
    return {
        "flow": Flow(),
        "gcn": GCN(),
        "siamese": siamese,
        "unet": UNet(),
        "sequence": Sequence().double(),
        "lora": lora,
    }


def steps(params, loss_of, lr=0.02, n=4):
    optimizer, curve = torch.optim.Adamax([p for p in params if p.requires_grad], lr=lr), []
    for _ in range(n):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    return curve


def train(m):
    rng = np.random.default_rng(21)
    draw = lambda *s: torch.from_numpy(rng.standard_normal(s).astype(np.float32))
    results = []

    flow, x = m["flow"], draw(16, 2)
    results.append(steps(flow.parameters(), lambda: -flow.log_prob(x).mean()))
    with torch.no_grad():
        z = x
        for layer in flow.layers:
            z, _ = layer(z)
        assert torch.allclose(flow.sample(z), x, atol=1e-5)

    gcn, features = m["gcn"], draw(7, 5)
    adj = (draw(7, 7) > 0.5).float() + torch.eye(7)
    adj = torch.maximum(adj, adj.t())
    d = torch.diag(adj.sum(1).pow(-0.5))
    adj, labels = d @ adj @ d, torch.tensor([0, 1, 2, 0, 1, 2, 0])
    idx = torch.LongTensor([0, 1, 2, 5])
    results.append(
        steps(gcn.parameters(), lambda: F.nll_loss(gcn(features, adj)[idx], labels[idx]))
    )

    net = m["siamese"]
    a, p, n = draw(6, 4), draw(6, 4), draw(6, 4)
    triplet, cosine = nn.TripletMarginLoss(margin=1.0), nn.CosineEmbeddingLoss(margin=0.2)
    sign = torch.ones(6).masked_fill(torch.arange(6) % 2 == 0, -1.0)
    contrast = lambda: triplet(net(a), net(p), net(n)) + cosine(net(a), net(p), sign)
    results.append(steps(net.parameters(), contrast))

    unet, image = m["unet"], draw(2, 1, 9, 9)
    mask = (image > 0).float()
    bce = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(2.0))
    both = lambda: bce(unet(image), mask) + dice_loss(unet(image), mask)
    results.append(steps(unet.parameters(), both))

    seq = m["sequence"]
    wave = torch.sin(torch.arange(12, dtype=torch.float64)[None] / 2 + torch.arange(3)[:, None])
    fit = lambda: F.mse_loss(seq(wave[:, :-1]), wave[:, 1:])
    results.append(steps(seq.parameters(), fit))
    with torch.no_grad():
        results.append(seq(wave[:, :4], future=3)[:, -1].detach().numpy().tolist())

    base = copy.deepcopy(m["lora"])
    tuned = copy.deepcopy(base)
    torch_seeded = draw(2, 4)
    tuned[0] = LoRALinear(tuned[0])
    with torch.no_grad():
        tuned[0].lora_A.copy_(torch_seeded)
    y = draw(6, 2)
    results.append(steps(tuned.parameters(), lambda: F.huber_loss(tuned(a), y)))
    assert torch.equal(tuned[0].base.weight, base[0].weight)
    keys = tuned.load_state_dict(base.state_dict(), strict=False)
    results.append((sorted(keys.missing_keys), sorted(keys.unexpected_keys)))
    return results
