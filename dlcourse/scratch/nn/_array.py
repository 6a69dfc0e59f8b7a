"""Small array helpers that several layers share."""

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=256)
def ones(n, dtype):
    """A cached vector of ones: `ones(n) @ a` runs in BLAS, several times faster than `a.sum(0)`."""
    v = np.ones(n, dtype)
    v.setflags(write=False)
    return v
