"""The backprop microscope: right gradients, nine wrong rules that are named, the learner's own."""

import numpy as np
import pytest

from dlcourse.data import digits
from dlcourse.topics.backpropagation import rules
from dlcourse.topics.backpropagation.microscope import EXPLORABLE, planted
from dlcourse.topics.backpropagation.rules import NAMES, RULES, WRONG, Batch, Weights

PROBLEMS = 50


def _problem(seed, n=32):
    rng = np.random.default_rng(seed)
    part = digits().train
    chosen = rng.choice(len(part.x), n, replace=False)
    return Batch(part.x[chosen].astype(np.float64), part.y[chosen]), rules.init(rng)


def _straddles(batch, w, eps):
    """Whether a step of eps carries some hidden unit over the kink of ReLU."""
    z1 = rules.forward(batch, w).z1
    return bool((np.abs(z1) <= eps * max(1, batch.x.max())).any())


def _loop(batch, w, name, index, eps):
    moved = {n: p.copy() for n, p in zip(NAMES, w, strict=True)}
    losses = []
    for step in (eps, -2 * eps):
        moved[name][index] += step
        losses.append(rules.forward(batch, Weights(**moved)).loss)
    return (losses[0] - losses[1]) / (2 * eps)


@pytest.mark.parametrize(
    ("name", "index"), [("W1", (27, 3)), ("b1", (5,)), ("W2", (3, 7)), ("b2", (9,))]
)
def test_the_numerical_gradient_is_that_of_moving_one_parameter_at_a_time(name, index):
    batch, w = _problem(0)
    found = rules.numerical(batch, w)._asdict()[name][index]
    assert found == pytest.approx(_loop(batch, w, name, index, 1e-5), abs=1e-10)


def test_the_right_rule_agrees_with_numerical_gradients():
    checked = 0
    for seed in range(PROBLEMS):
        batch, w = _problem(seed)
        if _straddles(batch, w, 1e-5):
            continue
        checked += 1
        exact, numerical = rules.backward(batch, w).weights, rules.numerical(batch, w)
        for a, b in zip(exact, numerical, strict=True):
            assert rules.agreement(a, b).error <= 1e-7
    assert checked >= 40


@pytest.mark.parametrize("rule", WRONG, ids=lambda rule: rule.name)
def test_each_wrong_rule_is_named_on_fifty_random_problems(rule):
    for seed in range(PROBLEMS):
        batch, w = _problem(seed)
        found = rules.diagnose(rule(batch, w).weights, batch, w)
        assert (found.rule, found.alike) == (rule.name, ())


def test_the_right_rule_is_named_correct_on_fifty_random_problems():
    for seed in range(PROBLEMS):
        batch, w = _problem(seed)
        found = rules.diagnose(rules.backward(batch, w).weights, batch, w)
        assert (found.rule, found.wrong, found.alike) == ("correct", (), ())


@pytest.mark.parametrize("rule", WRONG, ids=lambda rule: rule.name)
def test_single_precision_does_not_confuse_the_naming(rule):
    batch, w = _problem(7)
    single = Weights(*(g.astype(np.float32) for g in rule(batch, w).weights))
    assert rules.diagnose(single, batch, w).rule == rule.name


@pytest.mark.parametrize("lr", [0.001, 0.1, 1.0])
def test_updating_too_early_is_named_at_any_learning_rate(lr):
    batch, w = _problem(1)
    right = rules.backward(batch, w)
    early = rules.backward(batch, w._replace(W2=w.W2 - lr * right.weights.W2))
    d_a1 = right.logits @ (w.W2 - lr * right.weights.W2).T
    d_z1 = d_a1 * (rules.forward(batch, w).z1 > 0)
    made = right.weights._replace(W1=batch.x.T @ d_z1, b1=d_z1.sum(axis=0))
    assert rules.diagnose(made, batch, w).rule == "updated-weights-first"
    assert early.weights.W2 is not made.W2


@pytest.mark.parametrize(
    ("change", "says", "wrong"),
    [
        (lambda g: Weights(*(3 * p for p in g)), "3 times too long", NAMES),
        (lambda g: g._replace(b2=g.b2 + 1), "Only b2 is off", ("b2",)),
        (lambda g: g._replace(W1=g.W1 + 1), "between d_logits and d_z1", ("W1",)),
        (lambda g: g._replace(W2=g.W2 + 1), "the product that makes dW2", ("W2",)),
        (lambda g: Weights(*(p + 1 for p in g)), "start where they all begin", NAMES),
        (lambda g: g._replace(b2=g.b2 * np.nan), "a nan", ("b2",)),
    ],
)
def test_a_mistake_of_no_catalogue_is_located(change, says, wrong):
    batch, w = _problem(2)
    found = rules.diagnose(change(rules.backward(batch, w).weights), batch, w)
    assert found.rule is None
    assert says in found.says
    assert found.wrong == wrong


def test_with_one_example_three_rules_cannot_be_told_apart():
    batch, w = _problem(3, n=1)
    found = rules.diagnose(RULES["forgot-mean"](batch, w).weights, batch, w)
    assert (found.rule, found.alike) == ("correct", ("forgot-mean", "bias-mean"))


def test_the_marks_of_the_wrong_rules_are_as_described():
    batch, w = _problem(4)
    right = rules.backward(batch, w).weights

    def marks(name):
        made = RULES[name](batch, w).weights
        return {n: rules.agreement(a, b) for n, a, b in zip(NAMES, made, right, strict=True)}

    for mark in marks("sign").values():
        assert (mark.cosine, mark.ratio) == (pytest.approx(-1), pytest.approx(1))
    for mark in marks("forgot-mean").values():
        assert (mark.cosine, mark.ratio) == (pytest.approx(1), pytest.approx(32))
    for name in ("b1", "b2"):
        assert marks("bias-mean")[name].ratio == pytest.approx(1 / 32)
    for rule in WRONG[4:]:
        assert marks(rule.name)["W2"].error == 0
        assert marks(rule.name)["b2"].error == 0
        assert marks(rule.name)["W1"].error > 1e-3
    assert (RULES["guided"](batch, w).weights.b1 >= 0).all()


def test_the_presets_are_the_rules_with_their_misconceptions():
    names = {p.name: p.breaks for p in EXPLORABLE.presets}
    assert names == {r.name: r.misconception for r in RULES.values()}
    assert [r.misconception for r in WRONG] == [f"B-0{i}" for i in range(1, 10)]


@pytest.mark.parametrize("rule", WRONG, ids=lambda rule: rule.name)
def test_the_verdict_at_each_preset_names_it(rule):
    assert EXPLORABLE.at(rule=rule.name)["verdict"]["rule"] == rule.name


def test_a_hidden_round_shows_the_table_and_nothing_that_names_the_rule():
    frame = EXPLORABLE.at(rule="hidden-1", seed=5)
    assert frame.secret["rule"] == planted(5)[0]
    assert {"verdict", "edge", "step"}.isdisjoint(frame.numbers)
    assert not any(name.startswith(("g_", "right_")) for name in frame.arrays)
    assert all(planted(5)[0] not in says for says in EXPLORABLE.describe(frame))


def test_three_rounds_plant_three_bugs_and_seeds_differ():
    assert len(set(planted(0))) == 3
    assert len({planted(seed) for seed in range(20)}) > 10


def test_every_bug_of_a_hidden_round_can_be_named_from_its_table():
    for seed in range(8):
        for i in (1, 2, 3):
            start = {"rule": f"hidden-{i}", "seed": seed}
            mission = EXPLORABLE.mission(f"name-{i}")
            seen = EXPLORABLE.at(**start)["table"]
            named = mission.solve(_with_seed(seed))["named"]
            assert named == planted(seed)[i - 1], seen


def _with_seed(seed):
    class Seeded:
        def at(self, **changes):
            return EXPLORABLE.at(**{"seed": seed, **changes})

    return Seeded()


# The learner's own function -----------------------------------------------------------------------


def _mine(x, y, W1, b1, W2, b2):
    z1 = x @ W1 + b1
    a1 = np.maximum(z1, 0)
    logits = a1 @ W2 + b2
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    d = (p - np.eye(10)[y]) / len(y)
    dz = (d @ W2.T) * (z1 > 0)
    return x.T @ dz, dz.sum(axis=0), a1.T @ d, d.sum(axis=0)


def test_a_right_function_of_the_learners_is_found_right():
    frame = EXPLORABLE.at(own={"backward": _mine}, rule="yours")
    assert frame["verdict"]["rule"] == "correct"
    np.testing.assert_allclose(frame["g_z"], frame["right_z"], atol=1e-12)
    np.testing.assert_allclose(frame["g_logits"], frame["right_logits"], atol=1e-12)


@pytest.mark.parametrize("rule", WRONG, ids=lambda rule: rule.name)
def test_a_wrong_function_of_the_learners_is_named(rule):
    def backward(x, y, *w):
        return tuple(rule(Batch(x, y), Weights(*w)).weights)

    frame = EXPLORABLE.at(own={"backward": backward}, rule="yours")
    assert frame["verdict"]["rule"] == rule.name


@pytest.mark.parametrize(
    ("backward", "says"),
    [
        (lambda *a: None, "should return four arrays"),
        (lambda x, y, W1, b1, W2, b2: (W1.T, b1, W2, b2), "its transpose would fit"),
        (lambda x, y, W1, b1, W2, b2: (W1, b1, W2, b2.astype(int)), "real numbers, not int64"),
    ],
)
def test_what_is_no_gradient_is_refused_with_the_cure(backward, says):
    with pytest.raises((TypeError, ValueError), match=says):
        EXPLORABLE.at(own={"backward": backward}, rule="yours")


def test_a_function_that_changes_its_arguments_harms_nothing():
    def careless(x, y, W1, b1, W2, b2):
        found = _mine(x, y, W1, b1, W2, b2)
        x[:], W1[:], b2[:] = 0, 0, 9
        return found

    assert EXPLORABLE.at(own={"backward": careless}, rule="yours")["verdict"]["rule"] == "correct"
    assert EXPLORABLE.at(rule="correct")["verdict"]["rule"] == "correct"


# Dragging -----------------------------------------------------------------------------------------


def test_dragging_a_weight_and_painting_a_pixel_change_the_loss():
    base = EXPLORABLE.at(edge="a1-o3")["loss"]
    assert EXPLORABLE.at(edge="a1-o3", nudge=1.0)["loss"] != base
    ink = [0.0] * 64
    ink[0] = 1.0
    painted = EXPLORABLE.at(ink=ink)
    assert painted["image"][0] == 1
    assert painted["loss"] != base


def test_a_small_drag_of_a_weight_moves_the_loss_as_its_gradient_says():
    frame = EXPLORABLE.at(edge="a1-o3", rule="correct", batch="1")
    slope = frame["edge"]["products"][0]["product"][1]
    up, down = (EXPLORABLE.at(edge="a1-o3", batch="1", nudge=s)["loss"] for s in (1e-4, -1e-4))
    assert (up - down) / 2e-4 == pytest.approx(slope, rel=1e-6)
