"""Distributions score and compare as torch's do; what they draw has the right frequencies."""

import numpy as np
import pytest
import torch

from dlcourse import scratch

RNG = np.random.default_rng(0)
LOC, SCALE = RNG.normal(size=(3, 1)), RNG.uniform(0.5, 2, 4)
P, SCORES = RNG.uniform(0.1, 0.9, (2, 3)), RNG.normal(size=(2, 5))
CASES = {
    "normal": ("Normal", {"loc": LOC, "scale": SCALE}, RNG.normal(size=(2, 3, 4))),
    "uniform": ("Uniform", {"low": LOC - 1, "high": LOC + SCALE}, LOC + RNG.random((3, 4)) / 2),
    "bernoulli": ("Bernoulli", {"probs": P}, RNG.integers(0, 2, (4, 2, 3)) * 1.0),
    "bernoulli-logits": ("Bernoulli", {"logits": 5 * P - 2}, RNG.integers(0, 2, (2, 3)) * 1.0),
    "categorical": ("Categorical", {"logits": SCORES}, RNG.integers(0, 5, (3, 2))),
    "categorical-probs": ("Categorical", {"probs": 3 * np.exp(SCORES)}, RNG.integers(0, 5, 2)),
}
every_case = pytest.mark.parametrize("name", CASES)


def made(engine, name):
    """The distribution, its parameters as leaves, and a value."""
    kind, parameters, value = CASES[name]
    leaves = {k: engine.tensor(v, requires_grad=True) for k, v in parameters.items()}
    return getattr(engine.distributions, kind)(**leaves), leaves, engine.tensor(value)


@every_case
@pytest.mark.parametrize("asked", ["log_prob", "entropy"])
def test_scores_and_their_gradients_are_torchs(name, asked):
    found = []
    for engine in (scratch, torch):
        d, leaves, value = made(engine, name)
        out = d.log_prob(value) if asked == "log_prob" else d.entropy()
        out.clamp(min=-50).sum().backward()
        slopes = [0.0 if leaf.grad is None else leaf.grad.numpy() for leaf in leaves.values()]
        found.append((out.detach().numpy(), *slopes))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@every_case
def test_draws_have_the_shape_and_the_frequencies(name):
    scratch.manual_seed(0)
    d, _, _ = made(scratch, name)
    reference, _, _ = made(torch, name)
    draws = d.sample((20_000,))
    assert draws.shape == (20_000, *reference.sample().shape)
    assert not draws.requires_grad
    if CASES[name][0] == "Categorical":
        shares = np.stack([(draws.numpy() == k).mean(0) for k in range(5)], -1)
        np.testing.assert_allclose(shares, reference.probs.detach().numpy(), atol=0.02)
    else:
        np.testing.assert_allclose(draws.numpy().mean(0), reference.mean.detach(), atol=0.05)
        np.testing.assert_allclose(draws.numpy().std(0), reference.stddev.detach(), atol=0.05)


@pytest.mark.parametrize("name", ["normal", "uniform"])
def test_gradients_pass_through_rsample(name):
    d, leaves, _ = made(scratch, name)
    assert d.has_rsample
    d.rsample((7,)).sum().backward()
    assert all(leaf.grad.shape == leaf.shape for leaf in leaves.values())


@pytest.mark.parametrize("name", ["bernoulli", "categorical"])
def test_what_cannot_be_reparameterised_says_so(name):
    with pytest.raises(NotImplementedError, match="use sample"):
        made(scratch, name)[0].rsample()


@pytest.mark.parametrize(
    ("kind", "p", "q"),
    [
        ("Normal", {"loc": LOC, "scale": SCALE}, {"loc": LOC + 1, "scale": 2 * SCALE}),
        ("Bernoulli", {"probs": P}, {"logits": 3 * P}),
        ("Categorical", {"logits": SCORES}, {"logits": SCORES[::-1].copy()}),
    ],
)
def test_divergences_are_torchs(kind, p, q):
    found = []
    for engine in (scratch, torch):
        make = getattr(engine.distributions, kind)
        pair = [make(**{k: engine.tensor(v) for k, v in one.items()}) for one in (p, q)]
        found.append(engine.distributions.kl_divergence(*pair).numpy())
    np.testing.assert_allclose(*found, rtol=1e-6)


def test_numbers_will_do():
    d = scratch.distributions.Normal(0.0, 1.0)
    assert d.sample((2, 3)).shape == (2, 3)
    assert d.log_prob(scratch.tensor(0.0)).item() == pytest.approx(-0.9189385)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("Normal", {"loc": 0.0, "scale": -1.0}),
        ("Uniform", {"low": 1.0, "high": 1.0}),
        ("Bernoulli", {"probs": 1.5}),
        ("Bernoulli", {}),
        ("Categorical", {"probs": scratch.tensor([0.5, -0.1])}),
    ],
)
def test_impossible_parameters_are_refused(kind, wrong):
    with pytest.raises(ValueError, match=r"must be"):
        getattr(scratch.distributions, kind)(**wrong)


def test_two_kinds_cannot_be_compared():
    d = scratch.distributions
    with pytest.raises(NotImplementedError, match="Normal to Uniform"):
        d.kl_divergence(d.Normal(0.0, 1.0), d.Uniform(0.0, 1.0))


MORE = {
    "Exponential": ({"rate": SCALE}, RNG.uniform(0.1, 3, (3, 4))),
    "Laplace": ({"loc": LOC, "scale": SCALE}, RNG.normal(size=(2, 3, 4))),
    "Poisson": ({"rate": 3 * SCALE}, RNG.integers(0, 6, (3, 4)) * 1.0),
    "Gamma": ({"concentration": 2 * SCALE, "rate": SCALE}, RNG.uniform(0.1, 3, (3, 4))),
    "Beta": ({"concentration1": 2 * SCALE, "concentration0": SCALE}, RNG.random((3, 4))),
    "Dirichlet": ({"concentration": 2 * SCALE}, RNG.dirichlet(SCALE, 3)),
    "OneHotCategorical": ({"logits": SCORES}, np.eye(5)[[1, 3]]),
    "LogNormal": ({"loc": LOC, "scale": SCALE / 4}, RNG.uniform(0.1, 3, (2, 3, 4))),
    "MultivariateNormal": (
        {"loc": LOC[:, 0], "covariance_matrix": np.eye(3) + np.outer(LOC, LOC)},
        RNG.normal(size=(2, 3)),
    ),
}
NO_ENTROPY = {"Poisson"}


@pytest.mark.parametrize("kind", MORE)
def test_further_distributions(kind):
    parameters, value = MORE[kind]
    found = []
    for engine in (scratch, torch):
        engine.manual_seed(0)
        leaves = {k: engine.tensor(v, requires_grad=True) for k, v in parameters.items()}
        d = getattr(engine.distributions, kind)(**leaves)
        out = d.log_prob(engine.tensor(value))
        (out.sum() + (0 if kind in NO_ENTROPY else d.entropy().sum())).backward()
        draws = d.sample((20_000,)).double()
        shapes = (*d.batch_shape, -1, *d.event_shape)
        slopes = [leaf.grad.numpy() for leaf in leaves.values()]
        found.append((out.detach().numpy(), *slopes, shapes, draws.mean(0).numpy()))
    *exact, ours = found[0]
    *expected, theirs = found[1]
    for a, b in zip(exact, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(ours, theirs, atol=0.1)


@pytest.mark.filterwarnings("ignore")
def test_independent_dimensions_are_one_event():
    found = []
    for engine in (scratch, torch):
        D = engine.distributions
        p, q = (D.Normal(engine.tensor(LOC), engine.tensor(SCALE * k)) for k in (1, 2))
        one, other = D.Independent(p, 1), D.Independent(q, 1)
        found.append([one.log_prob(engine.tensor(LOC + SCALE)), one.entropy(), one.mean])
        found[-1] += [D.kl_divergence(one, other), p.cdf(q.mean + 0.3), p.icdf(engine.tensor(0.2))]
        assert one.rsample((2,)).shape == (2, 3, 4)
        assert p.expand((2, 3, 4)).sample_n(5).shape == (5, 2, 3, 4)
        assert (one.batch_shape, one.event_shape) == ((3,), (4,))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


def test_mixtures_and_transformed_variables():
    found = []
    for engine in (scratch, torch):
        engine.manual_seed(0)
        D, loc = engine.distributions, engine.tensor(LOC - SCALE, requires_grad=True)
        weights = D.Categorical(logits=loc[0])
        mixed = D.MixtureSameFamily(weights, D.Normal(loc[0], engine.tensor(SCALE)))
        rows = D.MixtureSameFamily(
            D.Categorical(logits=loc[:, 0]), D.Independent(D.Normal(loc, 1.0), 1)
        )
        maps = [D.AffineTransform(0.5, 2.0), D.TanhTransform(cache_size=1)]
        action = D.Independent(D.TransformedDistribution(D.Normal(loc, 1.0), maps), 1)
        share = D.TransformedDistribution(D.Normal(loc, 1.0), D.transforms.SigmoidTransform())
        values = [mixed.log_prob(loc), rows.log_prob(loc), action.log_prob((loc / 3).tanh())]
        values += [share.log_prob(loc.sigmoid()), mixed.mean, mixed.variance, rows.mean]
        sum(v.sum() for v in values).backward()
        assert rows.sample((5,)).shape == (5, 4)
        assert action.rsample((2,)).shape == (2, 3, 4)
        draws = mixed.sample((20_000,)).mean(), share.sample((20_000,)).mean()
        found.append(([v.detach().numpy() for v in [*values, loc.grad]], draws))
    for ours, theirs in zip(found[0][0], found[1][0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found[0][1], found[1][1], atol=0.1)


def test_each_has_a_file_of_its_own():
    from dlcourse.scratch.distributions.categorical import Categorical
    from dlcourse.scratch.distributions.kl import kl_divergence
    from dlcourse.scratch.distributions.normal import Normal

    assert kl_divergence(Normal(0.0, 1.0), Normal(0.0, 1.0)).item() == 0
    assert Categorical(logits=scratch.tensor([0.0, 1.0])).mode.item() == 1
