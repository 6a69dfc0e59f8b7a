"""The first line of every lesson: fixed seeds, the figure style, and what you will learn."""

import random
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..scratch.memory import keep_freed_memory
from ..teach import progress, syllabus
from ..teach.syllabus import Lesson
from ..teach.text import escape

SEED = 0


class Opening:
    """What a lesson opens with: its objectives, its length and what it builds on."""

    def __init__(self, lesson: Lesson):
        self._lesson = lesson

    def _repr_html_(self) -> str:
        goals = "".join(
            f"<li><b>{escape(key)}</b> {escape(says)}</li>"
            for key, says in self._lesson.objectives.items()
        )
        return f"<p>After this lesson you can:</p><ul>{goals}</ul>"

    def __repr__(self) -> str:
        goals = "\n".join(f"  {key}: {says}" for key, says in self._lesson.objectives.items())
        return f"After this lesson you can:\n{goals}"


def begin(name: str) -> Opening:
    """Open the lesson `name` (an id, number or topic): seed every generator, note the visit.

    The kernel then computes with one thread and keeps freed memory for the next training step.
    """
    lesson = syllabus.lesson(name)
    seed_everything(SEED)
    use_threads(1)
    keep_freed_memory()
    progress.progress().record("open", lesson.id)
    return Opening(lesson)


def use_threads(count: int) -> None:
    """Let NumPy and PyTorch compute with this many threads in this kernel.

    Lessons use one: their arrays are small, two open notebooks then do not slow each other down,
    and sums are added in the same order on every machine.
    """
    threadpool_limits(count)
    _torch().set_num_threads(count)


def seed_everything(seed: int) -> None:
    """Start Python's, NumPy's, the engine's and PyTorch's random numbers from `seed`."""
    engines: list[Any] = [_scratch(), _torch()]
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 -- learners' own code may still use the global generator
    for engine in engines:
        engine.manual_seed(seed)


def _scratch() -> Any:
    from .. import scratch

    return scratch


def _torch() -> Any:
    import torch

    return torch
