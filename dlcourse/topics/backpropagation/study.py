"""What lesson 02 measures: slopes by nudging, gradient checks, signals in depth, training."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


def nudge_each(parameters: list[Any], loss: Callable[[], float], eps: float = 1e-5) -> np.ndarray:
    """The slope of `loss()` for every single parameter by central differences, in order, flat.

    `parameters` are leaf tensors of `dlcourse.scratch` in float64; each number costs two losses.
    """
    slopes = []
    for p in parameters:
        flat = p.data.numpy().reshape(-1)  # a view: writing here changes the parameter
        for i, value in enumerate(flat.copy()):
            flat[i] = value + eps
            up = loss()
            flat[i] = value - eps
            down = loss()
            flat[i] = value
            slopes.append((up - down) / (2 * eps))
    return np.array(slopes)


def check_errors(
    loss: Callable[[np.ndarray], float], w: np.ndarray, slope: np.ndarray, steps: np.ndarray
) -> np.ndarray:
    """Median relative error of the central difference at the entries of `w`, for each step size.

    `loss(w)` runs in `w`'s own number type; `slope` holds the exact derivatives.
    """
    return np.array([np.median(_relative_errors(loss, w, slope, eps)) for eps in steps])


def _relative_errors(
    loss: Callable[[np.ndarray], float], w: np.ndarray, slope: np.ndarray, eps: float
) -> list[float]:
    errors = []
    for i in np.ndindex(*w.shape):
        up, down = w.copy(), w.copy()
        up[i] += w.dtype.type(eps)
        down[i] -= w.dtype.type(eps)
        estimate = (float(loss(up)) - float(loss(down))) / (2 * eps)
        errors.append(abs(estimate - slope[i]) / max(abs(estimate), abs(slope[i]), 1e-300))
    return errors


def signal_sizes(
    std: float, depth: int = 20, width: int = 256, batch: int = 256, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviations by layer in a plain ReLU network with weights from N(0, std²).

    Returns (activations after layers 1..depth, gradients at layers 1..depth), for inputs and an
    incoming gradient from N(0, 1).  He et al. (2015), section 2.2.
    """
    rng = np.random.default_rng(seed)
    weights = [std * rng.standard_normal((width, width)) for _ in range(depth)]
    a, masks, forward = rng.standard_normal((batch, width)), [], []
    for w in weights:
        z = a @ w.T  # (batch, width)
        masks.append(z > 0)
        a = z * masks[-1]
        forward.append(a.std())
    g, backward = rng.standard_normal((batch, width)), []
    for w, mask in zip(reversed(weights), reversed(masks), strict=True):
        g = (g * mask) @ w
        backward.append(g.std())
    return np.array(forward), np.array(backward[::-1])


class TwinRun(NamedTuple):
    """Curves of one training run on both engines: `loss` and `accuracy` by epoch for each."""

    scratch: dict[str, list[float]]
    torch: dict[str, list[float]]
