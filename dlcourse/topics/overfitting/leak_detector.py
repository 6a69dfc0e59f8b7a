"""Explorable 6, the leak detector: steps before and after the split, and what they let through."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes

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
    waiting,
)
from ...teach.verdict import Verdict
from .study import best_columns, nearest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[Any]
BLOCKS = ("split", "scale", "select", "augment", "balance")
WORDS = {
    "split": "split",
    "scale": "scale",
    "select": "choose columns",
    "augment": "copy with noise",
    "balance": "balance classes",
    "choose": "choose the model",
}
POOL, FRESH, COPIES, COLUMNS = 160, 300, 5, 12
SEEDS, COARSE = 8, 3


# Rows that remember who looked at them ------------------------------------------------------------


@dataclass
class Rows:
    """Examples on their way through the steps, with `fresh` inputs that no step looks at.

    `looked[step]` marks rows that a step computed something from; `family[step]` numbers rows that
    it made copies of, and their copies, alike (-1: none).
    """

    x: Array
    y: Array
    fresh: Array
    test: Array | None = None  # after the split: which rows are for testing
    looked: dict[str, Array] = field(default_factory=dict)
    family: dict[str, Array] = field(default_factory=dict)

    @property
    def sight(self) -> Array:
        """The rows that a step may look at: all before the split, those to train on after it."""
        return np.ones(len(self.x), bool) if self.test is None else ~self.test

    def copied(self, index: Array, step: str, shake: Array | float = 0.0) -> "Rows":
        """These rows and copies of those at `index`, moved by `shake`."""
        family = np.full(len(self.x), -1)
        family[index] = index
        every = np.concatenate([np.arange(len(self.x)), index])
        x = self.x[every]
        x[len(self.x) :] += shake
        return Rows(
            x,
            self.y[every],
            self.fresh,
            None if self.test is None else self.test[every],
            {k: v[every] for k, v in self.looked.items()},
            {k: v[every] for k, v in {**self.family, step: family}.items()},
        )

    def reach(self, step: str) -> float:
        """The share of the test rows of which `step` let something into training."""
        assert self.test is not None
        touched = self.looked.get(step, np.zeros(len(self.x), bool))
        family = self.family.get(step, np.full(len(self.x), -1))
        related = (family >= 0) & np.isin(family, family[~self.test])
        return float((touched | related)[self.test].mean())


def _split(rows: Rows, rng: np.random.Generator) -> Rows:
    rows.test = np.zeros(len(rows.x), bool)
    rows.test[rng.permutation(len(rows.x))[: len(rows.x) // 2]] = True
    return rows


def _scale(rows: Rows, rng: np.random.Generator) -> Rows:
    rows.looked["scale"] = rows.sight
    mean, std = rows.x[rows.sight].mean(axis=0), rows.x[rows.sight].std(axis=0)
    std = np.where(std > 1e-9, std, 1)
    rows.x, rows.fresh = (rows.x - mean) / std, (rows.fresh - mean) / std
    return rows


def _select(rows: Rows, rng: np.random.Generator) -> Rows:
    rows.looked["select"] = rows.sight
    x, y = rows.x[rows.sight], rows.y[rows.sight]
    if y.max() < 2:
        columns = best_columns(x, y, COLUMNS)
    else:  # several classes: the columns whose class means lie furthest apart
        means = np.array([x[y == k].mean(axis=0) for k in np.unique(y)])
        columns = np.argsort(-means.var(axis=0) / (x.var(axis=0) + 1e-3), kind="stable")[:COLUMNS]
    rows.x, rows.fresh = rows.x[:, columns], rows.fresh[:, columns]
    return rows


def _augment(rows: Rows, rng: np.random.Generator) -> Rows:
    index = np.repeat(np.flatnonzero(rows.sight), COPIES)
    size = 0.1 * rows.x.std()
    return rows.copied(index, "augment", size * rng.normal(size=(len(index), rows.x.shape[1])))


def _balance(rows: Rows, rng: np.random.Generator) -> Rows:
    seen = np.flatnonzero(rows.sight)
    names, counts = np.unique(rows.y[seen], return_counts=True)
    more = [
        rng.choice(seen[rows.y[seen] == k], counts.max() - n)
        for k, n in zip(names, counts, strict=True)
    ]
    return rows.copied(np.concatenate(more), "balance")


STEPS: dict[str, Callable[[Rows, np.random.Generator], Rows]] = {
    "split": _split, "scale": _scale, "select": _select, "augment": _augment, "balance": _balance,
}  # fmt: skip


# One run, and many --------------------------------------------------------------------------------


@cache
def _source(name: str) -> tuple[Array, Array]:
    if name == "digits":
        part = digits().train
        return part.x.astype(np.float64), part.y
    if name == "diabetes":
        raw: Any = load_diabetes()
        x, y = raw["data"], raw["target"]
        return x / x.std(axis=0), (y > np.quantile(y, 0.75)).astype(int)
    rng = np.random.default_rng(5)
    return rng.normal(size=(POOL + FRESH, 800)), rng.integers(0, 2, POOL + FRESH)


def _accuracy(x: Array, y: Array, at: Array, truth: Array) -> float:
    return float((nearest(x, y, at) == truth).mean())


def run(
    x: Array, y: Array, steps: tuple[str, ...], models: int, picks: str, rng: np.random.Generator
) -> tuple[float, float, dict[str, float]]:
    """The reported accuracy, that on untouched rows, and the reach of every step.

    The model is the nearest neighbour; trying several means as many random choices of columns,
    of which the best on a third of the training rows, or on the test rows, is taken.
    """
    known = min(POOL, len(x) // 2)
    truth = y[known:][:FRESH]
    rows = Rows(x[:known].copy(), y[:known], x[known:][:FRESH])
    for step in steps:
        rows = STEPS[step](rows, rng)
    assert rows.test is not None
    train, test = np.flatnonzero(~rows.test), np.flatnonzero(rows.test)
    judged = test if picks == "test" else train[::3]
    learnt = np.setdiff1d(train, judged)
    every = np.arange(rows.x.shape[1])
    some = min(24, max(2, len(every) // 2))
    tried = [every] if models == 1 else [rng.permutation(every)[:some] for _ in range(models)]

    def right(from_: Array, at: Array, columns: Array) -> float:
        a, b = rows.x[np.ix_(from_, columns)], rows.x[np.ix_(at, columns)]
        return _accuracy(a, rows.y[from_], b, rows.y[at])

    best = max(tried, key=lambda columns: right(learnt, judged, columns) if models > 1 else 0)
    reach = {step: rows.reach(step) for step in steps if step != "split"}
    reach["choose"] = float(np.isin(test, judged).mean()) if models > 1 else 0.0
    fresh = _accuracy(rows.x[np.ix_(train, best)], rows.y[train], rows.fresh[:, best], truth)
    return right(train, test, best), fresh, reach


@lru_cache(maxsize=256)
def _runs(
    name: str, dice: bool, steps: tuple[str, ...], models: int, picks: str, seeds: int
) -> tuple[Array, dict[str, float]]:
    return _many(*_source(name), dice, steps, models, picks, seeds)


def _many(
    x: Array, y: Array, dice: bool, steps: tuple[str, ...], models: int, picks: str, seeds: int
) -> tuple[Array, dict[str, float]]:
    """Reported and true accuracies (seeds, 2), and the mean reach of every step."""
    scores, reaches = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(x))
        labels = rng.integers(0, int(y.max()) + 1, len(y)) if dice else y[order]
        *both, reach = run(x[order], labels, steps, models, picks, rng)
        scores.append(both)
        reaches.append(reach)
    return np.array(scores), {k: float(np.mean([r[k] for r in reaches])) for k in reaches[0]}


# The frame ----------------------------------------------------------------------------------------


def in_order(order: tuple[float, ...]) -> tuple[str, ...]:
    """The steps in the order of their places; those on one place in their usual order."""
    return tuple(BLOCKS[i] for i in np.argsort(order, kind="stable"))


def compute(
    data: str,
    dice: bool,
    order: tuple[float, ...],
    scale: bool,
    select: bool,
    augment: bool,
    balance: bool,
    models: int,
    picks: str,
    *,
    own: tuple[Any, Any] | None = None,
    fine: bool = True,
) -> Frame:
    """What the steps in this order report, what is true, and which of them leaks how much."""
    used = {"scale": scale, "select": select, "augment": augment, "balance": balance}
    steps = tuple(step for step in in_order(order) if used.get(step, True))
    seeds = SEEDS if fine else COARSE
    if own is None:
        scores, reach = _runs(data, dice, steps, models, picks, seeds)
        y = _source(data)[1]
    else:
        x, y = _own_data(own)
        scores, reach = _many(x, y, dice, steps, models, picks, seeds)
    counts = np.bincount(y)
    chance = 1 / len(counts) if dice else float(counts.max() / len(y))
    numbers = {
        "data": data,
        "dice": dice,
        "order": list(in_order(order)),
        "used": list(steps),
        "words": WORDS,
        "models": models,
        "picks": picks,
        "chance": chance,
        "reported": float(scores[:, 0].mean()),
        "true": float(scores[:, 1].mean()),
        "optimism": float((scores[:, 0] - scores[:, 1]).mean()),
        "spread": float((scores[:, 0] - scores[:, 1]).std()),
        "reach": reach,
        "seeds": seeds,
    }
    return Frame({"reports": scores[:, 0].copy(), "truths": scores[:, 1].copy()}, numbers)


def _own_data(own: tuple[Any, Any]) -> tuple[Array, Array]:
    """The learner's inputs (N, D) and class numbers (N,)."""
    x, y = np.asarray(own[0], dtype=np.float64), np.asarray(own[1]).ravel()
    if x.ndim != 2 or len(x) != len(y) or len(x) < 40 or y.dtype.kind not in "iub":
        raise KnobError(
            "own is (x, y): an array (N, D) and N class numbers from 0, with N at least 40; not "
            f"{x.shape} and {y.shape} of {y.dtype}."
        )
    return x, y.astype(int)


# Words --------------------------------------------------------------------------------------------


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    steps = ", then ".join(WORDS[s] for s in frame["used"])
    says = [f"In order: {steps}. Chance is {_percent(frame['chance'])}."]
    if "reported" not in frame.numbers:
        return tuple(says)
    says.append(
        f"The report says {_percent(frame['reported'])}; on rows that nothing touched the same "
        f"model reaches {_percent(frame['true'])} (means of {frame['seeds']} runs)."
    )
    leaks = [step for step, share in frame["reach"].items() if share > 0]
    says += [_leak(frame, step) for step in leaks]
    if not leaks:
        says.append("No arrow carries test rows into training.")
    elif abs(frame["optimism"]) < 0.03:
        says.append("The leak is there, and on these data its harm cannot be measured.")
    return tuple(says)


def _leak(frame: Frame, step: str) -> str:
    share = _percent(frame["reach"][step])
    if step == "choose":
        return f"The best of {frame['models']} models was chosen on the test rows themselves."
    if step in ("augment", "balance"):
        return f"“{WORDS[step]}” puts copies on both sides: {share} of the test rows have kin in training."  # noqa: E501
    return f"“{WORDS[step]}” looked at {share} of the test rows before training."


def _percent(value: float) -> str:
    return f"{100 * value:.0f}\u00a0%"


# Prediction and missions --------------------------------------------------------------------------

_PREDICTED = {"data": "digits", "dice": True, "augment": True, "order": (4.0, 1.0, 2.0, 3.0, 5.0)}


def _prove(explorable: Explorable) -> int:
    reported = explorable.at(**_PREDICTED)["reported"]
    return int(np.digitize(reported, [0.2, 0.7]))


PREDICT = Prediction(
    "The labels of 160 digits are thrown by dice, ten sides each. Every image is copied five times "
    "with a little noise; then the rows are shuffled and split in two halves. What accuracy will "
    "the nearest neighbour report on the test half?",
    (
        (
            "About 10 %: there is nothing to learn",
            "There is nothing to learn, and yet nearly every test row has a copy of its own image, "
            "with the same die, among the rows to train on.",
        ),
        (
            "About 50 %: half of the copies are known",
            "A test row needs only one of its five kin on the other side. That all five land "
            "beside it in the test half happens once in thirty.",
        ),
        (
            "More than 80 %: the copies are on both sides",
            "Nearly every test row has kin in training, and the nearest neighbour finds it. On "
            "new images the same model is at chance.",
        ),
    ),
    2,
    _prove,
    hides=("reports", "truths", "reported", "true", "optimism", "spread", "reach"),
    at=_PREDICTED,
)


def _check_dice(settings: Settings, frame: Frame) -> Verdict:
    if not frame["dice"]:
        return waiting("Throw the labels by dice first.")
    if frame["reported"] <= 0.9:
        return not_yet(f"The report says {_percent(frame['reported'])}.")
    return done(
        f"{_percent(frame['reported'])} on dice, and {_percent(frame['true'])} on new images.",
        "leak-detector#copies-first",
    )


def _check_mend(settings: Settings, frame: Frame) -> Verdict:
    if not settings["select"] or frame["data"] != "noise":
        return waiting("Keep the noise, and keep choosing columns.")
    if any(frame["reach"].values()):
        return not_yet(f"{_percent(max(frame['reach'].values()))} of the test rows still leak.")
    return done(f"The report says {_percent(frame['reported'])} now, which is chance, and true.")


def _check_luck(settings: Settings, frame: Frame) -> Verdict:
    others = [v for k, v in frame["reach"].items() if k != "choose"]
    if frame["data"] != "noise" or any(others):
        return waiting("Take the noise, and leave no other leak open.")
    if frame["optimism"] < 0.1:
        return not_yet(f"The report is {100 * frame['optimism']:.0f} points above the truth.")
    return done(
        f"The best of {frame['models']} looks {100 * frame['optimism']:.0f} points better than "
        "it is: the test set has chosen it."
    )


def _check_harmless(settings: Settings, frame: Frame) -> Verdict:
    if frame["dice"] or frame["data"] == "noise":
        return waiting("Take real data with their real labels.")
    if not any(frame["reach"].values()):
        return not_yet("Nothing leaks here.")
    if abs(frame["optimism"]) >= 0.02:
        return not_yet(f"The leak moves the report by {100 * frame['optimism']:.0f} points.")
    return done("All test rows were looked at, and the report hardly moved. Mend it all the same.")


MISSIONS = (
    Mission(
        "dice",
        "Report more than 90 % on dice without touching the model.",
        _check_dice,
        lambda e: {"augment": True, "order": (4.0, 1.0, 2.0, 3.0, 5.0)},
        {"data": "digits", "dice": True, "augment": False, "order": (0.0, 1.0, 2.0, 3.0, 4.0)},
    ),
    Mission(
        "mend",
        "Noise is predicted well here. Keep every step, and stop the leak.",
        _check_mend,
        lambda e: {"order": (0.0, 1.0, 2.0, 3.0, 4.0)},
        {"data": "noise", "select": True, "augment": False, "order": (2.0, 0.0, 1.0, 3.0, 4.0)},
    ),
    Mission(
        "luck",
        "Make the report ten points too good by the choice of the model alone.",
        _check_luck,
        lambda e: {"models": 100, "picks": "test"},
        {"data": "noise", "augment": False, "models": 1, "order": (0.0, 1.0, 2.0, 3.0, 4.0)},
    ),
    Mission(
        "harmless",
        "Find a leak on real data that moves the report by less than two points.",
        _check_harmless,
        lambda e: {"scale": True, "order": (1.0, 0.0, 2.0, 3.0, 4.0)},
        {
            "data": "digits",
            "dice": False,
            "augment": False,
            "scale": True,
            "order": (0.0, 1.0, 2.0, 3.0, 4.0),
        },
    ),
)


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """The steps as a row of boxes, leaks in colour; below, reported and true accuracy."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 3.2), layout="constrained")
    flow, scores = figure.subplots(2, 1, height_ratios=[1, 1.5])
    boxes = [*frame["used"], "choose"] if frame["models"] > 1 else list(frame["used"])
    for i, step in enumerate(boxes):
        leaks = frame["reach"].get(step, 0) > 0
        colour = "#b8500c" if leaks else "#0b63b0"
        flow.text(
            i, 0, WORDS[step], ha="center", va="center", fontsize=10, color=colour,
            bbox={"boxstyle": "round,pad=0.5", "fc": "white", "ec": colour, "lw": 1 + leaks},
        )  # fmt: skip
        if leaks:
            words = f"{_percent(frame['reach'][step])} of test rows"
            flow.text(i, -0.62, words, ha="center", fontsize=8.5, color=colour)
        if i:
            flow.annotate("", (i - 0.3, 0), (i - 0.62, 0), arrowprops={"arrowstyle": "->"})
    flow.set(xlim=(-0.6, max(3.6, len(boxes) - 0.4)), ylim=(-0.8, 0.6))
    flow.set_axis_off()
    for row, (name, colour) in enumerate((("reports", "#b8500c"), ("truths", "#0b63b0"))):
        scores.barh(row, frame[name].mean(), color=colour, alpha=0.35, height=0.6)
        scores.plot(frame[name], [row] * len(frame[name]), "o", color=colour, ms=4)
    scores.axvline(frame["chance"], color="#57606a", lw=1, ls=":")
    scores.text(frame["chance"] + 0.008, 0.55, "chance", fontsize=9, color="#57606a", va="center")
    scores.set(yticks=[0, 1], yticklabels=["reported", "on untouched rows"], xlim=(0, 1.02))
    scores.set_xlabel("accuracy, one dot a run")
    scores.invert_yaxis()
    return figure


# The explorable -----------------------------------------------------------------------------------

KNOBS = (
    Choice(
        "data",
        "Data",
        "digits",
        options=(("digits", "digits"), ("diabetes", "diabetes"), ("noise", "pure noise")),
    ),
    Toggle("dice", "Labels thrown by dice", True),
    Numbers("order", "Order of the steps", (4.0, 1.0, 2.0, 3.0, 5.0), 0.0, 9.0, 1.0, on_stage=True),
    Toggle("scale", "Scale the columns", False),
    Toggle("select", "Choose columns", False, about="The twelve that go best with the labels."),
    Toggle("augment", "Copy with noise", True, about="Five copies of every row in sight."),
    Toggle("balance", "Balance classes", False, about="Repeats rows of the rarer classes."),
    Slider(
        "models", "Models tried", 1, 1, 100, 0.1, log=True,
        about="Nearest neighbours, each on other columns.",
    ),
    Choice(
        "picks",
        "The best is chosen on",
        "validation",
        options=(("validation", "part of training"), ("test", "the test rows")),
    ),
)  # fmt: skip

_FIRST = (0.0, 1.0, 2.0, 3.0, 4.0)
_BARE = {"augment": False, "dice": False, "order": _FIRST}
EXPLORABLE = Explorable(
    "leak-detector",
    "Leak detector",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    (
        Preset("honest", "Copied after the split", {"order": _FIRST}),
        Preset(
            "copies-first", "Copied before", {"order": (4.0, 1.0, 2.0, 3.0, 5.0)}, "D-03"
        ),
        Preset(
            "select-first",
            "Columns chosen before",
            {**_BARE, "data": "noise", "select": True, "order": (3.0, 1.0, 2.0, 4.0, 5.0)},
            "D-02",
        ),
        Preset(
            "select-after", "Columns chosen after", {**_BARE, "data": "noise", "select": True}
        ),
        Preset(
            "scale-first",
            "Scaled before",
            {**_BARE, "scale": True, "order": (2.0, 1.0, 3.0, 4.0, 5.0)},
            "D-01",
        ),
        Preset(
            "balance-first",
            "Balanced before",
            {
                **_BARE, "data": "diabetes", "balance": True,
                "order": (4.0, 1.0, 2.0, 5.0, 3.0),
            },
            "D-13",
        ),
        Preset(
            "tuned-on-test",
            "Best of 100 on the test rows",
            {**_BARE, "data": "noise", "models": 100, "picks": "test"},
            "D-04",
        ),
    ),
    MISSIONS,
    (Own("own", "(x, y): your inputs (N, D) and class numbers from 0"),),
)  # fmt: skip
