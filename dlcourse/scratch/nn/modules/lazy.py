"""Layers that learn their input size from the first batch they see."""

from ..parameter import Parameter, UninitializedParameter
from .conv import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d
from .linear import Linear
from .module import Module
from .normalization import BatchNorm1d, BatchNorm2d, InstanceNorm1d, InstanceNorm2d


class _Lazy(Module):
    """Built with input size 0; the first call fills the parameters and becomes the real layer."""

    size = "in_features"  # the attribute that is missing
    axis = -1  # where an input shows it

    def __init__(self, *args, **options):
        super().__init__(0, *args, **options)  # pyright: ignore[reportCallIssue] -- of the real layer
        vars(self)["_arguments"] = (args, options)
        for p in self.parameters():
            p.__class__ = UninitializedParameter

    def has_uninitialized_params(self):
        """Is the layer still waiting for its first input?"""
        return any(isinstance(p, UninitializedParameter) for p in self.parameters())

    def __call__(self, input, *args, **options):
        self.initialize_parameters(input)
        return self(input, *args, **options)

    def initialize_parameters(self, input):
        """Become the real layer for inputs such as this one; parameters stay the same objects."""
        real, size = type(self).__bases__[1], input.shape[self.axis]
        args, options = vars(self).pop("_arguments")
        if self.has_uninitialized_params() or not self._parameters:
            filled = real(size, *args, **options)
            for name, t in (*filled.named_parameters(), *filled.named_buffers()):
                getattr(self, name)._data = t._data
        for p in self.parameters():
            p.__class__ = Parameter
        setattr(self, self.size, size)
        self.__class__ = real


class LazyLinear(_Lazy, Linear):
    """Linear whose in_features are the last size of its first input."""


class _LazyConv(_Lazy):
    size = "in_channels"
    axis = property(lambda self: -self.dims - 1)


class LazyConv1d(_LazyConv, Conv1d):
    """Conv1d that counts its input channels."""


class LazyConv2d(_LazyConv, Conv2d):
    """Conv2d that counts its input channels."""


class LazyConvTranspose1d(_LazyConv, ConvTranspose1d):
    """ConvTranspose1d that counts its input channels."""


class LazyConvTranspose2d(_LazyConv, ConvTranspose2d):
    """ConvTranspose2d that counts its input channels."""


class _LazyNorm(_Lazy):
    size, axis = "num_features", 1


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """BatchNorm1d that counts its channels."""


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """BatchNorm2d that counts its channels."""


class _LazyInstanceNorm(_LazyNorm):
    def __init__(self, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, **options):
        super().__init__(eps, momentum, affine, track_running_stats, **options)


class LazyInstanceNorm1d(_LazyInstanceNorm, InstanceNorm1d):
    """InstanceNorm1d that counts its channels."""


class LazyInstanceNorm2d(_LazyInstanceNorm, InstanceNorm2d):
    """InstanceNorm2d that counts its channels."""
