"""The steps of the ladder.  Each looks at an answer and finds something, or lets the next one look.

They go from the outside in: is there an answer, does it come back, is it a mistake that we know, is
it of the right kind and shape, are its values right, did it leave its inputs alone.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from . import depend, signatures, words
from .answer import Source, blank_in, is_stub, line_of
from .form import Case, Exercise, Property, Wrong
from .look import Finding, Look
from .observe import Observation, Part

Step = Callable[[Look], Finding | None]


# --- is there an answer? -------------------------------------------------------------------------


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
    return words.a("array" if hasattr(value, "shape") else type(value).__name__).capitalize()


def _pass_it(e: Exercise) -> str:
    what = "class" if e.is_class else "function"
    return f"Pass the {what} itself, without calling it: `check({e.name})`."


def attempted(look: Look) -> Finding | None:
    """Has anything been written yet?"""
    e = look.exercise
    if is_stub(look.attempt, e.methods):
        says = f"`{e.name}` is still empty. Write its body, run the cell, and check again."
        return Finding("not attempted", says)
    if blank_in(look.attempt):
        says = "There is still a blank, `...`, in it. Fill it in, then check again."
        return Finding("not attempted", says)
    return None


def signed(look: Look) -> Finding | None:
    """Can it be called with the arguments of the exercise?"""
    attempt, e = look.attempt, look.exercise
    try:
        inspect.signature(attempt).bind(*e.parameters)
    except TypeError:
        if isinstance(attempt, Source):
            return None
        given = inspect.signature(attempt).parameters
        takes = words.count(len(given), "argument")
        if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in given.values()):
            takes += " (those after `*` by name only)"
        return Finding(
            "not yet",
            f"**It takes {takes}; it is called as `{e.name}({', '.join(e.parameters)})`.** "
            "Give it these arguments, in this order.",
        )
    except ValueError:  # a callable without a readable signature: calling it will tell
        return None
    return None


# --- does it come back? --------------------------------------------------------------------------


def finished(look: Look) -> Finding | None:
    """Did it come back from every case?"""
    ended = look.run.ended
    if ended is None:
        return None
    where = f" It happened for {look.known.cases[ended.at].tests}." if ended.at else ""
    match ended.why:
        case "timeout":
            says = (
                f"**Still running after {look.exercise.seconds:g} seconds, so it was stopped.** "
                "Perhaps a loop never ends: does its condition change inside it?"
            )
            return Finding("timeout", says + where)
        case "memory":
            says = (
                "**It asked for far more memory than its inputs need, so it was stopped.** "
                "Look at the shapes of the arrays it makes, and for a list that only grows."
            )
            return Finding("crash", says + where)
        case "exit":
            says = (
                f"**It ended the whole process instead of returning** ({ended.detail}). Your "
                "notebook is unharmed. Return the result; leave out `exit` and `os._exit`."
            )
            return Finding("crash", says + where)
        case "refused":
            return Finding("refused", f"Your answer could not be read: `{ended.detail}`")


def ordered(look: Look) -> Finding | None:
    """Do its arguments stand in the order in which they are passed?"""
    if isinstance(look.attempt, Source) or not look.failed:
        return None
    try:
        names = tuple(inspect.signature(look.attempt).parameters)
    except (TypeError, ValueError):
        return None
    wanted = look.exercise.parameters
    if names == wanted or sorted(names) != sorted(wanted):
        return None
    return Finding(
        "not yet",
        f"**Its arguments stand in another order.** It is called as `{look.exercise.name}"
        f"({', '.join(wanted)})`; yours takes `({', '.join(names)})`.",
    )


# --- is it a mistake that we know? ---------------------------------------------------------------


def named(look: Look) -> Finding | None:
    """Does it do exactly what a known-wrong variant does, as a whole or in one part?"""
    return (
        (_replayed(look) or _replayed_in_part(look) or _recognised(look)) if look.failed else None
    )


def _replayed(look: Look) -> Finding | None:
    found = [w for w in look.exercise.wrongs if _same_throughout(look, w)]
    if not found:
        return None
    wrong = next((w for w in found if _same_wholly(look, w)), found[0])
    return Finding("not yet", wrong.says, wrong, parts=look.bad_parts)


def _same_wholly(look: Look, wrong: Wrong) -> bool:
    """Whether even what is not judged is the same: of several variants, this is the one."""
    rows = zip(look.run.seen, look.known.wrong[wrong.id], strict=True)
    return all(look.agrees(got, other, wholly=True) for got, other in rows)


def _same_throughout(look: Look, wrong: Wrong) -> bool:
    rows = list(zip(look.run.seen, look.known.wrong[wrong.id], look.known.right, strict=True))
    if not all(look.agrees(got, other) for got, other, _ in rows):
        return False
    bad = [got for got, _, right in rows if not look.agrees(got, right)]
    return not all(got.raised for got in bad) or wrong.telling or any(map(_particular, bad))


def _particular(got: Observation) -> bool:
    """Errors alone are evidence only if their text is particular, such as one with shapes in it."""
    return got.raised is not None and any(c.isdigit() for c in got.raised.text)


def _replayed_in_part(look: Look) -> Finding | None:
    """A variant whose mistake in one part is the answer's mistake in that part."""
    if any(got.raised for _, got, _ in look.pairs):
        return None
    for name in look.bad_parts:
        for wrong in look.exercise.wrongs:
            if _same_part_throughout(look, wrong, name):
                rest = [n for n in look.bad_parts if n != name]
                return Finding("not yet", wrong.says + _then(rest), wrong, parts=(name,))
    return None


def _then(rest: list[str]) -> str:
    return f"\n\nAfter that, look at {words.listing(rest)}: more is wrong there." if rest else ""


def _same_part_throughout(look: Look, wrong: Wrong, name: str) -> bool:
    different = False
    theirs = look.known.wrong[wrong.id]
    for got, other, right in zip(look.run.seen, theirs, look.known.right, strict=True):
        if other.raised or name not in other.parts or name not in got.parts:
            return False
        alone = Observation({name: other.parts[name]})
        if look.differing(Observation({name: got.parts[name]}), alone):
            return False
        different |= name in look.differing(other, right)
    return different


def _recognised(look: Look) -> Finding | None:
    """The exercise's own test names one and the same variant on every case that is wrong."""
    e = look.exercise
    if e.recognise is None or not _shapes_fit(look):
        return None
    with np.errstate(all="ignore"):
        found = {e.recognise(case.inputs, arrays(got)) for case, got, _ in look.failed}
    match = next((w for w in e.wrongs if {w.id} == found), None)
    return match and Finding("not yet", match.says, match, parts=look.bad_parts)


def _shapes_fit(look: Look) -> bool:
    return not any(got.raised for _, got, _ in look.failed) and all(
        mine is not None and shape_of(mine) == shape_of(right)
        for _, _, mine, right in look.wrong_parts()
    )


def shape_of(part: Part) -> tuple[int, ...] | None:
    """The shape of a part, None if it is no array."""
    return None if part.array is None else part.array.shape


def arrays(seen: Observation) -> dict[str, Any]:
    """The parts that are arrays, by name."""
    return {name: p.array for name, p in seen.parts.items() if p.array is not None}


# --- is it of the right kind and shape? ----------------------------------------------------------


def raised(look: Look) -> Finding | None:
    """Did it raise where an answer was expected?"""
    found = next(((c, g) for c, g, w in look.pairs if g.raised and not w.raised), None)
    if found is None:
        return None
    case, got = found
    if said := _outside(look, got):
        return Finding("not yet", said)
    everywhere = all(g.raised for _, g, _ in look.pairs)
    when = "" if everywhere else f"It happens for {case.tests}."
    says = f"**`{words.error(got)}`**{_where(look, got)}{_advice(got)}{when}"
    return Finding("not yet", says.strip(), parts=None if everywhere else ())


def _outside(look: Look, got: Observation) -> str:
    """What an error says that arose not in the answer but where its result was put to use."""
    e = look.exercise
    error = got.raised
    if error is None or error.line is not None or error.type != "TypeError" or e.is_class:
        return ""
    if "required positional argument" in error.text:
        shown = f"{e.name}{inspect.signature(e.reference)}"
        return f"**Some of its arguments have default values.** Start it with `def {shown}:`."
    if "'NoneType' object" in error.text:
        told = " `print` shows a result; only `return` hands it over." if got.printed else ""
        return f"**It returns `None`.** Does it end in a `return`?{told}"
    return _UNFINISHED["coroutine"] if "'coroutine' object" in error.text else ""


def _where(look: Look, got: Observation) -> str:
    line = line_of(look.attempt, got.raised and got.raised.line)
    return f" in this line:\n\n```python\n{line}\n```\n\n" if line else ". "


def _advice(got: Observation) -> str:
    return _ADVICE.get(got.raised.type, "") + " " if got.raised else ""


_ADVICE = {
    "RecursionError": "The function calls itself without an end: is there a case where it stops?",
    "SystemExit": "Do not leave with `exit` or `quit`: return the result.",
    "NotImplementedError": "There is still a `raise NotImplementedError` in it: put code there.",
    "KeyboardInterrupt": "It raises an interrupt itself: return the result instead.",
    "UnboundLocalError": "A name is used before a line gives it a value: look at the order.",
    "NameError": "A name is used that nothing has defined: check its spelling, and the order.",
    "SyntaxError": "Python cannot read this line: look for a bracket or a colon.",
    "ValueError": "Look at the shapes that meet in this line.",
}


def returned(look: Look) -> Finding | None:
    """Did it return the right kind of thing?"""
    for _, got, want in look.failed:
        if want.raised:
            says = f"**An error is right here, a result is not:** `{words.error(want)}`."
            return Finding("not yet", says)
        if _is_none(got) and not _is_none(want):
            told = " `print` shows a result; only `return` hands it over." if got.printed else ""
            return Finding("not yet", f"**It returns `None`.** Does it end in a `return`?{told}")
        if (kind := _first_kind(got)) != _first_kind(want) and kind in _UNFINISHED:
            return Finding("not yet", _UNFINISHED[kind])
        if got.container != want.container:
            says = f"**It returns {_container(got)}**; {_wanted(look.exercise, want)} asked for."
            return Finding("not yet", says)
    for _, name, mine, right in look.wrong_parts():
        if mine is not None and right.array is not None and _kind(mine) != _kind(right):
            return Finding("not yet", _kind_says(name, mine.kind, right.kind))
    return None


_UNFINISHED = {
    "generator": "**It returns a generator.** There is a `yield` in it: use `return`.",
    "coroutine": "**It returns a coroutine.** Leave out the `async` before `def`.",
    "function": "**It returns a function.** Is it called, with its brackets?",
    "method": "**It returns a method.** Is it called, with its brackets?",
    "builtin_function_or_method": "**It returns a method.** Is it called, with its brackets?",
}


def _first_kind(seen: Observation) -> str:
    return next((part.kind for part in seen.parts.values()), "")


def _is_none(seen: Observation) -> bool:
    return [part.kind for part in seen.parts.values()] == ["None"]


def _wanted(e: Exercise, want: Observation) -> str:
    if len(e.returns) > 1:
        return f"{words.listing(e.returns)}, in this order, are"
    return "one array is" if want.container == "single" else f"a {want.container} is"


def _container(got: Observation) -> str:
    if got.container == "single":
        return "one thing"
    return "a dictionary" if got.container == "dict" else words.count(len(got.parts), "thing")


def _kind(part: Part) -> str:
    return "array" if part.kind == "number" else part.kind


_THINGS = {"array": "a NumPy array", "tensor": "a torch tensor", "None": "`None`"}
_CURES = {
    ("list", "array"): "Make it one with `np.array(...)`.",
    ("tuple", "array"): "Make it one with `np.array(...)`.",
    ("tensor", "array"): "Turn it back with `.numpy()`.",
    ("tensor", "number"): "Take the number out with `.item()`: the tensor keeps its graph alive.",
    ("array", "tensor"): "Stay with torch's operations, so that autograd can follow.",
    ("None", "array"): "Was it computed, and not returned?",
}


def _kind_says(name: str, mine: str, wanted: str) -> str:
    got, want = (_THINGS.get(kind, words.a(kind)) for kind in (mine, wanted))
    cure = _CURES.get((mine, wanted), "")
    return f"**{words.noun(name, 'It')} is {got}, not {want}.** {cure}".strip()


def shaped(look: Look) -> Finding | None:
    """Does it have the right shape at every size?"""
    for _, name, mine, right in look.wrong_parts():
        if mine is None or mine.array is None or right.array is None:
            says = f"**{words.noun(name)} is missing, or is not made of numbers.**"
            if mine is not None and mine.text.startswith("complex"):
                says = f"**{words.noun(name)} has complex numbers**; real ones are asked for."
            return Finding("not yet", says)
        if mine.array.shape != right.array.shape:
            says = f"**{words.noun(name)} has the wrong shape.** {_how(look, name)}"
            return Finding("not yet", says.strip(), hint=_next_hint(look), parts=(name,))
    return None


def whole(look: Look) -> Finding | None:
    """Were fractions cut off, by an array of whole numbers, or is it True and False only?"""
    for _, name, mine, right in look.wrong_parts():
        if mine is None or mine.array is None or right.array is None:
            continue
        if mine.array.dtype.kind == "b" != right.array.dtype.kind:
            says = (
                f"**{words.noun(name)} says True and False only**; numbers are asked for. Is a "
                "comparison, such as `<`, the last thing that was done?"
            )
            return Finding("not yet", says, parts=(name,))
        if mine.array.dtype.kind in "iu" and right.array.dtype.kind == "f":
            says = (
                f"**{words.noun(name)} has whole numbers only.** An array of integers cuts "
                "fractions off: make it one of floats."
            )
            return Finding("not yet", says, parts=(name,))
    return None


# --- are the values right? -----------------------------------------------------------------------


def wrong_values(look: Look) -> Finding | None:
    """Where do the values go wrong first, and what does the difference look like?"""
    if not look.failed:
        return None
    name = look.bad_parts[0]
    says = [f"**{words.noun(name)} is wrong {_when(look)}.**", _broken(look)]
    evidence = [e for e in _evidence(look, name) if e.want.dtype.kind != "b"]  # these have no size
    how = signatures.cause(evidence) or depend.describe(look, name) or signatures.where(evidence)
    says.append(how)
    says.append(_rest_is_right(look))
    text = " ".join(filter(None, says))
    return Finding("not yet", text, hint=_next_hint(look), parts=(name,))


def _when(look: Look) -> str:
    if len(look.failed) == len(look.pairs):
        return "on every input that was tried"
    bad = [case.tests for case, _, _ in look.failed]
    good = [case.tests for case, _, _ in look.pairs if case.tests not in bad]
    return f"for {bad[0]}" + (f", though right for {good[0]}" if good else "")


def _broken(look: Look) -> str:
    """What the first property says that finite numbers do not have."""
    finite = [(case, got) for case, got, _ in look.failed if _is_finite(got)]
    for held in look.exercise.properties:
        if any(not _holds(held, case, got) for case, got in finite):
            return held.says
    return ""


def _is_finite(got: Observation) -> bool:
    return all((abs(a) < float("inf")).all() for a in arrays(got).values())


def holds(held: Property, look: Look) -> bool:
    """Whether a property holds on every case."""
    return all(_holds(held, case, got) for case, got, _ in look.pairs)


def _holds(held: Property, case: Case, got: Observation) -> bool:
    if got.raised or len(arrays(got)) < len(got.parts):
        return False
    try:
        with np.errstate(all="ignore"):
            return bool(held.holds(case.inputs, arrays(got)))
    except (ValueError, KeyError, IndexError, TypeError):
        return False  # of another shape than the property speaks of


def _how(look: Look, name: str) -> str:
    """What the difference looks like, the same in every case that has it."""
    return signatures.describe(_evidence(look, name))


def _evidence(look: Look, name: str) -> list[signatures.Evidence]:
    rows = [(mine, right, c.inputs) for c, n, mine, right in look.wrong_parts() if n == name]
    return [
        signatures.Evidence(mine.array, right.array, inputs)
        for mine, right, inputs in rows
        if mine is not None and mine.array is not None and right.array is not None
    ]


def _rest_is_right(look: Look) -> str:
    judged = [n for n in look.failed[0][2].parts if n not in look.exercise.unjudged]
    right = [n for n in judged if n not in look.bad_parts]
    return f"{words.listing(right)} {'is' if len(right) == 1 else 'are'} right." if right else ""


def _next_hint(look: Look) -> str | None:
    hints = look.exercise.hints
    return hints[min(look.tries - 1, len(hints) - 1)] if hints else None


# --- and the rest --------------------------------------------------------------------------------


def kept_inputs(look: Look) -> Finding | None:
    """Did it leave its inputs as they were?"""
    changed = next((c for _, got, _ in look.pairs if (c := look.changed(got))), None)
    if changed is None:
        return None
    return Finding(
        "not yet",
        f"**The results are right, but {words.listing(changed)} was changed.** The caller still "
        "needs it. Write to a new array: `y = x * m` makes one, while `x *= m` and `x[...] = 0` "
        "write into `x` itself.",
    )


def correct(look: Look) -> Finding | None:
    """Nothing was found wrong, on as many cases as there are."""
    cases = len(look.known.cases)
    if len(look.run.seen) < cases or look.run.ended is not None or look.failed:
        return Finding("crash", "The check did not run to its end. Please check once more.")
    tried = words.count(cases, "input")
    return Finding("correct", f"`{look.exercise.name}` agrees with the reference on {tried}.")


STEPS: tuple[Step, ...] = (
    given,
    attempted,
    signed,
    finished,
    ordered,
    named,
    raised,
    returned,
    shaped,
    whole,
    wrong_values,
    kept_inputs,
    correct,
)
