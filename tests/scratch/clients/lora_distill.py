"""Mixup, low-rank adapters by parametrize and by wrapping, distillation, checkpoints."""
# ruff: noqa

import torch, numpy as np, io, os, tempfile, warnings
import torch.nn as nn, torch.nn.functional as F
import torch.nn.utils.parametrize as parametrize
from torch.nn.utils.parametrizations import weight_norm, spectral_norm


class LoRA(nn.Module):
    def __init__(self, fi, fo, rank=2, alpha=4):
        super().__init__()
        self.A = nn.Parameter(torch.zeros((rank, fo)))
        self.B = nn.Parameter(torch.zeros((fi, rank)))
        nn.init.normal_(self.A, 0, 1)
        self.scale = alpha / rank
        self.enabled = True

    def forward(self, W):
        return W + torch.matmul(self.B, self.A).view(W.shape) * self.scale if self.enabled else W


class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, r=2):
        super().__init__()
        self.base = base
        self.lora_a = nn.Parameter(base.weight.new_empty(r, base.in_features))
        self.lora_b = nn.Parameter(base.weight.new_zeros(base.out_features, r))
        nn.init.kaiming_uniform_(self.lora_a, a=5**0.5)

    def forward(self, x):
        return self.base(x) + F.linear(F.linear(x, self.lora_a), self.lora_b)

    @torch.no_grad()
    def merge(self):
        self.base.weight += self.lora_b @ self.lora_a
        return self.base


class Teacher(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 16)
        self.fc2 = nn.Linear(16, 16)
        self.fc3 = nn.Linear(16, 4)
        self.drop = nn.Dropout(0.0)

    def forward(self, x, feats=False):
        h = F.relu(self.fc2(self.drop(F.relu(self.fc1(x)))))
        y = self.fc3(h)
        return (y, h) if feats else y


def models():
    return {"t": Teacher(), "s": nn.Sequential(nn.Linear(6, 5), nn.Hardswish(), nn.Linear(5, 4))}


def mixup(x, y, lam, perm):
    return lam * x + (1 - lam) * x[perm], y, y[perm], lam


def train(m):
    t, s = m["t"], m["s"]
    r = np.random.default_rng(0)
    X = torch.from_numpy(r.standard_normal((24, 6)).astype("f"))
    Y = torch.from_numpy(r.integers(0, 4, 24))
    out = []
    acts = {}
    h = t.fc2.register_forward_hook(lambda mod, i, o: acts.__setitem__("fc2", o.detach()))
    opt = torch.optim.Adam(t.parameters(), 1e-2)
    for e in range(4):
        perm = torch.from_numpy(r.permutation(24))
        lam = float(r.beta(0.4, 0.4))
        mx, ya, yb, lam = mixup(X, Y, lam, perm)
        lo = t(mx)
        loss = lam * F.cross_entropy(lo, ya) + (1 - lam) * F.cross_entropy(lo, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        out.append(loss.item())
    h.remove()
    out.append(acts["fc2"].mean().item())
    for p in t.parameters():
        p.requires_grad_(False)
    parametrize.register_parametrization(t.fc3, "weight", LoRA(4, 16))
    t.fc1 = LoRALinear(t.fc1)
    with torch.no_grad():
        t.fc3.parametrizations.weight[0].A.copy_(torch.linspace(-1, 1, 32).view(2, 16))
        t.fc1.lora_a.copy_(torch.linspace(-1, 1, 12).view(2, 6))
    trainable = [n for n, p in t.named_parameters() if p.requires_grad]
    out.append(trainable)
    opt = torch.optim.AdamW(filter(lambda p: p.requires_grad, t.parameters()), lr=1e-2)
    for e in range(4):
        loss = F.cross_entropy(t(X), Y, label_smoothing=0.1)
        opt.zero_grad()
        loss.backward()
        opt.step()
        out.append(loss.item())
    merged = t.fc1.merge()
    t.fc1 = merged
    parametrize.remove_parametrizations(t.fc3, "weight")
    out += [t(X).sum().item(), sorted(dict(t.named_parameters()))]
    t.eval()
    opt = torch.optim.SGD(s.parameters(), lr=0.1)
    T_ = 3.0
    for e in range(5):
        with torch.no_grad():
            tl = t(X)
        sl = s(X)
        kd = (
            F.kl_div(
                F.log_softmax(sl / T_, dim=1), F.softmax(tl / T_, dim=1), reduction="batchmean"
            )
            * T_
            * T_
        )
        loss = 0.7 * kd + 0.3 * F.cross_entropy(sl, Y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        out.append(loss.item())
    with tempfile.TemporaryDirectory() as d:
        p = os.path.join(d, "ck.pt")
        torch.save(
            {"epoch": 5, "model_state_dict": s.state_dict(), "opt": opt.state_dict(), "loss": loss},
            p,
        )
        ck = torch.load(p, weights_only=False)
        s2 = nn.Sequential(nn.Linear(6, 5), nn.Hardswish(), nn.Linear(5, 4))
        miss = s2.load_state_dict(ck["model_state_dict"])
        out += [str(miss), ck["epoch"], torch.equal(s2(X), s(X)), ck["loss"].item()]
    sd = s.state_dict()
    sd["extra"] = torch.zeros(1)
    sd.pop("0.bias")
    res = s2.load_state_dict(sd, strict=False)
    out += [res.missing_keys, res.unexpected_keys]
    try:
        s2.load_state_dict(sd)
    except RuntimeError as e:
        out.append("Missing key" in str(e) and "Unexpected key" in str(e))
    sd2 = s.state_dict()
    sd2["0.weight"] = torch.zeros(2, 2)
    try:
        s2.load_state_dict(sd2, strict=False)
    except RuntimeError as e:
        out.append("size mismatch" in str(e))
    out += [
        str(s2),
        s2[0].weight.shape == (5, 6),
        [n for n, _ in s2.named_modules()],
        [n for n, _ in s2.named_children()],
    ]
    return out
