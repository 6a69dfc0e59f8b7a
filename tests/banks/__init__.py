"""A bank for tests: one question of every type, and some types in their other form."""

from functools import cache
from pathlib import Path

from dlcourse.teach.quiz import Bank, read

FILE = Path(__file__).with_name("every-type.yaml")


@cache
def every_type() -> Bank:
    """The bank, read once."""
    return read(FILE.read_text(encoding="utf-8"), "every-type", str(FILE))
