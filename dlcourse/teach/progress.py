"""What a learner did, as an append-only table of events in one SQLite file.

Two kernels may write at once (WAL); an event is on disk before `record` returns; a damaged file is
set aside and reported, never silently replaced.  Everything else that knows about progress (course
home, review, badges) is a view over these events.
"""

import json
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

VERSION = 1
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    item TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_item ON events (kind, item);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
PRAGMA user_version = {VERSION};
"""


class ProgressError(RuntimeError):
    """Progress cannot be kept where it was asked for; the message says what to do."""


@dataclass(frozen=True)
class Event:
    """One thing that happened: `kind` (answer, check, mission, ...) to `item`, with JSON `data`."""

    id: str
    at: str  # UTC, ISO 8601
    kind: str
    item: str
    data: dict[str, Any]


def home() -> Path:
    """The folder of this learner's progress: `$DLCOURSE_HOME`, or the user data folder."""
    chosen = os.environ.get("DLCOURSE_HOME")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("dlcourse", appauthor=False))


class Progress:
    """An append-only log of `Event`s at `path` (default: `home()/progress.sqlite`).

    `notices` holds sentences for the learner, such as where a damaged file was set aside.
    """

    def __init__(self, path: Path | str | None = None):
        self.path = Path(path) if path is not None else home() / "progress.sqlite"
        self.notices: list[str] = []
        self._prepare()

    def record(self, kind: str, item: str, **data: Any) -> Event:
        """Append one event; it is on disk when this returns."""
        event = Event(uuid.uuid4().hex, datetime.now(UTC).isoformat(), kind, item, data)
        self._insert([event])
        return event

    def events(self, kind: str | None = None, item: str | None = None) -> list[Event]:
        """All events in the order they were written, or those of one kind or item."""
        wanted = {"kind": kind, "item": item}
        where = " AND ".join(
            f"{column} = :{column}" for column, v in wanted.items() if v is not None
        )
        query = f"SELECT id, at, kind, item, data FROM events WHERE {where or '1'} ORDER BY seq"
        with self._open() as db:
            rows = db.execute(query, wanted).fetchall()
        return [Event(id, at, kind, item, json.loads(data)) for id, at, kind, item, data in rows]

    @property
    def learner(self) -> str:
        """A random name for this learner, made once and kept: it seeds the variants they see."""
        with self._open() as db:
            db.execute("INSERT OR IGNORE INTO meta VALUES ('learner', ?)", (uuid.uuid4().hex[:12],))
            return db.execute("SELECT value FROM meta WHERE key = 'learner'").fetchone()[0]

    def export(self, path: Path | str) -> int:
        """Write every event as a line of JSON; returns how many.  `restore` reads them back."""
        events = self.events()
        lines = (json.dumps(asdict(e), ensure_ascii=False) + "\n" for e in events)
        Path(path).write_text("".join(lines), encoding="utf-8")
        return len(events)

    def restore(self, path: Path | str) -> int:
        """Add the events of an exported file that are not here yet; returns how many were new.

        Raises `ProgressError`, and adds nothing, if a line is not an event.
        """
        return self._insert(list(_read_lines(Path(path))))

    def _insert(self, events: list[Event]) -> int:
        rows = [(e.id, e.at, e.kind, e.item, _dumps(e.data)) for e in events]
        with self._open() as db:
            return db.executemany(
                "INSERT OR IGNORE INTO events (id, at, kind, item, data) VALUES (?, ?, ?, ?, ?)",
                rows,
            ).rowcount

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        # A connection per use: a file that is moved or restored meanwhile is simply found again.
        if not self.path.exists():
            self._prepare()
        db = sqlite3.connect(self.path, timeout=10)
        try:
            with db:
                yield db
        finally:
            db.close()

    def _prepare(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._create()
        except sqlite3.OperationalError as error:
            raise ProgressError(_cannot_write(self.path, error)) from error
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
            self._create()
        except OSError as error:
            raise ProgressError(_cannot_write(self.path, error)) from error

    def _create(self) -> None:
        db = sqlite3.connect(self.path, timeout=10)
        try:
            found = db.execute("PRAGMA user_version").fetchone()[0]
            if found > VERSION:
                raise ProgressError(
                    f"{self.path} was written by a newer version of the course (format {found}, "
                    f"this one knows {VERSION}). Update the course; the file was left as it is."
                )
            state = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if state != "ok":
                raise sqlite3.DatabaseError(state)
            if found < VERSION:
                db.execute("PRAGMA journal_mode = WAL")
                db.executescript(_SCHEMA)
        finally:
            db.close()

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        aside = self.path.with_name(f"{self.path.stem}-damaged-{stamp}{self.path.suffix}")
        for ending in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + ending)
            if part.exists():
                part.replace(aside.with_name(aside.name + ending))
        self.notices.append(
            f"The progress file could not be read ({error}). It was kept as {aside} and a new one "
            "was started; `dlcourse progress restore FILE` adds the events of an export."
        )


@cache
def _progress_at(path: Path) -> Progress:
    return Progress(path)


def progress() -> Progress:
    """This process's progress log at the default place."""
    return _progress_at(home() / "progress.sqlite")


def _dumps(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=True, default=str)


def _read_lines(path: Path) -> Iterator[Event]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            fields = json.loads(line)
            event = Event(**fields)
            if not all(isinstance(v, str) for v in (event.id, event.at, event.kind, event.item)):
                raise TypeError("id, at, kind and item must be text")
            if not isinstance(event.data, dict):
                raise TypeError("data must be an object")
        except (ValueError, TypeError) as error:
            raise ProgressError(
                f"{path}, line {number} is not an event ({error}); nothing was added."
            ) from error
        yield event


def _cannot_write(path: Path, error: Exception) -> str:
    return (
        f"Progress cannot be kept in {path} ({error}). Make that folder writable, or set the "
        "environment variable DLCOURSE_HOME to a folder of your own and start again."
    )
