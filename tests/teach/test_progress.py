"""Progress survives two writers, killed kernels, damage and bad imports."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from dlcourse.teach.progress import VERSION, Progress, ProgressError, home

WRITER = """
import sys
from dlcourse.teach.progress import Progress
log = Progress(sys.argv[1])
for i in range(int(sys.argv[3])):
    log.record("answer", sys.argv[2], n=i)
    print(i, flush=True)
"""


@pytest.fixture
def log(tmp_path):
    return Progress(tmp_path / "deep" / "progress.sqlite")


def writer(path, name, count):
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_events_come_back_in_order_and_by_kind_and_item(log):
    log.record("answer", "q1", score=0.5)
    log.record("check", "relu")
    log.record("answer", "q2", response=["a", 1, None])
    assert [e.item for e in log.events()] == ["q1", "relu", "q2"]
    assert log.events(kind="answer", item="q2")[0].data == {"response": ["a", 1, None]}
    assert log.events(kind="check", item="q1") == []


def test_two_processes_write_at_once_and_nothing_is_lost(log):
    writers = [writer(log.path, name, 60) for name in ("left", "right")]
    for process in writers:
        assert process.wait(60) == 0
        process.stdout.close()
    for name in ("left", "right"):
        assert [e.data["n"] for e in log.events(item=name)] == list(range(60))


def test_a_killed_process_loses_nothing_it_was_told_is_kept(log):
    process = writer(log.path, "killed", 100_000)
    acknowledged = -1
    deadline = time.monotonic() + 30
    while acknowledged < 20 and time.monotonic() < deadline:
        acknowledged = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.stdout.close()
    process.wait()
    assert len(Progress(log.path).events()) > acknowledged >= 20


def test_a_damaged_file_is_set_aside_and_reported(log):
    log.record("answer", "q1")
    junk = b"this was a database once " * 400
    log.path.write_bytes(junk)
    again = Progress(log.path)
    [aside] = log.path.parent.glob("progress-damaged-*.sqlite")
    assert aside.read_bytes() == junk
    assert str(aside) in again.notices[0]
    assert again.record("answer", "q2") in again.events()


def test_a_deleted_file_is_made_again(log):
    log.record("answer", "q1")
    for part in log.path.parent.iterdir():
        part.unlink()
    log.record("answer", "q2")
    assert [e.item for e in log.events()] == ["q2"]


def test_a_file_of_a_newer_version_is_left_alone(log):
    import sqlite3

    db = sqlite3.connect(log.path)
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    before = log.path.read_bytes()
    with pytest.raises(ProgressError, match="newer version"):
        Progress(log.path)
    assert log.path.read_bytes() == before


def test_a_place_that_cannot_be_written_names_the_cure(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ProgressError, match="DLCOURSE_HOME"):
        Progress(tmp_path / "file" / "progress.sqlite")


def test_export_and_restore_are_lossless_and_repeatable(log, tmp_path):
    for i in range(5):
        log.record("answer", f"frage-ü-{i}", text="line\nbreak", value=i / 3)
    assert log.export(tmp_path / "out.jsonl") == 5
    other = Progress(tmp_path / "other.sqlite")
    assert other.restore(tmp_path / "out.jsonl") == 5
    assert other.events() == log.events()
    assert other.restore(tmp_path / "out.jsonl") == 0


@pytest.mark.parametrize(
    "line",
    ["not json", "[]", '{"id": 1}', json.dumps(dict.fromkeys(("id", "at", "kind", "item"), 1))],
)
def test_a_bad_line_is_named_and_nothing_is_added(log, tmp_path, line):
    log.record("answer", "q1")
    log.export(tmp_path / "out.jsonl")
    with (tmp_path / "out.jsonl").open("a") as f:
        f.write(line + "\n")
    other = Progress(tmp_path / "other.sqlite")
    with pytest.raises(ProgressError, match="line 2"):
        other.restore(tmp_path / "out.jsonl")
    assert other.events() == []


def test_home_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("DLCOURSE_HOME", str(tmp_path))
    assert home() == tmp_path


def test_the_learner_is_made_once(log):
    assert log.learner == Progress(log.path).learner
