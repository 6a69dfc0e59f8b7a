"""Ops that treat every element alone, in order of increasing complexity.

`promotes=True` lets numbers stand for tensors and casts all inputs to their common type. A gradient
here has the shape of the result; broadcasting is undone by `autograd`.
"""

from typing import Any

import numpy as np

from ..autograd import op
from ..dtypes import default_float, promote, to_float

# --- arithmetic -------------------------------------------------------------------------------


@op(promotes=True)
def add(input, other, /, *, alpha=1):
    """Sum.

    Formula: y = input + alpha other
    Shapes: any two that broadcast.
    Gradient: g; alpha g
    """
    if alpha == 1:
        return input + other, (lambda g: g, lambda g: g)
    return input + _times(alpha, other, input), (lambda g: g, lambda g: _times(alpha, g))


@op(numbers=True)
def sub(input, other, /, *, alpha=1):
    """Difference.

    Formula: y = input - alpha other
    Shapes: any two that broadcast.
    Gradient: g; -alpha g
    """
    x, y = promote(_no_bools(input, other))
    return x - _times(alpha, y, x), (lambda g: g, lambda g: -_times(alpha, g))


def _no_bools(*operands):
    if any(getattr(v, "dtype", type(v)) in (bool, np.bool_) for v in operands):
        raise RuntimeError("Subtraction with bool tensors is not supported: use ^ or logical_not()")
    return operands


def _times(alpha, x, like=None) -> Any:
    if alpha == 1:
        return x
    if isinstance(alpha, float) and getattr(like, "dtype", np.dtype(float)).kind != "f":
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    return x * (x.dtype.type(alpha) if isinstance(x, np.ndarray) else alpha)


@op(numbers=True)
def rsub(input, other, /, *, alpha=1):
    """Difference the other way round: what `number - tensor` computes.

    Formula: y = other - alpha input
    Shapes: any two that broadcast.
    Gradient: -alpha g; g
    """
    x, y = promote(_no_bools(input, other))
    return y - _times(alpha, x, y), (lambda g: -_times(alpha, g), lambda g: g)


@op(promotes=True)
def mul(input, other, /):
    """Product.

    Formula: y = input other
    Shapes: any two that broadcast.
    Gradient: g other; g input
    """
    return input * other, (lambda g: g * other, lambda g: g * input)


@op(promotes=True)
def div(input, other, /, *, rounding_mode=None):
    """Quotient; rounded towards zero ("trunc") or down ("floor") if asked.

    Formula: y = input / other
    Shapes: any two that broadcast.
    Gradient: g / other; -g input / other^2; 0 where rounded
    """
    if rounding_mode == "floor":
        return floor_quotient(input, other), (_nothing, _nothing)
    if rounding_mode == "trunc":
        return _trunc_quotient(input, other), (_nothing, _nothing)
    if rounding_mode is not None:
        raise RuntimeError(f"rounding_mode must be None, 'trunc' or 'floor', not {rounding_mode!r}")
    x, y = _floats(input, other)
    return x / y, (lambda g: g / y, lambda g: g * (-x / (y * y)))


def _nothing(g):
    return np.zeros_like(g)


def _floats(x, y) -> Any:
    """Two integers as default floats; others as they are."""
    if any(getattr(v, "dtype", None) in _FLOATS for v in (x, y)):
        return x, y
    return np.asarray(x, default_float()), np.asarray(y, default_float())


_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def _refuse_zero(x, y):
    if np.result_type(x, y).kind in "iub" and np.size(x) and not np.all(y):
        raise RuntimeError("ZeroDivisionError: integer division or modulo by zero")


def floor_quotient(x, y):
    """x / y rounded down, with infinities where a float is divided by zero."""
    _refuse_zero(x, y)
    q = np.floor_divide(x, y)
    return np.where(np.equal(y, 0), np.true_divide(x, y), q) if q.dtype.kind == "f" else q


def _trunc_quotient(x, y):
    _refuse_zero(x, y)
    q = np.trunc(np.true_divide(x, y))
    kind = np.result_type(x, y)
    if kind.kind in "iu":  # exact beyond 2^53
        q = np.floor_divide(x, y) + ((np.remainder(x, y) != 0) & (np.less(x, 0) != np.less(y, 0)))
    return q.astype(kind, copy=False)


@op(promotes=True)
def floor_divide(input, other, /):
    """Quotient rounded down.

    Formula: y = floor(input / other)
    Shapes: any two that broadcast.
    """
    return floor_quotient(input, other), (_no_derivative, _no_derivative)


def _no_derivative(g):
    raise RuntimeError("derivative for this operation is not implemented: detach() its input")


@op(promotes=True)
def remainder(input, other, /):
    """Remainder with the sign of the divisor, as Python's %.

    Formula: y = input - floor(input / other) other
    Shapes: any two that broadcast.
    Gradient: g; -g floor(input / other)
    """
    _refuse_zero(input, other)
    y = np.remainder(input, other)
    return y, (lambda g: g, lambda g: -g * np.floor_divide(input, other))


@op(promotes=True)
def fmod(input, other, /):
    """Remainder with the sign of the dividend, as C's fmod.

    Formula: y = input - trunc(input / other) other
    Shapes: any two that broadcast.
    Gradient: g; -g trunc(input / other)
    """
    _refuse_zero(input, other)
    return np.fmod(input, other), (lambda g: g, lambda g: -g * np.trunc(input / other))


@op(promotes=True)
def pow(input, exponent, /):
    """Power.

    Formula: y = input ^ exponent
    Shapes: any two that broadcast.
    Gradient: g exponent input^(exponent - 1); g y ln(input), both 0 where the exponent is 0
    """
    x, n = input, exponent
    y = _power(x, n)

    def vjp_base(g):
        if not isinstance(n, np.ndarray):
            return g * (n * _power(x, n - 1)) if n else np.zeros_like(g)
        return np.where(n == 0, 0, g * (n * np.power(x, n - 1)))

    def vjp_exponent(g):
        return np.where(np.equal(x, 0) & (n >= 0), 0, g * (y * np.log(x)))

    return y, (vjp_base, vjp_exponent)


def _power(x, n) -> Any:
    """x^n; small whole exponents as products, a hundred times faster than np.power."""
    if not isinstance(n, np.ndarray):
        if n == 2:
            return x * x
        if n == 3:
            return x * x * x
        if n == 0.5:
            return np.sqrt(x)
        if n == -0.5:
            return 1 / np.sqrt(x)
    if np.result_type(x, n).kind == "f":
        return np.power(x, n)
    if not np.ndim(n) and n < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    reciprocal = (np.equal(x, 1) | np.equal(x, -1)) * np.where(
        np.remainder(n, 2), x, 1
    )  # 1 / x^|n|, cut
    return np.where(np.less(n, 0), reciprocal, np.power(x, np.maximum(n, 0))).astype(
        np.result_type(x, n)
    )


@op
def neg(input, /):
    """Negative.

    Formula: y = -x
    Shapes: any.
    Gradient: -g
    """
    return -input, (lambda g: -g,)


@op
def positive(input, /):
    """The input itself, which must not be bool.

    Formula: y = x
    Shapes: any.
    Gradient: g
    """
    return +input, (lambda g: g,)


@op
def square(input, /):
    """Square.

    Formula: y = x^2
    Shapes: any.
    Gradient: 2 g x
    """
    x = input if input.dtype.kind != "b" else input.astype(np.int64)
    return x * x, (lambda g: g * (2 * x),)


@op
def reciprocal(input, /):
    """Reciprocal.

    Formula: y = 1 / x
    Shapes: any.
    Gradient: -g y^2
    """
    y = 1 / to_float(input)
    return y, (lambda g: -g * (y * y),)


# --- exponentials and roots -------------------------------------------------------------------


@op
def exp(input, /):
    """Exponential.

    Formula: y = e^x
    Shapes: any.
    Gradient: g y
    """
    y = np.exp(to_float(input))
    return y, (lambda g: g * y,)


@op
def exp2(input, /):
    """Power of two.

    Formula: y = 2^x
    Shapes: any.
    Gradient: g y ln 2
    """
    y = np.exp2(to_float(input))
    return y, (lambda g: g * y * _LN2,)


_LN2 = float(np.log(2))


@op
def expm1(input, /):
    """Exponential minus one, exact near zero.

    Formula: y = e^x - 1
    Shapes: any.
    Gradient: g (y + 1)
    """
    y = np.expm1(to_float(input))
    return y, (lambda g: g * (y + 1),)


@op
def log(input, /):
    """Natural logarithm.

    Formula: y = ln x
    Shapes: any.
    Gradient: g / x
    """
    x = to_float(input)
    return np.log(x), (lambda g: g / x,)


@op
def log2(input, /):
    """Logarithm to base two.

    Formula: y = ln x / ln 2
    Shapes: any.
    Gradient: g / (x ln 2)
    """
    x = to_float(input)
    return np.log2(x), (lambda g: g / (x * _LN2),)


@op
def log10(input, /):
    """Logarithm to base ten.

    Formula: y = ln x / ln 10
    Shapes: any.
    Gradient: g / (x ln 10)
    """
    x = to_float(input)
    return np.log10(x), (lambda g: g / (x * float(np.log(10))),)


@op
def log1p(input, /):
    """Logarithm of one more, exact near zero.

    Formula: y = ln(1 + x)
    Shapes: any.
    Gradient: g / (1 + x)
    """
    x = to_float(input)
    return np.log1p(x), (lambda g: g / (x + 1),)


@op(promotes=True)
def logaddexp(input, other, /):
    """Logarithm of a sum of two exponentials.

    Formula: y = ln(e^input + e^other)
    Shapes: any two that broadcast.
    Gradient: g e^(input - y); g e^(other - y)
    """
    if np.result_type(input, other).kind != "f":
        raise NotImplementedError("logaddexp is only for floating point tensors")
    return np.logaddexp(input, other), (
        lambda g: g / (1 + np.exp(other - input)),
        lambda g: g / (1 + np.exp(input - other)),
    )


@op(promotes=True)
def xlogy(input, other, /):
    """Product with a logarithm, and 0 where the first is 0.

    Formula: y = input ln(other)
    Shapes: any two that broadcast.
    Gradient: g ln(other), 0 where that is infinite and input = 0; g input / other
    """
    x, y = _floats(input, other)
    x, y = (np.asarray(v, np.result_type(x, y)) for v in (x, y))
    zero, log_y = x == 0, np.log(y)
    return np.where(zero & ~np.isnan(y), x.dtype.type(0), x * log_y), (
        lambda g: np.where(zero & ~(y > 0), 0, g * log_y),
        lambda g: g * (x / y),
    )


@op
def logit(input, /, eps=None):
    """Log-odds, the inverse of the sigmoid; x is first moved into [eps, 1 - eps].

    Formula: y = ln(x / (1 - x))
    Shapes: any.
    Gradient: g / (x (1 - x)); outside the interval 0, or NaN without `eps`
    """
    x, low = to_float(input), eps or 0.0
    z = x if eps is None else np.clip(x, eps, 1 - eps)
    outside, there = (x < low) | (x > 1 - low), np.nan if eps is None else 0
    return np.log(z / (1 - z)), (lambda g: np.where(outside, there, g / (z * (1 - z))),)


@op
def sqrt(input, /):
    """Square root.

    Formula: y = x^(1/2)
    Shapes: any.
    Gradient: g / (2 y)
    """
    y = np.sqrt(to_float(input))
    return y, (lambda g: g / (2 * y),)


@op
def rsqrt(input, /):
    """Reciprocal of the square root.

    Formula: y = x^(-1/2)
    Shapes: any.
    Gradient: -g y^3 / 2
    """
    y = 1 / np.sqrt(to_float(input))
    return y, (lambda g: g * (-0.5 * y * y * y),)


# --- circular and hyperbolic functions --------------------------------------------------------


@op
def sin(input, /):
    """Sine.

    Formula: y = sin x
    Shapes: any.
    Gradient: g cos x
    """
    x = to_float(input)
    return np.sin(x), (lambda g: g * np.cos(x),)


@op
def cos(input, /):
    """Cosine.

    Formula: y = cos x
    Shapes: any.
    Gradient: -g sin x
    """
    x = to_float(input)
    return np.cos(x), (lambda g: g * -np.sin(x),)


@op
def tan(input, /):
    """Tangent.

    Formula: y = sin x / cos x
    Shapes: any.
    Gradient: g (1 + y^2)
    """
    y = np.tan(to_float(input))
    return y, (lambda g: g * (1 + y * y),)


@op
def asin(input, /):
    """Inverse sine.

    Formula: sin y = x, y in [-pi/2, pi/2]
    Shapes: any.
    Gradient: g / sqrt(1 - x^2)
    """
    x = to_float(input)
    return np.arcsin(x), (lambda g: g / np.sqrt(1 - x * x),)


@op
def acos(input, /):
    """Inverse cosine.

    Formula: cos y = x, y in [0, pi]
    Shapes: any.
    Gradient: -g / sqrt(1 - x^2)
    """
    x = to_float(input)
    return np.arccos(x), (lambda g: -g / np.sqrt(1 - x * x),)


@op
def atan(input, /):
    """Inverse tangent.

    Formula: tan y = x, y in (-pi/2, pi/2)
    Shapes: any.
    Gradient: g / (1 + x^2)
    """
    x = to_float(input)
    return np.arctan(x), (lambda g: g / (1 + x * x),)


@op
def asinh(input, /):
    """Inverse hyperbolic sine.

    Formula: y = log(x + sqrt(x^2 + 1))
    Shapes: any.
    Gradient: g / sqrt(x^2 + 1)
    """
    x = to_float(input)
    return np.arcsinh(x), (lambda g: g / np.sqrt(x * x + 1),)


@op
def acosh(input, /):
    """Inverse hyperbolic cosine.

    Formula: y = log(x + sqrt(x^2 - 1))
    Shapes: any.
    Gradient: g / sqrt(x^2 - 1)
    """
    x = to_float(input)
    return np.arccosh(x), (lambda g: g / np.sqrt(x * x - 1),)


@op
def atanh(input, /):
    """Inverse hyperbolic tangent.

    Formula: y = log((1 + x) / (1 - x)) / 2
    Shapes: any.
    Gradient: g / (1 - x^2)
    """
    x = to_float(input)
    return np.arctanh(x), (lambda g: g / (1 - x * x),)


@op
def atan2(input, other, /):
    """Angle of the point (other, input).

    Formula: y = arctan(input / other), in the right quadrant
    Shapes: any two that broadcast.
    Gradient: g other / r^2; -g input / r^2, with r^2 = input^2 + other^2
    """
    y, x = _floats(*promote([input, other]))
    r2 = y * y + x * x
    r2 = np.where(r2 == 0, np.inf, r2)  # at the origin every direction is as good: gradient 0
    return np.arctan2(y, x), (lambda g: g * (x / r2), lambda g: g * (-y / r2))


@op(promotes=True)
def hypot(input, other, /):
    """Length of the point (input, other).

    Formula: y = sqrt(input^2 + other^2), without overflow
    Shapes: any two that broadcast.
    Gradient: g input / y; g other / y
    """
    if np.result_type(input, other).kind != "f":
        raise NotImplementedError("hypot is only for floating point tensors")
    y = np.hypot(input, other)
    return y, (lambda g: g * (input / y), lambda g: g * (other / y))


@op
def sinh(input, /):
    """Hyperbolic sine.

    Formula: y = (e^x - e^-x) / 2
    Shapes: any.
    Gradient: g cosh x
    """
    x = to_float(input)
    return np.sinh(x), (lambda g: g * np.cosh(x),)


@op
def cosh(input, /):
    """Hyperbolic cosine.

    Formula: y = (e^x + e^-x) / 2
    Shapes: any.
    Gradient: g sinh x
    """
    x = to_float(input)
    return np.cosh(x), (lambda g: g * np.sinh(x),)


@op
def tanh(input, /):
    """Hyperbolic tangent.

    Formula: y = (e^x - e^-x) / (e^x + e^-x)
    Shapes: any.
    Gradient: g (1 - y^2)
    """
    y = np.tanh(to_float(input))

    def vjp(g):
        d = y * y
        d = 1 - d
        d *= g
        return d

    return y, (vjp,)


@op
def sigmoid(input, /):
    """Logistic function, through tanh: half the price of exp and safe at both ends.

    Formula: y = 1 / (1 + e^-x) = (1 + tanh(x / 2)) / 2
    Shapes: any.
    Gradient: g y (1 - y)
    """
    y = logistic(to_float(input))
    return y, (lambda g: g * y * (1 - y),)


def logistic(x):
    """1 / (1 + e^-x) of an array, exact relative to its size in the lower tail too."""
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, x.dtype.type(1)) / (1 + e)


@op
def erf(input, /):
    """Error function.

    Formula: y = 2 / sqrt(pi) * integral of e^(-t^2) from 0 to x
    Shapes: any.
    Gradient: g 2 / sqrt(pi) e^(-x^2)
    """
    x = to_float(input)
    return erf_array(x), (lambda g: g * (_TWO_OVER_SQRT_PI * np.exp(-x * x)),)


_TWO_OVER_SQRT_PI = float(2 / np.sqrt(np.pi))


def erf_array(x):
    """erf of an array; see `_erf` for how."""
    from ._erf import erf32, erf64

    return erf32(x) if x.dtype == np.float32 else erf64(x)


# --- steps: gradients are zero or pass through ------------------------------------------------


@op
def abs(input, /):
    """Absolute value.

    Formula: y = |x|
    Shapes: any.
    Gradient: g sign(x)
    """
    if input.dtype.kind == "b":
        raise NotImplementedError("abs: not for bool tensors")
    return np.abs(input), (lambda g: g * signs(input),)


@op
def relu(input, /):
    """Rectified linear unit.

    Formula: y = max(x, 0)
    Shapes: any.
    Gradient: g where x > 0, else 0
    Source: Nair and Hinton, 2010.
    """
    if input.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")
    y = np.maximum(input, 0)
    return y, (lambda g: _chosen(g, ~(y <= 0)),)  # a NaN passes its gradient on, as in torch


def _chosen(g, kept):
    """g where `kept`, else 0, also for an infinite g.

    Its bits times one or zero: as quick as a product, where np.where takes ten times as long.
    """
    bits = g.view(np.int32 if g.itemsize == 4 else np.int64)
    return (bits * kept).view(g.dtype)


def _flat(name, function, formula):
    """An op that is constant almost everywhere."""

    def forward(input, /):
        y = function(input)
        return y.astype(input.dtype, copy=False), (_nothing,)

    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"""{name.capitalize()} of every element.

    Formula: {formula}
    Shapes: any.
    Gradient: 0
    """
    return op(forward)


def signs(x):
    """1, 0 or -1 by the sign of each element; 0 for NaN, other than NumPy's."""
    return x.copy() if x.dtype.kind == "b" else np.greater(x, 0).astype(x.dtype) - np.less(x, 0)


def _whole(function):
    def apply(x):
        if x.dtype.kind == "b":
            raise NotImplementedError(f"{function.__name__}: not for bool tensors")
        return function(x) if x.dtype.kind == "f" else x.copy()

    return apply


sign = _flat("sign", signs, "y = 1, 0 or -1 where x > 0, x = 0 or x < 0")
floor = _flat("floor", _whole(np.floor), "y = greatest whole number <= x")
ceil = _flat("ceil", _whole(np.ceil), "y = least whole number >= x")
trunc = _flat("trunc", _whole(np.trunc), "y = x without its fraction")


@op
def round(input, /, *, decimals=0):
    """The nearest whole number (or multiple of 10^-decimals), halves to even.

    Formula: y = round(x 10^decimals) / 10^decimals
    Shapes: any.
    Gradient: 0
    """
    if input.dtype.kind != "f" and (decimals or input.dtype.kind == "b"):
        raise NotImplementedError(f"round with decimals is not for {input.dtype} tensors")
    return np.round(input, decimals).astype(input.dtype, copy=False), (_nothing,)


@op
def frac(input, /):
    """The fraction.

    Formula: y = x - trunc(x)
    Shapes: any.
    Gradient: g
    """
    if input.dtype.kind != "f":
        raise NotImplementedError(f"frac is not for {input.dtype} tensors")
    return input - np.trunc(input), (lambda g: g,)


@op(promotes=True)
def clamp(input, min=None, max=None):
    """Values moved into [min, max].

    Formula: y = min(max(x, lower), upper)
    Shapes: any three that broadcast.
    Gradient: g where lower <= x <= upper; the bound that replaced x takes it elsewhere
    """
    if min is None and max is None:
        raise RuntimeError("clamp: at least one of 'min' or 'max' must not be None")
    y = input if min is None else np.maximum(input, min)
    y = y if max is None else np.minimum(y, max)
    lower = -np.inf if min is None else min
    upper = np.inf if max is None else max
    return y, (
        lambda g: _chosen(g, (input >= lower) & (input <= upper)),
        lambda g: _chosen(g, (input < lower) & np.less(lower, upper)),
        lambda g: _chosen(g, (input > upper) | np.less(upper, lower)),
    )


@op
def maximum(input, other, /):
    """The larger of two; equal ones share the gradient.

    Formula: y = max(input, other)
    Shapes: any two that broadcast.
    Gradient: g to the larger, g / 2 to each if equal
    """
    x, y = promote([input, other])
    return np.maximum(x, y), (lambda g: _won(g, x, y), lambda g: _won(g, y, x))


@op
def minimum(input, other, /):
    """The smaller of two; equal ones share the gradient.

    Formula: y = min(input, other)
    Shapes: any two that broadcast.
    Gradient: g to the smaller, g / 2 to each if equal
    """
    x, y = promote([input, other])
    return np.minimum(x, y), (lambda g: _won(g, y, x), lambda g: _won(g, x, y))


def _won(g, x, y):
    half = x.dtype.type(0.5)
    return _chosen(g, ~(x < y)) * (1 - half * (x == y))  # all of it beside NaN, as in torch


@op(promotes=True)
def copysign(input, other, /):
    """The size of one with the sign of the other.

    Formula: y = |input|, negative where other is, -0 included
    Shapes: any two that broadcast.
    Gradient: g y / input, 0 where input = 0; 0
    """
    x, y = _floats(input, other)
    value = np.copysign(x, y)
    return value, (lambda g: np.where(x == 0, 0, g * (value / x)), _nothing)


# --- choosing ---------------------------------------------------------------------------------


@op(numbers=True)
def lerp(input, end, weight, /):
    """Linear interpolation.

    Formula: y = input + weight (end - input)
    Shapes: any three that broadcast.
    Gradient: g (1 - weight); g weight; g (end - input)
    """
    if not getattr(end, "dtype", None) == getattr(weight, "dtype", input.dtype) == input.dtype:
        raise RuntimeError("lerp: input, end and weight must have the same dtype")
    if input.dtype.kind != "f":
        raise NotImplementedError("lerp is only for floating point tensors")
    step = end - input
    near_end = np.greater_equal(
        np.abs(weight), 0.5
    )  # start from the end that is closer, as torch does
    return np.where(near_end, end - step * (1 - weight), input + weight * step), (
        lambda g: g * (1 - weight),
        lambda g: g * weight,
        lambda g: g * step,
    )


def _need_bool(mask, name):
    if not isinstance(mask, np.ndarray) or mask.dtype.kind != "b":
        raise RuntimeError(f"{name} expected a boolean tensor for the mask, such as `x > 0`")


@op(numbers=True)
def _where(condition, input, other, /):
    """One of two, by a condition.

    Formula: y = input where condition, else other
    Shapes: any three that broadcast.
    Gradient: g where condition; g where not
    """
    if getattr(condition, "dtype", None) == np.uint8:
        condition = condition.astype(bool)
    _need_bool(condition, "where")
    x, y = promote([input, other])
    kind = np.result_type(x, y) if any(isinstance(v, np.ndarray) for v in (x, y)) else None
    value = np.where(condition, x, y)
    return value if kind is None else value.astype(kind, copy=False), (
        None,
        lambda g: np.where(condition, g, 0),
        lambda g: np.where(condition, 0, g),
    )


def where(condition, input=None, other=None) -> Any:
    """`input` where the condition holds, else `other`; alone, the positions where it holds."""
    if input is None and other is None:
        from .index import nonzero

        return nonzero(condition, as_tuple=True)
    return _where(condition, input, other)


@op(numbers=True)
def masked_fill(input, mask, value, /):
    """A number written wherever the mask is True.

    Formula: y = value where mask, else input
    Shapes: input and mask broadcast; value is one number.
    Gradient: g where not mask; none; sum of g where mask
    """
    _need_bool(mask, "masked_fill")
    if np.ndim(value):
        raise RuntimeError("masked_fill only supports a 0-dimensional value")
    if input.dtype.kind in "iu" and not np.isfinite(value):
        raise RuntimeError(f"value cannot be converted to type {input.dtype} without overflow")
    y = np.where(mask, np.asarray(value).astype(input.dtype), input)
    return y, (lambda g: np.where(mask, 0, g), None, lambda g: np.where(mask, g, 0))


# --- comparisons and logic: no gradient -------------------------------------------------------


def _comparison(name, function, formula):
    """An op on two inputs with a bool result."""

    def forward(input, other, /):
        return function(input, other), None

    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"""Tell where this is so: {formula}.

    Formula: y = ({formula})
    Shapes: any two that broadcast.
    """
    return op(promotes=True)(forward)


def _predicate(name, function, formula):
    """An op on one input with a bool result."""

    def forward(input, /):
        return function(input), None

    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"""Tell where this is so: {formula}.

    Formula: y = ({formula})
    Shapes: any.
    """
    return op(forward)


eq = _comparison("eq", np.equal, "input = other")
ne = _comparison("ne", np.not_equal, "input != other")
lt = _comparison("lt", np.less, "input < other")
le = _comparison("le", np.less_equal, "input <= other")
gt = _comparison("gt", np.greater, "input > other")
ge = _comparison("ge", np.greater_equal, "input >= other")
logical_and = _comparison("logical_and", np.logical_and, "input and other are nonzero")
logical_or = _comparison("logical_or", np.logical_or, "input or other is nonzero")
logical_xor = _comparison("logical_xor", np.logical_xor, "one of input and other is nonzero")
logical_not = _predicate("logical_not", np.logical_not, "input is zero")
isnan = _predicate("isnan", np.isnan, "input is NaN")
isinf = _predicate("isinf", np.isinf, "input is infinite")
isfinite = _predicate("isfinite", np.isfinite, "input is finite")


def _bitwise(name, function, formula):
    def forward(input, other, /):
        if "f" in (np.asarray(input).dtype.kind, np.asarray(other).dtype.kind):
            raise RuntimeError(f"{name}: only for bool and integer tensors")
        return function(input, other), None

    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"""Bit by bit: {formula}; for bool tensors the logic of masks.

    Formula: y = input {formula} other
    Shapes: any two that broadcast.
    """
    return op(promotes=True)(forward)


bitwise_and = _bitwise("bitwise_and", np.bitwise_and, "and")
bitwise_or = _bitwise("bitwise_or", np.bitwise_or, "or")
bitwise_xor = _bitwise("bitwise_xor", np.bitwise_xor, "exclusive or")
bitwise_left_shift = _bitwise("bitwise_left_shift", np.left_shift, "shifted left by")
bitwise_right_shift = _bitwise("bitwise_right_shift", np.right_shift, "shifted right by")


@op
def bitwise_not(input, /):
    """Bit by bit: not; for bool tensors the opposite mask.

    Formula: y = not x
    Shapes: any.
    """
    if input.dtype.kind == "f":
        raise RuntimeError("bitwise_not: only for bool and integer tensors")
    return np.bitwise_not(input), None


# --- composites -------------------------------------------------------------------------------


def clamp_min(input, min):
    """`clamp` with a lower bound only."""
    return clamp(input, min)


def clamp_max(input, max):
    """`clamp` with an upper bound only."""
    return clamp(input, None, max)


def addcmul(input, tensor1, tensor2, *, value=1):
    """input + value tensor1 tensor2."""
    return add(input, mul(tensor1, tensor2), alpha=value)


def addcdiv(input, tensor1, tensor2, *, value=1):
    """input + value tensor1 / tensor2."""
    if tensor1._data.dtype.kind != "f" and tensor2._data.dtype.kind != "f":
        raise RuntimeError("Integer division with addcdiv is not supported: convert with .float()")
    return add(input, div(tensor1, tensor2), alpha=value)


def true_divide(input, other):
    """`div` without rounding."""
    return div(input, other)


@op
def nan_to_num(input, /, nan=0.0, posinf=None, neginf=None):
    """NaN and infinities replaced by numbers (by default 0 and the largest and smallest floats).

    Formula: y = x where finite, else its replacement
    Shapes: any.
    Gradient: g where finite, else 0
    """
    y = np.nan_to_num(input, nan=nan, posinf=posinf, neginf=neginf)
    return y, (lambda g: np.where(np.isfinite(input), g, 0),)
