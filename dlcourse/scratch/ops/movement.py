"""Ops that only rearrange elements; most results are views of the same memory, as in torch."""

import numpy as np

from ..autograd import op, wrap
from ..devices import check_format
from ._shape import dim_of, dims_of, shape_of

# --- shapes -----------------------------------------------------------------------------------


@op(view=True)
def _reshape(input, /, shape):
    """The same elements in the same order, in another shape; one size may be -1.

    Formula: y.flat[i] = x.flat[i]
    Shapes: any of as many elements.
    Gradient: g in the old shape
    """
    old = input.shape  # a gradient must not hold on to values that it does not need
    return _reshaped(input, shape), (lambda g: g.reshape(old),)


def _reshaped(x, shape):
    if x.size == 0 and -1 in shape and 0 in shape:
        raise RuntimeError(f"cannot reshape tensor of 0 elements into shape {list(shape)}")
    if any(n < -1 for n in shape):
        raise RuntimeError(f"invalid shape {list(shape)}: sizes are >= 0, or -1 once")
    return x.reshape(shape)


def reshape(input, *shape, **named):
    """The same elements in another shape: `reshape(input, (2, 3))` or `input.reshape(2, 3)`."""
    return _reshape(input, shape_of(shape, **named))


def view(self, *shape, **named):
    """`reshape` that refuses to copy: the elements must already lie in order; or another dtype."""
    from ..dtypes import dtype, to_numpy

    if len(shape) == 1 and isinstance(shape[0], dtype):
        return wrap(self._data.view(to_numpy(shape[0])))
    out = _reshape(self, shape_of(shape, **named))
    if getattr(self, "_strided", False) and not np.may_share_memory(out._data, self._data):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return out


def flatten(input, start_dim=0, end_dim=-1):
    """Merge the dimensions from `start_dim` to `end_dim` into one."""
    shape = input._data.shape or (1,)
    i, j = dim_of(start_dim, len(shape)), dim_of(end_dim, len(shape))
    if i > j:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    merged = int(np.prod(shape[i : j + 1]))
    return _reshape(input, (*shape[:i], merged, *shape[j + 1 :]))


def unflatten(input, dim, sizes):
    """Split a dimension into several; one of `sizes` may be -1."""
    shape = input._data.shape
    i = dim_of(dim, len(shape))
    sizes = shape_of((sizes,))
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    if sizes.count(-1) > 1:
        raise RuntimeError("unflatten: only one dimension can be inferred")
    known = int(np.prod([s for s in sizes if s != -1]))
    if -1 in sizes and known:
        sizes = tuple(shape[i] // known if s == -1 else s for s in sizes)
    if int(np.prod(sizes)) != shape[i]:
        raise RuntimeError(
            f"unflatten: sizes {sizes} don't multiply up to {shape[i]}, the size of dim {i}"
        )
    return _reshape(input, (*shape[:i], *sizes, *shape[i + 1 :]))


@op(view=True)
def squeeze(input, /, dim=None):
    """Without the dimensions of size 1 (those among `dim`, if given).

    Formula: y has the elements of x
    Shapes: (..., 1, ...) -> (..., ...)
    Gradient: g in the old shape
    """
    dims, old = set(dims_of(dim, input.ndim)), input.shape
    shape = tuple(n for i, n in enumerate(old) if n != 1 or i not in dims)
    return input.reshape(shape), (lambda g: g.reshape(old),)


@op(view=True)
def unsqueeze(input, /, dim):
    """With one more dimension, of size 1.

    Formula: y has the elements of x
    Shapes: (..., ...) -> (..., 1, ...)
    Gradient: g in the old shape
    """
    axis = dim_of(dim, input.ndim + 1)
    return np.expand_dims(input, axis), (lambda g: g.squeeze(axis),)


@op(view=True)
def _expand(input, /, shape):
    """Repeated along dimensions of size 1 and new leading ones, without copying; -1 keeps a size.

    Formula: y_ij = x_0j
    Shapes: (1, n) -> (m, n)
    Gradient: g, summed over the repeated dimensions
    """
    new = len(shape) - input.ndim
    if new < 0 or -1 in shape[:new]:
        raise RuntimeError(f"expand: a tensor of shape {input.shape} cannot have shape {shape}")
    shape = (
        *shape[:new],
        *(n if s == -1 else s for s, n in zip(shape[new:], input.shape, strict=True)),
    )
    y = np.broadcast_to(input, shape)
    if y.size == input.size:  # nothing is repeated, so it may be written to
        y = input.reshape(shape)
    return y, (lambda g: g,)


def expand(self, *size, **named):
    """Repeat dimensions of size 1 without copying: `x.expand(3, -1)`."""
    return _expand(self, shape_of(size, **named))


def expand_as(self, other):
    """`expand` to the shape of `other`."""
    return _expand(self, other._data.shape)


def broadcast_to(input, size):
    """`expand` under NumPy's name."""
    return _expand(input, shape_of((size,)))


def broadcast_tensors(*tensors):
    """All tensors expanded to their common shape."""
    shape = np.broadcast_shapes(*(t._data.shape for t in tensors))
    return tuple(_expand(t, shape) for t in tensors)


# --- order ------------------------------------------------------------------------------------


def swapaxes(input, axis0, axis1):
    """Two dimensions swapped."""
    return transpose(input, axis0, axis1)


@op(view=True)
def transpose(input, /, dim0, dim1):
    """Two dimensions swapped.

    Formula: y_ij = x_ji
    Shapes: (..., n, ..., m, ...) -> (..., m, ..., n, ...)
    Gradient: g, swapped back
    """
    i, j = dim_of(dim0, input.ndim), dim_of(dim1, input.ndim)
    if not input.ndim:
        return input[()], (lambda g: g,)
    return input.swapaxes(i, j), (lambda g: g.swapaxes(i, j),)


@op(view=True)
def _permute(input, /, dims):
    """The dimensions in another order.

    Formula: y_(i_dims) = x_i
    Shapes: y.shape[k] = x.shape[dims[k]]
    Gradient: g in the old order
    """
    order = dims_of(dims, input.ndim) if input.ndim else tuple(dims)
    if len(order) != input.ndim:
        raise RuntimeError(f"permute: {input.ndim} dimensions, but {len(order)} were named")
    return input.transpose(order), (lambda g: g.transpose(np.argsort(order).tolist()),)


def permute(input, *dims, **named):
    """The dimensions in another order: `permute(input, (1, 0))` or `input.permute(1, 0)`."""
    if not dims and not named:
        raise TypeError("permute() missing 1 required positional argument: 'dims'")
    return _permute(input, shape_of(dims, name="dims", **named))


def movedim(input, source, destination):
    """Some dimensions moved to other places, the others in their order."""
    n = input._data.ndim
    source, destination = dims_of(source, n), dims_of(destination, n)
    if len(source) != len(destination):
        raise RuntimeError("movedim: source and destination must have the same number of dims")
    if not n:
        return _permute(input, ())
    order = [d for d in range(n) if d not in source]
    for place, d in sorted(zip(destination, source, strict=True)):
        order.insert(place, d)
    return _permute(input, tuple(order))


def t(input):
    """A matrix transposed; vectors and scalars as they are."""
    if input._data.ndim > 2:
        raise RuntimeError(
            "t() expects a tensor with <= 2 dimensions: use .mT or transpose(-2, -1)"
        )
    return _permute(input, tuple(range(input._data.ndim))[::-1])


@op
def _flip(input, /, dims):
    """Elements in reverse order along dimensions.

    Formula: y_i = x_(n - 1 - i)
    Shapes: any.
    Gradient: g, flipped back
    """
    dims = dims_of(dims, input.ndim)
    dims = dims if input.ndim else ()
    return np.flip(input, dims).copy(), (lambda g: np.flip(g, dims),)


def flip(input, *dims, **named):
    """Elements in reverse order along `dims`."""
    if not dims and not named:
        raise TypeError('flip() missing 1 required positional argument: "dims"')
    return _flip(input, shape_of(dims, name="dims", **named))


def fliplr(input):
    """Columns in reverse order."""
    if input._data.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return _flip(input, (1,))


def flipud(input):
    """Rows in reverse order."""
    if not input._data.ndim:
        raise RuntimeError("Input must be >= 1-d.")
    return _flip(input, (0,))


@op
def roll(input, /, shifts, dims=None):
    """Elements shifted along dimensions (or in flat order), those that fall off coming in again.

    Formula: y_i = x_((i - shift) mod n)
    Shapes: any.
    Gradient: g, rolled back
    """
    shifts = shifts if isinstance(shifts, (tuple, list)) else (shifts,)
    if dims is None or dims == ():
        if len(shifts) != 1:
            raise RuntimeError("roll: several shifts need as many dims")
        return np.roll(input, shifts[0]), (lambda g: np.roll(g, -shifts[0]),)
    dims = dims if isinstance(dims, (tuple, list)) else (dims,)
    if len(dims) != len(shifts):
        raise RuntimeError(f"roll: {len(shifts)} shifts for {len(dims)} dims")
    if not input.size:
        return input.copy(), (lambda g: g,)
    axes = tuple(dim_of(d, input.ndim) for d in dims)
    back = tuple(-s for s in shifts)
    return np.roll(input, shifts, axes), (lambda g: np.roll(g, back, axes),)


# --- copies -----------------------------------------------------------------------------------


@op
def clone(input, /, *, memory_format=None):
    """A copy in memory of its own.

    Formula: y = x
    Shapes: any.
    Gradient: g
    """
    check_format(memory_format)
    return input.copy(order="K"), (lambda g: g,)


def contiguous(self, memory_format=None):
    """The tensor itself if its elements lie in order, else a copy whose elements do."""
    check_format(memory_format)
    return self if self._data.flags.c_contiguous else _in_order(self)


@op
def _in_order(input, /):
    """A copy with the elements in order.

    Formula: y = x
    Shapes: any.
    Gradient: g
    """
    return np.ascontiguousarray(input), (lambda g: g,)


@op
def _tile(input, /, repeats):
    """The tensor laid side by side.

    Formula: y_i = x_(i mod n)
    Shapes: y.shape[k] = repeats[k] x.shape[k]
    Gradient: sum of g over the repetitions
    """
    old = input.shape
    shape = (1,) * (len(repeats) - len(old)) + old
    pairs = [n for pair in zip(repeats, shape, strict=True) for n in pair]

    def vjp(g):
        return g.reshape(pairs).sum(tuple(range(0, len(pairs), 2))).reshape(old)

    return np.tile(input, repeats), (vjp,)


def repeat(self, *repeats, **named):
    """The tensor laid side by side, at least one count per dimension."""
    counts = shape_of(repeats, name="repeats", **named)
    if len(counts) < self._data.ndim or any(c < 0 for c in counts):
        raise RuntimeError("repeat: wants one count >= 0 per dimension, and may have more in front")
    return _tile(self, counts)


def tile(input, *dims, **named):
    """`repeat` that fills missing leading counts with 1."""
    counts = shape_of(dims, name="dims", **named)
    if any(c < 0 for c in counts):
        raise RuntimeError("tile: counts must be >= 0")
    return _tile(input, (1,) * (input._data.ndim - len(counts)) + counts)


def repeat_interleave(input, repeats, dim=None, *, output_size=None):
    """Each element `repeats` times in a row."""
    if output_size is not None:
        raise NotImplementedError("repeat_interleave: output_size is not supported")
    if dim is None:
        input, dim = flatten(input), 0
    n = input._data.shape[dim_of(dim, input._data.ndim)]
    counts = getattr(repeats, "_data", repeats)
    if np.any(np.less(counts, 0)):
        raise RuntimeError("Repeats must be non-negative")
    if np.ndim(counts) and np.shape(counts) not in ((1,), (n,)):
        raise RuntimeError("repeat_interleave: repeats must be one number or one per element")
    return input.index_select(dim, wrap(np.repeat(np.arange(n), counts)))


# --- joining ----------------------------------------------------------------------------------


def _same_kind(tensors):
    floats = [t.dtype for t in tensors if t.dtype.kind == "f"]
    kind = np.result_type(*(floats or [t.dtype for t in tensors]))  # ints never widen floats
    return [t.astype(kind, copy=False) for t in tensors]


@op
def _cat(*tensors, dim=0):
    """Joined along an existing dimension.

    Formula: y = [x_1, x_2, ...]
    Shapes: equal but for `dim`, where sizes add up.
    Gradient: g, cut at the seams
    """
    real = [
        t for t in tensors if t.shape != (0,)
    ] or tensors  # torch lets empty vectors join anything
    if not all(t.ndim for t in real):
        raise RuntimeError("zero-dimensional tensors cannot be concatenated: use stack")
    axis = dim_of(dim, real[0].ndim)
    sizes = [0 if t.shape == (0,) else t.shape[axis] for t in tensors]
    ends = np.cumsum(sizes).tolist()

    shapes = [t.shape for t in tensors]

    def back(g, needs):
        cut = np.split(g, ends[:-1], axis)
        return [c.reshape(s) for c, s in zip(cut, shapes, strict=True)]

    parts = [t for t in _same_kind(tensors) if t.shape != (0,)] or tensors
    return np.concatenate(parts, axis), back


@op
def _stack(*tensors, dim=0):
    """Joined along a new dimension.

    Formula: y_i = x_i
    Shapes: all equal; one more dimension.
    Gradient: g_i
    """
    axis = dim_of(dim, tensors[0].ndim + 1)
    return np.stack(_same_kind(tensors), axis), lambda g, needs: list(np.moveaxis(g, axis, 0))


def _several(tensors, name):
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{name}(): expected a tuple or list of tensors, not {type(tensors).__name__}"
        )
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty list of tensors")
    return tensors


def cat(tensors, dim=0, *, axis=None):
    """Join tensors along an existing dimension."""
    dim = dim if axis is None else axis
    return _cat(*_several(tensors, "cat"), dim=dim)


def stack(tensors, dim=0, *, axis=None):
    """Join tensors of equal shape along a new dimension."""
    dim = dim if axis is None else axis
    return _stack(*_several(tensors, "stack"), dim=dim)


def atleast_2d(x):
    """At least two dimensions: vectors become rows."""
    return x if x._data.ndim > 1 else _reshape(x, (1, -1))


def hstack(tensors):
    """Join side by side: along dimension 1, or 0 for vectors."""
    tensors = [flatten(t) if not t._data.ndim else t for t in _several(tensors, "hstack")]
    return cat(tensors, 0 if tensors[0]._data.ndim == 1 else 1)


def vstack(tensors):
    """Join on top of each other; vectors as rows."""
    return cat([atleast_2d(t) for t in _several(tensors, "vstack")], 0)


def dstack(tensors):
    """Join along a third dimension."""
    two = [atleast_2d(t) for t in _several(tensors, "dstack")]
    return cat([t if t._data.ndim > 2 else unsqueeze(t, 2) for t in two], 2)


# --- cutting ----------------------------------------------------------------------------------


@op(view=True)
def _narrow(input, /, dim, start, stop):
    """A slice along one dimension.

    Formula: y_i = x_(start + i)
    Shapes: `dim` has size stop - start.
    Gradient: g, with zeros around it
    """
    index = (slice(None),) * dim + (slice(start, stop),)
    return input[index], (_placing(input.shape, index),)


def _placing(shape, index):
    """The adjoint of `x[index]`: zeros of `shape` with g at the index."""

    def vjp(g):
        dx = np.zeros(shape, g.dtype)
        dx[index] = g
        return dx

    return vjp


def narrow(input, dim, start, length):
    """`length` elements along `dim`, from `start` on."""
    d = dim_of(dim, input._data.ndim)
    if not input._data.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    n = input._data.shape[d]
    start = int(getattr(start, "_data", start))
    if not -n <= start <= n:
        raise IndexError(
            f"start out of range (expected to be in range of [{-n}, {n}], but got {start})"
        )
    start += n if start < 0 else 0
    if length < 0 or start + length > n:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return _narrow(input, d, start, start + length)


@op(view=True)
def _parts(input, /, dim, sizes):
    """Cut into parts along one dimension, as one node: their gradients meet in one array.

    Formula: x = [y_1, y_2, ...]
    Shapes: `dim` has size sizes[k] in part k.
    Gradient: [g_1, g_2, ...]
    """
    ends = np.cumsum(sizes).tolist()
    return tuple(np.split(input, ends[:-1], dim)), lambda gs, needs: (np.concatenate(gs, dim),)


def split(tensor, split_size_or_sections=None, dim=0, *, split_size=None):
    """Cut along `dim` into parts of one size (the last may be smaller), or of the given sizes."""
    split_size_or_sections = split_size_or_sections if split_size is None else split_size
    if split_size_or_sections is None:
        raise TypeError("split(): missing the size of the parts")
    d = dim_of(dim, tensor._data.ndim)
    if not tensor._data.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    n, sizes = tensor._data.shape[d], split_size_or_sections
    if isinstance(sizes, int):
        if sizes < 0 or (sizes == 0 and n):
            raise RuntimeError(
                f"split: the size must be > 0 for a dimension of size {n}, not {sizes}"
            )
        sizes = [min(sizes, n - i) for i in range(0, n, sizes)] if n else [0]
    if any(s < 0 for s in sizes) or sum(sizes) != n:
        raise RuntimeError(
            f"split_sizes {list(sizes)} must be >= 0 and sum to {n}, the size of dim {d}"
        )
    return _parts(tensor, d, tuple(sizes))


def chunk(input, chunks, dim=0):
    """Cut along `dim` into at most `chunks` parts of equal size (the last may be smaller)."""
    if chunks < 1:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    d = dim_of(dim, input._data.ndim)
    if not input._data.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    n = input._data.shape[d]
    return split(input, -(-n // chunks), d) if n else _parts(input, d, (0,) * chunks)


@op(view=True)
def unbind(input, /, dim=0):
    """All slices along one dimension, as a tuple.

    Formula: y_k = x[k]
    Shapes: `dim` vanishes.
    Gradient: the g_k, stacked
    """
    axis = dim_of(dim, input.ndim)
    if not input.ndim:
        raise RuntimeError("Dimension specified as 0 but tensor has no dimensions")
    return tuple(np.moveaxis(input, axis, 0)), lambda gs, needs: (np.stack(gs, axis),)


@op(view=True)
def select(input, /, dim, index):
    """One slice along one dimension.

    Formula: y = x[index]
    Shapes: `dim` vanishes.
    Gradient: g, with zeros elsewhere
    """
    if not input.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    at = (slice(None),) * dim_of(dim, input.ndim) + (index,)
    return input[at], (_placing(input.shape, at),)


# --- triangles and diagonals ------------------------------------------------------------------


@op
def tril(input, /, diagonal=0):
    """Lower triangle of matrices, the rest zero.

    Formula: y_ij = x_ij where j <= i + diagonal, else 0
    Shapes: (..., n, m)
    Gradient: the same triangle of g
    """
    _need_matrix(input, "tril")
    return np.tril(input, diagonal), (lambda g: np.tril(g, diagonal),)


@op
def triu(input, /, diagonal=0):
    """Upper triangle of matrices, the rest zero.

    Formula: y_ij = x_ij where j >= i + diagonal, else 0
    Shapes: (..., n, m)
    Gradient: the same triangle of g
    """
    _need_matrix(input, "triu")
    return np.triu(input, diagonal), (lambda g: np.triu(g, diagonal),)


def _need_matrix(x, name):
    if x.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")


@op(view=True)
def diagonal(input, /, offset=0, dim1=0, dim2=1):
    """The diagonal of matrices, as the last dimension.

    Formula: y_i = x_(i, i + offset)
    Shapes: (n, m, ...) -> (..., k)
    Gradient: g on that diagonal, zeros elsewhere
    """
    (i, j), shape = dims_of((dim1, dim2), input.ndim), input.shape

    def vjp(g):
        dx = np.zeros(shape, g.dtype)
        _writeable_diagonal(dx, offset, i, j)[...] = g
        return dx

    return _writeable_diagonal(input, offset, i, j), (vjp,)


def _writeable_diagonal(x, offset, i, j):
    """NumPy's diagonal is a view, but read-only by convention."""
    d = np.diagonal(x, offset, i, j)
    if x.flags.writeable:
        d.flags.writeable = True
    return d


@op
def _diag_matrix(input, /, offset=0):
    """A vector on the diagonal of a matrix of zeros.

    Formula: y_(i, i + offset) = x_i
    Shapes: (n) -> (n + |offset|, n + |offset|)
    Gradient: the same diagonal of g
    """
    return np.diag(input, offset), (lambda g: np.diagonal(g, offset),)


_main_diagonal = diagonal  # `diag` has an argument of that name


def diag(input, diagonal=0):
    """A matrix with the vector `input` on a diagonal, or that diagonal of the matrix `input`."""
    if input._data.ndim == 1:
        return _diag_matrix(input, diagonal)
    if input._data.ndim != 2:
        raise RuntimeError("diag(): Supports 1D or 2D tensors")
    return _main_diagonal(input, diagonal).clone()
