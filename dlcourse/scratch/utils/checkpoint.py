"""Trading time for memory: the engine does not, so a checkpointed part runs as any other.

torch runs such a part again in backward, so that a batch norm in it counts each batch twice; here
it counts once.
"""


def checkpoint(function, *args, use_reentrant=None, preserve_rng_state=True, **kwargs):
    """`function(*args, **kwargs)`, its graph kept as usual."""
    return function(*args, **kwargs)


def checkpoint_sequential(functions, segments, input, use_reentrant=None, **kwargs):
    """`functions` one after the other."""
    for f in functions.children() if hasattr(functions, "children") else functions:
        input = f(input)
    return input
