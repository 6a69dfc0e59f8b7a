"""Every optimizer equals torch's over 20 steps and its options, in both precisions."""

import copy
import gc
import itertools

import numpy as np
import pytest
import torch

from dlcourse import scratch
from dlcourse.scratch.optim import _packs

SHAPES = [(3, 4), (5,), (), (2, 1, 3), (0, 2)]

OPTIONS = {
    "SGD": [
        {},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.3},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"lr": 0.1, "weight_decay": 0.2, "maximize": True},
        {"lr": 0.1, "momentum": 0.5, "dampening": -0.5},
    ],
    "Adagrad": [
        {},
        {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1},
        {"initial_accumulator_value": 0.5, "eps": 1e-3, "maximize": True},
    ],
    "RMSprop": [
        {},
        {"alpha": 0.8, "eps": 1e-3, "weight_decay": 0.1},
        {"momentum": 0.9},
        {"centered": True},
        {"centered": True, "momentum": 0.5, "maximize": True},
    ],
    "ASGD": [{}, {"lr": 0.1, "lambd": 0.1, "alpha": 0.5, "t0": 3}, {"maximize": True}],
    "Rprop": [{}, {"lr": 0.1, "etas": (0.4, 1.5), "step_sizes": (0.01, 0.2)}, {"maximize": True}],
    "Adadelta": [{}, {"lr": 0.5, "rho": 0.7, "eps": 1e-4, "weight_decay": 0.1}, {"maximize": True}],
    "Adam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1},
        {"amsgrad": True, "lr": 0.1},
        {"maximize": True},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "AdamW": [{}, {"lr": 0.1, "weight_decay": 0.5}, {"amsgrad": True, "maximize": True}],
    "Adamax": [{}, {"lr": 0.1, "betas": (0.8, 0.9), "weight_decay": 0.1}, {"maximize": True}],
    "NAdam": [
        {},
        {"lr": 0.1, "momentum_decay": 0.1, "weight_decay": 0.1},
        {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "RAdam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.9), "weight_decay": 0.1},
        {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
}
CASES = [(name, options) for name, several in OPTIONS.items() for options in several]


def arrays(seed, dtype, shapes=SHAPES):
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.standard_normal(s), dtype) for s in shapes]


def twins(name, options, dtype=np.float32, shapes=SHAPES, group=lambda params: params):
    """The same optimizer on the same parameters, in torch and here."""
    for engine in (torch, scratch):
        params = [engine.tensor(a.copy()).requires_grad_() for a in arrays(0, dtype, shapes)]
        yield engine, params, getattr(engine.optim, name)(group(params), **options)


def give(engine, params, seed, dtype, skip=()):
    """Seeded gradients; the parameters in `skip` get none."""
    for i, (p, g) in enumerate(
        zip(params, arrays(seed, dtype, [p.shape for p in params]), strict=True)
    ):
        p.grad = None if i in skip else engine.tensor(g)


def values(params):
    return [p.detach().numpy() for p in params]


def assert_same(ours, theirs, dtype):
    rtol = 1e-9 if dtype == np.float64 else 2e-5
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_twenty_steps_equal_torch(name, options, dtype):
    (_, theirs, a), (_, ours, b) = pair = list(twins(name, options, dtype))
    for step in range(20):
        skip = {1} if step in (4, 5, 11) else {0, 3} if step == 8 else ()
        for engine, params, optimizer in pair:
            give(engine, params, step, dtype, skip)
            optimizer.step()
        assert_same(values(ours), values(theirs), dtype)
    compare_state_dicts(b.state_dict(), a.state_dict(), dtype)


def compare_state_dicts(ours, theirs, dtype):
    assert ours["param_groups"] == theirs["param_groups"]
    assert ours["state"].keys() == theirs["state"].keys()
    for i, state in theirs["state"].items():
        assert set(ours["state"][i]) == set(state)
        for name, value in state.items():
            assert_same([ours["state"][i][name].numpy()], [value.numpy()], dtype)


@pytest.mark.parametrize("name", OPTIONS)
def test_large_parameters_are_cut_and_small_ones_packed_without_a_trace(name):
    shapes = [(_packs.PIECE + 7, 3), (10,), (300, 2), (_packs.SMALL + 1,), (4,)]
    options = {} if name == "Rprop" else {"weight_decay": 0.01}
    pair = list(twins(name, options, shapes=shapes))
    for step in range(4):
        for engine, params, optimizer in pair:
            give(engine, params, step, np.float32)
            optimizer.step()
    assert_same(values(pair[1][1]), values(pair[0][1]), np.float32)


@pytest.mark.parametrize("name", OPTIONS)
def test_groups_take_their_own_options_and_new_groups(name):
    def group(p):
        return [{"params": p[:2], "lr": 0.5}, {"params": (q for q in p[2:4]), "weight_decay": 0.1}]

    pair = list(twins(name, {}, group=group))
    for step in range(8):
        for engine, params, optimizer in pair:
            if step == 4:
                optimizer.add_param_group({"params": params[4], "lr": 0.3})
                optimizer.param_groups[0]["lr"] = 0.05
            give(engine, params, step, np.float32)
            optimizer.step()
    assert_same(values(pair[1][1]), values(pair[0][1]), np.float32)
    assert repr(pair[1][2]) == repr(pair[0][2])


@pytest.mark.parametrize(("name", "options"), CASES)
def test_state_dict_resumes_here_and_comes_over_from_torch(name, options):
    (engine, theirs, a), (_, ours, b) = pair = list(twins(name, options))
    for step in range(5):
        for e, params, optimizer in pair:
            give(e, params, step, np.float32)
            optimizer.step()
    saved = a.state_dict()
    saved = {
        "state": {
            i: {k: v.numpy().copy() for k, v in s.items()} for i, s in saved["state"].items()
        },
        "param_groups": saved["param_groups"],
    }
    own = copy.deepcopy(b.state_dict())
    for state in (saved, own):
        fresh = [scratch.tensor(p.detach().numpy().copy()).requires_grad_() for p in ours]
        resumed = getattr(scratch.optim, name)(fresh, **options)
        resumed.load_state_dict(state)
        expected = [p.detach().clone().requires_grad_() for p in theirs]
        reference = getattr(torch.optim, name)(expected, **options)
        reference.load_state_dict(copy.deepcopy(a.state_dict()))
        for step in range(5, 9):
            give(engine, expected, step, np.float32)
            reference.step()
            give(scratch, fresh, step, np.float32)
            resumed.step()
        assert_same(values(fresh), values(expected), np.float32)


@pytest.mark.parametrize("name", OPTIONS)
def test_parameters_change_in_place_and_views_follow(name):
    p = scratch.tensor(np.ones(4, np.float32)).requires_grad_()
    q = scratch.tensor(np.ones(3, np.float32)).requires_grad_()
    seen = p.detach()
    optimizer = getattr(scratch.optim, name)([p, q], lr=0.1)
    for step in range(3):
        give(scratch, [p, q], step, np.float32)
        optimizer.step()
        later = q.detach()
        assert np.array_equal(seen.numpy(), p.detach().numpy())
    assert not np.array_equal(seen.numpy(), np.ones(4))
    assert np.array_equal(later.numpy(), q.detach().numpy())


def test_an_array_that_became_a_parameter_is_updated():
    a = np.ones(3, np.float32)
    p, q = (scratch.from_numpy(x).requires_grad_() for x in (a, np.ones(3, np.float32)))
    optimizer = scratch.optim.SGD([p, q], lr=1.0)
    for _ in range(2):
        give(scratch, [p, q], 0, np.float32)
        optimizer.step()
    np.testing.assert_array_equal(a, p.detach().numpy())
    assert not np.array_equal(a, np.ones(3))


def test_replaced_parameters_and_state_are_noticed():
    pair = list(twins("Adam", {"lr": 0.1}))
    for step in range(9):
        for engine, params, optimizer in pair:
            if step == 3:
                params[1].data = engine.tensor(np.full(5, 2, np.float32))
            if step == 5:
                optimizer.state.clear()
            if step == 7:
                state = optimizer.state[params[0]]
                state["exp_avg"] = engine.tensor(np.full((3, 4), 0.5, np.float32))
            give(engine, params, step, np.float32)
            optimizer.step()
    assert_same(values(pair[1][1]), values(pair[0][1]), np.float32)


def test_options_may_change_between_steps():
    for name, changes in (
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("Adam", {"amsgrad": True, "betas": (0.5, 0.9)}),
        ("RMSprop", {"momentum": 0.5}),
    ):
        pair = list(twins(name, {"lr": 0.1}))
        for step in range(8):
            for engine, params, optimizer in pair:
                if step == 4:
                    optimizer.param_groups[0].update(changes)
                    if name != "SGD":  # torch makes these buffers only with the first step
                        optimizer.state.clear()
                give(engine, params, step, np.float32)
                optimizer.step()
        assert_same(values(pair[1][1]), values(pair[0][1]), np.float32)


def test_a_copied_optimizer_and_model_train_on_alone():
    _, params, optimizer = list(twins("Adam", {"lr": 0.1}))[1]
    give(scratch, params, 0, np.float32)
    optimizer.step()
    twin_params, twin = copy.deepcopy((params, optimizer))
    before = [v.copy() for v in values(params)]
    give(scratch, twin_params, 1, np.float32)
    twin.step()
    assert_same(values(params), before, np.float32)
    give(scratch, params, 1, np.float32)
    optimizer.step()
    assert_same(values(params), values(twin_params), np.float32)
    assert not np.array_equal(values(params)[0], before[0])


@pytest.mark.parametrize("name", OPTIONS)
def test_closure_is_evaluated_with_gradients_and_its_loss_returned(name):
    losses = []
    for engine, params, optimizer in twins(name, {}):

        def closure(params=params, optimizer=optimizer):
            optimizer.zero_grad()
            loss = sum((p * p).sum() for p in params)
            loss.backward()
            return loss

        with engine.no_grad():
            losses.append([optimizer.step(closure).item() for _ in range(5)])
        assert optimizer.step() is None
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)


def test_zero_grad():
    p = scratch.tensor([1.0, 2.0], requires_grad=True)
    optimizer = scratch.optim.SGD([p])
    (p * p).sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0, 0]
    optimizer.zero_grad()
    assert p.grad is None


def test_a_graph_from_before_the_step_is_refused():
    w = scratch.tensor([1.0, 2.0], requires_grad=True)
    v = scratch.tensor([3.0], requires_grad=True)
    optimizer = scratch.optim.SGD([w, v], lr=0.1)
    loss = (w * w * v).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(RuntimeError, match="inplace"):
        loss.backward()


BAD = {
    "lr": -1.0,
    "eps": -1.0,
    "weight_decay": -1.0,
    "momentum": -0.5,
    "alpha": -1.0,
    "rho": 1.5,
    "betas": (1.0, 0.9),
    "lr_decay": -1.0,
    "initial_accumulator_value": -1.0,
    "momentum_decay": -1.0,
}


@pytest.mark.parametrize("name", OPTIONS)
def test_invalid_options_are_refused_as_by_torch(name):
    for engine in (torch, scratch):
        p = engine.tensor([1.0], requires_grad=True)
        optimizer = getattr(engine.optim, name)
        options = optimizer([p]).defaults.keys() & BAD.keys()
        options -= {"alpha"} if name == "ASGD" else set()  # a power, which torch does not check
        assert options >= ({"lr"} if name == "Rprop" else {"lr", "weight_decay"})
        for option in options:
            with pytest.raises(ValueError, match=r"[Ii]nvalid"):
                optimizer([p], **{option: BAD[option]})
        with pytest.raises(TypeError):
            optimizer([p], unknown=1)
        with pytest.raises(ValueError, match="empty"):
            optimizer([])
        with pytest.raises(TypeError):
            optimizer(p)
        with pytest.raises(TypeError):
            optimizer([1.0])
        with pytest.raises(ValueError, match="leaf"):
            optimizer([p * 2])
        with pytest.raises(ValueError, match="more than one"):
            optimizer([{"params": [p]}, {"params": [p]}])
        with pytest.raises(TypeError, match="set"):
            optimizer([{"params": {p}}])


def test_adam_wants_float_betas_and_nesterov_a_momentum():
    for engine in (torch, scratch):
        p = engine.tensor([1.0], requires_grad=True)
        with pytest.raises(ValueError, match="float"):
            engine.optim.Adam([p], betas=(0, 0.9))
        with pytest.raises(ValueError, match="Nesterov"):
            engine.optim.SGD([p], nesterov=True)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("flag", ["foreach", "fused", "capturable", "differentiable"])
def test_flags_for_other_kernels_are_refused_when_set(name, flag):
    p = scratch.tensor([1.0], requires_grad=True)
    optimizer = getattr(scratch.optim, name)
    if flag in optimizer([p]).defaults:
        with pytest.raises(NotImplementedError, match=flag):
            optimizer([p], **{flag: True})


def test_tensor_hyperparameters_are_refused():
    p = scratch.tensor([1.0], requires_grad=True)
    with pytest.raises(NotImplementedError, match="lr"):
        scratch.optim.SGD([p], lr=scratch.tensor(0.1))


def test_named_parameters_and_duplicates():
    for engine in (torch, scratch):
        p, q = (engine.tensor([1.0], requires_grad=True) for _ in range(2))
        optimizer = engine.optim.SGD([("p", p), ("q", q)])
        assert optimizer.param_groups[0]["param_names"] == ["p", "q"]
        with pytest.raises(ValueError, match="names"):
            engine.optim.SGD([("p", p), q])
        with pytest.raises(ValueError, match="names"):
            optimizer.add_param_group({"params": [engine.tensor([1.0], requires_grad=True)]})
        with pytest.warns(UserWarning, match="duplicate"):
            engine.optim.SGD([p, p])


def test_load_state_dict_wants_the_same_groups():
    for engine in (torch, scratch):
        p, q = (engine.tensor([1.0], requires_grad=True) for _ in range(2))
        one = engine.optim.SGD([p]).state_dict()
        for params in ([p, q], [{"params": [p]}, {"params": [q]}]):
            with pytest.raises(ValueError, match="group"):
                engine.optim.SGD(params).load_state_dict(one)


def test_an_optimizer_lets_go_of_its_parameters():
    import weakref

    params = [scratch.tensor(a).requires_grad_() for a in arrays(0, np.float32)]
    optimizer = scratch.optim.Adam(params)
    give(scratch, params, 0, np.float32)
    optimizer.step()
    gone = [weakref.ref(p) for p in params]
    gc.disable()
    try:
        del params, optimizer
        assert all(ref() is None for ref in gone)
    finally:
        gc.enable()


def test_all_pairs_of_rules_share_no_state():
    for first, second in itertools.pairwise(OPTIONS):
        p = scratch.tensor([1.0, 2.0], requires_grad=True)
        a, b = getattr(scratch.optim, first)([p]), getattr(scratch.optim, second)([p])
        p.grad = scratch.tensor([0.5, -0.5])
        a.step()
        assert not any(b.state[p].get("exp_avg") is v for v in a.state[p].values())
        b.step()
        assert np.isfinite(p.detach().numpy()).all()


# --- L-BFGS -----------------------------------------------------------------------------------

LBFGS_OPTIONS = [
    {},
    {"lr": 0.1},
    {"lr": 0.5, "history_size": 3, "max_iter": 5},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "max_iter": 7, "history_size": 2, "lr": 0.8},
    {"line_search_fn": "strong_wolfe", "max_eval": 7},
    {"tolerance_grad": 1e-2},
    {"tolerance_change": 1e-3},
]


def quasi_newton(engine, dtype, options):
    """Six steps of L-BFGS on a regularised softmax regression: losses, calls and weights."""
    rng = np.random.default_rng(0)
    kind = getattr(engine, dtype)
    x = engine.tensor(rng.normal(size=(20, 5)), dtype=kind)
    y = engine.tensor(rng.integers(0, 3, 20))
    weight = engine.tensor(rng.normal(size=(5, 3)), dtype=kind, requires_grad=True)
    bias = engine.tensor(np.zeros(3), dtype=kind, requires_grad=True)
    optimizer, calls = engine.optim.LBFGS([weight, bias], **options), []

    def closure():
        optimizer.zero_grad()
        loss = engine.nn.functional.cross_entropy(x @ weight + bias, y) + 0.01 * weight.pow(2).sum()
        loss.backward()
        calls.append(loss.item())
        return loss

    first = [optimizer.step(closure).item() for _ in range(6)]
    return first, calls, weight.detach().numpy(), bias.detach().numpy()


@pytest.mark.parametrize("options", LBFGS_OPTIONS)
def test_lbfgs_takes_torchs_steps(options):
    ours, theirs = (quasi_newton(engine, "float64", options) for engine in (scratch, torch))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-10)


def test_lbfgs_in_float32_finds_the_same_minimum():
    first, *_ = quasi_newton(scratch, "float32", {"line_search_fn": "strong_wolfe"})
    (reference, *_) = quasi_newton(torch, "float64", {"line_search_fn": "strong_wolfe"})
    assert first[-1] == pytest.approx(reference[-1], rel=1e-5)


def test_lbfgs_refuses_what_it_cannot_do():
    p = scratch.zeros(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="strong_wolfe"):
        scratch.optim.LBFGS([p], line_search_fn="armijo")
    with pytest.raises(ValueError, match="parameter groups"):
        scratch.optim.LBFGS([{"params": [p]}, {"params": [scratch.zeros(1, requires_grad=True)]}])
    with pytest.raises(ValueError, match="learning rate"):
        scratch.optim.LBFGS([p], lr=-1)


@pytest.mark.parametrize("name", [*OPTIONS, "LBFGS"])
def test_a_number_alone_can_be_learned_and_resumed(name):
    def learned(T):
        temperature, seen, state = T.nn.Parameter(T.tensor(2.0, dtype=T.float64)), [], None

        def closure():
            opt.zero_grad()
            loss = (temperature - 0.5) ** 4
            loss.backward()
            return loss

        for _ in range(2):
            opt = getattr(T.optim, name)([temperature], lr=0.1)
            if state:
                opt.load_state_dict(state)
            for _ in range(3):
                opt.step(closure)
                seen.append(temperature.item())
            state = copy.deepcopy(opt.state_dict())
        return seen

    np.testing.assert_allclose(learned(scratch), learned(torch), rtol=1e-6)
