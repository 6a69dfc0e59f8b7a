"""A learner's copies are laid, brought up to date, and never written over."""

import json
from datetime import date

import pytest

from dlcourse.teach import content, workspace

DAY = date(2026, 3, 1)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of two lessons, and where it lies."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    monkeypatch.setattr(content, "lessons", lambda: folder)
    write(folder / "00-welcome.ipynb", "print('hello')")
    write(folder / "01-next.ipynb", "print('next')")
    return folder


def write(path, source, count=None):
    cell = {"cell_type": "code", "source": [source], "execution_count": count, "outputs": []}
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")


def names(folder):
    return sorted(p.name for p in folder.glob("*.ipynb"))


def test_the_first_start_lays_every_lesson(course, tmp_path):
    mine = tmp_path / "a folder" / "mine"
    assert workspace.lay(mine, DAY).new == ("00-welcome.ipynb", "01-next.ipynb")
    assert (mine / "01-next.ipynb").read_bytes() == (course / "01-next.ipynb").read_bytes()


def test_a_second_start_changes_nothing(course, tmp_path):
    workspace.lay(tmp_path / "mine", DAY)
    write(tmp_path / "mine" / "00-welcome.ipynb", "my own work")
    assert workspace.lay(tmp_path / "mine", DAY) == workspace.Laid()
    assert "my own work" in (tmp_path / "mine" / "00-welcome.ipynb").read_text()
    assert names(tmp_path / "mine") == ["00-welcome.ipynb", "01-next.ipynb"]


def test_a_changed_lesson_replaces_an_untouched_copy(course, tmp_path):
    workspace.lay(tmp_path / "mine", DAY)
    write(course / "01-next.ipynb", "print('better')")
    assert workspace.lay(tmp_path / "mine", DAY).updated == ("01-next.ipynb",)
    assert "better" in (tmp_path / "mine" / "01-next.ipynb").read_text()


def test_a_changed_lesson_comes_beside_a_learners_work_once(course, tmp_path):
    mine = tmp_path / "mine"
    workspace.lay(mine, DAY)
    write(mine / "01-next.ipynb", "my own work")
    write(course / "01-next.ipynb", "print('better')")
    assert workspace.lay(mine, DAY).beside == ("01-next-2026-03-01.ipynb",)
    assert "my own work" in (mine / "01-next.ipynb").read_text()
    assert "better" in (mine / "01-next-2026-03-01.ipynb").read_text()
    assert workspace.lay(mine, DAY) == workspace.Laid()


def test_a_lesson_that_was_only_executed_again_is_not_new(course, tmp_path):
    workspace.lay(tmp_path / "mine", DAY)
    write(course / "01-next.ipynb", "print('next')", count=7)
    assert workspace.lay(tmp_path / "mine", DAY) == workspace.Laid()


def test_a_copy_that_was_deleted_is_laid_again(course, tmp_path):
    workspace.lay(tmp_path / "mine", DAY)
    (tmp_path / "mine" / "01-next.ipynb").unlink()
    assert workspace.lay(tmp_path / "mine", DAY).new == ("01-next.ipynb",)


@pytest.mark.parametrize("record", [None, "not json", "[]"])
def test_without_a_readable_record_every_copy_counts_as_the_learners(course, tmp_path, record):
    mine = tmp_path / "mine"
    workspace.lay(mine, DAY)
    write(mine / "01-next.ipynb", "my own work")
    (mine / workspace.RECORD).unlink()
    if record is not None:
        (mine / workspace.RECORD).write_text(record)
    assert workspace.lay(mine, DAY).beside == ("01-next-2026-03-01.ipynb",)
    assert "my own work" in (mine / "01-next.ipynb").read_text()


def test_fresh_copies_carry_the_date_and_a_number(course, tmp_path):
    mine = tmp_path / "mine"
    assert workspace.fresh("01-next", mine, DAY).name == "01-next-2026-03-01.ipynb"
    assert workspace.fresh("01-next", mine, DAY).name == "01-next-2026-03-01-2.ipynb"
    assert len(names(mine)) == 2


def test_the_courses_own_folder_is_refused(course):
    with pytest.raises(workspace.WorkspaceError, match="--dir"):
        workspace.lay(course)
    with pytest.raises(workspace.WorkspaceError, match="--dir"):
        workspace.fresh("01-next", course)


def test_a_folder_that_cannot_be_made_is_named(course, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(workspace.WorkspaceError, match="--dir"):
        workspace.lay(tmp_path / "file" / "mine")


def test_no_half_written_notebook_is_left(course, tmp_path):
    workspace.lay(tmp_path / "mine", DAY)
    assert not list((tmp_path / "mine").glob("*.part"))
