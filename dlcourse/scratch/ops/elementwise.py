"""Ops that treat every element alone, in order of increasing complexity.

Broadcasting is undone by `autograd`; here a gradient has the shape of the result.
"""

import numpy as np

from ..autograd import op
from ..dtypes import promote, to_float

# --- arithmetic -------------------------------------------------------------------------------


@op
def add(input, other, /, *, alpha=1):
    """Sum.

    Formula: y = input + alpha other
    Shapes: any two that broadcast.
    Gradient: g; alpha g
    """
    x, y = promote(input, other)
    if alpha == 1:
        return x + y, (lambda g: g, lambda g: g)
    return x + _scaled(y, alpha), (lambda g: g, lambda g: g * alpha)


@op
def sub(input, other, /, *, alpha=1):
    """Difference.

    Formula: y = input - alpha other
    Shapes: any two that broadcast.
    Gradient: g; -alpha g
    """
    x, y = promote(input, other)
    return x - _scaled(y, alpha), (lambda g: g, lambda g: g * -alpha)


def _scaled(y, alpha):
    return y if alpha == 1 else y * alpha


@op
def mul(input, other, /):
    """Product.

    Formula: y = input other
    Shapes: any two that broadcast.
    Gradient: g other; g input
    """
    x, y = promote(input, other)
    return x * y, (lambda g: g * y, lambda g: g * x)


@op
def div(input, other, /, *, rounding_mode=None):
    """Quotient, rounded if asked ("trunc" or "floor").

    Formula: y = input / other
    Shapes: any two that broadcast.
    Gradient: g / other; -g input / other^2; 0 where rounded
    """
    x, y = promote(input, other)
    if rounding_mode is None:
        x, y = promote(*(to_float(np.asarray(v)) if not _floaty(v) else v for v in (x, y)))
        return x / y, (lambda g: g / y, lambda g: -g * x / (y * y))
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(f"div expected rounding_mode 'trunc', 'floor' or None, not {rounding_mode!r}")
    q = np.floor_divide(x, y) if rounding_mode == "floor" else _trunc_div(x, y)
    return q, (np.zeros_like, np.zeros_like)


def _floaty(v):
    return isinstance(v, float) or getattr(v, "dtype", np.dtype(int)).kind == "f"


def _trunc_div(x, y):
    q = np.trunc(np.true_divide(x, y))
    return q.astype(np.result_type(x, y), copy=False)


@op
def neg(input):
    """Negative.

    Formula: y = -x
    Gradient: -g
    """
    return -input, (lambda g: -g,)


@op
def exp(input):
    """Exponential.

    Formula: y = e^x
    Gradient: g y
    """
    y = np.exp(to_float(input))
    return y, (lambda g: g * y,)


@op
def log(input):
    """Natural logarithm.

    Formula: y = ln x
    Gradient: g / x
    """
    x = to_float(input)
    return np.log(x), (lambda g: g / x,)


@op
def sqrt(input):
    """Square root.

    Formula: y = x^(1/2)
    Gradient: g / (2 y)
    """
    y = np.sqrt(to_float(input))
    return y, (lambda g: g / (2 * y),)


@op
def tanh(input):
    """Hyperbolic tangent.

    Formula: y = (e^x - e^-x) / (e^x + e^-x)
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
def relu(input):
    """Rectified linear unit.

    Formula: y = max(x, 0)
    Gradient: g where x > 0, else 0
    Source: Nair and Hinton, 2010.
    """
    y = np.maximum(input, 0)
    return y, (lambda g: g * (y > 0),)
