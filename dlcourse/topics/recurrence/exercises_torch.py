"""Exercises on recurrent networks in PyTorch: one step of truncated training."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from ...models import CharRNN
from ...teach.exercise import Case, Exercise, Wrong

# --- truncated_step ------------------------------------------------------------------------------


def truncated_step(model, optimizer, x, y, state):
    """One step on the window x, y (N, T): its loss, a float, and the state to go on with."""
    optimizer.zero_grad()
    logits, state = model(x, state)  #: read the window, beginning with the state
    loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))  #: all places
    loss.backward()
    optimizer.step()
    return loss.item(), state.detach()  #: a number, and a state without its history


def _reader(vocabulary: int) -> Any:
    """A small GRU reader with weights that are always the same."""
    engine: Any = torch
    model = CharRNN(engine)(vocabulary, 5, 4, "gru")
    with torch.no_grad():
        for k, p in enumerate(model.parameters()):
            p.copy_(torch.sin(1.7 * torch.arange(p.numel()) + k).reshape(p.shape))
    return model


def _drive(truncated_step, x: np.ndarray) -> dict:
    """Three windows one after another, learning rate 0.5: what is returned and what changes.

    `x` (N, 3 T + 1) are whole texts; the targets are one further on.
    """
    model = _reader(int(x.max()) + 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    ids = torch.from_numpy(x)
    T = (x.shape[1] - 1) // 3
    state = torch.full((1, len(x), 4), 0.3)
    trace: dict = {}
    for k in range(3):
        window = slice(k * T, (k + 1) * T)
        loss, state = truncated_step(model, optimizer, ids[:, window], ids[:, 1:][:, window], state)
        trace[f"recurrent weights after window {k + 1}"] = (
            model.rnn.weight_hh_l0.detach().numpy().copy()
        )
        trace[f"head after window {k + 1}"] = model.head.weight.detach().numpy().copy()
        trace[f"loss of window {k + 1}"] = loss
        trace[f"state after window {k + 1}"] = state.detach().numpy().copy()
        trace[f"state {k + 1} has a history"] = bool(state.requires_grad)
    return trace


def _inputs(rng: np.random.Generator, N: int, T: int) -> dict:
    return {"x": rng.integers(0, 6, (N, 3 * T + 1))}


def _corners(rng: np.random.Generator) -> list[Case]:
    return [Case("two texts, windows of four", {"x": rng.integers(0, 6, (2, 13))})]


def _pairs(logits, y):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))


def _step(
    loss_of: Any = _pairs,
    enter: Any = lambda s: s,
    leave: Any = lambda s: s.detach(),
    give: Any = float,
    zero: bool = True,
    target: Any = lambda x, y: y,
    move: bool = True,
):
    """A variant of `truncated_step` with some of its parts changed."""

    def wrong(model, optimizer, x, y, state):
        if zero:
            optimizer.zero_grad()
        logits, state = model(x, enter(state))
        loss = loss_of(logits, target(x, y))
        loss.backward()
        if move:
            optimizer.step()
        return give(loss), leave(state)

    return wrong


def _detach_inside(model, optimizer, x, y, state):
    optimizer.zero_grad()
    rows = []
    for t in range(x.shape[1]):
        logits, state = model(x[:, t : t + 1], state.detach())
        rows.append(logits)
    loss = _pairs(torch.cat(rows, 1), y)
    loss.backward()
    optimizer.step()
    return loss.item(), state.detach()


def _old_state(model, optimizer, x, y, state):
    loss, _ = truncated_step(model, optimizer, x, y, state)
    return loss, state


TRUNCATED_STEP = Exercise(
    id="truncated_step",
    title="One window of truncated training",
    asks="""A long text is read in windows. Do **one** step of training on one window and return
`loss, state`:

- `model(x, state)` gives the logits (N, T, V) of each next character and the state after the
window; the loss is the mean cross-entropy over **all** places of `y` (N, T)
(`torch.nn.functional` is there as `F`).
- Return the loss before the step as a Python number, and the state that the next window shall begin
with: its value, **without its history**.""",
    reference=truncated_step,
    inputs=_inputs,
    corners=_corners,
    drive=_drive,
    rtol=1e-4,
    valid=lambda inputs: inputs["x"].shape[1] % 3 == 1 and inputs["x"].shape[1] > 3,
    wrongs=(
        Wrong(
            "no-detach",
            _step(leave=lambda s: s),
            "**The state takes its history along.** The next `backward` then runs on into this "
            'window, whose graph is gone: "backward through the graph a second time". `detach` '
            "keeps the value and cuts the history.",
            belief="S-02",
            see="gradient-through-time#whole",
            decoy="return loss.item(), state",
            telling=True,
        ),
        Wrong(
            "forgets",
            _step(leave=lambda s: torch.zeros_like(s)),
            "**The state is thrown away.** To cut the gradient it is enough to detach; with zeros "
            "the next window does not know that anything came before.",
            belief="S-03",
            see="gradient-through-time#forget",
            decoy="return loss.item(), torch.zeros_like(state)",
        ),
        Wrong(
            "begins-anew",
            _step(enter=lambda s: None),
            "**The window begins without the state.** The state of the window before is handed in, "
            "and has to go into the model.",
            belief="S-03",
            decoy="logits, state = model(x, None)",
        ),
        Wrong(
            "old-state",
            _old_state,
            "**The state that came in is returned.** The next window should begin where this one "
            "ended.",
        ),
        Wrong(
            "detach-inside",
            _detach_inside,
            "**The history is cut at every step, not between the windows.** The loss is the same, "
            "but no gradient goes back further than one step, and nothing longer can be learned.",
            belief="S-04",
            see="gradient-through-time#detach-inside",
        ),
        Wrong(
            "no-zero-grad",
            _step(zero=False),
            "**The gradients are never cleared.** The second window uses the sum of two "
            "gradients, the third that of three.",
            belief="B-13",
        ),
        Wrong(
            "no-step",
            _step(move=False),
            "**`optimizer.step()` is missing.** `backward` changes no weights.",
            belief="B-21",
        ),
        Wrong(
            "own-input",
            _step(target=lambda x, y: x),
            "**The loss compares with `x`, the characters that were read.** The model is to say "
            "what comes *next*: `y`.",
            belief="S-01",
        ),
        Wrong(
            "last-place",
            _step(loss_of=lambda logits, y: F.cross_entropy(logits[:, -1], y[:, -1])),
            "**Only the last place of each window counts.** Every place has a target, so a window "
            "of T characters gives T examples.",
        ),
        Wrong(
            "mixed-axes",
            _step(loss_of=lambda logits, y: _pairs(logits.transpose(0, 1), y)),
            "**Places and texts are mixed up: the logits are laid out with time first, the targets "
            "with the batch first.** The shapes agree, and each place is judged by another one's "
            "target.",
            belief="S-08",
        ),
        Wrong(
            "sum",
            _step(loss_of=lambda logits, y: _pairs(logits, y) * y.numel()),
            "**The loss is summed over all places.** The exercise asks for the mean; with the sum "
            "longer windows take longer steps.",
            belief="C-08",
        ),
        Wrong(
            "softmax-first",
            _step(loss_of=lambda logits, y: _pairs(logits.softmax(-1), y)),
            "**Softmax is applied before the cross-entropy, which contains one.** Give it the raw "
            "logits.",
            belief="C-01",
        ),
        Wrong(
            "tensor",
            _step(give=lambda loss: loss),
            "**The loss is returned as a tensor.** It holds on to the graph of its whole window; "
            "`.item()` takes out the number.",
            belief="H-05",
            decoy="return loss, state.detach()",
        ),
    ),
    hints=(
        "The usual five things in order: clear, forward, loss, backward, step. The state goes into "
        "the forward and comes out of it.",
        "`F.cross_entropy` wants rows of logits and one target for each: put texts and places on "
        "one axis, in the same order for both.",
        "What the next window needs is the state's value. Which method gives a tensor of the same "
        "value that remembers nothing?",
    ),
    why="""Between windows the state is detached: its value carries the past on, its history would
tie every window to all before it. Memory and time per step stay the same however long the text is.
The price is that nothing is learned about what lies behind the wall. For this to make sense the
windows of a row must follow each other; over shuffled windows the state has to begin anew.""",
    objectives=("RN-2", "RN-5"),
    minutes=10,
    difficulty=3,
)


EXERCISES = (TRUNCATED_STEP,)
