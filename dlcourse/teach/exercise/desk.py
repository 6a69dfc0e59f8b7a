"""One learner at one exercise: tries, hints and the solution, kept in the progress log."""

from typing import Any

from ..progress import Progress
from .answer import Source
from .form import Exercise
from .ladder import examine
from .levels import Levels
from .look import Report
from .sandbox import Runner

_NO_TRY = ("not attempted", "refused")


class Desk:
    """Where a learner works at `exercise`.  Everything that happens is an event of `log`."""

    def __init__(self, exercise: Exercise, log: Progress, runner: Runner | None = None):
        self.exercise, self.log, self.runner = exercise, log, runner
        self.levels = Levels(exercise, self.seed)
        self.hinted = len(log.events("hint", exercise.id))
        self.report: Report | None = None

    @property
    def seed(self) -> int:
        """The seed of this learner's numbers, sizes, names and order of lines."""
        return int(self.log.learner, 16) % 1_000_003

    @property
    def states(self) -> list[str]:
        """The state of every check so far, the oldest first."""
        return [e.data.get("state", "") for e in self.log.events("check", self.exercise.id)]

    @property
    def tries(self) -> int:
        """How many answers were tried; an empty stub is not one."""
        return sum(state not in _NO_TRY for state in self.states)

    @property
    def status(self) -> str:
        """correct once it ever was, else not yet once it was tried, else not attempted."""
        if "correct" in self.states:
            return "correct"
        return "not yet" if self.tries else "not attempted"

    def check(self, attempt: Any, level: str = "blank") -> Report:
        """Judge `attempt` and record what came of it."""
        tries = self.tries + 1
        runner = {} if self.runner is None else {"runner": self.runner}
        self.report = examine(self.exercise, attempt, tries=tries, seed=self.seed, **runner)
        v = self.report.verdict
        self.log.record(
            "check",
            self.exercise.id,
            state=v.state,
            score=v.score,
            diagnosis=v.diagnosis,
            variant=self.report.wrong and self.report.wrong.id,
            level=level,
            tries=tries,
        )
        return self.report

    def check_order(self, chosen: list[int]) -> Report:
        """Judge the program that the pieces of these numbers make, in this order."""
        pieces = self.levels.pieces(self.seed)
        return self.check(self._source(self.levels.ordered([pieces[i] for i in chosen])), "parsons")

    def check_blanks(self, texts: list[str]) -> Report:
        """Judge the program with these texts in the blanks."""
        return self.check(self._source(self.levels.filled(texts)), "faded")

    def _source(self, text: str) -> Source:
        return Source(text, self.exercise.name, self.exercise.reference.__module__)

    def hint(self) -> int:
        """Give one more hint; returns how many were given."""
        if self.hinted < len(self.exercise.hints):
            self.hinted += 1
            self.log.record("hint", self.exercise.id, number=self.hinted)
        return self.hinted

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints given so far."""
        return self.exercise.hints[: self.hinted]

    @property
    def may_see_solution(self) -> bool:
        """Only after a try: a solution that comes before the thinking teaches little."""
        return self.tries > 0

    def solution(self) -> str | None:
        """The worked solution as Markdown, or None before the first try."""
        if not self.may_see_solution:
            return None
        self.log.record("solution", self.exercise.id, tries=self.tries)
        return worked(self.exercise, self.seed)


def worked(exercise: Exercise, seed: int | None = None) -> str:
    """The reference and why it is right, as Markdown, in the names of the learner with `seed`."""
    return f"```python\n{Levels(exercise, seed).solution}\n```\n\n{exercise.why}"
