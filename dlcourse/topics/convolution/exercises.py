"""Exercises on convolutional networks in NumPy: fields, the layer, pooling, norms and boxes."""

from collections.abc import Callable

import numpy as np

from ...teach.exercise import Case, Exercise, Property, Wrong

# --- receptive_field -----------------------------------------------------------------------------


def receptive_field(kernel, stride, dilation):
    """How many inputs, along one axis, one output sees; three arrays (L,), first layer first."""
    field, jump = 1, 1  #: with no layer an output is its input; neighbours are one step apart
    for k, s, d in zip(kernel, stride, dilation, strict=True):
        field += d * (k - 1) * jump  #: cells beside the first, in steps of this layer's input
        jump *= s  #: for later layers, neighbours lie further apart
    return field


def _field_inputs(rng: np.random.Generator, L: int) -> dict:
    return {
        "kernel": rng.integers(2, 6, L),
        "stride": rng.integers(1, 4, L),
        "dilation": rng.integers(1, 4, L),
    }


def _layers(*layers: tuple[int, int, int]) -> dict:
    return dict(zip(("kernel", "stride", "dilation"), np.array(layers).T.copy(), strict=True))


def _field_corners(rng: np.random.Generator) -> list[Case]:
    return [
        Case("three plain layers", _layers((3, 1, 1), (3, 1, 1), (3, 1, 1))),
        Case("pooling between convolutions", _layers((3, 1, 1), (2, 2, 1), (3, 1, 1))),
        Case("dilation that doubles", _layers((3, 1, 1), (3, 1, 2), (3, 1, 4))),
        Case("two strides", _layers((3, 2, 1), (5, 3, 1), (3, 1, 2))),
    ]


def _field(add: Callable[..., int], early: bool = False, start: int = 1) -> Callable[..., int]:
    """A known-wrong variant: another sum for a layer, the stride too early, or another start."""

    def wrong(kernel, stride, dilation):
        field, jump = start, 1
        for k, s, d in zip(kernel, stride, dilation, strict=True):
            jump *= s if early else 1
            field += add(k, s, d, jump)
            jump *= 1 if early else s
        return field

    return wrong


RECEPTIVE_FIELD = Exercise(
    id="receptive_field",
    title="What one output sees",
    asks="""A network is a chain of layers, from the input to the output. Layer $l$ has the kernel
size `kernel[l]`, the stride `stride[l]` and the dilation `dilation[l]`; pooling counts as a layer,
too. Along one axis, how many inputs can one output see? Return a whole number.

- All three arrays have shape (L,). Padding plays no role.""",
    reference=receptive_field,
    inputs=_field_inputs,
    corners=_field_corners,
    valid=lambda i: (
        len({len(v) for v in i.values()}) == 1
        and all(v.ndim == 1 and len(v) and v.min() >= 1 for v in i.values())
    ),
    wrongs=(
        Wrong(
            "adds-kernels",
            lambda kernel, stride, dilation: int(kernel.sum()),
            "**The kernel sizes are added up.** Neighbouring windows overlap: a layer of size k "
            "adds only k - 1 inputs, and strides and dilations before and in it count, too.",
            belief="V-04",
            see="kernel-bench#add-kernels",
        ),
        Wrong(
            "no-jump",
            _field(lambda k, s, d, jump: d * (k - 1)),
            "**The strides are not used.** After a stride of 2, neighbours lie two inputs apart, "
            "so each later layer reaches twice as far.",
            belief="V-04",
            decoy="field += d * (k - 1)",
        ),
        Wrong(
            "own-stride",
            _field(lambda k, s, d, jump: d * (k - 1) * jump, early=True),
            "**A layer's own stride widens its own field.** A stride says where the next window "
            "begins. It matters to the layers after this one, not to the size of this window.",
        ),
        Wrong(
            "only-last-stride",
            _field(lambda k, s, d, jump: d * (k - 1) * s),
            "**Each layer uses its own stride alone.** What counts is the product of all strides "
            "before it.",
        ),
        Wrong(
            "no-dilation",
            _field(lambda k, s, d, jump: (k - 1) * jump),
            "**The dilation is not used.** With gaps of d between its cells a kernel reaches over "
            "d (k - 1) + 1 inputs.",
            decoy="field += (k - 1) * jump",
        ),
        Wrong(
            "whole-kernel",
            _field(lambda k, s, d, jump: d * k * jump),
            "**Each layer adds its whole kernel.** One of the k cells lies on what was seen "
            "before; the other k - 1 are new.",
            belief="V-04",
            see="kernel-bench#add-kernels",
            decoy="field += d * k * jump",
        ),
        Wrong(
            "starts-at-zero",
            _field(lambda k, s, d, jump: d * (k - 1) * jump, start=0),
            "**One input is missing.** Without any layer an output sees one input: itself. Begin "
            "with 1.",
            decoy="field, jump = 0, 1",
        ),
        Wrong(
            "last-layer-first",
            lambda kernel, stride, dilation: receptive_field(
                kernel[::-1], stride[::-1], dilation[::-1]
            ),
            "**The layers are taken in the wrong order.** It is the strides *nearer to the input* "
            "that widen a layer's reach.",
        ),
    ),
    hints=(
        "Keep two numbers while you go from the input to the output: the field so far, and how "
        "far apart, in inputs, two neighbours are.",
        "A kernel of size k has k - 1 cells beside its first one, each d neighbours further on.",
    ),
    why="""Two neighbours in a feature map lie `jump` inputs apart, and `jump` is the product of all
strides so far. A kernel adds its k - 1 further cells, each `d * jump` inputs away from the one
before. That is why a few layers with strides see the whole picture, and why three layers of
3 × 3 kernels see as much as one of 7 × 7, with 27 weights for each pair of channels in place
of 49.""",
    objectives=("CN-2",),
    minutes=8,
    difficulty=2,
    equivalent={
        "for k, s, d in zip(kernel, stride, dilation, strict=True): -> "
        "for k, s, d in zip(kernel, stride, dilation):": "the arrays have one length",
        "for k, s, d in zip(kernel, stride, dilation, strict=True): -> "
        "for k, s, d in zip(kernel, stride, dilation, strict=False):": "the arrays have one length",
    },
)


# --- conv2d_forward ------------------------------------------------------------------------------


def conv2d_forward(x, weight, bias, stride, padding):
    """A convolutional layer: x (N, C, H, W), weight (O, C, k, k), bias (O,) to (N, O, h, w)."""
    k = weight.shape[-1]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))  #: zeros around
    h = (x.shape[2] - k) // stride + 1  #: rounded down
    w = (x.shape[3] - k) // stride + 1
    y = np.zeros((len(x), len(weight), h, w))
    for i in range(h):
        for j in range(w):
            patch = x[:, :, i * stride : i * stride + k, j * stride : j * stride + k]
            y[:, :, i, j] = np.einsum("nckl,ockl->no", patch, weight)  #: over channels and cells
    return y + bias[:, None, None]


def _conv_inputs(rng: np.random.Generator, N: int, C: int, O: int, H: int) -> dict:
    k = int(rng.integers(2, 4))
    return {
        "x": rng.normal(size=(N, C, H + 2, H + 3)),
        "weight": rng.normal(size=(O, C, k, k)),
        "bias": rng.choice([-1.0, 1.0], O) * rng.uniform(0.5, 2, O),
        "stride": int(rng.integers(1, 4)),
        "padding": int(rng.integers(1, 3)),
    }


def _conv_corners(rng: np.random.Generator) -> list[Case]:
    def case(tests: str, side: int, k: int, stride: int, padding: int) -> Case:
        x = rng.normal(size=(2, 3, side, side + 1))
        weight, bias = rng.normal(size=(4, 3, k, k)), rng.normal(size=4)
        given = {"x": x, "weight": weight, "bias": bias, "stride": stride, "padding": padding}
        return Case(tests, given)

    return [
        case("no padding, stride 1", 5, 3, 1, 0),
        case("a kernel as large as the picture", 3, 3, 1, 0),
        case("pixels left over at the end", 8, 3, 2, 0),
        case("padding that keeps the size", 5, 3, 1, 1),
        case("a 1 × 1 kernel", 4, 1, 1, 0),
    ]


def _fits(i: dict) -> bool:
    x, w, b = i["x"], i["weight"], i["bias"]
    return bool(
        x.ndim == w.ndim == 4
        and x.size
        and w.size
        and x.shape[1] == w.shape[1]
        and w.shape[2] == w.shape[3]
        and b.shape == (len(w),)
        and i["stride"] >= 1
        and i["padding"] >= 0
        and min(x.shape[2:]) + 2 * i["padding"] >= w.shape[2]
    )


def _ceiled(x, weight, bias, stride, padding):
    """The size rounded up: more zeros at the end until nothing is left over."""
    k = weight.shape[-1]
    spare = [-(n + 2 * padding - k) % stride for n in x.shape[2:]]
    more = ((0, 0), (0, 0), (padding, padding + spare[0]), (padding, padding + spare[1]))
    return conv2d_forward(np.pad(x, more), weight, bias, stride, 0)


def _edge(x, weight, bias, stride, padding):
    ends = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    return conv2d_forward(np.pad(x, ends, mode="edge"), weight, bias, stride, 0)


CONV2D_FORWARD = Exercise(
    id="conv2d_forward",
    title="A convolutional layer",
    asks="""Write what `torch.nn.functional.conv2d` computes: correlate each picture with each of
the O kernels, add over the input channels, and add the bias.

| array | `x` | `weight` | `bias` | result |
| --- | --- | --- | --- | --- |
| shape | (N, C, H, W) | (O, C, k, k) | (O,) | (N, O, h, w) |

- `padding` zeros are put around each picture on all four sides; the kernel then moves by `stride`.
- Pixels at the end for which the kernel has no room are not used. Loops are fine.""",
    reference=conv2d_forward,
    inputs=_conv_inputs,
    corners=_conv_corners,
    valid=_fits,
    wrongs=(
        Wrong(
            "convolves",
            lambda x, weight, bias, stride, padding: conv2d_forward(
                x, weight[:, :, ::-1, ::-1], bias, stride, padding
            ),
            "**The kernel is turned by half a circle.** That is the convolution of mathematics; "
            "layers correlate: cell (0, 0) lies on the window's first pixel.",
            belief="V-01",
            see="kernel-bench#convolve",
            decoy='y[:, :, i, j] = np.einsum("nckl,ockl->no", patch, weight[:, :, ::-1, ::-1])',
        ),
        Wrong(
            "kernel-transposed",
            lambda x, weight, bias, stride, padding: conv2d_forward(
                x, weight.swapaxes(2, 3), bias, stride, padding
            ),
            "**Rows and columns of the kernel are swapped.** `weight[o, c, u, v]` belongs to the "
            "pixel u rows down and v columns to the right.",
            belief="T-02",
        ),
        Wrong(
            "one-kernel",
            lambda x, weight, bias, stride, padding: conv2d_forward(
                x.sum(1, keepdims=True), weight[:, :1], bias, stride, padding
            ),
            "**All input channels share one kernel.** Each pair of an output and an input channel "
            "has a kernel of its own; the answers are added over the input channels.",
            belief="V-02",
            see="kernel-bench#one-kernel",
        ),
        Wrong(
            "rounded-up",
            _ceiled,
            "**The size is rounded up.** Where the kernel would stick out over the padded picture, "
            "there is no output: the formula rounds down.",
            belief="V-03",
            see="kernel-bench#no-floor",
        ),
        Wrong(
            "wraps",
            lambda x, weight, bias, stride, padding: conv2d_forward(
                np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode="wrap"),
                weight,
                bias,
                stride,
                0,
            ),
            "**The padding repeats the picture from its other side.** It is to be zeros.",
        ),
        Wrong(
            "edge-padding",
            _edge,
            "**The padding repeats the border pixels.** PyTorch's default is zeros, and it shows: "
            "near the border answers differ.",
            belief="V-06",
        ),
        Wrong(
            "stride-one",
            lambda x, weight, bias, stride, padding: conv2d_forward(x, weight, bias, 1, padding)[
                :, :, :: max(stride - 1, 1), :: max(stride - 1, 1)
            ],
            "**The kernel moves by less than the stride.** Output (i, j) looks at the window that "
            "starts at row i·stride and column j·stride.",
        ),
        Wrong(
            "no-bias",
            lambda x, weight, bias, stride, padding: conv2d_forward(
                x, weight, 0 * bias, stride, padding
            ),
            "**The bias is not used.** Each output channel has one, added at every place.",
            belief="N-02",
            decoy="return y",
        ),
        Wrong(
            "mean",
            lambda x, weight, bias, stride, padding: conv2d_forward(
                x, weight / weight[0].size, bias, stride, padding
            ),
            "**The products are averaged, and they should be added up.** A kernel that is to take "
            "a mean brings its 1/9 along in its weights.",
        ),
    ),
    hints=(
        "First the size of the result, for the padded picture. Then, for each place of the result, "
        "cut out the window under the kernel.",
        "The window of output (i, j) begins at row `i * stride`, column `j * stride`, and has the "
        "shape (N, C, k, k). Which axes of it are summed against (O, C, k, k)?",
    ),
    why="""One window is (N, C, k, k), the weights are (O, C, k, k), and the sum runs over C and
both k: a matrix product of (N, C·k·k) with (C·k·k, O). Fast engines collect the windows of
all places into one large matrix, so that one product does it all; the arithmetic is the same.""",
    objectives=("CN-1", "CN-2"),
    minutes=15,
    difficulty=3,
    equivalent={
        "y = np.zeros((len(x), len(weight), h, w)) -> y = np.ones((len(x), len(weight), h, w))": (
            "every place of y is written to"
        ),
        "k = weight.shape[-1] -> k = weight.shape[-2]": "kernels are square here",
    },
)


# --- max_pool_backward ---------------------------------------------------------------------------


def max_pool_backward(g, x):
    """The gradient by x (N, C, 2H, 2W) of 2 × 2 max pooling, given g (N, C, H, W)."""
    N, C, H, W = g.shape
    windows = x.reshape(N, C, H, 2, W, 2).transpose(0, 1, 2, 4, 3, 5).reshape(N, C, H, W, 4)
    winner = windows.argmax(-1)[..., None]  #: the first one, where several are equal
    dx = np.zeros(windows.shape)
    np.put_along_axis(dx, winner, g[..., None], -1)  #: all of it to the winner, nothing to others
    return dx.reshape(N, C, H, W, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(x.shape)


def _pool_inputs(rng: np.random.Generator, N: int, C: int, H: int, W: int) -> dict:
    x = rng.permutation(N * C * 4 * H * W).reshape(N, C, 2 * H, 2 * W) / 7.0 - 1.3
    return {"g": rng.choice([-1.0, 1.0], (N, C, H, W)) * rng.uniform(0.3, 2, (N, C, H, W)), "x": x}


def _pool_corners(rng: np.random.Generator) -> list[Case]:
    x = -np.arange(1.0, 17).reshape(1, 1, 4, 4)
    g = np.array([[[[1.0, -2.0], [3.0, 4.0]]]])
    ties = np.array([[[[2.0, 2.0, 0.0, 5.0], [2.0, 2.0, 5.0, 0.0]]]])
    return [
        Case("all inputs negative", {"g": g, "x": x}),
        Case("inputs that tie", {"g": np.array([[[[6.0, 4.0]]]]), "x": ties}),
    ]


def _mask(x: np.ndarray) -> np.ndarray:
    """Where x equals the maximum of its window; ties all count."""
    N, C, H, W = x.shape
    best = x.reshape(N, C, H // 2, 2, W // 2, 2).max((3, 5))
    return x == _grown(best)


def _grown(g: np.ndarray) -> np.ndarray:
    return g.repeat(2, axis=2).repeat(2, axis=3)


def _last_wins(g, x):
    return max_pool_backward(g[:, :, ::-1, ::-1], x[:, :, ::-1, ::-1])[:, :, ::-1, ::-1]


def _no_swap(g, x):
    windows = x.reshape(*g.shape, 4)
    dx = np.zeros(windows.shape)
    np.put_along_axis(dx, windows.argmax(-1)[..., None], g[..., None], -1)
    return dx.reshape(x.shape)


MAX_POOL_BACKWARD = Exercise(
    id="max_pool_backward",
    title="Back through max pooling",
    asks="""Max pooling took the largest number of each 2 × 2 window of `x`, of shape
(N, C, 2H, 2W), without overlap. The gradient `g` of its result, of shape (N, C, H, W), arrives.
Return the gradient by `x`.

- Where several inputs of a window are equally large, the first one in reading order (row by row)
is the winner, as in PyTorch.""",
    reference=max_pool_backward,
    inputs=_pool_inputs,
    corners=_pool_corners,
    valid=lambda i: (
        i["g"].ndim == i["x"].ndim == 4
        and i["g"].size > 0
        and i["x"].shape == (*i["g"].shape[:2], 2 * i["g"].shape[2], 2 * i["g"].shape[3])
        and bool((i["g"] != 0).all())
    ),
    properties=(
        Property(
            "nothing is lost",
            lambda inputs, parts: bool(
                np.isclose(np.sum(parts["result"]), inputs["g"].sum(), atol=1e-9)
            ),
            "Each window passes on exactly what arrives, so the sums are equal.",
        ),
    ),
    wrongs=(
        Wrong(
            "all-maxima",
            lambda g, x: _grown(g) * _mask(x),
            "**Where inputs tie, each of them gets the whole gradient.** The forward pass took one "
            "of them; only that one gets it. Without ties your code is right.",
            belief="V-07",
        ),
        Wrong(
            "shared",
            lambda g, x: (
                _grown(g)
                * _mask(x)
                / _grown(_mask(x).reshape(*g.shape[:2], g.shape[2], 2, g.shape[3], 2).sum((3, 5)))
            ),
            "**Where inputs tie, they share the gradient.** That is a possible rule, but PyTorch "
            "gives all of it to the first one.",
            belief="V-07",
        ),
        Wrong(
            "last-wins",
            _last_wins,
            "**Where inputs tie, the last one wins.** PyTorch takes the first in reading order.",
            belief="V-07",
        ),
        Wrong(
            "average",
            lambda g, x: _grown(g) / 4,
            "**That is average pooling.** The mean depends on all four inputs; the maximum only on "
            "the winner: moving another input a little changes nothing.",
        ),
        Wrong(
            "everywhere",
            lambda g, x: _grown(g),
            "**All four inputs get the gradient.** Three of them had no effect on the maximum, so "
            "their slope is 0.",
            belief="B-05",
        ),
        Wrong(
            "value",
            lambda g, x: max_pool_backward(g, x) * x,
            "**The gradient is multiplied by the winner's value.** The slope of a maximum with "
            "respect to its winner is 1.",
            belief="B-06",
        ),
        Wrong(
            "local-only",
            lambda g, x: max_pool_backward(np.ones_like(g), x),
            "**That is the local slope alone.** Multiply it by the gradient that arrives.",
        ),
        Wrong(
            "no-swap",
            _no_swap,
            "**The windows are cut in the wrong place.** `reshape` to (N, C, H, W, 4) takes four "
            "neighbours in a *row*. First split both axes, (N, C, H, 2, W, 2), then move the "
            "axes.",
            belief="T-02",
            decoy="windows = x.reshape(N, C, H, W, 4)",
        ),
    ),
    hints=(
        "Bring the four numbers of each window onto one axis: split the two spatial axes, then "
        "swap, then join.",
        "`argmax` along that axis finds the first winner. Put `g` there, and zeros elsewhere; then "
        "undo the three steps.",
    ),
    why="""Close to where it was evaluated, the maximum *is* its winner: slope 1 for that input,
slope 0 for the others. So the backward pass has to remember who won, and it routes each
gradient to one place. At a tie the maximum has a kink, and any choice that sums to one is a
subgradient; libraries take one winner because it is cheapest.""",
    objectives=("CN-3",),
    minutes=12,
    difficulty=3,
)


# --- batch_norm_train ----------------------------------------------------------------------------


def batch_norm_train(x, weight, bias, running_mean, running_var, momentum):
    """One call in training: output (N, C, H, W), and the new running mean and variance (C,)."""
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))  #: of this batch, for each channel
    h = (x - mean[:, None, None]) / np.sqrt(var + 1e-5)[:, None, None]
    out = h * weight[:, None, None] + bias[:, None, None]
    n = x.size / x.shape[1]  #: numbers in a channel
    new_mean = (1 - momentum) * running_mean + momentum * mean
    new_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)  #: the unbiased one
    return out, new_mean, new_var


def _norm_inputs(rng: np.random.Generator, N: int, C: int, H: int) -> dict:
    x = 0.3 * rng.normal(size=(N, C, H + 1, H + 2)) + rng.normal(size=(C, 1, 1))
    return {
        "x": x,
        "weight": rng.uniform(0.5, 2, C),
        "bias": rng.normal(size=C),
        "running_mean": rng.normal(size=C),
        "running_var": rng.uniform(0.5, 2, C),
        "momentum": float(rng.choice([0.1, 0.2, 0.3])),
    }


def _norm_corners(rng: np.random.Generator) -> list[Case]:
    flat = _norm_inputs(rng, 3, 2, 2)
    flat["x"] = np.ones_like(flat["x"])
    return [Case("a channel without any variation", flat)]


def _norm(**change: Callable) -> Callable:
    """A known-wrong variant: other statistics for the output or for the memory."""

    def same(x, mean, var, running):
        return mean, var

    def wrong(x, weight, bias, running_mean, running_var, momentum):
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
        n, running = x.size / x.shape[1], (running_mean, running_var)
        m, v = change.get("use", same)(x, mean, var, running)
        out = (x - m[:, None, None]) / np.sqrt(v + 1e-5)[:, None, None]
        out = out * weight[:, None, None] + bias[:, None, None]
        keep = change.get("keep", lambda old, new, r: (1 - r) * old + r * new)
        unbiased = change.get("unbiased", lambda v, n: v * n / (n - 1))(var, n)
        return out, keep(running_mean, mean, momentum), keep(running_var, unbiased, momentum)

    return wrong


def _with_output(output: Callable) -> Callable:
    def wrong(x, weight, bias, running_mean, running_var, momentum):
        right = batch_norm_train(x, weight, bias, running_mean, running_var, momentum)
        return output(x, weight[:, None, None], bias[:, None, None]), *right[1:]

    return wrong


def _per_example(x, weight, bias):
    mean, var = x.mean((1, 2, 3), keepdims=True), x.var((1, 2, 3), keepdims=True)
    return (x - mean) / np.sqrt(var + 1e-5) * weight + bias


def _per_place(x, weight, bias):
    return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5) * weight + bias


def _eps_outside(x, weight, bias):
    mean, std = x.mean((0, 2, 3)), x.std((0, 2, 3))
    return (x - mean[:, None, None]) / (std[:, None, None] + 1e-5) * weight + bias


def _no_affine(x, weight, bias):
    return batch_norm_train(x, np.ones(x.shape[1]), np.zeros(x.shape[1]), 0.0, 1.0, 0.1)[0]


BATCH_NORM_TRAIN = Exercise(
    id="batch_norm_train",
    title="Batch normalisation in training",
    asks="""Do what `torch.nn.BatchNorm2d` does in one call in **training mode**. Return three
arrays: the output, the new running mean and the new running variance.

- `x` has shape (N, C, H, W); `weight`, `bias`, `running_mean`, `running_var` have shape (C,).
- Add $\\varepsilon = 10^{-5}$ to the variance before you take the root.
- `momentum` is meant as in PyTorch. Return new arrays; do not change the ones you are given.""",
    reference=batch_norm_train,
    inputs=_norm_inputs,
    corners=_norm_corners,
    returns=("output", "running_mean", "running_var"),
    valid=lambda i: (
        i["x"].ndim == 4
        and i["x"].size > i["x"].shape[1] > 0
        and all(i[n].shape == (i["x"].shape[1],) for n in ("weight", "bias"))
        and all(i[n].shape == (i["x"].shape[1],) for n in ("running_mean", "running_var"))
        and bool((i["running_var"] > 0).all())
        and 0 < i["momentum"] < 0.5
    ),
    wrongs=(
        Wrong(
            "running-in-training",
            _norm(use=lambda x, mean, var, running: running),
            "**The output uses the running statistics.** That is the mode for use. In training "
            "each batch is normalised by its own mean and variance.",
            belief="R-06",
        ),
        Wrong(
            "momentum-reversed",
            _norm(keep=lambda old, new, r: r * old + (1 - r) * new),
            "**The momentum is the other way round.** In PyTorch it is the share of the *new* "
            "value: 0.1 moves the memory by a tenth.",
            belief="R-08",
            decoy="new_mean = momentum * running_mean + (1 - momentum) * mean",
        ),
        Wrong(
            "biased-memory",
            _norm(unbiased=lambda v, n: v),
            "**The running variance is the biased one.** The batch is divided by the variance with "
            "n, but the memory keeps the one with n - 1.",
            belief="R-09",
            decoy="new_var = (1 - momentum) * running_var + momentum * var",
        ),
        Wrong(
            "unbiased-output",
            _norm(
                use=lambda x, mean, var, running: (
                    mean,
                    var * (x.size / x.shape[1]) / (x.size / x.shape[1] - 1),
                )
            ),
            "**The output uses the unbiased variance.** It is the other way round: n for the "
            "output, n - 1 for the memory.",
            belief="R-09",
        ),
        Wrong(
            "per-example",
            _with_output(_per_example),
            "**Each example is normalised by itself.** That is layer normalisation. Batch "
            "normalisation takes each channel over all examples and places.",
            belief="R-12",
        ),
        Wrong(
            "per-place",
            _with_output(_per_place),
            "**Each pixel has statistics of its own.** The mean runs over the batch *and* all "
            "places: axes 0, 2 and 3.",
            belief="T-05",
        ),
        Wrong(
            "eps-outside",
            _with_output(_eps_outside),
            "**The small number is added after the root.** It belongs under it: "
            "$\\sqrt{\\sigma^2 + \\varepsilon}$.",
        ),
        Wrong(
            "no-affine",
            _with_output(_no_affine),
            "**The learned scale and shift are missing.** After the normalisation each channel is "
            "multiplied by its `weight` and gets its `bias`.",
            decoy="out = h",
        ),
        Wrong(
            "memory-forgotten",
            _norm(keep=lambda old, new, r: new),
            "**The memory holds this batch alone.** It is a running average: most of the old "
            "value, and the share `momentum` of the new one.",
            belief="R-08",
        ),
    ),
    hints=(
        "One mean and one variance for each channel: over which axes do you take them?",
        "Shapes (C,) and (N, C, H, W) do not broadcast by themselves: index with "
        "`[:, None, None]`.",
        "Two variances are needed: with n for the output, with n - 1 for the memory.",
    ),
    why="""A batch is normalised by exactly its own statistics, and the network can rely on mean 0
and variance 1. The memory is there to estimate the statistics of *all* data, for the day when one
picture comes alone; an estimate from a sample uses n - 1. The momentum of 0.1 averages over about
the last ten batches.""",
    objectives=("CN-4",),
    minutes=12,
    difficulty=3,
)


# --- pairwise_iou --------------------------------------------------------------------------------


def pairwise_iou(a, b):
    """Intersection over union of boxes a (N, 4) with b (M, 4), left, top, right, bottom: (N, M)."""
    start = np.maximum(a[:, None, :2], b[None, :, :2])  #: the later left and top, (N, M, 2)
    end = np.minimum(a[:, None, 2:], b[None, :, 2:])  #: the earlier right and bottom
    both = np.prod(np.maximum(end - start, 0), axis=2)  #: no overlap along an axis counts 0
    area_a = np.prod(a[:, 2:] - a[:, :2], axis=1)
    area_b = np.prod(b[:, 2:] - b[:, :2], axis=1)
    return both / (area_a[:, None] + area_b[None, :] - both)


def _box_inputs(rng: np.random.Generator, N: int, M: int) -> dict:
    def boxes(count: int) -> np.ndarray:
        corner = rng.integers(0, 6, (count, 2))
        return np.hstack([corner, corner + rng.integers(1, 8, (count, 2))]).astype(float)

    return {"a": boxes(N), "b": boxes(M)}


def _box_corners(rng: np.random.Generator) -> list[Case]:
    one = np.array([[0.0, 0, 4, 4]])
    return [
        Case("the same box", {"a": one, "b": one + 0.0}),
        Case("half of the box", {"a": one, "b": np.array([[2.0, 0, 6, 4]])}),
        Case("boxes apart in both directions", {"a": one, "b": np.array([[7.0, 6, 9, 8]])}),
        Case("boxes that touch", {"a": one, "b": np.array([[4.0, 0, 8, 4], [0, 4, 4, 8]])}),
        Case("a box within the other", {"a": one, "b": np.array([[1.0, 1, 2, 3]])}),
    ]


def _parts(a, b) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    start, end = (
        np.maximum(a[:, None, :2], b[None, :, :2]),
        np.minimum(a[:, None, 2:], b[None, :, 2:]),
    )
    both = np.prod(np.maximum(end - start, 0), axis=2)
    area = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (a, b)]
    return both, area[0][:, None] + 0 * both, area[1][None, :] + 0 * both


def _not_cut(a, b):
    start, end = (
        np.maximum(a[:, None, :2], b[None, :, :2]),
        np.minimum(a[:, None, 2:], b[None, :, 2:]),
    )
    both = np.prod(end - start, axis=2)
    _, x, y = _parts(a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        return both / (x + y - both)


def _of(formula: Callable) -> Callable:
    return lambda a, b: formula(*_parts(a, b))


def _hull(a, b):
    both, _, _ = _parts(a, b)
    start = np.minimum(a[:, None, :2], b[None, :, :2])
    return both / np.prod(np.maximum(a[:, None, 2:], b[None, :, 2:]) - start, axis=2)


def _pixels_counted(a, b):
    more = np.array([0.0, 0, 1, 1])
    return pairwise_iou(a + more, b + more)


PAIRWISE_IOU = Exercise(
    id="pairwise_iou",
    title="How well do boxes agree?",
    asks="""Each box is a row `left, top, right, bottom`, and its width is `right - left`. Return
the intersection over union of each box of `a` with each box of `b`: the area that both cover
over the area that at least one covers.

| array | `a` | `b` | result |
| --- | --- | --- | --- |
| shape | (N, 4) | (M, 4) | (N, M) |

- All boxes have an area. Boxes that do not overlap have 0.""",
    reference=pairwise_iou,
    inputs=_box_inputs,
    corners=_box_corners,
    valid=lambda i: all(
        v.ndim == 2 and v.shape[1] == 4 and len(v) and bool((v[:, 2:] > v[:, :2]).all())
        for v in i.values()
    ),
    properties=(
        Property(
            "between 0 and 1",
            lambda inputs, parts: bool(
                ((parts["result"] >= 0) & (parts["result"] <= 1 + 1e-9)).all()
            ),
            "A share of an area lies between 0 and 1.",
        ),
    ),
    wrongs=(
        Wrong(
            "not-cut",
            _not_cut,
            "**Boxes that are apart seem to overlap.** Where they lie apart along both axes, both "
            "sides of the intersection are negative, and their product is positive. Cut at 0 "
            "before you multiply.",
            decoy="both = np.prod(end - start, axis=2)",
        ),
        Wrong(
            "sum-of-areas",
            _of(lambda both, x, y: both / (x + y)),
            "**The shared area is counted twice below.** The sum of both areas holds it two times; "
            "take it away once. A box with itself must give 1.",
            decoy="return both / (area_a[:, None] + area_b[None, :])",
        ),
        Wrong(
            "over-smaller",
            _of(lambda both, x, y: both / np.minimum(x, y)),
            "**The overlap is divided by the smaller box.** A tiny box inside a large one would "
            "count as perfect.",
        ),
        Wrong(
            "over-a",
            _of(lambda both, x, y: both / x),
            "**The overlap is divided by the area of `a` alone.** A huge box in `b` would then "
            "match everything.",
        ),
        Wrong(
            "over-b",
            _of(lambda both, x, y: both / y),
            "**The overlap is divided by the area of `b` alone.** A huge box in `a` would then "
            "match everything.",
        ),
        Wrong(
            "intersection",
            _of(lambda both, x, y: both),
            "**That is the intersection alone.** Divide it by the area of the union.",
        ),
        Wrong(
            "hull",
            _hull,
            "**The overlap is divided by the box around both.** The union has no more than the two "
            "boxes themselves; the corners between them do not belong to it.",
        ),
        Wrong(
            "pixels-counted",
            _pixels_counted,
            "**Each side is longer by one.** That is the count of pixels from left to right, both "
            "included. Here a width is `right - left`.",
        ),
        Wrong(
            "transposed",
            lambda a, b: pairwise_iou(a, b).T,
            "**The table is transposed.** A row for each box of `a`, a column for each of `b`.",
            belief="T-06",
        ),
    ),
    hints=(
        "The intersection of two boxes is a box again, or nothing. Where does it begin, and where "
        "does it end?",
        "`a[:, None]` has shape (N, 1, 4) and `b[None]` (1, M, 4): what you compute with both has "
        "shape (N, M, ...).",
        "Area of the union = area of one + area of the other - what both share.",
    ),
    why="""The intersection begins at the later left and ends at the earlier right, and likewise
from top to bottom. If it ends before it begins, there is none. Dividing by the union punishes
boxes that are too large as well as boxes that are too small; that is why detection and
segmentation are judged by it.""",
    objectives=("CN-6",),
    minutes=10,
    difficulty=2,
    equivalent={
        f"area_{n} = np.prod({n}[:, 2:] - {n}[:, :2], axis=1) -> "
        f"area_{n} = np.prod({n}[:, :2] - {n}[:, 2:], axis=1)": "the product of two turned signs"
        for n in "ab"
    },
)


EXERCISES = (RECEPTIVE_FIELD, CONV2D_FORWARD, MAX_POOL_BACKWARD, BATCH_NORM_TRAIN, PAIRWISE_IOU)
