"""The basic image classifier with its usual command line, loops, printing and Adadelta."""
# ruff: noqa

from __future__ import print_function

import argparse
import io

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.optim.lr_scheduler import StepLR


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, 1)
        self.conv2 = nn.Conv2d(4, 8, 3, 1)
        self.dropout1 = nn.Dropout(0.0)
        self.dropout2 = nn.Dropout2d(0.0)
        self.fc1 = nn.Linear(128, 16)
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = F.max_pool2d(x, 2)
        x = self.dropout2(x)
        x = torch.flatten(x, 1)
        x = self.dropout1(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)


class Digits(torch.utils.data.Dataset):
    def __init__(self, train=True, transform=None):
        rng = np.random.default_rng(0 if train else 1)
        self.targets = rng.integers(0, 10, 40)
        self.images = rng.standard_normal((40, 12, 12)).astype(np.float32)
        self.images += self.targets[:, None, None] / 3
        self.transform = transform

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, i):
        image = self.images[i]
        return (self.transform(image) if self.transform else image), int(self.targets[i])


def train_epoch(args, model, device, train_loader, optimizer, epoch, out):
    model.train()
    for batch_idx, (data, target) in enumerate(train_loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        output = model(data)
        loss = F.nll_loss(output, target)
        loss.backward()
        optimizer.step()
        if batch_idx % args.log_interval == 0:
            print(
                "Train Epoch: {} [{}/{} ({:.0f}%)]\tLoss: {:.3f}".format(
                    epoch,
                    batch_idx * len(data),
                    len(train_loader.dataset),
                    100.0 * batch_idx / len(train_loader),
                    loss.item(),
                ),
                file=out,
            )


def test_epoch(model, device, test_loader):
    model.eval()
    test_loss = correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            data, target = data.to(device), target.to(device)
            output = model(data)
            test_loss += F.nll_loss(output, target, reduction="sum").item()
            pred = output.argmax(dim=1, keepdim=True)
            correct += pred.eq(target.view_as(pred)).sum().item()
    return test_loss / len(test_loader.dataset), correct


def models():
    return {"net": Net()}


def train(m):
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--lr", type=float, default=1.0)
    parser.add_argument("--gamma", type=float, default=0.7)
    parser.add_argument("--no-cuda", action="store_true", default=False)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log-interval", type=int, default=2)
    args = parser.parse_args([])
    use_cuda = not args.no_cuda and torch.cuda.is_available()
    torch.manual_seed(args.seed)
    device = torch.device("cuda" if use_cuda else "cpu")
    kwargs = {"num_workers": 1, "pin_memory": True} if use_cuda else {}
    mean, std = 0.13, 0.31
    transform = lambda a: (torch.as_tensor(a).unsqueeze(0) - mean) / std
    loader = torch.utils.data.DataLoader(
        Digits(True, transform), batch_size=args.batch_size, shuffle=False, **kwargs
    )
    test_loader = torch.utils.data.DataLoader(Digits(False, transform), batch_size=16)
    model, out, results = m["net"].to(device), io.StringIO(), []
    optimizer = optim.Adadelta(model.parameters(), lr=args.lr)
    scheduler = StepLR(optimizer, step_size=1, gamma=args.gamma)
    for epoch in range(1, 4):
        train_epoch(args, model, device, loader, optimizer, epoch, out)
        results.append(test_epoch(model, device, test_loader))
        scheduler.step()
    lines = out.getvalue().splitlines()
    assert len(lines) == 9 and lines[1].startswith("Train Epoch: 1 [16/40 (40%)]\tLoss: ")
    return results, repr(model), sum(p.numel() for p in model.parameters() if p.requires_grad)
