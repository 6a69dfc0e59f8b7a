"""Losses as one node each: the value and its reduction together."""

import numpy as np

from ..autograd import op
from ..ops.elementwise import signs
from ._activations import logistic
from ._array import ones


def _reduced(values, slopes, reduction):
    """The value of an elementwise loss, and a vjp for each derivative in `slopes`."""
    first, second = slopes
    if reduction == "none":
        return values, (lambda g: g * first(), lambda g: g * second())
    scale = 1.0
    if reduction == "mean":  # of nothing it is nan, as torch has it
        scale = 1 / values.size if values.size else float("nan")
    total = values.dtype.type(values.sum() * scale)
    return total, (lambda g: first() * (g * scale), lambda g: second() * (g * scale))


@op
def l1_loss(x, y, /, *, reduction="mean"):
    """Absolute error.

    Formula: |x - y|
    Gradient: sign(x - y).
    """
    d = x - y
    return _reduced(np.abs(d), (lambda: signs(d), lambda: -signs(d)), reduction)


@op
def mse_loss(x, y, /, *, reduction="mean"):
    """Squared error.

    Formula: (x - y)^2
    Gradient: 2 (x - y).
    """
    d = x - y
    return _reduced(d * d, (lambda: 2 * d, lambda: -2 * d), reduction)


@op
def huber_loss(x, y, /, *, reduction="mean", delta=1.0):
    """Squared error near zero, absolute error far away.

    Formula: d^2 / 2 where |d| < delta, else delta (|d| - delta / 2), with d = x - y
    Gradient: d clipped to [-delta, delta].
    Source: Huber, 1964.
    """
    d = x - y
    a = np.abs(d)
    values = np.where(a < delta, 0.5 * d * d, delta * (a - 0.5 * delta))
    slopes = (lambda: np.clip(d, -delta, delta), lambda: -np.clip(d, -delta, delta))
    return _reduced(values, slopes, reduction)


@op
def kl_div(x, y, /, *, reduction="mean", log_target=False):
    """Kullback-Leibler divergence, pointwise.

    Formula: y (log y - x), x holding log-probabilities; exp(y) (y - x) with `log_target`
    Gradient: dx = -y; dy = log y + 1 - x.
    Source: Kullback and Leibler, 1951.
    """
    if log_target:
        p = np.exp(y)
        return _reduced(p * (y - x), (lambda: -p, lambda: p * (y - x + 1)), reduction)
    values = np.where(y == 0, 0, y * np.log(y)) - y * x  # y log y is 0 at 0
    return _reduced(values, (lambda: -y, lambda: np.log(y) + y / y - x), reduction)


@op
def binary_cross_entropy(x, y, /, *, reduction="mean"):
    """Binary cross-entropy of probabilities.

    Formula: -(y log x + (1 - y) log(1 - x)), each logarithm kept above -100 as in torch
    Gradient: dx = (x - y) / (x (1 - x)); dy = log(1 - x) - log x.
    """
    log_x, log_not_x = np.log(x), np.log1p(-x)
    values = (y - 1) * np.maximum(log_not_x, -100) - y * np.maximum(log_x, -100)
    slope = lambda: (x - y) / np.maximum(x * (1 - x), 1e-12)  # noqa: E731
    return _reduced(values, (slope, lambda: log_not_x - log_x), reduction)


@op
def bce_with_logits(x, y, /, *, reduction="mean"):
    """Binary cross-entropy of sigmoid(x), without overflow.

    Formula: log(1 + exp(x)) - y x
    Gradient: dx = sigmoid(x) - y; dy = -x.
    """
    values = np.log1p(np.exp(-np.abs(x)))
    values += np.maximum(x, 0)
    values -= y * x
    return _reduced(values, (lambda: logistic(x) - y, lambda: -x), reduction)


def bce_with_logits_composite(x, y):
    """Binary cross-entropy of a logit from tensor operations (overflows for large |x|)."""
    p = x.sigmoid()
    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()


def _row_reduction(values, weight, reduction):
    """(reduced value, what g is multiplied by for each row) of row losses already weighted."""
    if reduction == "none":
        return values, weight
    if reduction == "sum":
        return values.sum(), weight
    total = weight.sum()  # 0 if every row is ignored: then NaN, as in torch, but no gradient
    return values.sum() / total, weight / (total or 1)


def _pick(rows, target):
    return rows[np.arange(len(rows)), target]


@op
def nll_rows(x, /, *, target, weight, reduction="mean"):
    """Negative log-likelihood of class ids.

    Formula: -weight_i x[i, target_i]; the mean divides by the sum of the weights
    Shapes: x (M, C) log-probabilities, target and weight (M) -> scalar, or (M) for "none".
    Gradient: -weight_i at the target, 0 elsewhere.
    """
    values = np.where(weight != 0, -weight * _pick(x, target), x.dtype.type(0))
    value, per_row = _row_reduction(values, weight, reduction)

    def vjp(g):
        dx = np.zeros_like(x)
        dx[np.arange(len(x)), target] = -g * per_row
        return dx

    return value, (vjp,)


@op
def cross_entropy_rows(x, /, *, target, weight, reduction="mean"):
    """Softmax and negative log-likelihood as one.

    Formula: weight_i (log sum_c exp x[i, c] - x[i, target_i])
    Shapes: x (M, C) logits, target and weight (M) -> scalar, or (M) for "none".
    Gradient: weight_i (softmax(x_i) - one_hot(target_i)).
    Source: Bridle, 1990.
    """
    p = x - x.max(1, keepdims=True, initial=-np.inf)
    picked = _pick(p, target)
    np.exp(p, out=p)
    total = p @ ones(p.shape[1], p.dtype)  # (M,)
    values = np.where(weight != 0, weight * (np.log(total) - picked), x.dtype.type(0))
    value, per_row = _row_reduction(values, weight, reduction)

    def vjp(g):
        scale = g * per_row
        dx = p * (scale / total)[:, None]
        dx[np.arange(len(dx)), target] -= scale
        return dx

    return value, (vjp,)


def cross_entropy_composite(logits, target):
    """Mean cross-entropy of class ids from tensor operations: logits (N, C), target (N)."""
    shifted = logits - logits.amax(1, keepdim=True).detach()
    log_p = shifted - shifted.exp().sum(1, keepdim=True).log()
    return -log_p.gather(1, target.unsqueeze(1)).mean()
