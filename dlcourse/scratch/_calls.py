"""What people pass to ops and to `backward`: put in order, or refused with the cure."""

import inspect

import numpy as np

NUMBERS = (int, float, np.number, np.bool_, np.ndarray)  # what may stand for a tensor in arithmetic


def is_tensor(value):
    """Is this one of the engine's tensors?"""
    return hasattr(value, "_data") and hasattr(value, "grad_fn")


def number(name, value, allowed, optional):
    """An input that is no tensor: a number where allowed, or None for an optional one."""
    if isinstance(value, allowed) or (value is None and optional):
        return value
    raise TypeError(f"{name}(): expected a Tensor, but got {type(value).__name__}")


def inputs_of(forward):
    """An op's inputs: {name: place}, how many are optional, and whether any number is allowed.

    Read from the code itself: `inspect.signature` would double the time of importing the engine.
    """
    code, defaults = forward.__code__, forward.__defaults__ or ()
    positional = code.co_varnames[: code.co_argcount]
    names = positional[: code.co_posonlyargcount or code.co_argcount]
    of = dict(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
    optional = sum(n in of and of[n] is None for n in names)
    variadic = bool(code.co_flags & inspect.CO_VARARGS)
    return {n: i for i, n in enumerate(names)}, optional, variadic


NUMPYS = (("dim", "axis"), ("keepdim", "keepdims"))  # options under torch's and NumPy's names


def unusual(forward, names):
    """Keywords that `forward` itself cannot take: `out=`, inputs by name, NumPy's names."""
    code = forward.__code__
    every = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    options = set(every) - names.keys()  # pooling has its own `out`
    return {"out", *names, *(numpys for _, numpys in NUMPYS)} - options


def tidy(name, names, args, options):
    """Put inputs given by keyword in their places; know NumPy's names of `dim` and `keepdim`."""
    for ours, numpys in NUMPYS:
        if numpys in options:
            options[ours] = options.pop(numpys)
    if names.keys().isdisjoint(options):
        return args
    inputs, others = list(args[: len(names)]), args[len(names) :]
    for key, place in names.items():
        if key in options:
            if place < len(inputs):
                raise TypeError(f"{name}() got multiple values for argument '{key}'")
            inputs += [None] * (place - len(inputs)) + [options.pop(key)]
    return (*inputs, *others)


def into(out, result):
    """`out=`: the result, written into that tensor, which takes its shape."""
    if out is None:
        return result
    if out._requires_grad or result._requires_grad:
        raise RuntimeError(
            "functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments requires grad."
        )
    return out.resize_(*result._data.shape).copy_(result)


def listed(tensors):
    """One tensor or several, as a list."""
    return [tensors] if is_tensor(tensors) else list(tensors)


def seeds(roots, gradients, create_graph):
    """The gradient from which each root starts: one, unless it is given."""
    if create_graph:
        raise NotImplementedError("create_graph: this engine cannot differentiate gradients again")
    given = [None] * len(roots) if gradients is None else listed(gradients)
    return [_seed(t, g) for t, g in zip(roots, given, strict=True)]


def _seed(t, g):
    if not t._requires_grad:
        raise RuntimeError(
            "element 0 of tensors does not require grad and does not have a grad_fn: no input of "
            "this computation was made with requires_grad=True"
        )
    shape = t._data.shape
    if g is None:
        if t._data.size != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        return np.ones(shape, t._data.dtype) if shape else t._data.dtype.type(1)
    if not is_tensor(g):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if g._data.shape != shape:
        raise RuntimeError(
            f"Mismatch in shape: the gradient has a shape of {list(g._data.shape)} and the output "
            f"has a shape of {list(shape)}"
        )
    return g._data
