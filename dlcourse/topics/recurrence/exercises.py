"""Exercises on sequences: shifted targets, a cell forwards and backwards, gates, drawing."""

import numpy as np

from ...teach.exercise import Case, Exercise, Wrong
from .cells import sigmoid

# --- next_char_pairs -----------------------------------------------------------------------------


def next_char_pairs(ids, length):
    """Windows x and their targets y, both (N, length), from one row of numbers ids (M,)."""
    count = (len(ids) - 1) // length  #: how many whole windows have a target for every place
    x = ids[: count * length]  #: all their inputs, still in one row
    y = ids[1 : count * length + 1]  #: what comes after each of them
    return x.reshape(count, length), y.reshape(count, length)


def _row(rng: np.random.Generator, size: int) -> np.ndarray:
    """Numbers that differ from their neighbours."""
    return np.cumsum(rng.integers(1, 9, size)) % 50


def _pairs_inputs(rng: np.random.Generator, N: int, T: int) -> dict:
    spare = int(rng.integers(1, T + 1))  # N windows in every case
    return {"ids": _row(rng, N * T + spare), "length": T}


def _pairs_corners(rng: np.random.Generator) -> list[Case]:
    return [
        Case("no character left over", {"ids": _row(rng, 13), "length": 4}),
        Case(
            "a row of whole windows, so that the last one lacks a target",
            {"ids": _row(rng, 12), "length": 4},
        ),
    ]


def _count(ids: np.ndarray, length: int) -> int:
    return (len(ids) - 1) // length


def _x(ids: np.ndarray, length: int) -> np.ndarray:
    count = _count(ids, length)
    return ids[: count * length].reshape(count, length)


def _y(ids: np.ndarray, length: int) -> np.ndarray:
    return _x(ids[1:], length) if (len(ids) - 1) % length else ids[1:].reshape(-1, length)


def _fewer(ids, length):
    count = len(ids) // length - 1
    x, y = ids[: count * length], ids[1 : count * length + 1]
    return x.reshape(count, length), y.reshape(count, length)


def _overlapping(ids, length):
    windows = np.lib.stride_tricks.sliding_window_view(ids, length)
    return windows[:-1].copy(), windows[1:].copy()


NEXT_CHAR_PAIRS = Exercise(
    id="next_char_pairs",
    title="What comes next",
    asks="""A text is one long row of character numbers, `ids` of shape (M,). Cut it into as many
windows of `length` as there are **whole** ones with a target for every place: windows follow each
other without overlap, the first begins at `ids[0]`.

Return `x` and `y`, both of shape (N, length): `y` holds, for each place of `x`, the number of the
**next** character.""",
    reference=next_char_pairs,
    inputs=_pairs_inputs,
    corners=_pairs_corners,
    valid=lambda inputs: len(inputs["ids"]) > inputs["length"] >= 1,
    returns=("x", "y"),
    wrongs=(
        Wrong(
            "not-shifted",
            lambda ids, length: (_x(ids, length), _x(ids, length)),
            "**The targets are the inputs.** A model would only have to copy, and its loss would "
            "fall below what any text allows. The target of a place is the character after it.",
            belief="S-01",
            decoy="y = ids[: count * length]",
        ),
        Wrong(
            "exchanged",
            lambda ids, length: (_y(ids, length), _x(ids, length)),
            "**Inputs and targets are exchanged.** This model would learn to say what came before.",
            belief="S-01",
        ),
        Wrong(
            "rolled-windows",
            lambda ids, length: (_x(ids, length), np.roll(_x(ids, length), -1, axis=1)),
            "**Each window is shifted by itself, so its last target is its own first "
            "character.** What comes next there is the first character of the window after. Shift "
            "the row before you cut it.",
        ),
        Wrong(
            "rolled-row",
            lambda ids, length: (
                _x(ids, length),
                np.roll(_x(ids, length).ravel(), -1).reshape(-1, length),
            ),
            "**The very last target is the first character of the text.** `np.roll` puts back in "
            "front what falls out at the end. A slice that begins one further on does not.",
        ),
        Wrong(
            "shifted-by-two",
            lambda ids, length: (
                _x(ids, length),
                np.append(_y(ids, length).ravel()[1:], 0).reshape(-1, length),
            ),
            "**The targets are two characters further on.** The shift is by one: what comes "
            "directly after.",
        ),
        Wrong(
            "window-lost",
            _fewer,
            "**A whole window at the end is missing.** Only one character has to be left over for "
            "the last target, not a whole window.",
            decoy="count = len(ids) // length - 1",
        ),
        Wrong(
            "overlapping",
            _overlapping,
            "**The windows overlap.** Each begins one character after the one before, so every "
            "character is in many windows. They should follow each other.",
        ),
        Wrong(
            "transposed",
            lambda ids, length: (_x(ids, length).T, _y(ids, length).T),
            "**Time and batch are exchanged.** One window is one row: shape (N, length).",
            belief="S-08",
        ),
    ),
    hints=(
        "Write down `ids = 0 1 2 3 4 5 6` and `length = 3` on paper. Which two windows are there, "
        "and what is the target of each place?",
        "The targets are the same row, begun one further on. So one character must be left over "
        "at the end: how many windows fit into what remains?",
    ),
    why="""A language model is trained on the question "what comes next?" at every place at once.
So the targets are the inputs, shifted by one. The shift must happen in the long row, before it is
cut: the target of a window's last place is the first character of the window after.""",
    objectives=("RN-1",),
    minutes=6,
    difficulty=1,
)


# --- rnn_forward ---------------------------------------------------------------------------------


def rnn_forward(x, h, w_ih, w_hh, b):
    """The states h_1 ... h_T, batch first: (N, T, H), for x (N, T, I) and a first h (N, H)."""
    states = []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ w_ih.T + h @ w_hh.T + b)  #: the new state, from input and old state
        states.append(h)
    return np.stack(states, axis=1)  #: the states side by side, time on axis 1


def _rnn_inputs(rng: np.random.Generator, N: int, T: int, I: int, H: int) -> dict:
    shapes = {"x": (N, T, I), "h": (N, H), "w_ih": (H, I), "w_hh": (H, H), "b": (H,)}
    return {name: rng.normal(0, 0.8, size=shape) for name, shape in shapes.items()}


def _loop(rule, keep=True):
    """A variant: `rule(x_t, h, w_ih, w_hh, b)` at each step; without `keep` always from h_0."""

    def wrong(x, h, w_ih, w_hh, b):
        states, first = [], h
        for t in range(x.shape[1]):
            h = rule(x[:, t], h if keep else first, w_ih, w_hh, b)
            states.append(h)
        return np.stack(states, axis=1)

    return wrong


def _reversed_time(x, h, w_ih, w_hh, b):
    return rnn_forward(x[:, ::-1], h, w_ih, w_hh, b)[:, ::-1]


def _states_before(x, h, w_ih, w_hh, b):
    after = rnn_forward(x, h, w_ih, w_hh, b)
    return np.concatenate([h[:, None], after[:, :-1]], axis=1)


RNN_FORWARD = Exercise(
    id="rnn_forward",
    title="A cell, step by step",
    asks="""Run a tanh cell over a batch of sequences:
$h_t = \\tanh(W_{ih} x_t + W_{hh} h_{t-1} + b)$.

| array | `x` | `h` ($h_0$) | `w_ih` | `w_hh` | `b` | result |
| --- | --- | --- | --- | --- | --- | --- |
| shape | (N, T, I) | (N, H) | (H, I) | (H, H) | (H,) | (N, T, H) |

The batch comes **first**, time second, as with `batch_first=True`. Return $h_1 \\ldots h_T$.""",
    reference=rnn_forward,
    inputs=_rnn_inputs,
    wrongs=(
        Wrong(
            "no-memory",
            _loop(lambda x, h, wi, wh, b: np.tanh(x @ wi.T + h @ wh.T + b), keep=False),
            "**Every step starts from $h_0$ again.** The new state has to become the old state of "
            "the next step; without that, nothing is carried along.",
        ),
        Wrong(
            "no-recurrence",
            _loop(lambda x, h, wi, wh, b: np.tanh(x @ wi.T + b)),
            "**The old state is not used.** Without $W_{hh} h_{t-1}$ each step sees its own input "
            "only, and the order of the inputs would not matter.",
            decoy="h = np.tanh(x[:, t] @ w_ih.T + b)",
        ),
        Wrong(
            "time-first",
            lambda x, h, wi, wh, b: rnn_forward(x, h, wi, wh, b).swapaxes(0, 1),
            "**Time comes out on axis 0.** The exercise wants the batch first: (N, T, H). "
            "`np.stack` takes the axis on which to put the new one.",
            belief="S-08",
            decoy="return np.stack(states)",
        ),
        Wrong(
            "reshaped",
            lambda x, h, wi, wh, b: (
                rnn_forward(x, h, wi, wh, b).swapaxes(0, 1).reshape(len(x), x.shape[1], len(b))
            ),
            "**The shape is right and the numbers are mixed up.** `reshape` does not exchange "
            "axes: it only counts the same numbers off in another way.",
            belief="T-02",
        ),
        Wrong(
            "transposed",
            _loop(lambda x, h, wi, wh, b: np.tanh(x @ wi.T + h @ wh + b)),
            "**The recurrent matrix is used without its transpose.** It is square, so no shape "
            "complains; but `w_hh[j, k]` leads from old unit k to new unit j.",
            belief="T-06",
            decoy="h = np.tanh(x[:, t] @ w_ih.T + h @ w_hh + b)",
        ),
        Wrong(
            "linear",
            _loop(lambda x, h, wi, wh, b: x @ wi.T + h @ wh.T + b),
            "**The tanh is missing.** A linear cell is one matrix power after another: its states "
            "grow or shrink without bound.",
            see="gradient-through-time#linear",
        ),
        Wrong(
            "tanh-apart",
            _loop(lambda x, h, wi, wh, b: np.tanh(x @ wi.T) + np.tanh(h @ wh.T + b)),
            "**The tanh is taken of each part by itself.** It belongs around the whole sum; only "
            "then the state stays between -1 and 1.",
        ),
        Wrong(
            "last-only",
            lambda x, h, wi, wh, b: rnn_forward(x, h, wi, wh, b)[:, -1],
            "**Only the last state is returned.** The exercise asks for the states of all steps.",
        ),
        Wrong(
            "one-early",
            _states_before,
            "**These are $h_0 \\ldots h_{T-1}$.** The state is noted before it is updated; "
            "$h_t$ has seen the input of step t.",
        ),
        Wrong(
            "backwards",
            _reversed_time,
            "**The sequence is read from its end.** The state must come from the steps before.",
        ),
    ),
    hints=(
        "The state is one array of shape (N, H) for the whole batch. What is the input of step t "
        "for the whole batch?",
        "Put the new state under the same name as the old one, so that the next step finds it.",
        "A list of T arrays of shape (N, H) becomes one array by `np.stack`; its `axis` says where "
        "the T goes.",
    ),
    why="""The loop is over time only: a whole batch takes each step together. The same weights
serve every step, and the one thing that is carried from step to step is `h`. PyTorch keeps time on
axis 0 unless told `batch_first=True`, and cannot notice if it is the other way round.""",
    objectives=("RN-1", "RN-6"),
    minutes=8,
    difficulty=2,
)


# --- rnn_backward --------------------------------------------------------------------------------


def rnn_backward(g, x, states, w_hh, window):
    """The truncated gradients (dw_ih, dw_hh, db), for g (T, N, H) at h_1..h_T; states h_0..h_T."""
    dz = np.empty_like(g)
    dh = 0.0
    for t in reversed(range(len(x))):
        dh = dh + g[t]  #: from the step after, and from this step's own output
        dz[t] = dh * (1 - states[t + 1] ** 2)  #: through the slope of tanh
        dh = dz[t] @ w_hh  #: on to the state before
        if t % window == 0:
            dh = np.zeros_like(dh)  #: here a window begins: nothing goes further back
    dw_ih = np.einsum("tnh,tni->hi", dz, x)
    dw_hh = np.einsum("tnh,tnk->hk", dz, states[:-1])
    return dw_ih, dw_hh, dz.sum((0, 1))


def _back_inputs(rng: np.random.Generator, T: int, N: int, I: int, H: int) -> dict:
    return {
        "g": rng.normal(size=(T, N, H)),
        "x": rng.normal(size=(T, N, I)),
        "states": np.tanh(rng.normal(size=(T + 1, N, H))),
        "w_hh": rng.normal(0, 0.7, size=(H, H)),
        "window": (T + 1) // 2,
    }


def _back_corners(rng: np.random.Generator) -> list[Case]:
    one = _back_inputs(rng, 6, 2, 3, 4)
    return [
        Case("one window, so that nothing is cut", {**one, "window": 6}),
        Case("a last window that is not full", {**one, "window": 4}),
        Case("three windows", {**one, "window": 2}),
    ]


def _back(cut=None, slope=None, carry=None, before=None, scale=None):
    """A variant of `rnn_backward` with some of its rules changed."""

    def wrong(g, x, states, w_hh, window):
        T, N = g.shape[:2]
        stop = cut or (lambda t, T, window: t % window == 0)
        bend = slope or (lambda states, t: 1 - states[t + 1] ** 2)
        on = carry or (lambda dz, w: dz @ w)
        dz, dh = np.zeros_like(g), np.zeros_like(states[0])
        for t in reversed(range(T)):
            dz[t] = (dh + g[t]) * bend(states, t)
            dh = 0 * dh if stop(t, T, window) else on(dz[t], w_hh)
        old = before(states, window) if before else states[:-1]
        parts = (
            np.einsum("tnh,tni->hi", dz, x),
            np.einsum("tnh,tnk->hk", dz, old),
            dz.sum((0, 1)),
        )
        return tuple(p / N if scale else p for p in parts)

    return wrong


def _forgotten(states: np.ndarray, window: int) -> np.ndarray:
    old = states[:-1].copy()
    old[::window] = 0
    old[0] = states[0]
    return old


def _last_use(g, x, states, w_hh, window):
    _, _, db = rnn_backward(g, x, states, w_hh, window)
    dz = g[-1] * (1 - states[-1] ** 2)
    return dz.T @ x[-1], dz.T @ states[-2], db


RNN_BACKWARD = Exercise(
    id="rnn_backward",
    title="Back through time, up to a wall",
    asks="""A tanh cell was run over T steps; its states are kept, and `g[t]` is the gradient that
the output of step t sends to $h_{t+1}$. Return the gradients of the weights by backpropagation
through time, **truncated**: windows of `window` steps begin at step 0, and no gradient goes from a
window into the one before. The values of the states go on as they are.

| array | `g` | `x` | `states` ($h_0..h_T$) | `w_hh` | `dw_ih` | `dw_hh` | `db` |
| --- | --- | --- | --- | --- | --- | --- | --- |
| shape | (T, N, H) | (T, N, I) | (T+1, N, H) | (H, H) | (H, I) | (H, H) | (H,) |

With `window` at least T nothing is cut, and the result is the whole gradient.""",
    reference=rnn_backward,
    inputs=_back_inputs,
    corners=_back_corners,
    valid=lambda inputs: inputs["window"] >= 1 and len(inputs["states"]) == len(inputs["g"]) + 1,
    returns=("dw_ih", "dw_hh", "db"),
    wrongs=(
        Wrong(
            "no-wall",
            _back(cut=lambda t, T, window: False),
            "**The gradient goes through the walls.** This is the whole gradient; where a window "
            "begins, what would go on to the step before has to become zero.",
            see="gradient-through-time#whole",
        ),
        Wrong(
            "one-step",
            _back(cut=lambda t, T, window: True),
            "**The gradient never goes back further than one step.** Either it is cut at every "
            "step and not only where a window begins, or what comes from the step after is "
            "overwritten by `g[t]`, where the two should be added.",
            belief="S-04",
            see="gradient-through-time#detach-inside",
            decoy="dh = g[t]",
        ),
        Wrong(
            "wall-late",
            _back(cut=lambda t, T, window: (t + 1) % window == 0),
            "**The wall stands on the wrong side of a step.** A window begins at steps 0, "
            "`window`, 2·`window`...: it is on the way from such a step to the one before that "
            "the gradient stops.",
            decoy="if (t + 1) % window == 0:",
        ),
        Wrong(
            "from-the-end",
            _back(cut=lambda t, T, window: (T - t) % window == 0),
            "**The windows are counted from the end.** The first one begins at step 0; it is the "
            "last one that may be shorter.",
            decoy="if (len(x) - t) % window == 0:",
        ),
        Wrong(
            "no-slope",
            _back(slope=lambda states, t: 1.0),
            "**The slope of tanh is missing.** Each step multiplies by $1 - h^2$ on the way back, "
            "as if the state were a plain sum it does not.",
            belief="B-05",
        ),
        Wrong(
            "old-slope",
            _back(slope=lambda states, t: 1 - states[t] ** 2),
            "**The slope is taken at the old state.** Step t put out `states[t + 1]`; the slope of "
            "tanh belongs to its output.",
            decoy="dz[t] = dh * (1 - states[t] ** 2)",
        ),
        Wrong(
            "transposed",
            _back(carry=lambda dz, w: dz @ w.T),
            "**The recurrent matrix is transposed on the way back.** Forward used `w_hh.T`, so "
            "backward uses `w_hh`. It is square: no shape complains.",
            belief="B-10",
            decoy="dh = dz[t] @ w_hh.T",
        ),
        Wrong(
            "new-states",
            _back(before=lambda states, window: states[1:]),
            "**dw_hh pairs each step with its own new state.** `w_hh` multiplied the *old* one, "
            "`states[t]`.",
            decoy='dw_hh = np.einsum("tnh,tnk->hk", dz, states[1:])',
        ),
        Wrong(
            "last-use",
            _last_use,
            "**Only the last step reaches the weights.** The same weights were used at every step, "
            "so their gradient is a sum over all of them.",
            belief="B-09",
        ),
        Wrong(
            "forgotten",
            _back(before=_forgotten),
            "**The states are set to zero at the walls.** Cutting the gradient does not forget the "
            "state: its value was used by the first step of the window, and counts in dw_hh.",
            belief="S-03",
            see="gradient-through-time#forget",
        ),
        Wrong(
            "mean",
            _back(scale=True),
            "**The gradients are divided by the number of sequences.** If the loss is a mean, its "
            "1/N is in `g` already.",
            belief="B-03",
        ),
    ),
    hints=(
        "The state h after step t is used twice: by its output, and by the next step. What follows "
        "for its gradient?",
        "Three lines per step: add what arrives, go through the tanh, go through the recurrent "
        "matrix. Then ask whether a window begins here.",
        "At a wall only one thing changes: what would travel on to the step before is nothing.",
    ),
    why="""Unrolled, the cell is a deep network with shared weights: gradients of a state add over
its two uses, gradients of a weight over all steps. Truncation changes one line. It is what
`state.detach()` between two windows does in PyTorch: the value stays, the way back ends.""",
    objectives=("RN-2",),
    minutes=15,
    difficulty=4,
)


# --- lstm_step -----------------------------------------------------------------------------------


def lstm_step(z, c):
    """The new state h and cell state c, both (N, H), from z (N, 4H): i, f, g, o, and the old c."""
    i, f, g, o = np.split(z, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-a)) for a in (i, f, o))
    c = f * c + i * np.tanh(g)  #: what stays of the old, and what enters of the new
    h = o * np.tanh(c)  #: what is shown of it
    return h, c


def _lstm_inputs(rng: np.random.Generator, N: int, H: int) -> dict:
    return {"z": rng.normal(0, 1.5, (N, 4 * H)), "c": rng.normal(0, 1.5, (N, H))}


def _lstm_corners(rng: np.random.Generator) -> list[Case]:
    c = rng.normal(0, 1.5, (2, 3))
    keep = np.repeat([[-30.0, 30.0, 1.0, 30.0]], 3, axis=1).repeat(2, axis=0)
    return [Case("gates that keep everything", {"z": keep, "c": c})]


def _gates(rule, order=(0, 1, 2, 3)):
    """A variant: `rule(i, f, g, o, c)` of the sums before the gates, cut in this order."""

    def wrong(z, c):
        parts = np.split(z, 4, axis=1)
        return rule(*(parts[k] for k in order), c)

    return wrong


def _lstm(i, f, g, o, c):
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def _from_c(rule, show=np.tanh):
    """A variant whose new cell state is `rule(i, f, g, o, c)`, with open gates as given."""

    def wrong(i, f, g, o, c):
        c = rule(i, f, g, o, c)
        return sigmoid(o) * show(c), c

    return _gates(wrong)


def _old_shown(i, f, g, o, c):
    _, new = _lstm(i, f, g, o, c)
    return sigmoid(o) * np.tanh(c), new


def _gate_the_cell(i, f, g, o, c):
    h, _ = _lstm(i, f, g, o, c)
    return h, h


LSTM_STEP = Exercise(
    id="lstm_step",
    title="The gates of an LSTM",
    asks="""All products of an LSTM step are done: `z` of shape (N, 4H) holds the sums before the
gates, in PyTorch's order **i, f, g, o**, and `c` of shape (N, H) the old cell state. Return the new
`h` and `c`, both (N, H):

$$ c_t = \\sigma(f) \\odot c_{t-1} + \\sigma(i) \\odot \\tanh(g), \\qquad
h_t = \\sigma(o) \\odot \\tanh(c_t). $$""",
    reference=lstm_step,
    inputs=_lstm_inputs,
    corners=_lstm_corners,
    returns=("h", "c"),
    wrongs=(
        Wrong(
            "order",
            _gates(_lstm, order=(0, 1, 3, 2)),
            "**The last two parts are exchanged.** PyTorch stacks i, f, g, o; you take i, f, o, "
            "g. With random weights nothing looks wrong, with copied weights everything is.",
        ),
        Wrong(
            "no-forget",
            _from_c(lambda i, f, g, o, c: c + sigmoid(i) * np.tanh(g)),
            "**The forget gate is missing.** The cell state only adds up. So it was in 1997; "
            "without a way to forget it grows until the tanh saturates.",
            belief="S-07",
            decoy="c = c + i * np.tanh(g)",
        ),
        Wrong(
            "forget-inverted",
            _from_c(lambda i, f, g, o, c: (1 - sigmoid(f)) * c + sigmoid(i) * np.tanh(g)),
            "**The forget gate works the wrong way round.** In spite of its name, f = 1 *keeps*: "
            "it multiplies the old cell state.",
            decoy="c = (1 - f) * c + i * np.tanh(g)",
        ),
        Wrong(
            "coupled",
            _from_c(lambda i, f, g, o, c: sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(g)),
            "**What enters is 1 - f.** That is a GRU's way, with one gate for both. An LSTM has an "
            "input gate i of its own.",
        ),
        Wrong(
            "sigmoid-content",
            _from_c(lambda i, f, g, o, c: sigmoid(f) * c + sigmoid(i) * sigmoid(g)),
            "**The new content goes through a sigmoid.** g is no gate: as content it must be able "
            "to be negative, so it takes tanh. With a sigmoid the cell state could only rise.",
        ),
        Wrong(
            "raw-content",
            _from_c(lambda i, f, g, o, c: sigmoid(f) * c + sigmoid(i) * g),
            "**The new content enters without its tanh.** Then one large sum could swamp the "
            "cell state for good.",
            decoy="c = f * c + i * g",
        ),
        Wrong(
            "no-tanh",
            _from_c(
                lambda i, f, g, o, c: sigmoid(f) * c + sigmoid(i) * np.tanh(g), show=lambda c: c
            ),
            "**The cell state is shown without its tanh.** c is right; h has to stay between -1 "
            "and 1 however large c has become.",
            decoy="h = o * c",
        ),
        Wrong(
            "old-shown",
            _gates(_old_shown),
            "**h shows the old cell state.** It is computed from the new one; otherwise the input "
            "of this step would be seen one step late.",
        ),
        Wrong(
            "gated-cell",
            _gates(_gate_the_cell),
            "**The output gate has changed the cell state, too.** It only decides what is shown; "
            "c itself goes on unhindered, and that is the whole idea.",
        ),
        Wrong(
            "exchanged",
            lambda z, c: lstm_step(z, c)[::-1],
            "**h and c are exchanged.** The exercise asks for `h, c`, in this order.",
        ),
        Wrong(
            "tanh-gates",
            _gates(lambda i, f, g, o, c: _tanh_gates(i, f, g, o, c)),
            "**The gates go through tanh.** A gate is a share between 0 and 1: a sigmoid. A gate "
            "of -1 would turn the memory's sign at every step.",
        ),
    ),
    hints=(
        "Cut `z` into four parts of H columns each. Three of them are gates, one is content: which "
        "function goes with which?",
        "Build c first: a share of the old one, plus a share of the new content. Everything is "
        "element by element.",
        "h shows the *new* c, squeezed into -1 to 1, as far as the output gate lets it.",
    ),
    why="""Along c, one step back multiplies by the forget gate alone: no matrix, no tanh. With f
near 1 a gradient can travel far; with f near 0 the past is dropped, on purpose. It is the sum, not
the gate, that makes this possible. Nothing promises that f stays near 1: it starts at one half
unless its bias is raised.""",
    objectives=("RN-4",),
    minutes=8,
    difficulty=2,
)


def _tanh_gates(i, f, g, o, c):
    c = np.tanh(f) * c + np.tanh(i) * np.tanh(g)
    return np.tanh(o) * np.tanh(c), c


# --- last_real -----------------------------------------------------------------------------------


def last_real(h, lengths):
    """The state (N, H) at the last real step of each row of h (N, T, H), filled up on the right."""
    rows = np.arange(len(h))  #: the number of every row
    return h[rows, lengths - 1]  #: from each row its own step


def _last_inputs(rng: np.random.Generator, N: int, T: int, H: int) -> dict:
    return {"h": rng.normal(size=(N, T, H)), "lengths": rng.integers(1, T + 1, N)}


def _last_corners(rng: np.random.Generator) -> list[Case]:
    h = rng.normal(size=(3, 6, 2))
    return [
        Case("no row that is full", {"h": h, "lengths": np.array([2, 4, 3])}),
        Case("rows of one step, and full ones", {"h": h, "lengths": np.array([1, 6, 1])}),
        Case("rows in falling order", {"h": h, "lengths": np.array([5, 3, 2])}),
    ]


def _real(h: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return (np.arange(h.shape[1]) < lengths[:, None])[..., None]  # (N, T, 1)


LAST_REAL = Exercise(
    id="last_real",
    title="The last word, not the padding",
    asks="""A batch of sentences was filled up **on the right**: `h` of shape (N, T, H) holds the
states after every place, `lengths` of shape (N,) how many places of each row are real (at least
1). Return, for each row, the state after its last *real* place: shape (N, H).""",
    reference=last_real,
    inputs=_last_inputs,
    corners=_last_corners,
    valid=lambda inputs: bool(
        (inputs["lengths"] >= 1).all() and (inputs["lengths"] <= inputs["h"].shape[1]).all()
    ),
    wrongs=(
        Wrong(
            "last-column",
            lambda h, lengths: h[:, -1],
            "**That is the last column, and in shorter rows it is padding.** The state has read "
            "zeros since the sentence ended.",
            belief="S-09",
            decoy="return h[:, -1]",
        ),
        Wrong(
            "one-too-far",
            lambda h, lengths: h[np.arange(len(h)), np.minimum(lengths, h.shape[1] - 1)],
            "**One place too far.** Places are counted from 0, so a row of 3 real places ends at "
            "place 2; place 3 is padding already.",
            decoy="return h[rows, lengths]",
        ),
        Wrong(
            "every-pair",
            lambda h, lengths: h[:, lengths - 1],
            "**Every row is read at every row's length: (N, N, H).** A colon means all rows. Give "
            "the rows their numbers, and NumPy pairs the two lists.",
            decoy="return h[:, lengths - 1]",
        ),
        Wrong(
            "longest",
            lambda h, lengths: h[:, lengths.max() - 1],
            "**All rows are read at the end of the longest one.** Each has its own length.",
            belief="S-09",
        ),
        Wrong(
            "shortest",
            lambda h, lengths: h[:, lengths.min() - 1],
            "**All rows are read at the end of the shortest one.** Longer sentences lose their "
            "last words.",
        ),
        Wrong(
            "first",
            lambda h, lengths: h[:, 0],
            "**That is the state after the first place.** It has read one word.",
        ),
        Wrong(
            "mean",
            lambda h, lengths: (h * _real(h, lengths)).sum(1) / lengths[:, None],
            "**That is the mean over the real places.** Many models do that, and the padding is "
            "left out rightly; here the last state is asked for.",
        ),
        Wrong(
            "sum-of-masked",
            lambda h, lengths: (h * _real(h, lengths)).sum(1),
            "**That is the sum over the real places.** The padding is masked rightly; but only the "
            "last real state is asked for.",
        ),
    ),
    hints=(
        "At which place, counted from 0, does a row with 3 real places end?",
        "Two lists of whole numbers as an index are read as pairs: `h[[0, 1], [4, 2]]` takes place "
        "4 of row 0 and place 2 of row 1.",
    ),
    why="""A batch is a rectangle, sentences are not. What is put in to fill it up goes through the
cell like anything else and changes the state. So either the padding is on the left, and the last
column is real for all, or each row is read at its own end. In PyTorch: `h[torch.arange(N),
lengths - 1]`.""",
    objectives=("RN-6",),
    minutes=5,
    difficulty=1,
)


# --- sample_from_logits --------------------------------------------------------------------------


def sample_from_logits(logits, temperature, u):
    """The number of the character that u, a random number in [0, 1), draws from logits (V,)."""
    scaled = logits / temperature  #: sharper or flatter, before the softmax
    p = np.exp(scaled - scaled.max())
    p = p / p.sum()  #: probabilities, which add up to 1
    return int(np.searchsorted(np.cumsum(p), u, side="right"))


def _drive_sample(sample_from_logits, logits, temperature, u) -> np.ndarray:
    return np.array([sample_from_logits(logits, temperature, float(v)) for v in u])


def _sample_inputs(rng: np.random.Generator, V: int) -> dict:
    return {
        "logits": rng.normal(0, 1.5, V),
        "temperature": float(rng.choice([0.4, 0.6, 1.7, 2.5])),
        "u": rng.uniform(0, 0.999, 60),
    }


def _sample_corners(rng: np.random.Generator) -> list[Case]:
    u = np.linspace(0, 0.99, 40)
    fourths = np.arange(0, 1, 0.25)
    tilted = np.array([-1.0, 2.0, 0.5, 0.0, 1.5])
    large = np.array([-2000.0, 2001.0, 0.0, 500.0, 2000.0])
    return [
        Case("a low temperature", {"logits": tilted, "temperature": 0.5, "u": u}),
        Case("a high temperature", {"logits": tilted, "temperature": 3.0, "u": u}),
        Case("large logits", {"logits": large, "temperature": 2.0, "u": u}),
        Case("equal chances", {"logits": np.zeros(4), "temperature": 2.0, "u": fourths}),
    ]


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max())
    return e / e.sum()


def _drawn(p, u) -> int:
    return int(np.searchsorted(np.cumsum(p), u, side="right"))


def _naive(logits, temperature, u):
    with np.errstate(all="ignore"):
        e = np.exp(logits / temperature)
        return _drawn(e / e.sum(), u)


def _rank(logits, temperature, u):
    return _drawn(np.sort(_softmax(logits / temperature))[::-1], u)


def _from_one(logits, temperature, u):
    return _drawn(_softmax(logits / temperature), u) + 1


SAMPLE_FROM_LOGITS = Exercise(
    id="sample_from_logits",
    title="Draw the next character",
    asks="""Turn `logits` of shape (V,) into probabilities by a softmax with a temperature, and draw
one character with the random number `u`: the first `k` for which $p_0 + p_1 + \\ldots + p_k$ is
**larger** than `u`. Return `k`, a whole number.

- `temperature` is positive; the logits are divided by it.
- Logits may be large, such as 1000. (The checker tries many `u` for the same logits.)""",
    reference=sample_from_logits,
    inputs=_sample_inputs,
    corners=_sample_corners,
    drive=_drive_sample,
    valid=lambda inputs: (
        inputs["temperature"] > 0
        and bool((inputs["u"] >= 0).all() and (inputs["u"] < 0.9999).all())
    ),
    wrongs=(
        Wrong(
            "greedy",
            lambda logits, temperature, u: int(np.argmax(logits)),
            "**The likeliest character wins every time.** That is temperature 0. It writes the "
            "same phrase again and again; drawing gives each character its chance.",
            decoy="return int(np.argmax(p))",
        ),
        Wrong(
            "no-temperature",
            lambda logits, temperature, u: _drawn(_softmax(logits), u),
            "**The temperature has no effect.** Note that dividing the *probabilities* by it and "
            "normalising again changes nothing: it must divide the logits.",
            decoy="scaled = logits",
        ),
        Wrong(
            "multiplied",
            lambda logits, temperature, u: _drawn(_softmax(logits * temperature), u),
            "**The temperature works the wrong way round.** Multiplied, a high one makes the "
            "likely likelier. Hot means random: divide.",
            decoy="scaled = logits * temperature",
        ),
        Wrong(
            "uniform",
            lambda logits, temperature, u: int(u * len(logits)),
            "**Every character has the same chance.** The logits do not enter.",
        ),
        Wrong(
            "not-normalised",
            lambda logits, temperature, u: _drawn(np.exp((logits - logits.max()) / temperature), u),
            "**The exponentials are not divided by their sum.** They add up to more than 1, so "
            "the last characters are never drawn.",
        ),
        Wrong(
            "overflow",
            _naive,
            "**Large logits overflow.** exp(1000) is infinite, and infinite by infinite is not a "
            "number. Subtract the largest first; the probabilities stay the same.",
            belief="C-06",
        ),
        Wrong(
            "sign",
            lambda logits, temperature, u: _drawn(_softmax(-logits / temperature), u),
            "**The likely have become unlikely.** The sign of the logits is turned.",
        ),
        Wrong(
            "rank",
            _rank,
            "**That is the rank among the sorted probabilities, not the character's number.** "
            "After sorting, the place no longer says who it was.",
        ),
        Wrong(
            "from-one",
            _from_one,
            "**One too many.** Characters are counted from 0.",
        ),
    ),
    hints=(
        "Dividing by a small temperature makes differences larger. Where does it belong: before or "
        "after the softmax?",
        "Lay the probabilities end to end along a stick of length 1, and let u point at a place of "
        "the stick. Whose piece is it?",
        "`np.cumsum` gives the ends of the pieces, `np.searchsorted` finds the place of u among "
        "them.",
    ),
    why="""A softmax of logits divided by the temperature keeps the order of the characters and
changes the distances. The running sums of the probabilities cut the line from 0 to 1 into pieces as
long as the probabilities, so a uniform number lands in each with exactly its chance.""",
    objectives=("RN-5",),
    minutes=8,
    difficulty=2,
)


# --- gradient_lengths ----------------------------------------------------------------------------


def gradient_lengths(w, slopes, g):
    """Lengths (T,) of the gradient g (H,) of the last state after 1, 2, ..., T steps back.

    w (H, H) is the recurrent matrix, slopes (T, H) are those of tanh at each step.
    """
    backwards, lengths = slopes[::-1], []  #: the newest step first
    for slope in backwards:
        g = w.T @ (slope * g)  #: through tanh, then through the matrix
        lengths.append(np.sqrt((g**2).sum()))
    return np.array(lengths)


def _lengths_inputs(rng: np.random.Generator, T: int, H: int) -> dict:
    return {
        "w": rng.normal(0, 1.2 / np.sqrt(H), (H, H)),
        "slopes": rng.uniform(0.2, 1.0, (T, H)),
        "g": rng.normal(size=H),
    }


def _lengths_corners(rng: np.random.Generator) -> list[Case]:
    calm, tense = _lengths_inputs(rng, 12, 4), _lengths_inputs(rng, 12, 4)
    tense["slopes"] = np.ones_like(tense["slopes"])
    tense["w"] = 3 * tense["w"]
    calm["slopes"] = np.full_like(calm["slopes"], 0.05)
    return [
        Case("a linear cell with a large matrix", tense),
        Case("states far out, where tanh is flat", calm),
    ]


def _lengths_with(step, order=lambda s: s[::-1], length=lambda g: np.sqrt((g**2).sum())):
    def wrong(w, slopes, g):
        lengths = []
        for slope in order(slopes):
            g = step(w, slope, g)
            lengths.append(length(g))
        return np.array(lengths)

    return wrong


def _one_back(w, slope, g):
    return w.T @ (slope * g)


def _by_radius(w, slopes, g):
    radius = np.abs(np.linalg.eigvals(w)).max()
    return np.sqrt((g**2).sum()) * radius ** np.arange(1, len(slopes) + 1)


def _early(w, slopes, g):
    return np.append(np.sqrt((g**2).sum()), gradient_lengths(w, slopes, g)[:-1])


GRADIENT_LENGTHS = Exercise(
    id="gradient_lengths",
    title="How far a gradient gets",
    asks="""A tanh cell was run for T steps: $h_t = \\tanh(W h_{t-1} + \\ldots)$. At the last state
arrives the gradient `g` of shape (H,). `slopes` of shape (T, H) holds the slope of tanh for every
unit at every step, the **oldest step first**; `w` is $W$, of shape (H, H).

Lead the gradient back through all T steps and return its **length** (the root of the sum of
squares) after one step, after two, and so on: an array of shape (T,). Is it about to vanish, or
to explode?""",
    reference=gradient_lengths,
    inputs=_lengths_inputs,
    corners=_lengths_corners,
    wrongs=(
        Wrong(
            "not-transposed",
            _lengths_with(lambda w, slope, g: w @ (slope * g)),
            "**The matrix is used as on the way forward.** `w[i, j]` leads from unit j to unit i; "
            "on the way back the gradient goes from i to j.",
            decoy="g = w @ (slope * g)",
        ),
        Wrong(
            "slope-after",
            _lengths_with(lambda w, slope, g: slope * (w.T @ g)),
            "**The slope comes after the matrix.** On the way forward tanh came last; so on the "
            "way back it comes first, and it is the slope of the state at which g stands.",
            decoy="g = slope * (w.T @ g)",
        ),
        Wrong(
            "oldest-first",
            _lengths_with(_one_back, order=lambda s: s),
            "**You go through the steps in the order of time.** The gradient stands at the last "
            "state: the first slopes that it meets are the last row.",
            decoy="backwards, lengths = slopes, []",
        ),
        Wrong(
            "no-slopes",
            _lengths_with(lambda w, slope, g: w.T @ g),
            "**The slopes of tanh are left out.** That is a linear cell. In a real one every step "
            "also multiplies by numbers below 1, which often decides the matter.",
            belief="S-06",
            see="gradient-through-time#saturated",
        ),
        Wrong(
            "by-radius",
            _by_radius,
            "**You take the spectral radius to the power of the steps.** That says what a "
            "*linear* cell does in the very long run. The slopes and the direction of g are left "
            "out, and with them the answer for this cell.",
            belief="S-06",
            see="gradient-through-time#saturated",
        ),
        Wrong(
            "squared",
            _lengths_with(_one_back, length=lambda g: (g**2).sum()),
            "**These are squares of lengths.** The root is missing.",
            decoy="lengths.append((g**2).sum())",
        ),
        Wrong(
            "mean-size",
            _lengths_with(_one_back, length=lambda g: np.sqrt((g**2).mean())),
            "**That is the size of a typical entry**, the root of the *mean* square. The length is "
            "the root of the sum.",
        ),
        Wrong(
            "one-early",
            _early,
            "**Your list begins before the first step**: its first entry is the length of g as it "
            "arrives. After one step back the gradient has gone through a tanh and the matrix.",
        ),
        Wrong(
            "oldest-end-first",
            lambda w, slopes, g: gradient_lengths(w, slopes, g)[::-1],
            "**The lengths are right, in the order of time.** The exercise counts steps *back*: "
            "the first entry belongs to the newest step.",
        ),
    ),
    hints=(
        "The gradient stands at the last state. Which row of `slopes` belongs to it?",
        "One step back: first through tanh, entry by entry, then through the matrix. In which "
        "direction does a gradient go through a matrix?",
        "Keep `g` from step to step, and note its length after each.",
    ),
    why="""Each step back multiplies by $W^\\top \\mathrm{diag}(\\tanh')$. The matrix may stretch,
the slopes only shrink; over many steps the product nearly always goes one way. So neither "an RNN's
gradients vanish" nor "they explode" is a law: it depends on the matrix, on how far out the states
are, and on the direction. Clipping helps against the one, and gates against the other.""",
    objectives=("RN-3",),
    minutes=8,
    difficulty=2,
)


# --- against_last_value --------------------------------------------------------------------------


def against_last_value(series, guess, ahead):
    """RMSE of guesses and of the naive forecast: guess[i], made at place i, is for i + ahead."""
    truth = series[ahead:]  #: what was to be forecast
    naive = series[:-ahead]  #: the last value known when each forecast was made
    ours = np.sqrt(np.mean((guess - truth) ** 2))
    return ours, np.sqrt(np.mean((naive - truth) ** 2))  #: the same measure for both


def _walk(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.cumsum(rng.normal(size=size)) + 3 * np.sin(np.arange(size) / 2)


def _against_inputs(rng: np.random.Generator, T: int, A: int) -> dict:
    series = _walk(rng, T + A + 4)
    return {"series": series, "guess": series[A:] + rng.normal(0.4, 0.7, T + 4), "ahead": A}


def _against_corners(rng: np.random.Generator) -> list[Case]:
    series = _walk(rng, 30)
    late = {"series": series, "guess": series[:-5].copy(), "ahead": 5}
    return [
        Case("guesses that only repeat the last value", late),
        Case("one step ahead", _against_inputs(rng, 20, 1)),
    ]


def _against(measure=lambda d: np.sqrt(np.mean(d**2)), naive=lambda s, a: s[:-a]):
    def wrong(series, guess, ahead):
        truth = series[ahead:]
        return measure(guess - truth), measure(naive(series, ahead) - truth)

    return wrong


def _misplaced(series, guess, ahead):
    naive, truth = series[:-ahead], series[ahead:]
    return np.sqrt(np.mean((guess - naive) ** 2)), np.sqrt(np.mean((naive - truth) ** 2))


AGAINST_LAST_VALUE = Exercise(
    id="against_last_value",
    title="Better than repeating the last value?",
    asks="""A model forecasts a `series` of shape (T,) some steps `ahead` (a whole number, at least
1). `guess[i]` was made when `series[i]` was the newest value known; it is for `series[i + ahead]`.
So `guess` has shape (T - ahead,).

Return two numbers: the root of the mean squared error (RMSE) of the guesses, and that of the
**naive forecast** over the same places, which repeats the newest value known.""",
    reference=against_last_value,
    returns=("ours", "naive"),
    inputs=_against_inputs,
    corners=_against_corners,
    valid=lambda inputs: (
        inputs["ahead"] >= 1 and len(inputs["guess"]) == len(inputs["series"]) - inputs["ahead"] > 0
    ),
    wrongs=(
        Wrong(
            "knows-too-much",
            _against(naive=lambda s, a: s[a - 1 : -1]),
            "**Your naive forecast knows too much.** It repeats the value one step before the one "
            "to be forecast, which was not known yet when `ahead` is more than 1. The baseline "
            "gets better than it can be, and an honest model looks bad.",
            decoy="naive = series[ahead - 1 : -1]",
        ),
        Wrong(
            "misplaced",
            _misplaced,
            "**The guesses are compared with the values at the places where they were made.** "
            "`guess[i]` is for the value `ahead` places later.",
            belief="S-01",
            decoy="truth = series[: len(guess)]",
        ),
        Wrong(
            "mean-of-all",
            _against(naive=lambda s, a: s.mean()),
            "**Your naive forecast is the mean of the whole series.** That is a second baseline "
            "worth having (on the training part). Here the newest value is asked for; and a mean "
            "over the test looks into the future.",
        ),
        Wrong(
            "first-value",
            _against(naive=lambda s, a: s[0]),
            "**Your naive forecast repeats the first value for ever.** At each place the newest "
            "value known then is repeated.",
        ),
        Wrong(
            "no-root",
            _against(measure=lambda d: np.mean(d**2)),
            "**The root is missing**: these are mean squared errors, in squared units.",
            decoy="ours = np.mean((guess - truth) ** 2)",
        ),
        Wrong(
            "absolute",
            _against(measure=lambda d: np.mean(np.abs(d))),
            "**These are mean absolute errors.** They are a good measure, too, but large misses "
            "count for more in the one asked for.",
        ),
        Wrong(
            "mean-error",
            _against(measure=lambda d: abs(np.mean(d))),
            "**Errors above and below cancel out**: that is the size of the mean error. Square "
            "them before you take the mean.",
        ),
        Wrong(
            "sum",
            _against(measure=lambda d: np.sqrt(np.sum(d**2))),
            "**You add up the squares instead of taking their mean**, so a longer test looks "
            "worse.",
        ),
        Wrong(
            "exchanged",
            lambda series, guess, ahead: against_last_value(series, guess, ahead)[::-1],
            "**The two numbers are exchanged.** First the model's, then the naive one's.",
        ),
    ),
    hints=(
        "Write down for a series of six values and 2 steps ahead: for which places is there a "
        "guess, and at which places was it made?",
        "Both arrays have T - ahead entries: one leaves out the first values of the series, the "
        "other the last ones.",
        "Judge both by the same measure: differences, squares, mean, root.",
    ),
    why="""A forecast that looks good in a plot is often the last value, a little late. So every
forecast is judged beside one that costs nothing, over the same places, and with nothing that was
not known at the time. Where the naive one is poor (it is, a quarter of a swing ahead), try
another: the mean, the value one season ago.""",
    equivalent={
        "ours = np.sqrt(np.mean((guess - truth) ** 2)) -> "
        "ours = np.sqrt(np.mean((truth - guess) ** 2))": "a square has no sign",
        "return (ours, np.sqrt(np.mean((naive - truth) ** 2))) -> "
        "return (ours, np.sqrt(np.mean((truth - naive) ** 2)))": "a square has no sign",
    },
    objectives=("RN-7",),
    minutes=6,
    difficulty=2,
)


EXERCISES = (
    NEXT_CHAR_PAIRS,
    RNN_FORWARD,
    RNN_BACKWARD,
    LSTM_STEP,
    LAST_REAL,
    SAMPLE_FROM_LOGITS,
    GRADIENT_LENGTHS,
    AGAINST_LAST_VALUE,
)
