"""Parameters as one flat vector, and back."""

from ... import ops
from ...autograd import Tensor


def parameters_to_vector(parameters):
    """All parameters, flattened and joined."""
    return ops.cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec, parameters):
    """Copy consecutive pieces of `vec` into the parameters."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    start = 0
    for p in parameters:
        stop = start + p.numel()
        p._data[...] = vec._data[start:stop].reshape(p.shape)
        start = stop
