"""A learner in the real JupyterLab: runs a lesson, is wrong, is told why, and loses nothing."""

import json
import re
import shutil
import sqlite3
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from dlcourse.teach import content, syllabus
from dlcourse.teach.quiz import load
from dlcourse.topics import exercises_of, find_exercise
from tests.browser.lab import Lab, LabServer, with_lessons
from tests.browser.walks import Walk, walks

WRITTEN = [lesson for lesson in syllabus.lessons() if lesson.written]
WALKS = walks()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """JupyterLab for a learner who has done nothing yet."""
    with LabServer(with_lessons(tmp_path_factory.mktemp("untouched"))) as running:
        yield running


@dataclass
class Walking:
    """A lesson on the screen, run from the top, and what the kernel sent to the page meanwhile."""

    walk: Walk
    lab: Lab
    received: list[bytes | str]


@pytest.fixture(scope="module", params=WALKS, ids=lambda walk: walk.lesson)
def walking(request, server, chromium):
    """One lesson after the other; the tests below go through each in order."""
    walk, received = request.param, []
    lab = Lab(chromium, server)
    lab.page.on("websocket", lambda ws: ws.on("framereceived", lambda f: received.append(f)))
    lab.open(f"{walk.lesson}.ipynb")
    lab.run_all(walk.seconds)
    yield Walking(walk, lab, received)
    lab.close()
    server.shut_kernels_down()
    # The next lesson may have the same explorable, and it is to ask first there, too.
    shutil.rmtree(server.home, ignore_errors=True)


def card_of(lab: Lab, asked):
    """The card of a question, found by the longest stretch of plain words in its stem."""
    return lab.page.locator(".dlcq-card", has_text=plainest(asked.stem).decode()).first


def cell_with(lab: Lab, source: re.Pattern):
    """The last code cell that holds `source`; those before may be a card's own output."""
    return lab.page.locator(".jp-Notebook:visible .jp-CodeCell", has_text=source).last


def replace_and_run(lab: Lab, cell, source: str) -> None:
    """Type `source` over the cell's text and run it, as a learner does."""
    cell.locator(".cm-content").click()
    lab.page.keyboard.press("Control+A")
    lab.page.keyboard.insert_text(source)
    lab.page.keyboard.press("Shift+Enter")
    lab.wait_idle()


def run(lab: Lab, source: str) -> None:
    """Run the first code cell whose text holds `source`."""
    cells = lab.page.locator(".jp-Notebook:visible .jp-CodeCell")
    cells.filter(has=lab.page.locator(".cm-content", has_text=source)).first.click()
    lab.page.keyboard.press("Shift+Enter")
    lab.wait_idle()


def test_every_lesson_with_exercises_is_walked_through():
    taught = {lesson.id for lesson in WRITTEN if lesson.objectives and lesson.requires}
    assert {walk.lesson for walk in WALKS} == taught


def test_the_lesson_runs_without_a_word_on_the_console(walking):
    lab = walking.lab
    errors = lab.page.locator(".jp-OutputArea-output[data-mime-type$='stderr']")
    assert errors.count() == walking.walk.errors, lab.errors()
    assert lab.problems == []
    assert lab.outside == []


def test_the_page_was_told_no_key_and_no_feedback(walking):
    told = b"".join(f if isinstance(f, bytes) else f.encode() for f in walking.received)
    bank = load(walking.walk.lesson)
    asked = plainest(bank[walking.walk.question].stem)
    assert asked in told, "the questions themselves were sent, so their texts can be found"
    assert [key for key, text in secrets_of(bank) if text in told] == []


def secrets_of(bank):
    """What the page must not know before an answer: feedback, solutions, hints; with its id.

    A feedback that takes up the words of what is asked anyway is no secret.
    """
    asked = b"\n".join(plainest(text) for text in shown_by(bank))
    for key, text in told_after(bank):
        if len(text) > 24 and text not in asked:
            yield key, text


def shown_by(bank):
    """The texts that a learner reads before answering: stems and options."""
    for question in bank.questions:
        yield question.stem
        for key in ("wrong", "right"):
            for option in question.model_dump().get(key) or []:
                if isinstance(option, dict) and isinstance(option.get("text"), str):
                    yield option["text"]


def told_after(bank):
    """Every feedback, solution and hint, as its longest stretch of plain words."""
    for question in bank.questions:
        fields = question.model_dump()
        options = [o for key in ("wrong", "right") for o in fields.get(key) or []]
        answer = fields.get("answer")
        options += [answer] if isinstance(answer, dict) else []
        texts = [o["feedback"] for o in options if isinstance(o, dict) and o.get("feedback")]
        texts += [question.solution, *question.hints]
        yield from ((question.id, plainest(text)) for text in texts)


def plainest(text: str) -> bytes:
    """The longest stretch of plain words in a text: what survives Markdown and JSON as it is."""
    return max(re.findall(r"[A-Za-z0-9 ,.;:-]+", text), key=len).strip().encode()


def test_no_serious_barrier_in_our_widgets(walking):
    assert walking.lab.axe(".dlc") == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_all_words_of_our_widgets_stand_out(walking, theme):
    walking.lab.theme(theme)
    assert walking.lab.faint(".dlc") == []


def test_a_wrong_answer_is_named_and_refuted_then_the_right_one_praised(walking):
    asked = load(walking.walk.lesson)[walking.walk.question]
    card = card_of(walking.lab, asked)
    card.get_by_label(plain(asked.wrong[0].text)).check()
    card.get_by_role("button", name="Check").click()
    feedback = card.locator(".dlcq-feedback")
    expect(feedback).to_contain_text("This mistake is known")
    expect(feedback).to_contain_text(plainest(asked.wrong[0].feedback).decode())
    card.get_by_label(plain(asked.answer.text)).check()
    card.get_by_role("button", name="Check again").click()
    expect(feedback).to_contain_text("Right")


def plain(markdown: str) -> str:
    """The words of a text without its code and formula marks."""
    return re.sub(r"[`*$]", "", markdown).strip()


def explorable_of(walking: Walking):
    """The walk's explorable where it first stands in the lesson, in view."""
    widget = walking.lab.page.locator(f"[data-explorable='{walking.walk.explorable}']").first
    widget.scroll_into_view_if_needed()
    return widget


def test_the_gate_opens_the_explorable_and_a_mission_is_solved(walking):
    widget = explorable_of(walking)
    expect(widget.locator(".dlx-missions")).to_be_hidden()
    widget.locator(".dlx-option").nth(1).click()
    widget.get_by_role("button", name="Commit and look").click()
    expect(widget.locator(".dlx-gate")).to_contain_text("predicted")
    expect(widget.locator(".dlx-missions")).to_be_visible()
    walking.walk.mission(walking.lab, widget)
    expect(widget.locator(".dlx-mission.dlx-solved")).to_have_count(1)


def test_a_wrong_exercise_is_diagnosed_and_a_right_one_passes(walking):
    walk, lab = walking.walk, walking.lab
    name = find_exercise(walk.exercise).name
    cell = cell_with(lab, re.compile(rf"(def|class) {name}\b"))
    replace_and_run(lab, cell, f"{walk.wrong}\n\n\ncheck({name})")
    expect(cell.locator(".dlce-verdict")).to_contain_text(walk.diagnosis)
    replace_and_run(lab, cell, f"{walk.right}\n\n\ncheck({name})")
    expect(cell.locator(".dlce-verdict")).to_contain_text("Correct")


def test_killed_and_opened_again_the_progress_is_there(walking, server):
    walk, lab = walking.walk, walking.lab
    exercise_card = f'exercise("{walk.exercise}"'
    lab.kill_kernels()
    lab.open(f"{walk.lesson}.ipynb")
    section = load(walk.lesson)[walk.question].section
    for source in ("begin(", f'section="{section}"', f'explore("{walk.explorable}"', exercise_card):
        run(lab, source)
    card = card_of(lab, load(walk.lesson)[walk.question])
    expect(card.locator(".dlcq-feedback")).to_contain_text("Right")
    expect(explorable_of(walking).locator(".dlx-gate")).to_contain_text("predicted")
    title = find_exercise(walk.exercise).title
    expect(lab.page.locator(".dlc-exercise", has_text=title).first).to_contain_text("correct")
    with sqlite3.connect(server.home / "progress.sqlite") as db:
        kinds = {kind for (kind,) in db.execute("SELECT kind FROM events")}
    assert {"open", "answer", "predict", "mission", "check"} <= kinds


@pytest.fixture(scope="module")
def unrun(tmp_path_factory):
    """A JupyterLab of its own: the walks above run for minutes, and JupyterLab saves meanwhile."""
    with LabServer(with_lessons(tmp_path_factory.mktemp("unrun"))) as running:
        yield running


@pytest.mark.parametrize("lesson", WRITTEN, ids=lambda x: x.id)
def test_before_the_first_run_every_output_reads_well(unrun, chromium, lesson):
    lab = Lab(chromium, unrun)
    lab.open(f"{lesson.id}.ipynb")
    notebook = lab.page.locator(".jp-Notebook:visible")
    expect(notebook.locator("h1").first).to_contain_text(lesson.title)
    text = notebook.inner_text()
    assert "Error displaying widget" not in text
    assert "Loading widget" not in text
    secrets = [e.why for e in exercises_of(lesson.topic)]
    stored = json.dumps(json.loads((content.lessons() / f"{lesson.id}.ipynb").read_text()))
    assert not any(json.dumps(secret)[1:60] in stored for secret in secrets)
    lab.close()
    unrun.shut_kernels_down()
