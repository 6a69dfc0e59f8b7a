"""Every stored lesson is whole: executed in order, readable without a kernel, fit to compare."""

import json
import re
from pathlib import Path

import pytest

from dlcourse.teach import syllabus
from dlcourse.topics import all_exercises
from tools.execute import METADATA, WIDGET_VIEW

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "lessons").glob("*.ipynb"))
TIMING, IGNORED = "timing", "nbval-ignore-output"
MARKERS = re.compile(r"#\s*(NBVAL|PYTEST_VALIDATE)_")
INSTALLS = re.compile(r"^\s*[!%]\s*(pip|conda|uv)\b|https?://", re.MULTILINE)
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
LONGEST = 15  # lines of a cell


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def code(book: dict) -> list[dict]:
    return [cell for cell in book["cells"] if cell["cell_type"] == "code"]


def tags(cell: dict) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def faults(book: dict) -> list[str]:
    """What is wrong with a notebook, one sentence each."""
    cells = code(book)
    found = []
    if [c["execution_count"] for c in cells] != list(range(1, len(cells) + 1)):
        found.append("the cells were not executed in order 1..N from a fresh kernel")
    if book["metadata"].get("kernelspec") != METADATA["kernelspec"]:
        found.append("the kernel is not named as `course.py lessons` names it")
    if "widgets" in book["metadata"]:
        found.append("widget models of one run are stored")
    if not all(cell.get("id") for cell in book["cells"]):
        found.append("a cell has no id")
    return found + [f"cell {n}: {fault}" for n, c in enumerate(cells, 1) for fault in _of_cell(c)]


def _of_cell(cell: dict) -> list[str]:
    source = joined(cell["source"])
    found = [fault for output in cell["outputs"] for fault in _of_output(output, tags(cell))]
    if len(source.splitlines()) > LONGEST:
        found.append(f"{len(source.splitlines())} lines, more than {LONGEST}")
    if INSTALLS.search(source):
        found.append("installs something, or names an address of the web")
    if MARKERS.search(source) or "nbval-skip" in tags(cell):
        found.append("is kept from being compared by something else than its tags")
    if (IGNORED in tags(cell)) != (TIMING in tags(cell)):
        found.append(f"only cells that time something go uncompared: tag both {TIMING}, {IGNORED}")
    return found


def _of_output(output: dict, tagged: set[str]) -> list[str]:
    kind, data = output["output_type"], output.get("data", {})
    words = {mime: value for mime, value in data.items() if not mime.startswith("image/")}
    text = json.dumps({**output, "data": words})
    found = []
    if kind == "error" and "raises-exception" not in tagged:
        found.append("ends in an error")
    if output.get("name") == "stderr":
        found.append("writes to stderr")
    if kind != "error" and ADDRESS.search(text):
        found.append("shows a memory address")
    if str(ROOT) in text or str(Path.home()) + "/" in text:
        found.append("shows a path of the author's machine")
    if WIDGET_VIEW in data and len(data) > 1:
        found.append("stores a live view, which means nothing without its kernel")
    if {"text/plain"} == set(data) - {WIDGET_VIEW} and WIDGET_VIEW in data:
        found.append("has no static face")
    for image in (mime for mime in data if mime.startswith("image/")):
        alt = output["metadata"].get(image, {}).get("alt") or output["metadata"].get("alt")
        if not alt or len(alt) < 15:
            found.append("shows a picture that is not described")
    return found


def test_there_are_lessons():
    assert LESSONS


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_lesson_is_whole(path):
    assert faults(read(path)) == []


LINK = re.compile(r"\]\(([^)\s:]+)\)")  # relative ones; those of the web have a colon
GLOSSARY = (ROOT / "lessons" / "glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r"^## (.+)$", GLOSSARY, re.MULTILINE)


def dead_links(text: str, names: set[str], terms: list[str]) -> list[str]:
    """Links to files that are not there, and to terms that the glossary lacks."""
    anchors = {term.replace(" ", "-") for term in terms}  # as JupyterLab makes them
    wanted = [link.partition("#") for link in LINK.findall(text)]
    return [
        file + mark + anchor
        for file, mark, anchor in wanted
        if file not in names or (file == "glossary.md" and anchor and anchor not in anchors)
    ]


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_no_link_of_a_lesson_is_dead(path):
    names = {file.name for file in path.parent.iterdir()}
    words = [c["source"] for c in read(path)["cells"] if c["cell_type"] == "markdown"]
    assert dead_links("\n".join(map(joined, words)), names, TERMS) == []


def test_a_dead_link_is_seen():
    text = "[a](glossary.md#batch), [b](09-x.ipynb), [c](glossary.md#nothing) [d](https://x.y)"
    assert dead_links(text, {"glossary.md"}, ["batch"]) == ["09-x.ipynb", "glossary.md#nothing"]


def test_the_glossary_is_in_order():
    assert sorted(TERMS, key=str.casefold) == TERMS
    assert len(set(TERMS)) == len(TERMS)


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_every_objective_is_practised(path):
    """An exercise for each objective, and each exercise with its card and its check."""
    aims, source = syllabus.lesson(path.stem).objectives, sources(read(path))
    own = [e for e in all_exercises() if set(e.objectives) & set(aims)]
    unpractised = set(aims) - {aim for e in own for aim in e.objectives}
    assert path.stem == "00-welcome" or not unpractised
    for exercise in own:
        assert f'exercise("{exercise.id}")' in source
        assert f"check({exercise.name})" in source


def sources(book: dict) -> str:
    return "\n".join(joined(cell["source"]) for cell in code(book))


def test_nearly_every_cell_is_compared(record_property):
    cells = [cell for path in LESSONS for cell in code(read(path))]
    timed = sum(IGNORED in tags(cell) for cell in cells)
    record_property("cells", len(cells))
    print(f"{len(cells)} code cells in {len(LESSONS)} lessons; {timed} timing cells uncompared")
    assert timed <= 0.05 * len(cells)


def lesson_like(**changes) -> dict:
    """A sound notebook of one cell, with changes to that cell."""
    output = {"output_type": "stream", "name": "stdout", "text": ["1\n"]}
    cell = {"cell_type": "code", "id": "a", "execution_count": 1, "metadata": {},
            "source": ["print(1)"], "outputs": [output], **changes}  # fmt: skip
    return {"cells": [cell], "metadata": {"kernelspec": METADATA["kernelspec"]}}


def shown(data: dict, metadata: dict | None = None) -> list[dict]:
    return [{"output_type": "display_data", "data": data, "metadata": metadata or {}}]


WRONG = {
    "order": {"execution_count": 2},
    "cleared": {"execution_count": None},
    "long": {"source": ["x = 1\n"] * (LONGEST + 1)},
    "pip": {"source": ["%pip install x"]},
    "web": {"source": ["read('http" + "://example.invalid')"]},
    "marker": {"source": ["# NBVAL_SKIP\n", "1"]},
    "ignored": {"metadata": {"tags": [IGNORED]}},
    "timing": {"metadata": {"tags": [TIMING]}},
    "skipped": {"metadata": {"tags": ["nbval-skip"]}},
    "error": {"outputs": [{"output_type": "error", "ename": "E", "evalue": "", "traceback": []}]},
    "stderr": {"outputs": [{"output_type": "stream", "name": "stderr", "text": ["w"]}]},
    "address": {"outputs": shown({"text/plain": "<object at 0x7f0123456789>"})},
    "path": {"outputs": shown({"text/plain": str(ROOT / "lessons")})},
    "alt": {"outputs": shown({"image/png": "iVBO", "text/plain": "<Figure>"})},
    "view": {"outputs": shown({WIDGET_VIEW: {}, "text/html": "<p>face</p>"})},
    "faceless": {"outputs": shown({WIDGET_VIEW: {}, "text/plain": "Widget()"})},
}


@pytest.mark.parametrize("name", WRONG)
def test_the_lint_sees(name):
    assert faults(lesson_like()) == []
    assert faults(lesson_like(**WRONG[name]))
