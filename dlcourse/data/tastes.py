"""Ratings of things by people whose tastes we made up, so that the truth is known."""

import numpy as np

from .core import Dataset, Part, cut


def ratings(
    seed: int = 0, *, people: int = 200, things: int = 120, each: int = 30, factors: int = 3
) -> Dataset:
    """Half-star ratings from 0.5 to 5: `x` (N, 2) are person and thing, `y` (N,) the rating.

    A rating is a person's strictness, a thing's quality, the product of two hidden tastes, and
    noise of half a star.  Well-liked things are rated more often, as in life.
    """
    rng = np.random.default_rng(seed)
    taste, kind = rng.normal(0, 0.75, (people, factors)), rng.normal(0, 0.75, (things, factors))
    strict, quality = rng.normal(0, 0.35, people), rng.normal(0, 0.45, things)
    odds = np.exp(quality - quality.max())
    pairs = [
        (person, thing)
        for person in range(people)
        for thing in rng.choice(things, each, replace=False, p=odds / odds.sum())
    ]
    x = np.array(pairs, np.int64)  # (people * each, 2)
    p, t = x[:, 0], x[:, 1]
    liked = 3.3 - strict[p] + quality[t] + (taste[p] * kind[t]).sum(1) + rng.normal(0, 0.5, len(x))
    y = np.clip(np.round(2 * liked) / 2, 0.5, 5).astype(np.float32)
    return Dataset("ratings", *cut(Part(x, y), seed), features=("person", "thing"))
