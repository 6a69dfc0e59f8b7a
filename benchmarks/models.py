"""Does every model learn?  Each trained on its small real data, against an honest baseline.

    python benchmarks/models.py                  all models, three seeds, on the scratch engine
    python benchmarks/models.py LeNet GPT --seeds 1 --engine torch

A seed decides the cut of the data, the weights and the order of the batches.  The level that each
model must reach is stated beside it; the exit status is 1 where one does not.
"""

import argparse
import importlib
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import ndimage
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from dlcourse import data, models
from dlcourse.models import gan
from dlcourse.teach import metrics
from dlcourse.teach.train import Trainer, cosine, evaluating, fit, own_loss, predict, squared_error
from dlcourse.teach.train import to_tensors as tensors


@dataclass(frozen=True)
class Task:
    """A model on its data: how it is trained and judged, and what it must reach."""

    name: str
    on: str
    metric: str
    level: float
    baseline: str
    train: Callable[[Any, int], float]
    naive: Callable[[int], float]
    more_is_better: bool = True

    def reached(self, value: float) -> bool:
        """Whether a value is at least as good as the level."""
        return value >= self.level if self.more_is_better else value <= self.level


def start(torch: Any, model: Any, seed: int, *args: Any, **options: Any) -> Any:
    """A fresh model whose weights the seed decides."""
    torch.manual_seed(seed)
    return model(torch)(*args, **options)


# Digits: pictures to labels.


def logistic(seed: int) -> float:
    d = data.digits(seed)
    return LogisticRegression(max_iter=1000).fit(*d.train).score(*d.test)


def commonest(seed: int) -> float:
    d = data.digits(seed)
    return float(np.mean(d.test.y == np.bincount(d.train.y).argmax()))


def digits(model: Any, *args: Any, epochs: int, lr: float, flat: bool = False) -> Any:
    def run(torch: Any, seed: int) -> float:
        d = data.digits(seed, flat=flat)
        net = start(torch, model, seed, *args)
        steps = epochs * len(d.train.batches(32))
        fit(net, d.train.batches(32, seed=seed), lr=lr, epochs=epochs, schedule=cosine(steps))
        return metrics.accuracy(predict(net, d.test.x), d.test.y)

    return run


# Tables.


def diabetes(torch: Any, seed: int) -> float:
    d = data.diabetes(seed)
    net = start(torch, models.LinearModel, seed, 10, 1)
    # The answers are about 150: they are learned as (y - 150) / 75 and read back.
    batches = data.Batches([d.train.x, (d.train.y - 150) / 75], 32, seed=seed)
    fit(net, batches, loss=squared_error, epochs=60, lr=0.02)
    return metrics.r_squared(predict(net, d.test.x) * 75 + 150, d.test.y)


# Scenes: find and outline.


def find(net: Any, x: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Boxes, kinds and scores in each picture."""
    out = predict(net, x)
    sure = 1 / (1 + np.exp(-out[..., 0]))
    boxes, kinds = data.boxes_from_cells(out[..., 1:5]), out[..., 5:].argmax(-1)
    return [
        (b[s > 0.5], k[s > 0.5], s[s > 0.5]) for b, k, s in zip(boxes, kinds, sure, strict=True)
    ]


def f1(part: data.Part, found: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> float:
    total = metrics.Detections(0, 0, 0)
    for (boxes, kinds, sure), true, names in zip(found, part["boxes"], part["kinds"], strict=True):
        real = names >= 0
        total += metrics.match_boxes(boxes, kinds, sure, true[real], names[real])
    return total.f1


def detector(torch: Any, seed: int) -> float:
    d = data.canvases(seed)
    net = start(torch, models.Detector, seed)
    batches = d.train.batches(16, "x", "present", "places", "labels", seed=seed)
    schedule = cosine(14 * len(batches), warm_up=20)
    fit(net, batches, loss=own_loss, lr=6e-3, epochs=14, schedule=schedule)
    return f1(d.test, find(net, d.test.x))


@cache
def reader(seed: int) -> Any:
    return LogisticRegression(max_iter=1000).fit(*data.digits(seed).train)


def components(part: data.Part, seed: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The classical way: a threshold, connected components, a linear reader of crops."""
    return [_components(x, seed) for x in part.x[:, 0]]


def _components(x: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labelled, _ = ndimage.label(x > 0.4, structure=np.ones((3, 3)))
    found = []
    for rows, columns in ndimage.find_objects(labelled):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if height >= 6 and width >= 2:
            box = (columns.start, rows.start, columns.stop, rows.stop)
            found.append((box, _read(x[rows, columns], seed)))
    boxes = np.array([b for b, _ in found]).reshape(-1, 4)
    return boxes, np.array([k for _, k in found], int), np.ones(len(found))


def _read(crop: np.ndarray, seed: int) -> int:
    """A crop at the height of a digit, centred in 8x8, read by the linear model."""
    small = ndimage.zoom(crop, (8 / crop.shape[0], 8 / crop.shape[0]), order=1)[:, :8]
    square = np.zeros((8, 8), np.float32)
    left = (8 - small.shape[1]) // 2
    square[: small.shape[0], left : left + small.shape[1]] = small
    return int(reader(seed).predict(square.reshape(1, 64))[0])


def classical_f1(seed: int) -> float:
    part = data.canvases(seed).test
    return f1(part, components(part, seed))


def unet(torch: Any, seed: int) -> float:
    d = data.canvases(seed)
    net = start(torch, models.UNet, seed)
    batches = d.train.batches(16, seed=seed)
    schedule = cosine(10 * len(batches), warm_up=20)
    fit(net, batches, loss=own_loss, lr=1e-2, epochs=10, schedule=schedule)
    return mean_iou(predict(net, d.test.x).argmax(1), d.test.y)


def mean_iou(guess: np.ndarray, truth: np.ndarray) -> float:
    return float(np.nanmean(metrics.mask_iou(guess, truth, 11)[1:]))  # the background is easy


def classical_iou(seed: int) -> float:
    part = data.canvases(seed).test
    guess = np.zeros_like(part.y)
    for i, (boxes, kinds, _) in enumerate(components(part, seed)):
        for (left, top, right, bottom), kind in zip(boxes, kinds, strict=True):
            window = guess[i, top:bottom, left:right]
            window[part.x[i, 0, top:bottom, left:right] > 0.4] = kind + 1
    return mean_iou(guess, part.y)


# Text.


@cache
def ids(part: str) -> np.ndarray:
    text = data.prose()
    return text.vocabulary.encode(getattr(text, part))


def bigram(_seed: int) -> float:
    """Nats a character on the test part of a table of pairs, with a twentieth added to each."""
    train, test = ids("train"), ids("test")
    counts = np.full((94, 94), 0.05)
    np.add.at(counts, (train[:-1], train[1:]), 1)
    p = counts / counts.sum(1, keepdims=True)
    return float(-np.log(p[test[:-1], test[1:]]).mean())


def nats(net: Any) -> float:
    """The loss on windows of the test part."""
    windows = data.prose().windows("test", 64, 32, shuffle=False)
    with evaluating(net):
        return float(np.mean([net.loss(*tensors(net, b)).item() for b in windows.epoch(0)]))


def continues(model: Any, *args: Any, steps: int, lr: float, length: int, **options: Any) -> Any:
    def run(torch: Any, seed: int) -> float:
        net = start(torch, model, seed, 94, *args, **options)
        windows = data.prose().windows("train", length, 32, seed=seed, steps=100)
        schedule = cosine(steps, warm_up=40)
        fit(net, windows, loss=own_loss, lr=lr, epochs=steps // 100, schedule=schedule, clip=1.0)
        return nats(net)

    return run


GAP = 94  # the number after all characters


def bert(torch: Any, seed: int) -> float:
    net = start(torch, models.BERT, seed, 95, width=64)
    hide = data.hide(GAP)
    windows = data.prose().windows("train", 64, 32, seed=seed, steps=100, augment=hide)
    schedule = cosine(600, warm_up=40)
    fit(net, windows, loss=own_loss, lr=4e-3, epochs=6, schedule=schedule, clip=1.0)
    test = data.prose().windows("test", 64, 64, shuffle=False, augment=hide)
    pairs = [(predict(net, x).argmax(-1)[y >= 0], y[y >= 0]) for x, y in test.epoch(0)]
    guess, truth = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return metrics.accuracy(guess, truth)


def space(_seed: int) -> float:
    """The commonest character everywhere.  A table of both neighbours, which sees no other gaps,
    reaches 0.56: more than this model learns in a minute."""
    return metrics.accuracy(
        np.full(len(ids("test")), np.bincount(ids("train")).argmax()), ids("test")
    )


def sentiment(torch: Any, seed: int) -> float:
    d = data.sentiment(seed)
    net = start(torch, models.SentimentRNN, seed, len(d.vocabulary))
    fit(net, d.train.batches(32, seed=seed), lr=5e-3, epochs=40, clip=1.0)
    return metrics.accuracy(predict(net, d.test.x), d.test.y)


def bag(seed: int) -> float:
    d = data.sentiment(seed)
    texts = [[d.vocabulary.decode(x, " ") for x in p.x] for p in (d.train, d.test)]
    counts = CountVectorizer(token_pattern=r"\S+")
    model = make_pipeline(counts, LogisticRegression(max_iter=1000)).fit(texts[0], d.train.y)
    return float(model.score(texts[1], d.test.y))


def dates(attention: bool) -> Any:
    def run(torch: Any, seed: int) -> float:
        d = data.dates(seed)
        sizes = len(d.vocabulary), len(d.target_vocabulary)
        hidden, epochs = (48, 12) if attention else (96, 15)
        net = start(torch, models.Seq2Seq, seed, *sizes, 24, hidden, attention)
        batches = d.train.batches(64, seed=seed)
        schedule = cosine(epochs * len(batches), warm_up=20)
        fit(net, batches, loss=own_loss, lr=8e-3, epochs=epochs, schedule=schedule, clip=1.0)
        with evaluating(net):
            out = net.translate(*tensors(net, [d.test.x[:400]]), 1, 10).numpy()
        return metrics.exact_match(out, d.test.y[:400, 1:])

    return run


def same_year(seed: int) -> float:
    """Copy the year, and guess the commonest month and day."""
    d = data.dates(seed)
    ends = Counter(d.target_vocabulary.decode(y)[5:] for y in d.train.y).most_common(1)[0][0]
    return float(np.mean([d.target_vocabulary.decode(y).endswith(ends) for y in d.test.y[:400]]))


# Recommending.


def recommend(torch: Any, seed: int) -> float:
    d = data.ratings(seed)
    net = start(torch, models.Recommender, seed, 200, 120, 3, float(d.train.y.mean()))
    batches = d.train.batches(64, seed=seed)
    decay = {"weight_decay": 0.03}
    fit(net, batches, loss=own_loss, optimizer="AdamW", lr=5e-3, options=decay, epochs=25)
    return float(np.sqrt(np.mean((predict(net, d.test.x) - d.test.y) ** 2)))


def two_means(seed: int) -> float:
    """The mean of the person plus that of the thing, less that of all, each shrunk a little."""
    d = data.ratings(seed)
    mean = d.train.y.mean()
    shifts = []
    for column, count in ((0, 200), (1, 120)):
        who = d.train.x[:, column]
        total = np.bincount(who, d.train.y - mean, count)
        shifts.append(total / (np.bincount(who, minlength=count) + 3))
    guess = mean + shifts[0][d.test.x[:, 0]] + shifts[1][d.test.x[:, 1]]
    return float(np.sqrt(np.mean((guess - d.test.y) ** 2)))


# Without labels.

CODE = 8


def autoencoder(torch: Any, seed: int) -> float:
    d = data.digits(seed)
    net = start(torch, models.Autoencoder, seed, 64, CODE, 128)
    batches = d.train.batches(32, "x", seed=seed)
    schedule = cosine(120 * len(batches))
    fit(net, batches, loss=own_loss, lr=4e-3, epochs=120, schedule=schedule)
    return float(np.mean((predict(net, d.test.x) - d.test.x) ** 2) * 64)


def pca(seed: int) -> float:
    d = data.digits(seed)
    model = PCA(CODE).fit(d.train.x)
    return float(np.mean((model.inverse_transform(model.transform(d.test.x)) - d.test.x) ** 2) * 64)


def vae(torch: Any, seed: int) -> float:
    d = data.digits(seed)
    net = start(torch, models.VAE, seed, 64, CODE, 128)
    noise = data.with_noise(CODE)
    batches = d.train.batches(32, "x", seed=seed, augment=noise)
    schedule = cosine(80 * len(batches))
    fit(net, batches, loss=own_loss, lr=3e-3, epochs=80, schedule=schedule)
    return Trainer(net, own_loss).loss_on(d.test.batches(64, "x", seed=99, augment=noise))


def pixels(seed: int) -> float:
    """Nats a picture where each pixel is drawn by itself, with its own mean."""
    d = data.digits(seed)
    p = np.clip(d.train.x.mean(0), 1e-3, 1 - 1e-3)
    x = d.test.x
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(1).mean())


def gaussian(x: np.ndarray, seed: int) -> np.ndarray:
    """As many points as `x` from the normal distribution with its mean and covariance."""
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal(x.mean(0), np.cov(x.T), len(x))


def ring_gan(torch: Any, seed: int) -> float:
    d = data.ring(seed)
    net = start(torch, models.GAN, seed, 2, 8, 64)
    batches = d.train.batches(128, "x", seed=seed, augment=data.with_noise(8))
    betas = {"betas": (0.5, 0.9)}
    fit(net, batches, loss=gan.PLAYERS, lr=1e-3, options=betas, epochs=200)
    noise = np.random.default_rng(seed).standard_normal((len(d.test), 8), dtype=np.float32)
    return metrics.energy_distance(predict(net, noise), d.test.x)


Judge = Callable[[np.ndarray, np.ndarray], float]


def draws(
    name: str, size: int, hidden: int, epochs: int, scale: float, shift: float, judge: Judge
) -> Any:
    def run(torch: Any, seed: int) -> float:
        d = getattr(data, name)(seed)
        net = start(torch, models.DDPM, seed, size, 50, hidden)
        x = (d.train.x - shift) * scale
        extra = data.with_steps_and_noise(50, size)
        batches = data.Batches([x], 64, seed=seed, augment=extra)
        schedule = cosine(epochs * len(batches), warm_up=20)
        fit(net, batches, loss=own_loss, lr=3e-3, epochs=epochs, schedule=schedule)
        rng = np.random.default_rng(seed)
        noises = rng.standard_normal((50, len(d.test), size), dtype=np.float32)
        with evaluating(net):
            drawn = net.sample(*tensors(net, [noises])).numpy()
        return judge(drawn / scale + shift, d.test.x)

    return run


def normal(name: str, judge: Judge = metrics.energy_distance) -> Any:
    def run(seed: int) -> float:
        d = getattr(data, name)(seed)
        return judge(gaussian(d.train.x, seed)[: len(d.test)], d.test.x)

    return run


# Films.


def film(torch: Any, seed: int) -> float:
    d = data.films(seed)
    net = start(torch, models.VideoPredictor, seed)
    batches = d.train.batches(16, "x", seed=seed)
    schedule = cosine(25 * len(batches), warm_up=20)
    fit(net, batches, loss=own_loss, lr=4e-3, epochs=25, schedule=schedule, clip=1.0)
    next_ = 1 / (1 + np.exp(-predict(net, d.test.x[:, :-1])))
    # From the third frame on: before, the speed cannot be known.
    return float(np.mean((next_[:, 1:] - d.test.x[:, 2:]) ** 2))


def same_frame(seed: int) -> float:
    x = data.films(seed).test.x
    return float(np.mean((x[:, 1:-1] - x[:, 2:]) ** 2))


M = models
TASKS = [
    Task("LinearModel", "diabetes", "R²", 0.3, "the mean", diabetes, lambda _: 0.0),
    Task("LinearModel (logistic)", "digits", "accuracy", 0.93, "commonest label",
         digits(M.LinearModel, 64, 10, epochs=20, lr=0.01, flat=True), commonest),
    Task("MLP", "digits", "accuracy", 0.955, "logistic regression",
         digits(M.MLP, [64, 64, 10], epochs=25, lr=5e-3, flat=True), logistic),
    Task("LeNet", "digits", "accuracy", 0.96, "logistic regression",
         digits(M.LeNet, 8, 10, (16, 32), epochs=20, lr=3e-3), logistic),
    Task("ResNet", "digits", "accuracy", 0.975, "logistic regression",
         digits(M.ResNet, epochs=10, lr=8e-3), logistic),
    Task("Detector", "canvases", "F1 at IoU 0.5", 0.65, "components + linear reader",
         detector, classical_f1),
    Task("UNet", "canvases", "mean IoU of digits", 0.35, "components + linear reader",
         unet, classical_iou),
    Task("CharRNN (GRU)", "prose", "nats a character", 2.0, "table of pairs",
         continues(M.CharRNN, steps=500, lr=8e-3, length=64), bigram, False),
    Task("CharRNN (LSTM)", "prose", "nats a character", 2.05, "table of pairs",
         continues(M.CharRNN, steps=500, lr=8e-3, length=64, cell="lstm"), bigram, False),
    Task("CharRNN (tanh)", "prose", "nats a character", 2.15, "table of pairs",
         continues(M.CharRNN, steps=500, lr=4e-3, length=64, cell="rnn"), bigram, False),
    Task("SentimentRNN", "sentiment", "accuracy", 0.65, "bag of words", sentiment, bag),
    Task("Seq2Seq", "dates", "exact match", 0.01, "copied year, commonest rest",
         dates(False), same_year),
    Task("Seq2Seq (attention)", "dates", "exact match", 0.9, "copied year, commonest rest",
         dates(True), same_year),
    Task("GPT", "prose", "nats a character", 2.1, "table of pairs",
         continues(M.GPT, 64, 2, 4, 64, steps=450, lr=4e-3, length=64), bigram, False),
    Task("BERT", "prose", "accuracy in gaps", 0.28, "commonest character", bert, space),
    Task("Recommender", "ratings", "RMSE in stars", 0.85, "person's and thing's mean",
         recommend, two_means, False),
    Task("Autoencoder", "digits", "squared error, 8 numbers", 1.6, "PCA, 8 numbers",
         autoencoder, pca, False),
    Task("VAE", "digits", "nats (bound)", 26.5, "pixels by themselves", vae, pixels, False),
    Task("GAN", "ring", "energy distance", 0.05, "a normal distribution", ring_gan,
         normal("ring"), False),
    Task("DDPM", "spirals", "energy distance", 0.009, "a normal distribution",
         draws("spirals", 2, 128, 300, 2.0, 0.0, metrics.energy_distance), normal("spirals"),
         False),
    Task("DDPM (digits)", "digits", "told from real", 0.85, "a normal distribution",
         draws("digits", 64, 256, 300, 2.0, 0.5, metrics.told_apart),
         normal("digits", metrics.told_apart), False),
    Task("VideoPredictor", "films", "squared error", 0.035, "the frame before", film, same_frame,
         False),
]  # fmt: skip


def measure(task: Task, engine: Any, seeds: int) -> tuple[list[float], list[float], str]:
    """Values, baselines, and the seconds of the slowest run: by the clock, and of the processor."""
    values, took = [], (0.0, 0.0)
    for seed in range(seeds):
        began, busy = time.perf_counter(), time.process_time()
        values.append(task.train(engine, seed))
        took = max(took, (time.perf_counter() - began, time.process_time() - busy))
    seconds = f"{took[0]:.1f} ({took[1]:.1f})"
    return values, [task.naive(seed) for seed in range(seeds)], seconds


def spread(values: list[float]) -> str:
    return f"{np.mean(values):.3g} ± {np.ptp(values) / 2:.2g}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="beginnings of names; all by default")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--engine", default="dlcourse.scratch")
    chosen = parser.parse_args()
    engine = importlib.import_module(chosen.engine)
    threadpool_limits(1)  # as in the lessons: for small matrices a second thread costs time
    print("| model | data | metric | value | must reach | baseline | seconds (CPU) |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    failed = 0
    for task in TASKS:
        if chosen.names and not any(task.name.startswith(n) for n in chosen.names):
            continue
        values, baselines, seconds = measure(task, engine, chosen.seeds)
        ok = all(task.reached(v) for v in values)
        failed += not ok
        got = spread(values) + ("" if ok else " **short**")
        compared = f"{spread(baselines)} ({task.baseline})"
        cells = (task.name, task.on, task.metric, got, f"{task.level:g}", compared)
        print(f"| {' | '.join(cells)} | {seconds} |", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
