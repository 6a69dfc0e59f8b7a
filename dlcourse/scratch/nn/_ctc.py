"""Connectionist temporal classification: labels without their places in time."""

import numpy as np

from .. import ops
from ..autograd import wrap

_NEVER = -1e30  # log 0, but finite: its differences are no NaN


def negative_log(log_probs, targets, frames, sizes, blank):
    """-log p(targets) for each of N sequences, log_probs (T, N, C); infinite if impossible.

    Formula: a_t(s) = log p_t(l_s) + log sum of exp a_(t-1) at s, s - 1 and, unless l_s is blank or
    l_(s-2), s - 2, where l has a blank around every label.
    Source: Graves et al., 2006, equations 6 to 8.
    """
    T, N, C = log_probs.shape
    if not 0 <= blank < C:
        raise RuntimeError("blank must be in label range")
    if len(frames) != N or len(sizes) != N:
        raise RuntimeError("input_lengths and target_lengths must be of size batch_size")
    if N and (frames.max() > T or frames.min() < 0):
        raise RuntimeError(f"Expected input_lengths to have value at most {T}")
    labels = _with_blanks(targets, sizes, N, blank)  # (N, S)
    if labels.min(initial=0) < 0 or labels.max(initial=0) >= C:
        raise RuntimeError("targets must be class ids")
    S = labels.shape[1]
    emitted = log_probs.gather(2, wrap(np.broadcast_to(labels, (T, N, S)).copy()))
    free = np.zeros((N, S), bool)
    free[:, 2:] = (labels[:, 2:] != blank) & (labels[:, 2:] != labels[:, :-2])
    a = emitted[0].masked_fill(wrap(np.arange(S) >= 2), _NEVER)
    for t in range(1, T):
        moved = ops.stack([a, _shifted(a, 1), _shifted(a, 2).masked_fill(wrap(~free), _NEVER)])
        a = ops.where(wrap(frames > t)[:, None], ops.logsumexp(moved, 0) + emitted[t], a)
    last, before = (wrap(np.maximum(2 * sizes - i, 0)[:, None]) for i in (0, 1))
    ends = ops.cat([a.gather(1, last), a.gather(1, before).masked_fill(last == 0, _NEVER)], 1)
    values = -ops.logsumexp(ends, 1)
    return values.masked_fill(values > -_NEVER / 2, np.inf)


def _with_blanks(targets, sizes, n, blank):
    """Rows of labels with a blank before, between and after them, from a matrix or one vector."""
    flat = targets.ndim == 1 and (n != 1 or len(targets) != sizes.max(initial=0))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    labels = np.full((n, 2 * int(sizes.max(initial=0)) + 1), blank)
    for i, m in enumerate(sizes):
        row = targets[starts[i] :] if flat else targets.reshape(n, -1)[i]
        if len(row) < m:
            raise RuntimeError("target_lengths are longer than targets")
        labels[i, 1 : 2 * m : 2] = row[:m]
    return labels


def _shifted(a, by):
    """`a` (N, S) moved to the right, log 0 coming in."""
    never = a.new_full((a.shape[0], by), _NEVER)
    return ops.cat([never, a], 1)[:, : a.shape[1]]
