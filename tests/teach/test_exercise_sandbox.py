"""Answers that loop, exit, crash, flood or allocate: the notebook lives on, and none passes."""

import ctypes
import os
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from dlcourse.teach.exercise import Sandbox, Source, check, examine
from dlcourse.teach.exercise.form import call
from dlcourse.topics import find_exercise

EXERCISE = replace(find_exercise("relu_backward"), seconds=1.5)
CASES = [{"g": np.ones(2), "z": np.ones(2)}] * 3


# Forks are used on Linux only; elsewhere every check has a process of its own.
WAYS = ["forking", "one process per check"][0 if sys.platform == "linux" else 1 :]


@pytest.fixture(scope="module", params=WAYS)
def box(request):
    sandbox = Sandbox(fork=request.param == "forking", memory=1 << 29)
    check(EXERCISE, EXERCISE.reference, runner=sandbox)
    yield sandbox
    sandbox.close()


def right(g, z):
    return g * (z > 0)


def loops(g, z):
    while True:
        pass


def sleeps(g, z):
    time.sleep(100)


def exits(g, z):
    sys.exit(0)


def exits_hard(g, z):
    os._exit(0)


def crashes(g, z):
    ctypes.string_at(0)


def recurses(g, z):
    return recurses(g, z)


def floods(g, z):
    while True:
        print("x" * 10_000)


def floods_the_descriptor(g, z):
    for _ in range(1000):
        os.write(1, b"x" * 1000)
    return g


def allocates(g, z):
    return np.ones(10**12)


def hoards(g, z):
    kept = []
    while True:
        kept.append(np.ones(10**7))


def interrupts(g, z):
    raise KeyboardInterrupt


def closes_everything(g, z):
    os.closerange(0, 100)
    return g


def starts_a_child(g, z):
    import subprocess

    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    return g


def patches_numpy(g, z):
    np.isclose = np.allclose = lambda *a, **k: True
    np.maximum = np.where = lambda *a, **k: a[0]
    return g


class Sly(np.ndarray):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return np.zeros(1)


def returns_a_sly_array(g, z):
    return g.view(Sly)


def raises_badly(g, z):
    class Bad(Exception):
        def __str__(self):
            raise RuntimeError

    raise Bad


STATES = {
    loops: "timeout",
    sleeps: "timeout",
    floods: "timeout",
    exits: "not yet",
    exits_hard: "crash",
    crashes: "crash",
    recurses: "not yet",
    floods_the_descriptor: "not yet",
    allocates: "crash",
    interrupts: "not yet",
    closes_everything: "crash",
    starts_a_child: "not yet",
    patches_numpy: "not yet",
    returns_a_sly_array: "not yet",
    raises_badly: "not yet",
}


@pytest.mark.parametrize("attempt", STATES, ids=lambda f: f.__name__)
def test_a_hostile_answer_gets_a_verdict(box: Sandbox, attempt):
    start = time.monotonic()
    verdict = check(EXERCISE, attempt, runner=box)
    assert time.monotonic() - start < EXERCISE.seconds + 100
    assert verdict.state == STATES[attempt], verdict
    assert verdict.says
    assert "Traceback" not in verdict.says
    assert check(EXERCISE, right, runner=box).correct  # and the next check is as good as ever


def test_a_hoarder_is_stopped_one_way_or_the_other(box: Sandbox):
    assert check(EXERCISE, hoards, runner=box).state in ("crash", "timeout")


def test_a_thread_left_running_does_not_survive(box: Sandbox):
    def leaves_a_thread(g, z):
        if threading.active_count() == 1:
            threading.Thread(target=time.sleep, args=(100,)).start()
        return g * (z > 0)

    start = time.monotonic()
    assert check(EXERCISE, leaves_a_thread, runner=box).correct
    assert time.monotonic() - start < 40


def test_prints_are_kept_for_the_learner_but_not_for_ever(box: Sandbox):
    def prints(g, z):
        print("shape", g.shape)
        print("x" * 100_000)
        return g

    printed = examine(EXERCISE, prints, runner=box).printed
    assert printed.startswith("shape (")
    assert len(printed) <= 2000


def test_a_function_of_the_learners_own_goes_with_the_answer(box: Sandbox):
    def gate(z):
        return z > 0

    scale = np.float64(1.0)
    assert check(EXERCISE, lambda g, z: scale * g * gate(z), runner=box).correct


def test_what_cannot_travel_is_named(box: Sandbox):
    lock = threading.Lock()

    def locked(g, z):
        with lock:
            return g

    verdict = check(EXERCISE, locked, runner=box)
    assert verdict.state == "refused"
    assert "`lock`, a lock" in verdict.says


def test_the_notebook_keeps_its_random_state_and_inputs(box: Sandbox):
    before = np.random.get_state()[1].copy()  # noqa: NPY002

    def seeds(g, z):
        np.random.seed(7)  # noqa: NPY002
        g[:] = 0
        return g

    run = box.run(seeds, call, CASES)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    assert all((case["g"] == 1).all() for case in CASES)
    assert [seen.changed for seen in run.seen] == [("g",)] * 3


def test_a_comparison_patched_in_the_notebook_fools_nobody(box: Sandbox, monkeypatch):
    for name in ("allclose", "isclose", "array_equal"):
        monkeypatch.setattr(np, name, lambda *a, **k: True)
    assert check(EXERCISE, lambda g, z: 0.5 * g, runner=box).state == "not yet"


def test_an_interrupted_check_leaves_nothing_behind(box: Sandbox, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules[Sandbox.__module__]._Talk, "hold", interrupt)
        with pytest.raises(KeyboardInterrupt):
            box.run(right, call, CASES)
    assert box._learner.worker is None
    assert len(box.run(right, call, CASES).seen) == 3


def test_text_that_is_no_program_is_told_by_its_line(box: Sandbox):
    verdict = check(
        EXERCISE, Source("def relu_backward(g, z)\n    return g", "relu_backward"), runner=box
    )
    assert verdict.state == "not yet"
    assert "SyntaxError" in verdict.says
    assert "def relu_backward(g, z)" in verdict.says
