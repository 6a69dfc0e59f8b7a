"""What every exercise of the course has to prove: the checker that names the mistake is right."""

import importlib
import itertools
import time
from pathlib import Path

import pytest
import torch

from dlcourse.teach import misconceptions
from dlcourse.teach.exercise import Exercise, InProcess, Source, Wrong, check, examine
from dlcourse.teach.exercise.compare import agree
from dlcourse.teach.exercise.levels import Levels
from dlcourse.teach.exercise.look import Look, known
from dlcourse.teach.exercise.mutants import build, mutants
from dlcourse.teach.exercise.steps import STEPS
from dlcourse.topics import all_exercises, all_explorables, exercises_of, find_exercise
from tests.topics.solutions import SOLUTIONS

SEEDS = (0, 1, 123_456)
HERE = InProcess()
EXERCISES = all_exercises()
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
every_variant = pytest.mark.parametrize(
    ("exercise", "wrong"),
    [pytest.param(e, w, id=f"{e.id}-{w.id}") for e in EXERCISES for w in e.wrongs],
)


for _file in sorted(Path(__file__).parent.glob("solutions_*.py")):
    importlib.import_module(f"tests.topics.{_file.stem}")
every_solution = pytest.mark.parametrize(
    ("exercise", "solution"),
    [pytest.param(e, s, id=s.__name__) for e in EXERCISES for s in SOLUTIONS.get(e.id, ())],
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def found(exercise: Exercise, attempt, seed: int):
    """What the ladder finds, without the small example that a message shows."""
    look = Look(exercise, attempt, 1, seed, HERE)
    return next(f for step in STEPS if (f := step(look)) is not None)


def test_ids_are_unique():
    ids = [e.id for e in EXERCISES]
    assert len(set(ids)) == len(ids) > 0


@every_exercise
def test_it_is_found_by_its_id_and_name(exercise: Exercise):
    assert find_exercise(exercise.id) is exercise
    assert find_exercise(exercise.name) is exercise
    topic = exercise.reference.__module__.split(".")[-2]
    assert exercise in exercises_of(topic)


@every_exercise
def test_it_has_enough_known_wrong_answers(exercise: Exercise):
    assert len(exercise.wrongs) >= 5
    assert len({w.id for w in exercise.wrongs}) == len(exercise.wrongs)


@every_exercise
def test_the_reference_is_correct_on_every_seed(exercise: Exercise):
    for seed in SEEDS:
        verdict = check(exercise, exercise.reference, seed=seed, runner=HERE)
        assert verdict.correct, (seed, verdict)
        assert verdict.score == 1.0
        assert not verdict.failed


@every_exercise
def test_three_or_more_right_answers_are_known(exercise: Exercise):
    assert len(SOLUTIONS.get(exercise.id, ())) >= 3


@every_solution
def test_a_right_answer_written_differently_is_correct(exercise: Exercise, solution):
    for seed in SEEDS:
        verdict = check(exercise, solution, seed=seed, runner=HERE)
        assert verdict.correct, (seed, verdict)


@every_variant
def test_a_known_wrong_answer_is_named_on_every_seed(exercise: Exercise, wrong: Wrong):
    for seed in SEEDS:
        finding = found(exercise, wrong.run, seed)
        assert finding.state == "not yet"
        assert finding.wrong is wrong, (seed, finding)


@every_variant
def test_its_verdict_says_so_and_shows_where(exercise: Exercise, wrong: Wrong):
    report = examine(exercise, wrong.run, tries=2, runner=HERE)
    verdict = report.verdict
    assert report.wrong is wrong
    assert wrong.says in verdict.says
    assert verdict.diagnosis == (wrong.belief or wrong.id)
    assert verdict.score < 1.0
    assert verdict.failed


@every_variant
def test_what_it_refers_to_exists(exercise: Exercise, wrong: Wrong):
    if wrong.belief:
        misconceptions.get(wrong.belief)
    if wrong.see:
        id, preset = wrong.see.split("#")
        (explorable,) = [x for x in all_explorables() if x.id == id]
        explorable.preset(preset)


@every_exercise
def test_no_two_variants_look_alike(exercise: Exercise):
    for seed in SEEDS:
        wrong = known(exercise, seed, HERE).wrong
        for a, b in itertools.combinations(wrong, 2):
            pairs = zip(wrong[a], wrong[b], strict=True)
            assert not all(agree(x, y, exercise, wholly=True) for x, y in pairs), (seed, a, b)


@every_exercise
def test_mutants_of_the_reference_are_killed(exercise: Exercise):
    all_mutants = mutants(exercise)
    alive = [m.name for m in all_mutants if _lives(exercise, m)]
    assert sorted(alive) == sorted(exercise.equivalent), "list equivalent mutants with a reason"
    assert all(len(reason) > 10 for reason in exercise.equivalent.values())
    assert len(alive) <= 0.2 * len(all_mutants)


def _lives(exercise: Exercise, mutant) -> bool:
    try:
        attempt = build(exercise, mutant)
    except Exception:  # noqa: BLE001 -- a mutant that cannot even be defined is dead
        return False
    return found(exercise, attempt, 0).state == "correct"


@every_exercise
def test_a_check_in_another_process_takes_less_than_three_seconds(exercise: Exercise):
    check(exercise, exercise.reference)  # starts the worker, runs the variants
    for attempt in (exercise.reference, exercise.wrongs[0].run):
        start = time.perf_counter()
        check(exercise, attempt, tries=2)
        assert time.perf_counter() - start < 3


@every_exercise
def test_an_empty_stub_is_not_attempted(exercise: Exercise):
    verdict = check(exercise, Source(Levels(exercise).blank, exercise.name), runner=HERE)
    assert verdict.state == "not attempted"
    assert verdict.diagnosis is None


@every_exercise
def test_no_hint_contains_the_answer(exercise: Exercise):
    answers = [_flat(line.answer) for line in Levels(exercise).faded if line.ask]
    assert 2 <= len(exercise.hints) <= 4
    for hint in map(_flat, exercise.hints):
        assert not any(answer in hint for answer in answers if len(answer) > 9), hint


def _flat(text: str) -> str:
    return "".join(text.split())


@every_exercise
def test_the_levels_lead_to_the_reference(exercise: Exercise):
    levels = Levels(exercise)
    module = exercise.reference.__module__
    blanks = [line.answer for line in levels.faded if line.ask is not None]
    assert len(blanks) >= 2
    filled = Source(levels.filled(blanks), exercise.name, module)
    assert check(exercise, filled, runner=HERE).correct
    empty = Source(levels.filled([""] * len(blanks)), exercise.name, module)
    assert check(exercise, empty, runner=HERE).state == "not attempted"


@every_exercise
def test_the_levels_in_the_names_of_other_learners_lead_to_the_reference(exercise: Exercise):
    kept: set[str] = set()
    for levels in (Levels(exercise, seed) for seed in range(12)):
        if levels.text not in kept:
            answer = Source(levels.solution, exercise.name)  # by itself: its imports are in it
            assert check(exercise, answer, runner=HERE).correct, levels.names
            assert levels.head == Levels(exercise).head
            assert set(levels.pieces(3)) > set(levels.body)
        kept.add(levels.text)


@every_exercise
def test_the_lines_in_order_are_correct_and_decoys_are_not(exercise: Exercise):
    levels = Levels(exercise)
    module = exercise.reference.__module__
    own = [line for line in levels.pieces(3) if line in levels.body]
    assert sorted(own) == sorted(levels.body)
    assert set(levels.pieces(3)) > set(levels.body)
    ordered = Source(levels.ordered(levels.body), exercise.name, module)
    assert check(exercise, ordered, runner=HERE).correct
    for decoy in set(levels.pieces(3)) - set(levels.body):
        for i, line in enumerate(levels.body):
            if _indent(line) == _indent(decoy):
                swapped = [*levels.body[:i], decoy, *levels.body[i + 1 :]]
                text = levels.ordered(swapped)
                assert not check(exercise, Source(text, exercise.name, module), runner=HERE).correct


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
