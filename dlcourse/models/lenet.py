"""Convolution, pooling, convolution, pooling, two layers: LeNet, sized for small digits."""

import functools
from typing import Any


@functools.cache
def LeNet(torch: Any) -> Any:
    """The digit reader of LeCun, Bottou, Bengio and Haffner (1998), with ReLU and max pooling."""
    nn, F = torch.nn, torch.nn.functional

    class LeNet(nn.Module):
        """`LeNet(side=8)` reads (B, 1, 8, 8); the side is a multiple of 4."""

        def __init__(self, side=8, classes=10, channels=(8, 16), hidden=48):
            super().__init__()
            self.conv1 = nn.Conv2d(1, channels[0], 3, padding=1)
            self.conv2 = nn.Conv2d(channels[0], channels[1], 3, padding=1)
            self.fc1 = nn.Linear(channels[1] * (side // 4) ** 2, hidden)
            self.fc2 = nn.Linear(hidden, classes)

        def forward(self, x):  # (B, 1, S, S)
            x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (B, 8, S/2, S/2)
            x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (B, 16, S/4, S/4)
            x = F.relu(self.fc1(x.flatten(1)))  # (B, hidden)
            return self.fc2(x)  # (B, classes)

    return LeNet
