"""The form in which a question can leave the course: one variant, its parameters filled in."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from ..quiz.choices import Gate, Multi, PredictPlot, Single, _Choice
from ..quiz.formula import written
from ..quiz.parts import Question, Seed, Variant
from ..quiz.programs import BugHunt, Code, Explain
from ..quiz.sequences import Match, Order, Parsons
from ..quiz.tables import Hotspot, Trace
from ..quiz.values import Expr, Numeric, PredictOutput, Shape

Kind = Literal["choice", "choices", "number", "text", "match", "order", "essay"]


class Refused(ValueError):
    """A file cannot be imported, or a question not exported; the message says what to do."""


@dataclass(frozen=True)
class Answer:
    """One answer: its share of the mark (1 right, 0 wrong, below 0 costs), and its feedback."""

    text: str
    share: float
    feedback: str = ""
    misconception: str = ""
    partner: str = ""  # of a pair


@dataclass(frozen=True)
class Plain:
    """A question without parameters.  Texts are Markdown with `$` formulas."""

    id: str
    kind: Kind
    stem: str
    answers: tuple[Answer, ...]
    solution: str = ""
    hints: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # objective:BP-1, bloom:apply, section:..., type:...
    tolerance: float = 0.0  # relative, of a number
    wrong_feedback: str = ""  # for answers nobody foresaw


# What leaves and what is lost, type by type.  `full`: comes back as the same type, with all its
# answers, feedback and misconceptions.  `lossy`: comes back as the simpler kind that is named.
_ALWAYS = "parameters (one variant is exported), difficulty, time, see, figure"
LOSS: dict[str, tuple[str, Kind, str]] = {
    "single": ("full", "choice", _ALWAYS),
    "multi": ("full", "choices", _ALWAYS),
    "numeric": ("full", "number", f"{_ALWAYS}, unit"),
    "predict_output": ("full", "text", f"{_ALWAYS}, tolerance of spaces"),
    "match": ("full", "match", f"{_ALWAYS}, feedback per wrong pair"),
    "order": ("full", "order", f"{_ALWAYS}, feedback per wrong order, free pairs"),
    "gate": ("lossy", "choice", f"{_ALWAYS}; becomes a graded choice"),
    "predict_plot": ("lossy", "choice", f"{_ALWAYS}, the curves; their words remain"),
    "shape": ("lossy", "text", f"{_ALWAYS}, other ways to write the shape"),
    "expr": ("lossy", "text", f"{_ALWAYS}, other ways to write the formula"),
    "bug_hunt": ("lossy", "choice", f"{_ALWAYS}, the symptom; the line is chosen"),
    "hotspot": ("lossy", "choices", f"{_ALWAYS}, the picture; regions are chosen by name"),
    "parsons": ("lossy", "order", f"{_ALWAYS}, indentation, distractors, blanks"),
    "trace": ("lossy", "match", f"{_ALWAYS}, the order of diagnosis; cells are matched"),
    "explain": ("lossy", "essay", f"{_ALWAYS}, the rubric; the model answer remains"),
    "code": ("lossy", "essay", f"{_ALWAYS}, the checker"),
}


def plain(question: Question, seed: Seed = 0) -> Plain:
    """The question as others can read it, with the parameters of `seed`."""
    at = question.at(seed)
    made = _SHAPES[type(question)](question, at)
    return replace(
        Plain(question.id, LOSS[question.type][1], _stem(at), ()),
        solution=at.fill(question.solution).strip(),
        hints=tuple(at.fill(h).strip() for h in question.hints),
        tags=_tags(question),
        **made,
    )


def _stem(at: Variant) -> str:
    q = at.question
    code = at.fill(q.code or getattr(q, "program", None) or "").rstrip()
    return at.fill(q.stem).strip() + (f"\n\n```\n{code}\n```" if code else "")


def _tags(q: Question) -> tuple[str, ...]:
    named = [f"objective:{o}" for o in q.objectives]
    named += [f"requires:{o}" for o in q.requires]
    section = [f"section:{q.section}"] if q.section else []
    return (*named, f"bloom:{q.bloom}", *section, f"type:{q.type}", *q.tags)


def _says(at: Variant, text: str) -> str:
    return at.fill(text).strip()


def _wrongs(at: Variant, wrongs: Any, text: Any, share: float = 0.0) -> list[Answer]:
    return [Answer(text(w), share, _says(at, w.feedback), w.misconception) for w in wrongs]


def _choice(q: _Choice, at: Variant) -> dict[str, Any]:
    best = Answer(_says(at, q.answer.text), 1.0, _says(at, q.answer.feedback))
    return {"answers": (best, *_wrongs(at, q.wrong, lambda w: _says(at, w.text)))}


def _multi(q: Multi, at: Variant) -> dict[str, Any]:
    share = round(1 / len(q.right), 6)
    rights = [
        Answer(_says(at, r.text), share, _says(at, r.feedback), r.misconception or "")
        for r in q.right
    ]
    return {"answers": (*rights, *_wrongs(at, q.wrong, lambda w: _says(at, w.text), -share))}


def _number(q: Numeric, at: Variant) -> dict[str, Any]:
    best = Answer(repr(at.number(q.answer.expr)), 1.0, _says(at, q.answer.feedback))
    wrongs = _wrongs(at, q.wrong, lambda w: repr(at.number(w.expr)))
    return {
        "answers": (best, *wrongs),
        "tolerance": q.answer.rtol,
        "wrong_feedback": _says(at, q.default_feedback),
    }


def _text(q: Shape | Expr, at: Variant) -> dict[str, Any]:
    keyed = [(m, str(r)) for m, r in q.mistakes(at)]
    best = Answer(str(q.key(at)), 1.0, _says(at, q.answer.feedback))
    wrongs = [Answer(text, 0.0, _says(at, m.feedback), m.misconception) for m, text in keyed]
    return {"answers": (best, *wrongs), "wrong_feedback": _says(at, q.default_feedback)}


def _output(q: PredictOutput, at: Variant) -> dict[str, Any]:
    says = _says(at, q.answer.feedback)
    rights = [Answer(at.fill(t), 1.0, says) for t in (q.answer.text, *q.answer.accept)]
    wrongs = _wrongs(at, q.wrong, lambda w: at.fill(w.text))
    return {"answers": (*rights, *wrongs), "wrong_feedback": _says(at, q.default_feedback)}


def _match(q: Match, at: Variant) -> dict[str, Any]:
    pairs = [
        Answer(_says(at, p.left), 1.0, _says(at, p.feedback), partner=_says(at, p.right))
        for p in q.pairs
    ]
    extra = [Answer("", 0.0, partner=_says(at, e)) for e in q.extra]
    return {"answers": (*pairs, *extra), "wrong_feedback": _says(at, q.default_feedback)}


def _order(q: Order, at: Variant) -> dict[str, Any]:
    items = tuple(Answer(_says(at, i), 1.0) for i in q.items)
    return {"answers": items, "wrong_feedback": _says(at, q.default_feedback)}


def _hunt(q: BugHunt, at: Variant) -> dict[str, Any]:
    best = Answer(f"Line {q.bug.line}", 1.0, _says(at, q.bug.feedback))
    wrongs = _wrongs(at, q.suspects, lambda s: f"Line {s.line}")
    return {"answers": (best, *wrongs), "wrong_feedback": _says(at, q.default_feedback)}


def _hotspot(q: Hotspot, at: Variant) -> dict[str, Any]:
    share = round(1 / len(q.answer.regions), 6)
    answers = [
        Answer(r, share if r in q.answer.regions else -share, _says(at, q.answer.feedback))
        for r in q.regions()
    ]
    return {"answers": tuple(answers), "wrong_feedback": _says(at, q.default_feedback)}


def _parsons(q: Parsons, at: Variant) -> dict[str, Any]:
    lines = tuple(Answer(line, 1.0) for line in q.lines)
    return {"answers": lines, "wrong_feedback": _says(at, q.default_feedback)}


def _trace(q: Trace, at: Variant) -> dict[str, Any]:
    values = q.key(at)
    cells = tuple(
        Answer(name, 1.0, _says(at, cell.default_feedback), partner=written(float(values[name])))
        for name, cell in q.cells.items()
    )
    return {"answers": cells}


def _essay(q: Explain | Code, at: Variant) -> dict[str, Any]:
    model = _says(at, q.model) if isinstance(q, Explain) else ""
    return {"answers": (Answer(model, 1.0),) if model else ()}


_SHAPES: dict[type[Question], Any] = {
    Single: _choice,
    Gate: _choice,
    PredictPlot: _choice,
    Multi: _multi,
    Numeric: _number,
    Shape: _text,
    Expr: _text,
    PredictOutput: _output,
    Match: _match,
    Order: _order,
    BugHunt: _hunt,
    Hotspot: _hotspot,
    Parsons: _parsons,
    Trace: _trace,
    Explain: _essay,
    Code: _essay,
}
