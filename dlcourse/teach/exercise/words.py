"""Inputs and results in small print, and the plain words around them."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from .form import Inputs
from .observe import Observation, Part

_MOST_NUMBERS = 24


def number(x: float) -> str:
    """A number with as many digits as one needs to tell it from another."""
    return f"{x + 0.0:.4g}"  # the sum turns -0.0 into 0.0


def array(a: np.ndarray) -> str:
    """A small array as one would type it; a large one by its shape."""
    if a.ndim == 0:
        return number(a.item()) if a.dtype.kind == "f" else str(a.item())
    if a.size == 0 or a.size > _MOST_NUMBERS:
        return f"array of shape {a.shape}"
    if a.dtype.kind == "f":
        inner = np.array2string(
            a, separator=", ", formatter={"float_kind": lambda x: number(float(x))}
        )
    else:
        inner = np.array2string(a, separator=", ")
    return " ".join(inner.split()) if a.ndim == 1 else inner


def value(v: Any) -> str:
    """An input as it is printed in a message."""
    if isinstance(v, np.ndarray | np.generic):
        return array(np.asarray(v))
    if isinstance(v, float):
        return number(v)
    if isinstance(v, dict):
        return "{" + ", ".join(f"{k!r}: {value(item)}" for k, item in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ", ".join(" ".join(value(item).split()) for item in v) + "]"
    return repr(v)


def part(p: Part) -> str:
    """What was returned, or one part of it."""
    if p.array is not None:
        return array(p.array)
    return "None" if p.kind == "None" else p.text or p.kind


def inputs(given: Inputs) -> str:
    """One line `name = value` per input, continued lines indented."""
    return "\n".join(_indented(f"{name} = ", value(v)) for name, v in given.items())


def _indented(head: str, body: str) -> str:
    return head + body.replace("\n", "\n" + " " * len(head))


def result(seen: Observation, name: str) -> str:
    """What came out: the error, or the part of this name."""
    if seen.raised:
        return error(seen)
    if name not in seen.parts:
        return "nothing of this name"
    shown = part(seen.parts[name])
    return shown if len(seen.parts) == 1 else _indented(f"{name} = ", shown)


def error(seen: Observation) -> str:
    """The error in the form Python prints it, NumPy's own dialect translated."""
    assert seen.raised is not None
    text = _MATMUL.sub(r"in a @ b, a has \2 columns but b has \1 rows", seen.raised.text)
    return f"{seen.raised.type}: {text}".removesuffix(": ")


_MATMUL = re.compile(r"matmul: .*gufunc.*\(size (\d+) is different from (\d+)\)")


def example(given: Inputs, got: Observation, want: Observation | None, name: str) -> str:
    """An input, what came out of it and, if `want` is given, what was expected."""
    rows = [("given", inputs(given)), ("yours", result(got, name))]
    if want is not None:
        rows.append(("right", result(want, name)))
    return _table(rows)


def shapes(given: Inputs, got: str, want: str | None) -> str:
    """The same with the shapes of the inputs alone, where it is these that matter."""
    arrays = [f"{k}.shape = {v.shape}" for k, v in given.items() if hasattr(v, "shape")]
    others = [f"{k} = {_brief(v)}" for k, v in given.items() if not hasattr(v, "shape")]
    rows = [("given", "\n".join(arrays + others)), ("yours", got)]
    return _table(rows + ([("right", want)] if want is not None else []))


def _brief(v: Any) -> str:
    text = value(v)
    return text if len(text) < 60 or not isinstance(v, list) else f"a list of {len(v)}"


def _table(rows: list[tuple[str, str]]) -> str:
    text = "\n".join(_indented(f"{head}  ", body) for head, body in rows)
    return f"```text\n{text}\n```"


def noun(name: str, plain: str = "The result") -> str:
    """How a sentence speaks of a returned part."""
    return plain if name == "result" else f"`{name}`"


def a(word: str) -> str:
    """an array, a list."""
    return f"an {word}" if word[:1].lower() in "aeiou" else f"a {word}"


def listing(names: Sequence[str]) -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{n}`" for n in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]


def count(n: int, noun: str) -> str:
    """1 line, 2 lines."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def shape(p: Part) -> str:
    """What a part is, by its shape."""
    if p.array is None:
        return part(p)
    return "a single number" if p.array.ndim == 0 else f"an array of shape {p.array.shape}"
