"""The figures of lesson 08.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Scores = Sequence[float]


def leaks(found: Mapping[str, tuple[Scores, Scores]]) -> Figure:
    """For each leak, dots of the reported and of the honest scores, one dot a seed."""
    fig, ax = plt.subplots(figsize=(7.2, 3.2))
    for row, (reported, honest) in enumerate(found.values()):
        ax.plot(honest, [row + 0.14] * len(honest), "s", color="C0", alpha=0.6, ms=5)
        ax.plot(reported, [row - 0.14] * len(reported), "o", color="C1", alpha=0.6, ms=5)
    ax.text(
        float(np.mean(next(iter(found.values()))[0])), -0.42, "reported", color="C1", ha="center"
    )
    ax.text(float(np.mean(next(iter(found.values()))[1])), 0.52, "honest", color="C0", ha="center")
    ax.set(yticks=range(len(found)), yticklabels=list(found), xlim=(0, 1), xlabel="accuracy")
    ax.set_ylim(-0.7, len(found) - 0.4)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    return fig


def dots(results: Mapping[str, Scores], xlabel: str, low: float = 0.0) -> Figure:
    """One row per recipe, one dot per seed, a bar at the mean; the first row is the baseline."""
    fig, ax = plt.subplots(figsize=(7.2, 0.6 + 0.36 * len(results)))
    for row, values in enumerate(results.values()):
        colour = "C2" if row == 0 else "C0"
        ax.plot(values, [row] * len(values), "o", color=colour, alpha=0.7)
        ax.plot([np.mean(values)] * 2, [row - 0.3, row + 0.3], "-", color=colour, lw=1.6)
    first = float(np.mean(next(iter(results.values()))))
    ax.axvline(first, ls=":", lw=1, color="0.5")
    ax.set(yticks=range(len(results)), yticklabels=list(results), xlabel=xlabel)
    ax.set_xlim(low, None)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    return fig


def worlds(x: np.ndarray, truth: np.ndarray, fits: Mapping[str, np.ndarray]) -> Figure:
    """Fits (len(x), worlds) of several capacities, each with the truth and its own mean."""
    fig, axes = plt.subplots(1, len(fits), figsize=(8.4, 2.9), sharey=True)
    for ax, (name, curves) in zip(axes, fits.items(), strict=True):
        ax.plot(x, curves, color="C0", lw=0.6, alpha=0.35, ls="-")
        ax.plot(x, curves.mean(1), color="C1", lw=2.2, ls="-")
        ax.plot(x, truth, color="0.15", lw=1.4, ls="--")
        ax.set(title=name, xlabel="x", ylim=(-2.2, 2.2))
    axes[0].set_ylabel("y")
    axes[0].text(-0.95, 1.85, "thin: single fits", color="C0", fontsize=9)
    axes[0].text(-0.95, 1.5, "thick: their mean", color="C1", fontsize=9)
    axes[0].text(-0.95, 1.15, "dashed: truth", color="0.15", fontsize=9)
    return fig


def lines(
    x: Sequence[float],
    curves: Mapping[str, np.ndarray],
    xlabel: str,
    ylabel: str,
    *,
    log: bool = True,
    mark: tuple[float, str] | None = None,
    ylim: tuple[float, float] | None = None,
) -> Figure:
    """Curves over x by name; a 2-D one (seeds, len(x)) as mean and range, named at its right end.

    `mark` is an x to draw a vertical line at, and its words.
    """
    fig, ax = plt.subplots(figsize=(7.2, 3.5))
    for name, values in curves.items():
        _band(ax, x, np.atleast_2d(np.asarray(values, float)), name)
    if mark is not None:
        ax.axvline(mark[0], ls=":", lw=1, color="0.5")
        top = ax.get_ylim() if ylim is None else ylim
        ax.text(mark[0] * 0.97, top[1], mark[1], ha="right", va="top", fontsize=9, color="0.4")
    ax.set(xlabel=xlabel, ylabel=ylabel, xscale="log" if log else "linear")
    if ylim is not None:
        ax.set_ylim(*ylim)
    if len(x) <= 6:
        ax.set_xticks(x, [f"{v:g}" for v in x])
        ax.set_xticks([], minor=True)
    ax.legend(fontsize=9)
    return fig


def _band(ax: Axes, x: Sequence[float], runs: np.ndarray, name: str) -> None:
    (line,) = ax.plot(x, runs.mean(0), marker="o", ms=3.5, label=name)
    if len(runs) > 1:
        ax.fill_between(x, runs.min(0), runs.max(0), color=line.get_color(), alpha=0.15, lw=0)


def paths(
    strengths: Sequence[float], weights: np.ndarray, real: int, names: Sequence[str]
) -> Figure:
    """Weights (strengths, columns) against the penalty: the first `real` columns in colour."""
    fig, ax = plt.subplots(figsize=(7.2, 3.5))
    ax.plot(strengths, weights[:, real:], color="0.75", lw=0.7, ls="-")
    for k in range(real):
        (line,) = ax.plot(strengths, weights[:, k], lw=1.8)
        at = int(abs(weights[:, k]).argmax())
        if abs(weights[at, k]) > 11.5:  # the long ones are named, where they are longest
            first = at == 0
            ax.annotate(
                names[k], (strengths[at], weights[at, k]), (-4, 0) if first else (0, -6),
                textcoords="offset points", ha="right" if first else "center",
                va="center" if first else "top", fontsize=9, color=line.get_color(),
            )  # fmt: skip
    ax.set(xscale="log", xlabel="strength of the L1 penalty", ylabel="weight")
    ax.set_xlim(strengths[0] / 1.4, strengths[-1] * 1.1)
    ax.text(
        0.98,
        0.95,
        "grey: 60 columns of noise",
        color="0.45",
        fontsize=9,
        ha="right",
        va="top",
        transform=ax.transAxes,
    )
    return fig


def stopping(rows: Mapping[str, Scores], best: int) -> Figure:
    """Training and validation loss by epoch, with the epoch that stopping picks."""
    fig, ax = plt.subplots(figsize=(7.2, 3.3))
    for name, values in rows.items():
        epochs = np.arange(1, len(values) + 1)
        (line,) = ax.plot(epochs, values)
        ax.annotate(
            name, (epochs[-1], values[-1]), (4, 0), textcoords="offset points", va="center",
            color=line.get_color(), fontsize=9.5,
        )  # fmt: skip
    ax.axvline(best, ls=":", lw=1, color="0.5")
    ax.text(best + 0.5, ax.get_ylim()[1] * 0.97, f"epoch {best}", va="top", fontsize=9, color="0.4")
    ax.set(xlabel="epoch", ylabel="loss", xlim=(0, len(next(iter(rows.values()))) * 1.16))
    return fig
