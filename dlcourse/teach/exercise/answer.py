"""An answer: a function, a class, or the text of one; and how it travels to another process."""

import ast
import contextlib
import importlib
import inspect
import linecache
import pickle
import sys
import sysconfig
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import numpy as np

from . import words

FILE = "<your answer>"


class CannotTravel(ValueError):
    """The answer uses something that cannot be copied into the checking process."""


@dataclass(frozen=True)
class Source:
    """An answer as text, as the Parsons and faded levels make one; `name` is what it defines.

    It may use the modules that `module`, where the exercise stands, has imported: `np`, `torch`...
    """

    text: str
    name: str
    module: str = __name__

    def build(self) -> Any:
        """The function or class that the text defines; its errors are the learner's."""
        there = vars(importlib.import_module(self.module)).items()
        scope: dict[str, Any] = {k: v for k, v in there if isinstance(v, ModuleType)}
        scope |= {"__name__": "answer", "np": np}
        try:
            exec(compile(self.text, FILE, "exec"), scope)
            return scope[self.name]
        except Exception as error:  # noqa: BLE001 -- told when the answer is put to use
            return _Broken(error)


class _Broken:
    """Stands for an answer whose text does not even define it: calling it says why."""

    def __init__(self, error: Exception):
        self.error = error

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise self.error


def pack(attempt: Any) -> bytes:
    """`attempt` as bytes that `unpack` reads in another process.

    Raises `CannotTravel`, naming the global or captured variable that is in the way.
    """
    try:
        with _by_value(sys.modules.get(getattr(attempt, "__module__", None) or "")):
            return cloudpickle.dumps(attempt)
    except Exception as error:
        raise CannotTravel(_culprit(attempt) or f"{type(error).__name__}: {error}") from error


@contextlib.contextmanager
def _by_value(module: ModuleType | None) -> Iterator[None]:
    """Let functions of a learner's own module travel like those of a cell, with what they use.

    Otherwise the other process would import that file, and all that it imports, in every run.
    """
    file = getattr(module, "__file__", None) or ""
    own = module is not None and file and not any(file.startswith(p) for p in _INSTALLED)
    if module is None or not own or module.__name__ in cloudpickle.list_registry_pickle_by_value():
        yield
        return
    cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(module)


_INSTALLED = (
    *(path for name, path in sysconfig.get_paths().items() if name != "data"),
    str(Path(__file__).resolve().parents[2]),
)


def unpack(data: bytes) -> Any:
    """The inverse of `pack`."""
    attempt = pickle.loads(data)
    return attempt.build() if isinstance(attempt, Source) else attempt


def _culprit(attempt: Any) -> str | None:
    for function in _functions(attempt):
        for name, value in _uses(function).items():
            try:
                cloudpickle.dumps(value)
            except Exception:  # noqa: BLE001
                return f"`{name}`, {words.a(type(value).__name__)}"
    return None


def _functions(attempt: Any) -> list[Any]:
    if inspect.isclass(attempt):
        return [f for f in vars(attempt).values() if inspect.isfunction(f)]
    return [attempt] if inspect.isfunction(attempt) else []


def _uses(function: Any) -> dict[str, Any]:
    found = inspect.getclosurevars(function)
    return {**found.globals, **found.nonlocals}


def source_of(attempt: Any) -> str | None:
    """The text of the answer, if there is one to read."""
    if isinstance(attempt, Source):
        return attempt.text
    lines, _ = _lines(attempt)
    return textwrap.dedent("".join(lines)) if lines else None


def _class_lines(cls: type) -> tuple[list[str], int]:
    """The lines of a class that a cell defines: Python looks for its file, and finds none."""
    for method in _functions(cls):
        lines, at = linecache.getlines(method.__code__.co_filename), method.__code__.co_firstlineno
        try:
            tree = ast.parse("".join(lines))
        except (SyntaxError, ValueError):
            continue
        classes = (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef))
        for node in classes:
            if node.name == cls.__name__ and node.lineno <= at <= (node.end_lineno or 0):
                return lines[node.lineno - 1 : node.end_lineno], node.lineno
    return [], 1


def is_stub(attempt: Any, methods: tuple[str, ...] = ()) -> bool:
    """Whether nothing was written yet: only a docstring, `pass`, `...` or NotImplementedError.

    A class is a stub if all these `methods` are still empty in it.
    """
    text = source_of(attempt)
    if text is None:
        return _is_stub_code(attempt)
    try:
        (definition,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return False
    if isinstance(definition, ast.ClassDef):
        own = {n.name: n for n in definition.body if isinstance(n, ast.FunctionDef)}
        return all(name in own and _is_empty(own[name]) for name in methods)
    return isinstance(definition, ast.FunctionDef) and _is_empty(definition)


def _is_stub_code(attempt: Any) -> bool:
    """The same for a function without source: it only ever raises NotImplementedError."""
    code = getattr(attempt, "__code__", None)
    return code is not None and code.co_names == ("NotImplementedError",)


def _is_empty(function: ast.FunctionDef) -> bool:
    return all(_says_nothing(statement) for statement in function.body)


def _says_nothing(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Return(value=None | ast.Constant()):
            return True
        case ast.Raise(
            exc=ast.Name("NotImplementedError") | ast.Call(ast.Name("NotImplementedError"))
        ):
            return True
        case _:
            return False


def line_of(attempt: Any, number: int | None) -> str | None:
    """The text of line `number` of the file or cell, if it belongs to the answer."""
    lines, first = _lines(attempt)
    at = (number or 0) - first
    return lines[at].strip() if number and 0 <= at < len(lines) else None


def _lines(attempt: Any) -> tuple[list[str], int]:
    if isinstance(attempt, Source):
        return attempt.text.splitlines(), 1
    try:
        return inspect.getsourcelines(attempt)
    except (OSError, TypeError, IndentationError):
        return _class_lines(attempt) if inspect.isclass(attempt) else ([], 1)


def blank_in(attempt: Any) -> bool:
    """Whether a `...` of the faded level is still there as a value."""
    text = source_of(attempt)
    try:
        tree = ast.parse(text or "")
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(n, ast.Constant) and n.value is ... for n in _values(tree))


def _values(tree: ast.AST) -> list[ast.expr]:
    bare = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    indices = {id(n.slice) for n in ast.walk(tree) if isinstance(n, ast.Subscript)}
    indices |= {id(e) for n in ast.walk(tree) if isinstance(n, ast.Tuple) for e in n.elts}
    return [n for n in ast.walk(tree) if isinstance(n, ast.expr) and id(n) not in bare | indices]
