"""Whether the graph is recorded: per thread, as contexts and decorators."""

import contextvars
import functools
import threading
from typing import Any

import numpy as np


class _State(threading.local):
    """Per thread: is the graph recorded? And a context in which NumPy is silent about NaN."""

    def __init__(self):
        self.recording = True
        self.inference = False
        self.quiet = contextvars.copy_context()
        self.quiet.run(np.seterr, all="ignore")


state = _State()


class set_grad_enabled:
    """Record (or not) within a `with` block or a decorated function, or from here on."""

    def __init__(self, mode):
        self.mode, self.outer = bool(mode), []
        self.before, state.recording = state.recording, self.mode

    def __enter__(self):
        self.outer.append(self.before)
        state.recording = self.mode

    def __exit__(self, *exc):
        state.recording = self.outer.pop()


class _Mode:
    """A grad mode for a `with` block or, as decorator, for the calls of a function."""

    recording = False
    inference: bool | None = None

    def __init__(self):
        self.outer = []

    def __new__(cls, function=None) -> Any:
        self = super().__new__(cls)
        self.__init__()
        return self if function is None else self(function)

    def __enter__(self):
        self.outer.append((state.recording, state.inference))
        state.recording = self.recording
        if self.inference is not None:
            state.inference = self.inference

    def __exit__(self, *exc):
        state.recording, state.inference = self.outer.pop()

    def __call__(self, function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            with type(self)():
                return function(*args, **kwargs)

        return inner


class no_grad(_Mode):
    """Compute without recording, as a context or a decorator."""


class enable_grad(_Mode):
    """Record again inside `no_grad`."""

    recording = True


class inference_mode(_Mode):
    """`no_grad` under the name that torch gives its stricter form."""

    inference = True


def is_grad_enabled():
    """Is the graph being recorded in this thread?"""
    return state.recording


def is_inference_mode_enabled():
    """Is this thread inside `inference_mode`?"""
    return state.inference
