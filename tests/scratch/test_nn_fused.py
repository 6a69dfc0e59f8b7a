"""Fused primitives: equal to their composite twins, and to finite differences."""

import numpy as np
import pytest

from dlcourse import scratch as S
from dlcourse.scratch.autograd import OPS, backward
from dlcourse.scratch.nn import (
    _activations,
    _attention,
    _conv,
    _image,
    _linear,
    _losses,
    _norm,
    _pool,
    _rnn,
)

F = S.nn.functional
Geometry = _conv.Geometry


def normal(*shape):
    return lambda rng: rng.standard_normal(shape)


def positive(*shape):
    return lambda rng: rng.random(shape) * 0.8 + 0.1


def tensors(sources, seed=0):
    rng = np.random.default_rng(seed)
    return [S.tensor(np.asarray(source(rng)), requires_grad=True) for source in sources]


def outputs(y):
    return list(y) if isinstance(y, tuple) else [y]


# --- twins -------------------------------------------------------------------------------------


def steps(step, states):
    """A sequence layer made of single steps: x (T, N, I), states, weights -> outputs."""

    def run(x, *rest):
        state, weights, out = list(rest[:states]), rest[states:], []
        for t in range(len(x)):
            new = step(x[t], *state, *weights)
            state = list(new) if isinstance(new, tuple) else [new]
            out.append(state[0])
        stacked = S.stack(out)
        return (stacked, state[1]) if states == 2 else stacked

    return run


def recurrent(gates, states):
    """Inputs of a recurrence: 4 steps of 2 x 3, states 2 x 5, weights and biases."""
    rows = gates * 5
    weights = (normal(rows, 3), normal(rows, 5), normal(rows), normal(rows))
    return (normal(4, 2, 3), *[normal(2, 5)] * states, *weights)


TARGET = np.array([0, 2, 1])

TWINS = {
    "linear": (F.linear, _linear.linear_composite, (normal(2, 3, 4), normal(5, 4), normal(5))),
    "gelu": (F.gelu, _activations.gelu_composite, (normal(3, 4),)),
    "layer norm": (
        lambda x, w, b: F.layer_norm(x, (3, 4), w, b),
        lambda x, w, b: _norm.layer_norm_composite(x, w, b, ndim=2),
        (normal(2, 3, 4), normal(3, 4), normal(3, 4)),
    ),
    "rms norm": (
        lambda x, w: F.rms_norm(x, (4,), w, 1e-5),
        _norm.rms_norm_composite,
        (normal(2, 3, 4), normal(4)),
    ),
    "batch norm": (
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        _norm.batch_norm_composite,
        (normal(4, 3, 2, 5), normal(3), normal(3)),
    ),
    "group norm": (
        lambda x, w, b: F.group_norm(x, 2, w, b),
        lambda x, w, b: _norm.group_norm_composite(x, 2, w, b),
        (normal(3, 4, 2, 5), normal(4), normal(4)),
    ),
    "cross-entropy": (
        lambda x: F.cross_entropy(x, S.tensor(TARGET)),
        lambda x: _losses.cross_entropy_composite(x, S.tensor(TARGET)),
        (normal(3, 4),),
    ),
    "bce with logits": (
        F.binary_cross_entropy_with_logits,
        _losses.bce_with_logits_composite,
        (normal(3, 4), positive(3, 4)),
    ),
    "attention": (
        F.scaled_dot_product_attention,
        _attention.attention_composite,
        (normal(2, 3, 4), normal(2, 5, 4), normal(2, 5, 6)),
    ),
    "conv2d": (
        lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1),
        lambda x, w, b: _conv.conv2d_composite(x, w, b, stride=2, padding=1),
        (normal(2, 3, 6, 5), normal(4, 3, 3, 2), normal(4)),
    ),
    "rnn": (_rnn.rnn, steps(_rnn.rnn_step, 1), recurrent(1, 1)),
    "gru": (_rnn.gru, steps(_rnn.gru_step, 1), recurrent(3, 1)),
    "lstm": (_rnn.lstm, steps(_rnn.lstm_step, 2), recurrent(4, 2)),
}


@pytest.mark.parametrize("name", TWINS)
def test_fused_equals_composite(name):
    fused, composite, sources = TWINS[name]
    a, b = tensors(sources), tensors(sources)
    y, z = outputs(fused(*a)), outputs(composite(*b))
    rng = np.random.default_rng(1)
    gradients = [S.tensor(np.asarray(rng.standard_normal(v.shape))) for v in z]
    for u, v in zip(y, z, strict=True):
        np.testing.assert_allclose(u._data, v._data, rtol=1e-9, atol=1e-11)
    backward(y, gradients)
    backward(z, gradients)
    for u, v in zip(a, b, strict=True):
        np.testing.assert_allclose(u.grad._data, v.grad._data, rtol=1e-8, atol=1e-10)


# --- finite differences ------------------------------------------------------------------------

GEO = Geometry((2, 1), (1, 0), (1, 2))
WINDOW = Geometry((2, 2), (0, 0), (1, 1))
KERNEL = {"kernel": (2, 2), "out": (2, 3), "geo": WINDOW}
ROWS = {"target": np.array([0, 2, 1]), "weight": np.array([1.0, 0.5, 2.0])}

CASES = {
    "linear": ((normal(2, 4), normal(3, 4), normal(3)), {}),
    "bilinear": ((normal(2, 3), normal(2, 4), normal(2, 3, 4), normal(2)), {}),
    "embedding": ((normal(4, 3),), {"ids": np.array([[0, 2], [2, 3]])}),
    "leaky_relu": ((normal(3, 4),), {"negative_slope": 0.2}),
    "prelu": ((normal(3, 4), normal(4)), {}),
    "hardtanh": ((normal(3, 4),), {}),
    "hardswish": ((normal(3, 4),), {}),
    "threshold": ((normal(3, 4),), {"threshold": 0.1, "value": 3.0}),
    "elu": ((normal(3, 4),), {"alpha": 0.7, "scale": 1.3}),
    "silu": ((normal(3, 4),), {}),
    "logsigmoid": ((normal(3, 4),), {}),
    "softplus": ((normal(3, 4),), {"beta": 2.0}),
    "mish": ((normal(3, 4),), {}),
    "gelu": ((normal(3, 4),), {}),
    "gelu_tanh": ((normal(3, 4),), {}),
    "l1_loss": ((normal(3, 4), normal(3, 4)), {}),
    "mse_loss": ((normal(3, 4), normal(3, 4)), {}),
    "huber_loss": ((normal(3, 4), normal(3, 4)), {"delta": 0.6}),
    "kl_div": ((normal(3, 4), positive(3, 4)), {"reduction": "sum"}),
    "binary_cross_entropy": ((positive(3, 4), positive(3, 4)), {}),
    "bce_with_logits": ((normal(3, 4), positive(3, 4)), {"reduction": "none"}),
    "nll_rows": ((normal(3, 4),), ROWS),
    "cross_entropy_rows": ((normal(3, 4),), ROWS),
    "layer_norm": ((normal(3, 4), normal(4), normal(4)), {}),
    "rms_norm": ((normal(3, 4), normal(4)), {}),
    "batch_norm": ((normal(4, 3, 2), normal(3), normal(3)), {}),
    "group_norm": ((normal(2, 4, 3), normal(4), normal(4)), {"groups": 2}),
    "l2_norm": ((normal(3, 4),), {"dim": 1}),
    "conv2d": ((normal(2, 2, 5, 6), normal(3, 2, 3, 2), normal(3)), {"geo": GEO}),
    "conv_transpose2d": (
        (normal(2, 2, 3, 4), normal(2, 3, 3, 2), normal(3)),
        {"geo": GEO, "size": (5, 6)},
    ),
    "max_pool2d": ((normal(1, 2, 4, 6),), KERNEL),
    "avg_pool2d": ((normal(1, 2, 4, 6),), KERNEL),
    "adaptive_avg_pool2d": ((normal(2, 5, 4),), {"out": (2, 3)}),
    "adaptive_max_pool2d": ((normal(2, 5, 4),), {"out": (2, 3)}),
    "constant_pad": ((normal(3, 4),), {"widths": [(1, 0), (-1, 2)], "value": 2.0}),
    "take_along": ((normal(3, 4),), {"index": np.array([0, 3, 3, 1]), "dim": 1}),
    "blend_along": (
        (normal(3, 4),),
        {
            "low": np.array([0, 1]),
            "high": np.array([1, 3]),
            "share": np.array([0.2, 0.7]),
            "dim": 1,
        },
    ),
    "unfold": ((normal(1, 2, 4, 6),), KERNEL),
    "fold": ((normal(1, 8, 6),), {"size": (4, 6), **KERNEL}),
    "attention": ((normal(2, 3, 4), normal(2, 5, 4), normal(2, 5, 2)), {"scale": 0.5}),
    "rnn": (recurrent(1, 1), {}),
    "gru": (recurrent(3, 1), {}),
    "lstm": (recurrent(4, 2), {}),
}


def registered():
    """The ops that the rooms of nn register."""
    rooms = (_activations, _attention, _conv, _image, _linear, _losses, _norm, _pool, _rnn)
    return {
        name: function
        for room in rooms
        for name, function in vars(room).items()
        if OPS.get(name) is function and function.__module__ == room.__name__
    }


def test_every_primitive_has_a_case():
    assert set(registered()) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_gradient_is_the_slope(name):
    sources, options = CASES[name]
    function, inputs = registered()[name], tensors(sources)
    y = outputs(function(*inputs, **options))
    rng = np.random.default_rng(2)
    weights = [np.asarray(rng.standard_normal(v.shape)) for v in y]
    backward(y, [S.tensor(w) for w in weights])

    def weighted_sum():
        with S.no_grad():
            parts = outputs(function(*inputs, **options))
        return sum(float((p._data * w).sum()) for p, w in zip(parts, weights, strict=True))

    for t in inputs:
        direction = rng.standard_normal(t.shape)
        step = 1e-6 * direction
        t._data += step
        above = weighted_sum()
        t._data -= 2 * step
        below = weighted_sum()
        t._data += step
        slope = float((t.grad._data * direction).sum())
        np.testing.assert_allclose(slope, (above - below) / 2e-6, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_only_what_is_needed_is_computed_and_nothing_is_mutated(name):
    sources, options = CASES[name]
    for wanted in range(len(sources)):
        inputs = [t.detach() for t in tensors(sources)]
        inputs[wanted].requires_grad_()
        before = [t._data.copy() for t in inputs]
        y = outputs(registered()[name](*inputs, **options))
        backward(y, [S.ones_like(v) for v in y])
        assert [t.grad is not None for t in inputs] == [i == wanted for i in range(len(inputs))]
        for t, b in zip(inputs, before, strict=True):
            np.testing.assert_array_equal(t._data, b)


def test_images_stay_batch_fastest_in_memory():
    x = S.randn(8, 3, 6, 6)
    y = F.max_pool2d(F.relu(F.conv2d(x, S.randn(4, 3, 3, 3), padding=1)), 2)
    assert y._data.transpose(1, 2, 3, 0).flags.c_contiguous
    assert F.batch_norm(y, None, None, training=True)._data.transpose(1, 2, 3, 0).flags.c_contiguous


def test_large_convolutions_are_computed_in_bands(monkeypatch):
    """A band limit so small that every band is one row changes nothing."""
    x, w = tensors((normal(2, 4, 9, 7), normal(6, 2, 3, 3)))
    whole = F.conv2d(x, w, padding=1, groups=2)
    whole.sum().backward()
    gradients = [x.grad._data.copy(), w.grad._data.copy()]
    x.grad = w.grad = None
    monkeypatch.setattr(_conv, "_BAND", 100)
    banded = F.conv2d(x, w, padding=1, groups=2)
    banded.sum().backward()
    np.testing.assert_allclose(banded._data, whole._data, rtol=1e-12)
    np.testing.assert_allclose(x.grad._data, gradients[0], rtol=1e-10)
    np.testing.assert_allclose(w.grad._data, gradients[1], rtol=1e-10)


def test_gelu_is_exact_enough_everywhere():
    import math

    x = np.linspace(-12, 12, 4001)
    exact = np.array([v * 0.5 * math.erfc(-v / math.sqrt(2)) for v in x])
    single = F.gelu(S.tensor(x.astype(np.float32)))._data
    np.testing.assert_allclose(single, exact, rtol=5e-7, atol=3e-7)
    double = F.gelu(S.tensor(x))._data
    np.testing.assert_allclose(double, exact, rtol=1e-12, atol=1e-14)
