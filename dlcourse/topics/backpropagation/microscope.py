"""Explorable 3, the backprop microscope: gradients node by node, and the bug behind a table."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...data import digits
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
)
from ...teach.verdict import Verdict
from . import rules
from .rules import NAMES, RULES, WRONG, Batch, Gradients, Weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORWARD = ("z0", "z1", "z2", "a0", "a1", "a2", "o0", "o1", "loss")
BACKWARD = ("loss", "o0", "o1", "a0", "a1", "a2", "z0", "z1", "z2", "x")
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


def _first(n: int, start: int = 0) -> Batch:
    part = digits().train
    return Batch(part.x[start : start + n].astype(np.float64), part.y[start : start + n])


class Crop(NamedTuple):
    """The few units that the graph shows, of 64, 16 and 10."""

    pixels: tuple[int, ...]
    hidden: tuple[int, ...]
    logits: tuple[int, ...]


def _crop(batch: Batch, w: Weights) -> Crop:
    """The brightest pixel of each quarter, three hidden units, the label and its rival."""
    t = rules.forward(batch, w)
    image = batch.x[0].reshape(8, 8)
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

    What it sends through the graph is read from the biases: a batch of N copies of the first digit
    has N times that digit's share of the mean.
    """

    def rule(batch: Batch, w: Weights) -> Gradients:
        N = len(batch.y)
        weights = _call(function, batch, w)
        copies = Batch(np.repeat(batch.x[:1], N, axis=0), np.repeat(batch.y[:1], N))
        share = _call(function, copies, w)
        d_logits = share.b2[None] / N  # (1, K)
        paths = d_logits[:, None, :] * w.W2
        return Gradients(d_logits, paths, paths.sum(axis=2), share.b1[None] / N, weights)

    return rule


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
        "edge": _edge(edge, scene, made, right),
        "step": _step(step, scene, made),
    }
    return Frame(arrays | _backward_arrays(scene, made, right), numbers)


def _rule(name: str, backward: Backward | None) -> Callable[[Batch, Weights], Gradients]:
    if name != "yours":
        return RULES[name]
    if backward is None:
        raise KnobError("Pass your function first: explore('backprop-microscope', backward=yours).")
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


# Words --------------------------------------------------------------------------------------------


def _edge(edge: str, scene: Scene, made: Gradients, right: Gradients) -> dict[str, Any]:
    """The arithmetic on one edge: what came from above, times the local derivative, is passed on."""
    tail, head = edge.split("-")
    j, k = int(tail[1]) if tail[0] != "o" else 0, int(head[1]) if head != "loss" else 0
    if tail[0] == "x":
        return _pixel_edge(j, k, scene, made)
    if tail[0] == "z":
        return _gate_edge(j, scene, made, right)
    if tail[0] == "a":
        return _logit_edge(j, k, scene, made)
    return _loss_edge(int(tail[1]), scene, made, right)


def _product(to: str, above: tuple[str, float], local: tuple[str, float], gives: tuple[str, float]):
    return {"to": to, "upstream": above, "local": local, "product": gives}


def _pixel_edge(i: int, j: int, scene: Scene, made: Gradients) -> dict[str, Any]:
    pixel, unit = scene.crop.pixels[i], scene.crop.hidden[j]
    x, weight, g = scene.batch.x[0, pixel], scene.w.W1[pixel, unit], made.z1[0, unit]
    above = (f"∂L/∂z{_sub(unit)}", float(g))
    return {
        "title": f"From the pixel in row {pixel // 8 + 1}, column {pixel % 8 + 1} to hidden unit {unit}",
        "weight": float(weight),
        "products": [
            _product(
                "the weight", above, (f"∂z{_sub(unit)}/∂w = x", float(x)), ("∂L/∂w", float(g * x))
            ),
            _product(
                "the pixel",
                above,
                (f"∂z{_sub(unit)}/∂x = w", float(weight)),
                ("∂L/∂x, one of 16 terms", float(g * weight)),
            ),
        ],
        "note": _share("w", made.weights.W1[pixel, unit], len(scene.batch.y)),
    }


def _logit_edge(j: int, k: int, scene: Scene, made: Gradients) -> dict[str, Any]:
    unit = scene.crop.hidden[j]
    a, g = scene.trace.a1[0, unit], made.logits[0, k]
    path = made.paths[0, unit, k]
    local = path / g if g else scene.w.W2[unit, k]
    above = (f"∂L/∂o{_sub(k)}", float(g))
    return {
        "title": f"From hidden unit {unit} to the logit of class {k}",
        "weight": float(scene.w.W2[unit, k]),
        "products": [
            _product(
                "the weight",
                above,
                (f"∂o{_sub(k)}/∂w = a{_sub(unit)}", float(a)),
                ("∂L/∂w", float(g * a)),
            ),
            _product(
                f"hidden unit {unit}",
                above,
                (f"∂o{_sub(k)}/∂a{_sub(unit)} = w", float(local)),
                (f"one of ten paths into ∂L/∂a{_sub(unit)}", float(path)),
            ),
        ],
        "note": (
            f"The ten paths add up to {_n(made.paths[0, unit].sum())}; this rule passes on "
            f"{_n(made.a1[0, unit])}. " + _share("w", made.weights.W2[unit, k], len(scene.batch.y))
        ),
    }


def _gate_edge(j: int, scene: Scene, made: Gradients, right: Gradients) -> dict[str, Any]:
    unit = scene.crop.hidden[j]
    z, above, passed = scene.trace.z1[0, unit], made.a1[0, unit], made.z1[0, unit]
    slope = float(z > 0)
    used = passed / above if above else slope
    state = f"z{_sub(unit)} = {_n(z)} is {'positive: ReLU passes the gradient on' if z > 0 else 'not positive: ReLU stops the gradient'}."
    wrong = (
        ""
        if np.isclose(used, slope)
        else f" This rule multiplies by {_n(used)} instead of {slope:g}."
    )
    return {
        "title": f"Through the ReLU of hidden unit {unit}",
        "products": [
            _product(
                "the unit's sum",
                (f"∂L/∂a{_sub(unit)}", float(above)),
                ("slope of ReLU", float(used)),
                (f"∂L/∂z{_sub(unit)}", float(passed)),
            )
        ],
        "note": state + wrong,
        "wrong": bool(wrong),
    }


def _loss_edge(k: int, scene: Scene, made: Gradients, right: Gradients) -> dict[str, Any]:
    N, p, y = len(scene.batch.y), scene.trace.p[0, k], int(k == scene.batch.y[0])
    should, is_ = right.logits[0, k], made.logits[0, k]
    wrong = "" if np.isclose(should, is_) else f" This rule has {_n(is_)}."
    return {
        "title": f"From the logit of class {k} to the loss",
        "products": [
            _product(
                f"logit {k}",
                ("∂L/∂L", 1.0),
                (f"∂L/∂o{_sub(k)}", float(is_)),
                (f"∂L/∂o{_sub(k)}", float(is_)),
            )
        ],
        "note": f"Softmax and cross-entropy together: (p − y) / N = ({_n(p)} − {y}) / {N} = {_n(should)}.{wrong}",
        "wrong": bool(wrong),
    }


def _share(name: str, total: float, N: int) -> str:
    return f"Over the batch of {N}, ∂L/∂{name} = {_n(total)}." if N > 1 else ""


def _step(step: int, scene: Scene, made: Gradients) -> str:
    """The sentence of the node that was computed last."""
    if step == 0:
        return "Nothing is computed yet: only the digit is known."
    if step <= len(FORWARD):
        return _forward_step(FORWARD[step - 1], scene)
    return _backward_step(BACKWARD[step - len(FORWARD) - 1], scene, made)


def _forward_step(node: str, scene: Scene) -> str:
    t, crop = scene.trace, scene.crop
    if node == "loss":
        y = int(scene.batch.y[0])
        return f"Forward: the loss of this digit is −log p{_sub(y)} = −log {_n(t.p[0, y])} = {_n(-np.log(t.p[0, y]))}."
    i = int(node[1])
    if node[0] == "o":
        k = crop.logits[i]
        return f"Forward: logit {k} = 16 products of activation and weight, plus a bias = {_n(t.logits[0, k])}, so p{_sub(k)} = {_n(t.p[0, k])}."
    unit = crop.hidden[i]
    if node[0] == "z":
        return f"Forward: z{_sub(unit)} = 64 products of pixel and weight, plus a bias = {_n(t.z1[0, unit])}."
    return f"Forward: a{_sub(unit)} = max({_n(t.z1[0, unit])}, 0) = {_n(t.a1[0, unit])}."


def _backward_step(node: str, scene: Scene, made: Gradients) -> str:
    crop = scene.crop
    if node == "loss":
        return "Backward: it begins with ∂L/∂L = 1."
    if node == "x":
        return f"Backward: each weight gets upstream × input, and the pixels' own gradients are drawn on the digit (largest {_n(np.abs(scene.w.W1 @ made.z1[0]).max())})."
    i = int(node[1])
    if node[0] == "o":
        k = crop.logits[i]
        return f"Backward: ∂L/∂o{_sub(k)} = {_n(made.logits[0, k])}."
    unit = crop.hidden[i]
    if node[0] == "a":
        return f"Backward: ∂L/∂a{_sub(unit)} = {_n(made.a1[0, unit])}, gathered from ten logits whose paths sum to {_n(made.paths[0, unit].sum())}."
    return f"Backward: ∂L/∂z{_sub(unit)} = {_n(made.z1[0, unit])}, after the gate of z{_sub(unit)} = {_n(scene.trace.z1[0, unit])}."


def _n(value: float) -> str:
    """A number as people read it: three significant digits and a true minus sign."""
    text = f"{value:.3g}"
    return text.replace("-", "−")


def _sub(index: int) -> str:
    return str(index).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    y = frame["label"]
    says = [
        f"The digit is a {y}; the network gives it probability {_n(frame['p'][y])}, and the mean "
        f"loss over {_digits(frame['N'])} is {_n(frame['loss'])}."
    ]
    if "step" in frame.numbers:
        says.append(frame["step"])
    if "table" in frame.numbers:
        says.append(_table_says(frame["table"]))
    if "verdict" in frame.numbers:
        says.append(frame["verdict"]["says"])
    return tuple(says)


def _digits(n: int) -> str:
    return f"{n} digits" if n > 1 else "this one digit"


def _table_says(table: list[dict[str, Any]]) -> str:
    off = [row["name"] for row in table if not row["ok"]]
    worst = max(table, key=lambda row: row["error"])
    if not off:
        return f"All four gradients agree with the numerical ones; the largest relative error is {_n(worst['error'])}, for {worst['name']}."
    fine = [row["name"] for row in table if row["ok"]]
    agree = (
        f"{_and(fine)} {'agrees' if len(fine) == 1 else 'agree'} with the numerical gradient; "
        if fine
        else ""
    )
    return f"{agree}{_and(off)} {'does' if len(off) == 1 else 'do'} not: relative error up to {_n(worst['error'])}."


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


# Missions -----------------------------------------------------------------------------------------


def _check_name(round_: str) -> Callable[[Settings, Frame], Verdict]:
    def check(settings: Settings, frame: Frame) -> Verdict:
        if settings["rule"] != round_ or not settings["named"]:
            return Verdict("not attempted", "Read the table, then name the rule that made it.")
        named, actual = RULES[settings["named"]], RULES[frame.secret["rule"]]
        if named is actual:
            return Verdict(
                "correct",
                f"Yes: {actual.label.lower()}. {actual.mark}",
                1.0,
                see=f"backprop-microscope#{actual.name}",
            )
        return Verdict(
            "not yet",
            f"“{named.label}” would look different: {_decapital(named.mark)} Compare that with the table.",
        )

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
        return Verdict("not attempted", "Choose the rule “mean over the batch forgotten” first.")
    if all(row["ok"] for row in frame["table"]):
        return Verdict(
            "correct",
            "Yes: with one example, dividing by N = 1 changes nothing. A gradient check on a batch of one cannot see this bug, so check on several.",
            1.0,
        )
    return Verdict(
        "not yet", f"With N = {frame['N']} every gradient is {frame['N']} times too long."
    )


def _check_noise(settings: Settings, frame: Frame) -> Verdict:
    if settings["rule"] != "correct":
        return Verdict("not attempted", "Choose the correct rule: it is the check that is to fail.")
    worst = max(row["error"] for row in frame["table"])
    if worst > 1e-3:
        why = (
            "so small a step drowns in round-off"
            if settings["eps"] < 1e-8
            else "so large a step measures a chord, not the slope, and crosses the kinks of ReLU"
        )
        return Verdict(
            "correct",
            f"Yes: the relative error is {_n(worst)} although the gradient is right, for {why}. Best is a step near 1e-5.",
            1.0,
        )
    return Verdict(
        "not yet",
        f"The largest relative error is {_n(worst)}; make it exceed 0.001 by the step alone.",
    )


MISSIONS = (
    *(
        Mission(
            f"name-{i}",
            f"Round {i} of 3: a bug is planted and the graph is dark. Name it from the table alone.",
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
        _check_noise,
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


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """The graph with values and gradients, and the gradient check as bars of the norm ratio."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 3.7), layout="constrained")
    image, graph, table = figure.subplots(1, 3, width_ratios=[1.1, 3.2, 1.9])
    image.imshow(frame["image"].reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
    image.set_title(f"a digit {frame['label']}", fontsize=10)
    image.set_xticks([], [])
    image.set_yticks([], [])
    _draw_graph(graph, frame)
    _draw_table(table, frame["table"])
    return figure


def _places(frame: Frame) -> dict[str, tuple[float, float]]:
    columns = {"x": 4, "z": 3, "a": 3, "o": 2, "loss": 1}
    return {
        f"{kind}{i}" if kind != "loss" else kind: (x, (i + 0.5) / n)
        for x, (kind, n) in enumerate(columns.items())
        for i in range(n)
    }


def _draw_graph(axes: Any, frame: Frame) -> None:
    at, crop = _places(frame), frame["crop"]["logits"]
    edges = [(f"x{i}", f"z{j}", frame["W1"][i, j]) for i in range(4) for j in range(3)]
    edges += [(f"z{j}", f"a{j}", 0.5) for j in range(3)]
    edges += [(f"a{j}", f"o{k}", frame["W2"][j, c]) for j in range(3) for k, c in enumerate(crop)]
    edges += [(f"o{k}", "loss", 0.5) for k in range(2)]
    for tail, head, weight in edges:
        (x0, y0), (x1, y1) = at[tail], at[head]
        colour = "#0b63b0" if weight >= 0 else "#c2500a"
        axes.plot(
            [x0, x1], [y0, y1], color=colour, lw=0.5 + 2 * min(abs(weight), 1), alpha=0.45, zorder=1
        )
    for name, (x, y) in at.items():
        value, gradient = _node(name, frame)
        axes.scatter(x, y, s=620, color="white", edgecolor="#57606a", zorder=2)
        axes.text(x, y, _n(value), ha="center", va="center", fontsize=8, zorder=3)
        if gradient is not None:
            axes.text(
                x,
                y - 0.115,
                _n(gradient),
                ha="center",
                va="center",
                fontsize=8,
                color="#a3370c",
                zorder=3,
            )
    for x, name in enumerate(("4 of 64 pixels", "z", "ReLU(z)", "logits", "loss")):
        axes.text(x, 1.06, name, ha="center", fontsize=9)
    axes.set_xlim(-0.4, 4.4)
    axes.set_ylim(1.02, -0.06)
    axes.set_axis_off()


def _node(name: str, frame: Frame) -> tuple[float, float | None]:
    if name == "loss":
        return float(-np.log(frame["p"][frame["label"]])), None
    i = int(name[1])
    if name[0] == "o":
        k = frame["crop"]["logits"][i]
        return frame["logits"][k], frame["g_logits"][k] if "g_logits" in frame.arrays else None
    gradient = f"g_{name[0]}"
    return frame[name[0]][i], frame[gradient][i] if gradient in frame.arrays else None


def _draw_table(axes: Any, table: list[dict[str, Any]]) -> None:
    rows = table[::-1]
    colours = ["#0a6b4a" if row["ok"] else "#c2500a" for row in rows]
    axes.barh(
        [row["name"] for row in rows], [row["ratio"] for row in rows], color=colours, height=0.55
    )
    axes.axvline(1, color="#57606a", lw=1)
    for y, row in enumerate(rows):
        axes.text(
            0.03,
            y + 0.42,
            f"cosine {_n(row['cosine'])}, relative error {_n(row['error'])}",
            fontsize=7.5,
        )
    axes.set_title("gradient norm / numerical norm", fontsize=10)
    axes.set_ylim(-0.5, 3.8)
    axes.spines[["top", "right"]].set_visible(False)


# The explorable -----------------------------------------------------------------------------------

_RULE_OPTIONS = (
    *((rule.name, rule.label) for rule in RULES.values()),
    ("yours", "Your own function"),
    *((round_, f"Hidden, round {i}") for i, round_ in enumerate(ROUNDS, 1)),
)
_EDGES = (
    *(f"x{i}-z{j}" for i in range(4) for j in range(3)),
    *(f"z{j}-a{j}" for j in range(3)),
    *(f"a{j}-o{k}" for j in range(3) for k in range(10)),
    *(f"o{k}-loss" for k in range(10)),
)

KNOBS = (
    Choice("rule", "Backward rule", "no-activation-derivative", options=_RULE_OPTIONS, about="The correct backward pass, one of nine wrong ones, or your own."),
    Slider("step", "Step", STEPS, 0, STEPS, 1, on_stage=True),
    Choice("edge", "Edge", "z2-a2", options=tuple((e, e) for e in _EDGES), on_stage=True),
    Slider("sample", "Digit", 0, 0, 39, 1, about="Which digit goes through the network."),
    Choice("batch", "Batch size", "32", options=(("1", "1"), ("8", "8"), ("32", "32")), about="How many digits the loss is the mean of."),
    Choice("age", "Steps trained before", "20", options=(("0", "none"), ("20", "20"), ("200", "200"))),
    Slider("eps", "Step of the numerical gradient", 1e-5, 1e-12, 0.1, 1, log=True, about="Each parameter is moved up and down by this much."),
    Toggle("fan_out", "Show all ten logits", False, about="A hidden unit feeds ten logits, so ten gradients come back to it."),
    Slider("nudge", "Change of the chosen edge's weight", 0.0, -3.0, 3.0, 0.01, on_stage=True),
    Numbers("ink", "Ink added to the pixels", (0.0,) * 64, -1.0, 1.0, 0.1, on_stage=True),
    Choice("named", "The bug is", "", options=(("", "choose"), *((r.name, r.label) for r in WRONG)), on_stage=True),
    Slider("seed", "Seed of the hidden rounds", 0, 0, 999_999, 1, on_stage=True),
)  # fmt: skip


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
