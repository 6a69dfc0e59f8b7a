"""The page of an explorable: one widget for all of them; each brings its own ES module.

The page sends where its knobs are; the newest setting wins, for the page holds back further ones
until the frame of the last has come.  A frame travels as one block of bytes.
"""

import io
import math
from collections.abc import Mapping
from typing import Any

import traitlets

from ..teach import text
from ..teach.explorable import NOTHING, Explorable, Frame, Mission, Settings, pack
from ..teach.progress import progress
from ..topics import find_explorable
from .base import Face, Panel, bundle, styles

_SEEDS = 1_000_000


def explore(what: str | Explorable, *, preset: str | None = None, **things: Any) -> "Explore":
    """Open an explorable: by id, by link (`id?knob=value`), or by preset (`id#preset`).

    Further keywords set knobs, or hand over something of your own, such as `backward=my_backward`.
    Raises `LookupError` for an unknown name and `KnobError` for a value that a knob cannot take.
    """
    explorable = what if isinstance(what, Explorable) else find_explorable(_id(what))
    base = explorable.changes(what) if isinstance(what, str) else {}
    if preset is not None:
        base |= explorable.preset(preset).settings
    mine = {o.name for o in explorable.own}
    own = {name: thing for name, thing in things.items() if name in mine}
    turned = {name: value for name, value in things.items() if name not in mine}
    asked = preset is not None or (isinstance(what, str) and what != explorable.id)
    return Explore(explorable, {**base, **turned}, own, directly=asked)


def _id(what: str) -> str:
    return what.partition("#")[0].partition("?")[0]


class Explore(Panel):
    """An explorable on the page.  `values` and `numbers` hold what it shows, exactly."""

    _css = styles("explorable")

    spec = traitlets.Dict().tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)
    gate = traitlets.Dict().tag(sync=True)
    frame = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes(b"").tag(sync=True)
    missions = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        explorable: Explorable,
        turned: Settings = NOTHING,
        own: Mapping[str, Any] = NOTHING,
        directly: bool = False,
    ):
        self.explorable, self._own, self._frames = explorable, own, 0
        self._mission: Mission | None = None  # the one that was begun last
        explorable.belongings(own)  # complains about anything it does not take
        self._first = explorable.settings({**explorable.fits(own), **turned})
        start = {**self._first, **self._seed(turned)}
        super().__init__(
            _esm=bundle(explorable.view),
            spec=_public(explorable, start, own),
            settings=start,
            gate=self._gate(directly or bool(turned or own)),
            missions=self._solved(),
        )
        self._turn(start)

    # What a learner may ask for in Python

    @property
    def title(self) -> str:
        return f"explorable {self.explorable.id}"

    @property
    def shown(self) -> Frame:
        """The frame of the present settings, with everything in it, in full precision."""
        return self._compute(self.settings)

    @property
    def values(self) -> dict[str, Any]:
        """The arrays and numbers of the present frame by name."""
        return {**self.shown.arrays, **self.shown.numbers}

    @property
    def link(self) -> str:
        """A short text that `explore` opens at these settings."""
        return self.explorable.link(self.explorable.settings(self.settings))

    def turn(self, **changes: Any) -> "Explore":
        """Set knobs from Python; the page follows."""
        self.on_turn({"settings": {**self.settings, **changes}, "fine": True})
        return self

    def face(self) -> Face:
        """The picture of the first frame, with the sentences that describe it as its alt text."""
        try:
            return _picture(self.explorable, self._compute(self._first))
        except Exception as error:  # noqa: BLE001 -- a learner's function may raise anything
            says = text.escape(f"{type(error).__name__}: {error}")
            return Face(html=f"<p>{text.escape(self.explorable.title)}: {says}</p>")

    # What the page sends

    def on_turn(self, content: dict[str, Any]) -> None:
        """The knobs moved: `settings`, and `fine` unless one is being dragged."""
        settings = self.explorable.settings(content["settings"])
        self._turn(settings, bool(content.get("fine", True)))

    def on_predict(self, content: dict[str, Any]) -> None:
        """A guess was committed to (`choice`), or the question was skipped (no `choice`)."""
        if self.gate["open"]:
            return
        choice, predict = content.get("choice"), self.explorable.predict
        if choice is not None:
            choice = range(len(predict.options))[int(choice)]
        right = None if choice is None else choice == predict.right
        progress().record("predict", self.explorable.id, choice=choice, right=right)
        self.gate = self._opened(choice)
        self._turn(self.explorable.settings(predict.at, self.settings))

    def on_mission(self, content: dict[str, Any]) -> None:
        """A mission begins: the knobs go where it starts."""
        self._mission = self.explorable.mission(content["mission"])
        self._turn(self.explorable.settings(self._mission.start, self.settings))

    # Within

    def _dispatch(self, widget: Any, content: dict[str, Any], buffers: list[memoryview]) -> None:
        with self.hold_sync():  # one message back for each that came
            self.problem = ""
            super()._dispatch(widget, content, buffers)

    def _compute(self, settings: Settings, fine: bool = True) -> Frame:
        e = self.explorable
        return e.compute(**e.settings(settings), **e.belongings(self._own), fine=fine)

    def _turn(self, settings: dict[str, Any], fine: bool = True) -> None:
        self.settings = settings
        try:
            whole = self._compute(settings, fine)
        except Exception as error:  # noqa: BLE001 -- it belongs on the page
            self.report(error)
            return
        shown = whole if self.gate["open"] else whole.without(self.explorable.predict.hides)
        says = [text.to_inline_html(s) for s in self.explorable.describe(shown)]
        contents, data = pack(shown.arrays)
        self._frames += 1
        with self.hold_sync():
            self.data = data
            self.frame = {
                "n": self._frames,
                "fine": fine,
                "contents": contents,
                "numbers": _plain(shown.numbers),
                "says": says,
            }
        if fine and self.gate["open"]:
            self._judge(settings, whole)

    def _judge(self, settings: Settings, frame: Frame) -> None:
        mission = self._mission
        if mission is None:
            return
        verdict, solved = mission.check(settings, frame), self.missions[mission.id]["solved"]
        if verdict.correct and not solved:
            progress().record("mission", f"{self.explorable.id}/{mission.id}", link=self.link)
        says = text.to_inline_html(verdict.says)
        new = {"solved": solved or verdict.correct, "state": verdict.state, "says": says}
        self.missions = {**self.missions, mission.id: new}

    def _solved(self) -> dict[str, Any]:
        done = {event.item for event in progress().events("mission")}
        new = {"solved": False, "state": "not attempted", "says": ""}
        return {
            m.id: {**new, "solved": f"{self.explorable.id}/{m.id}" in done}
            for m in self.explorable.missions
        }

    def _gate(self, directly: bool) -> dict[str, Any]:
        before = progress().events("predict", self.explorable.id)
        if before:
            return self._opened(before[-1].data.get("choice"))
        return self._opened(None) if directly else {"open": False}

    def _opened(self, choice: int | None) -> dict[str, Any]:
        predict = self.explorable.predict
        if choice is None:
            return {"open": True, "choice": None}
        words, says = predict.options[choice]
        return {
            "open": True,
            "choice": choice,
            "right": choice == predict.right,
            "guess": text.to_inline_html(words),
            "says": text.to_inline_html(says),
        }

    def _seed(self, turned: Settings) -> Settings:
        """The learner's own seed, for explorables that hide something, unless one was asked for.

        They have a slider `seed` that takes any; one of a few draws is the reader's own choice.
        """
        takes_any = any(
            k.name == "seed" and getattr(k, "high", 0) >= _SEEDS - 1 for k in self.explorable.knobs
        )
        seeded = takes_any and "seed" not in turned
        return {"seed": int(progress().learner, 16) % _SEEDS} if seeded else {}


def _public(e: Explorable, start: Settings, own: Mapping[str, Any]) -> dict[str, Any]:
    """What the page is told: nothing of answers, reasons or solutions."""
    return {
        "id": e.id,
        "title": e.title,
        "asks": text.to_inline_html(e.predict.asks),
        "options": [text.to_inline_html(words) for words, _ in e.predict.options],
        "knobs": [_plain(k.public()) for k in e.knobs],
        "presets": [
            {"name": p.name, "label": p.label, "settings": _plain(p.settings), "breaks": p.breaks}
            for p in e.presets
        ],
        "missions": [
            {"id": m.id, "asks": text.to_inline_html(m.asks), "start": _plain(m.start)}
            for m in e.missions
        ],
        "start": _plain(start),
        "own": sorted(own),
    }


def _plain(value: Any) -> Any:
    """`value` as strict JSON: numbers that are none (nan, infinity) become null."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "tolist"):  # NumPy's scalars and arrays
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _picture(explorable: Explorable, frame: Frame) -> Face:
    figure, file = explorable.picture(frame), io.BytesIO()
    figure.suptitle(explorable.title, x=0.01, ha="left", fontweight="bold", fontsize=11)
    figure.savefig(file, format="png", dpi=100, facecolor="white", metadata={"Software": None})
    says = " ".join(explorable.describe(frame)).replace("**", "").replace("`", "")
    return Face(png=file.getvalue(), alt=f"{explorable.title}. {says}")
