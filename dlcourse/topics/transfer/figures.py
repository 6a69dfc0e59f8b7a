"""The figures of lesson 09.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

Scores = Sequence[float]

# One colour for each way of learning, throughout the lesson.
WAYS = {
    "linear model on pixels": "0.45",
    "network from scratch": "C0",
    "network from scratch, shifted images": "C4",
    "random body, frozen": "C5",
    "borrowed body, frozen": "C1",
    "borrowed body, fine-tuned": "C3",
    "taught by contrast, frozen": "C2",
    "taught by rotations, frozen": "C3",
    "taught to fill in, frozen": "C1",
}
_MARKS = "osD^vPX*h"


def over_labels(ks: Sequence[int], runs: Mapping[str, np.ndarray], chance: float) -> Figure:
    """Accuracy (seeds, len(ks)) of each way against the labels a class: mean and range."""
    fig, ax = plt.subplots(figsize=(7.4, 3.9), layout="constrained")
    ends = {}
    for i, (name, values) in enumerate(runs.items()):
        colour = WAYS[name]
        ax.plot(ks, values.mean(0), color=colour, marker=_MARKS[i], ms=5, ls="-")
        ax.fill_between(ks, values.min(0), values.max(0), color=colour, alpha=0.13, lw=0)
        ends[name] = float(values[:, -1].mean())
    at = -1.0
    for name, end in sorted(ends.items(), key=lambda item: item[1]):
        at = max(end, at + 0.055)  # names keep a line's distance
        ax.text(ks[-1] * 1.12, at, name, color=WAYS[name], fontsize=9, va="center")
    ax.axhline(chance, ls=":", lw=1, color="0.5")
    ax.text(ks[0], chance - 0.012, "chance", fontsize=9, color="0.4", va="top")
    ax.set(xscale="log", xlabel="labelled images of each class", ylabel="validation accuracy")
    ax.set_xticks(ks, [str(k) for k in ks])
    ax.set_xticks([], minor=True)
    ax.set_ylim(0, 1)
    ax.set_xlim(ks[0] * 0.9, ks[-1] * 1.05)
    ax.spines[["right", "top"]].set_visible(False)
    return fig


def by_task(results: Mapping[str, Mapping[str, Scores]]) -> Figure:
    """For each task a panel: one row a way, one dot a seed, a bar at the mean."""
    fig, axes = plt.subplots(
        1, len(results), figsize=(7.8, 2.7), sharey=True, sharex=True, layout="constrained"
    )
    for ax, (task, ways) in zip(axes, results.items(), strict=True):
        for row, (name, values) in enumerate(ways.items()):
            colour = WAYS[name]
            ax.plot(values, [row] * len(values), "o", color=colour, alpha=0.65, ms=5)
            ax.plot([np.mean(values)] * 2, [row - 0.32, row + 0.32], "-", color=colour, lw=1.8)
        ax.set_title(task, fontsize=10, loc="center")
        ax.set_xlabel("accuracy")
        ax.grid(visible=False, axis="y")
    names = list(next(iter(results.values())))
    axes[0].set(yticks=range(len(names)), yticklabels=names, xlim=(0, 1))
    axes[0].invert_yaxis()
    return fig


def changes(results: Mapping[str, Mapping[str, Scores]]) -> Figure:
    """For each world a panel: one row a change of the images, one dot a seed; the first is none."""
    fig, axes = plt.subplots(1, len(results), figsize=(7.6, 2.5), sharey=True, layout="constrained")
    for ax, (world, by_change) in zip(axes, results.items(), strict=True):
        for row, values in enumerate(by_change.values()):
            colour = "0.45" if row == 0 else "C4"
            ax.plot(values, [row] * len(values), "o", color=colour, alpha=0.65, ms=5)
            ax.plot([np.mean(values)] * 2, [row - 0.32, row + 0.32], "-", color=colour, lw=1.8)
        ax.axvline(float(np.mean(next(iter(by_change.values())))), ls=":", lw=1, color="0.5")
        ax.set_title(world, fontsize=10, loc="center")
        ax.set(xlabel="validation accuracy", xlim=(0.2, 1))
        ax.grid(visible=False, axis="y")
    names = list(next(iter(results.values())))
    axes[0].set(yticks=range(len(names)), yticklabels=names)
    axes[0].invert_yaxis()
    return fig


def trade(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], points: Mapping[str, tuple[float, float]]
) -> Figure:
    """Precision against recall as the threshold moves, one line a model; named points on them."""
    fig, ax = plt.subplots(figsize=(5.4, 3.6), layout="constrained")
    for i, (name, (precision, recall)) in enumerate(curves.items()):
        ax.plot(recall, precision, color=f"C{i}", ls="-" if i == 0 else "--", lw=1.8, label=name)
    for i, (name, (precision, recall)) in enumerate(points.items()):
        ax.plot(recall, precision, _MARKS[i], color="0.15", ms=7, mfc="white", mew=1.6)
        ax.annotate(
            name, (recall, precision), (9, 3), textcoords="offset points", fontsize=9, color="0.15"
        )
    ax.set(xlabel="recall: share of the eights found", ylabel="precision: share of alarms right")
    ax.set(xlim=(0, 1.02), ylim=(0, 1.05))
    ax.legend(fontsize=9, loc="lower left")
    return fig


def rates(rows: Mapping[str, tuple[Scores, Scores]]) -> Figure:
    """What is kept of the source (x) against what is won on the target (y), one mark a rate."""
    fig, ax = plt.subplots(figsize=(6.2, 3.5), layout="constrained")
    middle = np.array([(np.mean(a), np.mean(b)) for a, b in rows.values()])
    ax.plot(*middle.T, color="C3", lw=1, ls=":")
    for (name, (old, new)), (x, y) in zip(rows.items(), middle, strict=True):
        ax.plot(old, new, "o", color="C3", alpha=0.35, ms=4)
        ax.plot(x, y, "s", color="C3", ms=7)
        ax.annotate(
            name, (x, y), (-8, 9), textcoords="offset points", ha="right", fontsize=9,
            bbox={"facecolor": "white", "alpha": 0.75, "lw": 0, "pad": 1},
        )  # fmt: skip
    ax.set(xlabel="accuracy on the source, old head", ylabel="accuracy on the target")
    return fig
