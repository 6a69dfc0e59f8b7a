"""All question types in the real JupyterLab: right, wrong, empty, nonsense, by mouse and key."""

import re

import pytest
from playwright.sync_api import Locator, expect

from dlcourse.teach.progress import Progress
from dlcourse.teach.quiz import TYPES, load
from dlcourse.teach.quiz.programs import use_exercises
from dlcourse.topics import find_exercise

use_exercises(find_exercise)

BANK = load("02")
EACH = {kind: next(q for q in BANK.questions if q.type == kind) for kind in TYPES}
CELL = """
from dlcourse.show.quiz import Quiz
from dlcourse.teach.progress import progress
from dlcourse.teach.quiz import load
from dlcourse.teach.quiz.delivery import Session, items
bank = load("02")
asked = [bank[id] for id in {ids}]
Quiz(Session(items(bank, asked, progress().learner), progress()), "every type")
"""
CODE_WRONG = "def relu_backward(g, z):\n    return g\n"


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

    _gate = _predict_plot = _single

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
        pool = self.question.page(self.at)["pool"]
        indent = 0
        for place, wanted in answer["lines"]:
            self.node.locator(".dlcq-pool").get_by_text(pool[place], exact=True).click()
            code = program.last.locator("code")
            expect(code).to_be_focused()
            while indent != wanted:
                code.press("ArrowRight" if indent < wanted else "ArrowLeft")
                indent += 1 if indent < wanted else -1

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


@pytest.fixture
def asked(lab, notebook, server):
    """Opens a notebook that asks these questions; returns their cards."""

    def ask(name, questions):
        ids = [q.id for q in questions]
        lab.open(notebook(name, CELL.replace("{ids}", repr(ids))))
        lab.run_all()
        seed = Progress(server.home / "progress.sqlite").learner
        nodes = lab.page.locator(".dlcq-card")
        expect(nodes).to_have_count(len(questions))
        return [Card(nodes.nth(i), q, seed) for i, q in enumerate(questions)]

    return ask


def test_every_type_is_answered_wrongly_in_each_known_way_and_then_rightly(lab, asked):
    cards = asked("types.ipynb", list(EACH.values()))
    for card in cards:
        _wrong_then_right(card)
    assert lab.problems == []
    assert lab.axe(".dlc-quiz") == []
    expect(lab.page.locator(".dlcq-tally")).to_have_text("16 of 16 right")
    _fits_every_width(lab)
    _comes_back(lab)


def _wrong_then_right(card):
    kind = card.question.type
    if kind not in ("order", "code"):
        card.check()
        card.says(re.compile("Not answered yet|could not be read"))
    for mistake, response in card.question.mistakes(card.at):
        card.enter(response)
        card.check()
        card.says(first_words(card.at.fill(mistake.feedback)))
        expect(card.node.locator(".dlcq-mistake")).to_be_visible()
    if kind == "code":
        card._code("def (")
        card.check()
        expect(card.node.locator(".dlcq-word")).to_be_visible(timeout=90_000)
        card._code(CODE_WRONG)
        card.check()
        expect(card.node.locator(".dlcq-mistake")).to_be_visible(timeout=90_000)
    if card.question.auto and hasattr(card.node.locator("input.dlcq-line"), "count"):
        line = card.node.locator("input.dlcq-line:not(.dlcq-cell)")
        if line.count():
            line.fill("<b>no</b> such (thing")
            card.check()
            card.says(re.compile("could not be read|Not quite"))
    card.enter(card.question.key(card.at))
    card.check()
    card.says("Right.", 90)
    expect(card.node.locator(".dlcq-solution")).to_contain_text("Solution")


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


def _comes_back(lab):
    lab.restart()
    lab.run_all()
    expect(lab.page.locator(".dlcq-tally")).to_have_text("16 of 16 right")
    expect(lab.page.locator(".dlcq-feedback.dlcq-correct")).to_have_count(16)
    checked = lab.page.locator(".dlcq-options input:checked")
    assert checked.count() >= 6


def test_a_keyboard_is_enough(lab, asked):
    ids = ("bp.auto.rebind", "bp.check.proves", "bp.diag.ratio", "bp.sum.step", "bp.fan.where")
    cards = asked("keys.ipynb", [BANK[id] for id in ids])
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
    for _ in range(5):  # a busy page can lose the click between key down and key up
        keys.press("Enter")
        lab.page.wait_for_timeout(1000)
        if regions.nth(2).get_attribute("aria-pressed") == "true":
            break
        regions.nth(2).focus()
    expect(regions.nth(2)).to_have_attribute("aria-pressed", "true")
    cards[4].check()
    cards[4].says("Right.")


def test_feedback_is_on_the_screen_at_once(lab, asked):
    (card,) = asked("latency.ipynb", [BANK["bp.auto.rebind"]])
    options = card.node.locator(".dlcq-options input")

    def act(i):
        options.nth(i % 4).check()
        card.check()

    latency = lab.latency(".dlcq-feedback", act, "submit", n=12)
    print(f"\nquiz answer to feedback: {latency}")
    assert latency.missed <= 1
