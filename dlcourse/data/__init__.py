"""The data of the course: real and generated, on every machine, without a network.

Each loader is a function that returns a `Dataset` of `train`, `valid` and `test`, cut by a seed;
`card(name)` says in plain words what the set is and what is wrong with it.
"""

from .bundled import breast_cancer, diabetes, digits, iris, photographs, wine
from .cards import Card, card, cards
from .core import Batches, Dataset, Part, cut, standardise

__all__ = [
    "Batches",
    "Card",
    "Dataset",
    "Part",
    "breast_cancer",
    "card",
    "cards",
    "cut",
    "diabetes",
    "digits",
    "iris",
    "photographs",
    "standardise",
    "wine",
]
