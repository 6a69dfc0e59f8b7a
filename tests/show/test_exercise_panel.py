"""The exercise on the page: what it is told and when, and what stands in a stored notebook."""

import importlib
import json

import pytest

from dlcourse.show.exercise import CheckPanel, check, exercise, hint, solution
from dlcourse.teach.exercise.levels import Levels
from dlcourse.teach.progress import progress
from dlcourse.topics import find_exercise

page = importlib.import_module("dlcourse.show.exercise")  # the package has a function of this name


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_HOME", str(tmp_path))
    page._last.clear()


def relu_backward(g, z):
    return g * (z > 0)


def guided(g, z):
    return g * (g > 0)


def told(panel) -> str:
    """Everything that the browser receives."""
    state = {k: v for k, v in panel.get_state().items() if not k.startswith("_")}
    return json.dumps(state, default=str)


def test_the_page_holds_no_solution_hint_or_diagnosis_before_an_answer():
    card = exercise("linear_backward")
    e = find_exercise("linear_backward")
    text = told(card)
    assert Levels(e).solution not in text
    assert card.desk.levels.solution not in text
    for secret in (*e.hints, e.why, *(w.says for w in e.wrongs)):
        assert json.dumps(secret)[1:40] not in text
    assert "belief" not in text
    assert all(len(line) == 3 for line in card.card["faded"])
    assert "g @ weight" not in json.dumps(card.card["faded"])


def test_the_pieces_do_not_tell_which_belong():
    card = exercise("relu_backward")
    assert set(card.desk.levels.body) < set(card.card["pieces"])
    assert all(isinstance(piece, str) for piece in card.card["pieces"])


def test_an_event_of_the_page_is_judged_recorded_and_shown():
    card = exercise("relu_backward")
    mask = card.desk.levels.names.get("mask", "mask")  # each learner has names of their own
    card._dispatch(card, {"event": "blanks", "ticket": 1, "texts": ["z < 0", f"g * {mask}"]}, [])
    assert card.heard == 1
    assert card.problem == ""
    assert card.verdict["state"] == "not yet"
    assert "wrong way round" in card.verdict["says"]
    assert (card.status, card.may_solve) == ("not yet", True)
    card._dispatch(card, {"event": "solution", "ticket": 2}, [])
    assert f"{mask} = z" in card.solution
    assert [e.data["level"] for e in progress().events("check")] == ["faded"]


def test_no_solution_before_the_first_try():
    card = exercise("relu_backward")
    card.on_solution({})
    assert card.solution == ""
    assert "once first" in repr(solution("relu_backward"))


def test_a_bad_message_is_told_on_the_page_not_lost():
    card = exercise("relu_backward")
    card._dispatch(card, {"event": "blanks", "ticket": 5, "texts": ["only one"]}, [])
    assert "there are 2 blanks" in card.problem
    assert card.heard == 5


def test_a_check_finds_its_exercise_by_name_and_its_card_follows():
    card = exercise("relu_backward")
    panel = check(relu_backward)
    assert isinstance(panel, CheckPanel)
    assert panel.verdict["state"] == "correct"
    assert card.status == "correct"
    assert check(guided, "relu_backward").verdict["see"] == "backprop-microscope#guided"


def test_an_unknown_name_is_answered_with_a_cure():
    note = check(guided)
    assert "There is no exercise 'guided'" in repr(note)
    assert "check(guided," in repr(note)


def test_in_plain_python_a_verdict_is_text():
    text = repr(check(guided, "relu_backward"))
    assert text.startswith("relu_backward: not yet (")
    assert "The gate looks at the gradient's sign" in text
    assert 'See: explore("backprop-microscope#guided")' in text
    assert "**" not in text


def test_code_keeps_its_stars_in_plain_text():
    assert (
        page.plain("**Bold** `x**2`\n\n```text\nx**3 * y**4\n```")
        == "Bold `x**2`\n\nx**3 * y**4\n"[:-1]
    )


def test_hints_come_one_by_one():
    exercise("relu_backward")
    assert "Hint 1 of 2" in repr(hint())
    assert "Hint 2 of 2" in repr(hint("relu_backward"))
    assert len(progress().events("hint", "relu_backward")) == 2


def test_the_stored_face_makes_sense_and_does_not_depend_on_the_learner():
    first = exercise("relu_backward")
    html, text = first.face().html, repr(first)
    check(guided, "relu_backward")
    again = exercise("relu_backward")
    assert (again.face().html, repr(again)) == (html, text) == (html, "<exercise relu_backward>")
    assert "Back through ReLU" in html
    assert "raise NotImplementedError" in html
    assert "mask" not in html


def test_a_stub_is_stored_as_not_attempted():
    def relu_backward(g, z):
        raise NotImplementedError

    panel = check(relu_backward)
    assert "Not attempted" in panel.face().html
    assert repr(panel).startswith("relu_backward: not attempted")


def test_an_exercise_has_one_desk_by_its_id_and_by_the_name_of_its_answer():
    card = exercise("sgd_momentum")
    panel = check(type("SGD", (), {"step": lambda self: None}))
    assert panel.desk is card.desk
    assert card.desk.exercise.id == "sgd_momentum"
