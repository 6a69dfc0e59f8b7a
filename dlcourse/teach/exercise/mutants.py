"""Small mistakes made by machine: a mutant of a reference that a check lets pass is a hole in it.

Generated mutants stand for the faults of real students' code, and a suite's share of killed mutants
goes with its power to find them (Clegg, McMinn and Fraser, SIGCSE 2021; Perretta, DeOrio,
Guha and Bell, ISSTA 2022).
"""

import ast
import copy
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .form import Exercise


@dataclass(frozen=True)
class Mutant:
    """One changed line of a reference: `was -> now`, and the program with that change."""

    was: str
    now: str
    text: str

    @property
    def name(self) -> str:
        """How the mutant is called in a list of equivalent ones."""
        return f"{self.was} -> {self.now}"


def mutants(exercise: Exercise) -> list[Mutant]:
    """Every mutant of the exercise's reference, each once."""
    text = textwrap.dedent(inspect.getsource(exercise.reference))
    tree = ast.parse(text)
    found = {m.name: m for m in _mutants(tree)}
    return list(found.values())


def build(exercise: Exercise, mutant: Mutant) -> Any:
    """The function or class that a mutant defines, in the scope of its reference."""
    scope = dict(vars(sys.modules[exercise.reference.__module__]))
    exec(compile(mutant.text, f"<mutant {mutant.name}>", "exec"), scope)
    return scope[exercise.name]


def _mutants(tree: ast.Module) -> Iterator[Mutant]:
    places = [(node, i) for i, node in enumerate(ast.walk(tree))]
    statements = _statements(tree)
    for node, i in places:
        for k in range(len(_changes(node))):
            changed = copy.deepcopy(tree)
            twin = list(ast.walk(changed))[i]
            _changes(twin)[k]()
            yield _mutant(tree, changed, statements.get(i, i))


def _statements(tree: ast.Module) -> dict[int, int]:
    """For each node's number, the number of the innermost statement that holds it."""
    numbers = {id(node): i for i, node in enumerate(ast.walk(tree))}
    owner: dict[int, int] = {}

    def visit(node: ast.AST, statement: int) -> None:
        here = numbers[id(node)] if isinstance(node, ast.stmt) else statement
        owner[numbers[id(node)]] = here
        for child in ast.iter_child_nodes(node):
            visit(child, here)

    visit(tree, 0)
    return owner


def _mutant(tree: ast.Module, changed: ast.Module, statement: int) -> Mutant:
    ast.fix_missing_locations(changed)
    was, now = ast.unparse(tree).split("\n"), ast.unparse(changed).split("\n")
    first = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), 0)
    return Mutant(was[first].strip(), now[first].strip(), "\n".join(now))


_SWAPS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Gt: ast.Lt,
    ast.Lt: ast.Gt,
    ast.GtE: ast.Lt,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
_NAMES = {
    "max": "min",
    "min": "max",
    "sum": "mean",
    "mean": "sum",
    "exp": "sqrt",
    "log": "sqrt",
    "sqrt": "exp",
    "maximum": "minimum",
    "minimum": "maximum",
    "zeros_like": "ones_like",
    "zeros": "ones",
    "argmax": "argmin",
    "eye": "ones",
    "sin": "cos",
    "cos": "sin",
}

_COMMUTE = {"maximum", "minimum"}

Change = Callable[[], None]


def _changes(node: ast.AST) -> list[Change]:
    """The changes that can be made at `node`, in a fixed order."""
    match node:
        case ast.BinOp() | ast.AugAssign():
            swap = [_put(node, "op", _SWAPS[type(node.op)]())] if type(node.op) in _SWAPS else []
            return swap + _turned(node)
        case ast.BoolOp():
            return [_put(node, "op", _SWAPS[type(node.op)]())]
        case ast.Compare(ops=[op]) if type(op) in _SWAPS:
            return [_put(node, "ops", [_SWAPS[type(op)]()])]
        case ast.UnaryOp(op=ast.USub() | ast.Not()):
            return [_become(node, node.operand)]
        case ast.Constant(value=bool()):
            return [_put(node, "value", not node.value)]
        case ast.Constant(value=int() | float() as value):
            return [_put(node, "value", value + 1), _put(node, "value", value - 1)]
        case ast.Call(args=args, keywords=keywords):
            drop = [_drop(keywords, i) for i in range(len(keywords))]
            swap = len(args) == 2 and _name(node.func) not in _COMMUTE
            return drop + ([_reverse(args)] if swap else [])
        case ast.Attribute(attr="T"):
            return [_become(node, node.value)]
        case ast.Attribute(attr=attr) if attr in _NAMES:
            return [_put(node, "attr", _NAMES[attr])]
        case ast.Return(value=ast.Tuple(elts=elts)) if len(elts) > 1:
            return [_reverse(elts)]
        case ast.FunctionDef(body=body) | ast.For(body=body) | ast.If(body=body):
            return [_pass(body, i) for i, s in enumerate(body) if _counts(s)]
        case _:
            return []


def _counts(statement: ast.stmt) -> bool:
    """Whether leaving out the statement can change anything: not so for a docstring."""
    bare = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return not bare and not isinstance(statement, ast.Pass)


def _put(node: ast.AST, field: str, value: Any) -> Change:
    return lambda: setattr(node, field, value)


def _turned(node: ast.BinOp | ast.AugAssign) -> list[Change]:
    if isinstance(node, ast.AugAssign) or isinstance(node.op, ast.Add | ast.Mult):
        return []

    def change() -> None:
        node.left, node.right = node.right, node.left

    return [change]


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _become(node: ast.AST, other: ast.AST) -> Change:
    def change() -> None:
        node.__class__ = other.__class__
        node.__dict__ = dict(other.__dict__)

    return change


def _drop(items: list[Any], i: int) -> Change:
    return lambda: items.pop(i) and None


def _reverse(items: list[Any]) -> Change:
    return items.reverse


def _pass(body: list[ast.stmt], i: int) -> Change:
    def change() -> None:
        body[i] = ast.copy_location(ast.Pass(), body[i])

    return change
