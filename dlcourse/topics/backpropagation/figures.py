"""The figures of lesson 02.  Each takes plain numbers and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def graph(result: Any, names: Mapping[Any, str]) -> Figure:
    """The computation graph of a `Value` of the lesson: values on nodes, local slopes on arrows.

    A node needs `data`, `op`, `order`, `parents` and `slopes`; `names` labels some of them.
    """
    nodes = sorted(_history(result), key=lambda v: v.order)
    place = _layers(nodes)
    fig, ax = plt.subplots(figsize=(6.4, 4.0))
    for node in nodes:
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            _arrow(ax, place[parent], place[node], f"{slope:g}")
        _node(ax, place[node], names.get(node, ""), node)
    xs, ys = zip(*place.values(), strict=True)
    ax.set(xlim=(min(xs) - 0.4, max(xs) + 0.4), ylim=(min(ys) - 0.7, max(ys) + 0.5), aspect=1)
    ax.set_axis_off()
    return fig


def _history(result: Any) -> set[Any]:
    seen, stack = {result}, [result]
    while stack:
        new = [p for p in stack.pop().parents if p not in seen]
        seen.update(new)
        stack.extend(new)
    return seen


def _layers(nodes: Sequence[Any]) -> dict[Any, tuple[float, float]]:
    """Columns by the longest way from a leaf; in a column, the most used value is on top."""
    depth: dict[Any, int] = {}
    for node in nodes:
        depth[node] = 1 + max((depth[p] for p in node.parents), default=-1)
    uses = [p for node in nodes for p in node.parents]
    ranked = sorted(nodes, key=lambda v: (-uses.count(v), v.order))
    columns = [[n for n in ranked if depth[n] == d] for d in range(max(depth.values()) + 1)]
    return {n: (d, (len(c) - 1) / 2 - i) for d, c in enumerate(columns) for i, n in enumerate(c)}


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], slope: str) -> None:
    (x0, y0), (x1, y1) = start, end
    bend = 0.22 if x1 - x0 > 2 else 0.0  # around what lies between
    style = {"arrowstyle": "-|>", "shrinkA": 19, "shrinkB": 19, "lw": 1.3, "color": "0.5"}
    ax.annotate("", end, start, arrowprops={**style, "connectionstyle": f"arc3,rad={-bend}"})
    # Half-way along the curve: its control point is `bend` times the way, to the left of it.
    x, y = (x0 + x1) / 2 - bend * (y1 - y0) / 2, (y0 + y1) / 2 + bend * (x1 - x0) / 2
    ax.text(x, y, slope, ha="center", va="center", fontsize=10, color="C1", bbox=_plate(ax))


def _plate(ax: Axes) -> dict[str, Any]:
    return {"boxstyle": "round,pad=0.15", "fc": ax.figure.get_facecolor(), "ec": "none"}


def _node(ax: Axes, at: tuple[float, float], name: str, node: Any) -> None:
    ax.plot(*at, "o", ms=34, mfc=ax.figure.get_facecolor(), mec="C0", mew=1.5, zorder=3)
    ax.text(*at, f"{node.data:g}", ha="center", va="center", fontsize=11, zorder=4)
    label = f"{name} = {node.op}" if name and node.op else name or node.op
    ax.text(at[0], at[1] - 0.23, label, ha="center", va="top", fontsize=10, color="C0", zorder=4)


def gradient_check(steps: np.ndarray, errors: Mapping[str, np.ndarray]) -> Figure:
    """Relative error of the central difference against the step size, one line per number type."""
    fig, ax = plt.subplots(figsize=(6.4, 3.6))
    for name, error in errors.items():
        (line,) = ax.loglog(steps, error, "o-")
        ax.annotate(
            name, (steps[0], error[0]), (6, 8), textcoords="offset points", color=line.get_color()
        )
    ax.set(xlabel="step size ε", ylabel="relative error of the slope")
    return fig


def signals(sizes: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Sizes of activations and of gradients by layer, one line per initialisation."""
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), sharex=True)
    titles = ("activations, going forwards", "gradients, going backwards")
    for ax, title, which in zip(axes, titles, (0, 1), strict=True):
        for name, pair in sizes.items():
            layers = np.arange(1, len(pair[which]) + 1)
            (line,) = ax.semilogy(layers, pair[which], ".-")
            end = (layers[-1], pair[0][-1]) if which == 0 else (layers[0], pair[1][0])
            lift = -16 if pair[0][-1] < 0.1 else 8
            side = (-6 if which == 0 else 4, lift)
            align = "right" if which == 0 else "left"
            ax.annotate(
                name, end, side, textcoords="offset points", color=line.get_color(), ha=align
            )
        ax.set(title=title, xlabel="layer", xticks=[1, 5, 10, 15, 20])
        ax.margins(y=0.15)
    axes[0].set_ylabel("standard deviation")
    return fig


def harm(accuracies: Mapping[str, Sequence[float]]) -> Figure:
    """Test accuracy for each backward rule, one dot per seed."""
    fig, ax = plt.subplots(figsize=(7.2, 3.6))
    for row, values in enumerate(accuracies.values()):
        ax.plot(values, [row] * len(values), "o", alpha=0.8, color="C2" if row == 0 else "C0")
        ax.hlines(row, 0, max(values), lw=0.6, color="0.6")
    ax.set(yticks=range(len(accuracies)), yticklabels=list(accuracies), xlabel="test accuracy")
    ax.set_xlim(0, 1)
    ax.axvline(0.1, ls=":", lw=1, color="0.5")
    ax.text(0.105, -0.75, "chance", fontsize=9, color="0.5", va="center")
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    return fig


def training(runs: Mapping[int, Any]) -> Figure:
    """Loss and accuracy by epoch; `runs` maps a seed to the histories on (scratch, torch)."""
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.3))
    for (seed, (wide, thin)), colour in zip(runs.items(), ("C0", "C1", "C2"), strict=False):
        for ax, part in zip(axes, ("train", "accuracy"), strict=True):
            epochs = np.arange(1, len(wide) + 1)
            ax.plot(epochs, wide[part], lw=5, ls="-", alpha=0.35, color=colour)
            ax.plot(epochs, thin[part], lw=1.2, ls="--", color=colour, label=f"seed {seed}")
    axes[0].set(xlabel="epoch", ylabel="training loss", yscale="log")
    axes[1].set(xlabel="epoch", ylabel="validation accuracy")
    axes[1].legend(title="wide: scratch, dashed: torch", fontsize=9, title_fontsize=9)
    return fig


def mistakes(images: np.ndarray, truth: np.ndarray, answers: np.ndarray, count: int = 12) -> Figure:
    """The first `count` wrongly classified digits: images (N, 64), what they are, what was said."""
    fig, axes = plt.subplots(2, (count + 1) // 2, figsize=(8.4, 3.2))
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image, y, said in zip(axes.flat, images, truth, answers, strict=False):
        ax.imshow(image.reshape(8, 8), cmap="gray_r")
        ax.set_title(f"{y}, not {said}", fontsize=10)
    return fig
