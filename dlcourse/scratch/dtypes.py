"""Element types under torch's names, and the rules by which they combine."""

import builtins
from typing import Any

import numpy as np


class dtype:
    """An element type, such as `float32`."""

    def __init__(self, name, numpy_type):
        self.name, self.numpy = name, np.dtype(numpy_type)
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = self.numpy.kind == "f"
        self.is_complex = False
        self.is_signed = self.numpy.kind in "fi"

    def __repr__(self):
        return f"torch.{self.name}"

    def __reduce__(self):
        return self.name  # pickled by name, so that each type stays one object


float32 = dtype("float32", np.float32)
float64 = dtype("float64", np.float64)
int64 = dtype("int64", np.int64)
int32 = dtype("int32", np.int32)
int16 = dtype("int16", np.int16)
int8 = dtype("int8", np.int8)
uint8 = dtype("uint8", np.uint8)
bool_ = dtype("bool", np.bool_)


class _Absent(dtype):
    """An element type with a name only: guarded code may mention it."""

    def __init__(self, name, itemsize, is_complex=False):
        self.name, self.itemsize = name, itemsize
        self.is_floating_point, self.is_complex, self.is_signed = not is_complex, is_complex, True

    @property
    def numpy(self):
        raise NotImplementedError(f"{self.name}: this engine computes in float32 and float64")


float16 = half = _Absent("float16", 2)
bfloat16 = _Absent("bfloat16", 2)
complex64 = cfloat = _Absent("complex64", 8, is_complex=True)
complex128 = cdouble = _Absent("complex128", 16, is_complex=True)
ABSENT = {
    "float16": float16,
    "half": half,
    "bfloat16": bfloat16,
    "complex64": complex64,
    "cfloat": cfloat,
    "complex128": complex128,
    "cdouble": cdouble,
}

ALL = (float32, float64, int64, int32, int16, int8, uint8, bool_)
ALIASES = {
    "float": float32,
    "double": float64,
    "long": int64,
    "int": int32,
    "short": int16,
    "bool": bool_,
}
_OF_NUMPY = {t.numpy: t for t in ALL}
_OF_PYTHON = {builtins.float: float64, builtins.int: int64, builtins.bool: bool_}
_default = [float32]


def of_array(array):
    """The engine's name for the element type of a NumPy array."""
    return _OF_NUMPY[array.dtype]


def to_numpy(kind):
    """The NumPy dtype for `dtype=kind` (None stays None)."""
    if kind is None:
        return None
    kind = _OF_PYTHON.get(kind, kind)
    if not isinstance(kind, dtype):
        raise TypeError(f"dtype must be one of the engine's, such as float32, not {kind!r}")
    return kind.numpy


def get_default_dtype():
    """The type of new tensors made from Python floats: float32 unless changed."""
    return _default[0]


def set_default_dtype(d):
    """Make `d` (float32 or float64) the type of new tensors made from Python floats."""
    if not isinstance(d, dtype):
        raise TypeError("invalid dtype object: only floating-point types are supported")
    if not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default[0] = d


def set_default_tensor_type(t):
    """`set_default_dtype` by the old name of a type, such as FloatTensor."""
    kind = getattr(t, "kind", None) or {"Float": float32, "Double": float64}.get(
        str(t).removeprefix("torch.").removesuffix("Tensor")
    )
    set_default_dtype(kind)


def promote_types(type1, type2):
    """The smallest type that holds the values of both."""
    return of_array(np.empty(0, result_type(*(np.empty(1, to_numpy(t)) for t in (type1, type2)))))


def default_float():
    """NumPy's name for the default float type."""
    return _default[0].numpy


def result_type_of(tensor1, tensor2):
    """The type of what arithmetic makes of two tensors or numbers."""
    return of_array(np.empty(0, result_type(*(getattr(t, "_data", t) for t in (tensor1, tensor2)))))


# --- how types combine ------------------------------------------------------------------------

_RANK = {"b": 0, "u": 1, "i": 1, "f": 2}  # bool < integers < floats


def _rank(x):
    if isinstance(x, np.ndarray):
        return _RANK[x.dtype.kind]
    return 0 if isinstance(x, (bool, np.bool_)) else 1 if isinstance(x, (int, np.integer)) else 2


def result_type(*values):
    """The common type: dimensioned tensors decide, then 0-d tensors, then numbers.

    A lower class counts only where its category (bool < integer < float) is higher.
    """
    found, found_rank = None, -1
    for members in _classes(values):
        rank = max(map(_rank, members), default=-1)
        if rank > found_rank:
            found, found_rank = _within(members), rank
    return found


def _classes(values):
    arrays = [v for v in values if isinstance(v, np.ndarray)]
    yield [a for a in arrays if a.ndim]
    yield [a for a in arrays if not a.ndim]
    yield [v for v in values if not isinstance(v, np.ndarray)]


def _within(members):
    if isinstance(
        members[0], np.ndarray
    ):  # an integer does not widen a float, as it would in NumPy
        highest = max(map(_rank, members))
        return np.result_type(*(m.dtype for m in members if _rank(m) == highest))
    return (np.dtype(bool), np.dtype(np.int64), default_float())[max(map(_rank, members))]


def promote(values) -> Any:
    """Cast arrays and numbers to their common type; a number stays one where NumPy agrees."""
    first = values[0]
    dtype = first.dtype if type(first) is np.ndarray else None
    for v in values:
        if (v.dtype if type(v) is np.ndarray else _own_type(v, dtype)) is not dtype:
            return _cast_all(values)
    return values


def _own_type(number, dtype):
    """`dtype`, if NumPy lets array (op) number keep it as torch does (None stands for no input)."""
    kind = type(number)
    plain = dtype is not None and (kind is float or kind is int)
    same = number is None or (plain and dtype in _FLOATS)
    return dtype if same else False


_FLOATS = (float32.numpy, float64.numpy)


def _cast_all(values):
    dtype = result_type(*(v for v in values if v is not None))
    return [v if v is None else np.asarray(v).astype(dtype, copy=False) for v in values]


def to_float(x):
    """Integers and bools as the default float type; floats as they are."""
    return x if x.dtype.kind == "f" else x.astype(default_float())
