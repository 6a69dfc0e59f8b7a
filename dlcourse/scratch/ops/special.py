"""Functions of probability theory: tails of the normal distribution and the gamma function."""

import math

import numpy as np

from ..autograd import op
from ..dtypes import to_float
from ._erf import erf64


def _by_element(function):
    """A function of one number for arrays, in the array's type; its poles are infinite."""

    def at(x):
        try:
            return function(x)
        except (ValueError, OverflowError):
            return math.inf

    return lambda x: np.asarray(np.vectorize(at, otypes=[float])(x) if x.size else x, x.dtype)


_erfc, _lgamma = _by_element(math.erfc), _by_element(math.lgamma)


@op
def erfc(input, /):
    """What the error function lacks to one, exact in the tail.

    Formula: y = 1 - erf(x)
    Shapes: any.
    Gradient: -2 g exp(-x^2) / sqrt(pi)
    """
    x = to_float(input)
    return _erfc(x), (lambda g: -2 / math.sqrt(math.pi) * g * np.exp(-x * x),)


@op
def erfinv(input, /):
    """Inverse of the error function.

    Formula: erf(y) = x
    Shapes: any.
    Gradient: g sqrt(pi) / 2 exp(y^2)
    Source: first guess by Winitzki, 2008; then Halley's method.
    """
    x = to_float(input)
    y = _erfinv(x.astype(np.float64)).astype(x.dtype)
    return y, (lambda g: g * (math.sqrt(math.pi) / 2) * np.exp(y * y),)


def _erfinv(x):
    log_tail, a = np.log1p(-x * x), 0.147
    t = 2 / (math.pi * a) + log_tail / 2
    y = np.sign(x) * np.sqrt(np.sqrt(t * t - log_tail / a) - t)
    for _ in range(3):
        step = (erf64(y) - x) * (math.sqrt(math.pi) / 2) * np.exp(y * y)
        y = y - step / (1 + y * step)
    return np.where(np.abs(x) == 1, np.copysign(np.inf, x), y)


@op
def lgamma(input, /):
    """Logarithm of the gamma function's size.

    Formula: y = log |Gamma(x)|
    Shapes: any.
    Gradient: g digamma(x)
    """
    x = to_float(input)
    return _lgamma(x), (lambda g: g * _digamma(x),)


@op
def digamma(input, /):
    """Slope of `lgamma`.

    Formula: y = Gamma'(x) / Gamma(x)
    Shapes: any.
    Gradient: g trigamma(x)
    Source: Abramowitz and Stegun, 1964, 6.3 and 6.4: recurrence, then the series at infinity.
    """
    x = to_float(input)
    return _digamma(x), (lambda g: g * _trigamma(x),)


def _digamma(x):
    z = np.where(x > 0, x, 1 - x).astype(np.float64)
    y = -sum(1 / (z + k) for k in range(8))
    s = (z + 8) ** -2.0
    y = y + np.log(z + 8) - 0.5 / (z + 8)
    y -= s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s / 132))))
    y = np.where(x > 0, y, y - math.pi / np.tan(math.pi * np.asarray(x, np.float64)))
    y = np.where((x < 0) & (x == np.floor(x)), np.nan, y)  # the poles
    return np.asarray(y, x.dtype)


def _trigamma(x):
    z = np.where(x > 0, x, 1 - x).astype(np.float64)
    y = sum((z + k) ** -2.0 for k in range(8))
    w = 1 / (z + 8)
    s = w * w
    tail = 1 / 6 - s * (1 / 30 - s * (1 / 42 - s * (1 / 30 - s * 5 / 66)))
    y = y + w * (1 + w * (0.5 + w * tail))
    mirrored = (math.pi / np.sin(math.pi * np.asarray(x, np.float64))) ** 2 - y
    return np.asarray(np.where(x > 0, y, mirrored), x.dtype)
