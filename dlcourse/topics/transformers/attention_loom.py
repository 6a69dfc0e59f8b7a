"""Explorable 10, the attention loom: who looks at whom, and what leaks through a mask."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...teach.explorable import (
    Choice,
    Explorable,
    Frame,
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
)
from ...teach.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = np.ndarray
SENTENCES = {
    "cat": ["the", "cat", "saw", "the", "dog", "run"],
    "bank": ["we", "sat", "by", "the", "bank", "of", "the", "river"],
    "short": ["a", "rose", "is", "a", "rose"],
}
SIZES = (4, 16, 64, 256)
MASKS = {
    "none": "none",
    "causal": "−∞ before softmax",
    "shared": "0 after softmax, shared again",
    "after": "0 after softmax",
    "multiply": "times 0 before softmax",
    "inverted": "−∞ on the past",
    "strict": "−∞ on oneself too",
}
SCALES = {"root": "÷ √d", "none": "none", "size": "÷ d"}


# The arithmetic -----------------------------------------------------------------------------------


def softmax(scores: Array, axis: int = -1) -> Array:
    """Shares along an axis; where every score is −∞ the shares are 0."""
    top = scores.max(axis, keepdims=True)
    e = np.exp(scores - np.where(np.isfinite(top), top, 0))
    total = e.sum(axis, keepdims=True)
    return e / np.where(total == 0, 1, total)


def weights(scores: Array, mask: str, axis: int = -1) -> Array:
    """What becomes of scaled scores (T, T) under one way to mask the future."""
    T = len(scores)
    future = ~np.tri(T, dtype=bool)
    hidden = {
        "inverted": ~future & ~np.eye(T, dtype=bool),
        "strict": future | np.eye(T, dtype=bool),
    }
    if mask == "multiply":
        return softmax(scores * ~future, axis)
    if mask in ("after", "shared"):
        kept = softmax(scores, axis) * ~future
        return kept / kept.sum(-1, keepdims=True) if mask == "shared" else kept
    if mask == "none":
        return softmax(scores, axis)
    return softmax(np.where(hidden.get(mask, future), -np.inf, scores), axis)


def scaled(q: Array, k: Array, scale: str) -> Array:
    """The scores (T, S) of queries (T, d) and keys (S, d), divided as `scale` says."""
    d = q.shape[1]
    return q @ k.T / {"root": np.sqrt(d), "none": 1.0, "size": d}[scale]


@cache
def _vectors(word: str, d: int, kind: str) -> Array:
    """A vector of d entries of size about 1: the same for a word wherever it stands."""
    seed = [ord(c) for c in f"{kind}:{word}"]
    return np.random.default_rng([d, *seed]).standard_normal(d)


def looms(words: tuple[str, ...], d: int, positions: bool) -> tuple[Array, Array, Array]:
    """Queries, keys and values (T, d) of words, with a vector for each place added if asked."""

    def of(kind: str) -> Array:
        rows = np.stack([_vectors(word, d, kind) for word in words])
        places = np.stack([_vectors(f"place {t}", d, kind) for t in range(len(words))])
        return (rows + places) / np.sqrt(2) if positions else rows

    return of("query"), of("key"), of("value")


def leaks(q: Array, k: Array, v: Array, attend: Callable[[Array, Array], Array]) -> tuple:
    """How far what a place reads changes when later values, and then later keys, are others.

    `attend(q, k)` gives the weights.  Both are means over places, relative to what is read.
    """
    rng = np.random.default_rng(0)
    other_k, other_v = rng.standard_normal(k.shape), rng.standard_normal(v.shape)
    before = attend(q, k) @ v
    size = max(float(np.sqrt((before**2).sum(1)).mean()), 1e-12)
    by_value, by_key = [], []
    for t in range(len(q) - 1):
        new_v, new_k = v.copy(), k.copy()
        new_v[t + 1 :], new_k[t + 1 :] = other_v[t + 1 :], other_k[t + 1 :]
        by_value.append(np.sqrt((((attend(q, k) @ new_v) - before)[t] ** 2).sum()))
        by_key.append(np.sqrt((((attend(q, new_k) @ v) - before)[t] ** 2).sum()))
    return float(np.mean(by_value)) / size, float(np.mean(by_key)) / size


# The frame ----------------------------------------------------------------------------------------


def compute(
    sentence: str,
    mask: str,
    scale: str,
    d: str,
    axis: str,
    positions: bool,
    turned: bool,
    temperature: float,
    query: int,
    *,
    function: Callable[[Array], Array] | None = None,
    fine: bool = True,
) -> Frame:
    """Scores, weights and meters for one sentence; a learner's function may make the weights."""
    words = tuple(SENTENCES[sentence])
    order = np.arange(len(words))[:: -1 if turned else 1]
    shown = tuple(words[i] for i in order)
    over = -1 if axis == "keys" else 0

    def attend(q: Array, k: Array) -> Array:
        scores = scaled(q, k, scale) / temperature
        if function is None:
            return weights(scores, mask, over)
        found = np.asarray(function(scores.copy()), dtype=np.float64)
        if found.shape != scores.shape:
            raise ValueError(f"The weights have shape {found.shape}; the scores {scores.shape}.")
        return np.nan_to_num(found)

    q, k, v = looms(shown, int(d), positions)
    w = attend(q, k)
    by_value, by_key = leaks(q, k, v, attend)
    sums = w.sum(1)
    q0, k0, v0 = looms(words, int(d), positions)
    moved = (w @ v)[np.argsort(order)] - attend(q0, k0) @ v0
    row = min(query, len(words) - 1)
    numbers = {
        "words": list(shown),
        "leak_values": by_value,
        "leak_keys": by_key,
        "sums": [float(sums.min()), float(sums.max())],
        "future": float(np.triu(w, 1)[0].sum() / max(w[0].sum(), 1e-12)),
        "largest": float(w.max(1).mean()),
        "entropy": float(-(w * np.log2(np.maximum(w, 1e-12))).sum(1).mean()),
        "moved": float(np.abs(moved).max()),
        "row": row,
        "turned": turned,
        "mask": mask,
        "masked": mask != "none" or function is not None,
        "d": int(d),
    }
    arrays = {"scores": scaled(q, k, scale) / temperature, "weights": w, "out": (w @ v)[:, :8]}
    return Frame(arrays, numbers)


# Words --------------------------------------------------------------------------------------------


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    words, row = frame["words"], frame["row"]
    says = [f"With d = {frame['d']}, a query gives its largest share {_share(frame['largest'])}."]
    if "weights" in frame.arrays:
        w = frame["weights"][row]
        best = int(w.argmax())
        says.append(f"“{words[row]}” looks most at “{words[best]}”: {_share(w[best])}.")
    if "sums" in frame.numbers:
        low, high = frame["sums"]
        says.append(
            "Every row sums to 1."
            if abs(low - 1) + abs(high - 1) < 1e-9
            else f"Rows sum to {number(low)} up to {number(high)}, not to 1."
        )
    if "leak_keys" in frame.numbers and frame["masked"]:
        values, keys = _meter(frame["leak_values"]), _meter(frame["leak_keys"])
        says.append(f"Leak meter: later values change what is read by {values}, later keys {keys}.")
        if frame["mask"] == "multiply":
            says.append(f"The first word spends {_share(frame['future'])} on its future.")
    if frame["turned"]:
        says.append(
            "Turned round, every word reads the same as before."
            if frame["moved"] < 1e-9
            else f"Turned round, what a word reads changes by up to {number(frame['moved'])}."
        )
    return tuple(says)


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _meter(value: float) -> str:
    return "0" if value < 1e-9 else number(value, 2)


# Prediction and missions --------------------------------------------------------------------------


def _prove(explorable: Explorable) -> int:
    frame = explorable.at(mask="after")
    sealed = frame["leak_values"] < 1e-12, frame["leak_keys"] < 1e-12
    return {(True, True): 0, (True, False): 1, (False, True): 2, (False, False): 2}[sealed]


PREDICT = Prediction(
    "A causal mask is applied late: the softmax runs over all the scores, and then the weights "
    "of later words are set to 0. Does a word still learn something about the words after it?",
    (
        (
            "No, their weights are exactly 0",
            "Their values do not come through, that is right. But the softmax divided by a sum in "
            "which the later keys took part, and that sum is still in every weight.",
        ),
        (
            "Yes, through their keys",
            "The later keys took part in the softmax's denominator. The weights that are left sum "
            "to less than one, and by how much depends on the future.",
        ),
        (
            "Yes, through their values",
            "A value counts with its weight, and that weight is exactly 0. A test that changes "
            "only the later values finds nothing, which is why this mistake survives.",
        ),
    ),
    1,
    _prove,
    hides=("leak_keys", "leak_values", "sums", "weights"),
    at={"mask": "after"},
)


def _sealed(frame: Frame) -> bool:
    return max(frame["leak_values"], frame["leak_keys"]) < 1e-9 and frame["masked"]


def _check_sealed(settings: Settings, frame: Frame) -> Verdict:
    if not _sealed(frame):
        values, keys = _meter(frame["leak_values"]), _meter(frame["leak_keys"])
        return not_yet(f"Later values leak {values}, later keys {keys}.")
    if min(frame["sums"]) < 1 - 1e-9:
        return not_yet("Nothing leaks, but the first word has nothing to look at.")
    return done("Minus infinity before the softmax: no share, and no part in the sum.")


def _check_again(settings: Settings, frame: Frame) -> Verdict:
    if settings["mask"] == "causal":
        return not_yet("That is the first way. Find another one with the same weights.")
    if not _sealed(frame) or min(frame["sums"]) < 1 - 1e-9:
        values, keys = _meter(frame["leak_values"]), _meter(frame["leak_keys"])
        return not_yet(f"Later values leak {values}, later keys {keys}.")
    return done("Dividing by what is left takes the future out of the denominator again.")


def _check_soft(settings: Settings, frame: Frame) -> Verdict:
    if settings["d"] != "256" or settings["temperature"] != 1:
        return not_yet("Keep d at 256 and the temperature at 1.")
    largest = frame["largest"]
    if largest > 0.7:
        return not_yet(f"The largest share is {_share(largest)}: one word takes nearly all.")
    if largest < 0.25:
        return not_yet(f"The largest share is {_share(largest)}: nobody is singled out.")
    return done("Divided by √d, scores have size about 1 whatever d is.")


def _check_set(settings: Settings, frame: Frame) -> Verdict:
    if not settings["turned"]:
        return not_yet("Turn the sentence round.")
    if frame["moved"] > 1e-9:
        return not_yet(f"What a word reads changes by up to {number(frame['moved'])}.")
    return done("Without positions and mask, attention treats its words as a set.")


MISSIONS = (
    Mission(
        "sealed",
        "Make both leak meters read 0 while every row still sums to 1.",
        _check_sealed,
        lambda e: {"mask": "causal"},
        {"mask": "after"},
    ),
    Mission(
        "again",
        "Seal the future in a second way, without −∞.",
        _check_again,
        lambda e: {"mask": "shared"},
        {"mask": "multiply"},
    ),
    Mission(
        "soft",
        "With d = 256, find the scale that neither picks one word nor treats all alike.",
        _check_soft,
        lambda e: {"scale": "root"},
        {"d": "256", "scale": "none", "mask": "none"},
    ),
    Mission(
        "set",
        "Turn the sentence round so that every word still reads exactly the same.",
        _check_set,
        lambda e: {"positions": False, "turned": True},
        {"mask": "none", "positions": True, "turned": True},
    ),
)


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """The scores and the weights, a row for each query."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 3.9), layout="constrained")
    words = frame["words"]
    for axes, name, colours in zip(
        figure.subplots(1, 2), ("scores", "weights"), ("PuOr_r", "Blues"), strict=True
    ):
        values = frame[name]
        top = np.abs(values).max() if name == "scores" else 1.0
        axes.imshow(values, cmap=colours, vmin=-top if name == "scores" else 0, vmax=top)
        axes.set_xticks(range(len(words)), words, rotation=45, fontsize=9)
        axes.set_yticks(range(len(words)), words, fontsize=9)
        axes.set_title(f"{name}: a row for each query", fontsize=10)
        for (i, j), value in np.ndenumerate(values):
            dark = abs(value) > 0.6 * top
            ink = "white" if dark else "black"
            axes.text(j, i, f"{value:.1f}", ha="center", va="center", fontsize=8, color=ink)
    return figure


# The explorable -----------------------------------------------------------------------------------

EXPLORABLE = Explorable(
    "attention-loom",
    "Attention loom",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    (
        Choice(
            "sentence",
            "Sentence",
            "cat",
            options=tuple((name, " ".join(words)) for name, words in SENTENCES.items()),
        ),
        Choice("mask", "Mask", "causal", options=tuple(MASKS.items())),
        Choice("scale", "Scale", "root", options=tuple(SCALES.items())),
        Choice("d", "Size of a key d", "64", options=tuple((str(d), str(d)) for d in SIZES)),
        Choice("axis", "Softmax over", "keys", options=(("keys", "keys"), ("queries", "queries"))),
        Toggle("positions", "Add positions", True),
        Toggle("turned", "Turn the sentence round", False),
        Slider("temperature", "Temperature", 1.0, 0.1, 4.0, 0.1),
        Slider("query", "Marked query", 2, 0, 7, 1),
    ),
    compute,
    describe,
    picture,
    (
        Preset("causal", "As it should be", {}),
        Preset("no-scale", "No scale", {"scale": "none", "mask": "none"}, "A-01"),
        Preset("scale-by-size", "Divide by d", {"scale": "size", "mask": "none"}, "A-02"),
        Preset("over-queries", "Softmax over queries", {"axis": "queries", "mask": "none"}, "A-03"),
        Preset("multiply", "Times 0", {"mask": "multiply", "scale": "none", "d": "4"}, "A-04"),
        Preset("after-softmax", "Mask after softmax", {"mask": "after"}, "A-05"),
        Preset("inverted", "True taken for False", {"mask": "inverted"}, "A-06"),
        Preset("strict", "Hide oneself", {"mask": "strict"}, "A-08"),
        Preset(
            "a-set", "A set of words", {"mask": "none", "positions": False, "turned": True}, "A-10"
        ),
    ),
    MISSIONS,
    (Own("function", "function(scores (T, T)) -> weights (T, T), your own masked softmax"),),
)
