"""Each rule of the lint finds what it is there for, and names the line."""

import pytest
import yaml

from dlcourse.teach.quiz import read
from dlcourse.teach.quiz.lint import lint
from dlcourse.teach.syllabus import Lesson

LONG = "You took the wrong one, and here is at length why it is not what was asked for at all."
SYLLABUS = (
    Lesson(id="00-a", title="A", topic="a", minutes=1, objectives={"AA-1": "Do."}),
    Lesson(id="01-b", title="B", topic="b", minutes=1, objectives={"BB-1": "Do more."}),
)


def choice(id, **changes):
    return {
        "id": id,
        "type": "single",
        "objectives": ["AA-1"],
        "bloom": "apply",
        "stem": "Which of the two is it?",
        "answer": {"text": "the first of them", "feedback": "It comes before the other one."},
        "wrong": [{"text": "the second of all", "misconception": "B-01", "feedback": LONG}],
        "hints": ["Look."],
        "solution": "Count from the left.",
        **changes,
    }


def findings(tmp_path, *questions, **bank):
    raw = {"schema": "dlq/1", "lesson": "00-a", "title": "T", **bank, "questions": list(questions)}
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump(raw, sort_keys=False), encoding="utf-8")
    return lint(read(file.read_text(encoding="utf-8"), "test", str(file)), SYLLABUS)


def wrong(**changes):
    return [{"text": "the second of all", "misconception": "B-01", "feedback": LONG, **changes}]


def numeric(**changes):
    return {
        **choice("t.number"),
        "type": "numeric",
        "default_feedback": "Count again.",
        "answer": {"expr": "12", "feedback": "Twelve."},
        "wrong": [{"expr": "13", "misconception": "B-01", "feedback": LONG}],
        **changes,
    }


BROKEN = {
    "refuted": {"wrong": wrong(feedback="No.")},
    "misconception-exists": {"wrong": wrong(misconception="Z-99")},
    "secret": {"wrong": wrong(feedback=f"{LONG} It is the first of them.")},
    "alike-lengths": {"wrong": wrong(text="this one, which goes on and on and on and on")},
    "different-options": {"wrong": wrong(text="The first of them")},
    "no-catch-all": {"wrong": wrong(text="none of these")},
    "latex": {"stem": "What is $x?"},
    "no-raw-markup": {"stem": "What is <b>this</b>?"},
    "readable": {"stem": "why " * 120},
    "helped": {"hints": []},
    "taught": {"objectives": ["BB-1"]},
    "formulas": {"solution": "It is {{x + 1}}."},
}


def test_a_clean_bank_has_no_findings(tmp_path):
    assert findings(tmp_path, choice("t.one"), choice("t.two"), numeric()) == []


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_finds_its_fault_and_names_file_line_and_cure(rule, tmp_path):
    found = findings(tmp_path, choice("t.one"), choice("t.two"), choice("t.bad", **BROKEN[rule]))
    names = {f.rule for f in found}
    assert rule in names or (rule == "formulas" and "formula" in names)
    bad = next(f for f in found if f.question == "t.bad")
    text = (tmp_path / "test.yaml").read_text(encoding="utf-8").split("\n")
    assert text[bad.line - 1].strip() == "- id: t.bad"
    assert bad.cure.endswith(".")


@pytest.mark.parametrize("formula", [r"$\frac{1}{2$", r"$\left( x$"])
def test_unbalanced_formulas_are_found(formula, tmp_path):
    found = findings(tmp_path, choice("t.one"), choice("t.two", solution=formula))
    assert [f.rule for f in found] == ["latex"]


def test_answers_that_meet_are_found(tmp_path):
    same = numeric(wrong=[{"expr": "12.001", "misconception": "B-01", "feedback": LONG}])
    assert "graded-apart" in {
        f.rule for f in findings(tmp_path, choice("t.a"), choice("t.b"), same)
    }


def test_a_number_that_the_feedback_tells_is_found(tmp_path):
    told = numeric(wrong=[{"expr": "13", "misconception": "B-01", "feedback": f"{LONG} It is 12."}])
    assert "secret" in {f.rule for f in findings(tmp_path, choice("t.a"), choice("t.b"), told)}


def test_an_objective_without_application_is_found(tmp_path):
    recall = [choice(f"t.q{i}", bloom="remember") for i in range(2)]
    assert [f.rule for f in findings(tmp_path, *recall)] == ["covered"]
    assert [f.rule for f in findings(tmp_path, choice("t.one"))] == ["covered"]


def test_right_options_that_are_always_longest_are_found(tmp_path):
    answer = {"text": "the first of them, surely", "feedback": "It comes before the other one."}
    long = [choice(f"t.q{i}", answer=answer) for i in range(6)]
    assert [f.rule for f in findings(tmp_path, *long)] == ["not-the-longest"]


def test_a_claim_that_one_question_carries_is_found(tmp_path):
    other = choice("t.two", wrong=wrong(misconception="B-02"))
    found = findings(tmp_path, choice("t.one"), other, claims=["B-02"])
    assert [f.rule for f in found] == ["claimed"]
