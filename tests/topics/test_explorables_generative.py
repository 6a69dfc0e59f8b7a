"""What the generator bench shows, computed once more in another way."""

import numpy as np
import pytest
import torch

from dlcourse.topics.generative import generator_bench as bench
from dlcourse.topics.generative import study


def test_the_guess_is_the_mean_of_what_the_point_could_come_from():
    rng = np.random.default_rng(0)
    signal, noise = 0.8, 0.6
    clean = study.CENTRES[rng.integers(8, size=400_000)]
    clean = clean + bench.SPREAD * rng.standard_normal(clean.shape)
    spoiled = signal * clean + noise * rng.standard_normal(clean.shape)
    x = np.array([[1.2, 0.3]])
    near = np.linalg.norm(spoiled - x, axis=1) < 0.08
    guess, _ = bench.exact_guess(x, signal, noise)
    np.testing.assert_allclose(guess[0], clean[near].mean(0), atol=0.06)


def test_the_guess_is_tweedies_the_slope_of_the_log_density():
    signal, noise = 0.7, np.sqrt(1 - 0.49)
    x = torch.tensor([[0.5, -1.0], [1.4, 0.2]], dtype=torch.float64, requires_grad=True)
    variance = (signal * bench.SPREAD) ** 2 + noise**2
    off = x[:, None] - signal * torch.tensor(study.CENTRES)
    torch.logsumexp(-0.5 * (off**2).sum(2) / variance, 1).sum().backward()
    clean = (x + noise**2 * x.grad) / signal
    guess, _ = bench.exact_guess(x.detach().numpy(), signal, noise)
    np.testing.assert_allclose(guess, clean.detach().numpy(), rtol=1e-10)


def test_a_right_mixture_keeps_the_variance_and_one_without_roots_does_not():
    kept = np.linspace(0.01, 0.99, 50)
    signal, noise = bench.factors(kept, root=True)
    np.testing.assert_allclose(signal**2 + noise**2, 1)
    signal, noise = bench.factors(kept, root=False)
    assert (signal**2 + noise**2 < 1).all()


@pytest.mark.parametrize(("steps", "left"), [(100, 0.36), (1000, 4e-5)])
def test_what_the_straight_schedule_leaves(steps, left):
    assert bench.kept_after("straight", steps)[-1] == pytest.approx(left, rel=0.05)


def test_the_divergence_is_torchs():
    rng = np.random.default_rng(1)
    mean, log_variance = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    cloud = torch.distributions.Normal(torch.tensor(mean), torch.tensor(log_variance / 2).exp())
    prior = torch.distributions.Normal(torch.zeros(2).double(), torch.ones(2).double())
    wanted = torch.distributions.kl_divergence(cloud, prior).sum(1).mean().item()
    ours = bench._normal_divergence(
        *(bench.ENGINE.tensor(a, dtype=bench.ENGINE.float64) for a in (mean, log_variance))
    )
    assert ours.item() == pytest.approx(wanted, rel=1e-10)


def test_a_mean_over_pixels_costs_as_much_as_the_average_digit():
    seen = bench.latent("recon-mean")
    assert seen.divergence < 0.01
    assert seen.reconstruction == pytest.approx(bench.average_cost(), abs=0.3)


def test_a_greedy_generator_collapses_and_a_detached_one_stays():
    assert max(look.modes for look in bench.duel("right", 5)) <= 2
    assert bench.duel("right", 1)[-1].modes >= 5
    looks = bench.duel("detach", 1)
    np.testing.assert_array_equal(looks[0].points, looks[-1].points)


def test_without_fresh_noise_the_clouds_are_narrower():
    usual = bench.EXPLORABLE.at(tab="ladder")["tight"]
    frozen = bench.EXPLORABLE.at(tab="ladder", mistake="no-fresh")["tight"]
    assert frozen < 0.8 * usual
    assert usual == pytest.approx(bench.SPREAD, rel=0.25)
