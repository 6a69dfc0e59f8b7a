"""Moodle XML: written for Moodle 4 and later, read back without loss of a `Plain` question."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from .plain import Answer, Kind, Plain, Refused
from .safe import inert, read_text, tree

_TYPES: dict[Kind, str] = {
    "choice": "multichoice",
    "choices": "multichoice",
    "number": "numerical",
    "text": "shortanswer",
    "match": "matching",
    "order": "ordering",
    "essay": "essay",
}
_CODE = re.compile(r"(```.*?```|`[^`]*`)", re.DOTALL)
_DOLLARS = re.compile(r"(?<!\\)\$\$?(.+?)(?<!\\)\$\$?", re.DOTALL)
_NAME = re.compile(r"^[\w.-]{1,120}$")


def export(questions: Iterable[Plain], category: str = "dlcourse") -> str:
    """The questions as one Moodle XML file."""
    quiz = ET.Element("quiz")
    node = ET.SubElement(ET.SubElement(quiz, "question", type="category"), "category")
    ET.SubElement(node, "text").text = f"$course$/top/{category}"
    for one in questions:
        _question(quiz, one)
    ET.indent(quiz)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(quiz, encoding="unicode")


def _question(quiz: ET.Element, one: Plain) -> None:
    node = ET.SubElement(quiz, "question", type=_TYPES[one.kind])
    _text(node, "name", one.id)
    _text(node, "questiontext", _out(one.stem), markdown=True)
    _text(node, "generalfeedback", _out(one.solution), markdown=True)
    ET.SubElement(node, "defaultgrade").text = "1"
    ET.SubElement(node, "idnumber").text = one.id
    if one.kind in ("choice", "choices"):
        ET.SubElement(node, "single").text = str(one.kind == "choice").lower()
        ET.SubElement(node, "shuffleanswers").text = "true"
    _text(node, "incorrectfeedback", _out(one.wrong_feedback), markdown=True)
    for answer in one.answers:
        _answer(node, one, answer)
    for hint in one.hints:
        _text(node, "hint", _out(hint), markdown=True)
    tags = ET.SubElement(node, "tags")
    for tag in one.tags:
        _text(tags, "tag", tag)


def _answer(node: ET.Element, one: Plain, answer: Answer) -> None:
    if one.kind == "match":
        sub = _text(node, "subquestion", _out(answer.text), markdown=True)
        _text(sub, "answer", _out(answer.partner))
        _feedback(sub, answer)
        return
    if one.kind == "essay":
        _text(node, "graderinfo", _out(answer.text), markdown=True)
        return
    rich = one.kind in ("choice", "choices", "order")
    made = _text(node, "answer", _out(answer.text) if rich else answer.text, markdown=rich)
    made.set("fraction", f"{100 * answer.share:.5f}".rstrip("0").rstrip("."))
    if one.kind == "number":
        margin = one.tolerance * abs(float(answer.text))
        ET.SubElement(made, "tolerance").text = repr(margin)
        made.set("rtol", repr(one.tolerance))
    _feedback(made, answer)


def _feedback(node: ET.Element, answer: Answer) -> None:
    made = _text(node, "feedback", _out(answer.feedback), markdown=True)
    if answer.misconception:
        made.set("misconception", answer.misconception)


def _text(parent: ET.Element, name: str, text: str, markdown: bool = False) -> ET.Element:
    node = ET.SubElement(parent, name, {"format": "markdown"} if markdown else {})
    ET.SubElement(node, "text").text = text
    return node


def _out(text: str) -> str:
    """Formulas as Moodle's MathJax filter finds them: between \\( and \\)."""
    return _outside_code(text, lambda part: _DOLLARS.sub(r"\\\\(\1\\\\)", part))


def _in(text: str) -> str:
    """Formulas as this course writes them: between dollar signs."""
    return _outside_code(text, lambda part: re.sub(r"\\\\\((.+?)\\\\\)", r"$\1$", part, flags=re.S))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    parts = _CODE.split(text)
    return "".join(part if i % 2 else change(part) for i, part in enumerate(parts))


def read(source: Path | bytes | str) -> list[Plain]:
    """The questions of a Moodle XML file; raises `Refused` for what cannot or must not be read."""
    root = tree(read_text(source))
    if root.tag != "quiz":
        raise Refused("This is not Moodle XML: its root is not <quiz>.")
    nodes = [n for n in root.findall("question") if n.get("type") != "category"]
    return [_read_question(n) for n in nodes]


def _read_question(node: ET.Element) -> Plain:
    kind = _kind(node)
    read = {"match": _read_pairs, "essay": _read_essay}.get(kind, _read_answers)
    rtol = [float(a.get("rtol", "0.01")) for a in node.findall("answer")]
    name = _value(node, "idnumber") or _value(node, "name")
    return Plain(
        _id(name),
        kind,
        _value(node, "questiontext"),
        tuple(read(node)),
        solution=_value(node, "generalfeedback"),
        hints=tuple(_inner(h) for h in node.findall("hint")),
        tags=tuple(_inner(t) for t in node.findall("tags/tag")),
        tolerance=rtol[0] if kind == "number" and rtol else 0.0,
        wrong_feedback=_value(node, "incorrectfeedback"),
    )


def _kind(node: ET.Element) -> Kind:
    name = node.get("type", "")
    if name == "multichoice":
        return "choice" if node.findtext("single", "true").strip() in ("true", "1") else "choices"
    kinds: dict[str, Kind] = {v: k for k, v in _TYPES.items() if v != "multichoice"}
    if name not in kinds:
        known = ", ".join(sorted(set(_TYPES.values())))
        raise Refused(f"The question type {name!r} is not imported; there are {known}.")
    return kinds[name]


def _id(name: str) -> str:
    return name if _NAME.match(name) else re.sub(r"[^\w.-]+", "-", name).strip("-")[:120]


def _read_answers(node: ET.Element) -> list[Answer]:
    return [
        Answer(
            _inner(a),
            round(float(a.get("fraction", "0")) / 100, 6),
            _value(a, "feedback"),
            _misconception(a),
        )
        for a in node.findall("answer")
    ]


def _read_pairs(node: ET.Element) -> list[Answer]:
    subs = node.findall("subquestion")
    texts = [(_inner(s), s) for s in subs]
    return [
        Answer(text, float(bool(text)), _value(s, "feedback"), partner=_value(s, "answer"))
        for text, s in texts
    ]


def _read_essay(node: ET.Element) -> list[Answer]:
    model = _value(node, "graderinfo")
    return [Answer(model, 1.0)] if model else []


def _misconception(node: ET.Element) -> str:
    feedback = node.find("feedback")
    return "" if feedback is None else feedback.get("misconception", "")


def _value(node: ET.Element, name: str) -> str:
    found = node.find(name)
    return "" if found is None else _inner(found)


def _inner(node: ET.Element) -> str:
    text = node.findtext("text")
    return _in(inert(text if text is not None else (node.text or "").strip()))
