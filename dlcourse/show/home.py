"""The course home: where you are, what comes next, and what is due for review."""

from ..teach import standing, syllabus
from ..teach.progress import Progress, progress
from ..teach.quiz import load
from ..teach.standing import Standing
from ..teach.text import escape
from ..topics import exercises_of


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

    def _repr_html_(self) -> str:
        head = "".join(f"<th style='text-align:left'>{h}</th>" for h in _HEADS)
        rows = "".join(_row(s) for s in self.standings)
        notices = "".join(f"<p><strong>{escape(n)}</strong></p>" for n in self.notices)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        return f"{notices}{table}<p>{self._advice(_link)}</p>"

    def _advice(self, named) -> str:
        if self.next is None:
            return "Every lesson that is written is finished."
        verb = "Go on with" if self.next.started else "Next:"
        return f"{verb} {named(self.next)}."

    def __repr__(self) -> str:
        lines = [
            f"{s.lesson.id:26} {_questions(s):14} {_exercises(s):12} {_when(s)}"
            for s in self.standings
        ]
        return "\n".join(
            [*self.notices, *(x.rstrip() for x in lines), self._advice(lambda s: s.lesson.id)]
        )


_HEADS = ("lesson", "questions right", "exercises solved", "last opened")


def home() -> Home:
    """The course home for this learner."""
    return Home(progress())


def _row(s: Standing) -> str:
    cells = (_link(s), _questions(s), _exercises(s), _when(s))
    return "<tr>" + "".join(f"<td style='text-align:left'>{c}</td>" for c in cells) + "</tr>"


def _link(s: Standing) -> str:
    name = f"{s.lesson.number:02} · {escape(s.lesson.title)}"
    return f'<a href="{s.lesson.id}.ipynb">{name}</a>' if s.lesson.written else name


def _questions(s: Standing) -> str:
    return f"{s.right} of {s.questions}" if s.lesson.written else "in preparation"


def _exercises(s: Standing) -> str:
    return f"{s.solved} of {s.exercises}" if s.lesson.written else ""


def _when(s: Standing) -> str:
    return standing.ago(s.opened) if s.opened else ""
