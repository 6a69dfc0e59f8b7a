"""What the transfer balance claims, run again or read from its table in other ways."""

import numpy as np
import pytest

from dlcourse.topics.transfer import balance_table as runs
from dlcourse.topics.transfer import study
from dlcourse.topics.transfer import transfer_balance as balance

at = balance.EXPLORABLE.at
KINDS = list(runs.cells())


def test_the_table_holds_every_run_and_no_other():
    wanted = {runs.key(*kind) for kind in KINDS}
    assert set(runs.table()) == wanted
    for row in runs.table().values():
        assert len(row) == len(runs.SEEDS)
        assert all(-1000 <= v <= 1000 for values in row for v in values)


SOME = [
    ("zero", "noisy", 0, ("source", False), "", 0.0),
    ("linear", "anywhere", 3, ("source", False), "", 0.0),
    ("random", "place", 10, ("source", False), "", 0.0),
    ("frozen", "place", 10, ("source", False), "", 0.0),
    ("scratch", "anywhere", 30, ("source", True), "", 0.0),
    ("tuned", "anywhere", 10, ("source", False), "nothing", 1.0),
    ("tuned", "anywhere", 10, ("source", True), "convolutions", 1.0),
    ("tuned", "inverted", 10, ("source", False), "weights", 0.0),
    ("tuned", "dim", 3, ("own", False), "all", 0.0),
]


@pytest.mark.parametrize("kind", SOME, ids=lambda kind: runs.key(*kind).replace(" ", "-"))
def test_a_run_repeated_gives_the_table_s_numbers(kind):
    again = runs.cell(*kind, seed=0)
    kept = np.array(runs.table()[runs.key(*kind)][0]) / 1000
    # Another CPU adds in another order, and a training carries the difference on.
    np.testing.assert_allclose(again, kept, atol=0.08)


def test_what_is_frozen_does_not_move():
    here = runs.world(0)
    for freeze, moves in (("all", ()), ("convolutions", ("fc",))):
        model = study.with_body_of(here.reader, 5)
        still = runs.stop(model, freeze)
        part = study.few(runs.task("anywhere", 0).pool, 3, 0)
        optimizer = runs.scratch.optim.Adam(model.parameters(), lr=0.01)
        study.learn(model, optimizer, part, 3, np.random.default_rng(0), still=still)
        after, before = model.body.state_dict(), here.reader.body.state_dict()
        changed = {n.split(".")[0] for n in after if (after[n] != before[n]).any()}
        assert changed == set(moves), freeze


def test_frozen_wholly_the_source_is_kept_and_with_moving_statistics_it_is_not():
    untouched = study.right(runs.world(0).reader, runs.world(0).source)
    for target in runs.TARGETS:
        kept = at(target=target, freeze="all", k="10")["kept_all"][runs.KS.index(10), 0]
        assert kept == pytest.approx(untouched, abs=0.02)
    moved = at(target="inverted", freeze="weights", k="10")
    assert moved["kept"] < at(target="inverted", freeze="all", k="10")["kept"] - 0.2


def test_the_loan_helps_anywhere_does_nothing_in_the_middle_and_harms_the_place():
    gain = {t: (f := at(target=t, k="10"))["frozen"] - f["random"] for t in runs.TARGETS[:3]}
    assert gain["anywhere"] > 0.1
    assert abs(gain["middle"]) < 0.1
    assert gain["place"] < -0.1


def test_the_full_rate_forgets_more_than_a_tenth_of_it():
    full, tenth = (at(k="10", freeze="nothing", rate=rate) for rate in ("1", "0.1"))
    assert full["kept"] < tenth["kept"] - 0.05


def test_own_statistics_spoil_the_features():
    own, source = (at(target="noisy", k="3", freeze="all", prepare=p) for p in ("own", "source"))
    assert own["came"] < source["came"] - 0.2  # a new linear head makes up for most of it


def test_the_learner_s_features_are_judged_live():
    pixels = at(own={"features": lambda x: x.reshape(len(x), -1)}, target="middle")
    random = at(own={"features": lambda x: x[:, 0, :, 5]}, target="middle")
    assert pixels["mine"] > random["mine"]
    assert pixels["mine"] == pytest.approx(pixels["ways"][balance.LINEAR, 1].mean(), abs=0.1)
    with pytest.raises(ValueError, match="should return"):
        at(own={"features": lambda x: x})
