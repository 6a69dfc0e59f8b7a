"""Spell the ops the way torch does: methods, operators and properties of `Tensor`."""

import numpy as np

from . import dtypes, inplace, ops
from ._print import tensor_repr
from .autograd import Tensor, op, wrap
from .devices import check_device, cpu
from .dtypes import of_array, to_numpy
from .ops._shape import dim_of

for _name, _function in ops.PUBLIC.items():
    if _name not in ops.FUNCTIONS_ONLY:
        setattr(Tensor, _name, _function)
del Tensor.getitem
inplace.install()

# --- operators --------------------------------------------------------------------------------

for _symbol, _name in {
    "add": "add",
    "radd": "add",
    "mul": "mul",
    "rmul": "mul",
    "sub": "sub",
    "rsub": "rsub",
    "truediv": "div",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "pow",
    "matmul": "matmul",
    "neg": "neg",
    "pos": "positive",
    "abs": "abs",
    "invert": "bitwise_not",
    "and": "bitwise_and",
    "rand": "bitwise_and",
    "or": "bitwise_or",
    "ror": "bitwise_or",
    "xor": "bitwise_xor",
    "rxor": "bitwise_xor",
    "lt": "lt",
    "le": "le",
    "gt": "gt",
    "ge": "ge",
}.items():
    setattr(Tensor, f"__{_symbol}__", ops.PUBLIC[_name])

_COMPARABLE = (Tensor, int, float, np.number, np.bool_, np.ndarray)
Tensor.__eq__ = lambda self, other: ops.eq(self, other) if isinstance(other, _COMPARABLE) else False
Tensor.__ne__ = lambda self, other: ops.ne(self, other) if isinstance(other, _COMPARABLE) else True
Tensor.__hash__ = object.__hash__
Tensor.__rtruediv__ = lambda self, other: ops.mul(ops.reciprocal(self), other)
Tensor.__rfloordiv__ = lambda self, other: ops.floor_divide(other, self)
Tensor.__rmod__ = lambda self, other: ops.remainder(other, self)
Tensor.__rpow__ = lambda self, other: ops.pow(other, self)
Tensor.__rmatmul__ = lambda self, other: ops.matmul(other, self)
Tensor.__getitem__ = ops.getitem


# --- size and type ----------------------------------------------------------------------------


class Size(tuple):
    """The shape of a tensor: a tuple that prints as torch's and counts its elements."""

    __slots__ = ()

    def numel(self):
        """How many elements a tensor of this shape has."""
        n = 1
        for s in self:
            n *= s
        return n

    def __getitem__(self, index):
        part = super().__getitem__(index)
        return Size(part) if isinstance(index, slice) else part

    def __add__(self, other):
        return Size(tuple(self) + tuple(other))

    def __repr__(self):
        return f"torch.Size({list(self)})"


def _size(self, dim=None):
    shape = Size(self._data.shape)
    if dim is None:
        return shape
    if not shape:
        raise IndexError("dimension specified as 0 but tensor has no dimensions")
    return shape[dim_of(dim, len(shape))]


def _len(self):
    if not self._data.ndim:
        raise TypeError("len() of a 0-d tensor")
    return len(self._data)


def _iter(self):
    if not self._data.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(ops.unbind(self))


def _stride(self, dim=None):
    strides = tuple(s // self._data.itemsize for s in self._data.strides)
    return strides if dim is None else strides[dim]


Tensor.shape = property(lambda self: Size(self._data.shape))
Tensor.dtype = property(lambda self: of_array(self._data))
Tensor.ndim = property(lambda self: self._data.ndim)
Tensor.itemsize = property(lambda self: self._data.itemsize)
Tensor.nbytes = property(lambda self: self._data.nbytes)
Tensor.device = property(lambda self: cpu)
Tensor.is_cuda = Tensor.is_sparse = Tensor.is_quantized = False
Tensor.layout = "torch.strided"
Tensor.size, Tensor.stride = _size, _stride
Tensor.dim = Tensor.ndimension = lambda self: self._data.ndim
Tensor.numel = Tensor.nelement = lambda self: self._data.size
Tensor.element_size = lambda self: self._data.itemsize
Tensor.is_floating_point = lambda self: self._data.dtype.kind == "f"
Tensor.is_complex = lambda self: False
Tensor.is_signed = lambda self: self._data.dtype.kind in "fi"
Tensor.is_contiguous = lambda self: not hasattr(self, "_strided")
Tensor.is_inference = lambda self: False
Tensor.get_device = lambda self: -1
Tensor.data_ptr = lambda self: self._data.__array_interface__["data"][0]
Tensor.__len__, Tensor.__iter__ = _len, _iter
Tensor.__repr__ = tensor_repr
Tensor.__format__ = lambda self, spec: (
    format(repr(self), spec) if self._data.ndim else format(self.item(), spec)
)
Tensor.__contains__ = lambda self, value: bool((self._data == getattr(value, "_data", value)).any())


# --- out of the engine ------------------------------------------------------------------------


def _item(self):
    """The only element, as a Python number."""
    if self._data.size != 1:
        raise RuntimeError(
            f"a Tensor with {self._data.size} elements cannot be converted to Scalar"
        )
    return self._data.item()


def _numpy(self, *, force=False):
    """The NumPy array that holds the elements, without copying."""
    if self._requires_grad and not force:
        raise RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    return self._data


def _array(self, dtype=None, copy=None):
    a = self.numpy() if dtype is None else self.numpy().astype(dtype, copy=False)
    return a.copy() if copy else a


def _bool(self):
    if self._data.size != 1:
        what = "more than one value" if self._data.size else "no values"
        raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous: use any() or all()")
    return bool(self._data.item())


def _index(self):
    if self._data.size != 1 or self._data.dtype.kind not in "iub":
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(self._data.item())


Tensor.item, Tensor.numpy, Tensor.__array__ = _item, _numpy, _array
Tensor.tolist = lambda self: self._data.tolist()
Tensor.__bool__, Tensor.__index__ = _bool, _index
Tensor.__float__ = lambda self: float(self.item())
Tensor.__int__ = lambda self: int(self.item())


# --- casts and copies -------------------------------------------------------------------------


@op
def _cast(input, /, kind):
    """The elements in another type.

    Formula: y = x
    Shapes: any.
    Gradient: g, in the type of x
    """
    return input.astype(kind), (lambda g: g,) if kind.kind == "f" else None


def _to_dtype(self, dtype, copy=False):
    kind = to_numpy(dtype)
    if kind != self._data.dtype:
        return _cast(self, kind)
    return ops.clone(self) if copy else self


def _to(self, *args, dtype=None, device=None, copy=False, non_blocking=False, memory_format=None):
    """The tensor as another dtype (or on the one device there is): `to(dtype)`, `to(other)`."""
    if memory_format is not None:
        raise NotImplementedError("to: memory_format is not supported")
    for a in args:
        if isinstance(a, Tensor):
            dtype = a.dtype
        elif isinstance(a, dtypes.dtype) or a in (float, int, bool):
            dtype = a
        elif not isinstance(a, bool):
            device = a
    check_device(device)
    return _to_dtype(self, self.dtype if dtype is None else dtype, copy)


def _type(self, dtype=None):
    """The dtype's old name, such as torch.FloatTensor; or the tensor as another dtype."""
    if dtype is None:
        return f"torch.{_OLD_NAMES[self.dtype.name]}Tensor"
    names = {
        f"torch.{old}Tensor": getattr(dtypes, new, dtypes.bool_) for new, old in _OLD_NAMES.items()
    }
    return _to_dtype(self, names.get(dtype, dtype) if isinstance(dtype, str) else dtype)


_OLD_NAMES = {
    "float32": "Float",
    "float64": "Double",
    "int64": "Long",
    "int32": "Int",
    "int16": "Short",
    "int8": "Char",
    "uint8": "Byte",
    "bool": "Bool",
}

Tensor.to, Tensor.type = _to, _type
Tensor.type_as = lambda self, other: _to_dtype(self, other.dtype)
Tensor.cpu = lambda self, memory_format=None: _to(self, memory_format=memory_format)
Tensor.byte = lambda self: _to_dtype(self, dtypes.uint8)
for _name, _dtype in dtypes.ALIASES.items():
    setattr(Tensor, _name, lambda self, _d=_dtype: _to_dtype(self, _d))


def _cuda(self, device=None, non_blocking=False, memory_format=None):
    """Refused: this engine computes on the CPU."""
    return check_device("cuda")


def _deepcopy(self, memo):
    """A leaf's copy, with its gradient."""
    if self.grad_fn is not None:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
            "protocol at the moment: detach() it first"
        )
    twin = object.__new__(type(self))
    memo[id(self)] = twin
    Tensor.__init__(twin, self._data.copy(), self._requires_grad)
    twin._grad = None if self._grad is None else wrap(self._grad._data.copy())
    twin.__dict__.update({k: v for k, v in self.__dict__.items() if k != "_strided"})
    return twin


def _reduce(self):
    if self.grad_fn is not None:
        raise RuntimeError("only leaf tensors can be pickled: detach() it first")
    return _restore, (type(self), self._data, self._requires_grad)


def _restore(cls, array, requires_grad):
    t = object.__new__(cls)
    Tensor.__init__(t, array, requires_grad)
    return t


Tensor.cuda = _cuda
Tensor.__deepcopy__, Tensor.__reduce__ = _deepcopy, _reduce


# --- around the graph -------------------------------------------------------------------------


def _set_data(self, value):
    if not isinstance(value, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
    self._data = value._data


def _detach_(self):
    """Take this tensor out of the graph."""
    self.grad_fn, self._requires_grad = None, False
    return self


class RemovableHandle:
    """What `register_hook` returns: `remove()` takes the hook away again."""

    def __init__(self, hooks, hook):
        self.hooks, self.hook = hooks, hook

    def remove(self):
        """Take the hook away."""
        if self.hook in self.hooks:
            self.hooks.remove(self.hook)


def _register_hook(self, hook):
    """Call `hook(grad)` when the gradient of this tensor is known; what it returns replaces it."""
    if not self._requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    holder, slot = (self, "_hooks") if self.grad_fn is None else (self.grad_fn, "hooks")
    hooks = getattr(holder, slot) or []
    setattr(holder, slot, hooks)
    hooks.append(hook)
    return RemovableHandle(hooks, hook)


def _reversed_dims(self):
    return ops.permute(self, tuple(range(self._data.ndim))[::-1])


def _matrix_transposed(self):
    if self._data.ndim == 1:
        raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices")
    return ops.transpose(self, -2, -1) if self._data.ndim else self


Tensor.data = property(lambda self: wrap(self._data), _set_data)
Tensor.T = property(_reversed_dims)
Tensor.mT = property(_matrix_transposed)
Tensor.output_nr = 0
Tensor.retains_grad = property(lambda self: bool(self.grad_fn and self.grad_fn.hooks))
Tensor.detach_ = _detach_
Tensor.register_hook = _register_hook

# --- spelled differently as a method -----------------------------------------------------------

Tensor.where = lambda self, condition, other: ops.where(condition, self, other)
Tensor.view_as = lambda self, other: ops.view(self, other._data.shape)
Tensor.reshape_as = lambda self, other: ops.reshape(self, other._data.shape)
Tensor.ravel = lambda self: ops.reshape(self, (-1,))
Tensor.broadcast_to = ops.broadcast_to
