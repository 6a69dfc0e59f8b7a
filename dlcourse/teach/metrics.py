"""Numbers that judge a model, from arrays: scikit-learn's where it has them.

`guess` and `truth` are arrays of the same shape unless said otherwise.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import distance
from sklearn import metrics as _sk

Array = NDArray[Any]


def accuracy(guess: ArrayLike, truth: ArrayLike) -> float:
    """The share of labels that are right; `guess` may also be logits, classes last."""
    called, right = np.asarray(guess), np.asarray(truth)
    called = called.argmax(-1) if called.ndim == right.ndim + 1 else called
    return float(_sk.accuracy_score(right.ravel(), called.ravel()))


def confusion(guess: ArrayLike, truth: ArrayLike, classes: int | None = None) -> Array:
    """How often each true class (row) was called each class (column): (C, C) counts."""
    labels = None if classes is None else range(classes)
    return _sk.confusion_matrix(np.ravel(truth), np.ravel(guess), labels=labels)


def mask_iou(guess: ArrayLike, truth: ArrayLike, classes: int) -> Array:
    """For each class, the pixels both call so over the pixels either calls so: (classes,).

    NaN for a class that occurs in neither, so that `np.nanmean` leaves it out.
    """
    counts = confusion(guess, truth, classes)
    both = np.diag(counts).astype(float)
    either = counts.sum(0) + counts.sum(1) - both
    with np.errstate(invalid="ignore"):
        return both / either


def box_iou(a: ArrayLike, b: ArrayLike) -> Array:
    """Intersection over union of boxes (N, 4) with boxes (M, 4): (N, M).

    A box is left, top, right, bottom.  Boxes without area overlap with nothing.
    """
    a, b = np.asarray(a, float).reshape(-1, 4), np.asarray(b, float).reshape(-1, 4)
    corner = np.maximum(a[:, None, :2], b[None, :, :2])
    opposite = np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = np.prod(np.clip(opposite - corner, 0, None), -1)  # (N, M)
    either = _area(a)[:, None] + _area(b)[None] - both
    return np.divide(both, either, out=np.zeros_like(both), where=either > 0)


def _area(boxes: Array) -> Array:
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), -1)


@dataclass(frozen=True)
class Detections:
    """How a detector did: right finds, false alarms, objects missed."""

    right: int
    false: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of finds that are right; 1 where nothing was claimed."""
        claimed = self.right + self.false
        return self.right / claimed if claimed else 1.0

    @property
    def recall(self) -> float:
        """The share of objects that were found; 1 where there was nothing to find."""
        there = self.right + self.missed
        return self.right / there if there else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def __add__(self, other: "Detections") -> "Detections":
        return Detections(
            self.right + other.right, self.false + other.false, self.missed + other.missed
        )


def match_boxes(
    boxes: ArrayLike,
    kinds: ArrayLike,
    scores: ArrayLike,
    true_boxes: ArrayLike,
    true_kinds: ArrayLike,
    overlap: float = 0.5,
) -> Detections:
    """One picture's finds against its objects, the surest first, each object found once.

    A find is right where its kind is, and it overlaps by at least `overlap`.
    """
    kinds, true_kinds = np.asarray(kinds), np.asarray(true_kinds)
    ious = box_iou(boxes, true_boxes)
    free = np.ones(len(true_kinds), bool)
    right = 0
    for i in np.argsort(-np.asarray(scores), kind="stable"):
        fit = np.where(free & (true_kinds == kinds[i]), ious[i], 0.0)
        if len(fit) and fit.max() >= overlap:
            free[fit.argmax()] = False
            right += 1
    return Detections(right, len(kinds) - right, int(free.sum()))


def perplexity(loss: float) -> float:
    """Among how many equally likely symbols the model hesitates; `loss` in nats a symbol."""
    return math.exp(loss)


def softmax(logits: ArrayLike) -> Array:
    """Probabilities from logits, classes last."""
    logits = np.asarray(logits, dtype=np.float64)
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def log_loss(probabilities: ArrayLike, truth: ArrayLike) -> float:
    """The mean negative log-probability (N, C) of the true class (N,), in nats."""
    p = np.asarray(probabilities)
    return float(_sk.log_loss(np.asarray(truth), p, labels=range(p.shape[1])))


def calibration(
    probabilities: ArrayLike, truth: ArrayLike, bins: int = 10
) -> tuple[Array, Array, Array]:
    """Confidence, accuracy and number of examples in each bin of equal width.

    `probabilities` (N, C) of the classes, `truth` (N,); the confidence is that of the class called.
    Empty bins have NaN.
    """
    p, truth = np.asarray(probabilities), np.asarray(truth)
    sure, right = p.max(1), p.argmax(1) == truth
    which = np.minimum((sure * bins).astype(int), bins - 1)
    counts = np.bincount(which, minlength=bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(which, sure, bins) / counts
        share = np.bincount(which, right, bins) / counts
    return confidence, share, counts


def calibration_error(probabilities: ArrayLike, truth: ArrayLike, bins: int = 10) -> float:
    """The expected calibration error (Guo, Pleiss, Sun and Weinberger, 2017).

    The mean distance of confidence and accuracy in each bin, weighted by its examples.
    """
    confidence, share, counts = calibration(probabilities, truth, bins)
    return float(np.nansum(np.abs(confidence - share) * counts) / counts.sum())


def exact_match(guess: ArrayLike, truth: ArrayLike) -> float:
    """The share of sequences (N, T) that are right in every symbol."""
    guess, truth = np.asarray(guess), np.asarray(truth)
    if guess.shape != truth.shape:
        raise ValueError(f"Sequences {guess.shape} cannot be compared with {truth.shape}.")
    return float((guess == truth).all(1).mean())


def r_squared(guess: ArrayLike, truth: ArrayLike) -> float:
    """The share of the variance of `truth` that is explained; 0 for its mean, below for worse."""
    return float(_sk.r2_score(np.ravel(truth), np.ravel(guess)))


def energy_distance(drawn: ArrayLike, real: ArrayLike) -> float:
    """How far samples (N, D) are from data (M, D) as distributions: 0 where they are the same.

    Twice the mean distance between the two, less the mean distances within each (Székely & Rizzo,
    2013).  It needs no bins and no classifier, and it sees missing modes as well as bad samples.
    """
    a, b = np.asarray(drawn, float), np.asarray(real, float)
    within = (_distances(x, x).sum() / (len(x) * (len(x) - 1)) for x in (a, b))
    return float(2 * _distances(a, b).mean() - sum(within))


def told_apart(drawn: ArrayLike, real: ArrayLike) -> float:
    """How often the nearest other point tells drawn from real: 0.5 is ideal, 1 is a sure mark.

    The leave-one-out nearest-neighbour test (Lopez-Paz and Oquab, 2017), with as many of each.
    """
    a, b = np.asarray(drawn, float), np.asarray(real, float)
    count = min(len(a), len(b))
    both, which = np.concatenate([a[:count], b[:count]]), np.repeat([0, 1], count)
    apart = _distances(both, both)
    np.fill_diagonal(apart, np.inf)
    return float(np.mean(which[apart.argmin(1)] == which))


def _distances(a: Array, b: Array) -> Array:
    return distance.cdist(a, b)
