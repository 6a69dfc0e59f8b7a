"""Explorable 9, gradient through time: steps back, a text with walls, and clipping."""

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import scratch
from ...data import Vocabulary, prose
from ...models import CharRNN
from ...teach.explorable import (
    Choice,
    Explorable,
    Frame,
    KnobError,
    Mission,
    Numbers,
    Own,
    Prediction,
    Preset,
    Settings,
    Slider,
    done,
    not_yet,
    number,
    waiting,
)
from ...teach.train import cosine, fit, own_loss
from ...teach.verdict import Verdict
from . import cells
from .cells import Step, Weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure

H, I = 32, 8
TINY, HUGE = 1e-30, 1e30  # what a chart can show
MUCH = 30.0  # a gradient that has become so much longer has grown
PHRASES = {
    "return": "the function returns the value of the expression",
    "list": "a list of strings (or None) is the default",
    "class": "class Point: def __init__(self, x, y): pass",
}


# Steps back ---------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _unit(cell: str) -> Weights:
    """Weights whose recurrent matrices have the spectral radius 1."""
    return cells.random_weights(cell, H, I, 1.0)


def weights(cell: str, radius: float, forget: float) -> Weights:
    """`cells.random_weights` of 32 units, always from the same random numbers."""
    unit = _unit(cell)
    bias = unit.bias.copy()
    if cell in ("gru", "lstm"):
        bias[H : 2 * H] = forget
    return Weights(unit.w_ih, radius * unit.w_hh, bias)


def walk(cell: str, radius: float, forget: float, steps: int, push: float) -> list[Step]:
    """All steps from a random first state, with inputs of the size `push`."""
    rng = np.random.default_rng(1)
    size = 2 * H if cell == "lstm" else H
    start, xs = 0.5 * rng.normal(size=size), push * rng.normal(size=(steps, I))
    return cells.run(cell, xs, start, weights(cell, radius, forget))


def _jacobians(cell: str, radius: float, forget: float, steps: int, push: float) -> Frame:
    w = weights(cell, radius, forget)
    path = walk(cell, radius, forget, steps, push)
    with np.errstate(over="ignore", under="ignore"):
        curve = cells.stretches(path)
    roots = np.linalg.eigvals(w.w_hh[:H])
    states = np.array([step.state[:H] for step in path])
    return Frame(
        {
            "curve": np.clip(curve, TINY, HUGE),
            "powers": np.clip(radius ** np.arange(steps + 1.0), TINY, HUGE),
            "roots": np.stack([roots.real, roots.imag], 1),
        },
        {
            "tab": "jacobians",
            "cell": cell,
            "radius": radius,
            "steps": steps,
            "push": push,
            "last": float(curve[-1]),
            "power": float(radius**steps),
            "flat": float((np.abs(states) > 0.9).mean()),
        },
    )


# A text with walls --------------------------------------------------------------------------------


@cache
def reader() -> tuple[Weights, dict[str, np.ndarray], Vocabulary]:
    """A GRU of 32 units that has read 250 batches of the prose: its cell, its other weights."""
    vocabulary = prose().vocabulary
    scratch.manual_seed(0)
    engine: Any = scratch
    model = CharRNN(engine)(len(vocabulary), 16, H, "gru")
    windows = prose().windows("train", 32, 32, seed=0, steps=250)
    fit(model, windows, loss=own_loss, lr=1e-2, epochs=1, schedule=cosine(250), clip=1.0)
    p = {name: value.detach().numpy().astype(float) for name, value in model.named_parameters()}
    bias, inner = p["rnn.bias_ih_l0"].copy(), p["rnn.bias_hh_l0"]
    bias[: 2 * H] += inner[: 2 * H]
    p["inner"] = inner[2 * H :]  # added to U_n h inside the reset gate: not part of `Weights`
    return Weights(p["rnn.weight_ih_l0"], p["rnn.weight_hh_l0"], bias), p, vocabulary


@lru_cache(maxsize=64)
def _read(text: str, window: int, wall: str) -> tuple[np.ndarray, tuple[Step, ...]]:
    """Logits (T, V) after each character, and the steps of the cell."""
    cell, p, vocabulary = reader()
    xs = p["embed.weight"][vocabulary.encode(text)]
    h, steps = np.zeros(H), []
    for t, x in enumerate(xs):
        if wall == "forget" and t % window == 0:
            h = np.zeros(H)
        steps.append(cells.gru(x, h, cell, p["inner"]))
        h = steps[-1].state
    states = np.array([s.state for s in steps])
    return states @ p["head.weight"].T + p["head.bias"], tuple(steps)


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max())
    return e / e.sum()


def wall_before(place: int, window: int, wall: str) -> int:
    """The first place that the gradient from `place` can reach."""
    return 0 if wall == "none" else place - place % window


def gradient_lengths(text: str, place: int, window: int, wall: str) -> np.ndarray:
    """Length of the gradient of the loss at `place` with respect to the state after each character.

    0 behind the wall and after `place`.
    """
    _, p, vocabulary = reader()
    logits, steps = _read(text, window, wall)
    error = _softmax(logits[place])
    error[vocabulary.encode(text[place + 1])] -= 1
    g, found = error @ p["head.weight"], np.zeros(len(text))
    for t in range(place, wall_before(place, window, wall) - 1, -1):
        found[t] = np.linalg.norm(g)
        g = g @ steps[t].jacobian
    return found


def _text(phrase: str, place: float, window: int, wall: str, text: str | None) -> Frame:
    words = _own(text) if phrase == "yours" else PHRASES[phrase]
    at = min(int(place), len(words) - 2)
    vocabulary = reader()[2]
    p = _softmax(_read(words, window, wall)[0][at])
    kept = _softmax(_read(words, window, "detach")[0][at])
    right = int(vocabulary.encode(words[at + 1])[0])
    lengths = gradient_lengths(words, at, window, wall)
    best = np.argsort(-p, kind="stable")[:6]
    return Frame(
        {"lengths": lengths, "chances": p[best]},
        {
            "tab": "text",
            "words": words,
            "place": at,
            "window": window,
            "wall": wall,
            "first": wall_before(at, window, wall),
            "next": [vocabulary.symbols[i] for i in best],
            "right": float(p[right]),
            "kept": float(kept[right]),
            "changed": float(np.abs(p - kept).sum() / 2),
        },
    )


def _own(text: str | None) -> str:
    if text is None:
        raise KnobError('Pass your text: explore("gradient-through-time", text="...").')
    known = set(reader()[2].symbols)
    kept = "".join(c for c in str(text) if c in known)[:60]
    if len(kept) < 2:
        raise KnobError("Your text needs at least two characters of plain English.")
    return kept


# Clipping -----------------------------------------------------------------------------------------


def clipped(g: np.ndarray, clip: str, limit: float) -> np.ndarray:
    """The gradient after clipping by `norm`, by `value`, or not at all (`none`)."""
    if clip == "value":
        return np.clip(g, -limit, limit)
    size = float(np.linalg.norm(g))
    return g * min(1.0, limit / size) if clip == "norm" and size else g


def _clip(gradient: tuple[float, ...], clip: str, limit: float) -> Frame:
    g = np.array(gradient)
    after = clipped(g, clip, limit)
    before_size, after_size = (float(np.linalg.norm(v)) for v in (g, after))
    cosine = float(g @ after / (before_size * after_size)) if before_size and after_size else 1.0
    numbers = {
        "tab": "clip",
        "clip": clip,
        "limit": limit,
        "size": before_size,
        "after_size": after_size,
        "turned": float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))),
    }
    unit = after / after_size if after_size else after
    return Frame({"before": g, "after": after, "direction": unit}, numbers)


def compute(
    tab: str,
    cell: str,
    radius: float,
    forget: float,
    steps: int,
    push: float,
    phrase: str,
    place: float,
    window: int,
    wall: str,
    gradient: tuple[float, ...],
    clip: str,
    limit: float,
    text: str | None,
    fine: bool,
) -> Frame:
    """What the settings show; the same for a coarse frame."""
    if tab == "jacobians":
        return _jacobians(cell, radius, forget, steps, push)
    if tab == "text":
        return _text(phrase, place, window, wall, text)
    return _clip(gradient, clip, limit)


# Words --------------------------------------------------------------------------------------------


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    return {"jacobians": _say_steps, "text": _say_text, "clip": _say_clip}[frame["tab"]](frame)


_CELLS = {"linear": "linear cell", "tanh": "tanh cell", "gru": "GRU", "lstm": "LSTM"}


def _say_steps(frame: Frame) -> tuple[str, ...]:
    k, radius = frame["steps"], frame["radius"]
    says = [
        f"The recurrent matrix of the {_CELLS[frame['cell']]} has {H} eigenvalues, the largest of "
        f"size {number(radius)}; {number(radius)} to the power of {k} is {number(frame['power'])}."
    ]
    if "last" in frame.numbers:
        last = frame["last"]
        kind = (
            "vanished" if last < 1e-3
            else "exploded" if last > 1e3
            else "grown" if last > MUCH
            else "kept its size, roughly"
        )  # fmt: skip
        says.append(
            f"After {k} steps back a gradient of length 1 has the length {number(last)}: it has "
            f"{kind}."
        )
    if "flat" in frame.numbers and frame["cell"] == "tanh":
        says.append(
            f"{100 * frame['flat']:.0f} % of all states are beyond ±0.9, where tanh is nearly flat."
        )
    return tuple(says)


def _say_text(frame: Frame) -> tuple[str, ...]:
    words, at, first = frame["words"], frame["place"], frame["first"]
    lengths = frame["lengths"]
    seen = at - first + 1
    says = [
        f"After “{words[: at + 1][-12:]}” the network gives “{words[at + 1]}” a chance of "
        f"{number(frame['right'])}.",
        f"The gradient of this loss reaches {seen} of the {at + 1} characters read so far; at the "
        f"first of them its length is {number(float(lengths[first]))}, at the last "
        f"{number(float(lengths[at]))}.",
    ]
    if frame["wall"] == "detach":
        says.append(
            "Detaching changes no prediction: the state's value goes through the wall, its "
            "gradient does not."
        )
    if frame["wall"] == "forget":
        says.append(
            f"Setting the state to zero changes predictions: with the state kept the chance would "
            f"be {number(frame['kept'])}."
        )
    if frame["wall"] == "none":
        says.append(
            "Without a wall every loss reaches back to the beginning of the text: the whole "
            "history must be kept."
        )
    return tuple(says)


def _say_clip(frame: Frame) -> tuple[str, ...]:
    g, after = frame["before"], frame["after"]
    ways = {"none": "not clipped", "norm": "clipped by norm", "value": "clipped by value"}
    return (
        f"The gradient ({number(g[0])}, {number(g[1])}) of length {number(frame['size'])} is "
        f"{ways[frame['clip']]} at {number(frame['limit'])}.",
        f"What is left is ({number(after[0])}, {number(after[1])}) of length "
        f"{number(frame['after_size'])}, turned by {frame['turned']:.0f} degrees.",
    )


# Prediction and missions --------------------------------------------------------------------------

_GUESS = {"tab": "jacobians", "cell": "tanh", "radius": 1.5, "steps": 50, "push": 0.0}


def _prove(explorable: Explorable) -> int:
    exponent = np.log10(explorable.at(**_GUESS)["last"])
    return 3 - int(np.digitize(exponent, [-12, -3, 3]))


PREDICT = Prediction(
    "A tanh cell of 32 units has a recurrent matrix of spectral radius 1.5. A gradient of length 1 "
    "goes 50 steps back. How long is it then?",
    (
        (
            "About 10⁸: it explodes",
            (
                "A linear cell would do that: 1.5 to the power of 50 is 6·10⁸. Here every step "
                "also multiplies by the slopes of tanh, and large states have small slopes."
            ),
        ),
        (
            "About as long as it was",
            (
                "The matrix stretches, and the flat ends of tanh shrink. The units settle where "
                "both balance: exploding is bounded here."
            ),
        ),
        (
            "About a millionth: it vanishes",
            (
                "That happens at a smaller radius, or where inputs push the units into the flat "
                "ends of tanh. Without inputs the two effects balance."
            ),
        ),
        (
            "Nothing at all is left of it",
            (
                "At a radius of 0.5 it would be about 10⁻¹⁶ after 50 steps. A radius above one "
                "works against that."
            ),
        ),
    ),
    1,
    _prove,
    hides=("last", "curve", "flat"),
    at=_GUESS,
)


def _check_carry(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "jacobians":
        return waiting("Open the tab Steps back.")
    if frame["steps"] < 30 or frame["push"] < 0.5:
        return waiting("Keep at least 30 steps, and inputs of size 0.5 or more.")
    last = frame["last"]
    if 0.1 <= last <= 10:
        return done(
            f"After {frame['steps']} steps the length is {number(last)}: an open gate lets the "
            "gradient through, whatever the inputs do.",
            see="lstm-open",
        )
    return not_yet(f"After {frame['steps']} steps the length is {number(last)}, not 0.1 to 10.")


def _check_explode(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "jacobians" or frame["cell"] != "lstm":
        return waiting("Choose the LSTM in the tab Steps back.")
    last = frame["last"]
    if last > MUCH:
        return done(f"The length is {number(last)}: an LSTM can explode. It is clipped, too.")
    return not_yet(f"The length is {number(last)}, not above {MUCH:g}.")


def _check_wall(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "text":
        return waiting("Open the tab Text.")
    if frame["place"] < 12:
        return waiting("Look at a prediction further to the right.")
    reached = frame["place"] - frame["first"] + 1
    if frame["changed"] > 1e-9:
        return not_yet("The prediction has changed: the state was thrown away.")
    if reached > 5:
        return not_yet(f"The gradient reaches {reached} characters; let it reach at most 5.")
    return done(
        f"The gradient reaches {reached} characters, and no prediction changed: detaching cuts the "
        "gradient and keeps the value."
    )


def _check_turn(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "clip":
        return waiting("Open the tab Clip.")
    if frame["clip"] != "norm":
        return not_yet(f"This way turns the gradient by {frame['turned']:.0f} degrees.")
    if frame["after_size"] >= 0.99 * frame["size"]:
        return not_yet("Nothing is clipped here: lower the limit.")
    return done("Shorter, and pointing the same way: one factor for all numbers.")


MISSIONS = (
    Mission(
        "carry",
        "With inputs of size 0.5, carry a gradient over 30 steps: keep its length in 0.1 to 10.",
        _check_carry,
        lambda e: {"cell": "lstm", "forget": 3.0, "radius": 1.0},
        {"tab": "jacobians", "cell": "tanh", "radius": 1.0, "steps": 30, "push": 0.5},
    ),
    Mission(
        "explode",
        "Make the gradient of an LSTM more than 30 times as long as it was.",
        _check_explode,
        lambda e: {"steps": 100, "forget": 5.0, "radius": 1.7, "push": 1.0},
        {"tab": "jacobians", "cell": "lstm", "forget": 0.0, "radius": 1.0, "steps": 50},
    ),
    Mission(
        "wall",
        "Let the gradient reach at most 5 characters back without changing any prediction.",
        _check_wall,
        lambda e: {"wall": "detach", "window": 4},
        {"tab": "text", "wall": "none", "place": 23.0, "window": 10},
    ),
    Mission(
        "turn",
        "Shorten the gradient (100, 1) without turning it.",
        _check_turn,
        lambda e: {"clip": "norm"},
        {"tab": "clip", "clip": "value", "gradient": (100.0, 1.0), "limit": 1.0},
    ),
)


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """The length of the gradient and the eigenvalues; or the tab's own picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 3.0), layout="constrained")
    if frame["tab"] == "jacobians":
        _draw_steps(figure, frame)
    elif frame["tab"] == "text":
        _draw_text(figure.subplots(), frame)
    else:
        _draw_clip(figure.subplots(1, 2), frame)
    return figure


def _draw_steps(figure: Any, frame: Frame) -> None:
    left, right = figure.subplots(1, 2, width_ratios=[3, 1.3])
    left.semilogy(frame["powers"], ls="--", color="0.5")
    left.annotate("spectral radius to the power of k", (0.03, 0.9), xycoords="axes fraction",
                  color="0.4", fontsize=9)  # fmt: skip
    left.semilogy(frame["curve"], color="#0b63b0", lw=2.2)
    left.set(xlabel="steps back k", ylabel="length of the gradient")
    angle = np.linspace(0, 2 * np.pi, 100)
    right.plot(np.cos(angle), np.sin(angle), color="0.6", lw=1)
    right.plot(*frame["roots"].T, "o", ms=4, color="#b3541e", ls="")
    right.set(aspect=1, xlim=(-1.9, 1.9), ylim=(-1.9, 1.9), title="eigenvalues")


def _draw_text(axes: Any, frame: Frame) -> None:
    at = frame["place"]
    axes.bar(range(at + 1), frame["lengths"][: at + 1], color="#0b63b0")
    axes.axvline(frame["first"] - 0.5, color="#b3541e", ls="--")
    axes.set(xticks=range(at + 1), ylabel="length of the gradient")
    axes.set_xticklabels(["␣" if c == " " else c for c in frame["words"][: at + 1]])


def _draw_clip(axes: Any, frame: Frame) -> None:
    for ax, name, title in zip(axes, ("before", "after"), ("as it came", "clipped"), strict=True):
        x, y = frame[name]
        size = 1.2 * max(abs(x), abs(y), 1e-9)
        ax.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "lw": 2})
        ax.set(xlim=(-size, size), ylim=(-size, size), aspect=1, title=title)


# The explorable -----------------------------------------------------------------------------------

_STEPS, _TEXT, _CLIP = ("tab", ("jacobians",)), ("tab", ("text",)), ("tab", ("clip",))
KNOBS = (
    Choice(
        "tab",
        "Tab",
        "jacobians",
        options=(("jacobians", "Steps back"), ("text", "Text"), ("clip", "Clip")),
        on_stage=True,
    ),
    Choice(
        "cell",
        "Cell",
        "tanh",
        options=(("linear", "linear"), ("tanh", "tanh"), ("gru", "GRU"), ("lstm", "LSTM")),
        when=_STEPS,
    ),
    Slider("radius", "Spectral radius", 1.5, 0.3, 1.7, 0.05, when=_STEPS),
    Slider(
        "forget",
        "Bias of the gate that keeps (GRU, LSTM)",
        0.0,
        -2.0,
        6.0,
        0.5,
        when=_STEPS,
        about="The forget gate of the LSTM, the gate z of the GRU.",
    ),
    Slider("steps", "Steps", 50, 1, 100, 1, when=_STEPS),
    Slider("push", "Size of the inputs", 0.0, 0.0, 2.0, 0.1, when=_STEPS),
    Choice(
        "phrase",
        "Text",
        "return",
        options=(("return", "prose"), ("list", "brackets"), ("class", "code"), ("yours", "yours")),
        when=_TEXT,
    ),
    Slider("place", "Prediction after character", 23.0, 0.0, 58.0, 1.0, on_stage=True),
    Slider("window", "Window", 8, 1, 40, 1, "characters", when=_TEXT),
    Choice(
        "wall",
        "Between windows",
        "detach",
        options=(("detach", "detach"), ("forget", "set to zero"), ("none", "nothing")),
        when=_TEXT,
    ),
    Numbers("gradient", "Gradient", (100.0, 1.0), -100.0, 100.0, 1.0, on_stage=True),
    Choice(
        "clip",
        "Clip",
        "value",
        options=(("none", "not"), ("norm", "by norm"), ("value", "by value")),
        when=_CLIP,
    ),
    Slider("limit", "Limit", 1.0, 0.1, 100.0, 0.1, log=True, when=_CLIP),
)


def _fits(own: Mapping[str, Any]) -> Settings:
    return {"tab": "text", "phrase": "yours"} if own.get("text") is not None else {}


_ON = {"tab": "jacobians", "steps": 50}
EXPLORABLE = Explorable(
    "gradient-through-time",
    "Gradient through time",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    (
        Preset("vanish", "Vanish", {**_ON, "cell": "tanh", "radius": 0.5}),
        Preset("linear", "Linear cell", {**_ON, "cell": "linear", "radius": 1.5}),
        Preset("saturated", "“Always explodes”", {**_ON, "cell": "tanh", "push": 1.0}, "S-06"),
        Preset("lstm", "LSTM as it comes", {**_ON, "cell": "lstm", "radius": 1.0, "push": 0.5}),
        Preset(
            "lstm-open",
            "LSTM, gate open",
            {**_ON, "cell": "lstm", "radius": 1.0, "push": 0.5, "forget": 3.0},
        ),
        Preset(
            "lstm-explodes",
            "“An LSTM is safe”",
            {**_ON, "cell": "lstm", "steps": 100, "forget": 5.0, "push": 1.0, "radius": 1.7},
            "S-07",
        ),
        Preset("truncated", "Truncated", {"tab": "text"}),
        Preset("whole", "Nothing detached", {"tab": "text", "wall": "none"}, "S-02"),
        Preset(
            "forget", "“Detach forgets”", {"tab": "text", "wall": "forget", "place": 25.0}, "S-03"
        ),
        Preset("detach-inside", "Detached at every step", {"tab": "text", "window": 1}, "S-04"),
        Preset("clip-norm", "Clip by norm", {"tab": "clip", "clip": "norm"}),
        Preset("clip-value", "Clip by value", {"tab": "clip", "clip": "value"}, "O-17"),
    ),
    MISSIONS,
    (Own("text", "a text of up to 60 characters"),),
    fits=_fits,
)
