"""Which code computes attention: always the same one, so these names choose nothing."""

import contextlib
import enum


class SDPBackend(enum.Enum):
    """The ways in which torch may compute attention."""

    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3


def sdpa_kernel(backends, set_priority=False):
    """A context without effect: the result is the same by any of them."""
    return contextlib.nullcontext()
