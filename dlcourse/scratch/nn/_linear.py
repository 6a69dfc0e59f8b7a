"""The affine map and the table lookup."""

import numpy as np

from ..autograd import op
from ..ops.linalg import flat_rows
from ._array import ones


def same_dtype(*arrays):
    """torch multiplies only tensors of one type: raise if the arrays (None allowed) differ."""
    first = arrays[0].dtype
    for a in arrays:
        if a is not None and a.dtype is not first and a.dtype != first:
            raise RuntimeError(
                f"expected both tensors to be {first} but found {a.dtype}: convert with .to(dtype)"
            )


@op
def linear(input, weight, bias, /):
    """Affine map.

    Formula: y = x W^T + b
    Shapes: input (..., I), weight (O, I), bias (O) -> (..., O).
    Gradient: dx = g W; dW = g^T x and db = sum of g, both over all leading axes.
    """
    if not (input.dtype is weight.dtype and (bias is None or bias.dtype is weight.dtype)):
        same_dtype(input, weight, bias)
    if input.shape[-1] != weight.shape[1]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({input.shape} and {weight.T.shape}): "
            f"the last axis of the input must be in_features = {weight.shape[1]}"
        )
    if input.ndim == 2:
        return _rows_times(weight, bias, input)
    x = flat_rows(input)  # one product for all rows, whatever the leading axes
    y, (dx, dw, db) = _rows_times(weight, bias, x)
    rows = y.shape
    return y.reshape(*input.shape[:-1], len(weight)), (
        lambda g: dx(g.reshape(rows)).reshape(input.shape),
        lambda g: dw(g.reshape(rows)),
        lambda g: db(g.reshape(rows)),
    )


def _rows_times(weight, bias, x):
    """x W^T + b for a matrix x, and its three gradients (`dot` starts quicker than `@`)."""
    y = np.dot(x, weight.T)
    if bias is not None:
        y += bias
    return y, (
        lambda g: np.dot(g, weight),
        lambda g: np.dot(g.T, x),
        lambda g: np.dot(ones(len(x), x.dtype), g),
    )


def linear_composite(input, weight, bias=None):
    """The affine map from tensor operations."""
    y = input @ weight.T
    return y if bias is None else y + bias


_SMALL_TABLE = 512  # rows up to which a one-hot product beats sorting


def sum_by_id(g, ids, count):
    """out[id] = sum of g[m] over the m with ids[m] == id: the adjoint of a lookup.

    Shapes: g (M, ...), ids (M) -> (count, ...).
    """
    out = np.zeros((count, *g.shape[1:]), g.dtype)
    if len(ids):
        order = np.argsort(ids, kind="stable")
        present, start = np.unique(ids[order], return_index=True)
        out[present] = np.add.reduceat(g[order], start, axis=0)
    return out


def _one_hot_sum(g, ids, count):
    """The same for matrices, as a product with the one-hot matrix of `ids`."""
    hot = np.zeros((len(ids), count), g.dtype)
    hot[np.arange(len(ids)), ids] = 1
    return hot.T @ g


@op
def embedding(weight, /, *, ids, padding_idx=None):
    """Row lookup.

    Formula: y[...] = weight[ids[...]]
    Shapes: weight (V, D), ids (...) integers -> (..., D).
    Gradient: row v receives the sum of g over the places where ids == v; none at `padding_idx`.
    """
    rows, columns = weight.shape

    def vjp(g):
        flat = ids.reshape(-1)
        total = _one_hot_sum if rows <= _SMALL_TABLE else sum_by_id
        dw = total(g.reshape(len(flat), columns), flat, rows)
        if padding_idx is not None:
            dw[padding_idx] = 0
        return dw

    return weight[ids], (vjp,)


@op
def bilinear(x, y, weight, bias, /):
    """Bilinear map.

    Formula: out[..., o] = sum over i, j of x[..., i] W[o, i, j] y[..., j] + b[o]
    Shapes: x (..., I), y (..., J), weight (O, I, J), bias (O) -> (..., O).
    Gradient: each input receives g contracted with the other two.
    """
    out = np.einsum("...i,oij,...j->...o", x, weight, y, optimize=True)
    return out if bias is None else out + bias, (
        lambda g: np.einsum("...o,oij,...j->...i", g, weight, y, optimize=True),
        lambda g: np.einsum("...o,oij,...i->...j", g, weight, x, optimize=True),
        lambda g: np.einsum("...o,...i,...j->oij", g, x, y, optimize=True),
        lambda g: g,
    )
