"""What an answer reads: which entries of a result change when one entry of an input is changed.

Along an axis that an input and a result share, such as the batch or the places of a text, this
is a square table: row i, column j says whether entry i of the result depends on entry j of the
input.  Beside the table of the reference it shows two mistakes that values alone hide: examples
that mix, and places that read what comes after them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .compare import close
from .form import Inputs
from .look import Look
from .observe import Observation

_LENGTHS = range(3, 12)  # of an axis: shorter ones show no pattern
_MOST = 8  # pairs of axes that are tried


@dataclass(frozen=True)
class Link:
    """The tables of one pair of axes: `got` of the answer, `want` of the reference."""

    input: str
    part: str
    axis: int
    ndim: int  # of the part
    got: np.ndarray
    want: np.ndarray

    def place(self, i: int) -> str:
        """Entry i along the axis, as one writes it in NumPy; a single result has no name."""
        name = "result" if self.part == "result" else self.part
        return f"`{name}[{':, ' * self.axis}{i}]`"


def describe(look: Look, part: str) -> str:
    """One sentence on what a wrong part reads and should not, or does not read and should."""
    found = list(links(look, part))
    tests = (_leaks, _mixes, _ignores)
    return next((says for test in tests for link in found if (says := test(link))), "")


def _leaks(link: Link) -> str:
    """Whether a place reads what comes after it, where the reference reads the past only."""
    causal = not np.triu(link.want, 1).any() and np.tril(link.want, -1).any()
    ahead = np.argwhere(np.triu(link.got, 1))
    if not causal or not len(ahead):
        return ""
    i, j = ahead[0]
    return (
        f"{link.place(i)} changes when place {j} of `{link.input}` is changed, which comes after "
        "it: the future leaks."
    )


def _mixes(link: Link) -> str:
    """Whether entries mix that stand alone in the reference, such as the examples of a batch."""
    alone = np.array_equal(link.want, np.eye(len(link.want), dtype=bool))
    extra = np.argwhere(link.got & ~link.want)
    if not alone or not len(extra):
        return ""
    i, j = extra[0]
    return (
        f"{link.place(i)} changes when entry {j} of `{link.input}` is changed along this axis, and "
        "it should not: each entry stands alone here."
    )


def _ignores(link: Link) -> str:
    """Whether an input is not used at all, or each entry reads itself alone."""
    if link.want.any() and not link.got.any():
        return f"It does not depend on `{link.input}` at all."
    shared = (link.want & ~np.eye(len(link.want), dtype=bool)).any()
    if shared and np.array_equal(link.got, np.eye(len(link.got), dtype=bool)):
        return f"Every entry reads its own entry of `{link.input}` only; others matter too."
    return ""


def links(look: Look, part: str) -> Iterator[Link]:
    """The tables of every pair of axes that a part shares with an array among the inputs."""
    base = _base(look, part)
    if base is None:
        return
    inputs, mine, right = base
    for name, axis, out in list(_pairs(inputs, right.shape))[:_MOST]:
        pool = _changed(inputs, name, axis)
        if not all(look.exercise.valid(one) for one in pool):
            continue
        got = _table(mine, look.try_on(pool).seen, part, out)
        want = _table(right, look.right_on(pool), part, out)
        if got is not None and want is not None:
            yield Link(name, part, out, right.ndim, got, want)


def _base(look: Look, part: str) -> tuple[Inputs, np.ndarray, np.ndarray] | None:
    """The first case in which the part is wrong but of the right shape."""
    for case, name, mine, right in look.wrong_parts():
        if name != part or mine is None or mine.array is None or right.array is None:
            continue
        if mine.array.shape == right.array.shape and right.array.ndim:
            return case.inputs, mine.array, right.array
    return None


def _pairs(inputs: Inputs, shape: tuple[int, ...]) -> Iterator[tuple[str, int, int]]:
    """Input, its axis and the result's axis of the same length, where there is but one such."""
    for name, given in inputs.items():
        if not isinstance(given, np.ndarray) or given.dtype.kind != "f":
            continue
        for axis, length in enumerate(given.shape):
            if length in _LENGTHS and shape.count(length) == 1 == given.shape.count(length):
                yield name, axis, shape.index(length)


def _changed(inputs: Inputs, name: str, axis: int) -> list[Inputs]:
    """The inputs, with other numbers in one entry of the axis, for each entry."""
    rng = np.random.default_rng(7)
    pool = []
    for j in range(inputs[name].shape[axis]):
        other = inputs[name].copy()
        slot = np.moveaxis(other, axis, 0)
        slot[j] = slot[j] * rng.uniform(1.3, 1.7) + rng.normal(size=slot[j].shape)
        pool.append({**inputs, name: other})
    return pool


def _table(before: np.ndarray, after: list[Observation], part: str, axis: int) -> np.ndarray | None:
    columns = []
    for seen in after:
        found = seen.parts.get(part)
        if found is None or found.array is None or found.array.shape != before.shape:
            return None
        same = np.moveaxis(close(found.array, before, 1e-9), axis, 0)
        columns.append(~same.reshape(len(same), -1).all(axis=1))
    square = len(columns) == before.shape[axis]
    return np.stack(columns, axis=1) if square else None
