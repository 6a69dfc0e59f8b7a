"""What the README shows is true: its code runs, its output is that, its commands exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import course

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = BLOCK.findall(README)
COMMANDS = [
    line for language, text in BLOCKS if language == "bash" for line in text.splitlines() if line
]


def test_its_python_runs_and_prints_what_it_shows():
    (code,) = [text for language, text in BLOCKS if language == "python"]
    (shown,) = [text for language, text in BLOCKS if language == "text"]
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == shown


@pytest.mark.parametrize("line", COMMANDS)
def test_its_commands_exist(line):
    program, *words = shlex.split(line)
    if program == "python3":
        assert words[0] == "course.py"
        assert callable(course.parse(words[1:]).run)
    elif program == "dlcourse":
        _check_help(words)
    else:
        assert program == "conda"
        assert "dlcourse" in line or (ROOT / words[-1]).is_file()


def _check_help(words: list[str]) -> None:
    names = [w for w in words if re.fullmatch("[a-z]+", w)][: 2 if words[0] == "progress" else 1]
    result = subprocess.run(
        [sys.executable, "-m", "dlcourse.cli", *names, "--help"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def test_what_it_links_to_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", README + CONTRIBUTING):
        assert (ROOT / target).exists(), target


def test_the_two_commands_come_first():
    assert COMMANDS[:2] == ["python3 course.py start", "python3 course.py test"]


def test_the_question_in_contributing_is_sound_yaml():
    (text,) = [text for language, text in BLOCK.findall(CONTRIBUTING) if language == "yaml"]
    (question,) = yaml.safe_load(text)
    assert {"id", "type", "stem", "answer", "wrong"} <= set(question)
    assert all(wrong["feedback"] for wrong in question["wrong"])
