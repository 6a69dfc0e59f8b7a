"""The content of the topics as data, and how it is found: by name, when it is asked for.

A topic is a package here.  Its modules named `*exercises*.py` list their exercises in `EXERCISES`;
any other module may define explorables.  Nothing is imported before somebody asks.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from types import ModuleType

from ..teach.exercise import Exercise
from ..teach.explorable import Explorable


@cache
def _module_names() -> tuple[str, ...]:
    """Every module of every topic; those that need torch (`*_torch`) come last."""
    topics = [t.name for t in pkgutil.iter_modules(__path__, f"{__name__}.") if t.ispkg]
    return tuple(sorted((m for t in topics for m in _inside(t)), key=lambda m: "torch" in m))


def _inside(topic: str) -> list[str]:
    folder = [f"{part}/{topic.rsplit('.', 1)[-1]}" for part in __path__]
    return [m.name for m in pkgutil.iter_modules(folder, f"{topic}.")]


def _is_exercises(module: str) -> bool:
    return "exercises" in module.rsplit(".", 1)[-1]


def _exercises() -> Iterator[Exercise]:
    for name in filter(_is_exercises, _module_names()):
        yield from importlib.import_module(name).EXERCISES


def all_exercises(topic: str | None = None) -> tuple[Exercise, ...]:
    """Every exercise of the course, or of one topic such as `backpropagation`."""
    wanted = [m for m in _module_names() if _is_exercises(m) and topic in (None, m.split(".")[-2])]
    return tuple(e for m in wanted for e in importlib.import_module(m).EXERCISES)


@cache
def find_exercise(name: str) -> Exercise:
    """The exercise with this id, or the one whose answer has this name; `KeyError` suggests others."""
    for found in _exercises():
        if name == found.id:
            return found
    for found in _exercises():
        if name == found.name:
            return found
    raise KeyError(_unknown("exercise", name, [e.id for e in _exercises()]))


def _explorables(modules: tuple[str, ...]) -> Iterator[Explorable]:
    for name in modules:
        yield from _of_module(importlib.import_module(name))


def _of_module(module: ModuleType) -> Iterator[Explorable]:
    for value in vars(module).values():
        if isinstance(value, Explorable):
            yield value


def all_explorables() -> tuple[Explorable, ...]:
    """Every explorable of the course, each once."""
    modules = tuple(m for m in _module_names() if not _is_exercises(m))
    return tuple({e.id: e for e in _explorables(modules)}.values())


@cache
def find_explorable(id: str) -> Explorable:
    """The explorable with this id; a module named like it is looked at first."""
    words = set(id.replace("-", "_").split("_"))

    def unlike(module: str) -> int:
        return -len(words & set(module.rsplit(".", 1)[-1].split("_")))

    modules = sorted((m for m in _module_names() if not _is_exercises(m)), key=unlike)
    for found in _explorables(tuple(modules)):
        if found.id == id:
            return found
    raise KeyError(_unknown("explorable", id, [e.id for e in all_explorables()]))


def _unknown(what: str, name: str, there: list[str]) -> str:
    near = get_close_matches(name, there, n=3, cutoff=0.4) or sorted(there)
    return f"There is no {what} {name!r}. Did you mean {' or '.join(map(repr, near))}?"
