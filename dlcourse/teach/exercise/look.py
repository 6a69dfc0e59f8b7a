"""What the steps of the ladder look at: an answer's runs beside those it is compared with."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..verdict import State, Verdict
from .answer import source_of
from .compare import agree, differing
from .form import Case, Exercise, Inputs, Wrong, call, call_with_tensors
from .observe import Observation, Part
from .sandbox import Run, Runner

Pair = tuple[Case, Observation, Observation]  # a case, what the answer did, what is right


@dataclass(frozen=True)
class Finding:
    """What a step of the ladder found: Markdown `says`, and the variant it names, if any.

    `parts` are the parts that a small example should show; with None there is no example.
    """

    state: State
    says: str
    wrong: Wrong | None = None
    hint: str | None = None
    parts: tuple[str, ...] | None = None


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
        self.exercise, self.attempt, self.tries = exercise, attempt, tries
        self._seed, self._runner, self._drive = seed, runner, exercise.drive

    @cached_property
    def known(self) -> Known:
        """The reference and the variants on the cases of this seed."""
        return known(self.exercise, self._seed, self._runner)

    def try_on(self, cases: list[Inputs]) -> Run:
        """What the answer does on `cases`."""
        e = self.exercise
        return self._runner.run(self.attempt, self._drive, cases, e.returns, e.seconds)

    def right_on(self, cases: list[Inputs]) -> list[Observation]:
        """What the reference does on `cases`."""
        e = self.exercise
        return self._runner.run(e.reference, e.drive, cases, e.returns, e.seconds).seen

    @cached_property
    def run(self) -> Run:
        """What the answer does on the cases of this seed.

        An answer written with torch, to which NumPy's arrays mean nothing, is given tensors.
        """
        cases = [case.inputs for case in self.known.cases]
        run = self.try_on(cases)
        if self._drive is call and _wants_tensors(self.attempt, run):
            self._drive = call_with_tensors
            run = self.try_on(cases)
        return run

    @property
    def has_run(self) -> bool:
        """Whether the answer was put to use at all."""
        return "run" in self.__dict__

    @cached_property
    def pairs(self) -> list[Pair]:
        """The cases with what the answer did and what is right, as far as it came."""
        return list(zip(self.known.cases, self.run.seen, self.known.right, strict=False))

    @cached_property
    def failed(self) -> list[Pair]:
        """The pairs that do not agree, apart from inputs that were changed."""
        return [(c, got, want) for c, got, want in self.pairs if not self.agrees(got, want)]

    def agrees(self, got: Observation, want: Observation, *, wholly: bool = False) -> bool:
        """Whether the results agree, whatever was done to the inputs."""
        a, b = replace(got, changed=()), replace(want, changed=())
        return agree(a, b, self.exercise, wholly=wholly)

    def differing(self, got: Observation, want: Observation) -> list[str]:
        """The names of the judged parts that `got` has wrong."""
        return list(differing(got, want, self.exercise))

    def wrong_parts(self) -> Iterator[tuple[Case, str, Part | None, Part]]:
        """Every part of a failed case that is wrong: the case, its name, it, and the right one."""
        for case, got, want in self.failed:
            for name in self.differing(got, want):
                yield case, name, got.parts.get(name), want.parts[name]

    @cached_property
    def bad_parts(self) -> tuple[str, ...]:
        """The names of the parts that are wrong somewhere, in the order they are returned."""
        bad = {name for _, name, _, _ in self.wrong_parts()}
        return tuple(dict.fromkeys(n for _, _, want in self.pairs for n in want.parts if n in bad))

    def changed(self, got: Observation) -> tuple[str, ...]:
        """The inputs that were changed and should not have been."""
        return tuple(name for name in got.changed if name not in self.exercise.may_change)


def _wants_tensors(attempt: Any, run: Run) -> bool:
    raised = [seen.raised.type for seen in run.seen if seen.raised]
    lost = len(raised) == len(run.seen) > 0 and set(raised) <= {"TypeError", "AttributeError"}
    return lost and "torch" in (source_of(attempt) or "")


_known: dict[tuple[int, int], tuple[Exercise, Known]] = {}


def known(exercise: Exercise, seed: int, runner: Runner) -> Known:
    """The reference and the variants on the cases of `seed`, run once and kept.

    They run where the answer runs, so that a NumPy function replaced in the notebook fools nobody.
    """
    key = (id(exercise), seed)  # the exercise is kept beside it, so its id stays taken
    if key not in _known:
        _known[key] = exercise, _run_known(exercise, exercise.cases(seed), runner)
    return _known[key][1]


def _run_known(exercise: Exercise, cases: list[Case], runner: Runner) -> Known:
    inputs = [case.inputs for case in cases]

    def seen(what: str, attempt: Any) -> list[Observation]:
        run = runner.run(attempt, exercise.drive, inputs, exercise.returns, _PATIENCE)
        if run.ended:
            raise RuntimeError(
                f"Exercise {exercise.id} is broken: its {what} did not finish ({run.ended.why}, "
                f"case {run.ended.at}, {run.ended.detail}). Please report this."
            )
        return run.seen

    right = seen("reference", exercise.reference)
    return Known(cases, right, {w.id: seen(f"variant {w.id}", w.run) for w in exercise.wrongs})


_PATIENCE = 60.0
