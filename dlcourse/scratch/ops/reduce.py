"""Ops that reduce dimensions."""

import numpy as np

from ..autograd import op
from ..dtypes import to_numpy
from ._shape import axes_of


def spread(g, axes, shape, keepdim):
    """Give `g` back the reduced `axes`, repeated to `shape` without copying."""
    return np.broadcast_to(g if keepdim else np.expand_dims(g, axes), shape)


def _summable(x, dtype):
    dtype = to_numpy(dtype) or (np.dtype(np.int64) if x.dtype.kind in "bui" else x.dtype)
    return x if x.dtype == dtype else x.astype(dtype)


@op
def sum(input, /, dim=None, keepdim=False, *, dtype=None):
    """Sum over dimensions (all, if none is given).

    Formula: y = sum of x over `dim`
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g, repeated
    """
    x = _summable(input, dtype)
    axes = axes_of(dim, x.ndim)
    y = x.sum(axes, keepdims=keepdim)
    return y, (lambda g: spread(g, axes, x.shape, keepdim),)


@op
def mean(input, /, dim=None, keepdim=False, *, dtype=None):
    """Average over dimensions (all, if none is given).

    Formula: y = (sum of x over `dim`) / n
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g / n, repeated
    """
    x = input if dtype is None else input.astype(to_numpy(dtype), copy=False)
    if x.dtype.kind != "f":
        raise RuntimeError(f"mean(): input dtype should be floating point, not {x.dtype}")
    axes = axes_of(dim, x.ndim)
    y = x.sum(axes, keepdims=keepdim)
    n = x.dtype.type(x.size / y.size) if y.size else 1
    return y / n, (lambda g: spread(g / n, axes, x.shape, keepdim),)


@op
def amax(input, /, dim=(), keepdim=False):
    """Maximum over dimensions; ties share the gradient.

    Formula: y = max of x over `dim`
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g / (number of ties) where x = y, else 0
    """
    return _extreme(input, dim, keepdim, np.max)


@op
def amin(input, /, dim=(), keepdim=False):
    """Minimum over dimensions; ties share the gradient.

    Formula: y = min of x over `dim`
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g / (number of ties) where x = y, else 0
    """
    return _extreme(input, dim, keepdim, np.min)


def _extreme(x, dim, keepdim, reduce):
    axes = axes_of(dim, x.ndim)
    y = reduce(x, axes, keepdims=keepdim)

    def vjp(g):
        ties = x == spread(y, axes, x.shape, keepdim)
        return spread(g, axes, x.shape, keepdim) * ties / ties.sum(axes, keepdims=True)

    return y, (vjp,)
