"""What is in the repository belongs there: no private paths, no hosts, no unfinished code."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split("\0")
VENDORED = "tests/browser/vendor/"

# Written in pieces, so that this file does not hold what it looks for.
PRIVATE = re.compile("|".join("/" + folder + "/" for folder in ("work", "root", "opt/wheels")))
HOSTS = re.compile("|".join(a + r"\." + b for a, b in [
    ("pypi", "org"), ("pythonhosted", "org"), ("download.pytorch", "org"),
    ("registry.npmjs", "org"), ("registry.yarnpkg", "com"), ("conda.anaconda", "org"),
]))  # fmt: skip
UNFINISHED = re.compile("|".join([
    r"\bTO" + "DO", r"\bFIX" + "ME", r"\bXX" + "X", r"pytest\.(mark\.)?sk" + "ip",
    r"mark\.xf" + "ail", r"assert Tr" + r"ue\b",
]))  # fmt: skip


def texts(suffix: str = "") -> list[tuple[str, str]]:
    found = []
    for name in TRACKED:
        path = ROOT / name
        if name.endswith(suffix) and path.is_file() and not name.startswith(VENDORED):
            try:
                found.append((name, path.read_text(encoding="utf-8")))
            except UnicodeDecodeError:
                continue  # a picture
    return found


def matches(pattern: re.Pattern, suffix: str = "") -> list[str]:
    return [
        f"{name}: {line.strip()[:100]}"
        for name, text in texts(suffix)
        for line in text.splitlines()
        if pattern.search(line)
    ]


def test_no_path_of_a_private_machine():
    assert matches(PRIVATE) == []


def test_no_host_of_a_package_registry():
    assert matches(HOSTS) == []


def test_nothing_unfinished_in_the_code():
    assert matches(UNFINISHED, ".py") == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(PRIVATE, "cd /ro" + "ot/x"), (HOSTS, "https://py" + "pi.org/x"), (UNFINISHED, "# TO" + "DO")],
)
def test_the_patterns_see_what_they_should(pattern, text):
    assert pattern.search(text)


def test_contributing_fits_on_one_page():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60


def test_generated_and_private_files_are_ignored():
    names = [".venv/x", "my-course/x", "dlcourse/__pycache__/x", "screenshots/x"]
    ignored = subprocess.run(
        ["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    assert ignored == names
