"""Normalisation: every kind standardises the rows of some matrix; they differ in what a row is.

| kind     | a row holds                     | the affine map runs over |
| -------- | ------------------------------- | ------------------------ |
| layer    | the last axes of one example    | columns                  |
| batch    | one channel of the whole batch  | rows                     |
| group    | some channels of one example    | channels                 |
| instance | one channel of one example      | channels                 |
"""

from math import prod

import numpy as np

from ..autograd import op
from ._array import ones


def _row_mean(rows):
    """(R, D) -> (R, 1), through BLAS."""
    return (rows @ ones(rows.shape[1], rows.dtype) / max(rows.shape[1], 1))[:, None]


def _row_mean_product(a, b):
    """Mean over each row of a * b: (R, D), (R, D) -> (R, 1)."""
    return (np.einsum("ij,ij->i", a, b) / max(a.shape[1], 1))[:, None]


def standardize(rows, eps):
    """Rows of mean 0 and variance 1; and their 1/sqrt(var + eps), mean and variance."""
    mean = _row_mean(rows)
    h = rows - mean  # (R, D)
    var = _row_mean_product(h, h)
    r = 1 / np.sqrt(var + rows.dtype.type(eps))
    h *= r
    return h, r, mean, var


def standardize_vjp(dh, h, r):
    """Through `standardize`, in place: r (dh - mean(dh) - h mean(dh h)), means over each row."""
    slope = _row_mean_product(dh, h)
    dh -= _row_mean(dh)
    dh -= h * slope
    dh *= r
    return dh


def _column_sums(a):
    return ones(len(a), a.dtype) @ a


def _affine(h, weight, bias):
    y = h * weight if weight is not None else h.copy()
    if bias is not None:
        y += bias
    return y


def _rows(x, ndim):
    """(..., *D) as a matrix whose rows are the last `ndim` axes."""
    n = x.ndim - ndim
    return x.reshape(prod(x.shape[:n]), prod(x.shape[n:]))


@op
def layer_norm(x, weight, bias, /, *, ndim=1, eps=1e-5):
    """Mean 0 and variance 1 over the last `ndim` axes; the variance is biased.

    Formula: y = (x - mean) / sqrt(var + eps) * weight + bias
    Shapes: x (..., *D), weight and bias (*D) -> like x.
    Gradient: with h = (x - mean) r and dh = g weight, dx = r (dh - mean(dh) - h mean(dh h)).
    Source: Ba, Kiros and Hinton, 2016.
    """
    h, r, _, _ = standardize(_rows(x, ndim), eps)
    w = None if weight is None else weight.reshape(-1)
    y = _affine(h, w, None if bias is None else bias.reshape(-1)).reshape(x.shape)

    def vjp_x(g):
        g = g.reshape(h.shape)
        return standardize_vjp(g.copy() if w is None else g * w, h, r).reshape(x.shape)

    def vjp_weight(g):
        return _column_sums(g.reshape(h.shape) * h).reshape(x.shape[x.ndim - ndim :])

    def vjp_bias(g):
        return _column_sums(g.reshape(h.shape)).reshape(x.shape[x.ndim - ndim :])

    return y, (vjp_x, vjp_weight, vjp_bias)


def layer_norm_composite(x, weight=None, bias=None, ndim=1, eps=1e-5):
    """Layer norm from tensor operations, as the lesson derives it."""
    dims = tuple(range(-ndim, 0))
    centred = x - x.mean(dims, keepdim=True)
    y = centred / (centred.square().mean(dims, keepdim=True) + eps).sqrt()
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


@op
def rms_norm(x, weight, /, *, ndim=1, eps=1e-5):
    """Root mean square 1 over the last `ndim` axes.

    Formula: y = x / sqrt(mean(x^2) + eps) * weight
    Shapes: x (..., *D), weight (*D) -> like x.
    Gradient: with h = x r and dh = g weight, dx = r (dh - h mean(dh h)).
    Source: Zhang and Sennrich, 2019.
    """
    rows = _rows(x, ndim)
    r = 1 / np.sqrt(_row_mean_product(rows, rows) + x.dtype.type(eps))
    h = rows * r
    w = None if weight is None else weight.reshape(-1)

    def vjp_x(g):
        dh = _affine(g.reshape(h.shape), w, None)
        dh -= h * _row_mean_product(dh, h)
        dh *= r
        return dh.reshape(x.shape)

    def vjp_weight(g):
        return _column_sums(g.reshape(h.shape) * h).reshape(x.shape[x.ndim - ndim :])

    return _affine(h, w, None).reshape(x.shape), (vjp_x, vjp_weight)


def rms_norm_composite(x, weight=None, ndim=1, eps=1e-5):
    """Root-mean-square norm from tensor operations."""
    y = x / (x.square().mean(tuple(range(-ndim, 0)), keepdim=True) + eps).sqrt()
    return y if weight is None else y * weight


def _channel_rows(x):
    """(N, C, ...) -> (C, everything else); free for images that lie in memory as CHWN."""
    return np.moveaxis(x, 0, -1).reshape(x.shape[1], -1)


def _from_channel_rows(rows, shape):
    """Undo `_channel_rows`, keeping the batch fastest in memory."""
    return np.moveaxis(rows.reshape(*shape[1:], shape[0]), -1, 0)


def _column(v):
    return None if v is None else v[:, None]


def _row_sums(a):
    return a @ ones(a.shape[1], a.dtype)


@op
def batch_norm(x, weight, bias, /, *, eps=1e-5, seen=None):
    """Mean 0 and variance 1 for each channel over the batch; the variance is biased.

    Formula: y = (x - mean) / sqrt(var + eps) * weight + bias
    `seen(mean, var)` is told the batch statistics, (C) each, for running averages.
    Shapes: x (N, C, ...), weight and bias (C) -> like x.
    Gradient: as layer norm's, with channels as rows.
    Source: Ioffe and Szegedy, 2015.
    """
    h, r, mean, var = standardize(_channel_rows(x), eps)
    if seen is not None:
        seen(mean[:, 0], var[:, 0])
    y = _from_channel_rows(_affine(h, _column(weight), _column(bias)), x.shape)

    def vjp_x(g):
        return _from_channel_rows(
            standardize_vjp(_affine(_channel_rows(g), _column(weight), None), h, r), x.shape
        )

    def vjp_weight(g):
        return np.einsum("ij,ij->i", _channel_rows(g), h)

    return y, (vjp_x, vjp_weight, lambda g: _row_sums(_channel_rows(g)))


def batch_norm_composite(x, weight=None, bias=None, eps=1e-5):
    """Batch norm in training mode from tensor operations."""
    dims = (0, *range(2, x.dim()))
    shape = (1, -1) + (1,) * (x.dim() - 2)
    centred = x - x.mean(dims, keepdim=True)
    y = centred / (centred.square().mean(dims, keepdim=True) + eps).sqrt()
    y = y if weight is None else y * weight.reshape(shape)
    return y if bias is None else y + bias.reshape(shape)


@op
def group_norm(x, weight, bias, /, *, groups=1, eps=1e-5):
    """Mean 0 and variance 1 for each group of channels of each example.

    Formula: y = (x - mean) / sqrt(var + eps) * weight + bias
    Shapes: x (N, C, ...), weight and bias (C) -> like x.  Instance norm has one channel per group.
    Gradient: as layer norm's, with (example, group) as rows; dweight and dbias per channel.
    Source: Wu and He, 2018; instance norm: Ulyanov, Vedaldi and Lempitsky, 2016.
    """
    N, C = x.shape[:2]
    size = int(np.prod(x.shape[2:])) * (C // groups)
    h, r, _, _ = standardize(np.ascontiguousarray(x).reshape(N * groups, size), eps)
    over_space = (N, C, -1) if x.size else (N, C, 0)
    w = _column(weight)
    y = _affine(h.reshape(over_space), w, _column(bias)).reshape(x.shape)

    def vjp_x(g):
        dh = _affine(g.reshape(over_space), w, None).reshape(h.shape)
        return standardize_vjp(dh, h, r).reshape(x.shape)

    def vjp_weight(g):
        return np.einsum("ncs,ncs->c", g.reshape(over_space), h.reshape(over_space))

    return y, (vjp_x, vjp_weight, lambda g: g.reshape(over_space).sum((0, 2)))


def group_norm_composite(x, groups, weight=None, bias=None, eps=1e-5):
    """Group norm from tensor operations."""
    shape = (1, -1) + (1,) * (x.dim() - 2)
    y = layer_norm_composite(x.reshape(len(x), groups, -1), eps=eps).reshape(x.shape)
    y = y if weight is None else y * weight.reshape(shape)
    return y if bias is None else y + bias.reshape(shape)


@op
def l2_norm(x, /, *, dim, keepdim=False, floor=0.0):
    """Euclidean norm along one axis, not below `floor`.

    Formula: y = max(sqrt(sum of x^2), floor) along `dim`
    Gradient: g x / sqrt(sum of x^2), also below the floor as in torch, and 0 where x is 0
    """
    norm = np.sqrt((x * x).sum(dim, keepdims=True))
    y = np.maximum(norm, x.dtype.type(floor))

    def vjp(g):
        g = g if keepdim else np.expand_dims(g, dim)
        return np.where(norm == 0, 0, g * x / np.where(norm == 0, 1, norm))

    return y if keepdim else y.squeeze(dim), (vjp,)
