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
    return cause(cases) or where(cases)


def cause(cases: Sequence[Evidence]) -> str:
    """The sentence, if the difference itself says what happened."""
    alike = all(c.got.shape == c.want.shape for c in cases)
    return _first(_VALUES if alike else _SHAPES, cases)


def where(cases: Sequence[Evidence]) -> str:
    """The sentence, if all that can be said is how far off or which numbers are wrong."""
    return _first(
        (_nearly, _partly), cases if all(c.got.shape == c.want.shape for c in cases) else ()
    )


def _first(tests: Sequence[Callable[..., str]], cases: Sequence[Evidence]) -> str:
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
    _always("It is the right array, transposed.", lambda g, w: g.ndim > 1 and _equal(g.T, w)),
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
    many = [c for c in cases if c.got.size > 1]
    if not many and len(cases) > 2:  # one number alone shows no factor, the same in three does
        many = [c for c in cases if c.want.any()]
    found = [(ratio(c.got, c.want), c) for c in many]
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


def _nearly(cases: Sequence[Evidence]) -> str:
    """All are right to a few digits: something is rounded, or a small constant is too large."""
    gaps = [(largest(np.asarray(c.got - c.want, float)), largest(c.want)) for c in cases]
    if not all(_finite(c.got).all() for c in cases) or any(gap > 5e-3 * of for gap, of in gaps):
        return ""
    return (
        f"It is nearly right, off by {max(gap for gap, _ in gaps):.1g} at most: is something "
        "rounded, or a small constant too large?"
    )


def _partly(cases: Sequence[Evidence]) -> str:
    """Some are right: how many are wrong in the first case, and whether they fill a line."""
    wrong = [np.asarray(~close(c.got, c.want, _RTOL)) for c in cases if c.got.size > 2]
    if not wrong or not all(0 < w.sum() < w.size for w in wrong):
        return ""
    if all(map(_is_tail, wrong)):
        right = int((~wrong[0].reshape(len(wrong[0]), -1).any(axis=1)).sum())
        return f"It starts right and is wrong from entry {right} on, counted from 0."
    places = {_place(w) for w in wrong}
    if len(places) == 1 and (place := places.pop()):
        return f"Only {place} is wrong; the rest is right."
    count, size = int(wrong[0].sum()), wrong[0].size
    return f"{count} of {size} numbers {'is' if count == 1 else 'are'} wrong; the others are right."


def _is_tail(wrong: Array) -> bool:
    """Whether several entries of the first axis are wrong, all at the end, as in a series."""
    bad = np.asarray(wrong.reshape(len(wrong), -1).any(axis=1))
    return bool(bad.sum() > 1 and not bad.all() and bad[bad.argmax() :].all())


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


# Losses and steps of training --------------------------------------------------------------------


def _shared_over(cases: Sequence[Evidence]) -> str:
    """A loss at equal scores that is log n with n another size than the number of classes."""
    found = set()
    for case in cases:
        if case.want.ndim == 0 and (right := _log_of(case.want, case)):
            found.add((_log_of(case.got, case), right))
    if len(found) != 1:
        return ""
    ((mine, right),) = found
    if not mine or mine == right:
        return ""
    return f"With equal scores it is the logarithm of {mine}; that of {right} is right."


def _log_of(value: Array, case: Evidence) -> str:
    """The name of the one size whose logarithm a number is."""
    sizes = [(name, n) for name, n in _sizes(case.inputs) if n > 1]
    same = [name for name, n in sizes if value.ndim == 0 and abs(float(value) - np.log(n)) < 1e-6]
    return same[0] if same else ""


def _double_softmax(cases: Sequence[Evidence]) -> str:
    """A loss that ends at log(e + K - 1) - 1, the least that a softmax of probabilities allows."""
    settled = [c for c in cases if c.want.ndim == 0 == c.got.ndim and abs(float(c.want)) < 1e-3]
    if not settled or not all(_is_floor(float(c.got), c) for c in settled):
        return ""
    return (
        f"Where the loss should be 0 it stops at {float(settled[0].got):.4g}. That is the least "
        "that a softmax (or sigmoid) of probabilities can reach: it is applied twice."
    )


def _is_floor(loss: float, case: Evidence) -> bool:
    sizes = {2, *(n for _, n in _sizes(case.inputs))}
    return any(n > 1 and abs(loss - (np.log(np.e + n - 1) - 1)) < 2e-3 for n in sizes)


def _summed_up(got: Array, want: Array) -> bool:
    many = got.ndim > 0 and len(got) > 2
    return many and _equal(got, np.cumsum(want, axis=0))


def _growing(got: Array, want: Array) -> bool:
    if got.ndim != 1 or len(got) < 3 or got.dtype.kind != "f" or not _equal(got[:1], want[:1]):
        return False
    return bool((np.diff(got) > 0).all() and not (np.diff(want) > 0).all() and (got > 0).all())


def _sums_to_one(a: Array) -> bool:
    rows = a.ndim > 1 and a.shape[-1] > 1 and a.dtype.kind == "f"
    return bool(rows and (a >= 0).all() and (abs(a.sum(axis=-1) - 1) < 1e-6).all())


def _moved(got: Array, want: Array) -> bool:
    many = got.size > 2 and got.dtype.kind in "fiu"
    return many and _equal(np.sort(got, axis=None), np.sort(want, axis=None))


_VALUES = (
    _not_finite,
    _always("Every number of it is zero.", lambda g, w: not g.any() and bool(w.any())),
    _unchanged,
    _shared_over,
    _double_softmax,
    _factor,
    _always("It is the right array, transposed.", lambda g, w: g.ndim > 1 and _equal(g.T, w)),
    _always(
        "Its rows add up to 1: these are probabilities, and they should not be.",
        lambda g, w: _sums_to_one(g) and not _sums_to_one(w),
    ),
    _constant,
    _offset,
    _always(
        "Each entry is the sum of all right ones up to it: something is never cleared.", _summed_up
    ),
    _always(
        "It starts right and then grows at every step, as if nothing were cleared in between.",
        _growing,
    ),
    _always(
        "All its numbers are right, but in other places: look at the order of the axes, and of "
        "what is sorted or reshaped.",
        _moved,
    ),
)


def cosine(got: Array, want: Array) -> float:
    """The cosine between two arrays read as vectors, nan if one is zero."""
    a, b = got.ravel().astype(float), want.ravel().astype(float)
    size = float((a @ a) ** 0.5 * (b @ b) ** 0.5)
    return float(a @ b) / size if size else float("nan")
