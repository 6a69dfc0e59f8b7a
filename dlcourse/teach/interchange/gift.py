"""GIFT: Moodle's plain text format, good to read and compare; no orders, no model answers."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from .plain import Answer, Kind, Plain, Refused
from .safe import inert, read_text

# GIFT has no place for these: they are empty after a round trip.
LOST = ("hints", "wrong_feedback", "the feedback of pairs", "misconceptions")
KINDS = ("choice", "choices", "number", "text", "match", "essay")
_SPECIAL = re.compile(r"([~=#{}:\\])")
_HEAD = re.compile(r"::((?:\\.|[^:\\])+)::\s*(?:\[markdown\])?")
_TAGS = re.compile(r"\[tags:([^\]]*)\]")


def reduced(one: Plain) -> Plain:
    """The question as GIFT can hold it."""
    answers = (
        replace(a, misconception="", feedback="" if one.kind == "match" else a.feedback)
        for a in one.answers
    )
    kept = () if one.kind == "essay" else tuple(answers)
    return replace(one, answers=kept, hints=(), wrong_feedback="")


def export(questions: Iterable[Plain]) -> str:
    """The questions as one GIFT file; orders are left out, with a comment that says so."""
    return "\n\n".join(_question(one) for one in questions) + "\n"


def _question(one: Plain) -> str:
    if one.kind not in KINDS:
        return f"// {one.id}: GIFT has no questions of the kind {one.kind}; use Moodle XML."
    tags = f"// [id:{one.id}] [tags:{','.join(one.tags)}]"
    answers = [_answer(one, a) for a in one.answers] if one.kind != "essay" else []
    solution = [f"####{_escape(one.solution)}"] if one.solution else []
    opened = "{#" if one.kind == "number" else "{"
    stem = f"::{_escape(one.id)}::[markdown]{_escape(one.stem)}"
    return "\n".join([tags, f"{stem} {opened}", *answers, *solution, "}"])


def _answer(one: Plain, a: Answer) -> str:
    feedback = f"#{_escape(a.feedback)}" if a.feedback else ""
    if one.kind == "match":
        return f"={_escape(a.text)} -> {_escape(a.partner)}"
    if one.kind == "choice":
        return f"{'=' if a.share == 1 else '~'}{_escape(a.text)}{feedback}"
    share = f"%{100 * a.share:.5f}".rstrip("0").rstrip(".") + "%"
    if one.kind == "choices":
        return f"~{share}{_escape(a.text)}{feedback}"
    if one.kind == "number":
        margin = one.tolerance * abs(float(a.text))
        return f"={share}{a.text}:{margin!r}{feedback}"
    return f"={share}{_escape(a.text)}{feedback}"


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text).replace("\n", "\\n")


def _plain_text(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text.strip())


def read(source: Path | bytes | str) -> list[Plain]:
    """The questions of a GIFT file; raises `Refused` naming the question that cannot be read."""
    text = inert(read_text(source))
    blocks = (b for b in re.split(r"\n\s*\n", text) if b.strip())
    found = (_read_question(b) for b in blocks)
    return [one for one in found if one is not None]


def _read_question(block: str) -> Plain | None:
    lines = block.strip().split("\n")
    tags = _TAGS.search("\n".join(x for x in lines if x.startswith("//")))
    body = "\n".join(x for x in lines if not x.startswith("//")).strip()
    if not body or body.startswith("$CATEGORY"):
        return None
    head = _HEAD.match(body)
    if head is None:
        raise Refused(f"The question “{body[:40]}” has no name; start it with ::name::.")
    name = _plain_text(head[1])
    stem, inside, _ = _braces(body[head.end() :], name)
    one = Plain(name, "essay", _plain_text(stem), (), tags=_split_tags(tags))
    return _with_answers(one, inside)


def _split_tags(found: re.Match[str] | None) -> tuple[str, ...]:
    return tuple(t for t in found[1].split(",") if t) if found else ()


def _braces(text: str, name: str) -> tuple[str, str, str]:
    found = re.match(r"((?:\\.|[^{\\])*)\{((?:\\.|[^}\\])*)\}(.*)$", text, re.DOTALL)
    if found is None:
        raise Refused(f"The question {name!r} has no answers; put them in braces.")
    return found[1], found[2], found[3]


def _with_answers(one: Plain, inside: str) -> Plain:
    answers, mark, solution = _cut(inside, "####")
    one = replace(one, solution=_plain_text(solution) if mark else "")
    numeric = answers.startswith("#")
    pieces = list(_pieces(answers[1:] if numeric else answers))
    if not pieces:
        return one
    if numeric:
        return _numbers(one, pieces)
    if any(_has_arrow(text) for _, text in pieces):
        return replace(one, kind="match", answers=tuple(_pair(text) for _, text in pieces))
    made = tuple(_read_answer(sign, text) for sign, text in pieces)
    return replace(one, kind=_kind(pieces), answers=made)


def _kind(pieces: list[tuple[str, str]]) -> Kind:
    if all(sign == "=" for sign, _ in pieces):
        return "text"
    return "choice" if any(sign == "=" for sign, _ in pieces) else "choices"


def _cut(text: str, mark: str) -> tuple[str, str, str]:
    found = re.search(rf"(?<!\\){re.escape(mark)}", text)
    return (text, "", "") if found is None else (text[: found.start()], mark, text[found.end() :])


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r"([=~])((?:\\.|[^=~\\])*)", text, re.DOTALL):
        yield found[1], found[2].strip()


def _has_arrow(text: str) -> bool:
    return " -> " in text or text.startswith("-> ")


def _pair(text: str) -> Answer:
    left, _, right = f" {text}".partition(" -> ")
    return Answer(_plain_text(left), float(bool(left.strip())), partner=_plain_text(right))


def _read_answer(sign: str, text: str) -> Answer:
    share, rest = _share(text, 1.0 if sign == "=" else 0.0)
    answer, _, feedback = _cut(rest, "#")
    return Answer(_plain_text(answer), share, _plain_text(feedback))


def _share(text: str, default: float) -> tuple[float, str]:
    found = re.match(r"%(-?[\d.]+)%", text)
    return (round(float(found[1]) / 100, 6), text[found.end() :]) if found else (default, text)


def _numbers(one: Plain, pieces: list[tuple[str, str]]) -> Plain:
    answers, tolerance = [], 0.0
    for sign, text in pieces:
        share, rest = _share(text, 1.0 if sign == "=" else 0.0)
        value, _, feedback = _cut(rest, "#")
        number, _, margin = value.partition(":")
        try:
            size, width = abs(float(number)), float(margin or 0)
        except ValueError:
            raise Refused(f"In {one.id!r}, {value.strip()!r} is not a number:margin.") from None
        tolerance = max(tolerance, round(width / size, 9) if size else 0.0)
        answers.append(Answer(number.strip(), share, _plain_text(feedback)))
    return replace(one, kind="number", answers=tuple(answers), tolerance=tolerance)
