"""Ops that only rearrange elements."""

import numpy as np

from ..autograd import op
from ._shape import dim_of, dims_of, shape_of


@op
def reshape(input, /, *shape):
    """The same elements in order, in another shape; one size may be -1.

    Gradient: g in the old shape
    """
    return input.reshape(shape_of(shape)), (lambda g: g.reshape(input.shape),)


@op
def transpose(input, /, dim0, dim1):
    """Swap two dimensions.

    Gradient: g, swapped back
    """
    i, j = dim_of(dim0, input.ndim), dim_of(dim1, input.ndim)
    if not input.ndim:
        return input.view(), (lambda g: g,)
    return input.swapaxes(i, j), (lambda g: g.swapaxes(i, j),)


@op
def permute(input, /, *dims):
    """Reorder the dimensions.

    Gradient: g, in the old order
    """
    dims = dims[0] if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims
    order = dims_of(tuple(dims), input.ndim)
    if len(order) != input.ndim:
        raise RuntimeError(f"permute: {input.ndim} dimensions, but {len(order)} were named")
    return input.transpose(order), (lambda g: g.transpose(np.argsort(order)),)


@op
def cat(*tensors, dim=0):
    """Join along an existing dimension.

    Gradient: g, cut at the seams
    """
    dim = dim_of(dim, tensors[0].ndim)
    seams = np.cumsum([t.shape[dim] for t in tensors])[:-1]
    return np.concatenate(tensors, dim), lambda g, needs: tuple(np.split(g, seams, dim))


@op
def stack(*tensors, dim=0):
    """Join along a new dimension.

    Gradient: g, one slice each
    """
    dim = dim_of(dim, tensors[0].ndim + 1)
    return np.stack(tensors, dim), lambda g, needs: tuple(np.moveaxis(g, dim, 0))
