"""What all question types share: fields, variants drawn from a seed, the words of a verdict."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ..verdict import Verdict
from . import formula
from .formula import FormulaError

Seed = int | str
Response = Any  # JSON: text, a list or a dictionary, as the question's type says
T = TypeVar("T")

Text = Annotated[str, StringConstraints(min_length=1)]
MisconceptionId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,2}-\d\d$")]
ObjectiveId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,4}-\d{1,2}$")]
QuestionId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([.-][a-z0-9]+)+$")]
See = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*(#[a-z0-9-]+)?$")]
Bloom = Literal["remember", "understand", "apply", "analyse", "evaluate", "create"]

APPLIED = ("apply", "analyse", "evaluate", "create")
_HOLE = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)
_TRIES = 2000


class Base(BaseModel):
    """A part of a bank: unknown fields are refused, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Wrong(Base):
    """A wrong answer that people really give: which misconception it shows and what refutes it."""

    misconception: MisconceptionId
    feedback: Text
    see: See | None = None


class Domain(Base):
    """Where a parameter is drawn from: a `choice` list, or a `range` [low, high, step]."""

    choice: list[float | str] | None = Field(default=None, min_length=1)
    range: list[float] | None = Field(default=None, min_length=2, max_length=3)

    @model_validator(mode="after")
    def _one_of_two(self) -> "Domain":
        if (self.choice is None) == (self.range is None):
            raise ValueError("give either choice: [...] or range: [low, high, step]")
        if self.range and (self.range[1] < self.range[0] or (*self.range, 1)[2] <= 0):
            raise ValueError("range needs low <= high and a step above 0")
        return self

    def values(self) -> list[float | str]:
        """Every value that can be drawn."""
        if self.choice is not None:
            return [_whole(v) for v in self.choice]
        low, high, step = (*(self.range or ()), 1)[:3]
        count = int((high - low) / step + 1e-9) + 1
        return [_whole(round(low + i * step, 10)) for i in range(count)]


def _whole(value: float | str) -> float | str:
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True)
class Variant:
    """One question with parameters drawn: fills texts, evaluates formulas, shuffles by seed."""

    question: "Question"
    seed: Seed
    names: dict[str, Any] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """`text` with each `{{formula}}` or `{{formula:format}}` replaced by its value."""
        return _HOLE.sub(lambda hole: self._filled(hole[1]), text) if "{{" in text else text

    def _filled(self, inside: str) -> str:
        source, colon, spec = inside.partition(":")
        value = formula.evaluate(source, self.names)
        return format(value, spec.strip()) if colon else formula.written(value)

    def number(self, source: str) -> float:
        """The number a formula of this question stands for."""
        return formula.number(source, self.names)

    def value(self, source: str) -> Any:
        """The number or tuple a formula of this question stands for."""
        return formula.evaluate(source, self.names)

    def value_with(self, source: str, more: dict[str, Any]) -> Any:
        """The value of a formula that may also use the names in `more`."""
        return formula.evaluate(source, {**self.names, **more})

    def number_with(self, source: str, more: dict[str, Any]) -> float:
        """The number of a formula that may also use the names in `more`."""
        return formula.number(source, {**self.names, **more})

    def rng(self, purpose: str) -> random.Random:
        """A generator that depends on the learner, the question and the purpose only."""
        q = self.question
        return random.Random(f"{self.seed}|{q.id}|{q.version}|{purpose}")

    def shuffled(self, items: Sequence[T], purpose: str = "order") -> list[T]:
        """`items` in this learner's order, the same at every retry."""
        mixed = list(items)
        self.rng(purpose).shuffle(mixed)
        return mixed


class Node(Base):
    """A node of a drawn graph at column `x`, row `y`."""

    id: Text
    label: Text
    x: float
    y: float


class Figure(Base):
    """A picture beside the stem: a computation `graph`, or an `image` file next to the bank."""

    alt: Text
    nodes: list[Node] = []
    edges: list[tuple[str, str]] = []
    image: str | None = None

    @model_validator(mode="after")
    def _drawable(self) -> "Figure":
        known = {n.id for n in self.nodes}
        lost = [e for edge in self.edges for e in edge if e not in known]
        if lost:
            raise ValueError(f"the edge to {lost[0]!r} names no node")
        if bool(self.nodes) == bool(self.image):
            raise ValueError("a figure has nodes and edges, or an image")
        return self


class Question(Base):
    """The fields every type has; a subclass adds its own and grades, shows and simulates."""

    id: QuestionId
    version: int = Field(default=1, ge=1)
    type: Any  # each type's own name
    section: str | None = None
    objectives: list[ObjectiveId] = Field(min_length=1)
    requires: list[ObjectiveId] = []
    bloom: Bloom
    time_s: int = Field(default=60, ge=5, le=1800)
    difficulty: float = Field(default=0.6, ge=0, le=1)  # prior chance of a right answer
    tags: list[str] = []
    params: dict[str, Domain] = {}
    where: str | None = None  # a condition on the parameters
    let: dict[str, str] = {}  # values computed from the parameters, in order
    stem: Text
    code: str | None = None
    figure: Figure | None = None
    hints: list[Text] = []
    solution: Text
    see: See | None = None
    confidence: bool = False
    status: Literal["draft", "live", "retired"] = "live"

    graded: ClassVar[bool] = True
    auto: ClassVar[bool] = True  # whether a machine can tell right from wrong

    def at(self, seed: Seed) -> Variant:
        """This question with parameters drawn by `seed`; `FormulaError` if none fit."""
        if not self.params:
            return Variant(self, seed, self._derived({}))
        rng = Variant(self, seed).rng("params")
        domains = {name: domain.values() for name, domain in self.params.items()}
        for _ in range(_TRIES):
            names = self._derived({name: rng.choice(values) for name, values in domains.items()})
            at = Variant(self, seed, names)
            if (self.where is None or formula.evaluate(self.where, names)) and self.distinct(at):
                return at
        raise FormulaError(
            "no parameters satisfy `where` and keep the answers apart; widen `params`."
        )

    def distinct(self, at: "Variant") -> bool:
        """Whether no two answers coincide for these parameters; if they do, draw again."""
        return True

    def _derived(self, names: dict[str, Any]) -> dict[str, Any]:
        for name, source in self.let.items():
            names[name] = formula.evaluate(source, names)
        return names

    # What each type answers ------------------------------------------------------------

    def judge(self, at: Variant, response: Response) -> Verdict:
        """The verdict on `response`; never raises for what a learner can send."""
        raise NotImplementedError

    def key(self, at: Variant) -> Response:
        """The right response."""
        raise NotImplementedError

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        """Each catalogued mistake with the response that makes it."""
        raise NotImplementedError

    def guess(self, at: Variant, rng: random.Random) -> Response:
        """What someone who knows nothing answers."""
        raise NotImplementedError

    def chance(self, at: Variant) -> float:
        """The mean score of `guess`."""
        return 0.0

    def page(self, at: Variant) -> dict[str, Any]:
        """What the browser may see of this type: Markdown texts, no key, no feedback."""
        raise NotImplementedError

    def from_page(self, at: Variant, answer: Any) -> Response:
        """The page's answer (positions) as a response (stable ids)."""
        return answer

    def to_page(self, at: Variant, response: Response) -> Any:
        """A kept response as the page writes it."""
        return response

    def reveal(self, at: Variant, response: Response) -> dict[str, Any]:
        """What the page may see of this type once `response` was graded: such as a rubric."""
        return {}

    def said(self, at: Variant, response: Response) -> str:
        """The response in words (Markdown), for feedback, review and export."""
        return f"`{response}`"

    def key_text(self, at: Variant) -> str | None:
        """The key as a text that no feedback may contain, where there is one."""
        return None

    def texts(self) -> list[str]:
        """Every text a learner may read, unfilled; the lint reads them all."""
        return [self.stem, *self.hints, self.solution]


def pick(items: Sequence[T], place: Any) -> T | None:
    """The item at a place that the page sent, or None for whatever is no place."""
    inside = type(place) is int and 0 <= place < len(items)
    return items[place] if inside else None


# The words of a verdict ------------------------------------------------------------


def right(says: str, **more: Any) -> Verdict:
    """A full pass with the reason why."""
    return Verdict("correct", says, score=1.0, **more)


def wrong(at: Variant, mistake: Wrong, score: float = 0.0, **more: Any) -> Verdict:
    """A diagnosed mistake: its refutation, and where to see it."""
    return Verdict(
        "not yet",
        at.fill(mistake.feedback),
        score=score,
        diagnosis=mistake.misconception,
        see=mistake.see or at.question.see,
        **more,
    )


def undiagnosed(at: Variant, says: str, score: float = 0.0, **more: Any) -> Verdict:
    """A wrong answer that matches no catalogued mistake: what to do next."""
    return Verdict("not yet", at.fill(says), score=score, see=at.question.see, **more)


def empty(says: str) -> Verdict:
    """Nothing was answered."""
    return Verdict("not attempted", says)


def refused(says: str) -> Verdict:
    """The answer could not be read; it does not count as an attempt."""
    return Verdict("refused", says)
