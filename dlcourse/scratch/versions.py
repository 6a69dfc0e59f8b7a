"""Notes about in-place writes, so that none of them can spoil a gradient unseen.

Nothing is paid until somebody writes: a write notes the number of the newest node and the memory it
touched. A node older than that write must not use what it saved there, nor may a tensor made by
an older node be used again as if nothing had happened.
"""

import weakref

import numpy as np

latest = 0  # number of the newest node at the time of the last write
latest_recorded = 0  # the same, for writes that are themselves part of a graph
_written: dict[int, tuple[int, int, weakref.ref]] = {}


def owner(array):
    """The array that owns the memory that `array` looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def note_write(array, number, recorded=False):
    """Remember that the memory of `array` was written when node `number` was the newest."""
    global latest, latest_recorded
    memory = owner(array)
    key = id(memory)
    old = _written.get(key)
    if old is None:
        gone = weakref.ref(memory, lambda _: _written.pop(key, None))
        _written[key] = (number, number if recorded else 0, gone)
    else:
        _written[key] = (number, number if recorded else old[1], old[2])
    latest = number
    if recorded:
        latest_recorded = number


def written_after(array, number, recorded=False):
    """Was the memory of `array` written (by a recorded write) after node `number` was made?"""
    note = _written.get(id(owner(array)))
    return note is not None and note[recorded] > number


def saved_arrays(functions):
    """The arrays that vector-Jacobian products close over, one level of nesting deep."""
    for f in functions:
        for cell in getattr(f, "__closure__", None) or ():
            yield from _arrays_in(cell.cell_contents)


def _arrays_in(value):
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from _arrays_in(v)
    elif callable(value) and getattr(value, "__closure__", None):
        yield from saved_arrays((value,))
