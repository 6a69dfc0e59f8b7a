"""The figures of lesson 01.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

Array = np.ndarray


def opinions(p: Array, malignant: Array) -> Figure:
    """Every patient's P(malignant) in rising order: (N,) probabilities and (N,) truths."""
    order = np.argsort(p, kind="stable")
    p, malignant = p[order], malignant[order]
    place = np.arange(len(p))
    wrong = (p > 0.5) != malignant
    fig, ax = plt.subplots(figsize=(7.2, 3.2))
    for truth, name, mark, colour in (
        (False, "benign", "o", "C0"),
        (True, "malignant", "^", "C1"),
    ):
        mine = malignant == truth
        ax.plot(place[mine], p[mine], mark, ms=4.5, color=colour, ls="", label=name)
    ax.plot(
        place[wrong], p[wrong], "o", ms=12, mfc="none", mec="0.2", ls="", label="called wrongly"
    )
    ax.axhline(0.5, ls=":", lw=1, color="0.5")
    ax.set(xlabel="test patients, in the order of the answer", ylabel="probability of malignant")
    ax.legend(loc="center left", bbox_to_anchor=(0.02, 0.68))
    return fig


def activations(z: Array, curves: Mapping[str, Array]) -> Figure:
    """Activation functions over `z` (N,), side by side."""
    fig, axes = plt.subplots(1, len(curves), figsize=(7.2, 2.5), sharey=True)
    for ax, (name, a), colour in zip(axes, curves.items(), ("C0", "C1", "C2"), strict=False):
        ax.axhline(0, lw=0.8, color="0.6")
        ax.axvline(0, lw=0.8, color="0.6")
        ax.plot(z, a, color=colour, ls="-")
        ax.set(title=name, xlabel="sum z", ylim=(-1.2, 3.2))
    axes[0].set_ylabel("activation a")
    return fig


def contributions(terms: Mapping[str, float], rest: float, bias: float) -> Figure:
    """How the named terms, the rest and the bias add up to one weighted sum."""
    named = {**terms, "all others": rest, "bias": bias}
    values = np.array(list(named.values()))
    left = np.concatenate([[0], np.cumsum(values)[:-1]])
    fig, ax = plt.subplots(figsize=(7.2, 3.4))
    rows = np.arange(len(values))
    colours = np.where(values > 0, "C0", "C1")
    ax.barh(rows, values, left=left, color=colours, height=0.62)
    total = float(values.sum())
    ax.barh([len(values)], [total], color="0.35", height=0.62)
    for row, (value, start) in enumerate(zip(values, left, strict=True)):
        ax.text(max(start, start + value), row, f" {value:+.2f}", va="center", fontsize=9)
    ax.text(max(total, 0), len(values), f" z = {total:.2f}", va="center", fontsize=9)
    ax.axvline(0, lw=0.8, color="0.4")
    ax.set_yticks(np.arange(len(values) + 1), [*named, "sum"])
    ax.invert_yaxis()
    ax.set_xlabel("weight × input, added up from top to bottom")
    ax.margins(x=0.12)
    ax.grid(visible=False, axis="y")
    return fig


def pieces(x: Array, curves: Mapping[str, Array]) -> Figure:
    """Piecewise straight curves over `x` (N,), one panel each."""
    fig, axes = plt.subplots(1, len(curves), figsize=(7.2, 2.5), sharey=True)
    for ax, (name, y) in zip(axes, curves.items(), strict=True):
        ax.plot(x, y, color="C0", ls="-")
        ax.set(title=name, xlabel="input x")
    axes[0].set_ylabel("output")
    return fig


def approximation(
    x: Array, y: Array, built: Array, learnt: Sequence[Array], inside: float
) -> Figure:
    """A curve `y`, a network with weights by construction, and trained ones of its size; (N,) each.

    What lies beyond `inside` took no part in either.
    """
    fig, axes = plt.subplots(2, 1, figsize=(7.2, 4.4), sharex=True)
    names = ("weights by construction", "weights by training, three random starts")
    for ax, name, curves in zip(axes, names, ([built], learnt), strict=True):
        ax.axvspan(inside, x[-1], color="0.92", lw=0)
        ax.plot(x, y, color="0.6", ls="-", lw=5, alpha=0.6)
        for curve, colour, dash in zip(curves, ("C0", "C1", "C2"), ("-", "--", "-."), strict=False):
            ax.plot(x, curve, color=colour, ls=dash)
        ax.set(title=name, ylabel="output", ylim=(-1.9, 1.9), xlim=(x[0], x[-1]))
    axes[0].text(inside + 0.01, -1.8, "outside the data", fontsize=9, color="0.3", va="bottom")
    axes[0].text(0.16, 1.25, "the wave", fontsize=9.5, color="0.45")
    axes[1].set_xlabel("input x")
    return fig


def losses(z: Array, curves: Mapping[str, Array]) -> Figure:
    """Losses of one example as its right score `z` (N,) changes, the other score at zero."""
    fig, ax = plt.subplots(figsize=(7.2, 3.0))
    for (name, loss), dash in zip(curves.items(), ("-", "--"), strict=False):
        (drawn,) = ax.plot(z, loss, ls=dash, label=name)
        ax.annotate(
            name, (z[0], loss[0]), (8, 6), textcoords="offset points", color=drawn.get_color()
        )
    ax.set(xlabel="score of the right class (the other one has 0)", ylabel="loss")
    return fig


def intensities(image: Array) -> Figure:
    """A flat 8x8 image (64,) as a picture with its intensities written on it."""
    fig, ax = plt.subplots(figsize=(4.2, 4.2))
    ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
    for (row, column), v in np.ndenumerate(image.reshape(8, 8)):
        ink = "white" if v > 0.5 else "black"
        text = "0" if v == 0 else "1" if v == 1 else f"{v:.2f}"[1:]
        ax.text(column, row, text, ha="center", va="center", fontsize=8.5, color=ink)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
    ax.grid(visible=False)
    return fig


def by_width(found: Mapping[int, Sequence[float]], baseline: tuple[str, float]) -> Figure:
    """Accuracy of networks by their number of hidden units, a dot per seed."""
    fig, ax = plt.subplots(figsize=(7.2, 3.0))
    for place, values in enumerate(found.values()):
        ax.plot([place] * len(values), values, "o", color="C0", alpha=0.8, ls="")
        ax.plot([place - 0.16, place + 0.16], [np.mean(values)] * 2, color="C0", ls="-", lw=2.2)
    name, height = baseline
    ax.axhline(height, color="C1", ls="--", lw=1.6)
    ax.annotate(
        name, (1.5, height), (0, -5), textcoords="offset points",
        color="C1", va="top", ha="center", fontsize=9.5,
    )  # fmt: skip
    ax.set_xticks(range(len(found)), [str(w) for w in found])
    ax.set(xlabel="hidden units", ylabel="test accuracy", xlim=(-0.5, len(found) - 0.5))
    return fig


def reliability(bins: Mapping[str, tuple[Array, Array, Array]]) -> Figure:
    """Stated confidence against the share that is right; the dots' size is the number of cases.

    Each entry is confidence, share right and count by bin, as `metrics.calibration` gives them.
    """
    fig, axes = plt.subplots(1, len(bins), figsize=(7.2, 3.0), sharey=True)
    for ax, (name, (said, share, count)), colour in zip(
        axes, bins.items(), ("C0", "C1", "C2"), strict=False
    ):
        ax.plot([0.5, 1], [0.5, 1], ls=":", lw=1.2, color="0.4")
        full = count > 0
        ax.plot(said[full], share[full], ls="-", lw=1.2, color=colour)
        ax.scatter(
            said[full], share[full], s=14 + 1.1 * count[full], color=colour, alpha=0.65, lw=0
        )
        for x, y, n in zip(said[full], share[full], count[full], strict=True):
            ax.annotate(
                str(n), (x, y), (0, -19), textcoords="offset points", ha="center", fontsize=8.5
            )
        ax.set(title=name, xlabel="stated confidence", xlim=(0.48, 1.06), ylim=(0, 1.12))
    axes[0].set_ylabel("share that is right")
    return fig


def costs(thresholds: Array, curves: Mapping[str, Array], chosen: float) -> Figure:
    """The mean cost per patient against the threshold of the alarm, one line per model."""
    fig, ax = plt.subplots(figsize=(7.2, 3.1))
    for (name, cost), dash in zip(curves.items(), ("-", "--", "-."), strict=False):
        ax.plot(thresholds, cost, ls=dash, label=name)
    ax.axvline(chosen, ls=":", lw=1.2, color="0.3")
    ax.annotate(
        f"1 / 21 = {chosen:.3f}", (chosen, 0.02), (6, 0), textcoords="offset points",
        xycoords=("data", "axes fraction"), fontsize=9, color="0.3", va="bottom",
    )  # fmt: skip
    ax.set(
        xscale="log",
        xlabel="raise the alarm from this probability on",
        ylabel="cost per patient (false alarm: 1)",
    )
    ax.set_xticks([0.01, 0.02, 0.05, 0.1, 0.2, 0.5], ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5"])
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return fig
