"""The figures of lesson 10.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from .ledger import GIB, Card, Memory
from .study import Device

PARTS = ("weights", "gradients", "states", "activations")


def memories(rows: Mapping[str, Memory], limit: float | None = None) -> Figure:
    """A bar a row, stacked from weights, gradients, optimizer states and activations, in GiB."""
    fig, ax = plt.subplots(figsize=(7.6, 0.9 + 0.42 * len(rows)))
    left = np.zeros(len(rows))
    for part in PARTS:
        sizes = np.array([getattr(m, part) for m in rows.values()]) / GIB
        ax.barh(list(rows), sizes, left=left, height=0.62, label=part)
        left += sizes
    for row, total in enumerate(left):
        ax.text(total + 0.01 * left.max(), row, f"{total:.1f}", va="center", fontsize=9)
    if limit is not None:
        ax.axvline(limit, ls="--", lw=1.2, color="0.3")
        ax.text(limit, -0.65, f" {limit:g} GiB", fontsize=9, color="0.3", va="bottom")
    ax.set(xlabel="GiB", xlim=(0, 1.12 * left.max()))
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.28), frameon=False)
    return fig


Points = Mapping[str, tuple[float, float]]


def roofline(roofs: Mapping[str, tuple[Card, str, Points]]) -> Figure:
    """Roofs of (card, dtype), each with its operations: (operations a byte, operations a second).

    The points are named on the first roof only.
    """
    fig, ax = plt.subplots(figsize=(7.6, 4.2))
    x = np.logspace(-2, 3.7, 200)
    for i, (name, (card, dtype, points)) in enumerate(roofs.items()):
        roof = np.minimum(card.peak(dtype), x * card.bandwidth)
        ax.plot(x, roof, color=f"C{i}", lw=2)
        ax.text(x[-1], roof[-1] * 1.25, name, color=f"C{i}", ha="right", fontsize=9)
        for k, (what, (at, speed)) in enumerate(points.items()):
            ax.plot(at, speed, "o", color=f"C{i}", ms=6)
            if i == 0:
                steep = at < card.peak(dtype) / card.bandwidth  # below the slope there is room
                ax.annotate(
                    what, (at, speed), (8, -12) if steep else (0, -16 if k % 2 else 9),
                    textcoords="offset points",
                    fontsize=8.5, color="0.25", ha="left" if steep else "center",
                )  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="operations per byte moved")
    ax.set(ylabel="operations a second", xlim=(x[0], x[-1]))
    ax.set_ylim(None, 4 * max(card.peak(dtype) for card, dtype, _ in roofs.values()))
    return fig


def timeline(devices: Mapping[str, Device], stops: Mapping[str, float]) -> Figure:
    """For each device: when the program was busy launching, when the device worked, and a stop."""
    fig, axes = plt.subplots(
        len(devices), 1, figsize=(7.6, 0.5 + 1.15 * len(devices)), sharex=True, squeeze=False
    )
    for ax, (name, device) in zip(axes.flat, devices.items(), strict=True):
        for _, asked, launched, begins, ends in device.calls:
            ax.barh(1, launched - asked, left=asked, height=0.6, color="C1", ec="white", lw=0.6)
            ax.barh(0, ends - begins, left=begins, height=0.6, color="C0", ec="white", lw=0.6)
        stop = stops[name]
        ax.axvline(stop, color="0.15", lw=1.6)
        ax.text(stop, 1.62, f" clock read: {stop:.0f} µs", fontsize=9, color="0.15")
        ax.set(yticks=[0, 1], yticklabels=["device", "program"], ylim=(-0.5, 2.1))
        ax.set_title(name, fontsize=10, loc="left")
        ax.grid(visible=False)
    axes.flat[-1].set_xlabel("microseconds")
    return fig


def exponents(values: Mapping[str, np.ndarray], limits: Mapping[str, float]) -> Figure:
    """Histograms of log10 |value|, and named limits as vertical lines."""
    fig, ax = plt.subplots(figsize=(7.6, 3.0))
    for i, (name, v) in enumerate(values.items()):
        size = np.log10(np.abs(v[v != 0]))
        ax.hist(size, bins=60, histtype="stepfilled", alpha=0.45, color=f"C{i}")
        ax.text(
            float(np.median(size)), ax.get_ylim()[1] * 1.02, name, color=f"C{i}", ha="center",
            fontsize=9,
        )  # fmt: skip
    for name, at in limits.items():
        ax.axvline(np.log10(at), color="0.25", ls="--", lw=1)
        ax.text(
            np.log10(at) - 0.1, ax.get_ylim()[1] * 0.5, name, rotation=90, va="center", ha="right",
            fontsize=8.5, color="0.25",
        )  # fmt: skip
    ax.set(xlabel="log₁₀ of the size", ylabel="how many")
    return fig


def dots(results: Mapping[str, Sequence[float]], xlabel: str) -> Figure:
    """One row per recipe, one dot per seed, a bar at the mean; the first row is the baseline."""
    fig, ax = plt.subplots(figsize=(7.2, 0.7 + 0.4 * len(results)))
    for row, values in enumerate(results.values()):
        ax.plot(values, [row] * len(values), "o", color="C2" if row == 0 else "C0", alpha=0.7)
        ax.plot([np.mean(values)] * 2, [row - 0.3, row + 0.3], "-", color="0.3", lw=1.6)
    ax.set(yticks=range(len(results)), yticklabels=list(results), xlabel=xlabel)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    return fig


def lines(
    x: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    xlabel: str,
    ylabel: str,
    **scales: Any,
) -> Figure:
    """A line per name, named at its end; `scales` go to the axes, such as xscale="log"."""
    fig, ax = plt.subplots(figsize=(7.2, 3.3))
    for i, (name, y) in enumerate(curves.items()):
        ax.plot(x, y, "o-", color=f"C{i}", ms=4)
        ax.annotate(
            name, (x[-1], y[-1]), (6, 0), textcoords="offset points", color=f"C{i}", va="center",
            fontsize=9, annotation_clip=False,
        )  # fmt: skip
    ax.set(xlabel=xlabel, ylabel=ylabel, **scales)
    return fig
