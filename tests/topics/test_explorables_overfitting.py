"""What the leak detector and the overfit dial claim, computed again in other ways."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from dlcourse.teach.explorable import KnobError
from dlcourse.topics.overfitting import leak_detector as leak
from dlcourse.topics.overfitting import overfit_dial as dial

FIRST = (0.0, 1.0, 2.0, 3.0, 4.0)
at = leak.EXPLORABLE.at


# The leak detector --------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["scale", "select", "augment", "balance"])
@pytest.mark.parametrize("data", ["digits", "diabetes", "noise"])
def test_a_step_leaks_before_the_split_and_not_after_it(step, data):
    off = {"augment": False, "dice": False, "data": data, step: True}
    before = tuple(5.0 if name == "split" else 1.0 for name in leak.BLOCKS)
    assert at(**off, order=before)["reach"][step] > 0
    assert at(**off, order=FIRST)["reach"][step] == 0


def test_a_leak_stays_with_its_step():
    """A step after the split is not blamed for what one before it let in."""
    order = (2.0, 3.0, 1.0, 0.0, 4.0)  # copy, choose, split, scale
    reach = at(order=order, scale=True, select=True, augment=True)["reach"]
    assert reach["augment"] > 0.9
    assert reach["select"] == 1
    assert reach["scale"] == 0


def test_the_reach_of_copies_is_the_chance_that_one_lies_across():
    expected = 1 - 0.5**leak.COPIES  # each of the other copies is on either side
    assert at(order=(4.0, 1.0, 2.0, 3.0, 5.0))["reach"]["augment"] == pytest.approx(
        expected, abs=0.02
    )


def test_dice_are_foretold_by_copies_and_by_nothing_else():
    copied, honest = at(order=(4.0, 1.0, 2.0, 3.0, 5.0)), at(order=FIRST)
    assert copied["reported"] > 0.9
    assert copied["true"] == pytest.approx(0.1, abs=0.04)
    assert honest["reported"] == pytest.approx(0.1, abs=0.04)
    assert abs(honest["optimism"]) < 0.04


def test_columns_chosen_on_all_rows_make_noise_predictable():
    settings = {"data": "noise", "dice": False, "augment": False, "select": True}
    assert at(**settings, order=(3.0, 1.0, 2.0, 4.0, 5.0))["optimism"] > 0.08
    assert abs(at(**settings, order=FIRST)["optimism"]) < 0.06


def test_the_best_of_many_on_the_test_rows_is_too_good():
    settings = {"data": "noise", "dice": False, "augment": False, "order": FIRST, "models": 50}
    assert at(**settings, picks="test")["optimism"] > 0.08
    assert abs(at(**settings, picks="validation")["optimism"]) < 0.06
    assert at(**settings, picks="validation")["reach"]["choose"] == 0


def test_scaling_before_the_split_costs_little_on_digits():
    settings = {"data": "digits", "dice": False, "augment": False, "scale": True}
    leaks, honest = (
        at(**settings, order=order)["reported"] for order in ((1.0, 0.0, 2.0, 3.0, 4.0), FIRST)
    )
    assert leaks == pytest.approx(honest, abs=0.03)  # less than the runs scatter


def test_untouched_rows_get_the_same_columns_and_scale():
    rng = np.random.default_rng(0)
    x, y = rng.normal(3, 2, (60, 20)), rng.integers(0, 2, 60)
    rows = leak.Rows(x[:40].copy(), y[:40], x[:40].copy())
    for step in ("split", "scale", "select"):
        rows = leak.STEPS[step](rows, rng)
    np.testing.assert_allclose(rows.x, rows.fresh)
    assert rows.test is not None
    np.testing.assert_allclose(rows.x[~rows.test].mean(axis=0), 0, atol=1e-12)


def test_the_learners_own_data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 5))
    frame = at(own={"own": (x, (x[:, 0] > 0).astype(int))}, dice=False, augment=False, order=FIRST)
    assert frame["true"] > 0.65
    with pytest.raises(KnobError, match="N at least 40"):
        at(own={"own": (x[:10], np.zeros(10, int))})


# The overfit dial: what it gained -----------------------------------------------------------------


@pytest.mark.parametrize(("degree", "strength"), [(3, 0.1), (8, 0.1), (19, 0.3), (40, 1.0)])
def test_l1_is_scikit_learns(degree, strength):
    x, y = dial._points(20, 0.2)
    phi = dial.legvander(x, degree)
    lasso = Lasso(alpha=strength / 20, fit_intercept=False, tol=1e-12, max_iter=100_000)
    found = dial.fit(x, y, degree, dial.Restraint("l1", strength))
    np.testing.assert_allclose(found, lasso.fit(phi, y).coef_, atol=1e-3)


def test_dropout_is_the_mean_over_masks():
    """The mean loss over drawn masks has its lowest point where the formula says."""
    x, y = dial._points(20, 0.2)
    phi, p, rng = dial.legvander(x, 3), 0.3, np.random.default_rng(0)
    w = dial.fit(x, y, 3, dial.Restraint("dropout", p))
    masks = (rng.random((20_000, 1, 4)) >= p) / (1 - p)
    slope = np.mean(
        [m[0] * (phi.T @ ((phi * m) @ w - y)) for m in masks], axis=0
    )  # of the mean loss
    assert np.abs(slope).max() < 0.02 * np.abs(phi.T @ y).max()


def test_penalties_keep_the_peak_away_and_l1_makes_zeros():
    peak = dial.EXPLORABLE.at(degree=19)["test"]
    for restraint in ("l1", "dropout"):
        frame = dial.EXPLORABLE.at(degree=19, restraint=restraint)
        assert frame["test"] < 0.5 < peak
    assert dial.EXPLORABLE.at(degree=59, restraint="l1", l1=0.1)["zeros"] > 30
    assert dial.EXPLORABLE.at(degree=59, restraint="ridge", ridge=0.1)["zeros"] == 0
