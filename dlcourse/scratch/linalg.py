"""`torch.linalg`: the part of it that models use."""

from .ops.linalg import matmul
from .ops.reduce import norm as _norm
from .ops.reduce import vector_norm

__all__ = ["matmul", "norm", "vector_norm"]


def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """The 2-norm of vectors, or the Frobenius norm of matrices, unless `ord` says otherwise."""
    matrices = isinstance(dim, tuple) or (dim is None and A._data.ndim == 2)
    if matrices and ord not in (None, "fro"):
        raise NotImplementedError("linalg.norm: of the matrix norms only 'fro' is supported")
    return _norm(A, 2 if ord in (None, "fro") else ord, dim, keepdim, dtype=dtype)
