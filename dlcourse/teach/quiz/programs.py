"""Questions about code and in words: `bug_hunt`, `code` and `explain`."""

import random
from collections.abc import Callable
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from ..exercise import Exercise, Source, check
from ..exercise.levels import Levels
from ..verdict import Verdict
from .choices import RightOption, WrongOption
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


class Bug(Base):
    """The faulty line (from 1) and why it is."""

    line: int = Field(ge=1)
    feedback: Text


class Suspect(Wrong):
    """A sound line that people suspect, and why it is sound."""

    line: int = Field(ge=1)


class BugHunt(Question):
    """Find the faulty line of a `program` and the symptom it causes."""

    type: Literal["bug_hunt"] = "bug_hunt"
    program: Text
    bug: Bug
    suspects: list[Suspect] = Field(min_length=1)
    symptom: RightOption
    wrong_symptoms: list[WrongOption] = Field(min_length=1, max_length=3)
    default_feedback: Text

    @model_validator(mode="after")
    def _inside(self) -> "BugHunt":
        lines = [self.bug.line, *(s.line for s in self.suspects)]
        if max(lines) > len(self._lines()) or len(set(lines)) < len(lines):
            raise ValueError("the bug and the suspects are different lines of the program")
        return self

    def _lines(self) -> list[str]:
        return self.program.rstrip("\n").split("\n")

    def _symptoms(self, at: Variant) -> list[tuple[str, RightOption | WrongOption]]:
        wrongs = [(f"w{i}", w) for i, w in enumerate(self.wrong_symptoms, 1)]
        return at.shuffled([("right", self.symptom), *wrongs])

    def judge(self, at: Variant, response: Response) -> Verdict:
        given = response if isinstance(response, dict) else {}
        line, symptom = given.get("line"), given.get("symptom")
        if line is None and symptom is None:
            return empty("Choose the faulty line, and what it leads to.")
        known = dict(self._symptoms(at))
        if not isinstance(line, int) or not 1 <= line <= len(self._lines()):
            return refused("Choose the faulty line as well.")
        if not isinstance(symptom, str) or symptom not in known:
            return refused("Choose what the fault leads to as well.")
        score = 0.5 * (line == self.bug.line) + 0.5 * (symptom == "right")
        if line != self.bug.line:
            suspect = next((s for s in self.suspects if s.line == line), None)
            found = wrong(at, suspect, score) if suspect else None
            return found or undiagnosed(at, self.default_feedback, score)
        chosen = known[symptom]
        if isinstance(chosen, WrongOption):
            return wrong(at, chosen, score)
        return right(at.fill(f"{self.bug.feedback} {self.symptom.feedback}"))

    def key(self, at: Variant) -> Response:
        return {"line": self.bug.line, "symptom": "right"}

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        lines: list[tuple[Wrong, Response]] = [
            (s, {"line": s.line, "symptom": "right"}) for s in self.suspects
        ]
        symptoms = [
            (w, {"line": self.bug.line, "symptom": f"w{i}"})
            for i, w in enumerate(self.wrong_symptoms, 1)
        ]
        return [*lines, *symptoms]

    def guess(self, at: Variant, rng: random.Random) -> Response:
        symptom = rng.choice([id for id, _ in self._symptoms(at)])
        return {"line": rng.randint(1, len(self._lines())), "symptom": symptom}

    def chance(self, at: Variant) -> float:
        return 0.5 / len(self._lines()) + 0.5 / (1 + len(self.wrong_symptoms))

    def page(self, at: Variant) -> dict[str, Any]:
        symptoms = [at.fill(option.text) for _, option in self._symptoms(at)]
        return {"program": self._lines(), "symptoms": symptoms}

    def from_page(self, at: Variant, answer: Any) -> Response:
        given = answer if isinstance(answer, dict) else {}
        ids = [id for id, _ in self._symptoms(at)]
        line = given.get("line")
        number = line + 1 if type(line) is int else None
        return {"line": number, "symptom": pick(ids, given.get("symptom"))}

    def to_page(self, at: Variant, response: Response) -> Any:
        ids = [id for id, _ in self._symptoms(at)]
        symptom = response.get("symptom")
        place = ids.index(symptom) if symptom in ids else None
        return {"line": response["line"] - 1, "symptom": place}

    def said(self, at: Variant, response: Response) -> str:
        option = dict(self._symptoms(at)).get(response.get("symptom"))
        return f"line {response.get('line')}: {at.fill(option.text) if option else ''}"

    def texts(self) -> list[str]:
        options = [self.symptom, *self.wrong_symptoms]
        own = [self.bug.feedback, self.default_feedback, *(s.feedback for s in self.suspects)]
        return [*super().texts(), *own, *(t for o in options for t in (o.text, o.feedback))]


_find: list[Callable[[str], Exercise]] = []


def use_exercises(find: Callable[[str], Exercise]) -> None:
    """Tell `code` questions where exercises are found: topics live on a floor above this one."""
    _find[:] = [find]


class Code(Question):
    """Write a function; the exercise's own checker judges it and names the mistake."""

    type: Literal["code"] = "code"
    exercise: Text

    def _exercise(self) -> Exercise:
        if not _find:
            raise LookupError("No exercises are known here; call use_exercises(find) first.")
        return _find[0](self.exercise)

    def judge(self, at: Variant, response: Response) -> Verdict:
        if not str(response or "").strip():
            return empty("Write the function first.")
        if not isinstance(response, str):
            return refused("An answer in code is text.")
        exercise = self._exercise()
        return check(exercise, Source(response, exercise.name, exercise.reference.__module__))

    def key(self, at: Variant) -> Response:
        return Levels(self._exercise()).solution

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        return []  # the exercise's own tests run every one of its known-wrong variants

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return f"{self.page(at)['stub'].rstrip()}\n    return {rng.random()}"

    def page(self, at: Variant) -> dict[str, Any]:
        exercise = self._exercise()
        return {"stub": Levels(exercise).head, "asks": exercise.asks}

    def said(self, at: Variant, response: Response) -> str:
        return "your function"


class Point(Base):
    """A point that a good explanation makes; `keywords` only nudge, they never grade."""

    text: Text
    keywords: tuple[Text, ...] = ()


class Explain(Question):
    """Explain in your own words, then compare with the model answer and tick the points made."""

    type: Literal["explain"] = "explain"
    rubric: list[Point] = Field(min_length=2, max_length=5)
    model: Text

    auto: ClassVar[bool] = False

    def judge(self, at: Variant, response: Response) -> Verdict:
        given = response if isinstance(response, dict) else {}
        text = str(given.get("text") or "").strip()
        if not text:
            return empty("Write a sentence or two in your own words.")
        if len(text.split()) < 5:
            return refused("A few words more, please: write it so that a friend could follow.")
        ticked = given.get("points")
        if ticked is None:
            return undiagnosed(at, self._nudge(text))
        if not isinstance(ticked, list) or not all(t in range(len(self.rubric)) for t in ticked):
            return refused("Tick the points that your own text makes.")
        return self._scored(at, set(ticked))

    def _nudge(self, text: str) -> str:
        lower = text.casefold()
        absent = [p for p in self.rubric if p.keywords and not any(k in lower for k in p.keywords)]
        start = "Now compare your text with the model answer and tick each point that you made."
        return start + (" Look twice at the points you may not have named." if absent else "")

    def _scored(self, at: Variant, ticked: set[int]) -> Verdict:
        missing = [p.text for i, p in enumerate(self.rubric) if i not in ticked]
        if not missing:
            return right("You made every point of the model answer.")
        listed = "\n".join(f"- {at.fill(text)}" for text in missing)
        says = f"Worth adding to your own words:\n\n{listed}"
        return undiagnosed(at, says, len(ticked) / len(self.rubric))

    def key(self, at: Variant) -> Response:
        return {"text": at.fill(self.model), "points": list(range(len(self.rubric)))}

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        return []  # nobody's words are judged by a machine

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return {"text": "I do not know the answer to this.", "points": []}

    def page(self, at: Variant) -> dict[str, Any]:
        return {}

    def reveal(self, at: Variant, response: Response) -> dict[str, Any]:
        points = [at.fill(p.text) for p in self.rubric]
        return {"rubric": points, "model": at.fill(self.model)}

    def from_page(self, at: Variant, answer: Any) -> Response:
        return answer if isinstance(answer, dict) else {}

    def said(self, at: Variant, response: Response) -> str:
        return "your own words"

    def texts(self) -> list[str]:
        return [*super().texts(), self.model, *(p.text for p in self.rubric)]
