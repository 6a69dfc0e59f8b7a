"""What is where, in one look: every cell of a grid says whether an object's centre lies in it."""

import functools
from typing import Any


@functools.cache
def Detector(torch: Any) -> Any:
    """A single-shot detector after YOLO (Redmon, Divvala, Girshick and Farhadi, 2016)."""
    nn, F = torch.nn, torch.nn.functional

    def layer(inputs, outputs):
        conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())

    class Detector(nn.Module):
        """Reads (B, 1, 8S, 8S) and gives (B, S, S, 5 + classes): a cell is 8 pixels wide.

        The numbers of a cell are: object or not (a logit), the centre within the cell and the
        width and height, all in cells, and the logits of the classes.
        """

        def __init__(self, classes=10, width=16):
            super().__init__()
            w = width
            self.layer1, self.layer2 = layer(1, w), layer(w, 2 * w)
            self.layer3, self.layer4 = layer(2 * w, 4 * w), layer(4 * w, 4 * w)
            self.head = nn.Conv2d(4 * w, 5 + classes, 1)

        def forward(self, x):  # (B, 1, H, W)
            x = F.max_pool2d(self.layer1(x), 2)  # (B, w, H/2, W/2)
            x = F.max_pool2d(self.layer2(x), 2)  # (B, 2w, H/4, W/4)
            x = F.max_pool2d(self.layer3(x), 2)  # (B, 4w, S, S)
            x = self.layer4(x)  # each cell sees its neighbours
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
            return 5 * there + 3 * place + kind

    return Detector
