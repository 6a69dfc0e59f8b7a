"""The course home says where a learner stands, from the events alone."""

from datetime import UTC, datetime, timedelta

import pytest

from dlcourse.teach.progress import Progress
from dlcourse.teach.standing import ago, next_lesson, standings
from dlcourse.teach.syllabus import lessons

QUESTIONS = {"00-welcome": ["w1", "w2"], "02-backpropagation": ["b1"]}
EXERCISES = {"00-welcome": ["accuracy"]}


@pytest.fixture
def log(tmp_path):
    return Progress(tmp_path / "p.sqlite")


def stand(log):
    return {s.lesson.id: s for s in standings(lessons(), log.events(), QUESTIONS, EXERCISES)}


def test_nothing_done_is_nothing_started(log):
    assert not any(s.started or s.finished for s in stand(log).values())


def test_the_last_answer_counts_and_a_solved_exercise_stays_solved(log):
    log.record("answer", "w1", state="correct")
    log.record("answer", "w1", state="not yet")
    log.record("answer", "w2", state="not yet")
    log.record("answer", "w2", state="correct")
    log.record("check", "accuracy", state="correct")
    log.record("check", "accuracy", state="not yet")
    welcome = stand(log)["00-welcome"]
    assert (welcome.right, welcome.questions, welcome.solved, welcome.exercises) == (1, 2, 1, 1)
    assert welcome.started
    assert not welcome.finished


def test_a_finished_lesson_gives_way_to_the_next(log):
    for item in ("w1", "w2"):
        log.record("answer", item, state="correct")
    assert next_lesson(list(stand(log).values())).lesson.id == "00-welcome"
    log.record("check", "accuracy", state="correct")
    found = stand(log)
    assert found["00-welcome"].finished
    assert next_lesson(list(found.values())).lesson.id == "01-neural-networks"


def test_a_visit_is_remembered(log):
    log.record("open", "02-backpropagation")
    assert ago(stand(log)["02-backpropagation"].opened) == "today"


@pytest.mark.parametrize(("days", "words"), [(0, "today"), (1, "yesterday"), (9, "9 days ago")])
def test_days_in_words(days, words):
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert ago(now - timedelta(days=days), now) == words
