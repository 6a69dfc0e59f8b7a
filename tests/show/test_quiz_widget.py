"""The quiz widget: what the browser receives, what the notebook stores, what a restart restores."""

import json
import re
from html import unescape

import pytest

from dlcourse.show.base import bundle
from dlcourse.show.quiz import KIT, Quiz, quiz, review
from dlcourse.teach.progress import progress
from dlcourse.teach.quiz import TYPES, banks
from dlcourse.teach.quiz.delivery import Item, Session
from tests.banks import every_type

QUESTIONS = [(bank, q) for bank in (*banks(), every_type()) for q in bank.questions]
# All that the page may know of a type before the answer; a new field has to be judged here first.
BODY = {
    "single": {"options"},
    "gate": {"options"},
    "multi": {"options"},
    "predict_plot": {"options", "curves", "x", "y", "draw"},
    "numeric": {"unit", "placeholder"},
    "shape": {"placeholder"},
    "expr": {"placeholder"},
    "predict_output": {"placeholder"},
    "trace": {"columns", "rows"},
    "hotspot": {"rows", "columns", "cells", "graph"},
    "order": {"items"},
    "match": {"left", "right"},
    "parsons": {"pool", "deepest"},
    "bug_hunt": {"program", "symptoms"},
    "code": {"stub", "asks"},
    "explain": set(),
}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_HOME", str(tmp_path))


def widget(bank, question, **options):
    log = progress()
    return Quiz(Session([Item(bank.name, question, log.learner)], log, **options), "test")


def received(w):
    """All text that the browser holds for this widget, but for its code and style."""
    state = {k: v for k, v in w.get_state().items() if k not in ("_esm", "_css")}
    return unescape(json.dumps(state, default=str, ensure_ascii=False))


def secrets(w):
    """Distinctive pieces of everything that the page must not know yet."""
    item = w.session.items[0]
    q, at = item.question, item.at
    texts = [at.fill(m.feedback) for m, _ in q.mistakes(at)]
    texts += [at.fill(q.solution), *(at.fill(h) for h in q.hints)]
    texts += [m.misconception for m, _ in q.mistakes(at)]
    for part in ("answer", "bug", "symptom"):
        texts += [at.fill(getattr(getattr(q, part, None), "feedback", "") or "")]
    prose = (re.sub(r"```.*?```", "", text, flags=re.DOTALL) for text in texts)
    pieces = (p.strip() for t in prose for p in re.split(r"[.$`\n*]", t))
    return {p for p in pieces if len(p) > 15 or re.fullmatch(r"[A-Z]-\d\d", p)}


@pytest.mark.parametrize(("bank", "question"), QUESTIONS, ids=[q.id for _, q in QUESTIONS])
def test_the_page_holds_no_key_and_no_feedback_before_the_answer(bank, question):
    w = widget(bank, question)
    shown, hidden = received(w), secrets(w)
    assert len(hidden) >= 2
    assert {piece for piece in hidden if piece in shown} == set()
    assert w.results == [None]
    assert w.answers == [None]


@pytest.mark.parametrize("kind", TYPES)
def test_the_page_knows_these_fields_of_a_type_and_no_others(kind):
    asked = [(bank, q) for bank, q in QUESTIONS if q.type == kind]
    assert asked
    for bank, question in asked:
        w = widget(bank, question)
        assert set(w.cards[0]["body"]) <= BODY[kind]
        assert w.answers == w.results == [None]
        assert w.helps == [{}]


@pytest.mark.parametrize(("bank", "question"), QUESTIONS, ids=[q.id for _, q in QUESTIONS])
def test_a_wrong_answer_tells_its_own_refutation_and_no_other(bank, question):
    w = widget(bank, question)
    at = w.session.items[0].at
    for mistake, response in question.mistakes(at)[:1]:
        shown = question.to_page(at, response)
        w._dispatch(w, {"event": "answer", "ticket": 1, "question": 0, "answer": shown}, [])
        assert w.problem == ""
        assert w.results[0]["state"] == "not yet"
        assert w.results[0]["mistake"]
        others = [m for m, _ in question.mistakes(at) if m.feedback != mistake.feedback]
        text = received(w)
        assert all(at.fill(m.feedback)[:40] not in text for m in others)
        assert question.solution[:40] not in text


def test_every_type_has_an_input_on_the_page():
    source = (KIT / "quiz_inputs.js").read_text(encoding="utf-8")
    table = source[source.index("const QUIZ_INPUTS") :]
    assert set(re.findall(r"^  (\w+):", table, re.MULTILINE)) == set(TYPES)


def test_the_code_of_the_page_is_one_module_without_imports():
    code = bundle(KIT / "quiz.js")
    assert "import " not in re.sub(r"//.*", "", code)
    assert code.count("export default") == 1


def test_what_the_notebook_stores_is_the_same_for_every_learner(monkeypatch, tmp_path):
    stored = []
    for name in ("one", "two"):
        monkeypatch.setenv("DLCOURSE_HOME", str(tmp_path / name))
        w = quiz("02", section="chain-rule")
        if name == "two":
            w._dispatch(w, {"event": "answer", "ticket": 1, "question": 0, "answer": "3"}, [])
            w = quiz("02", section="chain-rule")
        data, _ = w._repr_mimebundle_()
        stored.append({k: v for k, v in data.items() if "widget-view" not in k})
    assert stored[0] == stored[1]
    assert stored[0]["text/plain"] == "<quiz 02-backpropagation · chain-rule: 4 questions>"


@pytest.mark.parametrize("bank", list(banks()), ids=lambda b: b.name)
def test_a_reader_without_a_kernel_sees_every_question_and_no_answer(bank):
    face = quiz(bank.name).face().html
    for number in range(1, len(bank.questions) + 1):
        assert f"<p>{number}.</p>" in face
    assert "misconception" not in face
    for q in bank.questions:
        assert q.solution.strip()[:40] not in unescape(face)


def test_an_answer_survives_the_kernel():
    w = quiz("02", section="fan-out")
    answer = {
        "event": "answer",
        "ticket": 1,
        "question": 0,
        "answer": "12345",
        "confidence": "sure",
    }
    w._dispatch(w, answer, [])
    w.close()
    again = quiz("02", section="fan-out")
    assert again.answers[0] == "12345"
    assert again.results[0]["state"] == "not yet"


def test_hints_and_solutions_reach_the_page_only_when_asked_for():
    w = quiz("02", section="fan-out")
    w._dispatch(w, {"event": "hint", "ticket": 1, "question": 0}, [])
    assert w.helps[0]["hints"] == 1
    assert "hint" not in w.helps[1]
    w._dispatch(w, {"event": "solution", "ticket": 2, "question": 0}, [])
    assert "after you have answered" in w.problem
    assert "solution" not in w.helps[0]


@pytest.mark.parametrize("number", [99, -1, None, "0"])
def test_a_question_that_is_not_there_is_said_on_the_page(number):
    w = quiz("02", section="fan-out")
    w._dispatch(w, {"event": "answer", "ticket": 5, "question": number, "answer": 1}, [])
    assert "run the cell again" in w.problem
    assert w.heard == 5


def test_review_says_when_there_is_nothing_and_asks_what_is_due():
    assert "Nothing to review yet" in review().note
    log = progress()
    log.record("answer", "bp.fan.square", state="not yet", bank="02-backpropagation")
    assert "The next question comes back on" in review().note
    old = "2020-01-01T00:00:00+00:00"
    with log._open() as db:
        db.execute("UPDATE events SET at = ?", (old,))
    w = review()
    assert w.note == ""
    assert [c["id"] for c in w.cards] == ["bp.fan.square"]
    assert "Back because your first answer" in w.cards[0]["why"]
    assert repr(w) == "<review>"


def test_pick_takes_so_many_per_objective():
    w = quiz("02", pick={"BP-4": 2, "BP-6": 1})
    assert len(w.cards) == 3


def test_a_timed_exam_shows_its_questions_when_it_begins():
    w = quiz("02", section="fan-out", mode="exam", time_limit=20)
    assert w.cards == []
    assert "questions in 20 minutes" in w.note
    assert w.waiting
    w._dispatch(w, {"event": "start", "ticket": 1}, [])
    assert not w.waiting
    assert len(w.cards) == len(w.results) > 1
    assert w.note == ""
    again = quiz("02", section="fan-out", mode="exam", time_limit=20)
    assert again.deadline == w.deadline > 0
