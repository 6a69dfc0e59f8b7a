"""Blocks that add to what they are given: a small residual network."""

import functools
from typing import Any


@functools.cache
def ResNet(torch: Any) -> Any:
    """The residual network of He, Zhang, Ren and Sun (2016), small enough for a laptop."""
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.shortcut = nn.Identity()
            if stride != 1 or inputs != outputs:
                self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

        def forward(self, x):  # (B, inputs, H, W)
            y = F.relu(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            return F.relu(y + self.shortcut(x))  # (B, outputs, H/stride, W/stride)

    class ResNet(nn.Module):
        """Each number in `widths` is a block; every block after the first halves the side."""

        def __init__(self, inputs=1, widths=(8, 16, 32), classes=10):
            super().__init__()
            self.stem = nn.Conv2d(inputs, widths[0], 3, padding=1, bias=False)
            self.bn = nn.BatchNorm2d(widths[0])
            pairs = zip((widths[0], *widths), widths, strict=False)
            self.blocks = nn.Sequential(
                *[Block(a, b, 1 if i == 0 else 2) for i, (a, b) in enumerate(pairs)]
            )
            self.head = nn.Linear(widths[-1], classes)

        def forward(self, x):  # (B, inputs, H, W)
            x = F.relu(self.bn(self.stem(x)))
            x = self.blocks(x)  # (B, C, H/4, W/4)
            return self.head(x.mean((2, 3)))  # (B, classes)

    return ResNet
