"""The catalogue of misconceptions: what people believe, what is right, what it really costs."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

CATALOGUE = Path(__file__).with_name("misconceptions.yaml")

# What the mistake does where the course meets it.  `absent` and `reversed` are the honest labels of
# our own measurements: the mistake does no damage there, or even helps, and is taught as such.
Harm = Literal["error", "visible", "silent", "cost", "concept", "absent", "reversed"]


@dataclass(frozen=True)
class Misconception:
    """One catalogued mistake: its name, the belief, what is right, the symptom and the harm."""

    id: str
    name: str
    belief: str
    right: str
    symptom: str
    harm: Harm


@cache
def catalogue() -> dict[str, Misconception]:
    """All misconceptions by id, in the order of the file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    entries = yaml.load(CATALOGUE.read_text(encoding="utf-8"), loader)
    return {id: _entry(id, fields) for id, fields in entries.items()}


def _entry(id: str, fields: dict[str, Any]) -> Misconception:
    entry = Misconception(id, **fields)
    if entry.harm not in get_args(Harm):
        raise ValueError(f"{id}: harm is {entry.harm!r}; use one of {', '.join(get_args(Harm))}.")
    return entry


def get(id: str) -> Misconception:
    """The misconception called `id`; raises `KeyError` naming the catalogue if there is none."""
    try:
        return catalogue()[id]
    except KeyError:
        raise KeyError(
            f"There is no misconception {id!r}; see {CATALOGUE.name} for the catalogue."
        ) from None


def ids() -> tuple[str, ...]:
    """Every id of the catalogue."""
    return tuple(catalogue())
