"""Exercises on the two modes of a PyTorch model."""

from typing import Any

import numpy as np
import torch
from torch import nn

from ...teach.exercise import Case, Exercise, Wrong

# --- evaluate_accuracy ---------------------------------------------------------------------------


def evaluate_accuracy(model, x, y):
    """The share of x (N, D) that the model classifies as y (N,), in use; its mode is put back."""
    was_training = model.training
    model.eval()  # dropout off, batch norm uses its running statistics
    with torch.no_grad():  # no graph is kept
        answers = model(x).argmax(dim=1)  #: the most probable class of each row
    model.train(was_training)  #: as it was before
    return (answers == y).float().mean().item()  #: their share, as a number


class Watched(nn.Module):
    """A small network with batch norm and dropout that notes how it is called."""

    def __init__(self, D: int, K: int):
        super().__init__()
        self.norm, self.drop = nn.BatchNorm1d(D), nn.Dropout(0.5)
        self.linear = nn.Linear(D, K)
        self.log: list[tuple[bool, bool]] = []
        with torch.no_grad():
            self.norm.running_mean = torch.linspace(-2, 2, D)
            self.norm.running_var = torch.full((D,), 3.0)
            self.linear.weight.copy_(torch.linspace(-1, 1, D * K).view(K, D).sin() * 3)
            self.linear.bias.copy_(torch.linspace(-1, 1, K))

    def forward(self, x):  # (N, D)
        self.log.append((self.training, torch.is_grad_enabled()))
        return self.linear(self.drop(self.norm(x)))


def _drive(evaluate_accuracy, x: np.ndarray, y: np.ndarray, training: bool) -> dict:
    """What the answer returns, and in which state it leaves model, statistics and gradients."""
    torch.manual_seed(0)
    model: Any = Watched(x.shape[1], int(y.max()) + 2).train(training)
    weights = {k: v.clone() for k, v in model.state_dict().items()}
    said = evaluate_accuracy(model, torch.from_numpy(x).float(), torch.from_numpy(y))
    asked = model.log or [(True, True)]
    return {
        "running statistics left alone": all(
            torch.equal(v, weights[k]) for k, v in model.state_dict().items()
        ),
        "called in eval mode": not any(mode for mode, _ in asked),
        "called without gradients": not any(grad for _, grad in asked),
        "training mode afterwards": bool(model.training),
        "gradients recorded afterwards": torch.is_grad_enabled(),
        "accuracy": said,
    }


def _inputs(rng: np.random.Generator, N: int, D: int, K: int) -> dict:
    x = rng.normal(0, 2, (8 * N, D)).round(2)
    return {"x": x, "y": rng.integers(0, K + 1, 8 * N), "training": True}


def _corners(rng: np.random.Generator) -> list[Case]:
    given = _inputs(rng, 3, 5, 2)
    return [
        Case("a model already in use", {**given, "training": False}),
        Case("one example", {"x": given["x"][:1], "y": np.array([1]), "training": False}),
    ]


def _answers(model, x):
    return model(x).argmax(dim=1)


def _no_eval(model, x, y):
    with torch.no_grad():
        return (_answers(model, x) == y).float().mean().item()


def _left_in_eval(model, x, y):
    model.eval()
    with torch.no_grad():
        return (_answers(model, x) == y).float().mean().item()


def _with_gradients(model, x, y):
    was = model.training
    model.eval()
    said = (_answers(model, x) == y).float().mean().item()
    model.train(was)
    return said


def _always_train(model, x, y):
    model.eval()
    with torch.no_grad():
        said = (_answers(model, x) == y).float().mean().item()
    model.train()
    return said


def _count(model, x, y):
    return evaluate_accuracy(model, x, y) * len(y)


def _tensor(model, x, y):
    was = model.training
    model.eval()
    with torch.no_grad():
        said = (_answers(model, x) == y).float().mean()
    model.train(was)
    return said


def _wrong_axis(model, x, y):
    was = model.training
    model.eval()
    with torch.no_grad():
        top = model(x).max(dim=1).values
    model.train(was)
    return (top.round() == y).float().mean().item()


EVALUATE_ACCURACY = Exercise(
    id="evaluate_accuracy",
    title="Evaluate, and leave no trace",
    asks="""Return the accuracy of a PyTorch `model` on `x` (N, D) with class numbers `y` (N,), as a
Python float. `model(x)` gives logits. The model is judged **as it is in use**: dropout off, batch
norm by its running statistics, no gradients recorded. Afterwards everything is as before: a model
that was in training mode is in training mode again, and one that was not is not.""",
    reference=evaluate_accuracy,
    inputs=_inputs,
    corners=_corners,
    drive=_drive,
    rtol=1e-5,
    wrongs=(
        Wrong(
            "no-eval",
            _no_eval,
            "**The model is judged in the mode it happens to be in.** `no_grad` stops the "
            "recording and switches no layer: dropout drops, and batch norm uses this batch, and "
            "changes its running statistics by it.",
            belief="B-19",
            see="overfit-dial#train-mode",
        ),
        Wrong(
            "left-in-eval",
            _left_in_eval,
            "**The model stays in eval mode.** Training goes on after an evaluation, and would do "
            "so without dropout and with frozen statistics. Put the mode back.",
        ),
        Wrong(
            "gradients-recorded",
            _with_gradients,
            "**The graph is recorded.** `eval()` does not stop that: it costs memory for nothing. "
            "Add `torch.no_grad()`.",
            belief="B-19",
        ),
        Wrong(
            "always-train",
            _always_train,
            "**The model is in training mode afterwards, even if it was not before.** Remember "
            "`model.training`, and restore that.",
            decoy="model.train()",
        ),
        Wrong(
            "count",
            _count,
            "**That is the number of right answers.** The accuracy is their share: divide by N.",
        ),
        Wrong(
            "tensor",
            _tensor,
            "**A tensor is returned.** The exercise asks for a Python float: `.item()`.",
        ),
        Wrong(
            "largest-logit",
            _wrong_axis,
            "**You compare the largest logit with the class number.** What counts is *where* the "
            "largest one is: `argmax(dim=1)`.",
            decoy="answers = model(x).max(dim=1).values",
        ),
    ),
    hints=(
        "Two switches are needed: one for the layers, one for the recording of gradients.",
        "`model.training` says in which mode the model is. Remember it before you switch, and "
        "hand it to `model.train` at the end.",
    ),
    why="""`eval()` and `no_grad()` are independent: the first changes what dropout and batch norm
do, the second what autograd remembers. A function that evaluates in the middle of training must
also put the mode back, or every epoch after the first is trained without dropout.""",
    objectives=("OF-5",),
    minutes=6,
    difficulty=2,
)


EXERCISES = (EVALUATE_ACCURACY,)
