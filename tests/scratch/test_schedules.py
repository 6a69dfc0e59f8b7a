"""Every schedule equals torch's, step by step, over its options, composed, saved and resumed."""

import copy
import warnings

import pytest
import torch

from dlcourse import scratch

STEPS = 25

CASES = [
    ("StepLR", {"step_size": 3}),
    ("StepLR", {"step_size": 4, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [2, 5, 5, 9], "gamma": 0.3}),
    ("MultiStepLR", {"milestones": [0, 3]}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.5, "total_iters": 3}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.5, "total_iters": 7}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 4}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 8, "power": 2.0}),
    ("CosineAnnealingLR", {"T_max": 10}),
    ("CosineAnnealingLR", {"T_max": 4, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 5}),
    ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2, "eta_min": 0.001}),
    ("LambdaLR", {"lr_lambda": lambda t: 0.95**t}),
    ("LambdaLR", {"lr_lambda": [lambda t: 1 / (t + 1), lambda t: 0.5]}),
    ("MultiplicativeLR", {"lr_lambda": lambda t: 0.9 + 0.01 * t}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": STEPS}),
    ("OneCycleLR", {"max_lr": [0.5, 0.1], "epochs": 5, "steps_per_epoch": 5}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 30, "three_phase": True}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 40, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 0.3, "total_steps": 30, "pct_start": 0.5, "div_factor": 5.0}),
    ("OneCycleLR", {"max_lr": 0.3, "total_steps": 30, "cycle_momentum": False}),
    ("OneCycleLR", {"max_lr": 0.3, "total_steps": 30, "base_momentum": 0.5, "max_momentum": 0.9}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4}),
    (
        "CyclicLR",
        {"base_lr": [0.01, 0.1], "max_lr": 0.3, "step_size_up": 3, "step_size_down": 5},
    ),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4, "mode": "triangular2"}),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4, "mode": "exp_range", "gamma": 0.97},
    ),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4, "scale_fn": lambda x: 1 / x},
    ),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4, "cycle_momentum": False},
    ),
]


def optimizer(engine, kind="SGD"):
    p, q = (engine.tensor([1.0, 2.0]).requires_grad_() for _ in range(2))
    p.grad, q.grad = engine.tensor([0.1, 0.1]), engine.tensor([0.1, 0.1])
    options = {"momentum": 0.9} if kind == "SGD" else {}
    groups = [{"params": [p]}, {"params": [q], "lr": 0.2}]
    return getattr(engine.optim, kind)(groups, lr=0.1, **options)


def schedule(engine, opt, name, options):
    return getattr(engine.optim.lr_scheduler, name)(opt, **options)


def trace(opt, scheduler, steps=STEPS, metrics=()):
    """What the schedule says and what the groups hold, after each step."""
    for i in range(steps):
        yield (
            scheduler.get_last_lr(),
            [g["lr"] for g in opt.param_groups],
            [g.get("momentum", 0) for g in opt.param_groups],
            [b for g in opt.param_groups for b in g.get("betas", ())],
        )
        opt.step()
        scheduler.step(*metrics[i : i + 1])


def assert_same(ours, theirs):
    ours, theirs = list(ours), list(theirs)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        for x, y in zip(a, b, strict=True):
            assert x == pytest.approx(y, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("kind", ["SGD", "AdamW"])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_schedules_equal_torch(name, options, kind):
    runs = []
    for engine in (torch, scratch):
        opt = optimizer(engine, kind)
        runs.append(list(trace(opt, schedule(engine, opt, name, options), STEPS - 1)))
    assert_same(runs[1], runs[0])
    assert any(lr != runs[0][0][1] for _, lr, *_ in runs[0])


PLATEAU = [
    {},
    {"patience": 1},
    {"mode": "max", "patience": 0, "factor": 0.5},
    {"patience": 0, "cooldown": 2, "min_lr": 0.01},
    {"patience": 1, "threshold": 0.2, "threshold_mode": "abs"},
    {"mode": "max", "patience": 1, "threshold": 0.2, "threshold_mode": "abs", "min_lr": [0.05, 0]},
    {"mode": "max", "patience": 1, "threshold": 0.1},
    {"patience": 0, "factor": 0.999, "eps": 1e-3},
]
METRICS = [1, 0.9, 0.95, 0.95, 0.5, 0.6, 0.6, 0.6, 0.55, 0.3, 0.31, 0.3, 0.3] + [0.3] * 12


@pytest.mark.parametrize("options", PLATEAU)
def test_reduce_on_plateau_equals_torch(options):
    runs = []
    for engine in (torch, scratch):
        opt = optimizer(engine)
        plateau = schedule(engine, opt, "ReduceLROnPlateau", options)
        metrics = [engine.tensor(m) if i % 2 else m for i, m in enumerate(METRICS)]
        runs.append(list(trace(opt, plateau, len(metrics), metrics)))
    assert_same(runs[1], runs[0])


def composed(engine, opt):
    s = engine.optim.lr_scheduler
    warm = s.LinearLR(opt, start_factor=0.1, total_iters=4)
    cosine = s.CosineAnnealingLR(opt, T_max=6)
    decay = s.ExponentialLR(opt, gamma=0.9)
    return s.SequentialLR(opt, [warm, cosine, decay], milestones=[4, 10])


def nested(engine, opt):
    s = engine.optim.lr_scheduler
    parts = s.SequentialLR(opt, [s.ConstantLR(opt, 0.5, 3), s.PolynomialLR(opt, 8)], [5])
    return s.ChainedScheduler([parts, s.StepLR(opt, 2, 0.9)])


def chained(engine, opt):
    s = engine.optim.lr_scheduler
    parts = [
        s.ConstantLR(opt, 0.1, 2),
        s.ExponentialLR(opt, 0.9),
        s.MultiStepLR(opt, [3, 7]),
        s.CosineAnnealingLR(opt, 9),
    ]
    return s.ChainedScheduler(parts, optimizer=opt)


def restarts_after_warmup(engine, opt):
    s = engine.optim.lr_scheduler
    parts = [s.LambdaLR(opt, lambda t: 0.1 * t), s.CosineAnnealingWarmRestarts(opt, 3, 2)]
    return s.SequentialLR(opt, parts, [5])


@pytest.mark.parametrize("build", [composed, nested, chained, restarts_after_warmup])
def test_compositions_equal_torch(build):
    runs = []
    for engine in (torch, scratch):
        opt = optimizer(engine)
        runs.append(list(trace(opt, build(engine, opt), 15)))
    assert_same(runs[1], runs[0])


@pytest.mark.parametrize("build", [composed, nested, chained])
def test_compositions_resume(build):
    opt = optimizer(scratch)
    whole = build(scratch, opt)
    list(trace(opt, whole, 6))
    state, groups = copy.deepcopy(whole.state_dict()), copy.deepcopy(opt.state_dict())
    expected = list(trace(opt, whole, 8))
    opt = optimizer(scratch)
    again = build(scratch, opt)
    opt.load_state_dict(groups)
    again.load_state_dict(state)
    assert_same(trace(opt, again, 8), expected)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_schedule_resumes_from_its_state_dict_and_from_last_epoch(name, options):
    runs = []
    for engine in (torch, scratch):
        opt = optimizer(engine)
        first = schedule(engine, opt, name, options)
        list(trace(opt, first, 7))
        state, groups = copy.deepcopy(first.state_dict()), copy.deepcopy(opt.state_dict())
        opt = optimizer(engine)
        again = schedule(engine, opt, name, options)
        opt.load_state_dict(groups)
        again.load_state_dict(state)
        run = list(trace(opt, again, 8))
        opt = optimizer(engine)
        opt.load_state_dict(groups)
        resumed = schedule(engine, opt, name, {**options, "last_epoch": 6})
        runs.append(run + list(trace(opt, resumed, 8)))
    assert_same(runs[1], runs[0])


def test_plateau_resumes():
    opt = optimizer(scratch)
    plateau = schedule(scratch, opt, "ReduceLROnPlateau", {"patience": 1})
    list(trace(opt, plateau, 5, METRICS))
    state, groups = copy.deepcopy(plateau.state_dict()), copy.deepcopy(opt.state_dict())
    expected = list(trace(opt, plateau, 15, METRICS[5:]))
    opt = optimizer(scratch)
    opt.load_state_dict(groups)
    again = schedule(scratch, opt, "ReduceLROnPlateau", {"patience": 1})
    again.load_state_dict(state)
    got = list(trace(opt, again, 15, METRICS[5:]))
    assert_same(got, expected)


def test_lambda_objects_are_saved_and_functions_are_not():
    class Decay:
        def __init__(self, rate):
            self.rate = rate

        def __call__(self, t):
            return self.rate**t

    for engine in (torch, scratch):
        opt = optimizer(engine)
        lambdas = [Decay(0.5), lambda t: 1.0]
        state = schedule(engine, opt, "LambdaLR", {"lr_lambda": lambdas}).state_dict()
        assert state["lr_lambdas"] == [{"rate": 0.5}, None]
        other = [Decay(0.1), lambda t: 1.0]
        again = schedule(engine, optimizer(engine), "LambdaLR", {"lr_lambda": other})
        again.load_state_dict(state)
        assert again.lr_lambdas[0].rate == 0.5


@pytest.mark.parametrize("epoch", [0, 0.5, 3, 7.25])
def test_warm_restarts_jump_to_any_epoch(epoch):
    rates = []
    for engine in (torch, scratch):
        opt = optimizer(engine)
        s = schedule(engine, opt, "CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 2})
        opt.step()
        s.step(epoch)
        s.step()
        rates.append(s.get_last_lr())
    assert rates[1] == pytest.approx(rates[0], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("ConstantLR", {"factor": 1.5}, ValueError),
        ("ConstantLR", {"factor": -1}, ValueError),
        ("LinearLR", {"start_factor": 0}, ValueError),
        ("LinearLR", {"end_factor": 2}, ValueError),
        ("LambdaLR", {"lr_lambda": [lambda t: 1]}, ValueError),
        ("MultiplicativeLR", {"lr_lambda": 0.5}, TypeError),
        ("CosineAnnealingWarmRestarts", {"T_0": 0}, ValueError),
        ("CosineAnnealingWarmRestarts", {"T_0": 2.5}, ValueError),
        ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 0}, ValueError),
        ("OneCycleLR", {"max_lr": 0.1}, ValueError),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": -1}, ValueError),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 2.5}, ValueError),
        ("OneCycleLR", {"max_lr": 0.1, "epochs": 0, "steps_per_epoch": 3}, ValueError),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 9, "pct_start": 2.0}, ValueError),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 9, "anneal_strategy": "x"}, ValueError),
        ("OneCycleLR", {"max_lr": [0.1], "total_steps": 9}, ValueError),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.2, "mode": "x"}, ValueError),
        ("ReduceLROnPlateau", {"factor": 1.0}, ValueError),
        ("ReduceLROnPlateau", {"mode": "x"}, ValueError),
        ("ReduceLROnPlateau", {"threshold_mode": "x"}, ValueError),
        ("ReduceLROnPlateau", {"min_lr": [0.1]}, ValueError),
        ("StepLR", {"step_size": 2, "last_epoch": 3}, KeyError),
        ("StepLR", {}, TypeError),
        ("SequentialLR", {"schedulers": [], "milestones": []}, ValueError),
    ],
)
def test_invalid_arguments_are_refused_as_by_torch(name, options, error):
    for engine in (torch, scratch):
        with pytest.raises(error):
            schedule(engine, optimizer(engine), name, options)


def test_compositions_refuse_what_torch_refuses():
    for engine in (torch, scratch):
        opt, s = optimizer(engine), engine.optim.lr_scheduler
        step, plateau = s.StepLR(opt, 2), s.ReduceLROnPlateau(opt)
        for parts, milestones in [
            ([step, plateau], [2]),
            ([step, s.StepLR(optimizer(engine), 2)], [2]),
            ([step, step], []),
        ]:
            with pytest.raises(ValueError, match=r".+"):
                s.SequentialLR(opt, parts, milestones)
        for parts in ([], [step, plateau], [step, s.StepLR(optimizer(engine), 2)]):
            with pytest.raises(ValueError, match=r".+"):
                s.ChainedScheduler(parts)


def test_one_cycle_ends_and_needs_momentum():
    for engine in (torch, scratch):
        opt = optimizer(engine)
        cycle = schedule(engine, opt, "OneCycleLR", {"max_lr": 0.1, "total_steps": 3})
        opt.step()
        for _ in range(3):
            cycle.step()
        with pytest.raises(ValueError, match="Tried to step 4 times"):
            cycle.step()
        plain = engine.optim.Adagrad([engine.tensor([1.0]).requires_grad_()])
        with pytest.raises(ValueError, match="momentum"):
            schedule(engine, plain, "OneCycleLR", {"max_lr": 0.1, "total_steps": 3})


def test_only_optimizers_can_be_scheduled():
    for engine in (torch, scratch):
        for name, options in [("StepLR", {"step_size": 2}), ("ReduceLROnPlateau", {})]:
            with pytest.raises(TypeError, match="not an Optimizer"):
                schedule(engine, "sgd", name, options)


def test_stepping_before_the_optimizer_warns_as_in_torch():
    for engine in (torch, scratch):
        opt = optimizer(engine)
        early = schedule(engine, opt, "StepLR", {"step_size": 2})
        with pytest.warns(UserWarning, match="before `optimizer.step"):
            early.step()
        opt = optimizer(engine)
        s = schedule(engine, opt, "StepLR", {"step_size": 2})
        opt.step()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            s.step()
        with pytest.warns(UserWarning, match="epoch"):
            s.step(4)
        assert s.get_last_lr() == pytest.approx([0.1 * 0.01, 0.2 * 0.01])
