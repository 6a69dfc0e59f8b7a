"""A module called with other parameters than its own."""

from contextlib import contextmanager


@contextmanager
def _swapped(module, values):
    kept = []
    for path, value in values.items():
        owner, _, name = path.rpartition(".")
        owner = module.get_submodule(owner)
        kind = owner._parameters if name in owner._parameters else owner._buffers
        if name not in kind:
            raise AttributeError(f"{type(owner).__name__} has no attribute `{name}`")
        kept.append((owner, kind, name, kind[name]))
        kind[name] = value
        object.__setattr__(owner, name, value)
    try:
        yield
    finally:
        for owner, kind, name, value in kept:
            kind[name] = value
            object.__setattr__(owner, name, value)


def functional_call(
    module, parameter_and_buffer_dicts, args=None, kwargs=None, *, tie_weights=True, strict=False
):
    """`module(*args, **kwargs)` with these tensors in place of those of the same names."""
    if strict:
        raise NotImplementedError("functional_call: strict is not supported")
    values = parameter_and_buffer_dicts
    if isinstance(values, (list, tuple)):
        values = {k: v for part in values for k, v in part.items()}
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with _swapped(module, values):
        return module(*args, **(kwargs or {}))
