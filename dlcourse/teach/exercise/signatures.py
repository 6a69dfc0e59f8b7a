"""What wrong arrays look like beside the right ones: a sign, a factor, a transpose, a place.

Each test looks at all the cases in which a part is wrong, and speaks only if it holds on every one:
numbers that happen to be alike in one case are no evidence.  So a mistake that no known-wrong
variant has foreseen still gets a sentence of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .compare import close, largest

Array = np.ndarray
_RTOL = 1e-5


class Evidence(NamedTuple):
    """One case in which a part is wrong."""

    got: Array
    want: Array
    inputs: Mapping[str, object]


def describe(cases: Sequence[Evidence]) -> str:
    """One sentence on how the results differ from the right ones, empty if nothing simple does."""
    tests = _VALUES if all(c.got.shape == c.want.shape for c in cases) else _SHAPES
    with np.errstate(all="ignore"):
        return next((says for test in tests if cases and (says := test(cases))), "")


def _equal(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(close(a, b, _RTOL).all())


def _always(says: str, holds: Callable[[Array, Array], bool]) -> Callable[..., str]:
    """A test that says one thing if `holds(got, want)` on every case."""
    return lambda cases: says if all(holds(c.got, c.want) for c in cases) else ""


# Arrays of another shape -------------------------------------------------------------------------


def _is_reshaped(got: Array, want: Array) -> bool:
    return got.size == want.size and _equal(got.reshape(want.shape), want)


def _lost_axis(got: Array, want: Array) -> bool:
    return want.ndim == got.ndim + 1 and any(_equal(got, want.sum(i)) for i in range(want.ndim))


def _spare_axis(got: Array, want: Array) -> bool:
    return got.ndim == want.ndim + 1 and any(_equal(got.sum(i), want) for i in range(got.ndim))


_SHAPES = (
    _always("It is the right array, transposed.", lambda g, w: g.ndim == 2 and _equal(g.T, w)),
    _always("The numbers themselves are right.", _is_reshaped),
    _always("One axis too many was summed over.", _lost_axis),
    _always("One axis still has to be summed over.", _spare_axis),
    _always("Something was summed over every axis.", lambda g, w: g.ndim == 0 < w.ndim),
)


# Arrays of the right shape -----------------------------------------------------------------------


def _not_finite(cases: Sequence[Evidence]) -> str:
    bad = [int((~_finite(c.got)).sum()) for c in cases]
    if not all(bad) or not all(_finite(c.want).all() for c in cases):
        return ""
    count, size = bad[0], cases[0].got.size
    return f"{count} of {size} numbers {'is' if count == 1 else 'are'} nan or inf."


def _finite(a: Array) -> Array:
    return np.asarray((a == a) & (abs(a) != float("inf")))


def _unchanged(cases: Sequence[Evidence]) -> str:
    given = {k: v for k, v in cases[0].inputs.items() if isinstance(v, np.ndarray) and v.ndim}
    for name in given:
        if all(_equal(c.got, np.asarray(c.inputs[name])) for c in cases):
            return f"It is `{name}` itself, unchanged."
    return ""


def _factor(cases: Sequence[Evidence]) -> str:
    found = [(ratio(c.got, c.want), c) for c in cases if c.got.size > 1]
    factors = [c for c, _ in found if c is not None]
    if not factors or len(factors) < len(found):
        return ""
    if all(abs(c - factors[0]) < 1e-5 * abs(c) for c in factors):
        return _fixed_factor(factors[0])
    return next(_size_factors([(c, case) for c, case in found if c is not None]), "")


def _fixed_factor(c: float) -> str:
    if abs(c + 1) < 1e-6:
        return "Every number is right but for its sign."
    digits = 7 if abs(c - 1) < 1e-3 else 4
    return f"Every number is {c:.{digits}g} times what it should be."


def _size_factors(found: list[tuple[float, Evidence]]) -> Iterator[str]:
    """Factors that are the length of one and the same axis in every case, or one over it."""
    sizes = [dict(_sizes(case.inputs)) for _, case in found]
    for name in sizes[0]:
        n = [of.get(name, 0) for of in sizes]
        for sign, but in ((1, ""), (-1, ", and its sign is wrong")):
            if all(abs(c * sign - k) < 1e-5 * k for (c, _), k in zip(found, n, strict=True)):
                yield f"Every number is N times too large, N being {name}{but}."
            if all(
                k and abs(c * sign - 1 / k) < 1e-5 / k for (c, _), k in zip(found, n, strict=True)
            ):
                yield f"Every number is N times too small, N being {name}{but}."


def _sizes(inputs: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    for name, given in inputs.items():
        if isinstance(given, np.ndarray) and given.ndim:
            yield f"the number of rows of `{name}`", given.shape[0]
            if given.ndim > 1:
                yield f"the number of columns of `{name}`", given.shape[-1]


def ratio(got: Array, want: Array) -> float | None:
    """The one factor c with got = c * want, or None."""
    size = largest(want)
    if got.dtype.kind not in "fiu" or not size or not got.any():
        return None
    i = abs(want).argmax()
    c = float(got.flat[i]) / float(want.flat[i])
    return c if c and _equal(got.astype(float), c * want) else None


def _constant(cases: Sequence[Evidence]) -> str:
    varied = [c for c in cases if c.want.size > 1 and largest(c.want - c.want.flat[0]) > 0]
    alike = varied and all(largest(c.got - c.got.flat[0]) == 0 for c in varied)
    return "All its numbers are the same, and they should differ." if alike else ""


def _offset(cases: Sequence[Evidence]) -> str:
    gaps = [c.got.astype(float) - c.want for c in cases]
    first = gaps[0].flat[0] if gaps[0].size else 0.0
    if not first or not all(_equal(gap, np.full_like(gap, first)) for gap in gaps):
        return ""
    return f"Every number is off by the same {first:.4g}."


def _partly(cases: Sequence[Evidence]) -> str:
    """Some are right: how many are wrong in the first case, and whether they fill a line."""
    wrong = [~close(c.got, c.want, _RTOL) for c in cases if c.got.size > 2]
    if not wrong or not all(0 < w.sum() < w.size for w in wrong):
        return ""
    places = {_place(w) for w in wrong}
    if len(places) == 1 and (place := places.pop()):
        return f"Only {place} is wrong; the rest is right."
    count, size = int(wrong[0].sum()), wrong[0].size
    return f"{count} of {size} numbers {'is' if count == 1 else 'are'} wrong; the others are right."


def _place(wrong: Array) -> str:
    """The one row or column that the wrong ones fill, counted from the nearer end."""
    if wrong.ndim != 2 or min(wrong.shape) < 2:
        return ""
    for axis, noun in ((0, "row"), (1, "column")):
        lines = [i for i, line in enumerate(wrong.swapaxes(0, axis)) if line.any()]
        if len(lines) == 1:
            last = lines[0] == wrong.shape[axis] - 1
            return "the first " + noun if lines[0] == 0 else f"the last {noun}" if last else ""
    return ""


_VALUES = (
    _not_finite,
    _always("Every number of it is zero.", lambda g, w: not g.any() and bool(w.any())),
    _unchanged,
    _factor,
    _always("It is the right array, transposed.", lambda g, w: g.ndim == 2 and _equal(g.T, w)),
    _constant,
    _offset,
    _partly,
)


def cosine(got: Array, want: Array) -> float:
    """The cosine between two arrays read as vectors, nan if one is zero."""
    a, b = got.ravel().astype(float), want.ravel().astype(float)
    size = float((a @ a) ** 0.5 * (b @ b) ** 0.5)
    return float(a @ b) / size if size else float("nan")
