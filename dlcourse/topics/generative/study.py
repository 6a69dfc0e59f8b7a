"""What lesson 07 trains and measures: five generators, and how each is judged.

The engine is an argument where a model is trained; nothing here needs PyTorch.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.neighbors import NearestNeighbors

from ... import data, models
from ...data import Dataset, Part
from ...models import gan
from ...teach import metrics
from ...teach.train import (
    Loss,
    Trainer,
    cosine,
    engine_of,
    evaluating,
    fit,
    own_loss,
    predict,
    squared_error,
    to_tensors,
)

Array = NDArray[Any]

# Autoencoders and odd ones out --------------------------------------------------------------------


def train_autoencoder(
    torch: Any, x: Array, code: int, seed: int, epochs: int = 30, hidden: int = 128
) -> Any:
    """An `Autoencoder` of pictures `x` (N, D) that keeps `code` numbers of each."""
    torch.manual_seed(seed)
    net = models.Autoencoder(torch)(x.shape[1], code, hidden)
    batches = data.Batches([x], 32, seed=seed)
    schedule = cosine(epochs * len(batches))
    fit(net, batches, loss=own_loss, lr=4e-3, epochs=epochs, schedule=schedule)
    return net


def squared_errors(x: Array, drawn: Array) -> Array:
    """How badly each row of `x` (N, D) is drawn: (N,), summed over its numbers."""
    return ((x - drawn) ** 2).sum(1)


def through_pca(train: Array, x: Array, code: int) -> Array:
    """`x` squeezed through the `code` principal components of `train` and back."""
    pca = PCA(code, random_state=0).fit(train)
    return pca.inverse_transform(pca.transform(x))


def strangeness(torch: Any, train: Array, x: Array, seed: int, code: int = 8) -> dict[str, Array]:
    """How strange each row of `x` (N, D) is to those who know `train` only: a score by method."""
    net = train_autoencoder(torch, train, code, seed, epochs=20)
    nearest = NearestNeighbors(n_neighbors=1).fit(train)
    return {
        "autoencoder": squared_errors(x, predict(net, x)),
        "PCA": squared_errors(x, through_pca(train, x, code)),
        "Mahalanobis": LedoitWolf().fit(train).mahalanobis(x),
        "isolation forest": -IsolationForest(random_state=seed).fit(train).score_samples(x),
        "nearest neighbour": nearest.kneighbors(x)[0][:, 0],
    }


def odd_digit(digits: Dataset, odd: int) -> tuple[Array, Array, Array]:
    """Training pictures without the digit `odd`, the test pictures, and which of those are odd."""
    return digits.train.x[digits.train.y != odd], digits.test.x, digits.test.y == odd


def average_precisions(scores: Mapping[str, Array], odd: Array) -> dict[str, float]:
    """The average precision of each score: 1 puts every odd one first, chance is their share."""
    return {name: float(average_precision_score(odd, s)) for name, s in scores.items()}


def odd_tumours(seed: int, share: float = 0.05) -> tuple[Array, Array, Array]:
    """Benign tumours to learn from; others to test on, with malignant ones as a `share` of them.

    Columns are standardised by the training tumours.
    """
    d = data.breast_cancer(seed)
    parts = (d.train, d.valid, d.test)
    x, y = (np.concatenate([p[name] for p in parts]) for name in ("x", "y"))
    malignant = d.labels.index("malignant")
    rng = np.random.default_rng(seed)
    good, bad = rng.permutation(x[y != malignant]), rng.permutation(x[y == malignant])
    half = len(good) // 2
    few = bad[: round(share / (1 - share) * (len(good) - half))]
    test, train = np.concatenate([good[half:], few]), good[:half]
    mean, std = train.mean(0), train.std(0)
    odd = np.arange(len(test)) >= len(good) - half
    return (train - mean) / std, (test - mean) / std, odd


def strange_rows(torch: Any, train: Array, x: Array, seed: int, code: int = 8) -> dict[str, Array]:
    """How strange each row of a standardised table is, a score by method.

    The autoencoder is an `MLP` with a narrow middle, for the numbers are no shares of ink.
    """
    torch.manual_seed(seed)
    net = models.MLP(torch)([train.shape[1], 64, code, 64, train.shape[1]])
    batches = data.Batches([train, train], 32, seed=seed)
    fit(net, batches, loss=squared_error, lr=3e-3, epochs=40)
    return {
        "autoencoder": squared_errors(x, predict(net, x)),
        "PCA": squared_errors(x, through_pca(train, x, code)),
        "Mahalanobis": LedoitWolf().fit(train).mahalanobis(x),
        "isolation forest": -IsolationForest(random_state=seed).fit(train).score_samples(x),
        "distance from the mean": (x**2).sum(1),
    }


# Variational autoencoders -------------------------------------------------------------------------


def train_vae(
    torch: Any,
    x: Array,
    code: int,
    seed: int,
    epochs: int = 30,
    beta: float = 1.0,
    loss: Loss = own_loss,
) -> Any:
    """A `VAE` of pictures `x` (N, D) with `code` latent numbers."""
    torch.manual_seed(seed)
    net = models.VAE(torch)(x.shape[1], code, 128, beta)
    batches = data.Batches([x], 32, seed=seed, augment=data.with_noise(code))
    schedule = cosine(epochs * len(batches))
    fit(net, batches, loss=loss, lr=3e-3, epochs=epochs, schedule=schedule)
    return net


def mean_over_pixels(model: Any, x: Any, noise: Any) -> Any:
    """A wrong VAE loss: the reconstruction is a mean over pixels, the divergence a sum."""
    drawn, apart = model.parts(x, noise)
    return drawn / x.shape[1] + apart


def parts_of(net: Any, x: Array, seed: int = 0) -> tuple[float, float]:
    """Reconstruction and divergence of a VAE on `x`, in nats a picture."""
    code = net.mean.weight.shape[0]
    noise = np.random.default_rng(seed).standard_normal((len(x), code), dtype=np.float32)
    with evaluating(net):
        drawn, apart = net.parts(*to_tensors(net, [x, noise]))
    return drawn.item(), apart.item()


def decode(net: Any, z: Array) -> Array:
    """The pictures (N, D) that a model draws for codes `z` (N, K)."""
    with evaluating(net):
        return net.decode(*to_tensors(net, [np.asarray(z, np.float32)])).numpy()


def encode(net: Any, x: Array) -> Array:
    """The codes (N, K) of pictures; for a VAE the means of their clouds."""
    with evaluating(net):
        code = net.encode(*to_tensors(net, [x]))
    return (code[0] if isinstance(code, tuple) else code).numpy()


def normal_noise(seed: int, *shape: int) -> Array:
    """Independent numbers from N(0, 1), float32."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


# Adversarial pairs --------------------------------------------------------------------------------

_ANGLES = 2 * np.pi * np.arange(8) / 8
CENTRES = 2 * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], 1)
"""The middles of the eight clouds of `data.ring`: (8, 2)."""


def modes(points: Array, reach: float = 0.3) -> tuple[int, float]:
    """How many of the eight clouds `points` (N, 2) cover, and the share of good points.

    A point is good within `reach` of a middle (three standard deviations of the data), and a cloud
    is covered by at least 2 % of the points.
    """
    apart = cdist(points, CENTRES)  # (N, 8)
    good = apart.min(1) < reach
    counts = np.bincount(apart.argmin(1)[good], minlength=8)
    return int((counts >= 0.02 * len(points)).sum()), float(good.mean())


def minimax(model: Any, real: Any, noise: Any) -> Any:
    """The first generator loss of Goodfellow et al. (2014): log(1 - D), to be made small."""
    torch = engine_of(model)
    called = model.discriminator(model(noise))
    zeros = torch.zeros_like(called)
    return -torch.nn.functional.binary_cross_entropy_with_logits(called, zeros)


def undetached(model: Any, real: Any, noise: Any) -> Any:
    """The discriminator's loss without `detach`: the generator's gradient is computed in vain."""
    torch = engine_of(model)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    yes, no = model.discriminator(real), model.discriminator(model(noise))
    return bce(yes, torch.ones_like(yes)) + bce(no, torch.zeros_like(no))


def detached(model: Any, real: Any, noise: Any) -> Any:
    """A wrong generator loss: what it drew is cut off from it, so nothing comes back."""
    torch = engine_of(model)
    called = model.discriminator(model(noise).detach())
    ones = torch.ones_like(called)
    return torch.nn.functional.binary_cross_entropy_with_logits(called, ones)


def train_gan(
    torch: Any,
    ring: Dataset,
    seed: int,
    epochs: int = 40,
    players: Mapping[str, Loss] = gan.PLAYERS,
    generator_steps: int = 1,
) -> tuple[Any, list[dict[str, float]]]:
    """A `GAN` of points in the plane; with what was seen every fifth epoch.

    The discriminator takes one step a batch, the generator `generator_steps`.
    """
    torch.manual_seed(seed)
    net = models.GAN(torch)(2)
    trainer = Trainer(net, players, "Adam", 3e-3, {"betas": (0.5, 0.9)})
    batches = ring.train.batches(64, "x", seed=seed, augment=data.with_noise(8))
    seen = []
    for epoch in range(epochs):
        losses = [_duel(trainer, batch, generator_steps) for batch in batches.epoch(epoch)]
        if epoch % 5 == 4:
            judge, fool = np.mean(losses, 0)
            found, good = modes(draw_points(net))
            row = {"epoch": epoch + 1, "discriminator": judge, "generator": fool}
            seen.append({**row, "modes": found, "good": good})
    return net, seen


def _duel(trainer: Trainer, batch: tuple[Array, ...], generator_steps: int) -> tuple[float, float]:
    """One batch: a step of the discriminator, then some of the generator; their losses."""
    tensors = to_tensors(trainer.model, batch)

    def turn(player: str) -> float:
        loss = trainer.backward(player, tensors)
        trainer.optimizers[player].step()
        return loss

    judged = turn("discriminator")
    return judged, [turn("generator") for _ in range(generator_steps)][-1]


def draw_points(net: Any, count: int = 1000, seed: int = 1) -> Array:
    """Points (count, 2) drawn by a GAN from noise that the seed decides."""
    return predict(net, normal_noise(seed, count, 8))


# Diffusion ----------------------------------------------------------------------------------------


def train_ddpm(
    torch: Any,
    x: Array,
    seed: int,
    epochs: int = 30,
    hidden: int = 128,
    lr: float = 3e-3,
    model: Callable[[Any], Any] = models.DDPM,
) -> Any:
    """A `DDPM` with 50 steps of points or pictures `x` (N, D), which should lie around zero."""
    torch.manual_seed(seed)
    net = model(torch)(x.shape[1], 50, hidden)
    extra = data.with_steps_and_noise(50, x.shape[1])
    batches = data.Batches([x], 64, seed=seed, augment=extra)
    schedule = cosine(epochs * len(batches), warm_up=20)
    fit(net, batches, loss=own_loss, lr=lr, epochs=epochs, schedule=schedule)
    return net


def draw_ddpm(net: Any, count: int, size: int, seed: int = 0) -> Array:
    """Examples (count, size) that a DDPM draws from noise alone."""
    noises = normal_noise(seed, net.steps, count, size)
    with evaluating(net):
        return net.sample(*to_tensors(net, [noises])).numpy()


def path_back(net: Any, count: int, size: int, seed: int = 0) -> Array:
    """The whole way from noise to examples: (steps + 1, count, size)."""
    noises = normal_noise(seed, net.steps, count, size)
    (noise,) = to_tensors(net, [noises])
    stops = [noise[0]]
    with evaluating(net):
        for t in range(net.steps - 1, -1, -1):
            fresh = noise[net.steps - t] if t else None
            stops.append(net.step_back(stops[-1], t, fresh))
    return np.stack([s.numpy() for s in stops])


def without_time(torch: Any) -> Any:
    """A `DDPM` that is not told how noisy its input is: every step looks to it like the first."""

    class Timeless(models.DDPM(torch)):
        """`DDPM` with a stopped clock."""

        def forward(self, x: Any, t: Any) -> Any:
            return super().forward(x, torch.zeros_like(t))

    return Timeless


# How good are the samples? ------------------------------------------------------------------------


@cache
def reader(seed: int) -> Any:
    """A classifier of digits that judges samples: logistic regression on the training part."""
    return LogisticRegression(max_iter=1000).fit(*data.digits(seed).train)


def judge(drawn: Array, digits: Dataset, seed: int) -> dict[str, float]:
    """Four questions to drawn digits (N, 64): readable? told apart? spread alike? copied?

    `sure` is the mean probability of the class that the reader calls, `told apart` how often a
    nearest neighbour gives a drawn or real one away (0.5 is ideal), `energy distance` how far the
    drawn are spread otherwise than the real ones, and `copies` the share that lies closer to a
    training picture than one real test picture in a hundred does.
    """
    sure = reader(seed).predict_proba(drawn).max(1).mean()
    usual = cdist(digits.test.x, digits.train.x).min(1)
    near = cdist(drawn, digits.train.x).min(1)
    return {
        "sure": float(sure),
        "told apart": metrics.told_apart(drawn, digits.test.x),
        "energy distance": metrics.energy_distance(drawn, digits.test.x),
        "copies": float((near < np.quantile(usual, 0.01)).mean()),
    }


def one_normal(x: Array, count: int, seed: int) -> Array:
    """Rows (count, D) from one normal distribution, with mean and covariance of `x` (N, D)."""
    rng = np.random.default_rng(seed)
    spread = np.cov(x.T) + 1e-6 * np.eye(x.shape[1])  # some pixels are always empty
    return rng.multivariate_normal(x.mean(0), spread, count, method="cholesky").astype(np.float32)


def drawers(torch: Any, digits: Dataset, seed: int) -> Iterator[tuple[str, Array]]:
    """What three generators and two baselines draw, by name: as many as there are test digits."""
    count, train = len(digits.test), digits.train.x
    yield "one normal distribution", one_normal(train, count, seed).clip(0, 1)
    plain = train_autoencoder(torch, train, 8, seed, epochs=20)
    codes = one_normal(encode(plain, train), count, seed)
    yield "autoencoder, 8 numbers", decode(plain, codes)
    yield "VAE, 8 numbers", decode(train_vae(torch, train, 8, seed), normal_noise(seed, count, 8))
    net = train_ddpm(torch, 2 * train - 1, seed, epochs=40, hidden=256)
    yield "diffusion", ((draw_ddpm(net, count, 64, seed) + 1) / 2).clip(0, 1)
    yield "copies of training digits", train[:count]


def nearest(drawn: Array, train: Array) -> Array:
    """For each drawn picture the closest of `train`: (N, D)."""
    return train[cdist(drawn, train).argmin(1)]


# Melodies -----------------------------------------------------------------------------------------

LOOK_BACK, EIGHTHS, NOTES, NOTHING = 16, 32, 10, 10
"""How far a melody model looks back, how long a tune is, how many symbols; "before the tune"."""


def context(tunes: Array, t: int) -> Array:
    """What the model knows before eighth `t` of `tunes` (N, T): (N, 16*11 + 32), ones and zeros.

    The sixteen symbols before it, one-hot, and the place in the tune.
    """
    before = np.full((len(tunes), LOOK_BACK), NOTHING)
    past = np.concatenate([before, tunes[:, :t]], 1)[:, -LOOK_BACK:]
    place = np.tile(np.eye(EIGHTHS)[t], (len(tunes), 1))
    return np.concatenate([np.eye(NOTES + 1)[past].reshape(len(tunes), -1), place], 1)


def train_melody(torch: Any, tunes: Array, seed: int, epochs: int = 4) -> Any:
    """A network that knows, for each context, how probable each next symbol is (float64)."""
    torch.manual_seed(seed)
    net = models.MLP(torch)([LOOK_BACK * (NOTES + 1) + EIGHTHS, 96, NOTES]).double()
    x = np.concatenate([context(tunes, t) for t in range(1, EIGHTHS)])
    y = tunes[:, 1:].T.reshape(-1)
    batches = data.Batches([x, y], 256, seed=seed)
    fit(net, batches, lr=5e-3, epochs=epochs, schedule=cosine(epochs * len(batches)))
    return net


def compose(next_odds: Callable[[Array, int], Array], count: int, seed: int = 0) -> Array:
    """Tunes (count, 32) drawn symbol by symbol; `next_odds(tunes, t)` gives (count, 10) odds."""
    rng = np.random.default_rng(seed)
    tunes = np.full((count, 1), 2)  # every tune begins on C
    for t in range(1, EIGHTHS):
        threshold = rng.random((count, 1))
        symbols = (next_odds(tunes, t).cumsum(1) < threshold).sum(1)
        tunes = np.concatenate([tunes, symbols.clip(0, NOTES - 1)[:, None]], 1)
    return tunes


def odds_of(net: Any) -> Callable[[Array, int], Array]:
    """The odds of a trained melody network, for `compose`."""
    return lambda tunes, t: metrics.softmax(predict(net, context(tunes, t), size=len(tunes)))


def odds_of_pairs(tunes: Array) -> Callable[[Array, int], Array]:
    """The baseline: how often each symbol followed the last one in `tunes`, and nothing more."""
    counts = np.full((NOTES, NOTES), 0.05)
    np.add.at(counts, (tunes[:, :-1], tunes[:, 1:]), 1)
    odds = counts / counts.sum(1, keepdims=True)
    return lambda made, t: odds[made[:, -1]]


def kept_rules(made: Array, part: Part) -> dict[str, float]:
    """The share of tunes that keep all six rules, and of those that are in no training tune."""
    known = {tuple(t) for t in part.x}
    good = [tuple(t) for t in made if not data.broken_rules(t)]
    new = [t for t in good if t not in known]
    return {"keep all rules": len(good) / len(made), "and are new": len(new) / len(made)}
