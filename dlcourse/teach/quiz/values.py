"""Questions answered by writing a value: `numeric`, `shape`, `expr` and `predict_output`."""

import math
import random
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
    text = str(response if response is not None else "").strip()
    return text.removesuffix(unit).strip() if unit else text
