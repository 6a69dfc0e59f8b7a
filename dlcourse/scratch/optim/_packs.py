"""Packs: parameters that are updated as one array.

A network has many small parameters, and NumPy spends more time on starting a call than on a bias of
ten numbers.  Small parameters of one age therefore move into one flat array, of which each keeps a
view; so do the buffers that the rule remembers for them.  Large ones stay where they are and are
cut into pieces that fit a cache.
"""

import sys
from itertools import accumulate, groupby
from operator import is_

import numpy as np

from .. import autograd, versions
from ..autograd import wrap

SMALL = 1 << 13
# Four arrays and a temporary of 128 KiB each (float32) stay in a core's cache between the passes
# of one update; uncut, Adam on 235,000 parameters takes 1.3 times as long.
PIECE = 1 << 15


class Pack:
    """Parameters and what is remembered for them, each kind as one array."""

    def __init__(self, params, states, names, fresh):
        self.params, self.states, self.names = params, states, names
        self.fresh = fresh  # is this the first step with these buffers?
        if len(params) == 1:
            self.weight = params[0]._data
            self.buffers = [states[0][name]._data for name in names]
        else:
            self._move()
        self.seen = self._arrays()

    def _move(self):
        self.weight, views = _joined([p._data for p in self.params])
        for p, view in zip(self.params, views, strict=True):
            p._data = view
        self.buffers = []
        for name in self.names:
            flat, views = _joined([s[name]._data for s in self.states])
            self.buffers.append(flat)
            for s, view in zip(self.states, views, strict=True):
                s[name] = wrap(view)
        for name in self.states[0].keys() - set(self.names):  # counters: one for all
            for s in self.states[1:]:
                s[name] = self.states[0][name]

    def _arrays(self):
        weights = [p._data for p in self.params]
        return weights + [s[name]._data for name in self.names for s in self.states]

    def is_current(self, state):
        """Is all where it was left, or did somebody replace a parameter or a state?"""
        if self.names and not all(map(is_, map(state.get, self.params), self.states)):
            return False
        return all(map(is_, self._arrays(), self.seen))

    def release(self):
        """Give each parameter memory of its own again, unless a view would be left behind."""
        others = sys.getrefcount(self.weight) - len(self.params) - 2  # ours, and the argument's
        if len(self.params) > 1 and others == 0:
            for p, view in zip(self.params, self.seen, strict=False):  # parameters come first
                if p._data is view:
                    p._data = view.copy()

    def pieces(self):
        """Weight, gradient and buffers, cut alike."""
        grads = [p._grad._data for p in self.params]
        grad = grads[0] if len(grads) == 1 else np.concatenate(grads, axis=None)
        arrays = [self.weight, grad, *self.buffers]
        if grad.size <= PIECE or not self.weight.flags.c_contiguous:
            return [arrays]
        flat = [a.reshape(-1) for a in arrays]
        return [[a[i : i + PIECE] for a in flat] for i in range(0, grad.size, PIECE)]

    def written(self):
        """Note the change, so that a graph from before it cannot use the new values unseen."""
        self.fresh = False
        versions.note_write(self.weight, autograd.newest())


def make_packs(params, state, buffers, counters):
    """Packs of `params`, their state completed by first values of `buffers` and `counters`."""
    if not buffers and not counters:
        state = {p: {} for p in params}  # nothing to remember: the optimizer's own stays empty
    fresh = {p: _start(p, state[p], buffers, counters) for p in params}

    def age(p):
        return p._data.dtype.str, fresh[p], [float(state[p][name]._data) for name in counters]

    small = [p for p in params if _may_move(p)]
    alike = [list(same) for _, same in groupby(sorted(small, key=age), age)]
    alike += [[p] for p in params if p not in set(small)]
    return [Pack(ps, [state[p] for p in ps], list(buffers), fresh[ps[0]]) for ps in alike]


def _start(p, state, buffers, counters):
    """Complete the state of one parameter; returns whether a buffer is new."""
    for name, value in counters.items():
        count = state[name]._data if name in state else value
        state[name] = wrap(np.array(count, np.float32))  # its own again if it was in a pack
    missing = [name for name in buffers if name not in state]
    for name in missing:
        state[name] = wrap(np.full_like(p._data, buffers[name]))
    return bool(missing)


def _may_move(p):
    """Small, and nobody else holds its memory (a view or a NumPy array would be left behind)."""
    references = sys.getrefcount(p._data)  # the tensor's own, and the argument of this call
    return p._data.size <= SMALL and p._data.base is None and references == 2


def _joined(arrays):
    """One flat array with the contents of `arrays`, and views of it in their shapes."""
    flat = np.concatenate(arrays, axis=None)
    ends = accumulate(a.size for a in arrays)
    views = [flat[n - a.size : n].reshape(a.shape) for a, n in zip(arrays, ends, strict=True)]
    return flat, views
