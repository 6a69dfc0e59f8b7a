"""The figures of lesson 04.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle


def responses(photo: np.ndarray, answers: Mapping[str, np.ndarray]) -> Figure:
    """A grey photograph (H, W) and what each named kernel answers to it.

    Answers of both signs are red and blue with white for zero; others are grey like the photograph.
    """
    fig, axes = plt.subplots(1, 1 + len(answers), figsize=(7.4, 1.6), layout="constrained")
    axes[0].imshow(photo, cmap="gray")
    axes[0].set_title("photograph", fontsize=10, loc="center")
    for ax, (name, answer) in zip(axes[1:], answers.items(), strict=True):
        most = np.abs(answer).max()
        cmap, low = ("RdBu_r", -most) if answer.min() < 0 else ("gray", 0)
        ax.imshow(answer, cmap=cmap, vmin=low, vmax=most)
        ax.set_title(name, fontsize=10, loc="center")
    _bare(*axes)
    return fig


def _bare(*axes: Axes) -> None:
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        ax.spines[:].set(visible=True, color="0.7", linewidth=0.8)


def fields(seen: Sequence[np.ndarray], titles: Sequence[str]) -> Figure:
    """Which inputs one output sees: a mask (H, W) for each depth, with the marked middle."""
    fig, axes = plt.subplots(1, len(seen), figsize=(7.0, 2.0), layout="constrained")
    for ax, mask, title in zip(axes, seen, titles, strict=True):
        ax.imshow(mask, cmap="Blues", vmin=0, vmax=1.6)
        ax.plot(mask.shape[1] // 2, mask.shape[0] // 2, "o", ms=4, color="C1")
        ax.set_title(title, fontsize=10, loc="center")
    _bare(*axes)
    return fig


def by_shift(accuracies: Mapping[str, np.ndarray]) -> Figure:
    """Test accuracy (seeds, shifts) of each model against the shift of the test digits."""
    fig, ax = plt.subplots(figsize=(6.0, 3.4), layout="constrained")
    shifts = np.arange(next(iter(accuracies.values())).shape[1])
    ends: dict[str, tuple[float, Any]] = {}
    for i, (name, values) in enumerate(accuracies.items()):
        (line,) = ax.plot(shifts, values.mean(0), marker="osD^"[i % 4])
        ax.fill_between(
            shifts, values.min(0), values.max(0), color=line.get_color(), alpha=0.2, lw=0
        )
        ends[name] = values[:, -1].mean(), line.get_color()
    at = -1.0
    for name, (end, color) in sorted(ends.items(), key=lambda item: item[1]):
        at = max(end, at + 0.06)  # no label on another
        ax.text(shifts[-1] + 0.08, at, name, va="center", color=color, fontsize=10)
    ax.axhline(0.1, color="0.5", lw=1, ls=":")
    ax.text(0, 0.115, "chance", fontsize=9, color="0.5")
    ax.set(xlabel="test digits moved to the right by (pixels)", ylabel="test accuracy")
    ax.set(xlim=(-0.1, shifts[-1] + 0.75), ylim=(0, 1.02), xticks=shifts)
    return fig


def by_depth(sizes: Mapping[str, np.ndarray]) -> Figure:
    """The size of the gradient at each layer of a deep stack, one line per stack."""
    fig, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    for name, size in sizes.items():
        layers = np.arange(1, len(size) + 1)
        (line,) = ax.semilogy(layers, size, "o-", ms=3)
        rises = size[-1] > 10 * size[0]  # then there is room below the line
        ax.annotate(
            name, (layers[0], size[0]), (26, -2) if rises else (4, -15),
            textcoords="offset points", color=line.get_color(), fontsize=10,
        )  # fmt: skip
    ax.set(xlabel="layer (1 is next to the input)", ylabel="size of the gradient there")
    return fig


Boxes = tuple[np.ndarray, np.ndarray]  # (n, 4) left, top, right, bottom; (n,) names


def found(images: np.ndarray, true: Sequence[Boxes], rows: Mapping[str, Sequence[Boxes]]) -> Figure:
    """Canvases (n, H, W), a row for each method: its boxes solid, the true ones dotted."""
    fig, axes = plt.subplots(
        len(rows), len(images), figsize=(7.4, 1.55 * len(rows)), layout="constrained"
    )
    for line, (name, finds) in zip(axes, rows.items(), strict=True):
        for ax, image, real, find in zip(line, images, true, finds, strict=True):
            ax.imshow(image, cmap="gray_r", vmin=0, vmax=1.3)
            _boxes(ax, real, edgecolor="C0", ls=":", lw=1.2)
            _boxes(ax, find, edgecolor="C1", ls="-", lw=1.5)
            for (left, top, _, _), kind in zip(*find, strict=True):
                ax.text(
                    max(left, 0), max(top, 2.6), f"{kind}", fontsize=9, color="white",
                    va="bottom", bbox={"fc": "#a3370c", "ec": "none", "pad": 1},
                )  # fmt: skip
        line[0].set_ylabel(name, fontsize=10)
        _bare(*line)
    return fig


def _boxes(ax: Axes, boxes: Boxes, **style: Any) -> None:
    for left, top, right, bottom in boxes[0]:
        corner = (left - 0.5, top - 0.5)
        ax.add_patch(Rectangle(corner, right - left, bottom - top, fill=False, **style))


def outlines(columns: Mapping[str, np.ndarray]) -> Figure:
    """Pictures (n, H, W) by name, a column each and an example a row."""
    count = len(next(iter(columns.values())))
    fig, axes = plt.subplots(
        count, len(columns), figsize=(7.0, 1.75 * count), layout="constrained", squeeze=False
    )
    for column, (name, pictures) in zip(axes.T, columns.items(), strict=True):
        for ax, picture in zip(column, pictures, strict=True):
            ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
        column[0].set_title(name, fontsize=10, loc="center")
        _bare(*column)
    return fig
