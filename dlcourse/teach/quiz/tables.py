"""Questions answered on a table or a picture: `trace` and `hotspot`."""

import math
import random
from math import comb
from typing import Any, Literal

from pydantic import Field, model_validator

from ..verdict import Verdict
from . import formula
from .figures import place, size
from .formula import FormulaError
from .parts import (
    Base,
    Question,
    Response,
    Text,
    Variant,
    Wrong,
    empty,
    refused,
    right,
    undiagnosed,
    wrong,
)
from .values import WrongValue


class Cell(Base):
    """A blank of a trace: its formula may use earlier blanks by name, so later cells can follow."""

    expr: Text
    rtol: float = Field(default=0.01, ge=0, le=0.2)
    default_feedback: Text
    wrong: tuple[WrongValue, ...] = ()


class Trace(Question):
    """Fill the blanks (`?name`) of a table in the order of `cells`; the first slip is named."""

    type: Literal["trace"] = "trace"
    columns: list[str] = Field(min_length=2)
    rows: list[list[str]] = Field(min_length=1)
    cells: dict[str, Cell] = Field(min_length=1)
    feedback: Text

    @model_validator(mode="after")
    def _complete(self) -> "Trace":
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("each row needs one entry per column")
        blanks = [entry[1:] for row in self.rows for entry in row if entry.startswith("?")]
        if sorted(blanks) != sorted(self.cells):
            raise ValueError("the blanks ?name in rows must be exactly the names in cells")
        return self

    def judge(self, at: Variant, response: Response) -> Verdict:
        typed = response if isinstance(response, dict) else {}
        if not any(str(v or "").strip() for v in typed.values()):
            return empty("Fill in the blanks of the table, from the first to the last.")
        try:
            given = {n: _number(typed.get(n)) for n in self.cells}
        except FormulaError:
            return refused("Some cells are empty or hold no number; fill in each of them.")
        wanted = self._values(at, {})
        passed = tuple(n for n in self.cells if self._close(n, given[n], wanted[n]))
        if len(passed) == len(self.cells):
            return right(at.fill(self.feedback), passed=passed)
        first = next(n for n in self.cells if n not in passed)
        return self._departs(at, first, given, wanted, passed)

    def _departs(
        self,
        at: Variant,
        first: str,
        given: dict[str, float],
        wanted: dict[str, float],
        passed: tuple[str, ...],
    ) -> Verdict:
        cell = self.cells[first]
        failed = tuple(n for n in self.cells if n not in passed)
        parts: dict[str, Any] = {"passed": passed, "failed": failed}
        score = len(passed) / len(self.cells)
        for mistake in cell.wrong:
            if self._close(first, given[first], at.number_with(mistake.expr, wanted)):
                found = wrong(at, mistake, score, **parts)
                break
        else:
            found = undiagnosed(at, cell.default_feedback, score, **parts)
        return Verdict(**{**vars(found), "says": found.says + self._after(at, first, given)})

    def _after(self, at: Variant, first: str, given: dict[str, float]) -> str:
        """What to say if the cells behind the first slip follow from it: there is one mistake."""
        followed = self._values(at, {first: given[first]})
        names = list(self.cells)
        later = names[names.index(first) + 1 :]
        if later and all(self._close(n, given[n], followed[n]) for n in later):
            return "\n\nThe cells after it follow from it; this one is all there is to mend."
        return ""

    def _values(self, at: Variant, fixed: dict[str, float]) -> dict[str, float]:
        names: dict[str, float] = {}
        for name, cell in self.cells.items():
            names[name] = fixed[name] if name in fixed else at.number_with(cell.expr, names)
        return names

    def _close(self, name: str, given: float, value: float) -> bool:
        return math.isclose(given, value, rel_tol=self.cells[name].rtol, abs_tol=1e-9)

    def distinct(self, at: Variant) -> bool:
        wanted = self._values(at, {})
        for name, cell in self.cells.items():
            values = [wanted[name], *(at.number_with(w.expr, wanted) for w in cell.wrong)]
            if any(self._close(name, a, b) for i, a in enumerate(values) for b in values[:i]):
                return False
        return True

    def key(self, at: Variant) -> Response:
        return {n: repr(v) for n, v in self._values(at, {}).items()}

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        wanted = self._values(at, {})
        found: list[tuple[Wrong, Response]] = []
        for name, cell in self.cells.items():
            for mistake in cell.wrong:
                slipped = self._values(at, {name: at.number_with(mistake.expr, wanted)})
                found.append((mistake, {n: repr(v) for n, v in slipped.items()}))
        return found

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return {n: repr(round(rng.uniform(-1000, 1000), 3)) for n in self.cells}

    def page(self, at: Variant) -> dict[str, Any]:
        rows = [[self._entry(at, entry) for entry in row] for row in self.rows]
        return {"columns": [at.fill(c) for c in self.columns], "rows": rows}

    def _entry(self, at: Variant, entry: str) -> Any:
        return {"blank": entry[1:]} if entry.startswith("?") else at.fill(entry)

    def said(self, at: Variant, response: Response) -> str:
        typed = response if isinstance(response, dict) else {}
        return ", ".join(f"`{str(typed.get(n, '')).replace('`', '')}`" for n in self.cells)

    def texts(self) -> list[str]:
        own = [self.feedback, *self.columns, *(e for row in self.rows for e in row)]
        cells = [t for c in self.cells.values() for t in _cell_texts(c)]
        return [*super().texts(), *own, *cells]


def _cell_texts(cell: Cell) -> list[str]:
    return [cell.default_feedback, *(w.feedback for w in cell.wrong)]


def _number(typed: Any) -> float:
    return formula.number(formula.as_typed(str(typed or "")))


class RightRegions(Base):
    """The regions to choose: `row,column` of the matrix (from 0), or ids of the graph's nodes."""

    regions: list[Text] = Field(min_length=1)
    feedback: Text


class WrongRegions(Wrong):
    """The regions that people choose instead."""

    regions: list[Text] = Field(min_length=1)


class Matrix(Base):
    """A matrix whose cells can be chosen."""

    rows: list[str] = Field(min_length=1)
    columns: list[str] = Field(min_length=1)
    cells: list[list[str]]

    @model_validator(mode="after")
    def _full(self) -> "Matrix":
        if len(self.cells) != len(self.rows) or any(
            len(row) != len(self.columns) for row in self.cells
        ):
            raise ValueError("cells needs one list per row and one entry per column")
        return self


class Hotspot(Question):
    """Choose the cells of a `matrix`, or the nodes of the `figure`'s graph."""

    type: Literal["hotspot"] = "hotspot"
    matrix: Matrix | None = None
    answer: RightRegions
    wrong: list[WrongRegions] = Field(min_length=1)
    default_feedback: Text

    @model_validator(mode="after")
    def _known(self) -> "Hotspot":
        if (self.matrix is None) == (self.figure is None or not self.figure.nodes):
            raise ValueError("a hotspot has a matrix, or a figure with nodes")
        lost = [r for part in (self.answer, *self.wrong) for r in part.regions]
        lost = [r for r in lost if r not in self.regions()]
        if lost:
            raise ValueError(f"there is no region {lost[0]!r}")
        return self

    def regions(self) -> list[str]:
        """Every region that can be chosen."""
        if self.matrix is None:
            return [n.id for n in self.figure.nodes] if self.figure else []
        grid = self.matrix
        return [f"{r},{c}" for r in range(len(grid.rows)) for c in range(len(grid.columns))]

    def judge(self, at: Variant, response: Response) -> Verdict:
        if response is None or response == []:
            return empty("Choose at least one place.")
        if not isinstance(response, list) or not all(_known(r, self.regions()) for r in response):
            return refused("That place is not part of the picture; choose among those shown.")
        chosen, wanted = set(response), set(self.answer.regions)
        hits, misses = len(chosen & wanted), len(chosen - wanted)
        if chosen == wanted:
            return right(at.fill(self.answer.feedback))
        score = max(0.0, (hits - misses) / len(wanted))
        for mistake in self.wrong:
            if chosen == set(mistake.regions):
                return wrong(at, mistake, score)
        return undiagnosed(at, self.default_feedback, score)

    def key(self, at: Variant) -> Response:
        return list(self.answer.regions)

    def mistakes(self, at: Variant) -> list[tuple[Wrong, Response]]:
        return [(w, list(w.regions)) for w in self.wrong]

    def guess(self, at: Variant, rng: random.Random) -> Response:
        return rng.sample(self.regions(), len(self.answer.regions))

    def chance(self, at: Variant) -> float:
        n, k = len(self.regions()), len(self.answer.regions)
        ways = ((comb(k, h) * comb(n - k, k - h), max(0, 2 * h - k) / k) for h in range(k + 1))
        return sum(w * s for w, s in ways) / comb(n, k)

    def page(self, at: Variant) -> dict[str, Any]:
        if self.matrix is not None:
            grid = self.matrix
            cells = [[at.fill(c) for c in row] for row in grid.cells]
            return {"rows": grid.rows, "columns": grid.columns, "cells": cells}
        assert self.figure is not None
        width, height = size(self.figure)
        centres = [(n, *place(n)) for n in self.figure.nodes]
        nodes = [{"id": n.id, "label": n.label, "x": x, "y": y} for n, x, y in centres]
        return {"graph": {"nodes": nodes, "width": width, "height": height}}

    def said(self, at: Variant, response: Response) -> str:
        return ", ".join(f"`{r}`" for r in response if r in self.regions())

    def texts(self) -> list[str]:
        own = [self.answer.feedback, self.default_feedback, *(w.feedback for w in self.wrong)]
        return [*super().texts(), *own]


def _known(region: Any, regions: list[str]) -> bool:
    return isinstance(region, str) and region in regions
