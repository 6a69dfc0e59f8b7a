"""Data sets, samplers, batches: the same as torch's where nothing is random, sound where it is."""

import collections
import itertools

import numpy as np
import pytest
import torch
import torch.utils.data

from dlcourse import scratch
from dlcourse.scratch.utils import data as scratch_data

ENGINES = [(torch, torch.utils.data), (scratch, scratch_data)]
Point = collections.namedtuple("Point", "x y")


def plain(value):
    """A batch with its tensors as (dtype, nested list), so that two engines can be compared."""
    if isinstance(value, (torch.Tensor, scratch.Tensor)):
        return str(value.dtype), value.tolist()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if hasattr(value, "_fields"):
        return type(value).__name__, [plain(v) for v in value]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(v) for v in value]
    return value


def table(engine, data, n=10):
    x = engine.tensor(np.arange(2 * n, dtype=np.float32).reshape(n, 2))
    return data.TensorDataset(x, engine.tensor(np.arange(n)))


def both(build):
    """`build(engine, data)` on torch and on the engine, in plain form."""
    return [plain(list(build(engine, data))) for engine, data in ENGINES]


OPTIONS = [
    dict(zip(("batch_size", "drop_last", "num_workers"), values, strict=True))
    for values in itertools.product((1, 3, 5, 10, 11), (False, True), (0,))
]


@pytest.mark.parametrize("options", [*OPTIONS, {"batch_size": None}, {}])
def test_batches_in_order_equal_torch(options):
    theirs, ours = both(lambda e, d: d.DataLoader(table(e, d), **options))
    assert ours == theirs
    sizes = [len(d.DataLoader(table(e, d), **options)) for e, d in ENGINES]
    assert sizes[1] == sizes[0] == len(theirs[1])


SAMPLES = [
    [1, 2, 3],
    [1.5, 2.5],
    [True, False],
    ["a", "bc"],
    [b"a", b"bc"],
    [np.float32(1), np.float32(2)],
    [np.int64(1), np.int64(2)],
    [np.ones(2), np.zeros(2)],
    [np.ones((2, 2), np.float32), np.zeros((2, 2), np.float32)],
    [np.array(3), np.array(4)],
    [(1, "a"), (2, "b")],
    [[1, 2.0], [3, 4.0]],
    [{"x": 1, "y": (2, 3)}, {"x": 4, "y": (5, 6)}],
    [Point(1, 2.0), Point(3, 4.0)],
    [(np.ones(2), {"k": [1, 2]}), (np.ones(2), {"k": [3, 4]})],
    [collections.OrderedDict(a=1), collections.OrderedDict(a=2)],
]


@pytest.mark.parametrize("samples", SAMPLES, ids=repr)
def test_collate_equals_torch(samples):
    theirs, ours = (plain(d.default_collate(samples)) for _, d in ENGINES)
    assert ours == theirs


@pytest.mark.parametrize("samples", SAMPLES, ids=repr)
def test_unbatched_samples_are_converted_as_by_torch(samples):
    theirs, ours = both(lambda e, d: d.DataLoader(samples, batch_size=None))
    assert ours == theirs


def test_collate_stacks_tensors():
    for engine, data in ENGINES:
        batch = data.default_collate([engine.ones(2, 3), engine.zeros(2, 3)])
        assert tuple(batch.shape) == (2, 2, 3)


@pytest.mark.parametrize(
    ("samples", "error"),
    [
        ([object(), object()], TypeError),
        ([None, None], TypeError),
        ([np.array("a"), np.array("b")], TypeError),
        ([[1, 2], [3]], RuntimeError),
        ([np.ones(2), np.ones(3)], (RuntimeError, ValueError)),
        ([{"a": 1}, {"b": 1}], KeyError),
    ],
)
def test_collate_refuses_as_torch_does(samples, error):
    for _, data in ENGINES:
        with pytest.raises(error):
            data.default_collate(samples)


def test_collate_fn_replaces_it():
    theirs, ours = both(
        lambda e, d: d.DataLoader([3, 1, 2], batch_size=2, collate_fn=lambda b: sorted(b))
    )
    assert ours == theirs == ("list", [("list", [1, 3]), ("list", [2])])


def test_shuffling_gives_each_sample_once_and_a_new_order_each_epoch():
    loader = scratch_data.DataLoader(table(scratch, scratch_data, 50), batch_size=7, shuffle=True)
    epochs = [[i for _, y in loader for i in y.tolist()] for _ in range(3)]
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    rows = [(x.tolist(), y.tolist()) for x, y in loader]
    assert all(a == [2 * i, 2 * i + 1] for xs, ys in rows for a, i in zip(xs, ys, strict=True))


def test_a_generator_or_a_seed_fixes_the_order():
    def order(generator=None):
        data = table(scratch, scratch_data, 30)
        loader = scratch_data.DataLoader(data, shuffle=True, generator=generator)
        return [y.item() for _, y in loader]

    first, again = (order(scratch.Generator().manual_seed(3)) for _ in range(2))
    assert first == again != sorted(first)
    scratch.manual_seed(5)
    seeded = order()
    scratch.manual_seed(5)
    assert order() == seeded != first


class Squares:
    """A data set that is not a Dataset: `__getitem__` and `__len__` are enough."""

    def __getitem__(self, i):
        if not 0 <= i < 6:
            raise IndexError(i)
        return {"i": i, "square": np.float32(i * i)}

    def __len__(self):
        return 6


def test_any_indexable_serves_and_samplers_choose():
    order = [5, 0, 3]
    for options in (
        {"sampler": order, "batch_size": 2},
        {"batch_sampler": [[0, 1], [2, 5, 4]]},
        {"batch_size": 4},
    ):
        theirs, ours = both(lambda e, d, o=options: d.DataLoader(Squares(), **o))
        assert ours == theirs


def stream(data, n=7):
    class Stream(data.IterableDataset):
        def __iter__(self):
            return iter(range(n))

        def __len__(self):
            return n

    return Stream()


@pytest.mark.parametrize(
    "options", [{}, {"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": None}]
)
def test_iterable_data_sets(options):
    theirs, ours = both(lambda e, d: d.DataLoader(stream(d), **options))
    assert ours == theirs
    sizes = [len(d.DataLoader(stream(d), **options)) for _, d in ENGINES]
    assert sizes[0] == sizes[1]
    theirs, ours = both(lambda e, d: stream(d, 2) + stream(d, 3))
    assert ours == theirs


def test_subsets_and_concatenation():
    def build(engine, data):
        whole = data.Subset(range(10), [3, 5, 7]) + data.Subset(range(5), [1])
        assert len(whole) == 4
        yield from (whole[0], whole[3], whole[-1], whole[-4])
        yield from data.ConcatDataset([range(3), [], "ab"])

    theirs, ours = both(build)
    assert ours == theirs
    for _, data in ENGINES:
        both_parts = data.ConcatDataset([range(3), range(2)])
        for index in (5, -6):
            with pytest.raises((IndexError, ValueError)):
                both_parts[index]
    with pytest.raises(ValueError, match="at least one"):
        scratch_data.ConcatDataset([])


@pytest.mark.parametrize("lengths", [[7, 3], [10], [0.5, 0.5], [0.33, 0.33, 0.34], [0.85, 0.15]])
def test_random_split_divides(lengths):
    sizes = []
    for engine, data in ENGINES:
        parts = data.random_split(range(10), lengths, generator=engine.Generator().manual_seed(1))
        assert sorted(i for p in parts for i in p.indices) == list(range(10))
        assert sorted(x for p in parts for x in p) == list(range(10))
        sizes.append([len(p) for p in parts])
    assert sizes[1] == sizes[0]


def test_random_split_refuses_and_warns_as_torch_does():
    for _, data in ENGINES:
        with pytest.raises(ValueError, match=r".+"):
            data.random_split(range(10), [5, 4])
        with pytest.raises(ValueError, match=r".+"):
            data.random_split(range(10), [0.5, 0.4])
        with pytest.warns(UserWarning, match="index 2 is 0"):
            data.random_split(range(2), [0.4, 0.4, 0.2])


def test_random_samplers():
    s, data = scratch_data, range(20)
    assert len(s.RandomSampler(data)) == 20
    assert sorted(s.RandomSampler(data)) == list(data)
    drawn = list(s.RandomSampler(data, replacement=True, num_samples=300))
    assert len(drawn) == 300
    assert set(drawn) == set(data)
    longer = list(s.RandomSampler(data, num_samples=50))
    assert sorted(longer[:20]) == sorted(longer[20:40]) == list(data)
    assert len(set(longer[40:])) == 10
    assert sorted(s.SubsetRandomSampler([4, 8, 6])) == [4, 6, 8]
    assert list(s.SequentialSampler("abc")) == [0, 1, 2]
    weighted = collections.Counter(s.WeightedRandomSampler([0.0, 1.0, 3.0], 4000))
    assert weighted[0] == 0
    assert 2.5 < weighted[2] / weighted[1] < 3.5
    assert sorted(s.WeightedRandomSampler([1.0, 1.0, 1.0], 3, replacement=False)) == [0, 1, 2]


@pytest.mark.parametrize("drop_last", [True, False])
def test_batch_sampler(drop_last):
    for n in range(8):
        batches = [list(d.BatchSampler(range(n), 3, drop_last)) for _, d in ENGINES]
        assert batches[0] == batches[1]
        assert len(scratch_data.BatchSampler(range(n), 3, drop_last)) == len(batches[0])


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"batch_size": -1},
        {"batch_size": 2.5},
        {"batch_size": None, "drop_last": True},
        {"shuffle": True, "sampler": [0]},
        {"batch_sampler": [[0]], "batch_size": 2},
        {"batch_sampler": [[0]], "shuffle": True},
        {"batch_sampler": [[0]], "drop_last": True},
        {"num_workers": -1},
        {"timeout": -1},
        {"prefetch_factor": 2},
        {"persistent_workers": True},
    ],
)
def test_impossible_options_are_refused_as_by_torch(options):
    for engine, data in ENGINES:
        with pytest.raises(ValueError, match=r".+"):
            data.DataLoader(table(engine, data), **options)


def test_more_refusals():
    for _, data in ENGINES:
        for options in ({"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}):
            with pytest.raises(ValueError, match=r".+"):
                data.DataLoader(stream(data), **options)
        with pytest.raises((ValueError, TypeError)):
            data.RandomSampler(range(3), num_samples=0)
        with pytest.raises((ValueError, TypeError)):
            data.RandomSampler(range(3), replacement="yes")
        with pytest.raises((ValueError, TypeError)):
            data.WeightedRandomSampler([[1.0]], 2)
        with pytest.raises(NotImplementedError):
            data.Dataset()[0]
    with pytest.raises(NotImplementedError, match="worker_init_fn"):
        scratch_data.DataLoader(range(3), num_workers=2, worker_init_fn=print)
    with pytest.raises(ValueError, match="length"):
        scratch_data.TensorDataset(scratch.ones(2), scratch.ones(3))
    assert scratch_data.get_worker_info() is None


def test_workers_change_nothing():
    here = scratch_data.DataLoader(range(5), batch_size=2)
    there = scratch_data.DataLoader(range(5), batch_size=2, num_workers=4, pin_memory=True)
    assert plain(list(here)) == plain(list(there))


def test_generic_data_sets_can_be_subclassed():
    for _, data in ENGINES:

        class Numbers(data.Dataset[int]):
            def __len__(self):
                return 3

            def __getitem__(self, i):
                return i

        assert [b.tolist() for b in data.DataLoader(Numbers(), batch_size=2)] == [[0, 1], [2]]


def test_a_sampler_with_replacement_may_go_on_forever():
    loader = scratch_data.DataLoader(
        range(5),
        sampler=scratch_data.RandomSampler(range(5), True, num_samples=10**10),
        batch_size=4,
    )
    batches = iter(loader)
    assert all(next(batches).shape == (4,) for _ in range(200))
    assert len(list(scratch_data.RandomSampler(range(5), True, num_samples=300))) == 300
