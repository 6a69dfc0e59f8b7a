"""`dlcourse quiz` and `dlcourse review`, as a teacher and a learner use them."""

import json

import pytest
from typer.testing import CliRunner

from dlcourse.commands.quiz import quiz, review
from dlcourse.teach.progress import progress
from dlcourse.teach.quiz import load, read

run = CliRunner().invoke


def test_lint_is_content_with_the_course_and_names_an_unknown_bank():
    clean = run(quiz, ["lint", "00"])
    assert (clean.exit_code, clean.output) == (0, "Every rule holds.\n")
    unknown = run(quiz, ["lint", "77"])
    assert unknown.exit_code == 1
    assert "02-backpropagation" in unknown.output


@pytest.mark.parametrize(("to", "name"), [("moodle", "q.xml"), ("gift", "q.gift")])
def test_a_bank_goes_out_and_comes_back_as_a_draft(tmp_path, to, name):
    out = run(quiz, ["export", "00", "--to", to, "--out", str(tmp_path / name)])
    assert out.exit_code == 0
    assert "single: full; without parameters" in out.output
    back = run(quiz, ["import", str(tmp_path / name), "--lesson", "00-welcome"])
    assert back.exit_code == 0
    if to == "moodle":
        assert "we.use.restart" in [q.id for q in read(back.output).questions]


def test_qti_is_a_file_per_question(tmp_path):
    run(quiz, ["export", "00", "--to", "qti", "--out", str(tmp_path)])
    assert (tmp_path / "we.use.restart.xml").is_file()


def test_what_cannot_be_done_is_said(tmp_path):
    assert "moodle, gift, qti" in str(run(quiz, ["export", "00", "--to", "doc"]).exception)
    bad = tmp_path / "bad.xml"
    bad.write_text("<!DOCTYPE quiz [<!ENTITY a 'b'>]><quiz/>")
    found = run(quiz, ["import", str(bad), "--lesson", "00-welcome"])
    assert "document type" in str(found.exception)


def test_the_schema_is_json():
    assert json.loads(run(quiz, ["schema"]).output)["title"] == "Question bank dlq/1"


def test_review_lists_what_is_due_and_why(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_HOME", str(tmp_path))
    assert "Nothing has been answered yet" in run(review, []).output
    log = progress()
    log.record("answer", "bp.fan.square", state="not yet", bank="02-backpropagation")
    assert "Nothing is due. Next:" in run(review, []).output
    with log._open() as db:
        db.execute("UPDATE events SET at = '2020-01-01T00:00:00+00:00'")
    assert "bp.fan.square: Back because" in run(review, ["--schedule", "fsrs"]).output
    assert "uniform or fsrs" in str(run(review, ["--schedule", "cram"]).exception)


def test_a_bank_of_ones_own_is_named_by_its_file(tmp_path):
    draft = tmp_path / "mine.yaml"
    run(quiz, ["export", "00", "--out", str(tmp_path / "q.xml")])
    draft.write_text(
        run(quiz, ["import", str(tmp_path / "q.xml"), "--lesson", "00-welcome"]).output
    )
    found = run(quiz, ["lint", str(draft)])
    assert found.exit_code == 1
    assert "mine.yaml" in found.output  # a draft is not complete, and the file is named
    assert load(str(draft)).questions
    gone = run(quiz, ["lint", str(tmp_path / "gone.yaml")])
    assert (gone.exit_code, "named by its file" in gone.output) == (1, True)


@pytest.mark.parametrize(
    "asked",
    [
        ["export", "77"],
        ["export", "00", "--out", "/no/such/folder/q.xml"],
        ["import", "/no/such/file.xml", "--lesson", "00-welcome"],
        ["import", "BYTES", "--lesson", "00-welcome"],
        ["lint", "BYTES"],
        ["lint", "../00*"],
        ["xapi", "/no/such/folder/a.jsonl"],
    ],
    ids=" ".join,
)
def test_a_mistyped_command_is_answered_in_words(tmp_path, asked):
    odd = tmp_path / "odd.yaml"
    odd.write_bytes(bytes(range(256)))
    said = run(quiz, [str(odd) if a == "BYTES" else a for a in asked])
    assert said.exit_code not in (0, None)
    assert said.exception is None or isinstance(said.exception, SystemExit)
    assert "Traceback" not in said.output
