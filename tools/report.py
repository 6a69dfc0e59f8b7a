"""Report code lines and function lengths per room: python -m tools.report

A code line is one that holds code: blank lines, comments and docstrings do not count.
"""

import ast
import io
import statistics
import tokenize
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_NOT_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENCODING, tokenize.ENDMARKER,
}  # fmt: skip
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Room:
    """Files, code lines, and the code lines of each function (its `def` included)."""

    files: int = 0
    lines: int = 0
    functions: list[int] = field(default_factory=list)

    def quantile(self, q: float) -> int:
        """The length that a share `q` of the functions does not exceed."""
        lengths = sorted(self.functions)
        return lengths[min(len(lengths) - 1, int(q * len(lengths)))] if lengths else 0

    @property
    def median(self) -> float:
        return statistics.median(self.functions) if self.functions else 0


def code_lines(source: str) -> set[int]:
    """The numbers of the lines that hold code."""
    held: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NOT_CODE:
            held |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            held -= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return held


def measure(source: str) -> tuple[int, list[int]]:
    """Code lines, and those of each function, methods and inner functions too."""
    held = code_lines(source)
    spans = [
        range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, _FUNCTIONS)
    ]
    return len(held), [len(held.intersection(span)) for span in spans]


def rooms() -> dict[str, Room]:
    """Every room's figures, in the order of the floors; the engine's parts after its sum."""
    found: dict[str, Room] = defaultdict(Room)
    for folder in ("dlcourse", "tests", "benchmarks", "tools"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            lines, functions = measure(path.read_text(encoding="utf-8"))
            for name in names_of(parts):
                room = found[name]
                room.files, room.lines = room.files + 1, room.lines + lines
                room.functions += functions
    return dict(sorted(found.items(), key=lambda item: (ORDER.get(item[0], 99), item[0])))


def names_of(parts: tuple[str, ...]) -> list[str]:
    """The rooms that a file is counted in: parts ("dlcourse", "scratch", "nn", "init.py")."""
    if parts[0] != "dlcourse" or len(parts) == 2:
        return [parts[0]]
    if parts[1] != ENGINE:
        return ["/".join(parts[:2])]
    return ["/".join(parts[:2]), f"  {ENGINE}/{parts[2] if len(parts) > 3 else '*.py'}"]


ENGINE = "scratch"
ORDER = {
    f"dlcourse/{name}": place
    for place, name in enumerate(["scratch", "models", "data", "teach", "topics", "show"])
} | {f"  {ENGINE}/{part}": 0.5 for part in ("*.py", "nn", "ops", "optim", "utils")}


def main() -> None:
    """Print one line per room."""
    print(f"{'room':<20} {'files':>5} {'lines':>7} {'functions':>9} {'median':>7} {'p90':>4}")
    for name, room in rooms().items():
        print(
            f"{name:<20} {room.files:>5} {room.lines:>7,} {len(room.functions):>9,} "
            f"{room.median:>7g} {room.quantile(0.9):>4}"
        )


if __name__ == "__main__":
    main()
