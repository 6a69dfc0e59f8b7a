"""Questions answered by writing a value: `numeric`, `shape`, `expr` and `predict_output`."""

import math
import random
import re
from itertools import combinations
from typing import Any, Literal

from pydantic import Field

from ..verdict import Verdict
from . import formula
from .formula import FormulaError
from .parts import (
    Base,
    Question,
    Response,
    Text,
    Variant,
    Wrong,
    empty,
    refused,
    right,
    undiagnosed,
    wrong,
)


class RightValue(Base):
    """The formula of the key, how close an answer must be, and why it is right."""

    expr: Text
    rtol: float = Field(default=0.01, ge=0, le=0.2)
    atol: float = Field(default=1e-9, ge=0)
    feedback: Text


class WrongValue(Wrong):
    """A formula that people really use instead."""

    expr: Text


class _Written(Question):
    """A question answered in one line of text."""

    default_feedback: Text

    def page(self, at: Variant) -> dict[str, Any]:
        return {}

    def said(self, at: Variant, response: Response) -> str:
        return f"`{str(response).replace('`', '')}`"


class Numeric(_Written):
    """Answer with a number (or plain arithmetic, such as 1/32), with a unit shown beside it."""

    type: Literal["numeric"] = "numeric"
    answer: RightValue
    wrong: list[WrongValue] = Field(min_length=1)
    unit: str = ""

    def distinct(self, at: Variant) -> bool:
        values = [at.number(part.expr) for part in (self.answer, *self.wrong)]
        return not any(self.close(a, b) for a, b in combinations(values, 2))

    def judge(self, at: Variant, response: Response) -> Verdict:
        typed = _typed(response, self.unit)
        if not typed:
            return empty("Write a number first; plain arithmetic such as 1/32 works too.")
        try:
            given = formula.number(formula.as_typed(typed))
        except FormulaError:
            return refused(
                "That is not a number. Write one such as 0.25, 1e-3 or 1/32, without words."
            )
        return self._compared(at, given)

    def _compared(self, at: Variant, given: float) -> Verdict:
        if self.close(given, at.number(self.answer.expr)):
            return right(at.fill(self.answer.feedback))
        for mistake in self.wrong:
            if self.close(given, at.number(mistake.expr)):
                return wrong(at, mistake)
        return undiagnosed(at, self.default_feedback)

    def close(self, given: float, wanted: float) -> bool:
        """Whether two numbers count as the same answer."""
        return math.isclose(given, wanted, rel_tol=self.answer.rtol, abs_tol=self.answer.atol)

    def key(self, at: Variant) -> Response:
        return repr(at.number(self.answer.expr))

    def key_text(self, at: Variant) -> str | None:
        return formula.written(at.number(self.answer.expr))

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        return [(w, repr(at.number(w.expr))) for w in self.wrong]

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return repr(round(rng.uniform(-1000, 1000), 3))

    def page(self, at: Variant) -> dict[str, Any]:
        return {"unit": self.unit, "placeholder": "a number, such as 0.25 or 1/32"}

    def texts(self) -> list[str]:
        own = [self.answer.feedback, self.default_feedback, *(w.feedback for w in self.wrong)]
        return [*super().texts(), *own]


def _typed(response: Response, unit: str = "") -> str:
    """The text of a response; anything that is no text or number counts as nothing."""
    readable = isinstance(response, str | int | float) and not isinstance(response, bool)
    text = str(response).strip() if readable else ""
    return text.removesuffix(unit).strip() if unit else text


_SIZES = (101, 103, 107, 109, 113, 127, 131, 137)  # primes: no two products of few of them agree
_WRAPPED = re.compile(r"^(?:torch\.)?size\((.*)\)$", re.IGNORECASE)


class Shape(_Written):
    """Answer with a shape, such as (32, 10), or with names of sizes, such as (B, T, 3*D)."""

    type: Literal["shape"] = "shape"
    symbols: list[str] = Field(default_factory=list, max_length=len(_SIZES))
    answer: RightValue
    wrong: list[WrongValue] = Field(min_length=1)

    def judge(self, at: Variant, response: Response) -> Verdict:
        typed = _typed(response)
        if not typed:
            return empty("Write a shape first, such as (32, 10).")
        try:
            given = self._shape(at, _as_tuple(typed))
        except FormulaError:
            names = f" with the sizes {', '.join(self.symbols)}" if self.symbols else ""
            return refused(f"That is not a shape. Write one such as `(32, 10)`{names}.")
        if given == self._shape(at, self.answer.expr):
            return right(at.fill(self.answer.feedback))
        for mistake in self.wrong:
            if given == self._shape(at, mistake.expr):
                return wrong(at, mistake)
        return undiagnosed(at, self.default_feedback)

    def _shape(self, at: Variant, source: str) -> tuple[float, ...]:
        value = at.value_with(source, dict(zip(self.symbols, _SIZES, strict=False)))
        sizes = value if isinstance(value, tuple) else (value,)
        if not all(isinstance(s, int | float) for s in sizes):
            raise FormulaError("A shape holds numbers.")
        return sizes

    def distinct(self, at: Variant) -> bool:
        shapes = [self._shape(at, part.expr) for part in (self.answer, *self.wrong)]
        return len(set(shapes)) == len(shapes)

    def key(self, at: Variant) -> Response:
        return self._written(at, self.answer.expr)

    def key_text(self, at: Variant) -> str | None:
        return self.key(at)

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        return [(w, self._written(at, w.expr)) for w in self.wrong]

    def _written(self, at: Variant, source: str) -> str:
        return source if self.symbols else formula.written(self._shape(at, source))

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return str(tuple(rng.randint(1, 4096) for _ in range(3)))

    def page(self, at: Variant) -> dict[str, Any]:
        return {"placeholder": f"a shape, such as ({', '.join(self.symbols[:2]) or '32, 10'})"}

    def texts(self) -> list[str]:
        own = [self.answer.feedback, self.default_feedback, *(w.feedback for w in self.wrong)]
        return [*super().texts(), *own]


def _as_tuple(typed: str) -> str:
    inside = _WRAPPED.sub(r"\1", typed).replace("×", ",").strip()
    inside = re.sub(r"(?<=\d)\s*x\s*(?=\d)", ",", inside)
    bare = inside[:1] not in "([" if inside else False
    return f"({inside},)" if bare and not inside.endswith(",") else inside


class Expr(_Written):
    """Answer with a formula in `symbols`; it is compared with the key at random points."""

    type: Literal["expr"] = "expr"
    symbols: dict[str, tuple[float, float]] = Field(min_length=1)
    answer: RightValue
    wrong: list[WrongValue] = Field(min_length=1)

    def judge(self, at: Variant, response: Response) -> Verdict:
        typed = _typed(response)
        if not typed:
            return empty("Write a formula first, such as 2*x*(y - 1).")
        try:
            given = self._values(at, formula.as_typed(typed))
        except FormulaError as error:
            return refused(f"{error} Write products with a star, powers with a caret.")
        if self._same(given, self._values(at, self.answer.expr)):
            return right(at.fill(self.answer.feedback))
        for mistake in self.wrong:
            if self._same(given, self._values(at, mistake.expr)):
                return wrong(at, mistake)
        return undiagnosed(at, self.default_feedback)

    def _points(self, at: Variant) -> list[dict[str, float]]:
        rng = at.rng("points")
        return [{n: rng.uniform(*span) for n, span in self.symbols.items()} for _ in range(7)]

    def _values(self, at: Variant, source: str) -> list[float]:
        return [float(at.number_with(source, point)) for point in self._points(at)]

    def _same(self, given: list[float], wanted: list[float]) -> bool:
        close = (
            math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)
            for a, b in zip(given, wanted, strict=True)
        )
        return all(close)

    def distinct(self, at: Variant) -> bool:
        all_values = [self._values(at, part.expr) for part in (self.answer, *self.wrong)]
        return not any(self._same(a, b) for a, b in combinations(all_values, 2))

    def key(self, at: Variant) -> Response:
        return self.answer.expr

    def key_text(self, at: Variant) -> str | None:
        return self.answer.expr

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        return [(w, w.expr) for w in self.wrong]

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return f"{rng.uniform(1, 99):.3f}*{rng.choice(list(self.symbols))}"

    def page(self, at: Variant) -> dict[str, Any]:
        return {"placeholder": f"a formula in {', '.join(self.symbols)}"}

    def texts(self) -> list[str]:
        own = [self.answer.feedback, self.default_feedback, *(w.feedback for w in self.wrong)]
        return [*super().texts(), *own]


class RightOutput(Base):
    """What the code prints, and other ways to write it."""

    text: Text
    accept: tuple[Text, ...] = ()
    feedback: Text


class WrongOutput(Wrong):
    """What people expect the code to print instead."""

    text: Text


class PredictOutput(_Written):
    """Answer with what the given `code` prints; spaces and quotes do not count."""

    type: Literal["predict_output"] = "predict_output"
    code: Text  # type: ignore[assignment]
    answer: RightOutput
    wrong: list[WrongOutput] = Field(min_length=1)

    def judge(self, at: Variant, response: Response) -> Verdict:
        given = _plain(_typed(response))
        if not given:
            return empty("Write what the code prints.")
        if given in {_plain(at.fill(t)) for t in (self.answer.text, *self.answer.accept)}:
            return right(at.fill(self.answer.feedback))
        for mistake in self.wrong:
            if given == _plain(at.fill(mistake.text)):
                return wrong(at, mistake)
        return undiagnosed(at, self.default_feedback)

    def distinct(self, at: Variant) -> bool:
        outputs = [_plain(at.fill(part.text)) for part in (self.answer, *self.wrong)]
        return len(set(outputs)) == len(outputs)

    def key(self, at: Variant) -> Response:
        return at.fill(self.answer.text)

    def key_text(self, at: Variant) -> str | None:
        return self.key(at)

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        return [(w, at.fill(w.text)) for w in self.wrong]

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return str(round(rng.uniform(-99, 99), 3))

    def page(self, at: Variant) -> dict[str, Any]:
        return {"placeholder": "what it prints"}

    def texts(self) -> list[str]:
        own = [self.answer.feedback, self.default_feedback, *(w.feedback for w in self.wrong)]
        return [*super().texts(), *own]


def _plain(output: str) -> str:
    """An output without what does not count: space, quotes, and zeros behind the point."""
    bare = re.sub(r"[\s'\"]+", "", output).casefold()
    return re.sub(r"(?<=\d)\.0*(?!\d)", "", bare)
