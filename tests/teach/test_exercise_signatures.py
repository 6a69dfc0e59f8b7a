"""What the shape of a difference says: losses, series of steps, and what an answer reads."""

import numpy as np
import pytest

from dlcourse.teach.exercise import Case, Exercise, InProcess, Source, Wrong, check
from dlcourse.teach.exercise.levels import Levels
from dlcourse.teach.exercise.names import rename
from dlcourse.teach.exercise.signatures import Evidence, describe

HERE = InProcess()


def says(exercise, attempt):
    verdict = check(exercise, attempt, runner=HERE)
    assert verdict.state == "not yet", verdict
    return verdict.says


def evidence(got, want, **inputs):
    return Evidence(np.asarray(got, float), np.asarray(want, float), inputs)


# --- losses and series ---------------------------------------------------------------------------


def test_a_loss_shared_out_over_the_batch_is_told_by_its_logarithm():
    scores = {"logits": np.zeros((7, 3)), "y": np.zeros(7)}
    found = describe([evidence(np.log(7), np.log(3), **scores)])
    assert "the logarithm of the number of rows of `logits`" in found
    assert "that of the number of columns of `logits` is right" in found


def test_a_loss_that_is_right_at_equal_scores_is_no_such_evidence():
    scores = {"logits": np.zeros((7, 3))}
    assert "logarithm" not in describe([evidence(np.log(3), np.log(3), **scores)])
    assert "logarithm" not in describe([evidence(1.5, np.log(3), **scores)])


@pytest.mark.parametrize(("classes", "floor"), [(10, "1.461"), (2, "0.3133")])
def test_a_loss_that_stops_at_the_floor_of_a_double_softmax_is_told(classes, floor):
    scores = {"logits": np.zeros((4, classes))}
    stopped = np.log(np.e + classes - 1) - 1
    found = describe([evidence(stopped, 0.0, **scores), evidence(2.0, 1.9, **scores)])
    assert floor in found
    assert "applied twice" in found
    assert "twice" not in describe([evidence(1.2, 0.0, **scores)])


def test_norms_that_grow_at_every_step_are_told_from_norms_that_are_wrong():
    right = [1.0, 0.9, 0.8, 0.85]
    assert "grows at every step" in describe([evidence([1.0, 1.8, 2.4, 2.9], right)])
    assert "grows" not in describe([evidence([1.0, 1.8, 0.4, 2.9], right)])
    assert "sum of all right ones" in describe([evidence(np.cumsum(right), right)])


def test_probabilities_among_scores_and_numbers_in_other_places_are_told():
    rng = np.random.default_rng(0)
    want = rng.normal(size=(3, 4))
    p = np.exp(want) / np.exp(want).sum(1, keepdims=True)
    assert "probabilities" in describe([evidence(p, want)])
    assert "in other places" in describe([evidence(want.T.reshape(3, 4), want)])


def test_a_series_that_goes_wrong_at_some_step_is_told_where():
    want = np.arange(1.0, 7)
    got = want.copy()
    got[3:] *= [2, 3, 5]
    assert "wrong from entry 3 on" in describe([evidence(got, want)])


# --- what an answer reads ------------------------------------------------------------------------


def causal_mean(x):
    """The mean of each place and all before it; x (T, D)."""
    return np.cumsum(x, axis=0) / np.arange(1, len(x) + 1)[:, None]


CAUSAL = Exercise(
    id="causal_mean",
    title="Mean so far",
    asks="",
    reference=causal_mean,
    inputs=lambda rng, T, D: {"x": rng.normal(size=(T, D))},
    wrongs=(Wrong("plain", lambda x: x, "no"),),
    hints=("a", "b"),
    why="",
)


def unit_rows(x):
    """Each row by its length; x (N, D)."""
    return x / np.sqrt((x**2).sum(axis=1, keepdims=True))


ROWS = Exercise(
    id="unit_rows",
    title="Rows",
    asks="",
    reference=unit_rows,
    inputs=lambda rng, N, D: {"x": rng.normal(size=(N, D))},
    corners=lambda rng: [Case("one row", {"x": np.array([[3.0, 4.0]])})],
    wrongs=(Wrong("plain", lambda x: x, "no"),),
    hints=("a", "b"),
    why="",
)


def test_a_place_that_reads_what_comes_after_it_is_told():
    leaky = lambda x: causal_mean(x) + 0.1 * x[::-1]  # noqa: E731
    found = says(CAUSAL, leaky)
    assert "the future leaks" in found
    assert "`result[0]` changes when place" in found


def test_examples_that_mix_are_told():
    mixed = lambda x: x / np.sqrt((x**2).sum())  # noqa: E731
    assert "each entry stands alone" in says(ROWS, mixed)
    centred = lambda x: unit_rows(x - 0.2 * x.mean(axis=0))  # noqa: E731
    assert "`result[0]` changes when entry 1 of `x`" in says(ROWS, centred)


def test_an_answer_that_reads_too_little_is_told():
    alone = lambda x: x * np.arange(1, len(x) + 1)[:, None] ** 0.3 + 0.01  # noqa: E731
    assert "reads its own entry of `x` only" in says(CAUSAL, alone)
    blind = lambda x: np.arange(x.size).reshape(x.shape) * 0.37 + 0.1  # noqa: E731
    assert "does not depend on `x` at all" in says(CAUSAL, blind)


def test_a_wrong_answer_that_reads_the_right_things_is_described_as_before():
    assert "Every number is 2 times" in says(ROWS, lambda x: 2 * unit_rows(x))
    plain = says(ROWS, lambda x: unit_rows(x) ** 3)
    assert "wrong for random inputs" in plain
    assert "changes when" not in plain


# --- names by learner ----------------------------------------------------------------------------


def counted(x, y):
    """How many of x are y."""
    mask = x == y  #: where they agree
    total = mask.sum()
    other = np.full(1, fill_value=total)
    return other[0] + 0 * x.mean()


COUNTED = Exercise(
    id="counted",
    title="Count",
    asks="Return the `total`.",
    reference=counted,
    inputs=lambda rng, N: {"x": rng.normal(size=N), "y": 0.0},
    wrongs=(Wrong("not", lambda x, y: (x != y).sum(), "no", decoy="mask = x != y"),),
    hints=("a", "b"),
    why="",
)


def test_local_names_vary_by_learner_and_nothing_else_does():
    drawn = {seed: Levels(COUNTED, seed).names.get("mask") for seed in range(20)}
    assert set(drawn.values()) == {None, "keep", "gate"}
    assert drawn == {seed: Levels(COUNTED, seed).names.get("mask") for seed in range(20)}
    seed = next(s for s, name in drawn.items() if name == "gate")
    levels = Levels(COUNTED, seed)
    assert "    gate = x == y  # where they agree" in levels.solution
    assert "gate.sum()" in levels.solution
    assert "total" in levels.solution, "the statement speaks of it"
    assert "x.mean()" in levels.solution, "an attribute is no name"
    assert "    gate = x != y" in levels.pieces(seed)
    assert "mask" not in "".join([levels.solution, *levels.pieces(seed)])
    assert check(COUNTED, Source(levels.solution, "counted", __name__), runner=HERE).correct


@pytest.mark.parametrize(
    ("line", "renamed"),
    [
        ("mask = g > 0", "keep = g > 0"),
        ("for mask in masks:", "for keep in masks:"),
        ("y = f(mask, mask=mask)", "y = f(keep, mask=keep)"),
        ("x.mask = mask  # the mask", "x.mask = keep  # the mask"),
        ('print(mask, "mask")', 'print(keep, "mask")'),
        ("if (mask", "if (keep"),
    ],
)
def test_a_name_changes_where_it_is_a_variable(line, renamed):
    assert rename(line, {"mask": "keep"}) == renamed
