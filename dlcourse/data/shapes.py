"""Points in the plane and points on a curve, generated: the smallest data that still teach."""

from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from sklearn import datasets

from .core import Dataset, Part, cut

_PLANE = ("first", "second")


def moons(seed: int = 0, *, count: int = 600, noise: float = 0.15) -> Dataset:
    """Two half circles that reach into each other: x (N, 2), y 0 or 1."""
    return _plane("moons", *datasets.make_moons(count, noise=noise, random_state=seed), seed)


def circles(seed: int = 0, *, count: int = 600, noise: float = 0.08) -> Dataset:
    """A ring around a ring: x (N, 2), y 0 (outer) or 1 (inner)."""
    x, y = datasets.make_circles(count, noise=noise, factor=0.5, random_state=seed)
    return _plane("circles", x, y, seed)


def spirals(seed: int = 0, *, count: int = 600, noise: float = 0.05, arms: int = 3) -> Dataset:
    """Arms that wind around each other once: x (N, 2), y is the arm."""
    rng = np.random.default_rng(seed)
    y = np.arange(count) % arms
    radius = np.sqrt(rng.uniform(0.02, 1, count))  # evenly spread over the disc
    angle = 2 * np.pi * (y / arms + 0.75 * radius)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return _plane("spirals", x + rng.normal(0, noise, x.shape), y, seed)


def _plane(name: str, x: Any, y: Any, seed: int) -> Dataset:
    part = Part(np.asarray(x, np.float32), np.asarray(y, np.int64))
    labels = tuple(str(c) for c in range(int(part.y.max()) + 1))
    return Dataset(name, *cut(part, seed, by=part.y), labels, _PLANE)


def polynomials(seed: int = 0, *, count: int = 20, noise: float = 0.2, degree: int = 3) -> Dataset:
    """Noisy points on a Chebyshev polynomial of [-1, 1]: x (N, 1), y (N, 1).

    `train` has `count` points, `valid` as many again, `test` 500, all with the same noise.
    """
    rng = np.random.default_rng(seed)
    train, valid, test = (_curve(rng, n, noise, degree) for n in (count, count, 500))
    return Dataset("polynomials", train, valid, test)


def _curve(rng: np.random.Generator, count: int, noise: float, degree: int) -> Part:
    x = np.sort(rng.uniform(-1, 1, (count, 1)), 0)
    y = chebyshev.chebval(x, np.eye(degree + 1)[degree]) + rng.normal(0, noise, x.shape)
    return Part(x.astype(np.float32), y.astype(np.float32))


def ring(seed: int = 0, *, count: int = 2000, modes: int = 8, noise: float = 0.1) -> Dataset:
    """Small clouds at equal distances on a circle of radius 2: x (N, 2), y is the cloud.

    For generators: one that draws only some of the clouds has lost modes, and one can count them.
    """
    rng = np.random.default_rng(seed)
    y = np.arange(count) % modes
    angle = 2 * np.pi * y / modes
    x = 2 * np.stack([np.cos(angle), np.sin(angle)], 1) + rng.normal(0, noise, (count, 2))
    return _plane("ring", x, y, seed)
