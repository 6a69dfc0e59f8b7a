"""Whether two observations agree, by operators alone: a patched NumPy function changes nothing."""

from collections.abc import Iterator

import numpy as np

from .form import Exercise
from .observe import Observation, Part


def agree(a: Observation, b: Observation, exercise: Exercise, *, wholly: bool = False) -> bool:
    """Whether `a` and `b` show the same answer: parts, changed inputs, or the same error.

    `wholly` compares the unjudged parts too, such as the calls that were made.
    """
    if a.raised or b.raised:
        return a.raised is not None and b.raised is not None and _key(a) == _key(b)
    same_form = a.container == b.container and a.changed == b.changed
    return same_form and next(differing(a, b, exercise, wholly=wholly), None) is None


def _key(seen: Observation) -> tuple[str, str] | None:
    return seen.raised and (seen.raised.type, seen.raised.text)


def differing(
    a: Observation, b: Observation, exercise: Exercise, *, wholly: bool = False
) -> Iterator[str]:
    """The names of the judged parts of `b`, in order, that `a` lacks or has differently."""
    for name, part in b.parts.items():
        if name in exercise.unjudged and not wholly:
            continue
        mine = a.parts.get(name)
        if mine is None or not same_part(mine, part, exercise.rtol):
            yield name


def same_part(a: Part, b: Part, rtol: float) -> bool:
    """Whether two parts hold the same numbers in the same shape."""
    if a.array is None or b.array is None:
        return a.array is b.array and (a.kind, a.text) == (b.kind, b.text)
    if _family(a.kind) != _family(b.kind):
        return False
    return a.array.shape == b.array.shape and bool(close(a.array, b.array, rtol).all())


def _family(kind: str) -> str:
    return "array" if kind == "number" else kind


def close(a: np.ndarray, b: np.ndarray, rtol: float) -> np.ndarray:
    """Where `a` equals `b` up to rounding; nan equals nan, and infinity itself."""
    if a.dtype.kind in "iub" and b.dtype.kind in "iub":
        return np.asarray(a == b)
    if np.float32 in (a.dtype, b.dtype) or np.float16 in (a.dtype, b.dtype):
        rtol = max(rtol, 1e-4)
    a, b = a.astype(float), b.astype(float)
    with np.errstate(all="ignore"):
        near = abs(a - b) <= rtol * abs(b) + rtol * 1e-3 * largest(b)
        near &= abs(b) < float("inf")  # else anything would be near infinity
    return np.asarray(near | (a == b) | ((a != a) & (b != b)))


def largest(a: np.ndarray) -> float:
    """The largest finite magnitude in `a`, 0 if there is none."""
    finite = abs(a[(a == a) & (abs(a) != float("inf"))])
    return float(finite.max()) if finite.size else 0.0
