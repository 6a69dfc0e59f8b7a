"""Review: what comes back, when, in which order, and why."""

from datetime import UTC, datetime, timedelta

import pytest

from dlcourse.teach import review
from dlcourse.teach.progress import Event, Progress
from dlcourse.teach.quiz import load

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
BANK = load("02")


def event(day, right=True, item="bp.fan.square", **data):
    at = START + timedelta(days=day)
    state = "correct" if right else "not yet"
    return Event(f"{item}{day}", at.isoformat(), "answer", item, {"state": state, **data})


@pytest.fixture
def log(tmp_path):
    log = Progress(tmp_path / "progress.sqlite")

    def keep(*events):
        log._insert(list(events))
        return log

    log.keep = keep
    return log


def days(events):
    return (review.next_uniform(review.rounds(events)) - START) / timedelta(days=1)


def test_right_answers_come_back_after_1_4_10_and_21_days():
    at, when, past = 0.0, [], []
    for _ in range(5):
        past.append(event(at))
        when.append(days(past) - at)
        at = days(past)
    assert when == [1, 4, 10, 21, 21]


def test_a_wrong_answer_starts_over():
    assert days([event(0), event(1), event(5, right=False)]) == 6
    assert days([event(0), event(1), event(5, right=False), event(6)]) == 7


def test_only_the_first_answer_of_a_sitting_tells_what_was_remembered():
    past = [event(0, right=False), event(0.001), event(0.002)]
    assert [r.right for r in review.rounds(past)] == [False]
    assert days(past) == 1


def test_fsrs_spaces_further_with_each_success_and_shorter_after_failure():
    def gaps(*rights):
        past, gap, at = [], [], 0.0
        for right in rights:
            past.append(event(at, right))
            due = review.next_fsrs(review.rounds(past))
            gap.append((due - past_time(past[-1])) / timedelta(days=1))
            at = (due - START) / timedelta(days=1)
            at = max(at, (past_time(past[-1]) - START) / timedelta(days=1) + 0.6)
        return gap

    right = gaps(True, True, True, True)
    assert right == sorted(right)
    assert right[-1] > 5
    assert gaps(True, True, True, False)[-1] < right[2]


def past_time(event):
    return datetime.fromisoformat(event.at)


def test_fsrs_takes_hints_and_confidence_into_account():
    def due(**data):
        past = [event(0, **data), event(3, **data), event(10, **data)]
        return review.next_fsrs(review.rounds(past))

    assert due(hints=1) < due() < due(confidence="sure", seconds=5.0)


def test_the_schedule_is_a_choice_that_is_kept(log):
    assert review.schedule(log) == "uniform"
    review.choose_schedule(log, "fsrs")
    assert review.schedule(Progress(log.path)) == "fsrs"
    with pytest.raises(ValueError, match="uniform or fsrs"):
        review.choose_schedule(log, "cram")


def test_sure_errors_come_first_then_the_longest_due(log):
    log.keep(
        event(0, True, "bp.fan.square"),
        event(1, False, "bp.fan.rows"),
        event(2, False, "bp.chain.path", confidence="sure"),
        event(9, True, "bp.sum.role"),
    )
    due = review.due(log, START + timedelta(days=9.5))
    assert [d.question for d in due] == ["bp.chain.path", "bp.fan.square", "bp.fan.rows"]
    assert due[0].sure_and_wrong


def test_nothing_is_due_before_its_time(log):
    log.keep(event(0))
    assert review.due(log, START + timedelta(days=0.99)) == []
    assert len(review.due(log, START + timedelta(days=1))) == 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"right": False}, "4 days ago was not right"),
        ({"right": False, "confidence": "sure"}, "You were sure"),
        ({"hints": 1}, "a hint 4 days ago"),
        ({}, "you knew it 4 days ago \\(once so far\\)"),
    ],
)
def test_it_says_why_an_item_came_back(log, data, says):
    log.keep(event(0, **data))
    (one,) = review.due(log, START + timedelta(days=4.2))
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(one.why)


def test_review_asks_with_new_numbers_and_leaves_retired_questions_out(log):
    retired = BANK["bp.fan.rows"].model_copy(update={"status": "retired"})
    bank = type(BANK)(BANK.name, BANK.lesson, BANK.title, BANK.sections,
                      (BANK["bp.fan.square"], retired))  # fmt: skip
    log.keep(event(0), event(0, item="bp.fan.rows"), event(0, item="bp.gone.away"))
    (item,) = review.review_items(log, START + timedelta(days=2), among=[bank])
    assert item.question.id == "bp.fan.square"
    assert item.why.startswith("Back because")
    assert item.seed == f"{log.learner}~r1"


def test_ten_thousand_events_are_planned_quickly(log):
    import time

    log.keep(*(event(i / 100, bool(i % 3), f"q.{i % 500}") for i in range(10_000)))
    start = time.process_time()
    assert len(review.plan(log, START)) == 500
    assert time.process_time() - start < 1.5
