"""Every explorable in the real JupyterLab: predicted, dragged, broken, solved, reset, reopened."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from dlcourse.topics import find_explorable
from tests.browser.walks import start_mission

# With DLCOURSE_SHOTS set, screenshots of every explorable are kept in that folder.
SHOTS = os.environ.get("DLCOURSE_SHOTS")


@dataclass(frozen=True)
class Case:
    """What to drag, what to break and what that says, and how to solve a mission by hand."""

    id: str
    drag: str  # a CSS selector; dragged by `by` pixels
    by: tuple[int, int]
    keys: str  # a CSS selector of something that arrow keys move
    broken: str  # the words of a preset, or an option of the backward rule
    says: str
    mission: str  # how its text begins
    solve: tuple[tuple[str, str, str], ...]  # (how, label, value)


CASES = (
    Case(
        "backprop-microscope",
        ".dlx-cell >> nth=0",
        (40, 40),
        "input[aria-label^='Step through'] >> nth=0",
        "Sign flipped",
        "Sign flipped",
        "Make the forgotten mean",
        (("radio", "Batch size", "1"),),
    ),
    Case(
        "softmax-bench",
        ".dlx-handle >> nth=0",
        (60, 0),
        "input[aria-label='Logit of class 3'] >> nth=0",
        "Logarithm forgotten",
        "between −1 and 0",
        "Make the bare formula",
        (("key", "Added to all logits", "End"),),
    ),
    Case(
        "kernel-bench",
        ".dlx-cell >> nth=4",
        (0, -30),
        ".dlx-handle >> nth=0",
        "Checkerboard",
        "a checkerboard",
        "Make 3 outputs",
        (("key", "Stride s", "ArrowRight"),),
    ),
    Case(
        "signal-river",
        ".dlx-handle >> nth=0",
        (60, 0),
        ".dlx-handle >> nth=0",
        "Sigmoid, ten layers",
        "activation sigmoid",
        "Lose all but",
        (("radio", "Activation", "sigmoid"),),
    ),
    Case(
        "momentum-terrain",
        ".dlx-handle >> nth=1",
        (-30, 20),
        ".dlx-handle >> nth=0",
        "No bias correction",
        "0.1 / 0.0316 = 3.16",
        "Make Adam’s first step",
        (("switch", "Bias correction", ""),),
    ),
    Case(
        "overfit-dial",
        ".dlx-handle >> nth=1",
        (60, 0),
        ".dlx-handle >> nth=1",
        "Dropout left on",
        "dropped at random",
        "Make dropout go on",
        (("switch", "F.dropout(x, 0.5)", ""),),
    ),
    Case(
        "leak-detector",
        ".lkd-step >> nth=3",
        (-150, 0),
        ".lkd-step >> nth=4",
        "Columns chosen before",
        "looked at 100",
        "Report more than 90",
        (
            ("switch", "Copy with noise", ""),
            ("key", "copy with noise, step", "Home"),
        ),
    ),
    Case(
        "fold-plane",
        ".dlx-handle >> nth=0",
        (40, -25),
        ".dlx-handle >> nth=1",
        "Stacked linear layers",
        "4 layers are one",
        "With three hidden layers",
        (("radio", "Activation", "none"),),
    ),
    Case(
        "gradient-through-time",
        ".dlx-handle >> nth=0",
        (-40, 0),
        ".dlx-handle >> nth=0",
        "“Always explodes”",
        "nearly flat",
        "Shorten the gradient",
        (("radio", "Clip", "by norm"),),
    ),
    Case(
        "attention-loom",
        ".dlx-range >> nth=0",
        (60, 0),
        ".dlx-range >> nth=0",
        "Mask after softmax",
        "later values change what is read by 0, later keys 0.48",
        "Make both leak meters",
        (("list", "Mask", "causal"),),
    ),
    Case(
        "generator-bench",
        ".dlx-handle >> nth=0",
        (40, -25),
        ".dlx-handle >> nth=1",
        "Mean over pixels",
        "the same grey digit",
        "Choose a loss",
        (("list", "Loss", "recon-mean"),),
    ),
    Case(
        "transfer-balance",
        ".dlx-handle >> nth=0",
        (-90, 0),
        ".dlx-handle >> nth=0",
        "Weights frozen only",
        "its running statistics have",
        "Find a target on which",
        (("list", "Target", "place"),),
    ),
    Case(
        "roofline-ledger",
        ".dlx-handle >> nth=0",
        (-60, 0),
        ".dlx-handle >> nth=0",
        "“Memory is weights”",
        "runs out of memory",
        "Make the clock report",
        (("radio", "The program waits", "never"),),
    ),
    Case(
        "trust-bench",
        ".dlx-handle >> nth=0",
        (90, 0),
        ".dlx-handle >> nth=0",
        "Only its size",
        "size of the gradient",
        "Make the map add up",
        (("list", "Method", "integrated"),),
    ),
)


def _says(widget: Locator) -> str:
    return widget.locator(".dlx-says").inner_text()


def _shows(widget: Locator) -> str:
    return _says(widget) + widget.locator("canvas, svg").first.get_attribute("aria-label")


def _drag(lab, what: Locator, by: tuple[int, int]) -> None:
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    lab.page.mouse.move(x + by[0], y + by[1], steps=12)
    lab.page.mouse.up()


def _break(widget: Locator, words: str) -> None:
    chips = widget.get_by_role("button", name=words, exact=True)
    if chips.count():
        chips.first.click()
    else:
        widget.get_by_label("Backward rule").select_option(label=words)


def _solve(widget: Locator, how: str, label: str, value: str) -> None:
    if how == "radio":
        group = widget.get_by_role("group", name=label)
        group.get_by_role("radio", name=value, exact=True).check(force=True)
    elif how == "switch":
        widget.get_by_role("switch", name=label).click()
    elif how == "list":
        widget.get_by_label(label, exact=True).select_option(value)
    else:
        widget.get_by_label(label).press(value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_whole_way_through(lab, notebook, tmp_path, case):
    name = notebook(f"{case.id}.ipynb", f"from dlcourse.show import explore\nexplore('{case.id}')")
    predict = find_explorable(case.id).predict
    lab.size(1280, 1400)
    lab.open(name)
    lab.run_all()
    widget = lab.page.locator(".dlc-explorable")

    # Predict: what is asked is there, what is to be seen is not.
    expect(widget.get_by_text("Predict first").first).to_be_visible()
    expect(widget.locator(".dlx-presets")).to_be_hidden() if case.id != CASES[0].id else None
    _keep(lab, widget, tmp_path, f"{case.id}-0-asked")
    widget.locator(".dlx-option").nth(predict.right).click()
    widget.get_by_role("button", name="Commit and look").click()
    expect(widget.get_by_text("As you predicted.")).to_be_visible()
    expect(widget.locator(".dlx-missions")).to_be_visible()
    widget.get_by_role("button", name="Reset").click()  # from where the answer is shown

    # Look: light and dark.
    _keep(lab, widget, tmp_path, f"{case.id}-1-light")
    lab.theme("dark")
    lab.page.wait_for_timeout(600)  # the theme's own sheet, then the canvases
    _keep(lab, widget, tmp_path, f"{case.id}-2-dark")
    lab.theme("light")
    lab.page.wait_for_timeout(600)

    # Drag, by mouse and by keys; undo goes back.
    first, before = _says(widget), _shows(widget)
    _drag(lab, widget.locator(case.drag), case.by)
    undo = widget.get_by_role("button", name="Undo")
    expect(undo).to_be_enabled()
    widget.locator(case.keys).press("ArrowLeft")
    for _ in range(100):  # until the kernel has drawn it
        if _shows(widget) != before:
            break
        lab.page.wait_for_timeout(100)
    assert _shows(widget) != before
    while undo.is_enabled():
        undo.click()
    expect(widget.locator(".dlx-says")).to_have_text(re.compile(re.escape(first.split("\n")[0])))

    # Break it: the page says what was broken.
    _break(widget, case.broken)
    expect(widget.locator(".dlx-says")).to_contain_text(case.says)
    _keep(lab, widget, tmp_path, f"{case.id}-3-broken")

    # A mission, solved by hand.
    widget.locator(".dlx-missions summary").click()
    item = widget.locator(".dlx-mission").filter(has_text=case.mission)
    item.get_by_role("button").click()
    expect(item).to_have_class(re.compile("dlx-active"))
    expect(item).not_to_have_class(re.compile("dlx-solved"))
    for how, label, value in case.solve:
        _solve(widget, how, label, value)
    expect(item).to_have_class(re.compile("dlx-solved"))

    # Reset: as at first.
    widget.get_by_role("button", name="Reset").click()
    expect(widget.locator(".dlx-says")).to_have_text(re.compile(re.escape(first.split("\n")[0])))

    assert lab.axe(".dlc-explorable") == []
    assert lab.problems == []

    # Reopened, with a new kernel: the guess and the mission are still known.
    lab.kill_kernels()
    lab.open(name)
    lab.run_all()
    expect(widget.get_by_text("As you predicted.")).to_be_visible()
    expect(widget.locator(".dlx-missions summary")).to_contain_text("1 of")


def _keep(lab, widget: Locator, tmp_path: Path, name: str) -> None:
    lab.shot((Path(SHOTS) if SHOTS else tmp_path) / f"{name}.png", widget)


@pytest.mark.parametrize("width", [360, 480, 900, 1600])
def test_nothing_sticks_out_at_any_width(lab, notebook, width):
    ids = [case.id for case in CASES]
    cells = [f"from dlcourse.show import explore\nexplore('{id}', {_open(id)})" for id in ids]
    lab.size(width, 1200)
    lab.open(notebook(f"width-{width}.ipynb", *cells))
    lab.run_all()
    if width < 900:
        lab.page.keyboard.press("Control+B")  # the file browser would take the width
    lab.page.wait_for_timeout(800)
    wide = lab.page.evaluate(
        """() => [...document.querySelectorAll('.dlc-explorable')].map(
             e => [e.getAttribute('aria-label'), e.scrollWidth - e.clientWidth])"""
    )
    assert len(wide) == len(ids)
    assert [name for name, over in wide if over > 1] == []
    names = lab.page.evaluate("() => [...document.querySelectorAll('.dlc [id]')].map(e => e.id)")
    assert len(names) > len(ids)
    assert len(set(names)) == len(names)  # a label belongs to one control of the page
    assert lab.problems == []


def _open(id: str) -> str:
    return f"preset='{find_explorable(id).presets[0].name}'"


def test_an_error_of_the_learners_function_is_on_the_page(lab, notebook):
    code = "from dlcourse.show import explore\nexplore('fold-plane', model=lambda points: points)"
    lab.open(notebook("wrong.ipynb", code))
    lab.run_all()
    alert = lab.page.locator(".dlc-explorable").get_by_role("alert")
    expect(alert).to_contain_text("one score for each")


def test_a_handle_stays_where_it_was_let_go(lab, notebook):
    code = "from dlcourse.show import explore\nw = explore('signal-river', preset='he')\nw"
    lab.open(notebook("thrown.ipynb", code, "print('kernel has', w.settings['depth'])"))
    lab.run_all()
    widget = lab.page.locator(".dlc-explorable")
    handle = widget.locator(".dlx-handle")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    # Thrown to the left edge and let go before the kernel has drawn anything.
    handle.evaluate(
        """(button, box) => {
             const at = (x) => ({ pointerId: 1, clientX: x, clientY: box.y, bubbles: true });
             button.setPointerCapture = () => {};
             button.dispatchEvent(new PointerEvent('pointerdown', at(box.x)));
             button.dispatchEvent(new PointerEvent('pointermove', at(box.x - 2000)));
             button.dispatchEvent(new PointerEvent('pointerup', at(box.x - 2000)));
           }""",
        box,
    )
    expect(widget.locator(".dlx-says")).to_contain_text("1 layer")
    lab.code_cell(1).locator(".jp-InputPrompt").click()
    lab.menu("Run", "Run Selected Cell")
    expect(lab.code_cell(1)).to_contain_text("kernel has 1\n")


def test_what_is_turned_before_a_mission_has_begun_is_kept(lab, notebook):
    e = find_explorable("leak-detector")
    mission = next(m for m in e.missions if m.asks.startswith("Report more than 90"))
    code = "from dlcourse.show import explore\nw = explore('leak-detector', preset='{}')\nw"
    other = next(p for p in e.presets if e.settings(p.settings) != e.settings(mission.start))
    lab.open(notebook("early.ipynb", code.format(other.name), "print(w.settings)"))
    lab.run_all()
    widget = lab.page.locator(".dlc-explorable")
    with lab.kernels_asleep():
        start_mission(widget, "Report more than 90")
        widget.get_by_role("switch", name="Copy with noise").press("Space")
        lab.page.wait_for_timeout(100)
        widget.get_by_role("button", name="copy with noise, step").press("Home")
    expect(widget.locator(".dlx-mission.dlx-solved")).to_have_count(1)
    expect(widget.get_by_role("switch", name="Copy with noise")).to_be_checked()


def test_a_kernel_interrupted_meanwhile_goes_on_answering(lab, notebook):
    code = """import time
from dlcourse.show import explore

def slow(points):
    time.sleep(4)
    return points[:, 0]

explore('fold-plane', model=slow)"""
    lab.open(notebook("interrupted.ipynb", code))
    lab.run_all()
    widget = lab.page.locator(".dlc-explorable")
    widget.locator(".dlx-chip").first.click()
    lab.wait_busy()
    lab.menu("Kernel", "Interrupt Kernel")
    lab.wait_idle()
    widget.locator(".dlx-chip").nth(1).click()
    lab.wait_busy()


def test_the_newest_setting_wins_in_a_fast_drag(lab, notebook):
    code = "from dlcourse.show import explore\nw = explore('softmax-bench', preset='sure')\nw"
    name = notebook("fast.ipynb", code, "print('kernel has', w.settings['logits'][3])")
    lab.open(name)
    lab.run_all()
    slider = lab.page.get_by_label("Logit of class 3")
    slider.focus()
    for _ in range(40):
        lab.page.keyboard.press("ArrowRight", delay=2)
    shown = slider.input_value()
    lab.page.wait_for_timeout(1500)
    assert slider.input_value() == shown  # no older frame pulled it back
    lab.code_cell(1).locator(".jp-InputPrompt").click()
    lab.menu("Run", "Run Selected Cell")
    expect(lab.code_cell(1)).to_contain_text(f"kernel has {float(shown):g}")
