"""Explorable 5, momentum terrain: descent in a valley, and Adam's first steps."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...data import digits
from ...teach.explorable import (
    Choice,
    Explorable,
    Frame,
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
    waiting,
)
from ...teach.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

L = 10.0  # the steepest curvature, in every valley
LR, DECAY = 0.01, 0.1  # of the tab on Adam
B1, B2, EPS = 0.9, 0.999, 1e-8
FAR = 1e6  # a path that leaves this far is over
ALPHAS, BETAS = np.linspace(0.005, 0.42, 60), np.linspace(0.99, 0.0, 60)  # rows from the top


# Descent in a valley: loss = (mu x^2 + L y^2) / 2 -----------------------------------------------


@cache
def digits_condition() -> float:
    """The largest over the median curvature of logistic regression on the digits, at w = 0."""
    x = digits().train.x.astype(np.float64)
    curvatures = np.linalg.eigvalsh(x.T @ x / (4 * len(x)))  # its Hessian
    return float(curvatures[-1] / np.median(curvatures))


def rate(alpha: Any, beta: Any, curvature: float) -> np.ndarray:
    """By what factor heavy ball shrinks an error of this curvature at each step: exact.

    The larger modulus of the eigenvalues of [[1 + beta - alpha c, -beta], [1, 0]] (Polyak, 1964).
    """
    middle = 1 + np.asarray(beta) - np.asarray(alpha) * curvature
    inside = middle**2 - 4 * np.asarray(beta)
    real = (np.abs(middle) + np.sqrt(np.maximum(inside, 0))) / 2
    return np.where(inside < 0, np.sqrt(beta), real)


def fastest(mu: float) -> tuple[float, float]:
    """The step and momentum with the least rate in a valley of curvatures mu and L."""
    a, b = np.sqrt(L), np.sqrt(mu)
    return float((2 / (a + b)) ** 2), float(((a - b) / (a + b)) ** 2)


State = dict[str, Any]
Step = Callable[[np.ndarray, np.ndarray, State], np.ndarray]


def gradient_descent(alpha: float, beta: float) -> Step:
    """w - alpha g."""
    return lambda w, g, state: w - alpha * g


def heavy_ball(alpha: float, beta: float) -> Step:
    """v = beta v + g; w - alpha v, as torch.optim.SGD(momentum=beta)."""

    def step(w: np.ndarray, g: np.ndarray, state: State) -> np.ndarray:
        state["v"] = beta * state.get("v", 0) + g
        return w - alpha * state["v"]

    return step


def averaged(alpha: float, beta: float) -> Step:
    """v = beta v + (1 - beta) g: the form whose step is 1 - beta times as long."""

    def step(w: np.ndarray, g: np.ndarray, state: State) -> np.ndarray:
        state["v"] = beta * state.get("v", 0) + (1 - beta) * g
        return w - alpha * state["v"]

    return step


def nesterov(alpha: float, beta: float) -> Step:
    """As torch.optim.SGD(momentum=beta, nesterov=True)."""

    def step(w: np.ndarray, g: np.ndarray, state: State) -> np.ndarray:
        state["v"] = beta * state["v"] + g if "v" in state else g
        return w - alpha * (g + beta * state["v"])

    return step


def adam(alpha: float, beta: float) -> Step:
    """Adam with beta1 = beta (Kingma & Ba, 2015)."""

    def step(w: np.ndarray, g: np.ndarray, state: State) -> np.ndarray:
        t = state["t"] = state.get("t", 0) + 1
        m = state["m"] = beta * state.get("m", 0) + (1 - beta) * g
        v = state["v"] = B2 * state.get("v", 0) + (1 - B2) * g**2
        return w - alpha * (m / (1 - beta**t)) / (np.sqrt(v / (1 - B2**t)) + EPS)

    return step


METHODS = {
    "gradient descent": gradient_descent,
    "momentum": heavy_ball,
    "Nesterov": nesterov,
    "Adam": adam,
}


def path(step: Step, start: np.ndarray, mu: float, steps: int, noise: np.ndarray) -> np.ndarray:
    """Where `step` goes from `start`, (steps + 1, 2); nan from where it is out of sight."""
    w, state, places = np.array(start, float), {}, [np.array(start, float)]
    for t in range(steps):
        g = np.array([mu, L]) * w + noise[t]
        w = np.asarray(step(w.copy(), g, state), dtype=np.float64)
        if not np.abs(w).max() < FAR:
            w = np.full(2, np.nan)
        places.append(w)
    return np.array(places)


# Adam's first steps -------------------------------------------------------------------------------


class Ledger(NamedTuple):
    """Every quantity of Adam's, step by step, (T,) each; `w` is after the step."""

    g: np.ndarray
    m: np.ndarray
    v: np.ndarray
    m_hat: np.ndarray
    v_hat: np.ndarray
    step: np.ndarray
    w: np.ndarray


def ledger(
    gradients: np.ndarray,
    *,
    correct: bool = True,
    from_zero: bool = False,
    eps_inside: bool = False,
    root: bool = True,
    decay: str = "none",
    w: float = 1.0,
) -> Ledger:
    """Adam on one weight, with each of the ways to get it wrong."""
    rows, m, v = [], 0.0, 0.0
    for t, g in enumerate(gradients, 0 if from_zero else 1):
        g = g + DECAY * w if decay == "l2" else g
        m, v = B1 * m + (1 - B1) * g, B2 * v + (1 - B2) * g * g
        m_hat, v_hat = (m, v) if not correct else (_over(m, 1 - B1**t), _over(v, 1 - B2**t))
        step = LR * m_hat / _scale(v_hat, eps_inside, root)
        w = w - step - (LR * DECAY * w if decay == "decoupled" else 0)
        rows.append((g, m, v, m_hat, v_hat, step, w))
    return Ledger(*np.array(rows, float).T)


def _over(a: float, b: float) -> float:
    return a / b if b else np.nan


def _scale(v_hat: float, eps_inside: bool, root: bool) -> float:
    if not root:
        return v_hat + EPS
    return np.sqrt(v_hat + EPS) if eps_inside else np.sqrt(v_hat) + EPS


@cache
def _sequence(kind: str, steps: int) -> np.ndarray:
    """Gradients of size 1: always the same, or of random sign with mean zero."""
    if kind == "constant":
        return np.ones(steps)
    return np.random.default_rng(0).permutation(np.repeat([1.0, -1.0], steps // 2))


# The frame ----------------------------------------------------------------------------------------


def compute(
    tab: str,
    alpha: float,
    beta: float,
    start: tuple[float, ...],
    valley: str,
    condition: float,
    steps: int,
    noise: float,
    sequence: str,
    scale: float,
    correct: bool,
    from_zero: bool,
    eps_inside: bool,
    root: bool,
    decay: str,
    *,
    step: Step | None = None,
    fine: bool = True,
) -> Frame:
    """The paths of four optimizers in one valley, or Adam's quantities step by step."""
    if tab == "adam":
        return _adam_frame(sequence, scale, correct, from_zero, eps_inside, root, decay)
    kappa = digits_condition() if valley == "digits" else condition
    mu = L / kappa
    shaken = noise * np.random.default_rng(0).normal(size=(steps, 2))
    made = {n: method(alpha, beta) for n, method in METHODS.items()} | (
        {"yours": step} if step else {}
    )
    paths = {n: path(s, np.array(start), mu, steps, shaken) for n, s in made.items()}
    rates = np.maximum(rate(ALPHAS, BETAS[:, None], L), rate(ALPHAS, BETAS[:, None], mu))
    best = fastest(mu)
    numbers = {
        "tab": "descent",
        "methods": list(paths),
        "kappa": kappa,
        "mu": mu,
        "alpha": alpha,
        "beta": beta,
        "noise": noise,
        "rate": float(max(rate(alpha, beta, L), rate(alpha, beta, mu))),
        "rate_gd": float(max(rate(alpha, 0.0, L), rate(alpha, 0.0, mu))),
        "limit": (2 + 2 * beta) / L,
        "best": [*best, float(rate(*best, mu))],
        "left": {n: _distance(p[-1]) for n, p in paths.items()},
        "named": _name(step, alpha, beta) if step else None,
    }
    arrays = {"paths": np.array(list(paths.values())), "rates": np.minimum(rates, 2)}
    return Frame(arrays, numbers)


def _distance(w: np.ndarray) -> float | None:
    return None if np.isnan(w).any() else float(np.linalg.norm(w))


def _name(step: Step, alpha: float, beta: float) -> str:
    """Which optimizer the learner's step is, judged by where it goes."""
    start, still = np.array([3.0, 1.0]), np.zeros((8, 2))
    theirs = path(step, start, 1.0, 8, still)
    known = METHODS | {"momentum as an average, 1 − β times as fast": averaged}
    for name, method in known.items():
        if np.allclose(path(method(alpha, beta), start, 1.0, 8, still), theirs, rtol=1e-6):
            return name
    return "none of those that we know"


def _adam_frame(
    sequence: str,
    scale: float,
    correct: bool,
    from_zero: bool,
    eps_inside: bool,
    root: bool,
    decay: str,
) -> Frame:
    gradients = scale * _sequence(sequence, 200)
    here = ledger(
        gradients,
        correct=correct,
        from_zero=from_zero,
        eps_inside=eps_inside,
        root=root,
        decay=decay,
    )
    right = ledger(gradients, decay="decoupled" if decay == "l2" else decay)
    numbers = {
        "tab": "adam",
        "first": float(here.step[0] / LR),
        "first_right": float(right.step[0] / LR),
        "end": float(here.w[-1]),
        "end_right": float(right.w[-1]),
        "decay": decay,
        "correct": correct,
        "from_zero": from_zero,
        "root": root,
        "scale": scale,
        "lr": LR,
    }
    table = np.array([column[:20] for column in here])
    return Frame(
        {"table": table, "w": here.w, "w_right": right.w, "steps": here.step[:20] / LR}, numbers
    )


# Words --------------------------------------------------------------------------------------------


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    return _describe_adam(frame) if frame["tab"] == "adam" else _describe_descent(frame)


def _describe_descent(frame: Frame) -> tuple[str, ...]:
    alpha, beta = frame["alpha"], frame["beta"]
    says = [f"The valley is {number(frame['kappa'])} times steeper across than along it."]
    if "paths" in frame.arrays:
        left = frame["left"]
        ends = [
            f"{n} {'left the picture' if d is None or d > 100 else f'is {number(d)} away'}"
            for n, d in left.items()
        ]
        says.append(f"With rate η = {number(alpha)} and β = {number(beta)}: {', '.join(ends)}.")
    if "rate" in frame.numbers:
        rate_ = frame["rate"]
        fate = (
            f"shrinks by {number(rate_)} a step"
            if rate_ < 1
            else f"grows by {number(rate_)} a step"
        )
        says.append(
            f"Momentum's error {fate}; it is stable up to η = (2 + 2β) / L = "
            f"{number(frame['limit'])}, "
            f"gradient descent only to 2 / L = {number(2 / L)}. Best here: η = "
            f"{number(frame['best'][0])}, "
            f"β = {number(frame['best'][1])}, at {number(frame['best'][2])} a step."
        )
    if frame.numbers.get("named"):
        says.append(f"Your step goes where **{frame['named']}** goes.")
    return tuple(says)


def _describe_adam(frame: Frame) -> tuple[str, ...]:
    says = [
        f"The first step is {number(frame['first'])} × lr; Adam's is "
        f"{number(frame['first_right'])} × lr, "
        f"whatever the size {number(frame['scale'])} of the gradient."
    ]
    if frame["from_zero"] and frame["correct"]:
        says.append("At t = 0 the correction divides by 1 − β⁰ = 0: not a number from then on.")
    elif not frame["correct"]:
        says.append("Without bias correction m is 0.1 g and √v is 0.0316 |g|: 0.1 / 0.0316 = 3.16.")
    if not frame["root"]:
        says.append(
            "Divided by v instead of √v, the step is as large as 1 / g: it has the wrong unit."
        )
    says.append(f"After 200 steps w went from 1 to {number(frame['end'])}; {_other(frame)}.")
    return tuple(says)


def _other(frame: Frame) -> str:
    if frame["decay"] == "l2":
        return f"AdamW, which keeps the decay out of v, ends at {number(frame['end_right'])}"
    return f"the right rule ends at {number(frame['end_right'])}"


# Prediction and missions --------------------------------------------------------------------------


def _prove(explorable: Explorable) -> int:
    stable = [a for a in np.linspace(0.01, 2.2, 2000) if rate(a, 0.9, L) < 1]
    return int(np.digitize(max(stable), [0.19, 0.21, 1.0]))


PREDICT = Prediction(
    "In a valley whose steepest curvature is L = 10, gradient descent is stable up to the rate "
    "2 / L = 0.2. With momentum β = 0.9, the largest stable rate is",
    (
        (
            "smaller: momentum adds speed",
            "Momentum adds speed along the valley, where gradients agree. Across it they change "
            "their sign at every step, and the memory of the last one holds against the next.",
        ),
        (
            "the same, 0.2",
            "It does change: across the valley the remembered gradient has the opposite sign of "
            "the new one, so a longer step is still held: (2 + 2β) / L.",
        ),
        (
            "0.38",
            "It is (2 + 2β) / L. Across the valley the remembered gradient opposes the new one, "
            "so nearly twice the rate is held.",
        ),
        (
            "ten times as large, 2",
            "Along the valley a step does act like 1 / (1 − β) = 10 steps. But what limits η is "
            "the steep direction, and there the limit is (2 + 2β) / L.",
        ),
    ),
    2,
    _prove,
    hides=("rates", "rate", "limit", "best", "paths"),
    at={"tab": "descent", "alpha": 0.3, "beta": 0.9},
)


def _check_rescue(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "descent":
        return waiting("Open the tab Descent.")
    if frame["rate_gd"] <= 1:
        return not_yet(f"Gradient descent is still stable at η = {number(frame['alpha'])}.")
    if frame["rate"] >= 1:
        return not_yet(
            f"With β = {number(frame['beta'])} it diverges, too; the limit is "
            f"{number(frame['limit'])}."
        )
    return done(
        f"At η = {number(frame['alpha'])}, β = {number(frame['beta'])} only momentum holds."
    )


def _check_fastest(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "descent":
        return waiting("Open the tab Descent.")
    if frame["kappa"] < 30:
        return not_yet(
            f"Make the valley at least 30 times steeper across; it is {number(frame['kappa'])}."
        )
    if frame["rate"] > frame["best"][2] + 0.01:
        return not_yet(f"{number(frame['rate'])} a step; {number(frame['best'][2])} is possible.")
    return done(f"{number(frame['rate'])} a step: under-damped, it swings, and nothing is faster.")


def _check_jump(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "adam":
        return waiting("Open the tab Adam’s first steps.")
    if 3 < frame["first"] < 4:
        return done(
            f"{number(frame['first'])} × lr: (1 − β₁) / √(1 − β₂), the start that "
            "correction removes."
        )
    return not_yet(f"The first step is {number(frame['first'])} × lr.")


def _check_decay(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "adam":
        return waiting("Open the tab Adam’s first steps.")
    if frame["decay"] != "l2":
        return not_yet("Choose a decay that is added to the gradient.")
    if frame["end"] > 0.2:
        return not_yet(f"w ends at {number(frame['end'])}. When is the decay most of the gradient?")
    return done(
        f"w fell to {number(frame['end'])}; with decoupled decay it is "
        f"{number(frame['end_right'])}. Where "
        "gradients are small, Adam scales the decay up to full steps."
    )


_FASTEST_50 = {n: round(v, 4) for n, v in zip(("alpha", "beta"), fastest(L / 50), strict=True)}
MISSIONS = (
    Mission(
        "rescue",
        "Find a rate that diverges without momentum and converges with it.",
        _check_rescue,
        lambda e: {"alpha": 0.3, "beta": 0.9},
        {"tab": "descent", "alpha": 0.1, "beta": 0.5},
    ),
    Mission(
        "fastest",
        "In a valley 50 times steeper across, come within 0.01 of the best rate.",
        _check_fastest,
        lambda e: _FASTEST_50,
        {"tab": "descent", "valley": "made", "condition": 50.0, "alpha": 0.1, "beta": 0.5},
    ),
    Mission(
        "jump",
        "Make Adam’s first step more than three times the learning rate.",
        _check_jump,
        lambda e: {"correct": False},
        {"tab": "adam", "correct": True, "root": True, "from_zero": False},
    ),
    Mission(
        "decay",
        "Make weight decay pull w under 0.2 although the gradients average zero.",
        _check_decay,
        lambda e: {"decay": "l2", "sequence": "zero-mean", "scale": 1e-3},
        {"tab": "adam", "decay": "decoupled", "sequence": "zero-mean", "scale": 1.0},
    ),
)


# The static picture -------------------------------------------------------------------------------

COLOURS = ("#57606a", "#0b63b0", "#0a6b4a", "#b8500c", "#7b3aa0")


def picture(frame: Frame) -> "Figure":
    """The valley with its paths beside the map of rates; or Adam's weight over time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 3.2), layout="constrained")
    if frame["tab"] == "adam":
        axes = figure.subplots()
        axes.plot(frame["w"], color="#b8500c", label="as set")
        axes.plot(frame["w_right"], color="#57606a", ls="--", label="the right rule")
        axes.set_xlabel("step")
        axes.set_ylabel("w")
        axes.legend(frameon=False)
        return figure
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    _draw_valley(left, frame)
    _draw_rates(right, frame)
    return figure


def _draw_valley(axes: Any, frame: Frame) -> None:
    x, y = np.meshgrid(np.linspace(-10, 10, 80), np.linspace(-4, 4, 60))
    heights = np.sqrt(frame["mu"] * x**2 + L * y**2)
    axes.contour(x, y, heights, 12, colors="#c9d1d9", linewidths=0.8)
    for places, name, colour in zip(frame["paths"], frame["methods"], COLOURS, strict=False):
        axes.plot(*places.T, color=colour, lw=1.5, marker="o", ms=2.5, label=name)
    axes.set_xlim(-10, 10)
    axes.set_ylim(-4, 4)
    axes.legend(fontsize=8, loc="lower right")
    axes.set_title(f"η = {frame['alpha']:.2g}, β = {frame['beta']:.2g}", fontsize=10)


def _draw_rates(axes: Any, frame: Frame) -> None:
    extent = (ALPHAS[0], ALPHAS[-1], BETAS[-1], BETAS[0])
    axes.imshow(frame["rates"], extent=extent, aspect="auto", cmap="Blues_r", vmin=0.6, vmax=1)
    axes.contour(ALPHAS, BETAS, frame["rates"], [1.0], colors="#b8500c")
    axes.plot(frame["alpha"], frame["beta"], "o", color="#b8500c")
    axes.set_xlabel("rate η")
    axes.set_ylabel("momentum β")
    axes.set_title("rate; orange: the limit", fontsize=10)


# The explorable -----------------------------------------------------------------------------------

_DESCENT, _ADAM = ("tab", ("descent",)), ("tab", ("adam",))
KNOBS = (
    Choice(
        "tab",
        "Tab",
        "descent",
        options=(("descent", "Descent"), ("adam", "Adam’s first steps")),
        on_stage=True,
    ),
    Slider("alpha", "Rate η", 0.3, 0.005, 0.42, 0.005, when=_DESCENT),
    Slider("beta", "Momentum β", 0.9, 0.0, 0.99, 0.01, when=_DESCENT),
    Numbers("start", "Start", (-9.0, 2.5), -10.0, 10.0, 0.1, on_stage=True),
    Choice(
        "valley",
        "Valley",
        "made",
        options=(("made", "made"), ("digits", "digits")),
        when=_DESCENT,
        about="Digits: the curvatures of logistic regression on the digits.",
    ),
    Slider("condition", "Steeper across by", 10.0, 1.0, 200.0, 0.01, log=True, when=_DESCENT),
    Slider("steps", "Steps", 60, 1, 150, 1, when=_DESCENT),
    Slider("noise", "Noise of the gradient", 0.0, 0.0, 5.0, 0.1, when=_DESCENT),
    Choice(
        "sequence",
        "Gradients",
        "constant",
        options=(("constant", "constant"), ("zero-mean", "mean zero")),
        when=_ADAM,
    ),
    Slider("scale", "Size of the gradients", 1.0, 1e-3, 1e3, 0.5, log=True, when=_ADAM),
    Toggle("correct", "Bias correction", True, when=_ADAM),
    Toggle("from_zero", "Count from t = 0", False, when=_ADAM),
    Toggle("eps_inside", "Epsilon inside the root", False, when=_ADAM),
    Toggle("root", "Divide by √v", True, when=_ADAM, about="Off: divide by v."),
    Choice(
        "decay",
        "Weight decay",
        "none",
        options=(("none", "none"), ("l2", "L2"), ("decoupled", "decoupled")),
        when=_ADAM,
    ),
)

EXPLORABLE = Explorable(
    "momentum-terrain",
    "Momentum terrain",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    (
        Preset("rescued", "Only momentum holds", {"alpha": 0.3, "beta": 0.9}),
        Preset(
            "best",
            "The best for 50",
            {"condition": 50.0, **_FASTEST_50},
        ),
        Preset(
            "digits",
            "The digits’ valley",
            {"valley": "digits", "alpha": 0.19, "beta": 0.9, "steps": 150},
        ),
        Preset("adam", "Adam, as it should be", {"tab": "adam"}),
        Preset("too-fast", "Rate over 2 / L", {"alpha": 0.21, "beta": 0.0}, "O-01"),
        Preset("swings", "It swings: a bug?", {"alpha": 0.05, "beta": 0.95, "steps": 150}, "O-04"),
        Preset("over", "Over momentum’s limit", {"alpha": 0.39, "beta": 0.9}, "O-03"),
        Preset("no-correction", "No bias correction", {"tab": "adam", "correct": False}, "O-06"),
        Preset("from-zero", "t from 0", {"tab": "adam", "from_zero": True}, "O-07"),
        Preset(
            "no-root", "v instead of √v", {"tab": "adam", "root": False, "scale": 0.001}, "O-08"
        ),
        Preset(
            "eps-inside",
            "ε inside the root",
            {"tab": "adam", "eps_inside": True, "scale": 0.001},
            "O-09",
        ),
        Preset(
            "l2",
            "Decay as L2",
            {"tab": "adam", "decay": "l2", "sequence": "zero-mean", "scale": 0.001},
            "O-10",
        ),
    ),
    MISSIONS,
    (Own("step", "step(w, gradient, state) -> new w, for w (2,) and a dict of your own"),),
    also_breaks=("O-02",),
)
