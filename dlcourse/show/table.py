"""A small table that reads well in a notebook, on a code host and as plain text."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..teach.text import escape


class Link(NamedTuple):
    """A cell that leads somewhere."""

    text: str
    href: str

    def __format__(self, spec: str) -> str:
        return format(self.text, spec)


class Table:
    """Rows of named cells; numbers are right-aligned and printed as given by `formats`."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], formats: Mapping[str, str]):
        self._rows, self._formats = rows, formats
        self._names = list(rows[0]) if rows else []
        self._sides = {n: "right" if self._numeric(n) else "left" for n in self._names}

    def _numeric(self, name: str) -> bool:
        return all(_is_number(row[name]) for row in self._rows)

    def _text(self, row: Mapping[str, Any], name: str) -> str:
        return format(row[name], self._formats.get(name, ""))

    def _repr_html_(self) -> str:
        head = "".join(self._cell("th", n, escape(n)) for n in self._names)
        body = "".join(f"<tr>{self._line(row)}</tr>" for row in self._rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _line(self, row: Mapping[str, Any]) -> str:
        return "".join(self._cell("td", n, self._html(row, n)) for n in self._names)

    def _html(self, row: Mapping[str, Any], name: str) -> str:
        text = escape(self._text(row, name))
        link = row[name]
        return f'<a href="{escape(link.href)}">{text}</a>' if isinstance(link, Link) else text

    def _cell(self, tag: str, name: str, content: str) -> str:
        return f'<{tag} style="text-align:{self._sides[name]}">{content}</{tag}>'

    def __repr__(self) -> str:
        lines = [self._names, *([self._text(row, n) for n in self._names] for row in self._rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(self._padded(line, widths) for line in lines)

    def _padded(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        right = [self._sides[n] == "right" for n in self._names]
        parts = zip(cells, widths, right, strict=True)
        return "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in parts).rstrip()


def table(rows: Sequence[Mapping[str, Any]], **formats: str) -> Table:
    """A table of dicts with the same keys; `formats` gives a column's format, as `x=".3f"`."""
    return Table(rows, formats)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
