"""Activations, in the order of `functional`."""

# ruff: noqa: RUF012 - `options` are declarations that nobody changes

import numpy as np

from ...autograd import wrap
from ...dtypes import to_numpy
from .. import functional as F
from ..parameter import Parameter
from ._options import REQUIRED, Options
from .module import Module


class Identity(Module):
    """The input itself, whatever the constructor was given."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        return input


class ReLU(Options):
    """max(x, 0)."""

    function, options = staticmethod(F.relu), {"inplace": False}

    def forward(self, input):
        return F.relu(input, self.inplace)


class Sigmoid(Options):
    """1 / (1 + exp(-x))."""

    function = staticmethod(F.sigmoid)


class Tanh(Options):
    """Hyperbolic tangent."""

    function = staticmethod(F.tanh)


class LeakyReLU(Options):
    """x where positive, else negative_slope * x."""

    function, options = staticmethod(F.leaky_relu), {"negative_slope": 0.01, "inplace": False}


class Hardtanh(Options):
    """x clipped to [min_val, max_val]."""

    function = staticmethod(F.hardtanh)
    options = {"min_val": -1.0, "max_val": 1.0, "inplace": False}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.min_val >= self.max_val:
            raise ValueError("max_val must be larger than min_val")


class ReLU6(Options):
    """x clipped to [0, 6]."""

    function, options = staticmethod(F.relu6), {"inplace": False}


class Hardsigmoid(Options):
    """relu6(x + 3) / 6."""

    function, options = staticmethod(F.hardsigmoid), {"inplace": False}

    def extra_repr(self):
        return ""


class Hardswish(Hardsigmoid):
    """x relu6(x + 3) / 6."""

    function, options = staticmethod(F.hardswish), {"inplace": False}


class ELU(Options):
    """x where positive, else alpha (exp(x) - 1)."""

    function, options = staticmethod(F.elu), {"alpha": 1.0, "inplace": False}


class CELU(Options):
    """x where positive, else alpha (exp(x / alpha) - 1)."""

    function, options = staticmethod(F.celu), {"alpha": 1.0, "inplace": False}


class SELU(Options):
    """ELU with the constants that keep mean 0 and variance 1."""

    function, options = staticmethod(F.selu), {"inplace": False}


class GELU(Options):
    """x Phi(x), exactly or with approximate="tanh"."""

    function, options = staticmethod(F.gelu), {"approximate": "none"}


class SiLU(Options):
    """x sigmoid(x)."""

    function, options = staticmethod(F.silu), {"inplace": False}


class Mish(Options):
    """x tanh(softplus(x))."""

    function, options = staticmethod(F.mish), {"inplace": False}


class Softplus(Options):
    """log(1 + exp(beta x)) / beta."""

    function, options = staticmethod(F.softplus), {"beta": 1.0, "threshold": 20.0}


class LogSigmoid(Options):
    """log sigmoid(x)."""

    function = staticmethod(F.logsigmoid)


class Softsign(Options):
    """x / (1 + |x|)."""

    function = staticmethod(F.softsign)


class Tanhshrink(Options):
    """x - tanh(x)."""

    function = staticmethod(F.tanhshrink)


class Threshold(Options):
    """x where x > threshold, else value."""

    function = staticmethod(F.threshold)
    options = {"threshold": REQUIRED, "value": REQUIRED, "inplace": False}


class Hardshrink(Options):
    """x where |x| > lambd, else 0."""

    function, options = staticmethod(F.hardshrink), {"lambd": 0.5}

    def extra_repr(self):
        return str(self.lambd)


class Softshrink(Hardshrink):
    """x moved towards 0 by lambd."""

    function = staticmethod(F.softshrink)


class GLU(Options):
    """a sigmoid(b), where a and b are the halves of the input along dim."""

    function, options = staticmethod(F.glu), {"dim": -1}


class Softmax(Options):
    """exp(x) / sum of exp(x) along dim."""

    function, options = staticmethod(F.softmax), {"dim": None}


class LogSoftmax(Options):
    """log softmax(x) along dim."""

    function, options = staticmethod(F.log_softmax), {"dim": None}


class Softmin(Options):
    """softmax(-x)."""

    function, options = staticmethod(F.softmin), {"dim": None}


class Softmax2d(Module):
    """Softmax over the channels of (N, C, H, W) or (C, H, W)."""

    def forward(self, input):
        if input.dim() not in (3, 4):
            raise ValueError(
                f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead"
            )
        return F.softmax(input, -3)


class PReLU(Module):
    """x where positive, else weight * x, with one learned weight or one per channel."""

    def __init__(self, num_parameters=1, init=0.25, device=None, dtype=None):
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(wrap(np.full(num_parameters, init, to_numpy(dtype) or np.float32)))

    def forward(self, input):
        return F.prelu(input, self.weight)

    def extra_repr(self):
        return f"num_parameters={self.num_parameters}"
