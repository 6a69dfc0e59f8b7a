"""Explorable 11, the generator bench: a latent space, a duel, and a ladder of noise."""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ... import data, scratch
from ...models import GAN, gan
from ...teach.explorable import (
    Choice,
    Explorable,
    Frame,
    Mission,
    Numbers,
    Prediction,
    Preset,
    Settings,
    Slider,
    done,
    not_yet,
    number,
    waiting,
)
from ...teach.train import Trainer, predict, to_tensors
from ...teach.verdict import Verdict
from . import study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REACH = 2.5  # of the latent plane that is shown
SIDE = 9  # drawn digits along each side of it
SHOWN = 160  # test digits on the map
EPOCHS = 30  # of a duel
EVERY = 3  # epochs between two looks at it
POINTS = 300  # walkers on the ladder
SPREAD = 0.1  # deviation of a cloud of the ring
ENGINE: Any = scratch

# Latent map: a VAE with two code numbers, trained with a right or a wrong loss --------------------


def _normal_divergence(mean: Any, log_variance: Any) -> Any:
    return 0.5 * (mean**2 + ENGINE.exp(log_variance) - 1 - log_variance).sum() / len(mean)


def _loss(
    draw: Callable[[Any, Any, Any], Any], pixels: float = 1.0, sign: float = 1.0
) -> Callable[..., Any]:
    """A VAE's loss with another way to draw codes, or other weights of its two terms."""

    def loss(model: Any, x: Any, noise: Any) -> Any:
        mean, log_variance = model.encode(x)
        logits = model.logits(draw(mean, log_variance, noise))
        bce = scratch.nn.functional.binary_cross_entropy_with_logits
        drawn = bce(logits, x, reduction="sum") / len(x)
        return pixels * drawn + sign * _normal_divergence(mean, log_variance)

    return loss


def _right_draw(mean: Any, log_variance: Any, noise: Any) -> Any:
    return mean + ENGINE.exp(0.5 * log_variance) * noise


def _cut_draw(mean: Any, log_variance: Any, noise: Any) -> Any:
    return _right_draw(mean, log_variance, noise).detach()


def _logvar_draw(mean: Any, log_variance: Any, noise: Any) -> Any:
    return mean + log_variance * noise


class Way(NamedTuple):
    """One way to train: its words, the loss, and the misconception that it is."""

    words: str
    loss: Any
    belief: str | None = None


LOSSES: Mapping[str, Way] = MappingProxyType(
    {
        "right": Way("right", _loss(_right_draw)),
        "recon-mean": Way("mean over pixels", _loss(_right_draw, pixels=1 / 64), "G-05"),
        "no-reparam": Way("draw without gradient", _loss(_cut_draw), "G-01"),
        "kl-sign": Way("divergence subtracted", _loss(_right_draw, sign=-1.0), "G-04"),
        "logvar-as-std": Way("log-variance as deviation", _loss(_logvar_draw), "G-02"),
    }
)


class Latent(NamedTuple):
    """A trained VAE, looked at once: what the page shows of it."""

    net: Any
    sheet: np.ndarray  # (SIDE * 8, SIDE * 8) of bytes, the latent plane as drawn digits
    codes: np.ndarray  # (SHOWN, 2), the middles of the clouds of test digits
    widths: np.ndarray  # (SHOWN, 2), their deviations
    reconstruction: float
    divergence: float


@cache
def _digits() -> data.Dataset:
    return data.digits(seed=0)


@cache
def latent(loss: str) -> Latent:
    """The VAE that this loss leads to after ten epochs, from the same seed each time."""
    epochs = 3 if loss == "kl-sign" else 10  # it flies apart; soon no float could hold it
    with np.errstate(all="ignore"):
        net = study.train_vae(
            scratch, _digits().train.x, 2, 0, epochs=epochs, loss=LOSSES[loss].loss
        )
    x = _digits().test.x
    mean, log_variance = (a.detach().numpy() for a in net.encode(*to_tensors(net, [x[:SHOWN]])))
    reconstruction, divergence = study.parts_of(net, x)
    deviation = np.exp(np.clip(0.5 * log_variance, -20, 20))
    return Latent(net, _sheet(net), mean, deviation, reconstruction, divergence)


def _sheet(net: Any) -> np.ndarray:
    line = np.linspace(-REACH, REACH, 2 * SIDE + 1)[1::2]  # the middles of the tiles
    across, up = np.meshgrid(line, line[::-1])
    tiles = study.decode(net, np.stack([across.ravel(), up.ravel()], 1))
    tiles = tiles.reshape(SIDE, SIDE, 8, 8).transpose(0, 2, 1, 3)
    return _bytes(tiles.reshape(8 * SIDE, 8 * SIDE))


def _bytes(ink: np.ndarray) -> np.ndarray:
    return (255 * np.clip(np.nan_to_num(ink), 0, 1)).round().astype(np.uint8)


@cache
def average_cost() -> float:
    """What it costs to draw the average training digit for every test digit, in nats."""
    p = _digits().train.x.mean(0).clip(1e-3, 1 - 1e-3)
    x = _digits().test.x
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(1).mean())


def _latent(z: tuple[float, ...], loss: str) -> Frame:
    seen = latent(loss)
    drawn = study.decode(seen.net, np.array([z]))
    odds = study.reader(0).predict_proba(np.nan_to_num(drawn))[0]
    numbers = {
        "tab": "latent",
        "loss": loss,
        "z": [float(v) for v in z],
        "reconstruction": seen.reconstruction,
        "divergence": seen.divergence,
        "average": average_cost(),
        "called": int(odds.argmax()),
        "sure": float(odds.max()),
        "width": float(np.median(seen.widths)),
    }
    arrays = {
        "sheet": seen.sheet,
        "drawn": _bytes(drawn.reshape(8, 8)),
        "codes": np.clip(seen.codes, -1e6, 1e6),
        "widths": np.clip(seen.widths, 0, 1e6),
        "labels": _digits().test.y[:SHOWN].astype(np.uint8),
    }
    return Frame(arrays, numbers)


# The duel: a small pair on the ring ---------------------------------------------------------------


def _towards_fake(model: Any, real: Any, noise: Any) -> Any:
    """A wrong generator loss: to be called drawn."""
    called = model.discriminator(model(noise))
    bce = scratch.nn.functional.binary_cross_entropy_with_logits
    return bce(called, ENGINE.zeros_like(called))


GAMES: Mapping[str, Way] = MappingProxyType(
    {
        "right": Way("be called real", gan.PLAYERS["generator"]),
        "first": Way("first game: log(1 − D)", study.minimax, "G-13"),
        "detach": Way("samples detached", study.detached, "G-11"),
        "fake": Way("be called drawn", _towards_fake, "G-12"),
    }
)


class Look(NamedTuple):
    """A duel at one moment."""

    points: np.ndarray  # (300, 2)
    map: np.ndarray  # (24, 24), how real the judge calls each place, rows from the top
    judge: float
    fool: float
    modes: int
    good: float


@lru_cache(maxsize=16)
def duel(game: str, steps: int) -> tuple[Look, ...]:
    """A whole duel, seen at the start and after every `EVERY` epochs."""
    scratch.manual_seed(0)
    net = GAN(ENGINE)(2, 8, 48)
    ring = data.ring(seed=0)
    players = {**gan.PLAYERS, "generator": GAMES[game].loss}
    trainer = Trainer(net, players, "Adam", 2e-3, {"betas": (0.5, 0.9)})
    batches = ring.train.batches(64, "x", seed=0, augment=data.with_noise(8))
    looks = [_look(net, np.nan, np.nan)]
    for epoch in range(EPOCHS):
        losses = [_round(trainer, batch, steps) for batch in batches.epoch(epoch)]
        if epoch % EVERY == EVERY - 1:
            looks.append(_look(net, *np.mean(losses, 0)))
    return tuple(looks)


def _round(trainer: Trainer, batch: tuple[np.ndarray, ...], steps: int) -> tuple[float, float]:
    tensors = to_tensors(trainer.model, batch)
    losses = []
    for player in ["discriminator"] + ["generator"] * steps:
        losses.append(trainer.backward(player, tensors))
        trainer.optimizers[player].step()
    return losses[0], losses[-1]


def _look(net: Any, judge: float, fool: float) -> Look:
    points = study.draw_points(net, POINTS)
    line = np.linspace(-3, 3, 49, dtype=np.float32)[1::2]
    across, up = np.meshgrid(line, line[::-1])
    places = np.stack([across.ravel(), up.ravel()], 1)
    logits = predict(net.discriminator, places).reshape(24, 24)
    real = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return Look(points, real, float(judge), float(fool), *study.modes(points))


def _duel(game: str, steps: int, epoch: int) -> Frame:
    looks = duel(game, steps)
    at = looks[min(epoch // EVERY, len(looks) - 1)]
    numbers = {
        "tab": "duel",
        "game": game,
        "generator_steps": steps,
        "epoch": epoch // EVERY * EVERY,
        "modes": at.modes,
        "good": at.good,
        "judge": None if np.isnan(at.judge) else at.judge,
        "fool": None if np.isnan(at.fool) else at.fool,
        "far": float(np.median(np.linalg.norm(at.points, axis=1))),
    }
    arrays = {
        "points": np.clip(at.points, -1e6, 1e6),
        "map": at.map,
        "real": data.ring(seed=0).test.x[:240],
        "found": np.array([look.modes for look in looks]),
    }
    return Frame(arrays, numbers)


# The noise ladder: the exact guess for the ring, no network in between ----------------------------


def kept_after(schedule: str, steps: int) -> np.ndarray:
    """The share of the signal's variance after each step: (steps,)."""
    if schedule == "cosine":
        t = np.arange(1, steps + 1) / steps
        return np.maximum(np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2, 1e-4)
    return np.cumprod(1 - np.linspace(1e-4, 0.02, steps))


def factors(kept: Any, root: bool) -> tuple[Any, Any]:
    """What signal and noise are multiplied by; without the root that is a mistake."""
    return (np.sqrt(kept), np.sqrt(1 - kept)) if root else (kept, 1 - kept)


def exact_guess(x: np.ndarray, signal: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """The mean of all clean points (N, 2) that `x` could come from, and log p(x) but a constant.

    The ring is eight normal clouds, so that Bayes' rule can be written down.
    """
    variance = (signal * SPREAD) ** 2 + noise**2
    off = x[:, None] - signal * study.CENTRES  # (N, 8, 2)
    log = -0.5 * (off**2).sum(2) / variance  # (N, 8)
    top = log.max(1, keepdims=True)
    weight = np.exp(log - top)
    total = weight.sum(1, keepdims=True)
    clean = study.CENTRES + signal * SPREAD**2 / variance * off  # (N, 8, 2)
    mean = (weight / total)[:, :, None] * clean
    return mean.sum(1), (top + np.log(total))[:, 0] - np.log(variance)


def _guessed_noise(x: np.ndarray, signal: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    clean, log = exact_guess(x, signal, noise)
    return (x - signal * clean) / noise, log


def _timeless(x: np.ndarray, levels: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The best guess of one who is not told the step: a mean over the steps, by their odds."""
    each = [_guessed_noise(x, s, n) for s, n in zip(*levels, strict=True)]
    log = np.stack([one[1] for one in each])  # (levels, N)
    odds = np.exp(log - log.max(0))
    odds /= odds.sum(0)
    return (odds[:, :, None] * np.stack([one[0] for one in each])).sum(0)


@lru_cache(maxsize=24)
def ladder(schedule: str, steps: int, mistake: str) -> tuple[np.ndarray, np.ndarray]:
    """The walk back from noise at ten moments, (11, POINTS, 2), and the shares kept, (steps,)."""
    kept = kept_after(schedule, steps)
    signal, noise = factors(kept, mistake != "no-root")
    some = np.unique(np.linspace(0, steps - 1, 20).astype(int))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((POINTS, 2))
    stops = [x]
    marks = set(np.linspace(0, steps, 11).round().astype(int)[1:])
    for done_, t in enumerate(range(steps - 1, -1, -1), 1):
        if mistake == "no-time":
            guess = _timeless(x, (signal[some], noise[some]))
        elif mistake == "predicts-x0":
            guess = exact_guess(x, signal[t], noise[t])[0]
        else:
            guess = _guessed_noise(x, signal[t], noise[t])[0]
        before = kept[t - 1] if t else 1.0
        alpha = kept[t] / before
        x = (x - (1 - alpha) / np.sqrt(1 - kept[t]) * guess) / np.sqrt(alpha)
        if mistake != "no-fresh":
            deviation = np.sqrt((1 - before) / (1 - kept[t]) * (1 - alpha))
            x = x + deviation * rng.standard_normal(x.shape)
        if done_ in marks:
            stops.append(x)
    return np.stack(stops), kept


MISTAKES: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "none": ("none", None),
        "no-root": ("roots forgotten", "G-16"),
        "no-fresh": ("no fresh noise", None),
        "no-time": ("step not told", "G-17"),
        "predicts-x0": ("picture for noise", "G-20"),
    }
)


def _tightness(points: np.ndarray) -> float:
    """The typical deviation of points from the middle of their cloud, along one axis."""
    apart = np.linalg.norm(points[:, None] - study.CENTRES, axis=2).min(1)
    return float(np.median(apart) / np.sqrt(2 * np.log(2)))  # exact for a round normal cloud


def _ladder(schedule: str, steps: int, mistake: str, done_: int) -> Frame:
    walk, kept = ladder(schedule, steps, mistake)
    t = max(0, round(steps * (1 - done_ / 10)) - 1)
    signal, noise = factors(kept[t], mistake != "no-root")
    rng = np.random.default_rng(1)
    clean = data.ring(seed=0).train.x[:POINTS]
    forward = signal * clean + noise * rng.standard_normal(clean.shape)
    found, good = study.modes(walk[-1])
    some = np.unique(np.linspace(0, steps - 1, min(steps, 120)).astype(int))
    numbers = {
        "tab": "ladder",
        "schedule": schedule,
        "steps": steps,
        "mistake": mistake,
        "done": done_,
        "step": t + 1,
        "left": float(kept[-1]),
        "kept": float(kept[t]),
        "modes": found,
        "good": good,
        "tight": _tightness(walk[-1]),
        "forward": float(forward.std()),
    }
    arrays = {
        "forward_points": np.clip(forward, -1e6, 1e6),
        "backward_points": np.clip(walk[done_], -1e6, 1e6),
        "share": kept[some],
        "at": (some + 1) / steps,
    }
    return Frame(arrays, numbers)


def compute(
    tab: str,
    z: tuple[float, ...],
    loss: str,
    game: str,
    generator_steps: int,
    epoch: int,
    schedule: str,
    steps: int,
    mistake: str,
    done_: int,
    fine: bool,
) -> Frame:
    """What the open tab shows; the nets are small, so nothing is coarser while dragging."""
    if tab == "latent":
        return _latent(z, loss)
    if tab == "duel":
        return _duel(game, generator_steps, epoch)
    return _ladder(schedule, steps, mistake, done_)


# Words --------------------------------------------------------------------------------------------


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    if frame["tab"] == "latent":
        return _describe_latent(frame)
    return _describe_duel(frame) if frame["tab"] == "duel" else _describe_ladder(frame)


def _describe_latent(frame: Frame) -> tuple[str, ...]:
    first, second = frame["z"]
    says = [
        f"At the code ({number(first)}, {number(second)}) the decoder draws what the reader calls "
        f"a {frame['called']}, being {100 * frame['sure']:.0f} % sure."
    ]
    if "divergence" not in frame.numbers:
        return tuple(says)
    says.append(
        f"On test digits the reconstruction costs {number(frame['reconstruction'])} nats (the "
        f"average digit each time: {frame['average']:.1f}) and the divergence "
        f"{number(frame['divergence'])} nats; a usual cloud is {number(frame['width'])} wide."
    )
    if frame["loss"] != "right":
        says.append(_LATENT_SAYS[frame["loss"]])
    return tuple(says)


_LATENT_SAYS = {
    "recon-mean": "Divided by 64, a good drawing is not worth its price: the code is given up, all "
    "clouds are the prior, and every code draws the same grey digit.",
    "no-reparam": "Nothing of the drawing reaches the encoder. It hears the divergence alone, and "
    "makes all clouds the same.",
    "kl-sign": "The divergence is rewarded, so the clouds fly apart without limit.",
    "logvar-as-std": "The width of the draw and the width in the divergence are two things now, "
    "and the clouds are not as wide as the divergence believes.",
}


def _describe_duel(frame: Frame) -> tuple[str, ...]:
    says = [
        f"After {frame['epoch']} epochs the generator has found {frame['modes']} of 8 clouds; "
        f"{100 * frame['good']:.0f} % of its points lie inside a cloud."
    ]
    if frame["judge"] is not None:
        says.append(
            f"The discriminator's loss is {frame['judge']:.2f} (who cannot tell has 2 log 2 = "
            f"1.39), the generator's {frame['fool']:.2f}."
        )
    if frame["game"] == "detach":
        says.append("The generator's weights have not moved: its only road back is cut.")
    elif frame["game"] == "fake":
        says.append(
            "The generator learns to be found out: its points lie "
            f"{number(frame['far'])} from the middle, the data 2."
        )
    elif frame["generator_steps"] >= 4 and frame["modes"] <= 3 and frame["epoch"]:
        says.append("Too many steps in a row: all points run to the judge's weakest spot.")
    return tuple(says)


def _describe_ladder(frame: Frame) -> tuple[str, ...]:
    says = [
        f"At step {frame['step']} of {frame['steps']}, {100 * frame['kept']:.1f} % of the signal's "
        f"variance are left; at the end {100 * frame['left']:.2g} %. The forward cloud is "
        f"{frame['forward']:.2f} wide.",
        f"Walked back from noise, the points find {frame['modes']} of 8 clouds, and "
        f"{100 * frame['good']:.0f} % of them end inside one. A cloud is {frame['tight']:.2f} "
        f"wide; those of the data are {SPREAD:.2f}.",
    ]
    if frame["left"] > 0.02:
        says.append(
            "Training never came to pure noise, and the walk back begins there. Here the guess is "
            "exact everywhere and brings the points in; a network was never taught at such a "
            "place."
        )
    if frame["mistake"] != "none":
        says.append(_LADDER_SAYS[frame["mistake"]])
    return tuple(says)


_LADDER_SAYS = {
    "no-root": "Shares of variance were used as factors: half-way the forward cloud is narrower "
    "than it should be, and the steps back take off the wrong amount.",
    "no-fresh": "Without fresh noise the points are drawn together: each cloud is narrower than "
    "that of the data.",
    "no-time": "Not told the step, the guess is a mean over all steps; what is noise at one is a "
    "cloud at another.",
    "predicts-x0": "The clean point was put where the formula expects the noise: the picture "
    "itself is subtracted.",
}


# Prediction and missions --------------------------------------------------------------------------


def _prove(explorable: Explorable) -> int:
    frame = explorable.at(tab="latent", loss="recon-mean")
    right = explorable.at(tab="latent")["divergence"]
    if frame["divergence"] < 0.05:
        return 0
    return 1 if frame["divergence"] < 2 * right else 2


PREDICT = Prediction(
    "A VAE for pictures of 64 pixels takes the mean over the pixels in its reconstruction and the "
    "sum over the codes in its divergence. What becomes of the divergence in training?",
    (
        (
            "It goes to zero",
            "A drawing is worth 64 times less now, and the divergence costs as much as before. The "
            "model saves it all: every cloud becomes the prior, and the code says nothing.",
        ),
        (
            "It stays about as it was",
            "The optimizer sees only the sum of the two. With one of them divided by 64, the other "
            "decides nearly everything, and it is cheapest when the code is given up.",
        ),
        (
            "It grows without limit",
            "That is what a divergence with the wrong sign does. Here it is still a cost, and it "
            "has become by far the larger one.",
        ),
    ),
    0,
    _prove,
    hides=("divergence", "reconstruction", "width"),
    at={"tab": "latent", "loss": "recon-mean"},
)


def _check_zero(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "latent":
        return waiting("Open the tab Latent map.")
    if frame["loss"] != "right":
        return not_yet("Use the right loss.")
    if frame["called"] == 0 and frame["sure"] > 0.8:
        return done("There the decoder draws a zero, and the reader is sure of it.")
    return not_yet(f"The reader calls it a {frame['called']}, {100 * frame['sure']:.0f} % sure.")


def _solve_zero(explorable: Explorable) -> Settings:
    line = np.linspace(-REACH, REACH, 41)
    codes = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    odds = study.reader(0).predict_proba(study.decode(latent("right").net, codes))
    best = codes[odds[:, 0].argmax()]
    return {"tab": "latent", "loss": "right", "z": (float(best[0]), float(best[1]))}


def _check_average(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "latent":
        return waiting("Open the tab Latent map.")
    if abs(frame["reconstruction"] - frame["average"]) < 0.3 and frame["divergence"] < 0.01:
        return done("The code is given up: this is posterior collapse.")
    return not_yet(
        f"The drawings still cost {frame['average'] - frame['reconstruction']:.1f} nats less than "
        "the average digit."
    )


def _check_modes(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "duel":
        return waiting("Open the tab Duel.")
    if frame["modes"] >= 6:
        return done(f"{frame['modes']} clouds: a judge that keeps up makes the generator spread.")
    return not_yet(f"{frame['modes']} of 8 clouds after {frame['epoch']} epochs.")


def _check_noise(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "ladder":
        return waiting("Open the tab Noise ladder.")
    if frame["schedule"] != "straight":
        return not_yet("Keep the straight schedule.")
    if frame["left"] < 0.01:
        return done(f"With {frame['steps']} steps {100 * frame['left']:.2g} % are left: noise.")
    return not_yet(f"{100 * frame['left']:.0f} % of the signal are left at the end.")


MISSIONS = (
    Mission(
        "zero",
        "Find a code for which the reader is more than 80 % sure to see a 0.",
        _check_zero,
        _solve_zero,
        {"tab": "latent", "loss": "right", "z": (0.0, 0.0)},
    ),
    Mission(
        "average",
        "Choose a loss that makes the VAE draw the average digit whatever the code.",
        _check_average,
        lambda e: {"loss": "recon-mean"},
        {"tab": "latent", "loss": "right"},
    ),
    Mission(
        "modes",
        "Make the generator find six clouds or more.",
        _check_modes,
        lambda e: {"generator_steps": 1, "epoch": EPOCHS},
        {"tab": "duel", "game": "right", "generator_steps": 5, "epoch": 15},
    ),
    Mission(
        "noise",
        "The straight schedule: take as many steps as leave less than 1 % of the signal.",
        _check_noise,
        lambda e: {"steps": 600},
        {"tab": "ladder", "schedule": "straight", "steps": 100},
    ),
)


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """The open tab as it stands."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    if frame["tab"] == "latent":
        extent = (-REACH, REACH, -REACH, REACH)
        left.imshow(frame["sheet"], cmap="gray_r", extent=extent, vmin=0, vmax=255)
        left.grid(visible=False)
        for edge in np.linspace(-REACH, REACH, SIDE + 1)[1:-1]:  # room between the drawn digits
            left.axhline(edge, color="white", lw=2, ls="-")
            left.axvline(edge, color="white", lw=2, ls="-")
        left.plot(*frame["z"], "o", ms=11, mfc="none", mec="#D55E00", mew=2)
        left.set_title("latent plane, and the chosen code", fontsize=10)
        right.imshow(frame["drawn"], cmap="gray_r", vmin=0, vmax=255)
        right.set_title("what is drawn for the chosen code", fontsize=10)
        right.set_axis_off()
        return figure
    if frame["tab"] == "duel":
        left.imshow(frame["map"], cmap="Blues", extent=(-3, 3, -3, 3), vmin=0, vmax=1.4)
        left.plot(*frame["real"].T, ".", ms=3, color="0.5")
        left.plot(*frame["points"].T, ".", ms=3, color="#D55E00")
        left.set_title("real grey, drawn orange", fontsize=10)
        right.plot(EVERY * np.arange(len(frame["found"])), frame["found"])
        right.set(xlabel="epoch", ylabel="clouds found", ylim=(-0.3, 8.3))
        return figure
    for axes, name, title in (
        (left, "forward_points", "forwards: data and noise"),
        (right, "backward_points", "backwards: from noise"),
    ):
        axes.plot(*frame[name].T, ".", ms=3)
        axes.set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4), aspect=1)
        axes.set_title(title, fontsize=10)
    return figure


# The explorable -----------------------------------------------------------------------------------

_LATENT, _DUEL, _LADDER = ("tab", ("latent",)), ("tab", ("duel",)), ("tab", ("ladder",))
KNOBS = (
    Choice(
        "tab",
        "Tab",
        "latent",
        options=(("latent", "Latent map"), ("duel", "Duel"), ("ladder", "Noise ladder")),
        on_stage=True,
    ),
    Numbers("z", "Code", (0.6, -0.4), -REACH, REACH, 0.05, on_stage=True),
    Choice(
        "loss", "Loss", "right", options=tuple((k, w.words) for k, w in LOSSES.items()),
        when=_LATENT,
    ),
    Choice(
        "game", "The generator's loss", "right",
        options=tuple((k, w.words) for k, w in GAMES.items()), when=_DUEL,
    ),
    Slider("generator_steps", "Generator's steps for one of the judge", 1, 1, 5, 1, when=_DUEL),
    Slider("epoch", "Epoch", EPOCHS, 0, EPOCHS, EVERY, when=_DUEL),
    Choice(
        "schedule", "Schedule", "cosine",
        options=(("cosine", "cosine"), ("straight", "straight, to 0.02")), when=_LADDER,
    ),
    Slider("steps", "Steps", 50, 10, 1000, 10, when=_LADDER),
    Choice(
        "mistake", "Mistake", "none", options=tuple((k, w) for k, (w, _) in MISTAKES.items()),
        when=_LADDER,
    ),
    Slider("done_", "Way back, in tenths", 10, 0, 10, 1, when=_LADDER),
)  # fmt: skip

EXPLORABLE = Explorable(
    "generator-bench",
    "Generator bench",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    (
        Preset("latent", "Latent map", {"tab": "latent", "z": (-1.0, 1.0)}),
        Preset("recon-mean", "Mean over pixels", {"tab": "latent", "loss": "recon-mean"}, "G-05"),
        Preset(
            "no-reparam", "Draw without gradient",
            {"tab": "latent", "loss": "no-reparam"}, "G-01",
        ),
        Preset("kl-sign", "Divergence subtracted", {"tab": "latent", "loss": "kl-sign"}, "G-04"),
        Preset(
            "logvar-as-std", "Log-variance as deviation",
            {"tab": "latent", "loss": "logvar-as-std"}, "G-02",
        ),
        Preset("duel", "A fair duel", {"tab": "duel"}),
        Preset("greedy", "A greedy generator", {"tab": "duel", "generator_steps": 5}, "G-15"),
        Preset("detach-generator", "Detach both", {"tab": "duel", "game": "detach"}, "G-11"),
        Preset("towards-fake", "Towards fake", {"tab": "duel", "game": "fake"}, "G-12"),
        Preset("ladder", "The noise ladder", {"tab": "ladder"}),
        Preset(
            "no-root", "Forget the root",
            {"tab": "ladder", "mistake": "no-root", "done_": 5}, "G-16",
        ),
        Preset("no-fresh-noise", "No fresh noise", {"tab": "ladder", "mistake": "no-fresh"}),
        Preset("no-time", "Do not tell the step", {"tab": "ladder", "mistake": "no-time"}, "G-17"),
        Preset(
            "predicts-x0", "Picture for noise", {"tab": "ladder", "mistake": "predicts-x0"}, "G-20"
        ),
        Preset(
            "borrowed-schedule", "A borrowed schedule",
            {"tab": "ladder", "schedule": "straight", "steps": 100}, "G-19",
        ),
    ),
    MISSIONS,
    also_breaks=("G-13", "G-14"),
)  # fmt: skip
