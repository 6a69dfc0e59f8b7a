"""What importing the package costs and pulls in."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "IPython", "ipywidgets", "anywidget", "jupyter_client", "matplotlib", "sklearn")


def modules_after(statement: str) -> set[str]:
    """The top-level modules loaded by `statement` in a fresh interpreter."""
    code = f"import sys\n{statement}\nprint(*{{m.split('.')[0] for m in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


@pytest.mark.parametrize("module", ["dlcourse", "dlcourse.scratch"])
def test_the_engine_pulls_in_neither_torch_nor_jupyter_nor_matplotlib(module):
    assert not modules_after(f"import {module}") & set(HEAVY)


def test_the_probe_would_see_torch():
    assert "matplotlib" in modules_after("import matplotlib")


def test_the_command_line_asks_for_nothing_heavy_before_it_must():
    assert not modules_after("import dlcourse.cli") & set(HEAVY)


def test_teaching_runs_without_jupyter():
    loaded = modules_after("import dlcourse.teach.content, dlcourse.teach.progress")
    assert not loaded & {"IPython", "ipywidgets", "anywidget", "jupyter_client"}
