"""Samplers: in which order the samples of a data set are taken."""

import itertools
from typing import Any, Generic, TypeVar

from ...creation import as_tensor
from ...dtypes import float64
from ...random import multinomial, randint, randperm

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """An order of indices: subclasses give `__iter__`, and `__len__` where it is known."""

    def __init__(self, data_source: Any = None):
        self.data_source = data_source

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ..."""

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


_DRAW = 256  # indices drawn at a time with replacement


class RandomSampler(Sampler[int]):
    """A fresh random order each time, with or without replacement."""

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        super().__init__(data_source)
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a bool, got {replacement!r}")
        self.replacement, self._num_samples, self.generator = replacement, num_samples, generator
        _positive("num_samples", self.num_samples)

    @property
    def num_samples(self):
        """How many indices one pass draws."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self):
        n = len(self.data_source)
        if self.replacement:
            for left in range(self.num_samples, 0, -_DRAW):  # num_samples may stand for "forever"
                yield from randint(n, (min(left, _DRAW),), generator=self.generator).tolist()
            return
        passes = range(-(-self.num_samples // n))
        orders = (randperm(n, generator=self.generator).tolist() for _ in passes)
        yield from itertools.islice(itertools.chain.from_iterable(orders), self.num_samples)

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """These indices in a fresh random order each time."""

    def __init__(self, indices, generator=None):
        self.indices, self.generator = indices, generator

    def __iter__(self):
        for i in randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with probabilities in proportion to `weights`."""

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        _positive("num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a bool, got {replacement!r}")
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.dim() != 1:
            raise ValueError(f"weights should be a 1d sequence, got shape {self.weights.shape}")
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self):
        yield from multinomial(
            self.weights, self.num_samples, self.replacement, generator=self.generator
        ).tolist()

    def __len__(self):
        return self.num_samples


class BatchSampler(Sampler[list]):
    """Lists of `batch_size` indices; the last may be shorter unless `drop_last`."""

    def __init__(self, sampler, batch_size, drop_last):
        _positive("batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a bool, got {drop_last!r}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self):
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self):
        n = len(self.sampler)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


def _positive(name, n):
    if not isinstance(n, int) or isinstance(n, bool) or n <= 0:
        raise ValueError(f"{name} should be a positive integer, got {n!r}")
