"""The ops that are a line or two of others: values, gradients and refusals as in torch."""

import numpy as np
import pytest
import torch

from dlcourse import scratch
from tests.scratch.parity import compare

RNG = np.random.default_rng(5)
PLAIN = {
    "x": RNG.standard_normal((3, 4)),
    "y": RNG.standard_normal((3, 4)),
    "p": RNG.uniform(0.1, 0.9, (3, 4)),
    "v": RNG.standard_normal(4),
    "s": np.array([-2.0, -0.5, 0.3, 1.5]),
    "n": np.array([[1.0, np.nan, 2.0], [np.nan, np.nan, 5.0]]),
    "i": np.array([[3, 1, 1, 2], [2, 2, 0, 0]]),
    "m": np.array([[True, False, True, False]] * 3),
}
TEXTS = """
T.asinh(x), x.arcsinh()
T.acosh(p + 1), T.atanh(p), T.arctanh(p)
T.deg2rad(x), T.rad2deg(x), T.hypot(x, y), T.sgn(x), T.fix(x)
T.logit(p), T.logit(p, 0.3), T.logit(x, eps=1e-6)
T.xlogy(p, p), T.xlogy(i.double() * 0, p[:2])
T.nansum(n.detach()), T.nansum(n.detach(), 0), n.detach().nansum(1, keepdim=True)
T.nanmean(n.detach()), T.nanmean(n.detach(), 0), T.nanmean(n.detach(), dim=1)
T.isin(i, T.tensor([2, 3])), T.isin(i, 1), T.isin(i, T.tensor([2]), invert=True)
T.is_nonzero(v[:1]), T.is_nonzero(i[1, 2])
T.is_nonzero(v)
T.cummax(x, 0), x.cummin(1), T.cummax(i, 1), T.cummin(v, -1)
T.logcumsumexp(x, 1), T.logcumsumexp(x, 0), v.logcumsumexp(0)
T.quantile(x, 0.3), T.quantile(x, 0.5, 1), x.quantile(0.5, 0, keepdim=True)
T.quantile(x, T.tensor([0.1, 0.9], dtype=T.float64), dim=1), T.quantile(v, 1.0, keepdim=True)
T.quantile(x, 1.5)
T.quantile(i, 0.5)
T.mode(i), i.mode(0), i.mode(1, True)
T.trapezoid(x), T.trapz(x, dx=0.5, dim=0), T.trapezoid(x, s), T.trapezoid(x, y, dim=0)
T.cross(x[:, :3], y[:, :3], dim=1), T.cross(x, y, dim=0), x[:, 0].cross(y[:, 0], -1)
T.cross(x, y, dim=1)
T.dist(x, y), x.dist(y, 1)
T.cov(x), T.cov(v), T.corrcoef(x), x.cov(correction=0)
x.unfold(1, 2, 1), x.unfold(0, 2, 1), x.unfold(-1, 3, 2), v.unfold(0, 4, 1)
x.unfold(0, 1, 1).unfold(1, 2, 2).shape
x.unfold(1, 5, 1)
x.unfold(1, 2, 0)
x.masked_scatter(m, y), x.masked_scatter(m[:1], y[:2, :3])
x.masked_scatter(m, v)
x.index_put((T.tensor([0, 2]), T.tensor([1, 1])), v[:2])
x.index_put((T.tensor([0, 0]),), y[:2], accumulate=True)
x.index_put((T.tensor([1]),), v[0])
T.diag_embed(x), T.diag_embed(x, 1), T.diag_embed(x, -2), T.diag_embed(x, 0, 0, 2)
T.diagflat(v), T.diagflat(x, 1)
T.rot90(x), T.rot90(x, 2), T.rot90(x, -1), x.rot90(1, [1, 0])
T.tensor_split(v, 3), T.tensor_split(x, (1, 3), 1), x.tensor_split(2)
x.split_with_sizes([1, 3], 1), x.split_with_sizes((1, 2))
T.atleast_1d(x.sum()), T.atleast_3d(v), T.atleast_3d(x), T.atleast_3d(x.sum())
T.column_stack([x, v[:3]]), T.row_stack([x, v]), T.column_stack((v, s))
T.block_diag(x, v, y[:1]), T.kron(x, y[:2, :2]), T.kron(v, x)
T.cartesian_prod(v, s), T.cartesian_prod(v), T.combinations(v), T.combinations(v, 3)
T.bucketize(x, s), T.bucketize(x, s, right=True), T.bucketize(0.3, s)
T.ger(v, s), v.ger(s), T.vdot(v, s)
T.unique_consecutive(i), T.unique_consecutive((v * 0).detach())
T.erfc(x), T.erfc(x * 4)
T.erfinv(p * 2 - 1)
T.erfinv(p - 0.5), (x / 9).erfinv()
T.erfinv(T.tensor([-2.0, -1.0, 0.0, 1.0, 0.99]))
T.lgamma(p * 9), T.lgamma(x), T.digamma(p * 9), T.digamma(x.detach()), T.lgamma(v * 0)
T.special.expit(x), T.special.gammaln(p), T.special.xlogy(p, p), T.special.log_softmax(x, 0)
T.ravel(x), T.heaviside(x.detach(), v.detach()), T.signbit(x), T.addr(x, v[:3], v, beta=2, alpha=3)
T.hsplit(x, 2), T.vsplit(x, [1]), T.hsplit(v, [1, 3]), T.unravel_index(i, (2, 3))
x.scatter_reduce(1, i[:, :3].repeat(2, 1)[:3], y[:, :3], "sum")
x.scatter_reduce(1, T.tensor([[0, 0], [1, 1], [2, 3]]), y[:, :2], reduce="mean")
x.scatter_reduce(0, T.tensor([[0, 0], [1, 1]]), y[:2, :2], reduce="amax", include_self=False)
x.scatter_reduce(1, T.tensor([[0, 0], [1, 1], [2, 3]]), y[:, :2], reduce="amin")
x.scatter_reduce(1, T.tensor([[0, 0], [1, 1], [2, 3]]), y[:, :2], reduce="mean", include_self=False)
x.sum_to_size(1, 4), x.sum_to_size(4), x[None].sum_to_size((3, 1))
T.max(x, other=y), x.min(other=y), x.swapaxes(axis0=0, axis1=1), T.cat([x, y], axis=1)
T.diff(x, prepend=y, append=y[:, :1]), T.searchsorted(s, x, side="right")
T.cosine_similarity(x, y), T.pairwise_distance(x, y), T.layer_norm(x, (4,)), T.celu(x)
T.conv1d(x[None], y[None]), T.max_pool1d(x[None], 2), T.dropout(x, 0.5, False)
T.nn.functional.interpolate(x[None, None, None], scale_factor=2, mode="trilinear")
T.nn.functional.interpolate(y[None, None, None], size=(2, 5, 3), mode="area")
T.histc(x, 5), T.histc(x, 4, -1, 1), T.histc(v * 0 + 1, 3)
"""
EDGES = """
v[0].exp().scatter(0, i[0, 1] * 0, 2.0), v[0].exp().scatter(0, i[0, 1] * 0, x[0, 0])
v[0].exp().gather(0, i[:, 0] * 0), v[0].exp().index_add(0, i[0, :1] * 0, v[1], alpha=2)
v[0].exp().index_copy(0, i[0, :1] * 0, v[1]), v[0].exp().index_fill(0, i[0, :1] * 0, 3.0)
(v[0] * 2).fill_(2.0), (lambda z: [z.__setitem__(..., v[1]), z])(v[0] * 2)
(lambda z: [z.gt_(0), z * x])(x * 1)
(lambda z: [z.diagonal().fill_(2.0), z.diagonal(1).mul_(v[:3]), z])(x * 1)
(lambda z: [z.t_(), z.unsqueeze_(0), z])(x * 1)
x.t_()
T.relu(x).sqrt(), x.clamp(min=0).sqrt(), x.clamp(0, 0.5).sqrt(), T.maximum(x, y * 0).sqrt()
x.clamp(max=v).rsqrt(), T.minimum(x, y).sum().log(), v[0].relu().sqrt()
T.nn.functional.hardtanh(x, 0, 1).sqrt(), T.nn.functional.threshold(x, 0, 0).sqrt()
T.nn.functional.relu6(x).sqrt(), (-T.maximum(v * 0, -v.abs())).sqrt()
(lambda z: [z.__setitem__(i[0], v.float()), z])(x.T * 1)
(lambda z: [z.__setitem__(z > 0, v[0].float()), z])(x * 1)
(lambda z: [z.__setitem__(z > 0, v.float()[:1]), z])(x * 1)
(lambda z: [z.__setitem__(0, v.float()), z])(x * 1)
(lambda z: [z.__setitem__((0, 1), v[0]), z, z.requires_grad])(m.clone())
x.detach().scatter(1, i[:, :3].repeat(2, 1)[:3], y.detach(), reduce="add")
x.detach().scatter(1, i[:, :3].repeat(2, 1)[:3], y.detach(), reduce="multiply")
i.scatter(0, i * 0, 3, reduce="multiply"), i.scatter(0, i * 0, 3, reduce="add")
x.scatter(1, i[:, :3], y, reduce="mean")
i.scatter_reduce(0, i[:1] * 0, i[1:], "amin", include_self=False)
i.scatter_reduce(0, i * 0, i, "mean"), i.scatter_reduce(0, i * 0, i, "amax")
x.scatter_reduce(0, i[:1, :3] * 0, y, "amax").detach()
T.any(x, ()), T.all(m, dim=[]), x.any(dim=0), m.all(1, True)
i.int().sum(dtype=T.int32), m.sum(0, dtype=T.int32), m.sum(dtype=T.bool), m.prod(1, dtype=T.int32)
m.cumsum(0, dtype=T.int32), m.cumprod(0, dtype=T.int32)
T.std_mean(v * 0 + 1), T.std_mean(x, 1, unbiased=False), T.var_mean(x, 0, correction=2)
T.where(m, 0.5, float("inf")), T.where(m, 1, 2), T.where(m, 1, 2.5)
x - True
True - x
x.mul_(True) if not x.requires_grad else x * True
T.hypot(x * 1e200, y * 1e200), T.hypot(x.float(), y.float())
T.hypot(i, i)
T.logit(m), T.logit(x), T.logit(x, 0.2), T.xlogy(v * 0, nan), T.xlogy(i, i)
T.xlogy(v[0].float(), 3.0), T.xlogy(v.float(), 3), T.copysign(i, v.float()), T.xlogy(v * 0, v)
T.digamma(-i.double()), T.cummax(n, 1).indices
T.quantile(v[:1] * inf, 0.3, interpolation="nearest")
T.arange(2.5, dtype=T.int64), T.arange(0.5, 3, dtype=T.int32), T.full_like(m, inf)
T.arange(0, 3, 0.5, dtype=T.int64)
T.full((2,), nan, dtype=T.int64)
T.full_like(i, 1e30)
T.nanmean(i)
T.cummax(x, 5)
T.cummax(x, 1).values, T.cummin(x, 1).indices, T.mode(i, 1).values, T.mode(i[0, 0]).indices
T.mode(i[0, 0], 1)
T.kthvalue(v[0], 1).values, T.kthvalue(x, 2, 0).indices
T.kthvalue(v, 0)
T.quantile(x, 0.4, 1, interpolation="lower"), T.quantile(x, 0.4, interpolation="higher")
T.quantile(x, 0.4, interpolation="midpoint"), T.quantile(x, s.abs() / 2, 1, interpolation="nearest")
T.quantile(n.detach(), 0.5, 1), T.quantile(v[0], 0.5, 0), T.quantile(n.detach(), 0.3)
T.quantile(x[:0], 0.5)
T.quantile(x, 0.5, interpolation="x")
T.cross(x[:, :3], y[:, :3]), T.linalg.cross(x[:, :3], y[:, :3]), T.cross(x.T[:, :2], x.T[:, 1:])
T.cross(v[:3], x[:, :3])
x.masked_scatter(m[None], T.cat([x, y])), v.masked_scatter(m, y)
x.masked_scatter(x, y)
T.heaviside(x.detach(), v.detach().float())
T.unique_consecutive(i, return_inverse=True), T.unique_consecutive(i, return_counts=True)
T.unique_consecutive(i, return_inverse=True, return_counts=True)
T.histc(v[:0].detach(), 3), T.bincount(i[0], v.detach().float()), T.bincount(i[0], weights=i[1])
T.searchsorted(x.detach().sort(1)[0], y.detach()), T.searchsorted(s, 0.1, out_int32=True)
T.searchsorted(x.detach().sort(1)[0], y.detach(), side="right"), T.searchsorted(s, y.detach())
T.searchsorted(x.detach(), v.detach())
T.searchsorted(s, v, side="left", right=True)
T.meshgrid(v, i[0])
T.sinc(x), T.sinc(v * 0), T.fmax(x, y), T.fmin(n, n.T), T.copysign(x, y), T.copysign(v, -2.0)
T.float_power(x.abs(), 2), T.float_power(i, 0.5), i << 1, i >> i, T.bitwise_left_shift(i, 2)
x << 1
T.nanmedian(n), T.nanmedian(n, 1).values, T.nanmedian(n, 0).indices, T.nanmedian(v * nan)
T.msort(x), T.logdet(x @ x.T), T.pdist(x), T.nn.functional.pdist(y, 1.0)
T.linspace(0, 1, 3, dtype=T.bool)
x.diff(n=-1)
x.flip()
x.repeat_interleave(-1)
x.tensor_split(0)
x.unflatten(1, (-1, -1))
x.take_along_dim(i.int(), 1)
T.tensordot(x, y, dims=([0], [1]))
T.addmm(i, i, i.T @ i, alpha=2.5), T.addmm(i, i, i.T @ i, beta=0.5)
T.cov(x[:1]), T.corrcoef(x[:1]), T.addmm(v, x, y.T @ y, beta=2)
T.norm(x * 0, 3), T.nn.functional.normalize(x * 0, p=3), T.nn.functional.normalize(x, p=3, dim=0)
T.nn.functional.linear(x[:, :0], y[:2, :0])
T.nn.functional.linear(x[None, :, :0], y[:2, :0], v[:2])
T.nn.functional.linear(x, v), T.nn.functional.linear(v, x), T.nn.functional.linear(x[None], v, v[0])
T.nn.functional.pad(x[None, None], (-1, 2, 2, -1), "circular")
T.nn.functional.linear(x, v, v[0])
T.nn.functional.layer_norm(x[None, :, :0], (0,)), T.nn.functional.rms_norm(x[:0], (4,))
T.nn.functional.cross_entropy(x, i[0, :3] * 0 - 100)
T.nn.functional.nll_loss(x, i[0, :3] * 0 - 100)
T.nn.functional.cross_entropy(x / m, i[1, :3], ignore_index=2, label_smoothing=0.1)
T.nn.functional.cross_entropy(x, i[1, :3] * 0, ignore_index=0, label_smoothing=0.1) * 0
T.nn.functional.threshold(n.detach(), 1.5, 7), T.nn.functional.hardshrink(n.detach())
T.nn.functional.l1_loss(n, v[:3]), T.nn.functional.smooth_l1_loss(n, v[:3], beta=0)
T.nn.functional.hinge_embedding_loss(v * 0 + 1, s.sign().detach()), T.nn.functional.hardtanh(x)
T.nn.functional.multi_margin_loss(x * 0 + i[0] * 1.0, i[1, :3]), T.nn.functional.relu6(v)
T.nn.functional.cosine_embedding_loss(x * 0, y, -(v[:3] * 0 + 1).detach())
T.nn.functional.hardtanh(m)
T.nn.functional.gelu(x, "tanh")
T.nn.functional.avg_pool3d(x.reshape(1, 1, 2, 3, 2), (2, 1, 2), divisor_override=3)
T.nn.functional.avg_pool3d(x.reshape(1, 1, 2, 3, 2), 2, divisor_override=0)
"""
TEXTS = [line for line in (TEXTS + EDGES).splitlines() if line]


@pytest.mark.parametrize("text", TEXTS)
def test_they_agree(text):
    used = {k: a for k, a in PLAIN.items() if k in set(text.replace("(", " ")) or k in text}
    compare(text, used)


@pytest.mark.parametrize(
    "text",
    [
        "(lambda z: [z.masked_scatter_(m, y), z])(x * 1)",
        "(lambda z: [z.index_put_((T.tensor([0]), T.tensor([1])), v[0]), z])(x * 1)",
        "(lambda z: [z.logit_(), z])(p * 1)",
        "(lambda z: [z.fill_diagonal_(7.0), z])(x * 1)",
    ],
)
def test_in_place(text):
    compare(text, PLAIN)


SAID = """
T.randn(size=(2, 3)).shape, T.rand(size=(2,)).shape, T.ones(1).new_zeros(size=(2, 3)).shape
T.broadcast_shapes((2, 1), (3,)), T.is_complex(T.ones(1)), T.newaxis
str(T.result_type(T.ones(1), 1)), str(T.promote_types(T.int32, T.float32))
str(T.ones(2).type(T.LongTensor).dtype), T.ones(2).is_cpu, T.ones(2).is_mps
T.arange(9)[4:].storage_offset(), T.ones(2).share_memory_().tolist(), T.ones(2).is_shared()
str(T.get_default_device()), T.compiler.is_compiling()
T.nn.modules.utils._pair(3), T.nn.modules.utils._triple((1, 2, 3))
isinstance(T.nn.BatchNorm2d(2), T.nn.modules.batchnorm._BatchNorm)
issubclass(T.nn.Conv2d, T.nn.modules.conv._ConvNd), T.nn.modules.Linear is T.nn.Linear
T.nn.init._calculate_fan_in_and_fan_out(T.ones(3, 4, 2, 2))
T.testing.assert_close(T.ones(2), T.ones(2) + 1e-7)
"""
SAID = [line for line in SAID.splitlines() if line]


@pytest.mark.parametrize("text", SAID)
def test_answers(text):
    theirs, ours = (eval(text, {"T": T}) for T in (torch, scratch))
    assert str(ours) == str(theirs)


def test_the_default_device_is_the_cpu():
    scratch.set_default_device("cpu")
    with pytest.raises(RuntimeError, match="CPU"):
        scratch.set_default_device("cuda")
