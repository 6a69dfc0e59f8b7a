"""The command `dlcourse`, run as a person runs it."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from dlcourse import serve
from dlcourse.doctor import examine, kernel, widgets


def dlcourse(*arguments: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "dlcourse.cli", *arguments],
        capture_output=True, text=True, check=False, env=os.environ | env,
    )  # fmt: skip


def test_the_doctor_prints_a_line_for_each_check_and_exits_with_0(tmp_path):
    result = dlcourse("doctor", DLCOURSE_HOME=str(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    lines = [line.split()[:2] for line in result.stdout.splitlines()]
    assert ["ok", "kernel"] in lines
    assert ["ok", "widgets"] in lines
    assert result.stdout.splitlines()[-1].startswith("Ready")
    assert result.stderr == ""


def test_the_doctor_exits_with_1_where_progress_cannot_be_kept(tmp_path):
    (tmp_path / "file").write_text("")
    result = dlcourse("doctor", DLCOURSE_HOME=str(tmp_path / "file" / "home"))
    assert result.returncode == 1
    assert "-> Make that folder writable" in result.stdout
    assert "Not ready" in result.stdout


def test_the_kernel_really_computes_and_is_gone_afterwards():
    assert kernel().state == "ok"


def test_the_kernel_check_works_inside_a_kernel(tmp_path):
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    source = "from dlcourse.doctor import examine\n[(c.name, c.ready) for c in examine()]"
    book = new_notebook(cells=[new_code_cell(source)])
    NotebookClient(book, kernel_name="python3", timeout=60).execute()
    assert "('kernel', True)" in book.cells[0].outputs[0].data["text/plain"]


def test_missing_front_ends_are_named(monkeypatch):
    monkeypatch.setattr("dlcourse.doctor.jupyter_path", lambda name: [])
    check = widgets()
    assert check.state == "fail"
    assert "jupyterlab_widgets" in check.cure


def test_the_order_of_checks_is_stable():
    names = [c.name for c in examine() if not c.name.startswith("package ")]
    assert names == [
        "python", "packages", "torch", "progress", "threads", "blas", "gpu", "disk", "memory",
        "kernel", "widgets",
    ]  # fmt: skip


def test_an_unknown_lesson_is_answered_with_the_list():
    result = dlcourse("open", "77")
    assert result.returncode == 1
    assert "00-welcome" in result.stderr


def test_progress_goes_out_and_comes_back(tmp_path):
    from dlcourse.teach.progress import Progress

    Progress(tmp_path / "a" / "progress.sqlite").record("answer", "q1", correct=True)
    out = str(tmp_path / "events.jsonl")
    assert dlcourse("progress", "export", out, DLCOURSE_HOME=str(tmp_path / "a")).returncode == 0
    back = dlcourse("progress", "restore", out, DLCOURSE_HOME=str(tmp_path / "b"))
    assert back.stdout == "1 events added\n"
    shown = dlcourse("progress", "show", DLCOURSE_HOME=str(tmp_path / "b"))
    assert "1  answer" in shown.stdout


def test_a_file_that_is_no_export_is_refused_in_words(tmp_path):
    (tmp_path / "bad").write_text("nonsense")
    result = dlcourse("progress", "restore", str(tmp_path / "bad"), DLCOURSE_HOME=str(tmp_path))
    assert result.returncode == 1
    assert "nothing was added" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["start", "open", "doctor", "progress"])
def test_every_command_explains_itself(command):
    result = dlcourse(command, "--help")
    assert result.returncode == 0
    assert "Usage" in result.stdout


def test_start_serves_the_learners_copies_and_a_second_start_finds_it(tmp_path):
    mine = tmp_path / "my course"
    env = {"DLCOURSE_HOME": str(tmp_path / "home"), "JUPYTER_RUNTIME_DIR": str(tmp_path / "run")}
    start = ["start", "--no-browser", "--dir", str(mine)]
    with subprocess.Popen(
        [sys.executable, "-m", "dlcourse.cli", *start],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | env,
    ) as server:  # fmt: skip
        try:
            info = _running(tmp_path / "run", server)
            page = f"{info['url']}lab/tree/00-welcome.ipynb?token={info['token']}"
            with urllib.request.urlopen(page, timeout=30) as answer:
                assert "JupyterLab" in answer.read().decode()
            setting = "lab/api/settings/@jupyterlab/apputils-extension:notification"
            with urllib.request.urlopen(
                f"{info['url']}{setting}?token={info['token']}", timeout=30
            ) as answer:
                schema = json.load(answer)["schema"]["properties"]
            assert schema["fetchNews"]["default"] == "false"
            again = dlcourse(*start, **env)
            assert "already running" in again.stdout
            assert info["token"] in again.stdout
            assert Path(info["root_dir"]) == mine.resolve()
        finally:
            server.terminate()
    assert (mine / "00-welcome.ipynb").is_file()


def _running(folder: Path, server: subprocess.Popen, seconds: float = 60) -> dict:
    """What the server says of itself once it is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        for path in folder.glob("jpserver-*.json"):
            try:
                info = json.loads(path.read_text())
                urllib.request.urlopen(info["url"] + "api", timeout=5).close()
                return info
            except (ValueError, OSError):
                continue  # the file is there a moment before the server
        time.sleep(0.1)
    raise AssertionError(f"no server after {seconds} s")


def test_jupyterlab_is_told_to_stay_here_and_be_quiet(tmp_path):
    line = serve.command(tmp_path, "00 welcome.ipynb", 8899, browser=False)
    assert "--ServerApp.ip=127.0.0.1" in line
    assert "--LabApp.default_url=/lab/tree/00%20welcome.ipynb" in line
    assert "--no-browser" in line
    assert "--ServerApp.port=8899" in line
    assert "--no-browser" not in serve.command(tmp_path, "a.ipynb", None, browser=True)
