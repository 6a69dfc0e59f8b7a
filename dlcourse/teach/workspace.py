"""The learner's own folder: copies of the lessons to work in, never written over.

A small record beside the copies says which version of each lesson was laid there.  A lesson that
has since changed in the course replaces a copy that nobody touched; where the learner has worked,
it arrives as a new copy whose name carries the date.
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from . import content

RECORD = ".dlcourse.json"


class WorkspaceError(RuntimeError):
    """The lessons cannot be laid in the folder that was asked for; the message says what to do."""


@dataclass(frozen=True)
class Laid:
    """What `lay` did: the names of copies made new, brought up to date, and added beside a
    learner's own work."""

    new: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def lay(folder: Path, today: date | None = None) -> Laid:
    """Lay a working copy of every lesson in `folder`; may be called again at any time.

    Raises `WorkspaceError` if the folder cannot be written, or lies inside the course itself.
    """
    _refuse_sources(folder)
    did: dict[str, list[str]] = {"new": [], "updated": [], "beside": []}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        record = _read(folder / RECORD)
        for lesson in sorted(content.lessons().glob("*.ipynb")):
            outcome, name = _lay_one(lesson, folder, record, today or date.today())
            if outcome:
                did[outcome].append(name)
        _write(folder / RECORD, record)
    except OSError as error:
        raise WorkspaceError(
            f"The lessons cannot be laid in {folder} ({error}). Choose a folder of your own with "
            "--dir, for example: --dir ~/deep-learning"
        ) from error
    return Laid(**{outcome: tuple(names) for outcome, names in did.items()})


def fresh(lesson: str, folder: Path, today: date | None = None) -> Path:
    """Lay one more copy of the lesson with this id, dated, beside what is in `folder`."""
    _refuse_sources(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _copy_dated(content.lessons() / f"{lesson}.ipynb", folder, today or date.today())
    except OSError as error:
        raise WorkspaceError(f"No copy can be laid in {folder} ({error}).") from error


def _lay_one(
    lesson: Path, folder: Path, record: dict[str, dict[str, str]], today: date
) -> tuple[str, str]:
    mine = folder / lesson.name
    was, now = record.get(lesson.name, {}), _version(lesson)
    if was.get("source") == now["source"] and mine.exists():
        return "", ""
    record[lesson.name] = now
    if not mine.exists():
        _copy(lesson, mine)
        return "new", mine.name
    if _digest(mine.read_bytes()) == now["file"]:  # the record was lost, nothing else
        return "", ""
    if _digest(mine.read_bytes()) == was.get("file"):
        _copy(lesson, mine)
        return "updated", mine.name
    return "beside", _copy_dated(lesson, folder, today).name


def _copy_dated(lesson: Path, folder: Path, today: date) -> Path:
    stem, number = f"{lesson.stem}-{today.isoformat()}", 1
    target = folder / f"{stem}.ipynb"
    while target.exists():
        number += 1
        target = folder / f"{stem}-{number}.ipynb"
    _copy(lesson, target)
    return target


def _copy(source: Path, target: Path) -> None:
    # By way of a second name, so that a full disk or a killed process leaves no half a notebook.
    part = target.with_name(target.name + ".part")
    shutil.copyfile(source, part)
    os.replace(part, target)


def _version(lesson: Path) -> dict[str, str]:
    """Hashes of what a lesson says (so a mere re-execution is no change) and of the whole file."""
    raw = lesson.read_bytes()
    cells = [(cell["cell_type"], cell["source"]) for cell in json.loads(raw)["cells"]]
    return {"source": _digest(json.dumps(cells).encode()), "file": _digest(raw)}


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        record = None
    # Missing or damaged: every copy then counts as the learner's own.
    return record if isinstance(record, dict) else {}


def _write(path: Path, record: dict[str, dict[str, str]]) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(part, path)


def _refuse_sources(folder: Path) -> None:
    if folder.resolve() == content.lessons().resolve():
        raise WorkspaceError(
            f"{folder} holds the course's own lessons, which stay as they are. "
            "Choose another folder with --dir."
        )
