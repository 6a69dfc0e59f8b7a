"""The ladder, its messages and the parts they are made of."""

import linecache
from dataclasses import replace

import numpy as np
import pytest

from dlcourse.teach.exercise import Case, Exercise, InProcess, Source, Wrong, check, examine
from dlcourse.teach.exercise.compare import close
from dlcourse.teach.exercise.desk import Desk
from dlcourse.teach.exercise.levels import Levels
from dlcourse.teach.exercise.observe import observe
from dlcourse.teach.exercise.shrink import numbers, smallest
from dlcourse.teach.exercise.signatures import Evidence, describe
from dlcourse.teach.exercise.wire import dumps, loads
from dlcourse.teach.progress import Progress
from dlcourse.topics import find_exercise

HERE = InProcess()


def scale(x, by):
    """x times by."""
    return x * by  #: what makes it larger


SCALE = Exercise(
    id="scale",
    title="Scale",
    asks="Return `x` times `by`.",
    reference=scale,
    inputs=lambda rng, N, D: {"x": rng.normal(size=(N, D)), "by": 3.0},
    wrongs=(Wrong("plus", lambda x, by: x + by, "**You add.** Multiply.", belief="T-06"),),
    hints=("Use `*`.",),
    why="Because.",
)


def verdict(attempt, tries=1, exercise=SCALE):
    return check(exercise, attempt, tries=tries, runner=HERE)


def test_a_right_answer_is_correct_and_scores_one():
    v = verdict(lambda x, by: np.array([[a * by for a in row] for row in x]))
    assert (v.state, v.score, v.failed) == ("correct", 1.0, ())


def test_a_known_wrong_answer_is_named_with_its_smallest_input():
    v = verdict(lambda x, by: by + x)
    assert v.diagnosis == "T-06"
    assert v.says.startswith("**You add.** Multiply.")
    assert "given  x = [[0]]" in v.says
    assert "yours  [[3]]" in v.says


def test_what_was_expected_is_told_from_the_second_try_on():
    wrong = lambda x, by: by + x  # noqa: E731
    assert "right" not in verdict(wrong, 1).says
    assert "right  [[0]]" in verdict(wrong, 2).says


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda x, by: None, "It returns `None`"),
        (lambda x, by: (x * by).tolist(), "It is a list, not a NumPy array"),
        (lambda x, by: (x * by, 1), "It returns 2 things"),
        (lambda x, by: x * by / 2, "Every number is 0.5 times"),
        (lambda x, by: -x * by, "right but for its sign"),
        (lambda x, by: x * by * len(x), "N being the number of rows of `x`"),
        (lambda x, by: x, "It is `x` itself, unchanged"),
        (lambda x, by: (x * by).T, "the right array, transposed"),
        (lambda x, by: (x * by).sum(1), "One axis too many was summed over"),
        (lambda x, by: (x * by)[None], "The numbers themselves are right"),
        (lambda x, by: x * by + 1, "off by the same 1"),
        (lambda x, by: 0 * x, "Every number of it is zero"),
        (lambda x, by: x * np.nan, "nan or inf"),
        (lambda x, by: np.where(np.arange(len(x))[:, None] == 0, 0, x * by), "the first row"),
        (lambda x, by: np.round(x * by, 2), "nearly right"),
        (lambda x, by: x * by * (1 + 0j), "has complex numbers"),
        (lambda x, by: (yield x * by), "`yield`"),
        (lambda x, by: (x * by).copy, "Is it called"),
        (lambda by, x: x.copy() * by, "Its arguments stand in another order"),
        (lambda x, *, by: x * by, "by name only"),
        (lambda x, by: print(x * by), "only `return` hands it over"),
        (lambda x, by: (x * by).astype(int), "whole numbers only"),
        (lambda x: x, "It takes 1 argument; it is called as `scale(x, by)`"),
        (lambda x, by: undefined, "NameError"),  # noqa: F821
        (np.zeros(3), "An array was passed"),
        (Source("def scale(x, by):\n    y = ...\n    return y", "scale"), "still a blank"),
    ],
)
def test_a_mistake_that_nobody_foresaw_gets_a_sentence(attempt, words):
    v = verdict(attempt)
    assert not v.correct
    assert words in v.says, v.says


def test_an_input_that_was_changed_is_named_though_the_result_is_right():
    def inplace(x, by):
        x *= by
        return x

    v = verdict(inplace)
    assert v.state == "not yet"
    assert "`x` was changed" in v.says
    assert v.failed == ("leaves its inputs alone",)


def test_inputs_that_are_one_array_come_as_two():
    zero = np.zeros(2)
    seen = observe(lambda a, b: a.__iadd__(1) + b, lambda f, **i: f(**i), {"a": zero, "b": zero})
    assert (seen.parts["result"].array == 1).all()
    assert seen.changed == ("a",)
    assert (zero == 0).all()


def test_nothing_is_near_infinity_but_infinity():
    inf = np.array([np.inf])
    assert not close(np.array([0.0]), inf, 1e-6).any()
    assert not close(inf, np.array([0.0]), 1e-6).any()
    assert close(inf, inf, 1e-6).all()
    assert close(np.array([np.nan]), np.array([np.nan]), 1e-6).all()


def test_a_likeness_in_one_case_alone_is_no_evidence():
    want = np.array([[1.0, 2.0], [3.0, 4.0]])
    inputs = {"x": np.zeros((2, 5))}
    twice = Evidence(2 * want, want, inputs)
    assert "2 times what it should be" in describe(
        [twice, twice._replace(inputs={"x": np.ones(3)})]
    )
    other = Evidence(7 * want, want, {"x": np.zeros((3, 5))})
    assert describe([twice, other]) == ""


def test_true_and_false_in_place_of_numbers_are_told():
    assert "True and False only" in verdict(lambda x, by: x > 0).says


def test_a_wrong_yes_or_no_has_no_sign_and_no_size():
    large = replace(SCALE, reference=lambda x, by: bool(x.mean() > 9), returns=("large",))
    says = verdict(lambda x, by: True, exercise=large).says
    assert "wrong on every input" in says
    assert "off by" not in says


def test_a_failing_input_is_made_small():
    big = [Case("big", SCALE.make(0, N=7, D=11))]
    found = smallest(SCALE, big, lambda pool: [bool((c["x"] > 1).any()) for c in pool])
    assert found is not None
    assert numbers(found) <= 3
    assert (found["x"] > 1).any()


def test_an_observation_survives_the_wire():
    seen = observe(lambda x: (x, {"a": 1}), lambda f, x: f(x), {"x": np.eye(2, dtype="float32")})
    back = loads(dumps(seen))
    assert back.container == seen.container
    assert (back.parts["[0]"].array == np.eye(2)).all()
    assert back.parts["[0]"].array.dtype == np.float32
    assert back.parts["[1]"].kind == "dict"


def test_an_object_array_cannot_come_over_the_wire():
    with pytest.raises(ValueError, match="an array of"):
        loads(
            {
                **dumps(observe(scale, lambda f: 1, {})),
                "parts": {"x": ["array", "", ["|O", [1], ""]]},
            }
        )


def test_a_broken_exercise_is_an_error_not_a_verdict():
    from dlcourse.teach.exercise import Sandbox

    box = Sandbox()
    broken = replace(SCALE, id="broken", reference=exit_at_once)
    try:
        with pytest.raises(RuntimeError, match="broken: its reference"):
            check(broken, scale, runner=box)
    finally:
        box.close()


def exit_at_once(x, by):
    import os

    os._exit(1)


def test_a_torch_answer_to_a_numpy_exercise_is_given_tensors():
    softmax = Source(
        "import torch\ndef softmax(logits):\n    return torch.softmax(logits, -1)", "softmax"
    )
    assert verdict(softmax, exercise=find_exercise("softmax")).correct


@pytest.fixture
def desk(tmp_path):
    return Desk(find_exercise("relu_backward"), Progress(tmp_path / "p.sqlite"), HERE)


def name_of(desk, local):
    """What this learner's lines call a local name of the reference."""
    return desk.levels.names.get(local, local)


def test_the_desk_counts_tries_and_remembers(desk):
    assert (desk.status, desk.tries, desk.solution()) == ("not attempted", 0, None)
    desk.check(Source(desk.levels.blank, "relu_backward"))
    assert (desk.status, desk.tries) == ("not attempted", 0)
    desk.check(lambda g, z: g)
    assert (desk.status, desk.tries) == ("not yet", 1)
    assert f"{name_of(desk, 'mask')} = z > 0" in desk.solution()
    desk.check(lambda g, z: g * (z > 0))
    again = Desk(desk.exercise, desk.log, HERE)
    assert (again.status, again.tries) == ("correct", 2)
    event = desk.log.events("check")[1]
    assert (event.data["diagnosis"], event.data["variant"]) == ("B-05", "no-derivative")


def test_the_desk_gives_hints_one_by_one_and_then_no_more(desk):
    assert [desk.hint() for _ in range(4)] == [1, 2, 2, 2]
    assert desk.hints == desk.exercise.hints
    assert len(desk.log.events("hint")) == 2


def test_a_program_of_lines_and_one_of_blanks_are_judged_like_any_other(desk):
    pieces = desk.levels.pieces(desk.seed)
    right = [pieces.index(line) for line in desk.levels.body]
    assert desk.check_order(right).verdict.correct
    assert desk.check_order(right[::-1]).verdict.state == "not yet"
    assert desk.check_order([]).verdict.state == "not attempted"
    mask = name_of(desk, "mask")
    assert desk.check_blanks(["g > 0", f"g * {mask}"]).verdict.diagnosis == "B-07"
    assert desk.check_blanks(["z > 0", f"{mask} * g"]).verdict.correct


def test_learners_get_numbers_of_their_own():
    e = find_exercise("linear_backward")
    a, b = e.cases(1)[0].inputs, e.cases(2)[0].inputs
    assert [v.shape for v in a.values()] != [v.shape for v in b.values()]
    assert len({n for sizes in e.sizes(5)[:1] for n in sizes.values()}) == 3


def test_what_an_answer_printed_is_reported():
    def prints(x, by):
        print("hello", x.shape)
        return x

    assert examine(SCALE, prints, runner=HERE).printed.startswith("hello (")


def in_a_cell(text, name):
    """What a cell of a notebook defines: its text is known by a name that is no file."""
    file = f"/nowhere/ipykernel/{abs(hash(text))}.py"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope = {"__name__": "__main__", "np": np}
    exec(compile(text, file, "exec"), scope)
    return scope[name]


def test_a_class_that_a_cell_defines_is_read_like_any_other():
    e = find_exercise("sgd_momentum")
    stub = "import numpy as np\n\n\n" + Levels(e).blank
    assert check(e, in_a_cell(stub, "SGD"), runner=HERE).state == "not attempted"
    right = Levels(e).solution
    assert check(e, in_a_cell(right, "SGD"), runner=HERE).correct
    broken = right.replace("v += p.grad", "v += p.gradient")
    verdict = check(e, in_a_cell(broken, "SGD"), runner=HERE)
    assert "v += p.gradient" in verdict.says
    blank = right.replace("v += p.grad", "v += ...")
    assert check(e, in_a_cell(blank, "SGD"), runner=HERE).state == "not attempted"


def test_one_factor_in_three_single_numbers_is_told_and_in_two_it_is_not():
    cases = [Evidence(np.array(2.0 * w), np.array(w), {}) for w in (1.0, 0.3, 2.5)]
    assert "2 times what it should be" in describe(cases)
    assert describe(cases[:2]) == ""


def test_a_folder_that_is_gone_stops_no_check(tmp_path, monkeypatch):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    assert check(SCALE, scale).correct


def test_an_async_answer_is_told_without_a_warning(recwarn):
    async def waits(x, by):
        return x * by

    assert "Leave out the `async`" in verdict(waits).says
    assert not recwarn.list


def test_what_a_caller_stumbles_over_is_told_as_what_the_answer_lacks():
    clip = find_exercise("clip_by_norm")
    says = lambda attempt, e=clip: verdict(attempt, exercise=e).says  # noqa: E731
    assert "It returns `None`" in says(lambda grads, max_norm: None)
    assert "hands it over" in says(lambda grads, max_norm: print(grads))
    adam = find_exercise("adam_step")
    lacks = lambda w, g, m, v, t, lr, beta1, beta2, eps: (w, m, v)  # noqa: E731
    assert "arguments have default values" in says(lacks, adam)
    assert "lr=0.001" in says(lacks, adam)
