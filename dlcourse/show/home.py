"""The course home: where you are, what comes next, and what deep learning is used for."""

from collections.abc import Iterable
from typing import Any

from ..teach import standing, syllabus
from ..teach.progress import Progress, progress
from ..teach.quiz import load
from ..teach.standing import Standing
from ..teach.syllabus import Lesson
from ..teach.text import escape
from ..topics import exercises_of
from .table import Link, Table, table


class Home:
    """The course's lessons with this learner's progress, as a table."""

    def __init__(self, log: Progress):
        found = syllabus.lessons()
        written = [x for x in found if x.written]
        questions = {x.id: [q.id for q in load(x.id).questions if q.graded] for x in written}
        exercises = {x.id: [e.id for e in exercises_of(x.topic)] for x in written}
        self.standings = standing.standings(found, log.events(), questions, exercises)
        self.next = standing.next_lesson(self.standings)
        self.notices = tuple(log.notices)
        self._table = table([_row(s) for s in self.standings])

    @property
    def advice(self) -> str:
        """What to do next, in a sentence."""
        if self.next is None:
            return "Every lesson that is written is finished."
        verb = "Go on with" if self.next.started else "Next:"
        return f"{verb} {_name(self.next.lesson)}."

    def _repr_html_(self) -> str:
        notices = "".join(f"<p><strong>{escape(n)}</strong></p>" for n in self.notices)
        return f"{notices}{self._table._repr_html_()}<p>{escape(self.advice)}</p>"

    def __repr__(self) -> str:
        return "\n".join([*self.notices, repr(self._table), self.advice])


def home() -> Home:
    """The course home for this learner."""
    return Home(progress())


def _row(s: Standing) -> dict[str, Any]:
    written = s.lesson.written
    return {
        "lesson": _link(s.lesson),
        "questions right": f"{s.right} of {s.questions}" if written else "in preparation",
        "exercises solved": f"{s.solved} of {s.exercises}" if written else "",
        "last opened": standing.ago(s.opened) if s.opened else "",
    }


def _name(lesson: Lesson) -> str:
    return f"{lesson.number:02} · {lesson.title}"


def _link(lesson: Lesson) -> Link | str:
    return Link(_name(lesson), f"{lesson.id}.ipynb") if lesson.written else _name(lesson)


def applications(fields: Iterable[tuple[str, str, str]]) -> Table:
    """A map of uses: (field, question, kind of model), each with the lesson that builds one."""
    return table(
        [
            {"field": field, "it asks": asks, "kind of model": kind, "lesson": _builder(field)}
            for field, asks, kind in fields
        ]
    )


def _builder(field: str) -> Link | str:
    return next(_link(x) for x in syllabus.lessons() if field in x.builds)
