"""What every explorable must do, whichever it is: ends, presets, missions, prediction, face."""

import json
import re

import numpy as np
import pytest

from dlcourse.teach.explorable import KnobError, Numbers, pack
from dlcourse.topics import all_explorables

ALL = {explorable.id: explorable for explorable in all_explorables()}
BUDGET = 32 * 1024  # bytes of a frame


@pytest.fixture(params=sorted(ALL))
def explorable(request):
    return ALL[request.param]


def _size(frame) -> int:
    return len(pack(frame.arrays)[1]) + len(json.dumps(frame.numbers, default=_plain))


def _plain(value):
    return value.tolist()


def _whole(explorable, frame):
    """A frame that the page can show: packed in budget, in words, every infinity said aloud."""
    assert _size(frame) <= BUDGET
    says = explorable.describe(frame)
    assert says
    assert all(isinstance(s, str) and s for s in says)
    for name, array in frame.arrays.items():
        assert not np.isinf(array).any(), name


def _frame(explorable, settings):
    """The frame, or `None` where a knob asks for something of the learner's that is not there."""
    try:
        return explorable.at(**settings)
    except KnobError as error:
        if "Pass your" in str(error):
            return None
        raise


def test_every_end_of_every_knob_gives_a_frame(explorable):
    for knob in explorable.knobs:
        frames = [_frame(explorable, {knob.name: end}) for end in knob.ends()]
        shown = [frame for frame in frames if frame is not None]
        assert len(shown) >= max(1, len(frames) - 1)
        for frame in shown:
            _whole(explorable, frame)


def test_every_preset_gives_a_frame_and_differs_from_the_start(explorable):
    assert explorable.presets
    for preset in explorable.presets:
        _whole(explorable, explorable.at(**preset.settings))
    assert len({p.name for p in explorable.presets}) == len(explorable.presets)


def test_it_breaks_something_of_the_catalogue(explorable):
    assert explorable.breaks
    assert all(re.fullmatch(r"[A-Z]-\d\d", id) for id in explorable.breaks)


def test_a_coarse_frame_has_what_a_fine_one_has(explorable):
    coarse, fine = explorable.at(fine=False), explorable.at()
    assert coarse.arrays.keys() == fine.arrays.keys()
    assert coarse.numbers.keys() == fine.numbers.keys()


def test_compute_is_pure(explorable):
    once, again = explorable.at(), explorable.at()
    for name, array in once.arrays.items():
        np.testing.assert_array_equal(array, again[name])
    assert json.dumps(once.numbers, default=_plain) == json.dumps(again.numbers, default=_plain)


def test_the_prediction_is_proved_and_every_guess_is_answered(explorable):
    predict = explorable.predict
    assert predict.prove(explorable) == predict.right
    assert len(predict.options) >= 3
    assert all(len(says) > 40 for _, says in predict.options)
    frame = explorable.at(**predict.at)
    assert {*predict.hides} <= {*frame.arrays, *frame.numbers}
    assert predict.hides


def test_before_the_prediction_the_sentences_do_not_give_it_away(explorable):
    whole = explorable.at(**explorable.predict.at)
    hidden = explorable.describe(whole.without(explorable.predict.hides))
    assert hidden
    assert len(hidden) < len(explorable.describe(whole))


def test_every_mission_starts_unsolved_and_its_solver_solves_it(explorable):
    assert 3 <= len(explorable.missions) <= 5
    for mission in explorable.missions:
        begins = explorable.settings(mission.start)
        verdict = explorable.check(mission.id, begins, explorable.at(**mission.start))
        assert not verdict.correct, mission.id
        assert verdict.says
        solution = {**mission.start, **mission.solve(explorable)}
        frame = explorable.at(**solution)
        verdict = explorable.check(mission.id, explorable.settings(solution), frame)
        assert verdict.correct, (mission.id, verdict.says)
        assert verdict.says


def test_links_come_back_for_presets_solutions_and_ends(explorable):
    everything = [p.settings for p in explorable.presets]
    everything += [m.solve(explorable) for m in explorable.missions]
    everything += [{k.name: end} for k in explorable.knobs for end in k.ends()]
    for changes in everything:
        settings = explorable.settings(changes)
        back = explorable.from_link(explorable.link(settings))
        for knob in explorable.knobs:
            _same(knob, back[knob.name], settings[knob.name])


def _same(knob, found, wanted):
    if isinstance(knob, Numbers):
        np.testing.assert_allclose(found, wanted, rtol=1e-3)
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-5)
    else:
        assert found == wanted


def test_the_sentences_have_numbers_in_them(explorable):
    assert any(re.search(r"\d", says) for says in explorable.describe(explorable.at()))


def test_the_static_picture_is_drawn(explorable):
    figure = explorable.picture(explorable.at())
    figure.canvas.draw()
    assert figure.axes


def test_the_view_is_an_es_module_beside_the_file(explorable):
    source = explorable.view.read_text(encoding="utf-8")
    assert "export default explorable(" in source
    assert "http" not in source.replace("http://www.w3.org/2000/svg", "")
