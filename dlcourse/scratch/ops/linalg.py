"""Products of vectors and matrices."""

from ..autograd import op


@op
def matmul(input, other, /):
    """Matrix product; leading dimensions broadcast, vectors as rows or columns.

    Formula: y_ij = sum over k of a_ik b_kj
    Shapes: (..., n, k), (..., k, m) -> (..., n, m)
    Gradient: g b^T; a^T g
    """
    a, b = input, other
    return a @ b, (lambda g: g @ b.swapaxes(-1, -2), lambda g: a.swapaxes(-1, -2) @ g)
