"""The data of the course: real and generated, on every machine, without a network.

Each loader is a function that returns a `Dataset` of `train`, `valid` and `test`, cut by a seed;
`card(name)` says in plain words what the set is and what is wrong with it.
"""

from .bundled import breast_cancer, diabetes, digits, iris, photographs, wine
from .cards import Card, card, cards
from .core import Batches, Dataset, Part, cut, standardise, with_noise, with_steps_and_noise
from .download import DamagedError, OfflineError, cifar10, fashion_mnist, imdb, mnist, shakespeare
from .music import broken_rules, melodies, sound
from .scenes import boxes_from_cells, canvases, coloured_digits, films
from .shapes import circles, moons, polynomials, ring, spirals
from .tastes import ratings
from .text import (
    Prose,
    TextSet,
    Vocabulary,
    Windows,
    dates,
    hide,
    names,
    prose,
    sentences,
    sentiment,
)

__all__ = [
    "Batches",
    "Card",
    "DamagedError",
    "Dataset",
    "OfflineError",
    "Part",
    "Prose",
    "TextSet",
    "Vocabulary",
    "Windows",
    "boxes_from_cells",
    "breast_cancer",
    "broken_rules",
    "canvases",
    "card",
    "cards",
    "cifar10",
    "circles",
    "coloured_digits",
    "cut",
    "dates",
    "diabetes",
    "digits",
    "fashion_mnist",
    "films",
    "hide",
    "imdb",
    "iris",
    "melodies",
    "mnist",
    "moons",
    "names",
    "photographs",
    "polynomials",
    "prose",
    "ratings",
    "ring",
    "sentences",
    "sentiment",
    "shakespeare",
    "sound",
    "spirals",
    "standardise",
    "wine",
    "with_noise",
    "with_steps_and_noise",
]
