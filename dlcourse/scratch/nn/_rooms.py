"""The files of `torch.nn.modules` that client code names, such as `batchnorm._BatchNorm`."""

from ..stubs import room
from . import modules
from .modules import (
    activation,
    container,
    conv,
    linear,
    loss,
    module,
    normalization,
    pooling,
    rnn,
    transformer,
)


def _tuples(n):
    return lambda value: tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


def _layers(file):
    return {n: v for n, v in vars(file).items() if isinstance(v, type)}


_FILES = (activation, container, conv, linear, loss, module, normalization, pooling, rnn)
for _file in (*_FILES, transformer):
    for _name, _layer in _layers(_file).items():
        if not _name.startswith("_"):
            setattr(modules, _name, _layer)
conv._ConvNd = conv._Conv  # pyright: ignore[reportAttributeAccessIssue]
for _name, _file in {
    "batchnorm": normalization,
    "instancenorm": normalization,
    "dropout": pooling,
    "padding": pooling,
    "upsampling": pooling,
    "sparse": linear,
}.items():
    setattr(modules, _name, room(f"nn.modules.{_name}", "As in torch.", **_layers(_file)))
modules.utils = room(  # pyright: ignore[reportAttributeAccessIssue]
    "nn.modules.utils", "As in torch.", _single=_tuples(1), _pair=_tuples(2), _triple=_tuples(3)
)
