"""From samples to batches."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...autograd import Tensor
from ...creation import as_tensor, tensor
from ...dtypes import float64
from ...ops.movement import stack
from .dataset import IterableDataset, TensorDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler


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
        dataset: Any,
        batch_size=1,
        shuffle=None,
        sampler: Any = None,
        batch_sampler: Any = None,
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
        self.sampler: Any = self._default_sampler(shuffle) if sampler is None else sampler
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
        n = len(self.dataset)  # pyright: ignore[reportArgumentType] - a stream may know it
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
