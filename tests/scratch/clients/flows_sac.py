"""RealNVP's coupling layers, a mixture density network, a squashed Gaussian policy."""
# ruff: noqa

import torch, numpy as np, math
from torch import nn, distributions as D
import torch.nn.functional as F


class Coupling(nn.Module):
    def __init__(self, d, mask):
        super().__init__()
        self.register_buffer("mask", mask)
        self.s = nn.Sequential(nn.Linear(d, 8), nn.Tanh(), nn.Linear(8, d), nn.Tanh())
        self.t = nn.Sequential(nn.Linear(d, 8), nn.ReLU(), nn.Linear(8, d))

    def forward(self, x):
        xm = x * self.mask
        s = self.s(xm) * (1 - self.mask)
        t = self.t(xm) * (1 - self.mask)
        return xm + (1 - self.mask) * (x * s.exp() + t), s.sum(-1)


class MDN(nn.Module):
    def __init__(self, k=3):
        super().__init__()
        self.h = nn.Linear(1, 10)
        self.pi, self.mu, self.sig = nn.Linear(10, k), nn.Linear(10, k), nn.Linear(10, k)

    def forward(self, x):
        h = torch.tanh(self.h(x))
        return D.MixtureSameFamily(
            D.Categorical(logits=self.pi(h)), D.Normal(self.mu(h), F.softplus(self.sig(h)) + 1e-3)
        )


def models():
    return {
        "f": nn.ModuleList(
            [Coupling(2, torch.tensor([1.0, 0.0])), Coupling(2, torch.tensor([0.0, 1.0]))]
        ),
        "m": MDN(),
        "a": nn.Linear(3, 4),
    }


def train(m):
    r = np.random.default_rng(0)
    X = torch.from_numpy(r.standard_normal((16, 2)).astype("f"))
    out = []
    base = D.MultivariateNormal(torch.zeros(2), torch.eye(2))
    opt = torch.optim.Adamax(m["f"].parameters(), 1e-2)
    for e in range(3):
        z, ld = X, 0.0
        for l in m["f"]:
            z, d = l(z)
            ld = ld + d
        loss = -(base.log_prob(z) + ld).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        out.append(loss.item())
    opt = torch.optim.Adam(m["m"].parameters(), 1e-2)
    for e in range(3):
        d = m["m"](X[:, :1])
        loss = -d.log_prob(X[:, 1]).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        out.append(loss.item())
    out.append(d.mean.mean().item())
    obs = torch.from_numpy(r.standard_normal((8, 3)).astype("f"))
    act = torch.tanh(torch.from_numpy(r.standard_normal((8, 2)).astype("f"))) * 0.9
    mu, ls = m["a"](obs).chunk(2, -1)
    base = D.Normal(mu, ls.clamp(-5, 2).exp())
    sq = D.TransformedDistribution(base, [D.TanhTransform(cache_size=1)])
    lp = D.Independent(sq, 1).log_prob(act)
    lp.mean().backward()
    out += [lp.mean().item(), m["a"].weight.grad.abs().sum().item()]
    out += [
        D.LogNormal(torch.tensor(0.0), torch.tensor(1.0)).log_prob(torch.tensor(2.0)).item(),
        D.Beta(torch.tensor(2.0), torch.tensor(3.0)).entropy().item(),
        D.kl_divergence(
            D.Categorical(logits=torch.zeros(3)), D.Categorical(logits=torch.arange(3.0))
        ).item(),
    ]
    return out
