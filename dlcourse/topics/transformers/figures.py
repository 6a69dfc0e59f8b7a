"""The figures of lesson 06.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure


def largest_shares(sizes: Sequence[int], shares: Mapping[str, Sequence[float]]) -> Figure:
    """The mean largest weight of a query against the size of a key, a line for each scale."""
    fig, ax = plt.subplots(figsize=(6.4, 3.2))
    for name, values in shares.items():
        (line,) = ax.plot(sizes, values, marker="o")
        ax.annotate(
            name, (sizes[-1], values[-1]), (8, 0), textcoords="offset points", va="center",
            color=line.get_color(),
        )  # fmt: skip
    ax.set(xscale="log", xlabel="size D of a key", ylabel="largest weight (mean)", ylim=(0, 1.02))
    ax.set_xticks(sizes, [str(s) for s in sizes])
    ax.minorticks_off()
    return fig


def positions(table: np.ndarray) -> Figure:
    """A table of position vectors (length, width) as a picture."""
    fig, ax = plt.subplots(figsize=(6.4, 3.0))
    image = ax.imshow(table, cmap="PuOr_r", vmin=-1, vmax=1, aspect="auto")
    ax.set(xlabel="column", ylabel="place")
    ax.grid(visible=False)
    fig.colorbar(image, ax=ax, label="value")
    return fig


def temperatures(tokens: Sequence[str], shares: Mapping[str, np.ndarray]) -> Figure:
    """Bars of the next token's probabilities, a panel for each way to draw."""
    fig, axes = plt.subplots(1, len(shares), figsize=(8.4, 2.6), sharey=True)
    for ax, (name, p) in zip(axes, shares.items(), strict=True):
        ax.bar(range(len(tokens)), p)
        ax.set_xticks(range(len(tokens)), [repr(t)[1:-1].replace(" ", "␣") for t in tokens])
        ax.set_title(name, fontsize=10)
        ax.grid(visible=False, axis="x")
    axes[0].set_ylabel("probability")
    return fig


def look_and_matter(
    source: Sequence[str], target: str, looks: np.ndarray, effects: np.ndarray
) -> Figure:
    """For one output symbol: where attention looks, and what blanking each symbol changes."""
    fig, axes = plt.subplots(2, 1, figsize=(7.6, 3.8), sharex=True)
    for ax, values, name in zip(
        axes, (looks, effects), ("attention weight", "effect (nats)"), strict=True
    ):
        ax.bar(range(len(source)), values, color="C0" if ax is axes[0] else "C1")
        ax.set_ylabel(name)
        ax.grid(visible=False, axis="x")
        ax.margins(x=0.02)
    axes[0].set_title(f"while writing “{target}”", fontsize=10)
    axes[1].set_xticks(range(len(source)), [c.replace(" ", "␣") for c in source])
    axes[1].set_xlabel("symbol read")
    return fig
