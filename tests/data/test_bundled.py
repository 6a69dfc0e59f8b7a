"""The bundled sets: sizes, ranges, types, and the same cut on every machine."""

import zlib

import numpy as np
import pytest

from dlcourse import data

SIZES = {"digits": 1797, "breast_cancer": 569, "wine": 178, "iris": 150, "diabetes": 442}


@pytest.mark.parametrize("name", SIZES)
def test_sizes_and_types(name):
    d = getattr(data, name)()
    assert len(d.train) + len(d.valid) + len(d.test) == SIZES[name]
    assert d.train.x.dtype == np.float32
    assert d.train.y.dtype == (np.float32 if name == "diabetes" else np.int64)
    assert repr(d).startswith(f"<{name}: ")
    if d.features:
        assert len(d.features) == d.train.x.shape[1]


def test_digits_are_ink_between_zero_and_one_in_two_shapes():
    flat, square = data.digits(), data.digits(flat=False)
    assert flat.train.x.shape == (1167, 64)
    assert square.train.x.shape == (1167, 1, 8, 8)
    np.testing.assert_array_equal(flat.train.x, square.train.x.reshape(-1, 64))
    assert flat.train.x.min() == 0
    assert flat.train.x.max() == 1


def test_the_cut_of_digits_is_the_same_everywhere():
    order = data.digits(seed=0).train.y.astype(np.uint8).tobytes()
    assert zlib.crc32(order) == 2652180986
    assert data.digits(seed=1).train.y.astype(np.uint8).tobytes() != order


def test_diabetes_keeps_age_and_sex_readable():
    d = data.diabetes(scale=False)
    age, sex = d.train.x[:, d.features.index("age")], d.train.x[:, d.features.index("sex")]
    assert 18 <= age.min() < age.max() < 90
    assert set(sex) == {1, 2}


def test_photographs_are_colour_and_bright_enough():
    photos = data.photographs()
    assert {p.shape for p in photos.values()} == {(3, 427, 640)}
    assert all(
        p.dtype == np.float32 and 0 <= p.min() < 0.1 < 0.9 < p.max() <= 1 for p in photos.values()
    )
