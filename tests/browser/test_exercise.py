"""An exercise of each kind in the real JupyterLab: a function, a class, an optimizer, a loop."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from dlcourse.teach.exercise.desk import Desk
from dlcourse.teach.exercise.levels import Levels
from dlcourse.teach.exercise.names import rename
from dlcourse.teach.progress import Progress
from dlcourse.topics import find_exercise
from tests.browser.test_lessons import replace_and_run

IMPORTS = "import math\nimport numpy as np\nimport torch\nfrom torch import nn\n"
IMPORTS += "from torch.nn import functional as F\n"
IMPORTS += "from dlcourse.show import check, exercise"


@dataclass(frozen=True)
class Try:
    """An exercise, a change to its solution that makes a mistake, and the mistake's id."""

    id: str
    right: str
    wrong: str
    variant: str


TRIES = [
    Try("relu_backward", "return g * mask", "return g", "no-derivative"),
    Try("linear_module", " + self.bias", "", "no-bias"),
    Try("sgd_momentum", "p.data -= self.lr * v", "p.data += self.lr * v", "ascent"),
    Try("fit", "optimizer.zero_grad()", "pass", "no-zero-grad"),
]


@pytest.fixture(autouse=True)
def untouched(server):
    """Each test has a learner who has tried nothing."""
    for file in server.home.glob("progress.sqlite*"):
        file.unlink()


@pytest.fixture
def cells(lab, notebook):
    """A notebook with the card of every exercise and an empty stub below it."""
    written = [IMPORTS]
    for one in TRIES:
        found = find_exercise(one.id)
        written += [f'exercise("{one.id}")', f"{Levels(found).blank}\n\n\ncheck({found.name})"]
    lab.open(notebook("exercises.ipynb", *written))
    lab.run_all()
    return lambda i: (lab.code_cell(1 + 2 * i), lab.code_cell(2 + 2 * i))


def test_one_exercise_of_each_kind_is_diagnosed_helped_and_passed(lab, cells):
    for i, one in enumerate(TRIES):
        _diagnosed_helped_and_passed(lab, one, *cells(i))
    assert lab.axe(".dlc") == []
    assert lab.problems == []
    expect(lab.page.locator(".dlc-exercise .dlce-is-correct")).to_have_count(len(TRIES))
    _comes_back(lab)


def _diagnosed_helped_and_passed(lab, one, card, cell):
    found = find_exercise(one.id)
    verdict = cell.locator(".dlce-verdict")
    expect(verdict).to_contain_text("is still empty", timeout=60_000)
    expect(card.get_by_role("button", name="Solution")).to_be_disabled()
    solution = Levels(found).solution
    assert one.right in solution
    after = f"\n\n\ncheck({found.name})"
    replace_and_run(lab, cell, solution.replace(one.right, one.wrong) + after)
    bold = found.wrong(one.variant).says.split("**")[1]
    expect(verdict).to_contain_text(bold.replace("`", ""), timeout=60_000)
    expect(verdict).to_contain_text("properties hold")
    cell.get_by_role("button", name="Hint", exact=True).click()
    expect(cell.locator(".dlce-hints")).to_contain_text(f"Hint 1 of {len(found.hints)}")
    expect(card.get_by_role("button", name="Solution")).to_be_enabled()
    replace_and_run(lab, cell, solution + after)
    expect(verdict).to_contain_text("Correct", timeout=60_000)
    expect(card.locator(".dlce-status")).to_contain_text("correct")
    cell.get_by_role("button", name="Compare with a solution").click()
    expect(cell.locator(".dlce-solution")).to_contain_text(found.name)


def _comes_back(lab):
    """After a restart the cards know what was passed."""
    lab.restart()
    lab.run_all()
    expect(lab.page.locator(".dlc-exercise .dlce-is-correct")).to_have_count(len(TRIES))


def test_the_lines_are_ordered_and_the_blanks_filled_by_keys(lab, notebook, server):
    found = find_exercise("relu_backward")
    lab.open(notebook("levels.ipynb", IMPORTS, 'exercise("relu_backward")'))
    lab.run_all()
    card = lab.code_cell(1).locator(".dlc-exercise")
    verdict = card.locator(".dlce-verdict")
    levels = Desk(found, Progress(server.home / "progress.sqlite")).levels  # in their names
    decoy = next(w for w in found.wrongs if w.decoy)
    chosen = [levels.body[0], rename(decoy.decoy, levels.names)]
    for line in chosen:
        piece = card.locator(".dlce-pool .dlce-line").filter(has_text=line.strip())
        piece.first.focus()
        lab.page.keyboard.press("Enter")
    expect(card.locator(".dlce-program .dlce-line")).to_have_count(len(chosen))
    card.get_by_role("button", name="Check", exact=True).click()
    expect(verdict).to_contain_text(decoy.says.split("**")[1], timeout=60_000)
    card.get_by_role("tab", name="Order the lines").focus()
    lab.page.keyboard.press("ArrowRight")
    expect(card.get_by_role("tab", name="Fill the blanks")).to_be_focused()
    answers = [line.answer for line in levels.faded if line.ask]
    for box, answer in zip(card.locator(".dlce-blank").all(), answers, strict=True):
        box.fill(answer)
    lab.page.keyboard.press("Enter")
    expect(verdict).to_contain_text("Correct", timeout=60_000)
    assert lab.axe(".dlc") == []
