"""What other ops together say in a line or two: no gradient is derived here."""

import math
from itertools import combinations as _combinations
from itertools import product as _product

import numpy as np

from ..autograd import wrap
from ._shape import dim_of
from .elementwise import _need_bool, isnan, where
from .index import index_select, masked_select
from .linalg import outer
from .movement import broadcast_tensors, cat, flatten, movedim, narrow, stack, unsqueeze
from .reduce import logsumexp, result_tuple
from .reduce import sum as total
from .sort import searchsorted, sort

# --- elements ---------------------------------------------------------------------------------


def deg2rad(input):
    """Degrees as radians."""
    return input * (math.pi / 180)


def rad2deg(input):
    """Radians as degrees."""
    return input * (180 / math.pi)


def sinc(input):
    """sin(pi x) / (pi x), and 1 at 0."""
    x = where(input == 0, 1.0, input) * math.pi
    return where(input == 0, 1.0, x.sin() / x)


def fmax(input, other):
    """The larger of two; beside a NaN the other one."""
    return where((input >= other) | isnan(other), input, other)


def fmin(input, other):
    """The smaller of two; beside a NaN the other one."""
    return where((input <= other) | isnan(other), input, other)


def float_power(input, exponent):
    """`pow` in float64."""
    x, n = (t.double() if hasattr(t, "_data") else float(t) for t in (input, exponent))
    return x**n


def nansum(input, dim=None, keepdim=False, *, dtype=None):
    """`sum` that counts NaN as 0."""
    return total(input.masked_fill(isnan(input), 0), dim, keepdim, dtype=dtype)


def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """`mean` over what is not NaN."""
    if not input.is_floating_point():
        raise RuntimeError("nanmean(): expected input to have floating point dtype")
    counts = (~isnan(input)).sum(dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / counts


def isin(elements, test_elements, *, assume_unique=False, invert=False):
    """Where `elements` are among `test_elements`."""
    a, b = (getattr(t, "_data", t) for t in (elements, test_elements))
    return wrap(np.isin(a, b, assume_unique=assume_unique, invert=invert))


def is_nonzero(input):
    """Is the only element nonzero?"""
    if input._data.size != 1:
        raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
    return bool(input._data.item())


# --- along a dimension ------------------------------------------------------------------------


_CumMax, _CumMin, _Mode, _NanMedian = (
    result_tuple(n, "values", "indices") for n in ("cummax", "cummin", "mode", "nanmedian")
)


def cummax(input, dim):
    """`(values, indices)` of the running maximum along `dim`; of equal ones the last."""
    return _CumMax(*_running(input, dim, np.maximum))


def cummin(input, dim):
    """`(values, indices)` of the running minimum along `dim`; of equal ones the last."""
    return _CumMin(*_running(input, dim, np.minimum))


def _running(input, dim, extreme):
    dim = dim_of(dim, input._data.ndim)
    if not input._data.ndim:
        return input.clone(), wrap(np.zeros((), np.int64))
    x = np.moveaxis(input._data, dim, 0)
    steps = np.arange(len(x)).reshape(-1, *(1,) * (x.ndim - 1))
    at = np.where((extreme.accumulate(x) == x) | np.isnan(x), steps, 0)
    index = wrap(np.moveaxis(np.maximum.accumulate(at), 0, dim).copy())
    return input.gather(dim, index), index


def logcumsumexp(input, dim):
    """Logarithm of the running sum of exponentials along `dim`."""
    if not input._data.ndim:
        return input.clone()
    x = movedim(input, dim, -1)
    n = x._data.shape[-1]
    earlier = wrap(np.tri(n, dtype=bool))
    return movedim(logsumexp(where(earlier, unsqueeze(x, -2), -math.inf), -1), -1, dim)


_BETWEEN = {
    "linear": lambda share: share,
    "lower": np.zeros_like,
    "higher": np.ceil,
    "midpoint": lambda share: np.ceil(share) / 2,
    "nearest": np.zeros_like,  # of what is rounded already
}


def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The value below which a share `q` (a number or a vector) lies, between its neighbours."""
    if interpolation not in _BETWEEN:
        raise RuntimeError(f"quantile() interpolation must be one of {list(_BETWEEN)}")
    if input._data.dtype.kind != "f":
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if not input._data.size:
        raise RuntimeError("quantile() input tensor must be non-empty")
    q = getattr(q, "_data", q)
    if np.any((np.asarray(q) < 0) | (np.asarray(q) > 1)):
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    x, axis = (flatten(input), 0) if dim is None or not input._data.ndim else (input, dim)
    x = sort(movedim(x, axis, 0), 0)[0]
    at = np.asarray(q, x._data.dtype).reshape(-1) * (len(x) - 1)
    at = np.round(at) if interpolation == "nearest" else at  # halves to even
    low, high = (index_select(x, 0, wrap(f(at).astype(np.int64))) for f in (np.floor, np.ceil))
    share = _BETWEEN[interpolation](at - np.floor(at))
    share = wrap(share.reshape(-1, *(1,) * (x._data.ndim - 1)))
    mixed = interpolation in ("linear", "midpoint")
    found = low.lerp(high, share) if mixed else where(share > 0, high, low)  # (q, ...)
    found = where(isnan(x).any(0), x[-1], found)  # NaN comes last
    if keepdim and dim is None:
        found = found.reshape(-1, *(1,) * input._data.ndim)
    elif keepdim:
        found = unsqueeze(found, 1 + dim_of(dim, input._data.ndim))
    return found if np.ndim(q) else found[0]


def mode(input, dim=-1, keepdim=False):
    """`(values, indices)` of the most frequent element along `dim`, of equally many the least."""
    dim = dim_of(dim, input._data.ndim)
    if not input._data.ndim:
        return _Mode(input.clone(), wrap(np.zeros((), np.int64)))
    x = np.moveaxis(input._data, dim, -1)
    counts = (x[..., :, None] == x[..., None, :]).sum(-1)
    best = np.where(counts == counts.max(-1, keepdims=True), x, x.max(-1, keepdims=True))
    last = x.shape[-1] - 1 - (x == best.min(-1, keepdims=True))[..., ::-1].argmax(-1)
    index = wrap(np.expand_dims(last, dim))
    values = input.gather(dim, index)
    return _Mode(*(t if keepdim else t.squeeze(dim) for t in (values, index)))


def nanmedian(input, dim=None, keepdim=False):
    """`median` over what is not NaN."""
    if dim is None:
        kept = masked_select(input, ~isnan(input))
        return (kept if kept._data.size else flatten(input)).median()
    order = sort(input, dim).indices  # NaN comes last
    counts = (~isnan(input)).sum(dim, keepdim=True)
    index = order.gather(dim, ((counts - 1) // 2).clamp(min=0))
    values = input.gather(dim, index)
    return _NanMedian(*(t if keepdim else t.squeeze(dim) for t in (values, index)))


def msort(input):
    """The rows in order, column by column."""
    return sort(input, 0).values


def trapezoid(y, x=None, *, dx=1, dim=-1):
    """The area under points `y`, `dx` apart or at `x`, by the trapezoid rule."""
    n = y._data.shape[dim]
    pairs = narrow(y, dim, 1, n - 1) + narrow(y, dim, 0, n - 1)
    width = dx if x is None else x.diff() if x._data.ndim == 1 else x.diff(dim=dim)
    if x is not None and x._data.ndim == 1:
        pairs, dim = movedim(pairs, dim, -1), -1
    return total(pairs * width, dim) / 2


def cross(input, other, dim=None):
    """The vector at right angles to both, of three elements along `dim` (the first of size 3)."""
    if input._data.ndim != other._data.ndim:
        raise RuntimeError("cross: inputs must have the same number of dimensions")
    dim = input._data.shape.index(3) if dim is None and 3 in input._data.shape else dim or 0
    if input._data.shape[dim] != 3 or other._data.shape[dim] != 3:
        raise RuntimeError("inputs dimension must have length 3")
    a, b = broadcast_tensors(input, other)
    (a1, a2, a3), (b1, b2, b3) = a.unbind(dim), b.unbind(dim)
    return stack([a2 * b3 - a3 * b2, a3 * b1 - a1 * b3, a1 * b2 - a2 * b1], dim)


def dist(input, other, p=2):
    """The p-norm of the difference."""
    return (input - other).norm(p)


def cov(input, *, correction=1):
    """Covariances of the rows of (variables, observations)."""
    x = input if input._data.ndim > 1 else input.reshape(1, -1)
    x = x - x.mean(1, keepdim=True)
    return (x @ x.t() / (x._data.shape[1] - correction)).squeeze()


def corrcoef(input):
    """Correlations of the rows of (variables, observations)."""
    found = cov(input)
    if not found._data.ndim:
        return found / found
    scale = found.diagonal().sqrt()
    return (found / scale[:, None] / scale).clamp(-1, 1)


# --- places -----------------------------------------------------------------------------------


def unfold(self, dimension, size, step):
    """Windows of `size` elements, `step` apart, along one dimension; their elements come last."""
    n = self._data.shape[dimension] if self._data.ndim else 1
    if size > n or step <= 0:
        raise RuntimeError(f"unfold: windows of {size}, step {step}, do not fit a size of {n}")
    starts = np.arange(0, n - size + 1, step)
    if not self._data.ndim:
        return self.reshape(size)
    dim = dim_of(dimension, self._data.ndim)
    windows = index_select(self, dim, wrap((starts[:, None] + np.arange(size)).reshape(-1)))
    return movedim(windows.unflatten(dim, (len(starts), size)), dim + 1, -1)


def masked_scatter(input, mask, source):
    """A copy with the elements of `source`, in order, where the mask is True."""
    _need_bool(mask._data, "masked_scatter")
    input, mask = broadcast_tensors(input, mask)
    places = mask._data.reshape(-1).nonzero()[0]
    if len(places) > source._data.size:
        raise RuntimeError("masked_scatter: source has fewer elements than the mask has True")
    flat = source.reshape(-1)[: len(places)]
    return input.reshape(-1).index_copy(0, wrap(places), flat).reshape(input._data.shape)


def index_put(input, indices, values, accumulate=False):
    """A copy with `values` at `input[indices]`, or added there."""
    places = np.arange(input._data.size).reshape(input._data.shape)
    at = places[tuple(slice(None) if i is None else i._data for i in indices)]
    flat, into = input.reshape(-1), wrap(at.reshape(-1))
    values = values.expand(at.shape).reshape(-1)
    put = flat.index_add if accumulate else flat.index_copy
    return put(0, into, values).reshape(input._data.shape)


def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Matrices with the last dimension of `input` on a diagonal."""
    n = input._data.shape[-1]
    size = n + abs(offset)
    rows = np.arange(n) + max(-offset, 0)
    flat = input.new_zeros(*input._data.shape[:-1], size * size)
    at = wrap(rows * size + np.arange(n) + max(offset, 0))
    found = flat.index_copy(-1, at, input).unflatten(-1, (size, size))
    return movedim(found, (-2, -1), (dim1, dim2))


def diagflat(input, offset=0):
    """A matrix with all elements of `input` on a diagonal."""
    return diag_embed(input.reshape(-1), offset)


def rot90(input, k=1, dims=(0, 1)):
    """Turned by 90 degrees, `k` times, from the first of `dims` towards the second."""
    a, b = dims
    turned = {0: input, 1: input.flip(b).transpose(a, b), 2: input.flip((a, b))}
    turned[3] = input.transpose(a, b).flip(b)
    return turned[k % 4].clone()


def tensor_split(input, indices_or_sections, dim=0):
    """Cut into so many nearly equal parts, or before the given places."""
    places = getattr(indices_or_sections, "_data", indices_or_sections)
    places = np.asarray(places).tolist()
    n = input._data.shape[dim]
    if isinstance(places, int):
        if places <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {places}")
        sizes = [n // places + (i < n % places) for i in range(places)]
        places = np.cumsum(sizes[:-1]).tolist()
    bounds = [slice(*p).indices(n)[:2] for p in zip([0, *places], [*places, n], strict=True)]
    return tuple(narrow(input, dim, a, max(b - a, 0)) for a, b in bounds)


def split_with_sizes(input, split_sizes, dim=0):
    """`split` into the given sizes."""
    return input.split(list(split_sizes), dim)


# --- several tensors --------------------------------------------------------------------------


def atleast_1d(input):
    """At least one dimension."""
    return input if input._data.ndim else input.reshape(1)


def atleast_3d(input):
    """At least three dimensions: (n) becomes (1, n, 1), (n, m) becomes (n, m, 1)."""
    n = input._data.ndim
    x = input if n > 1 else unsqueeze(atleast_1d(input), 0)
    return x if n > 2 else unsqueeze(x, -1)


def column_stack(tensors):
    """Join vectors as columns, matrices side by side."""
    return cat([t.reshape(-1, 1) if t._data.ndim < 2 else t for t in tensors], 1)


def block_diag(*tensors):
    """The matrices along one diagonal, zeros elsewhere."""
    blocks = [t if t._data.ndim == 2 else t.reshape(1, -1) for t in tensors]
    width, rows, left = sum(b._data.shape[1] for b in blocks), [], 0
    for b in blocks:
        n, m = b._data.shape
        parts = [b.new_zeros(n, left), b, b.new_zeros(n, width - left - m)]
        rows.append(cat(parts, 1))
        left += m
    return cat(rows)


def kron(input, other):
    """Kronecker's product: each element of `input` times all of `other`."""
    n = max(input._data.ndim, other._data.ndim)
    a, b = (t.reshape(*(1,) * (n - t._data.ndim), *t._data.shape) for t in (input, other))
    spread = a.reshape(*(s for n in a._data.shape for s in (n, 1)))
    product = spread * b.reshape(*(s for n in b._data.shape for s in (1, n)))
    pairs = zip(a._data.shape, b._data.shape, strict=True)
    return product.reshape(*(x * y for x, y in pairs))


def cartesian_prod(*tensors):
    """All tuples of one element each, as rows."""
    if len(tensors) == 1:
        return tensors[0]
    places = np.array(list(_product(*(range(len(t)) for t in tensors))), np.int64)
    places = places.reshape(-1, len(tensors))
    return stack([t[wrap(p.copy())] for t, p in zip(tensors, places.T, strict=True)], 1)


def combinations(input, r=2, with_replacement=False):
    """All choices of `r` elements of a vector, as rows."""
    if with_replacement:
        raise NotImplementedError("combinations: with_replacement is not supported")
    places = np.array(list(_combinations(range(len(input)), r)), np.int64).reshape(-1, r)
    return input[wrap(places)]


def bucketize(input, boundaries, *, right=False):
    """The number of the bucket between sorted `boundaries` in which each element lies."""
    x = input if hasattr(input, "_data") else wrap(np.asarray(input))
    return searchsorted(boundaries, x, right=right)


def scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    """A copy whose elements at `index` along `dim` are the sum, mean or extreme of `src` there."""
    if reduce not in ("sum", "mean", "amax", "amin"):
        raise NotImplementedError(f"scatter_reduce: reduce={reduce!r} is not supported")
    src = src[tuple(slice(n) for n in index._data.shape)]
    ones, zeros = (wrap(f(t._data)) for f, t in ((np.ones_like, src), (np.zeros_like, input)))
    counts = zeros.scatter_add(dim, index, ones)  # how many elements of src meet each place
    whole = not input.is_floating_point()
    if reduce in ("sum", "mean"):
        base = input if include_self else input.masked_fill(counts > 0, 0)
        total = base.scatter_add(dim, index, src)
        if reduce == "sum":
            return total
        return total.div(
            (counts + include_self).clamp(min=1), rounding_mode="floor" * whole or None
        )
    limits = np.iinfo(input._data.dtype) if whole else np.finfo(input._data.dtype)
    worst = limits.max if reduce == "amin" else limits.min
    best = input.detach().clone() if include_self else input.detach().masked_fill(counts > 0, worst)
    at = list(np.indices(index._data.shape, sparse=True))
    at[dim] = index._data
    (np.minimum if reduce == "amin" else np.maximum).at(best._data, tuple(at), src._data)
    if whole:
        return best
    ours = (input.detach() == best) & ((counts == 0) | include_self)  # those share the gradient
    theirs = (src.detach() == best.gather(dim, index)) * ones
    shares = ours * 1.0 + zeros.scatter_add(dim, index, theirs)
    mine = where(ours, input, 0.0) / shares
    return mine + zeros.scatter_add(dim, index, src * theirs / shares.gather(dim, index))


def sum_to_size(self, *size):
    """Summed over the dimensions in which `size` is 1 or missing."""
    size = size[0] if len(size) == 1 and not isinstance(size[0], int) else size
    extra = self._data.ndim - len(size)
    dims = [d for d, n in enumerate(self._data.shape) if d < extra or size[d - extra] == 1 != n]
    return (total(self, dims, True) if dims else self).reshape(tuple(size))


def hsplit(input, indices_or_sections):
    """Cut side by side: along dimension 1, or 0 for vectors."""
    return tensor_split(input, indices_or_sections, 1 if input._data.ndim > 1 else 0)


def vsplit(input, indices_or_sections):
    """Cut on top of each other."""
    return tensor_split(input, indices_or_sections, 0)


def addr(input, vec1, vec2, *, beta=1, alpha=1):
    """beta input + alpha times the outer product."""
    return beta * input + alpha * outer(vec1, vec2)


def ravel(input):
    """All elements as a vector."""
    return flatten(input)


def heaviside(input, values):
    """0 below zero, 1 above, `values` at it."""
    if input._data.dtype != values._data.dtype:
        raise RuntimeError("heaviside is not implemented for tensors with different dtypes")
    return where(input == 0, values, (input > 0).to(input.dtype))


def signbit(input):
    """Where the sign is negative, that of zero too."""
    return wrap(np.signbit(input._data))


def unravel_index(indices, shape):
    """The position in each dimension of elements numbered in order."""
    found = np.unravel_index(indices._data, tuple(shape))
    return tuple(wrap(np.asarray(i, np.int64)) for i in found)


def ger(input, vec2):
    """`outer` under its older name."""
    return outer(input, vec2)


def vdot(input, other):
    """The inner product of two vectors."""
    return input.dot(other)


def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The elements without repeats of the one before; on request their places and counts."""
    if dim is not None:
        raise NotImplementedError("unique_consecutive: dim is not supported")
    flat = flatten(input)
    new = np.concatenate([[True], flat._data[1:] != flat._data[:-1]])[: flat._data.size]
    inverse = np.cumsum(new) - 1
    parts = [masked_select(flat, wrap(new))]
    parts += [wrap(inverse.reshape(input._data.shape))] * return_inverse
    parts += [wrap(np.bincount(inverse))] * return_counts
    return tuple(parts) if len(parts) > 1 else parts[0]


def histc(input, bins=100, min=0, max=0):
    """How many elements fall into each of `bins` equal parts of [min, max] (or of their range)."""
    x = input._data.reshape(-1)
    low, high = (x.min(), x.max()) if min == max == 0 and x.size else (min, max)
    if low == high:
        low, high = low - 1, high + 1
    return wrap(np.histogram(x, bins, (low, high))[0].astype(input._data.dtype))
