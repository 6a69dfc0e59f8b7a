"""Modules that hold other modules or parameters."""

import operator
from collections import OrderedDict
from itertools import chain

from ...autograd import Tensor
from ..parameter import Parameter
from .module import Module


def _position(index, n):
    i = operator.index(index)
    if not -n <= i < n:
        raise IndexError(f"index {i} is out of range")
    return i % n


class _Numbered(Module):
    """Children named "0", "1", ...: what `Sequential` and `ModuleList` share."""

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def _key(self, index):
        return list(self._modules)[_position(index, len(self))]

    def __getitem__(self, index):
        if isinstance(index, slice):
            return self._of(list(self._modules.items())[index])
        return self._modules[self._key(index)]

    def __setitem__(self, index, module):
        setattr(self, self._key(index), module)

    def __delitem__(self, index):
        keys = list(self._modules)
        for key in keys[index] if isinstance(index, slice) else [self._key(index)]:
            delattr(self, key)
        self._renumber(list(self))

    def _renumber(self, modules):
        for key in list(self._modules):
            delattr(self, key)
        for i, module in enumerate(modules):
            self.add_module(str(i), module)

    def append(self, module):
        """Add one module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        """Add several modules at the end."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index, module):
        """Put a module before position `index`."""
        modules = list(self)
        if not isinstance(module, Module):
            raise ValueError(f"module should be of type: {Module}")
        if not -len(modules) <= index <= len(modules):
            raise IndexError(f"Index out of range: {index}")
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def pop(self, key):
        """Take one module out and return it."""
        module = self[key]
        del self[key]
        return module


class Sequential(_Numbered):
    """Modules one after the other: `Sequential(a, b)` or `Sequential(OrderedDict(name=module))`."""

    def __init__(self, *args):
        super().__init__()
        first = args[0] if len(args) == 1 else None
        named = first.items() if isinstance(first, OrderedDict) else enumerate(args)
        for name, module in named:
            self.add_module(str(name), module)

    def _of(self, items):
        return type(self)(OrderedDict(items))

    def forward(self, input):
        for module in self._modules.values():
            input = module(input)
        return input

    def __add__(self, other):
        return Sequential(*self, *other)

    def __iadd__(self, other):
        return self.extend(other)

    def __mul__(self, n):
        return Sequential(*(list(self) * n))


class ModuleList(_Numbered):
    """A list whose modules are registered."""

    def __init__(self, modules=None):
        super().__init__()
        self.extend(modules or ())

    def _of(self, items):
        return type(self)(m for _, m in items)

    def __iadd__(self, modules):
        return self.extend(modules)

    def __add__(self, other):
        return ModuleList(chain(self, other))

    def __repr__(self):
        lines, items = [], [repr(m) for m in self]
        start = 0
        for i in range(1, len(items) + 1):  # runs of equal modules are printed once
            if i == len(items) or items[i] != items[start]:
                count = i - start
                label = f"({start})" if count == 1 else f"({start}-{i - 1})"
                text = items[start] if count == 1 else f"{count} x {items[start]}"
                lines.append(f"{label}: " + text.replace("\n", "\n  "))
                start = i
        name = self._get_name()
        return f"{name}(\n  " + "\n  ".join(lines) + "\n)" if lines else f"{name}()"


class ModuleDict(Module):
    """A dict whose modules are registered."""

    def __init__(self, modules=None):
        super().__init__()
        self.update(modules or {})

    def __getitem__(self, key):
        return self._modules[key]

    def __setitem__(self, key, module):
        self.add_module(key, module)

    def __delitem__(self, key):
        self.pop(key)

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules)

    def __contains__(self, key):
        return key in self._modules

    def _check_new_name(self, name, kind):
        # A key such as "keys" or "type" would hide a method, so keys stay out of attribute access.
        if not isinstance(name, str):
            raise TypeError(f"module name should be a string, not {type(name).__name__}")
        super()._check_new_name(name, kind)

    def keys(self):
        return self._modules.keys()

    def values(self):
        return self._modules.values()

    def items(self):
        return self._modules.items()

    def clear(self):
        for key in list(self):
            delattr(self, key)

    def pop(self, key):
        """Take one module out and return it."""
        module = self[key]
        delattr(self, key)
        return module

    def update(self, modules):
        """Add (or replace) the modules of a dict or of pairs (key, module)."""
        for key, module in modules.items() if hasattr(modules, "items") else modules:
            self[key] = module


def _as_parameter(value):
    plain = isinstance(value, Tensor) and not isinstance(value, Parameter)
    return Parameter(value) if plain else value


class ParameterList(Module):
    """A list whose tensors become registered parameters."""

    def __init__(self, values=None):
        super().__init__()
        self._size = 0
        self.extend(values or ())

    def __len__(self):
        return self._size

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, str(_position(index, len(self))))

    def __setitem__(self, index, value):
        setattr(self, str(_position(index, len(self))), _as_parameter(value))

    def append(self, value):
        """Add one value at the end."""
        self._size += 1
        self[-1] = value
        return self

    def extend(self, values):
        """Add several values at the end."""
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values):
        return self.extend(values)

    def extra_repr(self):
        return "\n".join(f"  ({i}): {_describe(v, v.dtype)}" for i, v in enumerate(self))


def _describe(value, kind):
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    name = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"{name} containing: [{kind} of size {'x'.join(map(str, value.shape))}]"


class ParameterDict(Module):
    """A dict whose tensors become registered parameters."""

    def __init__(self, parameters=None):
        super().__init__()
        self._keys = {}
        self.update(parameters or {})

    def __getitem__(self, key):
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key, value):
        self._keys[key] = None
        setattr(self, key, _as_parameter(value))

    def __delitem__(self, key):
        del self._keys[key]
        delattr(self, key)

    def __len__(self):
        return len(self._keys)

    def __iter__(self):
        return iter(self._keys)

    def __contains__(self, key):
        return key in self._keys

    def keys(self):
        return self._keys.keys()

    def values(self):
        return (self[k] for k in self._keys)

    def items(self):
        return ((k, self[k]) for k in self._keys)

    def get(self, key, default=None):
        """The value under `key`, or `default`."""
        return self[key] if key in self._keys else default

    def pop(self, key):
        """Take one value out and return it."""
        value = self[key]
        del self[key]
        return value

    def update(self, parameters):
        """Add (or replace) the values of a dict or of pairs (key, value)."""
        for key, value in parameters.items() if hasattr(parameters, "items") else parameters:
            self[key] = value

    def extra_repr(self):
        return "\n".join(f"  ({k}): {_describe(v, v.type())}" for k, v in self.items())
