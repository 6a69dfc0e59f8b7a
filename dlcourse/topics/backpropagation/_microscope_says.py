"""What the microscope says and draws: the arithmetic of an edge, the steps, the static picture."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ...teach.explorable import Frame, number
from .rules import Gradients, Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .microscope import Scene

FORWARD = ("z0", "z1", "z2", "a0", "a1", "a2", "o0", "o1", "loss")
BACKWARD = ("loss", "o0", "o1", "a0", "a1", "a2", "z0", "z1", "z2", "x")


# One edge -----------------------------------------------------------------------------------------


def edge_says(edge: str, scene: "Scene", made: Gradients, right: Gradients) -> dict[str, Any]:
    """The arithmetic on one edge: what came from above, times the local derivative, goes on."""
    tail, head = edge.split("-")
    if tail[0] == "x":
        return _pixel_edge(int(tail[1]), int(head[1]), scene, made)
    if tail[0] == "z":
        return _gate_edge(int(tail[1]), scene, made)
    if tail[0] == "a":
        return _logit_edge(int(tail[1]), int(head[1]), scene, made)
    return _loss_edge(int(tail[1]), scene, made, right)


Term = tuple[str, float]


def _product(to: str, upstream: Term, local: Term, product: Term) -> dict[str, Any]:
    return {"to": to, "upstream": upstream, "local": local, "product": product}


def _pixel_edge(i: int, j: int, scene: "Scene", made: Gradients) -> dict[str, Any]:
    pixel, unit = scene.crop.pixels[i], scene.crop.hidden[j]
    x, w, g = scene.batch.x[0, pixel], scene.w.W1[pixel, unit], made.z1[0, unit]
    z = f"z{sub(unit)}"
    above = (f"∂L/∂{z}", g)
    return {
        "weight": w,
        "products": [
            _product("the weight", above, (f"∂{z}/∂w = x", x), ("∂L/∂w", g * x)),
            _product("the pixel", above, (f"∂{z}/∂x = w", w), ("∂L/∂x, one of 16", g * w)),
        ],
        "note": _batch_says(made.weights.W1[pixel, unit], scene),
    }


def _logit_edge(j: int, k: int, scene: "Scene", made: Gradients) -> dict[str, Any]:
    unit = scene.crop.hidden[j]
    activation, g, path = scene.trace.a1[0, unit], made.logits[0, k], made.paths[0, unit, k]
    o, a, w = f"o{sub(k)}", f"a{sub(unit)}", scene.w.W2[unit, k]
    above, used = (f"∂L/∂{o}", g), path / g if g else w
    total, passed = number(made.paths[0, unit].sum()), number(made.a1[0, unit])
    return {
        "weight": w,
        "products": [
            _product(
                "the weight", above, (f"∂{o}/∂w = {a}", activation), ("∂L/∂w", g * activation)
            ),
            _product(
                f"unit {unit}", above, (f"∂{o}/∂{a} = w", used), (f"∂L/∂{a}, one of 10", path)
            ),
        ],
        "note": f"The ten paths add up to {total}; this rule passes on {passed}. "
        + _batch_says(made.weights.W2[unit, k], scene),
    }


def _gate_edge(j: int, scene: "Scene", made: Gradients) -> dict[str, Any]:
    unit = scene.crop.hidden[j]
    z, above, passed = scene.trace.z1[0, unit], made.a1[0, unit], made.z1[0, unit]
    slope = float(z > 0)
    used = passed / above if above else slope
    fate = "positive: ReLU passes the gradient on" if z > 0 else "not positive: ReLU stops it"
    off = not np.isclose(used, slope)
    wrong = f" This rule multiplies by {number(used)} instead of {slope:g}." if off else ""
    a, z_name = f"∂L/∂a{sub(unit)}", f"z{sub(unit)}"
    return {
        "products": [
            _product("the sum", (a, above), ("slope of ReLU", used), (f"∂L/∂{z_name}", passed))
        ],
        "note": f"{z_name} = {number(z)} is {fate}.{wrong}",
        "wrong": off,
    }


def _loss_edge(k: int, scene: "Scene", made: Gradients, right: Gradients) -> dict[str, Any]:
    N, p, y = len(scene.batch.y), scene.trace.p[0, k], int(k == scene.batch.y[0])
    should, found = right.logits[0, k], made.logits[0, k]
    off = not np.isclose(should, found)
    wrong = f" This rule has {number(found)}." if off else ""
    o = (f"∂L/∂o{sub(k)}", found)
    return {
        "products": [_product(f"logit {k}", ("∂L/∂L", 1.0), o, o)],
        "note": "Softmax and cross-entropy together: "
        f"(p − y) / N = ({number(p)} − {y}) / {N} = {number(should)}.{wrong}",
        "wrong": off,
    }


def _batch_says(total: float, scene: "Scene") -> str:
    N = len(scene.batch.y)
    return f"Over the batch of {N}, ∂L/∂w = {number(total)}." if N > 1 else ""


# One step -----------------------------------------------------------------------------------------


def step_says(step: int, scene: "Scene", made: Gradients) -> str:
    """The sentence of the node that was computed last."""
    if step == 0:
        return "Nothing is computed yet: only the digit is known."
    if step <= len(FORWARD):
        return "Forward: " + _forward(FORWARD[step - 1], scene)
    return "Backward: " + _backward(BACKWARD[step - len(FORWARD) - 1], scene, made)


def _forward(node: str, scene: "Scene") -> str:
    t, crop = scene.trace, scene.crop
    if node == "loss":
        return _loss(t, int(scene.batch.y[0]))
    if node[0] == "o":
        k = crop.logits[int(node[1])]
        return (
            f"logit {k} = 16 products of activation and weight, plus a bias = "
            f"{number(t.logits[0, k])}; softmax makes it p{sub(k)} = {number(t.p[0, k])}."
        )
    unit = crop.hidden[int(node[1])]
    z = number(t.z1[0, unit])
    if node[0] == "z":
        return f"z{sub(unit)} = 64 products of pixel and weight, plus a bias = {z}."
    return f"a{sub(unit)} = max({z}, 0) = {number(t.a1[0, unit])}."


def _loss(t: Trace, y: int) -> str:
    p = t.p[0, y]
    return f"the loss of this digit is −log p{sub(y)} = −log {number(p)} = {number(-np.log(p))}."


def _backward(node: str, scene: "Scene", made: Gradients) -> str:
    crop = scene.crop
    if node == "loss":
        return "it begins with ∂L/∂L = 1."
    if node == "x":
        most = number(np.abs(scene.w.W1 @ made.z1[0]).max())
        return f"each weight gets upstream × input; dots show the pixels' gradients, up to {most}."
    if node[0] == "o":
        k = crop.logits[int(node[1])]
        return f"∂L/∂o{sub(k)} = {number(made.logits[0, k])}."
    unit = crop.hidden[int(node[1])]
    if node[0] == "a":
        got, total = number(made.a1[0, unit]), number(made.paths[0, unit].sum())
        return f"∂L/∂a{sub(unit)} = {got}; the ten paths from the logits add up to {total}."
    z, got = number(scene.trace.z1[0, unit]), number(made.z1[0, unit])
    return f"∂L/∂z{sub(unit)} = {got}, behind the gate of z{sub(unit)} = {z}."


# The whole frame ----------------------------------------------------------------------------------


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    y, N = frame["label"], frame["N"]
    many = f"{N} digits" if N > 1 else "this one digit"
    says = [
        f"The digit is a {y}; the network gives it probability {number(frame['p'][y])}, and the "
        f"mean loss over {many} is {number(frame['loss'])}."
    ]
    if "step" in frame.numbers:
        says.append(frame["step"])
    if "table" in frame.numbers:
        says.append(table_says(frame["table"]))
    if "verdict" in frame.numbers:
        says.append(frame["verdict"]["says"])
    return tuple(says)


def table_says(table: list[dict[str, Any]]) -> str:
    """Which gradients agree with the numerical ones, in a sentence."""
    off = [row["name"] for row in table if not row["ok"]]
    good = [row["name"] for row in table if row["ok"]]
    worst = max(table, key=lambda row: row["error"])
    error = f"{number(worst['error'])}, for {worst['name']}"
    if not off:
        return f"All four gradients agree with the numerical ones; the largest error is {error}."
    if not good:
        return f"No gradient agrees with the numerical one; the largest error is {error}."
    agree = "agrees" if len(good) == 1 else "agree"
    do = "does" if len(off) == 1 else "do"
    return f"{_and(good)} {agree} with the numerical gradient; {_and(off)} {do} not: error {error}."


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def sub(index: int) -> str:
    """`index` in lowered digits."""
    return str(index).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


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
        axes.text(x, y, number(value), ha="center", va="center", fontsize=8, zorder=3)
        if gradient is not None:
            axes.text(
                x,
                y - 0.115,
                number(gradient),
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
            f"cosine {number(row['cosine'])}, relative error {number(row['error'])}",
            fontsize=7.5,
        )
    axes.set_title("gradient norm / numerical norm", fontsize=10)
    axes.set_ylim(-0.5, 3.8)
    axes.spines[["top", "right"]].set_visible(False)
