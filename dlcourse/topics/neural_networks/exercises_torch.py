"""Exercises on layers as PyTorch builds them: a module with parameters."""

import math

import numpy as np
import torch
from torch import nn

from ...teach.exercise import Case, Exercise, Wrong

# --- Linear --------------------------------------------------------------------------------------


class Linear(nn.Module):
    """y = x @ weight.T + bias, with weight (out_features, in_features) and bias (out_features,)."""

    def __init__(self, in_features, out_features):
        super().__init__()
        k = 1 / math.sqrt(in_features)  #: the more inputs, the smaller the weights
        weight = torch.empty(out_features, in_features)  #: one row per unit
        self.weight = nn.Parameter(weight.uniform_(-k, k))  #: so that parameters() finds it
        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-k, k))  #: one per unit

    def forward(self, x):
        return x @ self.weight.T + self.bias  #: (..., in) to (..., out)


def _drive_linear(Linear, x: np.ndarray, out_features: int) -> dict:
    """What a layer of this class is, what it computes with known weights, and how it learns."""
    layer = Linear(x.shape[-1], out_features)
    trace: dict = {}
    trace["names of the parameters"] = ", ".join(sorted(n for n, _ in layer.named_parameters()))
    for name in ("weight", "bias"):
        trace[f"shape of {name}"] = np.array(getattr(layer, name).shape)
    one, two = Linear(100, 2000), Linear(100, 2000)
    for name in ("weight", "bias"):
        trace[f"{name} starts uniformly in [-k, k]"] = _is_uniform(getattr(one, name), 0.1)
    trace["two layers start differently"] = not torch.equal(one.weight, two.weight)
    rng = np.random.default_rng(5)
    with torch.no_grad():
        for p in (layer.weight, layer.bias):
            p.copy_(torch.from_numpy(rng.normal(size=tuple(p.shape))).float())
    out = layer(torch.from_numpy(x).float())
    trace["output"] = out.detach().numpy()
    out.sum().backward()
    for name in ("weight", "bias"):
        grad = getattr(layer, name).grad
        trace[f"gradient of {name}"] = None if grad is None else grad.numpy().copy()
    trace["kind of weight"] = type(layer.weight).__name__
    return trace


def _is_uniform(values: torch.Tensor, k: float) -> bool:
    """Whether many numbers look drawn uniformly from [-k, k]: none outside, the right spread."""
    inside = bool((values.abs() <= k).all())
    return inside and abs(float(values.detach().std()) * math.sqrt(3) / k - 1) < 0.08


def _linear_inputs(rng: np.random.Generator, N: int, I: int, O: int) -> dict:
    return {"x": rng.normal(size=(N, I)).round(2), "out_features": O}


def _linear_corners(rng: np.random.Generator) -> list[Case]:
    x = rng.normal(size=(2, 3, 4)).round(2)
    return [
        Case("one example without a batch", {"x": x[0, 0], "out_features": 2}),
        Case("a batch of sequences", {"x": x, "out_features": 5}),
    ]


def _start(weight, bias):
    """A known-wrong layer: the right one with other parameters at the start."""

    class Wrong(Linear):
        def __init__(self, in_features, out_features):
            super().__init__(in_features, out_features)
            self.weight = nn.Parameter(weight(in_features, out_features))
            self.bias = nn.Parameter(bias(in_features, out_features))

    return Wrong


def _uniform(i: int, *shape: int) -> torch.Tensor:
    return (torch.rand(*shape) * 2 - 1) / math.sqrt(i)


class _PlainTensors(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = _uniform(in_features, out_features, in_features).requires_grad_()
        self.bias = _uniform(in_features, out_features).requires_grad_()

    def forward(self, x):
        return x @ self.weight.T + self.bias


class _FrozenTensors(_PlainTensors):
    def __init__(self, in_features, out_features):
        super().__init__(in_features, out_features)
        self.weight = self.weight.detach()
        self.bias = self.bias.detach()


class _InList(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.parts = [Linear(in_features, out_features)]

    @property
    def weight(self):
        return self.parts[0].weight

    @property
    def bias(self):
        return self.parts[0].bias

    def forward(self, x):
        return self.parts[0](x)


class _NoSuper(nn.Module):
    def __init__(self, in_features, out_features):
        self.weight = nn.Parameter(torch.rand(out_features, in_features))


class _OtherLayout(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = nn.Parameter(_uniform(in_features, in_features, out_features))
        self.bias = nn.Parameter(_uniform(in_features, out_features))

    def forward(self, x):
        return x @ self.weight + self.bias


class _NoBias(Linear):
    def forward(self, x):
        return x @ self.weight.T + 0 * self.bias


class _SameStart(Linear):
    def __init__(self, in_features, out_features):
        state = torch.get_rng_state()
        torch.manual_seed(0)
        super().__init__(in_features, out_features)
        torch.set_rng_state(state)


class _Detached(Linear):
    def forward(self, x):
        return x @ self.weight.detach().T + self.bias


class _OwnRelu(Linear):
    def forward(self, x):
        return super().forward(x).relu()


LINEAR_MODULE = Exercise(
    id="linear_module",
    title="A layer as a module",
    asks="""Write `Linear(in_features, out_features)` as an `nn.Module`, like torch's own: two
parameters, `weight` of shape (out_features, in_features) and `bias` of shape (out_features,), and
`forward(x)`, which returns `x @ weight.T + bias`.

- The parameters must be found by `layer.parameters()`, or no optimizer will ever see them.
- Both start uniformly between $-k$ and $k$ with $k = 1/\\sqrt{\\text{in\\_features}}$.
- `x` has any number of axes; the last one has length `in_features`.""",
    reference=Linear,
    inputs=_linear_inputs,
    corners=_linear_corners,
    drive=_drive_linear,
    unjudged=("kind of weight",),
    rtol=1e-4,
    wrongs=(
        Wrong(
            "plain-tensors",
            _PlainTensors,
            "**`layer.parameters()` is empty.** A plain tensor is no parameter, even if it takes "
            "gradients: no optimizer will find it. Wrap it in `nn.Parameter(...)`.",
            decoy="self.weight = weight.uniform_(-k, k)",
        ),
        Wrong(
            "frozen",
            _FrozenTensors,
            "**Weight and bias take no gradient.** They are plain tensors: wrap them in "
            "`nn.Parameter(...)`, which switches gradients on and lets optimizers find them.",
            belief="B-18",
        ),
        Wrong(
            "in-a-list",
            _InList,
            "**The parameters are hidden in a Python list.** A module finds what is assigned to "
            "itself, and modules inside `nn.ModuleList`; it does not look into plain lists.",
        ),
        Wrong(
            "no-super",
            _NoSuper,
            "**`super().__init__()` is missing.** A module keeps a register of its parameters, "
            "which that call makes; without it the first assignment of a parameter fails.",
            telling=True,
        ),
        Wrong(
            "other-layout",
            _OtherLayout,
            "**`weight` is (in_features, out_features).** It computes the same, but torch keeps "
            "one row per unit, (out_features, in_features), and saved models rely on it.",
            belief="T-06",
        ),
        Wrong(
            "no-bias",
            _NoBias,
            "**The bias is not added.** It exists, but `forward` does not use it.",
            belief="N-02",
            decoy="return x @ self.weight.T",
        ),
        Wrong(
            "zeros",
            _start(lambda i, o: torch.zeros(o, i), lambda i, o: torch.zeros(o)),
            "**All weights start at zero.** In a hidden layer all units then compute the same "
            "and get the same gradient: they never become different. Start at random.",
            belief="N-03",
        ),
        Wrong(
            "too-large",
            _start(lambda i, o: torch.randn(o, i), lambda i, o: torch.zeros(o)),
            "**The weights start with a spread of 1.** A sum over n inputs then grows like the "
            "root of n, and after some layers everything explodes. Divide by the root of "
            "`in_features`.",
            belief="N-05",
        ),
        Wrong(
            "same-start",
            _SameStart,
            "**Every layer starts with the same weights.** A seed is set inside the layer: leave "
            "seeds to the one who runs the training.",
        ),
        Wrong(
            "detached",
            _Detached,
            "**The weight gets no gradient.** `detach` (or `.data`, or `.numpy()`) cuts it out "
            "of the graph: use the parameter itself in `forward`.",
            belief="B-18",
        ),
        Wrong(
            "own-relu",
            _OwnRelu,
            "**There is a ReLU in `forward`.** A linear layer is linear; the activation comes "
            "after it, and after the last layer there is none.",
            belief="N-08",
        ),
    ),
    hints=(
        "`super().__init__()` first. Then assign two tensors, each wrapped in `nn.Parameter`, to "
        "`self.weight` and `self.bias`.",
        "`torch.empty(shape).uniform_(-k, k)` fills a new tensor with random numbers.",
        "`x @ weight.T` works for any number of axes in front; the bias is broadcast.",
    ),
    why="""Assigning an `nn.Parameter` to an attribute enters it into the module's register;
everything else, `parameters()`, `to(device)`, `state_dict()`, the optimizer, reads that
register. The scale $1/\\sqrt{n}$ keeps a sum of n terms at the size of one: with it, signals
neither grow nor fade from layer to layer.""",
    objectives=("NN-1",),
    minutes=12,
    difficulty=2,
)


EXERCISES = (LINEAR_MODULE,)
