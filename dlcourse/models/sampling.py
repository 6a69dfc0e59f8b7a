"""Which token comes next: from logits to a choice, in NumPy, the same for both engines."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def probabilities(
    logits: Array,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Array:
    """The probabilities of (V,) logits after temperature, top-k and top-p (Holtzman et al., 2020).

    `top_p` keeps the fewest likeliest tokens whose probability is at least `top_p` together.
    Temperature 0 puts all on the likeliest token.
    """
    logits = np.asarray(logits, dtype=np.float64)
    if temperature < 0:
        raise ValueError(f"A temperature is at least 0, not {temperature}.")
    if temperature == 0:
        return np.eye(len(logits))[logits.argmax()]
    p = np.exp((logits - logits.max()) / temperature)
    p /= p.sum()
    order = np.argsort(-p, kind="stable")
    if top_k is not None:
        p[order[top_k:]] = 0
    if top_p is not None:
        before = np.cumsum(p[order]) - p[order]
        p[order[before >= top_p * p.sum()]] = 0
    return p / p.sum()


def choose(logits: Array, rng: np.random.Generator, **options: Any) -> int:
    """One token drawn by `probabilities(logits, **options)`."""
    p = probabilities(logits, **options)
    return int(rng.choice(len(p), p=p))
