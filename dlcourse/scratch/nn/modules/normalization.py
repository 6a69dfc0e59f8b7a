"""Layers that normalise."""

# ruff: noqa: RUF012 - `options` are declarations that nobody changes

import numpy as np

from ...autograd import wrap
from ...dtypes import default_float, to_numpy
from .. import functional as F
from .. import init
from ..parameter import empty
from ._options import REQUIRED, Options
from .module import Module


class LayerNorm(Module):
    """Mean 0 and variance 1 over the last axes, `normalized_shape`, then weight and bias."""

    def __init__(
        self,
        normalized_shape,
        eps=1e-5,
        elementwise_affine=True,
        bias=True,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        shape, options = self.normalized_shape, {"dtype": dtype, "device": device}
        weight = empty(*shape, **options) if elementwise_affine else None
        self.register_parameter("weight", weight)
        bias = elementwise_affine and bias
        self.register_parameter("bias", empty(*shape, **options) if bias else None)
        _reset_affine(self)

    def forward(self, input):
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Root mean square 1 over the last axes, then weight; eps defaults to the dtype's."""

    def __init__(
        self, normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None
    ):
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        weight = empty(*self.normalized_shape, dtype=dtype, device=device)
        self.register_parameter("weight", weight if elementwise_affine else None)
        _reset_affine(self)

    def forward(self, input):
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self):
        shape, affine = self.normalized_shape, self.elementwise_affine
        return f"{shape}, eps={self.eps}, elementwise_affine={affine}"


class GroupNorm(Module):
    """Mean 0 and variance 1 over each group of channels of each example, then weight and bias."""

    def __init__(
        self, num_groups, num_channels, eps=1e-5, affine=True, device=None, dtype=None, *, bias=True
    ):
        super().__init__()
        if num_channels % num_groups:
            raise ValueError("num_channels must be divisible by num_groups")
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = eps, affine
        _register_affine(self, num_channels, affine, affine and bias, dtype, device)

    def forward(self, input):
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


def _shape(normalized_shape):
    one = isinstance(normalized_shape, (int, np.integer))
    return (int(normalized_shape),) if one else tuple(normalized_shape)


def _register_affine(module, n, weight, bias, dtype, device):
    for name, wanted in (("weight", weight), ("bias", bias)):
        p = empty(n, dtype=dtype, device=device) if wanted else None
        module.register_parameter(name, p)
    _reset_affine(module)


def _reset_affine(module):
    for name, p in module.named_parameters(recurse=False):
        init.constant_(p, 1.0 if name == "weight" else 0.0)


class _TrackingNorm(Module):
    """What batch and instance norm share: affine parameters and running statistics."""

    dims: tuple[int, ...] = ()

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        _register_affine(self, num_features, affine, affine and bias, dtype, device)
        kind = to_numpy(dtype) or default_float()
        track = track_running_stats
        self.register_buffer("running_mean", wrap(np.zeros(num_features, kind)) if track else None)
        self.register_buffer("running_var", wrap(np.ones(num_features, kind)) if track else None)
        self.register_buffer("num_batches_tracked", wrap(np.array(0)) if track else None)

    def reset_running_stats(self):
        """Forget all batches seen."""
        if self.track_running_stats:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self):
        """Weight 1, bias 0, no batches seen."""
        self.reset_running_stats()
        _reset_affine(self)

    def _check_input(self, input):
        if input.dim() not in self.dims:
            wanted = " or ".join(f"{d}D" for d in self.dims)
            raise ValueError(f"expected {wanted} input (got {input.dim()}D input)")

    def extra_repr(self):
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_TrackingNorm):
    def forward(self, input):
        self._check_input(input)
        momentum = self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked._data += 1
            if momentum is None:  # the plain average of all batches so far
                momentum = 1 / self.num_batches_tracked.item()
        batch_statistics = self.training or self.running_mean is None
        tracking = not self.training or self.track_running_stats
        return F.batch_norm(
            input,
            self.running_mean if tracking else None,
            self.running_var if tracking else None,
            self.weight,
            self.bias,
            batch_statistics,
            0.0 if momentum is None else momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Each channel of (N, C) or (N, C, L) normalised over the batch."""

    dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Each channel of (N, C, H, W) normalised over the batch."""

    dims = (4,)


class BatchNorm3d(_BatchNorm):
    """Each channel of (N, C, D, H, W) normalised over the batch."""

    dims = (5,)


class _InstanceNorm(_TrackingNorm):
    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=False,
        track_running_stats=False,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def forward(self, input):
        self._check_input(input)
        if input.dim() == self.dims[0]:
            return self._normalise(input.unsqueeze(0)).squeeze(0)
        return self._normalise(input)

    def _normalise(self, input):
        if input.shape[1] != self.num_features and (self.affine or self.track_running_stats):
            raise ValueError(
                f"expected input's size at dim=1 to match num_features ({self.num_features}), "
                f"but got: {input.shape[1]}."
            )
        return F.instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each example of (N, C, L) or (C, L) normalised over L."""

    dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each example of (N, C, H, W) or (C, H, W) normalised over space."""

    dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Each channel of each example of (N, C, D, H, W) or (C, D, H, W) normalised over space."""

    dims = (4, 5)


class LocalResponseNorm(Options):
    """Each value divided by a power of its channel neighbours' mean square."""

    function = staticmethod(F.local_response_norm)
    options = {"size": REQUIRED, "alpha": 1e-4, "beta": 0.75, "k": 1.0}

    def extra_repr(self):
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
