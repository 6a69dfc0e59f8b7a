"""What a learner does in each lesson while `test_lessons.py` looks on: one `WALK` a module."""

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab


@dataclass(frozen=True)
class Walk:
    """One gate, one wrong and one right answer, one mission and one exercise of a lesson."""

    lesson: str  # its id, such as "02-backpropagation"
    question: str  # id of a `single` question of its bank, asked in the lesson, options of words
    explorable: str  # id of an explorable of the lesson; its first place on the page is used
    mission: Callable[[Lab, Locator], None]  # solves one mission with the widget's controls
    exercise: str  # id of an exercise with a stub in the lesson
    wrong: str  # an answer to it
    diagnosis: str  # words of what the checker says to it
    right: str
    errors: int = 0  # outputs on stderr that the lesson shows on purpose
    seconds: float = 400  # for running all cells, on a busy machine


def start_mission(widget: Locator, title: str) -> None:
    """Open the list of missions and start the one whose button carries `title`."""
    missions = widget.locator(".dlx-missions")
    if missions.get_attribute("open") is None:
        missions.locator("summary").click()
    item = missions.locator(".dlx-mission", has_text=title)
    item.get_by_role("button").click()
    expect(item).to_have_class(re.compile("dlx-active"))


def walks() -> list[Walk]:
    """The walks of all lessons, in the order of the lessons."""
    modules = [p.stem for p in Path(__file__).parent.glob("[a-z]*.py")]
    found = [importlib.import_module(f"{__name__}.{module}").WALK for module in modules]
    return sorted(found, key=lambda walk: walk.lesson)
