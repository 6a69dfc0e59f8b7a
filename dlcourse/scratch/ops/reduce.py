"""Ops that combine the elements along dimensions."""

from collections import namedtuple
from math import inf
from typing import Any

import numpy as np

from ..autograd import Tensor, op, wrap
from ..dtypes import to_float, to_numpy
from ._shape import axes_of, dim_of, dims_of
from .elementwise import maximum, minimum, signs


def spread(g, axes, shape, keepdim):
    """Give `g` back the reduced `axes`, repeated to `shape` without copying."""
    if len(axes) == len(shape):  # one number for all: the quick way to what the last line does
        out = np.ndarray(shape, g.dtype, g, 0, (0,) * len(shape))
        out.flags.writeable = False
        return out
    return np.broadcast_to(g if keepdim else np.expand_dims(g, axes), shape)


def _summable(x, dtype):
    """`x` in the type in which it is added up: int64 for bools and integers."""
    if dtype is None and x.dtype.kind == "f":
        return x
    kind = to_numpy(dtype) or (np.dtype(np.int64) if x.dtype.kind in "bui" else x.dtype)
    return x if x.dtype == kind else x.astype(kind)


def _need_float(x, name):
    if x.dtype.kind != "f":
        raise RuntimeError(
            f"{name}(): only for floating point tensors, not {x.dtype}; use .float()"
        )


# --- sums -------------------------------------------------------------------------------------


@op
def sum(input, /, dim=None, keepdim=False, *, dtype=None):
    """Sum over dimensions (all, if none is given).

    Formula: y = sum of x over `dim`
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g, repeated
    """
    x = _summable(input, dtype)
    shape, axes = x.shape, axes_of(dim, x.ndim)
    y = np.add.reduce(x, axes, x.dtype, keepdims=keepdim)
    return y, (lambda g: spread(g, axes, shape, keepdim),)


@op
def mean(input, /, dim=None, keepdim=False, *, dtype=None):
    """Average over dimensions (all, if none is given).

    Formula: y = (sum of x over `dim`) / n
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g / n, repeated
    """
    x = input if dtype is None else input.astype(to_numpy(dtype), copy=False)
    _need_float(x, "mean")
    shape, axes = x.shape, axes_of(dim, x.ndim)
    n = x.dtype.type(_count(shape, axes))
    return x.sum(axes, keepdims=keepdim) / n, (lambda g: spread(g / n, axes, shape, keepdim),)


def _count(shape, axes):
    """How many elements each result combines."""
    n = 1
    for a in axes:
        n *= shape[a]
    return n


@op
def _var(input, /, dim=None, *, correction=1, keepdim=False):
    """Variance; `correction=1` divides by n - 1 (Bessel), 0 by n.

    Formula: y = (sum of (x - mean)^2 over `dim`) / (n - correction)
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: 2 g (x - mean) / (n - correction)
    """
    y, vjp = _variance(input, dim, correction, keepdim, "var")
    return y, (vjp,)


@op
def _std(input, /, dim=None, *, correction=1, keepdim=False):
    """Standard deviation: the square root of `var`.

    Formula: y = sqrt((sum of (x - mean)^2 over `dim`) / (n - correction))
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g (x - mean) / ((n - correction) y), 0 where y = 0
    """
    v, vjp = _variance(input, dim, correction, keepdim, "std")
    y = np.sqrt(v)
    return y, (lambda g: vjp(np.where(y == 0, 0, g / (2 * y))),)


def _variance(x, dim, correction, keepdim, name):
    _need_float(x, name)
    axes = axes_of(dim, x.ndim)
    n = _count(x.shape, axes)
    h = x - x.sum(axes, keepdims=True) / x.dtype.type(n)
    free = x.dtype.type(max_of(n - correction, 0))
    y = (h * h).sum(axes, keepdims=keepdim) / free
    if n > correction:
        slope = h * (x.dtype.type(2) / free)
    else:
        slope = np.where(h == 0, np.nan, np.inf)
    return y, lambda g: spread(g, axes, h.shape, keepdim) * slope


max_of, min_of, any_of = max, min, any  # Python's, before the ops of those names


def _legacy(args, options):
    """torch's older spelling of `var` and `std`: `unbiased` instead of `correction`."""
    args = list(args)
    if args and isinstance(args[0], bool):  # var(x, unbiased)
        options["unbiased"] = args.pop(0)
    elif len(args) > 1:  # var(x, dim, unbiased, keepdim)
        options.update(zip(("unbiased", "keepdim"), args[1:], strict=False))
        del args[1:]
    if (unbiased := options.pop("unbiased", None)) is not None:
        options["correction"] = int(unbiased)
    if options.get("correction", 1) is None:
        options["correction"] = 1
    return args


def var(input, *args, **options):
    """Variance: `var(input, dim=None, *, correction=1, keepdim=False)`, or with `unbiased=`."""
    return _var(input, *_legacy(args, options), **options)


def std(input, *args, **options):
    """Standard deviation: `std(input, dim=None, *, correction=1, keepdim=False)`."""
    return _std(input, *_legacy(args, options), **options)


def var_mean(input, *args, **options):
    """Variance and mean, as a tuple."""
    args = _legacy(args, options)
    dim = args[0] if args else options.get("dim")
    return _var(input, *args, **options), mean(input, dim, options.get("keepdim", False))


def std_mean(input, *args, **options):
    """Standard deviation and mean, as a tuple."""
    args = _legacy(args, options)
    dim = args[0] if args else options.get("dim")
    return _std(input, *args, **options), mean(input, dim, options.get("keepdim", False))


@op
def logsumexp(input, /, dim, keepdim=False):
    """Logarithm of the sum of exponentials, safe against overflow.

    Formula: y = ln(sum of e^x over `dim`) = m + ln(sum of e^(x - m)), m = max of x
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g e^(x - y)
    """
    x = to_float(input)
    axes = axes_of(dim, x.ndim)
    m = np.max(x, axes, keepdims=True, initial=-inf)
    m = np.where(np.isfinite(m), m, x.dtype.type(0))
    y = np.log(np.exp(x - m).sum(axes, keepdims=True)) + m
    value = y if keepdim else y.squeeze(axes)
    return value, (lambda g: spread(g, axes, x.shape, keepdim) * np.exp(x - y),)


@op
def softmax(input, /, dim, dtype=None):
    """Exponentials along a dimension, scaled to add up to one.

    Formula: y_i = e^(x_i - m) / sum over j of e^(x_j - m), m = max of x
    Shapes: any.
    Gradient: y (g - sum of g y)
    Source: Bridle, 1990.
    """
    x, axis = _prepared(input, dim, dtype, "softmax")
    y = np.exp(x - x.max(axis, keepdims=True, initial=-inf))
    y /= y.sum(axis, keepdims=True)

    def vjp(g):
        d = g * y
        d -= y * d.sum(axis, keepdims=True)
        return d

    return y, (vjp,)


@op
def log_softmax(input, /, dim, dtype=None):
    """Logarithm of softmax, without computing softmax first.

    Formula: y_i = x_i - m - ln(sum over j of e^(x_j - m)), m = max of x
    Shapes: any.
    Gradient: g - e^y sum of g
    """
    x, axis = _prepared(input, dim, dtype, "log_softmax")
    y = x - x.max(axis, keepdims=True, initial=-inf)
    y = y - np.log(np.exp(y).sum(axis, keepdims=True))
    return y, (lambda g: g - np.exp(y) * g.sum(axis, keepdims=True),)


def _prepared(x, dim, dtype, name):
    x = x if dtype is None else x.astype(to_numpy(dtype), copy=False)
    if x.dtype.kind != "f":
        raise NotImplementedError(f"{name} is only for floating point tensors: use .float()")
    axis = dim_of(dim, x.ndim)
    return x, axis if x.ndim else None


# --- products and running totals --------------------------------------------------------------


@op
def prod(input, /, dim=None, keepdim=False, *, dtype=None):
    """Product over a dimension (all elements, if none is given).

    Formula: y = product of x over `dim`
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g times the product of the others, which needs no division by zeros
    """
    x = _summable(input, dtype)
    if isinstance(dim, (tuple, list)):
        raise TypeError("prod(): dim must be one int")
    axes = axes_of(dim, x.ndim)

    def vjp(g):
        rows = (
            x.reshape(1, -1)
            if dim is None
            else np.moveaxis(np.atleast_1d(x), axes, (-1,) * len(axes))
        )
        others = _product_before(rows) * _product_before(rows[..., ::-1])[..., ::-1]
        others = (
            others.reshape(x.shape) if dim is None or not axes else np.moveaxis(others, -1, axes[0])
        )
        return spread(g, axes, x.shape, keepdim) * others

    return x.prod(axes, x.dtype, keepdims=keepdim), (vjp,)


def _product_before(rows):
    """For each element of a row the product of those before it."""
    shifted = np.ones_like(rows)
    shifted[..., 1:] = rows[..., :-1]
    return np.cumprod(shifted, -1)


@op
def cumsum(input, /, dim, *, dtype=None):
    """Running sum along a dimension.

    Formula: y_i = sum of x_j for j <= i
    Shapes: any.
    Gradient: sum of g_j for j >= i
    """
    x = _summable(input, dtype)
    axis = dim_of(dim, x.ndim)
    if not x.ndim:
        return x.copy(), (lambda g: g,)
    return np.cumsum(x, axis, x.dtype), (
        lambda g: np.flip(np.cumsum(np.flip(g, axis), axis), axis),
    )


@op
def cumprod(input, /, dim, *, dtype=None):
    """Running product along a dimension.

    Formula: y_i = product of x_j for j <= i
    Shapes: any.
    Gradient: p_i r_i, with p_i = product of x_j for j < i and r_i = g_i + x_(i+1) r_(i+1)
    """
    x = _summable(input, dtype)
    axis = dim_of(dim, x.ndim)
    if not x.ndim:
        return x.copy(), (lambda g: g,)

    def vjp(g):
        rows = np.moveaxis(x, axis, -1)
        r = np.moveaxis(g, axis, -1).copy()
        for i in range(r.shape[-1] - 2, -1, -1):
            r[..., i] += rows[..., i + 1] * r[..., i + 1]
        return np.moveaxis(r * _product_before(rows), -1, axis)

    return np.cumprod(x, axis, x.dtype), (vjp,)


@op
def _norm(input, /, p=2.0, dim=None, keepdim=False):
    """Vector norm.

    Formula: y = (sum of |x|^p over `dim`)^(1/p); the largest |x| for p = inf
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g sign(x) (|x| / y)^(p - 1), 0 where y = 0
    """
    x = input
    _need_float(x, "norm")
    axes = axes_of(dim, x.ndim)
    a = np.abs(x)
    y, slope = _norm_rule(p, x, a, axes)

    def vjp(g):
        return spread(g, axes, x.shape, keepdim) * np.where(y == 0, 0, slope())

    return (y if keepdim else y.squeeze(axes)), (vjp,)


def _norm_rule(p, x, a, axes):
    """The norm (dimensions kept) and a function that gives dy/dx."""
    sums = {"axis": axes, "keepdims": True}
    if p == 2:
        y = np.sqrt((x * x).sum(**sums))
        return y, lambda: x / y
    if p == 1:
        return a.sum(**sums), lambda: signs(x)
    if p in (inf, -inf):
        y = (np.max if p > 0 else np.min)(a, **sums)
        return y, lambda: signs(x) * (a == y) / (a == y).sum(**sums)
    if p == 0:
        return (x != 0).astype(x.dtype).sum(**sums), lambda: np.zeros_like(x)
    y = np.power(np.power(a, p).sum(**sums), 1 / p)
    return y, lambda: np.where(a == 0, 0, signs(x) * np.power(a / y, p - 1))


def norm(input, p: Any = "fro", dim=None, keepdim=False, *, dtype=None):
    """Norm of vectors (or Frobenius norm of matrices) along `dim`, or of all elements."""
    if isinstance(p, str) and p != "fro":
        raise NotImplementedError(f"norm: p must be a number or 'fro', not {p!r}")
    input = input if dtype is None else input.to(dtype)
    return _norm(input, 2.0 if p in ("fro", None) else p, dim, keepdim)


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """`torch.linalg.vector_norm`."""
    return norm(x, ord, dim, keepdim, dtype=dtype)


# --- extremes ---------------------------------------------------------------------------------


@op
def amax(input, /, dim=(), keepdim=False):
    """Maximum over dimensions; equal ones share the gradient.

    Formula: y = max of x over `dim`
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g / (number of maxima) where x = y, else 0
    """
    return _extreme(input, dim, keepdim, np.max)


@op
def amin(input, /, dim=(), keepdim=False):
    """Minimum over dimensions; equal ones share the gradient.

    Formula: y = min of x over `dim`
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    Gradient: g / (number of minima) where x = y, else 0
    """
    return _extreme(input, dim, keepdim, np.min)


def _extreme(x, dim, keepdim, reduce):
    axes = axes_of(dim, x.ndim)
    _need_elements(x, axes)
    y = reduce(x, axes, keepdims=True)

    def vjp(g):
        ties = x == y
        return spread(g, axes, x.shape, keepdim) * ties / ties.sum(axes, keepdims=True)

    return (y if keepdim else y.squeeze(axes)), (vjp,)


def _need_elements(x, axes):
    if any_of(x.shape[a] == 0 for a in axes):
        raise IndexError("expected reduction dim to have non-zero size: nothing to choose from")


@op
def argmax(input, /, dim=None, keepdim=False):
    """Index of the first maximum (in the flattened tensor, if no dimension is given).

    Formula: y = the least i with x_i = max of x
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    """
    return _arg_extreme(input, dim, keepdim, np.argmax), None


@op
def argmin(input, /, dim=None, keepdim=False):
    """Index of the first minimum (in the flattened tensor, if no dimension is given).

    Formula: y = the least i with x_i = min of x
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    """
    return _arg_extreme(input, dim, keepdim, np.argmin), None


def _arg_extreme(x, dim, keepdim, find):
    if x.dtype.kind == "b":
        raise RuntimeError("argmax and argmin do not support bool input: use .int()")
    axis = None if dim is None else dim_of(dim, x.ndim)
    _need_elements(x, range(x.ndim) if axis is None else (axis,) if x.ndim else ())
    if not x.ndim:
        return np.zeros((), np.int64)
    return np.asarray(find(x, axis, keepdims=keepdim), np.int64)


def result_tuple(op_name, *fields):
    """A namedtuple that prints as torch's: `torch.return_types.max(values=..., indices=...)`."""
    base = namedtuple(op_name, fields)

    def show(self):
        parts = ",\n".join(f"{k}={v!r}" for k, v in self._asdict().items())
        return f"torch.return_types.{op_name}(\n{parts})"

    return type(op_name, (base,), {"__slots__": (), "__repr__": show})


@op
def _max(input, /):
    """Maximum of all elements; equal ones share the gradient.

    Formula: y = max of x
    Shapes: any -> ()
    Gradient: g / (number of maxima) where x = y, else 0
    """
    return _extreme_of_all(input, np.max)


@op
def _min(input, /):
    """Minimum of all elements; equal ones share the gradient.

    Formula: y = min of x
    Shapes: any -> ()
    Gradient: g / (number of minima) where x = y, else 0
    """
    return _extreme_of_all(input, np.min)


def _extreme_of_all(x, reduce):
    if not x.size:
        raise RuntimeError("expected a non-empty tensor, or a dim to reduce")
    y = reduce(x)

    def vjp(g):
        ties = x == y if y == y else np.isnan(x)
        return g * ties / ties.sum()

    return y, (vjp,)


_Max, _Min = (result_tuple(n, "values", "indices") for n in ("max", "min"))
_Median = result_tuple("median", "values", "indices")


def max(input, dim=None, keepdim=False, *, other=None, out=None):
    """Maximum of all, `(values, indices)` along `dim`, or of two tensors: `max(input, other)`."""
    dim = dim if other is None else other
    if out is not None:
        return maximum(input, dim, out=out)
    return _either(input, dim, keepdim, _max, argmax, maximum, _Max)


def min(input, dim=None, keepdim=False, *, other=None, out=None):
    """Minimum of all, `(values, indices)` along `dim`, or of two tensors: `min(input, other)`."""
    dim = dim if other is None else other
    if out is not None:
        return minimum(input, dim, out=out)
    return _either(input, dim, keepdim, _min, argmin, minimum, _Min)


def _either(input, dim, keepdim, whole, arg, pairwise, result):
    if isinstance(dim, Tensor):
        return pairwise(input, dim)
    if dim is None:
        if keepdim:
            raise TypeError("keepdim needs a dim")
        return whole(input)
    indices = arg(input.int() if input._data.dtype.kind == "b" else input, dim, True)
    return result(*_picked(input, indices, dim, keepdim))


def _picked(input, indices, dim, keepdim):
    """The elements of `input` at `indices` along `dim` (of size 1), and the indices."""
    from .index import gather

    values = gather(input, dim, indices)
    keep = keepdim or not input._data.ndim
    return (values, indices) if keep else (values.squeeze(dim), indices.squeeze(dim))


def median(input, dim=None, keepdim=False):
    """The middle value (the lower of two), or `(values, indices)` along `dim`."""
    if input._data.dtype.kind == "b":
        raise NotImplementedError("median: not for bool tensors")
    if dim is None:
        return median(input.reshape(-1), 0).values if input._data.size else input.sum() * np.nan
    x = np.atleast_1d(input._data)
    axis = dim_of(dim, input._data.ndim)
    order = np.argsort(x, axis, kind="stable")
    middle = np.take(order, [(x.shape[axis] - 1) // 2], axis).reshape(
        [1 if i == axis else n for i, n in enumerate(x.shape)][: input._data.ndim]
    )
    if x.dtype.kind == "f" and (bad := np.isnan(x)).any():
        first = bad.argmax(axis, keepdims=True).reshape(middle.shape)
        middle = np.where(bad.any(axis, keepdims=True).reshape(middle.shape), first, middle)
    return _Median(*_picked(input, wrap(middle.astype(np.int64)), dim, keepdim))


def aminmax(input, *, dim=None, keepdim=False):
    """Minimum and maximum together."""
    where = () if dim is None else dim
    return result_tuple("aminmax", "min", "max")(
        amin(input, where, keepdim), amax(input, where, keepdim)
    )


# --- truth ------------------------------------------------------------------------------------


@op
def any(input, /, dim=None, keepdim=False):
    """Whether an element is nonzero.

    Formula: y = (x_1 or x_2 or ...)
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    """
    return _truth(input, dim, keepdim, np.any), None


@op
def all(input, /, dim=None, keepdim=False):
    """Whether all elements are nonzero.

    Formula: y = (x_1 and x_2 and ...)
    Shapes: `dim` vanishes, or is 1 with `keepdim`.
    """
    return _truth(input, dim, keepdim, np.all), None


def _truth(x, dim, keepdim, reduce):
    axes = dims_of(dim, x.ndim)  # () means none, so each element for itself
    y = reduce(x, axes if x.ndim else (), keepdims=keepdim)
    return np.asarray(y, np.uint8) if x.dtype == np.uint8 else y


@op
def count_nonzero(input, /, dim=None):
    """How many elements are nonzero.

    Formula: y = number of x != 0 over `dim`
    Shapes: `dim` vanishes.
    """
    return np.asarray(np.count_nonzero(input, axes_of(dim, input.ndim)), np.int64), None
