"""Explanations of a classifier's answer, and the tests they have to pass.

A model here maps inputs (N, D) to logits (N, K), on either engine; maps of attribution are (N, D).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ...data import Part
from ...models.mlp import MLP
from ...teach.metrics import softmax
from ...teach.train import engine_of, fit, predict, to_tensors

Array = NDArray[Any]
STEPS = 32  # of the path of integrated gradients


def reader(engine: Any, part: Part, seed: int = 0, epochs: int = 30, hidden: int = 64) -> Any:
    """A network with one hidden layer, trained on `part` with Adam; the engine as argument."""
    engine.manual_seed(seed)
    model = MLP(engine)([part.x.shape[1], hidden, int(part.y.max()) + 1])
    fit(model, part.batches(64, seed=seed), lr=3e-3, epochs=epochs, seed=seed, progress=False)
    return model


def flattened(part: Part) -> Part:
    """The same examples, each as one row of numbers."""
    return Part(part.x.reshape(len(part), -1), part.y, part.extra)


def grey(part: Part) -> Part:
    """Coloured digits (N, 3, 8, 8) without their colour, (N, 64): how much ink there is."""
    return Part(part.x.sum(1).reshape(len(part), -1), part.y, part.extra)


def evened(part: Part, count: int, seed: int) -> Part:
    """`count` examples of each combination of colour and label, drawn with repetition."""
    rng, combination = np.random.default_rng(seed), 2 * part.y + part["colour"]
    rows = [rng.choice(np.flatnonzero(combination == k), count) for k in range(4)]
    return part.take(rng.permutation(np.concatenate(rows)))


# Four ways to explain -----------------------------------------------------------------------------


def slope(model: Any, x: Array, c: Array, of: str = "logit") -> Array:
    """How fast the logit (or the log-probability, or the probability) of class c rises with x."""
    engine = engine_of(model)
    (inputs,) = to_tensors(model, [x])
    inputs.requires_grad_(True)
    scores = model(inputs)  # (N, K)
    if of != "logit":
        scores = engine.nn.functional.log_softmax(scores, dim=-1)
        scores = scores.exp() if of == "probability" else scores
    chosen = scores[np.arange(len(x)), c].sum()  # rows do not mix, so each keeps its own slope
    return engine.autograd.grad(chosen, inputs)[0].numpy()


def integrated_gradients(
    model: Any, x: Array, c: Array, baseline: Array, steps: int = STEPS
) -> Array:
    """(x - baseline) times the mean slope between them (Sundararajan, Taly and Yan, 2017)."""
    way = (np.arange(steps) + 0.5) / steps  # the midpoint of each step
    points = baseline + way[:, None, None] * (x - baseline)  # (steps, N, D)
    slopes = slope(model, points.reshape(-1, x.shape[1]), np.tile(c, steps))
    return (x - baseline) * slopes.reshape(points.shape).mean(0)


def occlusion(
    model: Any, x: Array, c: Array, side: int = 8, size: int = 2, ink: float = 0
) -> Array:
    """How much the logit of c falls when the patch around a pixel is painted over, (N, D)."""
    before = predict(model, x)[np.arange(len(x)), c]
    fall = np.zeros((len(x), side, side), np.float32)
    for i in range(0, side, size):
        for j in range(0, side, size):
            hidden = x.reshape(-1, side, side).copy()
            hidden[:, i : i + size, j : j + size] = ink
            after = predict(model, hidden.reshape(x.shape))[np.arange(len(x)), c]
            fall[:, i : i + size, j : j + size] = (before - after)[:, None, None]
    return fall.reshape(x.shape)


METHODS: dict[str, Callable[[Any, Array, Array], Array]] = {
    "|gradient|": lambda model, x, c: np.abs(slope(model, x, c)),
    "gradient x input": lambda model, x, c: slope(model, x, c) * x,
    "integrated gradients": lambda model, x, c: integrated_gradients(model, x, c, np.zeros_like(x)),
    "occlusion": occlusion,
}


# Two tests of an explanation ----------------------------------------------------------------------


def unlike(model: Any, seed: int = 0) -> Any:
    """A network of the same sizes with random weights of its own."""
    engine = engine_of(model)
    engine.manual_seed(1000 + seed)
    sizes = [model.layers[0].weight.shape[1], *(layer.weight.shape[0] for layer in model.layers)]
    return MLP(engine)([int(size) for size in sizes])


def randomised(model: Any, layers: int, seed: int = 0) -> Any:
    """A copy of the network whose last `layers` layers have fresh random weights."""
    other, kept = unlike(model, seed), len(model.layers) - layers
    fresh, trained = other.state_dict(), model.state_dict()
    other.load_state_dict(
        {k: trained[k] if int(k.split(".")[1]) < kept else v for k, v in fresh.items()}
    )
    return other


def rank_correlation(a: Array, b: Array) -> float:
    """The mean over rows of Spearman's correlation: 1 where two maps rank the pixels alike."""
    ranks = [np.stack([rankdata(row) for row in m]) for m in (a, b)]
    u, v = (r - r.mean(1, keepdims=True) for r in ranks)
    size = np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1)
    return float(np.mean((u * v).sum(1) / np.where(size > 0, size, 1)))


def deletion(
    model: Any, x: Array, c: Array, scores: Array, counts: Sequence[int], ink: float = 0
) -> Array:
    """The mean probability of c when so many pixels, the highest scored first, are painted over."""
    order = np.argsort(-scores, axis=1, kind="stable")
    left = []
    for count in counts:
        painted = x.copy()
        np.put_along_axis(painted, order[:, :count], ink, axis=1)
        left.append(softmax(predict(model, painted))[np.arange(len(x)), c].mean())
    return np.array(left)
