"""What any checker of the course answers: one state, one score, one best message."""

from dataclasses import dataclass, field
from typing import Literal

State = Literal["correct", "not yet", "not attempted", "timeout", "crash", "refused"]


@dataclass(frozen=True)
class Verdict:
    """The outcome of grading one answer.  Only `correct` is a pass; no result is never one.

    `says` and `hint` are Markdown.  `diagnosis` is the id of a catalogued misconception.  `see`
    names an explorable's preset that shows the point, such as `backprop-microscope#sign`.
    `passed` and `failed` name the properties that were checked.
    """

    state: State
    says: str
    score: float = 0.0  # 0 to 1
    diagnosis: str | None = None
    hint: str | None = None
    see: str | None = None
    passed: tuple[str, ...] = field(default=())
    failed: tuple[str, ...] = field(default=())

    @property
    def correct(self) -> bool:
        """Whether the answer was right as a whole."""
        return self.state == "correct"
