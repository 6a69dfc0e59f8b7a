"""Explorable 3, the backprop microscope: gradients node by node, and the bug behind a table."""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...data import Part, digits
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
    Toggle,
    done,
    not_yet,
    number,
    options,
    waiting,
)
from ...teach.verdict import Verdict
from . import rules
from ._microscope_says import BACKWARD, FORWARD, describe, edge_says, picture, step_says
from .rules import NAMES, RULES, WRONG, Batch, Gradients, Weights

STEPS = len(FORWARD) + len(BACKWARD)
ROUNDS = ("hidden-1", "hidden-2", "hidden-3")
TIGHT = 1e-6  # a check passes below this relative error: far above round-off, far below any bug


# The network and its digits -----------------------------------------------------------------------


@lru_cache(maxsize=8)
def _trained(steps: int) -> Weights:
    """The 64-16-10 network after some steps of gradient descent on 200 digits."""
    if steps == 0:
        return rules.init(np.random.default_rng(3))
    w, batch = _trained(0), _first(200)
    for _ in range(steps):
        w = Weights(
            *(p - 0.5 * g for p, g in zip(w, rules.backward(batch, w).weights, strict=True))
        )
    return w


@cache
def _train() -> Part:
    return digits().train


def _first(n: int, start: int = 0) -> Batch:
    part = _train()
    return Batch(part.x[start : start + n].astype(np.float64), part.y[start : start + n])


class Crop(NamedTuple):
    """The few units that the graph shows, of 64, 16 and 10."""

    pixels: tuple[int, ...]
    hidden: tuple[int, ...]
    logits: tuple[int, ...]


def _crop(batch: Batch, w: Weights) -> Crop:
    """A grey pixel of each quarter, three hidden units, the label and its rival."""
    t = rules.forward(batch, w)
    grey = batch.x[0] * (batch.x[0] < 1)  # not full ink: times 1 would teach little
    image = grey.reshape(8, 8)
    pixels = [
        int((r + k // 4) * 8 + c + k % 4)
        for r in (0, 4)
        for c in (0, 4)
        for k in [int(image[r : r + 4, c : c + 4].argmax())]
    ]
    order = np.argsort(-t.z1[0])  # two live units and, with luck, a dead one
    rival = next(int(k) for k in np.argsort(-t.logits[0]) if k != batch.y[0])
    hidden = (int(order[0]), int(order[1]), int(order[-1]))
    return Crop(tuple(pixels), hidden, (int(batch.y[0]), rival))


class Scene(NamedTuple):
    """Everything that does not depend on the backward rule."""

    batch: Batch
    w: Weights
    crop: Crop
    trace: rules.Trace
    numerical: Weights


@lru_cache(maxsize=64)
def _scene(
    sample: int, batch: str, age: str, eps: float, edge: str, nudge: float, ink: tuple[float, ...]
) -> Scene:
    data, w = _first(int(batch), sample), _trained(int(age))
    crop = _crop(data, w)
    data.x[0] = np.clip(data.x[0] + ink, 0, 1)
    w = _nudged(w, crop, edge, nudge)
    return Scene(data, w, crop, rules.forward(data, w), rules.numerical(data, w, eps))


def _nudged(w: Weights, crop: Crop, edge: str, nudge: float) -> Weights:
    tail, head = edge.split("-")
    if nudge == 0 or tail[0] not in "xa":
        return w
    W1, W2 = w.W1.copy(), w.W2.copy()
    if tail[0] == "x":
        W1[crop.pixels[int(tail[1])], crop.hidden[int(head[1])]] += nudge
    else:
        W2[crop.hidden[int(tail[1])], int(head[1])] += nudge
    return w._replace(W1=W1, W2=W2)


# The learner's own backward pass ------------------------------------------------------------------

Backward = Callable[..., tuple[np.ndarray, ...]]


def _own_rule(function: Backward) -> Callable[[Batch, Weights], Gradients]:
    """Wrap `backward(x, y, W1, b1, W2, b2) -> dW1, db1, dW2, db2` as a rule.

    What it sends through the graph is read from its weight gradients on a batch of N copies of the
    first digit, which has N times that digit's share of the mean: divide by the layer's input.
    """

    def rule(batch: Batch, w: Weights) -> Gradients:
        N, K = len(batch.y), len(w.b2)
        weights = _call(function, batch, w)
        copies = Batch(np.repeat(batch.x[:1], N, axis=0), np.repeat(batch.y[:1], N))
        share = _call(function, copies, w)
        d_logits = _upstream(rules.forward(copies, w).a1[0], share.W2, share.b2) / N  # (1, K)
        d_z1 = _upstream(copies.x[0], share.W1, share.b1) / N  # (1, H)
        paths = d_logits.reshape(1, 1, K) * w.W2
        return Gradients(d_logits, paths, paths.sum(axis=2), d_z1, weights)

    return rule


def _upstream(inputs: np.ndarray, d_weight: np.ndarray, d_bias: np.ndarray) -> np.ndarray:
    """The gradient above a layer, from those of its weight (D, H) and, if all is dark, its bias."""
    brightest = int(np.abs(inputs).argmax())
    if inputs[brightest] == 0:
        return d_bias[None]
    return (d_weight[brightest] / inputs[brightest])[None]


def _call(function: Backward, batch: Batch, w: Weights) -> Weights:
    """Call the learner's function on copies, and check what it returns."""
    found = function(batch.x.copy(), batch.y.copy(), *(p.copy() for p in w))
    if not isinstance(found, tuple | list) or len(found) != 4:
        raise TypeError("backward should return four arrays: dW1, db1, dW2, db2.")
    gradients = Weights(*(np.asarray(g) for g in found))
    for name, g, p in zip(NAMES, gradients, w, strict=True):
        if g.shape != p.shape:
            cure = " (its transpose would fit)" if g.T.shape == p.shape else ""
            raise ValueError(f"d{name} has shape {g.shape}; {name} has {p.shape}{cure}.")
        if g.dtype.kind != "f":
            raise TypeError(f"d{name} should hold real numbers, not {g.dtype}.")
    return gradients


# The frame ----------------------------------------------------------------------------------------


def planted(seed: int) -> tuple[str, ...]:
    """The rules hidden in the three rounds of the mission, for this seed."""
    names = [rule.name for rule in WRONG]
    return tuple(np.random.default_rng([seed, 2]).permutation(names)[: len(ROUNDS)].tolist())


def compute(
    rule: str,
    step: int,
    edge: str,
    fan_out: bool,
    sample: int,
    batch: str,
    age: str,
    eps: float,
    nudge: float,
    ink: tuple[float, ...],
    named: str,
    seed: int,
    *,
    backward: Backward | None = None,
    fine: bool = True,
) -> Frame:
    """One digit's way through the network and back, and the gradient check of the whole batch."""
    scene = _scene(sample, batch, age, eps, edge, nudge, ink)
    hidden = rule in ROUNDS
    actual = planted(seed)[ROUNDS.index(rule)] if hidden else rule
    made = _rule(actual, backward)(scene.batch, scene.w)
    right = rules.backward(scene.batch, scene.w)
    table = [_row(*row) for row in zip(NAMES, made.weights, scene.numerical, strict=True)]
    found = rules.diagnose(made.weights, scene.batch, scene.w)
    numbers = {
        "N": len(scene.batch.y),
        "label": int(scene.batch.y[0]),
        "loss": scene.trace.loss,
        "hidden": hidden,
        "crop": scene.crop._asdict(),
        "table": table,
        "nodes": STEPS,
    }
    arrays = _forward_arrays(scene)
    if hidden:
        return Frame(arrays, numbers, {"rule": actual, "table": table})
    numbers |= {
        "verdict": {
            "rule": found.rule,
            "says": found.says,
            "wrong": found.wrong,
            "alike": found.alike,
        },
        "edge": edge_says(edge, scene, made, right),
        "step": step_says(step, scene, made),
    }
    return Frame(arrays | _backward_arrays(scene, made, right), numbers)


def _rule(name: str, backward: Backward | None) -> Callable[[Batch, Weights], Gradients]:
    if name != "yours":
        return RULES[name]
    if backward is None:
        raise KnobError("Pass your function: explore('backprop-microscope', backward=yours).")
    return _own_rule(backward)


def _row(name: str, made: np.ndarray, trusted: np.ndarray) -> dict[str, Any]:
    close = rules.agreement(made, trusted)
    return {
        "name": name,
        "shape": list(made.shape),
        "yours": float(np.linalg.norm(made)),
        "numerical": float(np.linalg.norm(trusted)),
        "error": close.error,
        "cosine": close.cosine,
        "ratio": close.ratio,
        "ok": bool(close.error < TIGHT),
    }


def _forward_arrays(scene: Scene) -> dict[str, np.ndarray]:
    c, t = scene.crop, scene.trace
    pixels, hidden = list(c.pixels), list(c.hidden)
    return {
        "image": scene.batch.x[0],
        "x": scene.batch.x[0, pixels],
        "z": t.z1[0, hidden],
        "a": t.a1[0, hidden],
        "logits": t.logits[0],
        "p": t.p[0],
        "W1": scene.w.W1[np.ix_(pixels, hidden)],
        "W2": scene.w.W2[hidden],
    }


def _backward_arrays(scene: Scene, made: Gradients, right: Gradients) -> dict[str, np.ndarray]:
    hidden = list(scene.crop.hidden)
    return {
        "g_logits": made.logits[0],
        "g_paths": made.paths[0, hidden],
        "g_a": made.a1[0, hidden],
        "g_z": made.z1[0, hidden],
        "g_image": scene.w.W1 @ made.z1[0],
        "right_logits": right.logits[0],
        "right_a": right.a1[0, hidden],
        "right_z": right.z1[0, hidden],
    }


# Missions -----------------------------------------------------------------------------------------


def _check_name(round_: str) -> Callable[[Settings, Frame], Verdict]:
    def check(settings: Settings, frame: Frame) -> Verdict:
        if settings["rule"] != round_ or not settings["named"]:
            return waiting("Read the table, then name the rule that made it.")
        named, actual = RULES[settings["named"]], RULES[frame.secret["rule"]]
        if named is actual:
            says = f"Yes: {actual.label.lower()}. {actual.mark}"
            return done(says, see=f"backprop-microscope#{actual.name}")
        return not_yet(f"“{named.label}” would look different: {_decapital(named.mark)}")

    return check


def _decapital(text: str) -> str:
    return text[0].lower() + text[1:] if not text.startswith(("W1", "W2")) else text


def _solve_name(round_: str) -> Callable[[Explorable], Settings]:
    """Name the rule as a learner would: by the table alone, against the tables of all nine."""

    def solve(explorable: Explorable) -> Settings:
        seen = _numbers(explorable.at(rule=round_)["table"])
        away = {
            r.name: np.abs(_numbers(explorable.at(rule=r.name)["table"]) - seen).max()
            for r in WRONG
        }
        return {"rule": round_, "named": min(away, key=lambda name: away[name])}

    return solve


def _numbers(table: list[dict[str, Any]]) -> np.ndarray:
    return np.array([[row["cosine"], np.log(row["ratio"])] for row in table])


def _check_invisible(settings: Settings, frame: Frame) -> Verdict:
    if settings["rule"] != "forgot-mean":
        return waiting("Choose the rule “mean over the batch forgotten” first.")
    N = frame["N"]
    if N > 1:
        return not_yet(f"With N = {N} every gradient is {N} times too long.")
    return done(
        "With one example, dividing by N = 1 changes nothing: a gradient check on a batch of one "
        "cannot see this bug, so check on several."
    )


def _check_alarm(settings: Settings, frame: Frame) -> Verdict:
    if settings["rule"] != "correct":
        return waiting("Choose the correct rule: it is the check that is to fail.")
    worst = max(row["error"] for row in frame["table"])
    if worst <= 1e-3:
        return not_yet(f"The largest error is {number(worst)}; make it exceed 0.001.")
    why = (
        "so small a step drowns in round-off"
        if settings["eps"] < 1e-8
        else "so large a step measures a chord instead of the slope, and crosses ReLU's kinks"
    )
    return done(
        f"The gradient is right and the error is {number(worst)}: {why}. Best is near 1e-5."
    )


MISSIONS = (
    *(
        Mission(
            f"name-{i}",
            f"Round {i} of 3: a bug is planted and the graph is dark. Name it from the table.",
            _check_name(round_),
            _solve_name(round_),
            {"rule": round_, "named": "", "batch": "32", "eps": 1e-5},
        )
        for i, round_ in enumerate(ROUNDS, 1)
    ),
    Mission(
        "invisible",
        "Make the forgotten mean pass the gradient check.",
        _check_invisible,
        lambda e: {"rule": "forgot-mean", "batch": "1"},
        {"rule": "forgot-mean"},
    ),
    Mission(
        "false-alarm",
        "Make the gradient check reject the correct rule.",
        _check_alarm,
        lambda e: {"rule": "correct", "eps": 1e-12},
        {"rule": "correct"},
    ),
)


# The prediction -----------------------------------------------------------------------------------

_SETS = (("W1", "b1", "W2", "b2"), ("W1", "b1"), ("W2", "b2"), ())


def _prove(explorable: Explorable) -> int:
    return _SETS.index(explorable.at(rule="no-activation-derivative")["verdict"]["wrong"])


PREDICT = Prediction(
    "Someone forgets ReLU's derivative in the backward pass: `d_z1 = d_a1` instead of "
    "`d_z1 = d_a1 * (z1 > 0)`. Which gradients come out wrong?",
    (
        (
            "All four: W1, b1, W2 and b2",
            "Two of them are still right. The gradients of W2 and b2 are made before the backward "
            "pass reaches ReLU; a mistake spoils only what comes after it, towards the input.",
        ),
        (
            "Only W1 and b1",
            "The backward pass has already made the gradients of W2 and b2 when it reaches ReLU; "
            "the mistake spoils only what comes after it, towards the input.",
        ),
        (
            "Only W2 and b2",
            "That would be the order of the forward pass. Backwards, W2 and b2 get their gradients "
            "first, before ReLU is reached; W1 and b1 come after it and are spoilt.",
        ),
        (
            "None: ReLU has no parameters",
            "It has none, but the gradients of W1 and b1 pass through it. Where a unit is off, "
            "nothing should pass; without the derivative something does.",
        ),
    ),
    1,
    _prove,
    hides=(
        "table", "verdict", "edge", "step", "g_logits", "g_paths", "g_a", "g_z", "g_image",
        "right_logits", "right_a", "right_z",
    ),
    at={"rule": "no-activation-derivative"},
)  # fmt: skip


# The explorable -----------------------------------------------------------------------------------

_RULE_OPTIONS = (
    *((rule.name, rule.label) for rule in RULES.values()),
    ("yours", "Your own function"),
    *((round_, f"Hidden, round {i}") for i, round_ in enumerate(ROUNDS, 1)),
)
_NAMES = (("", "choose"), *((rule.name, rule.label) for rule in WRONG))
_EDGES = (
    *(f"x{i}-z{j}" for i in range(4) for j in range(3)),
    *(f"z{j}-a{j}" for j in range(3)),
    *(f"a{j}-o{k}" for j in range(3) for k in range(10)),
    *(f"o{k}-loss" for k in range(10)),
)

KNOBS = (
    Choice(
        "rule",
        "Backward rule",
        "no-activation-derivative",
        options=_RULE_OPTIONS,
        on_stage=True,
        about="The correct backward pass, one of nine wrong ones, or your own.",
    ),
    Slider("step", "Step", STEPS, 0, STEPS, 1, on_stage=True),
    Choice("edge", "Edge", "z2-a2", options=options(*_EDGES), on_stage=True),
    Slider("sample", "Sample number", 0, 0, 39, 1, about="Which digit goes through the network."),
    Choice(
        "batch",
        "Batch size",
        "32",
        options=options("1", "8", "32"),
        about="How many digits the loss is the mean of.",
    ),
    Choice("age", "Steps trained before", "20", options=options("0", "20", "200")),
    Slider(
        "eps",
        "Step of the numerical gradient",
        1e-5,
        1e-12,
        0.1,
        1,
        log=True,
        about="Each parameter is moved up and down by this much.",
    ),
    Toggle(
        "fan_out",
        "Show all ten logits",
        False,
        about="A hidden unit feeds ten logits, so ten gradients come back to it.",
    ),
    Slider("nudge", "Change of the edge's weight", 0.0, -3.0, 3.0, 0.01, on_stage=True),
    Numbers("ink", "Ink added to the pixels", (0.0,) * 64, -1.0, 1.0, 0.1, on_stage=True),
    Choice("named", "The bug is", "", options=_NAMES, on_stage=True),
    Slider("seed", "Seed of the hidden rounds", 0, 0, 999_999, 1, on_stage=True),
)


def _fits(own: Mapping[str, Any]) -> Settings:
    return {"rule": "yours"} if own.get("backward") else {}


EXPLORABLE = Explorable(
    "backprop-microscope",
    "Backprop microscope",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    tuple(Preset(r.name, r.label, {"rule": r.name}, r.misconception) for r in RULES.values()),
    MISSIONS,
    (Own("backward", "backward(x, y, W1, b1, W2, b2) -> dW1, db1, dW2, db2"),),
    also_breaks=("B-11", "B-12"),
    fits=_fits,
)
