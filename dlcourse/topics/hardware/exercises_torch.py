"""Exercises on code for any device, and on a batch that comes in pieces."""

from typing import Any

import numpy as np
import torch
from torch import nn

from ...teach.exercise import Case, Exercise, Wrong

F = nn.functional


# --- mean_loss -----------------------------------------------------------------------------------


def mean_loss(model, loss_of, batches, device):
    """The mean loss per example over batches (x, y), as a float, on any device."""
    total, count = 0.0, 0
    with torch.no_grad():
        for x, y in batches:
            x, y = x.to(device), y.to(device)  #: `to` returns new tensors
            loss = loss_of(model(x), y)  # the mean of this batch
            total += loss.item() * len(x)  #: a number, weighted by the batch
            count += len(x)  #: examples so far
    return total / count


class Elsewhere:
    """A batch that lies in other memory: of use only after `.to(device)` of the right device."""

    def __init__(self, value: torch.Tensor, log: list[str]):
        self.value, self.log = value, log

    def to(self, device: Any) -> torch.Tensor:
        """The tensor on `device`; this one stays where it is."""
        self.log.append(str(device))
        return self.value

    def cpu(self) -> torch.Tensor:
        """The tensor in the processor's memory, wherever the model is."""
        return self.to("cpu")

    def __len__(self) -> int:
        return len(self.value)


class Placed(nn.Module):
    """A linear layer that says, as a GPU would, when it is given a tensor of elsewhere."""

    def __init__(self, D: int, K: int, log: list[bool]):
        super().__init__()
        self.linear = nn.Linear(D, K)
        self.log = log
        with torch.no_grad():
            self.linear.weight.copy_(torch.linspace(-2, 2, D * K).sin().view(K, D))
            self.linear.bias.copy_(torch.linspace(-1, 1, K))

    def forward(self, x: Any) -> torch.Tensor:  # (N, D)
        if isinstance(x, Elsewhere):
            raise RuntimeError("Expected all tensors to be on the same device (mat1 of addmm)")
        self.log.append(torch.is_grad_enabled())
        return self.linear(x)


def _loss_of(logits: torch.Tensor, y: Any) -> torch.Tensor:
    if isinstance(y, Elsewhere):
        raise RuntimeError("Expected all tensors to be on the same device (target of nll_loss)")
    return F.cross_entropy(logits, y)


def _drive_loss(mean_loss, x: np.ndarray, y: np.ndarray, cuts: list[int]) -> dict:
    moves: list[str] = []
    grads: list[bool] = []
    model = Placed(x.shape[1], int(y.max()) + 2, grads)
    batches = [
        (Elsewhere(torch.from_numpy(a).float(), moves), Elsewhere(torch.from_numpy(b), moves))
        for a, b in zip(np.split(x, cuts), np.split(y, cuts), strict=True)
    ]
    said = mean_loss(model, _loss_of, batches, torch.device("cpu", 0))
    return {
        "moved to the device that was named": bool(moves) and set(moves) == {"cpu:0"},
        "graphs recorded": any(grads),
        "a number": isinstance(said, float),
        "mean loss": float(said),
    }


def _loss_inputs(rng: np.random.Generator, N: int, D: int, K: int) -> dict:
    count = 3 * N + 4
    return {
        "x": rng.normal(0, 2, (count, D)).round(2),
        "y": rng.integers(0, K + 1, count),
        "cuts": [N + 1, 2 * N + 2],
    }


def _loss_corners(rng: np.random.Generator) -> list[Case]:
    x, y = rng.normal(0, 2, (9, 4)).round(2), rng.integers(0, 3, 9)
    return [
        Case("a small last batch", {"x": x, "y": y, "cuts": [4, 8]}),
        Case("one batch", {"x": x, "y": y, "cuts": []}),
    ]


def _loop(move=None, add=None, count=len, grad=False, end=lambda total, n: total / n):
    """A known-wrong variant of the loop."""

    def wrong(model, loss_of, batches, device):
        total, n = 0.0, 0
        with torch.set_grad_enabled(grad):
            for x, y in batches:
                x, y = (move or (lambda x, y, d: (x.to(d), y.to(d))))(x, y, device)
                loss = loss_of(model(x), y)
                total = total + (add or (lambda loss, x: loss.item() * len(x)))(loss, x)
                n += count(x)
        return end(total, n)

    return wrong


def _move_in_vain(x, y, device):
    x.to(device)
    y.to(device)
    return x, y


MEAN_LOSS = Exercise(
    id="mean_loss",
    title="A loop for any device",
    asks="""`model` is on `device`; `batches` is a list of pairs `(x, y)` that lie in the main
memory; `loss_of(model(x), y)` is the **mean** loss of one batch. Return the mean loss **per
example** over all batches, as a Python float. The batches may have different sizes. The function
must work on any device, and must not keep graphs: it only looks.

(To try your answer without a second device, the batches here are stand-ins: they offer
`.to(device)` and `len`, and the model refuses them until they are moved.)""",
    reference=mean_loss,
    inputs=_loss_inputs,
    corners=_loss_corners,
    drive=_drive_loss,
    rtol=1e-5,
    wrongs=(
        Wrong(
            "moved-in-vain",
            _loop(_move_in_vain),
            "**`x.to(device)` alone changes nothing.** For a tensor it returns a *new* tensor, and "
            "the old one stays where it was: assign the result.",
            belief="H-10",
            telling=True,
            decoy="x.to(device), y.to(device)",
        ),
        Wrong(
            "only-inputs",
            _loop(lambda x, y, d: (x.to(d), y)),
            "**The labels stay behind.** The loss needs both on one device.",
            belief="H-10",
            telling=True,
        ),
        Wrong(
            "always-cpu",
            _loop(lambda x, y, d: (x.cpu(), y.cpu())),
            "**You move the batches to the processor, whatever `device` is.** That works here, and "
            "fails on the first GPU: move to the device that you were given.",
            belief="H-10",
        ),
        Wrong(
            "tensors-added",
            _loop(add=lambda loss, x: loss * len(x), grad=True),
            "**You add up tensors.** Each of them keeps its graph, so that memory grows with every "
            "batch, and the result is a tensor. `loss.item()` is a number.",
            belief="H-05",
            decoy="total = total + loss * len(x)",
        ),
        Wrong(
            "graphs-recorded",
            _loop(grad=True),
            "**The graph is recorded in every batch.** Nobody will go backward: "
            "`with torch.no_grad():`.",
            belief="H-06",
        ),
        Wrong(
            "mean-of-means",
            _loop(add=lambda loss, x: loss.item(), count=lambda x: 1),
            "**Every batch counts the same.** The last batch is often smaller, and its examples "
            "would weigh more. Weight each mean by its number of examples.",
            belief="C-14",
            decoy="total += loss.item()",
        ),
        Wrong(
            "not-divided",
            _loop(end=lambda total, n: total),
            "**That is the sum over all examples.** The mean loss divides it by their number.",
            belief="C-08",
        ),
        Wrong(
            "divided-by-batches",
            _loop(count=lambda x: 1),
            "**You divide by the number of batches.** The total is over examples, so divide by "
            "the number of examples.",
            decoy="count += 1",
        ),
    ),
    hints=(
        "What does `.to` do to the tensor it is called on, and what does it give back?",
        "From the mean of a batch to its sum: multiply by what?",
    ),
    why="""Three habits in one loop: move and *assign*; read a number with `item()` and do not keep
the graph; weight by the number of examples. Each of them runs without an error on a laptop when it
is forgotten, and shows itself on a GPU, in memory, or in the third digit.""",
    objectives=("HW-4",),
    minutes=7,
    difficulty=2,
)


# --- accumulate_gradients ------------------------------------------------------------------------


def accumulate_gradients(model, loss_of, x, y, size):
    """Leave in .grad the gradient of the mean loss on all of x, y; at most `size` rows at once."""
    model.zero_grad()
    for start in range(0, len(x), size):
        xb, yb = x[start : start + size], y[start : start + size]  #: the next rows
        loss = loss_of(model(xb), yb)  # their mean loss
        share = len(xb) / len(x)  #: of these rows in the batch
        (loss * share).backward()  #: adds to what is in .grad


class Narrow(nn.Module):
    """A layer that notes how many rows it is given at once."""

    def __init__(self, D: int, K: int):
        super().__init__()
        self.linear = nn.Linear(D, K).double()
        self.rows: list[int] = []
        with torch.no_grad():
            self.linear.weight.copy_(torch.linspace(-2, 2, D * K).sin().view(K, D))
            self.linear.bias.copy_(torch.linspace(-1, 1, K))

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (N, D)
        self.rows.append(len(x))
        return self.linear(x)


def _drive_accumulate(accumulate_gradients, x: np.ndarray, y: np.ndarray, size: int) -> dict:
    model = Narrow(x.shape[1], int(y.max()) + 2)
    for p in model.parameters():  # of an earlier step
        p.grad = torch.full_like(p, 0.7)
    before = [p.detach().clone() for p in model.parameters()]
    accumulate_gradients(model, F.cross_entropy, torch.from_numpy(x), torch.from_numpy(y), size)
    return {
        "never too many rows": max(model.rows, default=0) <= size,
        "all rows used": sum(model.rows),
        "weights left alone": all(
            torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)
        ),
        "gradient": np.concatenate(
            [np.zeros(p.numel()) if p.grad is None else p.grad.numpy().ravel()
             for p in model.parameters()]
        ),
    }  # fmt: skip


def _accumulate_inputs(rng: np.random.Generator, N: int, D: int, K: int) -> dict:
    count = 3 * N + 2
    return {
        "x": rng.normal(size=(count, D)).round(2),
        "y": rng.integers(0, K + 1, count),
        "size": N + 1,
    }


def _accumulate_corners(rng: np.random.Generator) -> list[Case]:
    x, y = rng.normal(size=(8, 3)).round(2), rng.integers(0, 3, 8)
    return [
        Case("pieces that fit", {"x": x, "y": y, "size": 4}),
        Case("one piece", {"x": x, "y": y, "size": 20}),
        Case("row by row", {"x": x, "y": y, "size": 1}),
    ]


def _pieces(weight, clear_first=True, clear_each=False):
    """A known-wrong variant: other weights of the parts, or gradients cleared at another time."""

    def wrong(model, loss_of, x, y, size):
        if clear_first:
            model.zero_grad()
        for start in range(0, len(x), size):
            xb, yb = x[start : start + size], y[start : start + size]
            if clear_each:
                model.zero_grad()
            (loss_of(model(xb), yb) * weight(len(xb), len(x), size)).backward()

    return wrong


def _whole(model, loss_of, x, y, size):
    model.zero_grad()
    loss_of(model(x), y).backward()


def _last_dropped(model, loss_of, x, y, size):
    model.zero_grad()
    full = max(1, len(x) // size)
    for k in range(full):
        xb, yb = x[k * size : (k + 1) * size], y[k * size : (k + 1) * size]
        (loss_of(model(xb), yb) / full).backward()


ACCUMULATE_GRADIENTS = Exercise(
    id="accumulate_gradients",
    title="A large batch on a small device",
    asks="""The batch `x` (N, D), `y` (N,) is too large for the device: the model may be given at
most `size` rows at a time. `loss_of(model(xb), yb)` is the **mean** loss of the rows it gets. Leave
in `.grad` of every parameter the gradient of the mean loss over **all N rows**, and nothing of
before. Take no step, and return nothing. N need not be a multiple of `size`.""",
    reference=accumulate_gradients,
    inputs=_accumulate_inputs,
    corners=_accumulate_corners,
    drive=_drive_accumulate,
    wrongs=(
        Wrong(
            "not-divided",
            _pieces(lambda n, N, size: 1.0),
            "**The mean losses of the pieces are added up as they are.** With four pieces the "
            "gradient is four times as long, like a larger learning rate.",
            belief="B-15",
            decoy="loss.backward()",
        ),
        Wrong(
            "pieces-alike",
            _pieces(lambda n, N, size: 1 / -(-N // size)),
            "**Every piece counts the same.** The last one is smaller, and its rows would weigh "
            "more than the others: weight by the number of rows.",
            belief="C-14",
            decoy="share = size / len(x)",
        ),
        Wrong(
            "cleared-each-time",
            _pieces(lambda n, N, size: n / N, clear_each=True),
            "**The gradients are cleared for every piece.** Only the last piece is left. Clear "
            "once, before the first.",
            belief="B-13",
        ),
        Wrong(
            "never-cleared",
            _pieces(lambda n, N, size: n / N, clear_first=False),
            "**What an earlier step left in `.grad` is still in the sum.** Clear it before the "
            "first piece.",
            belief="B-13",
        ),
        Wrong(
            "all-at-once",
            _whole,
            "**The model is given all rows at once.** The gradient is right; a device that is too "
            "small would have run out of memory. Activations grow with the rows.",
            belief="H-06",
            see="roofline-ledger#weights-only",
        ),
        Wrong(
            "last-dropped",
            _last_dropped,
            "**The rows after the last full piece are left out.** They belong to the batch.",
        ),
        Wrong(
            "sum-of-rows",
            _pieces(lambda n, N, size: n),
            "**That is the gradient of the summed loss.** For the mean divide by all rows of the "
            "batch.",
            belief="C-08",
        ),
    ),
    hints=(
        "`backward` adds to `.grad`. What has to be done once before the first piece?",
        "By what must the mean of a piece be multiplied to become its share of the mean of all?",
    ),
    why="""The gradient of a large batch can be had on a device that holds a small one, exactly, at
the price of time. It is the same weighted sum as in data parallel training, only one part after
another.""",
    objectives=("HW-6",),
    minutes=7,
    difficulty=2,
)


EXERCISES = (MEAN_LOSS, ACCUMULATE_GRADIENTS)
