"""The ladder: from an answer to the one thing about it that is most worth saying."""

from typing import Any

from ..verdict import Verdict
from . import words
from .answer import CannotTravel
from .compare import close
from .form import Exercise, Inputs
from .look import Finding, Look, Report
from .observe import Observation
from .sandbox import Runner, sandbox
from .shrink import smallest
from .steps import STEPS, holds, shape_of


def check(
    exercise: Exercise, attempt: Any, *, tries: int = 1, seed: int = 0, runner: Runner | None = None
) -> Verdict:
    """Judge `attempt`, a function, a class or a `Source`, as the learner's try number `tries`.

    What was expected is told from the second try on.  Never raises for anything the answer does.
    """
    return examine(exercise, attempt, tries=tries, seed=seed, runner=runner).verdict


def examine(
    exercise: Exercise, attempt: Any, *, tries: int = 1, seed: int = 0, runner: Runner | None = None
) -> Report:
    """`check`, with the variant that was named and what the answer printed."""
    look = Look(exercise, attempt, tries, seed, runner or sandbox())
    try:
        found = next(f for step in STEPS if (f := step(look)) is not None)
    except CannotTravel as error:
        found = Finding(
            "refused",
            f"`{exercise.name}` uses {error}, which cannot be copied into the process that checks "
            "answers. Make what it needs inside it, or from its arguments.",
        )
    return _report(look, found)


def _report(look: Look, found: Finding) -> Report:
    score = scorecard(look) if look.has_run else {}
    passed = tuple(name for name, held in score.items() if held)
    failed = tuple(name for name, held in score.items() if not held)
    share = 1.0 if found.state == "correct" else len(passed) / max(len(score), 1)
    verdict = Verdict(
        state=found.state,
        says=found.says + _example(look, found),
        score=round(share, 3),
        diagnosis=found.wrong and found.wrong.diagnosis,
        hint=found.hint or (found.wrong and found.wrong.hint),
        see=found.wrong and found.wrong.see,
        passed=passed,
        failed=failed,
    )
    return Report(verdict, found.wrong, _printed(look))


def _printed(look: Look) -> str:
    seen = look.run.seen if look.has_run else []
    return next((one.printed for one in seen if one.printed), "")


def scorecard(look: Look) -> dict[str, bool]:
    """Every property that was checked, and whether it held: one line per kind of case."""
    complete = look.run.ended is None
    score = {"runs without an error": not any(g.raised and not w.raised for _, g, w in look.pairs)}
    score["right shapes"] = all(_same_shapes(look, got, want) for _, got, want in look.pairs)
    score |= dict.fromkeys((case.tests for case in look.known.cases), True)
    score |= dict.fromkeys((case.tests for case, _, _ in look.failed), False)
    score |= {held.name: holds(held, look) for held in look.exercise.properties}
    score["leaves its inputs alone"] = not any(look.changed(got) for _, got, _ in look.pairs)
    return {name: held and complete for name, held in score.items()}


def _same_shapes(look: Look, got: Observation, want: Observation) -> bool:
    if got.raised or want.raised:
        return bool(got.raised) == bool(want.raised)
    judged = [name for name in want.parts if name not in look.exercise.unjudged]
    return all(
        name in got.parts and shape_of(got.parts[name]) == shape_of(want.parts[name])
        for name in judged
    )


def _example(look: Look, found: Finding) -> str:
    """The smallest input on which this goes wrong, in small print; right from the second try on."""
    if found.parts is None or not look.failed:
        return ""
    if odd := _odd_error(look) or _odd_shape(look):
        return "\n\n" + odd
    inputs = _smallest(look)
    got, want = look.try_on([inputs]).seen, look.right_on([inputs])
    if not got or not want:
        return ""
    bad = look.differing(got[0], want[0])
    shown = next((n for n in bad if n in found.parts), bad[0] if bad else "result")
    right = want[0] if look.tries > 1 else None
    return "\n\n" + words.example(inputs, got[0], right, shown)


def _odd_error(look: Look) -> str:
    """The first case that ends in an error, by its shapes: most errors are about these."""
    for case, got, want in look.failed:
        if got.raised and not want.raised:
            return words.shapes(case.inputs, words.error(got), None)
    return ""


def _odd_shape(look: Look) -> str:
    """The first case whose shape is wrong, with sizes that tell the axes apart."""
    for case, _, mine, right in look.wrong_parts():
        if mine is not None and mine.array is not None and shape_of(mine) != shape_of(right):
            told = words.shape(right) if look.tries > 1 else None
            return words.shapes(case.inputs, words.shape(mine), told)
    return ""


def _smallest(look: Look) -> Inputs:
    name = next(iter(look.bad_parts), None)

    def failing(pool: list[Inputs]) -> list[bool]:
        got, want = look.try_on(pool).seen, look.right_on(pool)
        return [_fails_alike(look, g, w, name) for g, w in zip(got, want, strict=False)]

    found = smallest(look.exercise, [case for case, _, _ in look.failed], failing)
    return found or look.failed[0][0].inputs


def _fails_alike(look: Look, got: Observation, want: Observation, name: str | None) -> bool:
    """Whether a small input shows the same kind of failure, and shows it clearly."""
    if want.raised or got.raised:
        return False
    if name is None:
        return not look.agrees(got, want)
    mine, right = got.parts.get(name), want.parts.get(name)
    if mine is None or right is None or mine.array is None or right.array is None:
        return mine is not right
    if mine.array.shape != right.array.shape:
        return True
    return not close(mine.array, right.array, max(1e-3, look.exercise.rtol)).all()
