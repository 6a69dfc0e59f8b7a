"""The plots that every lesson needs, each a function from arrays to a figure.

Show one with `show(plots.image_grid(x[:10]), alt="Ten handwritten digits.")`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import confusion_matrix as _count

from .figures import COLOURS, DIVERGING, GREY, INK, SEQUENTIAL, WIDTH, bare, name_curves, subplots

Array = NDArray[Any]
_MARKS = ("o", "s", "^", "D", "v", "P", "X")


def learning_curves(
    curves: Mapping[str, ArrayLike],
    *,
    x: str = "epoch",
    y: str = "loss",
    log: bool = False,
    baseline: tuple[str, float] | None = None,
) -> Figure:
    """One line per named sequence; a 2-D sequence (runs, steps) is drawn as mean and spread.

    `baseline` is a name and a height to compare with, drawn as a grey line.
    """
    figure, axes = subplots()
    for name, values in curves.items():
        _curve(axes, name, np.asarray(values, dtype=float))
    axes.set(xlabel=x, ylabel=y, yscale="log" if log else "linear")
    if baseline is not None:
        axes.axhline(baseline[1], color=GREY, linestyle=":", linewidth=1.2)
        axes.annotate(
            baseline[0], (axes.get_xlim()[0], baseline[1]), (4, 3), textcoords="offset points"
        ).set(color=GREY, fontsize=9.5)
    name_curves(axes)
    return figure


def _curve(axes: Axes, name: str, values: Array) -> None:
    runs = np.atleast_2d(values)  # (runs, steps)
    steps = np.arange(1, runs.shape[1] + 1)
    (line,) = axes.plot(steps, runs.mean(0), label=name)
    if len(runs) > 1:
        axes.fill_between(
            steps, runs.min(0), runs.max(0), color=line.get_color(), alpha=0.18, linewidth=0
        )


def image_grid(
    images: ArrayLike,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 10,
    colours: str = "gray_r",
    size: float = 0.72,
) -> Figure:
    """Pictures side by side: (N, H, W), (N, 1, H, W), (N, 3, H, W) or flat squares (N, H*H)."""
    pictures = [_picture(image) for image in np.asarray(images)]
    columns = min(columns, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    cell = size + (0.22 if titles else 0)
    figure, axes = subplots(
        rows, columns, width=min(WIDTH, columns * size + 0.2), height=rows * cell + 0.1,
        squeeze=False,
    )  # fmt: skip
    low, high = min(p.min() for p in pictures), max(p.max() for p in pictures)
    for ax in axes.flat:
        bare(ax)
    for i, (ax, picture) in enumerate(zip(axes.flat, pictures, strict=False)):
        ax.imshow(picture, cmap=colours, vmin=low, vmax=high)
        if titles:
            ax.set_title(titles[i], fontsize=9, fontweight="normal", loc="center", pad=3)
    return figure


def _picture(image: Array) -> Array:
    """One image as imshow wants it: (H, W) or (H, W, 3)."""
    if image.ndim == 1:
        side = math.isqrt(image.size)
        if side * side != image.size:
            raise ValueError(f"{image.size} numbers are no square picture; give (N, H, W).")
        return image.reshape(side, side)
    if image.ndim == 3:
        return image[0] if len(image) == 1 else np.clip(image.transpose(1, 2, 0), 0, 1)
    return image


def decision_regions(
    predict: Callable[[Array], ArrayLike],
    x: ArrayLike,
    y: ArrayLike,
    *,
    names: tuple[str, str] = ("first input", "second input"),
    labels: Sequence[str] | None = None,
    resolution: int = 160,
) -> Figure:
    """The plane tinted by `predict` of points (N, 2) -> labels (N,), with the points `x` on it."""
    x, y = np.asarray(x), np.asarray(y)
    low, high = x.min(0), x.max(0)
    low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
    across, up = (np.linspace(a, b, resolution) for a, b in zip(low, high, strict=True))
    plane = np.stack(np.meshgrid(across, up), -1).reshape(-1, 2).astype(x.dtype)  # (R*R, 2)
    region = np.asarray(predict(plane)).reshape(resolution, resolution)
    figure, axes = subplots(height=4.2, width=5.4)
    classes = int(max(y.max(), region.max())) + 1
    tint = ListedColormap(COLOURS[:classes])
    extent = (low[0], high[0], low[1], high[1])
    axes.imshow(
        region, cmap=tint, vmin=0, vmax=classes - 1, extent=extent, origin="lower", alpha=0.22,
        aspect="auto",
    )  # fmt: skip
    for c in range(classes):
        mine = x[y == c]
        label = str(c) if labels is None else labels[c]
        axes.scatter(
            mine[:, 0], mine[:, 1], s=22, marker=_MARKS[c % len(_MARKS)], color=COLOURS[c],
            edgecolor="white", linewidth=0.5, label=label,
        )  # fmt: skip
    axes.set(xlabel=names[0], ylabel=names[1])
    axes.grid(visible=False)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper")
    return figure


def confusion_matrix(
    truth: ArrayLike, guess: ArrayLike, labels: Sequence[str] | None = None
) -> Figure:
    """How often each true label (row) was called each label (column); mistakes stand out."""
    counts = _count(np.asarray(truth), np.asarray(guess))
    names = list(labels) if labels is not None else [str(i) for i in range(len(counts))]
    side = min(5.6, 1.6 + 0.4 * len(counts))
    figure, axes = subplots(width=side, height=side)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1.25)  # the darkest blue stays legible
    for (row, column), n in np.ndenumerate(counts):
        wrong = n > 0 and row != column
        ink = "white" if share[row, column] > 0.6 else "#A3370C" if wrong else INK
        axes.text(
            column, row, str(n) if n else "·", ha="center", va="center", fontsize=9, color=ink,
            fontweight="bold" if wrong else "normal",
        )  # fmt: skip
    axes.set(xlabel="called", ylabel="is")
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.grid(visible=False)
    return figure


def filters(weights: ArrayLike, *, columns: int = 8) -> Figure:
    """Learned weights as pictures, white at zero: (N, H, W), (N, C, H, W) or flat squares.

    Each channel of each filter is one picture; red is positive, blue negative.
    """
    w = np.asarray(weights)
    pictures = w.reshape(-1, *w.shape[-2:]) if w.ndim > 2 else np.stack([_picture(f) for f in w])
    figure = image_grid(pictures, columns=columns, colours=DIVERGING, size=0.8)
    most = float(np.abs(w).max())
    for ax in figure.axes:
        for image in ax.get_images():
            image.set_clim(-most, most)
    return figure


def attention_maps(
    weights: ArrayLike,
    queries: Sequence[str],
    keys: Sequence[str] | None = None,
    *,
    titles: Sequence[str] | None = None,
) -> Figure:
    """Who looks at whom: (heads, T, S) weights, or (T, S); a row is a query and sums to one."""
    maps = np.asarray(weights)
    maps = maps[None] if maps.ndim == 2 else maps
    keys = queries if keys is None else keys
    columns = min(4, len(maps))
    rows = math.ceil(len(maps) / columns)
    figure, axes = subplots(
        rows, columns, width=WIDTH, height=rows * WIDTH / columns * len(queries) / len(keys) + 0.5,
        squeeze=False,
    )  # fmt: skip
    for ax in axes.flat[len(maps) :]:
        ax.set_visible(False)
    for i, (ax, one) in enumerate(zip(axes.flat, maps, strict=False)):
        ax.imshow(one, cmap="Blues", vmin=0, vmax=1)
        ax.set_xticks(range(len(keys)), keys, rotation=90 if max(map(len, keys)) > 2 else 0)
        ax.set_yticks(range(len(queries)), queries)
        ax.tick_params(labelsize=8, length=0)
        ax.grid(visible=False)
        ax.set_title(titles[i] if titles else f"head {i}", fontsize=10)
    return figure


def loss_surface(
    loss: Callable[[Array, Array], ArrayLike],
    extent: tuple[float, float, float, float],
    paths: Mapping[str, ArrayLike] | None = None,
    *,
    names: tuple[str, str] = ("first weight", "second weight"),
    resolution: int = 120,
) -> Figure:
    """Contours of `loss(a, b)` over (a from, a to, b from, b to), with named paths (steps, 2)."""
    a, b = np.linspace(*extent[:2], resolution), np.linspace(*extent[2:], resolution)
    heights = np.asarray(loss(*np.meshgrid(a, b)))
    figure, axes = subplots(height=4.4, width=6.4)
    # Levels at equal shares of the area: the valley and the slopes both keep their lines.
    levels = np.unique(np.quantile(heights[np.isfinite(heights)], np.linspace(0, 1, 16)))
    axes.contourf(a, b, heights, levels=levels, cmap=SEQUENTIAL, alpha=0.30)
    axes.contour(a, b, heights, levels=levels, colors=GREY, linewidths=0.5)
    for (name, path), mark in zip((paths or {}).items(), _MARKS, strict=False):
        xy = np.asarray(path)
        axes.plot(xy[:, 0], xy[:, 1], marker=mark, markersize=3.5, linewidth=1.3, label=name)
    axes.set(xlabel=names[0], ylabel=names[1], xlim=extent[:2], ylim=extent[2:])
    axes.grid(visible=False)
    if paths:
        axes.legend(loc="upper right", frameon=True, framealpha=0.85, edgecolor="none")
    return figure


def histograms_by_layer(
    layers: Mapping[str, ArrayLike], *, x: str = "activation", bins: int = 60
) -> Figure:
    """The values of each named layer as one histogram, the first on top, all on one scale."""
    values = {name: np.asarray(v, dtype=float).ravel() for name, v in layers.items()}
    limit = max(np.quantile(np.abs(v), 0.995) for v in values.values()) or 1.0
    figure, axes = subplots(
        len(values), 1, height=0.55 * len(values) + 0.7, sharex=True, squeeze=False
    )
    for i, (ax, (name, v)) in enumerate(zip(axes.flat, values.items(), strict=True)):
        ax.hist(v, bins=bins, range=(-limit, limit), color=COLOURS[0], linewidth=0)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.grid(visible=False)
        ax.annotate(
            f"deviation {v.std():.2g}", (0.995, 0.72), xycoords="axes fraction", ha="right"
        ).set(fontsize=8.5, color=GREY)
        if i < len(values) - 1:
            ax.tick_params(length=0)
    axes[-1, 0].set_xlabel(x)
    return figure


def latent_grid(
    decode: Callable[[Array], ArrayLike], *, side: int = 15, reach: float = 2.0
) -> Figure:
    """What `decode` (N, 2) -> (N, H, W) draws for a grid of latent points from -reach to reach."""
    line = np.linspace(-reach, reach, side, dtype=np.float32)
    across, up = np.meshgrid(line, line[::-1])
    drawn = np.asarray(decode(np.stack([across.ravel(), up.ravel()], 1)))  # (side*side, ...)
    tiles = np.stack([_picture(image) for image in drawn])  # (side*side, H, W)
    tiles = np.pad(tiles, ((0, 0), (1, 1), (1, 1)))  # room between neighbours
    h, w = tiles.shape[1:]
    sheet = tiles.reshape(side, side, h, w).transpose(0, 2, 1, 3).reshape(side * h, side * w)
    edge = reach * side / (side - 1)  # a tile's middle lies at its point
    figure, axes = subplots(height=5, width=5)
    axes.imshow(sheet, cmap="gray_r", extent=(-edge, edge, -edge, edge))
    axes.set(xlabel="first latent number", ylabel="second latent number")
    axes.grid(visible=False)
    return figure
