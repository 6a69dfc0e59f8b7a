"""Explorable 4, the signal river: how large values and gradients are, layer after layer."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data import digits
from ...teach.explorable import (
    Choice,
    Explorable,
    Frame,
    KnobError,
    Mission,
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

BATCH, MOST, BINS = 64, 50, 41
LOW, HIGH = 0.1, 10.0  # a river within its banks
FLOOR, CEILING = 1e-30, 1e30  # of what is drawn

ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(np.float64)),
    "tanh": (np.tanh, lambda z, a: 1 - a * a),
    "sigmoid": (lambda z: 0.5 * (1 + np.tanh(z / 2)), lambda z, a: a * (1 - a)),
    "none": (lambda z: z, lambda z, a: np.ones_like(z)),
}


def deviation(init: str, width: int, gain: float) -> float:
    """The standard deviation that `init` gives to weights of a layer of this width."""
    return {
        "zero": 0.0,
        "constant": 0.0,
        "N(0, 1)": 1.0,
        "Xavier": (1 / width) ** 0.5,
        "He": (2 / width) ** 0.5,
        "free": gain / width**0.5,
    }[init]


@cache
def _inputs(which: str, width: int) -> np.ndarray:
    """A batch (BATCH, width): noise, or digits carried to this width, each of mean square one."""
    rng = np.random.default_rng([width, 1])
    if which == "noise":
        return rng.normal(size=(BATCH, width))
    x = digits(0).train.x[:BATCH].astype(np.float64)
    spread = (x - x.mean(0)) @ rng.normal(size=(64, width)) / 8
    return spread / np.sqrt(np.mean(spread**2))


@cache
def _standard(width: int, seed: int) -> np.ndarray:
    """Weights of all layers from N(0, 1), (MOST, width, width); every start scales these."""
    return np.random.default_rng([width, seed]).normal(size=(MOST, width, width))


def weights_of(init: str, depth: int, width: int, gain: float, seed: int) -> np.ndarray:
    """The weights (depth, width, width) of a start."""
    if init == "constant":
        return np.full((depth, width, width), gain / width)
    return deviation(init, width, gain) * _standard(width, seed)[:depth]


def flow(
    weights: np.ndarray, x: np.ndarray, activation: str, residual: bool, normalise: bool
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Values after each layer, and the gradients that arrive at them, (BATCH, width) each.

    The gradient that arrives at the last layer is standard normal.  `normalise` is a batch norm
    without scale and shift before the activation; `residual` adds the layer's input to its output.
    """
    act, slope = ACTIVATIONS[activation]
    values, kept, a = [], [], x
    with np.errstate(all="ignore"):  # N(0, 1) overflows on purpose
        for w in weights:
            z = a @ w.T
            std = np.sqrt(z.var(0) + 1e-12)
            z = (z - z.mean(0)) / std if normalise else z
            out = act(z)
            kept.append((z, slope(z, out), std))
            a = a + out if residual else out
            values.append(a)
        g = np.random.default_rng(7).normal(size=x.shape)
        gradients = [g]
        for w, (z, inner, std) in zip(weights[:0:-1], kept[:0:-1], strict=True):
            back = g * inner
            if normalise:
                back = (back - back.mean(0) - z * (back * z).mean(0)) / std
            g = g + back @ w if residual else back @ w
            gradients.append(g)
    return values, gradients[::-1]


def _size(a: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean(a * a)))


def _shares(values: list[np.ndarray]) -> np.ndarray:
    """A histogram of each layer's values in BINS bins from -3 to 3, in that layer's own size."""
    rows = []
    for a in values:
        size = _size(a)
        scaled = a / size if 0 < size < np.inf else np.zeros_like(a)
        rows.append(np.histogram(np.clip(scaled, -2.99, 2.99), BINS, (-3, 3))[0] / a.size)
    return np.array(rows)


def compute(
    activation: str,
    init: str,
    gain: float,
    depth: int,
    width: int,
    residual: bool,
    normalise: bool,
    data: str,
    seed: int,
    *,
    draw: Any = None,
    fine: bool = True,
) -> Frame:
    """Sizes of values and gradients through `depth` layers, and the share of silent units."""
    weights = _own(draw, depth, width) if draw else weights_of(init, depth, width, gain, seed)
    values, gradients = flow(weights, _inputs(data, width), activation, residual, normalise)
    sizes, slopes = np.array([_size(a) for a in values]), np.array([_size(g) for g in gradients])
    bounded = np.clip(np.nan_to_num(sizes, nan=CEILING, posinf=CEILING), FLOOR, CEILING)
    slopes_ = np.clip(np.nan_to_num(slopes, nan=CEILING, posinf=CEILING), FLOOR, CEILING)
    dead = np.array([np.mean((a <= 0).all(0)) for a in values])
    numbers = {
        "activation": activation,
        "start": "your own" if draw else init,
        "depth": depth,
        "last": float(bounded[-1]),
        "lowest": float(bounded.min()),
        "highest": float(bounded.max()),
        "first_gradient": float(slopes_[0]),
        "ratio": float(slopes_[0] / slopes_[-1]),
        "spread": float(np.std(weights)),
        "alike": bool(np.ptp(weights, axis=1).max() == 0),
        "silent": float(dead[-1]) if activation == "relu" and not residual else None,
        "residual": residual,
        "normalise": normalise,
    }
    arrays = {"sizes": bounded, "gradients": slopes_, "dead": dead, "shares": _shares(values)}
    return Frame(arrays, numbers)


def _own(draw: Any, depth: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    drawn = [np.asarray(draw(rng, width), dtype=np.float64) for _ in range(depth)]
    if any(w.shape != (width, width) for w in drawn):
        raise KnobError(f"draw(rng, width) must return weights of shape ({width}, {width}).")
    return np.array(drawn)


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    depth, says = frame["depth"], []
    says.append(
        f"{depth} layers, activation {frame['activation']}, weights: {frame['start']} (standard "
        f"deviation {number(frame['spread'])})."
    )
    if "last" in frame.numbers:
        says.append(
            f"A value of size 1 goes in; after the last layer the size is {_said(frame['last'])}."
        )
        says.append(
            f"A gradient of size 1 arrives at the last layer; the first one gets "
            f"{_said(frame['first_gradient'])}."
        )
    if frame.numbers.get("silent"):
        says.append(
            f"{frame['silent']:.0%} of the last layer's units are silent for every example."
        )
    if frame["alike"]:
        says.append("All units of a layer have the same weights, so they stay copies of one unit.")
    return tuple(says)


def _said(value: float) -> str:
    if value <= FLOOR:
        return "nothing at all"
    return "beyond all bounds" if value >= CEILING else number(value)


# Prediction and missions --------------------------------------------------------------------------


def _settings(**changes: Any) -> dict[str, Any]:
    start: dict[str, Any] = {k.name: k.start for k in KNOBS}
    return start | changes


def _prove(explorable: Explorable) -> int:
    frame = compute(**_settings(**PREDICT.at))
    return int(np.digitize(np.log10(frame["last"]), [-4.5, -1.5, 1.5]))


PREDICT = Prediction(
    "Twenty ReLU layers of 128 units, weights with the standard deviation 1/√128 (Xavier). A value "
    "of size 1 goes in. After the last layer its size is about",
    (
        (
            "a millionth",
            "The mean square falls to a millionth, by one half at each of the twenty layers. The "
            "size is its root.",
        ),
        (
            "a thousandth",
            "The sum over the inputs is balanced, but each ReLU throws half of the mean square "
            "away: 2 to the power of −10 in size.",
        ),
        (
            "1",
            "That would be so without an activation. Each ReLU throws half of the mean square "
            "away, twenty times.",
        ),
        (
            "a thousand",
            "Values grow when the weights are too large for the number of inputs. Here they are "
            "balanced for a layer without activation, and the ReLU takes away.",
        ),
    ),
    1,
    _prove,
    hides=(
        "sizes", "gradients", "shares", "dead", "silent", "last", "lowest", "highest",
        "first_gradient", "ratio",
    ),
    at={"activation": "relu", "init": "Xavier", "depth": 20, "width": 128},
)  # fmt: skip


def _within(frame: Frame) -> bool:
    return frame["lowest"] >= LOW and frame["highest"] <= HIGH


def _check_banks(plain: bool) -> Any:
    """Fifty layers within the banks: by the weights alone, or by a change of the layers."""

    def check(settings: Settings, frame: Frame) -> Verdict:
        if settings["depth"] < MOST:
            return not_yet(f"Take {MOST} layers; there are {settings['depth']}.")
        changed = settings["residual"] or settings["normalise"]
        if plain and (changed or settings["activation"] == "none"):
            return waiting("This time by the weights alone, with an activation.")
        if not plain and not changed:
            return waiting("This time with normalisation or a residual connection.")
        if not _within(frame):
            return not_yet(
                f"Sizes run from {_said(frame['lowest'])} to {_said(frame['highest'])}; they "
                f"should stay within {LOW} and {HIGH:g}."
            )
        return done(f"From {number(frame['lowest'])} to {number(frame['highest'])}, at all layers.")

    return check


def _check_vanish(settings: Settings, frame: Frame) -> Verdict:
    if settings["depth"] > 10:
        return not_yet(f"Ten layers at most; there are {settings['depth']}.")
    if settings["init"] in ("zero", "constant"):
        return not_yet("With random weights, please.")
    if frame["ratio"] >= 1e-5:
        return not_yet(f"The first layer still gets {number(frame['ratio'])} of the gradient.")
    return done(
        f"{_said(frame['ratio'])} of the gradient is left after {settings['depth']} layers: each "
        "multiplies it by a small slope."
    )


MISSIONS = (
    Mission(
        "by-weights",
        "Keep 50 layers within 0.1 and 10, by the weights alone.",
        _check_banks(True),
        lambda e: {"depth": 50, "init": "He", "activation": "relu"},
        {"depth": 20, "init": "Xavier", "activation": "relu", "residual": False,
         "normalise": False, "width": 128},
    ),
    Mission(
        "by-layers",
        "Keep them within 0.1 and 10 with weights from N(0, 1).",
        _check_banks(False),
        lambda e: {"depth": 50, "normalise": True},
        {"depth": 20, "init": "N(0, 1)", "activation": "relu", "residual": False,
         "normalise": False},
    ),
    Mission(
        "vanish",
        "Lose all but a hundred-thousandth of the gradient in ten layers.",
        _check_vanish,
        lambda e: {"activation": "sigmoid"},
        {"activation": "relu", "init": "Xavier", "depth": 10, "residual": False,
         "normalise": False},
    ),
)  # fmt: skip


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """The sizes of values and gradients by layer, on logarithmic axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    layers = np.arange(1, len(frame["sizes"]) + 1)
    for axes, name, title, colour in (
        (left, "sizes", "values, going forwards", "#0b63b0"),
        (right, "gradients", "gradients, going backwards", "#7b3aa0"),
    ):
        axes.axhspan(LOW, HIGH, color="#0a6b4a", alpha=0.12, lw=0)
        axes.semilogy(layers, frame[name], "o-", ms=3, color=colour)
        low, high = frame[name].min(), frame[name].max()
        axes.set_ylim(min(low / 3, 0.03), max(high * 3, 30))
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("layer")
        axes.xaxis.get_major_locator().set_params(integer=True)
    left.set_ylabel("size")
    return figure


# The explorable -----------------------------------------------------------------------------------

KNOBS = (
    Choice("activation", "Activation", "relu", options=options(*ACTIVATIONS)),
    Choice(
        "init",
        "Weights",
        "Xavier",
        options=(
            ("He", "He: √(2/n)"),
            ("Xavier", "Xavier: √(1/n)"),
            ("N(0, 1)", "N(0, 1)"),
            ("free", "a size of your own"),
            ("zero", "all zero"),
            ("constant", "all the same"),
        ),
        about="The standard deviation of the weights of a layer with n inputs.",
    ),
    Slider(
        "gain", "Size, in units of √(1/n)", 1.0, 0.1, 10.0, 0.01, log=True,
        when=("init", ("free", "constant")),
    ),
    Slider("depth", "Layers", 20, 1, MOST, 1),
    Slider("width", "Units in a layer", 128, 16, 128, 16),
    Toggle("residual", "Residual connections", False, about="Each layer adds to its own input."),
    Toggle("normalise", "Normalisation", False, about="Batch norm before each activation."),
    Choice("data", "Inputs", "noise", options=(("noise", "noise"), ("digits", "digits"))),
    Slider("seed", "Draw", 0, 0, 4, 1, about="Other random weights."),
)  # fmt: skip

EXPLORABLE = Explorable(
    "signal-river",
    "Signal river",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    (
        Preset("he", "He, level", {"init": "He"}),
        Preset("tanh", "tanh with Xavier", {"activation": "tanh"}),
        Preset("rescued", "Too large, normalised", {"init": "N(0, 1)", "normalise": True}),
        Preset("zero", "All zero", {"init": "zero"}, "N-03"),
        Preset("copies", "All the same", {"init": "constant"}, "N-04"),
        Preset("explodes", "N(0, 1)", {"init": "N(0, 1)"}, "N-05"),
        Preset("fades", "Xavier under ReLU", {"init": "Xavier"}, "N-06"),
        Preset("sigmoid", "Sigmoid, ten layers", {"activation": "sigmoid", "depth": 10}, "N-07"),
    ),
    MISSIONS,
    (Own("draw", "draw(rng, width) -> weights (width, width) of one layer"),),
)
