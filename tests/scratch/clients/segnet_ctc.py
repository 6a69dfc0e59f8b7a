"""A SegNet with unpooling, Dice loss and IoU; a CRNN with CTC loss and greedy decoding."""
# ruff: noqa

import torch, numpy as np
import torch.nn as nn, torch.nn.functional as F


class SegNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 4, 3, padding=1)
        self.pool = nn.MaxPool2d(2, stride=2, return_indices=True)
        self.unpool = nn.MaxUnpool2d(2, stride=2)
        self.c2 = nn.Conv2d(4, 2, 3, padding=1)

    def forward(self, x):
        h, idx = self.pool(F.relu(self.c1(x)))
        return self.c2(self.unpool(h, idx, output_size=x.size()[2:] if False else None))


class CRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv1d(3, 6, 3, padding=1)
        self.r = nn.GRU(6, 5, bidirectional=True)
        self.f = nn.Linear(10, 5)

    def forward(self, x):
        h = self.c(x).permute(2, 0, 1)
        h, _ = self.r(h)
        return self.f(h).log_softmax(2)


def models():
    return {"s": SegNet(), "c": CRNN()}


def dice(p, t):
    p = p.softmax(1)[:, 1]
    i = (p * t).sum((1, 2))
    return 1 - ((2 * i + 1) / (p.sum((1, 2)) + t.sum((1, 2)) + 1)).mean()


def train(m):
    s, c = m["s"], m["c"]
    r = np.random.default_rng(0)
    X = torch.from_numpy(r.standard_normal((2, 1, 8, 8)).astype("f"))
    M = torch.from_numpy((r.random((2, 8, 8)) > 0.5).astype("i8"))
    out = []
    opt = torch.optim.Adam(s.parameters(), 1e-2)
    for e in range(3):
        o = s(X)
        loss = F.cross_entropy(o, M, weight=torch.tensor([1.0, 2.0])) + dice(o, M.float())
        opt.zero_grad()
        loss.backward()
        opt.step()
        out.append(loss.item())
    pred = o.argmax(1)
    inter = torch.logical_and(pred == 1, M == 1).sum()
    union = torch.logical_or(pred == 1, M == 1).sum()
    out += [(inter / union).item()]
    conf = torch.zeros(2, 2, dtype=torch.int64)
    k = M.flatten() * 2 + pred.flatten()
    conf += torch.bincount(k, minlength=4).reshape(2, 2)
    out.append(conf.tolist())
    x = torch.from_numpy(r.standard_normal((2, 3, 9)).astype("f"))
    ctc = nn.CTCLoss(blank=0, zero_infinity=True)
    opt = (
        torch.optim.ASGD(c.parameters(), lr=0.1)
        if hasattr(torch.optim, "ASGD")
        else torch.optim.SGD(c.parameters(), 0.1)
    )
    for e in range(3):
        lp = c(x)
        loss = ctc(
            lp, torch.tensor([[1, 2, 2], [3, 4, 0]]), torch.tensor([9, 8]), torch.tensor([3, 2])
        )
        opt.zero_grad()
        loss.backward()
        opt.step()
        out.append(loss.item())
    best = lp.argmax(2).T
    dec = [torch.unique_consecutive(b) for b in best]
    out.append([[v for v in d.tolist() if v] for d in dec])
    return out
