"""The exercise on the page: a card with three levels, and the verdict under a learner's cell."""

import re
import weakref
from typing import Any

import traitlets

from ..teach.exercise import Exercise, Report, sandbox
from ..teach.exercise.desk import Desk
from ..teach.exercise.levels import Levels
from ..teach.exercise.words import count
from ..teach.progress import progress
from ..teach.text import escape, to_html
from ..teach.verdict import Verdict
from ..topics import find_exercise
from .base import KIT, Face, Panel, bundle, styles
from .explorable import explore

WORDS = {
    "correct": "Correct",
    "not yet": "Not yet",
    "not attempted": "Not attempted",
    "timeout": "Stopped",
    "crash": "Crashed",
    "refused": "Not checked",
}

_desks: dict[tuple[str, str], Desk] = {}
_panels: "weakref.WeakSet[_AtDesk]" = weakref.WeakSet()
_last: list[str] = []  # ids of the exercises that were worked at, the newest last


def desk(name: str) -> Desk:
    """The desk of this learner at the exercise called `name`."""
    log, found = progress(), find_exercise(name)
    key = (str(log.path), found.id)  # one desk, whether it is called by its id or its answer's name
    if key not in _desks:
        _desks[key] = Desk(found, log)
    return _desks[key]


class _AtDesk(Panel):
    """A panel that shows how far the learner is with one exercise, and helps on."""

    _css = styles("exercise")

    status = traitlets.Unicode("not attempted").tag(sync=True)
    verdict = traitlets.Dict().tag(sync=True)
    hints = traitlets.List().tag(sync=True)
    hints_left = traitlets.Int(0).tag(sync=True)
    may_solve = traitlets.Bool(False).tag(sync=True)
    solution = traitlets.Unicode("").tag(sync=True)
    opened = traitlets.Dict().tag(sync=True)  # explorables opened here: preset -> model id

    def __init__(self, desk: Desk, **traits: Any):
        self.desk = desk
        super().__init__(**traits)
        _panels.add(self)
        self.refresh()

    def refresh(self) -> None:
        """Bring the page up to date with the desk."""
        with self.hold_sync():
            self.status = self.desk.status
            self.may_solve = self.desk.may_see_solution
            self.hints_left = len(self.desk.exercise.hints) - self.desk.hinted

    def judged(self, report: Report) -> None:
        """Show this verdict, and let every other panel of the exercise know of it."""
        self.verdict = public(report)
        _note(self.desk)

    def on_hint(self, content: dict[str, Any]) -> None:
        """The learner asks for the next hint."""
        self.desk.hint()
        self.hints = [to_html(h) for h in self.desk.hints]
        _note(self.desk)

    def on_solution(self, content: dict[str, Any]) -> None:
        """The learner asks for the worked solution; it is there after the first try."""
        found = self.desk.solution()
        if found is not None:
            self.solution = to_html(found)

    def on_see(self, content: dict[str, Any]) -> None:
        """The learner wants the explorable that shows the point; the page holds none yet."""
        see = str(content.get("see"))
        if see == self.verdict.get("see"):
            self._shown = explore(see)
            self.opened = {**self.opened, see: self._shown.model_id}


def _note(desk: Desk) -> None:
    _last.append(desk.exercise.id)
    for panel in [p for p in _panels if p.desk is desk]:
        panel.refresh()


class ExerciseCard(_AtDesk):
    """The exercise itself: what is asked, and three ways to answer it."""

    _esm = bundle(KIT / "exercise.js")

    card = traitlets.Dict().tag(sync=True)

    def __init__(self, desk: Desk):
        super().__init__(desk, card=_card(desk))

    @property
    def title(self) -> str:
        return f"exercise {self.desk.exercise.id}"

    def face(self) -> Face:
        """What is asked, and the stub to start from."""
        e = self.desk.exercise
        html = f"<h4>{escape(e.title)}</h4>{to_html(e.asks)}<pre>{escape(Levels(e).blank)}</pre>"
        return Face(html=html)

    def on_order(self, content: dict[str, Any]) -> None:
        """The learner checks an order of lines."""
        pieces = len(self.card["pieces"])
        chosen = [i for i in content.get("lines") or [] if isinstance(i, int) and 0 <= i < pieces]
        self.judged(self.desk.check_order(chosen))

    def on_blanks(self, content: dict[str, Any]) -> None:
        """The learner checks filled blanks."""
        self.judged(self.desk.check_blanks([str(t) for t in content.get("texts") or []]))


class CheckPanel(_AtDesk):
    """The verdict on an answer, with the hints and the solution in reach."""

    _esm = bundle(KIT / "exercise_check.js")

    name = traitlets.Unicode().tag(sync=True)

    def __init__(self, desk: Desk, report: Report):
        self.answer = report
        super().__init__(desk, name=desk.exercise.id)
        self.judged(report)

    @property
    def title(self) -> str:
        return f"check of {self.desk.exercise.id}: {self.answer.verdict.state}"

    def face(self) -> Face:
        """The verdict as it reads without a kernel."""
        v = self.answer.verdict
        return Face(html=f"<p><strong>{WORDS[v.state]}</strong></p>{to_html(v.says)}")

    def __repr__(self) -> str:
        return as_text(self.desk.exercise.id, self.answer.verdict)


class Note:
    """A few sentences, as HTML in a notebook and as plain text elsewhere."""

    def __init__(self, markdown: str):
        self._markdown = markdown

    def _repr_html_(self) -> str:
        return to_html(self._markdown)

    def __repr__(self) -> str:
        return plain(self._markdown)


def _card(desk: Desk) -> dict[str, Any]:
    """What the page may know: nothing here tells a decoy from a line that belongs."""
    e, levels = desk.exercise, desk.levels
    return {
        "id": e.id,
        "name": e.name,
        "title": e.title,
        "asks": to_html(e.asks),
        "minutes": e.minutes,
        "difficulty": e.difficulty,
        "head": levels.head,
        "pieces": levels.pieces(desk.seed),
        "faded": [[line.left, line.ask, len(line.answer)] for line in levels.faded],
        "blank": levels.blank,
    }


def public(report: Report) -> dict[str, Any]:
    """What the page is told of a verdict."""
    v = report.verdict
    return {
        "state": v.state,
        "word": WORDS[v.state],
        "says": to_html(v.says),
        "hint": to_html(v.hint) if v.hint else "",
        "see": v.see or "",
        "passed": list(v.passed),
        "failed": list(v.failed),
        "printed": report.printed,
    }


def as_text(name: str, v: Verdict) -> str:
    """A verdict in plain text: the face of a check outside notebooks."""
    total = len(v.passed) + len(v.failed)
    held = (
        f" ({len(v.passed)} of {count(total, 'property').replace('propertys', 'properties')} hold)"
    )
    lines = [f"{name}: {v.state}{held if total and not v.correct else ''}", plain(v.says)]
    lines += [f"Hint: {plain(v.hint)}"] if v.hint else []
    lines += [f'See: explore("{v.see}")'] if v.see else []
    return "\n".join(lines)


def plain(markdown: str) -> str:
    """Markdown without its bold marks and code fences."""
    pieces = re.split(r"```\w*\n(.*?)```", markdown, flags=re.DOTALL)
    pieces[::2] = [re.sub(r"\*\*(?=\S)(.+?)\*\*", r"\1", text) for text in pieces[::2]]
    return "".join(pieces).strip()


def exercise(name: str) -> ExerciseCard:
    """The exercise called `name`, such as `exercise("relu_backward")`."""
    at = desk(name)
    _last.append(at.exercise.id)
    sandbox().warm()
    return ExerciseCard(at)


def check(attempt: Any, name: str | None = None) -> CheckPanel | Note:
    """Check an answer: `check(relu_backward)`; `name` is needed only if it is called otherwise."""
    if isinstance(attempt, str) and name is not None and not isinstance(name, str):
        attempt, name = name, attempt
    wanted = name or getattr(attempt, "__name__", None)
    try:
        at = desk(wanted) if wanted else desk(_recent())
    except LookupError as error:
        says = f'{error.args[0]} Name the exercise: `check({wanted}, "relu_backward")`.'
        return Note(f"**{WORDS['refused']}.** {says}")
    return CheckPanel(at, at.check(attempt))


def hint(name: str | None = None) -> Note:
    """The next hint for the exercise called `name`, or for the one worked at last."""
    at = desk(name or _recent())
    at.hint()
    _note(at)
    total = len(at.exercise.hints)
    shown = (f"**Hint {i} of {total}.** {text}" for i, text in enumerate(at.hints, 1))
    return Note("\n\n".join(shown))


def solution(name: str | None = None) -> Note:
    """The worked solution of an exercise, by default of the one worked at last; after a try."""
    at = desk(name or _recent())
    found = at.solution()
    if found is None:
        call = f"check({at.exercise.name})"
        return Note(
            f"Try `{at.exercise.name}` once first: run `{call}`, even on a guess. `hint()` helps."
        )
    return Note(found)


def _recent() -> str:
    if not _last:
        raise LookupError('Say which exercise is meant, such as hint("relu_backward").')
    return _last[-1]


__all__ = ["CheckPanel", "Exercise", "ExerciseCard", "check", "exercise", "hint", "solution"]
