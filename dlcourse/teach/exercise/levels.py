"""The three levels of an exercise, cut from the source of its reference: no second copy to keep.

A line that ends in `#: a question` is a blank of the faded level: what stands right of its `=` or
`return` is taken out, and the question is what the learner sees instead.  The Parsons level takes
the lines of the body apart and mixes in the `decoy` of each known-wrong variant.
"""

import ast
import inspect
import random
import re
import sys
import textwrap
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from types import ModuleType

from .form import Exercise
from .names import names, rename

_MARK = re.compile(r"\s*#: ?(?P<ask>.*)$")
_RIGHT_SIDE = re.compile(r"^(?P<left>\s*(?:return |yield |[^=#]*?[^=!<>]=(?!=) ?))(?P<right>.+)$")


@dataclass(frozen=True)
class Line:
    """One line of the faded level: `left`, then a blank if `ask` is set, else nothing more."""

    left: str
    ask: str | None = None
    answer: str = ""


class Levels:
    """The levels of one exercise; with a `seed`, in the names of that learner."""

    def __init__(self, exercise: Exercise, seed: int | None = None):
        self.exercise = exercise
        text = textwrap.dedent(inspect.getsource(exercise.reference)).rstrip()
        self.names = {} if seed is None else names(exercise, text, seed)
        self.text = rename(text, self.names)
        self.lines = self.text.split("\n")

    @cached_property
    def solution(self) -> str:
        """The reference as a learner reads it, with the imports that it needs beside `np`.

        Its questions have become comments.
        """
        lines = [_MARK.sub(lambda m: f"  # {m['ask']}", line) for line in self.lines]
        return "\n".join([*self._imports, *lines])

    @property
    def _imports(self) -> list[str]:
        there = vars(sys.modules[self.exercise.reference.__module__])
        used = [
            (name, module.__name__)
            for name, module in there.items()
            if isinstance(module, ModuleType) and re.search(rf"\b{name}\.", self.text)
        ]
        found = sorted(_import_of(name, module) for name, module in used if name != "np")
        return [*found, "", ""] if found else []

    @cached_property
    def _definition(self) -> ast.FunctionDef | ast.ClassDef:
        (found,) = ast.parse(self.text).body
        assert isinstance(found, ast.FunctionDef | ast.ClassDef)
        return found

    @cached_property
    def _start(self) -> int:
        """The number of the first line after the head and the docstring."""
        body = self._definition.body
        documented = ast.get_docstring(self._definition) is not None
        return (body[1] if documented else body[0]).lineno - 1

    @property
    def head(self) -> str:
        """The lines up to the body: name, arguments, docstring."""
        return "\n".join(self.lines[: self._start])

    @cached_property
    def blank(self) -> str:
        """The stub: every function keeps its head and docstring, and raises NotImplementedError."""
        kept = list(self.lines)
        for function in reversed(_functions(self._definition)):
            first, last = _body(function)
            indent = " " * (function.col_offset + 4)
            kept[first:last] = [f"{indent}raise NotImplementedError"]
        return "\n".join(_MARK.sub("", line) for line in kept)

    @cached_property
    def faded(self) -> list[Line]:
        """The reference with its marked right-hand sides taken out."""
        return [_faded(line) for line in self.lines]

    def filled(self, texts: list[str]) -> str:
        """The program that the faded level makes with these texts in its blanks.

        Raises `ValueError` if their number is not that of the blanks.
        """
        blanks = [line for line in self.faded if line.ask is not None]
        if len(texts) != len(blanks):
            raise ValueError(f"there are {len(blanks)} blanks, not {len(texts)}")
        rest = iter(texts)
        made = [
            line.left + (_one_line(next(rest)) if line.ask is not None else "")
            for line in self.faded
        ]
        return "\n".join(made)

    @property
    def body(self) -> list[str]:
        """The lines after the head, in the right order."""
        return [_MARK.sub("", line) for line in self.lines[self._start :] if line.strip()]

    def pieces(self, seed: int = 0) -> list[str]:
        """The lines of the Parsons level, decoys among them, in an order drawn from `seed`."""
        own = self.body
        known = {line.strip() for line in own}
        told = [rename(w.decoy, self.names) for w in self.exercise.wrongs if w.decoy]
        decoys = [_like(decoy, own) for decoy in told]
        pool = own + [d for d in dict.fromkeys(decoys) if d.strip() not in known]
        rng = random.Random(f"{self.exercise.id} {seed}")
        rng.shuffle(pool)
        return pool

    def ordered(self, lines: list[str]) -> str:
        """The program that the Parsons level makes of these lines."""
        return "\n".join([self.head, *(lines or ["    pass"])])


def _import_of(name: str, module: str) -> str:
    """The line that makes `module` known as `name`."""
    package, _, last = module.rpartition(".")
    if name == last:
        return f"from {package} import {name}" if package else f"import {name}"
    return f"import {module} as {name}"


def _functions(node: ast.FunctionDef | ast.ClassDef) -> list[ast.FunctionDef]:
    if isinstance(node, ast.FunctionDef):
        return [node]
    return [n for n in node.body if isinstance(n, ast.FunctionDef)]


def _body(function: ast.FunctionDef) -> tuple[int, int]:
    """The lines of a function's body, its docstring excluded, as a slice."""
    skip = 1 if ast.get_docstring(function) is not None else 0
    end = function.end_lineno
    assert end is not None
    if len(function.body) == skip:
        return end, end
    return function.body[skip].lineno - 1, end


def _faded(line: str) -> Line:
    mark = _MARK.search(line)
    if mark is None:
        return Line(line)
    code = line[: mark.start()]
    match = _RIGHT_SIDE.match(code)
    if match is None:
        indent = len(code) - len(code.lstrip())
        return Line(code[:indent], mark["ask"], code[indent:])
    return Line(match["left"], mark["ask"], match["right"])


def _one_line(text: str) -> str:
    return " ".join(text.split()) or "..."


def _like(decoy: str, lines: list[str]) -> str:
    """The decoy at the depth of the line that it is most like."""
    twin = max(lines, key=lambda line: SequenceMatcher(None, line.strip(), decoy).ratio())
    return " " * (len(twin) - len(twin.lstrip())) + decoy
