"""The form of explorables: knobs refuse what they cannot take, links come back, arrays pack."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcourse.teach.explorable import (
    Choice,
    Explorable,
    Frame,
    KnobError,
    Mission,
    Numbers,
    Own,
    Prediction,
    Preset,
    Slider,
    Toggle,
    done,
    not_yet,
    options,
    pack,
)


def _compute(a, kind, on, cells, *, weights=None, fine=True):
    total = a * np.sum(cells if weights is None else weights)
    return Frame({"cells": np.array(cells) * (1 if on else -1)}, {"total": float(total)})


def _toy(tmp_path) -> Explorable:
    return Explorable(
        "toy",
        "Toy",
        tmp_path / "toy.js",
        Prediction("What?", (("1", "no"), ("2", "yes")), 1, lambda e: 1, hides=("total",)),
        (
            Slider("a", "A", 1.0, -2, 2),
            Choice("kind", "Kind", "x", options=options("x", "y&z")),
            Toggle("on", "On", True),
            Numbers("cells", "Cells", (0.0, 1.0, 2.0), -5, 5),
        ),
        _compute,
        lambda frame: ("It is so.",),
        lambda frame: None,
        (Preset("double", "Double", {"a": 2}, "N-01"),),
        (
            Mission(
                "six",
                "Make six.",
                lambda s, f: done("Six.") if f["total"] == 6 else not_yet("No."),
                lambda e: {"a": 2},
            ),
        ),
        (Own("weights", "an array"),),
        also_breaks=("N-02",),
    )


def test_a_frame_at_some_settings_uses_the_start_for_the_rest(tmp_path):
    assert _toy(tmp_path).at(a=2)["total"] == 6
    assert _toy(tmp_path).at()["total"] == 3


def test_what_is_the_learners_replaces_the_reference(tmp_path):
    assert _toy(tmp_path).at(own={"weights": np.ones(10)})["total"] == 10


def test_unknown_names_are_refused_with_the_known_ones(tmp_path):
    toy = _toy(tmp_path)
    with pytest.raises(LookupError, match="no knob 'b'; there is 'a', 'kind', 'on', 'cells'"):
        toy.at(b=1)
    with pytest.raises(LookupError, match="takes nothing called 'wights'; there is 'weights'"):
        toy.at(own={"wights": 1})
    with pytest.raises(LookupError, match="no preset 'triple'; there is 'double'"):
        toy.preset("triple")
    with pytest.raises(LookupError, match="no mission 'seven'; there is 'six'"):
        toy.mission("seven")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"a": 3}, "a goes from -2 to 2, not 3"),
        ({"a": "much"}, "a takes a number"),
        ({"a": float("nan")}, "a goes from"),
        ({"kind": "w"}, "kind is one of 'x', 'y&z', not 'w'"),
        ({"on": 1}, "on is True or False, not 1"),
        ({"cells": [1, 2]}, "cells takes 3 numbers, not 2"),
        ({"cells": [1, 2, 9]}, "from -5 to 5"),
        ({"cells": 5}, "takes a list of numbers"),
    ],
)
def test_a_knob_refuses_what_it_cannot_take(tmp_path, changes, says):
    with pytest.raises(KnobError, match=says):
        _toy(tmp_path).settings(changes)


def test_the_misconceptions_are_those_of_presets_and_knobs(tmp_path):
    assert _toy(tmp_path).breaks == ("N-01", "N-02")


def test_a_link_names_only_what_was_changed(tmp_path):
    toy = _toy(tmp_path)
    assert toy.link(toy.start) == "toy"
    assert toy.link(toy.settings({"a": 0.5, "on": False})) == "toy?a=0.5&on=off"
    assert toy.link(toy.settings({"cells": [0, 1, 4]})) == "toy?cells=2:4"
    assert toy.from_link("toy#double")["a"] == 2
    assert toy.from_link("toy#double?on=off") == toy.settings({"a": 2, "on": False})


def test_a_broken_link_is_refused(tmp_path):
    for link in ("toy?cells=9:1", "toy?cells=a:b", "toy?a=", "toy?on=perhaps"):
        with pytest.raises(KnobError):
            _toy(tmp_path).from_link(link)


@given(
    st.integers(-200, 200),
    st.sampled_from(["x", "y&z"]),
    st.booleans(),
    st.lists(st.integers(-50, 50), min_size=3, max_size=3),
)
def test_every_link_comes_back(tmp_path_factory, a, kind, on, cells):
    toy = _toy(tmp_path_factory.getbasetemp())
    settings = toy.settings(
        {"a": a / 100, "kind": kind, "on": on, "cells": [c / 10 for c in cells]}
    )
    assert toy.from_link(toy.link(settings)) == settings


def test_a_frame_withholds_what_the_prediction_hides(tmp_path):
    frame = _toy(tmp_path).at().without(("total",))
    assert not frame.numbers
    assert list(frame.arrays) == ["cells"]


def test_packed_arrays_stand_at_multiples_of_eight_and_come_back():
    arrays = {
        "a": np.arange(3, dtype=np.uint8),
        "b": np.linspace(0, 1, 5).reshape(5, 1),
        "c": np.array([[1, 2], [3, 4]]),
        "d": np.array([True, False]),
    }
    contents, block = pack(arrays)
    for entry in contents:
        count = int(np.prod(entry["shape"]))
        found = np.frombuffer(block, entry["kind"], count, entry["offset"]).reshape(entry["shape"])
        np.testing.assert_allclose(found, arrays[entry["name"]], rtol=1e-7)
        assert entry["offset"] % 8 == 0
    assert [entry["kind"] for entry in contents] == ["uint8", "float32", "int32", "uint8"]
