"""What every data set is: three parts, cut once by a seed, and batches in a fixed order.

Everything here is NumPy.  A batch is cut before any engine sees it, so that both engines train on
the same numbers in the same order.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

Array = NDArray[Any]
Augment = Callable[[np.random.Generator, tuple[Array, ...]], tuple[Array, ...]]


@dataclass(frozen=True, eq=False)
class Part:
    """Examples that belong together: inputs `x`, answers `y`, each with the examples first.

    Unpacks as `x, y = part`; `extra` holds further arrays by name, such as `boxes`.
    """

    x: Array
    y: Array
    extra: dict[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.x)

    def __iter__(self) -> Iterator[Array]:
        return iter((self.x, self.y))

    def __getitem__(self, name: str) -> Array:
        return {"x": self.x, "y": self.y, **self.extra}[name]

    def take(self, index: Any) -> "Part":
        """The examples at `index`: numbers, a slice or a mask."""
        return Part(self.x[index], self.y[index], {k: v[index] for k, v in self.extra.items()})

    def batches(self, size: int, *names: str, **options: Any) -> "Batches":
        """`Batches` of `x` and `y`, or of the arrays named."""
        return Batches([self[n] for n in names or ("x", "y")], size, **options)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{n} {self[n].dtype}{self[n].shape}" for n in ("x", "y", *self.extra))
        return f"<{len(self)} examples: {shapes}>"


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set cut into `train`, `valid` and `test`; names of its labels and features."""

    name: str
    train: Part
    valid: Part
    test: Part
    labels: tuple[str, ...] = ()
    features: tuple[str, ...] = ()

    def standardised(self) -> "Dataset":
        """The same set with its columns scaled by the training part alone (`standardise`)."""
        train, valid, test = standardise(self.train, self.valid, self.test)
        return replace(self, train=train, valid=valid, test=test)

    def __repr__(self) -> str:
        sizes = f"{len(self.train)} train, {len(self.valid)} valid, {len(self.test)} test"
        one = f"x {self.train.x.dtype}{self.train.x.shape[1:]}"
        labels = f", {len(self.labels)} labels" if self.labels else ""
        return f"<{self.name}: {sizes}; one {one}{labels}>"


def cut(
    part: Part,
    seed: int,
    valid: float = 0.15,
    test: float = 0.2,
    by: Array | None = None,
) -> tuple[Part, Part, Part]:
    """Cut into train, valid and test by `seed`, keeping the proportions of the labels `by`."""
    if valid <= 0 or test <= 0 or valid + test >= 1:
        raise ValueError(
            f"valid={valid} and test={test} must be positive fractions with a sum below 1: "
            "something must be left to train on."
        )
    everyone = np.arange(len(part))
    rest, tested = _two(everyone, test, seed, by)
    learnt, checked = _two(rest, valid / (1 - test), seed, by)
    return part.take(learnt), part.take(checked), part.take(tested)


def _two(index: Array, fraction: float, seed: int, by: Array | None) -> tuple[Array, Array]:
    labels = None if by is None else by[index]
    a, b = train_test_split(index, test_size=fraction, random_state=seed, stratify=labels)
    return np.asarray(a), np.asarray(b)


def standardise(*parts: Part) -> tuple[Part, ...]:
    """Every part with columns shifted and scaled by the *first* part's mean and deviation.

    The first part is the one that is trained on; the others must not leak into the statistics.
    A column that never changes is only shifted.
    """
    mean, std = parts[0].x.mean(0), parts[0].x.std(0)
    scale = np.where(std > 0, std, 1)
    return tuple(Part(((p.x - mean) / scale).astype(p.x.dtype), p.y, p.extra) for p in parts)


class Batches:
    """Batches of `arrays` (examples first), in an order fixed by `seed` and the epoch's number.

    `epoch(n)` gives epoch n's batches as tuples of arrays; iterating gives epoch 0, then 1, ...
    `augment(rng, batch)` may change a batch; its `rng` is fixed by seed, epoch and batch too, so a
    run that starts again at epoch n sees exactly what an unbroken run would have seen.
    """

    def __init__(
        self,
        arrays: Sequence[Array],
        size: int,
        *,
        seed: int = 0,
        shuffle: bool = True,
        drop_last: bool = False,
        augment: Augment | None = None,
    ):
        lengths = {len(a) for a in arrays}
        if len(lengths) != 1:
            raise ValueError(f"All arrays need the same number of examples, not {sorted(lengths)}.")
        if size < 1:
            raise ValueError(f"A batch needs at least one example, not size={size}.")
        self.arrays, self.size, self.seed = tuple(arrays), size, seed
        self.shuffle, self.drop_last, self.augment = shuffle, drop_last, augment
        self.examples = lengths.pop()
        self._next = 0

    def __len__(self) -> int:
        full, rest = divmod(self.examples, self.size)
        return full + (rest > 0 and not self.drop_last)

    def epoch(self, number: int) -> Iterator[tuple[Array, ...]]:
        """The batches of one epoch; the same `number` always gives the same batches."""
        order = np.arange(self.examples)
        if self.shuffle:
            order = np.random.default_rng([self.seed, number]).permutation(order)
        for i in range(len(self)):
            batch = self.chosen(number, order[i * self.size : (i + 1) * self.size])
            if self.augment is not None:
                batch = self.augment(np.random.default_rng([self.seed, number, i]), batch)
            yield batch

    def chosen(self, number: int, order: Array) -> tuple[Array, ...]:
        """The batch of the examples at `order`, in epoch `number`."""
        return tuple(a[order] for a in self.arrays)

    def __iter__(self) -> Iterator[tuple[Array, ...]]:
        number, self._next = self._next, self._next + 1
        return self.epoch(number)

    def __repr__(self) -> str:
        return f"<{len(self)} batches of {self.size} from {self.examples} examples>"


def with_noise(*shape: int) -> Augment:
    """An `augment` that adds standard normal noise (B, *shape) to a batch as its last array."""

    def augment(rng: np.random.Generator, batch: tuple[Array, ...]) -> tuple[Array, ...]:
        return (*batch, rng.standard_normal((len(batch[0]), *shape), dtype=np.float32))

    return augment


def with_steps_and_noise(steps: int, *shape: int) -> Augment:
    """An `augment` for diffusion: a step from 0 to `steps` - 1 and noise for each example."""

    def augment(rng: np.random.Generator, batch: tuple[Array, ...]) -> tuple[Array, ...]:
        t = rng.integers(steps, size=len(batch[0]))
        return with_noise(*shape)(rng, (*batch, t))

    return augment
