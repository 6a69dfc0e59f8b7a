"""New tensors."""

import numpy as np

from .autograd import Tensor, wrap
from .dtypes import default_float, to_numpy
from .ops._shape import shape_of


def tensor(data, *, dtype=None, device=None, requires_grad=False):
    """A new tensor holding a copy of `data`."""
    known = isinstance(data, (np.ndarray, np.generic, Tensor))
    array = np.array(data._data if isinstance(data, Tensor) else data, dtype=to_numpy(dtype))
    if not known and dtype is None and array.dtype.kind == "f":
        array = array.astype(default_float())
    return Tensor(array, requires_grad)


def zeros(*size, dtype=None, device=None, requires_grad=False):
    """A tensor of zeros."""
    return Tensor(np.zeros(shape_of(size), to_numpy(dtype) or default_float()), requires_grad)


def ones(*size, dtype=None, device=None, requires_grad=False):
    """A tensor of ones."""
    return Tensor(np.ones(shape_of(size), to_numpy(dtype) or default_float()), requires_grad)
