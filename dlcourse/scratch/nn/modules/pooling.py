"""Pooling, padding, dropout, resampling: modules without parameters that move or drop values."""

# ruff: noqa: RUF012 - `options` are declarations that nobody changes

from .. import functional as F
from ._options import REQUIRED, Options
from .module import Module

# --- pooling ----------------------------------------------------------------------------------


class _Pool(Options):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.stride is None:
            self.stride = self.kernel_size


class _MaxPool(_Pool):
    options = {
        "kernel_size": REQUIRED,
        "stride": None,
        "padding": 0,
        "dilation": 1,
        "return_indices": False,
        "ceil_mode": False,
    }
    hidden = ("return_indices",)


class MaxPool1d(_MaxPool):
    """Maximum of each window of (N, C, L)."""

    function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPool):
    """Maximum of each window of (N, C, H, W)."""

    function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPool):
    """Maximum of each window of (N, C, D, H, W)."""

    function = staticmethod(F.max_pool3d)


class MaxUnpool1d(Options):
    """Each value of (N, C, L) at the place where MaxPool1d found it, zeros elsewhere."""

    n, function = 1, staticmethod(F.max_unpool1d)
    options = {"kernel_size": REQUIRED, "stride": None, "padding": 0}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.stride is None:
            self.stride = self.kernel_size
        for key in self.options:
            setattr(self, key, F.as_tuple(getattr(self, key), self.n, key))


class MaxUnpool2d(MaxUnpool1d):
    """Each value of (N, C, H, W) at the place where MaxPool2d found it, zeros elsewhere."""

    n, function = 2, staticmethod(F.max_unpool2d)


class AvgPool1d(_Pool):
    """Mean of each window of (N, C, L)."""

    function = staticmethod(F.avg_pool1d)
    options = {
        "kernel_size": REQUIRED,
        "stride": None,
        "padding": 0,
        "ceil_mode": False,
        "count_include_pad": True,
    }
    hidden = ("ceil_mode", "count_include_pad")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for key in ("kernel_size", "stride", "padding"):
            setattr(self, key, F.as_tuple(getattr(self, key), 1, key))

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_Pool):
    """Mean of each window of (N, C, H, W)."""

    function = staticmethod(F.avg_pool2d)
    options = {**AvgPool1d.options, "divisor_override": None}

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool3d(AvgPool2d):
    """Mean of each window of (N, C, D, H, W)."""

    function = staticmethod(F.avg_pool3d)


class AdaptiveAvgPool1d(Options):
    """Mean over output_size nearly equal windows of (N, C, L)."""

    function, options = staticmethod(F.adaptive_avg_pool1d), {"output_size": REQUIRED}


class AdaptiveAvgPool2d(Options):
    """Mean over output_size nearly equal windows of (N, C, H, W)."""

    function, options = staticmethod(F.adaptive_avg_pool2d), {"output_size": REQUIRED}


class AdaptiveAvgPool3d(Options):
    """Mean over output_size nearly equal windows of (N, C, D, H, W)."""

    function, options = staticmethod(F.adaptive_avg_pool3d), {"output_size": REQUIRED}


class AdaptiveMaxPool1d(Options):
    """Maximum over output_size nearly equal windows of (N, C, L)."""

    function = staticmethod(F.adaptive_max_pool1d)
    options, hidden = {"output_size": REQUIRED, "return_indices": False}, ("return_indices",)


class AdaptiveMaxPool2d(AdaptiveMaxPool1d):
    """Maximum over output_size nearly equal windows of (N, C, H, W)."""

    function = staticmethod(F.adaptive_max_pool2d)


# --- dropout ----------------------------------------------------------------------------------


class Dropout(Options):
    """Zero each element with probability p while training, and scale the others by 1 / (1 - p)."""

    function, options, hidden = staticmethod(F.dropout), {"p": 0.5, "inplace": False}, ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not 0 <= self.p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {self.p}")

    def forward(self, input):
        return type(self).function(input, self.p, self.training, self.inplace)


class Dropout1d(Dropout):
    """Dropout of whole channels of (N, C, L)."""

    function = staticmethod(F.dropout1d)


class Dropout2d(Dropout):
    """Dropout of whole channels of (N, C, H, W)."""

    function = staticmethod(F.dropout2d)


class Dropout3d(Dropout):
    """Dropout of whole channels of (N, C, D, H, W)."""

    function = staticmethod(F.dropout3d)


class AlphaDropout(Dropout):
    """Dropout that keeps mean and variance behind SELU."""

    function = staticmethod(F.alpha_dropout)


# --- padding ----------------------------------------------------------------------------------


class _Pad(Module):
    mode, axes = "constant", 2
    value: float | None = None

    def __init__(self, padding):
        super().__init__()
        self.padding = F.as_tuple(padding, 2 * self.axes, "padding")

    def forward(self, input):
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self):
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding, value):
        super().__init__(padding)
        self.value = value

    def extra_repr(self):
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A frame of `value` around the last axis."""

    axes = 1


class ConstantPad2d(_ConstantPad):
    """A frame of `value` around the last two axes."""


class ConstantPad3d(_ConstantPad):
    """A frame of `value` around the last three axes."""

    axes = 3


class ZeroPad1d(_Pad):
    """A frame of zeros around the last axis."""

    axes, value = 1, 0.0


class ZeroPad2d(_Pad):
    """A frame of zeros around the last two axes."""

    value = 0.0


class ZeroPad3d(_Pad):
    """A frame of zeros around the last three axes."""

    axes, value = 3, 0.0


class ReflectionPad1d(_Pad):
    """The last axis mirrored at its ends, the end itself not repeated."""

    mode, axes = "reflect", 1


class ReflectionPad2d(_Pad):
    """The last two axes mirrored at their ends."""

    mode = "reflect"


class ReplicationPad1d(_Pad):
    """The last axis with its ends repeated."""

    mode, axes = "replicate", 1


class ReplicationPad2d(_Pad):
    """The last two axes with their ends repeated."""

    mode = "replicate"


class ReplicationPad3d(_Pad):
    """The last three axes with their ends repeated."""

    mode, axes = "replicate", 3


class CircularPad1d(_Pad):
    """The last axis wrapped around."""

    mode, axes = "circular", 1


class CircularPad2d(_Pad):
    """The last two axes wrapped around."""

    mode = "circular"


# --- resampling and patches -------------------------------------------------------------------


class Upsample(Options):
    """Resample the spatial axes to `size` or by `scale_factor`."""

    function = staticmethod(F.interpolate)
    options = {
        "size": None,
        "scale_factor": None,
        "mode": "nearest",
        "align_corners": None,
        "recompute_scale_factor": None,
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        s = self.scale_factor
        self.scale_factor = tuple(map(float, s)) if isinstance(s, tuple) else s and float(s)

    def extra_repr(self):
        name = "scale_factor" if self.scale_factor is not None else "size"
        return f"{name}={getattr(self, name)!r}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Upsample(mode="nearest")."""

    options = {"size": None, "scale_factor": None}
    mode = "nearest"


class UpsamplingBilinear2d(UpsamplingNearest2d):
    """Upsample(mode="bilinear", align_corners=True)."""

    mode = "bilinear"

    def forward(self, input):
        return F.interpolate(input, self.size, self.scale_factor, self.mode, align_corners=True)


class PixelShuffle(Options):
    """(..., C r^2, H, W) -> (..., C, H r, W r)."""

    function, options = staticmethod(F.pixel_shuffle), {"upscale_factor": REQUIRED}


class PixelUnshuffle(Options):
    """(..., C, H r, W r) -> (..., C r^2, H, W)."""

    function, options = staticmethod(F.pixel_unshuffle), {"downscale_factor": REQUIRED}


class ChannelShuffle(Options):
    """Interleave the channels across groups."""

    function, options = staticmethod(F.channel_shuffle), {"groups": REQUIRED}


class Unfold(Options):
    """Every patch of (N, C, H, W) as a column."""

    function = staticmethod(F.unfold)
    options = {"kernel_size": REQUIRED, "dilation": 1, "padding": 0, "stride": 1}


class Fold(Options):
    """Add columns back into images."""

    function = staticmethod(F.fold)
    options = {"output_size": REQUIRED, **Unfold.options}
