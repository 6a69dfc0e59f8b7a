"""The explorable that CONTRIBUTING shows in full is one: two blocks of text make a whole widget."""

import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from dlcourse.show.base import KIT
from dlcourse.show.explorable import explore

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```(python|js)\n(.*?)```", re.DOTALL)


@pytest.fixture
def example(tmp_path):
    """The two blocks, written where a topic stands beside the kit."""
    room = tmp_path / "topics" / "example"
    room.mkdir(parents=True)
    shutil.copytree(KIT, tmp_path / "show" / "kit")
    blocks = dict(BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    (room / "decay.js").write_text(blocks["js"], encoding="utf-8")
    (room / "decay.py").write_text(blocks["python"], encoding="utf-8")
    spec = importlib.util.spec_from_file_location("decay", room / "decay.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EXPLORABLE


def test_two_files_make_an_explorable(example, tmp_path, monkeypatch):
    monkeypatch.setenv("DLCOURSE_HOME", str(tmp_path / "home"))
    assert example.predict.prove(example) == example.predict.right
    widget = explore(example)
    widget.on_predict({"choice": 0})
    assert widget.gate["right"] is False
    widget.on_mission({"mission": "swing"})
    widget.turn(**example.mission("swing").solve(example))
    assert widget.missions["swing"]["solved"]
    assert widget.face().png is not None
    assert widget.problem == ""
