"""Explorable 7, the overfit dial: capacity past interpolation, and the train/eval switch."""

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.polynomial.legendre import legvander

from ... import scratch
from ...data import Part, digits
from ...teach.explorable import (
    Choice,
    Explorable,
    Frame,
    KnobError,
    Mission,
    Numbers,
    Own,
    Prediction,
    Preset,
    Settings,
    Slider,
    Toggle,
    done,
    not_yet,
    number,
    options,
    waiting,
)
from ...teach.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEGREES = 60
GRID = np.linspace(-1, 1, 161)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
WILD = 5.0  # the length of what is added to the shortest solution to get some other one


# The dial: Legendre polynomials through noisy points ----------------------------------------------


def truth(x: np.ndarray) -> np.ndarray:
    """What the points are noisy samples of."""
    return np.sin(3 * x)


@lru_cache(maxsize=32)
def _points(n: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x, shaken = np.sort(rng.uniform(-1, 1, n)), rng.normal(size=n)
    return x, truth(x) + noise * shaken


class Restraint(NamedTuple):
    """How the fit is held back: `kind` none, ridge, l1, dropout or early, and by how much.

    `amount` is the strength of a penalty, the probability of dropout, or the number of steps.
    """

    kind: str
    amount: float
    shortest: bool = True


@lru_cache(maxsize=128)
def _features(points: bytes, degree: int) -> np.ndarray:
    return legvander(np.frombuffer(points), degree)


@lru_cache(maxsize=128)
def _factors(points: bytes, degree: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The singular value decomposition of the features of these points."""
    return np.linalg.svd(_features(points, degree), full_matrices=False)


def fit(x: np.ndarray, y: np.ndarray, degree: int, how: Restraint) -> np.ndarray:
    """The weights of a polynomial, (degree + 1,): each singular direction is filtered by itself.

    1/s is least squares (the shortest solution where there are many); ridge makes it s / (s^2 + a);
    t steps of gradient descent from zero make it (1 - (1 - s^2 / s_max^2)^t) / s.  L1 and dropout
    have no such filter: `lasso`, `without_dropouts`.
    """
    if how.kind in ("l1", "dropout"):
        return _in_columns(x, y, how)[degree, : degree + 1]
    U, s, Vt = _factors(x.tobytes(), degree)
    w = Vt.T @ (_filter(s, how) * (U.T @ y))
    if how.kind == "none" and not how.shortest and degree >= len(x):
        other = np.random.default_rng(1).normal(size=degree + 1)
        other -= Vt.T @ (Vt @ other)  # changes no value at the points
        w = w + WILD * other / np.linalg.norm(other)
    return w


def _filter(s: np.ndarray, how: Restraint) -> np.ndarray:
    if how.kind == "ridge":
        return s / (s**2 + how.amount)
    if how.kind == "early":
        return (1 - (1 - (s / s[0]) ** 2) ** how.amount) / s
    return np.where(s > 1e-12 * s[0], 1 / np.maximum(s, 1e-300), 0)


ITERATIONS = 300


def lasso(gram: np.ndarray, moment: np.ndarray, strength: float) -> np.ndarray:
    """For every degree d the weights w[d, :d + 1] that minimise |y - phi w|^2 / 2 + a sum |w|.

    `gram` is phi^T phi of the highest degree and `moment` phi^T y; all degrees take the same
    accelerated steps with a soft threshold (FISTA: Beck and Teboulle, 2009).
    """
    used = np.tri(len(gram), dtype=bool)  # degree d has the columns 0 to d
    lr = 1 / np.linalg.eigvalsh(gram)[-1]
    w = ahead = np.zeros(gram.shape)
    momentum = 1.0
    for _ in range(ITERATIONS):
        moved = ahead - lr * (ahead @ gram - moment)
        new = np.where(used, np.sign(moved) * np.maximum(abs(moved) - lr * strength, 0), 0)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = new + (momentum - 1) / following * (new - w)
        w, momentum = new, following
    return w


def without_dropouts(gram: np.ndarray, moment: np.ndarray, p: float) -> np.ndarray:
    """For every degree the weights that do best on average when each column drops with p.

    The mean over all masks of inverted dropout adds p / (1 - p) times the diagonal of phi^T phi to
    it: a ridge, stronger on longer columns (Srivastava et al., 2014, section 9.1).
    """
    held = gram + p / (1 - p) * np.diag(np.diag(gram))
    w = np.zeros(gram.shape)
    for d in range(len(gram)):
        least = np.linalg.lstsq(held[: d + 1, : d + 1], moment[: d + 1], rcond=1e-14)[0]
        w[d, : d + 1] = least
    return w


def _in_columns(x: np.ndarray, y: np.ndarray, how: Restraint) -> np.ndarray:
    """The weights of all degrees, one a row, under L1 or dropout."""
    return _all_weights(x.tobytes(), y.tobytes(), how.kind, how.amount)


@lru_cache(maxsize=64)
def _all_weights(points: bytes, values: bytes, kind: str, amount: float) -> np.ndarray:
    phi = _features(points, DEGREES)
    gram, moment = phi.T @ phi, phi.T @ np.frombuffer(values)
    return (lasso if kind == "l1" else without_dropouts)(gram, moment, amount)


@cache
def _on_grid(degree: int) -> np.ndarray:
    return legvander(GRID, degree)


def errors(x: np.ndarray, y: np.ndarray, degree: int, how: Restraint) -> tuple[float, float, float]:
    """Mean squared error at the points and against the truth, and the length of the weights."""
    w = fit(x, y, degree, how)
    train = np.mean((_features(x.tobytes(), degree) @ w - y) ** 2)
    test = np.mean((_on_grid(degree) @ w - truth(GRID)) ** 2)
    return float(train), float(test), float(np.linalg.norm(w))


@cache
def _test() -> Part:
    return digits().test


# The switch: a network with batch norm, and one with dropout --------------------------------------


class Trained(NamedTuple):
    """A 64-64-10 network on the digits, and the statistics of its hidden layer at each step."""

    W1: np.ndarray
    b1: np.ndarray
    gain: np.ndarray
    bias: np.ndarray
    W2: np.ndarray
    b2: np.ndarray
    means: np.ndarray  # (steps, 64) of each batch
    variances: np.ndarray  # (steps, 64), unbiased, as PyTorch keeps them


@cache
def _trained(layer: str, epochs: int) -> Trained:
    """Train with batches of 32 by SGD at 0.1, from the same seed."""
    nn, F = scratch.nn, scratch.nn.functional
    scratch.manual_seed(0)
    middle = nn.BatchNorm1d(64) if layer == "batch norm" else nn.Dropout(0.5)
    model = nn.Sequential(nn.Linear(64, 64), middle, nn.ReLU(), nn.Linear(64, 10))
    optimizer = scratch.optim.SGD(model.parameters(), lr=0.1)
    part, rng = digits().train, np.random.default_rng(0)
    means, variances = [], []
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(part.x)), len(part.x) // 32):
            hidden = model[0](scratch.from_numpy(part.x[rows])).detach().numpy()
            means.append(hidden.mean(axis=0))
            variances.append(hidden.var(axis=0, ddof=1))
            loss = F.cross_entropy(
                model(scratch.from_numpy(part.x[rows])), scratch.from_numpy(part.y[rows])
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    w = {name: p.detach().numpy().astype(np.float64) for name, p in model.named_parameters()}
    gain, bias = w.get("1.weight", np.ones(64)), w.get("1.bias", np.zeros(64))
    return Trained(
        w["0.weight"], w["0.bias"], gain, bias, w["3.weight"], w["3.bias"],
        np.array(means), np.array(variances),
    )  # fmt: skip


def running(net: Trained, updates: int, momentum: float) -> tuple[np.ndarray, np.ndarray]:
    """Running mean and variance after the last `updates` steps: new = (1 - m) old + m batch."""
    mean, variance = np.zeros(64), np.ones(64)
    for m, v in zip(net.means[-updates:], net.variances[-updates:], strict=True):
        mean = (1 - momentum) * mean + momentum * m
        variance = (1 - momentum) * variance + momentum * v
    return mean, variance


class Mode(NamedTuple):
    """How a network is used: its mode, batches and their order, and the mistakes to make."""

    evaluating: bool
    size: int
    sorted_: bool
    updates: int
    momentum: float
    keep: float
    rescale: bool
    functional: bool


@cache
def _hidden(layer: str, epochs: int) -> np.ndarray:
    """The sums of the hidden layer for all test digits, (360, 64): they depend on no mode."""
    net = _trained(layer, epochs)
    return _test().x.astype(np.float64) @ net.W1.T + net.b1


def predict(
    net: Trained, layer: str, h: np.ndarray, mode: Mode, rng: np.random.Generator
) -> np.ndarray:
    """The logits from hidden sums h (n, 64) taken in batches of `mode.size`, (n, 10)."""
    h = _normalised(h, net, mode) if layer == "batch norm" else _dropped(h, mode, rng)
    # einsum: a product this small is not worth the threads of a BLAS.
    return np.einsum("nh,kh->nk", np.maximum(h, 0), net.W2) + net.b2


def _normalised(h: np.ndarray, net: Trained, mode: Mode) -> np.ndarray:
    if mode.evaluating:
        mean, variance = running(net, mode.updates, mode.momentum)
    else:
        mean = _over_batches(h, mode.size)
        variance = _over_batches((h - mean) ** 2, mode.size)
    return (h - mean) / np.sqrt(variance + 1e-5) * net.gain + net.bias


def _over_batches(h: np.ndarray, size: int) -> np.ndarray:
    """Each row's mean over its batch of `size` rows (the last may be smaller), (n, 64)."""
    begins = np.arange(0, len(h), size)
    counts = np.diff(np.append(begins, len(h)))
    means = np.add.reduceat(h, begins, axis=0) / counts[:, None]
    return np.repeat(means, counts, axis=0)


def _dropped(h: np.ndarray, mode: Mode, rng: np.random.Generator) -> np.ndarray:
    if mode.evaluating and not mode.functional:
        # A network trained without the rescaling would have to be scaled down here.
        return h if mode.rescale else h / mode.keep
    kept = rng.random(h.shape) < mode.keep
    return h * kept / mode.keep if mode.rescale else h * kept


@lru_cache(maxsize=512)
def accuracy(layer: str, epochs: int, mode: Mode, seed: int = 0) -> float:
    """The share of the test digits that are named rightly, nan for a batch of one in training."""
    if layer == "batch norm" and not mode.evaluating and mode.size == 1:
        return float("nan")  # PyTorch refuses it: one value has no variance
    y, rng = _test().y, np.random.default_rng(seed)
    order = np.argsort(y, kind="stable") if mode.sorted_ else rng.permutation(len(y))
    logits = predict(_trained(layer, epochs), layer, _hidden(layer, epochs)[order], mode, rng)
    return float((logits.argmax(axis=1) == y[order]).mean())


# The frame ----------------------------------------------------------------------------------------


def compute(
    tab: str,
    n: int,
    noise: float,
    degree: int,
    restraint: str,
    ridge: float,
    l1: float,
    dropout: float,
    descent: int,
    solution: str,
    pulled: tuple[float, ...],
    layer: str,
    mode: str,
    size: int,
    order: str,
    updates: str,
    momentum: float,
    rescale: bool,
    functional: bool,
    *,
    data: tuple[Any, Any] | None = None,
    fitter: Callable[..., np.ndarray] | None = None,
    fine: bool = True,
) -> Frame:
    """The fit at one capacity among all; or a network's accuracy in the chosen mode."""
    if tab == "switch":
        used = Mode(
            mode == "eval",
            size,
            order == "sorted",
            int(updates),
            momentum,
            0.5,
            rescale,
            functional,
        )
        return _switch(layer, used)
    x, y = _points(n, noise) if data is None else _own_data(data)
    y = y.copy()
    i = min(max(int(pulled[0]), 0), len(x) - 1)
    y[i] += pulled[1]
    amounts = {"ridge": ridge, "l1": l1, "dropout": dropout, "early": float(descent)}
    amount = amounts.get(restraint, 0.0)
    how = Restraint(restraint, amount, solution == "shortest")
    curves = np.array([errors(x, y, d, how) for d in range(DEGREES + 1)])
    w = fit(x, y, degree, how)
    drawn = _on_grid(degree) @ w if fitter is None else _own_fit(fitter, x, y)
    numbers = {
        "tab": "dial",
        "n": len(x),
        "degree": degree,
        "train": float(curves[degree, 0]),
        "test": float(np.mean((drawn - truth(GRID)) ** 2)),
        "norm": float(curves[degree, 2]),
        "zeros": int(np.sum(w == 0)),
        "worst": int(curves[:, 1].argmax()),
        "worst_test": float(curves[:, 1].max()),
        "best": int(curves[:, 1].argmin()),
        "best_test": float(curves[:, 1].min()),
        "restraint": restraint,
        "pulled": i,
        "pull": float(pulled[1]),
        "own": fitter is not None,
    }
    arrays = {
        "x": x,
        "y": y,
        "fit": drawn.clip(-1e6, 1e6),
        "grid": GRID,
        "truth": truth(GRID),
        "curves": curves.clip(1e-12, 1e12),
    }
    return Frame(arrays, numbers)


def _own_data(data: tuple[Any, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The learner's points, x brought to [-1, 1] and sorted."""
    x, y = (np.asarray(v, dtype=np.float64).ravel() for v in data)
    if len(x) != len(y) or not 2 <= len(x) <= DEGREES:
        raise KnobError(
            f"data is two arrays of the same length, 2 to {DEGREES}, not {len(x)} and {len(y)}."
        )
    order = np.argsort(x)
    width = np.ptp(x) or 1.0
    return 2 * (x[order] - x.min()) / width - 1, y[order]


def _own_fit(fitter: Callable[..., np.ndarray], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    drawn = np.asarray(fitter(x.copy(), y.copy(), GRID.copy()), dtype=np.float64)
    if drawn.shape != GRID.shape:
        raise ValueError(f"fitter(x, y, at) should return {GRID.shape}, not {drawn.shape}.")
    return drawn


RIGHT = Mode(True, 64, False, 360, 0.1, 0.5, True, False)
EPOCHS = 10


def _switch(layer: str, mode: Mode) -> Frame:
    repeats = [accuracy(layer, EPOCHS, mode, seed) for seed in range(6)]
    net, y = _trained(layer, EPOCHS), _test().y
    rows = np.argsort(y, kind="stable") if mode.sorted_ else np.arange(len(y))
    numbers = {
        "tab": "switch",
        "layer": layer,
        "evaluating": mode.evaluating,
        "size": mode.size,
        "sorted": mode.sorted_,
        "updates": mode.updates,
        "accuracy": repeats[0],
        "right": accuracy(layer, EPOCHS, RIGHT),
        "repeats": repeats,
        "functional": mode.functional,
        "rescale": mode.rescale,
        "logit_ratio": _size(layer, mode) / _size(layer, RIGHT),
    }
    arrays = {
        "sizes": np.array(SIZES),
        "sweep": np.array([accuracy(layer, EPOCHS, mode._replace(size=s)) for s in SIZES]),
        "running_mean": running(net, mode.updates, mode.momentum)[0],
        "batch_mean": _hidden(layer, EPOCHS)[rows[: mode.size]].mean(axis=0),
    }
    return Frame(arrays, numbers)


def _size(layer: str, mode: Mode) -> float:
    """The mean size of a logit."""
    net, h = _trained(layer, EPOCHS), _hidden(layer, EPOCHS)
    return float(np.abs(predict(net, layer, h, mode, np.random.default_rng(0))).mean())


# Words --------------------------------------------------------------------------------------------


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    return _describe_switch(frame) if frame["tab"] == "switch" else _describe_dial(frame)


def _describe_dial(frame: Frame) -> tuple[str, ...]:
    if "test" not in frame.numbers:
        return (f"A polynomial of degree {frame['degree']} through {frame['n']} noisy points.",)
    n, degree = frame["n"], frame["degree"]
    who = (
        "Your fit"
        if frame["own"]
        else f"The polynomial of degree {degree} has {degree + 1} parameters and"
    )
    says = [
        f"{who} has the error {number(frame['test'])} against the truth, and "
        f"{number(frame['train'])} at the {n} points."
    ]
    if frame["own"]:
        says = [f"Your fit has the error {number(frame['test'])} against the truth."]
    elif degree + 1 == n:
        says.append(
            "There are as many parameters as points: the one curve through all of them "
            "swings between them."
        )
    elif degree + 1 > n:
        says.append(
            "Many curves go through all points; the weights of this one have the length "
            f"{number(frame['norm'])}."
        )
    if frame["restraint"] == "none":
        says.append(
            f"Over all degrees the error is largest at {frame['worst']} "
            f"({number(frame['worst_test'])}), next to as many "
            f"parameters as points, and least at {frame['best']} ({number(frame['best_test'])})."
        )
    else:
        says.append(f"Held back, no degree does worse than {number(frame['worst_test'])}.")
    if frame["restraint"] == "l1" and not frame["own"]:
        says.append(f"Of the {degree + 1} weights {frame['zeros']} are exactly zero.")
    return tuple(says)


def _describe_switch(frame: Frame) -> tuple[str, ...]:
    if np.isnan(frame["accuracy"]):
        return (
            "In training mode batch norm refuses a batch of one: a single value has no variance.",
        )
    mode = "eval()" if frame["evaluating"] else "train()"
    says = [
        f"With model.{mode} and batches of {frame['size']}, the same weights name "
        f"{_percent(frame['accuracy'])} of 360 test digits; used rightly, "
        f"{_percent(frame['right'])}."
    ]
    says.append(_why_norm(frame) if frame["layer"] == "batch norm" else _why_dropout(frame))
    return tuple(says)


def _why_norm(frame: Frame) -> str:
    if frame["evaluating"]:
        return (
            f"It normalises by running statistics of {frame['updates']} batches: what else "
            "is in the batch does not matter."
        )
    kin = (
        "and the batch holds one or two classes only"
        if frame["sorted"]
        else "so each digit depends on its neighbours"
    )
    return f"It normalises by the mean and variance of the batch itself, {kin}."


def _why_dropout(frame: Frame) -> str:
    spread = (
        f"from {_percent(min(frame['repeats']))} to {_percent(max(frame['repeats']))} over "
        "six calls"
    )
    if frame["evaluating"] and frame["functional"]:
        return f"F.dropout(x, 0.5) does not know of eval(): it drops on, {spread}."
    if not frame["evaluating"]:
        return f"Half of the hidden units are dropped at random: {spread}."
    if not frame["rescale"]:
        return (
            "Without the division by the share kept, the logits are "
            f"{number(frame['logit_ratio'])} times as large in eval()."
        )
    return "Nothing is dropped, and every call says the same."


def _percent(value: float) -> str:
    return f"{100 * value:.1f}\u00a0%"


# Prediction and missions --------------------------------------------------------------------------


def _prove(explorable: Explorable) -> int:
    low, peak, high = (explorable.at(degree=d)["test"] for d in (3, 19, 59))
    return [low < peak < high, low < high < peak, high < low < peak].index(True)


PREDICT = Prediction(
    "Polynomials are fitted to 20 noisy points: of degree 3, of degree 19 (as many parameters as "
    "points) and of degree 59 (the shortest of its many solutions). Which has the "
    "largest test error?",
    (
        (
            "Degree 59: it has the most parameters",
            "Past interpolation there are many curves through the points, and the "
            "shortest swings less than the only one of degree 19. The error falls again: "
            "double descent.",
        ),
        (
            "Degree 19: it just reaches all points",
            "With as many parameters as points there is one curve through them, and it "
            "pays any price. Of the many curves of degree 59 the shortest is taken, and "
            "it swings less.",
        ),
        (
            "Degree 3: it cannot bend enough",
            "Degree 3 misses the points by the noise and the truth by little: it is the "
            "best of the three here.",
        ),
    ),
    1,
    _prove,
    hides=(
        "curves",
        "fit",
        "test",
        "train",
        "worst",
        "worst_test",
        "best",
        "best_test",
        "norm",
        "zeros",
    ),
    at={"tab": "dial", "degree": 19, "restraint": "none"},
)


def _check_worst(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "dial" or settings["restraint"] != "none":
        return waiting("Open the tab Dial, and hold nothing back.")
    if frame["n"] == 20:
        return not_yet("That is for another number of points than 20.")
    if frame["degree"] != frame["worst"]:
        return not_yet(
            f"Degree {frame['degree']} has {number(frame['test'])}; there is a worse one."
        )
    return done(
        f"Degree {frame['degree']}, with {frame['n']} points: the peak moves with the data."
    )


def _check_tame(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "dial":
        return waiting("Open the tab Dial.")
    if frame["degree"] + 1 != frame["n"]:
        return not_yet(f"Keep as many parameters as points: degree {frame['n'] - 1}.")
    if frame["test"] > 0.05:
        return not_yet(f"The test error is {number(frame['test'])}.")
    return done(
        f"{number(frame['test'])} with all {frame['n']} parameters: it is not their "
        "number that hurts."
    )


def _check_switch(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "switch" or frame["layer"] != "batch norm":
        return waiting("Open the tab Train or eval, with batch norm.")
    if not frame["accuracy"] < 0.5:
        return not_yet(f"It names {_percent(frame['accuracy'])}.")
    return done(
        f"{_percent(frame['accuracy'])} with the weights of a {_percent(frame['right'])} network."
    )


def _check_stubborn(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "switch" or frame["layer"] != "dropout":
        return waiting("Open the tab Train or eval, with dropout.")
    if not frame["evaluating"]:
        return not_yet("Call eval() first.")
    if max(frame["repeats"]) == min(frame["repeats"]):
        return not_yet("Every call says the same.")
    return done("It drops in eval(): F.dropout needs training=self.training.")


MISSIONS = (
    Mission(
        "worst",
        "Find the worst degree for another number of points.",
        _check_worst,
        lambda e: {"n": 30, "degree": e.at(n=30, noise=0.2)["worst"]},
        {"tab": "dial", "restraint": "none", "degree": 10},
    ),
    Mission(
        "tame",
        "Keep as many parameters as points and bring the test error under 0.05.",
        _check_tame,
        lambda e: {"restraint": "ridge", "ridge": 0.1},
        {"tab": "dial", "n": 20, "degree": 19, "restraint": "none"},
    ),
    Mission(
        "switch",
        "Make the trained batch-norm network fail on half of the digits.",
        _check_switch,
        lambda e: {"mode": "train", "order": "sorted", "size": 8},
        {"tab": "switch", "layer": "batch norm", "mode": "eval", "order": "shuffled", "size": 64},
    ),
    Mission(
        "stubborn",
        "Make dropout go on in eval().",
        _check_stubborn,
        lambda e: {"functional": True},
        {"tab": "switch", "layer": "dropout", "mode": "eval", "functional": False},
    ),
)


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """The fit beside the error over all degrees; or accuracy over batch sizes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 3.1), layout="constrained")
    if frame["tab"] == "switch":
        _draw_sweep(figure.subplots(), frame)
        return figure
    left, right = figure.subplots(1, 2)
    left.plot(frame["grid"], frame["truth"], color="#57606a", ls="--", lw=1.2, label="truth")
    left.plot(
        frame["grid"], frame["fit"], color="#b8500c", lw=1.8, label=f"degree {frame['degree']}"
    )
    left.plot(frame["x"], frame["y"], "o", color="#0b63b0", ms=4, label="points")
    left.set_ylim(-3, 3)
    left.legend(fontsize=8, loc="lower right", frameon=True, edgecolor="none", framealpha=0.9)
    left.set_xlabel("x")
    right.semilogy(frame["curves"][:, 1], color="#b8500c", label="test error")
    right.semilogy(
        frame["curves"][:, 0].clip(1e-6), color="#0b63b0", ls="--", label="training error"
    )
    right.axvline(frame["n"] - 1, color="#57606a", lw=0.8)
    right.text(frame["n"] - 0.5, 2e-5, "as many parameters as points", fontsize=8)
    right.plot(frame["degree"], frame["curves"][frame["degree"], 1], "o", color="#b8500c")
    right.set_xlabel("degree")
    right.set_ylim(1e-5, None)
    right.legend(fontsize=8)
    return figure


def _draw_sweep(axes: Any, frame: Frame) -> None:
    axes.semilogx(frame["sizes"], frame["sweep"], "o-", color="#b8500c", base=2, label="as it is")
    axes.axhline(frame["right"], color="#0a6b4a", lw=1, ls="--", label="used rightly")
    axes.set_ylim(0, 1.03)
    axes.legend(fontsize=8, loc="lower right")
    axes.set_xlabel("batch size")
    axes.set_ylabel("accuracy")


# The explorable -----------------------------------------------------------------------------------

_DIAL, _SWITCH = ("tab", ("dial",)), ("tab", ("switch",))
KNOBS = (
    Choice(
        "tab", "Tab", "dial", options=(("dial", "Dial"), ("switch", "Train or eval")), on_stage=True
    ),
    Slider("degree", "Degree", 19, 0, DEGREES, 1, when=_DIAL),
    Slider("n", "Points", 20, 8, 50, 1, when=_DIAL),
    Slider("noise", "Noise", 0.2, 0.0, 1.0, 0.05, when=_DIAL),
    Choice(
        "restraint",
        "Held back by",
        "none",
        options=(
            ("none", "nothing"),
            ("ridge", "ridge"),
            ("l1", "L1"),
            ("dropout", "dropout"),
            ("early", "stopping"),
        ),
        when=_DIAL,
    ),
    Slider(
        "ridge",
        "Strength of the ridge",
        0.01,
        1e-6,
        100.0,
        0.25,
        log=True,
        when=("restraint", ("ridge",)),
    ),
    Slider(
        "l1",
        "Strength of the L1 penalty",
        0.01,
        1e-6,
        100.0,
        0.25,
        log=True,
        when=("restraint", ("l1",)),
    ),
    Slider(
        "dropout",
        "Probability of dropout",
        0.1,
        0.01,
        0.9,
        0.01,
        when=("restraint", ("dropout",)),
        about="Each column of the polynomial drops with it; the mean over all masks is fitted.",
    ),
    Slider(
        "descent",
        "Steps of gradient descent",
        100,
        1,
        100_000,
        0.25,
        log=True,
        when=("restraint", ("early",)),
    ),
    Choice(
        "solution",
        "Of many solutions",
        "shortest",
        options=(("shortest", "the shortest"), ("other", "another")),
        when=_DIAL,
    ),
    Numbers("pulled", "Pulled point", (10.0, 0.0), -60.0, 60.0, 0.1, on_stage=True),
    Choice(
        "layer",
        "Network with",
        "batch norm",
        options=options("batch norm", "dropout"),
        when=_SWITCH,
    ),
    Choice(
        "mode", "Mode", "train", options=(("train", "train()"), ("eval", "eval()")), when=_SWITCH
    ),
    Slider("size", "Batch size", 4, 1, 256, 0.1, log=True, when=_SWITCH),
    Choice(
        "order",
        "Test digits",
        "shuffled",
        options=(("shuffled", "shuffled"), ("sorted", "by class")),
        when=_SWITCH,
    ),
    Choice(
        "updates",
        "Batches seen by running statistics",
        "360",
        options=options("1", "5", "20", "360"),
        when=("layer", ("batch norm",)),
    ),
    Slider(
        "momentum",
        "Momentum of running statistics",
        0.1,
        0.01,
        1.0,
        0.01,
        when=("layer", ("batch norm",)),
    ),
    Toggle("rescale", "Divide by the share kept", True, when=("layer", ("dropout",))),
    Toggle(
        "functional",
        "F.dropout(x, 0.5)",
        False,
        when=("layer", ("dropout",)),
        about="Called without training=self.training.",
    ),
)

EXPLORABLE = Explorable(
    "overfit-dial",
    "Overfit dial",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    (
        Preset("peak", "Degree 19, 20 points", {"tab": "dial", "degree": 19}),
        Preset("cubic", "Degree 3", {"tab": "dial", "degree": 3}),
        Preset(
            "ridge",
            "Degree 19 with a ridge",
            {"tab": "dial", "degree": 19, "restraint": "ridge", "ridge": 0.1},
        ),
        Preset(
            "l1", "Degree 59 with L1", {"tab": "dial", "degree": 59, "restraint": "l1", "l1": 0.1}
        ),
        Preset(
            "too-much",
            "Far too much of it",
            {"tab": "dial", "degree": 19, "restraint": "ridge", "ridge": 100.0},
            "R-13",
        ),
        Preset(
            "dropped",
            "Degree 19 with dropout",
            {"tab": "dial", "degree": 19, "restraint": "dropout", "dropout": 0.1},
        ),
        Preset("eval", "Batch norm in eval()", {"tab": "switch", "mode": "eval"}),
        Preset("past", "Past interpolation", {"tab": "dial", "degree": 59}, "R-01"),
        Preset("train-mode", "Batch norm left in train()", {"tab": "switch", "size": 2}, "R-06"),
        Preset(
            "too-few",
            "Five updates only",
            {"tab": "switch", "mode": "eval", "updates": "5"},
            "R-07",
        ),
        Preset("batch-of-one", "A batch of one", {"tab": "switch", "size": 1}, "R-11"),
        Preset("dropout-on", "Dropout left on", {"tab": "switch", "layer": "dropout"}, "R-03"),
        Preset(
            "no-rescale",
            "No division by the share",
            {"tab": "switch", "layer": "dropout", "mode": "eval", "rescale": False},
            "R-04",
        ),
        Preset(
            "functional",
            "F.dropout in eval()",
            {"tab": "switch", "layer": "dropout", "mode": "eval", "functional": True},
            "R-05",
        ),
    ),
    MISSIONS,
    (
        Own("data", "(x, y): your own points, two arrays of the same length"),
        Own("fitter", "fitter(x, y, at) -> the values of your fit at `at`"),
    ),
    also_breaks=("R-08",),
)
