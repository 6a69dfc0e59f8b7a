"""Questions answered by arranging: `order`, `match` and `parsons`."""

import random
import re
from collections.abc import Sequence
from itertools import permutations
from typing import Any, Literal

from pydantic import Field, model_validator

from ..verdict import Verdict
from .parts import (
    Base,
    Question,
    Response,
    Text,
    Variant,
    Wrong,
    empty,
    pick,
    refused,
    right,
    undiagnosed,
    wrong,
)

Pair = tuple[int, int]


class WrongOrder(Wrong):
    """Putting the item `first` before the item `second` (numbers from 1, in the right order)."""

    first: int = Field(ge=1)
    second: int = Field(ge=1)


class Order(Question):
    """Put the items in order.  The bank lists them rightly; ids are their numbers from 1."""

    type: Literal["order"] = "order"
    items: list[Text] = Field(min_length=3, max_length=7)
    free: tuple[Pair, ...] = ()  # pairs of numbers whose order does not matter
    feedback: Text
    wrong: list[WrongOrder] = Field(min_length=1)
    default_feedback: Text

    @model_validator(mode="after")
    def _backwards(self) -> "Order":
        for mistake in self.wrong:
            if not mistake.second < mistake.first <= len(self.items):
                raise ValueError("a wrong order has first > second, both numbers of items")
        return self

    def _shown(self, at: Variant) -> list[int]:
        return at.shuffled(range(1, len(self.items) + 1))

    def judge(self, at: Variant, response: Response) -> Verdict:
        if response in (None, []):
            return empty("Put the items in order first.")
        n = len(self.items)
        if not isinstance(response, list) or not _is_permutation(response, n):
            return refused("Each item belongs in the order exactly once.")
        inversions = _inversions(response, self.free)
        if not inversions:
            return right(at.fill(self.feedback))
        score = _order_score(inversions, n)
        for mistake in self.wrong:
            if response.index(mistake.first) < response.index(mistake.second):
                return wrong(at, mistake, score)
        return undiagnosed(at, self.default_feedback, score)

    def key(self, at: Variant) -> Response:
        return list(range(1, len(self.items) + 1))

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        return [(w, _moved(self.key(at), w.first, w.second)) for w in self.wrong]

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return rng.sample(self.key(at), len(self.items))

    def chance(self, at: Variant) -> float:
        n = len(self.items)
        scores = [_order_score(_inversions(p, self.free), n) for p in permutations(self.key(at))]
        return sum(scores) / len(scores)

    def page(self, at: Variant) -> dict[str, Any]:
        return {"items": [at.fill(self.items[i - 1]) for i in self._shown(at)]}

    def from_page(self, at: Variant, answer: Any) -> Response:
        shown = self._shown(at)
        return [pick(shown, p) for p in answer] if isinstance(answer, list) else None

    def to_page(self, at: Variant, response: Response) -> Any:
        shown = self._shown(at)
        return [shown.index(i) for i in response or []]

    def said(self, at: Variant, response: Response) -> str:
        return " → ".join(at.fill(self.items[i - 1]) for i in response)

    def texts(self) -> list[str]:
        own = [self.feedback, self.default_feedback, *self.items]
        return [*super().texts(), *own, *(w.feedback for w in self.wrong)]


def _is_permutation(order: list[Any], n: int) -> bool:
    return all(type(i) is int for i in order) and sorted(order) == list(range(1, n + 1))


def _moved(order: list[int], first: int, second: int) -> list[int]:
    rest = [i for i in order if i != first]
    rest.insert(rest.index(second), first)
    return rest


def _inversions(order: Sequence[int], free: Sequence[Pair] = ()) -> int:
    pairs = ((b, a) for i, a in enumerate(order) for b in order[i + 1 :] if a > b)
    return sum(pair not in free for pair in pairs)


def _order_score(inversions: int, n: int) -> float:
    return max(0.0, 1 - 2 * inversions / (n * (n - 1) / 2))


class MatchPair(Base):
    """Two things that belong together, and why."""

    left: Text
    right: Text
    feedback: Text


class WrongPair(Wrong):
    """Joining the left side of pair number `left` with the right side number `right` (from 1).

    Numbers beyond the pairs mean the `extra` right sides.
    """

    left: int = Field(ge=1)
    right: int = Field(ge=1)


class Match(Question):
    """Find the partner of each left side.  Ids are the numbers of the pairs, then of the extras."""

    type: Literal["match"] = "match"
    pairs: list[MatchPair] = Field(min_length=2, max_length=6)
    extra: list[Text] = Field(default=[], max_length=3)
    wrong: list[WrongPair] = Field(min_length=1)
    default_feedback: Text

    @model_validator(mode="after")
    def _known(self) -> "Match":
        count = len(self.pairs) + len(self.extra)
        for w in self.wrong:
            if w.left > len(self.pairs) or w.right > count or w.left == w.right:
                raise ValueError(f"a wrong pair ({w.left}, {w.right}) does not fit the pairs")
        return self

    def _shown(self, at: Variant) -> list[int]:
        return at.shuffled(range(1, len(self.pairs) + len(self.extra) + 1))

    def _right_text(self, number: int) -> str:
        n = len(self.pairs)
        return self.pairs[number - 1].right if number <= n else self.extra[number - n - 1]

    def judge(self, at: Variant, response: Response) -> Verdict:
        chosen = response if isinstance(response, list) else []
        if all(c is None for c in chosen):
            return empty("Choose a partner for each of them.")
        known = self._shown(at)
        if len(chosen) != len(self.pairs) or any(c not in known for c in chosen):
            return refused("One of them has no partner yet; choose one for each.")
        passed = tuple(str(i) for i, c in enumerate(chosen, 1) if i == c)
        failed = tuple(str(i) for i, c in enumerate(chosen, 1) if i != c)
        parts: dict[str, Any] = {"passed": passed, "failed": failed}
        if not failed:
            return right(" ".join(at.fill(p.feedback) for p in self.pairs), **parts)
        score = len(passed) / len(self.pairs)
        for mistake in self.wrong:
            if chosen[mistake.left - 1] == mistake.right:
                return wrong(at, mistake, score, **parts)
        return undiagnosed(at, self.default_feedback, score, **parts)

    def key(self, at: Variant) -> Response:
        return list(range(1, len(self.pairs) + 1))

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        return [(w, self._slipped(at, w)) for w in self.wrong]

    def _slipped(self, at: Variant, mistake: WrongPair) -> list[int]:
        chosen = self.key(at)
        chosen[mistake.left - 1] = mistake.right
        return chosen

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return [rng.choice(self._shown(at)) for _ in self.pairs]

    def chance(self, at: Variant) -> float:
        return 1 / (len(self.pairs) + len(self.extra))

    def page(self, at: Variant) -> dict[str, Any]:
        left = [at.fill(p.left) for p in self.pairs]
        return {"left": left, "right": [at.fill(self._right_text(i)) for i in self._shown(at)]}

    def from_page(self, at: Variant, answer: Any) -> Response:
        shown = self._shown(at)
        return [pick(shown, p) for p in answer] if isinstance(answer, list) else None

    def to_page(self, at: Variant, response: Response) -> Any:
        shown = self._shown(at)
        return [shown.index(i) if i in shown else None for i in response or []]

    def said(self, at: Variant, response: Response) -> str:
        joined = zip(self.pairs, response, strict=True)
        return "; ".join(f"{at.fill(p.left)} – {at.fill(self._right_text(c))}" for p, c in joined)

    def texts(self) -> list[str]:
        pairs = [t for p in self.pairs for t in (p.left, p.right, p.feedback)]
        own = [*pairs, *self.extra, self.default_feedback, *(w.feedback for w in self.wrong)]
        return [*super().texts(), *own]


_INDENT = 4
_BLANK = re.compile(r"\[\[(\w+)\]\]")


class Distractor(Wrong):
    """A line that does not belong; people use it in place of line `instead_of` (from 1)."""

    text: Text
    instead_of: int = Field(ge=1)


class WrongIndent(Wrong):
    """Line number `line` indented `indent` steps."""

    line: int = Field(ge=1)
    indent: int = Field(ge=0)


class WrongWord(Wrong):
    """What people write into a blank instead."""

    text: Text


class Blank(Base):
    """A blank `[[name]]` of a faded program."""

    answer: Text
    accept: tuple[Text, ...] = ()
    wrong: tuple[WrongWord, ...] = ()


class Parsons(Question):
    """Build a program from lines, with their indentation.  Ids: lines `l1`..., distractors `d1`...

    `free` lists neighbouring lines whose order among themselves does not matter.
    """

    type: Literal["parsons"] = "parsons"
    lines: list[Text] = Field(min_length=3, max_length=14)
    free: tuple[Pair, ...] = ()
    distractors: tuple[Distractor, ...] = ()
    wrong_orders: tuple[WrongOrder, ...] = ()
    wrong_indents: tuple[WrongIndent, ...] = ()
    blanks: dict[str, Blank] = Field(default_factory=dict)
    feedback: Text
    default_feedback: Text

    @model_validator(mode="after")
    def _complete(self) -> "Parsons":
        named = {n for line in self.lines for n in _BLANK.findall(line)}
        if named != set(self.blanks):
            raise ValueError("the blanks [[name]] in lines must be exactly the names in blanks")
        n = len(self.lines)
        numbers: list[int] = [d.instead_of for d in self.distractors] + [
            w.line for w in self.wrong_indents
        ]
        numbers += [i for w in self.wrong_orders for i in (w.first, w.second)]
        if any(i > n for i in numbers):
            raise ValueError(f"a line number is above {n}, the number of lines")
        if not (self.distractors or self.wrong_orders or self.wrong_indents):
            raise ValueError("give distractors, wrong_orders or wrong_indents to diagnose")
        return self

    def _indent(self, number: int) -> int:
        line = self.lines[number - 1]
        return (len(line) - len(line.lstrip(" "))) // _INDENT

    def _pool(self, at: Variant) -> list[str]:
        lines = [f"l{i}" for i in range(1, len(self.lines) + 1)]
        return at.shuffled([*lines, *(f"d{i}" for i in range(1, len(self.distractors) + 1))])

    def _text(self, id: str) -> str:
        number = int(id[1:]) - 1
        return self.lines[number] if id[0] == "l" else self.distractors[number].text

    def judge(self, at: Variant, response: Response) -> Verdict:
        placed, words = _placed(response)
        if not placed:
            return empty("Build the program from the lines first.")
        known = self._pool(at)
        ids = [id for id, _ in placed]
        if any(id not in known for id in ids) or len(set(ids)) != len(ids):
            return refused("Each line can be used once, and only lines that are shown.")
        correct = self._prefix(placed)
        score = correct / len(self.lines)
        mistake = self._mistake(at, placed, words)
        if mistake is not None:
            return wrong(at, mistake, min(score, 0.9))
        if correct < len(placed):
            return undiagnosed(at, _where(correct) + self.default_feedback, score)
        if correct < len(self.lines):
            missing = len(self.lines) - correct
            return undiagnosed(
                at, f"What stands there is right; {missing} lines are missing.", score
            )
        if any(not self._fits(name, words.get(name, "")) for name in self.blanks):
            return undiagnosed(at, "The lines are right; look at the blanks again.", 0.9)
        return right(at.fill(self.feedback))

    def _prefix(self, placed: list[tuple[str, int]]) -> int:
        """How many lines from the top stand where they should, with their indentation."""
        wanted = [(f"l{i}", self._indent(i)) for i in range(1, len(self.lines) + 1)]
        got = list(placed)
        for a, b in self.free:  # put an allowed swap back, so that one order is compared
            i, j = a - 1, b - 1
            if max(i, j) < len(got) and got[i][0] == f"l{b}" and got[j][0] == f"l{a}":
                got[i], got[j] = got[j], got[i]
        count = 0
        for have, want in zip(got, wanted, strict=False):
            if have != want:
                break
            count += 1
        return count

    def _mistake(
        self, at: Variant, placed: list[tuple[str, int]], words: dict[str, str]
    ) -> Wrong | None:
        places = {id: i for i, (id, _) in enumerate(placed)}
        indents = dict(placed)
        for i, distractor in enumerate(self.distractors, 1):
            if f"d{i}" in places:
                return distractor
        for w in self.wrong_orders:
            first, second = places.get(f"l{w.first}"), places.get(f"l{w.second}")
            if first is not None and second is not None and first < second:
                return w
        for w in self.wrong_indents:
            if indents.get(f"l{w.line}") == w.indent:
                return w
        given = ((b, _tight(words.get(name, ""))) for name, b in self.blanks.items())
        return next((w for b, text in given for w in b.wrong if _tight(w.text) == text), None)

    def _fits(self, name: str, word: str) -> bool:
        blank = self.blanks[name]
        return _tight(word) in {_tight(t) for t in (blank.answer, *blank.accept)}

    def key(self, at: Variant) -> Response:
        lines = [[f"l{i}", self._indent(i)] for i in range(1, len(self.lines) + 1)]
        return {"lines": lines, "blanks": {n: b.answer for n, b in self.blanks.items()}}

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        found: list[tuple[Wrong, Response]] = []
        for i, d in enumerate(self.distractors, 1):
            found.append((d, self._with(at, d.instead_of, f"d{i}")))
        for w in self.wrong_orders:
            found.append((w, self._with_order(at, w)))
        for w in self.wrong_indents:
            found.append((w, self._with(at, w.line, f"l{w.line}", w.indent)))
        for name, blank in self.blanks.items():
            key = self.key(at)
            found += [(w, {**key, "blanks": {**key["blanks"], name: w.text}}) for w in blank.wrong]
        return found

    def _with(self, at: Variant, number: int, id: str, indent: int | None = None) -> Response:
        key = self.key(at)
        key["lines"][number - 1] = [id, self._indent(number) if indent is None else indent]
        return key

    def _with_order(self, at: Variant, mistake: WrongOrder) -> Response:
        key = self.key(at)
        numbers = _moved(list(range(1, len(self.lines) + 1)), mistake.first, mistake.second)
        key["lines"] = [[f"l{i}", self._indent(i)] for i in numbers]
        return key

    def guess(self, at: Variant, rng: random.Random) -> Response:
        pool = self._pool(at)
        lines = [[id, rng.randint(0, 2)] for id in rng.sample(pool, len(pool))]
        return {"lines": lines, "blanks": {}}

    def chance(self, at: Variant) -> float:
        n, pool, hit, total = len(self.lines), len(self._pool(at)), 1.0, 0.0
        for i in range(n):
            hit *= 1 / (pool - i) / 3 if self._indent(i + 1) <= 2 else 0
            total += hit
        return total / n

    def page(self, at: Variant) -> dict[str, Any]:
        texts = [at.fill(self._text(id)).strip() for id in self._pool(at)]
        deepest = max(self._indent(i) for i in range(1, len(self.lines) + 1))
        return {"pool": texts, "deepest": deepest + 1}

    def from_page(self, at: Variant, answer: Any) -> Response:
        given = answer if isinstance(answer, dict) else {}
        pool = self._pool(at)
        lines = [
            [pick(pool, entry[0]), entry[1]]
            for entry in given.get("lines") or []
            if isinstance(entry, list) and len(entry) == 2
        ]
        return {"lines": lines, "blanks": given.get("blanks") or {}}

    def to_page(self, at: Variant, response: Response) -> Any:
        pool = self._pool(at)
        placed, words = _placed(response)
        return {"lines": [[pool.index(id), n] for id, n in placed if id in pool], "blanks": words}

    def said(self, at: Variant, response: Response) -> str:
        placed, _ = _placed(response)
        return f"a program of {len(placed)} lines"

    def texts(self) -> list[str]:
        wrongs = [*self.distractors, *self.wrong_orders, *self.wrong_indents]
        wrongs += [w for b in self.blanks.values() for w in b.wrong]
        own = [self.feedback, self.default_feedback, *(w.feedback for w in wrongs)]
        return [*super().texts(), *own]


def _placed(response: Response) -> tuple[list[tuple[str, int]], dict[str, str]]:
    given = response if isinstance(response, dict) else {}
    lines = given.get("lines")
    words = given.get("blanks")
    placed = [
        (str(entry[0]), int(entry[1]))
        for entry in (lines if isinstance(lines, list) else [])
        if isinstance(entry, list | tuple) and len(entry) == 2 and isinstance(entry[1], int)
    ]
    typed = words if isinstance(words, dict) else {}
    return placed, {str(k): str(v) for k, v in typed.items()}


def _tight(code: str) -> str:
    return re.sub(r"\s+", "", code)


def _where(correct: int) -> str:
    if not correct:
        return "The first line does not belong there yet. "
    count = "line is" if correct == 1 else f"{correct} lines are"
    return f"The first {count} right; the next does not belong there yet. "
