"""Random numbers: repeatable, rightly distributed, and refused where torch refuses."""

import numpy as np
import pytest
import torch

from dlcourse import scratch

KINDS = (ValueError, TypeError, IndexError, RuntimeError, NotImplementedError)


def test_a_seed_repeats_everything():
    def draw():
        scratch.manual_seed(7)
        x = scratch.empty(3).uniform_()
        return [
            scratch.rand(3).tolist(),
            scratch.randn(2, 2).tolist(),
            scratch.randint(10, (4,)).tolist(),
            scratch.randperm(5).tolist(),
            scratch.bernoulli(scratch.full((6,), 0.5)).tolist(),
            scratch.multinomial(scratch.tensor([0.2, 0.8]), 5, True).tolist(),
            x.tolist(),
        ]

    assert draw() == draw()
    scratch.manual_seed(8)
    assert scratch.rand(3).tolist() != draw()[0]


def test_generators_are_independent_of_the_default_one():
    a, b = scratch.Generator().manual_seed(1), scratch.Generator().manual_seed(1)
    scratch.manual_seed(1)
    first = scratch.rand(3, generator=a)
    scratch.rand(100)
    assert first.tolist() == scratch.rand(3, generator=b).tolist()
    assert a.initial_seed() == 1


def test_state_can_be_put_back():
    state = scratch.get_rng_state()
    first = scratch.randn(4).tolist()
    scratch.set_rng_state(state)
    assert scratch.randn(4).tolist() == first
    with pytest.raises(RuntimeError, match="get_state"):
        scratch.set_rng_state(scratch.zeros(3))


def test_distributions():
    scratch.manual_seed(0)
    n = 20_000
    u = scratch.rand(n)
    assert u.min() >= 0
    assert u.max() < 1
    assert abs(u.mean().item() - 0.5) < 0.01
    z = scratch.empty(n).normal_(2.0, 3.0)
    assert abs(z.mean().item() - 2) < 0.1
    assert abs(z.std().item() - 3) < 0.1
    assert abs(scratch.bernoulli(scratch.full((n,), 0.3)).mean().item() - 0.3) < 0.02
    assert scratch.randint(2, 5, (n,)).unique().tolist() == [2, 3, 4]
    assert abs(scratch.empty(n).exponential_(2.0).mean().item() - 0.5) < 0.02
    means = scratch.normal(scratch.tensor([0.0, 10.0]).repeat(n // 2), 1.0).reshape(-1, 2).mean(0)
    np.testing.assert_allclose(means.numpy(), [0, 10], atol=0.05)


def test_multinomial_follows_the_weights():
    scratch.manual_seed(0)
    w = scratch.tensor([[1.0, 0.0, 3.0], [0.0, 2.0, 2.0]])
    draws = scratch.multinomial(w, 8000, replacement=True)
    assert draws.shape == (2, 8000)
    counts = np.stack([np.bincount(row, minlength=3) for row in draws.numpy()]) / 8000
    np.testing.assert_allclose(counts, [[0.25, 0, 0.75], [0, 0.5, 0.5]], atol=0.02)
    for _ in range(20):
        assert sorted(scratch.multinomial(w, 2).tolist()[0]) == [0, 2]
    first = [scratch.multinomial(scratch.tensor([1.0, 3.0]), 2).tolist()[0] for _ in range(2000)]
    assert abs(np.mean(first) - 0.75) < 0.04


CALLS = """
T.rand(2,3)
T.rand((2,3),dtype=T.float64)
T.rand(2,dtype=T.int64)
T.rand(-1)
T.randn(0,3)
T.randn(())
T.randn(2,requires_grad=True)
T.randint(5,(2,2))
T.randint(1,3,(4,),dtype=T.float32)
T.randint(3,3,(1,))
T.randint(5)
T.randperm(4)
T.randperm(0)
T.randperm(-1)
T.rand_like(T.ones(2,3))
T.randn_like(T.ones(2,dtype=T.float64))
T.randn_like(T.ones(2,dtype=T.int64))
T.randint_like(T.ones(3),5)
T.normal(0.0,1.0,(2,3))
T.normal(T.zeros(3),T.ones(3))
T.normal(T.zeros(3),2.0)
T.normal(0.0,-1.0,(2,))
T.normal(0.0,1.0)
T.bernoulli(T.tensor([0.0,1.0]))
T.bernoulli(T.tensor([2.0]))
T.bernoulli(T.ones(3),0.5)
T.multinomial(T.ones(3),2)
T.multinomial(T.ones(2,3),5,replacement=True)
T.multinomial(T.ones(3),5)
T.multinomial(T.tensor([1.0,-1.0]),1)
T.multinomial(T.zeros(3),1)
T.multinomial(T.ones(3,dtype=T.int64),1)
T.multinomial(T.ones(1,2,3),1)
T.multinomial(T.ones(3),0)
T.ones(3).uniform_(1,2)
T.ones(3).uniform_(2,1)
T.ones(3).normal_(0,-1)
T.ones(3,dtype=T.int64).normal_()
T.ones(3,dtype=T.int64).random_(5)
T.ones(3).bernoulli_(0.5)
T.ones(3).bernoulli()
T.ones(3,requires_grad=True).uniform_()
T.rand(2,generator=3)
T.rand(2,device='cpu')
""".strip().split("\n")


@pytest.mark.parametrize("text", CALLS)
def test_shapes_dtypes_and_refusals_are_torchs(text):
    found = []
    for engine in (torch, scratch):
        try:
            t = eval(text, {"T": engine})
            found.append((tuple(t.shape), repr(t.dtype), t.requires_grad))
        except KINDS:
            found.append("refused")
    assert found[0] == found[1]
