"""A training loop that stops, saves, starts anew from the checkpoint and ends at the same place."""
# ruff: noqa

import copy
import os
import tempfile

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset, random_split


class Spirals(Dataset):
    """Two interleaved spirals."""

    def __init__(self, n=80, transform=None):
        rng = np.random.default_rng(13)
        self.y = rng.integers(0, 2, n)
        r = rng.uniform(0.2, 1, n)
        angle = 4 * r + np.pi * self.y + rng.normal(0, 0.1, n)
        self.x = np.stack([r * np.cos(angle), r * np.sin(angle)], 1).astype(np.float32)
        self.transform = transform

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        x = self.x[i] if self.transform is None else self.transform(self.x[i])
        return {"x": x, "y": int(self.y[i]), "index": i}


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, width), nn.Linear(width, width)])
        self.norms = nn.ModuleDict({"a": nn.BatchNorm1d(width), "b": nn.BatchNorm1d(width)})
        self.scale = nn.ParameterList([nn.Parameter(torch.ones(1)) for _ in range(2)])
        self.head = nn.Linear(width, 2)
        self.register_buffer("steps", torch.zeros(1, dtype=torch.long))

    def forward(self, x):
        for layer, norm, s in zip(self.layers, self.norms.values(), self.scale):
            x = nn.functional.gelu(norm(layer(x))) * s
        if self.training:
            self.steps += 1
        return self.head(x)


def models():
    return {"net": Net()}


def build(net):
    decay = [p for n, p in net.named_parameters() if "weight" in n]
    rest = [p for n, p in net.named_parameters() if "weight" not in n]
    groups = [{"params": decay}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.02, weight_decay=0.1, amsgrad=True)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6, eta_min=1e-3)
    return optimizer, scheduler


def run(net, optimizer, scheduler, loader, epochs):
    curve, loss_fn = [], nn.CrossEntropyLoss()
    for _ in range(epochs):
        net.train()
        running, seen = 0.0, 0
        for batch in loader:
            optimizer.zero_grad()
            loss = loss_fn(net(batch["x"]), batch["y"])
            loss.backward()
            total = nn.utils.clip_grad_norm_(net.parameters(), max_norm=0.5)
            assert torch.isfinite(total)
            optimizer.step()
            running += loss.item() * len(batch["y"])
            seen += batch["y"].size(0)
        scheduler.step()
        curve.append(running / seen)
    return curve


@torch.no_grad()
def accuracy(net, data):
    net.eval()
    correct = 0
    for batch in DataLoader(data, batch_size=32):
        correct += (net(batch["x"]).argmax(dim=1) == batch["y"]).sum().item()
    return correct / len(data)


def train(m):
    data = Spirals(transform=lambda x: torch.from_numpy(x) * 2)
    training, test = Subset(data, range(60)), Subset(data, list(range(60, 80)))
    parts = random_split(data, [0.5, 0.25, 0.25], generator=torch.Generator().manual_seed(42))
    assert sorted(i for part in parts for i in part.indices) == list(range(80))
    loader = DataLoader(training, batch_size=16, shuffle=False, drop_last=True)
    shuffled = [b["index"] for b in DataLoader(data, batch_size=7, shuffle=True)]
    assert sorted(torch.cat(shuffled).tolist()) == list(range(80))

    net = m["net"]
    optimizer, scheduler = build(net)
    first = run(net, optimizer, scheduler, loader, 3)
    checkpoint = copy.deepcopy(
        {
            "model": net.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
        }
    )
    straight = run(net, optimizer, scheduler, loader, 3)

    again = Net()
    optimizer, scheduler = build(again)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "checkpoint.pt")
        torch.save(checkpoint["model"], path)
        result = again.load_state_dict(torch.load(path))
    assert not result.missing_keys and not result.unexpected_keys
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    resumed = run(again, optimizer, scheduler, loader, 3)
    assert max(abs(a - b) for a, b in zip(straight, resumed)) < 1e-6
    return first, straight, accuracy(again, test), again.steps.item(), scheduler.get_last_lr()
