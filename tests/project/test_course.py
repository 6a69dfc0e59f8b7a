"""course.py: the environment is made once, mended if broken, and never taken from its owner."""

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import course

ROOT = Path(__file__).resolve().parents[2]

# A project with nothing to download: its build backend lies beside it.
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tiny"
version = "1"
"""
BACKEND = """
import zipfile
from pathlib import Path

def build_editable(folder, config_settings=None, metadata_directory=None):
    if Path("broken").exists():
        raise RuntimeError(Path("broken").read_text())
    name = "tiny-1-py3-none-any.whl"
    info = "tiny-1.dist-info/"
    with zipfile.ZipFile(Path(folder, name), "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr(info + "METADATA",
            "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\nProvides-Extra: test\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\n"
            "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone of a tiny project, in a folder with a space in its name."""
    root = tmp_path / "my clone"
    root.mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "backend.py").write_text(BACKEND)
    (root / "constraints.txt").write_text("")
    monkeypatch.setattr(course, "ROOT", root)
    monkeypatch.setattr(course, "VENV", root / ".venv")
    monkeypatch.setattr(course, "STAMP", root / ".venv" / "dlcourse.json")
    return root


def has_tiny(python: Path) -> bool:
    return not subprocess.run([python, "-c", "import tiny"], check=False).returncode


def test_the_environment_is_made_once_and_then_costs_nothing(clone, capsys):
    python = course.environment({"test"})
    assert has_tiny(python)
    begin = time.monotonic()
    assert course.environment({"test"}) == python
    assert course.environment(set()) == python
    assert time.monotonic() - begin < 0.5
    assert capsys.readouterr().out.count("Installing") == 1


def test_another_extra_or_other_pins_install_again(clone, capsys):
    course.environment(set())
    course.environment({"test"})
    assert course.stamp()["extras"] == ["test"]
    (clone / "constraints.txt").write_text("tiny==1\n")
    course.environment(set())
    assert course.stamp()["extras"] == ["test"]  # what was there stays
    assert capsys.readouterr().out.count("Installing") == 3


def test_an_interrupted_install_goes_on(clone):
    (clone / "broken").write_text("power cut")
    with pytest.raises(course.Trouble, match="power cut"):
        course.environment(set())
    assert "key" not in course.stamp()
    (clone / "broken").unlink()
    assert has_tiny(course.environment(set()))


@pytest.mark.parametrize(
    ("said", "cure"),
    [("OSError: No space left on device", "disk is full"), ("Max retries exceeded", "network")],
)
def test_a_failed_install_says_what_to_do(clone, said, cure):
    (clone / "broken").write_text(said)
    with pytest.raises(course.Trouble, match=cure):
        course.environment(set())


def test_a_broken_environment_of_ours_is_made_again(clone):
    course.environment(set())
    course.python().unlink()
    assert has_tiny(course.environment(set()))


def test_a_foreign_environment_that_cannot_be_used_is_left_alone(clone):
    (clone / ".venv").mkdir()
    (clone / ".venv" / "mine.txt").write_text("mine")
    with pytest.raises(course.Trouble, match="Rename or remove it"):
        course.environment(set())
    assert (clone / ".venv" / "mine.txt").read_text() == "mine"


def test_a_foreign_environment_that_works_is_used(clone):
    subprocess.run([sys.executable, "-m", "venv", clone / ".venv"], check=True)
    (clone / ".venv" / "mine.txt").write_text("mine")
    assert has_tiny(course.environment(set()))
    assert (clone / ".venv" / "mine.txt").exists()


def test_a_python_without_venv_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(course.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(course, "is_root", lambda: False)
    with pytest.raises(course.Trouble, match=r"-venv|python\.org"):
        course.need_venv_module()


def test_a_browser_is_found_or_named_as_missing(monkeypatch, tmp_path):
    assert course.runs(course.find_chromium())
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(course.Trouble, match="CHROMIUM is set"):
        course.find_chromium()


def test_a_stub_is_no_browser(tmp_path):
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\necho 'requires the snap' >&2\nexit 1\n")
    stub.chmod(0o755)
    assert not course.runs(stub)


def test_an_old_python_can_read_the_file_and_is_told_in_words(tmp_path):
    source = (ROOT / "course.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    old = "import sys\nsys.version_info = (3, 9, 2)\n" + source
    script = tmp_path / "old.py"
    script.write_text(old)
    result = subprocess.run(
        [sys.executable, script, "start"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    said = "Deep Learning, Twice needs Python 3.11 or later; this is Python 3.9"
    assert result.stderr.startswith(said)


def test_it_needs_nothing_but_the_standard_library():
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import course"
    result = subprocess.run([sys.executable, "-I", "-S", "-c", code], check=False)
    assert result.returncode == 0


@pytest.mark.parametrize("command", ["start", "test", "check", "lessons", "bench"])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stop:
        course.parse([command, "--help"])
    assert stop.value.code == 0
    assert len(capsys.readouterr().out) > 100


def test_the_stages_cover_all_tests():
    options = course.parse(["test"])
    assert options.stages == []
    assert set(course.STAGES) == {"units", "notebooks", "browser"}
    with pytest.raises(SystemExit):
        course.parse(["test", "nonsense"])


def test_a_red_stage_makes_the_exit_code_red(capsys):
    with pytest.raises(SystemExit) as stop:
        course.conclude({"units": (0, 1.0), "notebooks": (1, 2.0)})
    assert stop.value.code == 1
    assert "FAILED" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        course.conclude({"units": (0, 1.0)})
    assert stop.value.code == 0


def test_children_do_not_see_other_pythons(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert "PYTHONPATH" not in course.clean()
    assert course.clean()["PATH"] == os.environ["PATH"]
