"""Exercises on convolutional networks in PyTorch: a residual block as a module."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ...teach.exercise import Case, Exercise, Wrong

# --- residual_block ------------------------------------------------------------------------------


class ResidualBlock(nn.Module):
    """Two convolutions with batch normalisation and a shortcut around them; (B, C, H, W) to it."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)  #: the norm has a bias
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(x + y)  #: first add what came in, then ReLU


def _drive_block(ResidualBlock, x: np.ndarray) -> dict:
    """What a block is made of, and what it computes with known weights in both modes."""
    block = ResidualBlock(x.shape[1])
    shapes = [f"{n} {tuple(p.shape)}" for n, p in sorted(block.named_parameters())]
    trace: dict = {"parameters": ", ".join(shapes)}
    rng = np.random.default_rng(6)
    with torch.no_grad():
        for name, p in sorted(block.named_parameters()):
            value = rng.normal(0.3 if "bn" in name else 0, 0.5, size=tuple(p.shape))
            p.copy_(torch.from_numpy(value).float())
    there = torch.from_numpy(x).float().requires_grad_()
    out = block.train()(there)
    trace["output in training"] = out.detach().numpy()
    (out * torch.linspace(0.5, 1.5, out.numel()).view_as(out)).sum().backward()
    trace["gradient of the input"] = None if there.grad is None else there.grad.numpy().copy()
    trace["output in use"] = block.eval()(there).detach().numpy()
    return trace


def _block_inputs(rng: np.random.Generator, B: int, C: int, H: int) -> dict:
    return {"x": rng.normal(size=(B, C, H + 1, H + 2)).round(2)}


def _block_corners(rng: np.random.Generator) -> list[Case]:
    return [
        Case("inputs that are all negative", {"x": -rng.uniform(0.5, 2, (2, 3, 4, 4)).round(2)})
    ]


def _forward(forward):
    """A known-wrong block: the right parts, put together in another way."""

    class Wrong(ResidualBlock):
        pass

    Wrong.forward = forward
    return Wrong


def _branch(self, x):
    return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))


class _WithBias(ResidualBlock):
    def __init__(self, channels):
        super().__init__(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)


class _OneNorm(ResidualBlock):
    def __init__(self, channels):
        super().__init__(channels)
        self.bn2 = self.bn1


class _NoPadding(ResidualBlock):
    def __init__(self, channels):
        super().__init__(channels)
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 1, bias=False)


class _InPlace(ResidualBlock):
    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x.detach())))
        return F.relu(x + self.bn2(self.conv2(y)))


RESIDUAL_BLOCK = Exercise(
    id="residual_block",
    title="A residual block",
    asks="""Write `ResidualBlock(channels)` as an `nn.Module`. Its branch is: convolution, batch
normalisation, ReLU, convolution, batch normalisation. What came in is added to the branch's result,
and a last ReLU follows.

- Name the four layers `conv1`, `bn1`, `conv2`, `bn2`.
- The convolutions are 3 × 3, keep the number of channels and the size of the picture, and have no
bias.
- `torch.nn` is there as `nn` if you import it, `torch.nn.functional` as `F`.""",
    reference=ResidualBlock,
    inputs=_block_inputs,
    corners=_block_corners,
    drive=_drive_block,
    rtol=1e-3,
    valid=lambda i: i["x"].ndim == 4 and i["x"].size > i["x"].shape[1] > 0,
    wrongs=(
        Wrong(
            "no-shortcut",
            _forward(lambda self, x: F.relu(_branch(self, x))),
            "**The shortcut is missing.** What came in is never added, so this is a plain block: "
            "stacked deep, its gradients vanish.",
            decoy="return F.relu(y)",
        ),
        Wrong(
            "relu-before-adding",
            _forward(lambda self, x: x + F.relu(_branch(self, x))),
            "**The last ReLU comes before the addition.** The branch could then only add, never "
            "take away, and values would grow from block to block.",
            decoy="return x + F.relu(y)",
        ),
        Wrong(
            "no-last-relu",
            _forward(lambda self, x: x + _branch(self, x)),
            "**The ReLU after the addition is missing.** The sum goes out as it is.",
            belief="N-01",
            decoy="return x + y",
        ),
        Wrong(
            "no-inner-relu",
            _forward(lambda self, x: F.relu(x + self.bn2(self.conv2(self.bn1(self.conv1(x)))))),
            "**There is no ReLU between the two convolutions.** Without a bend between them, two "
            "convolutions in a row are one larger convolution.",
            belief="N-01",
        ),
        Wrong(
            "shortcut-through-relu",
            _forward(lambda self, x: F.relu(F.relu(x) + _branch(self, x))),
            "**The shortcut passes through a ReLU.** It should be open: whatever came in is added "
            "as it is, negative values included.",
        ),
        Wrong(
            "bias",
            _WithBias,
            "**The convolutions have a bias.** The normalisation right after them subtracts the "
            "mean, and a constant with it: these parameters can do nothing.",
            belief="R-10",
            see="kernel-bench#one-kernel",
        ),
        Wrong(
            "one-norm",
            _OneNorm,
            "**Both normalisations are the same layer.** Each has its own scale, shift and running "
            "statistics; two places have two distributions.",
        ),
        Wrong(
            "norm-after-relu",
            _forward(
                lambda self, x: F.relu(x + self.bn2(self.conv2(self.bn1(F.relu(self.conv1(x))))))
            ),
            "**The first ReLU comes before its normalisation.** Here the order is convolution, "
            "normalisation, ReLU.",
        ),
        Wrong(
            "no-second-norm",
            _forward(
                lambda self, x: (
                    F.relu(x + self.conv2(F.relu(self.bn1(self.conv1(x))))) + 0 * self.bn2.weight[0]
                )
            ),
            "**The second normalisation is not used.** The branch's result would have any size, "
            "next to a shortcut of size one.",
        ),
        Wrong(
            "one-by-one",
            _NoPadding,
            "**The kernels are 1 × 1.** They keep the size without padding, but see no neighbours. "
            "A 3 × 3 kernel keeps the size with a padding of 1.",
            belief="V-12",
        ),
        Wrong(
            "detached",
            _InPlace,
            "**The branch sees a detached input.** The numbers are right, but no gradient goes "
            "through the branch to the layers before.",
            belief="B-18",
        ),
    ),
    hints=(
        "Make the four layers in `__init__`, after `super().__init__()`. `padding=1` keeps the "
        "size for a 3 × 3 kernel.",
        "Keep `x` under its name; call the branch's result `y`. What do you do with both at the "
        "end?",
    ),
    why="""The block computes relu(x + f(x)). If f is not needed it can learn to be zero, and the
block passes its input on; a plain block would have to learn the identity. Going back, the sum
hands the gradient to both sides, so that it reaches the layers before however small the branch's
slopes are. The biases are left out because each convolution is followed by a normalisation, which
subtracts the mean and has a shift of its own.""",
    objectives=("CN-5", "CN-4"),
    minutes=12,
    difficulty=3,
)


EXERCISES = (RESIDUAL_BLOCK,)
