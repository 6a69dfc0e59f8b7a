"""A label for every pixel: down to see what, up to see where, and bridges between the two."""

import functools
from typing import Any


@functools.cache
def UNet(torch: Any) -> Any:
    """The encoder-decoder of Ronneberger, Fischer and Brox (2015), two levels deep."""
    nn, F = torch.nn, torch.nn.functional

    def layer(inputs, outputs):
        conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())

    class UNet(nn.Module):
        """Reads (B, 1, H, W) with sides that are multiples of 4; gives (B, classes, H, W)."""

        def __init__(self, classes=11, width=12):
            super().__init__()
            w = width
            self.enter, self.down1, self.down2 = layer(1, w), layer(w, 2 * w), layer(2 * w, 4 * w)
            self.deep = layer(4 * w, 4 * w)
            self.rise1 = nn.ConvTranspose2d(4 * w, 2 * w, 2, stride=2)
            self.up1 = layer(4 * w, 2 * w)
            self.rise2 = nn.ConvTranspose2d(2 * w, w, 2, stride=2)
            self.up2 = layer(2 * w, w)
            self.head = nn.Conv2d(w, classes, 1)

        def forward(self, x):  # (B, 1, H, W)
            fine = self.enter(x)  # (B, w, H, W)
            middle = self.down1(F.max_pool2d(fine, 2))  # (B, 2w, H/2, W/2)
            x = self.deep(self.down2(F.max_pool2d(middle, 2)))  # (B, 4w, H/4, W/4)
            x = self.up1(torch.cat([middle, self.rise1(x)], 1))  # (B, 2w, H/2, W/2)
            x = self.up2(torch.cat([fine, self.rise2(x)], 1))  # (B, w, H, W)
            return self.head(x)  # (B, classes, H, W)

        def loss(self, x, y):
            """The mean cross-entropy of the pixels' classes `y` (B, H, W).

            Most pixels are background, class 0, so each of them counts a fifth.
            """
            logits = self(x)
            weight = torch.ones(logits.shape[1])
            weight[0] = 0.2
            return F.cross_entropy(logits, y, weight=weight)

    return UNet
