"""Is a gradient right? Compare it with finite differences, as `torch.autograd.gradcheck` does."""

from typing import Any

import numpy as np

from . import _calls
from .autograd import Tensor, wrap
from .function import grad


def gradcheck(
    func, inputs, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, nondet_tol=0.0, **refused
):
    """True if d(func)/d(inputs) agrees with central differences; else RuntimeError (or False).

    Inputs should be float64: in float32 the differences are mostly rounding.
    """
    if any(refused.values()):
        raise NotImplementedError(f"gradcheck: {', '.join(refused)} not supported")
    inputs = tuple(_calls.listed(inputs))
    wanted = [t for t in inputs if isinstance(t, Tensor) and t._requires_grad]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, "
            "but none of the them have requires_grad=True."
        )
    for k, out in enumerate(_outputs(func, inputs)):
        if out._data.dtype.kind != "f" or not out._requires_grad:
            continue
        for i, t in enumerate(wanted):
            ours = _analytic(out, t)
            theirs = _numeric(lambda k=k: _outputs(func, inputs)[k]._data, t._data, eps)
            if not np.allclose(ours, theirs, rtol, atol):
                if not raise_exception:
                    return False
                raise RuntimeError(
                    f"Jacobian mismatch for output {k} with respect to input {i},\n"
                    f"numerical:{theirs}\nanalytical:{ours}"
                )
    return True


def _outputs(func, inputs):
    return _calls.listed(func(*inputs))


def _analytic(out, t):
    """The Jacobian (elements of t, elements of out), one backward per element of out."""
    columns = []
    for i in range(out._data.size):
        seed = np.zeros(out._data.size, out._data.dtype)
        seed[i] = 1
        seed = wrap(seed.reshape(out._data.shape))
        g: Any = grad(out, t, seed, retain_graph=True, materialize_grads=True)[0]
        columns.append(g._data.reshape(-1))
    return np.stack(columns, 1) if columns else np.zeros((t._data.size, 0))


def _numeric(f, array, eps):
    """The same by moving each element of `array`, which `f` reads, up and down by `eps`."""
    rows = []
    for i in np.ndindex(array.shape):
        kept = array[i]
        sides = []
        for step in (eps, -eps):
            array[i] = kept + step
            sides.append(np.array(f(), np.float64).reshape(-1))
        array[i] = kept
        rows.append((sides[0] - sides[1]) / (2 * eps))
    return np.stack(rows)
