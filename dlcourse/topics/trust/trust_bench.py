"""Explorable 14, the trust bench: maps put to the test, rates by group, a digit from a gradient."""

from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ... import scratch
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
    done,
    not_yet,
    number,
    waiting,
)
from ...teach.metrics import softmax
from ...teach.verdict import Verdict
from . import explain, federated, groups

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = np.ndarray
MANY, STEPS, MOST = 40, 16, 32  # digits that means are over, steps of the path, pixels painted over
STATIC = 10  # the place of the picture of noise among the digits


# A network as plain arrays ------------------------------------------------------------------------


class Net(NamedTuple):
    """The weights of a 64-64-10 network."""

    W1: Array
    b1: Array
    W2: Array
    b2: Array


@cache
def nets() -> tuple[Net, Net, Net]:
    """The trained network, the same with a random last layer, and one that is all random."""
    model = explain.reader(scratch, digits().train, seed=0)
    models = [model, *(explain.randomised(model, layers) for layers in (1, 2))]
    trained, top, fresh = (
        Net(*(p.detach().numpy().astype(np.float64) for p in m.parameters())) for m in models
    )
    return trained, top, fresh


@cache
def pictures() -> tuple[Array, Array, Array]:
    """Validation digits (MANY, 64) with their labels, and one digit of each class and noise."""
    part = digits().valid
    first = [np.flatnonzero(part.y == d)[0] for d in range(10)]
    noise = np.random.default_rng(0).random((1, 64))
    x = part.x.astype(np.float64)
    return x[:MANY], part.y[:MANY], np.concatenate([x[first], noise])


def logits(net: Net, x: Array) -> Array:
    """(N, 64) to (N, 10)."""
    return np.maximum(x @ net.W1.T + net.b1, 0) @ net.W2.T + net.b2


def slopes(net: Net, x: Array, c: Array, of: str) -> Array:
    """How fast the logit, or the probability, of class c rises with each pixel, (N, 64)."""
    hidden = x @ net.W1.T + net.b1
    signal = np.eye(10)[c]  # (N, 10): the slope by the logits
    if of == "probability":
        p = softmax(np.maximum(hidden, 0) @ net.W2.T + net.b2)
        mine = p[np.arange(len(x)), c][:, None]
        signal = mine * (signal - p)
    return ((signal @ net.W2) * (hidden > 0)) @ net.W1


class Way(NamedTuple):
    """How a map is made: method, of logit or probability, baseline, signed or its size."""

    method: str
    of: str
    baseline: float
    signed: bool


def score(net: Net, x: Array, c: Array, of: str) -> Array:
    """The logit or the probability of class c, (N,)."""
    z = logits(net, x)
    return (softmax(z) if of == "probability" else z)[np.arange(len(x)), c]


def attribution(net: Net, x: Array, c: Array, way: Way) -> Array:
    """The map of each row, (N, 64)."""
    if way.method == "gradient":
        found = slopes(net, x, c, way.of)
    elif way.method == "product":
        found = x * slopes(net, x, c, way.of)
    elif way.method == "integrated":
        at = (np.arange(STEPS) + 0.5) / STEPS
        points = way.baseline + at[:, None, None] * (x - way.baseline)
        every = slopes(net, points.reshape(-1, 64), np.tile(c, STEPS), way.of)
        found = (x - way.baseline) * every.reshape(points.shape).mean(0)
    else:
        found = _occlusion(net, x, c, way)
    return found if way.signed else abs(found)


@cache
def _patches() -> Array:
    """Which of 16 patches of 2 by 2 a pixel belongs to, as masks (16, 64)."""
    row, column = np.divmod(np.arange(64), 8)
    return np.arange(16)[:, None] == (row // 2 * 4 + column // 2)[None]


def _occlusion(net: Net, x: Array, c: Array, way: Way) -> Array:
    hidden = np.where(_patches()[:, None], way.baseline, x[None])  # (16, N, 64)
    after = score(net, hidden.reshape(-1, 64), np.tile(c, 16), way.of).reshape(16, len(x))
    return (score(net, x, c, way.of) - after).T @ _patches()


def deletion(net: Net, x: Array, c: Array, ranks: Array, ink: float) -> Array:
    """Mean probability of c with 0 to MOST pixels painted over, the highest ranked first."""
    place = np.argsort(np.argsort(-ranks, axis=1, kind="stable"), axis=1)  # (N, 64)
    gone = place[None] < np.arange(MOST + 1)[:, None, None]  # (MOST + 1, N, 64)
    painted = np.where(gone, ink, x[None]).reshape(-1, 64)
    return score(net, painted, np.tile(c, MOST + 1), "probability").reshape(MOST + 1, -1).mean(1)


@lru_cache(maxsize=128)
def _tested(way: Way, layers: int) -> tuple[Array, float]:
    """The deletion curve of a kind of map, and how alike those of a network less trained are."""
    x, _, _ = pictures()
    trained, other = nets()[0], nets()[layers]
    c = logits(trained, x).argmax(1)
    mine = attribution(trained, x, c, way)
    alike = explain.rank_correlation(mine, attribution(other, x, c, way))
    return deletion(trained, x, c, mine, way.baseline), alike


@lru_cache(maxsize=4)
def _controls(ink: float) -> tuple[Array, Array]:
    """Deletion curves of the ink itself and of a random order."""
    x, _, _ = pictures()
    c = logits(nets()[0], x).argmax(1)
    rng = np.random.default_rng(0)
    return (
        deletion(nets()[0], x, c, x, ink),
        np.mean([deletion(nets()[0], x, c, rng.random(x.shape), ink) for _ in range(4)], axis=0),
    )


# The frames ---------------------------------------------------------------------------------------

BASELINES = {"black": 0.0, "grey": 0.5, "white": 1.0}
COLUMNS = {"all": [0, 1, 2, 3], "no group": [0, 1, 2], "no proxy": [0, 1]}


def compute(
    tab: str,
    digit: int,
    method: str,
    of: str,
    shown: str,
    baseline: str,
    layers: str,
    painted: int,
    columns: str,
    target: str,
    first: float,
    second: float,
    leaked: int,
    batch: int,
    limit: float,
    noise: float,
    *,
    picture: Any = None,
    fine: bool = True,
) -> Frame:
    """What the chosen tab shows."""
    if tab == "fair":
        return _fair(columns, target, (first, second))
    if tab == "peek":
        return _peek(leaked, batch, limit, noise)
    way = Way(method, of, BASELINES[baseline], shown == "signed")
    return _lie(_own(picture, digit), way, int(layers), painted)


def _own(picture: Any, digit: int) -> Array:
    if picture is None:
        return pictures()[2][digit]
    x = np.asarray(picture, dtype=np.float64).ravel()
    if x.shape != (64,) or not (x.min() >= 0 and x.max() <= 1):
        raise KnobError("picture is 8 by 8 numbers from 0 (black ground) to 1 (white ink).")
    return x


def _lie(x: Array, way: Way, layers: int, painted: int) -> Frame:
    net, other = nets()[0], nets()[layers]
    row = x[None]
    c = logits(net, row).argmax(1)
    found = attribution(net, row, c, way)[0]
    order = np.argsort(-found, kind="stable")
    now = x.copy()
    now[order[:painted]] = way.baseline
    curve, alike = _tested(way, layers)
    ink, random = _controls(way.baseline)
    blank = np.full((1, 64), way.baseline)
    change = float(score(net, row, c, way.of)[0] - score(net, blank, c, way.of)[0])
    numbers = {
        "tab": "lie",
        "method": way.method,
        "of": way.of,
        "signed": way.signed,
        "layers": layers,
        "answer": int(c[0]),
        "confidence": float(score(net, row, c, "probability")[0]),
        "painted": painted,
        "now": float(score(net, now[None], c, "probability")[0]),
        "total": float(found.sum()),
        "change": change,
        "length": float(np.linalg.norm(found)),
        "on_black": float(abs(found[x == 0]).sum() / max(abs(found).sum(), 1e-300)),
        "alike": alike,
        "fallen": float(curve[8]),
        "fallen_ink": float(ink[8]),
    }
    arrays = {
        "picture": now,
        "map": found,
        "other": attribution(other, row, c, way)[0],
        "curve": curve,
        "ink": ink,
        "random": random,
    }
    return Frame(arrays, numbers)


@cache
def _people() -> tuple[Any, Any]:
    return groups.applicants(0), groups.applicants(100)


@cache
def _scores(columns: str, target: str) -> Array:
    train, test = _people()
    learned = train["decided"] if target == "officers" else None
    return groups.scores(train, test, COLUMNS[columns], learned)


GRID = np.linspace(0.02, 0.98, 49)


@cache
def _curves(columns: str, target: str) -> Array:
    """False and true positive rate of both groups over thresholds, (2 groups, 49, 2)."""
    p, (_, test) = _scores(columns, target), _people()
    return np.array(
        [[(_rates(p, test, g, t).fpr, _rates(p, test, g, t).tpr) for t in GRID] for g in (0, 1)]
    )


def _rates(p: Array, test: Any, group: int, threshold: float) -> groups.Rates:
    mine = test["group"] == group
    return groups.rates(test.y[mine], (p[mine] > threshold).astype(int))


def _fair(columns: str, target: str, thresholds: tuple[float, float]) -> Frame:
    p, (_, test) = _scores(columns, target), _people()
    both = [_rates(p, test, g, thresholds[g]) for g in (0, 1)]
    numbers: dict[str, Any] = {"tab": "fair", "columns": columns, "target": target}
    for name in groups.Rates._fields:
        numbers[name] = [getattr(r, name) for r in both]
    return Frame({"curves": _curves(columns, target)}, numbers)


@cache
def _layer() -> tuple[Array, Array]:
    """The weights of a softmax regression at the start of its training."""
    return np.random.default_rng(0).normal(0, 0.1, (10, 64)), np.zeros(10)


def _peek(leaked: int, batch: int, limit: float, noise: float) -> Frame:
    x, y, ones = pictures()
    rows = np.concatenate([ones[leaked : leaked + 1], x[: batch - 1]])
    labels = np.concatenate([[leaked], y[: batch - 1]])
    dW, db = federated.gradients(*_layer(), rows, labels)
    each = np.concatenate([dW.reshape(batch, -1), db], axis=1)
    sent = federated.private_gradient(each, limit, noise, np.random.default_rng(1))
    back = federated.leak_input(sent[:640].reshape(10, 64), sent[640:])
    numbers = {
        "tab": "peek",
        "batch": batch,
        "limit": limit,
        "noise": noise,
        "error": float(abs(back - rows[0]).max()),
        "likeness": float(np.corrcoef(back, rows[0])[0, 1]),
        "length": float(np.linalg.norm(each[0])),
    }
    return Frame({"true": rows[0], "back": back.clip(-1e3, 1e3), "gradient": sent[:640]}, numbers)


# Words --------------------------------------------------------------------------------------------

METHODS = {
    "gradient": "gradient",
    "product": "gradient × input",
    "integrated": "integrated gradients",
    "occlusion": "occlusion",
}


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    return {"lie": _say_lie, "fair": _say_fair, "peek": _say_peek}[frame["tab"]](frame)


def _say_lie(frame: Frame) -> tuple[str, ...]:
    kind = "" if frame["signed"] else "size of the "
    says = [
        f"The network answers {frame['answer']} with confidence {number(frame['confidence'])}; "
        f"with {frame['painted']} pixels painted over, this answer has {number(frame['now'])}."
    ]
    says.append(
        f"The map is the {kind}{METHODS[frame['method']]}; it adds up to "
        f"{number(frame['total'])}, and the {frame['of']} changes by {number(frame['change'])} "
        f"from the baseline. Its length is {number(frame['length'])}, and a share of "
        f"{number(frame['on_black'], 2)} lies on pixels without ink."
    )
    if frame["layers"]:
        which = "its last layer" if frame["layers"] == 1 else "all of its weights"
        says.append(
            f"With {which} drawn anew, such maps rank the pixels with a correlation of "
            f"{number(frame['alike'], 2)} as before (mean over {MANY} digits)."
        )
    if "fallen" in frame.numbers:
        says.append(
            f"Over {MANY} digits, eight pixels painted over in its order leave the answer a "
            f"probability of {number(frame['fallen'], 2)}; in the order of the ink, "
            f"{number(frame['fallen_ink'], 2)}."
        )
    return tuple(says)


def _say_fair(frame: Frame) -> tuple[str, ...]:
    yes, tpr, fpr, right, base = (frame[k] for k in ("yes", "tpr", "fpr", "accuracy", "base"))

    def pair(values: list[float]) -> str:
        return f"{number(values[0], 2)} and {number(values[1], 2)}"

    return (
        f"In groups 0 and 1 of generated applicants, {pair(base)} would repay. Rates of yes are "
        f"{pair(yes)}; among those who would repay {pair(tpr)}, among the others {pair(fpr)}. "
        f"Right are {pair(right)}.",
        f"Gap in the rate of yes: {number(yes[1] - yes[0], 2)}; in the true positive rate: "
        f"{number(tpr[1] - tpr[0], 2)}.",
    )


def _say_peek(frame: Frame) -> tuple[str, ...]:
    many = "one example" if frame["batch"] == 1 else f"{frame['batch']} examples"
    exact = (
        "exactly" if frame["error"] < 1e-9 else f"with a likeness of {number(frame['likeness'], 2)}"
    )
    return (
        f"From the gradient of {many}, each clipped to length {number(frame['limit'])}, with noise "
        f"{number(frame['noise'])}, the first digit comes back {exact}.",
        f"Unclipped its gradient has the length {number(frame['length'])}. Clipping divides weight "
        "and bias by the same number, and their ratio stays.",
    )


# Prediction and missions --------------------------------------------------------------------------


def _prove(explorable: Explorable) -> int:
    signed, size = (
        explorable.at(method="integrated", shown=shown)["fallen"] for shown in ("signed", "size")
    )
    return [size < signed - 0.02, abs(size - signed) <= 0.02, size > signed + 0.02].index(True)


PREDICT = Prediction(
    "Pixels are painted over, the highest first, once by the <i>signed</i> integrated gradients "
    "and once by their <i>size</i>, as heat maps are usually drawn. After eight pixels, which "
    "order has brought the probability of the answer down further?",
    (
        (
            "The size: it finds all that matters",
            "It finds what matters in either direction. Among its first pixels are some that speak "
            "against the answer, and painting those over helps the answer.",
        ),
        (
            "Both alike: the largest come first",
            "The largest come first in both, but a pixel that speaks strongly against the answer "
            "is first by size and last by sign.",
        ),
        (
            "The sign: it starts with what speaks for the answer",
            "Pixels that speak against the answer are last in this order. By size they are among "
            "the first, and painting them over helps the answer.",
        ),
    ),
    2,
    _prove,
    hides=("curve", "ink", "random", "fallen", "fallen_ink"),
    at={"method": "integrated", "shown": "size"},
)


def _check_same(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "lie" or settings["layers"] != "2":
        return waiting("Open the lie detector with all weights random.")
    if frame["alike"] < 0.85:
        return not_yet(f"The correlation is {number(frame['alike'], 2)}.")
    return done(f"{number(frame['alike'], 2)}: this map shows the ink, whatever the weights are.")


def _check_adds(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "lie" or settings["digit"] == STATIC:
        return waiting("Open the lie detector with a digit.")
    missed = abs(frame["total"] - frame["change"]) / abs(frame["change"])
    if missed > 0.01:
        return not_yet(f"It misses the change by {100 * missed:.1f} %.")
    return done(f"It misses the change by {100 * missed:.1f} %.")


def _check_odds(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "fair":
        return waiting("Open the tab Unaware is not fair.")
    gaps = [abs(frame[k][1] - frame[k][0]) for k in ("tpr", "yes")]
    if gaps[0] > 0.02:
        return not_yet(f"The true positive rates differ by {number(gaps[0], 2)}.")
    return done(f"They agree, and the rates of yes differ by {number(gaps[1], 2)}.")


def _solve_odds(explorable: Explorable) -> Settings:
    start: dict[str, Any] = {"tab": "fair", "columns": "no group", "target": "officers"}
    wanted = explorable.at(**start)["tpr"][0]
    tried = [(t, explorable.at(**start, second=float(t))["tpr"][1]) for t in GRID]
    return {"second": float(min(tried, key=lambda pair: abs(pair[1] - wanted))[0])}


def _check_hide(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "peek" or frame["batch"] > 1:
        return waiting("Open the gradient peek with a batch of one.")
    if abs(frame["likeness"]) > 0.3:
        return not_yet(f"The likeness is {number(frame['likeness'], 2)}.")
    return done("This attack sees nothing any more. That no other does is not shown by it.")


MISSIONS = (
    Mission(
        "same",
        "Find a map that looks the same when all weights are random.",
        _check_same,
        lambda e: {"shown": "size"},
        {"tab": "lie", "method": "product", "shown": "signed", "layers": "2"},
    ),
    Mission(
        "adds",
        "Make the map add up to the change of the logit within one percent.",
        _check_adds,
        lambda e: {"method": "integrated"},
        {"tab": "lie", "method": "product", "digit": 3, "shown": "signed", "of": "logit"},
    ),
    Mission(
        "odds",
        "Bring the two true positive rates within 0.02.",
        _check_odds,
        _solve_odds,
        {"tab": "fair", "columns": "no group", "target": "officers", "first": 0.5, "second": 0.5},
    ),
    Mission(
        "hide",
        "Hide a single digit from this attack.",
        _check_hide,
        lambda e: {"noise": 1.0},
        {"tab": "peek", "batch": 1, "noise": 0.0},
    ),
)


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """Digit, maps and deletion curves; or the rates; or what comes back."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 2.7), layout="constrained")
    {"lie": _draw_lie, "fair": _draw_fair, "peek": _draw_peek}[frame["tab"]](figure, frame)
    return figure


def _draw_square(axes: Any, values: Array, title: str, signed: bool) -> None:
    most = float(abs(values).max()) or 1.0
    look: dict[str, Any] = (
        {"cmap": "PuOr", "vmin": -most, "vmax": most}
        if signed
        else {"cmap": "gray", "vmin": 0, "vmax": 1}
    )
    axes.imshow(values.reshape(8, 8), **look)
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.set_title(title, fontsize=9)


def _draw_lie(figure: Any, frame: Frame) -> None:
    one, two, three, curves = figure.subplots(1, 4, width_ratios=[1, 1, 1, 1.6])
    _draw_square(one, frame["picture"], f"answer {frame['answer']}", False)
    _draw_square(two, frame["map"], METHODS[frame["method"]], True)
    _draw_square(three, frame["other"], "compared network", True)
    if "curve" in frame.arrays:
        for name, colour, style in (
            ("curve", "#0b63b0", "-"),
            ("ink", "#b8500c", "--"),
            ("random", "#57606a", ":"),
        ):
            label = {"curve": "by this map"}.get(name, name)
            curves.plot(frame[name], color=colour, ls=style, label=label)
        curves.legend(fontsize=8)
    curves.set(xlabel="pixels painted over", ylabel="probability", ylim=(0, 1))


def _draw_fair(figure: Any, frame: Frame) -> None:
    left, right = figure.subplots(1, 2)
    for g, (colour, mark) in enumerate((("#0b63b0", "s"), ("#b8500c", "o"))):
        left.plot(*frame["curves"][g].T, color=colour, label=f"group {g}")
        left.plot(frame["fpr"][g], frame["tpr"][g], mark, color=colour)
        right.plot([frame[k][g] for k in _SHOWN], range(len(_SHOWN)), mark, color=colour)
    left.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1))
    left.legend(fontsize=8)
    right.set(yticks=range(len(_SHOWN)), yticklabels=list(_SHOWN.values()), xlim=(0, 1))
    right.invert_yaxis()


_SHOWN = {
    "base": "would repay",
    "yes": "yes",
    "tpr": "true positive",
    "fpr": "false positive",
    "accuracy": "right",
}


def _draw_peek(figure: Any, frame: Frame) -> None:
    for axes, name, title in zip(
        figure.subplots(1, 2),
        ("true", "back"),
        ("the client's digit", "from its gradient"),
        strict=True,
    ):
        _draw_square(axes, frame[name], title, False)


# The explorable -----------------------------------------------------------------------------------

_LIE, _FAIR, _PEEK = (("tab", (name,)) for name in ("lie", "fair", "peek"))
KNOBS = (
    Choice(
        "tab",
        "Tab",
        "lie",
        options=(
            ("lie", "Lie detector"),
            ("fair", "Unaware is not fair"),
            ("peek", "Gradient peek"),
        ),
        on_stage=True,
    ),
    Slider("digit", "Digit (10 is noise)", 3, 0, STATIC, 1, when=_LIE),
    Choice("method", "Method", "integrated", options=tuple(METHODS.items()), when=_LIE),
    Choice(
        "of",
        "Explained",
        "logit",
        options=(("logit", "logit"), ("probability", "probability")),
        when=_LIE,
    ),
    Choice(
        "shown",
        "Shown with",
        "signed",
        options=(("signed", "its sign"), ("size", "its size")),
        when=_LIE,
    ),
    Choice(
        "baseline",
        "Baseline and paint",
        "black",
        options=(("black", "black"), ("grey", "grey"), ("white", "white")),
        when=_LIE,
        about="The digit's ground is black here (0), its ink white (1).",
    ),
    Choice(
        "layers",
        "Compared network",
        "2",
        options=(("0", "the same"), ("1", "last layer random"), ("2", "all random")),
        when=_LIE,
    ),
    Slider("painted", "Pixels painted over", 0, 0, MOST, 1, when=_LIE),
    Choice(
        "columns",
        "Columns",
        "all",
        options=(
            ("all", "all"),
            ("no group", "without group"),
            ("no proxy", "without district too"),
        ),
        when=_FAIR,
    ),
    Choice(
        "target",
        "Learned from",
        "officers",
        options=(("officers", "decisions"), ("outcomes", "outcomes")),
        when=_FAIR,
        about="Past decisions of officers, or who did repay.",
    ),
    Slider("first", "Threshold of group 0", 0.5, 0.02, 0.98, 0.01, when=_FAIR),
    Slider("second", "Threshold of group 1", 0.5, 0.02, 0.98, 0.01, when=_FAIR),
    Slider("leaked", "The client's digit", 4, 0, 9, 1, when=_PEEK),
    Slider("batch", "Examples in the batch", 1, 1, 16, 1, when=_PEEK),
    Slider("limit", "Clipped to length", 1.0, 0.001, 10.0, 0.25, log=True, when=_PEEK),
    Slider("noise", "Noise", 0.0, 0.0, 2.0, 0.01, when=_PEEK),
)

EXPLORABLE = Explorable(
    "trust-bench",
    "Trust bench",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    (
        Preset("integrated", "Integrated gradients", {"tab": "lie", "painted": 8}),
        Preset(
            "own-odds",
            "Learn from outcomes",
            {"tab": "fair", "columns": "no proxy", "target": "outcomes"},
        ),
        Preset("noisy", "Clip and add noise", {"tab": "peek", "noise": 0.3}),
        Preset(
            "size-only",
            "Only its size",
            {"tab": "lie", "method": "product", "shown": "size"},
            "I-01",
        ),
        Preset(
            "probability",
            "The probability’s gradient",
            {"tab": "lie", "method": "gradient", "of": "probability", "digit": 0},
            "I-02",
        ),
        Preset("adds-up", "Gradient × input", {"tab": "lie", "method": "product"}, "I-04"),
        Preset(
            "white-baseline",
            "A white baseline",
            {"tab": "lie", "digit": 0, "baseline": "white"},
            "I-05",
        ),
        Preset("static", "Sure of noise", {"tab": "lie", "digit": STATIC}, "I-06"),
        Preset("unaware", "Group deleted", {"tab": "fair", "columns": "no group"}, "I-08"),
        Preset(
            "parity",
            "Same rate of yes",
            {
                "tab": "fair",
                "columns": "no proxy",
                "target": "outcomes",
                "first": 0.6,
                "second": 0.28,
            },
            "I-09",
        ),
        Preset(
            "same-accuracy",
            "Same accuracy",
            {
                "tab": "fair",
                "columns": "no proxy",
                "target": "outcomes",
                "first": 0.73,
                "second": 0.35,
            },
            "I-10",
        ),
        Preset("peek", "One example", {"tab": "peek"}, "I-11"),
        Preset("clipped", "Clipped to a thousandth", {"tab": "peek", "limit": 0.001}, "I-11"),
    ),
    MISSIONS,
    (Own("picture", "picture: 8 by 8 numbers from 0 to 1, explained in place of the digit"),),
)
