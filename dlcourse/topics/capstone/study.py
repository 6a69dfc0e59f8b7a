"""What lesson 12 builds: the street films, the rules to beat, the models, tests and monitors."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...data import Batches, Dataset, Part, digits
from ...teach.train import cosine, fit, own_loss, predict

Array = NDArray[Any]

SIDE, PATCH = 16, 8  # pixels of a frame and of a digit
SEEN, AHEAD = 8, 4  # frames that are watched, and frames to foretell
ROOM = SIDE - PATCH  # a digit's left edge lies in 0..ROOM


# The films ----------------------------------------------------------------------------------------


class Street(NamedTuple):
    """What may happen in a film: ranges of speed and noise, the share of vans, which digits."""

    speed: tuple[float, float] = (0.3, 1.3)  # pixels a frame, along each axis
    noise: tuple[float, float] = (0.0, 0.25)  # standard deviation of a pixel, one number a film
    vans: float = 0.5
    digits: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)


USUAL = Street()
COUNTS = (900, 200, 400)


def street(
    seed: int = 0, counts: tuple[int, int, int] = COUNTS, world: Street = USUAL, draw: int = 0
) -> Dataset:
    """Films of one moving digit, sometimes hidden by a parked van: `x` (N, 12, 1, 16, 16).

    `y` (N, 12, 2) is the centre of the digit's ink in pixels from the left and the top, also where
    a van hides it.  `extra`: `image`, which handwritten digit (its row in its part of `digits`);
    `digit`, `noise`, `speed` (pixels a frame), `van`; and for each frame `hidden`, the share of
    ink behind the van, and `bounced`, did it turn at a wall since the frame before.

    The seed cuts the digits into parts; another `draw` gives other films of the same cut.
    """
    cut = digits(seed)
    train, valid, test = (
        _films(part, np.random.default_rng([seed, 12 + draw, i]), counts[i], world)
        for i, part in enumerate((cut.train, cut.valid, cut.test))
    )
    return Dataset("street", train, valid, test)


def _films(part: Part, rng: np.random.Generator, count: int, world: Street) -> Part:
    frames = SEEN + AHEAD
    image = rng.choice(np.flatnonzero(np.isin(part.y, world.digits)), count)
    start = rng.uniform(0, 2 * ROOM, (count, 2))  # in 0..2*ROOM: half of them come back
    step = rng.uniform(*world.speed, (count, 2)) * rng.choice([-1, 1], (count, 2))
    straight = start[:, None] + step[:, None] * np.arange(frames)[:, None]  # (N, T, 2)
    place = fold(straight)
    lap = np.floor(straight / ROOM)
    bounced = np.zeros((count, frames), bool)
    bounced[:, 1:] = (np.diff(lap, axis=1) != 0).any(2)
    ink = part.x[image].reshape(-1, PATCH, PATCH)
    clear = drawn(ink, place)  # (N, T, 16, 16)
    van = _vans(rng, count, world.vans)
    hidden = (clear * van[:, None]).sum((2, 3)) / clear.sum((2, 3))
    film = np.where(van[:, None], 0.6, clear)
    noise = rng.uniform(*world.noise, count)
    film = np.clip(film + noise[:, None, None, None] * rng.normal(size=film.shape), 0, 1)
    extra = {
        "image": image, "digit": part.y[image], "noise": noise, "van": van.any((1, 2)),
        "speed": np.hypot(*step.T), "hidden": hidden, "bounced": bounced,
    }  # fmt: skip
    centres = place + _offset(ink)[:, None]
    return Part(film[:, :, None].astype(np.float32), centres.astype(np.float32), extra)


def fold(straight: Array, low: float = 0.0, high: float = ROOM) -> Array:
    """A straight line folded back at two walls: what a ball that bounces does."""
    room = high - low
    return high - np.abs((straight - low) % (2 * room) - room)


def drawn(ink: Array, place: Array) -> Array:
    """Digits (N, 8, 8) at places (N, T, 2), left and top, between pixels too: (N, T, 16, 16)."""
    count, frames = place.shape[:2]
    whole = np.minimum(place.astype(int), ROOM - 1)
    part = place - whole  # 0..1: how far into the next pixel
    films = np.zeros((count, frames, SIDE, SIDE))
    for n in range(count):
        for t in range(frames):
            (left, top), (x, y) = whole[n, t], part[n, t]
            wide = np.zeros((PATCH + 1, PATCH + 1))
            for dx, dy, share in ((0, 0, (1 - x) * (1 - y)), (1, 0, x * (1 - y)),
                                  (0, 1, (1 - x) * y), (1, 1, x * y)):  # fmt: skip
                wide[dy : dy + PATCH, dx : dx + PATCH] += share * ink[n]
            films[n, t, top : top + PATCH + 1, left : left + PATCH + 1] = wide
    return films


def _vans(rng: np.random.Generator, count: int, share: float) -> Array:
    """Where a van is parked: (N, 16, 16), five wide and ten high, or nowhere."""
    van = np.zeros((count, SIDE, SIDE), bool)
    there = rng.random(count) < share
    left, top = rng.integers(0, SIDE - 4, count), rng.integers(0, SIDE - 9, count)
    for n in np.flatnonzero(there):
        van[n, top[n] : top[n] + 10, left[n] : left[n] + 5] = True
    return van


def _offset(ink: Array) -> Array:
    """The centre of the ink in its patch, (N, 2), from its left and top edge."""
    middle = np.arange(PATCH) + 0.5
    total = ink.sum((1, 2))
    return np.stack([ink.sum(1) @ middle / total, ink.sum(2) @ middle / total], -1)


def futures(y: Array) -> Array:
    """What is asked at each watched frame: where it is now and in 1 to 4 frames, (N, 8, 5, 2)."""
    return np.stack([y[:, k : SEEN + k] for k in range(AHEAD + 1)], 2)


def asked(part: Part) -> Part:
    """The watched frames (N, 8, 1, 16, 16) and what is asked at each of them (N, 8, 5, 2)."""
    return Part(part.x[:, :SEEN], futures(part.y), part.extra)


# Rules to beat ------------------------------------------------------------------------------------


def centre_of_mass(frames: Array) -> Array:
    """The centre of the brightness of frames (..., H, W): (..., 2), from the left and the top."""
    H, W = frames.shape[-2:]
    total = frames.sum((-2, -1)).clip(1e-9)
    x = (frames.sum(-2) @ (np.arange(W) + 0.5)) / total
    y = (frames.sum(-1) @ (np.arange(H) + 0.5)) / total
    return np.stack([x, y], -1)


class Rule(NamedTuple):
    """A tracker without learning: its threshold, the frames it fits, and what it knows."""

    threshold: float = 0.0
    background: bool = False  # take away what does not move: the median of the film
    frames: int = 2  # how many of the last centres give the speed
    walls: tuple[float, float] | None = None  # where centres turn round


def centres(films: Array, rule: Rule) -> Array:
    """Where a rule sees the digit in films (N, T, 1, H, W), else its last place: (N, T, 2)."""
    x = films[:, :, 0].astype(float)
    if rule.background:
        x = abs(x - np.median(x, axis=1, keepdims=True))
    x = np.where(x > rule.threshold, x, 0)
    found = centre_of_mass(x)
    empty = x.sum((2, 3)) == 0
    found[:, 0][empty[:, 0]] = SIDE / 2
    for t in range(1, found.shape[1]):
        found[:, t][empty[:, t]] = found[:, t - 1][empty[:, t]]
    return found


def onwards(seen: Array, frames: int = 2, walls: tuple[float, float] | None = None) -> Array:
    """Centres (N, T, 2) carried on at constant speed: now and 1 to 4 frames ahead, (N, 5, 2)."""
    t = np.arange(frames) - (frames - 1)  # the last frame is time 0
    last = seen[:, -frames:]
    slope = ((t - t.mean())[:, None] * last).sum(1) / ((t - t.mean()) ** 2).sum()
    now = seen[:, -1] if frames == 2 else last.mean(1) - slope * t.mean()
    ahead = now[:, None] + slope[:, None] * np.arange(AHEAD + 1)[:, None]
    return ahead if walls is None else fold(ahead, *walls)


def by_rule(films: Array, rule: Rule) -> Array:
    """A rule's answer at the last watched frame of films: (N, 5, 2)."""
    return onwards(centres(films, rule), rule.frames, rule.walls)


# Models: one text, three of them ------------------------------------------------------------------


@functools.cache
def Watcher(torch: Any) -> Any:
    """A CNN that reads frames, a GRU that remembers, or both; after Donahue et al. (2015)."""
    nn, F = torch.nn, torch.nn.functional

    class Watcher(nn.Module):
        """`Watcher()` is the hybrid, `Watcher(memory=False)` the eye, `Watcher(eye=False)` the
        memory, which reads centres (B, T, 2) in place of frames (B, T, 1, 16, 16)."""

        def __init__(self, eye=True, memory=True, width=8, features=48, hidden=64):
            super().__init__()
            self.eye = eye
            if eye:
                self.conv1 = nn.Conv2d(1, width, 3, stride=2, padding=1)
                self.conv2 = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
                self.read = nn.Linear(2 * width * 16, features)
            size = features if eye else 2
            self.rnn = nn.GRU(size, hidden, batch_first=True) if memory else None
            self.head = nn.Linear(hidden if memory else size, 2 * (AHEAD + 1))

        def forward(self, x):  # (B, T, 1, 16, 16), or (B, T, 2) without an eye
            """At each frame, the centre now and 1 to 4 frames ahead in pixels: (B, T, 5, 2)."""
            B, T = x.shape[:2]
            if self.eye:  # time is folded into the batch, and out again
                x = self.look(x.reshape(B * T, 1, SIDE, SIDE)).reshape(B, T, -1)
            else:
                x = x / 8 - 1
            if self.rnn is not None:
                x, _ = self.rnn(x)  # (B, T, hidden)
            return 8 + 8 * self.head(x).reshape(B, T, AHEAD + 1, 2)

        def look(self, frames):  # (N, 1, 16, 16)
            """Each frame by itself, as features (N, 48)."""
            x = F.relu(self.conv2(F.relu(self.conv1(frames))))  # (N, 2w, 4, 4)
            return F.relu(self.read(x.reshape(len(x), -1)))

        def loss(self, x, y):
            """The squared error of all answers, in units of half a frame."""
            return (((self(x) - y) / 8) ** 2).mean()

    return Watcher


def trained(
    engine: Any, x: Array, y: Array, seed: int, *, eye: bool = True, memory: bool = True,
    epochs: int = 20, size: int = 30, valid: Part | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """A `Watcher` trained on films x and what is asked of them, y; the model and its history."""
    engine.manual_seed(seed)
    model = Watcher(engine)(eye=eye, memory=memory)
    batches = Batches([x, y], size, seed=seed)
    history = fit(
        model,
        batches,
        loss=own_loss,
        lr=7e-3,
        epochs=epochs,
        schedule=cosine(epochs * len(batches), warm_up=20),
        clip=1.0,
        valid=None if valid is None else valid.batches(200, shuffle=False),
        seed=seed,
        progress=False,
    )
    return model, history


# Measures -----------------------------------------------------------------------------------------


def misses(answer: Array, part: Part) -> Array:
    """How far answers (N, 5, 2) at the last watched frame are off, 1 to 4 frames ahead: (N, 4)."""
    return np.linalg.norm(answer - part.y[:, -1], axis=-1)[:, 1:]


def last_answer(model: Any, x: Array) -> Array:
    """A model's answer at the last watched frame: (N, 5, 2)."""
    return predict(model, x)[:, -1]


def slices(part: Part) -> dict[str, Array]:
    """What happens in a film, chosen before any result was seen: masks (N,) by name."""
    extra = part.extra
    masks = {
        "all films": np.ones(len(part), bool),
        "open and clear": np.logical_not(extra["van"]) & (extra["noise"] < 0.06),
        "noisy": extra["noise"] > 0.17,
        "hidden at the end": extra["hidden"][:, SEEN - 2 : SEEN].mean(1) > 0.5,
        "bounce ahead": extra["bounced"][:, SEEN:].any(1),
        "fast": extra["speed"] > 1.3,
    }
    return {name: np.asarray(mask) for name, mask in masks.items()}


def redrawn(count: int, times: int = 2000, seed: int = 0) -> Array:
    """Test sets that might have been: film numbers drawn with repeats, (times, count)."""
    return np.random.default_rng([seed, 12]).integers(0, count, (times, count))


def surprise(answers: Array) -> Array:
    """How far the digit was seen from where it was foretold a frame before, a film's mean: (N,).

    From the fifth watched frame on; before, the speed is hardly known.  No truth is needed.
    """
    foretold, seen = answers[:, 3:-1, 1], answers[:, 4:, 0]  # (N, 4, 2)
    return np.linalg.norm(foretold - seen, axis=-1).mean(1)


# Leaks --------------------------------------------------------------------------------------------


def nearest_frame(d: Dataset, by: str, films: int = 300) -> float:
    """The mean error 4 frames ahead of copying the answer of the most similar known frame.

    `by` is what the known frames and the others do not share: "frame", "film" or "film and digit".
    Four fifths of the frames of `films` films with a van are known.
    """
    train, test = (asked(part.take(part["van"])) for part in (d.train, d.test))
    x, y = _frames(train.take(slice(0, films)))
    known = 4 * len(x) // 5
    if by == "frame":
        order = np.random.default_rng(12).permutation(len(x))
        x, y = x[order], y[order]
        other = x[known:], y[known:]
    else:
        other = _frames(train.take(slice(films, None)) if by == "film" else test)
    return _looked_up(x[:known], y[:known], *other)


def _frames(part: Part) -> tuple[Array, Array]:
    """All watched frames by themselves, (N*8, 256), and where the digit is 4 frames later."""
    return part.x.reshape(len(part) * SEEN, -1), part.y[:, :, AHEAD].reshape(-1, 2)


def _looked_up(x: Array, y: Array, at: Array, truth: Array) -> float:
    distances = (x**2).sum(1) - 2 * at @ x.T
    return float(np.linalg.norm(y[distances.argmin(1)] - truth, axis=-1).mean())


# Other worlds -------------------------------------------------------------------------------------

SHIFTS: Mapping[str, Street] = {
    "as in training": USUAL,
    "digits 8 and 9, never seen": USUAL._replace(digits=(8, 9)),
    "a van in every film": USUAL._replace(vans=1.0),
    "more noise": USUAL._replace(noise=(0.3, 0.45)),
    "faster": USUAL._replace(speed=(1.6, 2.4)),
}


def shifted(world: Street, seed: int = 0, count: int = 300) -> Part:
    """New films of a world, ready to be asked; their digits are those of the test part."""
    return asked(street(seed, (1, 1, count), world, draw=1).test)


# The card -----------------------------------------------------------------------------------------


def model_card(sections: Mapping[str, Sequence[str]], name: str) -> str:
    """A model card in Markdown, with one heading for each section (Mitchell et al., 2019)."""
    body = (f"**{title}**\n\n" + "\n".join(f"- {line}" for line in lines)
            for title, lines in sections.items())  # fmt: skip
    return f"### Model card: {name}\n\n" + "\n\n".join(body)
