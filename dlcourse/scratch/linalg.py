"""`torch.linalg`: the part of it that models use."""

from collections import namedtuple
from functools import reduce
from typing import Any

import numpy as np

from . import ops
from .autograd import Tensor, op, wrap
from .ops.linalg import matmul
from .ops.reduce import norm as _norm
from .ops.reduce import vector_norm

__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "vector_norm",
]
lapack: Any = np.linalg
diagonal = ops.PUBLIC["diagonal"]


def cross(input, other, *, dim=-1):
    """`torch.cross` along the last dimension, if no other is named."""
    return ops.PUBLIC["cross"](input, other, dim)


class LinAlgError(RuntimeError):
    """A matrix without what was asked for, such as the inverse of a singular one."""


def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """The 2-norm of vectors, or the Frobenius norm of matrices, unless `ord` says otherwise."""
    matrices = isinstance(dim, tuple) or (dim is None and A._data.ndim == 2)
    if matrices and ord not in (None, "fro"):
        raise NotImplementedError("linalg.norm: of the matrix norms only 'fro' is supported")
    return _norm(A, 2 if ord in (None, "fro") else ord, dim, keepdim, dtype=dtype)


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """The Frobenius norm of matrices."""
    return norm(A, ord, tuple(dim), keepdim, dtype=dtype)


# --- with gradients ---------------------------------------------------------------------------


def _square(a, name):
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise RuntimeError(f"linalg.{name}: A must be batches of square matrices, not {a.shape}")
    if a.dtype.kind != "f":
        raise RuntimeError(f"linalg.{name}: Expected a floating point tensor as input")
    return a


def _tried(function, *arrays):
    try:
        return function(*arrays)
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"linalg: {error}") from None


@op
def _solve(A, B, /):
    """The solution of linear equations.

    Formula: x = A^-1 b
    Shapes: (..., n, n), (..., n, k) -> (..., n, k)
    Gradient: db = A^-T g; dA = -db x^T
    """
    x = _tried(np.linalg.solve, A, B)

    def back(g, needs):
        db = np.linalg.solve(A.swapaxes(-1, -2), g)
        return (-db @ x.swapaxes(-1, -2) if needs[0] else None), db

    return x, back


def solve(A, B, *, left=True):
    """The x of A x = B (of x A = B unless `left`): A (..., n, n), B (..., n) or (..., n, k)."""
    _square(A._data, "solve")
    if not left:
        return solve(A.mT, B.mT).mT
    vectors = B._data.ndim == 1 or B._data.shape == A._data.shape[:-1]
    return _solve(A, B.unsqueeze(-1)).squeeze(-1) if vectors else _solve(A, B)


def inv(A):
    """The inverse of square matrices."""
    n = len(_square(A._data, "inv").T)
    eye = wrap(np.eye(n, dtype=A._data.dtype))
    return _solve(A, eye.expand(A._data.shape))


@op
def _slogdet(A, /):
    """Sign and logarithm of the determinant's size.

    Formula: det A = sign exp(y)
    Shapes: (..., n, n) -> (...)
    Gradient: g A^-T
    """
    sign, value = np.linalg.slogdet(_square(A, "slogdet"))

    def back(g, needs):
        return (np.asarray(g[1])[..., None, None] * np.linalg.inv(A).swapaxes(-1, -2),)

    return (np.asarray(sign), np.asarray(value)), back


_Slogdet = namedtuple("slogdet", "sign logabsdet")


def slogdet(A):
    """`(sign, logabsdet)` of square matrices."""
    sign, value = _slogdet(A)
    return _Slogdet(sign.detach(), value)


def logdet(input):
    """The logarithm of the determinant; NaN where that is negative."""
    sign, size = slogdet(input)
    return size + sign.detach().log()


def det(A):
    """The determinants of square matrices."""
    sign, value = slogdet(A)
    return sign * value.exp()


@op
def _cholesky(A, /):
    """The lower triangular factor of positive definite matrices.

    Formula: A = L L^T
    Shapes: (..., n, n) -> (..., n, n)
    Gradient: L^-T Phi(L^T g) L^-1, made symmetric; Phi takes the lower triangle, half the diagonal
    Source: Murray, 2016, section 3.
    """
    L = _tried(np.linalg.cholesky, _square(A, "cholesky"))

    def vjp(g):
        inner = np.tril(L.swapaxes(-1, -2) @ np.tril(g))
        inner -= 0.5 * np.eye(inner.shape[-1], dtype=g.dtype) * inner
        inverse = np.linalg.inv(L)
        d = inverse.swapaxes(-1, -2) @ inner @ inverse
        return (d + d.swapaxes(-1, -2)) / 2

    return L, (vjp,)


def cholesky(A, *, upper=False):
    """The lower (or upper) triangular factor of positive definite matrices."""
    L = _cholesky(A)
    return L.mT if upper else L


def matrix_power(A, n):
    """A multiplied by itself, `n` times in all; of the inverse for negative n."""
    if n < 0:
        return matrix_power(inv(A), -n)
    eye = wrap(np.eye(A._data.shape[-1], dtype=A._data.dtype)).expand(A._data.shape)
    return reduce(matmul, [A] * n) if n else eye.clone()


def multi_dot(tensors):
    """The product of several matrices."""
    return reduce(matmul, tensors)


# --- without gradients ------------------------------------------------------------------------


def _plain(name, t) -> Any:
    """The array of a tensor that asks for no gradient."""
    if t._requires_grad:
        raise NotImplementedError(f"linalg.{name} has no gradient here: detach() its input")
    return t._data


def _named(name, fields, arrays):
    return namedtuple(name, fields)(*(wrap(np.ascontiguousarray(a)) for a in arrays))


def qr(A, mode="reduced"):
    """`(Q, R)`: orthonormal columns and an upper triangle."""
    return _named("qr", "Q R", lapack.qr(_plain("qr", A), mode))


def eigh(A, UPLO="L"):
    """`(eigenvalues, eigenvectors)` of symmetric matrices, in ascending order."""
    found = lapack.eigh(_plain("eigh", A), UPLO)
    return _named("linalg_eigh", "eigenvalues eigenvectors", found)


def eigvalsh(A, UPLO="L"):
    """The eigenvalues of symmetric matrices, in ascending order."""
    return wrap(lapack.eigvalsh(_plain("eigvalsh", A), UPLO))


def svd(A, full_matrices=True):
    """`(U, S, Vh)`: A = U diag(S) Vh."""
    return _named("linalg_svd", "U S Vh", lapack.svd(_plain("svd", A), full_matrices))


def svdvals(A):
    """The singular values, in descending order."""
    return wrap(lapack.svd(_plain("svdvals", A), compute_uv=False))


def matrix_rank(A, *, tol=None):
    """How many singular values count as nonzero."""
    return wrap(np.asarray(lapack.matrix_rank(_plain("matrix_rank", A), tol)))


def pinv(A, rcond=None):
    """The pseudo-inverse."""
    a = _plain("pinv", A)
    rcond = max(a.shape[-2:]) * np.finfo(a.dtype).eps if rcond is None else rcond
    return wrap(np.linalg.pinv(a, rcond))


def lstsq(A, B):
    """`.solution`: the x with the least squares of A x - B."""
    a, b = _plain("lstsq", A), _plain("lstsq", B)
    return namedtuple("linalg_lstsq", "solution")(wrap(np.linalg.pinv(a) @ b))


for _name, _function in {
    "cholesky": cholesky,
    "det": det,
    "inverse": inv,
    "logdet": lambda self: slogdet(self).logabsdet,
    "matrix_power": matrix_power,
    "pinverse": pinv,
    "slogdet": slogdet,
}.items():
    setattr(Tensor, _name, _function)
