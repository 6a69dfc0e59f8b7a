"""A module that is one function with its options stored: most activations, losses and pools."""

# ruff: noqa: RUF012 - `options` are declarations that nobody changes

from collections.abc import Callable
from typing import Any

from .module import Module

REQUIRED = object()


class Options(Module):
    """Subclasses name a `function` and its `options` (argument -> default, in torch's order)."""

    function: Callable[..., Any]
    options: dict = {}
    hidden: tuple[str, ...] = ("inplace",)  # not printed, unless True

    def __init__(self, *args, **kwargs):
        super().__init__()
        vars(self).update(self._bound(args, kwargs))

    def _bound(self, args, kwargs):
        """The constructor's arguments by name, as Python would bind them."""
        name, names = type(self).__name__, list(self.options)
        if len(args) > len(names):
            raise TypeError(f"{name}() takes {len(names)} arguments but {len(args)} were given")
        given = dict(zip(names, args, strict=False))
        for key, value in kwargs.items():
            if key not in self.options or key in given:
                problem = "multiple values for" if key in given else "an unexpected keyword"
                raise TypeError(f"{name}() got {problem} argument '{key}'")
            given[key] = value
        bound = {**self.options, **given}
        missing = [key for key, value in bound.items() if value is REQUIRED]
        if missing:
            raise TypeError(f"{name}() misses the required arguments {missing}")
        return bound

    def forward(self, *args, **kwargs):
        own = self.__dict__
        return type(self).function(*args, **kwargs, **{key: own[key] for key in self.options})

    def extra_repr(self):
        shown = [key for key in self.options if key not in self.hidden or vars(self)[key] is True]
        return ", ".join(f"{key}={vars(self)[key]!r}" for key in shown)
