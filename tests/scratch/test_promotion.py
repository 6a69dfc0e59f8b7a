"""The type of a result follows torch for every pair of types, dimensions and numbers."""

import itertools

import pytest
import torch

from dlcourse import scratch

TYPES = "float32 float64 int64 int32 int16 int8 uint8 bool".split()  # noqa: SIM905


@pytest.mark.parametrize(("a", "b"), [*itertools.product(TYPES, TYPES)])
def test_pairs_of_types_combine_as_in_torch(a, b):
    for shape_a, shape_b, name in itertools.product(((2,), ()), ((2,), ()), ("add", "mul", "div")):
        kinds = [
            str(
                getattr(engine, name)(
                    engine.ones(shape_a, dtype=getattr(engine, a)),
                    engine.ones(shape_b, dtype=getattr(engine, b)),
                ).dtype
            )
            for engine in (torch, scratch)
        ]
        assert kinds[1] == kinds[0], (name, shape_a, shape_b)


@pytest.mark.parametrize("a", TYPES)
@pytest.mark.parametrize("number", [True, 3, 2.5])
def test_numbers_do_not_widen_within_a_category(a, number):
    kinds = [
        str((engine.ones(2, dtype=getattr(engine, a)) * number).dtype)
        for engine in (torch, scratch)
    ]
    assert kinds[1] == kinds[0]
