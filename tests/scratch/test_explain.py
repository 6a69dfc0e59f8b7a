"""Every op explains itself, and `explain` finds what a learner may ask for."""

import inspect

import pytest

from dlcourse import scratch
from dlcourse.scratch.autograd import OPS
from dlcourse.scratch.explain import explain


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_op_has_a_docstring_with_a_sentence(name):
    first = (inspect.getdoc(OPS[name]) or "").split("\n")[0]
    assert len(first) > 3
    assert str(explain(name)).startswith(f"{name}(")


def test_softmax_shows_formula_and_gradient():
    text = str(explain("softmax"))
    assert "sum" in text
    assert "Gradient" in text
    assert explain(scratch.softmax).text == explain("softmax").text


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("cross_entropy", "By `cross_entropy_rows`"),
        ("nn.functional.gelu", "By `gelu_tanh`"),
        ("nn.LayerNorm", "By `layer_norm`"),
        ("LSTM", "By `lstm`"),
        ("Adam", "Kingma"),
        ("optim.lr_scheduler.StepLR", "step_size"),
        ("DataLoader", "Batches"),
        ("kaiming_normal_", "variance"),
    ],
)
def test_functions_layers_and_rules_are_found(name, part):
    assert part in str(explain(name))


def test_the_code_can_be_shown():
    assert "np.maximum" in str(explain("relu", source=True))
    assert "np.maximum" not in str(explain("relu"))


def test_unknown_names_get_a_suggestion():
    with pytest.raises(ValueError, match="softmax"):
        explain("softmx")
    with pytest.raises(ValueError, match="nothing here"):
        explain("qqqqqqqq")
