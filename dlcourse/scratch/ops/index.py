"""Ops that pick elements by position."""

import numpy as np

from ..autograd import op


@op
def getitem(input, /, index):
    """The elements that `index` picks, as NumPy and torch understand it.

    Gradient: g, added where the elements came from
    """
    basic = is_basic(index)
    y = input[index]

    def vjp(g):
        dx = np.zeros_like(input)
        if basic:
            dx[index] = g
        else:
            np.add.at(dx, index, g)
        return dx

    return y, (vjp,)


def is_basic(index):
    """Does `index` pick each element at most once (ints, slices, None, Ellipsis only)?"""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(p, (np.ndarray, list)) for p in parts)
