"""The ladder: from an answer to the one thing about it that is most worth saying.

Each step looks at what the answer did and either finds something or lets the next one look.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..verdict import State, Verdict
from . import signatures, words
from .answer import CannotTravel, Source, blank_in, is_stub, line_of
from .compare import agree, close, differing
from .form import Case, Exercise, Inputs, Wrong
from .observe import Observation
from .sandbox import InProcess, Run, Runner, sandbox
from .shrink import smallest


@dataclass(frozen=True)
class Finding:
    """What a step of the ladder found: Markdown `says`, and whom it names."""

    state: State
    says: str
    wrong: Wrong | None = None
    hint: str | None = None
    parts: tuple[str, ...] | None = None  # of an example worth showing; None: show no example


@dataclass(frozen=True)
class Report:
    """A verdict with what it rests on: the variant that was named, the answer's own prints."""

    verdict: Verdict
    wrong: Wrong | None = None
    printed: str = ""


@dataclass(frozen=True)
class Known:
    """What the reference and the known-wrong variants do on the cases of one seed."""

    cases: list[Case]
    right: list[Observation]
    wrong: dict[str, list[Observation]]


class Look:
    """All that the steps may look at.  What costs a run is computed when it is first asked for."""

    def __init__(self, exercise: Exercise, attempt: Any, tries: int, seed: int, runner: Runner):
        self.exercise, self.attempt, self.tries, self.seed = exercise, attempt, tries, seed
        self.runner = runner
        self.known = known(exercise, seed, runner)

    def try_on(self, attempt: Any, cases: list[Inputs]) -> Run:
        """What `attempt` does on `cases`."""
        e = self.exercise
        return self.runner.run(attempt, e.drive, cases, e.returns, e.seconds)

    @cached_property
    def run(self) -> Run:
        """What the answer does on the cases of this seed."""
        return self.try_on(self.attempt, [case.inputs for case in self.known.cases])

    @cached_property
    def pairs(self) -> list[tuple[Case, Observation, Observation]]:
        """The cases with what the answer did and what is right."""
        return list(zip(self.known.cases, self.run.seen, self.known.right, strict=False))

    @cached_property
    def failed(self) -> list[tuple[Case, Observation, Observation]]:
        """The pairs that do not agree, apart from inputs that were changed."""
        return [p for p in self.pairs if not self.agrees(p[1], p[2])]

    def agrees(self, got: Observation, want: Observation) -> bool:
        """Whether the results agree, whatever was done to the inputs."""
        return agree(replace(got, changed=()), replace(want, changed=()), self.exercise)

    def changed(self, got: Observation) -> tuple[str, ...]:
        """The inputs that were changed and should not have been."""
        return tuple(name for name in got.changed if name not in self.exercise.may_change)


_known: dict[tuple[str, int, int], Known] = {}


def known(exercise: Exercise, seed: int, runner: Runner) -> Known:
    """The reference and the variants on the cases of `seed`, run once and kept.

    They run where the answer runs, so that a NumPy function replaced in the notebook fools nobody.
    """
    key = (exercise.id, seed, id(exercise))
    if key not in _known:
        cases = exercise.cases(seed)
        inputs = [case.inputs for case in cases]

        def seen(attempt: Any) -> list[Observation]:
            run = runner.run(attempt, exercise.drive, inputs, exercise.returns, 60.0)
            if run.ended:
                raise RuntimeError(f"exercise {exercise.id}: {attempt} did not finish: {run.ended}")
            return run.seen

        _known[key] = Known(
            cases, seen(exercise.reference), {w.id: seen(w.run) for w in exercise.wrongs}
        )
    return _known[key]


Step = Callable[[Look], Finding | None]


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
        found = _cannot_travel(exercise, error)
    return _report(look, found)


def _report(look: Look, found: Finding) -> Report:
    ran = "run" in look.__dict__
    score = scorecard(look) if ran else {}
    passed = tuple(name for name, ok in score.items() if ok)
    failed = tuple(name for name, ok in score.items() if not ok)
    verdict = Verdict(
        state=found.state,
        says=found.says + _example(look, found),
        score=1.0 if found.state == "correct" else round(len(passed) / max(len(score), 1), 3),
        diagnosis=found.wrong and found.wrong.diagnosis,
        hint=found.hint or (found.wrong.hint if found.wrong else None),
        see=found.wrong and found.wrong.see,
        passed=passed,
        failed=failed,
    )
    printed = next((seen.printed for seen in look.run.seen if seen.printed), "") if ran else ""
    return Report(verdict, found.wrong, printed)


def scorecard(look: Look) -> dict[str, bool]:
    """Every property that was checked, and whether it held: one line per kind of case."""
    complete = look.run.ended is None
    score = {"runs without an error": complete and not any(got.raised for _, got, _ in look.pairs)}
    score["right shapes"] = complete and all(_shapes_agree(g, w, look) for _, g, w in look.pairs)
    for case in look.known.cases:
        score.setdefault(case.tests, complete)
    for case, _, _ in look.failed:
        score[case.tests] = False
    for held in look.exercise.properties:
        score[held.name] = complete and not any(_breaks(held, c, g) for c, g, _ in look.pairs)
    score["leaves its inputs alone"] = complete and not any(
        look.changed(g) or (g.raised and not w.raised) for _, g, w in look.pairs
    )
    return score


def _shapes_agree(got: Observation, want: Observation, look: Look) -> bool:
    if got.raised or want.raised:
        return bool(got.raised) == bool(want.raised)
    judged = [name for name in want.parts if name not in look.exercise.unjudged]
    return all(_shape(got, name) == _shape(want, name) for name in judged)


def _shape(seen: Observation, name: str) -> Any:
    part = seen.parts.get(name)
    return part.array.shape if part is not None and part.array is not None else part


def _breaks(held: Any, case: Case, got: Observation) -> bool:
    if got.raised or any(part.array is None for part in got.parts.values()):
        return True
    try:
        return not held.holds(case.inputs, {n: p.array for n, p in got.parts.items()})
    except (ValueError, KeyError, IndexError, TypeError):
        return True  # of another shape than the property speaks of


# --- the steps -----------------------------------------------------------------------------------


def given(look: Look) -> Finding | None:
    """Is it a function (or a class) at all?"""
    attempt, e = look.attempt, look.exercise
    if isinstance(attempt, Source):
        return None
    if not callable(attempt):
        return Finding("refused", f"{_thing(attempt)} was passed. {_pass_it(e)}")
    if e.is_class and not inspect.isclass(attempt):
        return Finding("refused", f"A class is asked for. {_pass_it(e)}")
    if not e.is_class and inspect.isclass(attempt):
        return Finding("refused", f"`{attempt.__name__}` is a class; a function is asked for.")
    return None


def _thing(value: Any) -> str:
    if value is None:
        return "`None`"
    noun = "array" if hasattr(value, "shape") else type(value).__name__
    return f"An {noun}" if noun[0] in "aeiou" else f"A {noun}"


def _pass_it(e: Exercise) -> str:
    what = "class" if e.is_class else "function"
    return f"Pass the {what} itself, without calling it: `check({e.name})`."


def attempted(look: Look) -> Finding | None:
    """Has anything been written yet?"""
    e = look.exercise
    if is_stub(look.attempt):
        return Finding(
            "not attempted",
            f"`{e.name}` is still empty. Write its body, run the cell, and check again.",
            hint=e.hints[0] if look.tries > 1 else None,
        )
    if blank_in(look.attempt):
        return Finding("not attempted", "A blank `...` is still there. Fill it in, then check.")
    return None


def signed(look: Look) -> Finding | None:
    """Can it be called with the arguments of the exercise?"""
    attempt, e = look.attempt, look.exercise
    if isinstance(attempt, Source):
        return None
    try:
        inspect.signature(attempt).bind(*e.parameters)
    except TypeError:
        takes = words.count(len(inspect.signature(attempt).parameters), "argument")
        wanted = f"{e.name}({', '.join(e.parameters)})"
        return Finding(
            "not yet",
            f"**It takes {takes}; the exercise calls it as `{wanted}`.** "
            "Give it these arguments, in this order.",
        )
    except ValueError:  # a callable without a readable signature: calling it will tell
        return None
    return None


def finished(look: Look) -> Finding | None:
    """Did it come back from every case?"""
    ended, e = look.run.ended, look.exercise
    if ended is None:
        return None
    where = f" It happened for {look.known.cases[ended.at].tests}." if ended.at else ""
    match ended.why:
        case "timeout":
            return Finding(
                "timeout",
                f"**Still running after {e.seconds:g} seconds, so it was stopped.** "
                f"Perhaps a loop never ends: does its condition change inside it?{where}",
            )
        case "memory":
            return Finding(
                "crash",
                "**It asked for far more memory than its inputs need, so it was stopped.** "
                f"Look at the shapes of the arrays it makes, and for a list that only grows.{where}",
            )
        case "exit":
            return Finding(
                "crash",
                f"**Your code ended the whole process instead of returning** ({ended.detail}). "
                f"Your notebook is unharmed. Take out `exit`, `quit` and `os._exit`.{where}",
            )
        case "refused":
            return Finding("refused", f"Your answer could not be read for checking: {ended.detail}")


def _cannot_travel(e: Exercise, error: CannotTravel) -> Finding:
    return Finding(
        "refused",
        f"`{e.name}` uses {error}, which cannot be copied into the process that checks answers. "
        "Make what it needs inside it, or from its arguments.",
    )


def named(look: Look) -> Finding | None:
    """Does it do exactly what a known-wrong variant does, as a whole or in one part?"""
    if not look.failed:
        return None
    for wrong in look.exercise.wrongs:
        if _same_throughout(look, look.known.wrong[wrong.id]):
            return Finding("not yet", wrong.says, wrong, parts=_bad_parts(look))
    return _named_part(look) or _recognised(look)


def _recognised(look: Look) -> Finding | None:
    """The exercise's own test names one and the same variant on every case that is wrong."""
    e = look.exercise
    if e.recognise is None or any(
        _shape(g, n) != _shape(w, n) for _, g, w in look.failed for n in w.parts
    ):
        return None
    found = {
        e.recognise(case.inputs, {n: p.array for n, p in got.parts.items() if p.array is not None})
        for case, got, _ in look.failed
    }
    id = found.pop() if len(found) == 1 else None
    match = next((w for w in e.wrongs if w.id == id), None)
    return match and Finding("not yet", match.says, match, parts=_bad_parts(look))


def _same_throughout(look: Look, theirs: list[Observation]) -> bool:
    rows = list(zip(look.run.seen, theirs, look.known.right, strict=True))
    if not all(look.agrees(got, wrong) for got, wrong, _ in rows):
        return False
    raised = [got.raised is not None for got, _, right in rows if not look.agrees(got, right)]
    return not all(raised) or _line_alike(rows)


def _line_alike(rows: list[tuple[Observation, Observation, Observation]]) -> bool:
    """Errors alone are evidence only if their texts are particular, such as shapes in them."""
    return any(any(c.isdigit() for c in got.raised.text) for got, _, _ in rows if got.raised)


def _named_part(look: Look) -> Finding | None:
    """A variant whose mistake in one part is the answer's mistake in that part."""
    bad = _bad_parts(look)
    if any(got.raised for _, got, _ in look.pairs):
        return None
    for name in bad:
        for wrong in look.exercise.wrongs:
            if _same_part_throughout(look, look.known.wrong[wrong.id], name):
                rest = [n for n in bad if n != name]
                also = (
                    f"\n\nThen look at {words.listing(rest)}, wrong for another reason."
                    if rest
                    else ""
                )
                return Finding("not yet", wrong.says + also, wrong, parts=(name,))
    return None


def _same_part_throughout(look: Look, theirs: list[Observation], name: str) -> bool:
    e, different = look.exercise, False
    for got, wrong, right in zip(look.run.seen, theirs, look.known.right, strict=True):
        if wrong.raised or name not in wrong.parts or name not in got.parts:
            return False
        if name in differing(
            Observation({name: got.parts[name]}), Observation({name: wrong.parts[name]}), e
        ):
            return False
        different |= name in list(differing(wrong, right, e))
    return different


def _bad_parts(look: Look) -> tuple[str, ...]:
    """The names of the parts that are wrong on some case, in the order they are returned."""
    bad: dict[str, None] = {}
    for _, got, want in look.failed:
        bad.update(dict.fromkeys(differing(got, want, look.exercise)))
    order = [name for _, _, want in look.pairs for name in want.parts]
    return tuple(name for name in dict.fromkeys(order) if name in bad)


def raised(look: Look) -> Finding | None:
    """Did it raise where an answer was expected?"""
    found = next(((c, g) for c, g, w in look.pairs if g.raised and not w.raised), None)
    if found is None:
        return None
    case, got = found
    assert got.raised is not None
    line = line_of(look.attempt, got.raised.line)
    at = f" in this line:\n\n```python\n{line}\n```\n\n" if line else ". "
    everywhere = all(g.raised for _, g, _ in look.pairs)
    when = "" if everywhere else f"It happens for {case.tests}."
    says = f"**`{words.error(got)}`**{at}{_advice(got)}{when}"
    return Finding("not yet", says.strip(), parts=None if everywhere else ())


def _advice(got: Observation) -> str:
    assert got.raised is not None
    return _ADVICE.get(got.raised.type, "")


_ADVICE = {
    "RecursionError": "The function calls itself without an end: is there a case in which it stops? ",
    "SystemExit": "Do not leave with `exit` or `quit`: return the result. ",
    "NotImplementedError": "There is still a `raise NotImplementedError` in it: put code there. ",
    "KeyboardInterrupt": "It raises an interrupt itself: return the result instead. ",
    "UnboundLocalError": "A name is used before a line gives it a value: look at the order. ",
    "NameError": "A name is used that nothing has defined: check its spelling, and the order. ",
}


def returned(look: Look) -> Finding | None:
    """Did it return the right kind of thing?"""
    for _, got, want in look.failed:
        if want.raised:
            return Finding(
                "not yet",
                f"**An error is right here, a result is not:** `{words.error(want)}`.",
                parts=(),
            )
        if [p.kind for p in got.parts.values()] == ["None"] and [
            p.kind for p in want.parts.values()
        ] != ["None"]:
            return Finding("not yet", "**It returns `None`.** Does it end in a `return`?")
        if got.container != want.container:
            wanted = _wanted(look.exercise, want)
            return Finding("not yet", f"**It returns {_container(got)}**; {wanted} asked for.")
        for name, part in want.parts.items():
            mine = got.parts.get(name)
            if mine is not None and part.array is not None and _other_kind(mine.kind, part.kind):
                return Finding("not yet", _kind_says(name, mine.kind, part.kind))
    return None


def _wanted(e: Exercise, want: Observation) -> str:
    if e.returns and len(e.returns) > 1:
        return f"{words.listing(e.returns)}, in this order, are"
    return "one array is" if want.container == "single" else f"a {want.container} is"


def _container(got: Observation) -> str:
    if got.container == "single":
        return "one thing"
    return {"tuple": f"{len(got.parts)} things", "dict": "a dictionary"}[got.container.split()[0]]


def _other_kind(mine: str, wanted: str) -> bool:
    plain = {"number": "array"}
    return plain.get(mine, mine) != plain.get(wanted, wanted)


def _kind_says(name: str, mine: str, wanted: str) -> str:
    noun = "It" if name == "result" else f"`{name}`"
    cure = {
        ("list", "array"): "Make it one with `np.array(...)`.",
        ("tuple", "array"): "Make it one with `np.array(...)`.",
        ("tensor", "array"): "Turn it back with `.numpy()`.",
        ("array", "tensor"): "Stay with torch's operations, so that autograd can follow.",
        ("None", "array"): "Was it computed and not returned?",
    }
    thing = {"array": "a NumPy array", "tensor": "a torch tensor", "None": "`None`"}
    got, want = thing.get(mine, f"a {mine}"), thing.get(wanted, f"a {wanted}")
    return f"**{noun} is {got}, not {want}.** {cure.get((mine, wanted), '')}".strip()


def shaped(look: Look) -> Finding | None:
    """Does it have the right shape at every size?"""
    for case, got, want in look.failed:
        for name in differing(got, want, look.exercise):
            mine, right = got.parts.get(name), want.parts[name]
            if mine is None or mine.array is None or right.array is None:
                return Finding(
                    "not yet", f"**`{name}` is missing or not made of numbers.**", parts=(name,)
                )
            if mine.array.shape != right.array.shape:
                noun = "The result" if name == "result" else f"`{name}`"
                how = signatures.describe(mine.array, right.array, case.inputs, {})
                says = f"**{noun} has {words.shape(mine)}; it should have {words.shape(right)}.** {how}"
                return Finding("not yet", says.strip(), parts=(name,))
    return None


def whole(look: Look) -> Finding | None:
    """Were fractions cut off, by an array of whole numbers?"""
    for _, got, want in look.failed:
        for name in differing(got, want, look.exercise):
            mine, right = got.parts[name].array, want.parts[name].array
            if (
                mine is not None
                and right is not None
                and mine.dtype.kind in "iu"
                and right.dtype.kind == "f"
            ):
                says = "**The result has whole numbers only.** An integer array cuts fractions off: use floats."
                return Finding("not yet", says, parts=(name,))
    return None


def wrong_values(look: Look) -> Finding | None:
    """Where do the values go wrong first, and what does the difference look like?"""
    if not look.failed:
        return None
    case, got, want = look.failed[0]
    names = tuple(differing(got, want, look.exercise))
    name = names[0]
    noun = "The result" if name == "result" else f"`{name}`"
    right = [p for p in want.parts if p not in names and p not in look.exercise.unjudged]
    also = f" {words.listing(right)} {'is' if len(right) == 1 else 'are'} right." if right else ""
    held = _first_broken(look)
    how = _how(look, name)
    says = f"**{noun} is wrong {_when(look)}.** {held}{how}{also}"
    return Finding("not yet", says.strip(), hint=_next_hint(look), parts=(name,))


def _first_broken(look: Look) -> str:
    for held in look.exercise.properties:
        if any(_breaks(held, c, g) for c, g, _ in look.pairs):
            return held.says + " "
    return ""


def _when(look: Look) -> str:
    bad = list(dict.fromkeys(case.tests for case, _, _ in look.failed))
    if len(look.failed) == len(look.pairs):
        return "on every input that was tried"
    good = [c.tests for c, _, _ in look.pairs if c.tests not in bad]
    return f"for {bad[0]}" + (f", though right for {good[0]}" if good else "")


def _how(look: Look, name: str) -> str:
    """A signature that holds on every case which has the part wrong; else of the first."""
    said = []
    for case, got, want in look.failed:
        mine, right = got.parts[name].array, want.parts[name].array
        if mine is not None and right is not None and name in differing(got, want, look.exercise):
            said.append(signatures.describe(mine, right, case.inputs, _sizes(case)))
    return said[0] if said and said[0] else ""


def _sizes(case: Case) -> dict[str, int]:
    first = next((v for v in case.inputs.values() if getattr(v, "ndim", 0)), None)
    return {"the number of rows": first.shape[0]} if first is not None else {}


def _next_hint(look: Look) -> str | None:
    hints = look.exercise.hints
    return hints[min(look.tries - 1, len(hints) - 1)] if hints else None


def kept_inputs(look: Look) -> Finding | None:
    """Did it leave its inputs as they were?"""
    changed = next((c for _, got, _ in look.pairs if (c := look.changed(got))), None)
    if changed is None:
        return None
    return Finding(
        "not yet",
        f"**The results are right, but {words.listing(changed)} was changed.** The caller still "
        "needs it. Write to a new array: `y = x * m` makes one, `x *= m` and `x[...] = 0` write into `x`.",
    )


def correct(look: Look) -> Finding | None:
    """Nothing was found wrong, on as many cases as there are."""
    e, n = look.exercise, len(look.known.cases)
    complete = len(look.run.seen) == n and look.run.ended is None and not look.failed
    if not complete:  # no result is never a pass
        return Finding("crash", "The check did not run to its end. Please check once more.")
    return Finding(
        "correct", f"**Correct.** `{e.name}` agrees with the reference on {words.count(n, 'case')}."
    )


STEPS: tuple[Step, ...] = (
    given,
    attempted,
    signed,
    finished,
    named,
    raised,
    returned,
    shaped,
    whole,
    wrong_values,
    kept_inputs,
    correct,
)


# --- the example ---------------------------------------------------------------------------------


def _example(look: Look, found: Finding) -> str:
    """The smallest input on which this goes wrong, in small print."""
    if found.parts is None or not look.failed:
        return ""
    given = _smallest(look)
    got = look.try_on(look.attempt, [given]).seen
    want = look.try_on(look.exercise.reference, [given]).seen
    if not got or not want:
        return ""
    names = tuple(differing(got[0], want[0], look.exercise)) or found.parts
    shown = tuple(n for n in names if n in found.parts) or names
    return "\n\n" + words.example(
        look.exercise, given, got[0], want[0] if look.tries > 1 else None, shown[:1] or ("result",)
    )


def _smallest(look: Look) -> Inputs:
    raised = any(got.raised for _, got, _ in look.failed)
    name = next((n for n in _bad_parts(look)), None)

    def failing(pool: list[Inputs]) -> list[bool]:
        got = look.try_on(look.attempt, pool).seen
        want = look.try_on(look.exercise.reference, pool).seen
        return [_still(look, g, w, raised, name) for g, w in zip(got, want, strict=False)]

    found = smallest(look.exercise, [case for case, _, _ in look.failed], failing)
    return found or look.failed[0][0].inputs


def _still(look: Look, got: Observation, want: Observation, raised: bool, name: str | None) -> bool:
    """Whether this small input shows the same kind of failure, clearly."""
    if want.raised or bool(got.raised) != raised:
        return False
    if raised or name is None:
        return not look.agrees(got, want)
    if name not in list(differing(got, want, look.exercise)):
        return False
    mine, right = got.parts.get(name), want.parts.get(name)
    if mine is None or right is None or mine.array is None or right.array is None:
        return True
    return mine.array.shape != right.array.shape or not close(mine.array, right.array, 1e-3).all()


__all__ = ["InProcess", "Report", "check", "examine", "scorecard"]
