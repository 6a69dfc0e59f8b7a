"""The signal river's numbers: recomputed by torch's autograd, and what lesson 02 says of depth."""

import time

import numpy as np
import pytest
import torch

from dlcourse.topics import find_explorable
from dlcourse.topics.backpropagation import signal_river as river

RIVER = find_explorable("signal-river")
IN_TORCH = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "none": lambda z: z,
}


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("activation", river.ACTIVATIONS)
def test_values_and_gradients_are_those_of_autograd(activation, normalise, residual):
    weights = river.weights_of("He", 6, 32, 1.0, 0)
    x = np.random.default_rng(3).normal(size=(40, 32))
    values, gradients = river.flow(weights, x, activation, residual, normalise)
    a, kept = torch.from_numpy(x), []
    for w in torch.from_numpy(weights):
        a = a.detach().requires_grad_() if not kept else a
        z = a @ w.T
        z = (z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-12).sqrt() if normalise else z
        out = IN_TORCH[activation](z)
        a = a + out if residual else out
        a.retain_grad()
        kept.append(a)
    g = np.random.default_rng(7).normal(size=x.shape)
    kept[-1].backward(torch.from_numpy(g))
    for value, gradient, there in zip(values, gradients, kept, strict=True):
        np.testing.assert_allclose(value, there.detach().numpy(), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(gradient, there.grad.numpy(), rtol=1e-7, atol=1e-10)


def test_twenty_relu_layers_fade_stay_or_explode_with_the_weights():
    assert 2e-4 < RIVER.at(init="Xavier")["last"] < 3e-3  # 2 ** -10 is 1e-3
    assert 0.2 < RIVER.at(init="He")["last"] < 3
    assert 1e17 < RIVER.at(init="N(0, 1)")["last"] < 1e20  # about 8 a layer: sqrt(128 / 2)


def test_ten_sigmoid_layers_leave_next_to_nothing_of_a_gradient_and_tanh_leaves_most():
    sigmoid = RIVER.at(activation="sigmoid", init="Xavier", depth=10)
    assert sigmoid["ratio"] < 0.25**9 * 2
    assert RIVER.at(activation="tanh", init="Xavier", depth=10)["ratio"] > 0.1


def test_zero_weights_stop_everything_and_equal_ones_make_copies():
    zero = RIVER.at(init="zero")
    assert zero["last"] == zero["first_gradient"] == river.FLOOR
    assert zero["alike"]
    assert RIVER.at(init="constant")["alike"]
    assert not RIVER.at(init="He")["alike"]


def test_own_weights_are_used_and_a_wrong_shape_is_refused():
    own = RIVER.at(own={"draw": lambda rng, n: rng.normal(size=(n, n)) * (2 / n) ** 0.5})
    assert own["start"] == "your own"
    assert 0.1 < own["last"] < 10
    with pytest.raises(river.KnobError, match="must return weights"):
        RIVER.at(own={"draw": lambda rng, n: rng.normal(size=n)})


def test_fifty_layers_are_quick():
    def once() -> float:
        start = time.process_time()
        RIVER.at(depth=50)
        return time.process_time() - start

    assert min(once() for _ in range(6)) < 0.3  # 0.06 on a quiet machine
