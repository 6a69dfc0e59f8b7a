"""Metrics on cases small enough to work out by hand."""

import numpy as np
import pytest

from dlcourse.teach import metrics as m


def test_accuracy_takes_labels_or_logits():
    assert m.accuracy([0, 1, 1, 2], [0, 1, 2, 2]) == 0.75
    assert m.accuracy([[3.0, 1.0], [0.0, 2.0]], [0, 0]) == 0.5
    assert m.accuracy(np.zeros((2, 2)), [[0, 0], [0, 1]]) == 0.75


def test_confusion_has_a_row_for_each_true_class():
    np.testing.assert_array_equal(
        m.confusion([1, 1, 0], [0, 1, 0], classes=3), [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    )


def test_mask_iou_by_hand():
    guess, truth = np.array([[0, 0, 1], [1, 1, 0]]), np.array([[0, 1, 1], [1, 0, 0]])
    iou = m.mask_iou(guess, truth, classes=3)
    np.testing.assert_allclose(iou[:2], [2 / 4, 2 / 4])
    assert np.isnan(iou[2])


def test_box_iou_by_hand():
    a = [[0, 0, 2, 2], [5, 5, 5, 9]]
    b = [[1, 1, 3, 3], [0, 0, 2, 2], [9, 9, 10, 10]]
    np.testing.assert_allclose(m.box_iou(a, b), [[1 / 7, 1, 0], [0, 0, 0]])
    assert m.box_iou(np.zeros((0, 4)), b).shape == (0, 3)


def test_each_object_is_found_once_and_by_its_kind():
    boxes = [[0, 0, 4, 4], [0, 0, 4, 4], [8, 8, 12, 12]]
    true = [[0, 0, 4, 5], [8, 8, 12, 12]]
    found = m.match_boxes(boxes, [3, 3, 7], [0.9, 0.8, 0.7], true, [3, 5])
    assert found == m.Detections(right=1, false=2, missed=1)
    assert found.precision == pytest.approx(1 / 3)
    assert found.recall == 0.5
    assert found.f1 == pytest.approx(0.4)
    assert found + found == m.Detections(2, 4, 2)


def test_nothing_found_and_nothing_there():
    none = np.zeros((0, 4))
    assert m.match_boxes(none, [], [], none, []).f1 == 1.0
    assert m.match_boxes(none, [], [], [[0, 0, 1, 1]], [1]).f1 == 0.0


def test_perplexity_of_a_coin_is_two():
    assert m.perplexity(np.log(2)) == pytest.approx(2)


def test_log_loss_of_a_coin():
    assert m.log_loss([[0.5, 0.5], [0.5, 0.5]], [0, 1]) == pytest.approx(np.log(2))


def test_softmax_survives_large_logits():
    np.testing.assert_allclose(m.softmax([[1000.0, 1000.0], [0.0, -1000.0]]), [[0.5, 0.5], [1, 0]])


def test_calibration_error_by_hand():
    p = np.array([[0.95, 0.05]] * 4 + [[0.35, 0.65]] * 2)
    truth = [0, 0, 0, 1, 1, 0]  # sure of four, three right; 0.65 sure of two, one right
    expected = (4 * abs(0.95 - 0.75) + 2 * abs(0.65 - 0.5)) / 6
    assert m.calibration_error(p, truth) == pytest.approx(expected)
    confidence, share, counts = m.calibration(p, truth)
    assert counts.sum() == 6
    assert (confidence[9], share[9]) == (pytest.approx(0.95), 0.75)
    assert np.isnan(confidence[0])


def test_a_calibrated_model_has_little_error():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 40000)
    truth = (rng.random(40000) > sure).astype(int)
    assert m.calibration_error(np.stack([sure, 1 - sure], 1), truth) < 0.015


def test_exact_match_wants_every_symbol():
    assert m.exact_match([[1, 2], [3, 4]], [[1, 2], [3, 5]]) == 0.5
    with pytest.raises(ValueError, match="cannot be compared"):
        m.exact_match([[1, 2]], [[1, 2, 3]])


def test_r_squared_of_the_mean_is_zero():
    assert m.r_squared([2, 2, 2], [1, 2, 3]) == pytest.approx(0)
    assert m.r_squared([1, 2, 3], [1, 2, 3]) == 1


def test_energy_distance_sees_a_shift_and_a_missing_mode():
    rng = np.random.default_rng(0)
    two = rng.normal(size=(800, 2)) + 6 * rng.integers(0, 2, (800, 1))
    again = rng.normal(size=(800, 2)) + 6 * rng.integers(0, 2, (800, 1))
    one = rng.normal(size=(800, 2))
    same = m.energy_distance(two, again)
    assert abs(same) < 0.05
    assert m.energy_distance(two + 1, again) > 0.2
    assert m.energy_distance(one, again) > 1


def test_energy_distance_of_points_by_hand():
    assert m.energy_distance([[0.0], [0.0]], [[3.0], [5.0]]) == pytest.approx(2 * 4 - 0 - 2)


def test_nearest_neighbours_tell_noise_from_digits():
    rng = np.random.default_rng(0)
    real, again = rng.normal(size=(2, 500, 3))
    assert m.told_apart(again, real) == pytest.approx(0.5, abs=0.06)
    assert m.told_apart(again + 20, real) == 1.0
