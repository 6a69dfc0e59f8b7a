"""What is where, in one look: every cell of a grid says whether an object's centre lies in it."""

import functools
from typing import Any


@functools.cache
def Detector(torch: Any) -> Any:
    """A single-shot detector after YOLO (Redmon, Divvala, Girshick and Farhadi, 2016)."""
    nn, F = torch.nn, torch.nn.functional

    class Detector(nn.Module):
        """Reads (B, 1, 8S, 8S) and gives (B, S, S, 5 + classes): a cell is 8 pixels wide.

        The numbers of a cell are: object or not (a logit), the centre within the cell and the
        width and height, all in cells, and the logits of the classes.
        """

        def __init__(self, classes=10, width=16):
            super().__init__()
            self.conv1 = nn.Conv2d(1, width, 3, padding=1)
            self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
            self.conv3 = nn.Conv2d(2 * width, 4 * width, 3, padding=1)
            self.mix = nn.Conv2d(4 * width, 4 * width, 3, padding=1)
            self.head = nn.Conv2d(4 * width, 5 + classes, 1)

        def forward(self, x):  # (B, 1, H, W)
            for conv in (self.conv1, self.conv2, self.conv3):
                x = F.max_pool2d(F.relu(conv(x)), 2)
            x = F.relu(self.mix(x))  # (B, C, S, S): each cell sees its neighbours
            return self.head(x).permute(0, 2, 3, 1)  # (B, S, S, 5 + classes)

        def loss(self, x, present, boxes, labels):
            """Object or not in every cell; box and class only where there is an object.

            `present` (B, S, S) is 0 or 1, `boxes` (B, S, S, 4), `labels` (B, S, S).
            """
            out = self(x)
            there = F.binary_cross_entropy_with_logits(out[..., 0], present)
            mine = present > 0
            place = F.smooth_l1_loss(out[..., 1:5][mine], boxes[mine], beta=0.1)
            kind = F.cross_entropy(out[..., 5:][mine], labels[mine])
            return 5 * there + place + kind

    return Detector
