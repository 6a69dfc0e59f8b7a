"""Explorable 1, fold the plane: hidden units as lines to drag, and the pieces that they make."""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data import breast_cancer, digits
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
    waiting,
)
from ...teach.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

VIEW = 3.0  # the plane is shown from -VIEW to VIEW
SIDE = 80  # samples of it in each direction
LR = 0.5

# A fold is five numbers: a point of the line, the tip of its arrow, and the weight of the output.
# The unit is zero on the line, grows along the arrow, and has the value |arrow|^2 at its tip.
FOLDS = (
    -0.9,
    -0.4,
    -1.7,
    -0.9,
    -1.0,
    0.9,
    -0.4,
    1.7,
    -0.9,
    -1.0,
    0.0,
    1.0,
    0.0,
    1.9,
    -1.0,
)


# Data ---------------------------------------------------------------------------------------------


@cache
def _data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 2) of unit spread and labels (N,) of 0 and 1."""
    return {"digits": _one_nine, "cancer": _cancer, "corners": _corners}[name]()


def _one_nine() -> tuple[np.ndarray, np.ndarray]:
    # Of all pairs of digits, on two axes, one of those that a line tells apart worst.
    part = digits().train
    chosen = np.isin(part.y, (1, 9))
    x = part.x[chosen].astype(np.float64)
    x = x - x.mean(axis=0)
    _, _, axes = np.linalg.svd(x, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2, [20]])  # an axis has no sign of its own
    return _unit(x @ axes.T), (part.y[chosen] == 9).astype(int)


def _cancer() -> tuple[np.ndarray, np.ndarray]:
    part = breast_cancer().train
    return _unit(
        part.x[:, [0, 1]].astype(np.float64)
    ), 1 - part.y  # radius and texture; 1 malignant


def _corners() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    corner = rng.integers(0, 4, 200)
    signs = np.array([(1, 1), (-1, -1), (1, -1), (-1, 1)])[corner]
    return 1.4 * signs + 0.28 * rng.normal(size=(200, 2)), (corner > 1).astype(int)


def _unit(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) / x.std(axis=0)


def _own_data(data: tuple[Any, Any]) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(data[0], dtype=np.float64), np.asarray(data[1]).ravel()
    if x.ndim != 2 or x.shape[1] != 2 or len(x) != len(y) or len(np.unique(y)) != 2:
        raise ValueError("data is (x, y) with x of shape (N, 2) and y of N labels of two kinds.")
    return _unit(x), (y == np.unique(y)[1]).astype(int)


# The network --------------------------------------------------------------------------------------

ACTIVATIONS: dict[str, tuple[Callable, Callable]] = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "linear": (lambda z: z, lambda z: np.ones_like(z)),
}

Layers = list[tuple[np.ndarray, np.ndarray]]  # weight (in, out) and bias (out,) of each layer


def network(folds: tuple[float, ...], bias: float, use_bias: bool, layers: int) -> Layers:
    """The folds as a first layer, further layers with He's random weights, and the output."""
    f = np.reshape(folds, (-1, 5))
    point, arrow = f[:, :2], f[:, 2:4] - f[:, :2]
    h, rng = len(f), np.random.default_rng(0)
    made = [(arrow.T.copy(), -(point * arrow).sum(axis=1))]
    made += [(rng.normal(0, np.sqrt(2 / h), (h, h)), np.zeros(h)) for _ in range(layers - 1)]
    made.append((f[:, 4:].copy(), np.array([bias])))
    return made if use_bias else [(W, 0 * b) for W, b in made]


def forward(layers: Layers, x: np.ndarray, activation: str, clip: bool) -> list[np.ndarray]:
    """The sums of every layer, (N, out) each; `clip` puts a ReLU on the output, too."""
    act, _ = ACTIVATIONS[activation]
    sums, a = [], x
    for W, b in layers:
        sums.append(a @ W + b)
        a = act(sums[-1])
    return [*sums[:-1], np.maximum(sums[-1], 0) if clip else sums[-1]]


def train(
    layers: Layers,
    x: np.ndarray,
    y: np.ndarray,
    activation: str,
    clip: bool,
    use_bias: bool,
    epochs: int,
) -> Layers:
    """Gradient descent on the logistic loss, all points at once."""
    act, slope = ACTIVATIONS[activation]
    for _ in range(epochs):
        sums = forward(layers, x, activation, clip)
        inputs = [x, *(act(z) for z in sums[:-1])]
        g = (1 / (1 + np.exp(-sums[-1].clip(-50, 50))) - y[:, None]) / len(x)
        g = g * (sums[-1] > 0) if clip else g
        new = []
        for i in range(len(layers) - 1, -1, -1):
            W, b = layers[i]
            new.append((W - LR * inputs[i].T @ g, b - LR * use_bias * g.sum(axis=0)))
            g = (g @ W.T) * slope(sums[i - 1]) if i else g
        layers = new[::-1]
    return layers


def collapse(layers: Layers) -> tuple[np.ndarray, float]:
    """The one weight (2,) and bias that linear layers amount to."""
    W, b = layers[0]
    for V, c in layers[1:]:
        W, b = W @ V, b @ V + c
    return W[:, 0], float(b[0])


@cache
def _grid() -> np.ndarray:
    """The middles of SIDE x SIDE cells of the plane, rows from the top, (SIDE^2, 2)."""
    middle = VIEW * ((np.arange(SIDE) + 0.5) / SIDE * 2 - 1)
    xs, ys = np.meshgrid(middle, -middle)
    return np.c_[xs.ravel(), ys.ravel()]


def regions(sums: list[np.ndarray], activation: str) -> np.ndarray:
    """A number for each point's set of active units; only ReLU has sets at all."""
    if activation != "relu":
        return np.zeros(len(sums[0]), int)
    active = np.hstack([z > 0 for z in sums[:-1]])
    return np.unique(active, axis=0, return_inverse=True)[1].ravel()


@lru_cache(maxsize=8)
def best_line(name: str) -> float:
    """The largest share of points that any straight line gets right: over 180 directions."""
    x, y = _data(name)
    most = 0.0
    for angle in np.linspace(0, np.pi, 180, endpoint=False):
        order = np.argsort(x @ [np.cos(angle), np.sin(angle)])
        ones = np.concatenate([[0], np.cumsum(y[order])])
        zeros = np.arange(len(y) + 1) - ones
        right = zeros + ones[-1] - ones  # zeros below the line, ones above
        most = max(most, right.max() / len(y), 1 - right.min() / len(y))
    return float(most)


# The frame ----------------------------------------------------------------------------------------


def compute(
    folds: tuple[float, ...],
    bias: float,
    activation: str,
    layers: int,
    epochs: int,
    use_bias: bool,
    clip: bool,
    data: str,
    *,
    points: tuple[Any, Any] | None = None,
    model: Callable[[np.ndarray], np.ndarray] | None = None,
    fine: bool = True,
) -> Frame:
    """The plane under the network: its output, its flat pieces, and the points it gets right."""
    if len(folds) % 5:
        raise KnobError(f"folds holds five numbers for each unit, not {len(folds)} in all.")
    if data == "yours" and points is None:
        raise KnobError("Pass your points: explore('fold-plane', points=(x, y)).")
    x, y = _own_data(points) if data == "yours" and points else _data(data)
    start = network(folds, bias, use_bias, layers)
    net = train(start, x, y, activation, clip, use_bias, epochs)
    sums = forward(net, _grid(), activation, clip)
    score = forward(net, x, activation, clip)[-1][:, 0]
    output = sums[-1][:, 0]
    if model is not None:
        output, score = _own(model, _grid()), _own(model, x)
    region = regions(sums, activation)
    size = float(np.quantile(np.abs(output), 0.98)) or 1.0
    W, c = collapse(net)
    numbers = {
        "units": len(folds) // 5,
        "layers": layers,
        "activation": activation,
        "epochs": epochs,
        "count": int(region.max()) + 1,
        "accuracy": float(((score > 0) == y).mean()),
        "line": None if data == "yours" else best_line(data),
        "data": data,
        "collapse": [*map(float, W), c],
        "collapse_error": float(np.abs(output - (_grid() @ W + c)).max()),
        "clip": clip,
        "use_bias": use_bias,
        "own": model is not None,
        "lines": [[*map(float, w), float(b)] for w, b in zip(net[0][0].T, net[0][1], strict=True)],
        "weights": [float(v) for v in net[-1][0][:, 0]],
    }
    arrays = {
        "output": np.round(127.5 + 127.5 * output / size).clip(0, 255).astype(np.uint8),
        "regions": (region % 256).astype(np.uint8),
        "points": x,
        "labels": y.astype(np.uint8),
        "right": ((score > 0) == y).astype(np.uint8),
    }
    return Frame(arrays, numbers)


def _own(model: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    found = np.asarray(model(x.copy()), dtype=np.float64).ravel()
    if found.shape != (len(x),):
        raise ValueError(f"model(points) should give one score for each of {len(x)} points.")
    return found


# Words --------------------------------------------------------------------------------------------

NAMES = {
    "digits": ("9", "1", "digits on their two main axes"),
    "cancer": ("malignant", "benign", "tumours by radius and texture"),
    "corners": ("the other two", "two opposite corners", "made points in four corners"),
    "yours": ("one kind", "the other", "points of yours"),
}


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    n, what = len(frame["labels"]), NAMES[frame["data"]][2]
    if "accuracy" not in frame.numbers:
        return (f"{frame['units']} hidden units fold the plane; the data are {n} {what}.",)
    best = f"; no straight line does better than {_percent(frame['line'])}" if frame["line"] else ""
    says = [f"{_percent(frame['accuracy'])} of {n} {what} are on the right side{best}."]
    if frame["own"]:
        return (*says, "The colours are your model’s; the lines are still those of the network.")
    return (*says, _region_says(frame), *_break_says(frame))


def _region_says(frame: Frame) -> str:
    if frame["activation"] == "linear":
        a, b, c = frame["collapse"]
        return (
            f"Without an activation, {frame['layers'] + 1} layers are one: "
            f"{number(a)} x + {number(b)} y + {number(c)}, equal to "
            f"{number(frame['collapse_error'])}."
        )
    if frame["activation"] == "tanh":
        return "tanh bends smoothly: there are no flat pieces to count."
    units, layers = frame["units"] * frame["layers"], frame["layers"]
    depth = f" in {layers} layers" if layers > 1 else ""
    return (
        f"{units} ReLU units{depth} cut this view into {frame['count']} pieces, each of them flat."
    )


def _break_says(frame: Frame) -> tuple[str, ...]:
    says = []
    if frame["clip"]:
        says.append("A ReLU on the output makes every negative score 0, and stops its gradient.")
    if not frame["use_bias"]:
        says.append("Without biases every line goes through the origin.")
    return tuple(says)


def _percent(value: float) -> str:
    return f"{100 * value:.1f}\u00a0%"


# Prediction and missions --------------------------------------------------------------------------


def _prove(explorable: Explorable) -> int:
    return (3, 6, 7, 8).index(explorable.at(epochs=0)["count"])


PREDICT = Prediction(
    "Each hidden ReLU unit folds the plane along a line. Three lines in general position: into how "
    "many pieces, each of them flat, do they cut it?",
    (
        (
            "3, one for each unit",
            "A unit has two sides, on and off, so even one line makes two pieces, and "
            "pieces are cut again by the next line.",
        ),
        (
            "6, two for each unit",
            "Sides multiply where lines cross: a third line that crosses two others "
            "passes through three pieces and cuts each, 4 + 3.",
        ),
        (
            "7",
            "The first line makes 2 pieces, the second cuts both, and the third passes "
            "through three: 2 + 2 + 3.",
        ),
        (
            "8, for 2³ patterns of on and off",
            "There are 8 patterns, but three lines leave one of them no room: 2 + 2 + 3 pieces.",
        ),
    ),
    2,
    _prove,
    hides=("count", "regions", "accuracy", "output", "right"),
    at={"folds": FOLDS, "epochs": 0, "activation": "relu", "layers": 1},
)


def _check_two(settings: Settings, frame: Frame) -> Verdict:
    if frame["data"] != "corners" or frame["layers"] > 1:
        return waiting("Choose the corners and one hidden layer.")
    if frame["units"] > 2:
        return not_yet(f"There are {frame['units']} units; two are enough.")
    if frame["accuracy"] < 0.95:
        return not_yet(
            f"{_percent(frame['accuracy'])}; one unit is one line, and a line reaches "
            f"{_percent(frame['line'])}."
        )
    return done(
        f"{_percent(frame['accuracy'])} with two folds; a line reaches {_percent(frame['line'])}."
    )


def _check_flat(settings: Settings, frame: Frame) -> Verdict:
    if frame["layers"] < 3:
        return waiting("Keep three hidden layers.")
    if frame["activation"] != "linear":
        return not_yet(
            f"There are {frame['count']} pieces."
            if frame["activation"] == "relu"
            else "It still bends."
        )
    return done(
        f"Four layers, one plane: equal to one matrix to {number(frame['collapse_error'])}."
    )


def _check_parallel(settings: Settings, frame: Frame) -> Verdict:
    if frame["activation"] != "relu" or frame["units"] != 3 or frame["layers"] > 1:
        return waiting("Keep three ReLU units in one layer.")
    if frame["count"] != 4:
        return not_yet(f"There are {frame['count']} pieces.")
    return done("Parallel lines never cross: 3 + 1 pieces.")


def _check_train(settings: Settings, frame: Frame) -> Verdict:
    if frame["data"] != "digits":
        return waiting("Choose the digits 1 and 9.")
    if frame["line"] is not None and frame["accuracy"] > frame["line"]:
        return done(
            f"{_percent(frame['accuracy'])}, more than any line’s {_percent(frame['line'])}."
        )
    return not_yet(f"{_percent(frame['accuracy'])}; the best line has {_percent(frame['line'])}.")


BAND = (0.35, 0.35, 1.35, 1.35, -1.0, -0.35, -0.35, -1.35, -1.35, -1.0)
MISSIONS = (
    Mission(
        "two",
        "Tell the corners apart with two units.",
        _check_two,
        lambda e: {"folds": BAND, "bias": 1.0},
        {
            "data": "corners",
            "folds": FOLDS[:5],
            "bias": 1.0,
            "activation": "relu",
            "layers": 1,
            "epochs": 0,
        },
    ),
    Mission(
        "flat",
        "With three hidden layers, make the whole plane one flat piece.",
        _check_flat,
        lambda e: {"activation": "linear"},
        {"layers": 3, "activation": "relu"},
    ),
    Mission(
        "parallel",
        "Make exactly four pieces with three units.",
        _check_parallel,
        lambda e: {
            "folds": [
                -1.0,
                0.0,
                -1.6,
                0.0,
                -1.0,
                0.0,
                0.0,
                0.6,
                0.0,
                -1.0,
                1.0,
                0.0,
                1.6,
                0.0,
                -1.0,
            ]
        },
        {"folds": FOLDS, "epochs": 0, "activation": "relu", "layers": 1},
    ),
    Mission(
        "train",
        "Beat every straight line on the digits 1 and 9.",
        _check_train,
        lambda e: {"epochs": 400},
        {"data": "digits", "folds": FOLDS, "epochs": 0},
    ),
)


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """The plane with output, points and folds, beside its flat pieces."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 3.7), layout="constrained")
    left, right = figure.subplots(1, 2)
    extent = (-VIEW, VIEW, -VIEW, VIEW)
    left.imshow(
        frame["output"].reshape(SIDE, SIDE),
        extent=extent,
        cmap="PuOr_r",
        vmin=0,
        vmax=255,
        alpha=0.55,
    )
    for label, marker, colour in ((0, "o", "#b8500c"), (1, "s", "#5b3a9e")):
        x = frame["points"][frame["labels"] == label]
        left.scatter(*x.T, s=9, marker=marker, color=colour, edgecolor="white", lw=0.3)
    left.set_title(f"{_percent(frame['accuracy'])} on the right side", fontsize=10)
    right.imshow(frame["regions"].reshape(SIDE, SIDE), extent=extent, cmap="tab20", alpha=0.6)
    right.set_title(f"{frame['count']} flat pieces", fontsize=10)
    for axes in (left, right):
        for a, b, c in frame["lines"]:
            _draw_line(axes, a, b, c)
        axes.set_xlim(-VIEW, VIEW)
        axes.set_ylim(-VIEW, VIEW)
    return figure


def _draw_line(axes: Any, a: float, b: float, c: float) -> None:
    along = np.array([-9.0, 9.0])
    size = a * a + b * b or 1.0
    foot = -c * np.array([a, b]) / size
    axes.plot(
        foot[0] - along * b / size**0.5, foot[1] + along * a / size**0.5, color="#1f2328", lw=1
    )


# The explorable -----------------------------------------------------------------------------------

KNOBS = (
    Choice(
        "data",
        "Points",
        "digits",
        options=(
            ("digits", "Digits 1 and 9"),
            ("cancer", "Breast tumours"),
            ("corners", "Four corners"),
            ("yours", "Yours"),
        ),
    ),
    Numbers("folds", "Folds", FOLDS, -6.0, 6.0, 0.05, most=40, on_stage=True),
    Choice(
        "activation",
        "Activation",
        "relu",
        options=(("relu", "ReLU"), ("tanh", "tanh"), ("linear", "none")),
    ),
    Slider("layers", "Hidden layers", 1, 1, 3, 1),
    Slider("bias", "Bias of the output", 1.0, -5.0, 5.0, 0.05),
    Slider("epochs", "Epochs of training from here", 0, 0, 400, 1),
    Toggle("use_bias", "Biases", True),
    Toggle("clip", "ReLU on the output", False),
)


def _fits(own: Mapping[str, Any]) -> Settings:
    return {"data": "yours"} if own.get("points") is not None else {}


EXPLORABLE = Explorable(
    "fold-plane",
    "Fold the plane",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    (
        Preset("triangle", "Three folds", {}),
        Preset("trained", "Trained on 1 and 9", {"epochs": 400}),
        Preset("band", "Two folds for the corners", {"data": "corners", "folds": BAND}),
        Preset(
            "linear",
            "Stacked linear layers",
            {"activation": "linear", "layers": 3, "epochs": 100},
            "N-01",
        ),
        Preset("no-bias", "No biases", {"use_bias": False, "epochs": 100}, "N-02"),
        Preset("relu-output", "ReLU on the output", {"clip": True, "epochs": 100}, "N-08"),
    ),
    MISSIONS,
    (
        Own("points", "(x, y): points (N, 2) and labels of two kinds"),
        Own("model", "model(points) -> a score for each, positive for the second kind"),
    ),
    also_breaks=("N-12",),
    fits=_fits,
)
