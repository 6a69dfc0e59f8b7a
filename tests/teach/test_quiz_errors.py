"""A bank with a mistake is refused with the file, the line, the field and the cure."""

import pytest

from dlcourse.teach.quiz import BankError, read

GOOD = """\
schema: dlq/1
lesson: 02-backpropagation
title: Test
sections:
  one: The first
questions:
  - id: t.one
    type: single
    section: one
    objectives: [BP-1]
    bloom: apply
    stem: Which?
    answer: {text: this, feedback: Because it is.}
    wrong:
      - {text: that, misconception: B-01, feedback: It is not that at all.}
    hints: [Look.]
    solution: This.
  - id: t.two
    type: numeric
    objectives: [BP-1]
    bloom: apply
    params:
      a: {choice: [2, 3]}
    stem: Twice {{a}}?
    answer: {expr: 2*a, feedback: Doubled.}
    wrong:
      - {expr: a + 7, misconception: B-01, feedback: That adds.}
    default_feedback: Double it.
    hints: [Twice.]
    solution: Two times.
"""

# what is changed, into what, the field, a word of the message, a word of the cure
KINDS = {
    "yaml": ("title: Test", "title: [Test", "YAML", "", "Mend the YAML"),
    "tab": ("    stem: Which?", "\tstem: Which?", "YAML", "", "indentation"),
    "twice": ("    stem: Which?", "    stem: Which?\n    stem: Why?", "YAML", "twice", "Mend"),
    "schema": ("dlq/1", "dlq/9", "schema", "dlq/9", "schema: dlq/1"),
    "no lesson": ("lesson: 02-backpropagation\n", "", "lesson", "missing", "Add `lesson"),
    "bank field": ("title: Test", "title: Test\nowner: me", "owner", "no field", "Use claims"),
    "sections": ("sections:\n  one: The first", "sections: [one]", "sections", "mapping", "title"),
    "no section": ("    section: one", "    section: two", "section", "no section", "sections:"),
    "no type": ("type: single", "type: singel", "type", "no question type", "single, multi"),
    "misspelt": ("    bloom: apply\n    stem: Which?", "    blom: apply\n    stem: Which?", "blom",
                 "Extra inputs", "spelling"),
    "missing": ("    stem: Which?\n", "", "stem", "required", "Add this field"),
    "bloom": ("bloom: apply\n    stem", "bloom: do\n    stem", "bloom", "'remember'", "listed"),
    "objective": ("objectives: [BP-1]\n    bloom: apply\n    stem", "objectives: [bp1]\n    bloom: "
                  "apply\n    stem", "objectives", "pattern", "BP-1"),
    "no list": ("hints: [Look.]", "hints: Look.", "hints", "list", "Write a list"),
    "empty": ("stem: Which?", 'stem: ""', "stem", "at least 1 character", "one character"),
    "number": ("stem: Which?", "stem: 7", "stem", "string", "quotes"),
    "misconception": ("B-01, feedback: It is", "sign, feedback: It is",
                      "wrong.0.misconception", "pattern", "B-09"),
    "no wrong": ("    wrong:\n      - {text: that, misconception: B-01, "
                 "feedback: It is not that at all.}\n", "    wrong: []\n",
                 "wrong", "at least 1", "Add entries"),
    "domain": ("a: {choice: [2, 3]}", "a: {choice: [2, 3], range: [1, 2]}", "params.a",
               "either choice", "so that it holds"),
    "same id": ("id: t.two", "id: t.one", "id", "used twice", "its own id"),
    "where": ("    stem: Twice", "    where: a > 9\n    stem: Twice", "where", "no parameters",
              "Mend the formula"),
    "formula": ("expr: 2*a", "expr: 2*b", "answer.expr", "`b` is not known", "Mend the formula"),
    "collision": ("expr: a + 7", "expr: a + a", "params", "answers apart", "Mend the formula"),
    "not a mapping": ("  - id: t.two\n", "  - just words\n  - id: t.two\n", "question", "mapping",
                      "Start with"),
    "no questions": (GOOD[GOOD.index("questions:") :], "questions: []\n", "questions",
                     "no questions", "List them"),
    "id": ("id: t.one", "id: One", "id", "pattern", "bp.chain.sum"),
}  # fmt: skip


LINES = dict(
    zip(
        KINDS,
        (
            4,
            12,
            13,
            1,
            1,
            4,
            4,
            9,
            8,
            11,
            7,
            11,
            10,
            16,
            12,
            12,
            15,
            14,
            23,
            18,
            24,
            25,
            22,
            18,
            6,
            7,
        ),
        strict=True,
    )
)


def test_the_unchanged_bank_is_read():
    assert [q.id for q in read(GOOD).questions] == ["t.one", "t.two"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_mistake_names_file_line_field_and_cure(kind):
    old, new, field, message, cure = KINDS[kind]
    assert GOOD.count(old) >= 1
    text = GOOD.replace(old, new, 1)
    with pytest.raises(BankError) as refused:
        read(text, "test", "quizzes/test.yaml")
    problem = next(p for p in refused.value.problems if p.field.startswith(field))
    assert problem.file == "quizzes/test.yaml"
    assert message in problem.says
    assert cure in problem.cure
    assert str(problem).startswith(f"quizzes/test.yaml:{problem.line}: ")
    assert problem.line == LINES[kind]


def test_twenty_kinds_are_told_apart():
    assert len(KINDS) >= 20


def test_all_problems_of_a_bank_are_told_at_once():
    text = GOOD.replace("bloom: apply", "bloom: do").replace("stem: Which?", "stem: 3")
    with pytest.raises(BankError) as refused:
        read(text)
    assert len(refused.value.problems) == 3
