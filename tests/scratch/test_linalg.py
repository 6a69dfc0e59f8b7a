"""`torch.linalg`: values, gradients and refusals as in torch."""

import numpy as np
import pytest

from dlcourse import scratch
from tests.scratch.parity import compare

RNG = np.random.default_rng(8)
A = RNG.standard_normal((4, 4))
DATA = {
    "a": A,
    "b": RNG.standard_normal((4, 3)),
    "v": RNG.standard_normal(4),
    "s": RNG.standard_normal((2, 3, 3)),
    "w": RNG.standard_normal((2, 3)),
    "d": RNG.standard_normal((5, 3)),
    "q": np.arange(6),
}
TEXTS = """
T.linalg.solve(a, b), T.linalg.solve(a, v), T.linalg.solve(s, w), T.linalg.solve(s, s)
T.linalg.solve(a, b.t(), left=False)
T.linalg.solve(a[:3], b)
T.linalg.solve(a * 0, b)
T.linalg.inv(a), T.inverse(s), a.inverse()
T.linalg.inv(d)
T.linalg.det(a), T.det(s), a.det()
T.linalg.slogdet(s).logabsdet, T.slogdet(a)[0], a.logdet() if T.det(a) > 0 else (-a).logdet()
T.linalg.cholesky(a @ a.t() + T.eye(4)), T.cholesky(s @ s.mT + T.eye(3))
T.linalg.cholesky(a @ a.t() + T.eye(4), upper=True)
T.linalg.cholesky(-T.eye(3))
T.linalg.matrix_power(a, 3), T.matrix_power(a, 0), a.matrix_power(-2)
T.linalg.multi_dot([a, b, b.t()]), T.linalg.matrix_norm(a)
T.linalg.cross(w, s[0, :2]), T.linalg.diagonal(a)
T.linalg.eigvalsh(a.detach() + a.detach().t()), T.linalg.svdvals(d.detach())
T.linalg.eigh((a + a.t()).detach()).eigenvalues
abs(T.linalg.svd(d.detach(), full_matrices=False).U), T.linalg.svd(s.detach()).S
abs(T.linalg.qr(d.detach()).R), T.linalg.matrix_rank(d.detach() @ d.detach().t())
T.linalg.pinv(d.detach()), T.pinverse(d.detach()), T.linalg.lstsq(d.detach(), d.detach()).solution
T.linalg.inv(q)
"""
TEXTS = [line for line in TEXTS.splitlines() if line]


@pytest.mark.parametrize("text", TEXTS)
def test_they_agree(text):
    compare(text, DATA)


@pytest.mark.parametrize("name", ["qr", "eigh", "eigvalsh", "svd", "svdvals", "pinv"])
def test_missing_gradients_are_refused(name):
    with pytest.raises(NotImplementedError, match="detach"):
        getattr(scratch.linalg, name)(scratch.eye(3, requires_grad=True))
