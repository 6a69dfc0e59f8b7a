"""Pooling: the largest or the mean of each window, windows read as shifted slices of the image."""

import numpy as np

from ..autograd import op
from ._conv import Geometry


def _padded(x, extra, fill):
    """x with `extra` = ((top, bottom), (left, right)) cells of `fill`, memory order kept."""
    if not np.any(extra):
        return x
    (t, b), (l, r) = extra
    N, C, H, W = x.shape
    out = np.full((C, H + t + b, W + l + r, N), fill, x.dtype).transpose(3, 0, 1, 2)
    out[:, :, t : t + H, l : l + W] = x
    return out


def _inside(x, extra):
    """Undo `_padded`; a window that starts beyond the far edge may have left it shorter."""
    if not np.any(extra):
        return x
    (t, b), (l, r) = extra
    return x[:, :, t : x.shape[2] - b, l : x.shape[3] - r]


def _far_padding(size, kernel, out, geo):
    """Cells to add on both sides so that every window is whole (`ceil_mode` may need more)."""
    sides = []
    for n, k, o, s, p, d in zip(size, kernel, out, *geo[:3], strict=True):
        needed = (o - 1) * s + d * (k - 1) + 1
        sides.append((p, max(p, needed - n - p)))
    return tuple(sides)


def _windows(x, kernel, out, geo):
    """Yield, for each kernel cell, the view of `x` that the cell sees over all outputs."""
    for i, j in np.ndindex(*kernel):
        y, z = geo.window(i, j, slice(0, out[0]), out[1])
        yield x[:, :, y, z]


@op
def max_pool2d(x, /, *, kernel, out, geo):
    """Maximum of each window.

    Formula: y[n,c,i,j] = max of x over the window at (i, j)
    Shapes: x (N, C, H, W) -> (N, C, *out).
    Gradient: goes to the first maximum of each window.
    Source: Zhou and Chellappa, 1988; Scherer et al., 2010.
    """
    extra = _far_padding(x.shape[2:], kernel, out, geo)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    xp = _padded(x, extra, lowest)
    # Rows first, then columns: kh + kw steps in place of kh kw.
    down = Geometry((geo.stride[0], 1), (0, 0), (geo.dilation[0], 1))
    rows = _running_max(_windows(xp, (kernel[0], 1), (out[0], xp.shape[3]), down))
    right = Geometry((1, geo.stride[1]), (0, 0), (1, geo.dilation[1]))
    y = _running_max(_windows(rows, (1, kernel[1]), out, right))

    def vjp(g):
        # Windows that tile the image write each cell once; others leave gaps or overlap.
        sizes = zip(xp.shape[2:], kernel, out, geo.stride, geo.dilation, strict=True)
        tiles = all(k * o == n and s == k and d == 1 for n, k, o, s, d in sizes)
        dxp = np.empty_like(xp) if tiles else np.zeros_like(xp)
        left = np.empty_like(y)  # what has not found its maximum yet
        left[...] = g
        hit = np.empty_like(y, dtype=bool)
        *pairs, (_, last) = zip(
            _windows(xp, kernel, out, geo), _windows(dxp, kernel, out, geo), strict=True
        )
        for seen, dx in pairs:
            np.equal(seen, y, out=hit)
            taken = np.multiply(left, hit, out=dx if tiles else None)
            left -= taken
            if not tiles:
                dx += taken
        np.add(0 if tiles else last, left, out=last)  # the last cell takes what remains
        return _inside(dxp, extra)

    return y, (vjp,)


def max_positions(x, kernel, out, geo):
    """Where in the flattened image each window has its (first) maximum; a NaN counts as one."""
    extra = _far_padding(x.shape[2:], kernel, out, geo)
    places = np.arange(x.shape[2] * x.shape[3]).reshape(1, 1, *x.shape[2:])
    cells = _windows(_padded(x, extra, -np.inf), kernel, out, geo)
    best, index = np.full((*x.shape[:2], *out), -np.inf, x.dtype), 0
    for seen, at in zip(cells, _windows(_padded(places, extra, 0), kernel, out, geo), strict=True):
        higher = (seen > best) | np.isnan(seen)
        best, index = np.where(higher, seen, best), np.where(higher, at, index)
    return index


def _running_max(views):
    y = next(views)
    for i, view in enumerate(views):
        y = np.maximum(y, view, out=y if i else None)
    return y.copy("K") if y.base is not None else y


def _window_sizes(n, k, out, s, p, include_pad):
    """How many cells each of `out` windows along one axis averages."""
    start = np.arange(out) * s - p
    stop = np.minimum(start + k, n + p)
    if not include_pad:
        start, stop = np.maximum(start, 0), np.minimum(stop, n)
    return stop - start


@op
def avg_pool2d(x, /, *, kernel, out, geo, include_pad=True, divisor=None):
    """Mean of each window.

    Formula: y[n,c,i,j] = mean of x over the window at (i, j)
    Shapes: x (N, C, H, W) -> (N, C, *out).
    Gradient: each cell of a window receives g / window size.
    Source: LeCun et al., 1989.
    """
    extra = _far_padding(x.shape[2:], kernel, out, geo)
    if divisor is None:
        axes = zip(x.shape[2:], kernel, out, geo.stride, geo.padding, strict=True)
        divisor = np.multiply.outer(*(_window_sizes(*a, include_pad) for a in axes))
    divisor = np.asarray(divisor, x.dtype)
    y = sum(_windows(_padded(x, extra, 0), kernel, out, geo)) / divisor

    def vjp(g):
        share = g / divisor
        dxp = _padded(np.zeros_like(x), extra, 0)
        for dx in _windows(dxp, kernel, out, geo):
            dx += share
        return _inside(dxp, extra)

    return y, (vjp,)


def _cells(size, out):
    """The windows of adaptive pooling: cell i spans floor(i n / out) to ceil((i + 1) n / out)."""
    bounds = [
        [slice(i * n // o, -(-(i + 1) * n // o)) for i in range(o)]
        for n, o in zip(size, out, strict=True)
    ]
    for i, j in np.ndindex(*out):
        yield (..., i, j), (..., bounds[0][i], bounds[1][j])


@op
def adaptive_avg_pool2d(x, /, *, out):
    """Mean over `out` windows of nearly equal size that together cover the image.

    Shapes: x (..., H, W) -> (..., *out).  Gradient: each cell of a window receives g / window size.
    """
    y = np.empty((*x.shape[:-2], *out), x.dtype)
    for here, window in _cells(x.shape[-2:], out):
        y[here] = x[window].mean((-2, -1))

    def vjp(g):
        dx = np.zeros_like(x)
        for here, window in _cells(x.shape[-2:], out):
            part = dx[window]
            part += (g[here] / (part.shape[-2] * part.shape[-1]))[..., None, None]
        return dx

    return y, (vjp,)


@op
def adaptive_max_pool2d(x, /, *, out):
    """Maximum over `out` windows of nearly equal size that together cover the image.

    Shapes: x (..., H, W) -> (..., *out).  Gradient: goes to the first maximum of each window.
    """
    y = np.empty((*x.shape[:-2], *out), x.dtype)
    for here, window in _cells(x.shape[-2:], out):
        y[here] = x[window].max((-2, -1))

    def vjp(g):
        dx = np.zeros(x.shape, x.dtype)
        for here, window in _cells(x.shape[-2:], out):
            part = x[window]
            first = part.reshape(*part.shape[:-2], -1).argmax(-1)  # (...)
            row, col = np.divmod(first, part.shape[-1])
            at = np.indices(first.shape, sparse=True)
            dx[(*at, row + window[1].start, col + window[2].start)] += g[here]
        return dx

    return y, (vjp,)
