"""What lesson 10 builds by hand agrees with PyTorch, with theory, and with published figures."""

import re

import numpy as np
import pytest
import torch

from dlcourse import scratch
from dlcourse.teach import content
from dlcourse.topics.hardware import study
from dlcourse.topics.hardware import study_torch as lab

RATIO = "times torch's"


@pytest.mark.parametrize(("B", "I", "O"), [(1, 1, 1), (5, 3, 4), (2, 7, 3)])
def test_the_systolic_array_multiplies(B, I, O):
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(B, I)), rng.normal(size=(I, O))
    out, ticks = study.systolic(x, w)
    np.testing.assert_allclose(out, x @ w, atol=1e-12)
    assert ticks == B + I + O - 2


def test_small_floats_are_torchs():
    rng = np.random.default_rng(1)
    some = rng.normal(size=50_000) * 10.0 ** rng.integers(-44, 38, 50_000)
    ties = np.array([0, 1, 1 + 2**-8, 1 + 3 * 2**-8, -2.5, 65504, 65520, 3.3e38], np.float64)
    x = np.concatenate([some, ties]).astype(np.float32)
    np.testing.assert_array_equal(study.bfloat16(x), torch.from_numpy(x).bfloat16().float().numpy())
    np.testing.assert_array_equal(study.float16(x), torch.from_numpy(x).half().float().numpy())


@pytest.mark.parametrize("engine", [scratch, torch], ids=lambda e: e.__name__)
def test_checkpointed_gradients_are_the_whole_ones(engine):
    rng = np.random.default_rng(0)
    model = study.double_mlp(engine, [6, 5, 4, 3])
    x, y = rng.normal(size=(8, 6)), rng.integers(0, 3, 8)
    whole = study.gradient(engine, model, x, y)
    for p in model.parameters():
        p.grad = None
    *hidden, last = model.layers
    layers = [*(lambda v, layer=layer: layer(v).relu() for layer in hidden), last]
    study.checkpointed(engine, layers, engine.tensor(x), engine.tensor(y))
    again = np.concatenate([p.grad.numpy().ravel() for p in model.parameters()])
    np.testing.assert_allclose(again, whole, atol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_a_ring_gives_everybody_the_sum(n):
    vectors = [np.random.default_rng(k).normal(size=23) for k in range(n)]
    sums, sent = study.ring_all_reduce(vectors)
    for found in sums:
        np.testing.assert_allclose(found, sum(vectors), atol=1e-12)
    assert sent <= 2 * (n - 1) * -(-23 // n)


def test_the_bill_is_the_published_one():
    """GPT-3 as Patterson et al. (2021) put it together: 14.8 days, 1,287 MWh, 552 t."""
    found = study.bill(3.14e23, 10_000, 24.6e12, 330, 1.10, 0.429)
    assert found.days == pytest.approx(14.8, rel=0.005)
    assert found.megawatt_hours == pytest.approx(1287, rel=0.005)
    assert found.tonnes == pytest.approx(552.1, rel=0.005)


def test_the_engines_benchmark_is_read_whole():
    page = (content.root() / "benchmarks" / "engine.md").read_text(encoding="utf-8")
    stored = study.benchmark()
    assert len(stored.rows) == len(re.findall(r"^\| \*\*", page, re.MULTILINE)) == 7
    assert len(stored.facts) == len(re.findall(r"^\d+\. ", page, re.MULTILINE)) > 0
    for row in stored.rows:
        assert f"**{row['name']}**" in page
        assert f"{row[RATIO]:.2f} (" in page
        assert row["milliseconds"] > 0


def test_without_a_stored_benchmark_one_is_told_how_to_make_it(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "root", lambda: tmp_path)
    rows, facts = study.benchmark()
    assert rows == []
    assert "benchmarks/engine.py" in facts[0]


def test_two_processes_train_as_one():
    run = lab.torchrun(2, steps=5)
    single = lab.alone(steps=5)
    assert [r["rank"] for r in run.ranks] == [0, 1]
    assert {r["examples"] for r in run.ranks} == {5 * 32}
    assert set(run.weights) == {"by hand", "DistributedDataParallel"}
    for weights in run.weights.values():
        np.testing.assert_allclose(weights, single, atol=1e-12)


def test_a_run_that_does_not_end_is_ended():
    with pytest.raises(lab.WorkersError, match="did not finish"):
        lab.torchrun(2, seconds=0.5)


def test_workers_that_fail_say_why(monkeypatch):
    monkeypatch.setattr(lab.worker_torch, "__name__", "no.such.module")
    with pytest.raises(lab.WorkersError, match="No module named"):
        lab.torchrun(1)


def test_this_machine_has_a_card():
    card = study.this_machine(seconds=0.2)
    assert card.float32 > 1e8
    assert card.bandwidth > 1e8
    assert 0 < card.launch < 1e-3


def test_the_device_is_one_that_torch_can_use():
    device = lab.best_device()
    assert torch.ones(2, device=device).sum().item() == 2
    lab.wait(device)
