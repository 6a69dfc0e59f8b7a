"""Asking questions: modes, attempts, hints, confidence, and what of it the page may see, headless.

A `Session` holds what is asked and what was answered.  Its `cards` are all that a page needs to
ask; its `results` appear only after an answer.  What is acknowledged is on disk first.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .. import misconceptions
from ..progress import Event, Progress
from ..text import to_html, to_inline_html
from ..verdict import Verdict
from .bank import Bank, banks
from .figures import figure_svg
from .grading import grade
from .parts import Question, Response, Seed, Variant

Mode = Literal["practice", "survey", "exam"]
_KINDS = {"practice": "answer", "exam": "draft", "survey": "survey"}
CONFIDENCE = ("guess", "think", "sure")
GRACE = 5.0  # seconds by which the last answer of a timed exam may be late
_WORDS = {
    "correct": "Right.",
    "not yet": "Not quite.",
    "not attempted": "Not answered yet.",
    "refused": "That could not be read.",
    "timeout": "Stopped.",
    "crash": "It broke off.",
}


@dataclass(frozen=True)
class Item:
    """A question as asked of one learner; `why` says in a sentence why it comes now."""

    bank: str
    question: Question
    seed: Seed
    why: str | None = None

    @property
    def at(self) -> Variant:
        """The question with this learner's parameters."""
        return self.question.at(self.seed)


def items(bank: Bank, questions: Iterable[Question], seed: Seed) -> list[Item]:
    """The questions of a bank for one learner."""
    return [Item(bank.name, q, seed) for q in questions]


class Session:
    """A run of `items` in one `mode`, kept in `log` (None: nothing is kept, as for a static face).

    `fresh` asks anew instead of restoring earlier answers, as a review must.  An exam with a
    `time_limit` in seconds takes answers from `start()` on until the time is up; `name` tells its
    start from that of other exams, so that a new kernel does not give the time anew.
    """

    def __init__(
        self,
        items: Sequence[Item],
        log: Progress | None,
        mode: Mode = "practice",
        attempts: int | None = None,
        confidence: bool | None = None,
        fresh: bool = False,
        *,
        time_limit: float | None = None,
        name: str = "exam",
        clock: Callable[[], float] = time.time,
    ):
        if time_limit is not None and (mode != "exam" or not time_limit > 0):
            raise ValueError("A time limit is a number of seconds above 0, for an exam only.")
        self.time_limit, self.name, self._clock = time_limit, name, clock
        self.started: float | None = None  # in seconds since 1970, as the clock has it
        self.items, self.log, self.mode, self.attempts = list(items), log, mode, attempts
        self.confidence = confidence
        self.answers: list[Any] = [None] * len(self.items)  # as the page writes them
        self.results: list[dict[str, Any] | None] = [None] * len(self.items)
        self.hinted: Counter[int] = Counter()
        self.tried: Counter[int] = Counter()
        self.finished = False
        if log is not None and not fresh:
            self._restore(log)
        if self.time_is_up and not self.finished:
            self.finish()

    @property
    def cards(self) -> list[dict[str, Any]]:
        """What the page may see before any answer, per question."""
        return [self.card(i) for i in range(len(self.items))]

    def card(self, i: int) -> dict[str, Any]:
        """What the page may see of question `i`: no key, no feedback, no solution."""
        item = self.items[i]
        q, at = item.question, item.at
        return {
            "id": q.id,
            "type": q.type,
            "seed": str(item.seed) if q.params else "",
            "stem": to_html(at.fill(q.stem)),
            "code": at.fill(q.code) if q.code else "",
            "figure": figure_svg(q.figure) if q.figure else "",
            "body": _as_html(q.page(at)),
            "hints": len(q.hints) if self.mode == "practice" else 0,
            "confidence": q.confidence if self.confidence is None else self.confidence,
            "again": bool(q.params) and self.mode == "practice",
            "minutes": max(1, math.ceil(q.time_s / 60)),
            "why": to_inline_html(item.why) if item.why else "",
        }

    # The clock of an exam ----------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether the exam has a time limit and has not begun: nothing is shown before."""
        return self.time_limit is not None and self.started is None and not self.finished

    @property
    def deadline(self) -> float | None:
        """When the time is up, in seconds since 1970; None without a limit or before the start."""
        if self.time_limit is None or self.started is None:
            return None
        return self.started + self.time_limit

    @property
    def time_is_up(self) -> bool:
        """Whether the deadline and the seconds that an answer needs on its way have passed."""
        return self.deadline is not None and self._clock() > self.deadline + GRACE

    def start(self) -> None:
        """Begin an exam that has a time limit; once begun, its clock runs on."""
        if not self.waiting:
            return
        self.started = self._clock()
        if self.log is not None:
            self.log.record("start", self.name, started=self.started, limit=self.time_limit)

    # What a learner does ----------------------------------------

    def answer(
        self, i: int, page_answer: Any, confidence: str | None = None, seconds: float | None = None
    ) -> Verdict:
        """Grade the page's answer to question `i`, keep it, and show what may be shown."""
        item = self.items[i]
        if self.waiting:
            return Verdict("refused", "Start the exam first: its time runs from then on.")
        if self.time_is_up and not self.finished:
            self.finish()
            return Verdict("refused", "The time is up; this answer came too late to count.")
        if self.locked(i):
            return Verdict("refused", "This question is closed; its answer stands.")
        response = item.question.from_page(item.at, page_answer)
        verdict = grade(item.question, response, item.seed)
        self.answers[i] = page_answer
        if verdict.state not in ("not attempted", "refused"):
            self.tried[i] += 1
            self._keep(i, _KINDS[self.mode], response, verdict, confidence, seconds)
        self.results[i] = self._result(i, response, verdict)
        return verdict

    def hint(self, i: int) -> str:
        """The next hint of question `i` as HTML, and the ones before it."""
        q, at = self.items[i].question, self.items[i].at
        if self.mode != "practice":
            raise ValueError("Hints belong to practice.")
        self.hinted[i] = min(self.hinted[i] + 1, len(q.hints))
        return "".join(to_html(at.fill(h)) for h in q.hints[: self.hinted[i]])

    def solution(self, i: int) -> str:
        """The worked solution as HTML; only after an attempt, and in an exam only at the end."""
        open_now = self.finished if self.mode == "exam" else self.tried[i] > 0
        if self.mode == "survey" or not open_now:
            raise ValueError("The solution opens after you have answered.")
        item = self.items[i]
        if self.log is not None:
            self.log.record("solution", item.question.id, bank=item.bank, seed=item.seed)
        return to_html(item.at.fill(item.question.solution))

    def again(self, i: int) -> None:
        """Ask question `i` once more, with new numbers if it has any."""
        item = self.items[i]
        seed = _next_seed(item.seed) if item.question.params else item.seed
        self.items[i] = Item(item.bank, item.question, seed, item.why)
        self.answers[i], self.results[i] = None, None
        self.tried[i] = self.hinted[i] = 0

    def finish(self) -> float:
        """End an exam: every answer counts now, its feedback opens; returns the mean score."""
        if self.mode != "exam":
            raise ValueError("Only an exam is handed in.")
        verdicts = [self._handed_in(i) for i in range(len(self.items)) if not self.finished]
        self.finished = True
        for i, verdict in enumerate(verdicts):
            self.results[i] = self._result(i, self._response(i), verdict)
        graded = [v for v, item in zip(verdicts, self.items, strict=False) if item.question.graded]
        return sum(v.score for v in graded) / len(graded) if graded else 0.0

    def _handed_in(self, i: int) -> Verdict:
        item, response = self.items[i], self._response(i)
        verdict = grade(item.question, response, item.seed)
        self._keep(i, "answer", response, verdict, None, None)
        return verdict

    def locked(self, i: int) -> bool:
        """Whether question `i` takes no more answers."""
        spent = self.attempts is not None and self.tried[i] >= self.attempts
        return self.finished or (spent and self.mode == "practice")

    # What is kept and shown ----------------------------------------

    def _response(self, i: int) -> Response:
        return self.items[i].question.from_page(self.items[i].at, self.answers[i])

    def _keep(
        self,
        i: int,
        kind: str,
        response: Response,
        verdict: Verdict,
        confidence: str | None,
        seconds: float | None,
    ) -> None:
        if self.log is None:
            return
        item = self.items[i]
        self.log.record(
            kind,
            item.question.id,
            bank=item.bank,
            version=item.question.version,
            seed=item.seed,
            mode=self.mode,
            response=response,
            state=verdict.state,
            score=verdict.score,
            diagnosis=verdict.diagnosis,
            confidence=confidence if confidence in CONFIDENCE else None,
            seconds=seconds,
            hints=self.hinted[i],
        )

    def _restore(self, log: Progress) -> None:
        begun = log.events("start", self.name) if self.time_limit is not None else []
        if begun:
            self.started = float(begun[-1].data["started"])
        for i, item in enumerate(self.items):
            kinds = (_KINDS[self.mode], "answer") if self.mode == "exam" else (_KINDS[self.mode],)
            past = [e for kind in kinds for e in log.events(kind, item.question.id)]
            past = [e for e in past if self._belongs(e, item)]
            if past:
                self._restore_one(i, item, max(past, key=lambda e: e.at), past)

    def _belongs(self, event: Event, item: Item) -> bool:
        data = event.data
        same = data.get("version") == item.question.version and data.get("mode") == self.mode
        return same and str(data.get("seed")).partition("~")[0] == str(item.seed).partition("~")[0]

    def _restore_one(self, i: int, item: Item, last: Event, past: list[Event]) -> None:
        self.items[i] = item = Item(item.bank, item.question, last.data["seed"], item.why)
        response = last.data.get("response")
        self.tried[i] = sum(e.data["seed"] == item.seed for e in past)
        self.finished |= self.mode == "exam" and last.kind == "answer"
        verdict = grade(item.question, response, item.seed)
        self.answers[i] = item.question.to_page(item.at, response)
        self.results[i] = self._result(i, response, verdict)

    def _result(self, i: int, response: Response, verdict: Verdict) -> dict[str, Any]:
        if verdict.state in ("not attempted", "refused") and not self.finished:
            word = _WORDS[verdict.state]
            return {"state": verdict.state, "word": word, "html": to_html(verdict.says)}
        if self.mode == "survey" or (self.mode == "exam" and not self.finished):
            return {"state": "kept", "word": "Kept.", "html": to_html(_KEPT[self.mode])}
        return self._open_result(i, response, verdict)

    def _open_result(self, i: int, response: Response, verdict: Verdict) -> dict[str, Any]:
        item = self.items[i]
        solved = verdict.correct or self.locked(i)
        return {
            "state": verdict.state,
            "word": _WORDS[verdict.state],
            "score": round(verdict.score, 3),
            "html": to_html(verdict.says),
            "said": to_inline_html(item.question.said(item.at, response)) if response else "",
            "mistake": _name(verdict.diagnosis),
            "see": verdict.see or "",
            "failed": list(verdict.failed),
            "reveal": _as_html(item.question.reveal(item.at, response)),
            "solution": to_html(item.at.fill(item.question.solution)) if solved else "",
            "can_solve": not solved,
            "locked": self.locked(i),
        }


def _next_seed(seed: Seed) -> str:
    head, _, count = str(seed).rpartition("~")
    return f"{head}~{int(count) + 1}" if head and count.isdigit() else f"{seed}~1"


_KEPT = {
    "survey": "Thank you. There is no right or wrong here.",
    "exam": "Your answer is kept. You can change it until you hand in.",
}


def _name(diagnosis: str | None) -> str:
    return to_inline_html(misconceptions.get(diagnosis).name) if diagnosis else ""


_RAW = {"curves", "placeholder", "unit", "graph", "blank", "program", "stub", "deepest", "pool"}
_BLOCKS = {"asks", "model"}


def _as_html(value: Any, name: str = "") -> Any:
    """The same structure with each Markdown text as HTML; `_RAW` fields are left as they are."""
    if name in _RAW:
        return value
    if isinstance(value, str):
        return to_html(value) if name in _BLOCKS else to_inline_html(value)
    if isinstance(value, dict):
        return {k: _as_html(v, k) for k, v in value.items()}
    return [_as_html(v) for v in value] if isinstance(value, list) else value


def mixed(
    bank: Bank, mine: Sequence[Item], log: Progress, share: float, shuffle: bool = False
) -> list[Item]:
    """`mine` with items of earlier lessons among them, so that those make up `share` of the whole.

    Items answered wrongly come first, then those not seen for longest; new ones last.
    """
    wanted = round(share * len(mine) / (1 - share)) if 0 < share < 1 else 0
    earlier = [b for b in banks() if b.name < bank.name]
    old = [Item(b.name, q, log.learner) for b in earlier for q in b.questions if q.graded]
    chosen = [_recalled(item) for item in sorted(old, key=lambda it: _urgency(it, log))[:wanted]]
    together = [*chosen, *mine]
    if shuffle and mine:
        Variant(mine[0].question, log.learner).rng("quiz").shuffle(together)
    return together


def _recalled(item: Item) -> Item:
    return Item(item.bank, item.question, item.seed, f"From an earlier lesson: {item.bank}.")


def _urgency(item: Item, log: Progress) -> tuple[int, str]:
    past = log.events("answer", item.question.id)
    if not past:
        return 2, item.question.id
    return (0 if past[-1].data.get("state") != "correct" else 1), past[-1].at
