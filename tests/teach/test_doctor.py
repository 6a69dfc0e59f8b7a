"""The doctor finds what is wrong, says what to do, and never falls ill itself."""

import pytest
from packaging.requirements import Requirement

from dlcourse.teach import doctor
from dlcourse.teach.doctor import GB, Check


def test_every_check_has_a_short_name_of_its_own():
    checks = doctor.basics()
    names = [check.name for check in checks]
    assert names[:2] == ["python", "packages"]
    assert names[-7:] == ["torch", "progress", "threads", "blas", "gpu", "disk", "memory"]
    assert len(set(names)) == len(names)
    assert all(check.found for check in checks)
    assert all(check.cure for check in checks if check.state == "fail")


def test_this_environment_is_ready():
    assert [check for check in doctor.basics() if not check.ready] == []


@pytest.mark.parametrize(
    ("need", "pins", "state"),
    [
        ("surely-not-installed>=1", {}, "fail"),
        ("numpy>=999", {}, "fail"),
        ("numpy>=1", {"numpy": "1.0.0"}, "warn"),
    ],
)
def test_a_package_that_is_not_as_tested_is_named(need, pins, state):
    check = doctor._package(Requirement(need), pins)
    assert check is not None
    assert (check.name, check.state) == (f"package {Requirement(need).name}", state)
    assert check.cure.startswith("pip install")


def test_progress_that_cannot_be_kept_fails_with_a_cure(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DLCOURSE_HOME", str(tmp_path / "file" / "home"))
    check = doctor.progress()
    assert check.state == "fail"
    assert "DLCOURSE_HOME" in check.cure


def test_progress_leaves_nothing_behind(monkeypatch, tmp_path):
    monkeypatch.setenv("DLCOURSE_HOME", str(tmp_path))
    assert doctor.progress().state == "ok"
    assert not list(tmp_path.glob("doctor-*"))


def test_a_pinned_openblas_is_noticed(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    check = doctor.blas()
    assert check.state == "warn"
    assert "Haswell" in check.found
    assert "OPENBLAS_CORETYPE" in check.cure
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    assert doctor.blas().state == "ok"


@pytest.mark.parametrize(("free", "state"), [(0.05, "fail"), (0.5, "warn"), (5, "ok")])
def test_little_space_warns_and_none_fails(free, state):
    check = doctor._enough("disk", int(free * GB), "", (0.1, 1), "cure")
    assert check.state == state
    assert bool(check.cure) == (state != "ok")


def test_a_check_that_breaks_is_a_finding():
    def broken():
        raise ZeroDivisionError("by zero")

    check = doctor.guarded("broken", broken)
    assert (check.name, check.state) == ("broken", "fail")
    assert "by zero" in check.found


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (["ok"], "Ready."),
        (["ok", "warn"], "Ready, with 1"),
        (["warn", "fail"], "Not ready: 1 of 2"),
    ],
)
def test_the_verdict_sums_up(states, words):
    assert doctor.verdict([Check("x", state, "") for state in states]).startswith(words)
