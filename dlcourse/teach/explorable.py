"""Explorables: a question to predict, a few knobs, and a pure function from knobs to a frame.

The form knows no widget: a frame is named arrays and numbers, and sentences say what it shows.
`dlcourse.show.explorable` gives every explorable its page; tests run the same object headless.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

import numpy as np

from .verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Settings = Mapping[str, Any]
NOTHING: Settings = MappingProxyType({})


class KnobError(ValueError):
    """A setting that a knob cannot take; the message says what it takes."""


@dataclass(frozen=True)
class Knob:
    """One thing to turn.  `on_stage` knobs are turned in the picture, not in the list of controls.

    Every kind has `clean` (a value of any source, checked), `text` and `parse` (for permalinks),
    `ends` (extreme values, for tests) and `public` (what the page needs).
    """

    name: str
    label: str
    start: Any
    on_stage: bool = field(default=False, kw_only=True)
    about: str = field(default="", kw_only=True)  # one sentence, shown as the control's tip
    # The control is there only while the knob `when[0]` has one of the values `when[1]`.
    when: tuple[str, tuple[Any, ...]] | None = field(default=None, kw_only=True)

    def clean(self, value: Any) -> Any:
        raise NotImplementedError

    def text(self, value: Any) -> str:
        return str(value)

    def parse(self, text: str) -> Any:
        return self.clean(text)

    def ends(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def public(self) -> dict[str, Any]:
        """What the page is told about this knob."""
        kind = type(self).__name__.lower()
        return {"kind": kind, **{k: getattr(self, k) for k in self.__dataclass_fields__}}


@dataclass(frozen=True)
class Slider(Knob):
    """A number from `low` to `high`; whole if `step` is a whole number and so is `start`.

    `log` spaces the slider evenly in the logarithm.
    """

    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    unit: str = ""
    log: bool = False

    def clean(self, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise KnobError(f"{self.name} takes a number, not {value!r}.") from None
        if not self.low <= number <= self.high:
            raise KnobError(f"{self.name} goes from {self.low:g} to {self.high:g}, not {number:g}.")
        return round(number) if isinstance(self.start, int) else number

    def text(self, value: float) -> str:
        return f"{value:.6g}"

    def ends(self) -> tuple[float, ...]:
        return (self.clean(self.low), self.clean(self.high))


def options(*words: str) -> tuple[tuple[str, str], ...]:
    """Options of a `Choice` whose values are their own words."""
    return tuple((word, word) for word in words)


@dataclass(frozen=True)
class Choice(Knob):
    """One of `options`: pairs of a short value and its words."""

    options: tuple[tuple[str, str], ...] = ()

    def clean(self, value: Any) -> str:
        values = [v for v, _ in self.options]
        if value not in values:
            raise KnobError(f"{self.name} is one of {', '.join(map(repr, values))}, not {value!r}.")
        return value

    def ends(self) -> tuple[str, ...]:
        return tuple(v for v, _ in self.options)


@dataclass(frozen=True)
class Toggle(Knob):
    """On or off."""

    def clean(self, value: Any) -> bool:
        if not isinstance(value, bool | np.bool_):
            raise KnobError(f"{self.name} is True or False, not {value!r}.")
        return bool(value)

    def text(self, value: bool) -> str:
        return "on" if value else "off"

    def parse(self, text: str) -> bool:
        return self.clean({"on": True, "off": False}.get(text, text))

    def ends(self) -> tuple[bool, ...]:
        return (False, True)


@dataclass(frozen=True)
class Numbers(Knob):
    """A list of numbers from `low` to `high`, such as logits, points or the cells of a kernel.

    Its length may vary between `len(start)` and `most` (default: fixed).
    """

    low: float = -1.0
    high: float = 1.0
    step: float = 0.01
    most: int = 0

    def clean(self, value: Any) -> tuple[float, ...]:
        try:
            numbers = tuple(float(v) for v in value)
        except (TypeError, ValueError):
            raise KnobError(f"{self.name} takes a list of numbers.") from None
        least = len(self.start) if not self.most else 1
        if not least <= len(numbers) <= max(self.most, len(self.start)):
            raise KnobError(f"{self.name} takes {len(self.start)} numbers, not {len(numbers)}.")
        if not all(self.low <= v <= self.high for v in numbers):
            raise KnobError(f"Each number of {self.name} goes from {self.low:g} to {self.high:g}.")
        return numbers

    def text(self, value: tuple[float, ...]) -> str:
        # Only what was changed, if the length is as at the start: most edits touch a few cells.
        if len(value) != len(self.start):
            return ",".join(f"{v:.4g}" for v in value)
        changed = [i for i, v in enumerate(value) if v != self.start[i]]
        return ",".join(f"{i}:{value[i]:.4g}" for i in changed)

    def parse(self, text: str) -> tuple[float, ...]:
        parts = text.split(",") if text else []
        if parts and ":" not in parts[0]:
            return self.clean(parts)
        numbers = list(self.start)
        try:
            for part in parts:
                index, number = part.split(":")
                numbers[int(index)] = float(number)
        except (ValueError, IndexError):
            raise KnobError(f"{self.name}={text!r} is not part of a link of ours.") from None
        return self.clean(numbers)

    def ends(self) -> tuple[tuple[float, ...], ...]:
        n = len(self.start)
        return ((self.low,) * n, (self.high,) * n)


@dataclass(frozen=True)
class Frame:
    """What one setting of the knobs shows: named arrays and JSON numbers.

    `secret` stays in the kernel: what a mission asks the learner to find out.
    """

    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    numbers: Mapping[str, Any] = field(default_factory=dict)
    secret: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.arrays[name] if name in self.arrays else self.numbers[name]

    def without(self, names: tuple[str, ...]) -> "Frame":
        """The same frame with `names` withheld."""
        return Frame(
            {k: v for k, v in self.arrays.items() if k not in names},
            {k: v for k, v in self.numbers.items() if k not in names},
            self.secret,
        )


@dataclass(frozen=True)
class Prediction:
    """The guess to commit to before the answer is shown.

    `options` pairs each choice with what is said to those who made it.  `prove` computes the index
    of the right one from the explorable itself; a test holds it equal to `right`.  `hides` names
    what a frame withholds until then; `at` is the setting that shows the answer.
    """

    asks: str
    options: tuple[tuple[str, str], ...]
    right: int
    prove: Callable[["Explorable"], int]
    hides: tuple[str, ...] = ()
    at: Settings = field(default_factory=dict)


@dataclass(frozen=True)
class Preset:
    """A setting with a name that a caption, a verdict or a link can call up."""

    name: str
    label: str
    settings: Settings
    breaks: str | None = None  # the misconception that this preset makes visible


@dataclass(frozen=True)
class Mission:
    """Something to bring about.  `check` judges where the knobs are; `solve` returns a solution."""

    id: str
    asks: str
    check: Callable[[Settings, Frame], Verdict]
    solve: Callable[["Explorable"], Settings]
    start: Settings = field(default_factory=dict)  # where the mission puts the knobs when it begins


def waiting(says: str) -> Verdict:
    """A mission that was not tried yet; `says` what to do first."""
    return Verdict("not attempted", says)


def not_yet(says: str) -> Verdict:
    """A mission that is not accomplished here; `says` how far it is."""
    return Verdict("not yet", says)


def done(says: str, see: str | None = None) -> Verdict:
    """A mission accomplished; `says` what it shows."""
    return Verdict("correct", says, 1.0, see=see)


@dataclass(frozen=True)
class Own:
    """Something of the learner's that replaces the reference: an array, a function, a model."""

    name: str
    about: str


@dataclass(frozen=True)
class Explorable:
    """One explorable, complete and headless.

    `compute(**knobs, **own, fine=bool)` is pure; `fine=False` may answer more coarsely while a
    knob is being dragged.  `describe(frame)` says in sentences what the frame shows, numbers in
    them.  `picture(frame)` draws the static face.  `view` is the ES module that draws frames.
    """

    id: str
    title: str
    view: Path
    predict: Prediction
    knobs: tuple[Knob, ...]
    compute: Callable[..., Frame]
    describe: Callable[[Frame], tuple[str, ...]]
    picture: Callable[[Frame], "Figure"]
    presets: tuple[Preset, ...] = ()
    missions: tuple[Mission, ...] = ()
    own: tuple[Own, ...] = ()
    also_breaks: tuple[str, ...] = ()  # misconceptions shown by a knob rather than by a preset
    fits: Callable[[Mapping[str, Any]], Settings] = lambda own: (
        NOTHING
    )  # starts that `own` calls for

    @property
    def breaks(self) -> tuple[str, ...]:
        """The misconceptions that this explorable can show, by catalogue id."""
        return tuple(p.breaks for p in self.presets if p.breaks) + self.also_breaks

    @property
    def start(self) -> dict[str, Any]:
        """Every knob at its start."""
        return {k.name: k.start for k in self.knobs}

    def knob(self, name: str) -> Knob:
        """The knob called `name`."""
        return _named(self.knobs, "name", name, f"{self.id} has no knob")

    def preset(self, name: str) -> Preset:
        """The preset called `name`."""
        return _named(self.presets, "name", name, f"{self.id} has no preset")

    def mission(self, id: str) -> Mission:
        """The mission called `id`."""
        return _named(self.missions, "id", id, f"{self.id} has no mission")

    def settings(self, changes: Settings = NOTHING, base: Settings = NOTHING) -> dict[str, Any]:
        """All knobs: at their start, then `base`, then `changes`; each checked."""
        asked = {**base, **changes}
        return self.start | {name: self.knob(name).clean(v) for name, v in asked.items()}

    def at(self, own: Mapping[str, Any] = NOTHING, fine: bool = True, **changes: Any) -> Frame:
        """The frame at these settings, other knobs at their start."""
        return self.compute(**self.settings(changes), **self.belongings(own), fine=fine)

    def belongings(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """The learner's things by name, `None` for those not given."""
        for name in own:
            _named(self.own, "name", name, f"{self.id} takes nothing called")
        return {o.name: own.get(o.name) for o in self.own}

    def link(self, settings: Settings) -> str:
        """A short text for these settings: `id?knob=value&...`, naming only what was changed."""
        parts = [
            f"{k.name}={quote(k.text(settings[k.name]), safe=':,.-+')}"
            for k in self.knobs
            if settings[k.name] != k.start
        ]
        return self.id + ("?" + "&".join(parts) if parts else "")

    def changes(self, link: str) -> dict[str, Any]:
        """What `link` sets: `id`, `id#preset`, `id?knob=value&...`, or preset and knobs."""
        head, _, query = link.partition("?")
        _, _, preset = head.partition("#")
        base = self.preset(preset).settings if preset else NOTHING
        pairs = parse_qsl(query, keep_blank_values=True)
        return {**base, **{name: self.knob(name).parse(value) for name, value in pairs}}

    def from_link(self, link: str) -> dict[str, Any]:
        """All knobs as `link` sets them."""
        return self.settings(self.changes(link))

    def check(self, mission: str, settings: Settings, frame: Frame) -> Verdict:
        """Whether these settings accomplish `mission`."""
        return self.mission(mission).check(settings, frame)


def _named(things: tuple[Any, ...], key: str, name: str, complaint: str) -> Any:
    for thing in things:
        if getattr(thing, key) == name:
            return thing
    names = ", ".join(repr(getattr(t, key)) for t in things) or "nothing"
    raise LookupError(f"{complaint} {name!r}; there is {names}.")


def number(value: float, digits: int = 3) -> str:
    """A number as people read it: few digits, a true minus sign, powers of ten written out."""
    if np.isnan(value):
        return "not a number"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size and not 1e-3 <= size < 1e5:
        mantissa, exponent = f"{value:.{max(digits - 2, 0)}e}".split("e")
        raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        times = mantissa.removesuffix(".0")
        return f"{'' if times == '1' else times + '·'}10{raised}".replace("-", "−")
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:.12g}".replace("-", "−")


def pack(arrays: Mapping[str, np.ndarray]) -> tuple[list[dict[str, Any]], bytes]:
    """Arrays as one block of bytes and its table of contents: name, kind, shape, offset.

    Real numbers travel as float32, whole numbers as int32, small ones as uint8; each array starts
    at a multiple of 8 so that the page can look at it in place.
    """
    contents, blocks, offset = [], [], 0
    for name, array in arrays.items():
        block = _travelling(np.asarray(array))
        raw = block.tobytes()
        contents.append(
            {"name": name, "kind": block.dtype.name, "shape": block.shape, "offset": offset}
        )
        blocks.append(raw + bytes(-len(raw) % 8))
        offset += len(blocks[-1])
    return contents, b"".join(blocks)


def _travelling(array: np.ndarray) -> np.ndarray:
    if array.dtype in (np.uint8, np.bool_):
        return np.ascontiguousarray(array, dtype=np.uint8)
    kind = np.int32 if np.issubdtype(array.dtype, np.integer) else np.float32
    return np.ascontiguousarray(array, dtype=kind)
