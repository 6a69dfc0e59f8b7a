"""What lesson 01 measures: networks on tables and pixels, curves in pieces, and second opinions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from ...data import Batches, Dataset, breast_cancer
from ...models import MLP
from ...teach import metrics
from ...teach.train import fit, predict, squared_error

Array = np.ndarray


def start(torch: Any, sizes: Sequence[int], seed: int) -> Any:
    """An `MLP` of these sizes on the given engine; one seed gives both engines the same weights.

    Weights and biases start uniformly in ±1/√inputs, as torch's `Linear` does by default.
    """
    model, rng = MLP(torch)(list(sizes)), np.random.default_rng(seed)
    with torch.no_grad():
        for layer in model.layers:
            k = layer.weight.shape[1] ** -0.5
            for p in (layer.weight, layer.bias):
                p.copy_(torch.tensor(rng.uniform(-k, k, tuple(p.shape)).astype(np.float32)))
    return model


def trained(
    torch: Any, x: Array, y: Array, sizes: Sequence[int], seed: int, epochs: int, lr: float = 5e-3
) -> Any:
    """A network trained by Adam on examples `x` (N, D) with labels `y` (N,)."""
    model = start(torch, sizes, seed)
    fit(model, Batches([x, y], 32, seed=seed), lr=lr, epochs=epochs, seed=seed)
    return model


def right(model: Any, x: Array, y: Array) -> float:
    """The fraction of `x` (N, D) that the model gives its label `y` (N,)."""
    return metrics.accuracy(predict(model, x), y)


def shifted(x: Array, down: int, across: int) -> Array:
    """Flat 8x8 images (N, 64), moved by whole pixels; what leaves is lost, what enters is white."""
    images, moved = x.reshape(-1, 8, 8), np.zeros((len(x), 8, 8), x.dtype)
    to = tuple(slice(max(0, s), min(8, 8 + s)) for s in (down, across))
    come = tuple(slice(max(0, -s), min(8, 8 - s)) for s in (down, across))
    moved[:, to[0], to[1]] = images[:, come[0], come[1]]
    return moved.reshape(-1, 64)


def count_pieces(y: Array) -> int:
    """How many straight pieces a curve has that is sampled at equal distances as `y` (N,)."""
    slope = np.diff(y)
    turns = np.abs(np.diff(slope)) > 1e-6 * np.abs(slope).max()
    return 1 + int(np.sum(turns & ~np.r_[False, turns[:-1]]))  # a bend may span two samples


def learn_curve(torch: Any, x: Array, y: Array, width: int, seed: int, steps: int = 1500) -> Any:
    """A network with one hidden layer of `width` units, trained on the curve `x`, `y` (N, 1)."""
    model = start(torch, [1, width, 1], seed)
    whole = Batches([x.astype(np.float32), y.astype(np.float32)], len(x), seed=seed)
    fit(model, whole, loss=squared_error, lr=0.01, epochs=steps, seed=seed)
    return model


class Opinions(NamedTuple):
    """What a model says of the test tumours of each split: P(malignant), and the truth."""

    p: list[Array]
    malignant: list[Array]

    @property
    def right(self) -> list[float]:
        """The accuracy in each split."""
        pairs = zip(self.p, self.malignant, strict=True)
        return [float(((p > 0.5) == y).mean()) for p, y in pairs]

    @property
    def all(self) -> tuple[Array, Array]:
        """Probabilities and truth of all splits, one after the other."""
        return np.concatenate(self.p), np.concatenate(self.malignant)

    @property
    def error(self) -> float:
        """The calibration error over the tests of all splits."""
        p, y = self.all
        return metrics.calibration_error(np.c_[1 - p, p], y.astype(int))

    @property
    def log_loss(self) -> float:
        """The mean cross-entropy over the tests of all splits."""
        p, y = self.all
        return metrics.log_loss(np.c_[1 - p, p], y.astype(int))


def line(tumours: Dataset, seed: int) -> Array:
    """P(malignant) of the test tumours by logistic regression."""
    fitted = LogisticRegression(max_iter=2000).fit(tumours.train.x, tumours.train.y)
    return fitted.predict_proba(tumours.test.x)[:, 0]


def network(torch: Any, epochs: int) -> Any:
    """A way to an opinion: P(malignant) by a 30-16-2 network after `epochs` of training."""

    def opinion(tumours: Dataset, seed: int) -> Array:
        train = tumours.train
        model = trained(torch, train.x, train.y, [30, 16, 2], seed, epochs, lr=0.01)
        return metrics.softmax(predict(model, tumours.test.x))[:, 0]

    return opinion


def opinions(ways: Mapping[str, Any], seeds: Iterable[int]) -> dict[str, Opinions]:
    """What each way says over several random splits; the seed decides the split and the weights."""
    splits = [(seed, breast_cancer(seed=seed)) for seed in seeds]
    truth = [tumours.test.y == 0 for _, tumours in splits]
    return {
        name: Opinions([way(tumours, seed) for seed, tumours in splits], truth)
        for name, way in ways.items()
    }


def errors(p: Array, malignant: Array, threshold: float) -> tuple[int, int]:
    """Tumours missed and false alarms, where `p` of at least `threshold` raises the alarm."""
    alarm = p >= threshold
    return int((~alarm & malignant).sum()), int((alarm & ~malignant).sum())


def cost(p: Array, malignant: Array, threshold: float, miss: float, alarm: float) -> float:
    """The mean cost per patient, where a miss and a false alarm cost this much."""
    missed, alarms = errors(p, malignant, threshold)
    return (miss * missed + alarm * alarms) / len(p)
