"""The figures of lesson 05.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from numpy.typing import ArrayLike


def unrolled(inputs: Sequence[str], targets: Sequence[str]) -> Figure:
    """A cell drawn once with its loop, and once for each step, with inputs and targets."""
    fig, ax = plt.subplots(figsize=(8.4, 3.0))
    _step(ax, 0, "$x_t$", "$h_t$", "$y_t$")
    loop = Path([(0.2, 1.12), (0.7, 1.5), (0.7, 0.5), (0.2, 0.88)], [1, 4, 4, 4])  # a cubic curve
    ax.add_patch(
        FancyArrowPatch(path=loop, arrowstyle="-|>", color="C1", lw=1.8, mutation_scale=10)
    )
    ax.text(0.85, 1, "=", fontsize=20, ha="center", va="center", color="0.4")
    along = {"arrowstyle": "-|>", "color": "C1", "lw": 1.8}
    ax.annotate("", (1.72, 1), (1.25, 1), arrowprops=along)
    ax.text(1.4, 1.13, "$h_0$", ha="center", color="C1")
    for i, (x, y) in enumerate(zip(inputs, targets, strict=True)):
        at = 2 + i
        _step(ax, at, f"“{x}”", f"$h_{i + 1}$", f"“{y}”")
        ax.annotate("", (at + 0.72, 1), (at + 0.28, 1), arrowprops=along)
    ax.set(xlim=(-0.6, 2.8 + len(inputs) - 0.9), ylim=(-0.35, 2.35))
    ax.set_axis_off()
    return fig


def _step(ax: Axes, at: float, x: str, h: str, y: str) -> None:
    box: dict[str, Any] = {"boxstyle": "round,pad=0.42", "fc": "white", "ec": "C0", "lw": 1.6}
    ax.text(at, 1, h, ha="center", va="center", fontsize=13, bbox=box, zorder=3)
    ax.text(at, -0.2, x, ha="center", va="center", fontsize=12)
    ax.text(at, 2.2, y, ha="center", va="center", fontsize=12, color="C2")
    for low, high in ((0.0, 0.75), (1.25, 2.0)):
        arrow = {"arrowstyle": "-|>", "color": "0.45", "lw": 1.2}
        ax.annotate("", (at, high), (at, low), arrowprops=arrow)


def states(text: str, h: np.ndarray) -> Figure:
    """The hidden states h (T, H) while `text` is read: one column a character."""
    fig, ax = plt.subplots(figsize=(8.4, 2.9))
    image = ax.imshow(h.T, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    ax.set(ylabel="unit", yticks=[], xticks=range(len(text)), xlabel="character that was read last")
    ax.set_xticklabels([c if c != " " else "␣" for c in text], fontsize=9)
    ax.grid(visible=False)
    fig.colorbar(image, ax=ax, label="state", ticks=[-1, 0, 1], pad=0.02)
    return fig


def through_time(panels: Mapping[str, Mapping[str, ArrayLike]]) -> Figure:
    """How long a gradient is after k steps back, on a logarithmic axis: a panel for each cell."""
    fig, axes = plt.subplots(1, len(panels), figsize=(8.4, 3.4), sharey=True)
    for ax, (title, curves) in zip(axes, panels.items(), strict=True):
        for values in curves.values():
            ax.semilogy(np.arange(len(np.asarray(values))), np.asarray(values, dtype=float))
        ax.axhline(1, color="0.6", lw=0.8, ls=":")
        ax.set(title=title, xlabel="steps back in time", ylim=(1e-17, 1e11))
        ax.set_yticks(10.0 ** np.arange(-15, 10, 5))
        ends = {name: float(np.asarray(values)[-1]) for name, values in curves.items()}
        low, high = ax.get_xlim()
        for line, name, place in zip(ax.lines, ends, _apart([*ends.values()], ax), strict=False):
            ax.text(high, place, name, color=line.get_color(), va="center", fontsize=10)
        ax.set_xticks(np.arange(0, high, 10))
        ax.set_xlim(low, high + 0.25 * (high - low))
    axes[0].set_ylabel("length of the gradient")
    return fig


def _apart(values: Sequence[float], ax: Axes, gap: float = 0.065) -> list[float]:
    """Where labels of lines that end at `values` can stand, on a logarithmic axis, without overlap.

    Neighbours closer than `gap` of the axis are moved apart by equal shares.
    """
    low, high = np.log10(ax.get_ylim())
    order = np.argsort(values, kind="stable")
    at = (np.log10(np.asarray(values, dtype=float)[order]) - low) / (high - low)
    for _ in range(200):
        for i in range(len(at) - 1):
            short = gap - (at[i + 1] - at[i])
            if short > 0:
                at[i : i + 2] += (-short / 2, short / 2)
    places = np.empty(len(at))
    places[order] = 10 ** (low + at * (high - low))
    return places.tolist()


def clipping(gradient: ArrayLike, ways: Mapping[str, ArrayLike]) -> Figure:
    """A gradient of two numbers and what each way of clipping leaves of it."""
    fig, axes = plt.subplots(1, len(ways) + 1, figsize=(8.4, 2.6))
    shown = {"as it came": gradient, **ways}
    for ax, (name, g), colour in zip(axes, shown.items(), ("C0", "C1", "C2"), strict=False):
        x, y = np.asarray(g, dtype=float)
        size = max(abs(x), abs(y))
        ax.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "lw": 2, "color": colour})
        ax.set(xlim=(-0.1 * size, 1.2 * size), ylim=(-0.1 * size, 1.2 * size), aspect=1)
        ax.set_title(f"{name}\n({x:.3g}, {y:.3g})", fontsize=10)
        ax.set_xlabel("first number")
    axes[0].set_ylabel("second number")
    return fig


def remembered(lags: Sequence[int], accuracy: Mapping[str, np.ndarray]) -> Figure:
    """Accuracy (lags, seeds) at naming a symbol seen long ago: one row a cell, one dot a seed."""
    fig, axes = plt.subplots(1, len(lags), figsize=(8.4, 2.8), sharey=True)
    for k, (ax, lag) in enumerate(zip(axes, lags, strict=True)):
        for row, values in enumerate(accuracy.values()):
            ax.hlines(row, 0, 1, lw=0.6, color="0.75")
            jitter = row + np.linspace(-0.14, 0.14, len(values[k]))
            ax.plot(values[k], jitter, "o", color=f"C{row}", ms=6, ls="")
        ax.axvline(0.25, ls=":", lw=1, color="0.4")
        ax.set(title=f"{lag} steps ago", xlim=(0, 1.05), xlabel="accuracy")
        ax.grid(visible=False, axis="y")
    axes[0].set(yticks=range(len(accuracy)), yticklabels=list(accuracy))
    axes[0].invert_yaxis()
    axes[0].text(0.27, 2.5, "chance", fontsize=9, color="0.35", va="center")
    return fig


def next_characters(characters: Sequence[str], chances: Mapping[str, ArrayLike]) -> Figure:
    """The probability of each next character (K,), one panel a temperature."""
    fig, axes = plt.subplots(1, len(chances), figsize=(8.4, 2.6), sharey=True)
    names = ["␣" if c == " " else "⏎" if c == "\n" else c for c in characters]
    for ax, (title, p) in zip(axes, chances.items(), strict=True):
        ax.bar(range(len(names)), np.asarray(p), color="C0")
        ax.set(title=title, xticks=range(len(names)), ylim=(0, 1))
        ax.set_xticklabels(names, fontsize=9.5)
        ax.grid(visible=False, axis="x")
    axes[0].set_ylabel("probability")
    return fig


def forecast(truth: ArrayLike, guesses: Mapping[str, ArrayLike]) -> Figure:
    """A stretch of a series and what each method had said of it."""
    y = np.asarray(truth)
    fig, axes = plt.subplots(len(guesses), 1, figsize=(8.4, 1.5 * len(guesses) + 0.5), sharex=True)
    for ax, (name, guess), colour in zip(axes, guesses.items(), ("C1", "C4", "C2"), strict=False):
        ax.plot(y, color="0.6", lw=3, ls="-")
        ax.plot(np.asarray(guess), color=colour, lw=1.6, ls="-")
        ax.set_title(f"{name} (colour) and what came (grey)", fontsize=10)
        ax.set(ylabel="scaled value", ylim=(-2.6, 2.2))
    axes[-1].set_xlabel("time")
    return fig


def by_position(symbols: str, shares: Mapping[str, np.ndarray]) -> Figure:
    """The share of right symbols at each place (seeds, places): mean and every seed."""
    fig, ax = plt.subplots(figsize=(7.2, 3.2))
    width = 0.8 / len(shares)
    for k, (name, values) in enumerate(shares.items()):
        at = np.arange(len(symbols)) + (k - (len(shares) - 1) / 2) * width
        ax.bar(at, values.mean(0), width, color=f"C{k}", label=name)
        for seed in values:
            ax.plot(at, seed, ".", color="black", ms=3, ls="")
    ax.set(xticks=range(len(symbols)), xticklabels=list(symbols), ylim=(0, 1.18))
    ax.set(xlabel="place in the translated date", ylabel="share right")
    ax.grid(visible=False, axis="x")
    ax.legend(loc="upper left", ncols=2, fontsize=9.5)
    return fig
