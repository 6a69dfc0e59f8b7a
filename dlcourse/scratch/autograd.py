"""Reverse-mode automatic differentiation: record on the way forward, replay on the way back.

An op states only its mathematics: it takes arrays and returns its value and how gradients flow.

    @op
    def mul(input, other):
        return input * other, (lambda g: g * other, lambda g: g * input)

`op` lifts it to tensors and, when a gradient is wanted, hangs a `Node` on the result. `backward`
visits the nodes from the newest to the oldest, so that each has its whole gradient before it passes
it on. Everything else that gradients need happens here, once: un-broadcasting, dtypes, adding up
where a value was used twice, freeing the graph. Source: Baydin et al., 2018, "Automatic
differentiation in machine learning: a survey", section 3.2.
"""

import functools
import importlib
import itertools
import weakref
from collections.abc import Callable
from heapq import heappop, heappush
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _calls, versions
from .dtypes import promote
from .grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
    state,
)

__all__ = [
    "Node",
    "Tensor",
    "backward",
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "op",
    "set_grad_enabled",
    "state",
    "wrap",
]

Array = np.ndarray
OPS: dict[str, Callable] = {}  # every op by name: tests and `explain` read it
_numbers = itertools.count(1)  # a node's number tells its age: whatever it uses is older


def newest():
    """A number above those of all nodes made so far."""
    return next(_numbers)


class Node:
    """How a tensor was made: its op, where gradients go (`parents`), and what to send (`back`).

    A parent is the node that made it, the tensor itself if it is a leaf, or None if it needs no
    gradient. A node holds no tensor that it made, so graphs contain no reference cycles.
    """

    back: Any
    __slots__ = ("__weakref__", "back", "dtype", "hooks", "name", "number", "parents", "shape")

    def __init__(self, name, parents, back, shape, dtype):
        self.name, self.parents, self.back = name, parents, back
        self.shape, self.dtype = shape, dtype
        self.number = next(_numbers)
        self.hooks: list | None = None

    @property
    def next_functions(self):
        """Where gradients go next, as torch lists them: pairs (node or leaf, 0)."""
        return tuple((p, 0) for p in self.parents if p is not None)

    def __repr__(self):
        return f"<{self.name.title().replace('_', '')}Backward0>"


class Tensor:
    """An array that remembers how it was computed."""

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_base",  # the tensor whose memory this one is a view of
        "_data",
        "_grad",
        "_hooks",
        "_requires_grad",
        "grad_fn",
    )
    __array_priority__ = 1000  # so that `array + tensor` asks the tensor

    if TYPE_CHECKING:  # what `tensor` and `inplace` hang on this class

        def __getattr__(self, name: str) -> Any: ...

        __add__: Any
        __radd__: Any
        __sub__: Any
        __rsub__: Any
        __mul__: Any
        __rmul__: Any
        __truediv__: Any
        __rtruediv__: Any
        __neg__: Any
        __pow__: Any
        __matmul__: Any
        __getitem__: Any
        __setitem__: Any
        __lt__: Any
        __gt__: Any
        __len__: Any
        __iter__: Any

    def _fill(self, data, requires_grad=False):
        """Become a leaf around an array: what every constructor ends in."""
        self._data: Array = data if type(data) is Array else np.asarray(data)
        self._base: Tensor | None = None
        self._grad: Tensor | None = None
        self._hooks: list | None = None
        self.grad_fn: Node | None = None
        self._requires_grad = False
        if requires_grad:
            self.requires_grad_()

    @property
    def grad(self):
        """The gradient that `backward` left here, or None."""
        return self._grad

    @grad.setter
    def grad(self, value):
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(f"assigned grad expected to be a Tensor or None but got {type(value)}")
        if value is not None and value._data.shape != self._data.shape:
            raise RuntimeError("assigned grad has data of a different size")
        self._grad = value

    is_leaf = property(lambda self: self.grad_fn is None)

    def _set_requires_grad(self, value):
        if self.grad_fn is not None:
            raise RuntimeError("you can only change requires_grad flags of leaf variables.")
        self.requires_grad_(value)

    requires_grad = property(attrgetter("_requires_grad"), _set_requires_grad)

    def requires_grad_(self, requires_grad=True):
        """Say whether operations on this leaf are recorded; only floats can be differentiated."""
        if self.grad_fn is not None and not requires_grad:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a "
                "computed variable in a subgraph that doesn't require differentiation use "
                "var_no_grad = var.detach()."
            )
        if requires_grad and self._data.dtype.kind != "f":
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        self._requires_grad = bool(requires_grad)
        return self

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
        """Add d(self)/d(leaf) to `leaf.grad` for every leaf that requires it."""
        backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def detach(self):
        """The same values (and memory), outside the graph."""
        return wrap(self._data)

    def retain_grad(self):
        """Keep the gradient of this intermediate result in `.grad`, as leaves do."""
        if not self._requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.grad_fn is not None:
            me = weakref.ref(self)  # a node must not hold the tensor that it made

            def keep(g):
                t = me()
                if t is not None:
                    t._grad = wrap(g._data.copy())

            self.grad_fn.hooks = [*(self.grad_fn.hooks or ()), keep]


def wrap(array):
    """A new tensor around `array`: the quick constructor of the engine itself."""
    t = _new(Tensor)
    t._data = array if type(array) is Array else np.asarray(array)
    t._base = t._grad = t._hooks = t.grad_fn = None
    t._requires_grad = False
    return t


_new = object.__new__


def leaf(array, requires_grad):
    """A new tensor around `array` that may ask for a gradient."""
    t = wrap(array)
    return t.requires_grad_() if requires_grad else t


# --- forward: recording -----------------------------------------------------------------------


def op(forward: Any = None, *, promotes=False, numbers=False, view=False) -> Any:
    """Lift `forward(arrays..., options...) -> (value, back)` to tensors, and register it.

    The parameters before `/` (without one: all positional ones) are inputs: tensors, which arrive
    as arrays, or None; the others are options and arrive as they are. `back` is
    - a tuple with one vector-Jacobian product `g -> gradient` per input; those that nobody needs
      are never called; or
    - one function `(g, needs) -> gradients`, if they share work; None where `needs` is False; or
    - None, if there is nothing to differentiate.
    If `value` is a tuple, so is the result, and `g` a list with one array per part of it.

    With `numbers`, inputs may be Python numbers; with `promotes`, they are also cast to their
    common type. `view` tells that the result looks at the memory of the first input.
    """
    if forward is None:
        return functools.partial(op, promotes=promotes, numbers=numbers, view=view)
    name = forward.__name__.removeprefix("_")
    names, optional, variadic = _calls.inputs_of(forward)
    unusual = _calls.unusual(forward, names)
    count = len(names)
    allowed = _calls.NUMBERS if numbers or promotes else ()
    may_be_none = count - optional if allowed else 1  # inputs from this one on

    @functools.wraps(forward)
    def apply(*args, **options):
        if options and not unusual.isdisjoint(options):
            if "out" in options:
                return _calls.into(options.pop("out"), apply(*args, **options))
            args = _calls.tidy(name, names, args, options)
        inputs, rest = args, ()
        if len(args) > count and not variadic:
            inputs, rest = args[:count], args[count:]
        if versions.latest_recorded:
            refresh(inputs)
        arrays, parents, needed = [], [], 0
        for t in inputs:
            if isinstance(t, Tensor):
                arrays.append(t._data)
                if t._requires_grad:
                    parents.append(t.grad_fn or t)
                    needed += 1
                    continue
            else:
                arrays.append(_calls.number(name, t, allowed, len(arrays) >= may_be_none))
            parents.append(None)
        if promotes:
            arrays = promote(arrays)
        value, back = state.quiet.run(forward, *arrays, *rest, **options)
        if not (needed and state.recording):
            back = None
        elif needed < len(parents) and type(back) is tuple:
            # A product that nobody needs is let go, and with it whatever it alone holds.
            pairs = zip(parents, back, strict=False)
            back = tuple([None if p is None else f for p, f in pairs])
        if type(value) is tuple:
            outs = several(name, parents, value, back)
            return tuple(_view_of(inputs[0], out) for out in outs) if view else outs
        out = wrap(value)
        if back is not None:
            out._requires_grad = True
            out.grad_fn = Node(name, parents, back, out._data.shape, out._data.dtype)
        return _view_of(inputs[0], out) if view else out

    OPS[name] = apply
    return apply


class _Parts(tuple):
    """Gradients (i, g) of some outputs of one node; adding joins them."""

    shape = dtype = None


def several(name, parents, values, back, plain=()):
    """Wrap the several outputs of one op; those that are `plain` have no gradient.

    Each passes its part of the gradient to one common node, whose `back` waits for all of them.
    """
    outs = tuple(map(wrap, values))
    if back is None:
        return outs
    likes = [(v._data.shape, v._data.dtype) for v in outs]

    def joined(parts, needs):
        gs = dict(parts)
        return back([gs[i] if i in gs else np.zeros(*like) for i, like in enumerate(likes)], needs)

    common = Node(name, parents, joined, None, None)
    for i, (out, like) in enumerate(zip(outs, likes, strict=True)):
        if like[1].kind == "f" and not (plain and plain[i]):
            out._requires_grad = True
            out.grad_fn = Node(name, [common], (lambda g, i=i: _Parts(((i, g),)),), *like)
    return outs


def _view_of(source, out):
    """Note whose memory a view shows, and whether its elements are out of order in it.

    `inplace` reads the first; the second lets `Tensor.view` refuse what torch refuses, although
    arrays that the engine itself lays out differently (images, for speed) may be viewed.
    """
    out._base = source if source._base is None else source._base
    in_order = source._data.flags.c_contiguous or hasattr(source, "_strided")
    if in_order and not out._data.flags.c_contiguous:
        out._strided = True
    return out


def refresh(inputs):
    """Lead the graph of views through recorded in-place writes that changed what they show."""
    for t in inputs:
        node = t.grad_fn if isinstance(t, Tensor) else None
        if node is not None and versions.written_after(t._data, node.number, recorded=True):
            base = t._base
            if base is None or not np.may_share_memory(t._data, base._data):
                raise RuntimeError(
                    "this tensor shares memory with one that was modified by an inplace operation "
                    "after it was made: make it again after the change, or clone() it before"
                )
            place = versions.placing(base._data, t._data)
            back = (lambda g, place=place: place(g)[0],)
            t.grad_fn = Node("as_strided", [base.grad_fn or base], back, node.shape, node.dtype)


# --- backward: replaying ----------------------------------------------------------------------


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    """Add the gradients of `tensors` (weighted by `grad_tensors`) to the `.grad` of the leaves."""
    roots = _calls.listed(tensors)
    seeds = _calls.seeds(roots, grad_tensors, create_graph)
    targets = None if inputs is None else {t.grad_fn or t: t for t in _calls.listed(inputs)}
    found = quietly(propagate, roots, seeds, retain_graph, targets or ())
    taken = {id(g) for g in seeds}
    for place, g in found.items():
        if targets is None:
            _accumulate(place, g, taken)
        elif place in targets:
            _accumulate(targets[place], g, taken)


def quietly(function, *args):
    """Run without NumPy's warnings about infinities and NaN."""
    # A copy, because a context cannot be entered twice, and a hook may run another backward.
    return state.quiet.copy().run(function, *args)


def propagate(roots, seeds, retain_graph=False, keep=()):
    """Send `seeds` from `roots` to the leaves; return {leaf: gradient}, and the nodes in `keep`."""
    grads, mine, waiting, kept = {}, set(), [], {}  # mine: sums made here, which may grow in place

    def deliver(target, g):
        like = target if type(target) is Node else target._data
        if g.shape != like.shape:
            g = unbroadcast(g, like.shape)
        if g.dtype is not like.dtype and g.dtype != like.dtype:
            g = g.astype(like.dtype)
        if target not in grads:
            grads[target] = g
            if like is target:
                heappush(waiting, (-target.number, target))
        elif target in mine:
            grads[target] += g
        else:
            grads[target] = grads[target] + g
            mine.add(target)

    for t, g in zip(roots, seeds, strict=True):
        deliver(t.grad_fn or t, g)
    while waiting:  # the newest node first: everything that used it has been visited
        node = heappop(waiting)[1]
        g = grads.pop(node)
        if node.hooks:
            g = _run_hooks(node.hooks, g)
        if node in keep:
            kept[node] = g
        back = node.back
        if back is None:
            raise RuntimeError(versions.FREED)
        if node.number < versions.latest:
            versions.refuse_overwritten(node)
        if type(back) is tuple:
            for parent, vjp in zip(node.parents, back, strict=False):
                if vjp is not None:
                    deliver(parent, vjp(g))
        else:
            needs = [p is not None for p in node.parents]
            for parent, d in zip(node.parents, back(g, needs), strict=True):
                if parent is not None and d is not None:
                    deliver(parent, d)
        if not retain_graph:
            node.back, node.parents = None, ()
    return grads | kept if kept else grads


def unbroadcast(g, shape):
    """Sum `g` back down to `shape`: the adjoint of broadcasting."""
    g = g.sum(tuple(range(g.ndim - len(shape)))) if g.ndim > len(shape) else g
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return g.sum(stretched, keepdims=True) if stretched else g


def _accumulate(leaf, g, taken):
    """Add `g` to `leaf.grad`; at first keep `g` itself, if nobody else can hold its memory."""
    if leaf._hooks:
        g = _run_hooks(leaf._hooks, g)
    if leaf._grad is not None:
        leaf._grad._data += g
        return
    if type(g) is Array and (g.base is not None or id(g) in taken):
        g = g.copy()
    taken.add(id(g))
    leaf._grad = wrap(g)


def _run_hooks(hooks, g):
    for hook in list(hooks):
        new = hook(wrap(g))
        g = g if new is None else new._data
    return g


_ELSEWHERE = {
    **dict.fromkeys(["Function", "Variable", "grad"], "function"),
    "gradcheck": "gradcheck",
    **dict.fromkeys(["detect_anomaly", "set_detect_anomaly"], "stubs"),
}


def __getattr__(name):  # these live in files of their own, which need this one
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(f".{_ELSEWHERE[name]}", __package__), name)
    raise AttributeError(f"module 'autograd' has no attribute '{name}'")
