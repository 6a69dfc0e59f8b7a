"""Asking: modes, attempts, hints, confidence, what is kept, and what comes back after a restart."""

import json

import pytest

from dlcourse.teach.progress import Progress
from dlcourse.teach.quiz import load
from dlcourse.teach.quiz.delivery import Item, Session, items, mixed
from dlcourse.teach.quiz.programs import use_exercises
from dlcourse.topics import find_exercise

use_exercises(find_exercise)

BANK = load("02")


@pytest.fixture
def log(tmp_path):
    return Progress(tmp_path / "progress.sqlite")


def session(log, *ids, **options):
    return Session(items(BANK, [BANK[i] for i in ids], "me"), log, **options)


def key(session, i=0):
    item = session.items[i]
    return item.question.to_page(item.at, item.question.key(item.at))


def mistake(session, i=0, which=0):
    item = session.items[i]
    return item.question.to_page(item.at, item.question.mistakes(item.at)[which][1])


def test_a_wrong_answer_shows_what_it_was_what_it_is_called_why_and_where_to_look(log):
    s = session(log, "bp.fan.square")
    verdict = s.answer(0, mistake(s))
    assert verdict.diagnosis == "B-09"
    result = s.results[0]
    assert result["state"] == "not yet"
    assert result["mistake"] == "overwriting at a fan-out"
    assert "grad += ..." in result["html"]
    assert result["see"] == "backprop-microscope#overwrite-fan-out"
    assert result["solution"] == ""


def test_a_right_answer_shows_why_and_the_worked_solution(log):
    s = session(log, "bp.fan.square")
    s.answer(0, key(s))
    assert s.results[0]["state"] == "correct"
    assert "Three edges leave" in s.results[0]["html"]
    assert s.results[0]["solution"]


def test_what_was_answered_comes_back_after_a_restart(log):
    s = session(log, "bp.fan.square", "bp.check.proves", "bp.auto.loop", "bp.chain.trace")
    for i in range(4):
        s.answer(i, mistake(s, i))
    again = session(Progress(log.path), *(item.question.id for item in s.items))
    assert again.answers == json.loads(json.dumps(s.answers))
    assert again.results == s.results
    assert again.tried == s.tried


def test_another_learner_finds_nothing_of_it(log):
    s = session(log, "bp.fan.square")
    s.answer(0, key(s))
    other = Session(items(BANK, [BANK["bp.fan.square"]], "you"), log)
    assert other.results == [None]


def test_an_older_version_of_a_question_is_not_restored(log):
    s = session(log, "bp.fan.square")
    s.answer(0, key(s))
    newer = BANK["bp.fan.square"].model_copy(update={"version": 2})
    assert Session(items(BANK, [newer], "me"), log).results == [None]


def test_empty_and_unreadable_answers_are_no_attempts(log):
    s = session(log, "bp.fan.square", attempts=1)
    assert s.answer(0, "").state == "not attempted"
    assert s.answer(0, "many").state == "refused"
    assert log.events("answer") == []
    assert not s.locked(0)


def test_attempts_run_out_and_then_the_solution_opens(log):
    s = session(log, "bp.fan.square", attempts=2)
    s.answer(0, mistake(s))
    assert not s.results[0]["locked"]
    s.answer(0, mistake(s, which=1))
    assert s.results[0]["locked"]
    assert s.results[0]["solution"]
    before = log.events("answer")
    assert s.answer(0, key(s)).state == "refused"
    assert log.events("answer") == before
    assert session(log, "bp.fan.square", attempts=2).locked(0)


def test_hints_come_one_by_one_and_are_counted(log):
    s = session(log, "bp.fan.square")
    assert s.hint(0).count("<p>") == 1
    assert s.hint(0).count("<p>") == 2
    assert s.hint(0).count("<p>") == 2
    s.answer(0, key(s))
    assert log.events("answer")[0].data["hints"] == 2


def test_the_solution_opens_only_after_an_attempt(log):
    s = session(log, "bp.fan.square")
    with pytest.raises(ValueError, match="after you have answered"):
        s.solution(0)
    s.answer(0, mistake(s))
    assert "brings back" in s.solution(0)
    assert [e.item for e in log.events("solution")] == ["bp.fan.square"]


def test_again_asks_with_new_numbers_and_is_restored_as_such(log):
    s = session(log, "bp.fan.square")
    s.answer(0, key(s))
    first = s.cards[0]["stem"]
    seen = set()
    for _ in range(6):
        s.again(0)
        seen.add(s.cards[0]["stem"])
    assert len(seen | {first}) > 2
    assert s.results == [None]
    s.answer(0, mistake(s))
    again = session(log, "bp.fan.square")
    assert again.cards == s.cards
    assert again.results[0]["state"] == "not yet"


def test_confidence_is_asked_where_wanted_and_kept(log):
    s = session(log, "bp.chain.direction", "bp.fan.square")
    assert [c["confidence"] for c in s.cards] == [True, False]
    s.answer(0, key(s), "sure")
    s.answer(1, key(s, 1), "whatever")
    assert [e.data["confidence"] for e in log.events("answer")] == ["sure", None]
    assert session(log, "bp.fan.square", confidence=True).cards[0]["confidence"]


def test_an_exam_tells_nothing_until_it_is_handed_in(log):
    s = session(log, "bp.fan.square", "bp.chain.direction", mode="exam")
    s.answer(0, mistake(s))
    s.answer(0, key(s))
    s.answer(1, mistake(s, 1))
    assert [r["state"] for r in s.results] == ["kept", "kept"]
    assert all("mistake" not in r and "solution" not in r for r in s.results)
    with pytest.raises(ValueError, match="practice"):
        s.hint(0)
    with pytest.raises(ValueError, match="after"):
        s.solution(0)
    assert log.events("answer") == []
    resumed = session(log, "bp.fan.square", "bp.chain.direction", mode="exam")
    assert resumed.answers == s.answers
    assert [r["state"] for r in resumed.results] == ["kept", "kept"]
    assert resumed.finish() == 0.5
    assert [r["state"] for r in resumed.results] == ["correct", "not yet"]
    assert [e.data["state"] for e in log.events("answer")] == ["correct", "not yet"]
    assert resumed.answer(0, mistake(resumed)).state == "refused"
    over = session(log, "bp.fan.square", "bp.chain.direction", mode="exam")
    assert over.finished
    assert [r["state"] for r in over.results] == ["correct", "not yet"]


def test_an_exam_counts_what_was_left_empty_as_not_answered(log):
    s = session(log, "bp.fan.square", "bp.chain.direction", mode="exam")
    s.answer(0, key(s))
    assert s.finish() == 0.5
    assert s.results[1]["state"] == "not attempted"


def test_a_survey_says_thank_you_and_nothing_else(log):
    s = session(log, "bp.chain.direction", mode="survey")
    s.answer(0, mistake(s))
    assert s.results[0]["state"] == "kept"
    assert set(s.results[0]) == {"state", "word", "html"}
    assert log.events("answer") == []
    assert len(log.events("survey")) == 1
    with pytest.raises(ValueError, match="after"):
        s.solution(0)


@pytest.mark.parametrize("question", BANK.questions, ids=lambda q: q.id)
def test_cards_hold_neither_key_nor_feedback(question, log):
    s = Session([Item(BANK.name, question, "me")], log)
    shown = json.dumps(s.cards, ensure_ascii=False)
    secret = question.model_dump()
    at = s.items[0].at
    for text in [at.fill(m.feedback) for m, _ in question.mistakes(at)] + [
        at.fill(question.solution),
        *(at.fill(h) for h in question.hints),
    ]:
        for piece in text.split(". "):
            plain = piece.split("$")[0].split("`")[0].strip()
            assert len(plain) < 16 or plain not in shown
    assert '"right"' not in shown.replace('"right": [', "")
    assert not any(f'"{name}"' in shown for name in ("answer", "wrong", "misconception", "bug"))
    assert secret["id"] in shown


def test_mixing_brings_earlier_lessons_back_wrong_ones_first(log):
    early = load("00")
    wrong_id = early.questions[3].id
    log.record("answer", early.questions[0].id, state="correct", bank=early.name, seed="me")
    log.record("answer", wrong_id, state="not yet", bank=early.name, seed="me")
    mine = items(BANK, BANK.questions[:7], "me")
    together = mixed(BANK, mine, log, 0.3)
    old = [it for it in together if it.bank != BANK.name]
    assert len(old) == 3
    assert len(old) / len(together) == pytest.approx(0.3)
    assert [it.question.id for it in old[:2]] == [wrong_id, early.questions[0].id]
    assert all(it.why for it in old)
    assert mixed(BANK, mine, log, 0.0) == mine
    shuffled = mixed(BANK, mine, log, 0.0, shuffle=True)
    assert shuffled != mine
    assert {it.question.id for it in shuffled} == {it.question.id for it in mine}


def test_learner_text_and_bank_text_cannot_run(log):
    s = session(log, "bp.fan.square")
    s.answer(0, "<img src=x onerror=alert(1)>")
    assert "<img" not in json.dumps(s.results)
    s = session(log, "bp.fan.rows")
    s.answer(0, "<script>alert(1)</script>`</code><script>")
    assert "<script" not in json.dumps(s.results)


# Exams with a time limit ---------------------------------------------------------------------


class Clock:
    """A clock that the test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def timed(log, clock, limit=60):
    return session(log, "bp.fan.square", mode="exam", time_limit=limit, name="e", clock=clock)


def test_a_timed_exam_takes_answers_from_its_start_to_its_end(log):
    clock = Clock()
    s = timed(log, clock)
    assert s.waiting
    assert s.answer(0, key(s)).state == "refused"
    s.start()
    assert not s.waiting
    assert s.deadline == 1060
    clock.now = 1050
    assert s.answer(0, key(s)).correct
    assert s.results[0]["state"] == "kept"
    clock.now = 1100
    assert "time is up" in s.answer(0, mistake(s)).says
    assert s.finished
    assert s.results[0]["state"] == "correct"


def test_a_new_kernel_gives_no_new_time(log):
    clock = Clock()
    s = timed(log, clock)
    s.start()
    s.answer(0, mistake(s))
    clock.now = 1030
    again = timed(log, clock)
    assert again.deadline == 1060
    assert not again.finished
    clock.now = 1090
    late = timed(log, clock)
    assert late.finished
    assert late.results[0]["state"] == "not yet"


@pytest.mark.parametrize(("mode", "limit"), [("practice", 60), ("exam", 0), ("exam", -5)])
def test_a_time_limit_belongs_to_an_exam(log, mode, limit):
    with pytest.raises(ValueError, match="for an exam only"):
        session(log, "bp.fan.square", mode=mode, time_limit=limit)
