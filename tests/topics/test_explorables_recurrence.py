"""What gradient through time shows, recomputed by torch: Jacobians, a text, clipping."""

import numpy as np
import pytest
import torch

from dlcourse.topics.recurrence import cells
from dlcourse.topics.recurrence import gradient_through_time as time_

START = time_.EXPLORABLE


def _torch_step(cell, x, w):
    """The state after one step as a function of the old state, by PyTorch's own cells."""
    w_ih, w_hh, bias = (torch.tensor(a) for a in w)
    zero = torch.zeros_like(bias)

    def step(state):
        h = state[None]
        if cell == "linear":
            return w_ih @ x + w_hh @ state + bias
        if cell == "tanh":
            return torch.rnn_tanh_cell(x[None], h, w_ih, w_hh, bias, zero)[0]
        if cell == "gru":
            return torch.gru_cell(x[None], h, w_ih, w_hh, bias, zero)[0]
        h, c = h.chunk(2, 1)
        return torch.cat(torch.lstm_cell(x[None], (h, c), w_ih, w_hh, bias, zero), 1)[0]

    return step


@pytest.mark.parametrize("cell", cells.CELLS)
def test_every_step_and_jacobian_is_torchs(cell):
    rng = np.random.default_rng(0)
    w = cells.random_weights(cell, 6, 3, 1.2, forget=0.7)
    state, x = rng.normal(size=12 if cell == "lstm" else 6), rng.normal(size=3)
    found = cells.CELLS[cell](x, state, w)
    step = _torch_step(cell, torch.tensor(x), w)
    np.testing.assert_allclose(found.state, step(torch.tensor(state)).numpy(), atol=1e-12)
    jacobian = torch.autograd.functional.jacobian(step, torch.tensor(state))
    np.testing.assert_allclose(found.jacobian, np.asarray(jacobian), atol=1e-8)


@pytest.mark.parametrize("cell", cells.CELLS)
def test_the_length_over_many_steps_is_that_of_autograd(cell):
    settings = {"cell": cell, "radius": 1.1, "steps": 12, "push": 0.4, "forget": 1.0}
    w = time_.weights(cell, 1.1, 1.0)
    rng = np.random.default_rng(1)
    start = torch.tensor(0.5 * rng.normal(size=64 if cell == "lstm" else 32))
    xs = torch.tensor(0.4 * rng.normal(size=(12, 8)))

    def whole(state):
        for x in xs:
            state = _torch_step(cell, x, w)(state)
        return state

    jacobian = np.asarray(torch.autograd.functional.jacobian(whole, start))
    length = np.linalg.norm(jacobian) / np.sqrt(len(start))
    assert START.at(**settings)["last"] == pytest.approx(length, rel=1e-8)


def test_the_claims_about_tanh_and_the_radius():
    at = {"cell": "tanh", "steps": 50}
    assert START.at(radius=0.5, **at)["last"] < 1e-12
    assert 0.01 < START.at(radius=1.0, **at)["last"] < 10
    assert 0.01 < START.at(radius=1.5, **at)["last"] < 10
    assert START.at(radius=1.5, push=1.0, **at)["last"] < 1e-3
    assert START.at(radius=1.5, cell="linear", steps=50)["last"] > 1e7


def test_the_text_is_read_as_by_the_trained_network():
    cell, p, vocabulary = time_.reader()
    layer = torch.nn.GRU(16, 32, batch_first=True).double()
    words = time_.PHRASES["return"]
    bias = torch.tensor(cell.bias), torch.cat([torch.zeros(64), torch.tensor(p["inner"])])
    with torch.no_grad():
        values = (torch.tensor(cell.w_ih), torch.tensor(cell.w_hh), *bias)
        for parameter, value in zip(layer.parameters(), values, strict=True):
            parameter.copy_(value)
    x = torch.tensor(p["embed.weight"][vocabulary.encode(words)])[None]
    h, _ = layer(x)
    h.retain_grad()
    at = 23
    logits = h[0, at] @ torch.tensor(p["head.weight"]).T + torch.tensor(p["head.bias"])
    target = torch.tensor(vocabulary.encode(words[at + 1])[0])
    torch.nn.functional.cross_entropy(logits, target).backward()
    assert h.grad is not None
    frame = START.at(tab="text", place=float(at), wall="none")
    assert frame["right"] == pytest.approx(torch.softmax(logits, 0)[target].item(), rel=1e-6)
    assert frame["lengths"][at] == pytest.approx(h.grad[0, at].norm().item(), rel=1e-6)


def test_a_wall_cuts_the_gradient_and_keeps_the_value():
    whole, cut, zero = (
        START.at(tab="text", place=25.0, window=8, wall=wall)
        for wall in ("none", "detach", "forget")
    )
    assert cut["right"] == whole["right"] == cut["kept"]
    assert zero["changed"] > 0.01
    assert (cut["lengths"][:24] == 0).all()
    assert (whole["lengths"][:26] > 0).all()
    np.testing.assert_allclose(cut["lengths"][24:], whole["lengths"][24:])


def test_clipping_by_norm_is_torchs_and_by_value_turns():
    p = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
    p.grad = torch.tensor([100.0, 1.0], dtype=torch.float64)
    torch.nn.utils.clip_grad_norm_([p], 1.0)
    ours = time_.clipped(np.array([100.0, 1.0]), "norm", 1.0)
    np.testing.assert_allclose(ours, p.grad.numpy(), rtol=1e-6)
    by_value = START.at(tab="clip", clip="value")
    np.testing.assert_allclose(by_value["direction"], [2**-0.5, 2**-0.5])
    assert by_value["turned"] == pytest.approx(44.4, abs=0.1)
