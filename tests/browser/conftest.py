"""One server and one browser for all browser tests; a folder and a page for each."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import expect

from tests.browser.lab import Lab, LabServer, browser, with_lessons

expect.set_options(timeout=60_000)  # on a busy machine a kernel may be slow; nobody waits else


def pytest_collection_modifyitems(items):
    """The tests of one walk go one after the other; so do those that share a page of the kit."""
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if "walking" in params:
            item.add_marker(pytest.mark.xdist_group(params["walking"].lesson))
        elif "kit" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("kit"))


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """JupyterLab on a copy of the lessons."""
    with LabServer(with_lessons(tmp_path_factory.mktemp("course"))) as running:
        yield running


@pytest.fixture(scope="session")
def chromium():
    """The system's Chromium."""
    with browser() as running:
        yield running


@pytest.fixture
def lab(server, chromium):
    """A fresh page of JupyterLab; afterwards, nothing may have tried to leave this machine."""
    page = Lab(chromium, server)
    yield page
    page.close()
    server.shut_kernels_down()
    assert page.outside == []


@pytest.fixture
def notebook(server):
    """Writes a notebook of given cells into the server's folder: code, or text after `md:`."""
    made: list[Path] = []

    def write(name: str, *cells: str) -> str:
        path = server.root / name
        made.append(path)
        nbformat.write(new_notebook(cells=[_cell(c) for c in cells], metadata=KERNEL), path)
        return name

    yield write
    for path in made:
        path.unlink(missing_ok=True)


KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def _cell(source: str):
    text = source.removeprefix("md:")
    return new_markdown_cell(text) if text != source else new_code_cell(source)
