"""The smallest input on which an answer goes wrong: small sizes, whole numbers, few of them."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .form import Case, Exercise, Inputs

_MOST = 48  # candidates
_AT_ONCE = 12
_SEED = 17


def numbers(given: Any) -> int:
    """How many numbers an input holds."""
    if isinstance(given, np.ndarray):
        return given.size
    if isinstance(given, dict):
        return sum(numbers(v) for v in given.values())
    if isinstance(given, list | tuple):
        return sum(numbers(v) for v in given)
    return 1


def candidates(exercise: Exercise, cases: list[Case]) -> list[Inputs]:
    """Inputs to look for a failure in, the smallest and roundest first; the cases are the last.

    The small ones are the same for every learner, so that a message seen twice reads the same.
    """
    pool = [c for c in _small(exercise) if exercise.valid(c)]
    pool.sort(key=numbers)
    given = sorted((case.inputs for case in cases), key=numbers)
    return pool[: _MOST - len(given)] + given


def _small(exercise: Exercise) -> Iterator[Inputs]:
    sizes = itertools.product((1, 2, 3), repeat=len(exercise.dims))
    for n in sorted(sizes, key=lambda n: (np.prod(n), n))[:16]:
        raw = exercise.make(_SEED, **dict(zip(exercise.dims, n, strict=True)))
        yield rounded(raw, 0)
        yield rounded(raw, 1)


def rounded(given: Any, digits: int) -> Any:
    """The same input with its float arrays, scaled up a little, rounded to `digits`."""
    if isinstance(given, np.ndarray) and given.dtype.kind == "f":
        return np.round(given * 2, digits) + 0.0
    if isinstance(given, dict):
        return {k: rounded(v, digits) for k, v in given.items()}
    if isinstance(given, list | tuple):
        return type(given)(rounded(v, digits) for v in given)
    return given


def simpler(given: Inputs) -> Iterator[Inputs]:
    """The same input with one number of one array replaced by 0 or by 1."""
    for name, array in given.items():
        if not (isinstance(array, np.ndarray) and array.dtype.kind == "f") or array.size > 16:
            continue
        for i, x in enumerate(array.flat):
            for plain in (0.0, 1.0):
                if abs(x) > plain and x != 1.0:
                    changed = array.copy()
                    changed.flat[i] = plain
                    yield {**given, name: changed}


def smallest(
    exercise: Exercise,
    cases: list[Case],
    failing: Callable[[list[Inputs]], list[bool]],
) -> Inputs | None:
    """The first candidate for which `failing` holds, made simpler as long as it still fails."""
    found = _first(candidates(exercise, cases), failing)
    for _ in range(4):
        if found is None or numbers(found) > 24:
            return found
        better = _first([c for c in simpler(found) if exercise.valid(c)], failing)
        if better is None:
            return found
        found = better
    return found


def _first(pool: list[Inputs], failing: Callable[[list[Inputs]], list[bool]]) -> Inputs | None:
    """The first of `pool` that fails; a few are tried at once, for each run has its price."""
    for start in range(0, len(pool), _AT_ONCE):
        some = pool[start : start + _AT_ONCE]
        found = next((c for c, bad in zip(some, failing(some), strict=False) if bad), None)
        if found is not None:
            return found
    return None
