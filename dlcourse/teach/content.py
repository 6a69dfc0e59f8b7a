"""Where the lessons, quizzes and labs are: in the clone, or inside the installed package."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_CLONE = _PACKAGE.parent


def root() -> Path:
    """The folder of `lessons/` and `quizzes/`: the clone, or else the wheel's copy."""
    return _CLONE if (_CLONE / "lessons" / "syllabus.yaml").is_file() else _PACKAGE / "_content"


def lessons() -> Path:
    """The folder of the course's notebooks and `syllabus.yaml`."""
    return root() / "lessons"


def quizzes() -> Path:
    """The folder of the question banks."""
    return root() / "quizzes"
