"""The example of CONTRIBUTING is whole: two small files make a widget with all of its parts."""

from dlcourse.show.explorable import explore
from tests.topics.example.decay import EXPLORABLE


def test_two_files_make_an_explorable(tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_HOME", str(tmp_path))
    assert EXPLORABLE.predict.prove(EXPLORABLE) == EXPLORABLE.predict.right
    widget = explore(EXPLORABLE)
    widget.on_predict({"choice": 0})
    assert widget.gate["right"] is False
    widget.on_mission({"mission": "swing"})
    widget.turn(**EXPLORABLE.mission("swing").solve(EXPLORABLE))
    assert widget.missions["swing"]["solved"]
    assert widget.face().png is not None
    assert widget.problem == ""


def test_they_are_small():
    lines = [path.read_text(encoding="utf-8").count("\n") for path in _files()]
    assert sum(lines) < 90


def _files():
    return (EXPLORABLE.view, EXPLORABLE.view.with_suffix(".py"))
