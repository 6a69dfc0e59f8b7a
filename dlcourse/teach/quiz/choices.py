"""Questions answered by choosing: `single`, `multi`, `predict_plot` and `gate`."""

import math
import random
from itertools import product
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from ..verdict import Verdict
from . import formula
from .parts import (
    Base,
    MisconceptionId,
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

CHOOSE = "Choose an answer first."


class RightOption(Base):
    """A right option and why it is right."""

    text: Text
    feedback: Text


class WrongOption(Wrong):
    """A wrong option that people really choose."""

    text: Text


class _Choice(Question):
    """One right option among wrong ones.  Stable ids: `right`, `w1`, `w2`, ... as in the bank."""

    answer: RightOption
    wrong: list[WrongOption] = Field(min_length=1, max_length=3)
    keep_order: bool = (
        False  # for options with an order of their own, such as numbers; sorted by text
    )

    def options(self, at: Variant) -> list[tuple[str, RightOption | WrongOption]]:
        """Stable id and option, in the order this learner sees."""
        named = [("right", self.answer), *((f"w{i}", w) for i, w in enumerate(self.wrong, 1))]
        return (
            sorted(named, key=lambda n: _rank(at, n[1])) if self.keep_order else at.shuffled(named)
        )

    def judge(self, at: Variant, response: Response) -> Verdict:
        if response in (None, ""):
            return empty(CHOOSE)
        chosen = dict(self.options(at)).get(response) if isinstance(response, str) else None
        if isinstance(chosen, WrongOption):
            return wrong(at, chosen)
        if chosen is None:
            return refused("That is none of the options; choose one of them.")
        return right(at.fill(chosen.feedback))

    def key(self, at: Variant) -> Response:
        return "right"

    def key_text(self, at: Variant) -> str | None:
        return at.fill(self.answer.text)

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        return [(w, f"w{i}") for i, w in enumerate(self.wrong, 1)]

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return rng.choice([id for id, _ in self.options(at)])

    def chance(self, at: Variant) -> float:
        return 1 / (1 + len(self.wrong))

    def page(self, at: Variant) -> dict[str, Any]:
        return {"options": [at.fill(option.text) for _, option in self.options(at)]}

    def from_page(self, at: Variant, answer: Any) -> Response:
        ids = [id for id, _ in self.options(at)]
        return pick(ids, answer)

    def to_page(self, at: Variant, response: Response) -> Any:
        ids = [id for id, _ in self.options(at)]
        return ids.index(response) if response in ids else None

    def said(self, at: Variant, response: Response) -> str:
        option = dict(self.options(at)).get(response)
        return at.fill(option.text) if option else ""

    def texts(self) -> list[str]:
        options = [self.answer, *self.wrong]
        return [*super().texts(), *(t for o in options for t in (o.text, o.feedback))]


def _rank(at: Variant, option: RightOption | WrongOption) -> tuple[float, str]:
    text = at.fill(option.text)
    try:
        return formula.number(text.strip("$ `")), text
    except formula.FormulaError:
        return float("inf"), text


class Single(_Choice):
    """Choose one of up to four options."""

    type: Literal["single"] = "single"


class Gate(_Choice):
    """A prediction before something is shown: kept with its confidence, never scored."""

    type: Literal["gate"] = "gate"
    confidence: bool = True
    graded: ClassVar[bool] = False


class Curve(Base):
    """A curve over [0, 1]: a `formula` of t, or measured `points` at equal distances."""

    formula: str | None = None
    points: list[float] | None = Field(default=None, min_length=2, max_length=400)

    @model_validator(mode="after")
    def _one_of_two(self) -> "Curve":
        if (self.formula is None) == (self.points is None):
            raise ValueError("give a curve either a formula of t or points")
        return self

    def sampled(self, at: Variant, count: int = 61) -> list[float]:
        """The heights of the curve, left to right."""
        if self.points is not None:
            return list(self.points)
        times = (i / (count - 1) for i in range(count))
        return [round(formula.number(self.formula or "", {**at.names, "t": t}), 6) for t in times]


class RightCurve(RightOption):
    """The curve that really comes out; `text` says it in words for those who cannot see it."""

    curve: Curve


class WrongCurve(WrongOption):
    """A curve that a misconception predicts."""

    curve: Curve


class Sketch(Base):
    """Ask to draw the curve by `points` at equal distances, between the heights `low` and `high`.

    What was drawn counts as the curve that it is nearest to, if the two are closer than
    `tolerance` (root mean square, as a share of the height); else `default_feedback` is said.
    """

    points: int = Field(default=5, ge=3, le=9)
    low: float
    high: float
    tolerance: float = Field(default=0.12, gt=0, le=0.25)
    default_feedback: Text

    @model_validator(mode="after")
    def _upright(self) -> "Sketch":
        if self.high <= self.low:
            raise ValueError("draw needs low < high")
        return self

    def heights(self, values: list[float]) -> list[float]:
        """A curve's values at the points that are drawn, cut off at the edges of the picture."""
        places = ((len(values) - 1) * i / (self.points - 1) for i in range(self.points))
        return [round(min(self.high, max(self.low, _between(values, p))), 6) for p in places]

    def distance(self, a: list[float], b: list[float]) -> float:
        """How far two drawn curves are apart, as a share of the height."""
        square = sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / self.points
        return math.sqrt(square) / (self.high - self.low)


def _between(values: list[float], place: float) -> float:
    i = min(int(place), len(values) - 2)
    return values[i] + (values[i + 1] - values[i]) * (place - i)


class PredictPlot(_Choice):
    """Choose the curve that will come out, or, with `draw`, draw it point by point.

    A response is the id of an option, or the list of heights that were drawn.
    """

    type: Literal["predict_plot"] = "predict_plot"
    answer: RightCurve  # type: ignore[assignment]
    wrong: list[WrongCurve] = Field(min_length=1, max_length=3)  # type: ignore[assignment]
    x: Text
    y: Text
    draw: Sketch | None = None

    def _curves(self, at: Variant) -> list[tuple[RightCurve | WrongCurve, list[float]]]:
        """Each curve with the heights that draw it, the right one first."""
        assert self.draw is not None
        curves = [self.answer, *self.wrong]
        return [(c, self.draw.heights(c.curve.sampled(at))) for c in curves]

    def distinct(self, at: Variant) -> bool:
        if self.draw is None:
            return True
        drawn = [heights for _, heights in self._curves(at)]
        pairs = ((a, b) for i, a in enumerate(drawn) for b in drawn[:i])
        return all(self.draw.distance(a, b) > 2 * self.draw.tolerance for a, b in pairs)

    def judge(self, at: Variant, response: Response) -> Verdict:
        if self.draw is None:
            return super().judge(at, response)
        if response in (None, [], ""):
            return empty("Draw the curve first: move its points up or down.")
        if not _are_heights(response, self.draw.points):
            return refused(f"A curve has {self.draw.points} points, each with a height.")
        drawn = self.draw.heights([float(v) for v in response])
        apart = [(self.draw.distance(drawn, heights), c) for c, heights in self._curves(at)]
        distance, nearest = min(apart, key=lambda pair: pair[0])
        if distance > self.draw.tolerance:
            return undiagnosed(at, self.draw.default_feedback)
        if isinstance(nearest, WrongCurve):
            return wrong(at, nearest)
        return right(at.fill(nearest.feedback))

    def key(self, at: Variant) -> Response:
        return self._curves(at)[0][1] if self.draw else super().key(at)

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        if self.draw is None:
            return super().mistakes(at)
        return [(c, heights) for c, heights in self._curves(at) if isinstance(c, WrongCurve)]

    def guess(self, at: Variant, rng: random.Random) -> Response:
        if self.draw is None:
            return super().guess(at, rng)
        return [rng.uniform(self.draw.low, self.draw.high) for _ in range(self.draw.points)]

    def chance(self, at: Variant) -> float:
        return 0.0 if self.draw else super().chance(at)

    def page(self, at: Variant) -> dict[str, Any]:
        axes = {"x": at.fill(self.x), "y": at.fill(self.y)}
        if self.draw is not None:
            shown = {"points": self.draw.points, "low": self.draw.low, "high": self.draw.high}
            return {"draw": shown, **axes}
        options = [o for _, o in self.options(at)]
        curves = [o.curve.sampled(at) for o in options if isinstance(o, RightCurve | WrongCurve)]
        return {**super().page(at), "curves": curves, **axes}

    def from_page(self, at: Variant, answer: Any) -> Response:
        return answer if self.draw else super().from_page(at, answer)

    def to_page(self, at: Variant, response: Response) -> Any:
        drawn = self.draw is not None and not isinstance(response, str)
        return response if drawn else super().to_page(at, response)

    def reveal(self, at: Variant, response: Response) -> dict[str, Any]:
        """Beside a curve that was drawn rightly, the curve itself."""
        if self.draw is None or not self.judge(at, response).correct:
            return {}
        return {"curve": self.answer.curve.sampled(at)}

    def said(self, at: Variant, response: Response) -> str:
        if self.draw is None or not _are_heights(response, self.draw.points):
            return super().said(at, response)
        return "a curve through " + ", ".join(f"{v:.3g}" for v in response)

    def texts(self) -> list[str]:
        return [*super().texts(), *([self.draw.default_feedback] if self.draw else [])]


def _are_heights(response: Response, count: int) -> bool:
    numbers = isinstance(response, list) and len(response) == count
    return numbers and all(type(v) in (int, float) and math.isfinite(v) for v in response)


class RightStatement(RightOption):
    """A true statement of a `multi` question; leaving it out may show a misconception too."""

    misconception: MisconceptionId | None = None


class Multi(Question):
    """Choose every true statement.  Score: right choices minus wrong ones, not below 0."""

    type: Literal["multi"] = "multi"
    right: list[RightStatement] = Field(min_length=1, max_length=4)
    wrong: list[WrongOption] = Field(min_length=1, max_length=4)

    def options(self, at: Variant) -> list[tuple[str, RightStatement | WrongOption]]:
        """Stable id and option, in the order this learner sees."""
        rights = [(f"r{i}", r) for i, r in enumerate(self.right, 1)]
        wrongs = [(f"w{i}", w) for i, w in enumerate(self.wrong, 1)]
        return at.shuffled([*rights, *wrongs])

    def judge(self, at: Variant, response: Response) -> Verdict:
        known = dict(self.options(at))
        if response is None or response == []:
            return empty("Choose every statement that is true; at least one is.")
        if not isinstance(response, list) or not all(_is_id(r, known) for r in response):
            return refused("That is not a choice among the options; tick the true ones.")
        chosen = set(response)
        missed = [id for id in known if id.startswith("r") and id not in chosen]
        taken = [id for id in known if id.startswith("w") and id in chosen]
        parts: dict[str, Any] = {
            "passed": tuple(id for id in known if id not in missed + taken),
            "failed": tuple(missed + taken),
        }
        score = max(0.0, (len(chosen) - 2 * len(taken)) / len(self.right))
        if taken:
            mistake = known[taken[0]]
            assert isinstance(mistake, WrongOption)
            return wrong(at, mistake, score, **parts)
        if missed:
            left_out = known[missed[0]]
            verdict = undiagnosed(at, self._missing(missed), score, **parts)
            named = left_out.misconception
            return Verdict(**{**vars(verdict), "diagnosis": named}) if named else verdict
        return right(" ".join(at.fill(r.feedback) for r in self.right), **parts)

    def _missing(self, missed: list[str]) -> str:
        count = (
            "One more statement is" if len(missed) == 1 else f"{len(missed)} more statements are"
        )
        return (
            f"Everything you chose is true, but {count} true as well. Test each one you left out."
        )

    def key(self, at: Variant) -> Response:
        return [f"r{i}" for i in range(1, len(self.right) + 1)]

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        return [(w, [*self.key(at), f"w{i}"]) for i, w in enumerate(self.wrong, 1)]

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return [id for id, _ in self.options(at) if rng.random() < 0.5]

    def chance(self, at: Variant) -> float:
        r, w = len(self.right), len(self.wrong)
        scores = [
            max(0.0, (sum(picks[:r]) - sum(picks[r:])) / r)
            for picks in product((0, 1), repeat=r + w)
        ]
        return sum(scores) / len(scores)

    def page(self, at: Variant) -> dict[str, Any]:
        return {"options": [at.fill(option.text) for _, option in self.options(at)]}

    def from_page(self, at: Variant, answer: Any) -> Response:
        ids = [id for id, _ in self.options(at)]
        places = answer if isinstance(answer, list) else []
        return [pick(ids, place) for place in places]

    def to_page(self, at: Variant, response: Response) -> Any:
        ids = [id for id, _ in self.options(at)]
        return [ids.index(r) for r in response or [] if r in ids]

    def said(self, at: Variant, response: Response) -> str:
        known = dict(self.options(at))
        return "; ".join(at.fill(known[r].text) for r in response if r in known)

    def texts(self) -> list[str]:
        options = [*self.right, *self.wrong]
        return [*super().texts(), *(t for o in options for t in (o.text, o.feedback))]


def _is_id(value: Any, known: dict[str, Any]) -> bool:
    return isinstance(value, str) and value in known
