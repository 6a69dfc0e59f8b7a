"""Elementwise activations beyond those of `ops`, sorted by increasing complexity."""

import math

import numpy as np

from ..autograd import op
from ..ops._erf import erf64
from ..ops.elementwise import _chosen


@op
def leaky_relu(x, /, *, negative_slope=0.01):
    """ReLU with a small slope below zero.

    Formula: y = x where x > 0, else negative_slope * x
    Gradient: g or negative_slope * g.
    """
    slope = np.where(x > 0, x.dtype.type(1), x.dtype.type(negative_slope))
    return x * slope, (lambda g: g * slope,)


@op
def prelu(x, weight, /):
    """ReLU with a learned slope below zero.

    Formula: y = x where x > 0, else weight * x; weight is one number or one per channel (axis 1)
    Gradient: dx = g or weight * g; dweight = sum of g * x where x <= 0.
    Source: He et al., 2015.
    """
    a = weight.reshape(-1, *(1,) * (x.ndim - 2)) if weight.size > 1 else weight.reshape(())
    negative = x <= 0

    def vjp_weight(g):
        d = g * x * negative
        axes = tuple(k for k in range(d.ndim) if k != 1 or weight.size == 1)
        return d.sum(axes).reshape(weight.shape)

    return np.where(negative, a * x, x), (lambda g: np.where(negative, g * a, g), vjp_weight)


@op
def hardtanh(x, /, *, min_val=-1.0, max_val=1.0):
    """Clipping to an interval.

    Formula: y = x clipped to [min_val, max_val]
    Gradient: g strictly inside, 0 elsewhere.
    """
    y = np.clip(x, x.dtype.type(min_val), x.dtype.type(max_val))
    return y, (lambda g: _chosen(g, ~((x <= min_val) | (x >= max_val))),)


@op
def hardswish(x, /):
    """SiLU with a piecewise linear gate.

    Formula: y = x min(max(x + 3, 0), 6) / 6
    Gradient: 0 below -3, g above 3, g (x / 3 + 1/2) between.
    Source: Howard et al., 2019.
    """
    y = x * np.clip(x + 3, 0, 6) / 6
    return y, (lambda g: g * np.where(x >= 3, 1, np.where(x <= -3, 0, x / 3 + 0.5)),)


@op
def threshold(x, /, *, threshold, value):
    """Values above a threshold, a constant elsewhere.

    Formula: y = x where x > threshold, else value
    Gradient: g where x > threshold.
    """
    low = x <= threshold  # not so for a NaN, which stays
    return np.where(low, x.dtype.type(value), x), (lambda g: _chosen(g, ~low),)


@op
def elu(x, /, *, alpha=1.0, scale=1.0):
    """Exponential linear unit; SELU is one choice of its constants.

    Formula: y = scale * (x where x > 0, else alpha (exp(x) - 1))
    Gradient: scale * g where x > 0, else scale alpha exp(x) g.
    Source: Clevert et al., 2016; SELU: Klambauer et al., 2017.
    """
    negative = x <= 0
    curve = np.expm1(np.minimum(x, 0))
    curve *= alpha

    def vjp(g):
        return g * np.where(negative, scale * (curve + alpha), x.dtype.type(scale))

    return scale * np.where(negative, curve, x), (vjp,)


@op
def silu(x, /):
    """Sigmoid-weighted linear unit (swish).

    Formula: y = x sigmoid(x)
    Gradient: g (s + y (1 - s)), s = sigmoid(x).
    Source: Elfwing et al., 2017.
    """
    s = logistic(x)
    y = x * s
    return y, (lambda g: g * (s + y * (1 - s)),)


def logistic(x):
    """1 / (1 + exp(-x)), exact on both sides; where exp overflows, 0 is right."""
    return 1 / (1 + np.exp(-x))


@op
def logsigmoid(x, /):
    """Logarithm of the sigmoid.

    Formula: y = log sigmoid(x) = min(x, 0) - log(1 + exp(-|x|))
    Gradient: g sigmoid(-x).
    """
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))), (lambda g: g * logistic(-x),)


@op
def softplus(x, /, *, beta=1.0, threshold=20.0):
    """A smooth ReLU.

    Formula: y = log(1 + exp(beta x)) / beta; x itself where beta x > threshold
    Gradient: g sigmoid(beta x), or g in the linear part.
    Source: Dugas et al., 2001.
    """
    z = x * beta
    linear = z > threshold
    soft = (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))) / beta
    return np.where(linear, x, soft), (lambda g: np.where(linear, g, g * logistic(z)),)


@op
def mish(x, /):
    """A self-gated smooth ReLU.

    Formula: y = x tanh(softplus(x))
    Gradient: g (t + x (1 - t^2) sigmoid(x)).
    Source: Misra, 2019.
    """
    t = np.tanh(np.logaddexp(x, x.dtype.type(0)))
    return x * t, (lambda g: g * (t + x * (1 - t * t) * logistic(x)),)


# --- GELU -------------------------------------------------------------------------------------

# Phi(x), the normal distribution function, is 1/2 + tanh(x P(x^2)) / 2 with this P: a minimax fit
# on |x| <= 6 with an error of x Phi below 7e-8, the resolution of float32.  The first two
# coefficients are the well-known approximation, sqrt(2 / pi) (1 + 0.044715 x^2).
_PHI = (
    0.797884493,
    0.0363339111,
    -3.29545697e-05,
    -5.52780039e-05,
    3.97312208e-06,
    -1.33647429e-07,
    1.80937602e-09,
)


def _phi_float32(x):
    u = np.minimum(x * x, np.float32(36))
    t = np.asarray(u * np.float32(_PHI[-1]))
    for c in _PHI[-2:0:-1]:  # Horner, in place on one temporary
        t += np.float32(c)
        t *= u
    t += np.float32(_PHI[0])
    t *= x
    np.tanh(t, out=t)
    t *= np.float32(0.5)
    t += np.float32(0.5)
    return t


def _phi_exact(x):
    return 0.5 * (1 + erf64(x * math.sqrt(0.5)))


@op
def gelu(x, /):
    """Gaussian error linear unit.

    Formula: y = x Phi(x), Phi the standard normal distribution function
    Gradient: g (Phi(x) + x phi(x)), phi(x) = exp(-x^2 / 2) / sqrt(2 pi).
    Source: Hendrycks and Gimpel, 2016.
    """
    phi = _phi_float32(x) if x.dtype == np.float32 else _phi_exact(x)

    def vjp(g):
        d = np.asarray(x * x)  # a 0-d product is a number: in-place steps want an array
        d *= -0.5
        np.exp(d, out=d)
        d *= 1 / math.sqrt(2 * math.pi)
        d *= x
        d += phi
        d *= g
        return d

    return x * phi, (vjp,)


@op
def gelu_tanh(x, /):
    """GELU through tanh, close to the exact one.

    Formula: y = x (1 + tanh(k (x + 0.044715 x^3))) / 2 with k = sqrt(2 / pi)
    Gradient: g ((1 + t) + x (1 - t^2) k (1 + 3 * 0.044715 x^2)) / 2.
    Source: Hendrycks and Gimpel, 2016.
    """
    k = math.sqrt(2 / math.pi)
    t = np.asarray(
        x * x
    )  # in-place chains on one temporary: x ** 3 alone would cost more than all of this
    t *= k * 0.044715
    t += k
    t *= x
    np.tanh(t, out=t)
    y = t + 1
    y *= x
    y *= 0.5

    def vjp(g):
        d = np.asarray(x * x)
        d *= 3 * k * 0.044715
        d += k
        d *= x
        slope = np.asarray(t * t)
        np.subtract(1, slope, out=slope)
        d *= slope
        d += t
        d += 1
        d *= 0.5
        d *= g
        return d

    return y, (vjp,)


def gelu_composite(x):
    """GELU from tensor operations, through the error function."""
    return 0.5 * x * (1 + (x / math.sqrt(2)).erf())
