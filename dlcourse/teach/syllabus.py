"""The course in order: lessons, what they need, and what a learner can do after them."""

from functools import cache
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from . import content


class Lesson(BaseModel):
    """One lesson: `objectives` maps ids such as `BP-1` to sentences; `minutes` is study time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    title: str
    topic: str
    minutes: int = Field(gt=0)
    requires: tuple[str, ...] = ()
    builds: tuple[str, ...] = ()  # the applications of which this lesson builds a small one
    objectives: dict[str, str] = Field(default_factory=dict)

    @property
    def number(self) -> int:
        """The lesson's place in the course, from 0."""
        return int(self.id.split("-", 1)[0])

    @property
    def written(self) -> bool:
        """Whether the notebook is there."""
        return (content.lessons() / f"{self.id}.ipynb").is_file()


@cache
def lessons() -> tuple[Lesson, ...]:
    """All lessons in order; raises `pydantic.ValidationError` if `syllabus.yaml` is malformed."""
    raw: dict[str, list[dict[str, Any]]] = yaml.safe_load(
        (content.lessons() / "syllabus.yaml").read_text(encoding="utf-8")
    )
    return tuple(Lesson(**entry) for entry in raw["lessons"])


def lesson(name: str) -> Lesson:
    """The lesson with this id, number (`"02"`) or topic; `KeyError` lists what there is."""
    for found in lessons():
        if name in (found.id, found.id.split("-", 1)[0], found.topic):
            return found
    raise KeyError(f"no lesson {name!r}; there are {', '.join(x.id for x in lessons())}")


def objectives() -> dict[str, Lesson]:
    """Every objective's id with the lesson that teaches it."""
    return {key: found for found in lessons() for key in found.objectives}
