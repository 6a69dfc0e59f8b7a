"""Scaled dot-product attention as one node."""

from functools import lru_cache

import numpy as np

from ..autograd import op
from ._array import ones


@lru_cache(maxsize=32)
def causal_mask(queries, keys, dtype):
    """0 where key <= query, else -inf: (queries, keys)."""
    allowed = np.tri(queries, keys, dtype=bool)
    return np.where(allowed, dtype.type(0), dtype.type(-np.inf))


def _masked_softmax(S):
    """Softmax over axis -2, in place; a column that is wholly -inf becomes zeros."""
    top = S.max(-2, keepdims=True, initial=-np.inf)
    S -= np.where(np.isfinite(top), top, 0)
    np.exp(S, out=S)
    total = ones(S.shape[-2], S.dtype) @ S  # (..., queries)
    if not total.all():
        total[total == 0] = 1
    S *= np.reciprocal(total, out=total)[..., None, :]


def _heads_last(shape, dtype):
    """Empty (..., H, T, D), in memory (..., T, H, D): merging the heads copies nothing."""
    *lead, T, D = shape
    if not lead:
        return np.empty(shape, dtype)
    return np.empty((*lead[:-1], T, lead[-1], D), dtype).swapaxes(-2, -3)


@op
def attention(q, k, v, /, *, mask=None, scale=1.0):
    """Scaled dot-product attention.

    Formula: softmax(scale q k^T + mask) v
    Shapes: q (..., L, E), k (..., S, E), v (..., S, V), additive mask (..., L, S) -> (..., L, V).
    Gradient: with P the softmax and dP = g v^T: dv = P^T g; dS = P (dP - rowsum(g out));
    dq = scale dS k; dk = scale dS^T q.
    Source: Vaswani et al., 2017.
    """
    # Scores are kept transposed, (keys, queries): softmax reduces over the axis NumPy vectorises.
    P = k @ (q * q.dtype.type(scale)).swapaxes(-1, -2)  # (..., S, L)
    if mask is not None:
        P += mask.swapaxes(-1, -2)
    _masked_softmax(P)
    out = _heads_last((*P.shape[:-2], q.shape[-2], v.shape[-1]), q.dtype)
    np.matmul(P.swapaxes(-1, -2), v, out=out)

    def back(g, needs):
        lead = P.shape[:-2]
        dq, dk, dv = (_heads_last((*lead, *t.shape[-2:]), t.dtype) for t in (q, k, v))
        np.matmul(P, g, out=dv)
        dS = v @ g.swapaxes(-1, -2)  # (..., S, L)
        dS -= np.einsum("...ld,...ld->...l", g, out)[..., None, :]
        dS *= P
        dS *= q.dtype.type(scale)
        np.matmul(dS.swapaxes(-1, -2), k, out=dq)
        np.matmul(dS, q, out=dk)
        return dq, dk, dv

    return out, back


def attention_composite(q, k, v, mask=None, scale=None):
    """Attention from tensor operations: weights = softmax(q k^T / sqrt(E) + mask)."""
    scores = q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if mask is not None:
        scores = scores + mask
    return scores.softmax(-1) @ v
