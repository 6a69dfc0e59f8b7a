"""A spatial transformer that is asked where it looks: hooks, grids, patches and saliency."""
# ruff: noqa

import math
from collections import OrderedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.utils import _pair


class Localiser(nn.Module):
    """Predicts an affine map and reads the image through it."""

    def __init__(self):
        super().__init__()
        self.look = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(1, 4, kernel_size=_pair(5), stride=2),
                norm=nn.BatchNorm2d(4),
                act=nn.ReLU(inplace=True),
                pool=nn.AdaptiveMaxPool2d(3),
            )
        )
        self.theta = nn.Linear(36, 6)

    def forward(self, x):
        theta = self.theta(self.look(x).flatten(1)).view(-1, 2, 3)
        theta = 0.2 * torch.tanh(theta) + theta.new_tensor([[0.93, 0.07, 0.05], [0.03, 0.89, 0.02]])
        grid = F.affine_grid(theta, x.size(), align_corners=False)
        return F.grid_sample(x, grid, padding_mode="border", align_corners=False), theta


class Patches(nn.Module):
    """Cuts an image into patches, mixes them by attention, and classifies."""

    def __init__(self, size=4, dim=8):
        super().__init__()
        self.size = size
        self.embed = nn.Linear(size * size, dim)
        self.place = nn.Parameter(torch.zeros(1, 9, dim))
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 3))

    def forward(self, x):
        s = self.size
        x = x.unfold(2, s, s).unfold(3, s, s).contiguous().view(x.size(0), -1, s * s)
        x = self.embed(x)
        x += self.place
        q, k, v = self.qkv(x).split(split_size=x.size(-1), dim=-1)
        weights = (q @ k.mT / math.sqrt(q.size(-1))).softmax(-1)
        weights = weights + torch.diag_embed(torch.full(weights.shape[:2], 0.1))
        return self.head((x + weights @ v).mean(1)), weights


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.local, self.features = (
            Localiser(),
            nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"),
        )
        self.patches = Patches()

    def forward(self, x):
        x, theta = self.local(x)
        logits, weights = self.patches(F.silu(self.features(x)))
        return logits, theta, weights


def models():
    return {"net": Net()}


def saliency(net, x):
    """Grad-CAM of the convolution, for the likeliest class."""
    kept = {}
    handles = [
        net.features.register_forward_hook(lambda m, i, o: kept.update(out=o.detach())),
        net.features.register_full_backward_hook(lambda m, gi, go: kept.update(grad=go[0])),
    ]
    net.zero_grad()
    logits = net(x)[0]
    logits.gather(1, logits.argmax(1, keepdim=True)).sum().backward()
    for handle in handles:
        handle.remove()
    importance = kept["grad"].mean(dim=(2, 3), keepdim=True)
    return F.relu((importance * kept["out"]).sum(1))


def train(nets):
    net = nets["net"]
    rng = np.random.RandomState(3)
    x = torch.Tensor(rng.rand(6, 1, 12, 12))
    y = torch.LongTensor(rng.randint(0, 3, 6))
    norms = [m for m in net.modules() if isinstance(m, _BatchNorm)]
    optimizer = optim.RAdam(net.parameters(), lr=0.05)
    told = [len(norms)]
    with torch.autograd.set_detect_anomaly(False):
        for _ in range(4):
            optimizer.zero_grad()
            logits, theta, weights = net(x)
            loss = (
                F.multi_margin_loss(logits, y)
                + 0.1 * torch.linalg.det(theta[..., :2]).log().abs().mean()
            )
            loss.backward()
            optimizer.step()
            told.append(loss.item())
    net.eval()
    seen = saliency(net, x)
    top = seen.flatten(1).quantile(0.9, dim=1).mean()
    spread = torch.cdist(theta.flatten(1), theta.flatten(1)).triu(1).max()
    return told + [seen.sum().item(), top.item(), spread.item(), list(weights.shape)]
