"""A deep learning engine in NumPy that answers to torch's names: `from dlcourse import scratch as torch`."""

from . import autograd, random
from . import tensor as _spelling  # the function of that name comes below
from .autograd import (
    OPS,
    Tensor,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .creation import ones, tensor, zeros
from .dtypes import bool_ as bool
from .dtypes import dtype, float32, float64, int8, int16, int32, int64, uint8
from .ops import *
from .random import Generator, default_generator, manual_seed
