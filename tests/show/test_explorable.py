"""The widget of explorables, without a browser: gate, turns, missions, privacy, errors, face."""

import json

import numpy as np
import pytest

from dlcourse.show.explorable import explore
from dlcourse.teach.progress import progress
from dlcourse.topics import all_explorables

ID = "backprop-microscope"
ALL = sorted(explorable.id for explorable in all_explorables())


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_HOME", str(tmp_path))


def _say(widget, event, **data):
    widget._handle_custom_msg({"event": event, "ticket": widget.heard + 1, **data}, [])


def _state(widget) -> str:
    state = {k: v for k, v in widget.get_state().items() if k not in ("_esm", "_css")}
    return json.dumps(state, default=lambda v: v.hex() if isinstance(v, bytes) else str(v))


@pytest.mark.parametrize("id", ALL)
def test_every_explorable_opens_and_its_state_is_strict_json(id):
    widget = explore(id)
    assert widget.problem == ""
    assert repr(widget) == f"<explorable {id}>"
    for part in (widget.spec, widget.frame, widget.missions, widget.gate, widget.settings):
        json.dumps(part, allow_nan=False)


@pytest.mark.parametrize("id", ALL)
def test_the_page_has_neither_answer_nor_withheld_values_before_the_guess(id):
    widget = explore(id)
    predict = widget.explorable.predict
    state = _state(widget)
    assert widget.gate == {"open": False}
    for _, says in predict.options:
        assert says[:30] not in state
    shown = {c["name"] for c in widget.frame["contents"]} | set(widget.frame["numbers"])
    assert shown.isdisjoint(predict.hides)


@pytest.mark.parametrize("id", ALL)
def test_a_guess_is_kept_answered_and_found_again(id):
    widget = explore(id)
    wrong = (widget.explorable.predict.right + 1) % len(widget.explorable.predict.options)
    _say(widget, "predict", choice=wrong)
    assert widget.gate["open"]
    assert widget.gate["right"] is False
    assert widget.gate["says"]
    [event] = progress().events("predict", id)
    assert event.data == {"choice": wrong, "right": False}
    shown = {c["name"] for c in widget.frame["contents"]} | set(widget.frame["numbers"])
    assert set(widget.explorable.predict.hides) <= shown
    assert explore(id).gate == widget.gate


def test_skipping_is_kept_and_a_second_guess_is_not():
    widget = explore(ID)
    _say(widget, "predict")
    _say(widget, "predict", choice=1)
    assert [e.data["choice"] for e in progress().events("predict", ID)] == [None]


def test_a_guess_that_is_no_option_is_refused_on_the_page():
    widget = explore(ID)
    _say(widget, "predict", choice=99)
    assert "IndexError" in widget.problem
    assert not widget.gate["open"]


def test_a_preset_opens_directly_where_it_leads():
    widget = explore(ID, preset="sign")
    assert widget.gate["open"]
    assert widget.values["verdict"]["rule"] == "sign"
    assert explore(f"{ID}#sign").settings == widget.settings


def test_a_preset_that_is_the_start_opens_directly_too():
    assert explore("fold-plane", preset="triangle").gate["open"]
    assert explore("fold-plane#triangle").gate["open"]
    assert not explore("fold-plane").gate["open"]


def test_what_was_turned_comes_back_and_the_last_ticket_is_heard():
    widget = explore(ID, preset="correct")
    _say(widget, "turn", settings={**widget.settings, "rule": "guided"}, fine=False)
    assert widget.frame["numbers"]["verdict"]["rule"] == "guided"
    assert widget.frame["fine"] is False
    assert widget.heard == 1


def test_one_message_goes_back_for_each_that_came():
    widget = explore(ID, preset="correct")
    sent = []
    widget.send_state = lambda key=None: sent.append(set(key or ()))
    _say(widget, "turn", settings={**widget.settings, "rule": "guided"}, fine=True)
    assert len(sent) == 1
    assert {"frame", "settings", "heard"} <= sent[0]


def test_a_setting_that_cannot_be_is_refused_and_the_old_frame_stays():
    widget = explore(ID, preset="correct")
    before = widget.frame
    _say(widget, "turn", settings={**widget.settings, "rule": "magic"}, fine=True)
    assert "rule is one of" in widget.problem
    assert widget.frame == before
    _say(widget, "turn", settings={**widget.settings, "rule": "sign"}, fine=True)
    assert widget.problem == ""


def test_a_mission_begins_where_it_should_and_is_recorded_once():
    widget = explore(ID, preset="correct")
    _say(widget, "mission", mission="invisible")
    assert widget.settings["rule"] == "forgot-mean"
    for _ in range(2):
        _say(widget, "turn", settings={**widget.settings, "batch": "1"}, fine=True)
    assert widget.missions["invisible"]["solved"]
    assert "cannot see this bug" in widget.missions["invisible"]["says"]
    assert len(progress().events("mission", f"{ID}/invisible")) == 1
    assert explore(ID).missions["invisible"]["solved"]


def test_a_mission_is_not_judged_while_a_knob_is_dragged():
    widget = explore(ID, preset="forgot-mean")
    _say(widget, "mission", mission="invisible")
    _say(widget, "turn", settings={**widget.settings, "batch": "1"}, fine=False)
    assert not widget.missions["invisible"]["solved"]


def test_a_mission_that_was_not_begun_is_not_judged():
    widget = explore(ID, preset="forgot-mean")
    _say(widget, "turn", settings={**widget.settings, "batch": "1"}, fine=True)
    assert not widget.missions["invisible"]["solved"]
    assert progress().events("mission") == []


def test_the_page_of_a_hidden_round_does_not_hold_the_planted_rule():
    widget = explore(ID, preset="correct")
    _say(widget, "mission", mission="name-1")
    planted = widget.shown.secret["rule"]
    state = json.dumps([widget.frame, widget.missions, widget.gate, widget.settings])
    assert planted not in state
    _say(widget, "turn", settings={**widget.settings, "named": planted}, fine=True)
    assert widget.missions["name-1"]["solved"]


def test_the_learners_function_is_used_and_its_error_is_on_the_page():
    def backward(x, y, W1, b1, W2, b2):
        raise ZeroDivisionError("no luck")

    widget = explore(ID, backward=backward)
    assert widget.settings["rule"] == "yours"
    assert widget.problem.startswith("ZeroDivisionError: no luck")
    face, _ = widget._repr_mimebundle_()
    assert "no luck" in face["text/html"]


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(LookupError, match=f"no explorable 'microscop'.*{ID}"):
        explore("microscop")
    with pytest.raises(LookupError, match="no preset 'sgn'"):
        explore(ID, preset="sgn")
    with pytest.raises(LookupError, match="no knob 'bckward'"):
        explore(ID, bckward=1)


def test_links_open_where_they_were_made():
    widget = explore(ID, preset="sign").turn(sample=3, nudge=0.25)
    assert widget.link.startswith(f"{ID}?rule=sign")
    again = explore(widget.link)
    assert again.settings == widget.settings
    np.testing.assert_array_equal(again.values["p"], widget.values["p"])


@pytest.mark.parametrize("id", ALL)
def test_the_static_face_is_a_picture_with_its_description_and_is_stable(id):
    first, about = explore(id)._repr_mimebundle_()
    progress().record("mission", f"{id}/any")
    second, _ = explore(id)._repr_mimebundle_()
    assert first["image/png"] == second["image/png"]
    assert first["image/png"][:4] == b"\x89PNG"
    assert len(first["image/png"]) < 150_000
    assert len(about["image/png"]["alt"]) > 80


@pytest.mark.parametrize("id", ALL)
def test_every_control_of_the_list_has_a_label(id):
    for knob in explore(id).spec["knobs"]:
        assert knob["label"][0].isupper() or knob["label"][0] in "αβ"
        assert knob["kind"] in ("slider", "choice", "toggle", "numbers")
