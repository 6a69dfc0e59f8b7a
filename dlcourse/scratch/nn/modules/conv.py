"""Convolutions."""

import math

from .. import functional as F
from .. import init
from ..parameter import empty
from .module import Module

_MODES = ("zeros", "reflect", "replicate", "circular")


class _Conv(Module):
    """What all convolutions share: options, weight, bias, their initial values and printing."""

    dims, transposed = 2, False

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
        output_padding=0,
    ):
        super().__init__()
        n = self.dims
        _check(in_channels, out_channels, groups, padding, padding_mode, stride, n)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = F.as_tuple(kernel_size, n, "kernel_size")
        self.stride = F.as_tuple(stride, n, "stride")
        self.dilation = F.as_tuple(dilation, n, "dilation")
        text = isinstance(padding, str)
        self.padding = padding if text else F.as_tuple(padding, n, "padding")
        self.output_padding = F.as_tuple(output_padding, n, "output_padding")
        self.padding_mode = padding_mode
        first, second = (
            (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        )
        self.weight = empty(first, second // groups, *self.kernel_size, dtype=dtype, device=device)
        self.register_parameter("bias", empty(out_channels, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self):
        """Uniform on +-1 / sqrt(inputs of one output), weight and bias alike."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        fan_in = init.fans(self.weight)[0]
        if self.bias is not None and fan_in:
            init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def _border(self):
        """The widths for `F.pad`, last axis first, where the border is not zeros."""
        if not isinstance(self.padding, str):
            return [p for q in reversed(self.padding) for p in (q, q)]
        if self.padding == "valid":
            return [0, 0] * self.dims
        total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
        return [p for t in reversed(total) for p in (t // 2, t - t // 2)]

    def _convolve(self, conv, input):
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._border(), mode=self.padding_mode), 0
        return conv(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self):
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"]
        parts.append(f"stride={self.stride}")
        optional = {
            "padding": (0,) * self.dims,
            "dilation": (1,) * self.dims,
            "output_padding": (0,) * self.dims,
            "groups": 1,
        }
        for name, usual in optional.items():
            if getattr(self, name) != usual:
                parts.append(f"{name}={getattr(self, name)}")
        parts += ["bias=False"] * (self.bias is None)
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


def _check(in_channels, out_channels, groups, padding, padding_mode, stride, n):
    if groups <= 0:
        raise ValueError("groups must be a positive integer")
    if in_channels % groups:
        raise ValueError("in_channels must be divisible by groups")
    if out_channels % groups:
        raise ValueError("out_channels must be divisible by groups")
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"Invalid padding string {padding!r}, should be 'same' or 'valid'")
        if padding == "same" and any(s != 1 for s in F.as_tuple(stride, n, "stride")):
            raise ValueError("padding='same' is not supported for strided convolutions")
    if padding_mode not in _MODES:
        raise ValueError(f"padding_mode must be one of {_MODES}, but got {padding_mode!r}")


class Conv1d(_Conv):
    """Cross-correlation of (N, C, L) or (C, L)."""

    dims = 1

    def forward(self, input):
        return self._convolve(F.conv1d, input)


class Conv2d(_Conv):
    """Cross-correlation of (N, C, H, W) or (C, H, W)."""

    def forward(self, input):
        return self._convolve(F.conv2d, input)


class Conv3d(_Conv):
    """Cross-correlation of (N, C, D, H, W) or (C, D, H, W)."""

    dims = 3

    def forward(self, input):
        return self._convolve(F.conv3d, input)


class _ConvTranspose(_Conv):
    transposed = True

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            device=device,
            dtype=dtype,
            output_padding=output_padding,
        )

    def _spread(self, conv, input, output_size):
        extra = self.output_padding
        if output_size is not None:
            extra = self._extra_for(input, output_size)
        options = (self.stride, self.padding, extra, self.groups, self.dilation)
        return conv(input, self.weight, self.bias, *options)

    def _extra_for(self, input, output_size):
        """The output padding that gives `output_size` (its last axes count)."""
        size = tuple(output_size)[-self.dims :]
        smallest = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                input.shape[-self.dims :],
                self.stride,
                self.padding,
                self.dilation,
                self.kernel_size,
                strict=True,
            )
        ]
        extra = tuple(a - b for a, b in zip(size, smallest, strict=True))
        if any(e < 0 or e >= s for e, s in zip(extra, self.stride, strict=True)):
            raise ValueError(f"requested an output size of {size}, but the least is {smallest}")
        return extra


class ConvTranspose1d(_ConvTranspose):
    """The adjoint of Conv1d."""

    dims = 1

    def forward(self, input, output_size=None):
        return self._spread(F.conv_transpose1d, input, output_size)


class ConvTranspose2d(_ConvTranspose):
    """The adjoint of Conv2d."""

    def forward(self, input, output_size=None):
        return self._spread(F.conv_transpose2d, input, output_size)


class ConvTranspose3d(_ConvTranspose):
    """The adjoint of Conv3d."""

    dims = 3

    def forward(self, input, output_size=None):
        return self._spread(F.conv_transpose3d, input, output_size)
