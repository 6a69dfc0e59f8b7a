"""Every question of every bank: each way to answer it, over 200 draws of its numbers."""

import json
import random
import statistics
import time

import pytest

from dlcourse.teach.quiz import TYPES, banks, grade
from dlcourse.teach.quiz.learners import expert_score, guesser_score
from dlcourse.teach.quiz.lint import lint
from dlcourse.teach.quiz.programs import Code, use_exercises
from dlcourse.topics import find_exercise
from tests.banks import every_type

use_exercises(find_exercise)

OURS = every_type()
QUESTIONS = [q for bank in (*banks(), OURS) for q in bank.questions]
SEEDS = 200
NONSENSE = [
    -738.25,  # a number, and no question's
    True,
    -1,
    {},
    {"a": 1},
    [[]],
    [None],
    [[1, 2, 3]],
    "no such thing",
    "💥",
    "(" * 300,
    "9**9**9",
    "__import__('os')",
    {"lines": [["l1", "x"], 3], "blanks": []},
    {"lines": [["d99", 0]]},
    {"line": "1", "symptom": 7},
    {"text": 3, "points": ["x"]},
    ["r1", "r1", "zz"],
    list(range(50)),
]


def seeds(question):
    if isinstance(question, Code):
        return range(1)
    return range(SEEDS if question.params else 3)


def by_id(questions):
    return pytest.mark.parametrize("question", questions, ids=lambda q: q.id)


def test_all_sixteen_types_are_asked():
    assert len(TYPES) == 16
    assert {q.type for q in QUESTIONS} == set(TYPES)


def test_the_bank_of_these_tests_has_every_type_and_keeps_every_rule():
    assert {q.type for q in OURS.questions} == set(TYPES)
    assert [str(f) for f in lint(OURS)] == []


@by_id(QUESTIONS)
def test_the_key_passes_for_every_seed(question):
    assert expert_score(question, seeds(question)) == 1


@by_id(QUESTIONS)
def test_each_wrong_answer_is_named_and_refuted_for_every_seed(question):
    for seed in seeds(question):
        at = question.at(seed)
        for mistake, response in question.mistakes(at):
            verdict = grade(question, response, seed)
            assert verdict.state == "not yet"
            assert verdict.diagnosis == mistake.misconception
            assert verdict.says.startswith(at.fill(mistake.feedback))
            assert verdict.score < 1


@by_id(QUESTIONS)
@pytest.mark.parametrize("response", [None, "", [], {}, {"text": " "}, [None, None]])
def test_nothing_is_not_wrong(question, response):
    verdict = grade(question, response)
    assert verdict.state in ("not attempted", "refused")
    assert verdict.says


@by_id([q for q in QUESTIONS if not isinstance(q, Code)])
def test_nonsense_is_answered_and_never_right(question):
    for response in NONSENSE:
        verdict = grade(question, response)
        assert not verdict.correct, response
        assert verdict.says


def test_an_endless_answer_is_refused_before_it_is_read():
    assert grade(QUESTIONS[0], "1" * 100_000).state == "refused"


@by_id(QUESTIONS)
def test_a_kept_answer_comes_back_to_the_page_as_it_was(question):
    for seed in (0, 1, "a learner"):
        at = question.at(seed)
        responses = [question.key(at), *(r for _, r in question.mistakes(at))]
        for response in responses:
            shown = json.loads(json.dumps(question.to_page(at, response)))
            assert question.from_page(at, shown) == json.loads(json.dumps(response))


@by_id(QUESTIONS)
@pytest.mark.parametrize(
    "page", [None, "x", 99, -1, True, [99], [[9, 9]], {"lines": [[99, 0]]}, [{}]]
)
def test_whatever_a_page_sends_is_answered(question, page):
    verdict = grade(question, question.from_page(question.at(0), page))
    assert not verdict.correct


@by_id([q for q in QUESTIONS if q.auto and not isinstance(q, Code)])
def test_someone_who_knows_nothing_stays_within_three_points_of_chance(question):
    chance = question.chance(question.at(0))
    assert guesser_score(question, 6000) == pytest.approx(chance, abs=0.03)
    assert chance <= 0.5


@by_id([q for q in QUESTIONS if not isinstance(q, Code)])
def test_grading_takes_less_than_five_milliseconds(question):
    at = question.at(0)
    responses = [question.key(at), *(r for _, r in question.mistakes(at))]
    times = []
    for response in responses * 5:
        start = time.process_time()
        grade(question, response)
        times.append(time.process_time() - start)
    assert statistics.median(times) < 0.005


@by_id([q for q in QUESTIONS if q.params])
def test_numbers_depend_on_the_learner_and_on_nothing_else(question):
    drawn = [question.at(f"learner {i}").names for i in range(40)]
    assert drawn == [question.at(f"learner {i}").names for i in range(40)]
    assert len({json.dumps(d, sort_keys=True) for d in drawn}) > 1


@by_id([q for q in QUESTIONS if q.type in ("single", "gate", "predict_plot") and not q.keep_order])
def test_the_key_is_at_home_in_every_place(question):
    places = [question.to_page(question.at(seed), "right") for seed in range(SEEDS)]
    for place in range(1 + len(question.wrong)):
        share = places.count(place) / SEEDS
        assert 0.5 < share * (1 + len(question.wrong)) < 1.6


def test_an_order_of_their_own_is_kept():
    question = next(q for q in QUESTIONS if q.id == "bp.check.step")
    shown = {tuple(question.page(question.at(seed))["options"]) for seed in range(20)}
    assert shown == {("`1e-16`", "`1e-12`", "`1e-5`", "`1e-1`")}


def test_random_partial_answers_of_a_multi_lose_for_each_wrong_choice():
    question = next(q for q in QUESTIONS if q.id == "bp.fan.branches")
    assert grade(question, ["r1", "r2"]).score == pytest.approx(2 / 3)
    assert grade(question, ["r1", "r2", "w1"]).score == pytest.approx(1 / 3)
    assert grade(question, ["w1", "w2"]).score == 0
    assert "one more" in grade(question, ["r1", "r2"]).says.casefold()


def test_a_trace_names_the_first_slip_and_forgives_what_follows_from_it():
    question = next(q for q in QUESTIONS if q.id == "bp.chain.trace")
    at = question.at(3)
    response = next(r for m, r in question.mistakes(at) if m.misconception == "B-06")
    verdict = grade(question, response, 3)
    assert verdict.failed[0] == "gv"
    assert "follow from it" in verdict.says
    spoilt = {**response, "gb": "12345"}
    assert "follow from it" not in grade(question, spoilt, 3).says


def test_a_program_may_swap_free_lines_and_no_others():
    question = next(q for q in QUESTIONS if q.id == "bp.auto.loop")
    lines = question.key(question.at(0))["lines"]
    swapped = [lines[0], lines[2], lines[1], *lines[3:]]
    assert grade(question, {"lines": swapped, "blanks": {}}).correct
    assert grade(question, {"lines": lines[:3], "blanks": {}}).score == pytest.approx(3 / 5)
    late = [lines[0], lines[2], lines[3], lines[1], lines[4]]
    assert grade(question, {"lines": late, "blanks": {}}).diagnosis == "B-14"


def test_an_explanation_is_scored_by_its_author_against_the_rubric():
    question = next(q for q in QUESTIONS if q.id == "bp.sum.explain")
    text = "Because a nudge changes the loss along both paths at once."
    first = grade(question, {"text": text, "points": None})
    assert first.state == "not yet"
    assert "model answer" in first.says
    assert grade(question, {"text": text, "points": [0, 1]}).score == pytest.approx(2 / 3)
    assert grade(question, {"text": text, "points": [0, 1, 2]}).correct
    assert grade(question, {"text": "because", "points": None}).state == "refused"


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ("(D, M)", "correct"),
        ("D, M", "correct"),
        ("[D, M]", "correct"),
        ("torch.Size([D, M])", "correct"),
        ("(B, T, M)", "not yet"),
        ("D M", "refused"),
        ("(Q, M)", "refused"),
    ],
)
def test_a_shape_may_be_written_in_many_ways(typed, state):
    question = next(q for q in QUESTIONS if q.id == "bp.sum.shape")
    assert grade(question, typed).state == state


@pytest.mark.parametrize(
    "typed",
    ["exp(x)/(1+exp(x))", "1/(1+e^(-x))", "sigmoid(x)", "1-1/(1+exp(x))", "(1+tanh(x/2))/2"],
)
def test_a_formula_may_be_written_in_many_ways(typed):
    question = next(q for q in QUESTIONS if q.id == "bp.local.softplus")
    assert grade(question, typed).correct


@pytest.mark.parametrize("typed", ["[1. 0. 5.]", "[1,0,5]", " [1.0, 0.0, 5.0] ", "1 0 5"])
def test_an_output_may_be_written_in_many_ways(typed):
    question = next(q for q in QUESTIONS if q.id == "bp.fan.rows")
    if typed == "1 0 5":
        assert grade(question, typed).correct
    assert grade(question, typed).state == "correct"


def test_guesses_of_one_learner_repeat():
    question = QUESTIONS[0]
    at = question.at(0)
    assert question.guess(at, random.Random(1)) == question.guess(at, random.Random(1))


# The other forms of three types --------------------------------------------------------------


def test_a_curve_drawn_near_the_right_one_is_right_and_one_near_a_belief_is_named():
    question = OURS["every.curve.draw"]
    at = question.at(0)
    right = question.key(at)
    shaky = [v + 0.15 * (-1) ** i for i, v in enumerate(right)]
    assert grade(question, shaky).correct
    (linear, falls), (_, stays) = question.mistakes(at)
    assert grade(question, [v + 0.1 for v in falls]).diagnosis == linear.misconception == "O-01"
    assert grade(question, stays).diagnosis == "O-05"
    strange = grade(question, [2.5, 0, 2.5, 0, 2.5])
    assert strange.state == "not yet"
    assert strange.diagnosis is None
    assert "second step" in strange.says


@pytest.mark.parametrize(
    ("drawn", "state"),
    [
        (None, "not attempted"),
        ([], "not attempted"),
        ([1, 2], "refused"),
        ([1, 2, 3, 4, "x"], "refused"),
        ([1, 2, 3, 4, float("nan")], "refused"),
        ([True] * 5, "refused"),
        ("right", "refused"),
    ],
)
def test_what_is_no_drawing_is_said(drawn, state):
    assert grade(OURS["every.curve.draw"], drawn).state == state


def test_the_curve_itself_is_shown_beside_a_right_drawing_only():
    question = OURS["every.curve.draw"]
    at = question.at(0)
    assert set(question.page(at)) == {"draw", "x", "y"}
    assert question.reveal(at, question.mistakes(at)[0][1]) == {}
    assert question.reveal(at, question.key(at))["curve"][0] == pytest.approx(0.4)


def test_curves_that_cannot_be_told_apart_are_refused_as_a_question():
    question = OURS["every.curve.draw"]
    near = question.wrong[0].model_copy(update={"curve": question.answer.curve})
    assert not question.model_copy(update={"wrong": [near]}).distinct(question.at(0))
    assert question.distinct(question.at(0))


def test_a_faded_program_wants_its_blanks_too():
    question = OURS["every.loop.faded"]
    key = question.key(question.at(0))
    assert grade(question, key).correct
    spaced = {**key, "blanks": {"clear": " zero_grad ", "scores": "model( xb )"}}
    assert grade(question, spaced).correct
    accepted = {**key, "blanks": {**key["blanks"], "scores": "model.forward(xb)"}}
    assert grade(question, accepted).correct
    twice = {**key, "blanks": {**key["blanks"], "scores": "softmax(model(xb))"}}
    assert grade(question, twice).diagnosis == "C-01"
    unknown = grade(question, {**key, "blanks": {**key["blanks"], "clear": "reset"}})
    assert unknown.state == "not yet"
    assert "blanks" in unknown.says
    assert grade(question, {**key, "blanks": {}}).score == pytest.approx(0.9)


def test_cells_of_a_matrix_are_chosen_together():
    question = OURS["every.mask.cells"]
    assert grade(question, ["1,2", "0,1", "0,2"]).correct
    assert grade(question, ["0,1", "0,2"]).score == pytest.approx(2 / 3)
    assert grade(question, ["1,0", "2,0", "2,1"]).diagnosis == "A-06"
    assert grade(question, ["3,3"]).state == "refused"
    assert grade(question, []).state == "not attempted"
