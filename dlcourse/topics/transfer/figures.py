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
    "network from scratch, shifted images": "#9a6b00",
    "random body, frozen": "0.1",
    "borrowed body, frozen": "C1",
    "borrowed body, fine-tuned": "C3",
    "taught by contrast, frozen": "C2",
    "taught by rotations, frozen": "#6a51a3",
    "taught to fill in, frozen": "#7f4f24",
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
            colour = "C0" if row == 0 else "#9a6b00"
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
        below = i == len(points) - 1  # the last two are close to each other
        ax.annotate(
            name, (recall, precision), (-9, -12) if below else (9, 5), fontsize=9, color="0.15",
            textcoords="offset points", ha="right" if below else "left",
        )  # fmt: skip
    ax.set(xlabel="recall: share of the eights found", ylabel="precision: share of alarms right")
    ax.set(xlim=(0, 1.02), ylim=(0, 1.05))
    ax.legend(fontsize=9, loc="lower left")
    return fig


def rates(rows: Mapping[str, tuple[Scores, Scores]]) -> Figure:
    """Accuracy on the source with the old head, and on the target, for each rate of the body."""
    fig, ax = plt.subplots(figsize=(6.6, 3.4), layout="constrained")
    at = np.arange(len(rows))
    for part, name, colour, mark in (
        (0, "source, old head", "0.35", "s"),
        (1, "target", "C3", "o"),
    ):
        values = np.array([row[part] for row in rows.values()])  # (rates, splits)
        ax.plot(at, values.mean(1), color=colour, ls="-", marker=mark, ms=5)
        ax.plot(at, values, color=colour, ls="", marker=mark, ms=3, alpha=0.4)
        ax.annotate(
            name, (at[0], values[0].mean()), (0, 9), textcoords="offset points", fontsize=9.5,
            color=colour,
        )  # fmt: skip
    ax.set(xlabel="rate of the body; the head's is 0.003", ylabel="accuracy", ylim=(0.45, 1.02))
    ax.set_xticks(at, list(rows))
    return fig
