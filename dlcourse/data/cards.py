"""The card of a data set: what it is, where it comes from, what is wrong with it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("cards.yaml")
_ROWS = ("what", "size", "source", "licence", "made", "split", "flaws")


@dataclass(frozen=True)
class Card:
    """One data set in plain words; `offline` tells whether it is part of the course."""

    name: str
    title: str
    what: str
    size: str
    source: str
    licence: str
    made: str
    split: str
    flaws: tuple[str, ...]
    offline: bool = True

    def markdown(self) -> str:
        """The card as Markdown: a heading and a list."""
        rows = [f"- **{row}:** {self._text(row)}" for row in _ROWS]
        where = "in the course, works offline" if self.offline else "downloaded once, then kept"
        return f"**{self.title}** (`data.{self.name}()`; {where})\n\n" + "\n".join(rows)

    def _text(self, row: str) -> str:
        value = getattr(self, row)
        return " ".join(value) if isinstance(value, tuple) else value

    def __repr__(self) -> str:
        return "\n".join([self.title, *(f"  {row:8}{self._text(row)}" for row in _ROWS)])

    def _repr_markdown_(self) -> str:
        return self.markdown()


@cache
def _all() -> dict[str, Card]:
    rows = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {name: Card(name=name, **_tupled(row)) for name, row in rows.items()}


def _tupled(row: dict) -> dict:
    return {**row, "flaws": tuple(row["flaws"])}


def cards() -> tuple[str, ...]:
    """The names of all data sets, the offline ones first."""
    return tuple(sorted(_all(), key=lambda n: (not _all()[n].offline, n)))


def card(name: str) -> Card:
    """The card of one data set.  Raises `KeyError` that lists the names there are."""
    try:
        return _all()[name]
    except KeyError:
        raise KeyError(f"No data set is called {name!r}; there are {', '.join(cards())}.") from None
