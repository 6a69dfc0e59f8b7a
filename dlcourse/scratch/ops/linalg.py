"""Products of vectors and matrices."""

import math
from typing import Any

import numpy as np

from ..autograd import op
from .elementwise import add, mul
from .movement import flatten, movedim, unsqueeze
from .reduce import norm, sum


def _need(condition, message):
    if not condition:
        raise RuntimeError(message)


def _same_dtype(a, b, name):
    _need(
        a.dtype == b.dtype,
        f"{name}: expected both tensors to have the same dtype, not {a.dtype} and {b.dtype}",
    )
    _need(a.dtype.kind != "b", f"{name}: not for bool tensors")


@op
def matmul(input, other, /):
    """Matrix product; leading dimensions broadcast, vectors stand for a row and a column.

    Formula: y_ij = sum over k of a_ik b_kj
    Shapes: (..., n, k), (..., k, m) -> (..., n, m); (k), (k) -> ()
    Gradient: g b^T; a^T g
    """
    a, b = input, other
    _need(a.ndim and b.ndim, "both arguments to matmul need to be at least 1D")
    _same_dtype(a, b, "matmul")
    if b.ndim == 2 and a.ndim > 1:
        return _rows_times_matrix(a, b)
    a2 = a[None] if a.ndim == 1 else a  # (..., n, k)
    b2 = b[:, None] if b.ndim == 1 else b  # (..., k, m)
    lost = (*(-2,) * (a.ndim == 1), *(-1,) * (b.ndim == 1))
    y = a2 @ b2  # (..., n, m)

    def vjp_a(g):
        return np.expand_dims(g, lost) @ b2.swapaxes(-1, -2)

    def vjp_b(g):
        d = a2.swapaxes(-1, -2) @ np.expand_dims(g, lost)
        return d[..., 0] if b.ndim == 1 else d

    return y.squeeze(lost) if lost else y, (vjp_a, vjp_b)


def _rows_times_matrix(a, b):
    """(..., k) @ (k, m) as one BLAS call, however many leading dimensions there are."""
    _need(a.shape[-1] == len(b), f"shapes {a.shape} and {b.shape} cannot be multiplied")
    rows = flat_rows(a)
    return (rows @ b).reshape(*a.shape[:-1], b.shape[1]), (
        lambda g: (flat_rows(g) @ b.T).reshape(*g.shape[:-1], len(b)),
        lambda g: rows.T @ flat_rows(g),
    )


def flat_rows(a):
    """(..., k) as one matrix (n, k)."""
    return a if a.ndim == 2 else a.reshape(math.prod(a.shape[:-1]), a.shape[-1])


def mm(input, mat2):
    """The product of two matrices."""
    _need_dims(2, input, mat2, "mm")
    return matmul(input, mat2)


def bmm(input, mat2):
    """The products of two equally long stacks of matrices."""
    _need_dims(3, input, mat2, "bmm")
    _need(input._data.shape[0] == mat2._data.shape[0], "bmm: the batches must have the same size")
    return matmul(input, mat2)


def dot(input, tensor):
    """The inner product of two vectors."""
    _need_dims(1, input, tensor, "dot")
    return matmul(input, tensor)


def mv(input, vec):
    """A matrix times a vector."""
    _need_dims((2, 1), input, vec, "mv")
    return matmul(input, vec)


def inner(input, other):
    """Sums of products along the last dimensions."""
    if not (input._data.ndim and other._data.ndim):
        return mul(input, other)
    rows = other.reshape(-1, other._data.shape[-1])
    return matmul(input, rows.t()).reshape(*input._data.shape[:-1], *other._data.shape[:-1])


def outer(input, vec2):
    """All products of an element of one vector and one of another: y_ij = a_i b_j."""
    _need_dims(1, input, vec2, "outer")
    return mul(unsqueeze(input, 1), vec2)


def _need_dims(wanted, a, b, name):
    wanted = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    for t in (a, b):
        if not hasattr(t, "_data"):
            raise TypeError(f"{name}(): expected a Tensor, but got {type(t).__name__}")
    found = a._data.ndim, b._data.ndim
    _need(
        found == wanted,
        f"{name}: expected tensors of {wanted[0]} and {wanted[1]} dimensions, not {found}",
    )


def addmm(input, mat1, mat2, *, beta=1, alpha=1):
    """beta input + alpha mat1 @ mat2."""
    return _plus_product(input, mm(mat1, mat2), beta, alpha)


def addmv(input, mat, vec, *, beta=1, alpha=1):
    """beta input + alpha mat @ vec."""
    return _plus_product(input, mv(mat, vec), beta, alpha)


def baddbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta input + alpha batch1 @ batch2, matrix by matrix."""
    return _plus_product(input, bmm(batch1, batch2), beta, alpha)


def _plus_product(input, product, beta, alpha):
    ours, theirs = input._data.shape, product._data.shape
    _need(
        np.broadcast_shapes(ours, theirs) == theirs,
        f"the input of shape {ours} does not broadcast to the product's {theirs}",
    )
    _need(input._data.dtype == product._data.dtype, "input and product must have the same dtype")
    if product._data.dtype.kind != "f":
        beta, alpha = int(beta), int(alpha)  # cut, as torch does
    product = product if alpha == 1 else mul(product, alpha)
    if beta == 0:  # then NaN in the input does not count
        return product
    return add(input if beta == 1 else mul(input, beta), product)


def tensordot(a, b, dims: Any = 2):
    """Sums of products over the last `dims` dimensions of `a` and first of `b`, or listed pairs."""
    n = a._data.ndim
    if isinstance(dims, int):
        _need(0 <= dims <= min(n, b._data.ndim), f"tensordot expects dims in [0, ndim], not {dims}")
        ours, theirs = list(range(n - dims, n)), list(range(dims))
    else:
        _need(n and b._data.ndim, "tensordot: scalars have no dimensions")
        ours, theirs = ([d] if isinstance(d, int) else [*d] for d in dims)
    sizes = [[t._data.shape[d] for d in ds] for t, ds in ((a, ours), (b, theirs))]
    _need(sizes[0] == sizes[1], f"tensordot: contracted dimensions {sizes[0]} and {sizes[1]}")
    a2 = (
        flatten(movedim(a, ours, range(n - len(ours), n)), n - len(ours))
        if ours
        else unsqueeze(a, n)
    )
    b2 = (
        flatten(movedim(b, theirs, range(len(theirs))), 0, len(theirs) - 1)
        if theirs
        else unsqueeze(b, 0)
    )
    left, right = a2._data.shape[:-1], b2._data.shape[1:]
    rows, columns = int(np.prod(left)), int(np.prod(right))
    product = matmul(a2.reshape(rows, a2._data.shape[-1]), b2.reshape(b2._data.shape[0], columns))
    return product.reshape(*left, *right)


def trace(input):
    """The sum of the diagonal of a matrix."""
    _need(input._data.ndim == 2, "trace: expected a matrix")
    return sum(input.diagonal())


def cdist(x1, x2, p=2.0):
    """Distances between rows: (..., n, k), (..., m, k) -> (..., n, m)."""
    return norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)


# --- einsum -----------------------------------------------------------------------------------


@op
def _einsum(*operands, terms, result):
    """Einstein's summation: products summed over every letter that the result does not name.

    Formula: "ik,kj->ij" means y_ij = sum over k of a_ik b_kj
    Shapes: one letter per dimension; equal letters have equal sizes (or 1).
    Gradient: for each operand the einsum of g and the other operands
    Source: Einstein, 1916.
    """
    y = np.einsum(",".join(terms) + "->" + result, *operands, optimize=len(operands) > 1)
    y = y if len(operands) > 1 else y.copy()  # of one operand NumPy may give a view

    def back(g, needs):
        return [
            _einsum_vjp(g, operands, terms, result, i) if n else None for i, n in enumerate(needs)
        ]

    return y, back


def _einsum_vjp(g, operands, terms, result, i):
    x, term = operands[i], terms[i]
    letters = "".join(dict.fromkeys(term))
    others = [t for k, t in enumerate(terms) if k != i]
    arrays = [a for k, a in enumerate(operands) if k != i]
    found = "".join(c for c in letters if any(c in t for t in (result, *others)))
    d = np.einsum(",".join([result, *others]) + "->" + found, g, *arrays, optimize=len(arrays) > 0)
    sizes = dict(zip(term, x.shape, strict=True))
    for axis, c in enumerate(letters):
        if c not in found:  # summed here alone: every element gets the same
            d = np.expand_dims(d, axis)
        elif sizes[c] == 1 != d.shape[axis]:  # broadcast in the sum
            d = d.sum(axis, keepdims=True)
    d = np.broadcast_to(d, [sizes[c] for c in letters])
    if letters == term:
        return d
    dx = np.zeros(x.shape, g.dtype)
    np.einsum(f"{term}->{letters}", dx)[...] = d  # a view of the diagonal
    return dx


def einsum(equation, *operands):
    """Einstein's summation, such as `einsum("bij,bjk->bik", a, b)`."""
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    if not isinstance(equation, str):
        raise NotImplementedError("einsum: write the equation as a string, such as 'ij,jk->ik'")
    for t in operands:
        if not hasattr(t, "_data"):
            raise TypeError(f"einsum(): expected a Tensor, but got {type(t).__name__}")
    terms, result = _einsum_terms(equation.replace(" ", ""), [t._data.ndim for t in operands])
    return _einsum(*operands, terms=terms, result=result)


def _einsum_terms(equation, ndims):
    """The operands' and the result's letters, with letters in the place of any ellipsis."""
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    _need(len(terms) == len(ndims), f"einsum(): {len(terms)} terms for {len(ndims)} operands")
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in equation]
    widths = [
        n - len(t.replace("...", "")) if "..." in t else 0
        for t, n in zip(terms, ndims, strict=True)
    ]
    dots = "".join(spare[: max(widths, default=0)])
    terms = [t.replace("...", dots[len(dots) - w :]) for t, w in zip(terms, widths, strict=True)]
    for t, n in zip(terms, ndims, strict=True):
        _need(
            len(t) == n and all(c.isalpha() for c in t),
            f"einsum(): term '{t}' does not fit {n} dimensions",
        )
    if not arrow:
        letters = sorted(c for c in left if c.isalpha())
        result = "..." + "".join(c for c in letters if letters.count(c) == 1)
    result = result.replace("...", dots)
    _need(
        len(set(result)) == len(result) and set(result) <= set("".join(terms)),
        f"einsum(): the result '{result}' must name letters of the operands, each once",
    )
    return terms, result
