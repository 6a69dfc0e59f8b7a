"""The quiz widget: asks, passes answers to the kernel, and shows what came of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import traitlets

from ..teach.progress import Progress, progress
from ..teach.quiz import Question, load
from ..teach.quiz.bank import Bank
from ..teach.quiz.delivery import Item, Mode, Session, items, mixed
from ..teach.quiz.programs import use_exercises
from ..teach.review import plan, review_items
from ..topics import find_exercise
from .base import KIT, Face, Panel, bundle, styles
from .explorable import explore
from .quiz_face import face_html

use_exercises(find_exercise)

_RUN = "<p>Run this cell to see which questions come back today.</p>"


class Quiz(Panel):
    """Questions on the page, which holds what is asked; key and feedback come after the answer."""

    _esm = bundle(KIT / "quiz.js")
    _css = styles("quiz")

    name = traitlets.Unicode().tag(sync=True)
    mode = traitlets.Unicode("practice").tag(sync=True)
    cards = traitlets.List().tag(sync=True)
    answers = traitlets.List().tag(sync=True)
    results = traitlets.List().tag(sync=True)
    helps = traitlets.List().tag(sync=True)  # hints and solutions opened so far, as HTML
    finished = traitlets.Bool(False).tag(sync=True)
    opened = traitlets.Dict().tag(sync=True)  # explorables shown here, by preset
    note = traitlets.Unicode("").tag(sync=True)  # said in place of questions, if there are none
    waiting = traitlets.Bool(False).tag(sync=True)  # a timed exam that has not begun
    deadline = traitlets.Float(0.0).tag(sync=True)  # of a timed exam, in ms since 1970

    def __init__(self, session: Session, name: str, faces: Sequence[Item] = (), note: str = ""):
        self.session, self._faces = session, tuple(faces)
        count = len(session.items)
        super().__init__(name=name, mode=session.mode, helps=[{}] * count)
        self._note = note
        self._open()

    @property
    def title(self) -> str:
        """Stable: it does not depend on what the learner did."""
        return f"quiz {self.name}: {len(self._faces)} questions" if self._faces else self.name

    def face(self) -> Face:
        """The questions as they read without a kernel, with the parameters of seed 0."""
        return Face(html=face_html(self.name, self._faces) if self._faces else _RUN)

    def _open(self) -> None:
        """Show the questions, or what a timed exam says before it begins."""
        session = self.session
        self.waiting = session.waiting
        self.deadline = 1000 * (session.deadline or 0.0)
        self.note = _before(session) if session.waiting else self._note
        self._sync()
        self.cards = [] if session.waiting else session.cards

    def on_start(self, content: dict[str, Any]) -> None:
        """The learner begins a timed exam."""
        self.session.start()
        self._open()

    def on_answer(self, content: dict[str, Any]) -> None:
        """The learner pressed Check."""
        i = self._index(content)
        seconds = content.get("seconds")
        given = (content.get("answer"), content.get("confidence"))
        self.session.answer(i, *given, seconds if isinstance(seconds, int | float) else None)
        self._sync()

    def on_hint(self, content: dict[str, Any]) -> None:
        """The learner asks for the next hint."""
        i = self._index(content)
        self._help(i, hint=self.session.hint(i), hints=self.session.hinted[i])

    def on_solution(self, content: dict[str, Any]) -> None:
        """The learner asks for the worked solution."""
        i = self._index(content)
        self._help(i, solution=self.session.solution(i))

    def on_see(self, content: dict[str, Any]) -> None:
        """The learner wants the explorable that shows the point; the page holds none yet."""
        see = str(content.get("see"))
        if any(result and result.get("see") == see for result in self.results):
            self._shown = explore(see)
            self.opened = {**self.opened, see: self._shown.model_id}

    def on_again(self, content: dict[str, Any]) -> None:
        """The learner wants the question once more."""
        i = self._index(content)
        self.session.again(i)
        self.helps = [{} if k == i else h for k, h in enumerate(self.helps)]
        self.answers = list(self.session.answers)  # before the card that starts from them
        self.cards = [self.session.card(i) if k == i else c for k, c in enumerate(self.cards)]
        self._sync()

    def on_finish(self, content: dict[str, Any]) -> None:
        """The learner hands the exam in."""
        self.session.finish()
        self._sync()

    def _index(self, content: dict[str, Any]) -> int:
        i = content.get("question")
        if not isinstance(i, int) or not 0 <= i < len(self.session.items):
            raise LookupError(f"There is no question {i!r} in this quiz; run the cell again.")
        return i

    def _help(self, i: int, **more: Any) -> None:
        self.helps = [{**h, **more} if k == i else h for k, h in enumerate(self.helps)]

    def _sync(self) -> None:
        with self.hold_sync():
            self.answers = list(self.session.answers)
            self.results = list(self.session.results)
            self.finished = self.session.finished


def quiz(
    name: str,
    section: str | None = None,
    *,
    mode: Mode = "practice",
    attempts: int | None = None,
    confidence: bool | None = None,
    shuffle: bool = False,
    pick: dict[str, int] | None = None,
    mix: float = 0.0,
    time_limit: float | None = None,
) -> Quiz:
    """The quiz of a lesson, such as `quiz("02-backpropagation", section="chain-rule")`.

    `mode`: practice (feedback at once), survey (no right or wrong), exam (feedback when handed in).
    `pick` takes that many questions per objective; `mix` is the share of items from earlier lessons
    that are added, such as 0.3.  `time_limit`: the minutes of an exam, which begin with its Start
    button and run on whatever happens to the page.
    """
    bank, log = load(name), progress()
    asked = _chosen(bank, section, pick)
    faces = items(bank, asked, 0)
    mine = items(bank, asked, log.learner)
    title = " · ".join(filter(None, (bank.name, section)))
    session = Session(
        mixed(bank, mine, log, mix, shuffle),
        log,
        mode,
        attempts=attempts,
        confidence=confidence,
        time_limit=None if time_limit is None else 60 * time_limit,
        name=title,
    )
    return Quiz(session, title, faces)


def _before(session: Session) -> str:
    minutes = (session.time_limit or 0) / 60
    return (
        f"An exam of {len(session.items)} questions in {minutes:g} minutes. The time begins when "
        "you press Start, and runs on if you leave the page. What you have kept by then counts."
    )


def review(limit: int = 10, *, confidence: bool | None = True) -> Quiz:
    """What is due over all lessons, the most urgent first, each with why it came back."""
    log = progress()
    session = Session(review_items(log, limit=limit), log, confidence=confidence, fresh=True)
    return Quiz(session, "review", note="" if session.items else _nothing_due(log))


def _nothing_due(log: Progress) -> str:
    later = [d for d in plan(log) if d.at > datetime.now(UTC)]
    if not later:
        return "Nothing to review yet: questions come back a day after you answered them."
    return f"Nothing is due. The next question comes back on {later[0].at:%d %B %Y}."


def _chosen(bank: Bank, section: str | None, pick: dict[str, int] | None) -> list[Question]:
    asked = [
        q for q in (bank.section(section) if section else bank.questions) if q.status == "live"
    ]
    if pick is None:
        return asked
    taken = (q for name, n in pick.items() for q in [q for q in asked if name in q.objectives][:n])
    return list({q.id: q for q in taken}.values())
