"""Models really learn on the scratch engine: the quick ones of `benchmarks/models.py`, one seed."""

import importlib.util
import sys
from pathlib import Path

import pytest

from dlcourse import models, scratch

FILE = Path(__file__).parents[2] / "benchmarks" / "models.py"
QUICK = ["LinearModel", "LinearModel (logistic)", "MLP", "LeNet", "SentimentRNN", "Recommender"]


def _load():
    spec = importlib.util.spec_from_file_location("benchmarks_models", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return {task.name: task for task in module.TASKS}


TASKS = _load()


@pytest.mark.parametrize("name", QUICK)
def test_it_reaches_its_level(name):
    task = TASKS[name]
    value = task.train(scratch, 0)
    assert task.reached(value), f"{task.metric} {value:.3g}, must reach {task.level:g}"


@pytest.mark.parametrize("name", QUICK)
def test_an_untrained_model_would_not(name):
    """The level is above what the naive baseline of the simplest kind gives, so it can fail."""
    task = TASKS[name]
    worse = 0.0 if task.more_is_better else 10.0
    assert not task.reached(worse)


def test_every_model_is_measured():
    named = {name.split(" (")[0] for name in TASKS}
    assert named == set(models.__all__) - {"BagOfWords"}  # which is a baseline itself
