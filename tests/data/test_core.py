"""Cuts and batches: nothing lost, nothing twice, the same for a seed."""

import numpy as np
import pytest

from dlcourse import data
from dlcourse.data import Batches, Part, cut


def part(n=100):
    x = np.arange(n, dtype=np.float32)[:, None]
    return Part(x, np.arange(n) % 4, {"twice": 2 * x})


def test_a_cut_loses_and_repeats_nothing():
    parts = cut(part(), seed=3, by=part().y)
    everyone = np.sort(np.concatenate([p.x[:, 0] for p in parts]))
    np.testing.assert_array_equal(everyone, np.arange(100))
    assert [len(p) for p in parts] == [65, 15, 20]
    for p in parts:
        np.testing.assert_array_equal(p.extra["twice"], 2 * p.x)
        assert np.bincount(p.y).max() - np.bincount(p.y).min() <= 1


def test_the_seed_alone_decides_the_cut():
    first, again, other = (cut(part(), seed=s)[0].x for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("valid", "test"), [(0.6, 0.5), (0, 0.2), (0.2, -0.1)])
def test_an_impossible_cut_is_refused(valid, test):
    with pytest.raises(ValueError, match="left to train on"):
        cut(part(), 0, valid, test)


def test_an_epoch_shows_each_example_once_and_again_the_same():
    batches = part().batches(32, seed=5)
    assert len(batches) == 4
    once, again = (list(batches.epoch(7)) for _ in range(2))
    for (a, _), (b, _) in zip(once, again, strict=True):
        np.testing.assert_array_equal(a, b)
    seen = np.concatenate([x for x, _ in once])[:, 0]
    np.testing.assert_array_equal(np.sort(seen), np.arange(100))
    assert not np.array_equal(seen, np.concatenate([x for x, _ in batches.epoch(8)])[:, 0])


def test_iterating_walks_through_the_epochs():
    batches = part().batches(50, "x", seed=1)
    first, second = list(batches), list(batches)
    np.testing.assert_array_equal(first[0][0], next(batches.epoch(0))[0])
    np.testing.assert_array_equal(second[0][0], next(batches.epoch(1))[0])


def test_inputs_and_answers_stay_together():
    for x, y in part().batches(7, seed=2):
        np.testing.assert_array_equal(x[:, 0] % 4, y)


def test_augmenting_is_fixed_by_the_epoch_and_leaves_the_data_alone():
    def noise(rng, batch):
        return batch[0] + rng.normal(size=batch[0].shape), batch[1]

    whole = part()
    batches = whole.batches(30, seed=4, augment=noise)
    a, b = next(batches.epoch(2))[0], next(batches.epoch(2))[0]
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, next(batches.epoch(3))[0])
    np.testing.assert_array_equal(whole.x, part().x)


def test_drop_last_keeps_only_full_batches():
    sizes = [len(x) for x, _ in part().batches(32, drop_last=True)]
    assert sizes == [32, 32, 32]


def test_unequal_arrays_and_empty_batches_are_refused():
    with pytest.raises(ValueError, match="same number"):
        Batches([np.zeros(3), np.zeros(4)], 2)
    with pytest.raises(ValueError, match="at least one"):
        Batches([np.zeros(3)], 0)


def test_scaling_uses_the_training_part_alone():
    raw, scaled = data.wine(scale=False), data.wine()
    mean, std = raw.train.x.mean(0), raw.train.x.std(0)
    np.testing.assert_allclose(scaled.train.x.std(0), 1, rtol=1e-4)
    np.testing.assert_allclose(scaled.test.x, (raw.test.x - mean) / std, rtol=1e-4, atol=1e-5)
    assert abs(scaled.test.x.mean()) > 1e-3
