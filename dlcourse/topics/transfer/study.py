"""What lesson 09 measures: preparation, augmentation, rare classes, borrowed features, pretexts."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from ...data import Dataset, Part
from ...models import MLP
from ...teach.metrics import softmax
from ...teach.train import cross_entropy, engine_of, evaluating, predict, to_tensors

Array = NDArray[Any]
Change = Callable[[Array, np.random.Generator], Array]
SIDE = 12  # pixels of a canvas; a digit takes 8 of them


# Canvases -----------------------------------------------------------------------------------------


def scatter(images: Array, rng: np.random.Generator, centred: bool = False) -> tuple[Array, Array]:
    """Digits (N, 64) on canvases (N, 1, 12, 12), at random or in the middle; and corners (N, 2)."""
    room = SIDE - 8
    corners = rng.integers(0, room + 1, (len(images), 2))
    if centred:
        corners = np.full_like(corners, room // 2)
    x = np.zeros((len(images), 1, SIDE, SIDE), np.float32)
    for canvas, image, (top, left) in zip(x, images, corners, strict=True):
        canvas[0, top : top + 8, left : left + 8] = image.reshape(8, 8)
    return x, corners


def shift_each(x: Array, by: Array) -> Array:
    """Each image of x (N, C, H, W) moved by its own (down, right) of `by`; zeros come in."""
    out = np.zeros_like(x)
    H, W = x.shape[2:]
    for new, old, (dy, dx) in zip(out, x, by, strict=True):
        to = slice(max(dy, 0), H + min(dy, 0)), slice(max(dx, 0), W + min(dx, 0))
        at = slice(max(-dy, 0), H + min(-dy, 0)), slice(max(-dx, 0), W + min(-dx, 0))
        new[:, *to] = old[:, *at]
    return out


def shifts(most: int) -> Change:
    """A change: every image is moved by up to `most` pixels along both axes."""
    return lambda x, rng: shift_each(x, rng.integers(-most, most + 1, (len(x), 2)))


def mirror(x: Array, rng: np.random.Generator) -> Array:
    """Half of the images exchange left and right."""
    return np.where(rng.random((len(x), 1, 1, 1)) < 0.5, x[..., ::-1], x)


def quarter_turns(x: Array, rng: np.random.Generator) -> Array:
    """Every image is turned by 0, 90, 180 or 270 degrees."""
    return turned(x, rng.integers(0, 4, len(x)))


def turned(x: Array, quarters: Array) -> Array:
    """Each image of x (N, C, S, S) turned by its number of quarters, against the clock."""
    return np.stack([np.rot90(i, q, axes=(1, 2)) for i, q in zip(x, quarters, strict=True)])


def noise(x: Array, rng: np.random.Generator) -> Array:
    """Normal noise of 0.1 on every pixel."""
    return (x + rng.normal(0, 0.1, x.shape)).astype(np.float32)


# Tasks --------------------------------------------------------------------------------------------


class Task(NamedTuple):
    """Labelled images to draw from, and images to be judged on."""

    pool: Part
    judged: Part


def digits_task(
    digits: Dataset, wanted: range, seed: int, centred: bool = False, test: bool = False
) -> Task:
    """Name the digits of `wanted`, counted from 0, on canvases; judged on validation (or test)."""
    rng = np.random.default_rng([seed, wanted.start, 1])
    parts = []
    for part, copies in ((digits.train, 1), (digits.test if test else digits.valid, 2)):
        mine = part.take(np.isin(part.y, wanted))
        x = np.concatenate([scatter(mine.x, rng, centred)[0] for _ in range(copies)])
        parts.append(Part(x, np.tile(mine.y - wanted.start, copies)))
    return Task(*parts)


def place_task(digits: Dataset, wanted: range, seed: int, test: bool = False) -> Task:
    """Say where the digit stands: which of nine places, whatever digit it is."""
    rng = np.random.default_rng([seed, wanted.start, 2])
    parts = []
    for part in (digits.train, digits.test if test else digits.valid):
        mine = part.take(np.isin(part.y, wanted))
        x, corners = scatter(mine.x, rng)
        thirds = corners * 3 // (SIDE - 8 + 1)  # 0, 1 or 2 along each axis
        parts.append(Part(x, 3 * thirds[:, 0] + thirds[:, 1]))
    return Task(*parts)


def few(part: Part, k: int, seed: int) -> Part:
    """The first `k` examples of each class after a shuffle: more of them contain the fewer."""
    order = np.random.default_rng([seed, 3]).permutation(len(part))
    rows = [order[part.y[order] == c][:k] for c in np.unique(part.y)]
    return part.take(np.concatenate(rows))


# The reader ---------------------------------------------------------------------------------------


@functools.cache
def Reader(torch: Any) -> Any:
    """A small convolutional network in two parts, a body and a head, on the given engine."""
    nn, F = torch.nn, torch.nn.functional

    class Body(nn.Module):
        """From a canvas to 48 features."""

        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(8)
            self.conv2 = nn.Conv2d(8, 16, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(16)
            self.fc = nn.Linear(16 * 3 * 3, 48)

        def forward(self, x):  # (B, 1, 12, 12)
            x = F.max_pool2d(F.relu(self.norm1(self.conv1(x))), 2)  # (B, 8, 6, 6)
            x = F.max_pool2d(F.relu(self.norm2(self.conv2(x))), 2)  # (B, 16, 3, 3)
            return F.relu(self.fc(x.flatten(1)))  # (B, 48)

    class Reader(nn.Module):
        """`Reader(5)`: a body that makes 48 features, and a head that makes 5 logits of them."""

        def __init__(self, classes):
            super().__init__()
            self.body = Body()
            self.head = nn.Linear(48, classes)

        def forward(self, x):  # (B, 1, 12, 12)
            return self.head(self.body(x))  # (B, classes)

    return Reader


@functools.cache
def Borrowed(torch: Any) -> Any:
    """A reader whose body stays as it is: neither its weights nor its statistics move."""

    class Borrowed(Reader(torch)):
        """`Borrowed(5)`; give it a body by `load_state_dict`."""

        def __init__(self, classes):
            super().__init__(classes)
            for p in self.body.parameters():
                p.requires_grad_(False)  # no gradient, so no step

        def train(self, mode=True):
            super().train(mode)
            self.body.eval()  # its batch norms are in use, whatever the mode
            return self

    return Borrowed


def with_body_of(model: Any, classes: int) -> Any:
    """A new reader with a copy of the model's body and a fresh head."""
    new = Reader(engine_of(model))(classes)
    new.body.load_state_dict(model.body.state_dict())
    return new


def learn(
    model: Any, optimizer: Any, part: Part, steps: int, rng: np.random.Generator, *,
    size: int = 32, change: Change | None = None, still: Any = None,
) -> None:  # fmt: skip
    """Train on random batches of `part`, each changed by `change`; the module `still` is in use."""
    model.train()
    if still is not None:
        still.eval()  # batch norm there keeps the statistics it came with
    for _ in range(steps):
        rows = rng.permutation(len(part))[:size]
        x = part.x[rows] if change is None else change(part.x[rows], rng)
        loss = cross_entropy(model, *to_tensors(model, (x, part.y[rows])))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def right(model: Any, part: Part) -> float:
    """The share of `part` that the model answers correctly, in eval mode."""
    return float((predict(model, part.x).argmax(1) == part.y).mean())


def groups(model: Any, lr: float, body_lr: float) -> list[dict[str, Any]]:
    """Parameters in two groups, each with its own rate: the body's and the head's."""
    return [
        {"params": list(model.body.parameters()), "lr": body_lr},
        {"params": list(model.head.parameters()), "lr": lr},
    ]


RATE = 3e-3


def kept(model: Any, source: Any, part: Part) -> float:
    """How well the source's head still reads what the model's body makes of the source's images."""
    old = with_body_of(model, source.head.out_features)
    old.head.load_state_dict(source.head.state_dict())
    return right(old, part)


def source_task(digits: Dataset, seed: int, copies: int = 8) -> Part:
    """The digits 0 to 4 of the training part, each at `copies` random places."""
    rng = np.random.default_rng([seed, 4])
    mine = digits.train.take(digits.train.y < 5)
    x = np.concatenate([scatter(mine.x, rng)[0] for _ in range(copies)])
    return Part(x, np.tile(mine.y, copies))


def pretrained(engine: Any, part: Part, seed: int, steps: int = 300) -> Any:
    """A reader trained on many labelled images of the source."""
    engine.manual_seed(seed)
    model = Reader(engine)(5)
    optimizer = engine.optim.Adam(model.parameters(), lr=RATE)
    learn(model, optimizer, part, steps, np.random.default_rng([seed, 5]))
    return model


def untrained(engine: Any, part: Part, seed: int) -> Any:
    """A reader with random weights, whose batch norms have seen the source's images."""
    engine.manual_seed(seed + 100)
    model = Reader(engine)(5)
    model.train()
    rng = np.random.default_rng([seed, 6])
    with engine.no_grad():
        for _ in range(30):
            model(*to_tensors(model, (part.x[rng.permutation(len(part))[:128]],)))
    return model


def features(model: Any, x: Array) -> Array:
    """The body's features of x, in eval mode, (N, 48)."""
    with evaluating(model):
        return model.body(*to_tensors(model, (x,))).numpy()


def linear(train: Part, judged: Part) -> float:
    """The accuracy of logistic regression on the pixels."""
    model = LogisticRegression(max_iter=1000).fit(train.x.reshape(len(train), -1), train.y)
    return float(model.score(judged.x.reshape(len(judged), -1), judged.y))


def probe(model: Any, train: Part, judged: Part) -> float:
    """The accuracy of logistic regression on the features of a frozen body (a linear probe)."""
    seen, new = features(model, train.x), features(model, judged.x)
    size = seen.std() or 1.0
    head = LogisticRegression(max_iter=1000).fit(seen / size, train.y)
    return float(head.score(new / size, judged.y))


def fine_tuned(
    start: Any, train: Part, classes: int, seed: int, *,
    body_lr: float = 1e-3, steps: int = 100, change: Change | None = None,
) -> Any:  # fmt: skip
    """A copy of `start` with a new head, all of it trained on: the head at 0.003, the body at its
    own rate."""
    engine = engine_of(start)
    engine.manual_seed(seed)
    model = with_body_of(start, classes)
    optimizer = engine.optim.Adam(groups(model, RATE, body_lr))
    learn(model, optimizer, train, steps, np.random.default_rng([seed, 7]), change=change)
    return model


def from_scratch(
    engine: Any, train: Part, classes: int, seed: int, *,
    steps: int = 100, change: Change | None = None,
) -> Any:  # fmt: skip
    """A reader trained on the target alone."""
    engine.manual_seed(seed)
    model = Reader(engine)(classes)
    optimizer = engine.optim.Adam(model.parameters(), lr=RATE)
    learn(model, optimizer, train, steps, np.random.default_rng([seed, 7]), change=change)
    return model


def rivals(
    engine: Any, task: Task, k: int, seed: int, source: Any, random: Any, steps: int = 100
) -> dict[str, float]:
    """Accuracies with `k` labels a class: five ways to use them."""
    train, classes = few(task.pool, k, seed), len(np.unique(task.pool.y))
    alone = from_scratch(engine, train, classes, seed, steps=steps)
    tuned = fine_tuned(source, train, classes, seed, steps=steps)
    return {
        "linear model on pixels": linear(train, task.judged),
        "network from scratch": right(alone, task.judged),
        "random body, frozen": probe(random, train, task.judged),
        "borrowed body, frozen": probe(source, train, task.judged),
        "borrowed body, fine-tuned": right(tuned, task.judged),
    }


# Pretexts: labels that cost nothing ---------------------------------------------------------------


def by_rotation(engine: Any, images: Array, seed: int, steps: int = 200) -> Any:
    """A reader that has learned by how many quarters an image was turned (Gidaris et al., 2018)."""
    engine.manual_seed(seed)
    model, rng = Reader(engine)(4), np.random.default_rng([seed, 8])
    optimizer = engine.optim.Adam(model.parameters(), lr=RATE)
    for _ in range(steps):
        x, _ = scatter(images[rng.permutation(len(images))[:64]], rng)
        quarters = rng.integers(0, 4, len(x))
        learn(model, optimizer, Part(turned(x, quarters), quarters), 1, rng, size=64)
    return model


def by_hiding(engine: Any, images: Array, seed: int, steps: int = 200) -> Any:
    """A reader that has learned to fill in the hidden half of the pixels (Vincent et al., 2008)."""
    engine.manual_seed(seed)
    model, rng = Reader(engine)(SIDE * SIDE), np.random.default_rng([seed, 9])
    optimizer = engine.optim.Adam(model.parameters(), lr=RATE)
    F = engine.nn.functional
    for _ in range(steps):
        x, _ = scatter(images[rng.permutation(len(images))[:64]], rng)
        seen = (x * (rng.random(x.shape) < 0.5)).astype(np.float32)
        xb, whole = to_tensors(model, (seen, x.reshape(len(x), -1)))
        loss = F.mse_loss(model(xb), whole)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def contrast(engine: Any, z: Any, temperature: float = 0.2) -> Any:
    """How badly each of 2N codes z (2N, D) finds its partner, N further on, among all others.

    The loss of Chen, Kornblith, Norouzi and Hinton (2020): cross-entropy of cosines.
    """
    z = z / (z * z).sum(1, keepdim=True).sqrt()
    alike = z @ z.T / temperature  # (2N, 2N)
    itself = engine.tensor(1e9 * np.eye(len(z), dtype=np.float32), dtype=z.dtype)
    partner = np.roll(np.arange(len(z)), len(z) // 2)
    return engine.nn.functional.cross_entropy(alike - itself, engine.tensor(partner))


def by_contrast(engine: Any, images: Array, seed: int, steps: int = 200, size: int = 128) -> Any:
    """A reader that has learned to find, among many, the same image at another place."""
    engine.manual_seed(seed)
    model, rng = Reader(engine)(32), np.random.default_rng([seed, 10])
    optimizer = engine.optim.Adam(model.parameters(), lr=RATE)
    for _ in range(steps):
        rows = rng.permutation(len(images))[:size]
        views = np.concatenate([noise(scatter(images[rows], rng)[0], rng) for _ in range(2)])
        loss = contrast(engine, model(*to_tensors(model, (views,))))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


# A rare class -------------------------------------------------------------------------------------


def rare(part: Part, seed: int, digit: int = 8, keep: float = 1 / 3) -> Part:
    """Is it the digit? Most of those that are were taken away, so that few are left."""
    rng = np.random.default_rng([seed, len(part)])
    is_it = part.y == digit
    kept = ~is_it | (rng.random(len(part)) < keep)
    return Part(part.x[kept], is_it[kept].astype(np.int64))


def repeated(part: Part, times: int) -> Part:
    """The examples of class 1 `times` times, and the others once."""
    rows = np.concatenate([np.flatnonzero(part.y == 0), np.tile(np.flatnonzero(part.y), times)])
    return part.take(rows)


def alarm(engine: Any, part: Part, weights: Array | None = None, seed: int = 0) -> Any:
    """A linear model with two logits, trained on all examples at once; classes may be weighted."""
    engine.manual_seed(seed)
    model = MLP(engine)([64, 2])
    optimizer = engine.optim.Adam(model.parameters(), lr=0.05)
    x, y = to_tensors(model, part)
    weight = None if weights is None else engine.tensor(weights.astype(np.float32))
    for _ in range(150):
        loss = engine.nn.functional.cross_entropy(model(x), y, weight=weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def chances(model: Any, x: Array) -> Array:
    """The model's probability of class 1, (N,)."""
    return softmax(predict(model, x))[:, 1]


def judge(p: Array, y: Array, threshold: float = 0.5) -> dict[str, float]:
    """Accuracy, balanced accuracy, precision and recall of the alarms p >= threshold."""
    alarms = p >= threshold
    found, spared = alarms[y == 1].mean(), (~alarms[y == 0]).mean()
    return {
        "accuracy": float((alarms == y).mean()),
        "balanced accuracy": float((found + spared) / 2),
        "precision": float(y[alarms].mean()) if alarms.any() else 1.0,
        "recall": float(found),
    }


def best_threshold(p: Array, y: Array) -> float:
    """The threshold with the largest balanced accuracy on these examples."""
    candidates = np.unique(p)
    return float(max(candidates, key=lambda t: judge(p, y, t)["balanced accuracy"]))


def means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each named number over the rows."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


# Preparation --------------------------------------------------------------------------------------


@functools.cache
def Prepared(torch: Any) -> Any:
    """A layer that standardises by given statistics, on the given engine."""

    class Prepared(torch.nn.Module):
        """`Prepared(mean, std)`: the statistics (D,) are buffers, saved with the weights."""

        def __init__(self, mean, std):
            super().__init__()
            self.register_buffer("mean", torch.tensor(mean))
            self.register_buffer("std", torch.tensor(std))

        def forward(self, x):  # (B, D)
            return (x - self.mean) / self.std

    return Prepared


def clinic(raw: Dataset) -> dict[str, float]:
    """A model of tumours, used where all patients are ill: the share found, prepared in two ways;
    and its accuracy on patients of both kinds."""
    mean, std = raw.train.x.mean(0), raw.train.x.std(0)
    model = LogisticRegression(max_iter=1000).fit((raw.train.x - mean) / std, raw.train.y)
    everyone, ill = raw.test, raw.test.take(raw.test.y == 0)
    said = {}
    for who, part in (("ill patients only", ill), ("all patients", everyone)):
        for name, (m, s) in {
            "training statistics": (mean, std),
            "their own statistics": (part.x.mean(0), part.x.std(0)),
        }.items():
            said[f"{who}, {name}"] = float(model.score((part.x - m) / s, part.y))
    return said


def by_descent(engine: Any, train: Part, judged: Part, lr: float, seed: int) -> float:
    """The accuracy of a small network after 200 steps of plain descent, nan where it diverged."""
    engine.manual_seed(seed)
    model = MLP(engine)([train.x.shape[1], 16, int(train.y.max()) + 1])
    optimizer = engine.optim.SGD(model.parameters(), lr=lr)
    learn(model, optimizer, train, 200, np.random.default_rng([seed, 11]))
    return right(model, judged)
