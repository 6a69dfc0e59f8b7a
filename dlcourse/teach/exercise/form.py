"""What an exercise is: one reference, inputs to try it on, and the wrong answers people give."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

Inputs = dict[str, Any]
_PRIMES = (2, 3, 5, 7, 11)


@dataclass(frozen=True)
class Case:
    """One input to try: `inputs` by parameter name, and in words what it `tests`."""

    tests: str
    inputs: Inputs


@dataclass(frozen=True)
class Wrong:
    """A misconception as a wrong answer you can run.

    `says` names the mistake and refutes it (Markdown).  `belief` is its id in the catalogue, `see`
    the explorable preset that shows it.  `decoy` is the wrong line as one would write it, which the
    Parsons level mixes in.
    """

    id: str
    run: Callable[..., Any]
    says: str
    belief: str | None = None
    see: str | None = None
    hint: str | None = None
    decoy: str | None = None
    telling: bool = False  # its error message alone identifies it

    @property
    def diagnosis(self) -> str:
        """The catalogue's id, or this variant's own name where the catalogue has no entry."""
        return self.belief or self.id


@dataclass(frozen=True)
class Property:
    """Something that must hold of every answer: `holds(inputs, parts)` with parts by name."""

    name: str
    holds: Callable[[Inputs, Mapping[str, np.ndarray]], bool]
    says: str


@dataclass(frozen=True)
class Formula:
    """A function given as an input, which a message can print: `text` is its formula."""

    text: str
    run: Callable[..., Any]

    def __call__(self, *args: Any) -> Any:
        return self.run(*args)

    def __repr__(self) -> str:
        return self.text


def call(attempt: Callable[..., Any], **inputs: Any) -> Any:
    """The usual way to try an answer: call it with the inputs, in order."""
    return attempt(*inputs.values())


def call_with_tensors(attempt: Callable[..., Any], **inputs: Any) -> Any:
    """Call an answer written with torch: arrays go in as tensors, tensors come out as arrays."""
    import torch

    def there(value: Any) -> Any:
        return torch.from_numpy(value) if isinstance(value, np.ndarray) else value

    def back(value: Any) -> Any:
        if isinstance(value, tuple | list):
            return type(value)(back(v) for v in value)
        return value.detach().numpy() if isinstance(value, torch.Tensor) else value

    return back(attempt(*map(there, inputs.values())))


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A task whose answer is a function or a class, and all that is needed to judge one.

    `inputs(rng, N, D, ...)` makes random inputs; the names of its parameters are the dimensions,
    which the checker gives distinct primes.  `corners(rng)` adds the special cases.  `drive` says
    how an answer is put to use (default: it is called); it returns what is compared.  `returns`
    names the parts of a returned tuple.  `unjudged` parts are recorded for the messages only.
    `recognise(inputs, parts)` may name a variant's id where replaying the variants cannot.
    """

    id: str
    title: str
    asks: str
    reference: Callable[..., Any]
    inputs: Callable[..., Inputs]
    wrongs: tuple[Wrong, ...]
    hints: tuple[str, ...]
    why: str
    corners: Callable[[np.random.Generator], Iterable[Case]] = lambda rng: ()
    drive: Callable[..., Any] = call
    returns: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    recognise: Callable[[Inputs, dict[str, np.ndarray]], str | None] | None = None
    objectives: tuple[str, ...] = ()
    minutes: int = 8
    difficulty: int = 2  # 1 to 5
    seconds: float = 5.0
    rtol: float = 1e-6
    valid: Callable[[Inputs], bool] = lambda inputs: True  # which shrunk inputs make sense
    may_change: tuple[str, ...] = ()  # inputs that a right answer may write to
    equivalent: Mapping[str, str] = field(default_factory=dict)  # mutant -> why it is right

    @property
    def name(self) -> str:
        """The name that the answer is to have, the reference's own."""
        return self.reference.__name__

    @property
    def is_class(self) -> bool:
        """Whether a class is asked for."""
        return inspect.isclass(self.reference)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that a class has to define; none where a function is asked for."""
        own = vars(self.reference).items() if self.is_class else ()
        return tuple(name for name, value in own if inspect.isfunction(value))

    @cached_property
    def dims(self) -> tuple[str, ...]:
        """The names of the dimensions that `inputs` takes after `rng`."""
        return tuple(inspect.signature(self.inputs).parameters)[1:]

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the arguments that the answer takes."""
        return tuple(inspect.signature(self.reference).parameters)

    def sizes(self, seed: int = 0) -> list[dict[str, int]]:
        """Three choices of distinct primes for the dimensions, then all equal, then all one."""
        rng = np.random.default_rng([seed, 1])
        primes = [rng.permutation(_PRIMES)[: len(self.dims)].tolist() for _ in range(3)]
        alike = [[n] * len(self.dims) for n in (3, 1)]
        return [dict(zip(self.dims, sizes, strict=True)) for sizes in (*primes, *alike)]

    def make(self, seed: int, **sizes: int) -> Inputs:
        """Random inputs of these sizes, the same for the same seed."""
        return self.inputs(np.random.default_rng([seed, 2, *sizes.values()]), **sizes)

    def cases(self, seed: int = 0) -> list[Case]:
        """Everything an answer is tried on: random inputs of several sizes, then the corners."""
        names = ("random inputs",) * 3 + ("all sizes equal", "the smallest sizes")
        if not self.dims:
            names = names[:3]
        random = [
            Case(tests, self.make(seed + k, **sizes))
            for k, (tests, sizes) in enumerate(zip(names, self.sizes(seed), strict=False))
        ]
        return random + list(self.corners(np.random.default_rng([seed, 3])))

    def wrong(self, id: str) -> Wrong:
        """The variant of this id."""
        return next(w for w in self.wrongs if w.id == id)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_.-]*", self.id):
            raise ValueError(f"{self.id!r} is no id: use small letters, digits, dots and dashes.")
