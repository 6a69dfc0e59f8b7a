"""One step of each cell in NumPy, with the Jacobian of the new state with respect to the old one.

Weights have PyTorch's names, shapes and order of gates.  A state is one vector: h (H,) for the
plain cell and the GRU, h and c joined (2H,) for the LSTM.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
GATES = {"linear": 1, "tanh": 1, "gru": 3, "lstm": 4}


class Weights(NamedTuple):
    """Input and recurrent weights of all gates, and one bias: (G H, I), (G H, H), (G H,)."""

    w_ih: Array
    w_hh: Array
    bias: Array


class Step(NamedTuple):
    """The new state (S,), and how it depends on the old one: (S, S), row: new, column: old."""

    state: Array
    jacobian: Array


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), without overflow."""
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def _rows(d: Array, m: Array) -> Array:
    """diag(d) m."""
    return d[:, None] * m


def linear(x: Array, h: Array, w: Weights) -> Step:
    """h' = W x + U h + b: a cell whose slopes are all 1."""
    return Step(w.w_ih @ x + w.w_hh @ h + w.bias, w.w_hh)


def tanh(x: Array, h: Array, w: Weights) -> Step:
    """h' = tanh(W x + U h + b) (Elman, 1990)."""
    new = np.tanh(w.w_ih @ x + w.w_hh @ h + w.bias)
    return Step(new, _rows(1 - new**2, w.w_hh))


def gru(x: Array, h: Array, w: Weights, inner_bias: Array | float = 0.0) -> Step:
    """The gated recurrent unit in PyTorch's form (Cho et al., 2014); gates r, z, n.

    `inner_bias` is PyTorch's second bias of n, which the reset gate multiplies.
    """
    a_r, a_z, a_n = np.split(w.w_ih @ x + w.bias, 3)
    U_r, U_z, U_n = np.split(w.w_hh, 3)
    r, z = sigmoid(a_r + U_r @ h), sigmoid(a_z + U_z @ h)
    inner = U_n @ h + inner_bias
    n = np.tanh(a_n + r * inner)
    dn = _rows(1 - n**2, _rows(r, U_n) + _rows(inner * r * (1 - r), U_r))
    J = np.diag(z) + _rows((h - n) * z * (1 - z), U_z) + _rows(1 - z, dn)
    return Step((1 - z) * n + z * h, J)


def lstm(x: Array, state: Array, w: Weights) -> Step:
    """Long short-term memory (Hochreiter & Schmidhuber, 1997); gates i, f, g, o; state h and c."""
    h, c = np.split(state, 2)
    a = np.split(w.w_ih @ x + w.w_hh @ h + w.bias, 4)
    U_i, U_f, U_g, U_o = np.split(w.w_hh, 4)
    i, f, g, o = sigmoid(a[0]), sigmoid(a[1]), np.tanh(a[2]), sigmoid(a[3])
    new_c = f * c + i * g
    t = np.tanh(new_c)
    c_by_h = _rows(c * f * (1 - f), U_f) + _rows(g * i * (1 - i), U_i) + _rows(i * (1 - g**2), U_g)
    slope = o * (1 - t**2)
    h_by_h = _rows(t * o * (1 - o), U_o) + _rows(slope, c_by_h)
    J = np.block([[h_by_h, np.diag(slope * f)], [c_by_h, np.diag(f)]])
    return Step(np.concatenate([o * t, new_c]), J)


CELLS: dict[str, Callable[..., Step]] = {
    "linear": linear,
    "tanh": tanh,
    "gru": gru,
    "lstm": lstm,
}


def random_weights(
    cell: str, hidden: int, inputs: int, radius: float, seed: int = 0, forget: float = 0.0
) -> Weights:
    """Random weights whose recurrent matrix has this spectral radius in every gate.

    `forget` is the bias of the LSTM's forget gate, and of the GRU's gate z, which keeps the state.
    """
    rng, G = np.random.default_rng(seed), GATES[cell]
    blocks = []
    for _ in range(G):
        block = rng.normal(size=(hidden, hidden))
        blocks.append(radius * block / np.abs(np.linalg.eigvals(block)).max())
    bias = np.zeros(G * hidden)
    if G > 1:
        bias[hidden : 2 * hidden] = forget  # the second gate of both: z and f
    w_ih = rng.normal(size=(G * hidden, inputs)) / np.sqrt(inputs)
    return Weights(w_ih, np.concatenate(blocks), bias)


def run(cell: str, xs: Array, state: Array, w: Weights) -> list[Step]:
    """All steps over xs (T, I), from a first state."""
    steps: list[Step] = []
    for x in xs:
        steps.append(CELLS[cell](x, steps[-1].state if steps else state, w))
    return steps


def stretches(steps: Sequence[Step]) -> Array:
    """How long the last state's gradient is after k steps back, for k = 0 to T: (T + 1,).

    The root mean square over all directions: the Frobenius norm of d s_T / d s_(T-k) over the root
    of its size.  1 means: as long as at the start.
    """
    size = len(steps[-1].state)
    product, found = np.eye(size), [1.0]
    for step in reversed(steps):
        product = product @ step.jacobian
        found.append(float(np.linalg.norm(product) / np.sqrt(size)))
    return np.array(found)
