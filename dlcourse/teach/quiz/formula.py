"""Arithmetic that banks and learners may write, evaluated by walking a whitelisted syntax tree.

Nothing here reaches Python's `eval`: no attributes, no imports, no loops, and no number that grows
without bound.  A formula that is refused says what to write instead.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Value = Any  # a float, int, bool, str, or a tuple of them

LONGEST = 400
_MOST_NODES = 200
_LARGEST_POWER = 256
_MOST_BITS = 4096


class FormulaError(ValueError):
    """A formula that cannot be read or has no value; the message says what to change."""


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _softmax(xs: tuple[float, ...]) -> tuple[float, ...]:
    top = max(xs)
    powers = [math.exp(x - top) for x in xs]
    return tuple(p / sum(powers) for p in powers)


def _dot(xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    if len(xs) != len(ys):
        raise FormulaError(f"dot needs two lists of one length, not {len(xs)} and {len(ys)}.")
    return sum(x * y for x, y in zip(xs, ys, strict=True))


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "dot": _dot,
    "exp": math.exp,
    "floor": math.floor,
    "len": len,
    "ln": math.log,
    "log": math.log,
    "log2": math.log2,
    "max": max,
    "min": min,
    "relu": lambda x: max(x, 0),
    "round": round,
    "sigmoid": _sigmoid,
    "sign": lambda x: (x > 0) - (x < 0),
    "sin": math.sin,
    "softmax": _softmax,
    "sqrt": math.sqrt,
    "step": lambda x: int(x > 0),
    "sum": sum,
    "tanh": math.tanh,
}
_CONSTANTS = {"pi": math.pi, "e": math.e}


def _power(base: float, exponent: float) -> float:
    too_big = abs(exponent) > _LARGEST_POWER
    if too_big or (isinstance(base, int) and base.bit_length() * abs(exponent) > _MOST_BITS):
        raise FormulaError("That power is too large; use exp or smaller numbers.")
    result = base**exponent
    if isinstance(result, complex):
        raise FormulaError("A negative number has no real power of that kind.")
    return result


_BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_UNARY = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_}
_COMPARE = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda x, xs: x in xs,
    ast.NotIn: lambda x, xs: x not in xs,
}


@lru_cache(maxsize=4096)
def parse(source: str) -> ast.expr:
    """The syntax tree of `source`; raises `FormulaError` if it is not plain arithmetic."""
    if len(source) > LONGEST:
        raise FormulaError(f"The formula is longer than {LONGEST} characters; write a shorter one.")
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(
            f"`{_short(source)}` cannot be read as a formula; write it like 2*(x + 1)/3."
        ) from None
    nodes = list(ast.walk(tree))
    if len(nodes) > _MOST_NODES:
        raise FormulaError("The formula has too many parts; write a shorter one.")
    for node in nodes:
        _permit(node)
    return tree


_PERMITTED = (
    ast.Constant,
    ast.Name,
    ast.Load,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.Compare,
    ast.IfExp,
    ast.Call,
    ast.Tuple,
    ast.List,
    ast.Subscript,
    *_BINARY,
    *_UNARY,
    *_COMPARE,
)


def _permit(node: ast.AST) -> None:
    if not isinstance(node, _PERMITTED):
        raise FormulaError(f"A formula cannot hold a {type(node).__name__}; use plain arithmetic.")
    if isinstance(node, ast.Call) and (node.keywords or not isinstance(node.func, ast.Name)):
        raise FormulaError("Call functions by name with plain arguments, such as exp(x).")


def names_in(source: str) -> set[str]:
    """The names `source` needs from outside: neither functions nor constants."""
    tree = parse(source)
    called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call)}  # type: ignore[attr-defined]
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return used - called - set(_CONSTANTS)


def evaluate(source: str, names: Mapping[str, Value] | None = None) -> Value:
    """The value of `source` where `names` are known; raises `FormulaError` with the cure."""
    try:
        value = _value(parse(source), names or {})
    except FormulaError:
        raise
    except ZeroDivisionError:
        raise FormulaError(f"`{_short(source)}` divides by zero.") from None
    except (ArithmeticError, ValueError, TypeError, IndexError) as error:
        raise FormulaError(f"`{_short(source)}` has no value: {error}.") from None
    return value


def number(source: str, names: Mapping[str, Value] | None = None) -> float:
    """The finite number that `source` stands for."""
    value = evaluate(source, names)
    if isinstance(value, tuple | str) or not math.isfinite(value):
        raise FormulaError(f"`{_short(source)}` is not a finite number.")
    return value


def _value(node: ast.expr, names: Mapping[str, Value]) -> Value:
    return _EVALUATORS[type(node)](node, names)


def _constant(node: ast.Constant, names: Mapping[str, Value]) -> Value:
    if not isinstance(node.value, int | float | str):
        raise FormulaError(f"{node.value!r} is not a number.")
    return node.value


def _name(node: ast.Name, names: Mapping[str, Value]) -> Value:
    if node.id in names:
        return names[node.id]
    if node.id in _CONSTANTS:
        return _CONSTANTS[node.id]
    known = ", ".join(sorted(names)) or "only numbers"
    raise FormulaError(f"The name `{node.id}` is not known here; known: {known}.")


def _binary(node: ast.BinOp, names: Mapping[str, Value]) -> Value:
    left, right = _value(node.left, names), _value(node.right, names)
    if not (isinstance(left, int | float) and isinstance(right, int | float)):
        raise FormulaError("Arithmetic works on numbers only.")
    return _BINARY[type(node.op)](left, right)


def _unary(node: ast.UnaryOp, names: Mapping[str, Value]) -> Value:
    return _UNARY[type(node.op)](_value(node.operand, names))


def _bool(node: ast.BoolOp, names: Mapping[str, Value]) -> bool:
    test = all if isinstance(node.op, ast.And) else any
    return test(_value(v, names) for v in node.values)


def _compare(node: ast.Compare, names: Mapping[str, Value]) -> bool:
    values = [_value(v, names) for v in (node.left, *node.comparators)]
    links = zip(node.ops, values, values[1:], strict=False)
    return all(_COMPARE[type(op)](a, b) for op, a, b in links)


def _either(node: ast.IfExp, names: Mapping[str, Value]) -> Value:
    return _value(node.body if _value(node.test, names) else node.orelse, names)


def _call(node: ast.Call, names: Mapping[str, Value]) -> Value:
    name = node.func.id  # type: ignore[attr-defined] -- `_permit` lets nothing else through
    if name not in FUNCTIONS:
        raise FormulaError(
            f"There is no function `{name}` here; there are {', '.join(sorted(FUNCTIONS))}."
        )
    return FUNCTIONS[name](*(_value(a, names) for a in node.args))


def _items(node: ast.Tuple | ast.List, names: Mapping[str, Value]) -> tuple[Value, ...]:
    return tuple(_value(v, names) for v in node.elts)


def _item(node: ast.Subscript, names: Mapping[str, Value]) -> Value:
    return _value(node.value, names)[_value(node.slice, names)]


_EVALUATORS: dict[type, Callable[..., Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool,
    ast.Compare: _compare,
    ast.IfExp: _either,
    ast.Call: _call,
    ast.Tuple: _items,
    ast.List: _items,
    ast.Subscript: _item,
}

_TYPED = str.maketrans(
    {"−": "-", "–": "-", "·": "*", "×": "*", "^": "**", "²": "**2", "³": "**3", "÷": "/"}
)


def as_typed(text: str) -> str:
    """What a person typed, in a formula's signs: `x²·3` is `x**2*3`, `0,5` is `0.5`."""
    plain = text.strip().translate(_TYPED)
    head, comma, tail = plain.partition(",")
    whole = head.lstrip("+-")
    return f"{head}.{tail}" if comma and whole.isdigit() and tail.isdigit() else plain


def written(value: Value) -> str:
    """`value` as a reader expects it: whole numbers whole, others to four digits."""
    if isinstance(value, tuple):
        inner = ", ".join(written(v) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, bool | str):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.4g}"


def _short(source: str) -> str:
    return source if len(source) <= 60 else source[:57] + "..."
