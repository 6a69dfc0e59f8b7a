"""A small table that reads well in a notebook, on a code host and as plain text."""

import html
from collections.abc import Mapping, Sequence
from typing import Any


class Table:
    """Rows of named cells; numbers are right-aligned and printed as given by `formats`."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], formats: Mapping[str, str] | None = None):
        self._names = list(rows[0]) if rows else []
        formats = formats or {}
        self._numeric = {n: all(_is_number(r[n]) for r in rows) for n in self._names}
        self._cells = [[format(r[n], formats.get(n, "")) for n in self._names] for r in rows]

    def _repr_html_(self) -> str:
        head = "".join(self._cell("th", n, n) for n in self._names)
        body = "".join(
            "<tr>"
            + "".join(self._cell("td", n, c) for n, c in zip(self._names, row, strict=True))
            + "</tr>"
            for row in self._cells
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _cell(self, tag: str, name: str, content: str) -> str:
        side = "right" if self._numeric[name] else "left"
        return f'<{tag} style="text-align:{side}">{html.escape(content)}</{tag}>'

    def __repr__(self) -> str:
        lines = [self._names, *self._cells]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self._names))]
        return "\n".join(self._line(line, widths) for line in lines)

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        padded = (
            c.rjust(w) if self._numeric[n] else c.ljust(w)
            for n, c, w in zip(self._names, cells, widths, strict=True)
        )
        return "  ".join(padded).rstrip()


def table(rows: Sequence[Mapping[str, Any]], **formats: str) -> Table:
    """A table of dicts with the same keys; `formats` gives a column's format, as `x=".3f"`."""
    return Table(rows, formats)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
