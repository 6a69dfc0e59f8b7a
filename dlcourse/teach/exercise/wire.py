"""Observations as JSON and back.

What a checked answer produced is read as data, never unpickled: an answer cannot make the process
that judges it run anything.
"""

import base64
import json
from typing import Any

import numpy as np

from .observe import Observation, Part, Raised


def dumps(seen: Observation) -> dict[str, Any]:
    """`seen` as plain JSON values."""
    return {
        "parts": {name: _part(part) for name, part in seen.parts.items()},
        "container": seen.container,
        "raised": seen.raised and [seen.raised.type, seen.raised.text, seen.raised.line],
        "changed": list(seen.changed),
        "printed": seen.printed,
    }


def loads(data: dict[str, Any]) -> Observation:
    """The inverse of `dumps`; raises `ValueError` for anything that `dumps` cannot have made."""
    try:
        return Observation(
            {str(name): _unpart(part) for name, part in data["parts"].items()},
            str(data["container"]),
            data["raised"] and Raised(*data["raised"]),
            tuple(str(name) for name in data["changed"]),
            str(data["printed"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an observation: {error}") from error


def frame(message: dict[str, Any]) -> bytes:
    """A message as one line of bytes."""
    return json.dumps(message).encode() + b"\n"


def _part(part: Part) -> list[Any]:
    a = part.array
    data = a is not None and base64.b64encode(np.ascontiguousarray(a).tobytes()).decode()
    return [part.kind, part.text, a is not None and [a.dtype.str, list(a.shape), data]]


def _unpart(data: list[Any]) -> Part:
    kind, text, array = data
    return Part(str(kind), _array(*array) if array else None, str(text))


def _array(dtype: str, shape: list[int], data: str) -> np.ndarray:
    kind = np.dtype(dtype)
    if kind.kind not in "biuf":
        raise ValueError(f"an array of {dtype}")
    return np.frombuffer(base64.b64decode(data), kind).reshape(shape)
