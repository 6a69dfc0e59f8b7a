"""Two hundred broken and hostile answers made from references: none passes, none hangs."""

import random
import time
from dataclasses import replace

import pytest

from dlcourse.teach.exercise import Exercise, Sandbox, Source, check
from dlcourse.teach.exercise.levels import Levels
from dlcourse.topics import find_exercise

NAMES = ("relu_backward", "linear_backward", "softmax", "adam_step", "clip_by_norm")
EACH = 40
SECONDS = 1.0
HARM = (
    "while True: pass",
    "import time; time.sleep(60)",
    "import os; os._exit(0)",
    "import sys; sys.exit(0)",
    "raise SystemExit",
    "raise KeyboardInterrupt",
    "x = np.ones(10**12)",
    "while True: print('x' * 10000)",
    "f = lambda: f(); f()",
    "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "import os; os.close(3); os.close(4); os.close(5); os._exit(1)",
    "import ctypes; ctypes.string_at(0)",
)
RETURNS = (
    "return None",
    "return 0",
    "return 'correct'",
    "return {}",
    "return []",
    "return ()",
    "return float('nan')",
    "return lambda *a: a",
    "return type('Equal', (), {'__eq__': lambda *a: True})()",
    "return np.array(['a'])",
    "return np.zeros((0,))",
    "return np.ma.masked",
)


def broken(exercise: Exercise, rng: random.Random) -> str:
    """The reference with one thing spoiled, chosen by `rng`."""
    levels = Levels(exercise)
    body, (head, *rest) = list(levels.body), levels.head.split("\n")
    match rng.randrange(5):
        case 0:
            body.pop(rng.randrange(len(body)))
        case 1:
            head = head.replace(rng.choice(exercise.parameters), "renamed", 1)
        case 2:
            body[-1] = "    " + rng.choice(RETURNS)
        case 3:
            body.insert(rng.randrange(len(body)), "    " + rng.choice(HARM))
        case 4:
            i = rng.randrange(len(body))
            body[i] = body[i][: rng.randrange(6, max(7, len(body[i])))]
    return "\n".join([head, *rest, *(body or ["    pass"])])


@pytest.fixture(scope="module")
def box():
    sandbox = Sandbox(memory=1 << 29)
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize("name", NAMES)
def test_no_broken_answer_passes_or_hangs(box: Sandbox, name: str):
    exercise = replace(find_exercise(name), seconds=SECONDS)
    module = exercise.reference.__module__
    check(exercise, exercise.reference, runner=box)
    rng = random.Random(name)
    for _ in range(EACH):
        text = broken(exercise, rng)
        if _compact(text) == _compact(Levels(exercise).blank):
            continue
        start = time.monotonic()
        verdict = check(exercise, Source(text, exercise.name, module), tries=2, runner=box)
        assert time.monotonic() - start < SECONDS + 20, text
        assert not verdict.correct, text
        assert verdict.says, text
        assert "Traceback" not in verdict.says, text


def _compact(text: str) -> str:
    return "".join(text.split())
