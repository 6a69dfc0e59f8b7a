"""All question types in the real JupyterLab: right, wrong, empty, nonsense, by mouse and key."""

import re

import pytest
from playwright.sync_api import Locator, expect

from dlcourse.teach.progress import Progress
from dlcourse.teach.quiz import TYPES, load
from dlcourse.teach.quiz.programs import use_exercises
from dlcourse.topics import find_exercise
from tests.banks import every_type

use_exercises(find_exercise)

BANK = load("02")
OURS = every_type()
CELL = """
from pathlib import Path
from dlcourse.show.quiz import Quiz
from dlcourse.teach.progress import progress
from dlcourse.teach.quiz import read
from dlcourse.teach.quiz.delivery import Session, items
file = Path({file})
bank = read(file.read_text(encoding="utf-8"), file.stem, str(file))
asked = [bank[id] for id in {ids}]
Quiz(Session(items(bank, asked, progress().learner), progress()), "every type")
"""
CODE_WRONG = "def relu_backward(g, z):\n    return g\n"
NONSENSE = "<b>no</b> such (thing"


class Card:
    """One question on the page, answered as a learner would."""

    def __init__(self, node: Locator, question, seed):
        self.node, self.question, self.at = node, question, question.at(seed)
        self.order = list(range(len(question.items))) if question.type == "order" else []

    def check(self):
        self.node.locator("button[type=submit]").click()

    def says(self, text: str | re.Pattern, seconds: float = 60):
        expect(self.node.locator(".dlcq-feedback")).to_contain_text(text, timeout=seconds * 1000)

    def enter(self, response):
        getattr(self, f"_{self.question.type}")(self.question.to_page(self.at, response))

    def _single(self, place):
        self.node.locator(".dlcq-options input").nth(place).check()

    _gate = _single

    def _predict_plot(self, answer):
        if self.question.draw is None:
            self._single(answer)
            return
        box = self.node.locator(".dlcq-sketch").bounding_box()
        scale = box["width"] / 320
        low, high = self.question.draw.low, self.question.draw.high
        mouse = self.node.page.mouse
        for i, value in enumerate(answer):
            x = box["x"] + scale * (12 + 296 * i / (len(answer) - 1))
            y = box["y"] + scale * (168 - 156 * (value - low) / (high - low))
            mouse.move(x, y)
            if i == 0:
                mouse.down()
        mouse.up()

    def _multi(self, places):
        boxes = self.node.locator(".dlcq-options input")
        for i in range(boxes.count()):
            boxes.nth(i).set_checked(i in places)

    def _numeric(self, text):
        self.node.locator("input.dlcq-line").fill(text)

    _shape = _expr = _predict_output = _numeric

    def _trace(self, values):
        blanks = [e[1:] for row in self.question.rows for e in row if e.startswith("?")]
        for i, name in enumerate(blanks):
            self.node.locator("input.dlcq-cell").nth(i).fill(values[name])

    def _hotspot(self, regions):
        for i, region in enumerate(self.question.regions()):
            button = self.node.locator(".dlcq-region").nth(i)
            if (button.get_attribute("aria-pressed") == "true") != (region in regions):
                button.click()

    def _order(self, places):
        for to, place in enumerate(places):
            while (now := self.order.index(place)) > to:
                self.node.locator("li").nth(now).locator(".dlcq-up").click()
                self.order[now - 1 : now + 1] = self.order[now], self.order[now - 1]

    def _match(self, places):
        for i, place in enumerate(places):
            self.node.locator("select").nth(i).select_option(str(place))

    def _parsons(self, answer):
        program = self.node.locator(".dlcq-program > li:has(code)")
        while program.count():
            program.first.get_by_role("button", name="Take out").click()
        pool = [re.sub(r"\[\[\w+\]\]", "____", t) for t in self.question.page(self.at)["pool"]]
        indent = 0
        for place, wanted in answer["lines"]:
            self.node.locator(".dlcq-pool").get_by_text(pool[place], exact=True).click()
            code = program.last.locator("code")
            expect(code).to_be_focused()
            while indent != wanted:
                code.press("ArrowRight" if indent < wanted else "ArrowLeft")
                indent += 1 if indent < wanted else -1
        for name, text in answer["blanks"].items():
            self.node.get_by_label(f"Blank {name}", exact=True).fill(text)

    def _bug_hunt(self, answer):
        self.node.locator(".dlcq-listing input").nth(answer["line"]).check()
        self.node.locator(".dlcq-options input").nth(answer["symptom"]).check()

    def _explain(self, answer):
        self.node.locator("textarea").fill(answer["text"])
        if not self.node.locator(".dlcq-model").count():
            self.check()
            self.says("compare your text with the model answer")
        for i in answer["points"]:
            self.node.locator(".dlcq-model input").nth(i).check()

    def _code(self, text):
        self.node.locator("textarea").fill(text)


def first_words(feedback: str) -> str:
    """The start of a feedback up to what Markdown or MathJax changes."""
    return re.split(r"[$`*“\"]", " ".join(feedback.split()))[0].strip()[:60]


@pytest.fixture(autouse=True)
def untouched(server):
    """Each test has a learner who has answered nothing: what was answered comes back otherwise."""
    for file in server.home.glob("progress.sqlite*"):
        file.unlink()


@pytest.fixture
def asked(lab, notebook, server):
    """Opens a notebook that asks these questions of a bank; returns their cards."""

    def ask(name, bank, questions):
        cell = CELL.replace("{file}", repr(str(bank.file.resolve())))
        lab.open(notebook(name, cell.replace("{ids}", repr([q.id for q in questions]))))
        lab.run_all()
        seed = Progress(server.home / "progress.sqlite").learner
        nodes = lab.page.locator(".dlcq-card")
        expect(nodes).to_have_count(len(questions))
        return [Card(nodes.nth(i), q, seed) for i, q in enumerate(questions)]

    return ask


def test_every_type_is_answered_wrongly_in_each_known_way_and_then_rightly(lab, asked):
    cards = asked("types.ipynb", OURS, OURS.questions)
    count = len(cards)
    assert {card.question.type for card in cards} == set(TYPES)
    assert lab.axe(".dlc-quiz") == []
    for card in cards:
        _nothing_and_nonsense(card)
        _each_known_wrong(card)
        card.enter(card.question.key(card.at))
        card.check()
        card.says("Right.", 90)
        expect(card.node.locator(".dlcq-solution")).to_contain_text("Solution")
    assert lab.problems == []
    assert lab.axe(".dlc-quiz") == []
    expect(lab.page.locator(".dlcq-tally")).to_have_text(f"{count} of {count} right")
    _fits_every_width(lab)
    entered = [_entered(card) for card in cards]
    lab.restart()
    lab.run_all()
    expect(lab.page.locator(".dlcq-tally")).to_have_text(f"{count} of {count} right")
    expect(lab.page.locator(".dlcq-feedback.dlcq-correct")).to_have_count(count)
    assert [_entered(card) for card in cards] == entered
    assert all(entered)


def _nothing_and_nonsense(card):
    """An untouched question is not attempted; what cannot be read is said to be so."""
    kind, node = card.question.type, card.node
    if kind not in ("order", "code"):  # an order is always there; a stub has a test below
        card.check()
        card.says(re.compile("Not answered yet|could not be read"))
    line = node.locator("input.dlcq-line:not(.dlcq-cell, .dlcq-fill)")
    if kind in ("numeric", "shape", "expr", "predict_output"):
        line.fill(NONSENSE)
        card.check()
        card.says(re.compile("could not be read|Not quite"))
    if kind == "trace":
        node.locator("input.dlcq-cell").first.fill(NONSENSE)
        card.check()
        card.says("could not be read")
    if kind == "match":
        node.locator("select").first.select_option("0")
        card.check()
        card.says("One of them has no partner yet")
    if kind == "bug_hunt":
        node.locator(".dlcq-listing input").first.check()
        card.check()
        card.says("Choose what the fault leads to as well")
    if kind == "explain":
        node.locator("textarea").fill("No.")
        card.check()
        card.says("A few words more")
    if kind == "parsons":
        node.locator(".dlcq-pool button").first.click()
        card.check()
        card.says(re.compile("Not quite"))
    if kind == "code":
        card._code("def (")
        card.check()
        expect(node.locator(".dlcq-word")).to_be_visible(timeout=90_000)
        expect(node.locator(".dlcq-correct")).to_have_count(0)
    expect(node.locator(".dlcq-feedback b")).to_have_count(0)  # typed HTML stays text


def _each_known_wrong(card):
    for mistake, response in card.question.mistakes(card.at):
        card.enter(response)
        card.check()
        card.says(first_words(card.at.fill(mistake.feedback)))
        expect(card.node.locator(".dlcq-mistake")).to_be_visible()
    if card.question.type == "code":
        card._code(CODE_WRONG)
        card.check()
        expect(card.node.locator(".dlcq-mistake")).to_be_visible(timeout=90_000)


def _entered(card):
    """What stands in the inputs of a card, whatever they are."""
    return card.node.evaluate(ENTERED)


ENTERED = """card => [
  ...[...card.querySelectorAll('.dlcq-form input, .dlcq-form select, .dlcq-form textarea')]
    .map(e => (/radio|checkbox/.test(e.type) ? e.checked : e.value)),
  ...[...card.querySelectorAll('[aria-pressed]')].map(e => e.getAttribute('aria-pressed')),
  ...[...card.querySelectorAll('.dlcq-sketch [aria-valuenow]')]
    .map(e => Number(e.getAttribute('aria-valuenow')).toFixed(3)),
  ...[...card.querySelectorAll('.dlcq-item .dlcq-text, .dlcq-program code')]
    .map(e => e.textContent + (e.style.paddingLeft || '')),
]"""


def _fits_every_width(lab):
    lab.page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    for width in (360, 480, 900, 1280, 1600):
        lab.size(width)
        lab.page.wait_for_timeout(300)
        spill = lab.page.evaluate(
            "() => { const q = document.querySelector('.dlc-quiz');"
            " return q.scrollWidth - q.clientWidth; }"
        )
        assert spill <= 1, f"{spill} px too wide at {width} px"
    lab.size(1280)


def test_a_curve_is_drawn_by_keys(lab, asked):
    (card,) = asked("sketch.ipynb", OURS, [OURS["every.curve.draw"]])
    points = card.node.locator(".dlcq-sketch [role=slider]")
    points.first.focus()
    keys = lab.page.keyboard
    for i, wanted in enumerate(card.question.key(card.at)):
        expect(points.nth(i)).to_be_focused()
        keys.press("Home")
        for _ in range(round(wanted / 0.25)):
            keys.press("PageUp")
        at = float(points.nth(i).get_attribute("aria-valuenow"))
        assert abs(at - wanted) < 0.2
        keys.press("ArrowRight")
    card.check()
    card.says("Right.")
    expect(card.node.locator(".dlcq-truth[points*=',']")).to_have_count(1)


def test_an_exam_with_a_time_limit_hands_itself_in(lab, notebook):
    cell = (
        "from dlcourse.show import quiz\n"
        "q = quiz('02', section='fan-out', mode='exam', time_limit=0.15)\nq"
    )
    lab.open(notebook("timed.ipynb", cell))
    lab.run_all()
    start = lab.page.get_by_role("button", name="Start", exact=True)
    expect(lab.page.locator(".dlcq-card")).to_have_count(0)
    expect(start).to_be_visible()
    assert lab.axe(".dlc-quiz") == []
    start.click()
    expect(lab.page.locator(".dlcq-card").first).to_be_visible()
    expect(lab.page.get_by_role("timer")).to_contain_text("left")
    expect(lab.page.get_by_role("button", name="Hand in")).to_be_hidden(timeout=30_000)
    expect(lab.page.get_by_role("timer")).to_be_hidden()
    expect(lab.page.locator(".dlcq-feedback").first).not_to_be_empty()


def test_a_keyboard_is_enough(lab, asked):
    ids = ("bp.auto.rebind", "bp.check.proves", "bp.diag.ratio", "bp.sum.step", "bp.fan.where")
    cards = asked("keys.ipynb", BANK, [BANK[id] for id in ids])
    keys = lab.page.keyboard
    cards[0].node.locator("input").first.focus()
    place = cards[0].question.to_page(cards[0].at, "right")
    keys.press("Space")
    for _ in range(place):
        keys.press("ArrowDown")
    keys.press("Enter")
    cards[0].says("Right.")

    keys.press("Tab")  # past the first question's buttons into the next question
    for _ in range(6):
        if cards[1].node.locator("input:focus").count():
            break
        keys.press("Tab")
    expect(cards[1].node.locator("input").first).to_be_focused()
    rights = cards[1].question.to_page(cards[1].at, cards[1].question.key(cards[1].at))
    for i in range(5):
        if i in rights:
            keys.press("Space")
        keys.press("Tab")
    expect(cards[1].node.locator("button[type=submit]")).to_be_focused()
    keys.press("Enter")
    cards[1].says("Right.")

    cards[2].node.locator("input").focus()
    keys.type(str(cards[2].at.names["N"]))
    keys.press("Enter")
    cards[2].says("Right.")

    for to, place in enumerate(cards[3].question.to_page(cards[3].at, [1, 2, 3, 4, 5])):
        now = cards[3].order.index(place)
        cards[3].node.locator("li").nth(now).locator("button:not(:disabled)").first.focus()
        for _ in range(now - to):
            keys.press("ArrowUp")
        cards[3].order.insert(to, cards[3].order.pop(now))
    cards[3].check()
    cards[3].says("Right.")

    lab.wait_idle()
    regions = cards[4].node.locator(".dlcq-region")
    regions.first.focus()
    for to in (1, 2):
        keys.press("ArrowRight")
        expect(regions.nth(to)).to_be_focused()
    keys.press("Space")
    expect(regions.nth(2)).to_have_attribute("aria-pressed", "true")
    cards[4].check()
    cards[4].says("Right.")


def test_feedback_is_on_the_screen_at_once(lab, asked):
    (card,) = asked("latency.ipynb", BANK, [BANK["bp.auto.rebind"]])
    options = card.node.locator(".dlcq-options input")

    def act(i):
        options.nth(i % 4).check()
        card.check()

    latency = lab.latency(".dlcq-feedback", act, "submit", n=12)
    print(f"\nquiz answer to feedback: {latency}")
    assert latency.missed <= 1
