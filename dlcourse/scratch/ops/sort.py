"""Ops that order elements."""

import numpy as np

from ..autograd import op, wrap
from ._shape import dim_of
from .index import gather
from .linalg import flat_rows
from .reduce import result_tuple

_Sort, _TopK, _KthValue = (
    result_tuple(n, "values", "indices") for n in ("sort", "topk", "kthvalue")
)


@op
def argsort(input, /, dim=-1, descending=False, stable=False):
    """The indices that order the elements along a dimension; equal ones keep their order.

    Formula: x[y] is sorted
    Shapes: any.
    """
    axis = dim_of(dim, input.ndim)
    if not input.ndim:
        return np.zeros((), np.int64), None
    if not descending:
        return np.argsort(input, axis, kind="stable"), None
    # Backwards twice, so that equal elements keep their order in a descending sort too.
    back = np.argsort(np.flip(input, axis), axis, kind="stable")
    return input.shape[axis] - 1 - np.flip(back, axis), None


def sort(input, dim=-1, descending=False, stable=False):
    """`(values, indices)`: the elements in order along `dim`, and where they came from."""
    indices = argsort(input, dim, descending)
    return _Sort(gather(input, dim, indices), indices)


def topk(input, k, dim=-1, largest=True, sorted=True):
    """`(values, indices)` of the `k` largest (or smallest) elements along `dim`."""
    size = (input._data.shape or (1,))[dim_of(dim, input._data.ndim)]
    if not 0 <= k <= size:
        raise RuntimeError(f"selected index k out of range: {k} of {size} elements")
    if not input._data.ndim:
        return _TopK(input.clone(), wrap(np.zeros((), np.int64)))
    indices = argsort(input, dim, largest).narrow(dim, 0, k)
    return _TopK(gather(input, dim, indices), indices)


def kthvalue(input, k, dim=-1, keepdim=False):
    """`(values, indices)` of the `k`-th smallest element along `dim`, counted from 1."""
    values, indices = topk(input, k, dim, largest=False)
    if k == 0:
        raise RuntimeError("kthvalue(): selected number k out of range: it counts from 1")
    if not input._data.ndim:
        return _KthValue(values, indices)
    picked = [t.narrow(dim, k - 1, 1) for t in (values, indices)]
    return _KthValue(*(t if keepdim else t.squeeze(dim) for t in picked))


def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The distinct elements in order; on request where each is found, and how often."""
    values, inverse, counts = np.unique(
        input._data, return_inverse=True, return_counts=True, axis=dim
    )
    shape = input._data.shape if dim is None else (-1,)
    parts = [values, *[inverse.reshape(shape)] * return_inverse, *[counts] * return_counts]
    return wrap(values) if len(parts) == 1 else tuple(map(wrap, parts))


def bincount(input, weights=None, minlength=0):
    """How often each of 0, 1, 2, ... occurs in a vector of integers."""
    if input._data.dtype.kind not in "iu" or input._data.ndim != 1:
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    w = getattr(weights, "_data", weights)
    found = np.bincount(input._data, w, minlength)
    return wrap(found.astype(np.float32) if getattr(w, "dtype", None) == np.float32 else found)


def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None):
    """Where `input` would have to be inserted into a sorted vector to keep it sorted.

    A stack of vectors takes as large a stack of values, row by row.
    """
    if side == "left" and right:
        raise RuntimeError("searchsorted: side and right can't be set to opposites")
    side = side or ("right" if right else "left")
    x, rows = np.asarray(getattr(input, "_data", input)), sorted_sequence._data
    if rows.ndim == 1:
        found = np.searchsorted(rows, x, side)
    elif rows.shape[:-1] != x.shape[:-1]:
        raise RuntimeError("searchsorted: the stacks must have the same leading dimensions")
    else:
        pairs = zip(rows.reshape(-1, rows.shape[-1]), flat_rows(x), strict=True)
        found = np.reshape([np.searchsorted(*pair, side) for pair in pairs], x.shape)
    return wrap(np.asarray(found, np.int32 if out_int32 else np.int64))
