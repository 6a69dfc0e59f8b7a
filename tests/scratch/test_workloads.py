"""The benchmark compares like with like: same losses on both engines, and sound ratios."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

from dlcourse import scratch

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def module(name):
    """A file of the benchmarks folder as a module."""
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", BENCHMARKS / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


workloads, ratios = module("_workloads"), module("_ratios")


@pytest.mark.parametrize("name", workloads.WORKLOADS)
def test_losses_agree_with_torch(name):
    steps = [workloads.WORKLOADS[name](engine) for engine in (torch, scratch)]
    losses = [[float(step().detach().sum()) for _ in range(4)] for step in steps]
    assert losses[1] == pytest.approx(losses[0], rel=2e-3)
    if name != "conv2d":  # which has nothing to learn
        assert losses[0][0] != losses[0][-1]


def test_every_workload_has_goals():
    assert workloads.TARGETS.keys() == workloads.STRETCH.keys() == workloads.WORKLOADS.keys()


def test_a_ratio_is_taken_round_by_round():
    drifting = [1.0, 2.0, 4.0, 8.0, 16.0]
    r = ratios.ratio([3 * t for t in drifting], drifting)
    assert (r.median, r.low, r.high) == (3, 3, 3)
    assert str(r) == "3.00 (3.00-3.00)"
    spread = ratios.ratio([1, 2, 3, 4, 5], [1] * 5)
    assert (spread.low, spread.median, spread.high) == (2, 3, 4)
    with pytest.raises(ValueError, match=r"shorter|longer"):
        ratios.ratio([1.0], [1.0, 2.0])


def test_candidates_take_turns_and_the_order_rotates():
    turns = []

    def candidate(name, cost):
        def run(steps):
            turns.append(name)
            return steps * cost

        return run

    times = ratios.interleave({"a": candidate("a", 0.01), "b": candidate("b", 0.02)}, 4, 0.1)
    assert turns[-8:] == ["a", "b", "b", "a", "a", "b", "b", "a"]
    assert times["a"] == pytest.approx([0.01] * 4)
    assert ratios.ratio(times["b"], times["a"]).median == pytest.approx(2)


def test_timed_counts_every_step():
    calls = []
    seconds = ratios.timed(lambda: calls.append(1))(7)
    assert len(calls) == 7
    assert 0 <= seconds < 5
