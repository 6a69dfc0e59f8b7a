"""The figures of lesson 12.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

Array = NDArray[np.floating]

# One colour for each way to foretell, throughout the lesson.
COLOURS = {
    "last place": "0.55",
    "rule": "C1",
    "clear-day rule": "C6",
    "linear": "C2",
    "eye alone": "C3",
    "memory alone": "C4",
    "eye and rule": "C5",
    "hybrid": "C0",
}


def strip(films: Array, centres: Array, titles: Sequence[str], watched: int) -> Figure:
    """Films (R, T, H, W), one a row, with a cross at the true centre (R, T, 2) of each frame."""
    rows, frames = films.shape[:2]
    fig, axes = plt.subplots(rows, frames, figsize=(0.82 * frames, 1.05 * rows), squeeze=False)
    for r, t in np.ndindex(rows, frames):
        ax: Axes = axes.tolist()[r][t]
        ax.imshow(films[r, t], cmap="gray_r", vmin=0, vmax=1, extent=(0, 16, 16, 0))
        colour = "C0" if t < watched else "C3"
        ax.plot(*centres[r, t], "+", color=colour, ms=9, mew=2.0)
        _bare(ax)
        if r == 0:
            ax.set_title(f"{t - watched + 1:+d}" if t >= watched else str(t + 1), fontsize=9)
    for title, row in zip(titles, axes.tolist(), strict=True):
        row[0].set_ylabel(title, fontsize=9)
    return fig


def paths(frames: Array, truth: Array, guesses: Sequence[Mapping[str, Array]]) -> Figure:
    """Last watched frames (R, H, W), the true way on (R, K, 2) and what each model foretold."""
    fig, axes = plt.subplots(1, len(frames), figsize=(2.7 * len(frames), 3.1), squeeze=False)
    places: list[Axes] = axes[0].tolist()
    for r, ax in enumerate(places):
        ax.imshow(frames[r], cmap="gray_r", vmin=0, vmax=1.6, extent=(0, 16, 16, 0))
        ax.plot(*truth[r].T, "-o", color="0.1", ms=6, mfc="none", lw=1.2, label="truth")
        for name, way in guesses[r].items():
            ax.plot(*way.T, "-", color=COLOURS[name], marker=".", ms=7, lw=1.4, label=name)
        _bare(ax)
        ax.set(xlim=(0, 16), ylim=(16, 0))
    handles, labels = places[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False, fontsize=9)
    return fig


def _bare(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)


def by_horizon(errors: Mapping[str, Array], miss: float | None = None) -> Figure:
    """Mean error (runs, K) of each model 1 to K frames ahead, with the range over its runs."""
    fig, ax = plt.subplots(figsize=(7.0, 4.2))
    ends: list[tuple[float, str]] = []
    ahead = np.arange(1, next(iter(errors.values())).shape[1] + 1)
    for name, runs in errors.items():
        colour = COLOURS[name]
        ax.plot(ahead, runs.mean(0), "-o", color=colour, ms=4)
        ax.fill_between(ahead, runs.min(0), runs.max(0), color=colour, alpha=0.2, lw=0)
        ends.append((float(runs.mean(0)[-1]), name))
    ends.sort()
    at, gap = np.array([end for end, _ in ends]), 0.052 * ends[-1][0]
    for _ in range(200):  # labels give way to each other until none lies upon another
        crowd = np.clip(gap - np.diff(at), 0, None) / 2
        at[:-1] -= crowd
        at[1:] += crowd
    for (_, name), y in zip(ends, at, strict=True):
        ax.annotate(name, (4.08, y), color=COLOURS[name], va="center", fontsize=10)
    ax.set(xlabel="frames ahead", ylabel="mean error in pixels", xticks=ahead, ylim=(0, None))
    ax.set_xlim(0.9, 5.1)
    if miss is not None:
        ax.axhline(miss, color="0.5", ls=":", lw=1)
    return fig


def by_slice(
    table: Mapping[str, Mapping[str, Sequence[float]]], counts: Mapping[str, int]
) -> Figure:
    """For each slice one row, for each model one dot a run: `table[slice][model]`."""
    fig, ax = plt.subplots(figsize=(7.2, 0.8 + 0.5 * len(table)))
    for row, models in enumerate(table.values()):
        for k, (name, runs) in enumerate(models.items()):
            shift = 0.22 * (k - (len(models) - 1) / 2)
            ax.plot(runs, [row + shift] * len(runs), "o", color=COLOURS[name], alpha=0.75, ms=6)
    for k, name in enumerate(next(iter(table.values()))):
        ax.text(
            0.99, 0.97 - 0.09 * k, name, color=COLOURS[name], transform=ax.transAxes,
            ha="right", va="top",
        )  # fmt: skip
    labels = [f"{name} ({counts[name]})" for name in table]
    ax.set(
        yticks=range(len(table)), yticklabels=labels, xlabel="mean error in pixels, 1 to 4 ahead"
    )
    ax.set_xlim(0, None)
    ax.invert_yaxis()
    return fig


def shifts(errors: Mapping[str, Mapping[str, float]], rates: Mapping[str, float]) -> Figure:
    """For each world the error of each model, and the share of films with an alarm."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.2, 0.9 + 0.42 * len(errors)), sharey=True)
    rows = np.arange(len(errors))
    for row, models in enumerate(errors.values()):
        for name, value in models.items():
            left.plot(value, row, "o", color=COLOURS[name], ms=7)
    for name, value in next(iter(errors.values())).items():
        left.annotate(
            name, (value, -0.28), color=COLOURS[name], ha="center", va="bottom", fontsize=10
        )
    right.barh(rows, [rates[name] for name in errors], height=0.5, color=COLOURS["hybrid"])
    left.set(yticks=rows, yticklabels=list(errors), xlabel="mean error in pixels")
    left.set(xlim=(0, None), ylim=(len(errors) - 0.5, -0.85))
    right.set(xlabel="share of films with an alarm", xlim=(0, 1))
    return fig
