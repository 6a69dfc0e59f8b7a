"""Moving pixels: padding, patches, resampling."""

from typing import Any

import numpy as np

from ..autograd import op
from ._conv import pad_chwn
from ._linear import sum_by_id

BORDERS = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@op
def constant_pad(x, /, *, widths, value=0.0):
    """A frame of one value around x; negative widths crop.

    Formula: y[i + before] = x[i]; `value` elsewhere; `widths` holds (before, after) per axis
    Gradient: g without the frame.
    """
    shape = [max(n + a + b, 0) for n, (a, b) in zip(x.shape, widths, strict=True)]
    inside = tuple(slice(max(a, 0), n - max(b, 0)) for n, (a, b) in zip(shape, widths, strict=True))
    source = tuple(
        slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(x.shape, widths, strict=True)
    )
    y, old = np.full(shape, value, x.dtype), x.shape
    y[inside] = x[source]

    def vjp(g):
        dx = np.zeros_like(g, shape=old)
        dx[source] = g[inside]
        return dx

    return y, (vjp,)


@op
def take_along(x, /, *, index, dim):
    """Cells of one axis by index: mirrored, wrapped or repeated borders.

    Formula: y[..., i, ...] = x[..., index[i], ...] along axis `dim`
    Gradient: each position of x receives the sum of g over the places that read it.
    """

    n = x.shape[dim]

    def vjp(g):
        return np.moveaxis(sum_by_id(np.moveaxis(g, dim, 0), index, n), 0, dim)

    return x.take(index, dim), (vjp,)


def border_index(n, before, after, mode):
    """Which cell each cell of a padded axis of length n repeats."""
    kind: Any = BORDERS[mode]
    index = np.pad(np.arange(n), (max(before, 0), max(after, 0)), mode=kind)
    return index[max(-before, 0) : len(index) - max(-after, 0)]


@op
def unfold(x, /, *, kernel, out, geo):
    """Every patch as a column: x (N, C, H, W) -> (N, C kh kw, L), L = out height * out width.

    Gradient: each column is added back where it came from (`fold`).
    """
    shape = x.shape[1:]
    return _patches(x, kernel, out, geo), (lambda g: _assemble(g, shape, kernel, out, geo),)


@op
def fold(x, /, *, size, kernel, out, geo):
    """Add columns back into an image: x (N, C kh kw, L) -> (N, C, *size).

    Gradient: the patches of g (`unfold`).
    """
    shape = (x.shape[1] // (kernel[0] * kernel[1]), *size)
    return _assemble(x, shape, kernel, out, geo), (lambda g: _patches(g, kernel, out, geo),)


def _patches(x, kernel, out, geo):
    N, C = x.shape[:2]
    xp = np.ascontiguousarray(pad_chwn(x, geo.padding).transpose(3, 0, 1, 2))
    columns = np.empty((N, C, *kernel, *out), x.dtype)
    for i, j in np.ndindex(*kernel):
        columns[:, :, i, j] = xp[(..., *geo.window(i, j, slice(0, out[0]), out[1]))]
    return columns.reshape(N, C * kernel[0] * kernel[1], out[0] * out[1])


def _assemble(columns, shape, kernel, out, geo):
    (C, H, W), (p, q), N = shape, geo.padding, len(columns)
    xp = np.zeros((N, C, H + 2 * p, W + 2 * q), columns.dtype)
    columns = columns.reshape(N, C, *kernel, *out)
    for i, j in np.ndindex(*kernel):
        xp[(..., *geo.window(i, j, slice(0, out[0]), out[1]))] += columns[:, :, i, j]
    return xp[:, :, p : p + H, q : q + W]


@op
def blend_along(x, /, *, low, high, share, dim):
    """Linear interpolation along one axis.

    Formula: y = (1 - share) x[low] + share x[high] along axis `dim`
    Gradient: low receives (1 - share) g, high receives share g, summed where cells are shared.
    """
    shape, n = [1] * x.ndim, x.shape[dim]
    shape[dim] = -1
    b = share.astype(x.dtype).reshape(shape)
    a = 1 - b

    def vjp(g):
        parts = np.concatenate([np.moveaxis(g * a, dim, 0), np.moveaxis(g * b, dim, 0)])
        dx = sum_by_id(parts, np.concatenate([low, high]), n)
        return np.moveaxis(dx, 0, dim)

    return x.take(low, dim) * a + x.take(high, dim) * b, (vjp,)
