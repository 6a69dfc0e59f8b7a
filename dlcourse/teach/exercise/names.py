"""Names by learner: the local names of a reference vary, so that no two learners see one text.

Only a name that means nothing outside its lines is changed: no argument, no returned part, nothing
that the statement, a hint, a message or the explanation speaks of.  The lines mean the same, so
every test of the exercise holds for them.
"""

import ast
import builtins
import io
import random
import re
import tokenize
from collections.abc import Iterator

from .form import Exercise

_OTHERS = {
    "b": ("batch", "block"),
    "c": ("coefficient", "constant"),
    "centred": ("shifted", "around_mean"),
    "count": ("seen", "number"),
    "counts": ("numbers", "tallies"),
    "d": ("difference", "gap"),
    "delta": ("change", "difference"),
    "denominator": ("below", "divisor"),
    "down": ("below", "lower"),
    "e": ("powers", "exps"),
    "end": ("stop", "last"),
    "error": ("gap", "miss"),
    "exps": ("powers", "e"),
    "factor": ("scale", "ratio"),
    "flat": ("rows", "unrolled"),
    "found": ("result", "got"),
    "grads": ("slopes", "gradients"),
    "h": ("hidden", "state"),
    "hidden": ("inner", "middle"),
    "history": ("losses", "trace"),
    "index": ("place", "position"),
    "inner": ("product", "middle"),
    "k": ("bound", "limit"),
    "kept": ("chosen", "left"),
    "loss": ("cost", "value"),
    "losses": ("costs", "history"),
    "made": ("result", "built"),
    "mask": ("keep", "gate"),
    "mean": ("average", "centre"),
    "means": ("averages", "centres"),
    "norm": ("length", "size"),
    "out": ("result", "output"),
    "p": ("prob", "probs"),
    "padded": ("framed", "extended"),
    "parts": ("pieces", "shares"),
    "patch": ("window", "piece"),
    "patches": ("windows", "pieces"),
    "probs": ("p", "shares"),
    "progress": ("share", "done"),
    "rest": ("others", "remaining"),
    "result": ("out", "answer"),
    "right": ("hits", "correct"),
    "row": ("line", "entry"),
    "rows": ("lines", "entries"),
    "s": ("scores", "points"),
    "scale": ("factor", "ratio"),
    "scores": ("points", "s"),
    "shifted": ("lowered", "centred"),
    "size": ("length", "extent"),
    "std": ("spread", "deviation"),
    "step": ("move", "stride"),
    "steps": ("moves", "strides"),
    "total": ("summed", "running"),
    "up": ("above", "upper"),
    "var": ("variance", "spread"),
    "velocity": ("speed", "memory"),
    "weights": ("shares", "factors"),
    "z": ("score", "sums"),
}


def names(exercise: Exercise, text: str, seed: int) -> dict[str, str]:
    """The name of this learner for each local name of the reference's `text` that may change."""
    rng = random.Random(f"{exercise.id} names {seed}")
    taken = _all_names(text) | _spoken_of(exercise) | set(dir(builtins))
    taken |= {name for w in exercise.wrongs for name in _all_names(w.decoy or "")}
    chosen: dict[str, str] = {}
    for old in sorted(_locals(text) - _spoken_of(exercise)):
        free = [new for new in _OTHERS.get(old, ()) if new not in taken]
        new = rng.choice([old, *free])
        if new != old:
            chosen[old] = new
            taken.add(new)
    return chosen


def rename(text: str, chosen: dict[str, str]) -> str:
    """`text`, a program or a line of one, with these names changed and all else as it was."""
    if not chosen:
        return text
    lines = text.split("\n")
    for row, column, old in reversed(list(_places(text, chosen))):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + chosen[old] + line[column + len(old) :]
    return "\n".join(lines)


def _places(text: str, chosen: dict[str, str]) -> Iterator[tuple[int, int, str]]:
    """Where the names stand as variables: no attribute, no name of an argument in a call."""
    depth, before = 0, ""
    tokens = list(_tokens(text))
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        depth += (token.string in "([{") - (token.string in ")]}") if token.string else 0
        keyword = depth > 0 and after is not None and after.string == "="
        if token.type == tokenize.NAME and before != "." and not keyword and token.string in chosen:
            yield *token.start, token.string
        before = token.string


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, IndentationError):
        return  # one line of a program, such as a decoy, ends before its block


def _all_names(text: str) -> set[str]:
    return {token.string for token in _tokens(text) if token.type == tokenize.NAME}


def _locals(text: str) -> set[str]:
    """Names that are given a value in a function, and are no argument, global or builtin."""
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    given = {n.arg for n in nodes if isinstance(n, ast.arg | ast.keyword) and n.arg}
    outer = {name for n in nodes if isinstance(n, ast.Global | ast.Nonlocal) for name in n.names}
    shared = {n.id for top in tree.body for n in _class_level(top)}
    return stored - given - outer - shared


def _class_level(top: ast.stmt) -> Iterator[ast.Name]:
    """The names that a class body itself gives values to: they are its attributes."""
    for statement in top.body if isinstance(top, ast.ClassDef) else ():
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            yield from (n for n in ast.walk(statement) if isinstance(n, ast.Name))


def _spoken_of(exercise: Exercise) -> set[str]:
    """Every word in code or formulas of the texts that a learner reads."""
    e = exercise
    texts = [
        e.asks,
        e.why,
        *e.hints,
        *(w.says for w in e.wrongs),
        *(w.hint or "" for w in e.wrongs),
    ]
    texts += [held.says for held in e.properties]
    spans = re.findall(r"```.*?```|`[^`]*`|\$[^$]*\$", "\n".join(texts), flags=re.DOTALL)
    words = {word for span in spans for word in re.findall(r"[A-Za-z_]\w*", span)}
    doc = re.findall(r"[A-Za-z_]\w*", e.reference.__doc__ or "")
    return words | set(doc) | set(e.returns) | set(e.parameters)
