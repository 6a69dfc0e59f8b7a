"""The experiments of lesson 00: a first network, shuffled labels, noise, and a straight line."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from ...data import Dataset
from ...data.core import Batches, Part
from ...models import MLP
from ...teach.train import fit, predict

Array = np.ndarray


def train(torch: Any, x: Array, y: Array, sizes: list[int], seed: int, epochs: int = 30) -> Any:
    """An `MLP` of these sizes on the given engine, trained by Adam from random weights."""
    torch.manual_seed(seed)
    model = MLP(torch)(sizes)
    fit(model, Batches([x, y], 32, seed=seed), lr=5e-3, epochs=epochs, seed=seed)
    return model


def answers(model: Any, x: Array) -> Array:
    """The class with the highest score for each row of `x` (N, D)."""
    return predict(model, x).argmax(1)


def right(model: Any, part: Part) -> float:
    """The fraction of `part` that the model answers correctly."""
    return float((answers(model, part.x) == part.y).mean())


def memorise(torch: Any, digits: Dataset, seed: int) -> list[dict[str, Any]]:
    """Train a wide network on true and on shuffled labels: what it gets right, seen and new.

    After Zhang, Bengio, Hardt, Recht and Vinyals (2017), section 2.
    """
    mixed = np.random.default_rng(seed).permutation(digits.train.y)
    rows = []
    for name, part in (
        ("as they are", digits.train),
        ("shuffled", replace(digits.train, y=mixed)),
    ):
        model = train(torch, part.x, part.y, [64, 256, 10], seed, epochs=100)
        seen, new = right(model, part), right(model, digits.test)
        rows.append({"labels": name, "right on training images": seen, "right on new images": new})
    return rows


def confidence_on_noise(model: Any, images: int, seed: int) -> Array:
    """The highest probability the model gives to any digit, for images of uniform noise."""
    noise = np.random.default_rng(seed).random((images, 64), dtype=np.float32)
    return softmax(predict(model, noise)).max(1)


def softmax(scores: Array) -> Array:
    """Probabilities from scores (N, K), row by row."""
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def against_a_line(
    torch: Any, load: Callable[[int], Dataset], seeds: Iterable[int]
) -> list[dict[str, Any]]:
    """Test accuracy of logistic regression and of a network over several random splits."""
    line, network = [], []
    for seed in seeds:
        data = load(seed)
        fitted = LogisticRegression(max_iter=5000).fit(data.train.x, data.train.y)
        line.append(float(fitted.score(data.test.x, data.test.y)))
        sizes = [data.train.x.shape[1], 32, 2]
        network.append(right(train(torch, data.train.x, data.train.y, sizes, seed), data.test))
    pairs = {"logistic regression": line, "network, 32 hidden units": network}
    return [{"model": name, "mean": np.mean(v), "spread": np.std(v)} for name, v in pairs.items()]


# What a field asks of a model, and the kind of model that answers.
APPLICATIONS = (
    ("vision", "Which digit? Where is it? Which pixels belong to it?", "convolutional network"),
    ("medicine", "Is this tumour malignant, and how sure can we be?", "network with calibration"),
    ("language", "What comes next? What does this sentence feel like?", "recurrent, transformer"),
    ("speech and sequences", "What does this signal do next?", "recurrent network"),
    ("fraud", "Which of these is unlike all the others?", "autoencoder"),
    ("recommendation", "What would this person like?", "embeddings"),
    ("music and pictures", "Make another one like these.", "generative model"),
    ("driving", "What moves, and where will it be?", "convolutional and recurrent"),
)
