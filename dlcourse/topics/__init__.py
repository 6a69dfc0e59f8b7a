"""The content of the topics as data, and how it is found: by name, when it is asked for.

A topic is a package here.  Its modules named `*exercises*.py` list their exercises in `EXERCISES`;
a module with an ES module of the same name beside it holds one `EXPLORABLE`.  Nothing is imported
before somebody asks; what needs torch (`*_torch.py`) is imported last.
"""

import importlib
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from ..teach.exercise import Exercise
from ..teach.explorable import Explorable


def _modules(pattern: str) -> list[str]:
    """The modules beside the files `pattern` of every topic, those that need torch last."""
    files = [f for folder in __path__ for f in Path(folder).glob(f"*/{pattern}")]
    names = {f"{__name__}.{f.parent.name}.{f.stem}" for f in files}
    return sorted(names, key=lambda name: ("torch" in name, name))


def _load(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def exercises_of(topic: str) -> tuple[Exercise, ...]:
    """The exercises of one topic, such as `backpropagation`."""
    modules = [m for m in _modules("*exercises*.py") if m.split(".")[-2] == topic]
    return tuple(e for m in modules for e in _load(m, "EXERCISES"))


@cache
def all_exercises() -> tuple[Exercise, ...]:
    """Every exercise of the course."""
    return tuple(e for m in _modules("*exercises*.py") for e in _load(m, "EXERCISES"))


@cache
def find_exercise(name: str) -> Exercise:
    """The exercise with this id, or whose answer has this name; `KeyError` suggests others."""
    for module in _modules("*exercises*.py"):
        for found in _load(module, "EXERCISES"):
            if name in (found.id, found.name):
                return found
    raise KeyError(_unknown("exercise", name, [e.id for e in all_exercises()]))


@cache
def all_explorables() -> tuple[Explorable, ...]:
    """Every explorable of the course."""
    return tuple(_load(module, "EXPLORABLE") for module in _modules("*.js"))


@cache
def find_explorable(id: str) -> Explorable:
    """The explorable with this id; `KeyError` suggests others."""
    for found in all_explorables():
        if found.id == id:
            return found
    raise KeyError(_unknown("explorable", id, [e.id for e in all_explorables()]))


def _unknown(what: str, name: str, there: list[str]) -> str:
    near = get_close_matches(name, there, n=3, cutoff=0.4) or sorted(there)
    return f"There is no {what} {name!r}. Did you mean {' or '.join(map(repr, near))}?"
