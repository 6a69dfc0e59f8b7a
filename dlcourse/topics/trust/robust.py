"""Calibration, and attacks by small changes of the input."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from ...models.mlp import MLP
from ...teach.metrics import calibration_error, log_loss, softmax
from ...teach.train import Trainer, predict
from .explain import slope, unlike

Array = NDArray[Any]


# How sure, and how often right --------------------------------------------------------------------


def temperature(logits: Array, y: Array) -> float:
    """The number T > 0 for which softmax(logits / T) has the smallest log loss on y (Guo, 2017)."""
    found: Any = minimize_scalar(
        lambda log_t: log_loss(softmax(logits / np.exp(log_t)), y), bounds=(-4, 4), method="bounded"
    )
    return float(np.exp(found.x))


def ece_of_perfect(probabilities: Array, draws: int = 10) -> float:
    """The calibration error of a model that is right exactly as often as it says.

    Labels are drawn from the probabilities (N, K) themselves; the mean over some draws.
    """
    rng, steps = np.random.default_rng(0), probabilities.cumsum(1)
    drawn = [(rng.random((len(steps), 1)) > steps[:, :-1]).sum(1) for _ in range(draws)]
    return float(np.mean([calibration_error(probabilities, labels) for labels in drawn]))


# Attacks ------------------------------------------------------------------------------------------


def uphill(model: Any, x: Array, y: Array) -> Array:
    """The direction, pixel by pixel -1, 0 or 1, in which the loss of the true class y rises."""
    return np.sign(-slope(model, x, y, of="log-probability"))


def fgsm(model: Any, x: Array, y: Array, eps: float) -> Array:
    """One step of size eps uphill for every pixel, kept within [0, 1] (Goodfellow et al., 2015)."""
    return np.clip(x + eps * uphill(model, x, y), 0, 1).astype(x.dtype)


def pgd(model: Any, x: Array, y: Array, eps: float, steps: int = 10, seed: int = 0) -> Array:
    """Many small steps uphill from a random start, never farther than eps (Madry et al., 2018)."""
    rng = np.random.default_rng(seed)
    moved = np.clip(x + rng.uniform(-eps, eps, x.shape), 0, 1).astype(x.dtype)
    for _ in range(steps):
        moved = moved + 2.5 * eps / steps * uphill(model, moved, y)
        moved = np.clip(np.clip(moved, x - eps, x + eps), 0, 1).astype(x.dtype)
    return moved


def shaken(model: Any, x: Array, y: Array, eps: float, seed: int = 0) -> Array:
    """The honest control: as large a change as `fgsm` makes, in a random direction."""
    signs = np.random.default_rng(seed).choice([-1, 1], x.shape)
    return np.clip(x + eps * signs, 0, 1).astype(x.dtype)


def right(model: Any, x: Array, y: Array) -> float:
    """The share of the rows that the model names rightly."""
    return float((predict(model, x).argmax(1) == y).mean())


def accuracies(attack: Any, model: Any, part: Any, sizes: Sequence[float]) -> list[float]:
    """The accuracy under an attack of each size."""
    return [right(model, attack(model, part.x, part.y, eps), part.y) for eps in sizes]


def louder(model: Any, factor: float = 1000.0) -> Any:
    """A network with the same answers whose logits are larger by `factor`: the last layer is."""
    other, last = unlike(model), f"layers.{len(model.layers) - 1}."
    state = model.state_dict()
    other.load_state_dict({k: v * factor if k.startswith(last) else v for k, v in state.items()})
    return other


def hardened(engine: Any, part: Any, eps: float, seed: int = 0, epochs: int = 20) -> Any:
    """A network trained on attacked digits instead of clean ones, by `pgd` with five steps."""
    engine.manual_seed(seed)
    model = MLP(engine)([64, 64, 10])
    trainer = Trainer(model, optimizer="Adam", lr=3e-3)
    batches = part.batches(64, seed=seed)
    for epoch in range(epochs):
        for i, (x, y) in enumerate(batches.epoch(epoch)):
            attacked = pgd(model, x, y, eps, steps=5, seed=1000 * epoch + i)
            trainer.step((attacked, y))
    return model
