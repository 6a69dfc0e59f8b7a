"""The older `weight_norm` and `spectral_norm`: computed before each forward, with older names."""

from ...autograd import no_grad
from ..parameter import Parameter
from .parametrize import as_matrix, norm_except, spectral_dim, unit


def _attach(module, name, compute, hook_of, **parameters):
    """Replace parameter `name` by `parameters`, and `compute(module)` it before each forward."""
    delattr(module, name)
    for suffix, value in parameters.items():
        module.register_parameter(f"{name}_{suffix}", Parameter(value.detach()))

    def before(module, args):
        object.__setattr__(module, name, compute(module))

    before(module, ())
    handle = module.register_forward_pre_hook(before)
    module.__dict__.setdefault("_reparametrized", {})[hook_of, name] = handle, parameters
    return module


def _detach(module, name, hook_of, value):
    key = (hook_of, name)
    found = module.__dict__.get("_reparametrized", {}).pop(key, None)
    if found is None:
        raise ValueError(f"{hook_of} of '{name}' not found in {module}")
    handle, parameters = found
    handle.remove()
    del module.__dict__[name]
    for suffix in parameters:
        delattr(module, f"{name}_{suffix}")
    module.register_parameter(name, Parameter(value.detach()))
    return module


def weight_norm(module, name="weight", dim=0):
    """Length g and direction v of a weight as two parameters (Salimans and Kingma, 2016)."""

    def compute(m):
        g, v = getattr(m, f"{name}_g"), getattr(m, f"{name}_v")
        return v * (g / norm_except(v, dim))

    weight = getattr(module, name).detach()
    return _attach(module, name, compute, "weight_norm", g=norm_except(weight, dim), v=weight)


def remove_weight_norm(module, name="weight"):
    """Make the weight an ordinary parameter again, with its present value."""
    v = getattr(module, name)
    return _detach(module, name, "weight_norm", v)


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """A weight divided by its largest singular value (Miyato et al., 2018)."""
    dim = spectral_dim(module) if dim is None else dim
    weight = getattr(module, name).detach()

    def compute(m):
        u, v, w = (getattr(m, f"{name}_{suffix}") for suffix in ("u", "v", "orig"))
        matrix = as_matrix(w, dim)
        if m.training:
            with no_grad():
                for _ in range(n_power_iterations):
                    v.copy_(unit(matrix.t() @ u, eps))
                    u.copy_(unit(matrix @ v, eps))
        return w / (u.clone() @ (matrix @ v.clone()))

    for suffix, n in zip("uv", as_matrix(weight, dim).shape, strict=True):
        module.register_buffer(f"{name}_{suffix}", unit(weight.new_empty(n).normal_(), eps))
    return _attach(module, name, compute, "spectral_norm", orig=weight)


def remove_spectral_norm(module, name="weight"):
    """Make the weight an ordinary parameter again, with its present value."""
    value = getattr(module, name)
    _detach(module, name, "spectral_norm", value)
    for suffix in ("u", "v"):
        delattr(module, f"{name}_{suffix}")
    return module
