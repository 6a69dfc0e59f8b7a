"""A parameter that is computed from others each time it is read, as `torch.nn.utils.parametrize`.

The module becomes an instance of a subclass of its own class, whose property computes the value.
"""

from typing import Any

from ...autograd import Tensor, no_grad
from ..modules.container import ModuleDict, ModuleList
from ..modules.module import Module
from ..parameter import Parameter


class ParametrizationList(ModuleList):
    """The maps that lead from `original` (or `original0`, `original1`, ...) to the parameter."""

    def __init__(self, modules, original):
        super().__init__(modules)
        parameter = original
        with no_grad():
            for m in reversed(modules):
                back = getattr(m, "right_inverse", None)
                original = original if back is None else back(original)
        self.is_tensor = isinstance(original, Tensor)
        self.ntensors = 1 if self.is_tensor else len(original)
        if self.is_tensor:  # the parameter itself, which an optimizer may already know
            parameter.data = original.detach()
            self.original = parameter
            return
        for name, t in self._named(original):
            setattr(self, name, Parameter(t.detach().clone(), parameter.requires_grad))

    def _named(self, values):
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(len(values))]
        return zip(names, values, strict=True)

    def forward(self):
        first, *rest = self
        names = [n for n, _ in self._named(range(self.ntensors))]
        x = first(*(getattr(self, n) for n in names))
        for m in rest:
            x = m(x)
        return x


def register_parametrization(module, tensor_name, parametrization, *, unsafe=False):
    """Let `parametrization(original)` be what `module.<tensor_name>` gives from now on."""
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if hasattr(parametrization, "right_inverse"):
            raise NotImplementedError("only the first parametrization may have a right_inverse")
        module.parametrizations[tensor_name].append(parametrization)
        return module
    if tensor_name not in module._parameters:
        raise ValueError(f"Module '{module}' does not have a parameter '{tensor_name}'")
    maps = ParametrizationList([parametrization], module._parameters[tensor_name])
    if not is_parametrized(module):
        cls = type(module)
        module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), {"_plain_class": cls})
        module.parametrizations = ModuleDict()
    delattr(module, tensor_name)
    module.parametrizations[tensor_name] = maps

    def compute(self):
        return self.parametrizations[tensor_name]()

    setattr(type(module), tensor_name, property(compute))
    return module


def is_parametrized(module, tensor_name=None):
    """Is a parameter of this module (that one, if named) computed from others?"""
    maps = module._modules.get("parametrizations")
    return maps is not None and (tensor_name is None or tensor_name in maps)


def remove_parametrizations(module, tensor_name, leave_parametrized=True):
    """Make the parameter an ordinary one again, with its present value (or its original)."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    maps = module.parametrizations[tensor_name]
    with no_grad():
        value = maps() if leave_parametrized else maps.original
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if not len(module.parametrizations):
        delattr(module, "parametrizations")
        module.__class__ = type(module)._plain_class
    parameter: Any = maps.original if maps.is_tensor else Parameter(value.detach().clone())
    parameter.data = value.detach()
    module.register_parameter(tensor_name, parameter)
    return module


# --- the two that are used most ---------------------------------------------------------------


def norm_except(v, dim):
    """The norm over all dimensions but `dim`, kept as ones; of everything for None."""
    dims = None if dim is None else [d for d in range(v.dim()) if d != dim % v.dim()]
    return v.norm() if dim is None else v.norm(2, dims, keepdim=True)


class _WeightNorm(Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, g, v):
        return v * (g / norm_except(v, self.dim))

    def right_inverse(self, weight):
        return norm_except(weight, self.dim), weight


def weight_norm(module, name="weight", dim=0):
    """A weight as length and direction, w = g v / |v| (Salimans and Kingma, 2016)."""
    return register_parametrization(module, name, _WeightNorm(dim))


class _SpectralNorm(Module):
    """A matrix divided by its largest singular value, followed by power iteration."""

    def __init__(self, weight, n_power_iterations, dim, eps):
        super().__init__()
        self.dim, self.eps, self.n_power_iterations = dim, eps, n_power_iterations
        matrix = as_matrix(weight.detach(), dim)
        for name, n in (("_u", matrix.shape[0]), ("_v", matrix.shape[1])):
            self.register_buffer(name, unit(matrix.new_empty(n).normal_(), eps))
        self._iterate(matrix, 15)

    def _iterate(self, matrix, n):
        with no_grad():
            for _ in range(n):
                self._u.copy_(unit(matrix @ self._v, self.eps))
                self._v.copy_(unit(matrix.t() @ self._u, self.eps))

    def forward(self, weight):
        if weight.dim() == 1:
            return weight / weight.norm().clamp(min=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._iterate(matrix.detach(), self.n_power_iterations)
        return weight / (self._u.clone() @ (matrix @ self._v.clone()))

    def right_inverse(self, value):
        return value


def unit(x, eps):
    """A vector of length 1."""
    return x / x.norm().clamp(min=eps)


def as_matrix(weight, dim):
    """A weight as a matrix whose rows are its dimension `dim`."""
    return weight.movedim(dim, 0).flatten(1) if weight.dim() > 1 else weight[None]


def spectral_dim(module):
    """Which dimension of a layer's weight counts its outputs."""
    return 1 if type(module).__name__.startswith("ConvTranspose") else 0


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """A weight divided by its largest singular value (Miyato et al., 2018)."""
    dim = spectral_dim(module) if dim is None else dim
    weight = getattr(module, name)
    return register_parametrization(
        module, name, _SpectralNorm(weight, n_power_iterations, dim, eps)
    )
