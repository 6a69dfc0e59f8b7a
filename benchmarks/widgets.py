"""How fast the widgets answer, in the real JupyterLab with a real kernel, in a headless Chromium.

Two times count: from the click on Check to the feedback, and from a drag to the changed picture.
Both end with the first animation frame in which the page looks different.  Run it on a quiet
machine: `python3 course.py bench widgets`.
"""

import itertools
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator

from dlcourse.teach.quiz import load
from dlcourse.topics import all_explorables
from tests.browser.conftest import KERNEL
from tests.browser.lab import Lab, LabServer, Latency, browser

BANK, SECTION = "02-backpropagation", "local-derivatives"
QUESTION = "bp.local.relu-zero"  # of that section: single choice, options without mathematics
QUIZ_MS, DRAG_P95_MS = 150, 100  # the budgets
REPEATS = 30


def main() -> None:
    """Print one line per widget; exit code 1 if one did not answer at all."""
    with tempfile.TemporaryDirectory(prefix="dlcourse-") as folder:
        names = _write(Path(folder))
        with LabServer(Path(folder)) as server, browser() as chromium:
            silent = sum(_measure(Lab(chromium, server, height=1600), name) for name in names)
    sys.exit(1 if silent else 0)


def _write(folder: Path) -> list[str]:
    """A notebook for the quiz and one for each explorable; their names."""
    quiz = f"from dlcourse.show.quiz import quiz\nquiz({BANK!r}, section={SECTION!r})"
    cells = {"quiz": quiz}
    for explorable in all_explorables():
        code = f"from dlcourse.show.explorable import explore\nexplore({explorable.id!r})"
        cells[explorable.id] = code
    for name, code in cells.items():
        book = new_notebook(cells=[new_code_cell(code)], metadata=KERNEL)
        nbformat.write(book, folder / f"{name}.ipynb")
    return list(cells)


def _measure(lab: Lab, name: str) -> bool:
    """Measure one widget and print the line; whether it stayed silent."""
    lab.open(f"{name}.ipynb")
    lab.run_all()
    latency = answer_to_feedback(lab) if name == "quiz" else drag_to_pixels(lab)
    lab.close()
    lab.server.shut_kernels_down()
    if latency is None:
        print(f"{name:<24} has no slider to drag", flush=True)
        return False
    budget, took = (QUIZ_MS, "median") if name == "quiz" else (DRAG_P95_MS, "p95")
    value = getattr(latency, took) if latency.ms else float("inf")
    verdict = "within" if value <= budget else "OVER"
    print(f"{name:<24} {latency}   {verdict} {budget} ms ({took})", flush=True)
    return not latency.ms


def answer_to_feedback(lab: Lab) -> Latency:
    """Choose another wrong option of one question each time, and press Check."""
    question = next(q for q in load(BANK).questions if q.id == QUESTION)
    wrong = itertools.cycle(option.text for option in question.wrong)
    card = lab.page.locator(".dlcq-card", has=lab.page.get_by_label(question.answer.text)).first
    card.evaluate("card => card.classList.add('measured')")
    card.scroll_into_view_if_needed()

    def answer(_: int) -> None:
        card.get_by_label(next(wrong)).check()
        card.locator("[type=submit]").click()  # "Check", then "Check again"

    return lab.latency(".measured .dlcq-feedback", answer, "submit", REPEATS)


def drag_to_pixels(lab: Lab) -> Latency | None:
    """Drag the first slider that changes the picture, step by step; None if there is no slider."""
    guess = lab.page.get_by_role("button", name="Show me without guessing")
    if guess.count() and guess.first.is_visible():
        guess.first.click()
    latency = None
    for slider in lab.page.locator(".dlx-control .dlx-range").all():
        latency = _drag(lab, slider, 1)  # some knobs leave the picture as it is, and rightly so
        if latency.ms:
            return _drag(lab, slider, REPEATS)
    return latency


def _drag(lab: Lab, slider: Locator, steps: int) -> Latency:
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box, "the slider is not on the page"
    y = box["y"] + box["height"] / 2
    stops = [box["x"] + box["width"] * (0.1 + 0.8 * i / steps) for i in range(steps + 1)]
    lab.page.mouse.move(stops[0], y)
    lab.page.mouse.down()
    latency = lab.latency(
        ".dlx-stage", lambda i: lab.page.mouse.move(stops[i + 1], y), "input", steps
    )
    lab.page.mouse.up()
    return latency


if __name__ == "__main__":
    main()
