"""How fast a quiz answers, in the real JupyterLab with a real kernel, in a headless Chromium.

From the click on Check to the first animation frame in which the page looks different.  Run it on
a quiet machine: `python3 course.py bench quizzes`.
"""

import itertools
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from dlcourse.teach.quiz import load
from tests.browser.conftest import KERNEL
from tests.browser.lab import Lab, LabServer, Latency, browser

BANK, SECTION = "02-backpropagation", "local-derivatives"
QUESTION = "bp.local.relu-zero"  # of that section: single choice, options without mathematics
QUIZ_MS = 150  # the budget
REPEATS = 30


def main() -> None:
    """Print one line; exit code 1 if there was no feedback at all."""
    with tempfile.TemporaryDirectory(prefix="dlcourse-") as folder:
        code = f"from dlcourse.show.quiz import quiz\nquiz({BANK!r}, section={SECTION!r})"
        book = new_notebook(cells=[new_code_cell(code)], metadata=KERNEL)
        nbformat.write(book, Path(folder) / "quiz.ipynb")
        with LabServer(Path(folder)) as server, browser() as chromium:
            lab = Lab(chromium, server, height=1600)
            lab.open("quiz.ipynb")
            lab.run_all()
            latency = answer_to_feedback(lab)
            lab.close()
    verdict = "within" if latency.ms and latency.median <= QUIZ_MS else "OVER"
    print(f"answer to feedback {latency}   {verdict} {QUIZ_MS} ms (median)")
    sys.exit(0 if latency.ms else 1)


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


if __name__ == "__main__":
    main()
