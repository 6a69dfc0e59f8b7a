"""What the roofline ledger claims, computed again in other ways."""

import numpy as np
import pytest
import torch

from dlcourse.models.gpt import Block
from dlcourse.teach.explorable import KnobError
from dlcourse.topics.hardware import study_torch as lab
from dlcourse.topics.hardware.ledger import CARDS, GIB, Card, Shape, memory, seconds, works
from dlcourse.topics.hardware.roofline_ledger import EXPLORABLE, shape

at = EXPLORABLE.at


@pytest.mark.parametrize(("batch", "tokens", "width"), [(2, 8, 64), (3, 5, 128), (1, 16, 192)])
def test_weights_and_activations_are_those_that_torch_keeps(batch, tokens, width):
    model = shape(1, width, batch, tokens)
    block = Block(torch)(width, model.heads, causal=False)
    x = torch.randn(batch, tokens, width, requires_grad=True)
    assert sum(p.numel() for p in block.parameters()) == model.parameters
    assert lab.saved_bytes(lambda: block(x), block.parameters()) == 4 * model.kept


@pytest.mark.parametrize(("batch", "tokens", "width"), [(2, 8, 64), (3, 5, 128)])
def test_products_are_those_that_torch_counts(batch, tokens, width):
    model = shape(1, width, batch, tokens)
    block = Block(torch)(width, model.heads)
    x = torch.randn(batch, tokens, width, requires_grad=True)
    flops = {w.name: w.flops for w in works(model, "float32", "adam")}
    counted = lab.counted(lambda: block(x)[0].sum().backward())
    assert flops["linear layers"] + flops["attention products"] == counted


def test_an_mlps_ledger_is_torchs_too():
    tall = lab.Tall(depth=5, width=24)
    x = torch.randn(7, 24)
    model = Shape("mlp", layers=5, width=24, batch=7)
    last = 4 * 7 * 24  # of the last ReLU
    assert lab.saved_bytes(lambda: tall(x), tall.parameters()) == 4 * 5 * model.kept + last
    assert sum(p.numel() for p in tall.parameters()) == model.parameters


def test_adams_states_are_two_numbers_a_weight():
    layer = torch.nn.Linear(30, 20)
    adam = torch.optim.Adam(layer.parameters())
    layer(torch.randn(2, 30)).sum().backward()
    adam.step()
    states = sum(
        v.numel() for s in adam.state.values() for k, v in s.items() if k.startswith("exp")
    )
    assert states == 2 * sum(p.numel() for p in layer.parameters())


def test_the_bar_is_the_sum_of_its_parts():
    frame = at(dtype="mixed", optimizer="momentum", checkpoint=True, batch=16)
    held = memory(shape(12, 768, 16, 1024), "mixed", "momentum", checkpoint=True)
    np.testing.assert_allclose(frame["sizes"], np.array(held) / GIB)
    assert frame["total"] == pytest.approx(sum(held) / GIB)
    assert frame["told"] == frame["total"]
    assert at(only=True)["told"] == at()["sizes"][0]


def test_checkpointing_costs_one_more_forward_pass():
    plain, thrifty = (
        {w.name: w.flops for w in works(shape(4, 256, 8, 64), "float32", "sgd", c)}
        for c in (False, True)
    )
    assert thrifty["linear layers"] == pytest.approx(4 / 3 * plain["linear layers"])
    assert thrifty["optimizer"] == plain["optimizer"]


@pytest.mark.parametrize("card", sorted(CARDS))
def test_no_dot_lies_above_the_roof(card):
    frame = at(tab="roofline", card=card)
    roof = np.minimum(frame["peak"], frame["intensity"] * CARDS[card].bandwidth)
    assert (frame["speed"] <= roof * (1 + 1e-9)).all()
    assert frame["step"] == pytest.approx(frame["times"].sum())
    for work, time in zip(works(shape(12, 768, 8, 1024), "float32", "adam"), frame["times"],
                          strict=True):  # fmt: skip
        assert time == max(seconds(work, CARDS[card], "float32").values())


def test_a_small_step_is_faster_on_the_laptop_and_a_large_one_is_not():
    small = at(**EXPLORABLE.preset("small-work").settings)
    assert small["laptop"] < small["step"]
    assert small["waiting"] == pytest.approx(1)
    large = at(tab="roofline", card="h100")
    assert large["laptop"] > 20 * large["step"]


def test_doubling_a_full_batch_gains_nothing():
    full = EXPLORABLE.preset("twice-the-batch").settings
    once, twice = at(**full)["rate"], at(**{**full, "batch": 2 * full["batch"]})["rate"]
    assert twice == pytest.approx(once, rel=0.02)


def test_the_clock_reads_launches_unless_the_program_waits():
    common = {"tab": "clock", "kernels": 7, "work": 50.0, "launch": 4.0}
    assert at(**common, wait="never")["read"] == 7 * 4
    assert at(**common, wait="once")["read"] == 4 + 7 * 50
    assert at(**common, wait="each")["read"] == 7 * (4 + 50)
    cold = at(**common, wait="once", cold=True)
    assert cold["read"] == 4 + 15 * 50
    assert cold["warm"] == 4 + 7 * 50


def test_your_machine_takes_a_card():
    mine = Card("mine", 1e11, 1e11, 2e10, 8e9, 30, 1e-6, "a test")
    frame = at({"machine": mine}, tab="roofline", card="yours")
    assert frame["card"] == "mine"
    assert frame["ridge"] == 5
    assert EXPLORABLE.fits({"machine": mine}) == {"card": "yours"}
    with pytest.raises(KnobError, match="Pass your machine"):
        at(card="yours")
    with pytest.raises(KnobError, match="this_machine"):
        at({"machine": 3}, card="yours")
