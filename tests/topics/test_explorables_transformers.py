"""The attention loom: its weights are torch's, and the numbers that it is known for."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from dlcourse.topics.transformers import attention_loom as loom


def _draw(T=64, d=16, seed=0):
    return np.random.default_rng(seed).standard_normal((3, T, d))


def _attend(mask, scale="root"):
    return lambda q, k: loom.weights(loom.scaled(q, k, scale), mask)


@pytest.mark.parametrize(("mask", "causal"), [("none", False), ("causal", True), ("shared", True)])
def test_what_is_read_is_what_torch_reads(mask, causal):
    q, k, v = _draw()
    ours = _attend(mask)(q, k) @ v
    there = F.scaled_dot_product_attention(*map(torch.from_numpy, (q, k, v)), is_causal=causal)
    np.testing.assert_allclose(ours, there.numpy(), atol=1e-12)


def test_a_mask_after_softmax_passes_a_test_of_values_and_leaks_through_keys():
    q, k, v = _draw()
    values, keys = loom.leaks(q, k, v, _attend("after"))
    assert values == 0
    assert keys > 0.1
    assert _attend("after")(q, k).sum(1).min() < 0.1


@pytest.mark.parametrize("mask", ["causal", "shared"])
def test_two_masks_do_not_leak(mask):
    assert max(loom.leaks(*_draw(), _attend(mask))) < 1e-12


def test_times_zero_puts_most_of_the_first_row_on_the_future():
    q, k, _ = _draw()
    assert np.triu(_attend("multiply")(q, k), 1)[0].sum() > 0.9


def test_without_scale_one_key_takes_most_and_the_root_keeps_the_choice_soft():
    q, k, _ = _draw(T=64, d=64)
    shares = {s: _attend("none", s)(q, k).max(1).mean() for s in ("none", "root", "size")}
    assert shares["none"] > 0.6
    assert 0.03 < shares["root"] < 0.2
    assert shares["size"] < 0.03


def test_without_positions_words_are_a_set():
    assert loom.EXPLORABLE.at(mask="none", positions=False, turned=True)["moved"] < 1e-12
    assert loom.EXPLORABLE.at(mask="none", positions=True, turned=True)["moved"] > 0.1


def test_a_function_of_the_learner_is_put_to_the_meter():
    late = {"function": lambda scores: loom.softmax(scores) * np.tri(len(scores))}
    right = {"function": lambda scores: loom.weights(scores, "causal")}
    assert loom.EXPLORABLE.at(late)["leak_keys"] > 0.1
    assert loom.EXPLORABLE.at(right)["leak_keys"] == 0
    with pytest.raises(ValueError, match="shape"):
        loom.EXPLORABLE.at({"function": lambda scores: scores[0]})
