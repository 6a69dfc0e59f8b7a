"""torch's other spellings: `autograd.Function`, an op as a class, and `autograd.grad`."""

import numpy as np

from . import _calls
from .autograd import Tensor, no_grad, propagate, quietly, several, state, wrap


class Context:
    """What `forward` leaves for `backward`: saved tensors and any attributes."""

    def __init__(self):
        self._saved = ()
        self.needs_input_grad: tuple[bool, ...] = ()
        self._plain = ()

    def save_for_backward(self, *tensors):
        """Keep tensors for `backward`."""
        self._saved = tensors

    @property
    def saved_tensors(self):
        """What `save_for_backward` kept."""
        return self._saved

    def mark_non_differentiable(self, *outputs):
        """Say that these outputs have no gradient."""
        self._plain = outputs

    def mark_dirty(self, *inputs):
        """Refused: a Function must not write into its inputs."""
        raise NotImplementedError(
            "mark_dirty: return a new tensor instead of writing into the input"
        )

    def set_materialize_grads(self, value):
        """Outputs that were not used always get zeros; only True is supported."""
        if not value:
            raise NotImplementedError("set_materialize_grads(False) is not supported")


class Function:
    """Subclass with static `forward(ctx, ...)` and `backward(ctx, *grads)`; call `apply`."""

    @staticmethod
    def forward(*args):
        """The value."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def backward(ctx, *grads):
        """One gradient (or None) for each argument of `forward`."""
        raise NotImplementedError(
            "You must implement the backward method for your custom autograd.Function."
        )

    @classmethod
    def apply(cls, *args):
        """Compute `forward`, and remember to call `backward`."""
        ctx = Context()
        ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a._requires_grad for a in args)
        with no_grad():
            result = cls._run(ctx, args)
        if not (state.recording and any(ctx.needs_input_grad)):
            return result
        outs = result if isinstance(result, tuple) else (result,)
        arrays = tuple(o._data for o in outs)

        def back(gs, needs):
            with no_grad():
                given = cls.backward(ctx, *[wrap(np.array(g)) for g in gs])
            given = given if isinstance(given, tuple) else (given,)
            return _checked(cls, given, needs)

        parents = [
            (a.grad_fn or a) if n else None for a, n in zip(args, ctx.needs_input_grad, strict=True)
        ]
        plain = {id(o) for o in ctx._plain}
        recorded = several(cls.__name__, parents, arrays, back, [id(o) in plain for o in outs])
        return recorded if isinstance(result, tuple) else recorded[0]

    @classmethod
    def _run(cls, ctx, args):
        setup = getattr(cls, "setup_context", None)  # torch's newer form: forward without ctx
        if setup is None:
            return cls.forward(ctx, *args)
        result = cls.forward(*args)
        setup(ctx, args, result)
        return result


def _checked(cls, given, needs):
    if len(given) > len(needs) and all(g is None for g in given[len(needs) :]):
        given = given[: len(needs)]
    if len(given) != len(needs):
        raise RuntimeError(
            f"function {cls.__name__}Backward returned an incorrect number of gradients "
            f"(expected {len(needs)}, got {len(given)})"
        )
    return [_as_array(cls, g) if n else None for g, n in zip(given, needs, strict=True)]


def _as_array(cls, g):
    if g is None:
        return None
    if not isinstance(g, Tensor):
        raise TypeError(
            f"{cls.__name__}.backward must return tensors or None, not {type(g).__name__}"
        )
    return g._data.copy()  # the tensor may be one that was saved, or returned twice


# --- a name from torch's past ------------------------------------------------------------------


class _AnyTensor(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, Tensor)


class Variable(metaclass=_AnyTensor):
    """A tensor: `Variable(t)` shares the memory of t, outside its graph."""

    def __new__(cls, data, requires_grad=False):
        return wrap(data._data).requires_grad_(requires_grad)


# --- gradients as values ----------------------------------------------------------------------


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    allow_unused=None,
    materialize_grads=False,
):
    """The gradients of `outputs` with respect to `inputs`, as a tuple; no `.grad` changes."""
    roots, inputs = _calls.listed(outputs), _calls.listed(inputs)
    if not all(t._requires_grad for t in inputs):
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    seeds = _calls.seeds(roots, grad_outputs, create_graph)
    places = [t.grad_fn or t for t in inputs]
    found = quietly(propagate, roots, seeds, retain_graph, set(places))
    if len(found.keys() & set(places)) < len(set(places)) and not (
        allow_unused or materialize_grads
    ):
        raise RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph. "
            "Set allow_unused=True if this is the desired behavior."
        )
    zeros = np.zeros_like if materialize_grads else lambda _: None
    arrays = [found.get(p, zeros(t._data)) for p, t in zip(places, inputs, strict=True)]
    return tuple(None if a is None else wrap(np.array(a)) for a in arrays)
