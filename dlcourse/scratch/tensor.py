"""Spell the ops the way torch does: methods, operators and properties of `Tensor`."""

from typing import Any

import numpy as np

from . import dtypes, inplace, ops
from ._print import tensor_repr
from .autograd import Tensor, op, wrap
from .devices import check_device, check_format, cpu
from .dtypes import of_array, to_numpy
from .ops._shape import dim_of
from .versions import owner

for _name, _function in ops.PUBLIC.items():
    if _name not in ops.FUNCTIONS_ONLY:
        setattr(Tensor, _name, _function)
inplace.install()


def extend(methods):
    """Hang the attributes of a class body on `Tensor` itself: it was made before the ops were."""
    for name, value in vars(methods).items():
        if name not in ("__module__", "__doc__", "__dict__", "__weakref__", "__qualname__"):
            setattr(Tensor, name, value)
    return methods


_NOT_COMPARABLE = (type(None), str, list, tuple, dict)


@extend
class _Operators(Tensor):
    __add__ = __radd__ = ops.add
    __mul__ = __rmul__ = ops.mul
    __sub__, __rsub__ = ops.sub, ops.rsub
    __truediv__, __floordiv__, __mod__ = ops.div, ops.floor_divide, ops.remainder
    __pow__, __matmul__ = ops.pow, ops.matmul
    __neg__, __pos__, __abs__, __invert__ = ops.neg, ops.positive, ops.abs, ops.bitwise_not
    __and__ = __rand__ = ops.bitwise_and
    __or__ = __ror__ = ops.bitwise_or
    __xor__ = __rxor__ = ops.bitwise_xor
    __lshift__, __rshift__ = ops.bitwise_left_shift, ops.bitwise_right_shift
    __lt__, __le__, __gt__, __ge__ = ops.lt, ops.le, ops.gt, ops.ge
    __getitem__ = ops.index.getitem
    __hash__ = object.__hash__

    def __rtruediv__(self, other):
        return ops.mul(ops.reciprocal(self), other)

    def __rfloordiv__(self, other):
        return ops.floor_divide(other, self)

    def __rmod__(self, other):
        return ops.remainder(other, self)

    def __rpow__(self, other):
        return ops.pow(other, self)

    def __rmatmul__(self, other):
        return ops.matmul(other, self)

    def __eq__(self, other):
        return False if isinstance(other, _NOT_COMPARABLE) else ops.eq(self, other)

    def __ne__(self, other):
        return True if isinstance(other, _NOT_COMPARABLE) else ops.ne(self, other)

    def __contains__(self, value):
        return bool((self._data == getattr(value, "_data", value)).any())


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


@extend
class _Sizes(Tensor):
    shape = property(lambda self: Size(self._data.shape))
    dtype = property(lambda self: of_array(self._data))
    ndim = property(lambda self: self._data.ndim)
    itemsize = property(lambda self: self._data.itemsize)
    nbytes = property(lambda self: self._data.nbytes)
    device = property(lambda self: cpu)
    is_cpu = True
    is_cuda = is_mps = is_xpu = is_meta = is_sparse = is_quantized = is_nested = False
    layout = "torch.strided"

    def size(self, dim=None):
        """The shape, or the size of one dimension."""
        shape = Size(self._data.shape)
        if dim is None:
            return shape
        if not shape:
            raise IndexError("dimension specified as 0 but tensor has no dimensions")
        return shape[dim_of(dim, len(shape))]

    def stride(self, dim=None):
        """How many elements apart neighbours lie in memory, per dimension."""
        strides = tuple(s // self._data.itemsize for s in self._data.strides)
        return strides if dim is None else strides[dim]

    def dim(self):
        """How many dimensions there are."""
        return self._data.ndim

    def numel(self):
        """How many elements there are."""
        return self._data.size

    ndimension, nelement = dim, numel

    def element_size(self):
        """Bytes per element."""
        return self._data.itemsize

    def is_floating_point(self):
        """Does the tensor hold floats?"""
        return self._data.dtype.kind == "f"

    def is_signed(self):
        """Can elements be negative?"""
        return self._data.dtype.kind in "fi"

    def is_complex(self):
        """Never: there are no complex tensors."""
        return False

    def is_inference(self):
        """Never: `inference_mode` makes ordinary tensors."""
        return False

    def is_contiguous(self, memory_format=None):
        """Do the elements lie in order, as far as torch would know?"""
        check_format(memory_format)
        return not hasattr(self, "_strided")

    def storage_offset(self):
        """How many elements into its memory the tensor begins."""
        start = np.lib.array_utils.byte_bounds(owner(self._data))[0]
        return (self.data_ptr() - start) // self._data.itemsize

    def is_shared(self):
        """Never: this engine runs in one process."""
        return False

    def pin_memory(self, device=None):
        """The tensor itself: there is no GPU to copy it to."""
        return self

    def share_memory_(self):
        """The tensor itself: this engine runs in one process."""
        return self

    def get_device(self):
        """-1, for the CPU."""
        return -1

    def data_ptr(self):
        """The address of the first element."""
        return self._data.__array_interface__["data"][0]

    def __len__(self):
        if not self._data.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._data)

    def __iter__(self):
        if not self._data.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(ops.unbind(self))


# --- out of the engine ------------------------------------------------------------------------


@extend
class _Conversions(Tensor):
    def item(self):
        """The only element, as a Python number."""
        if self._data.size != 1:
            n = self._data.size
            raise RuntimeError(f"a Tensor with {n} elements cannot be converted to Scalar")
        return self._data.item()

    def tolist(self):
        """Nested lists of Python numbers."""
        return self._data.tolist()

    def numpy(self, *, force=False):
        """The NumPy array that holds the elements, without copying."""
        if self._requires_grad and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. "
                "Use tensor.detach().numpy() instead."
            )
        return self._data

    def __array__(self, dtype=None, copy=None):
        a = self.numpy() if dtype is None else self.numpy().astype(dtype, copy=False)
        return a.copy() if copy else a

    def __bool__(self):
        if self._data.size != 1:
            what = "more than one value" if self._data.size else "no values"
            raise RuntimeError(
                f"Boolean value of Tensor with {what} is ambiguous: use any() or all()"
            )
        return bool(self._data.item())

    def __index__(self):
        if self._data.size != 1 or self._data.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be used as an index")
        return int(self._data.item())

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __format__(self, spec):
        return format(repr(self), spec) if self._data.ndim else format(self.item(), spec)

    __repr__: Any = tensor_repr


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
_BY_OLD_NAME = {f"torch.{_OLD_NAMES[t.name]}Tensor": t for t in dtypes.ALL}


def _caster(kind):
    def cast(self, memory_format=None):
        check_format(memory_format)
        return _to_dtype(self, kind)

    cast.__doc__ = f"The tensor as {kind.name}."
    return cast


_CASTS = {**dtypes.ALIASES, "byte": dtypes.uint8, "char": dtypes.int8}
for _name, _dtype in {**_CASTS, "half": dtypes.half, "bfloat16": dtypes.bfloat16}.items():
    setattr(Tensor, _name, _caster(_dtype))


@extend
class _Casts(Tensor):
    def to(
        self, *args, dtype=None, device=None, non_blocking=False, copy=False, memory_format=None
    ):
        """The tensor as another dtype (or on the one device there is): `to(dtype)`, `to(other)`."""
        check_format(memory_format)
        for a in args:
            if isinstance(a, Tensor):
                dtype = of_array(a._data)
            elif isinstance(a, dtypes.dtype) or a in (float, int, bool):
                dtype = a
            elif not isinstance(a, bool):
                device = a
        check_device(device)
        return _to_dtype(self, of_array(self._data) if dtype is None else dtype, copy)

    def type(self, dtype=None):
        """The dtype's old name, such as torch.FloatTensor; or the tensor as another dtype."""
        if dtype is None:
            return f"torch.{_OLD_NAMES[of_array(self._data).name]}Tensor"
        return _to_dtype(self, _BY_OLD_NAME.get(dtype, getattr(dtype, "kind", dtype)))

    def type_as(self, other):
        """The tensor in the dtype of `other`."""
        return _to_dtype(self, of_array(other._data))

    def cpu(self, memory_format=None):
        """The tensor itself: it is on the CPU."""
        return self.to(memory_format=memory_format)

    def cuda(self, device=None, non_blocking=False, memory_format=None):
        """Refused: this engine computes on the CPU."""
        return check_device("cuda")

    def __deepcopy__(self, memo):
        """A leaf's copy, with its gradient."""
        if self.grad_fn is not None:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment: detach() it first"
            )
        twin = memo[id(self)] = _restored(type(self), self._data.copy(), self._requires_grad)
        twin._grad = None if self._grad is None else wrap(self._grad._data.copy())
        twin.__dict__.update({k: v for k, v in self.__dict__.items() if k != "_strided"})
        return twin

    def __reduce__(self):
        if self.grad_fn is not None:
            raise RuntimeError("only leaf tensors can be pickled: detach() it first")
        return _restored, (type(self), self._data, self._requires_grad)


def _restored(cls, array, requires_grad):
    t = object.__new__(cls)
    t._fill(array, requires_grad)
    return t


# --- around the graph -------------------------------------------------------------------------


class RemovableHandle:
    """What `register_hook` returns: `remove()` takes the hook away again."""

    def __init__(self, hooks, hook):
        self.hooks, self.hook = hooks, hook

    def remove(self):
        """Take the hook away."""
        if self.hook in self.hooks:
            self.hooks.remove(self.hook)


@extend
class _Graph(Tensor):
    output_nr = 0
    retains_grad = property(lambda self: bool(self.grad_fn and self.grad_fn.hooks))

    @property
    def data(self):
        """The same memory outside the graph; assigning replaces the memory."""
        return wrap(self._data)

    @data.setter
    def data(self, value):
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        self._data = value._data

    def detach_(self):
        """Take this tensor out of the graph."""
        self.grad_fn, self._requires_grad = None, False
        return self

    def register_hook(self, hook):
        """Call `hook(grad)` when the gradient of this tensor is known; a result replaces it."""
        if not self._requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        holder, slot = (self, "_hooks") if self.grad_fn is None else (self.grad_fn, "hooks")
        hooks = getattr(holder, slot) or []
        setattr(holder, slot, hooks)
        hooks.append(hook)
        return RemovableHandle(hooks, hook)


# --- spelled differently as a method ----------------------------------------------------------


@extend
class _Methods(Tensor):
    broadcast_to = ops.broadcast_to

    @property
    def T(self):
        """All dimensions in reverse order."""
        return ops.permute(self, tuple(range(self._data.ndim))[::-1])

    @property
    def mT(self):
        """Matrices transposed: the last two dimensions swapped."""
        if self._data.ndim == 1:
            raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices")
        return ops.transpose(self, -2, -1) if self._data.ndim else self

    def where(self, condition, other):
        """This tensor where the condition holds, else `other`."""
        return ops.where(condition, self, other)

    def view_as(self, other):
        """`view` in the shape of `other`."""
        return ops.view(self, other._data.shape)

    def reshape_as(self, other):
        """`reshape` to the shape of `other`."""
        return ops.reshape(self, other._data.shape)

    def ravel(self):
        """All elements as a vector."""
        return ops.reshape(self, (-1,))
