"""The runs behind the transfer balance: `python -m dlcourse.topics.transfer.balance_table`.

Some hundred trainings on our engine, a few minutes; the accuracies, in thousandths, are kept in
`balance_table.json` beside this file.  `cell` repeats any of them.
"""

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ... import scratch
from ...data import Part, digits
from . import study

FILE = Path(__file__).with_suffix(".json")
KS = (1, 3, 10, 30)
SEEDS = (0, 1, 2)
STEPS = 60

# Targets: the digits 5 to 9, or the source's own digits 0 to 4 in another look.
LOOKS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "noisy": study.noise,
    "dim": lambda x, rng: 0.3 * x,
    "inverted": lambda x, rng: 1 - x,
}
TARGETS = ("anywhere", "middle", "place", *LOOKS)

# What of the body moves, as (what is frozen, share of the head's rate).
FREEZES = ("nothing", "convolutions", "all", "weights")
SHARES = {"nothing": (1.0, 0.1), "convolutions": (1.0,)}  # where something of the body moves
# How the images are prepared, and whether they are shifted in training.
CARES = (("source", False), ("source", True), ("own", False))


class World(NamedTuple):
    """One split: the source's reader, an untrained one, and what the source is judged on."""

    reader: Any
    random: Any
    source: Part


@lru_cache(maxsize=4)
def world(seed: int) -> World:
    """The source of this split, trained."""
    cut = digits(seed=seed)
    part = study.source_task(cut, seed)
    judged = study.digits_task(cut, range(5), seed).judged
    reader = study.pretrained(scratch, part, seed)
    return World(reader, study.untrained(scratch, part, seed), judged)


@lru_cache(maxsize=32)
def task(target: str, seed: int, prepared: str = "source") -> study.Task:
    """A target's images, prepared as the source's or by their own mean and deviation."""
    cut = digits(seed=seed)
    if target == "place":
        found = study.place_task(cut, range(5, 10), seed)
    elif target in LOOKS:
        rng = np.random.default_rng([seed, 12])
        plain = study.digits_task(cut, range(5), seed)
        found = study.Task(*(Part(LOOKS[target](p.x, rng).astype("f4"), p.y) for p in plain))
    else:
        found = study.digits_task(cut, range(5, 10), seed, centred=target == "middle")
    if prepared == "source":
        return found
    mean, std = found.pool.x.mean(), found.pool.x.std()
    return study.Task(*(Part((p.x - mean) / std, p.y) for p in found))


def tuned(
    target: str, k: int, seed: int, freeze: str, share: float, care: tuple[str, bool]
) -> tuple[float, float]:
    """Accuracy on the target, and of the old head on the source, after training on."""
    prepared, shifted = care
    here, given = world(seed), task(target, seed, prepared)
    train, change = study.few(given.pool, k, seed), study.shifts(2) if shifted else None
    scratch.manual_seed(seed)
    model = study.with_body_of(here.reader, len(np.unique(given.pool.y)))
    if target in LOOKS:  # the source's classes: its head is the start
        model.head.load_state_dict(here.reader.head.state_dict())
    still = stop(model, freeze)
    rates = study.groups(model, study.RATE, share * study.RATE)
    study.learn(
        model, scratch.optim.Adam(rates), train, STEPS, np.random.default_rng([seed, 7]),
        change=change, still=still,
    )  # fmt: skip
    return study.right(model, given.judged), study.kept(model, here.reader, here.source)


def stop(model: Any, freeze: str) -> Any:
    """Freeze a part of the body; what is returned must stay in eval mode while training."""
    body = model.body
    parts = {
        "nothing": [],
        "convolutions": [body.conv1, body.norm1, body.conv2, body.norm2],
        "all": [body],
        "weights": [body],
    }[freeze]
    for p in (p for part in parts for p in part.parameters()):
        p.requires_grad_(False)
    return None if freeze == "weights" or not parts else scratch.nn.ModuleList(parts)


def cells() -> Iterator[tuple[str, str, int, tuple[str, bool], str, float]]:
    """Every kind of run: way, target, k, care, what is frozen, share of the rate."""
    for target in TARGETS:
        for prepared in ("source", "own"):
            yield "zero", target, 0, (prepared, False), "", 0.0
        for k in KS:
            yield "linear", target, k, CARES[0], "", 0.0
            yield "random", target, k, CARES[0], "", 0.0
            for shifted in (False, True):
                yield "scratch", target, k, ("source", shifted), "", 0.0
            for prepared in ("source", "own"):
                yield "frozen", target, k, (prepared, False), "", 0.0
            for care in CARES:
                for freeze in FREEZES:
                    for share in SHARES.get(freeze, (0.0,)):
                        yield "tuned", target, k, care, freeze, share


def cell(
    way: str, target: str, k: int, care: tuple[str, bool], freeze: str, share: float, seed: int
) -> tuple[float, ...]:
    """One run: the accuracy, and for `tuned` also what is kept of the source."""
    here, given = world(seed), task(target, seed, care[0])
    if way == "tuned":
        return tuned(target, k, seed, freeze, share, care)
    if way == "zero":
        return (study.right(here.reader, given.judged) if target in LOOKS else -1.0,)
    train = study.few(given.pool, k, seed)
    if way == "scratch":
        change, classes = study.shifts(2) if care[1] else None, len(np.unique(given.pool.y))
        model = study.from_scratch(scratch, train, classes, seed, steps=STEPS, change=change)
        return (study.right(model, given.judged),)
    if way == "linear":
        return (study.linear(train, given.judged),)
    return (study.probe(here.random if way == "random" else here.reader, train, given.judged),)


def key(way: str, target: str, k: int, care: tuple[str, bool], freeze: str, share: float) -> str:
    """The name of a kind of run in the table."""
    return f"{way} {target} {k} {care[0]}{' shifted' if care[1] else ''} {freeze} {share:g}"


@lru_cache(maxsize=1)
def table() -> dict[str, list[list[int]]]:
    """For each kind of run a row a seed: thousandths right, and of the source kept if tuned."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def measure() -> dict[str, list[list[int]]]:
    """All runs anew."""
    return {
        key(*c): [[round(1000 * v) for v in cell(*c, seed=seed)] for seed in SEEDS] for c in cells()
    }


def main() -> None:
    """Write the table."""
    lines = (f"{json.dumps(k)}: {json.dumps(v)}" for k, v in measure().items())
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
