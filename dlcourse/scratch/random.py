"""Random numbers: one default generator, seeded by `manual_seed`, and generators of one's own.

The streams are NumPy's (PCG64; O'Neill, 2014), not torch's: the same seed repeats a run here, and
gives other numbers there.
"""

import numpy as np

from . import inplace
from .autograd import Tensor, leaf, wrap
from .devices import check_device, check_format
from .dtypes import default_float, to_numpy
from .ops._shape import shape_of


class Generator:
    """A source of random numbers with its own seed."""

    def __init__(self, device="cpu"):
        check_device(device)
        self.device = device
        self.manual_seed(67280421310721)  # torch's default seed

    def manual_seed(self, seed):
        """Start again from `seed`."""
        self._seed = int(seed) & (2**64 - 1)
        self.numpy = np.random.Generator(np.random.PCG64(self._seed))
        return self

    def seed(self):
        """Start again from a seed that the operating system provides, and return it."""
        return self.manual_seed(np.random.SeedSequence().entropy).initial_seed()

    def initial_seed(self):
        """The seed that this generator last started from."""
        return self._seed

    def get_state(self):
        """The state as a tensor of bytes, for `set_state`."""
        state = self.numpy.bit_generator.state
        words = (self._seed, state["state"]["state"], state["state"]["inc"])
        tail = (state["has_uint32"], state["uinteger"])
        raw = b"".join(w.to_bytes(16, "little") for w in (*words, *tail))
        return wrap(np.frombuffer(raw, np.uint8).copy())

    def set_state(self, new_state):
        """Continue from a state that `get_state` gave."""
        raw = new_state._data.tobytes()
        if len(raw) != 80:
            raise RuntimeError("RNG state is wrong size: it must come from get_state()")
        words = [int.from_bytes(raw[i : i + 16], "little") for i in range(0, 80, 16)]
        self._seed = words[0]
        self.numpy.bit_generator.state = {
            "bit_generator": "PCG64",
            "state": {"state": words[1], "inc": words[2]},
            "has_uint32": words[3],
            "uinteger": words[4],
        }
        return self


default_generator = Generator()


def rng(generator=None):
    """The NumPy generator behind `generator`, or behind the default one."""
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(f"generator must be a Generator or None, not {type(generator).__name__}")
    return (default_generator if generator is None else generator).numpy


def manual_seed(seed):
    """Seed the default generator."""
    return default_generator.manual_seed(seed)


def seed():
    """Seed the default generator unpredictably, and return the seed."""
    return default_generator.seed()


def initial_seed():
    """The seed of the default generator."""
    return default_generator.initial_seed()


def get_rng_state():
    """The state of the default generator."""
    return default_generator.get_state()


def set_rng_state(new_state):
    """Put the default generator into a state that `get_rng_state` gave."""
    default_generator.set_state(new_state)


# --- new random tensors -----------------------------------------------------------------------


def _made(array, dtype, device, requires_grad):
    check_device(device)
    kind = to_numpy(dtype) or default_float()
    return leaf(array.astype(kind, copy=False), requires_grad)


def _float_kind(dtype):
    kind = to_numpy(dtype) or default_float()
    if kind.kind != "f":
        raise NotImplementedError(f"random floats cannot have dtype {dtype}: use randint")
    return kind


def rand(*size, generator=None, dtype=None, device=None, requires_grad=False, **named):
    """Uniform numbers in [0, 1)."""
    array = rng(generator).random(shape_of(size, "size", **named), _float_kind(dtype))
    return _made(array, dtype, device, requires_grad)


def randn(*size, generator=None, dtype=None, device=None, requires_grad=False, **named):
    """Standard normal numbers."""
    array = rng(generator).standard_normal(shape_of(size, "size", **named), _float_kind(dtype))
    return _made(np.asarray(array), dtype, device, requires_grad)


def randint(
    low, high=None, size=None, *, generator=None, dtype=None, device=None, requires_grad=False
):
    """Whole numbers in [low, high): `randint(high, size)` or `randint(low, high, size)`."""
    if size is None or not isinstance(high, int):
        low, high, size = 0, low, high if size is None else size
    if size is None:
        raise TypeError("randint(): missing the size, such as randint(10, (2, 3))")
    if high <= low:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    check_device(device)
    kind = to_numpy(dtype) or np.dtype(np.int64)
    array = rng(generator).integers(low, high, shape_of((size,)))
    return leaf(np.asarray(array).astype(kind, copy=False), requires_grad)


def randperm(n, *, generator=None, dtype=None, device=None, requires_grad=False):
    """0, 1, ..., n - 1 in random order."""
    if n < 0:
        raise RuntimeError(f"n must be non-negative, got {n}")
    check_device(device)
    array = rng(generator).permutation(n)
    return leaf(array.astype(to_numpy(dtype) or np.int64, copy=False), requires_grad)


def normal(
    mean=0.0, std=1.0, size=None, *, generator=None, dtype=None, device=None, requires_grad=False
):
    """Normal numbers with the given means and standard deviations (tensors or numbers)."""
    arrays = [getattr(v, "_data", v) for v in (mean, std)]
    known = [a for a in arrays if isinstance(a, np.ndarray)]
    if np.any(np.less(arrays[1], 0)):
        raise RuntimeError("normal expects all elements of std >= 0.0")
    if size is None and not known:
        raise TypeError("normal(): numbers as mean and std need a size")
    shape = np.broadcast_shapes(*(a.shape for a in known)) if known else shape_of((size,))
    kind = known[0].dtype if known else to_numpy(dtype) or default_float()
    array = rng(generator).standard_normal(shape) * arrays[1] + arrays[0]
    return (
        _made(np.asarray(array, kind), dtype if not known else None, device, requires_grad)
        if not known
        else wrap(np.asarray(array, kind))
    )


def bernoulli(input, p=None, *, generator=None):
    """1 with the probability that each element of `input` gives, else 0."""
    odds = input._data if p is None else np.full(input._data.shape, p)
    if np.any((odds < 0) | (odds > 1)):
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1")
    return wrap((rng(generator).random(odds.shape) < odds).astype(input._data.dtype))


def multinomial(input, num_samples, replacement=False, *, generator=None):
    """Indices drawn from each row of weights, which need not add up to one."""
    w = input._data
    if w.dtype.kind != "f" or w.ndim not in (1, 2):
        raise RuntimeError("multinomial expects a vector or matrix of float weights")
    if num_samples < 1 or (not replacement and num_samples > w.shape[-1]):
        raise RuntimeError(
            f"cannot sample n_sample > prob_dist.size(-1) samples, or fewer than one: {num_samples}"
        )
    if not np.all(np.isfinite(w)) or np.any(w < 0) or np.any(w.sum(-1) <= 0):
        raise RuntimeError(
            "probability tensor contains either `inf`, `nan` or element < 0, or adds up to 0"
        )
    if not replacement and np.any((w > 0).sum(-1) < num_samples):
        raise RuntimeError("invalid multinomial distribution: fewer weights > 0 than samples")
    rows = np.atleast_2d(w).astype(np.float64)
    draw = _with_replacement if replacement else _without_replacement
    picked = draw(rng(generator), rows, num_samples)
    return wrap(picked.reshape(*w.shape[:-1], num_samples))


def _with_replacement(source, rows, n):
    edges = np.cumsum(rows, -1)
    points = source.random((len(rows), n)) * edges[:, -1:]
    return np.stack(
        [np.searchsorted(e, p, side="right") for e, p in zip(edges, points, strict=True)]
    )


def _without_replacement(source, rows, n):
    # The n smallest of exponential waiting times with these rates (Efraimidis and Spirakis, 2006).
    waits = np.where(
        rows > 0, source.standard_exponential(rows.shape) / np.where(rows > 0, rows, 1), np.inf
    )
    return np.argsort(waits, -1, kind="stable")[:, :n]


# --- over existing tensors --------------------------------------------------------------------


def _like(make):
    def method(
        input, *, dtype=None, device=None, requires_grad=False, generator=None, memory_format=None
    ):
        check_format(memory_format)
        kind = input.dtype if dtype is None else dtype
        shape = input._data.shape
        return make(
            shape, dtype=kind, device=device, requires_grad=requires_grad, generator=generator
        )

    method.__doc__ = f"`{make.__name__}` with the shape and dtype of `input`."
    method.__name__ = f"{make.__name__}_like"
    return method


rand_like, randn_like = _like(rand), _like(randn)


def randint_like(input, low, high=None, *, dtype=None, device=None, requires_grad=False):
    """`randint` with the shape and dtype of `input`."""
    low, high = (0, low) if high is None else (low, high)
    kind = input.dtype if dtype is None else dtype
    return randint(
        low, high, input._data.shape, dtype=kind, device=device, requires_grad=requires_grad
    )


def _uniform_(x, generator, a=0.0, b=1.0, **named):
    """Write uniform numbers in [a, b)."""
    a, b = named.pop("from", a), named.pop("to", b)
    if a > b:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}"
        )
    return rng(generator).random(x.shape, _draw_kind(x)) * (b - a) + a


def _normal_(x, generator, mean=0.0, std=1.0):
    """Write normal numbers."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    return rng(generator).standard_normal(x.shape, _draw_kind(x)) * std + mean


def _draw_kind(x):
    if x.dtype.kind != "f":
        raise NotImplementedError(f"random floats cannot be written into {x.dtype}")
    return x.dtype


def _bernoulli_(x, generator, p=0.5):
    """Write 1 with probability p, else 0."""
    return rng(generator).random(x.shape) < getattr(p, "_data", p)


def _exponential_(x, generator, lambd=1.0):
    """Write exponential waiting times of rate lambd."""
    return rng(generator).standard_exponential(x.shape) / lambd


def _random_(x, generator, low=0, high=None):
    """Write whole numbers in [low, high)."""
    limit = (
        2**24 if x.dtype == np.float32 else 2**53 if x.dtype.kind == "f" else np.iinfo(x.dtype).max
    )
    return rng(generator).integers(
        *((low, high) if high is not None else (0, low or limit)), x.shape
    )


for _draw in (_uniform_, _normal_, _bernoulli_, _exponential_, _random_):
    setattr(Tensor, _draw.__name__[1:], inplace.random(_draw))
for _f in (bernoulli, multinomial):
    setattr(Tensor, _f.__name__, _f)
