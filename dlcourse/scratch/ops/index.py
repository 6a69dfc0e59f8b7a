"""Ops that pick or place elements by position."""

import functools
from typing import Any

import numpy as np

from ..autograd import Tensor, op, wrap
from ._shape import dim_of
from .elementwise import _need_bool, _no_derivative
from .movement import cat, flatten

# --- square brackets --------------------------------------------------------------------------


def split_index(index, ndim):
    """Take `x[index]` apart into `x[basic][advanced]`: ints, slices and None first, then arrays.

    NumPy counts an int beside an array as one more array; torch, and so we, apply it first.
    """
    parts = [_part(p) for p in (index if isinstance(index, tuple) else (index,))]
    used = sum(_width(p) for p in parts)
    if used > ndim:
        raise IndexError(f"too many indices for tensor of dimension {ndim}")
    if not any(p is Ellipsis for p in parts):
        parts.append(Ellipsis)
    basic, advanced = [], []
    for p in parts:
        if p is Ellipsis:
            p = [slice(None)] * (ndim - used)
            used = ndim  # a second Ellipsis stands for nothing
            basic += p
            advanced += p
        elif isinstance(p, np.ndarray):
            basic += [slice(None)] * _width(p)
            advanced.append(p)
        else:
            basic.append(p)
            advanced += [] if isinstance(p, int) else [slice(None)]
    some = any(isinstance(p, np.ndarray) for p in advanced)
    basic.append(Ellipsis)  # so that NumPy gives an array, never a scalar
    return tuple(basic), tuple(advanced) if some else None


def _part(p):
    """One part of an index: an int, a slice, None, Ellipsis or an array."""
    p = getattr(p, "_data", p)
    if p is None or p is Ellipsis or (isinstance(p, int) and not isinstance(p, bool)):
        return p
    if isinstance(p, slice):
        if p.step is not None and p.step <= 0:
            raise ValueError("step must be greater than zero: use flip()")
        return slice(*map(_bound, (p.start, p.stop, p.step)))
    if isinstance(p, list | tuple | range):
        p = np.asarray([getattr(v, "_data", v) for v in p], None if len(p) else np.int64)
    return _index_array(np.asarray(p))


def _bound(v):
    return None if v is None else int(getattr(v, "_data", v))


def _index_array(a):
    if a.dtype.kind not in "iub":
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if a.dtype.kind != "b" and not a.ndim:
        return int(a)
    return a.astype(bool) if a.dtype == np.uint8 else a


def _width(p):
    """How many dimensions an index part uses up."""
    if p is None or p is Ellipsis:
        return 0
    return p.ndim if isinstance(p, np.ndarray) and p.dtype.kind == "b" else 1


def _at(x, basic, advanced):
    y = x[basic]
    return y if advanced is None else y[advanced]


def _unique(advanced):
    """Does the index pick no element twice?"""
    return advanced is None or all(isinstance(p, slice) or p.dtype.kind == "b" for p in advanced)


@op(view=True)
def _getitem(input, /, basic, advanced):
    """The elements that an index picks.

    Formula: y = x[index]
    Shapes: as NumPy's, but ints are applied before index tensors.
    Gradient: g, added up where the elements came from
    """

    shape = input.shape

    def vjp(g):
        dx = np.zeros(shape, g.dtype)
        if advanced is None:
            dx[basic] = g
        elif _unique(advanced):
            dx[basic][advanced] = g
        else:
            np.add.at(dx[basic], advanced, g)
        return dx

    return _at(input, basic, advanced), (vjp,)


def getitem(self, index):
    """`self[index]`."""
    return _getitem(self, *split_index(index, self._data.ndim))


@op(numbers=True)
def _setitem(input, value, /, basic, advanced):
    """A copy with the elements that an index picks replaced.

    Formula: y = x; y[index] = value
    Shapes: value broadcasts to x[index].
    Gradient: g with zeros at the index; g[index]
    """
    y, ndim = input.copy(), np.ndim(value)
    _place(y, value, basic, advanced)

    def vjp_input(g):
        dx = np.array(g)  # an array even of one number, to write to
        _place(dx, 0, basic, advanced)
        return dx

    def vjp_value(g):
        d = _at(g, basic, advanced)
        extra = ndim - d.ndim  # leading ones that NumPy drops when it assigns
        return d.reshape((1,) * extra + d.shape) if extra > 0 else d

    return y, (vjp_input, vjp_value)


def _place(y, value, basic, advanced):
    if advanced is None:
        y[basic] = value
    else:
        y[basic][advanced] = value


# --- along one dimension ----------------------------------------------------------------------


def _check_index(index, size, name):
    if index.dtype.kind not in "iu":
        raise RuntimeError(f"{name}(): the index must be an int64 tensor, not {index.dtype}")
    if index.size and (index.min() < 0 or index.max() >= size):
        raise IndexError(f"{name}(): index out of range: the dimension has size {size}")


def _grid(index, dim):
    """The positions of all elements of an array of index's shape, with `index` along `dim`."""
    where = list(np.indices(index.shape, sparse=True))
    where[dim] = index
    return tuple(where)


def _along(input, index, dim, name):
    """Check a gather or scatter; return where its elements lie."""
    axis = dim_of(dim, input.ndim)
    if not index.size and name == "gather" and input.ndim:
        return (np.zeros(index.shape, np.int64),) * input.ndim
    if max(input.ndim, 1) != max(index.ndim, 1):
        raise RuntimeError(f"{name}(): index and input must have the same number of dimensions")
    if not input.ndim:
        _check_index(index, 1, name)
        return ()
    if not index.ndim:
        index = index.reshape(1)
    if index.size and any(
        i > n for d, (i, n) in enumerate(zip(index.shape, input.shape, strict=True)) if d != axis
    ):
        raise RuntimeError(
            f"{name}(): index {index.shape} is larger than input {input.shape} beside dim {dim}"
        )
    _check_index(index, input.shape[axis], name)
    return _grid(index, axis)


def _add_at(shape, where, g):
    dx = np.zeros(shape, g.dtype)
    np.add.at(dx, where, g)
    return dx


@op
def _gather(input, index, /, dim):
    """The elements at given positions along one dimension.

    Formula: y_ij = x_(index_ij, j) for dim 0
    Shapes: y as index, which has as many dimensions as x and is no larger beside `dim`.
    Gradient: g, added up where the elements came from
    """
    input = input if input.ndim else input.reshape(1)
    where, shape = _along(input, index, dim, "gather"), input.shape
    y = input[where]
    inner = y.shape
    return y.reshape(index.shape), (lambda g: _add_at(shape, where, g.reshape(inner)), None)


def gather(input, dim, index, *, sparse_grad=False):
    """The elements of `input` at `index` along `dim`."""
    if sparse_grad:
        raise NotImplementedError("gather: sparse_grad is not supported")
    return _gather(input, index, dim)


def take_along_dim(input, indices, dim=None):
    """`gather` that broadcasts the other dimensions."""
    if indices._data.dtype != np.int64:
        raise RuntimeError(f"take_along_dim(): indices should be Long but got {indices.dtype}")
    if dim is None:
        return _gather(flatten(input), flatten(indices), 0)
    d = dim_of(dim, input._data.ndim)
    shapes = [list(t._data.shape) for t in (input, indices)]
    shapes[0][d], shapes[1][d] = (s[d] for s in shapes[::-1])
    wide = [
        np.broadcast_shapes(*(tuple(1 if i == d else n for i, n in enumerate(s)) for s in shapes))
    ] * 2
    sizes = [t._data.shape[d] for t in (input, indices)]
    full = [
        tuple(n if i == d else w for i, w in enumerate(ws))
        for ws, n in zip(wide, sizes, strict=True)
    ]
    return _gather(input.expand(full[0]), indices.expand(full[1]), d)


@op(numbers=True)
def _scatter(input, index, src, /, dim):
    """A copy with elements placed at given positions along one dimension.

    Formula: y = x; y_(index_ij, j) = src_ij for dim 0
    Shapes: index has as many dimensions as x; src is a number or at least as large as index.
    Gradient: g with zeros at the positions; g at the positions
    """
    where, part = _scattered(input, index, src, dim)
    y = input.copy()
    y[where] = part

    def vjp_input(g):
        dx = np.array(g)  # an array even of one number, to write to
        dx[where] = 0
        return dx

    return y, (vjp_input, None, _front_gradient(src, index, where))


@op(numbers=True)
def _scatter_add(input, index, src, /, dim):
    """A copy with elements added at given positions along one dimension.

    Formula: y = x; y_(index_ij, j) += src_ij for dim 0
    Shapes: index has as many dimensions as x; src is at least as large as index.
    Gradient: g; g at the positions
    """
    where, part = _scattered(input, index, src, dim)
    y = input.copy()
    np.add.at(y, where, part)
    return y, (lambda g: g, None, _front_gradient(src, index, where))


@op(numbers=True)
def _scatter_multiply(input, index, src, /, dim):
    """A copy with elements multiplied at given positions along one dimension.

    Formula: y = x; y_(index_ij, j) *= src_ij for dim 0
    Shapes: index has as many dimensions as x; src is a number or at least as large as index.
    """
    where, part = _scattered(input, index, src, dim)
    y = input.copy()
    np.multiply.at(y, where, part)
    return y, (_no_derivative, None, _no_derivative)


def _scattered(input, index, src, dim):
    """Where the elements go, and those elements of `src` that do."""
    where = _along(input, index, dim, "scatter")
    if not isinstance(src, np.ndarray):
        return where, src
    if src.dtype != input.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if src.ndim != index.ndim or any(i > s for i, s in zip(index.shape, src.shape, strict=True)):
        raise RuntimeError(f"scatter(): index {index.shape} is larger than src {src.shape}")
    part = src[tuple(slice(n) for n in index.shape)]
    return where, part if input.ndim else part.reshape(())


def _front_gradient(src, index, where):
    """The gradient of `src`: g at the positions for elements that were used, zeros for the rest."""
    shape, used = np.shape(src), index.shape

    def vjp(g):
        d = np.zeros(shape, g.dtype)
        d[tuple(slice(n) for n in used) if shape else ()] = g[where].reshape(used if shape else ())
        return d

    return vjp


def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """A copy with `src` (a tensor or number) placed at `index` along `dim`."""
    if (src is None) == (value is None):
        raise TypeError("scatter(): give either src or value")
    if reduce not in (None, "add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    kinds = {None: _scatter, "add": _scatter_add, "multiply": _scatter_multiply}
    return kinds[reduce](input, index, value if src is None else src, dim)


def scatter_add(input, dim, index, src):
    """A copy with `src` added at `index` along `dim`."""
    if not isinstance(src, Tensor):
        raise TypeError("scatter_add(): src must be a Tensor")
    return _scatter_add(input, index, src, dim)


@op
def _index_select(input, index, /, dim):
    """Slices at given positions along one dimension.

    Formula: y_k = x[index_k]
    Shapes: `dim` has the size of index, a vector.
    Gradient: g, added up where the slices came from
    """
    axis = dim_of(dim, input.ndim)
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    _check_index(index, input.shape[axis] if input.ndim else 1, "index_select")
    if not input.ndim:
        if index.size != 1:
            raise RuntimeError("index_select(): a scalar can be selected once only")
        return input.copy(), (lambda g: g, None)
    where = (slice(None),) * axis + (index.reshape(-1),)
    shape = input.shape
    return input[where], (lambda g: _add_at(shape, where, g), None)


def index_select(input, dim, index):
    """The slices of `input` at `index` along `dim`."""
    return _index_select(input, index, dim)


@op
def _index_add(input, index, source, /, dim, alpha=1):
    """A copy with slices added at given positions along one dimension.

    Formula: y = x; y[index_k] += alpha source_k
    Shapes: source as x, but with the size of index, a vector, along `dim`.
    Gradient: g; alpha g[index]
    """
    axis = dim_of(dim, input.ndim)
    _check_index(index, input.shape[axis], "index_add")
    where: Any = (slice(None),) * axis + (index.reshape(-1),)
    if source.shape != input[where].shape:
        raise RuntimeError(
            f"index_add(): source must have shape {input[where].shape}, not {source.shape}"
        )
    y = input.copy()
    np.add.at(y, where, source * np.asarray(alpha, source.dtype))
    return y, (lambda g: g, None, lambda g: g[where] * alpha)


def _as_vector(function):
    """Let a 0-d tensor count as a vector of one element."""

    @functools.wraps(function)
    def apply(input, dim, index, source, **options):
        if input._data.ndim:
            return function(input, dim, index, source, **options)
        flat = source.reshape(-1) if isinstance(source, Tensor) else source
        return function(input.reshape(1), dim, index, flat, **options).reshape(())

    return apply


def _same_kind(input, source, name):
    if input._data.dtype != source._data.dtype:
        raise RuntimeError(f"{name}: self ({input.dtype}) and source ({source.dtype}) must match")


@_as_vector
def index_add(input, dim, index, source, *, alpha=1):
    """A copy with `source` added at `index` along `dim`."""
    _same_kind(input, source, "index_add")
    return _index_add(input, index, source, dim, alpha)


def _slices(input, dim, index):
    """An index for `input[...]` that picks the slices at `index` along `dim`."""
    axis = dim_of(dim, input._data.ndim)
    _check_index(index._data, input._data.shape[axis], "index")
    return split_index((slice(None),) * axis + (index,), input._data.ndim)


@_as_vector
def index_fill(input, dim, index, value):
    """A copy with the slices at `index` along `dim` filled with a number."""
    if np.ndim(getattr(value, "_data", value)) and np.size(value._data) != 1:
        raise RuntimeError("index_fill_ only supports a 0-dimensional value tensor")
    return _setitem(input, value, *_slices(input, dim, index))


@_as_vector
def index_copy(input, dim, index, source):
    """A copy with the slices at `index` along `dim` replaced by `source`."""
    _same_kind(input, source, "index_copy")
    return _setitem(input, source, *_slices(input, dim, index))


def take(input, index):
    """The elements of the flattened tensor at `index`."""
    return getitem(flatten(input), index)


# --- by condition -----------------------------------------------------------------------------


@op
def masked_select(input, mask, /):
    """The elements where a mask is True, as a vector.

    Formula: y = x[mask]
    Shapes: input and mask broadcast; y is a vector.
    Gradient: g where the elements came from, zeros elsewhere
    """
    _need_bool(mask, "masked_select")
    x, where = np.broadcast_arrays(input, mask)

    def vjp(g):
        dx = np.zeros(x.shape, g.dtype)
        dx[where] = g
        return dx

    return x[where], (vjp, None)


def nonzero(input, *, as_tuple=False):
    """The positions of nonzero elements: one row each, or one vector per dimension."""
    found = np.nonzero(np.atleast_1d(input._data))
    if as_tuple:
        return tuple(map(wrap, found))
    rows = np.stack(found, 1)
    return wrap(rows if input._data.ndim else rows[:, :0])


def argwhere(input):
    """`nonzero` as rows."""
    return nonzero(input)


def diff(input, n=1, dim=-1, prepend=None, append=None):
    """Differences of neighbours along `dim`, `n` times; first joined with what is given."""
    ends = [t for t in (prepend, input, append) if t is not None]
    input = cat(ends, dim) if len(ends) > 1 else input
    d = dim_of(dim, input._data.ndim)
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    for _ in range(n):
        size = max((input._data.shape or (1,))[d] - 1, 0)
        later, earlier = input.narrow(d, 1 if size else 0, size), input.narrow(d, 0, size)
        input = later ^ earlier if input._data.dtype.kind == "b" else later - earlier
    return input
