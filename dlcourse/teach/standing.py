"""Where a learner stands: a view over the events, one line per lesson and what to do next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .progress import Event
from .syllabus import Lesson


@dataclass(frozen=True)
class Standing:
    """One lesson: when it was last opened, and how much of it is answered and solved."""

    lesson: Lesson
    opened: datetime | None
    right: int
    questions: int
    solved: int
    exercises: int

    @property
    def started(self) -> bool:
        """Whether the learner has opened it or answered anything in it."""
        return self.opened is not None or self.right + self.solved > 0

    @property
    def finished(self) -> bool:
        """Whether every question's last answer was right and every exercise was solved once."""
        todo = self.questions + self.exercises
        return todo > 0 and self.right + self.solved == todo


def standings(
    lessons: Iterable[Lesson],
    events: Sequence[Event],
    questions: Mapping[str, Sequence[str]],
    exercises: Mapping[str, Sequence[str]],
) -> list[Standing]:
    """One `Standing` per lesson; `questions` and `exercises` give each lesson's item ids.

    A question counts by its last answer, an exercise if it was ever solved.
    """
    last = {e.item: e.data.get("state") for e in events if e.kind == "answer"}
    solved = {e.item for e in events if e.kind == "check" and e.data.get("state") == "correct"}
    opened = {e.item: datetime.fromisoformat(e.at) for e in events if e.kind == "open"}
    return [
        Standing(
            lesson,
            opened.get(lesson.id),
            sum(last.get(q) == "correct" for q in questions.get(lesson.id, ())),
            len(questions.get(lesson.id, ())),
            sum(x in solved for x in exercises.get(lesson.id, ())),
            len(exercises.get(lesson.id, ())),
        )
        for lesson in lessons
    ]


def next_lesson(found: Sequence[Standing]) -> Standing | None:
    """What to open next: the first unfinished lesson, of those that are written."""
    return next((s for s in found if s.lesson.written and not s.finished), None)


def ago(then: datetime, now: datetime | None = None) -> str:
    """How long ago in words: today, yesterday, 5 days ago."""
    days = ((now or datetime.now(UTC)).date() - then.date()).days
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
