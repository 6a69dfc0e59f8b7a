"""Explorable 12, the transfer balance: a borrowed body on six targets, against its rivals."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from ...teach.explorable import (
    Choice,
    Explorable,
    Frame,
    Mission,
    Own,
    Prediction,
    Preset,
    Settings,
    Toggle,
    done,
    not_yet,
)
from ...teach.verdict import Verdict
from . import study
from .balance_table import KS, LOOKS, SEEDS, SHARES, TARGETS, key, table, task

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WAYS = (
    "linear model on pixels",
    "network from scratch",
    "random body, frozen",
    "borrowed body, frozen",
    "the model as it came",
    "your way",
)
LINEAR, SCRATCH, RANDOM, FROZEN, CAME, YOURS = range(6)
RIVALS = (LINEAR, SCRATCH, RANDOM)  # what needs no loan
_TARGETS = {
    "anywhere": ("5 to 9, anywhere", "the digits 5 to 9 at random places"),
    "middle": ("5 to 9, in the middle", "the digits 5 to 9, all in the middle"),
    "place": ("the place of a digit", "at which of nine places a digit stands"),
    "noisy": ("0 to 4, noisy", "the digits 0 to 4 of the source, with noise"),
    "dim": ("0 to 4, dim", "the digits 0 to 4 of the source, at 30 % of their brightness"),
    "inverted": ("0 to 4, inverted", "the digits 0 to 4 of the source, light and dark exchanged"),
}
_FREEZES = {
    "nothing": "nothing",
    "convolutions": "both convolutions",
    "all": "the whole body",
    "weights": "the weights only",
}


def _scores(
    way: str, target: str, prepare: str = "source", shift: bool = False, freeze: str = "",
    share: float = 0.0, part: int = 0,
) -> np.ndarray:  # fmt: skip
    """Accuracies of one way for every k and split, (K, S)."""
    rows = [table()[key(way, target, k, (prepare, shift), freeze, share)] for k in KS]
    return np.array(rows)[:, :, part] / 1000


# The frame ----------------------------------------------------------------------------------------


def compute(
    target: str,
    k: str,
    freeze: str,
    rate: str,
    shift: bool,
    prepare: str,
    *,
    features: Callable[[np.ndarray], np.ndarray] | None = None,
    fine: bool = True,
) -> Frame:
    """Every way's accuracy for each number of labels and split, and what is kept of the source."""
    shift = shift and prepare == "source"  # the table has no shifts of images prepared otherwise
    share = float(rate) if freeze == "nothing" else SHARES.get(freeze, (0.0,))[0]
    ways = np.full((len(WAYS), len(KS), len(SEEDS)), np.nan)
    ways[LINEAR], ways[RANDOM] = _scores("linear", target), _scores("random", target)
    ways[SCRATCH] = _scores("scratch", target, "source", shift)
    ways[FROZEN] = _scores("frozen", target, prepare)
    if target in LOOKS:
        came = table()[key("zero", target, 0, (prepare, False), "", 0.0)]
        ways[CAME] = np.array(came)[:, 0] / 1000
    how = (target, prepare, shift, freeze, share)
    if features is not None:
        ways[YOURS] = _own(features, target)
    else:  # wholly frozen: the head is fitted to the end, as a linear probe
        ways[YOURS] = ways[FROZEN] if freeze == "all" else _scores("tuned", *how)
    kept = _scores("tuned", *how, part=1)
    i = KS.index(int(k))
    means = ways[:, i].mean(1)
    best = max(RIVALS, key=lambda w: means[w])
    numbers = {
        "target": target,
        "k": int(k),
        "at": i,
        "names": [*WAYS[:YOURS], "your way" if features is None else "your features"],
        "shared": target in LOOKS,
        "freeze": freeze,
        "own": features is not None,
        "mine": float(means[YOURS]),
        "low": float(ways[YOURS, i].min()),
        "high": float(ways[YOURS, i].max()),
        "rival": WAYS[best],
        "best": float(means[best]),
        "random": float(means[RANDOM]),
        "frozen": float(means[FROZEN]),
        "came": float(means[CAME]) if target in LOOKS else None,
        "prepared": prepare,
        "kept": float(kept[i].mean()),
        "wins": bool((ways[YOURS, i] > ways[list(RIVALS), i].max(0)).all()),
    }
    images = task(target, 0).pool.x[:8, 0]
    arrays = {
        "images": np.round(255 * images.clip(0, 1)).astype(np.uint8),
        "ways": np.nan_to_num(ways, nan=-1.0),
        "kept_all": kept,
    }
    return Frame(arrays, numbers)


def _own(features: Callable[[np.ndarray], np.ndarray], target: str) -> np.ndarray:
    """Logistic regression on the learner's features of the images, (K, S), computed live."""
    out = np.empty((len(KS), len(SEEDS)))
    for s in SEEDS:
        given = task(target, s)
        judged = _features(features, given.judged.x)
        for i, k in enumerate(KS):
            train = study.few(given.pool, k, s)
            seen = _features(features, train.x)
            size = seen.std() or 1.0
            head = LogisticRegression(max_iter=300).fit(seen / size, train.y)
            out[i, s] = head.score(judged / size, given.judged.y)
    return out


def _features(features: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    found = np.asarray(features(x.copy()), dtype=np.float64)
    if found.ndim != 2 or len(found) != len(x):
        raise ValueError(f"features(images) should return ({len(x)}, D), not {found.shape}.")
    return found


# Words --------------------------------------------------------------------------------------------


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    labels = f"{frame['k']} label{'s' if frame['k'] > 1 else ''} of each class"
    says = [f"The target is {_TARGETS[frame['target']][1]}, with {labels}."]
    if "mine" not in frame.numbers:
        return tuple(says)
    who = "Your features with a linear head reach" if frame["own"] else "Your way reaches"
    says.append(
        f"{who} {_percent(frame['mine'])} (from {_percent(frame['low'])} to "
        f"{_percent(frame['high'])} over three splits); without a loan the best is the "
        f"{frame['rival']} with {_percent(frame['best'])}."
    )
    if frame["came"] is not None:
        how = ", on images with their own mean" if frame["prepared"] == "own" else ""
        says.append(f"As it came{how}, without any training, it has {_percent(frame['came'])}.")
    if not frame["own"]:
        says.append(f"Of the source the old head still names {_percent(frame['kept'])}.")
        if frame["freeze"] == "weights":
            says.append("No weight of the body has moved, but its running statistics have.")
    return tuple(says)


def _percent(value: float) -> str:
    return f"{100 * value:.0f}\u00a0%"


# Prediction and missions --------------------------------------------------------------------------


def _prove(explorable: Explorable) -> int:
    frames = [
        explorable.at(target=t, k="10", freeze="all") for t in ("anywhere", "middle", "place")
    ]
    gains = [f["frozen"] - f["random"] for f in frames]
    assert gains[0] > 0 > gains[2]
    return int(np.argmin(gains))


PREDICT = Prediction(
    "A body has learned to name the digits 0 to 4 wherever they stand. Frozen, it is lent to three "
    "targets: name the digits 5 to 9 anywhere, name them in the middle, or say at which place a "
    "digit stands. Where does it do much worse than a body that has learned nothing?",
    (
        (
            "Naming the digits 5 to 9 anywhere",
            "These are digits that it has never seen. But it has learned to ignore the place, and "
            "that is what this target needs: here the loan is a gain.",
        ),
        (
            "Naming the digits 5 to 9 in the middle",
            "Here the loan brings little and costs little. What the source taught is not needed "
            "where all digits stand in one place.",
        ),
        (
            "Saying at which place a digit stands",
            "It has learned to throw away the place, and the place is what is asked. A random body "
            "was never taught to throw anything away: negative transfer.",
        ),
    ),
    2,
    _prove,
    hides=("ways", "kept_all", "mine", "low", "high", "rival", "best", "random", "frozen", "came",
           "kept", "wins"),
    at={"target": "place", "k": "10", "freeze": "all"},
)  # fmt: skip


def _check_win(settings: Settings, frame: Frame) -> Verdict:
    if frame["shared"]:
        return not_yet("Take a target with other classes than the source's.")
    if not frame["wins"]:
        return not_yet(
            f"Your way has {_percent(frame['mine'])}, the {frame['rival']} "
            f"{_percent(frame['best'])}; it should be ahead on each of the three splits."
        )
    return done(
        f"{_percent(frame['mine'])} against {_percent(frame['best'])}, on each of the three splits."
    )


def _check_lose(settings: Settings, frame: Frame) -> Verdict:
    if settings["freeze"] != "all":
        return not_yet("Freeze the whole body.")
    gap = frame["mine"] - frame["random"]
    if gap > -0.1:
        return not_yet(f"Against a random body it is {100 * gap:+.0f} points.")
    return done(f"{100 * -gap:.0f} points below a random body: it was taught to ignore the answer.")


def _check_keep(settings: Settings, frame: Frame) -> Verdict:
    if settings["target"] != "anywhere" or settings["k"] != "10":
        return not_yet("Stay with the digits 5 to 9 anywhere, and 10 labels.")
    if frame["kept"] < 0.85:
        return not_yet(f"Of the source only {_percent(frame['kept'])} is kept.")
    if frame["mine"] < 0.62:
        return not_yet(f"The target has {_percent(frame['mine'])}.")
    return done(f"{_percent(frame['mine'])} won, {_percent(frame['kept'])} kept.")


def _check_worse(settings: Settings, frame: Frame) -> Verdict:
    if frame["came"] is None:
        return not_yet("Take a target with the source's classes.")
    if settings["prepare"] != "source":
        return not_yet("Prepare the images as the source's.")
    if frame["mine"] > frame["came"] - 0.02:
        return not_yet(f"As it came {_percent(frame['came'])}, tuned {_percent(frame['mine'])}.")
    return done(
        f"From {_percent(frame['came'])} down to {_percent(frame['mine'])}, by training. Always "
        "try the model as it came."
    )


def _settings(fixed: Settings) -> Iterator[dict[str, Any]]:
    """All settings that agree with what is fixed."""
    ends = [[fixed[kn.name]] if kn.name in fixed else kn.ends() for kn in KNOBS]
    for values in product(*ends):
        yield dict(zip((kn.name for kn in KNOBS), values, strict=True))


def _first(mission: str, **fixed: Any) -> Callable[[Explorable], Settings]:
    """A solver: the first setting that the mission's own check accepts."""

    @lru_cache(maxsize=1)
    def found() -> tuple[tuple[str, Any], ...]:
        for settings in _settings(fixed):
            if EXPLORABLE.check(mission, settings, EXPLORABLE.at(**settings)).correct:
                return tuple(settings.items())
        raise LookupError(f"No setting solves {mission}.")

    return lambda _: dict(found())


MISSIONS = (
    Mission(
        "win",
        "Find a target with new digits and a way that beats every rival on each of the three "
        "splits.",
        _check_win,
        _first("win", shift=False, prepare="source"),
        {"target": "middle", "k": "10", "freeze": "all"},
    ),
    Mission(
        "lose",
        "Find a target on which the whole body, frozen, is ten points worse than a random one.",
        _check_lose,
        _first("lose", freeze="all", prepare="source", shift=False),
        {"target": "anywhere", "k": "3", "freeze": "all"},
    ),
    Mission(
        "keep",
        "With 10 labels, reach 62 % on the digits 5 to 9 anywhere and keep 85 % of the source.",
        _check_keep,
        _first("keep", target="anywhere", k="10", prepare="source", shift=False),
        {"target": "anywhere", "k": "10", "freeze": "nothing", "rate": "1"},
    ),
    Mission(
        "worse",
        "Make a model worse than it came, by training it on right labels.",
        _check_worse,
        _first("worse", prepare="source", shift=False),
        {"target": "noisy", "k": "30", "freeze": "all"},
    ),
)


# The static picture -------------------------------------------------------------------------------

_COLOURS = ("#57606a", "#0b63b0", "#7b3aa0", "#b8500c", "#0a6b4a", "#1b2530")


def picture(frame: Frame) -> "Figure":
    """Accuracy over the number of labels, and every split at the chosen number."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    shown = [w for w in range(len(WAYS)) if frame["ways"][w, 0, 0] >= 0]
    for row, w in enumerate(shown):
        values, colour = frame["ways"][w], _COLOURS[w]
        wide = 2.4 if w == YOURS else 1.4
        left.plot(range(len(KS)), values.mean(1), "o", color=colour, lw=wide, ms=4, ls="-")
        left.fill_between(
            range(len(KS)), values.min(1), values.max(1), color=colour, alpha=0.1, lw=0
        )
        now = values[frame["at"]]
        right.plot(now, [row] * len(now), "o", color=colour, alpha=0.7)
        right.plot([now.mean()] * 2, [row - 0.3, row + 0.3], color=colour, lw=2, ls="-")
    left.set(xticks=range(len(KS)), xticklabels=[str(k) for k in KS], ylim=(0, 1.02))
    left.set(xlabel="labels of each class", ylabel="accuracy")
    left.axvline(frame["at"], color="#57606a", lw=0.8, ls=":")
    right.set(yticks=range(len(shown)), yticklabels=[frame["names"][w] for w in shown])
    right.set(xlim=(0, 1.02), xlabel=f"accuracy with {frame['k']} labels, one dot a split")
    right.invert_yaxis()
    return figure


# The explorable -----------------------------------------------------------------------------------

KNOBS = (
    Choice(
        "target", "Target", "anywhere", options=tuple((t, _TARGETS[t][0]) for t in TARGETS),
        about="The source is the digits 0 to 4 at random places.",
    ),
    Choice(
        "k", "Labels of each class", "3", options=tuple((str(k), str(k)) for k in KS),
    ),
    Choice(
        "freeze", "Frozen", "all", options=tuple(_FREEZES.items()),
        about="“The weights only” leaves the batch norms in training mode.",
    ),
    Choice(
        "rate", "Rate of the body", "0.1", options=(("1", "as the head"), ("0.1", "a tenth")),
        when=("freeze", ("nothing",)),
    ),
    Toggle(
        "shift", "Shift training images", False, when=("prepare", ("source",)),
        about="For networks that are trained; a frozen body's head gets the images as they are.",
    ),
    Choice(
        "prepare", "Images prepared", "source",
        options=(("source", "as the source’s"), ("own", "by their own mean")),
        about="By their own mean and deviation, or as those that the body was trained on.",
    ),
)  # fmt: skip

PRESETS = (
    Preset(
        "no-gain", "No gain", {"target": "middle", "k": "10", "freeze": "all"}, breaks="X-01"
    ),
    Preset(
        "statistics-move", "Weights frozen only",
        {"target": "inverted", "k": "10", "freeze": "weights"}, breaks="X-02",
    ),
    Preset(
        "full-rate", "Full rate",
        {"target": "anywhere", "k": "10", "freeze": "nothing", "rate": "1"}, breaks="X-05",
    ),
    Preset(
        "own-scale", "Own mean",
        {"target": "noisy", "k": "3", "freeze": "all", "prepare": "own"}, breaks="X-06",
    ),
    Preset(
        "zero-shot", "Worse than it came",
        {"target": "noisy", "k": "1", "freeze": "nothing", "rate": "1"}, breaks="X-09",
    ),
)  # fmt: skip

EXPLORABLE = Explorable(
    id="transfer-balance",
    title="Transfer balance",
    view=Path(__file__).with_suffix(".js"),
    predict=PREDICT,
    knobs=KNOBS,
    compute=compute,
    describe=describe,
    picture=picture,
    presets=PRESETS,
    missions=MISSIONS,
    own=(
        Own(
            "features",
            "a function features(images) that turns (N, 1, 12, 12) into (N, D); a linear head is "
            "trained on them",
        ),
    ),
    also_breaks=("X-08",),
)
