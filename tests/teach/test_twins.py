"""The twin report: equal twins pass, and each planted mistake is found where it was planted."""

import numpy as np
import pytest
import torch

from dlcourse import data, scratch
from dlcourse.models import MLP
from dlcourse.teach.twins import compare, compare_function

DIGITS = data.digits().train
BATCH = (DIGITS.x[:32], DIGITS.y[:32])
SIZES = [64, 16, 10]


def report(model, **options):
    return compare(model, SIZES, BATCH, **options)


def test_twins_on_two_engines_are_equal():
    found = report(MLP, optimizer="Adam", steps=6)
    found.assert_equal()
    assert found.equal
    assert found.first is None
    assert found.sides == ("MLP on dlcourse.scratch", "MLP on torch")
    assert [run.precision for run in found.runs] == ["float32", "float64"]
    for run in found.runs:
        assert list(run.left.shapes) == list(run.right.shapes)
        assert list(run.right.outputs) == ["layers.0", "layers.1", "the model"]
        assert next(iter(run.right.gradients)) == "layers.1.bias"  # the last layer comes first
        assert len(run.right.losses) == 6
        assert run.right.losses[-1] < run.right.losses[0]


def test_the_precision_is_what_it_says():
    for run in report(MLP).runs:
        kinds = {v.dtype for t in (run.left, run.right) for v in t.weights.values()}
        assert kinds == {np.dtype(run.precision)}
    assert torch.get_default_dtype() == torch.float32


def test_the_report_does_not_change_from_run_to_run():
    assert repr(report(MLP)) == repr(report(MLP))
    assert "equal to 1e-08" in repr(report(MLP))
    assert " at 0x" not in repr(report(MLP))


def broken(engine, *, activation=None, scale=1.0, twist=None):
    """The MLP by other hands: names of its own, and one thing that may be wrong."""
    nn = engine.nn

    class Mine(nn.Module):
        def __init__(self, sizes):
            super().__init__()
            self.first = nn.Linear(sizes[0], sizes[1])
            self.second = nn.Linear(sizes[1], sizes[2])

        def forward(self, x):
            h = self.first(x) * scale
            h = activation(h) if activation else h.relu()
            return self.second(h if twist is None else twist(h))

    return Mine


def test_a_class_of_your_own_may_have_other_names():
    mine = (broken(scratch), MLP(torch))
    named = report(mine)
    assert named.first.stage == "names"
    assert "first.weight on the left, layers.0.weight on the right" in named.first.says
    report(mine, names=False).assert_equal()


def test_a_wrong_activation_is_found_at_the_layer_after_it():
    found = report((broken(scratch, activation=lambda h: h.tanh()), MLP(torch)), names=False)
    assert not found.equal
    assert (found.first.stage, found.first.where) == ("output", "layers.1")
    with pytest.raises(AssertionError, match=r"output of layers\.1"):
        found.assert_equal()


def test_how_much_is_measured():
    found = report((broken(torch, scale=1.001), MLP(torch)), names=False)
    assert found.first.where == "layers.1"
    assert 1e-4 < found.first.by < 2e-3
    assert report((broken(torch, scale=1 + 1e-12), MLP(torch)), names=False).equal


def test_a_cut_gradient_is_found_though_outputs_agree():
    found = report((broken(scratch, twist=lambda h: h.detach()), MLP(torch)), names=False)
    run = found.runs[-1]
    assert not run.of("output")
    assert found.first.stage == "gradient"
    assert found.first.where == "layers.0.bias"
    assert found.first.says.endswith("has a gradient on the right, none on the left.")


def test_a_wrong_optimizer_step_shows_in_the_second_loss():
    class Slow(torch.optim.SGD):
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.grad *= 0.5
            return super().step(closure)

    torch.optim.Slow, scratch.optim.Slow = Slow, scratch.optim.SGD
    try:
        found = report(MLP, optimizer="Slow")
    finally:
        del torch.optim.Slow, scratch.optim.Slow
    assert (found.first.stage, found.first.where) == ("loss", "step 2")


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ([64, 8, 10], r"weight 1 is layers\.0\.weight \(16, 64\) on the left, .* \(8, 64\) on the"),
        ([64, 10], r"weight 1 is layers\.0\.weight \(16, 64\)"),
        ([64, 16, 10, 2], r"weight 5 is missing on the left, layers\.2\.weight \(2, 10\)"),
    ],
)
def test_other_shapes_are_named_and_nothing_more_is_compared(other, says):
    two = (lambda s: MLP(torch)(s), lambda s: MLP(torch)(other))
    found = report(two)
    with pytest.raises(AssertionError, match=says):
        found.assert_equal()
    assert [cells for what, cells in found.rows() if "gradients" in what] == [["not compared"] * 2]


def test_active_dropout_is_refused():
    def noisy(engine):
        return lambda sizes: engine.nn.Sequential(engine.nn.Linear(64, 10), engine.nn.Dropout(0.5))

    with pytest.raises(ValueError, match="compare with p=0"):
        report(noisy)


def test_losses_that_are_not_numbers_are_no_agreement_by_chance():
    def bad(engine):
        return broken(engine, activation=lambda h: h - h.sum() * float("inf"))

    found = report((bad(torch), MLP(torch)), names=False)
    assert not found.equal
    assert found.first.by == np.inf


def softmax(x):
    e = (x - x.amax(1, keepdim=True)).exp()
    return e / e.sum(1, keepdim=True)


POINTS = [np.random.default_rng(0).normal(size=(3, 4))]


def test_functions_that_agree():
    found = compare_function(softmax, lambda x: torch.softmax(x, 1), POINTS)
    found.assert_equal()
    assert found.compared == ("value", "gradient of input 1")
    assert found.sides == ("softmax (dlcourse.scratch)", "your function (torch)")


def test_a_function_in_numpy_is_compared_by_value():
    def mine(x):
        return np.exp(x) / np.exp(x).sum(1, keepdims=True)

    found = compare_function(mine, lambda x: torch.softmax(x, 1), POINTS, engines=(np, torch))
    found.assert_equal()
    assert found.compared == ("value",)


def test_the_wrong_axis_is_found():
    found = compare_function(lambda x: torch.softmax(x, 0), lambda x: torch.softmax(x, 1), POINTS,
                             engines=(torch, torch))  # fmt: skip
    assert not found.equal
    assert found.first.where == "value"
    with pytest.raises(AssertionError, match="the value at"):
        found.assert_equal()


def test_another_shape_is_found():
    found = compare_function(lambda x: x.sum(1), lambda x: x.sum(1, keepdim=True), POINTS)
    assert "shape (3,) on the left, (3, 1) on the right" in found.first.says


def test_a_wrong_gradient_behind_a_right_value_is_found():
    def leaky(x):
        return x.detach() ** 2 + x - x.detach()

    found = compare_function(leaky, lambda x: x**2, POINTS)
    assert found.first.where == "input 1"
    assert found.first.stage == "gradient"
    (_, cells) = found.rows()[0]
    assert cells == ["equal to 1e-04", "equal to 1e-08"]


def test_integers_have_no_gradient():
    found = compare_function(
        lambda x, i: x[i], lambda x, i: x[i], [np.arange(5.0), np.array([4, 4, 0])]
    )
    found.assert_equal()
    assert found.compared == ("value", "gradient of input 1")
