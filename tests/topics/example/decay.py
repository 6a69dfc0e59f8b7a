"""The smallest whole explorable: this file and `decay.js` beside it are all there is to write."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from dlcourse.teach.explorable import (
    Explorable,
    Frame,
    Mission,
    Prediction,
    Preset,
    Slider,
    done,
    not_yet,
)


def compute(lr, *, fine=True):
    """Gradient descent on w^2 / 2 from w = 1."""
    w = (1 - lr) ** np.arange(21)
    return Frame({"w": w.clip(-9, 9)}, {"last": float(w[-1])})


def describe(frame):
    ends = [f"After 20 steps w = {value:.3g}." for value in frame.numbers.values()]
    return ("Gradient descent starts at w = 1.", *ends)


def picture(frame):
    figure = Figure(figsize=(5, 2.5))
    figure.subplots().plot(frame["w"])
    return figure


def check(settings, frame):
    swings, holds = frame["w"][1] < 0, abs(frame["last"]) < 1
    return done("It swings but holds.") if swings and holds else not_yet("Not both yet.")


EXPLORABLE = Explorable(
    "decay",
    "Decay",
    Path(__file__).with_suffix(".js"),
    Prediction(
        "On $w^2/2$, what does a step of 2.1 do?",
        (
            ("It converges", "Each step multiplies w by 1 − 2.1 = −1.1: it grows."),
            ("It diverges", "Each step multiplies w by 1 − 2.1 = −1.1."),
        ),
        right=1,
        prove=lambda e: int(abs(e.at(lr=2.1)["last"]) > 1),
        hides=("w", "last"),
        at={"lr": 2.1},
    ),
    (Slider("lr", "Learning rate", 0.1, 0.0, 2.5, 0.05),),
    compute,
    describe,
    picture,
    (Preset("over", "Step of 2.1", {"lr": 2.1}, "O-01"),),
    (Mission("swing", "Make it swing and still converge.", check, lambda e: {"lr": 1.5}),),
)
