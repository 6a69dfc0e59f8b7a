"""New tensors from data, constants and ranges."""

import math
from typing import Any

import numpy as np

from . import dtypes
from .autograd import Tensor, leaf, wrap
from .devices import check_device, check_format
from .dtypes import default_float, to_numpy
from .ops._shape import shape_of


def _finished(array, device=None, requires_grad=False, **refused):
    check_device(device)
    for name, value in refused.items():
        if value not in (None, False):
            raise NotImplementedError(f"{name} is not supported")
    return leaf(array, requires_grad)


# --- from data --------------------------------------------------------------------------------


def _as_array(data, dtype):
    """`data` as an array in the type that torch would choose."""
    kind = to_numpy(dtype)
    if isinstance(data, Tensor):
        data = data._data
    known = isinstance(data, np.ndarray | np.generic)
    try:
        array = data if known else np.asarray(_plain(data))
    except ValueError:
        raise ValueError(
            "expected sequences of equal length at every level of the nested list"
        ) from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"a tensor holds floats, integers or bools, not {array.dtype}")
    if kind is None and not known and array.dtype.kind == "f":
        kind = default_float()
    return np.asarray(array, kind)


def _plain(data):
    """Nested lists with NumPy values in place of tensors."""
    if isinstance(data, list | tuple | range):
        return [_plain(d) for d in data]
    return (
        data._data.item()
        if isinstance(data, Tensor) and data._data.size == 1
        else getattr(data, "_data", data)
    )


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor with a copy of `data` (numbers, nested lists, an array, a tensor)."""
    return _finished(_as_array(data, dtype).copy(), device, requires_grad)


def as_tensor(data, dtype=None, device=None):
    """`data` as a tensor, sharing memory with it where it can."""
    check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    return _in_place(_as_array(data, dtype))


def _in_place(array):
    """A tensor around memory that the caller laid out, noted if its elements are out of order."""
    t = wrap(array)
    if not array.flags.c_contiguous:
        t.__dict__["_strided"] = True
    return t


asarray = as_tensor


def from_numpy(ndarray):
    """A tensor that shares the memory of an array."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    return _in_place(_as_array(ndarray, None))


def scalar_tensor(s, *, dtype=None, device=None, requires_grad=False):
    """A 0-d tensor of the default float type."""
    return tensor(float(s), dtype=dtype, device=device, requires_grad=requires_grad)


# --- constants --------------------------------------------------------------------------------


def zeros(*size, dtype=None, device=None, requires_grad=False, **size_by_name):
    """A tensor of zeros."""
    kind = to_numpy(dtype) or default_float()
    return _finished(np.zeros(_sizes(size, size_by_name), kind), device, requires_grad)


def ones(*size, dtype=None, device=None, requires_grad=False, **size_by_name):
    """A tensor of ones."""
    kind = to_numpy(dtype) or default_float()
    return _finished(np.ones(_sizes(size, size_by_name), kind), device, requires_grad)


def empty(*size, dtype=None, device=None, requires_grad=False, **size_by_name):
    """A tensor whose elements are still to be written (they are whatever memory held)."""
    kind = to_numpy(dtype) or default_float()
    return _finished(np.empty(_sizes(size, size_by_name), kind), device, requires_grad)


def _sizes(size, named):
    shape = shape_of(size, name="size", **named)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension: {list(shape)}")
    return shape


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """A tensor with one number everywhere, in that number's type."""
    if not isinstance(size, tuple | list):
        raise TypeError(f"full(): size must be a tuple of ints, not {type(size).__name__}")
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    kind = to_numpy(dtype) or _as_array(fill_value, None).dtype
    if kind.kind in "iu" and not np.iinfo(kind.str).min <= fill_value <= np.iinfo(kind.str).max:
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow")
    return _finished(np.full(_sizes((size,), {}), fill_value, kind), device, requires_grad)


def _like(make):
    def method(input, *args, dtype=None, device=None, requires_grad=False, memory_format=None):
        check_format(memory_format)
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{make.__name__}_like(): expected a Tensor, but got {type(input).__name__}"
            )
        kind = input.dtype if dtype is None else dtype
        return make(
            input._data.shape, *args, dtype=kind, device=device, requires_grad=requires_grad
        )

    method.__name__ = f"{make.__name__}_like"
    method.__doc__ = f"`{make.__name__}` with the shape and dtype of `input`."
    return method


def _new(make):
    def method(self, *args, dtype=None, device=None, requires_grad=False, **named):
        kind = self.dtype if dtype is None else dtype
        return make(*args, dtype=kind, device=device, requires_grad=requires_grad, **named)

    method.__name__ = f"new_{make.__name__}"
    method.__doc__ = f"`{make.__name__}` in this tensor's dtype."
    return method


zeros_like, ones_like, empty_like, full_like = map(_like, (zeros, ones, empty, full))
for _make in (zeros, ones, empty, full):
    setattr(Tensor, f"new_{_make.__name__}", _new(_make))


def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False):
    """`tensor(data)` in this tensor's dtype."""
    kind = self.dtype if dtype is None else dtype
    return tensor(data, dtype=kind, device=device, requires_grad=requires_grad)


setattr(Tensor, new_tensor.__name__, new_tensor)


# --- ranges and matrices ----------------------------------------------------------------------


def arange(start, end=None, step=1, *, dtype=None, device=None, requires_grad=False):
    """start, start + step, ... below `end`: `arange(end)` or `arange(start, end, step)`."""
    start, end = (0, start) if end is None else (start, end)
    start, end, step = (getattr(v, "_data", v) for v in (start, end, step))
    start, end, step = (
        v.item() if isinstance(v, np.ndarray | np.generic) else v for v in (start, end, step)
    )
    whole = all(isinstance(v, int) for v in (start, end, step))
    kind = to_numpy(dtype) or (np.dtype(np.int64) if whole else default_float())
    if kind.kind in "iu":
        start, end, step = int(start), int(end), int(step)  # cut, as torch does
    if step == 0 or (end - start) / step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    n = math.ceil((end - start) / step)
    return _finished((np.arange(n) * step + start).astype(kind), device, requires_grad)


def linspace(start, end, steps, *, dtype=None, device=None, requires_grad=False):
    """`steps` numbers at equal distances, from `start` to `end` inclusive."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    start, end = (getattr(v, "_data", v) for v in (start, end))
    kind = to_numpy(dtype) or default_float()
    if kind.kind == "b":
        raise NotImplementedError("linspace: not for bool tensors")
    return _finished(np.linspace(start, end, steps).astype(kind), device, requires_grad)


def logspace(start, end, steps, base=10.0, *, dtype=None, device=None, requires_grad=False):
    """`steps` powers of `base` with exponents at equal distances."""
    kind = to_numpy(dtype) or default_float()
    return _finished(np.logspace(start, end, steps, base=base).astype(kind), device, requires_grad)


def eye(n, m=None, *, dtype=None, device=None, requires_grad=False):
    """Ones on the diagonal of an (n, m) matrix, zeros elsewhere."""
    if n < 0 or (m is not None and m < 0):
        raise RuntimeError("eye: n and m must be greater or equal to 0")
    return _finished(np.eye(n, m, dtype=to_numpy(dtype) or default_float()), device, requires_grad)


def tril_indices(row, col, offset=0, *, dtype=None, device=None):
    """The row and column numbers of a lower triangle, as the two rows of a matrix."""
    kind = to_numpy(dtype) or np.int64
    return _finished(np.stack(np.tril_indices(row, offset, col)).astype(kind), device)


def triu_indices(row, col, offset=0, *, dtype=None, device=None):
    """The row and column numbers of an upper triangle, as the two rows of a matrix."""
    kind = to_numpy(dtype) or np.int64
    return _finished(np.stack(np.triu_indices(row, offset, col)).astype(kind), device)


def meshgrid(*tensors, indexing="ij"):
    """Coordinate grids from vectors; `indexing="xy"` swaps the first two dimensions."""
    if len(tensors) == 1 and isinstance(tensors[0], list | tuple):
        tensors = tuple(tensors[0])
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f"meshgrid: indexing must be 'ij' or 'xy', not {indexing!r}")
    if any(t._data.ndim > 1 for t in tensors):
        raise RuntimeError("meshgrid: expected vectors or scalars")
    if len({t._data.dtype for t in tensors}) > 1:
        raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    shape = [t._data.size for t in tensors]
    n = len(shape)
    grids = tuple(
        t.reshape([-1 if i == k else 1 for i in range(n)]).expand(shape)
        for k, t in enumerate(tensors)
    )
    return grids if indexing == "ij" or n < 2 else tuple(g.transpose(0, 1) for g in grids)


# --- questions about tensors ------------------------------------------------------------------


def is_tensor(obj):
    """Is `obj` a tensor?"""
    return isinstance(obj, Tensor)


def is_floating_point(input):
    """Does the tensor hold floats?"""
    return input.is_floating_point()


def is_complex(input):
    """Never: there are no complex tensors."""
    return False


def broadcast_shapes(*shapes):
    """The shape to which all of these expand."""
    try:
        return wrap(np.broadcast_to(np.empty(()), np.broadcast_shapes(*shapes))).shape
    except ValueError as error:
        raise RuntimeError(f"broadcast_shapes: {error}") from None


def assert_close(actual, expected, *, rtol=None, atol=None, equal_nan=False, **options):
    """Raise AssertionError unless two tensors (or numbers) are close; by default as their dtype."""
    a, b = (np.asarray(getattr(t, "_data", t)) for t in (actual, expected))
    if a.shape != b.shape:
        raise AssertionError(f"The shapes do not match: {a.shape} != {b.shape}")
    usual = {"float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}.get(a.dtype.name, (0, 0))
    rtol, atol = (
        u if given is None else given for u, given in zip(usual, (rtol, atol), strict=True)
    )
    if not np.allclose(a, b, rtol, atol, equal_nan):
        raise AssertionError(f"Tensor-likes are not close: {a} and {b}")


def numel(input):
    """How many elements the tensor has."""
    return input.numel()


def equal(input, other):
    """Do two tensors have the same shape and elements?"""
    return input._data.shape == other._data.shape and bool(np.array_equal(input._data, other._data))


def isclose(input, other, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Where |input - other| <= atol + rtol |other|."""
    _same_dtype(input, other)
    return wrap(np.isclose(input._data, other._data, rtol, atol, equal_nan))


def allclose(input, other, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Are all elements close (`isclose`)?"""
    return bool(isclose(input, other, rtol, atol, equal_nan)._data.all())


def _same_dtype(a, b):
    if a._data.dtype != b._data.dtype:
        raise RuntimeError(f"{a.dtype} did not match {b.dtype}")


for _f in (equal, allclose, isclose):
    setattr(Tensor, _f.__name__, _f)


class _Info:
    """Limits of a dtype, as attributes."""

    def __init__(self, limits):
        self.bits, self.min, self.max, self.dtype = (
            limits.bits,
            limits.min.item() if hasattr(limits.min, "item") else limits.min,
            limits.max.item() if hasattr(limits.max, "item") else limits.max,
            str(limits.dtype),
        )


class finfo(_Info):
    """Limits of a float dtype: `finfo(float32).max`, `.min`, `.eps`, `.tiny`."""

    def __init__(self, type=None):
        limits = np.finfo(to_numpy(type) or default_float())
        super().__init__(limits)
        self.eps, self.tiny = limits.eps.item(), limits.tiny.item()
        self.smallest_normal, self.resolution = self.tiny, limits.resolution.item()


class iinfo(_Info):
    """Limits of an integer dtype: `iinfo(int64).max`, `.min`."""

    def __init__(self, type):
        limits: Any = np.iinfo
        super().__init__(limits(to_numpy(type)))


# --- torch's oldest spelling: Tensor(2, 3), LongTensor([1, 2]) ----------------------------------


def _oldest(data, kind):
    """The array of `FloatTensor(2, 3)` (sizes), `FloatTensor([1, 2])` or `FloatTensor(array)`."""
    sizes = data[0] if len(data) == 1 and type(data[0]).__name__ == "Size" else data
    if all(isinstance(n, int | np.integer) for n in sizes):
        return np.empty(_sizes(tuple(sizes), {}) if sizes else 0, kind)
    if len(data) != 1 or (np.ndim(data[0]) == 0 and not isinstance(data[0], np.ndarray)):
        raise TypeError(f"expected sizes or one sequence, such as Tensor([1.0]), not {data}")
    return _as_array(data[0], dtypes.of_array(np.empty(0, kind)))


def _init(self, *data, device=None):
    """`Tensor(2, 3)`: of these sizes, its elements unwritten; `Tensor([1, 2])`: of these values."""
    check_device(device)
    like = isinstance(data[0], Tensor) if len(data) == 1 else False
    self._fill(data[0]._data if like else _oldest(data, default_float()))


def new(self, *data):
    """`Tensor(...)` in this tensor's dtype."""
    return wrap(_oldest(data, self._data.dtype))


for _name, _method in {"__init__": _init, "new": new}.items():
    setattr(Tensor, _name, _method)


class _OldType(type):
    """`FloatTensor` and its like: called, they make tensors; `isinstance` asks for the dtype."""

    kind: Any

    def __call__(cls, *data):
        if len(data) == 1 and isinstance(data[0], Tensor):
            if data[0].dtype is not cls.kind:
                raise TypeError(f"expected {cls.__name__}, not {data[0].type()}: use .to(dtype)")
            return wrap(data[0]._data)
        return wrap(_oldest(data, cls.kind.numpy))

    def __instancecheck__(cls, instance):
        return isinstance(instance, Tensor) and instance.dtype is cls.kind


def _typed(name, kind):
    doc = f"A {kind.name} tensor of some sizes, its elements unwritten, or of given values."
    return _OldType(name, (), {"kind": kind, "__doc__": doc, "__module__": __name__})


FloatTensor = _typed("FloatTensor", dtypes.float32)
DoubleTensor = _typed("DoubleTensor", dtypes.float64)
LongTensor = _typed("LongTensor", dtypes.int64)
IntTensor = _typed("IntTensor", dtypes.int32)
ShortTensor = _typed("ShortTensor", dtypes.int16)
ByteTensor = _typed("ByteTensor", dtypes.uint8)
BoolTensor = _typed("BoolTensor", dtypes.ALIASES["bool"])
