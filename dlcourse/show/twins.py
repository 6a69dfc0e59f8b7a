"""The twin report in a notebook: a small table, a verdict, two loss curves on top of each other."""

import base64
from typing import Any

import numpy as np

from ..teach import twins
from ..teach.text import escape
from .base import KIT
from .figures import BLUE, GREY, INK, ORANGE

Report = twins.TwinReport | twins.FunctionReport


class Twins:
    """A report of `teach.twins`, shown.  `assert_equal()` raises where the two differ."""

    def __init__(self, report: Report):
        self.report = report

    @property
    def equal(self) -> bool:
        """Whether nothing differs by more than the tolerance."""
        return self.report.equal

    @property
    def first(self) -> twins.Difference | None:
        """Where the two first differ, if anywhere."""
        return self.report.first

    def assert_equal(self) -> None:
        """Raise `AssertionError`, which names the first difference, unless all is equal."""
        self.report.assert_equal()

    def __repr__(self) -> str:
        return repr(self.report)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": html(self.report)}


def compare(*args: Any, **options: Any) -> Twins:
    """`teach.twins.compare`, shown: two models, the same weights, the same batch, some steps."""
    return Twins(twins.compare(*args, **options))


def compare_function(*args: Any, **options: Any) -> Twins:
    """`teach.twins.compare_function`, shown: two functions of the same inputs."""
    return Twins(twins.compare_function(*args, **options))


def html(report: Report) -> str:
    """The report as HTML that needs no kernel, no script and no network."""
    state = "" if report.equal else " dlc-off"
    parts = [
        f"<p><strong>{escape(report.title)}</strong></p>",
        _table(report),
        f'<p class="dlc-verdict{state}">{escape(report.verdict)}</p>',
        _curves(report) if isinstance(report, twins.TwinReport) else "",
    ]
    style = (KIT / "twins.css").read_text(encoding="utf-8")
    return f'<div class="dlc-twins"><style>{style}</style>{"".join(parts)}</div>'


def _table(report: Report) -> str:
    heads = (
        [run.precision for run in report.runs]
        if isinstance(report, twins.TwinReport)
        else list(report.tolerances)
    )
    head = "".join(f'<th scope="col">{h}</th>' for h in ("compared", *heads))
    body = "".join(_row(what, cells) for what, cells in report.rows())
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(what: str, cells: list[str]) -> str:
    off = not all(cell.startswith("equal") for cell in cells)
    marks = "".join(f"<td>{'✓' if c.startswith('equal') else '✗'} {escape(c)}</td>" for c in cells)
    return f'<tr{" class=dlc-off" * off}><th scope="row">{escape(what)}</th>{marks}</tr>'


def _curves(report: twins.TwinReport) -> str:
    """The losses of the most exact run: a wide pale line, and a thin dark one on top of it."""
    run = report.runs[-1]
    losses = [np.array(trace.losses) for trace in (run.left, run.right)]
    if len(losses[0]) < 2 or not all(np.isfinite(x).all() for x in losses):
        return ""
    svg = base64.b64encode(_svg(losses, report.sides).encode()).decode()
    return f'<img alt="{escape(_said(losses, report))}" src="data:image/svg+xml;base64,{svg}">'


def _said(losses: list[np.ndarray], report: twins.TwinReport) -> str:
    (a0, a1), (b0, b1) = ((x[0], x[-1]) for x in losses)
    if report.equal:
        return (
            f"The two loss curves lie on top of each other: from {a0:.4f} to {a1:.4f} "
            f"in {len(losses[0])} steps."
        )
    return (
        f"Loss of {report.sides[0]} from {a0:.4f} to {a1:.4f}, of {report.sides[1]} from "
        f"{b0:.4f} to {b1:.4f}, in {len(losses[0])} steps."
    )


_W, _H, _LEFT, _TOP, _RIGHT, _BOTTOM = 460, 170, 56, 14, 14, 34


def _svg(losses: list[np.ndarray], sides: tuple[str, str]) -> str:
    low, high = min(x.min() for x in losses), max(x.max() for x in losses)
    room = (high - low) or 1.0
    paths = [_path(x, low, room) for x in losses]
    y0, y1 = _H - _BOTTOM, _TOP
    text = f'font-family="DejaVu Sans, Verdana, sans-serif" font-size="11" fill="{INK}"'
    key = _LEFT + 170
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_W}" height="{_H}" '
        f'viewBox="0 0 {_W} {_H}"><rect width="{_W}" height="{_H}" rx="6" fill="#fff"/>'
        f'<path d="M{_LEFT} {y1}V{y0}H{_W - _RIGHT}" fill="none" stroke="{GREY}"/>'
        f'<path d="{paths[0]}" fill="none" stroke="{ORANGE}" stroke-width="7" opacity="0.65"/>'
        f'<path d="{paths[1]}" fill="none" stroke="{BLUE}" stroke-width="2"/>'
        f'<g {text}><text x="{_LEFT - 6}" y="{y1 + 9}" text-anchor="end">{high:.3f}</text>'
        f'<text x="{_LEFT - 6}" y="{y0}" text-anchor="end">{low:.3f}</text>'
        f'<text x="{_LEFT - 6}" y="{(y0 + y1) // 2 + 4}" text-anchor="end">loss</text>'
        f'<text x="{_LEFT}" y="{_H - 14}" text-anchor="middle">1</text>'
        f'<text x="{_W - _RIGHT}" y="{_H - 14}" text-anchor="end">step {len(losses[0])}</text>'
        f'<path d="M{key} {y1 + 6}h24" stroke="{ORANGE}" stroke-width="7" opacity="0.65"/>'
        f'<text x="{key + 32}" y="{y1 + 10}">{escape(sides[0])}</text>'
        f'<path d="M{key} {y1 + 24}h24" stroke="{BLUE}" stroke-width="2"/>'
        f'<text x="{key + 32}" y="{y1 + 28}">{escape(sides[1])}</text></g></svg>'
    )


def _path(losses: np.ndarray, low: float, room: float) -> str:
    x = np.linspace(_LEFT, _W - _RIGHT, len(losses))
    y = _TOP + (1 - (losses - low) / room) * (_H - _BOTTOM - _TOP)
    # Whole pixels: rounding noise of another processor must not change the stored picture.
    return "M" + "L".join(f"{a:.0f} {b:.0f}" for a, b in zip(x, y, strict=True))
