"""What an explorable costs: computing, bytes, and the time from a drag or a key to changed pixels.

Each is measured in the real JupyterLab, beside the same frames drawn by `interact` and matplotlib.
`--soak MINUTES` drags at random instead, and tells whether memory and latency stay flat.  Run it on
a quiet machine: `python3 course.py bench explorables`.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator

from dlcourse.teach.explorable import Explorable, Preset, pack
from dlcourse.topics import find_explorable
from tests.browser.conftest import KERNEL
from tests.browser.lab import Lab, LabServer, Latency, browser

REPEATS = 30
P95_MS, BYTES = 100, 32 * 1024  # the budgets


@dataclass(frozen=True)
class Subject:
    """An explorable, the knob that is turned, and the picture that has to change."""

    id: str
    knob: str
    target: str = ".dlc-explorable canvas"
    named: str = ""

    @property
    def explorable(self) -> Explorable:
        return find_explorable(self.id)

    @property
    def preset(self) -> Preset:
        """The preset of that name, or the first one."""
        presets = self.explorable.presets
        return next((p for p in presets if p.name == self.named), presets[0])

    def settings(self, value) -> dict:
        """The preset's settings with the knob at `value`."""
        return {**self.preset.settings, self.knob: value}

    def values(self, n: int) -> list:
        """`n` settings of the knob over its middle range."""
        knob = self.explorable.knob(self.knob)
        low, high = (knob.low + knob.high * 0.2, knob.high * 0.8)
        return [knob.clean(v) for v in np.linspace(low, high, n)]


SUBJECTS = (
    Subject("backprop-microscope", "sample", ".dlx-graph"),
    Subject("softmax-bench", "temperature"),
    Subject("kernel-bench", "dx"),
    Subject("momentum-terrain", "alpha"),
    Subject("overfit-dial", "degree"),
    Subject("fold-plane", "bias"),
    Subject("signal-river", "depth"),
    Subject("gradient-through-time", "radius"),
    Subject("attention-loom", "temperature"),
    Subject("generator-bench", "epoch", named="duel"),
    Subject("leak-detector", "models"),
)


def main() -> None:
    """Print a line per explorable; exit code 1 if one did not answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", type=float, metavar="MINUTES", default=0)
    parser.add_argument("--only", metavar="ID")
    asked = parser.parse_args()
    chosen = [s for s in SUBJECTS if asked.only in (None, s.id)]
    with tempfile.TemporaryDirectory(prefix="dlcourse-") as folder:
        for subject in chosen:
            _write(Path(folder), subject)
        with LabServer(Path(folder)) as server, browser() as chromium:
            act = (lambda lab, s: _soak(lab, s, asked.soak)) if asked.soak else _measure
            silent = sum(act(Lab(chromium, server, height=1600), s) for s in chosen)
    sys.exit(1 if silent else 0)


def _write(folder: Path, subject: Subject) -> None:
    """Two notebooks: the explorable, and the same with interact and matplotlib."""
    knob = subject.explorable.knob(subject.knob)
    chosen = subject.preset.name
    ours = f"from dlcourse.show import explore\nexplore({subject.id!r}, preset={chosen!r})"
    theirs = f"""
from ipywidgets import interact
from IPython.display import display
from dlcourse.topics import find_explorable
e = find_explorable({subject.id!r})
def draw(value):
    value = e.knob({subject.knob!r}).clean(value)
    display(e.picture(e.at(**{{**{subject.preset.settings!r}, {subject.knob!r}: value}})))
interact(draw, value=({float(knob.low)!r}, {float(knob.high)!r}, {_step(knob)!r}))
"""
    for name, code in ((subject.id, ours), (f"{subject.id}-interact", theirs)):
        book = new_notebook(cells=[new_code_cell(code)], metadata=KERNEL)
        nbformat.write(book, folder / f"{name}.ipynb")


def _step(knob) -> float:
    return (knob.high - knob.low) / 100 if knob.log else float(knob.step)


def _measure(lab: Lab, subject: Subject) -> bool:
    compute, size = _headless(subject)
    lab.open(f"{subject.id}.ipynb")
    lab.run_all()
    label = subject.explorable.knob(subject.knob).label
    slider = lab.page.locator(".dlc-explorable").get_by_role("slider", name=label, exact=True)
    ours = [_drag(lab, slider, slider, subject.target), _press(lab, slider, subject.target)]
    lab.open(f"{subject.id}-interact.ipynb")
    lab.run_all()
    handle, track = (lab.page.locator(s).first for s in (".noUi-handle", ".noUi-base"))
    image = ".jp-OutputArea-output img"
    theirs = [_drag(lab, handle, track, image), _press(lab, handle, image)]
    lab.close()
    within = ours[0].ms and ours[0].p95 <= P95_MS and size <= BYTES
    verdict = f"{'within' if within else 'OVER'} {P95_MS} ms (p95 of a drag), 32 KB"
    print(f"{subject.id:<20} compute {compute:6.1f} ms   payload {size / 1024:5.1f} KB   {verdict}")
    for name, how in (("explorable", ours), ("interact", theirs)):
        for act, latency in zip(("drag", "key"), how, strict=True):
            print(f"{'':<20} {name:<10} {act:<4} {latency}", flush=True)
    return not all(latency.ms for latency in ours)


def _headless(subject: Subject) -> tuple[float, int]:
    """Median milliseconds of computing a new frame, and the largest frame in bytes."""
    e, took, size = subject.explorable, [], 0
    values = subject.values(20)
    e.at(**subject.settings(values[0]))  # trained networks and the like are computed once
    for value in values:
        begin = time.perf_counter()
        frame = e.at(**subject.settings(value))
        took.append(1000 * (time.perf_counter() - begin))
        numbers = json.dumps(frame.numbers, default=lambda v: v.tolist())
        size = max(size, len(pack(frame.arrays)[1]) + len(numbers))
    return statistics.median(took), size


def _drag(lab: Lab, handle: Locator, track: Locator, target: str) -> Latency:
    """The mouse holds `handle` and jumps along `track`, about half its length each time."""
    handle.scroll_into_view_if_needed()
    box, held = track.bounding_box(), handle.bounding_box()
    assert box, "the slider is not on the page"
    assert held, "the slider has no handle on the page"
    lab.page.mouse.move(held["x"] + held["width"] / 2, held["y"] + held["height"] / 2)
    lab.page.mouse.down()

    def move(i: int) -> None:
        part = 0.1 + 0.8 * ((i * 7) % 15) / 14
        lab.page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2)

    latency = lab.latency(target, move, "mousemove", REPEATS)
    lab.page.mouse.up()
    return latency


def _press(lab: Lab, control: Locator, target: str) -> Latency:
    """Arrow keys to and fro on a focused control."""
    control.scroll_into_view_if_needed()
    control.focus()
    keys = ["ArrowRight"] * (REPEATS // 2) + ["ArrowLeft"] * (REPEATS // 2)
    return lab.latency(target, lambda i: lab.page.keyboard.press(keys[i]), "keydown", REPEATS)


def _soak(lab: Lab, subject: Subject, minutes: float) -> bool:
    """Drag at random for some minutes; print memory and latency at the start and at the end."""
    lab.open(f"{subject.id}.ipynb")
    lab.run_all()
    widget = lab.page.locator(".dlc-explorable")
    slider = widget.get_by_role(
        "slider", name=subject.explorable.knob(subject.knob).label, exact=True
    )
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box, "the slider is not on the page"
    before, random_ = _state(lab, subject, slider), random.Random(0)
    end, moves = time.monotonic() + 60 * minutes, 0
    while time.monotonic() < end:
        lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
        lab.page.mouse.down()
        for _ in range(50):
            lab.page.mouse.move(box["x"] + random_.random() * box["width"], box["y"] + 10)
        lab.page.mouse.up()
        moves += 50
    after = _state(lab, subject, slider)
    print(f"{subject.id}: {moves} moves in {minutes:g} minutes", flush=True)
    for name, (a, b) in {k: (before[k], after[k]) for k in before}.items():
        print(f"  {name:<22} {a:8.1f} -> {b:8.1f}", flush=True)
    problems, _ = lab.problems, lab.close()
    print(f"  errors on the console  {len(problems)}", flush=True)
    return bool(problems)


def _state(lab: Lab, subject: Subject, slider: Locator) -> dict[str, float]:
    session = lab.page.context.new_cdp_session(lab.page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    latency = _press(lab, slider, subject.target)
    return {
        "page memory, MB": heap,
        "kernel memory, MB": _resident(lab),
        "median, ms": latency.median,
        "p95, ms": latency.p95,
    }


def _resident(lab: Lab) -> float:
    """Resident memory of the kernels in MB (Linux), or nan."""
    pages = 0
    for pid in lab.kernels():
        status = Path(f"/proc/{pid}/statm")
        if not status.is_file():
            return float("nan")
        pages += int(status.read_text().split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    main()
