"""What every exercise of the course has to prove: the checker that names the mistake is right."""

import itertools
import time

import pytest

from dlcourse.teach.exercise import InProcess, check, examine
from dlcourse.teach.exercise.compare import agree
from dlcourse.teach.exercise.form import Exercise
from dlcourse.teach.exercise.levels import Levels
from dlcourse.teach.exercise.look import known
from dlcourse.topics import all_exercises

SEEDS = (0, 1, 2, 123_456)
HERE = InProcess()
EXERCISES = all_exercises()
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
every_variant = pytest.mark.parametrize(
    ("exercise", "wrong"),
    [pytest.param(e, w, id=f"{e.id}-{w.id}") for e in EXERCISES for w in e.wrongs],
)


def test_ids_are_unique():
    ids = [e.id for e in EXERCISES]
    assert len(set(ids)) == len(ids) > 0


@every_exercise
def test_the_reference_is_correct_on_every_seed(exercise: Exercise):
    for seed in SEEDS:
        verdict = check(exercise, exercise.reference, seed=seed, runner=HERE)
        assert verdict.correct, (seed, verdict)
        assert verdict.score == 1.0
        assert not verdict.failed


@every_variant
def test_a_known_wrong_answer_is_named_on_every_seed(exercise, wrong):
    for seed in SEEDS:
        report = examine(exercise, wrong.run, seed=seed, runner=HERE)
        assert report.verdict.state == "not yet"
        assert report.wrong is wrong, (seed, report.wrong and report.wrong.id, report.verdict.says)
        assert report.verdict.score < 1.0


@every_exercise
def test_no_two_variants_look_alike(exercise: Exercise):
    for seed in SEEDS:
        wrong = known(exercise, seed, HERE).wrong
        for a, b in itertools.combinations(wrong, 2):
            alike = all(agree(x, y, exercise) for x, y in zip(wrong[a], wrong[b], strict=True))
            assert not alike, (seed, a, b)


@every_exercise
def test_a_check_in_another_process_is_fast(exercise: Exercise):
    check(exercise, exercise.reference)  # starts the worker
    for attempt in (exercise.reference, exercise.wrongs[0].run):
        start = time.perf_counter()
        check(exercise, attempt, tries=2)
        assert time.perf_counter() - start < 3


@every_exercise
def test_an_empty_stub_is_not_attempted(exercise: Exercise):
    from dlcourse.teach.exercise import Source

    stub = Source(Levels(exercise).blank, exercise.name)
    verdict = check(exercise, stub, runner=HERE)
    assert verdict.state == "not attempted"
    assert verdict.diagnosis is None
