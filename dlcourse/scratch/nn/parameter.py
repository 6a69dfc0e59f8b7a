"""Tensors that modules own: `Parameter`, `Buffer`, and the placeholders of lazy layers."""

import numpy as np

from ..autograd import Tensor, wrap
from ..dtypes import default_float, to_numpy


class Parameter(Tensor):
    """A tensor that a module registers as its own and an optimizer may change."""

    __slots__ = ()

    def __init__(self, data=None, requires_grad=True):
        if data is not None and not isinstance(data, Tensor):
            kind = type(data).__name__
            raise TypeError(f"Parameter wants a tensor, not {kind}: use Parameter(tensor(data))")
        array = np.empty(0, default_float()) if data is None else data._data
        self._fill(array, requires_grad)

    def __repr__(self):
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that is a module's state but not trained: `self.mean = Buffer(t)`."""

    __slots__ = ("persistent",)

    def __init__(self, data=None, *, persistent=True):
        self._fill(np.empty(0, default_float()) if data is None else data._data)
        self.persistent = persistent


class UninitializedParameter(Parameter):
    """A parameter of a lazy layer before its first input: it has no shape yet."""

    __slots__ = ()

    @property
    def shape(self):
        """Refused: there is none yet."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter: run one batch through the model"
        )

    def materialize(self, shape):
        """Become a parameter of this shape, to be filled."""
        self._data = np.empty(shape, self._data.dtype)
        self.__class__ = Parameter  # pyright: ignore[reportAttributeAccessIssue]

    def __repr__(self):
        return "<UninitializedParameter>"


def empty(*shape, dtype=None, device=None):
    """A parameter with room for `shape`, to be filled by `nn.init`."""
    if device not in (None, "cpu") and str(device) != "cpu":
        raise NotImplementedError(f'device={device!r}: this engine runs on the CPU, use "cpu"')
    if any(n < 0 for n in shape):
        raise RuntimeError(f"a parameter cannot have the negative size {shape}")
    return Parameter(wrap(np.empty(shape, to_numpy(dtype) or default_float())))
