"""The figures of lesson 11.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

Bins = tuple[np.ndarray, np.ndarray, np.ndarray]


def maps(images: np.ndarray, rows: Mapping[str, np.ndarray]) -> Figure:
    """Digits (N, 64) above their maps (N, 64), one row a method: purple for, orange against."""
    count = len(images)
    fig, axes = plt.subplots(
        len(rows) + 1, count, figsize=(1.2 * count + 1.6, 1.12 * len(rows) + 1.2)
    )
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
    for ax, image in zip(axes[0], images, strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray")
    axes[0, 0].set_ylabel("digit", rotation=0, ha="right", va="center")
    for line, (name, values) in zip(axes[1:], rows.items(), strict=True):
        for ax, one in zip(line, values, strict=True):
            most = abs(one).max() or 1.0
            ax.imshow(one.reshape(8, 8), cmap="PuOr", vmin=-most, vmax=most)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return fig


def reliability(panels: Mapping[str, Bins]) -> Figure:
    """Accuracy against confidence in bins; the size of a dot says how many examples it holds."""
    fig, axes = plt.subplots(1, len(panels), figsize=(3.6 * len(panels), 3.4), sharey=True)
    for ax, (name, (sure, share, counts)) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        ax.plot([0, 1], [0, 1], ls="--", lw=1, color="0.5")
        there = counts > 0
        ax.plot(sure[there], share[there], "-", color="C0", lw=1.4)
        ax.scatter(sure[there], share[there], s=8 + counts[there], color="C0", alpha=0.6)
        ax.set(title=name, xlabel="confidence", xlim=(0.45, 1.02), ylim=(0.3, 1.02))
    np.atleast_1d(axes)[0].set_ylabel("share that is right")
    return fig


def group_rates(models: Mapping[str, Mapping[int, Any]], names: Sequence[str]) -> Figure:
    """For each rate a panel, for each model a line from group 0 (square) to group 1 (dot)."""
    fig, axes = plt.subplots(1, len(names), figsize=(8.6, 1.2 + 0.42 * len(models)), sharey=True)
    words = {"yes": "of all", "tpr": "of those who repay", "fpr": "of those who do not"}
    for ax, rate in zip(axes, names, strict=True):
        for row, of in enumerate(models.values()):
            zero, one = getattr(of[0], rate), getattr(of[1], rate)
            ax.plot([zero, one], [row, row], "-", color="0.6", lw=1.4, zorder=1)
            ax.plot(zero, row, "s", color="C0", ms=6)
            ax.plot(one, row, "o", color="C1", ms=6)
        ax.set(xlim=(0, 1), xticks=(0, 0.5, 1), xlabel="share that gets a yes")
        ax.set_title(words.get(rate, rate), fontsize=10)
        ax.grid(visible=False, axis="y")
    axes[0].set(yticks=range(len(models)), yticklabels=list(models))
    axes[0].set_ylim(-0.9, len(models) - 0.5)
    axes[0].invert_yaxis()
    first = next(iter(models.values()))
    axes[0].text(getattr(first[0], names[0]), -0.32, "group 0", color="C0", ha="left", fontsize=9)
    axes[0].text(getattr(first[1], names[0]), -0.32, "group 1", color="C1", ha="right", fontsize=9)
    return fig
