"""Exercises: the checker that names the mistake.

An `Exercise` is content: a statement, one reference, seeded inputs, and known-wrong variants.
`check(exercise, attempt)` climbs the ladder of `steps.STEPS` and answers with one `Verdict`.
Answers run in another process (`sandbox`), so a loop without an end stops after a few seconds and
nothing they do can harm the notebook.
"""

from .answer import Source
from .form import Case, Exercise, Formula, Property, Wrong
from .ladder import check, examine
from .look import Report
from .sandbox import InProcess, Sandbox, sandbox

__all__ = [
    "Case",
    "Exercise",
    "Formula",
    "InProcess",
    "Property",
    "Report",
    "Sandbox",
    "Source",
    "Wrong",
    "check",
    "examine",
    "sandbox",
]
