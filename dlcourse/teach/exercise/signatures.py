"""What a wrong array looks like beside the right one: sign, factor, transpose, a place, a constant.

Computed for any exercise, these name a mistake that no known-wrong variant has foreseen.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from .compare import close, largest

Array = np.ndarray
_RTOL = 1e-5


def describe(got: Array, want: Array, inputs: Mapping[str, object]) -> str:
    """One sentence on how `got` differs from `want`, empty if nothing simple does."""
    if got.shape != want.shape:
        return next(_shapes(got, want, inputs), "")
    return next(_values(got, want, inputs), "")


def _equal(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(close(a, b, _RTOL).all())


def _shapes(got: Array, want: Array, inputs: Mapping[str, object]) -> Iterator[str]:
    if got.ndim == want.ndim == 2 and _equal(got.T, want):
        yield "It is the right array, transposed."
    if got.size == want.size and _equal(got.reshape(want.shape), want):
        yield f"The numbers are right, in shape {got.shape} instead of {want.shape}."
    if got.ndim == 0 and want.ndim:
        yield "It is one number for the whole array: something was summed over every axis."
    if want.ndim == got.ndim + 1 and any(_equal(got, want.sum(i)) for i in range(want.ndim)):
        yield "One axis too many was summed over."
    if got.ndim == want.ndim + 1 and any(_equal(got.sum(i), want) for i in range(got.ndim)):
        yield "One axis still has to be summed over."


def _values(got: Array, want: Array, inputs: Mapping[str, object]) -> Iterator[str]:
    for test in (_nan, _zero, _unchanged, _factor, _transposed, _constant, _offset, _part):
        if sentence := test(got, want, inputs):
            yield sentence


def _nan(got: Array, want: Array, *_: object) -> str:
    bad = ~((got == got) & (abs(got) != float("inf")))
    fine = bad.any() and (want == want).all() and (abs(want) != float("inf")).all()
    count = int(bad.sum())
    return (
        f"{count} of {got.size} numbers {'is' if count == 1 else 'are'} nan or inf." if fine else ""
    )


def _zero(got: Array, want: Array, *_: object) -> str:
    return "Every number of it is zero." if got.size and not got.any() and want.any() else ""


def _unchanged(got: Array, _: Array, inputs: Mapping[str, object]) -> str:
    for name, given in inputs.items():
        if isinstance(given, np.ndarray) and given.ndim and _equal(got, given):
            return f"It is `{name}` itself, unchanged."
    return ""


def _factor(got: Array, want: Array, inputs: Mapping[str, object]) -> str:
    c = ratio(got, want)
    if c is None or abs(c - 1) < 1e-6:
        return ""
    if abs(c + 1) < 1e-6:
        return "Every number is right but for its sign."
    for k in (c, 1 / c):
        for name, n in _sizes(inputs):
            if n > 1 and abs(abs(k) - n) < 1e-5 * n:
                return f"Every number is {_by(k, n, c)}; {n} is {name}."
    return f"Every number is {c:.4g} times what it should be."


def _sizes(inputs: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    for name, given in inputs.items():
        if isinstance(given, np.ndarray) and given.ndim:
            yield f"the number of rows of `{name}`", given.shape[0]
            if given.ndim > 1:
                yield f"the number of columns of `{name}`", given.shape[-1]


def _by(k: float, n: int, c: float) -> str:
    sign = ", and of the wrong sign" if k < 0 else ""
    return f"exactly {n} times too {'large' if abs(c) > 1 else 'small'}{sign}"


def ratio(got: Array, want: Array) -> float | None:
    """The one factor c with got = c * want, or None."""
    size = largest(want)
    if got.dtype.kind not in "fiu" or not size or got.size < 2 or not got.any():
        return None
    i = abs(want).argmax()
    c = float(got.flat[i]) / float(want.flat[i])
    return c if c and _equal(got.astype(float), c * want) else None


def _transposed(got: Array, want: Array, *_: object) -> str:
    square = got.ndim == 2 and got.shape[0] == got.shape[1] > 1
    return "It is the right array, transposed." if square and _equal(got.T, want) else ""


def _constant(got: Array, want: Array, *_: object) -> str:
    varies = got.size > 2 and largest(want - want.flat[0]) > 0
    alike = varies and largest(got - got.flat[0]) == 0
    return f"Every number of it is {got.flat[0]:.4g}." if alike else ""


def _offset(got: Array, want: Array, *_: object) -> str:
    gap = got.astype(float) - want
    same = gap.size > 2 and gap.flat[0] and _equal(gap, np.full_like(gap, gap.flat[0]))
    return f"Every number is off by the same {gap.flat[0]:.4g}." if same else ""


def _part(got: Array, want: Array, *_: object) -> str:
    right = close(got, want, _RTOL)
    n = int(right.size - right.sum())
    if got.size < 3 or not right.any():
        return ""
    where = _place(~right)
    return (
        f"{n} of {got.size} numbers {'is' if n == 1 else 'are'} wrong{where}; the others are right."
    )


def _place(wrong: Array) -> str:
    """Where the wrong ones are, if they fill one row or column of several."""
    if wrong.ndim != 2 or min(wrong.shape) < 2:
        return ""
    for axis, noun in ((1, "row"), (0, "column")):
        lines = [i for i, line in enumerate(wrong.swapaxes(0, 1 - axis)) if line.any()]
        if len(lines) == 1 and wrong.sum() == wrong.shape[axis]:
            return f", all in {noun} {lines[0]}"
    return ""


def cosine(got: Array, want: Array) -> float:
    """The cosine between two arrays read as vectors, nan if one is zero."""
    a, b = got.ravel().astype(float), want.ravel().astype(float)
    size = float((a @ a) ** 0.5 * (b @ b) ** 0.5)
    return float(a @ b) / size if size else float("nan")
