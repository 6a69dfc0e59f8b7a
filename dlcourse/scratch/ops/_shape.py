"""Dimension arithmetic shared by the ops."""

from operator import index


def dim_of(dim, ndim, what="Dimension"):
    """`dim` counted from the front, or IndexError; a 0-d tensor counts as having one."""
    n = max(ndim, 1)
    try:
        dim = index(dim)
    except TypeError:
        raise TypeError(f"a dimension must be an int, not {type(dim).__name__}") from None
    if not -n <= dim < n:
        raise IndexError(
            f"{what} out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})"
        )
    return dim % n


def dims_of(dims, ndim):
    """A tuple of distinct dimensions from an int, a sequence, or None (all)."""
    if dims is None:
        return tuple(range(ndim))
    dims = tuple(dims) if isinstance(dims, (tuple, list, range)) else (dims,)
    found = tuple(dim_of(d, ndim) for d in dims)
    if len(set(found)) != len(found):
        raise RuntimeError(f"dim appears multiple times in the list of dims: {dims}")
    return found


def axes_of(dims, ndim):
    """`dims_of` for a reduction: () means all, and NumPy wants none for a 0-d array."""
    if dims is None or (isinstance(dims, (tuple, list)) and not dims):
        return tuple(range(ndim))
    found = dims_of(dims, ndim)
    return found if ndim else ()


def shape_of(sizes, name="shape", **named):
    """A shape from torch's spellings: `f(2, 3)`, `f((2, 3))` and `f(shape=(2, 3))`."""
    for key in (name, "size", "sizes"):
        if key in named:
            sizes = (*sizes, named.pop(key))
    if named:
        raise TypeError(f"unexpected keyword argument '{next(iter(named))}'")
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = sizes[0]
    return tuple(index(getattr(s, "_data", s)) for s in sizes)
