"""Bringing questions back: what is due, when, and why, as a view over the progress events.

The default comes back after 1, 4, 10 and 21 days: spacing matters much (g = .74) and its exact form
hardly (.034, Latimier et al. 2021).  FSRS is there for those who want it (package `fsrs`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from .progress import Event, Progress
from .quiz.bank import Bank, banks
from .quiz.delivery import Item
from .quiz.parts import Question

Schedule = Literal["uniform", "fsrs"]
INTERVALS = (1, 4, 10, 21)  # days
_SAME_ROUND = timedelta(hours=12)  # retries within one sitting are one recall, the first one
_FAST_S = 20.0


@dataclass(frozen=True)
class Round:
    """One sitting with a question; only its first answer tells what was remembered."""

    at: datetime
    right: bool
    hinted: bool
    confidence: str | None
    seconds: float | None


@dataclass(frozen=True)
class Due:
    """A question that comes back: since when, how urgent, and why in a sentence."""

    bank: str
    question: str
    at: datetime
    why: str
    sure_and_wrong: bool


def rounds(events: Sequence[Event]) -> list[Round]:
    """The sittings with one question, from its `answer` events in order."""
    found: list[Round] = []
    last: datetime | None = None
    for event in events:
        at = datetime.fromisoformat(event.at)
        if last is None or at - last > _SAME_ROUND:
            found.append(_round(at, event))
        last = at
    return found


def _round(at: datetime, event: Event) -> Round:
    data = event.data
    right = data.get("state") == "correct"
    return Round(at, right, bool(data.get("hints")), data.get("confidence"), data.get("seconds"))


def next_uniform(past: Sequence[Round]) -> datetime:
    """When a question comes back: 1, 4, 10, 21 days after right answers, 1 after a wrong one."""
    stage = 0
    for one in past:
        stage = stage + 1 if one.right else 0
    days = INTERVALS[min(max(stage - 1, 0), len(INTERVALS) - 1)]
    return past[-1].at + timedelta(days=days)


def next_fsrs(past: Sequence[Round]) -> datetime:
    """When a question comes back by FSRS; raises `ImportError` with the cure if it is not there."""
    try:
        from fsrs import Card, Scheduler
    except ImportError as error:
        raise ImportError(
            "The FSRS schedule needs the package fsrs: `pip install fsrs`, or choose uniform."
        ) from error
    scheduler, card = Scheduler(enable_fuzzing=False), Card(card_id=1, due=past[0].at)
    for one in past:
        card, _ = scheduler.review_card(card, _rating(one), review_datetime=one.at)
    return card.due


def _rating(one: Round):
    from fsrs import Rating

    if not one.right:
        return Rating.Again
    if one.hinted:
        return Rating.Hard
    fast = one.seconds is not None and one.seconds <= _FAST_S
    return Rating.Easy if one.confidence == "sure" and fast else Rating.Good


_NEXT = {"uniform": next_uniform, "fsrs": next_fsrs}


def schedule(log: Progress) -> Schedule:
    """The schedule this learner chose; uniform by default."""
    chosen = [e.data.get("value") for e in log.events("setting", "review.schedule")]
    return "fsrs" if chosen and chosen[-1] == "fsrs" else "uniform"


def choose_schedule(log: Progress, name: Schedule) -> None:
    """Keep the learner's choice of schedule; raises `ValueError` naming the choices."""
    if name not in get_args(Schedule):
        raise ValueError(f"There is no schedule {name!r}; choose uniform or fsrs.")
    log.record("setting", "review.schedule", value=name)


def plan(log: Progress, now: datetime | None = None) -> list[Due]:
    """Every question answered so far with the time it comes back, the most urgent first.

    Wrong answers of which the learner was sure come first (they are the ones worth most to
    correct), then by the time since they fell due.
    """
    now = now or datetime.now(UTC)
    after = _NEXT[schedule(log)]
    history: dict[str, list[Event]] = {}
    for event in log.events("answer"):
        history.setdefault(event.item, []).append(event)
    found = (_due(item, past, after(rounds(past)), now) for item, past in history.items())
    return sorted(found, key=lambda d: (d.at > now, not d.sure_and_wrong, d.at))


def _due(item: str, past: Sequence[Event], at: datetime, now: datetime) -> Due:
    last = rounds(past)[-1]
    sure_and_wrong = not last.right and last.confidence == "sure"
    bank = str(past[-1].data.get("bank", ""))
    return Due(bank, item, at, _why(rounds(past), now), sure_and_wrong)


def _why(past: Sequence[Round], now: datetime) -> str:
    last, ago = past[-1], _ago(now - past[-1].at)
    if not last.right:
        sure = " You were sure of it, so it comes first." if last.confidence == "sure" else ""
        return f"Back because your first answer {ago} was not right yet.{sure}"
    if last.hinted:
        return f"Back because you needed a hint {ago}."
    known = sum(r.right for r in past)
    times = {1: "once", 2: "twice"}.get(known, f"{known} times")
    return f"Back because you knew it {ago} ({times} so far); a look now makes it last."


def _ago(span: timedelta) -> str:
    days = round(span / timedelta(days=1))
    return "earlier today" if days < 1 else "yesterday" if days == 1 else f"{days} days ago"


def due(log: Progress, now: datetime | None = None) -> list[Due]:
    """What is due now."""
    now = now or datetime.now(UTC)
    return [d for d in plan(log, now) if d.at <= now]


def review_items(
    log: Progress,
    now: datetime | None = None,
    limit: int = 10,
    among: Iterable[Bank] | None = None,
) -> list[Item]:
    """The due questions as items with new numbers, each with the reason why it came back."""
    known = {
        q.id: (bank, q)
        for bank in (among if among is not None else banks())
        for q in bank.questions
        if q.status == "live" and q.graded
    }
    wanted = [d for d in due(log, now) if d.question in known][:limit]
    return [_again(log, d, *known[d.question]) for d in wanted]


def _again(log: Progress, one: Due, bank: Bank, question: Question) -> Item:
    count = len(rounds(log.events("answer", question.id)))
    seed = f"{log.learner}~r{count}" if question.params else log.learner
    return Item(bank.name, question, seed, one.why)
