"""The wheel needs no clone: it carries the lessons, quizzes, styles and scripts."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from the working tree."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet",
         "--wheel-dir", folder, ROOT], check=True,
    )  # fmt: skip
    return next(folder.glob("dlcourse-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder that the wheel was installed into, far from the clone."""
    target = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--no-deps", "--quiet", "--target", target, wheel],
        check=True,
    )
    return target


def ask(installed: Path, code: str):
    """What an interpreter that sees only `installed` (and the libraries) prints, as JSON."""
    start = (
        "import sys, json; sys.meta_path = [f for f in sys.meta_path if 'editable' not in str(f)];"
        f"sys.path = [{str(installed)!r}] + [p for p in sys.path if p != {str(ROOT)!r}]\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", start + code],
        capture_output=True, text=True, check=True, cwd=installed,
    )  # fmt: skip
    return json.loads(result.stdout)


def in_clone(*patterns: str) -> set[str]:
    return {p.relative_to(ROOT).as_posix() for pattern in patterns for p in ROOT.glob(pattern)}


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    kinds = ("py", "js", "css", "yaml", "json", "md", "txt")
    wanted = in_clone(*(f"dlcourse/**/*.{kind}" for kind in kinds))
    assert wanted
    assert wanted <= names


def test_lessons_quizzes_and_constraints_are_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    content = in_clone("lessons/*.ipynb", "lessons/*.yaml", "lessons/*.md", "quizzes/*.yaml")
    assert {f"dlcourse/_content/{name}" for name in content} <= names
    assert "dlcourse/_content/constraints.txt" in names
    assert "dlcourse/_content/benchmarks/engine.md" in names  # lesson 10 shows it


def test_nothing_else_is_in_the_wheel(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"dlcourse"}
    assert not [n for n in zipfile.ZipFile(wheel).namelist() if "__pycache__" in n or "/." in n]


def test_licences_are_in_the_wheel(wheel):
    names = {Path(name).name for name in zipfile.ZipFile(wheel).namelist()}
    assert {"LICENSE", "LICENSE-TEXT"} <= names


def test_an_installed_course_finds_its_lessons_and_quizzes(installed):
    code = (
        "import dlcourse\nfrom dlcourse.teach import content, syllabus\n"
        "print(json.dumps([dlcourse.__file__, str(content.root()),"
        "[p.name for p in content.lessons().glob('*.ipynb')],"
        "[p.name for p in content.quizzes().glob('*.yaml')], len(syllabus.lessons())]))"
    )
    place, root, lessons, quizzes, planned = ask(installed, code)
    assert place.startswith(str(installed))
    assert root.startswith(str(installed))
    assert set(lessons) == {p.name for p in (ROOT / "lessons").glob("*.ipynb")}
    assert set(quizzes) == {p.name for p in (ROOT / "quizzes").glob("*.yaml")}
    assert lessons
    assert quizzes
    assert planned >= 13


def test_an_installed_course_lays_a_working_copy(installed, tmp_path):
    code = (
        "from pathlib import Path\nfrom dlcourse.teach import workspace\n"
        f"print(json.dumps(workspace.lay(Path({str(tmp_path / 'mine')!r})).new))"
    )
    assert set(ask(installed, code)) == {p.name for p in (ROOT / "lessons").glob("*.ipynb")}


def test_an_installed_doctor_knows_the_tested_versions(installed):
    code = (
        "from dlcourse.teach import doctor\n"
        "print(json.dumps([[c.name, c.state] for c in doctor.packages()]))"
    )
    assert ask(installed, code)[0] == ["packages", "ok"]
