"""The figures of lesson 03.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

MARKS = ("o", "s", "^", "D", "v", "P", "X")


def parabolas(walks: Mapping[str, np.ndarray], curvature: float) -> Figure:
    """Steps on the bowl curvature * w² / 2, one panel per named walk of positions."""
    fig, axes = plt.subplots(1, len(walks), figsize=(8.4, 2.7), sharey=True)
    w = np.linspace(-2.4, 2.4, 200)
    for ax, (name, places) in zip(axes, walks.items(), strict=True):
        ax.plot(w, curvature * w**2 / 2, color="0.7", lw=1)
        places = np.asarray(places)
        ax.plot(places, curvature * places**2 / 2, "o-", ms=5, lw=1, color="C0")
        ax.plot(places[0], curvature * places[0] ** 2 / 2, "o", ms=8, color="C1")
        ax.set(title=name, xlabel="w", xlim=(-2.4, 2.4), ylim=(-1, 26))
    axes[0].set_ylabel("loss")
    return fig


def curvatures(values: np.ndarray) -> Figure:
    """The curvatures of a bowl as bars on a logarithmic axis, flattest first."""
    fig, ax = plt.subplots(figsize=(6.4, 2.8))
    places = np.arange(1, len(values) + 1)
    ax.bar(places, values, color="C0", width=0.6)
    for place, value in zip(places, values, strict=True):
        ax.annotate(f"{value:.2g}", (place, value), (0, 3), textcoords="offset points", ha="center")
    ax.set(yscale="log", xlabel="axis of the bowl", ylabel="curvature", xticks=places)
    ax.set_ylim(values[0] / 2, values[-1] * 3)
    return fig


def noise(sizes: Sequence[int], errors: Sequence[float]) -> Figure:
    """The error of a batch's gradient against the batch size, beside a line of slope -1/2."""
    fig, ax = plt.subplots(figsize=(6.4, 3.2))
    root = errors[0] * np.sqrt(sizes[0] / np.asarray(sizes, float))
    ax.loglog(sizes, root, "--", color="0.55", lw=1.2)
    ax.loglog(sizes, errors, "o", color="C0", ms=7)
    ax.axhline(1, color="0.7", lw=0.8)
    ax.annotate("as large as the gradient itself", (sizes[0], 1), (0, -12), color="0.4", fontsize=9,
                textcoords="offset points")  # fmt: skip
    ax.annotate("1 / √batch", (sizes[2], root[2]), (10, 6), color="0.4", fontsize=9,
                textcoords="offset points")  # fmt: skip
    ax.set(xlabel="examples in the batch", ylabel="relative error", xticks=sizes)
    ax.set_xticks(sizes, [str(n) for n in sizes])
    ax.set_yticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
    ax.minorticks_off()
    return fig


def rare_letters(share: np.ndarray, size: np.ndarray, symbols: Sequence[str]) -> Figure:
    """The gradient of each symbol's row against how often the symbol occurs, both logarithmic."""
    fig, ax = plt.subplots(figsize=(6.4, 3.6))
    seen = share > 0
    ax.loglog(share[seen], size[seen], "o", ms=4, alpha=0.6, color="C0")
    for symbol, x, y in zip(symbols, share, size, strict=True):
        if x > 0 and symbol in " etX":
            name = "space" if symbol == " " else symbol
            ax.annotate(name, (x, y), (5, -9), textcoords="offset points", color="C1")
    ax.set(xlabel="share of the symbols in the text", ylabel="size of its row's gradient")
    return fig


def sweep(
    rates: Sequence[float], losses: Mapping[str, Sequence[float]], baseline: tuple[str, float]
) -> Figure:
    """Validation loss against the learning rate, one line per optimizer, its best rate ringed."""
    fig, ax = plt.subplots(figsize=(7.6, 4.0))
    top = 1.1 * max(row[0] for row in losses.values())  # about what an untrained model has
    for (name, row), mark in zip(losses.items(), MARKS, strict=False):
        row = np.array(row)
        shown = np.where(np.isfinite(row), row, 1e6)  # off the picture
        (line,) = ax.loglog(rates, shown, "-", marker=mark, ms=4, lw=1.3, label=name)
        best = int(np.argmin(row))
        ax.plot(rates[best], row[best], mark, ms=11, mfc="none", mec=line.get_color(), mew=1.8)
    ax.axhline(baseline[1], ls=":", lw=1.2, color="0.4")
    ax.annotate(baseline[0], (rates[-1], baseline[1]), (0, -3), textcoords="offset points",
                fontsize=9, color="0.35", ha="right", va="top")  # fmt: skip
    ax.set(xlabel="learning rate", ylabel="validation loss")
    low = 0.93 * min(min(row) for row in losses.values())
    ticks = [t for t in (0.2, 0.3, 0.5, 1, 2, 2.5, 3, 4) if low < t < top and (low > 1 or t != 2.5)]
    ax.set_yticks(ticks, [f"{t:g}" for t in ticks])
    ax.set_yticks([], minor=True)
    ax.set_ylim(low, top)
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9)
    return fig


def race(results: Mapping[str, Sequence[float]], baseline: tuple[str, float], x: str) -> Figure:
    """One row per optimizer and one dot per seed, beside the baseline's line."""
    fig, ax = plt.subplots(figsize=(7.2, 3.0))
    for row, values in enumerate(results.values()):
        ax.plot(values, [row] * len(values), "o", alpha=0.75, color="C0", ms=6)
        ax.plot(np.mean(values), row, "|", ms=16, mew=2, color="C1")
    ax.axvline(baseline[1], ls=":", lw=1.2, color="0.4")
    ax.annotate(baseline[0], (baseline[1], -0.75), (4, 0), textcoords="offset points",
                fontsize=9, color="0.35", va="center")  # fmt: skip
    ax.set(yticks=range(len(results)), yticklabels=list(results), xlabel=x)
    ax.set_ylim(len(results) - 0.5, -1.1)
    ax.grid(visible=False, axis="y")
    return fig
