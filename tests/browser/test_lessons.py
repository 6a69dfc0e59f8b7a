"""A learner in the real JupyterLab: runs a lesson, is wrong, is told why, and loses nothing."""

import json
import re
import sqlite3

import pytest
from playwright.sync_api import expect

from dlcourse.teach import content, syllabus
from dlcourse.teach.quiz import load
from dlcourse.topics import exercises_of
from tests.browser.lab import Lab, LabServer, with_lessons

WRITTEN = [lesson for lesson in syllabus.lessons() if lesson.written]
LESSON = "02-backpropagation.ipynb"
WRONG_ANSWER = """def relu_backward(g, z):
    return g * np.maximum(z, 0)


check(relu_backward)"""
RIGHT_ANSWER = """def relu_backward(g, z):
    return np.where(z > 0, g, 0.0)


check(relu_backward)"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """JupyterLab for a learner who has done nothing yet."""
    with LabServer(with_lessons(tmp_path_factory.mktemp("untouched"))) as running:
        yield running


@pytest.fixture(scope="module")
def received():
    """Everything that the kernel sent to the page, frame by frame."""
    return []


@pytest.fixture(scope="module")
def opened(server, chromium, received):
    """Lesson 02, run from the top; the tests below go through it in order."""
    lab = Lab(chromium, server)
    lab.page.on("websocket", lambda ws: ws.on("framereceived", lambda f: received.append(f)))
    lab.open(LESSON)
    lab.run_all(300)
    yield lab
    lab.close()
    server.shut_kernels_down()


def question(lab: Lab, words: str):
    """The card of the question whose stem contains `words`."""
    return lab.page.locator(".dlcq-card", has_text=words)


def cell_with(lab: Lab, source: str):
    """The code cell that contains `source`."""
    return lab.page.locator(".jp-Notebook:visible .jp-CodeCell", has_text=source)


def replace_and_run(lab: Lab, cell, source: str) -> None:
    """Type `source` over the cell's text and run it, as a learner does."""
    cell.locator(".cm-content").click()
    lab.page.keyboard.press("Control+A")
    lab.page.keyboard.insert_text(source)
    lab.page.keyboard.press("Shift+Enter")
    lab.wait_idle()


def test_the_lesson_runs_without_a_word_on_the_console(opened):
    errors = opened.page.locator(".jp-OutputArea-output[data-mime-type$='stderr']")
    assert errors.count() == 1  # the one that section 5 shows on purpose
    assert opened.problems == []
    assert opened.outside == []


def test_the_page_was_told_no_key_and_no_feedback(opened, received):
    told = b"".join(f if isinstance(f, bytes) else f.encode() for f in received)
    bank = load("02-backpropagation")
    asked = plainest(bank.section("chain-rule")[0].stem)
    assert asked in told, "the questions themselves were sent, so their texts can be found"
    assert [key for key, text in secrets_of(bank) if text in told] == []


def secrets_of(bank):
    """What the page must not know before an answer: feedback, solutions, hints; with its id."""
    for question in bank.questions:
        fields = question.model_dump()
        options = [o for key in ("wrong", "right") for o in fields.get(key) or []]
        answer = fields.get("answer")
        options += [answer] if isinstance(answer, dict) else []
        texts = [o["feedback"] for o in options if isinstance(o, dict) and o.get("feedback")]
        texts += [question.solution, *question.hints]
        yield from ((question.id, plainest(text)) for text in texts if len(plainest(text)) > 24)


def plainest(text: str) -> bytes:
    """The longest stretch of plain words in a text: what survives Markdown and JSON as it is."""
    return max(re.findall(r"[A-Za-z0-9 ,.;:-]+", text), key=len).strip().encode()


def test_no_serious_barrier_in_our_widgets(opened):
    assert opened.axe(".dlc") == []


def test_a_wrong_answer_is_named_and_refuted_then_the_right_one_praised(opened):
    card = question(opened, "Going forward gives other derivatives")
    bank = load("02-backpropagation")
    asked = next(q for q in bank.section("chain-rule") if q.type == "single")
    wrong = asked.wrong[0]
    card.get_by_label(plain(wrong.text)).check()
    card.get_by_role("button", name="Check").click()
    feedback = card.locator(".dlcq-feedback")
    expect(feedback).to_contain_text("This mistake is known")
    expect(feedback).to_contain_text(plain(wrong.feedback)[:40])
    card.get_by_label(plain(asked.answer.text)).check()
    card.get_by_role("button", name="Check again").click()
    expect(feedback).to_contain_text("Right")


def plain(markdown: str) -> str:
    """The words of a text without its code and formula marks."""
    return re.sub(r"[`*$]", "", markdown).strip()


def microscope(lab: Lab):
    """The lesson's first microscope, in view."""
    widget = lab.page.locator("[data-explorable='backprop-microscope']").first
    widget.scroll_into_view_if_needed()
    return widget


def test_the_gate_opens_the_microscope_and_a_drag_moves_the_numbers(opened):
    widget = microscope(opened)
    expect(widget.locator(".dlx-missions")).to_be_hidden()
    widget.locator(".dlx-option").nth(1).click()
    widget.get_by_role("button", name="Commit and look").click()
    expect(widget.locator(".dlx-gate")).to_contain_text("predicted")
    expect(widget.locator(".dlx-missions")).to_be_visible()
    widget.get_by_label("Edge under the microscope").select_option(index=0)  # a pixel
    handle = widget.get_by_label("Weight of this edge")
    handle.scroll_into_view_if_needed()
    products = widget.locator(".bpm-products")
    before = products.inner_text()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    opened.page.mouse.move(x, y)
    opened.page.mouse.down()
    opened.page.mouse.move(x + 60, y, steps=6)
    opened.page.mouse.up()
    expect(products).not_to_have_text(before)


def test_a_mission_is_solved(opened):
    widget = microscope(opened)
    widget.locator(".dlx-missions summary").click()
    widget.get_by_role("button", name=re.compile("Make the gradient check reject")).click()
    slider = widget.get_by_label(re.compile("Step of the numerical gradient"))
    slider.focus()
    opened.page.keyboard.press("Home")
    expect(widget.locator(".dlx-mission.dlx-solved")).to_have_count(1)


def test_a_wrong_exercise_is_diagnosed_and_a_right_one_passes(opened):
    cell = cell_with(opened, "def relu_backward").last  # the first is the card's own output
    replace_and_run(opened, cell, WRONG_ANSWER)
    expect(cell.locator(".dlce-verdict")).to_contain_text("multiply by the activation itself")
    replace_and_run(opened, cell, RIGHT_ANSWER)
    expect(cell.locator(".dlce-verdict")).to_contain_text("Correct")


def test_killed_and_opened_again_the_progress_is_there(opened, server):
    opened.kill_kernels()
    opened.open(LESSON)
    opened.run_all(300)
    card = question(opened, "Going forward gives other derivatives")
    expect(card.locator(".dlcq-feedback")).to_contain_text("Right")
    expect(microscope(opened).locator(".dlx-gate")).to_contain_text("predicted")
    card = opened.page.locator(".dlc-exercise", has_text="Back through ReLU").first
    expect(card).to_contain_text("correct")
    with sqlite3.connect(server.home / "progress.sqlite") as db:
        kinds = {kind for (kind,) in db.execute("SELECT kind FROM events")}
    assert {"open", "answer", "predict", "mission", "check"} <= kinds


@pytest.mark.parametrize("lesson", WRITTEN, ids=lambda x: x.id)
def test_before_the_first_run_every_output_reads_well(lab, lesson):
    lab.open(f"{lesson.id}.ipynb")
    notebook = lab.page.locator(".jp-Notebook:visible")
    expect(notebook.locator("h1").first).to_contain_text(lesson.title)
    text = notebook.inner_text()
    assert "Error displaying widget" not in text
    assert "Loading widget" not in text
    secrets = [e.why for e in exercises_of(lesson.topic)]
    stored = json.dumps(json.loads((content.lessons() / f"{lesson.id}.ipynb").read_text()))
    assert not any(json.dumps(secret)[1:60] in stored for secret in secrets)
