"""What the exercises and the question banks prove, in numbers: `python3 course.py bench exercises`.

Per exercise: known-wrong variants that are named, mutants of the reference that are killed (those
listed as equivalent are no misses), right answers that are accepted, and the seconds of one check.
Then the banks: questions and types, 1,000 questions read, an answer graded, round trips.  Names
after the command choose topics, such as `backpropagation`; `banks` alone prints the banks only.
"""

import importlib
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from dlcourse.teach.exercise import Exercise, InProcess, check
from dlcourse.teach.exercise.look import Look
from dlcourse.teach.exercise.mutants import Mutant, build, mutants
from dlcourse.teach.exercise.steps import STEPS
from dlcourse.teach.interchange import gift, moodle, plain
from dlcourse.teach.quiz import Bank, banks, grade, read
from dlcourse.teach.quiz.programs import Code, use_exercises
from dlcourse.topics import all_exercises, find_exercise

HERE = InProcess()
ROOT = Path(__file__).resolve().parents[1]
CHECK_S, LOAD_S, GRADE_MS = 3.0, 1.0, 5.0  # the budgets


def main() -> None:
    """Print both tables; exit code 1 if a number is outside its bounds."""
    chosen = sys.argv[1:]
    fine = True
    if chosen != ["banks"]:
        fine = _exercises([n for n in chosen if n != "banks"])
    if not chosen or "banks" in chosen:
        fine &= _banks(list(banks()))
    sys.exit(0 if fine else 1)


# Exercises -----------------------------------------------------------------------------------


def solutions() -> dict[str, list[Any]]:
    """The right answers written in other ways that the tests keep, by exercise."""
    sys.path.insert(0, str(ROOT))
    for file in sorted((ROOT / "tests" / "topics").glob("solutions_*.py")):
        importlib.import_module(f"tests.topics.{file.stem}")
    return importlib.import_module("tests.topics.solutions").SOLUTIONS


def topic(exercise: Exercise) -> str:
    """The topic in whose room an exercise stands."""
    return exercise.reference.__module__.split(".")[-2]


def _exercises(topics: list[str]) -> bool:
    right, fine, sums = solutions(), True, Counter[str]()
    print(f"{'exercise':<34}{'named':>8}{'killed':>10}{'alike':>7}{'accepted':>10}{'seconds':>9}")
    for exercise in sorted(all_exercises(), key=topic):
        if topics and topic(exercise) not in topics:
            continue
        row = measured(exercise, right.get(exercise.id, []))
        sums.update({k: v for k, v in row.items() if isinstance(v, int)})
        good = _good(row)
        fine &= good
        name = f"{topic(exercise)[:14]} {exercise.id}"[:33]
        print(f"{name:<34}{_cells(row)}{row['seconds']:>9.2f}{'' if good else '  <-'}", flush=True)
    print(f"{'all':<34}{_cells(sums)}")
    return fine


def _cells(row: Any) -> str:
    pairs = [("named", "variants", 8), ("killed", "mutants", 10)]
    shown = [f"{row[a]}/{row[b]}".rjust(width) for a, b, width in pairs]
    return "".join([*shown, f"{row['alike']:>7}", f"{row['accepted']}/{row['answers']}".rjust(10)])


def _good(row: dict[str, Any]) -> bool:
    named = row["named"] == row["variants"]
    killed = row["killed"] + row["alike"] == row["mutants"]
    accepted = row["accepted"] == row["answers"] >= 3
    return named and killed and accepted and row["seconds"] < CHECK_S


def measured(exercise: Exercise, answers: list[Any]) -> dict[str, Any]:
    """The numbers of one exercise."""
    found = mutants(exercise)
    alive = [m for m in found if _passes(exercise, m)]
    alike = sum(m.name in exercise.equivalent for m in alive)
    named = sum(_finding(exercise, w.run).wrong is w for w in exercise.wrongs)
    check(exercise, exercise.reference)  # starts the worker
    start = time.perf_counter()
    check(exercise, exercise.wrongs[0].run, tries=2)
    seconds = time.perf_counter() - start
    return {
        "named": named,
        "variants": len(exercise.wrongs),
        "killed": len(found) - len(alive),
        "mutants": len(found),
        "alike": alike,
        "accepted": sum(check(exercise, a, runner=HERE).correct for a in answers),
        "answers": len(answers),
        "seconds": seconds,
    }


def _finding(exercise: Exercise, attempt: Any) -> Any:
    """What the ladder finds, without the small example of a message."""
    look = Look(exercise, attempt, 1, 0, HERE)
    return next(f for step in STEPS if (f := step(look)) is not None)


def _passes(exercise: Exercise, mutant: Mutant) -> bool:
    try:
        attempt = build(exercise, mutant)
    except Exception:  # noqa: BLE001 -- a mutant that cannot even be defined is dead
        return False
    return _finding(exercise, attempt).state == "correct"


# Banks ---------------------------------------------------------------------------------------


def _banks(all_banks: list[Bank]) -> bool:
    use_exercises(find_exercise)
    questions = [q for bank in all_banks for q in bank.questions]
    print(f"\n{'bank':<34}{'questions':>10}{'types':>7}{'wrong answers':>15}")
    for bank in all_banks:
        wrong = sum(len(q.mistakes(q.at(0))) for q in bank.questions)
        kinds = len({q.type for q in bank.questions})
        print(f"{bank.name:<34}{len(bank.questions):>10}{kinds:>7}{wrong:>15}")
    loading, slowest = load_seconds(all_banks), grading_ms(questions)
    print(f"\n1,000 questions are read in {loading:.2f} s")
    print("an answer is graded in (median per question, the slowest question of each type):")
    print("  " + ", ".join(f"{kind} {ms:.2f} ms" for kind, ms in sorted(slowest.items())))
    return _round_trips(questions) and loading < LOAD_S and max(slowest.values()) < GRADE_MS


def load_seconds(all_banks: list[Bank]) -> float:
    """The seconds to read a bank of 1,000 questions, the best of three."""
    raws = [yaml.safe_load(Path(str(b.file)).read_text(encoding="utf-8")) for b in all_banks]
    plain_ones = [q for raw in raws for q in raw["questions"]]
    many = [{**plain_ones[i % len(plain_ones)], "id": f"many.q{i}"} for i in range(1000)]
    for question in many:
        question.pop("section", None)
    head = {"schema": "dlq/1", "lesson": "many", "title": "Many"}
    dumper = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda self, data: True})
    text = yaml.dump({**head, "questions": many}, Dumper=dumper, sort_keys=False)
    took = []
    for _ in range(3):
        start = time.process_time()
        assert len(read(text).questions) == 1000
        took.append(time.process_time() - start)
    return min(took)


def grading_ms(questions: list[Any]) -> dict[str, float]:
    """Per type but `code`, the slowest question's median time to grade, in milliseconds."""
    slowest: dict[str, float] = {}
    for q in questions:
        if isinstance(q, Code):
            continue
        at, took = q.at(0), []
        for response in [q.key(at), *(r for _, r in q.mistakes(at))] * 3:
            start = time.process_time()
            grade(q, response)
            took.append(1000 * (time.process_time() - start))
        slowest[q.type] = max(slowest.get(q.type, 0.0), statistics.median(took))
    return slowest


def _round_trips(questions: list[Any]) -> bool:
    """Every question out to Moodle XML and GIFT and back, in three draws of its numbers."""
    out = [plain(q, seed) for q in questions for seed in (0, 1, 2)]
    held = [p for p in out if p.kind in gift.KINDS]
    moodle_back = [a == b for a, b in zip(moodle.read(moodle.export(out)), out, strict=True)]
    wanted = [gift.reduced(p) for p in held]
    gift_back = [a == b for a, b in zip(gift.read(gift.export(held)), wanted, strict=True)]
    left = len(out) - len(held)
    print(f"round trips: Moodle XML {sum(moodle_back)} of {len(out)} equal;", end=" ")
    print(f"GIFT {sum(gift_back)} of {len(held)} equal, {left} of a kind that it has not")
    return all(moodle_back) and all(gift_back)


if __name__ == "__main__":
    main()
