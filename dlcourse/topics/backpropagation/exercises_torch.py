"""Exercises on using autograd: one step of training, in the right order."""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ...teach.exercise import Case, Exercise, Wrong

# --- train_step ----------------------------------------------------------------------------------


def train_step(model, optimizer, x, y):
    """One step of training on x (N, D) with class numbers y (N,); the loss, a float."""
    optimizer.zero_grad()  #: gradients would add up
    loss = F.cross_entropy(model(x), y)  #: forward, then the mean loss of the raw logits
    loss.backward()
    optimizer.step()  #: only now are the gradients there
    return loss.item()  #: a number, without its graph


class Watched(torch.optim.SGD):
    """Plain gradient descent that notes which of its methods are called."""

    def __init__(self, params, lr: float, log: list[str]):
        self.log = log
        super().__init__(params, lr=lr)

    def zero_grad(self, set_to_none: bool = True) -> None:
        self.log.append("zero_grad")
        super().zero_grad(set_to_none)

    def step(self, closure=None):
        self.log.append("step")
        return super().step(closure)


def watched_model(D: int, K: int, log: list[str]) -> Any:
    """A linear model with fixed weights that notes its forward and backward passes in `log`."""
    model: Any = nn.Linear(D, K)
    with torch.no_grad():
        model.weight.copy_(torch.linspace(-1, 1, D * K).view(K, D))
        model.bias.copy_(torch.linspace(0.5, -0.5, K))
    model.register_forward_hook(lambda *_: log.append("forward"))
    model.weight.register_hook(lambda g: log.append("backward"))
    return model


def _drive_step(train_step, x: np.ndarray, y: np.ndarray) -> dict:
    """Three steps on one batch with learning rate 0.5: what they return and change."""
    log: list[str] = []
    model = watched_model(x.shape[1], int(y.max()) + 2, log)
    optimizer = Watched(model.parameters(), 0.5, log)
    xb, yb = torch.from_numpy(x).float(), torch.from_numpy(y)
    trace: dict = {}
    for t in (1, 2, 3):
        trace[f"weight after step {t}"] = (
            None  # keeps the order: what is changed before what is told
        )
        loss = train_step(model, optimizer, xb, yb)
        trace[f"weight after step {t}"] = model.weight.detach().numpy().copy()
        trace[f"loss of step {t}"] = loss
    trace["calls"] = ", ".join(log)
    return trace


def _step_inputs(rng: np.random.Generator, N: int, D: int, K: int) -> dict:
    return {"x": rng.normal(size=(N, D)).round(2), "y": rng.integers(0, K, N)}


def _step_corners(rng: np.random.Generator) -> list[Case]:
    return [Case("one example", {"x": np.array([[1.0, -1.0]]), "y": np.array([0])})]


def _no_zero(model, optimizer, x, y):
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def _zero_late(model, optimizer, x, y):
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


def _no_backward(model, optimizer, x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    optimizer.step()
    return loss.item()


def _no_step(model, optimizer, x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    return loss.item()


def _step_first(model, optimizer, x, y):
    loss = F.cross_entropy(model(x), y)
    optimizer.step()
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


def _tensor(model, optimizer, x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def _with_loss(loss_of):
    def wrong(model, optimizer, x, y):
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return wrong


def _under_no_grad(model, optimizer, x, y):
    optimizer.zero_grad()
    with torch.no_grad():
        loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def _twice(model, optimizer, x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.item()


def _backward_twice(model, optimizer, x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    loss.backward()
    optimizer.step()
    return loss.item()


def _after(model, optimizer, x, y):
    train_step(model, optimizer, x, y)
    return F.cross_entropy(model(x), y).item()


def _nll(logits, y):
    return F.nll_loss(logits, y)


TRAIN_STEP = Exercise(
    id="train_step",
    title="One step of training",
    asks="""Do **one** step of training on one batch and return the loss of the batch before the
step, as a Python number.

- `model(x)` gives logits; the loss is the mean cross-entropy with the class numbers `y`
(`torch.nn.functional` is there as `F`).
- Gradients of earlier steps must not matter; the optimizer takes exactly one step.""",
    reference=train_step,
    inputs=_step_inputs,
    corners=_step_corners,
    drive=_drive_step,
    unjudged=("calls",),
    rtol=1e-4,
    wrongs=(
        Wrong(
            "no-zero-grad",
            _no_zero,
            "**The gradients are never cleared.** `backward` adds to what is there, so step 2 "
            "uses the sum of two gradients, step 3 that of three. Step 1 looks right.",
            belief="B-13",
        ),
        Wrong(
            "zero-grad-late",
            _zero_late,
            "**The gradients are cleared between `backward` and `step`.** The optimizer finds "
            "none, and the weights never change.",
            belief="B-14",
        ),
        Wrong(
            "no-backward",
            _no_backward,
            "**`loss.backward()` is missing.** There are no gradients, so the step changes "
            "nothing: calculating the loss does not differentiate it.",
            belief="B-21",
        ),
        Wrong(
            "no-step",
            _no_step,
            "**`optimizer.step()` is missing.** The gradients are there, but nobody uses them: "
            "`backward` changes no weights.",
            belief="B-21",
        ),
        Wrong(
            "step-first",
            _step_first,
            "**The step comes before `backward`.** So each step uses the gradient of the batch "
            "before, and the first one has none.",
        ),
        Wrong(
            "tensor",
            _tensor,
            "**The loss is returned as a tensor.** It holds on to its whole graph; whoever adds "
            "such losses up fills the memory. `.item()` takes out the number.",
            belief="H-05",
            decoy="return loss",
        ),
        Wrong(
            "softmax-first",
            _with_loss(lambda logits, y: F.cross_entropy(logits.softmax(1), y)),
            "**Softmax is applied before the cross-entropy, which contains one.** The gradients "
            "become small, and the loss cannot fall to 0. Give it the raw logits.",
            belief="C-01",
            decoy="loss = F.cross_entropy(model(x).softmax(1), y)",
        ),
        Wrong(
            "sum",
            _with_loss(lambda logits, y: F.cross_entropy(logits, y, reduction="sum")),
            "**The loss is summed over the batch.** The exercise asks for the mean: with the "
            "sum, every step is N times longer.",
            belief="C-08",
        ),
        Wrong(
            "raw-nll",
            _with_loss(_nll),
            "**That is the negative log-likelihood of raw logits.** `F.nll_loss` wants "
            "log-probabilities; on logits the loss falls below zero, without end.",
            belief="C-05",
            decoy="loss = F.nll_loss(model(x), y)",
        ),
        Wrong(
            "no-grad",
            _under_no_grad,
            "**The forward pass runs under `no_grad`.** It leaves no graph, so there is nothing "
            "to go back through. `no_grad` is for evaluation.",
            belief="B-19",
        ),
        Wrong(
            "two-steps",
            _twice,
            "**The optimizer takes two steps with one gradient.** After the first step the "
            "weights have moved, and the gradient no longer belongs to them.",
        ),
        Wrong(
            "backward-twice",
            _backward_twice,
            "**`backward` is called twice on one graph.** The first call frees it; a second "
            "would also add every gradient once more. Once per loss is enough.",
            belief="B-16",
            telling=True,
        ),
        Wrong(
            "loss-after",
            _after,
            "**The loss is computed once more, after the step.** The training is right, but it "
            "costs a second forward pass; return the loss you already have.",
        ),
    ),
    hints=(
        "Five things in order: clear, forward, loss, backward, step.",
        "`backward` adds to `.grad`. What must happen before it, so that only this batch counts?",
        "The loss is a tensor with a graph behind it; `.item()` gives the number.",
    ),
    why="""`backward` adds gradients to `.grad`, because a value that is used twice must collect
from both; the price is that someone has to clear them, and `zero_grad` does so, anywhere but
between `backward` and `step`. `step` uses whatever is in `.grad`. The loss belongs to the
weights before the step. Returned as a tensor it would keep every intermediate result of the
forward pass alive.""",
    objectives=("BP-5",),
    minutes=8,
    difficulty=2,
)


EXERCISES = (TRAIN_STEP,)
