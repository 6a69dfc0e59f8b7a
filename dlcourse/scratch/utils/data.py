"""Data sets, samplers and the loader that cuts them into batches."""

import itertools
import math
import warnings
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np

from ..autograd import Tensor
from ..creation import as_tensor, tensor
from ..dtypes import float64
from ..ops import stack
from ..random import multinomial, randint, randperm

T_co = TypeVar("T_co", covariant=True)

# --- data sets ------------------------------------------------------------------------------


class Dataset(Generic[T_co]):
    """Samples by index: subclasses give `__getitem__` and usually `__len__`."""

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__")

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """Samples in their own order: subclasses give `__iter__`."""

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")

    def __add__(self, other):
        return ChainDataset([self, other])


class TensorDataset(Dataset):
    """Tensors side by side: sample i is row i of each."""

    def __init__(self, *tensors):
        if any(len(t) != len(tensors[0]) for t in tensors):
            raise ValueError(f"tensors differ in length: {[len(t) for t in tensors]}")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(t[index] for t in self.tensors)

    def __len__(self):
        return len(self.tensors[0])


class Subset(Dataset[T_co]):
    """The samples of `dataset` at `indices`."""

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index):
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self):
        return len(self.indices)


class ConcatDataset(Dataset[T_co]):
    """Several data sets, one after the other."""

    def __init__(self, datasets):
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset needs at least one data set")
        if any(isinstance(d, IterableDataset) for d in self.datasets):
            raise TypeError("an IterableDataset has no indices: use ChainDataset")
        self.cumulative_sizes = list(itertools.accumulate(map(len, self.datasets)))

    def __len__(self):
        return self.cumulative_sizes[-1]

    def __getitem__(self, index):
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} samples")
        index %= len(self)
        i = bisect_right(self.cumulative_sizes, index)
        return self.datasets[i][index - (self.cumulative_sizes[i - 1] if i else 0)]


class ChainDataset(IterableDataset):
    """Several iterable data sets, one after the other."""

    def __init__(self, datasets):
        self.datasets = datasets

    def __iter__(self):
        return itertools.chain.from_iterable(self.datasets)

    def __len__(self):
        return sum(map(len, self.datasets))


def random_split(dataset, lengths, generator=None):
    """Disjoint random subsets of these lengths, or of these fractions of the whole."""
    if lengths and math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _from_fractions(lengths, len(dataset))
    if sum(lengths) != len(dataset):
        raise ValueError(f"lengths sum to {sum(lengths)}, but the data set has {len(dataset)}")
    order = randperm(len(dataset), generator=generator).tolist()
    ends = list(itertools.accumulate(lengths))
    return [Subset(dataset, order[end - n : end]) for n, end in zip(lengths, ends, strict=True)]


def _from_fractions(fractions, n):
    """Floors, and what is left over dealt out one by one from the front."""
    if any(not 0 <= f <= 1 for f in fractions):
        raise ValueError(f"fractions must lie between 0 and 1: {list(fractions)}")
    lengths = [math.floor(n * f) for f in fractions]
    for i in range(n - sum(lengths)):
        lengths[i % len(lengths)] += 1
    for i, length in enumerate(lengths):
        if length == 0:
            warnings.warn(f"Length of split at index {i} is 0", stacklevel=3)
    return lengths


# --- samplers -------------------------------------------------------------------------------


class Sampler(Generic[T_co]):
    """An order of indices: subclasses give `__iter__`, and `__len__` where it is known."""

    def __init__(self, data_source=None):
        self.data_source = data_source

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ..."""

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


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
            yield from randint(n, (self.num_samples,), generator=self.generator).tolist()
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


# --- from samples to batches ----------------------------------------------------------------


def default_collate(batch):
    """One batch from a list of samples: tensors stacked, numbers gathered, structures kept."""
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch), 0)
    if isinstance(first, (np.ndarray, np.generic)):
        return _collate_arrays(batch)
    if isinstance(first, (bool, int)):
        return tensor(list(batch))
    if isinstance(first, float):
        return tensor(list(batch), dtype=float64)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _rebuild(first, {key: default_collate([s[key] for s in batch]) for key in first})
    if isinstance(first, Sequence):
        return _collate_sequences(batch)
    raise TypeError(
        f"default_collate cannot batch {type(first).__name__}: return tensors, arrays, numbers, "
        "strings, dicts or tuples of them, or pass collate_fn"
    )


def _collate_arrays(batch):
    if np.asarray(batch[0]).dtype.kind in "SUOV":
        raise TypeError(f"default_collate cannot batch arrays of {batch[0].dtype}")
    return stack([as_tensor(np.asarray(a)) for a in batch], 0)


def _collate_sequences(batch):
    first = batch[0]
    if any(len(sample) != len(first) for sample in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    columns = [default_collate(column) for column in zip(*batch, strict=True)]
    if hasattr(first, "_fields"):  # a named tuple
        return type(first)(*columns)
    return columns if isinstance(first, tuple) else _rebuild(first, columns)


def _rebuild(like, value):
    """`value` as the type of `like` where that type can be made from it."""
    try:
        return type(like)(value)
    except TypeError:
        return value


class DataLoader:
    """Batches of a data set, in order, shuffled, or as a sampler says.

    Loading happens in this process whatever `num_workers` says: the batches are the same.
    """

    def __init__(
        self,
        dataset,
        batch_size=1,
        shuffle=None,
        sampler=None,
        batch_sampler=None,
        num_workers=0,
        collate_fn=None,
        pin_memory=False,
        drop_last=False,
        timeout=0,
        worker_init_fn=None,
        multiprocessing_context=None,
        generator=None,
        *,
        prefetch_factor=None,
        persistent_workers=False,
        pin_memory_device="",
        in_order=True,
    ):
        _check_workers(num_workers, timeout, worker_init_fn, prefetch_factor, persistent_workers)
        _check_sampling(dataset, batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset, self.num_workers, self.generator = dataset, num_workers, generator
        self.pin_memory, self.timeout = pin_memory, timeout
        self.drop_last = drop_last
        self.batch_size = None if batch_sampler is not None else batch_size
        self.sampler = self._default_sampler(shuffle) if sampler is None else sampler
        if batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        self.batch_sampler = batch_sampler
        one_by_one = batch_sampler is None
        self.collate_fn = collate_fn or (_default_convert if one_by_one else default_collate)

    def _default_sampler(self, shuffle):
        if isinstance(self.dataset, IterableDataset):
            return _Endless()
        if shuffle:
            return RandomSampler(self.dataset, generator=self.generator)
        return SequentialSampler(self.dataset)

    def __iter__(self):
        if isinstance(self.dataset, IterableDataset):
            return self._from_stream()
        if self.batch_sampler is None:
            return (self.collate_fn(self.dataset[i]) for i in self.sampler)
        return map(self._fetch, self.batch_sampler)

    def _fetch(self, indices):
        whole = type(self.dataset) is TensorDataset and self.collate_fn is default_collate
        if whole:  # the same rows by one index, without a tensor per sample
            return [t[indices] for t in self.dataset.tensors]
        return self.collate_fn([self.dataset[i] for i in indices])

    def _from_stream(self):
        samples = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, samples)
            return
        while batch := list(itertools.islice(samples, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    def __len__(self):
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        n = len(self.dataset)
        if self.batch_size is None:
            return n
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


class _Endless(Sampler):
    """Stands where an iterable data set needs no indices."""

    def __iter__(self):
        return itertools.repeat(None)


def _default_convert(sample):
    """Without batches: arrays become tensors, all else stays."""
    if isinstance(sample, (np.ndarray, np.generic)):
        return as_tensor(np.asarray(sample))
    if isinstance(sample, Mapping):
        return _rebuild(sample, {k: _default_convert(v) for k, v in sample.items()})
    if isinstance(sample, (str, bytes)) or not isinstance(sample, Sequence):
        return sample
    parts = [_default_convert(s) for s in sample]
    return type(sample)(*parts) if hasattr(sample, "_fields") else parts


def _check_workers(num_workers, timeout, worker_init_fn, prefetch_factor, persistent_workers):
    if num_workers < 0 or timeout < 0:
        raise ValueError("num_workers and timeout must not be negative")
    if num_workers == 0 and (prefetch_factor is not None or persistent_workers):
        raise ValueError("prefetch_factor and persistent_workers need num_workers > 0")
    if num_workers > 0 and worker_init_fn is not None:
        raise NotImplementedError("worker_init_fn: there are no worker processes; leave it out")


def _check_sampling(dataset, batch_size, shuffle, sampler, batch_sampler, drop_last):
    if isinstance(dataset, IterableDataset) and (shuffle or sampler or batch_sampler):
        raise ValueError("an IterableDataset brings its own order: no shuffle, no samplers")
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler or drop_last):
        raise ValueError(
            "batch_sampler is mutually exclusive with batch_size, shuffle, sampler and drop_last"
        )
    if batch_size is None and drop_last:
        raise ValueError("batch_size=None turns batching off: there is no last batch to drop")


def get_worker_info():
    """None, as in torch's main process: there are no workers."""
    return None
