"""Lesson 01: what its study room measures, and its bank's numbers computed again by torch."""

import contextlib
import io

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from dlcourse import scratch
from dlcourse.teach.quiz import find, grade
from dlcourse.topics.neural_networks import study

SEEDS = [pytest.param(seed, id=f"seed {seed}") for seed in (0, 1, 2, 3, 5, 8)]


def names(id: str, seed: int) -> dict[str, float]:
    return {k: float(v) for k, v in find(id)[1].at(seed).names.items()}


def right(id: str, seed: int, value: float) -> None:
    assert grade(find(id)[1], repr(float(value)), seed).correct


@pytest.mark.parametrize("seed", SEEDS)
def test_torch_gives_the_keys_on_units_and_layers(seed):
    n = names("nn.unit.wake", seed)
    x, w = torch.tensor([n["x"], 1.0]), torch.tensor([n["w"], -1.0])
    right("nn.unit.wake", seed, (x @ w + n["b"]).relu().item())
    n = {k: int(v) for k, v in names("nn.layer.count", seed).items()}
    net = torch.nn.Sequential(torch.nn.Linear(n["I"], n["H"]), torch.nn.Linear(n["H"], n["O"]))
    right("nn.layer.count", seed, sum(p.numel() for p in net.parameters()))


@pytest.mark.parametrize("seed", SEEDS)
def test_torch_gives_the_keys_on_softmax_and_losses(seed):
    n = names("nn.soft.ratio", seed)
    p = torch.tensor([n["a"], n["b"], 0.5], dtype=torch.float64).softmax(0)
    right("nn.soft.ratio", seed, (p[0] / p[1]).item())
    K = int(names("nn.bend.last", seed)["K"])
    right("nn.bend.last", seed, (-torch.rand(K) - 1).relu().softmax(0)[0].item())
    K = int(names("nn.loss.first", seed)["K"])
    right("nn.loss.first", seed, F.cross_entropy(torch.zeros(1, K), torch.tensor([0])).item())
    n = names("nn.loss.mean", seed)
    p = torch.tensor([n["p"], n["q"], n["r"]], dtype=torch.float64)
    logits = torch.stack([p, 1 - p], 1).log()
    right("nn.loss.mean", seed, F.cross_entropy(logits, torch.zeros(3, dtype=torch.long)).item())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_study_gives_the_keys_on_pieces_and_thresholds(seed):
    x = np.linspace(0, 1, 4097)
    y = x
    for _ in range(int(names("nn.reach.depth", seed)["k"])):
        y = 2 * np.maximum(y, 0) - 4 * np.maximum(y - 0.5, 0)
    right("nn.reach.depth", seed, study.count_pieces(y))
    miss = names("nn.judge.threshold", seed)["m"]
    p = np.linspace(0.0005, 0.9995, 1000)  # each group of 1000 patients with this probability
    cheapest = p[np.argmax(miss * p >= 1 - p)]
    assert abs(cheapest - 1 / (1 + miss)) < 0.001
    right("nn.judge.threshold", seed, 1 / (1 + miss))


@pytest.mark.parametrize("id", ["nn.soft.overflow", "nn.pix.integers"])
def test_the_programs_print_their_keys(id):
    question = find(id)[1]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), np.errstate(all="ignore"):
        exec(question.code, {"np": np})
    assert grade(question, out.getvalue().strip(), 0).correct


def test_the_floor_of_a_second_softmax_is_the_one_the_bank_names():
    best = F.one_hot(torch.tensor([3]), 10).double()
    assert F.cross_entropy(best, torch.tensor([3])).item() == pytest.approx(1.46, abs=0.005)


def test_one_seed_gives_both_engines_the_same_weights():
    ours, theirs = (study.start(engine, [5, 4, 3], seed=7) for engine in (scratch, torch))
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    other = study.start(scratch, [5, 4, 3], seed=8)
    assert not np.array_equal(
        ours.layers[0].weight.detach().numpy(), other.layers[0].weight.detach().numpy()
    )


@pytest.mark.parametrize(("down", "across"), [(1, 0), (0, 1), (-2, 1), (0, 0)])
def test_a_shift_moves_pixels_and_lets_white_in(down, across):
    x = np.random.default_rng(0).uniform(0.1, 1, (3, 64))
    moved = study.shifted(x, down, across).reshape(-1, 8, 8)
    for row in range(8):
        for column in range(8):
            r, c = row - down, column - across
            inside = 0 <= r < 8 and 0 <= c < 8
            want = x.reshape(-1, 8, 8)[:, r, c] if inside else 0
            np.testing.assert_array_equal(moved[:, row, column], want)


def test_pieces_are_counted():
    x = np.linspace(-1, 1, 401)
    assert study.count_pieces(3 * x + 1) == 1
    assert study.count_pieces(np.abs(x)) == 2
    assert study.count_pieces(np.maximum(x - 0.123, 0) + np.maximum(-x, 0)) == 3


def test_errors_and_costs():
    p, ill = np.array([0.03, 0.3, 0.6, 0.9]), np.array([True, False, False, True])
    assert study.errors(p, ill, 0.5) == (1, 1)
    assert study.errors(p, ill, 0.01) == (0, 2)
    assert study.cost(p, ill, 0.5, miss=20, alarm=1) == pytest.approx(21 / 4)


def test_opinions_are_pooled():
    found = study.opinions({"line": study.line}, seeds=range(2))["line"]
    p, ill = found.all
    assert len(p) == len(ill) == 228
    assert np.mean(found.right) == pytest.approx(((p > 0.5) == ill).mean())
    assert found.log_loss == pytest.approx(-np.log(np.where(ill, p, 1 - p)).mean())
    assert 0 < found.error < 0.1
