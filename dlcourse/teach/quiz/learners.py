"""Learners made of rules, to try a bank on: one per misconception, an expert, and a guesser.

They ask of a bank what no reader can: does each misconception get its own diagnosis, wherever it is
claimed, and is nothing given away to someone who knows nothing?
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from .bank import Bank
from .grading import grade
from .parts import Question, Response, Seed, Variant


@dataclass(frozen=True)
class Believer:
    """Knows everything but for one misconception, and answers by it wherever it can."""

    misconception: str

    def errs_on(self, question: Question, at: Variant) -> list[Response]:
        """The wrong answers that this misconception leads to."""
        return [r for m, r in question.mistakes(at) if m.misconception == self.misconception]

    def answer(self, question: Question, at: Variant) -> Response:
        """The first of its wrong answers, or the right one where it does not apply."""
        return (self.errs_on(question, at) or [question.key(at)])[0]


def diagnosed(bank: Bank, misconception: str, seeds: Iterable[Seed]) -> tuple[int, int, list[str]]:
    """How often a believer errs, how often it is diagnosed as itself, and on which questions."""
    believer = Believer(misconception)
    errors, named, seen = 0, 0, []
    for q in bank.questions:
        verdicts = [
            grade(q, response, seed)
            for seed in seeds
            for response in believer.errs_on(q, q.at(seed))
        ]
        errors += sum(not v.correct for v in verdicts)
        hits = sum(v.diagnosis == misconception for v in verdicts)
        named += hits
        seen += [q.id] if hits else []
    return errors, named, seen


def expert_score(question: Question, seeds: Iterable[Seed]) -> float:
    """The mean score of someone who answers with the key."""
    scores = [grade(question, question.key(question.at(s)), s).score for s in seeds]
    return sum(scores) / len(scores)


def guesser_score(question: Question, tries: int, seed: Seed = 0) -> float:
    """The mean score of someone who knows nothing."""
    at, rng = question.at(seed), random.Random(f"guess {question.id}")
    scores = [question.judge(at, question.guess(at, rng)).score for _ in range(tries)]
    return sum(scores) / tries
