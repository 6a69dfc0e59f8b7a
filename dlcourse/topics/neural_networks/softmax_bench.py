"""Explorable 2, the softmax and loss bench: ten logits to drag, ten ways to get the loss wrong."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...data import digits
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

K = 10
BATCH = 64  # digits in the batch of the losses that need one
EPS = 1e-7
SWEEP = np.linspace(-12, 12, 121)

# The losses: each takes z (..., K) and targets t (K,), and gives the loss (...) and its gradient


def softmax(z: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis, with the largest logit subtracted first."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(z: np.ndarray) -> np.ndarray:
    """The logarithm of softmax, without taking the logarithm of a tiny number."""
    top = z - z.max(axis=-1, keepdims=True)
    return top - np.log(np.exp(top).sum(axis=-1, keepdims=True))


def _through_softmax(p: np.ndarray, g: np.ndarray) -> np.ndarray:
    """From the gradient of p to that of the logits: J^T g with J = diag(p) - p p^T."""
    return p * (g - (p * g).sum(axis=-1, keepdims=True))


class Answer(NamedTuple):
    """What a loss says of logits: what it takes for probabilities, the loss, the gradient."""

    p: np.ndarray
    loss: np.ndarray
    gradient: np.ndarray


def cross_entropy(z: np.ndarray, t: np.ndarray) -> Answer:
    """The right one: -sum t log softmax(z); its gradient is p - t."""
    p = softmax(z)
    return Answer(p, -(t * log_softmax(z)).sum(axis=-1), p - t)


def _double(z: np.ndarray, t: np.ndarray) -> Answer:
    p = softmax(z)
    inner = cross_entropy(p, t)
    return Answer(inner.p, inner.loss, _through_softmax(p, inner.gradient))


def _log_twice(z: np.ndarray, t: np.ndarray) -> Answer:
    inner = cross_entropy(log_softmax(z), t)
    g = inner.gradient
    back = g - softmax(z) * g.sum(axis=-1, keepdims=True)
    return Answer(inner.p, inner.loss, back)


def _batch_axis(z: np.ndarray, t: np.ndarray) -> Answer:
    others = _others()  # (BATCH - 1, K)
    everyone = np.logaddexp(z, np.log(np.exp(others).sum(axis=0)))
    s = np.exp(z - everyone)
    return Answer(s, -(t * (z - everyone)).sum(axis=-1), t * (s - 1))


def _no_log(z: np.ndarray, t: np.ndarray) -> Answer:
    p = softmax(z)
    return Answer(p, -(t * p).sum(axis=-1), _through_softmax(p, np.broadcast_to(-t, p.shape)))


def _raw(z: np.ndarray, t: np.ndarray) -> Answer:
    return Answer(softmax(z), -(t * z).sum(axis=-1), np.broadcast_to(-t, z.shape))


def _log_eps(z: np.ndarray, t: np.ndarray) -> Answer:
    p = softmax(z)
    return Answer(p, -(t * np.log(p + EPS)).sum(axis=-1), _through_softmax(p, -t / (p + EPS)))


def _summed(z: np.ndarray, t: np.ndarray) -> Answer:
    p, loss, gradient = cross_entropy(z, t)
    return Answer(p, BATCH * loss, BATCH * gradient)


def _mse_p(z: np.ndarray, t: np.ndarray) -> Answer:
    p = softmax(z)
    return Answer(p, ((p - t) ** 2).mean(axis=-1), _through_softmax(p, 2 * (p - t) / K))


def _mse_z(z: np.ndarray, t: np.ndarray) -> Answer:
    return Answer(softmax(z), ((z - t) ** 2).mean(axis=-1), 2 * (z - t) / K)


def naive_cross_entropy(z: np.ndarray, t: np.ndarray) -> Answer:
    """Softmax by its formula in single precision: exp overflows above 88.7, and nan comes out."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        e = np.exp(z.astype(np.float32))
        p = e / e.sum(axis=-1, keepdims=True)
        terms = np.where(t > 0, t * np.log(p), 0)
        return Answer(p, -terms.sum(axis=-1), p - t)


Loss = Callable[[np.ndarray, np.ndarray], Answer]


class Kind(NamedTuple):
    """A loss, its words, what to know about it, and the misconception that it is."""

    label: str
    loss: Loss
    says: str
    breaks: str | None = None


KINDS = {
    "ce": Kind(
        "Cross-entropy",
        cross_entropy,
        "The gradient is p − y: bounded, and zero only when p is right.",
    ),
    "double": Kind(
        "Softmax twice",
        _double,
        "Softmax is taken twice: a sure and right answer still costs {floor}.",
        "C-01",
    ),
    "log-twice": Kind(
        "log_softmax twice",
        _log_twice,
        (
            "Harmless: log_softmax of log_softmax is log_softmax, loss and gradient are those of "
            "cross-entropy."
        ),
        "C-02",
    ),
    "batch-axis": Kind(
        "Softmax over the batch",
        _batch_axis,
        (
            "The columns of the batch sum to one, so this row sums to {sum}, and only the right "
            "logit has a gradient."
        ),
        "C-03",
    ),
    "no-log": Kind(
        "Logarithm forgotten",
        _no_log,
        (
            "The loss is −p, between −1 and 0, and its gradient fades when the answer is sure, "
            "even if it is wrong."
        ),
        "C-04",
    ),
    "raw": Kind(
        "NLL of raw logits",
        _raw,
        "The loss is minus a logit: it falls for ever, and the gradient never changes.",
        "C-05",
    ),
    "log-eps": Kind(
        "log(p + 0.0000001)",
        _log_eps,
        "Below p = 10⁻⁷ the loss is flat: the worst mistakes get no gradient.",
        "C-07",
    ),
    "sum": Kind(
        "Sum over a batch of 64",
        _summed,
        (
            "The loss and its gradient are 64 times larger: the same learning rate takes steps "
            "64 times as long."
        ),
        "C-08",
    ),
    "mse-p": Kind(
        "MSE of probabilities",
        _mse_p,
        ("The gradient has a factor p: when the answer is sure and wrong, nothing pulls it back."),
        "C-09",
    ),
    "mse-z": Kind(
        "MSE of logits",
        _mse_z,
        (
            "It asks for the logit 1 and nine logits 0, and punishes a logit that is better than "
            "that."
        ),
        "C-09",
    ),
}


# Real digits --------------------------------------------------------------------------------------


@cache
def _digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images (N, 64), logits (N, K) of a softmax regression trained for 150 steps, and labels."""
    part = digits().train
    x = np.c_[part.x.astype(np.float64), np.ones(len(part.x))]
    W, one_hot = np.zeros((65, K)), np.eye(K)[part.y]
    for _ in range(150):
        W -= 0.5 * x.T @ (softmax(x @ W) - one_hot) / len(x)
    return part.x, np.round(x @ W, 2), part.y


@cache
def _chosen() -> dict[str, int]:
    """A digit that the model is sure of, one that it hesitates over, and one that it gets wrong."""
    _, logits, y = _digits()
    p = softmax(logits)
    right = p[np.arange(len(y)), y]
    hesitant = np.where(p.argmax(axis=1) == y, np.abs(right - 0.5), 9)
    return {
        "sure": int(right.argmax()),
        "hesitant": int(hesitant.argmin()),
        "wrong": int(right.argmin()),
    }


@cache
def _others() -> np.ndarray:
    return _digits()[1][100 : 100 + BATCH - 1]


def _sample(which: str) -> dict[str, Any]:
    """The settings that put a real digit on the bench."""
    _, logits, y = _digits()
    i = _chosen()[which]
    return {"logits": tuple(map(float, logits[i])), "label": str(y[i]), "digit": which}


# The frame ----------------------------------------------------------------------------------------


def compute(
    loss: str,
    logits: tuple[float, ...],
    label: str,
    digit: str,
    shift: float,
    temperature: float,
    smoothing: float,
    naive: bool,
    *,
    function: Callable[[np.ndarray, int], float] | None = None,
    fine: bool = True,
) -> Frame:
    """Probabilities, loss and gradient at these logits, and the loss along the right logit."""
    o, y = np.array(logits), int(label)
    t = (1 - smoothing) * np.eye(K)[y] + smoothing / K
    act = _act(loss, naive, function, y)
    here = act((o + shift) / temperature, t)
    sweep = np.repeat(o[None], len(SWEEP), axis=0)
    sweep[:, y] = SWEEP
    z = (sweep + shift) / temperature
    numbers = {
        "kind": loss,
        "label": y,
        "naive": naive,
        "loss": float(here.loss),
        "sum": float(here.p.sum()),
        "steepness": float(np.linalg.norm(here.gradient / temperature)),
        "floor": _floor(loss, t),
        "named": _name(function) if loss == "yours" else None,
    }
    arrays = {
        "p": here.p,
        "gradient": here.gradient / temperature,
        "sweep": SWEEP,
        "curve": act(z, t).loss,
        "reference": cross_entropy(z, t).loss,
        "image": _digits()[0][_chosen()[digit]],
    }
    return Frame(arrays, numbers)


def _act(loss: str, naive: bool, function: Callable | None, y: int) -> Loss:
    if loss == "yours":
        return _own(function, y)
    return naive_cross_entropy if naive and loss == "ce" else KINDS[loss].loss


def _own(function: Callable[[np.ndarray, int], float] | None, y: int) -> Loss:
    """The learner's `function(logits, y) -> loss`, its gradient by central differences."""
    if function is None:
        raise KnobError("Pass your function: explore('softmax-bench', function=my_loss).")

    def one(z: np.ndarray) -> float:
        return float(function(z.copy(), y))

    def act(z: np.ndarray, t: np.ndarray) -> Answer:
        rows = z.reshape(-1, K)
        loss = np.array([one(row) for row in rows]).reshape(z.shape[:-1])
        if z.ndim > 1:
            return Answer(softmax(z), loss, np.zeros_like(z))
        steps = 1e-6 * np.eye(K)
        gradient = np.array([(one(z + s) - one(z - s)) / 2e-6 for s in steps])
        return Answer(softmax(z), loss, gradient)

    return act


def _name(function: Callable[[np.ndarray, int], float] | None) -> str | None:
    """Which of our losses the learner's function is, judged on random logits; `None` for none."""
    rng = np.random.default_rng(0)
    cases = [(rng.normal(0, 3, K), int(y)) for y in rng.integers(0, K, 8)]
    for name, kind in KINDS.items():
        ours = [kind.loss(z, np.eye(K)[y]).loss for z, y in cases]
        theirs = [float(function(z.copy(), y)) for z, y in cases] if function else []
        if np.allclose(ours, theirs, rtol=1e-5, atol=1e-7):
            return name
    return None


@cache
def _floor_at(loss: str, smoothing: float) -> float | None:
    if loss in ("raw", "yours"):
        return None
    if loss in ("mse-z", "batch-axis"):
        return 0.0
    t = (1 - smoothing) * np.eye(K)[0] + smoothing / K
    a = 1 / (1 + np.exp(-np.linspace(-40, 40, 8001)))  # p of the right class; the others share
    z = np.log(np.c_[a, np.repeat((1 - a)[:, None] / (K - 1), K - 1, axis=1)] + 1e-300)
    return float(np.min(KINDS[loss].loss(z, t).loss))


def _floor(loss: str, t: np.ndarray) -> float | None:
    """The least that any logits can reach: over the right class's probability, others equal."""
    return _floor_at(loss, float(np.round(t.min() * K, 9)))


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    y, p = frame["label"], frame["p"]
    first = f"The right class is {y}; its probability is {number(p[y])}"
    if "loss" not in frame.numbers:
        return (first + ".",)
    says = [f"{first}, and the loss is {number(frame['loss'])}."]
    if np.isnan(frame["loss"]):
        says.append("An exponential overflowed: infinity divided by infinity is not a number.")
    slope = frame["gradient"][y]
    way = "lower" if slope < 0 else "raise"
    says.append(
        f"Raising the right logit by a little would {way} the loss: its gradient is "
        f"{number(slope)}."
    )
    return (*says, _about(frame))


def _about(frame: Frame) -> str:
    if frame["kind"] != "yours":
        floor = "–∞" if frame["floor"] is None else f"{frame['floor']:.3f}"
        return KINDS[frame["kind"]].says.format(floor=floor, sum=number(frame["sum"]))
    if frame["named"] is None:
        return "Your function is none of the losses on this bench."
    return f"On random logits, your function equals **{KINDS[frame['named']].label.lower()}**."


# Prediction and missions --------------------------------------------------------------------------


def _prove(explorable: Explorable) -> int:
    best = explorable.at(loss="double", logits=[12.0] + [-12.0] * 9, label="0", temperature=0.1)
    return int(np.digitize(best["loss"], [0, 0.1, 1]))


PREDICT = Prediction(
    "A network ends in softmax, and its loss is cross-entropy, which applies softmax again. The "
    "right class gets all the probability, the nine others none. How large is the loss?",
    (
        (
            "Negative",
            (
                "A cross-entropy of probabilities is never negative: each is at most 1, and −log "
                "of that is at least 0."
            ),
        ),
        (
            "0: the answer is perfect",
            (
                "So it should be. But the second softmax takes the probabilities 1, 0, …, 0 for "
                "logits, and gives the right class only e / (e + 9) = 0.232."
            ),
        ),
        (
            "About 0.74",
            (
                "That is the floor with four classes, log(1 + 3/e). With ten classes the nine "
                "others share more: log(1 + 9/e)."
            ),
        ),
        (
            "About 1.46",
            (
                "The second softmax takes the probabilities 1, 0, …, 0 for logits: −log(e / (e + "
                "9)) = log(1 + 9/e). A loss that stops falling there is how this bug is noticed."
            ),
        ),
    ),
    3,
    _prove,
    hides=("loss", "floor", "curve", "reference", "gradient", "steepness"),
    at={"loss": "double"},
)


def _check_floor(settings: Settings, frame: Frame) -> Verdict:
    if settings["loss"] != "double":
        return waiting("Choose “softmax twice”.")
    loss, floor = frame["loss"], frame["floor"]
    if loss < floor + 0.01:
        return done(f"The loss is {loss:.3f} and cannot go below {floor:.3f}, whatever the logits.")
    return not_yet(f"The loss is {loss:.3f}. How low does it get?")


def _check_nan(settings: Settings, frame: Frame) -> Verdict:
    if settings["loss"] != "ce" or not settings["naive"]:
        return waiting("Choose cross-entropy, and softmax by the bare formula.")
    if np.isnan(frame["loss"]):
        return done("exp overflows single precision above 88.7. Subtract the largest logit first.")
    return not_yet("Still a number. A common shift changes no probability, or should not.")


def _check_stuck(settings: Settings, frame: Frame) -> Verdict:
    if settings["loss"] != "mse-p":
        return waiting("Choose the MSE of probabilities.")
    right, slope = frame["p"][frame["label"]], abs(frame["gradient"][frame["label"]])
    if right < 0.01 and slope < 1e-4:
        reference = 1 - right
        return done(
            f"Wrong, and the pull on the right logit is {number(slope)}; cross-entropy pulls "
            f"with {number(reference)}."
        )
    return not_yet(
        f"The right class has {number(right)} (make it under 0.01), the pull is {number(slope)} "
        "(under 0.0001)."
    )


def _check_negative(settings: Settings, frame: Frame) -> Verdict:
    if settings["loss"] in ("ce", "yours"):
        return waiting("Choose another loss than cross-entropy, which is never negative.")
    if frame["loss"] < -5:
        return done(
            f"The loss is {number(frame['loss'])}: it is no negative log of a probability. A "
            "negative loss is the mark of this bug."
        )
    return not_yet(f"The loss is {number(frame['loss'])}.")


MISSIONS = (
    Mission(
        "floor",
        "With softmax twice, bring the loss within 0.01 of the lowest possible.",
        _check_floor,
        lambda e: {"logits": [12.0 if str(k) == e.start["label"] else -12.0 for k in range(K)]},
        {"loss": "double"},
    ),
    Mission(
        "nan",
        "Make the bare formula answer “not a number”, at the same probabilities.",
        _check_nan,
        lambda e: {"shift": 500.0},
        {"loss": "ce", "naive": True},
    ),
    Mission(
        "stuck",
        "Find an answer so wrong that MSE no longer pulls it back.",
        _check_stuck,
        lambda e: {
            "logits": [
                -12.0 if str(k) == e.start["label"] else 0.0 if k else 12.0 for k in range(K)
            ]
        },
        {"loss": "mse-p"},
    ),
    Mission(
        "negative",
        "Make the loss less than −5.",
        _check_negative,
        lambda e: {"loss": "raw", "logits": [12.0] * K},
        {"loss": "no-log"},
    ),
)


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """Probabilities, gradient, and the loss along the right logit with its floor."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 2.9), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1, 1.5])
    colours = ["#0b63b0" if k == frame["label"] else "#9aa7b4" for k in range(K)]
    left.bar(range(K), frame["p"], color=colours)
    left.set_title("what the loss takes for p", fontsize=10)
    middle.bar(range(K), frame["gradient"], color=colours)
    middle.axhline(0, color="#57606a", lw=0.8)
    middle.set_title("gradient of the logits", fontsize=10)
    for axes in (left, middle):
        axes.set_xticks(range(K))
        axes.set_xlabel("class")
    _draw_curve(right, frame)
    return figure


def _draw_curve(axes: Any, frame: Frame) -> None:
    axes.plot(frame["sweep"], frame["reference"], color="#57606a", ls="--", lw=1.2)
    axes.plot(frame["sweep"], frame["curve"], color="#b8500c", lw=2)
    if frame["floor"] is not None:
        axes.axhline(frame["floor"], color="#0a6b4a", lw=1)
        axes.text(-12, frame["floor"], f"floor {frame['floor']:.3f}", va="bottom", color="#0a6b4a")
    axes.set_title("loss (dashed: cross-entropy)", fontsize=10)
    axes.set_xlabel("right logit")


# The explorable -----------------------------------------------------------------------------------

START = _sample("hesitant")
KNOBS = (
    Choice(
        "loss",
        "Loss",
        "double",
        options=(
            *((name, kind.label) for name, kind in KINDS.items()),
            ("yours", "Your own function"),
        ),
        on_stage=True,
    ),
    Numbers("logits", "Logits", START["logits"], -12.0, 12.0, 0.1, on_stage=True),
    Choice(
        "label", "Right class", START["label"], options=options(*map(str, range(K))), on_stage=True
    ),
    Choice(
        "digit", "Digit", "hesitant", options=options("sure", "hesitant", "wrong"), on_stage=True
    ),
    Slider("shift", "Added to all logits", 0.0, -1000.0, 1000.0, 10.0),
    Slider(
        "temperature",
        "Temperature",
        1.0,
        0.1,
        10.0,
        0.01,
        log=True,
        about="All logits are divided by it.",
    ),
    Slider(
        "smoothing",
        "Label smoothing",
        0.0,
        0.0,
        0.5,
        0.01,
        about="This share of the target is spread over all classes.",
    ),
    Toggle(
        "naive",
        "Softmax by the bare formula",
        False,
        about="In single precision, without subtracting the largest logit.",
        when=("loss", ("ce",)),
    ),
)


def _fits(own: Mapping[str, Any]) -> Settings:
    return {"loss": "yours"} if own.get("function") else {}


EXPLORABLE = Explorable(
    "softmax-bench",
    "Softmax and loss bench",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    (
        Preset("sure", "A sure digit", {"loss": "ce", **_sample("sure")}),
        Preset("hesitant", "A hesitant one", {"loss": "ce", **_sample("hesitant")}),
        Preset("wrong", "A wrong one", {"loss": "ce", **_sample("wrong")}),
        Preset("shift", "Shift by 1000", {"loss": "ce", "shift": 1000.0}),
        *(
            Preset(name, kind.label, {"loss": name}, kind.breaks)
            for name, kind in KINDS.items()
            if kind.breaks
        ),
        Preset(
            "naive", "Bare formula, shifted", {"loss": "ce", "naive": True, "shift": 500.0}, "C-06"
        ),
    ),
    MISSIONS,
    (Own("function", "function(logits, y) -> loss, for logits (10,) and a class y"),),
    fits=_fits,
)
