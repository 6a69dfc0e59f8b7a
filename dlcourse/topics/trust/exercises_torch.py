"""An exercise on attacking a PyTorch model."""

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ...teach.exercise import Case, Exercise, Wrong

# --- fgsm ----------------------------------------------------------------------------------------


def fgsm(model, x, y, eps):
    """x (N, D) in [0, 1], every input moved by eps so that the loss of the true classes rises."""
    inputs = x.clone().requires_grad_(True)  #: a leaf of its own
    loss = F.cross_entropy(model(inputs), y)
    (slope,) = torch.autograd.grad(loss, inputs)  #: of the loss, at the inputs alone
    return (x + eps * slope.sign()).clamp(0, 1)  #: uphill, and still a picture


def _model(D: int, K: int) -> Any:
    """A network with fixed weights in which the first input has no say."""
    model: Any = nn.Sequential(nn.Linear(D, 8), nn.ReLU(), nn.Linear(8, K)).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.linspace(0, 20 + p.numel(), p.numel()).view(p.shape).sin())
        model[0].weight[:, 0] = 0
    return model


def _drive(fgsm, x: np.ndarray, y: np.ndarray, eps: float) -> dict:
    """What the answer returns, and what it leaves behind in the model and in its inputs."""
    torch.manual_seed(0)
    model = _model(x.shape[1], int(y.max()) + 2)
    given = torch.from_numpy(x.copy())
    moved = fgsm(model, given, torch.from_numpy(y), eps)
    moved = moved.detach() if isinstance(moved, torch.Tensor) else torch.as_tensor(moved)
    return {
        "no gradients left in the model": all(p.grad is None for p in model.parameters()),
        "x left alone": bool(torch.equal(given.detach(), torch.from_numpy(x))),
        "attacked": moved.numpy(),
    }


def _inputs(rng: np.random.Generator, N: int, D: int, K: int) -> dict:
    x = rng.uniform(0.02, 0.98, (N + 2, D + 1)).round(3)
    return {"x": x, "y": rng.integers(0, K + 1, N + 2), "eps": 0.15}


def _corners(rng: np.random.Generator) -> list[Case]:
    x = rng.integers(0, 2, (4, 6)).astype(float)
    return [
        Case("black and white", {"x": x, "y": np.array([0, 2, 1, 0]), "eps": 0.2}),
        Case("a small change", {"x": x * 0.4 + 0.3, "y": np.array([2, 2, 0, 1]), "eps": 0.01}),
    ]


def _slope(model, x, y):
    inputs = x.clone().requires_grad_(True)
    return torch.autograd.grad(F.cross_entropy(model(inputs), y), inputs)[0]


def _downhill(model, x, y, eps):
    return (x - eps * _slope(model, x, y).sign()).clamp(0, 1)


def _raw_slope(model, x, y, eps):
    return (x + eps * _slope(model, x, y)).clamp(0, 1)


def _length_one(model, x, y, eps):
    slope = _slope(model, x, y)
    return (x + eps * slope / slope.norm(dim=1, keepdim=True).clamp(min=1e-12)).clamp(0, 1)


def _not_clamped(model, x, y, eps):
    return x + eps * _slope(model, x, y).sign()


def _random(model, x, y, eps):
    signs = 2 * torch.randint(0, 2, x.shape, generator=torch.Generator().manual_seed(0)) - 1
    return (x + eps * signs).clamp(0, 1)


def _by_own_answer(model, x, y, eps):
    return fgsm(model, x, model(x).argmax(dim=1), eps)


def _larger_logit(model, x, y, eps):
    inputs = x.clone().requires_grad_(True)
    score = model(inputs)[torch.arange(len(y)), y].sum()
    return (x + eps * torch.autograd.grad(score, inputs)[0].sign()).clamp(0, 1)


def _leaves_gradients(model, x, y, eps):
    inputs = x.clone().requires_grad_(True)
    F.cross_entropy(model(inputs), y).backward()
    assert inputs.grad is not None
    return (x + eps * inputs.grad.sign()).clamp(0, 1)


FGSM = Exercise(
    id="fgsm",
    title="The fast gradient sign",
    asks="""`model(x)` gives logits; `x` (N, D) is in [0, 1], `y` (N,) are the true classes. Return
the attacked inputs: every entry of `x` moved by `eps` in the direction in which the cross-entropy
of the true class **rises**, and kept within [0, 1]. `x` stays as it was, and no gradient is left in
the model's weights.""",
    reference=fgsm,
    inputs=_inputs,
    corners=_corners,
    drive=_drive,
    rtol=1e-6,
    wrongs=(
        Wrong(
            "downhill",
            _downhill,
            "**The loss falls this way.** That is a step of training, taken by the input: the "
            "model becomes surer of the true class. An attack goes uphill.",
            decoy="return (x - eps * slope.sign()).clamp(0, 1)",
        ),
        Wrong(
            "raw-slope",
            _raw_slope,
            "**Each input moves in proportion to its slope.** Allowed is eps for every one, and "
            "the loss rises most if each uses all of it: take the sign.",
            decoy="return (x + eps * slope).clamp(0, 1)",
        ),
        Wrong(
            "length-one",
            _length_one,
            "**The whole change has the length eps.** That is another measure of size. Here every "
            "single input may move by eps.",
        ),
        Wrong(
            "not-clamped",
            _not_clamped,
            "**The result leaves [0, 1].** No picture has pixels blacker than black; what cannot "
            "occur is no example.",
            decoy="return x + eps * slope.sign()",
        ),
        Wrong(
            "random-signs",
            _random,
            "**The signs are random.** A change of the same size in a random direction is the "
            "control, and it hardly does anything: the direction is what fools.",
            belief="I-07",
            decoy="slope = torch.randn_like(x)",
        ),
        Wrong(
            "own-answer",
            _by_own_answer,
            "**You raise the loss of what the model answers.** Where it is wrong already, that can "
            "push it towards the truth. The true classes are given.",
        ),
        Wrong(
            "larger-logit",
            _larger_logit,
            "**The logit of the true class rises.** That helps the model. And a logit alone says "
            "nothing of the others: use the loss.",
            belief="I-02",
        ),
        Wrong(
            "gradients-left",
            _leaves_gradients,
            "**`backward()` leaves gradients in the model's weights.** The next step of training "
            "would add them to its own. Ask `torch.autograd.grad` for those at the input alone.",
            decoy="loss.backward()",
        ),
    ),
    hints=(
        "Which tensor has to require a gradient here, and which ones must not get one?",
        "`torch.autograd.grad(a, b)` returns a tuple and stores nothing.",
    ),
    why="""Among all changes of at most eps for each input, this one raises a loss that is linear in
the input the most. Its strength comes from the number of inputs: each change is small, and all of
them pull in the same direction. One step is a weak attack; a model that survives it may still fall
to many steps.""",
    objectives=("TW-4",),
    minutes=7,
    difficulty=3,
)


EXERCISES = (FGSM,)
