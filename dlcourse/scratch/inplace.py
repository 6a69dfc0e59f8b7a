"""Writing into tensors: `x += y`, `x[i] = y`, `x.relu_()`, and what that means for the graph.

Memory is really written, so views see it, as in torch. The graph stays right because the result of
the write is a new node; what an older node saved and somebody overwrote is refused in `backward`.
"""

import numpy as np

from . import autograd, ops, versions
from .autograd import Node, Tensor, state, wrap
from .ops._shape import shape_of
from .ops.index import _place, _setitem, split_index

_RANK = {"b": 0, "u": 1, "i": 1, "f": 2}


def in_place(function):
    """The method `name_` of the op `name`: compute, then write the result over the first input."""

    def method(self, *args, **options):
        if not _recorded(self, args):
            return _write(self, function(self, *args, **options))
        _check(self)
        before = snapshot(self)
        out = function(before, *args, **options)
        return _write(self, _filled(before, out) if out.grad_fn is None else out)

    method.__name__ = function.__name__.removeprefix("_") + "_"
    method.__doc__ = f"`{function.__name__.removeprefix('_')}`, written over this tensor."
    return method


def _recorded(self, others):
    return (state.recording and self._data.dtype.kind == "f") and (
        self._requires_grad or any(isinstance(a, Tensor) and a._requires_grad for a in others)
    )


def _check(self):
    """Refuse what torch refuses: leaves that require grad, and views of them, under recording."""
    base = self._base
    _spare(self if base is None else base)
    if self._requires_grad and self.grad_fn is None:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation: "
            "do it under no_grad()"
        )
    if base is not None and base._requires_grad and np.may_share_memory(self._data, base._data):
        if base.grad_fn is None:
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place "
                "operation: do it under no_grad()"
            )
        if self.grad_fn is not None and self.grad_fn.name in ("parts", "unbind"):
            raise RuntimeError(
                "this view is one of several outputs of split, chunk or unbind, and must not be "
                "modified inplace: clone() it first"
            )


def _spare(written):
    """Let the node that made `written` keep what it needs of it."""
    node = written.grad_fn
    if node is not None and node.name in versions.OWN_USE:
        for maker in (node, *(p for p in node.parents if isinstance(p, Node) and not p.shape)):
            versions.spare(maker, written._data)


def snapshot(self):
    """The tensor as it is now, in memory of its own: what gradients of the write may refer to."""
    autograd.refresh([self])
    t = wrap(self._data.copy(order="K"))
    t._requires_grad, t.grad_fn = self._requires_grad, self.grad_fn
    return t


def _write(self, out):
    if out._data.shape != self._data.shape:
        raise RuntimeError(
            f"output with shape {list(self._data.shape)} doesn't match the broadcast shape "
            f"{list(out._data.shape)}"
        )
    if _RANK[out._data.dtype.kind] > _RANK[self._data.dtype.kind]:
        raise RuntimeError(
            f"result type {out.dtype} can't be cast to the desired output type {self.dtype}"
        )
    self._data[...] = out._data
    _adopt(self, out)
    return self


def _adopt(self, out):
    """Take over the graph of `out`, whose values were just written into `self`."""
    if out.grad_fn is None:
        versions.note_write(self._data, autograd.newest())
        return
    node = out.grad_fn
    versions.note_write(self._data, node.number, recorded=True)
    base = self._base
    if base is not None and np.may_share_memory(self._data, base._data):
        _splice(base, self, node)
    self._requires_grad, self.grad_fn = True, node


def _splice(base, view, node):
    """Make the graph of `base` see that `node` computed the part of it that `view` shows.

    Source: torch calls this CopySlices.
    """
    place = versions.placing(base._data, view._data)

    def back(g, needs):
        rest, hole = place(None, g)
        taken = hole.copy()
        hole[...] = 0
        return rest, taken

    old = (base.grad_fn or base) if base._requires_grad else None
    base.grad_fn = Node("copy_slices", [old, node], back, base._data.shape, base._data.dtype)
    base._requires_grad = True


def setitem(self, index, value):
    """`self[index] = value`."""
    basic, advanced = split_index(index, self._data.ndim)
    if not isinstance(value, Tensor | int | float | np.generic | np.ndarray):
        raise TypeError(
            f"can't assign a {type(value).__name__} to a tensor: use a tensor or a number"
        )
    if advanced is not None and isinstance(value, Tensor):
        _check_placed(self, value, advanced)
    if _recorded(self, (value,)):
        _check(self)
        _write(self, _setitem(snapshot(self), value, basic, advanced))
        return
    _place(self._data, getattr(value, "_data", value), basic, advanced)
    versions.note_write(self._data, autograd.newest())


def _check_placed(self, value, advanced):
    """Refuse what torch refuses: another dtype at index tensors, but for a single one at a mask."""
    masks = [p for p in advanced if isinstance(p, np.ndarray) and p.dtype.kind == "b"]
    if value._data.dtype != self._data.dtype and (value._data.size != 1 or not masks):
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {self.dtype} for "
            f"the destination and {value.dtype} for the source."
        )


def fill_(self, value):
    """Write one number everywhere."""
    if isinstance(value, Tensor) and value._data.ndim:
        raise RuntimeError("fill_ only supports 0-dimension value tensor")
    if _recorded(self, (value,)):
        _check(self)
        return _write(self, _filled(snapshot(self), value))
    self._data[...] = getattr(value, "_data", value)
    versions.note_write(self._data, autograd.newest())
    return self


def _filled(self, value):
    return _setitem(self, value, (Ellipsis,), None)


def fill_diagonal_(self, fill_value, wrap=False):
    """Write one number along the diagonal of a matrix."""
    if wrap or self._data.ndim != 2:
        raise NotImplementedError("fill_diagonal_: only for matrices, without wrap")
    return self.masked_fill_(autograd.wrap(np.eye(*self._data.shape, dtype=bool)), fill_value)


def zero_(self):
    """Write zeros."""
    return fill_(self, 0)


def copy_(self, src, non_blocking=False):
    """Write the values of another tensor (broadcast and cast to this one's type)."""
    if not isinstance(src, Tensor):
        raise TypeError(f"copy_(): expected a Tensor, but got {type(src).__name__}")
    if _recorded(self, (src,)):
        _check(self)
        return _write(self, _filled(snapshot(self), src))
    self._data[...] = np.broadcast_to(src._data, self._data.shape)
    versions.note_write(self._data, autograd.newest())
    return self


def resize_(self, *sizes):
    """Another shape of the same memory if that has room, else of new memory, partly unwritten."""
    shape = shape_of(sizes)
    if self._requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    n, old = int(np.prod(shape)), self._data.reshape(-1)
    flat = old[:n] if n <= old.size else np.concatenate([old, np.empty(n - old.size, old.dtype)])
    self._data = flat.reshape(shape)
    return self


def reshaping(function):
    """The method `name_` of an op that only changes the shape, such as `squeeze_`."""

    def method(self, *args, **options):
        if _recorded(self, ()):
            _check(self)
        out = function(self, *args, **options)
        self._data, self._requires_grad = out._data, out._requires_grad
        self.grad_fn = out.grad_fn
        return self

    return method


def random(draw):
    """A method that overwrites the tensor with random numbers `draw(array, ...)`."""

    def method(self, *args, generator=None, **options):
        if state.recording:
            _check(self)
        self._data[...] = draw(self._data, generator, *args, **options)
        versions.note_write(self._data, autograd.newest())
        return self

    method.__name__, method.__doc__ = draw.__name__.removeprefix("_"), draw.__doc__
    return method


WRITING = """
abs acos add addcdiv addcmul addmm asin asinh atan atanh bitwise_and bitwise_not bitwise_or ceil
clamp clamp_max clamp_min clip cos cumprod cumsum div divide eq erf exp expm1 floor floor_divide
fmod frac ge gt index_add index_copy index_fill index_put le lerp log log10 log1p log2 logical_and
logical_not logical_or logit lt masked_fill masked_scatter mul multiply nan_to_num ne neg pow
reciprocal relu remainder round rsqrt scatter scatter_add sigmoid sign sin sinh softmax sqrt
square sub subtract tan tanh tril triu trunc
"""
WRITING = [
    *WRITING.split(),
    "scatter_reduce",
    "erfinv",
    "lgamma",
    "digamma",
    "sinc",
    "xlogy",
    "hypot",
    "atan2",
    "copysign",
]
SHAPING = ["squeeze", "unsqueeze", "t", "transpose", "swapaxes"]


def install():
    """Give `Tensor` its writing methods and operators."""
    for name in WRITING:
        setattr(Tensor, name + "_", in_place(getattr(ops, name)))
    for name in SHAPING:
        setattr(Tensor, name + "_", reshaping(getattr(ops, name)))
    for symbol, name in _OPERATORS.items():
        setattr(Tensor, f"__i{symbol}__", in_place(getattr(ops, name)))
    for f in (fill_, fill_diagonal_, zero_, copy_, resize_):
        setattr(Tensor, f.__name__, f)
    Tensor.__setitem__ = setitem


_OPERATORS = {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "truediv": "div",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "pow",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
}
