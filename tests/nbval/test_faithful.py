"""The comparison of notebooks finds what changed, and only that."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_notebook

from tests.nbval.faithful import Rough, Screen, picture_fault
from tools.execute import execute
from tools.rounding import rounding

ROOT = Path(__file__).resolve().parents[2]


def run_nbval(*notebooks: Path) -> dict[str, dict[int, str]]:
    """Compare notebooks in a pytest of their own; the message of each failed cell by its number."""
    report = notebooks[0].parent / "report.xml"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--nbval", "-p", "tests.nbval.faithful",
         "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(notebooks[0].parent),
         "--color=no", f"--junitxml={report}", *map(str, notebooks)],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    failed: dict[str, dict[int, str]] = {path.stem: {} for path in notebooks}
    for case in ET.parse(report).iter("testcase"):
        fault = case.find("failure")
        if fault is not None:
            stem = case.get("classname", "").removesuffix(".ipynb").split(".")[-1]
            failed[stem][int(case.get("name", "").split()[-1])] = fault.text or ""
    return failed


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """A small executed notebook: numbers, a picture, and all that plain nbval trips over."""
    sources = [
        "import matplotlib.pyplot as plt\nprint('accuracy', 0.9314)",
        "plt.figure(figsize=(3, 2))\nplt.title('accuracy 0.93');",
        "import ipywidgets as widgets\nout = widgets.Output()\nwith out:\n    print('inside')\nout",
        "handle = display('first', display_id=True)\nhandle.update('second')",
        "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('kept')",
        "widgets.interact(lambda k: print(k), k=(0, 5));",
        "object()",
        "import os\nlen(os.listdir(os.environ['DLCOURSE_HOME'])) < 2",
        "1 / 0",
    ]
    book = new_notebook(cells=[new_code_cell(source) for source in sources])
    book.cells[-1].metadata.tags = ["raises-exception"]
    path = tmp_path_factory.mktemp("nbval") / "whole.ipynb"
    nbformat.write(book, path)
    execute(path)
    return path


@pytest.fixture(scope="module")
def verdicts(lesson):
    """What the comparison says of that notebook and of copies that were changed in one place."""
    paths = [lesson]
    for name, (index, change) in CHANGES.items():
        book = nbformat.read(lesson, as_version=4)
        change(book.cells[index])
        paths.append(lesson.with_name(f"{name}.ipynb"))
        nbformat.write(book, paths[-1])
    return run_nbval(*paths)


def _stored(old: str, new: str):
    def change(cell):
        assert old in cell.outputs[0].text
        cell.outputs[0].text = cell.outputs[0].text.replace(old, new)

    return change


def _source(text: str):
    return lambda cell: cell.update(source=text)


CHANGES = {
    "digit": (0, _stored("0.9314", "0.9315")),
    "picture": (1, _source("plt.figure(figsize=(3, 2))\nplt.title('accuracy 0.98');")),
    "nopicture": (1, _source("print('no picture')")),
    "raises": (2, _source("import ipywidgets as widgets\nout.missing")),
    "interact": (5, _source("def f(k):\n    raise ValueError(k)\nwidgets.interact(f, k=(0, 5));")),
    "updated": (3, _source("handle = display('first', display_id=True)\nhandle.update('third')")),
    "cleared": (4, _source("print('gone')\nprint('kept')")),
    "dies": (6, _source("import os\nos._exit(1)")),
}


def test_a_faithful_notebook_passes(verdicts):
    assert verdicts["whole"] == {}


@pytest.mark.parametrize("name", [n for n in CHANGES if n != "dies"])
def test_a_change_in_one_cell_is_found_in_that_cell(verdicts, name):
    assert list(verdicts[name]) == [CHANGES[name][0]]


def test_a_changed_digit_is_shown(verdicts):
    assert "0.9315" in verdicts["digit"][0]
    assert "0.9314" in verdicts["digit"][0]


def test_a_dead_kernel_is_named_at_once(verdicts):
    assert "the kernel died" in verdicts["dies"][6]


def test_a_real_lesson_turns_red_when_one_printed_number_changes(tmp_path):
    path, cell, altered = _altered_lesson(tmp_path)
    assert cell in run_nbval(path)[path.stem], f"{altered} passed"


def _altered_lesson(tmp_path):
    """The first lesson that prints a number, with one digit of it changed, cut after that cell."""
    for source in sorted((ROOT / "lessons").glob("*.ipynb")):
        book = nbformat.read(source, as_version=4)
        code = [cell for cell in book.cells if cell.cell_type == "code"]
        for number, cell in enumerate(code):
            for output in cell.outputs:
                text = output.get("text", "")
                digit = next((i for i, c in enumerate(text) if c.isdigit()), None)
                if digit is not None and "nbval-ignore-output" not in cell.metadata.get("tags", []):
                    changed = str((int(text[digit]) + 1) % 10)
                    output.text = text[:digit] + changed + text[digit + 1 :]
                    book.cells = book.cells[: book.cells.index(cell) + 1]
                    path = tmp_path / source.name
                    nbformat.write(book, path)
                    return path, number, output.text
    raise AssertionError("no lesson prints a number")


def drawn(title: str, offset: float) -> np.ndarray:
    """The pixels (H, W, 4) of a small figure."""
    figure = Figure(figsize=(6.4, 4.8), dpi=72)
    axes = figure.subplots()
    x = np.linspace(0, 6, 50)
    axes.plot(x, np.sin(x) + offset)
    axes.set(title=title, ylim=(-1.5, 1.5))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()) / 255


@pytest.mark.parametrize(("old", "new"), [("0.93", "0.98"), ("1", "7"), ("0.6", "0.8")])
def test_one_digit_in_a_picture_is_seen_and_rounding_is_forgiven(old, new):
    assert "near x=" in picture_fault(drawn(old, 0), drawn(new, 0))
    assert picture_fault(drawn(old, 0), drawn(old, 1e-3)) == ""


def test_a_picture_of_another_size_is_named():
    assert "shape" in picture_fault(np.ones((4, 4, 3)), np.ones((4, 5, 3)))


def test_clear_output_waits_for_the_next_output():
    screen, outputs = Screen(), ["old"]
    screen.begin(outputs)
    head = {"parent_header": {"msg_id": "1"}}
    assert not screen.shows({**head, "msg_type": "clear_output", "content": {"wait": True}})
    assert outputs == ["old"]
    assert screen.shows({**head, "msg_type": "stream", "content": {"name": "stdout", "text": ""}})
    assert outputs == []


@pytest.mark.parametrize(
    ("new", "old", "alike"),
    [
        ("accuracy 0.93", "accuracy 0.93", True),
        ("accuracy 0.93", "accuracy 0.97", True),
        ("accuracy 0.93", "accuracy 0.80", False),
        ("k = 3   96%", "k = 3  95%", True),
        ("[-0.01  0.4 ]", "[ 0.02 0.4]", True),
        ("[-0.01 0.4]", "[-0.02 0.4]", True),
        ("1.2 pixels", "1.3 pixels", True),
        ("1.2 pixels", "1.4 pixels", False),
        ("loss −1,204.5", "loss −1,190.1", True),
        ("4 of 10 digits", "5 of 10 digits", False),
        ("still a gap: True", "still a gap: False", False),
        ("0.1 0.2", "0.1", False),
    ],
)
def test_what_is_alike_where_one_machine_rounds_otherwise(new, old, alike):
    assert (Rough(new) == old) is alike
    assert (Rough(new) != old) is not alike


def test_trained_numbers_may_differ_only_where_a_machine_rounds_otherwise(lesson):
    book = nbformat.read(lesson, as_version=4)
    assert book.metadata.rounding == rounding()
    book.cells[0].outputs[0].text = "accuracy 0.9214\n"
    here, elsewhere = (lesson.with_name(f"{name}.ipynb") for name in ("here", "elsewhere"))
    nbformat.write(book, here)
    book.metadata["rounding"] = "otherwise"
    nbformat.write(book, elsewhere)
    failed = run_nbval(here, elsewhere)
    assert set(failed["here"]) == {0}
    assert failed["elsewhere"] == {}
