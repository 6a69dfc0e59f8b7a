"""What lesson 08 measures: leaks, bias and variance, double descent, penalties, modes, data."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...data import Dataset, Part
from ...teach.metrics import softmax
from ...teach.train import cross_entropy, engine_of, fit, predict

Array = NDArray[Any]


# Leaks --------------------------------------------------------------------------------------------


def nearest(x: Array, y: Array, at: Array) -> Array:
    """The answer of the nearest training example (x, y) for every row of `at`, (len(at),)."""
    distances = (x**2).sum(1) - 2 * at @ x.T  # (len(at), len(x)), up to a constant of the row
    return y[distances.argmin(1)]


def halves(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """The numbers 0 to count - 1 in two random halves: to train on, and to test on."""
    order = rng.permutation(count)
    return order[: count // 2], order[count // 2 :]


def score(x: Array, y: Array, train: Array, test: Array) -> float:
    """The accuracy of the nearest neighbour among the rows `train` on the rows `test`."""
    return float((nearest(x[train], y[train], x[test]) == y[test]).mean())


def best_columns(x: Array, y: Array, count: int) -> Array:
    """The `count` columns of x whose correlation with the labels y (0 or 1) is largest."""
    centred = x - x.mean(0)
    correlation = centred.T @ (y - y.mean()) / np.linalg.norm(centred, axis=0).clip(1e-12)
    return np.argsort(-abs(correlation))[:count]


def leak_by_selection(seed: int, honest: bool, rows: int = 100, columns: int = 2000) -> float:
    """Accuracy on coin flips from pure noise, where 20 columns were chosen with the test rows."""
    rng = np.random.default_rng([seed, 1])
    x, y = rng.normal(size=(rows, columns)), rng.permutation(np.arange(rows) % 2)
    train, test = halves(rows, rng)
    used = train if honest else np.arange(rows)
    return score(x[:, best_columns(x[used], y[used], 20)], y, train, test)


def leak_by_copies(digits: Dataset, seed: int, honest: bool, copies: int = 4) -> float:
    """Accuracy on labels thrown by dice, where noisy copies of an image are on both sides."""
    rng = np.random.default_rng([seed, 2])
    images = digits.train.x[rng.permutation(len(digits.train))[:200]].astype(np.float64)
    x = np.repeat(images, copies, axis=0)
    x = x + rng.normal(0, 0.02, x.shape)
    y = np.repeat(rng.integers(0, 10, 200), copies)
    train, test = halves(len(x), rng)
    if honest:  # all copies of one image on one side
        image = np.arange(len(x)) // copies
        train, test = (np.flatnonzero(np.isin(image, half)) for half in halves(200, rng))
    return score(x, y, train, test)


def leak_by_scaling(digits: Dataset, seed: int, honest: bool) -> float:
    """Accuracy on digits whose columns were scaled by the statistics of all rows."""
    rng = np.random.default_rng([seed, 3])
    rows = rng.permutation(len(digits.train))[:400]
    x, y = digits.train.x[rows].astype(np.float64), digits.train.y[rows]
    train, test = halves(len(x), rng)
    used = x[train] if honest else x
    scaled = (x - used.mean(0)) / np.where(used.std(0) > 0, used.std(0), 1)
    return score(scaled, y, train, test)


def leak_by_choice(seed: int, honest: bool, models: int = 200, rows: int = 100) -> float:
    """Accuracy of the best of many coin-flippers: on the rows that chose it, or on new ones."""
    rng = np.random.default_rng([seed, 4])
    guesses, truth = rng.integers(0, 2, (models, 2 * rows)), rng.integers(0, 2, 2 * rows)
    right = guesses == truth
    chosen = right[:, :rows].mean(1).argmax()
    return float(right[chosen, rows:].mean() if honest else right[chosen, :rows].mean())


def leaks(digits: Dataset, seeds: int = 10) -> dict[str, tuple[list[float], list[float]]]:
    """For each leak: the scores it reports and the honest ones, one a seed."""
    ways: dict[str, Callable[[int, bool], float]] = {
        "columns chosen on all rows (noise)": leak_by_selection,
        "noisy copies on both sides (dice)": functools.partial(leak_by_copies, digits),
        "best of 200 on the test rows (coins)": leak_by_choice,
        "scaled by all rows (digits)": functools.partial(leak_by_scaling, digits),
    }
    return {
        name: ([way(s, False) for s in range(seeds)], [way(s, True) for s in range(seeds)])
        for name, way in ways.items()
    }


# Bias and variance --------------------------------------------------------------------------------


class Parts(NamedTuple):
    """What the expected squared error of a fit consists of, each as a mean over x."""

    bias2: float
    variance: float
    noise: float
    error: float


def bias_variance(degree: int, points: int = 30, noise: float = 0.3, worlds: int = 300) -> Parts:
    """Fit a polynomial in many worlds with other noise, and take its error apart (Geman, 1992)."""
    rng = np.random.default_rng(0)
    x, grid = np.linspace(-1, 1, points), np.linspace(-1, 1, 101)
    truth = np.sin(3 * grid)
    y = np.sin(3 * x)[:, None] + noise * rng.normal(size=(points, worlds))
    phi, at = (np.polynomial.legendre.legvander(v, degree) for v in (x, grid))
    fits = at @ np.linalg.lstsq(phi, y, rcond=None)[0]  # (101, worlds)
    bias2 = ((fits.mean(1) - truth) ** 2).mean()
    new = truth[:, None] + noise * rng.normal(size=fits.shape)  # new points of each world
    error = ((fits - new) ** 2).mean()
    return Parts(float(bias2), float(fits.var(1).mean()), noise**2, float(error))


# Double descent -----------------------------------------------------------------------------------


def random_features(x: Array, width: int, seed: int) -> Array:
    """A hidden layer that is never trained: relu(x R) with R from N(0, 1/columns), (N, width)."""
    rng = np.random.default_rng([seed, width])
    return np.maximum(x @ rng.normal(size=(x.shape[1], width)) / np.sqrt(x.shape[1]), 0)


def spoiled(part: Part, count: int, share: float, seed: int, classes: int = 10) -> Part:
    """The first `count` examples after a shuffle, a `share` of them with a wrong label."""
    rng = np.random.default_rng([seed, 5])
    rows = rng.permutation(len(part))[:count]
    y = part.y[rows].copy()
    wrong = rng.permutation(count)[: round(share * count)]
    y[wrong] = (y[wrong] + rng.integers(1, classes, len(wrong))) % classes
    return Part(part.x[rows], y)


def ridge(phi: Array, target: Array, penalty: float) -> Array:
    """Weights of the least squares fit: the shortest where there are many, or held by a penalty."""
    if penalty == 0:
        return np.linalg.lstsq(phi, target, rcond=None)[0]
    if phi.shape[0] < phi.shape[1]:  # the same weights from the smaller system
        return phi.T @ np.linalg.solve(phi @ phi.T + penalty * np.eye(len(phi)), target)
    return np.linalg.solve(phi.T @ phi + penalty * np.eye(phi.shape[1]), phi.T @ target)


def descent(
    train: Part, test: Part, widths: Sequence[int], seed: int, penalty: float = 0.0
) -> dict[str, Array]:
    """Errors (share of wrong answers) and length of the weights for each number of features."""
    rows: dict[str, list[float]] = {"train": [], "test": [], "length": []}
    for width in widths:
        phi, at = (random_features(p.x.astype(float), width, seed) for p in (train, test))
        w = ridge(phi, np.eye(10)[train.y], penalty)
        rows["train"].append(np.mean((phi @ w).argmax(1) != train.y))
        rows["test"].append(np.mean((at @ w).argmax(1) != test.y))
        rows["length"].append(float(np.linalg.norm(w)))
    return {name: np.array(values) for name, values in rows.items()}


# Networks -----------------------------------------------------------------------------------------


@functools.cache
def Net(torch: Any) -> Any:
    """A 64-hidden-10 network with dropout, and batch norm if asked for, on the given engine."""
    nn = torch.nn

    class Net(nn.Module):
        """`Net(128, p=0.5)`: 64 inputs, 128 hidden units, each dropped with probability p."""

        def __init__(self, hidden, p=0.0, norm=False):
            super().__init__()
            self.first = nn.Linear(64, hidden, bias=not norm)  # batch norm would subtract it
            self.norm = nn.BatchNorm1d(hidden) if norm else nn.Identity()
            self.drop = nn.Dropout(p)
            self.last = nn.Linear(hidden, 10)

        def forward(self, x):  # (B, 64)
            return self.last(self.drop(self.norm(self.first(x)).relu()))  # (B, 10)

    return Net


class Recipe(NamedTuple):
    """How to train: dropout, decay, L1 penalty, early stopping, batch norm."""

    p: float = 0.0
    decay: float = 0.0
    l1: float = 0.0
    patience: int | None = None
    norm: bool = False
    epochs: int = 50


PLAIN = Recipe()


def with_l1(strength: float) -> Callable[..., Any]:
    """The cross-entropy plus `strength` times the sum of all absolute weights of the matrices."""

    def loss(model: Any, x: Any, y: Any) -> Any:
        size = sum(p.abs().sum() for p in model.parameters() if p.ndim == 2)
        return cross_entropy(model, x, y) + strength * size

    return loss


def trained(
    engine: Any, train: Part, valid: Part, recipe: Recipe = PLAIN, seed: int = 0,
    metrics: Mapping[str, Callable[[Any], float]] | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """A network of 128 hidden units trained by a recipe with AdamW; the model and its history."""
    engine.manual_seed(seed)
    model = Net(engine)(128, recipe.p, recipe.norm)
    history = fit(
        model,
        train.batches(50, seed=seed),
        loss=with_l1(recipe.l1) if recipe.l1 else cross_entropy,
        optimizer="AdamW",
        lr=3e-3,
        options={"weight_decay": recipe.decay},
        epochs=recipe.epochs,
        valid=valid.batches(512, shuffle=False) if recipe.patience or metrics else None,
        patience=recipe.patience,
        metrics=metrics,
        seed=seed,
        progress=False,
    )
    return model, history


def right(model: Any, part: Part) -> float:
    """The share of `part` that the model answers correctly, in eval mode."""
    return float((predict(model, part.x).argmax(1) == part.y).mean())


def ensemble(models: Sequence[Any], x: Array) -> Array:
    """The mean of the models' probabilities, (N, 10)."""
    return np.mean([softmax(predict(m, x)) for m in models], axis=0)


# Penalties ----------------------------------------------------------------------------------------


def soft_threshold(w: Array, by: float) -> Array:
    """Every number moved towards zero by `by`, and to exactly zero where it would pass it."""
    return np.sign(w) * np.maximum(abs(w) - by, 0)


def lasso(
    x: Array, y: Array, strength: float, steps: int = 2000, proximal: bool = True
) -> Array:  # fmt: skip
    """Weights that minimise |y - x w|^2 / 2N + strength * sum |w|, by gradient descent from zero.

    With `proximal`, the penalty acts by `soft_threshold` after each step; without, by its slope
    sign(w) in the gradient (Daubechies, Defrise and De Mol, 2004).
    """
    w, lr = np.zeros(x.shape[1]), len(x) / float(np.linalg.norm(x, 2)) ** 2
    for _ in range(steps):
        slope = x.T @ (x @ w - y) / len(x)
        if proximal:
            w = soft_threshold(w - lr * slope, lr * strength)
        else:
            w = w - lr * (slope + strength * np.sign(w))
    return w


def with_noise_columns(diabetes: Dataset, count: int = 60) -> tuple[Array, Array]:
    """Measurements and centred progress of the training patients, with columns of noise added."""
    x, y = diabetes.train.x.astype(np.float64), diabetes.train.y.ravel().astype(np.float64)
    noise = np.random.default_rng(0).normal(size=(len(x), count))
    return np.hstack([x, noise]), y - y.mean()


# Modes --------------------------------------------------------------------------------------------


def accuracy_left_on(model: Any, part: Part, size: int = 512, by_class: bool = False) -> float:
    """The accuracy of a model whose `eval()` was forgotten, on batches of `size`."""
    order = np.argsort(part.y, kind="stable") if by_class else np.arange(len(part))
    x, y = part.x[order], part.y[order]
    kept = {k: v.clone() for k, v in model.state_dict().items()}  # running statistics would move
    model.train()
    answers = [
        model(_tensor(model, x[i : i + size])).detach().numpy().argmax(1)
        for i in range(0, len(x), size)
    ]
    model.load_state_dict(kept)
    model.eval()
    return float((np.concatenate(answers) == y).mean())


def _tensor(model: Any, x: Array) -> Any:
    return engine_of(model).tensor(x)
