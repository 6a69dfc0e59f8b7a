"""Quizzes: questions as data, graded by pure functions, with every wrong answer refuted."""

from .bank import Bank, BankError, banks, find, load, read
from .grading import grade
from .parts import Question, Seed, Variant, Wrong
from .types import TYPES

__all__ = [
    "TYPES",
    "Bank",
    "BankError",
    "Question",
    "Seed",
    "Variant",
    "Wrong",
    "banks",
    "find",
    "grade",
    "load",
    "read",
]
