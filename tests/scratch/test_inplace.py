"""Writing over what an op was given, or what it gave, is allowed just where torch allows it."""

import numpy as np
import pytest
import torch

from dlcourse import scratch


def layer(kind):
    """Run a recurrent layer or cell with fixed weights, and give its first output."""

    def run(T, x):
        m = getattr(T.nn, kind)(4, 3)
        with T.no_grad():
            for p in m.parameters():
                p.copy_(T.linspace(-0.5, 0.5, p.numel()).reshape(p.shape))
        out = m(x)
        return out[0] if isinstance(out, tuple) else out

    return run


OVER_THE_RESULT = {
    "silu": ((3, 4), lambda T, x: T.nn.functional.silu(x)),
    "gelu": ((3, 4), lambda T, x: T.nn.functional.gelu(x)),
    "max_pool2d": ((2, 4, 4, 4), lambda T, x: T.nn.functional.max_pool2d(x, 2)),
    "max_pool1d": ((2, 4, 4), lambda T, x: T.nn.functional.max_pool1d(x, 2)),
    "a view of it": (
        (2, 4, 4, 4),
        lambda T, x: T.nn.functional.max_pool2d(x, 2).flatten(2).transpose(1, 2),
    ),
    "layer_norm": ((3, 4), lambda T, x: T.nn.functional.layer_norm(x, (4,))),
    "RNN": ((2, 3, 4), layer("RNN")),
    "GRU": ((2, 3, 4), layer("GRU")),
    "LSTMCell": ((3, 4), layer("LSTMCell")),
    "GRUCell": ((3, 4), layer("GRUCell")),
    "sigmoid": ((3, 4), lambda T, x: x.sigmoid()),
    "tanh": ((3, 4), lambda T, x: x.tanh()),
    "softmax": ((3, 4), lambda T, x: x.softmax(-1)),
    "exp": ((3, 4), lambda T, x: x.exp()),
}
OVER_THE_INPUT = {
    "pad": ((2, 4, 4, 4), lambda T, x: T.nn.functional.pad(x, (1, 1, 1, 1))),
    "unfold": ((2, 4, 4, 4), lambda T, x: T.nn.functional.unfold(x, 2)),
    "nearest": ((2, 4, 4, 4), lambda T, x: T.nn.functional.interpolate(x, scale_factor=2)),
    "bilinear": (
        (2, 4, 4, 4),
        lambda T, x: T.nn.functional.interpolate(x, scale_factor=2, mode="bilinear"),
    ),
    "embedding": ((3, 4), lambda T, x: T.nn.functional.embedding(T.tensor([0, 1]), x)),
    "cross_entropy": ((3, 4), lambda T, x: T.nn.functional.cross_entropy(x, T.tensor([0, 1, 2]))),
    "square": ((3, 4), lambda T, x: x.square()),
    "mul": ((3, 4), lambda T, x: x * x),
}
CASES = [
    pytest.param(*case, over, id=f"{name}, {over}")
    for over, cases in (("result", OVER_THE_RESULT), ("input", OVER_THE_INPUT))
    for name, case in cases.items()
]


def gradient(T, shape, function, over):
    """The gradient of the input, or that the write was refused."""
    rng = np.random.default_rng(1)
    leaf = T.from_numpy(rng.uniform(0.05, 0.95, shape).astype(np.float32)).requires_grad_()
    x = leaf * 1.0
    y = function(T, x)
    (y if over == "result" else x).add_(0.25)
    try:
        (y * T.linspace(-1, 1, y.numel()).reshape(y.shape)).sum().backward()
    except RuntimeError as error:
        return f"refused: {error}"
    return leaf.grad.numpy()


@pytest.mark.parametrize(("shape", "function", "over"), CASES)
def test_writing_is_allowed_where_torch_allows_it(shape, function, over):
    theirs, ours = (gradient(T, shape, function, over) for T in (torch, scratch))
    if isinstance(theirs, str):
        assert isinstance(ours, str), theirs
        assert "modified by an inplace operation" in ours
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
