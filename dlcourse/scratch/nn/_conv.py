"""Convolution: im2col and one matrix product, in bands of rows that stay in cache.

Images keep torch's logical shape (N, C, H, W), but live in memory as (C, H, W, N), batch fastest:
NumPy's elementwise functions keep that order by themselves, and padding, im2col and pooling then
move long contiguous runs (measured 1.6 times faster than NCHW on a small CNN).

A convolution is three maps of one kind: `correlate` (forward), `spread` (its adjoint in the input)
and `correlate_weight` (its adjoint in the weight).  A transposed convolution is the same three with
the first two exchanged, which is where its name comes from.
"""

import math
from typing import NamedTuple

import numpy as np

from ..autograd import op
from ._array import ones

_BAND = 1 << 20  # columns of one band: 4 MB of float32, so that BLAS reads them from cache


class Geometry(NamedTuple):
    """How the kernel moves: all pairs are (height, width)."""

    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    def out_size(self, size, kernel):
        """Output (height, width) of a convolution over `size`."""
        steps = zip(size, kernel, self.stride, self.padding, self.dilation, strict=True)
        return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in steps)

    def window(self, i, j, rows, cols):
        """Slices of the padded image that kernel cell (i, j) sees for output `rows` and `cols`."""
        (sy, sx), (dy, dx) = self.stride, self.dilation
        top, bottom = rows.start * sy + i * dy, (rows.stop - 1) * sy + i * dy + 1
        return slice(top, bottom, sy), slice(j * dx, j * dx + (cols - 1) * sx + 1, sx)


def pad_chwn(x, padding):
    """(N, C, H, W) in any memory order -> zero-padded (C, H + 2p, W + 2q, N), contiguous."""
    (N, C, H, W), (p, q) = x.shape, padding
    out = np.empty((C, H + 2 * p, W + 2 * q, N), x.dtype)
    out[:, :p] = out[:, H + p :] = 0
    out[:, :, :q] = out[:, :, W + q :] = 0
    out[:, p : p + H, q : q + W] = x.transpose(1, 2, 3, 0)
    return out


class _Columns:
    """The im2col matrix of a padded image, made (and put back) a band of output rows at a time."""

    def __init__(self, xp, kernel, out_size, geo):
        G = geo.groups
        self.xp = xp.reshape(G, len(xp) // G, *xp.shape[1:])  # (G, C/G, H, W, N)
        self.kernel, self.out_size, self.geo = kernel, out_size, geo

    def bands(self):
        """Yield (rows, slice of flat output positions, empty columns) for bands of equal height."""
        (h, w), (G, C), N = self.out_size, self.xp.shape[:2], self.xp.shape[-1]
        size = G * C * self.kernel[0] * self.kernel[1] * h * w * N
        band = -(-h // max(1, -(-size // _BAND))) if h else 1
        columns = np.empty((G, *self.kernel, C, band, w, N), self.xp.dtype)
        for start in range(0, h, band):
            stop = min(start + band, h)
            if stop - start < band:
                columns = np.empty((G, *self.kernel, C, stop - start, w, N), self.xp.dtype)
            yield slice(start, stop), slice(start * w * N, stop * w * N), columns

    def _cells(self, rows):
        for i, j in np.ndindex(*self.kernel):
            y, x = self.geo.window(i, j, rows, self.out_size[1])
            yield i, j, (slice(None), slice(None), y, x)

    def gather(self, rows, columns):
        """Fill `columns` from the image; returned as the matrix (G, kh kw C/G, positions)."""
        for i, j, window in self._cells(rows):
            columns[:, i, j] = self.xp[window]
        return _matrix(columns)

    def scatter(self, rows, columns):
        """Add `columns` back where they came from: the adjoint of `gather`."""
        for i, j, window in self._cells(rows):
            self.xp[window] += columns[:, i, j]


def _matrix(columns):
    G, kh, kw, C = columns.shape[:4]
    return columns.reshape(G, kh * kw * C, math.prod(columns.shape[4:]))


def _kernel_matrix(w, groups):
    """(O, C/G, kh, kw) -> (G, O/G, kh kw C/G), in the order of the columns."""
    O, C, kh, kw = w.shape
    return w.transpose(0, 2, 3, 1).reshape(groups, O // groups, kh * kw * C)


def _flat(y, groups):
    """(N, O, h, w) -> (G, O/G, h w N); free when `y` already lies in memory as (O, h, w, N)."""
    N, O, h, w = y.shape
    return y.transpose(1, 2, 3, 0).reshape(groups, O // groups, h * w * N)


def correlate(x, w, out_size, geo):
    """Slide the kernels w (O, C/G, kh, kw) over x (N, C, H, W) -> (N, O, *out_size)."""
    columns = _Columns(pad_chwn(x, geo.padding), w.shape[2:], out_size, geo)
    w2 = _kernel_matrix(w, geo.groups)
    y = np.empty((*w2.shape[:2], out_size[0] * out_size[1] * len(x)), x.dtype)
    for rows, flat, buffer in columns.bands():
        np.matmul(w2, columns.gather(rows, buffer), out=y[:, :, flat])
    return y.reshape(len(w), *out_size, len(x)).transpose(3, 0, 1, 2)


def spread(flat_y, w, out_size, shape, geo):
    """Adjoint of `correlate` in x: flat y (G, O/G, h w N) -> x of `shape` (N, C, H, W)."""
    (N, C, H, W), (p, q) = shape, geo.padding
    xp = np.zeros((C, H + 2 * p, W + 2 * q, N), flat_y.dtype)
    columns = _Columns(xp, w.shape[2:], out_size, geo)
    w2t = np.ascontiguousarray(_kernel_matrix(w, geo.groups).swapaxes(1, 2))
    for rows, flat, buffer in columns.bands():
        np.matmul(w2t, flat_y[:, :, flat], out=_matrix(buffer))
        columns.scatter(rows, buffer)
    return xp[:, p : p + H, q : q + W].transpose(3, 0, 1, 2)


def correlate_weight(x, flat_y, out_size, kernel, geo):
    """Adjoint of `correlate` in w: x (N, C, H, W), flat y (G, O/G, h w N) -> (O, C/G, kh, kw)."""
    columns = _Columns(pad_chwn(x, geo.padding), kernel, out_size, geo)
    (G, O), C = flat_y.shape[:2], x.shape[1] // geo.groups
    dw = np.zeros((G, kernel[0] * kernel[1] * C, O), x.dtype)
    for rows, flat, buffer in columns.bands():
        # Columns are rebuilt, not kept: copying long runs is cheaper than holding kh kw times x.
        dw += columns.gather(rows, buffer) @ flat_y[:, :, flat].swapaxes(1, 2)
    return dw.reshape(G, *kernel, C, O).transpose(0, 4, 3, 1, 2).reshape(G * O, C, *kernel)


def _add_bias(y, bias):
    if bias is not None:
        y += bias[:, None, None]
    return y


def _bias_grad(flat):
    """Sum of flat y (G, O/G, positions) over positions: (O)."""
    return (flat @ ones(flat.shape[2], flat.dtype)).reshape(-1)


@op
def conv2d(x, weight, bias, /, *, geo):
    """Cross-correlation with a set of kernels.

    Formula: y[n,o,i,j] = b[o] + sum over c,k,l of w[o,c,k,l] x[n,c,i+k,j+l]
    Shapes: x (N, C, H, W), weight (O, C/groups, kh, kw), bias (O) -> (N, O, h, w).
    Gradient: dx spreads g through w; dw correlates x with g; db sums g over n, i, j
    Source: LeCun et al., 1989; im2col: Chellapilla et al., 2006.
    """
    kernel = weight.shape[2:]
    out_size = geo.out_size(x.shape[2:], kernel)

    def back(g, needs):
        flat = _flat(g, geo.groups)
        return (
            spread(flat, weight, out_size, x.shape, geo) if needs[0] else None,
            correlate_weight(x, flat, out_size, kernel, geo) if needs[1] else None,
            _bias_grad(flat) if needs[2] else None,
        )

    return _add_bias(correlate(x, weight, out_size, geo), bias), back


@op
def conv_transpose2d(x, weight, bias, /, *, geo, size):
    """Transposed convolution: the adjoint, in its input, of the conv2d with the same weight.

    Formula: y[n,o,i+k,j+l] = b[o] + sum over c,k,l of w[c,o,k,l] x[n,c,i,j]
    Shapes: x (N, C, h, w), weight (C, O/groups, kh, kw), bias (O) -> (N, O, *size).
    Gradient: dx correlates g with w; dw correlates g with x; db sums g
    Source: Zeiler et al., 2010; Dumoulin and Visin, 2016.
    """
    kernel, out_size = weight.shape[2:], x.shape[2:]
    shape = (len(x), weight.shape[1] * geo.groups, *size)
    flat = _flat(x, geo.groups)

    def back(g, needs):
        return (
            correlate(g, weight, out_size, geo) if needs[0] else None,
            correlate_weight(g, flat, out_size, kernel, geo) if needs[1] else None,
            _bias_grad(_flat(g, 1)) if needs[2] else None,
        )

    return _add_bias(spread(flat, weight, out_size, shape, geo), bias), back


def conv2d_composite(x, weight, bias=None, stride=1, padding=0):
    """The same convolution from tensor operations: `unfold` and one matrix product."""
    from . import functional as F

    O, _, kh, kw = weight.shape
    columns = F.unfold(x, (kh, kw), padding=padding, stride=stride)  # (N, C kh kw, L)
    y = weight.reshape(O, -1) @ columns  # (N, O, L)
    if bias is not None:
        y = y + bias[:, None]
    h = (x.shape[2] + 2 * padding - kh) // stride + 1
    return y.reshape(len(x), O, h, -1)
