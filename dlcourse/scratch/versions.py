"""Notes about in-place writes, so that none of them can spoil a gradient unseen.

Nothing is paid until somebody writes: a write notes the number of the newest node and the memory it
touched. A node older than that write must not use what it saved there, nor may a tensor made by
an older node be used again as if nothing had happened.
"""

import weakref

import numpy as np

latest = 0.0  # a little more than the number of the newest node at the time of the last write
latest_recorded = 0  # the same, for writes that are themselves part of a graph
_written: dict[int, tuple[float, int, weakref.ref]] = {}


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
    _, graph, alive = _written.get(key) or (
        0,
        0,
        weakref.ref(memory, lambda _: _written.pop(key, None)),
    )
    latest = number + 0.5  # even the node that computed the write must not have saved this memory
    if recorded:
        graph = latest_recorded = number
    _written[key] = (latest, graph, alive)


def written_after(array, number, recorded=False):
    """Was the memory of `array` written (by a recorded write) after node `number` was made?"""
    note = _written.get(id(owner(array)))
    return note is not None and note[recorded] > number


def saved_arrays(functions):
    """The arrays that vector-Jacobian products close over, in nested functions too."""
    for cell in _cells(functions):
        yield from _arrays_in(cell.cell_contents)


OWN_USE = {"silu", "max_pool2d", "rnn", "gru", "lstm"}  # they keep their result, torch does not


def spare(node, array):
    """Before `array` is written: copies for a `node` that keeps this memory where torch would not.

    Then `y = silu(x); y += z` differentiates as in torch, and costs a copy only where it is done.
    """
    for cell in _cells(node.back if type(node.back) is tuple else (node.back,)):
        kept = cell.cell_contents
        if isinstance(kept, np.ndarray) and owner(kept) is owner(array):
            cell.cell_contents = kept.copy("K")


def _cells(functions):
    for f in functions:
        for cell in getattr(f, "__closure__", None) or ():
            yield cell
            kept = cell.cell_contents
            yield from _cells(kept if isinstance(kept, (tuple, list)) else (kept,))


def _arrays_in(value):
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from _arrays_in(v)


FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Specify retain_graph=True if you need to backward through the "
    "graph a second time."
)


def refuse_overwritten(node):
    """Raise if an array that `node` saved for its gradient was written in place since."""
    functions = node.back if type(node.back) is tuple else (node.back,)
    for array in saved_arrays(functions):
        if written_after(array, node.number):
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an "
                f"inplace operation: [{array.dtype} {list(array.shape)}], which {node.name} saved"
            )


def placing(base, view):
    """A function that lays out new memory as `base` is, and finds in it the part that `view` shows.

    `place(part, whole=0)` returns an array of base's shape filled with `whole`, and the part of it
    (filled with `part`, unless None). It holds on to neither array.
    """
    outer, inner, dtype = _layout(base), _layout(view), base.dtype
    offset = _address(view) - _address(base)
    span = 1 + sum((n - 1) * s for n, s in zip(*outer, strict=True)) // dtype.itemsize

    def place(part, whole=0):
        memory = np.empty(span, dtype)
        array = np.ndarray(outer[0], dtype, memory, 0, outer[1])
        array[...] = whole
        hole = np.ndarray(inner[0], dtype, memory, offset, inner[1])
        if part is not None:
            hole[...] = part
        return array, hole

    return place


def _layout(array):
    return array.shape, array.strides


def _address(array):
    return array.__array_interface__["data"][0]
