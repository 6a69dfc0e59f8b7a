"""The figures of lesson 07.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def latent_map(codes: np.ndarray, labels: np.ndarray) -> Figure:
    """Codes (N, 2) of pictures, each drawn as its own digit in the colour of its class."""
    fig, ax = plt.subplots(figsize=(6.4, 5.2))
    colours = plt.get_cmap("tab10")
    for code, label in zip(codes, labels, strict=True):
        ax.text(
            code[0],
            code[1],
            str(label),
            color=colours(int(label)),
            fontsize=9,
            ha="center",
            va="center",
        )
    low, high = np.quantile(codes, 0.002, axis=0), np.quantile(codes, 0.998, axis=0)
    room = 0.06 * (high - low)
    ax.set(xlim=(low[0] - room[0], high[0] + room[0]), ylim=(low[1] - room[1], high[1] + room[1]))
    ax.set(xlabel="first number of the code", ylabel="second number of the code")
    return fig


def precision_recall(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], base: float) -> Figure:
    """Precision against recall, one line per score; `base` is the share of odd ones."""
    fig, ax = plt.subplots(figsize=(6.8, 3.8))
    for name, (recall, precision) in curves.items():
        ax.plot(recall, precision, label=name)
    ax.axhline(base, color="0.45", ls=":", lw=1.2)
    ax.text(1.01, base, "chance", color="0.35", fontsize=9.5, va="center")
    ax.set(xlabel="recall: share of the odd ones that are found", ylabel="precision of the alarms")
    ax.set(xlim=(0, 1), ylim=(0, 1.03))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9.5)
    return fig


def rows_of_pictures(
    rows: Mapping[str, np.ndarray], size: float = 0.6, heads: Sequence[str] = ()
) -> Figure:
    """Named rows of flat square pictures (N, D), one below the other, values from 0 to 1.

    `heads` stand above the columns.
    """
    count = max(len(row) for row in rows.values())
    shape = (1.6 + size * count, (size + 0.06) * len(rows))
    fig, axes = plt.subplots(len(rows), count, figsize=shape, squeeze=False)
    for line, (name, pictures) in zip(axes, rows.items(), strict=True):
        for ax in line:
            ax.set_axis_off()
        for ax, picture in zip(line, pictures, strict=False):
            side = int(np.sqrt(picture.size))
            ax.imshow(picture.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
        line[0].text(-0.25, 0.5, name, ha="right", va="center", transform=line[0].transAxes)
    for ax, head in zip(axes[0], heads, strict=False):
        ax.set_title(head, fontsize=10, fontweight="normal", loc="center")
    return fig


def clouds(
    panels: Mapping[str, np.ndarray], real: np.ndarray | None = None, *, reach: float = 2.9
) -> Figure:
    """Panels of points (N, 2) side by side; `real` ones lie grey behind each."""
    fig, axes = plt.subplots(1, len(panels), figsize=(2.1 * len(panels), 2.3), squeeze=False)
    for ax, (name, points) in zip(axes[0], panels.items(), strict=True):
        if real is not None:
            ax.plot(*real.T, ".", ms=3, color="0.8")
        ax.plot(*points.T, ".", ms=2.5, color="C0", alpha=0.7)
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect=1, xticks=[], yticks=[])
        ax.set_title(name, fontsize=10)
    return fig


def duel(runs: Mapping[str, Sequence[Sequence[Mapping[str, float]]]]) -> Figure:
    """Clouds found, and the discriminator's loss, by epoch; one line per seed of each named way."""
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.3))
    for (name, seeds), colour, dash in zip(runs.items(), ("C0", "C1"), ("-", "--"), strict=False):
        for i, seen in enumerate(seeds):
            epochs = [row["epoch"] for row in seen]
            style = {"color": colour, "ls": dash, "lw": 1.5, "label": name if i == 0 else None}
            axes[0].plot(epochs, [row["modes"] for row in seen], **style)
            axes[1].plot(epochs, [row["discriminator"] for row in seen], **style)
    axes[0].set(xlabel="epoch", ylabel="clouds found, of eight", ylim=(-0.3, 8.3))
    axes[1].set(xlabel="epoch", ylabel="discriminator's loss")
    axes[1].axhline(2 * np.log(2), color="0.45", ls=":", lw=1.2)
    axes[1].text(axes[1].get_xlim()[1], 2 * np.log(2), "cannot tell: 2 log 2 ", color="0.35",
                 fontsize=9.5, ha="right", va="bottom")  # fmt: skip
    axes[0].legend(fontsize=9.5, loc="center right")
    return fig


def generator_losses(logits: np.ndarray, losses: Mapping[str, tuple[Any, Any]]) -> Figure:
    """Two losses of the generator against the logit of what it drew, and their slopes."""
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.2))
    for name, (value, slope) in losses.items():
        axes[0].plot(logits, value, label=name)
        axes[1].plot(logits, slope, label=name)
    for ax, what in zip(axes, ("loss of the generator", "slope of the loss"), strict=True):
        ax.set(xlabel="logit of the discriminator for a drawn one", ylabel=what)
        ax.axvline(0, color="0.6", lw=0.8)
    _side_notes(axes[1])
    axes[0].legend(fontsize=9.5)
    return fig


def _side_notes(ax: Axes) -> None:
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.22 * (high - low))
    for x, ha, words in ((-0.2, "right", "seen through"), (0.2, "left", "believed")):
        ax.text(x, high + 0.08 * (high - low), words, ha=ha, fontsize=9.5, color="0.35")


def schedule(kept: Mapping[str, np.ndarray]) -> Figure:
    """The share of the signal's variance that is left after each step, one line per schedule."""
    fig, ax = plt.subplots(figsize=(6.8, 3.2))
    for share in kept.values():
        ax.plot(np.arange(1, len(share) + 1) / len(share), share)
    below = -np.inf
    for name, share in sorted(kept.items(), key=lambda item: item[1][-1]):
        below = max(share[-1], below + 0.09)  # where curves end together, names stand apart
        line = ax.lines[list(kept).index(name)]
        ax.text(1.015, below, f"{name}: {share[-1]:.2f} left", color=line.get_color(),
                va="center", fontsize=9.5)  # fmt: skip
    ax.set(xlabel="step, as a share of all steps", ylabel="signal left (variance)", xlim=(0, 1))
    return fig


def piano_rolls(tunes: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Named tunes of eighths (T,), one below the other; symbol 0 holds the last note."""
    fig, axes = plt.subplots(len(tunes), 1, figsize=(7.2, 1.35 * len(tunes) + 0.4), sharex=True)
    lines = np.atleast_1d(axes)
    for ax, (title, tune) in zip(lines, tunes.items(), strict=True):
        for start, length, note in _notes(tune):
            ax.barh(note, length - 0.12, left=start, height=0.75, color="C0")
        ax.set(yticks=(2, 6, 9), yticklabels=[names[i] for i in (2, 6, 9)], ylim=(0.3, 9.7))
        ax.set(xticks=range(0, len(tune) + 1, 8), xlim=(0, len(tune)))
        ax.set_title(title, fontsize=10)
    lines[-1].set_xlabel("eighths; a bar has eight")
    return fig


def _notes(tune: np.ndarray) -> list[tuple[int, int, int]]:
    """Start, length and pitch of each note of a tune."""
    starts = [t for t, symbol in enumerate(tune) if symbol > 0]
    ends = [*starts[1:], len(tune)]
    return [(s, e - s, int(tune[s])) for s, e in zip(starts, ends, strict=True)]
