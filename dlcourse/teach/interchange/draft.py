"""A draft bank from imported questions: what is missing is left empty for its author."""

from collections.abc import Iterable
from typing import Any

import yaml

from .plain import Plain

_TYPES = {
    "choice": "single",
    "choices": "multi",
    "number": "numeric",
    "text": "predict_output",
    "match": "match",
    "order": "order",
    "essay": "explain",
}


def draft(questions: Iterable[Plain], lesson: str) -> str:
    """YAML of schema `dlq/1`: complete it until `dlcourse quiz lint` is content."""
    bank = {
        "schema": "dlq/1",
        "lesson": lesson,
        "title": "Imported",
        "questions": [_question(q) for q in questions],
    }
    return yaml.safe_dump(bank, sort_keys=False, allow_unicode=True, width=110)


def _question(one: Plain) -> dict[str, Any]:
    tagged = dict(t.split(":", 1) for t in one.tags if ":" in t)
    objectives = [t.split(":", 1)[1] for t in one.tags if t.startswith("objective:")]
    head = {
        "id": one.id,
        "type": _TYPES[one.kind],
        "objectives": objectives,
        "bloom": tagged.get("bloom", ""),
        "status": "draft",
        "stem": one.stem,
    }
    return {**head, **_ANSWERS[one.kind](one), "hints": list(one.hints), "solution": one.solution}


def _wrongs(one: Plain, name: str) -> list[dict[str, str]]:
    wrongs = [a for a in one.answers if a.share <= 0]
    return [
        {name: a.text, "misconception": a.misconception, "feedback": a.feedback} for a in wrongs
    ]


def _best(one: Plain, name: str) -> dict[str, str]:
    best = next(a for a in one.answers if a.share == 1)
    return {name: best.text, "feedback": best.feedback}


def _choice(one: Plain) -> dict[str, Any]:
    return {"answer": _best(one, "text"), "wrong": _wrongs(one, "text")}


def _choices(one: Plain) -> dict[str, Any]:
    rights = [{"text": a.text, "feedback": a.feedback} for a in one.answers if a.share > 0]
    return {"right": rights, "wrong": _wrongs(one, "text")}


def _number(one: Plain) -> dict[str, Any]:
    answer = {**_best(one, "expr"), "rtol": one.tolerance}
    return {
        "answer": answer,
        "wrong": _wrongs(one, "expr"),
        "default_feedback": one.wrong_feedback,
    }


def _text(one: Plain) -> dict[str, Any]:
    more = [a.text for a in one.answers if a.share == 1][1:]
    answer = {**_best(one, "text"), "accept": more}
    return {
        "code": one.stem,
        "answer": answer,
        "wrong": _wrongs(one, "text"),
        "default_feedback": one.wrong_feedback,
    }


def _match(one: Plain) -> dict[str, Any]:
    pairs = [
        {"left": a.text, "right": a.partner, "feedback": a.feedback} for a in one.answers if a.text
    ]
    extra = [a.partner for a in one.answers if not a.text]
    return {
        "pairs": pairs,
        "extra": extra,
        "wrong": [],
        "default_feedback": one.wrong_feedback,
    }


def _order(one: Plain) -> dict[str, Any]:
    return {
        "items": [a.text for a in one.answers],
        "feedback": "",
        "wrong": [],
        "default_feedback": one.wrong_feedback,
    }


def _essay(one: Plain) -> dict[str, Any]:
    return {"rubric": [], "model": one.answers[0].text if one.answers else ""}


_ANSWERS = {
    "choice": _choice,
    "choices": _choices,
    "number": _number,
    "text": _text,
    "match": _match,
    "order": _order,
    "essay": _essay,
}
