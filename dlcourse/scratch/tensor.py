"""Spell the ops the way torch does: operators, methods and properties of `Tensor`."""

import numpy as np

from . import dtypes, ops
from .autograd import Tensor

for _name in "add sub mul div neg exp log sqrt tanh relu sum mean amax amin reshape transpose permute matmul".split():
    setattr(Tensor, _name, getattr(ops, _name))
Tensor.view = ops.reshape
Tensor.__add__ = Tensor.__radd__ = ops.add
Tensor.__mul__ = Tensor.__rmul__ = ops.mul
Tensor.__sub__, Tensor.__rsub__ = ops.sub, lambda x, y: ops.sub(y, x)
Tensor.__truediv__, Tensor.__rtruediv__ = ops.div, lambda x, y: ops.div(y, x)
Tensor.__neg__, Tensor.__matmul__ = ops.neg, ops.matmul
Tensor.__hash__ = object.__hash__


def _raw(i):
    if isinstance(i, Tensor):
        return i._data
    return tuple(map(_raw, i)) if isinstance(i, tuple) else i


Tensor.__getitem__ = lambda x, i: ops.getitem(x, _raw(i))
Tensor.shape = property(lambda x: x._data.shape)
Tensor.ndim = property(lambda x: x._data.ndim)
Tensor.dtype = property(lambda x: dtypes.of_array(x._data))
Tensor.T = property(lambda x: ops.permute(x, *reversed(range(x._data.ndim))))
Tensor.item = lambda x: x._data.item()
Tensor.numel = lambda x: x._data.size
Tensor.dim = lambda x: x._data.ndim
Tensor.size = lambda x, dim=None: x.shape if dim is None else x.shape[dim]
Tensor.numpy = lambda x: x._data
Tensor.__len__ = lambda x: len(x._data)
Tensor.__repr__ = lambda x: f"tensor({np.array2string(x._data, separator=', ')})"
