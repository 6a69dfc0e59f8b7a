"""Keep gradients within bounds."""

import numpy as np

from ...autograd import Tensor, wrap


def _gradients(parameters):
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad._data for p in parameters if p.grad is not None]


def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The norm of all tensors together, as if they were one vector."""
    return _total([t._data for t in tensors], norm_type, error_if_nonfinite)


def _total(arrays, norm_type, error_if_nonfinite):
    if not arrays:
        return wrap(np.zeros((), np.float32))
    norms = [np.linalg.norm(a.reshape(-1), norm_type) for a in arrays]
    total = np.linalg.norm(np.array(norms, arrays[0].dtype), norm_type)
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients is non-finite, so it cannot be "
            "clipped. To disable this error, set error_if_nonfinite=False"
        )
    return wrap(np.asarray(total, arrays[0].dtype))


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Scale all gradients in place so that their common norm is at most max_norm; return it."""
    grads = _gradients(parameters)
    total = _total(grads, float(norm_type), error_if_nonfinite)
    scale = min(float(max_norm) / (total.item() + 1e-6), 1.0)
    for g in grads:
        g *= g.dtype.type(scale)
    return total


def clip_grad_value_(parameters, clip_value, foreach=None):
    """Clip every gradient to [-clip_value, clip_value], in place."""
    for g in _gradients(parameters):
        np.clip(g, -clip_value, clip_value, out=g)
