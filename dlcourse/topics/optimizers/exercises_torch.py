"""Exercises on the training loop as a whole."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ...teach.exercise import Case, Exercise, Wrong

# --- fit -----------------------------------------------------------------------------------------


def fit(model, optimizer, batches, epochs):
    """Train over a list of batches (x, y); the mean loss per example of each epoch."""
    history = []
    model.train()  #: dropout and batch norm behave as in training
    for _ in range(epochs):
        total, count = 0.0, 0
        for x, y in batches:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)  #: a small batch counts less
            count += len(x)
        history.append(total / count)  #: the mean over the examples of this epoch
    model.eval()  #: ready to be used
    return history


class _Net(nn.Module):
    """A linear model with fixed weights that notes its mode and the batches it reads."""

    def __init__(self, D: int, K: int):
        super().__init__()
        self.linear = nn.Linear(D, K)
        self.modes: list[bool] = []
        self.seen: list[float] = []
        with torch.no_grad():
            self.linear.weight.copy_(torch.linspace(-1, 1, D * K).view(K, D))
            self.linear.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.modes.append(self.training)
        self.seen.append(float(x[0, 0]))
        return self.linear(x)


def _drive_fit(fit, x: np.ndarray, y: np.ndarray, size: int, epochs: int) -> dict:
    """Train from evaluation mode, over batches of `size`, the last of which is smaller."""
    xs, ys = torch.from_numpy(x).float(), torch.from_numpy(y)
    batches = list(zip(xs.split(size), ys.split(size), strict=True))
    model = _Net(x.shape[1], int(y.max()) + 2).eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
    history = fit(model, optimizer, batches, epochs)
    return {
        "batches that were read": np.array(model.seen),
        "training mode at each forward pass": np.array(model.modes),
        "weight at the end": model.linear.weight.detach().numpy().copy(),
        "history": history if not isinstance(history, list) else np.array(history),
        "training mode at the end": model.training,
    }


def _fit_inputs(rng: np.random.Generator, N: int, D: int, K: int) -> dict:
    x, y = rng.normal(size=(2 * N + 1, D)).round(2), rng.integers(0, K, 2 * N + 1)
    return {"x": x, "y": y, "size": N + 1, "epochs": 3}


def _fit_corners(rng: np.random.Generator) -> list[Case]:
    given = _fit_inputs(rng, 3, 2, 2)
    return [
        Case("one epoch", {**given, "epochs": 1}),
        Case("no epoch at all", {**given, "epochs": 0}),
        Case("one batch", {**given, "size": 7}),
    ]


def _loop(*, train=True, zero="batch", weigh=True, per="epoch", end=True, step="batch", stop=False):
    """A known-wrong variant: the loop with one of its decisions changed."""

    def wrong(model, optimizer, batches, epochs):
        history, loss = [], torch.tensor(0.0)
        total, count = 0.0, 0
        if train:
            model.train()
        for _ in range(epochs):
            if per == "epoch":
                total, count = 0.0, 0
            if zero == "epoch":
                optimizer.zero_grad()
            for x, y in batches[: len(batches) - stop]:
                if zero == "batch":
                    optimizer.zero_grad()
                loss = F.cross_entropy(model(x), y)
                loss.backward()
                if step == "batch":
                    optimizer.step()
                total += loss.item() * (len(x) if weigh else 1)
                count += len(x) if weigh else 1
                if per == "batch":
                    history.append(loss.item())
            if step == "epoch":
                optimizer.step()
            if per != "batch":
                history.append(loss.item() if per == "last" else total / count)
        if end:
            model.eval()
        return history

    return wrong


def _new_optimizer(model, optimizer, batches, epochs):
    history = []
    for _ in range(epochs):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
        history += fit(model, optimizer, batches, 1)
    model.eval()
    return history


def _eval_inside(model, optimizer, batches, epochs):
    history = []
    model.train()
    for epoch in range(epochs):
        history += _loop(train=epoch == 0)(model, optimizer, batches, 1)
    model.eval()
    return history


FIT = Exercise(
    id="fit",
    title="A training loop",
    asks="""Train `model` for `epochs` epochs. In each, go once through `batches`, a list of
pairs `(x, y)`, and take one step per batch on the mean cross-entropy (`F.cross_entropy`).

- Return a list with one number per epoch: the mean loss **per example**. The last batch may be
  smaller.
- The model trains in training mode, and is left in evaluation mode.""",
    reference=fit,
    inputs=_fit_inputs,
    corners=_fit_corners,
    drive=_drive_fit,
    rtol=1e-4,
    wrongs=(
        Wrong(
            "eval-mode",
            _loop(train=False),
            "**The model trains in evaluation mode.** Dropout does nothing then, and batch norm "
            "does not learn its statistics. Call `model.train()` first.",
            belief="R-06",
        ),
        Wrong(
            "left-in-training",
            _loop(end=False),
            "**The model is left in training mode.** Whoever uses it next gets dropout and batch "
            "statistics. Call `model.eval()` at the end.",
            belief="R-03",
        ),
        Wrong(
            "eval-after-first",
            _eval_inside,
            "**From the second epoch on the model is in evaluation mode.** `eval` was called "
            "after the first epoch and `train` only once, before the loop.",
            belief="R-06",
        ),
        Wrong(
            "no-zero-grad",
            _loop(zero="never"),
            "**The gradients are never cleared.** Each step uses the sum of all gradients so far.",
            belief="B-13",
            decoy="pass",
        ),
        Wrong(
            "zero-per-epoch",
            _loop(zero="epoch"),
            "**The gradients are cleared once per epoch.** Within an epoch they add up from "
            "batch to batch: clear them before every `backward`.",
            belief="B-13",
        ),
        Wrong(
            "step-per-epoch",
            _loop(step="epoch"),
            "**There is one step per epoch.** An epoch is one pass over the data; each of its "
            "batches gets a step of its own.",
            belief="O-14",
        ),
        Wrong(
            "mean-of-means",
            _loop(weigh=False),
            "**Small batches count as much as large ones.** The mean of the batch means is not "
            "the mean over the examples: weight each loss by the size of its batch.",
            belief="C-14",
            decoy="total += loss.item()",
        ),
        Wrong(
            "last-loss",
            _loop(per="last"),
            "**Only the loss of the last batch is kept.** The history should hold the mean over "
            "the whole epoch.",
            decoy="history.append(loss.item())",
        ),
        Wrong(
            "per-batch",
            _loop(per="batch"),
            "**The history has one number per batch.** One per epoch is asked for: the mean over "
            "its examples.",
            belief="O-14",
        ),
        Wrong(
            "running-mean",
            _loop(per="never"),
            "**The total is not set back at the start of an epoch.** So later epochs average over "
            "everything since the beginning, and the curve looks smoother than it is.",
        ),
        Wrong(
            "drops-last",
            _loop(stop=True),
            "**The last batch is never read.** Every example should be seen once per epoch.",
        ),
        Wrong(
            "new-optimizer",
            _new_optimizer,
            "**The optimizer is made anew in every epoch.** Its momentum is lost each time: use "
            "the one that was given.",
            belief="O-15",
        ),
    ),
    hints=(
        "Two loops, epochs outside and batches inside; inside, the five lines of one training "
        "step.",
        "For the mean per example, add up each loss times the size of its batch, and divide by "
        "the number of examples, both starting at zero in every epoch.",
        "A model has two modes. Switch to the one for training before the loops, and back after "
        "them.",
    ),
    why="""An epoch is one pass over the data and has as many steps as there are batches. The
loss of a batch is a mean over that batch, so a small last batch would weigh too much in a mean
of means; multiplied by its size it becomes a sum again. The modes matter as soon as the model
has dropout or batch norm, and the mistake is silent: check them by what the model notes, not by
the accuracy.""",
    objectives=("OP-2",),
    minutes=15,
    difficulty=3,
)


EXERCISES = (FIT,)
