"""Averaged weights, and modules called with other weights: as in torch."""

import numpy as np
import pytest
import torch
import torch.optim.swa_utils

from dlcourse import scratch


def network(T):
    m = T.nn.Sequential(T.nn.Linear(3, 4), T.nn.BatchNorm1d(4))
    with T.no_grad():
        for p in m.parameters():
            p.copy_(T.linspace(-1, 1, p.numel()).reshape(p.shape))
    return m


@pytest.mark.parametrize("decay", [None, 0.9])
def test_averaged_models(decay):
    found = []
    for T in (torch, scratch):
        swa = T.optim.swa_utils
        m = network(T)
        options = {} if decay is None else {"multi_avg_fn": swa.get_ema_multi_avg_fn(decay)}
        average = swa.AveragedModel(m, **options)
        opt = T.optim.SGD(m.parameters(), lr=0.1)
        x = T.linspace(0, 1, 15).reshape(5, 3)
        for _ in range(3):
            opt.zero_grad()
            m(x).square().sum().backward()
            opt.step()
            average.update_parameters(m)
        swa.update_bn([x, x * 2], average)
        state = average.state_dict()
        found.append({k: v.detach().numpy() for k, v in state.items()})
    assert found[0].keys() == found[1].keys()
    for name, a in found[0].items():
        np.testing.assert_allclose(found[1][name], a, rtol=1e-4, atol=1e-5)


def test_functional_call():
    found = []
    for T in (torch, scratch):
        m = network(T).eval()
        x = T.linspace(0, 1, 6).reshape(2, 3)
        fast = {"0.weight": (m[0].weight * 2).detach().requires_grad_()}
        out = T.func.functional_call(m, fast, (x,))
        out.sum().backward()
        found.append([out.detach().numpy(), fast["0.weight"].grad.numpy(), m(x).detach().numpy()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)
    with pytest.raises(AttributeError, match="nothing"):
        scratch.func.functional_call(
            network(scratch), {"nothing": scratch.ones(1)}, scratch.ones(1)
        )


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_the_rate_falls_to_that_of_the_average(strategy, epochs):
    found = []
    for T in (torch, scratch):
        opt = T.optim.SGD([T.zeros(1, requires_grad=True)], lr=0.5)
        schedule = T.optim.swa_utils.SWALR(opt, 0.1, epochs, strategy)
        rates = []
        for _ in range(5):
            opt.step()
            schedule.step()
            rates += schedule.get_last_lr()
        found.append(rates)
    np.testing.assert_allclose(*found)
    with pytest.raises(ValueError, match="strategy"):
        scratch.optim.swa_utils.SWALR(opt, 0.1, anneal_strategy="x")
