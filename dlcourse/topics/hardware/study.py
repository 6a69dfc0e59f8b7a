"""What lesson 10 builds by hand: a clock, small floats, checkpoints, all-reduce, and the bill."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...models import MLP
from ...models.gpt import Block
from ...teach import content
from .ledger import Card

Array = NDArray[Any]


# Counting -----------------------------------------------------------------------------------------


def mlp_flops(sizes: Sequence[int], batch: int) -> tuple[int, int]:
    """Operations of an MLP's forward pass, and of forward and backward together.

    A product of (B, I) and (I, O) takes 2 B I O.  Backward has two products of that size for each
    layer, and one for the first: nobody asks for the gradient of the data.
    """
    layers = [2 * batch * i * o for i, o in pairwise(sizes)]
    return sum(layers), 3 * sum(layers) - layers[0]


def systolic(x: Array, w: Array) -> tuple[Array, int]:
    """x @ w on a grid of cells that hold one weight each; also the number of ticks it takes.

    Inputs move right, sums move down, one cell a tick (Kung, 1982).  No cell reads memory.
    """
    (B, I), O = x.shape, w.shape[1]
    moving, sums, out = np.zeros((I, O)), np.zeros((I, O)), np.zeros((B, O))
    ticks = B + I + O - 2
    for t in range(ticks):
        moving[:, 1:] = moving[:, :-1].copy()
        for i in range(I):  # row i of the grid starts i ticks late
            moving[i, 0] = x[t - i, i] if 0 <= t - i < B else 0
        sums[1:] = sums[:-1].copy()
        sums[0] = 0
        sums += moving * w
        for o in range(O):
            b = t - (I - 1) - o  # the example whose sum leaves column o now
            if 0 <= b < B:
                out[b, o] = sums[-1, o]
    return out, ticks


# A device that works while the program goes on ----------------------------------------------------


class Device:
    """A queue with a clock of its own, in microseconds: launching returns before the work is done.

    `calls` lists (name, launched from, to, works from, to) for every operation.
    """

    def __init__(self, launch: float = 5.0):
        self.launch, self.now, self.free = launch, 0.0, 0.0
        self.calls: list[tuple[str, float, float, float, float]] = []

    def run(self, name: str, work: float) -> None:
        """Put an operation of `work` microseconds in the queue; takes `launch` of the program."""
        asked = self.now
        self.now += self.launch
        begins = max(self.now, self.free)
        self.free = begins + work
        self.calls.append((name, asked, self.now, begins, self.free))

    def synchronize(self) -> None:
        """Wait until the queue is empty, as `torch.cuda.synchronize()` does."""
        self.now = max(self.now, self.free)

    def item(self) -> None:
        """Read a number of the last result: there is none before the work is done."""
        self.synchronize()

    @property
    def idle(self) -> float:
        """The share of the time so far in which the device had nothing to do."""
        worked = sum(end - begin for *_, begin, end in self.calls)
        return 1 - worked / max(self.now, self.free)


def training_on(
    device: Device, steps: int, kernels: int, work: float, prepare: float, read: bool
) -> float:
    """Steps of `kernels` operations each, after `prepare` microseconds for the batch: total time.

    With `read` the program asks for the loss after every step.
    """
    for step in range(steps):
        device.now += prepare
        for k in range(kernels):
            device.run(f"{step}.{k}", work)
        if read:
            device.item()
    device.synchronize()
    return device.now


def clocked(run: Callable[[], Any], repeats: int = 5, warm_up: int = 1) -> float:
    """The median seconds of a call, after calls that are not counted."""
    for _ in range(warm_up):
        run()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def this_machine(seconds: float = 1.0) -> Card:
    """A card for this computer, measured with NumPy: products of matrices, and large copies."""
    n, rng = 768, np.random.default_rng(0)
    a, b = rng.normal(size=(2, n, n)).astype(np.float32)
    source, target = np.ones(2**24, np.float32), np.empty(2**24, np.float32)  # 64 MiB each
    small = np.ones(4, np.float32)
    share = max(2, int(seconds * 12))
    product = clocked(lambda: a @ b, share)
    copy = clocked(lambda: np.copyto(target, source), share)
    thousand = clocked(lambda: [small + small for _ in range(1000)], 5)
    peak, flow = 2 * n**3 / product, 2 * source.nbytes / copy
    return Card("this machine", peak, peak, flow, 8e9, 45, thousand / 1000, "measured just now")


def measured(seconds: float = 2.0) -> dict[str, tuple[float, float]]:
    """NumPy operations on this computer: operations a byte, and operations a second."""
    rng, big = np.random.default_rng(0), 2**24
    long, other, out = (np.ones(big, np.float32) for _ in range(3))
    found = {}

    def point(name: str, flops: float, moved: float, run: Callable[[], Any]) -> None:
        found[name] = (flops / moved, flops / clocked(run, max(3, int(3 * seconds))))

    point("add", big, 12 * big, lambda: np.add(long, other, out=out))
    wide = rng.normal(size=(4096, 4096)).astype(np.float32)
    vector = wide[0].copy()
    point("matrix times vector", 2 * wide.size, wide.nbytes, lambda: wide @ vector)
    for n in (64, 256, 768):
        a = rng.normal(size=(n, n)).astype(np.float32)
        times = max(1, 256 // n) ** 2
        point(
            f"product {n}", 2 * n**3 * times, 12 * n * n * times,
            lambda a=a, times=times: [a @ a for _ in range(times)],
        )  # fmt: skip
    return found


def fused(x: Array, rows: int = 4096) -> Array:
    """tanh(2 x + 1) x in pieces that stay in the cache: memory is read once and written once."""
    out = np.empty_like(x)
    for i in range(0, len(x), rows):
        piece = out[i : i + rows]
        np.multiply(x[i : i + rows], 2, out=piece)
        piece += 1
        np.tanh(piece, out=piece)
        piece *= x[i : i + rows]
    return out


def stepper(engine: Any, model: Any, loss_of: Callable[[], Any], lr: float = 0.01) -> Any:
    """One training step by plain SGD, as a function."""
    optimizer = engine.optim.SGD(list(model.parameters()), lr=lr)

    def step() -> None:
        optimizer.zero_grad()
        loss_of().backward()
        optimizer.step()

    return step


def tiny_step(engine: Any) -> Callable[[], None]:
    """A training step of 2-16-16-1 on 32 points: almost no arithmetic."""
    rng = np.random.default_rng(0)
    model = MLP(engine)([2, 16, 16, 1])
    x = engine.tensor(rng.normal(size=(32, 2)).astype(np.float32))
    y = engine.tensor(rng.normal(size=(32, 1)).astype(np.float32))
    return stepper(engine, model, lambda: engine.nn.functional.mse_loss(model(x), y))


def block_step(engine: Any, B: int = 16, T: int = 64, C: int = 128) -> Callable[[], None]:
    """A training step of one transformer block on 16 x 64 tokens of width 128."""
    rng = np.random.default_rng(0)
    model = Block(engine)(C, 4)
    x = engine.tensor(rng.normal(size=(B, T, C)).astype(np.float32))
    return stepper(engine, model, lambda: (model(x)[0] ** 2).mean())


# Small floating point -----------------------------------------------------------------------------


def bfloat16(x: Array) -> Array:
    """float32 numbers rounded to bfloat16, ties to even: the upper 16 of their 32 bits."""
    bits = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    last = (bits >> np.uint64(16)) & np.uint64(1)  # the last bit that stays
    rounded = (bits + np.uint64(0x7FFF) + last) & ~np.uint64(0xFFFF)
    return rounded.astype(np.uint32).view(np.float32)


def float16(x: Array) -> Array:
    """float32 numbers rounded to float16 and back; beyond 65504 they become infinite."""
    with np.errstate(over="ignore"):
        return np.asarray(x, np.float32).astype(np.float16).astype(np.float32)


class Scaler:
    """Loss scaling that finds its own factor (Micikevicius et al., 2018)."""

    def __init__(self, scale: float = 2.0**16, patience: int = 2000):
        self.scale, self.patience, self.good = scale, patience, 0

    def update(self, finite: bool) -> bool:
        """After a step's gradients were looked at: adapt the factor; may the step be taken?"""
        if not finite:
            self.scale, self.good = self.scale / 2, 0
            return False
        self.good += 1
        if self.good == self.patience:
            self.scale, self.good = self.scale * 2, 0
        return True


# Memory for time ----------------------------------------------------------------------------------


def checkpointed(engine: Any, layers: Sequence[Callable[[Any], Any]], x: Any, y: Any) -> Any:
    """Cross-entropy and gradients of layers of which only the inputs are kept (Chen et al., 2016).

    Written for both engines: each layer runs once without a graph, and again when its turn comes.
    """
    kept = [x]
    with engine.no_grad():
        for layer in layers[:-1]:
            kept.append(layer(kept[-1]))
    g = loss = None
    for layer, value in zip(reversed(layers), reversed(kept), strict=True):
        entry = value.detach().requires_grad_()
        out = layer(entry)  # this layer's graph, and no other's
        if g is None:
            loss = out = engine.nn.functional.cross_entropy(out, y)
        out.backward(g)  # fills the layer's weights, and what entered it
        g = entry.grad
    return loss


# Many workers -------------------------------------------------------------------------------------


def gradient(engine: Any, model: Any, x: Array, y: Array) -> Array:
    """The gradient of the mean cross-entropy by all weights, as one vector, in float64."""
    for p in model.parameters():
        p.grad = None
    logits = model(engine.tensor(x.astype(np.float64)))
    engine.nn.functional.cross_entropy(logits, engine.tensor(y)).backward()
    return np.concatenate([p.grad.numpy().ravel() for p in model.parameters()])


def double_mlp(engine: Any, sizes: Sequence[int], seed: int = 0) -> Any:
    """An MLP in float64 whose weights come from a NumPy seed: the same on both engines."""
    rng = np.random.default_rng(seed)
    model = MLP(engine)(list(sizes)).double()
    with engine.no_grad():
        for p in model.parameters():
            fan_in = p.shape[-1]
            p.copy_(engine.tensor(rng.normal(size=tuple(p.shape)) / np.sqrt(fan_in)))
    return model


def ring_all_reduce(vectors: Sequence[Array]) -> tuple[list[Array], int]:
    """Every worker's copy of the sum of all vectors, and how many numbers each worker has sent.

    Workers stand in a ring and pass one of n pieces to the right at a time: n - 1 rounds add up,
    n - 1 rounds hand out (Patarasuk and Yuan, 2009).
    """
    n, sent = len(vectors), 0
    pieces = [np.array_split(np.array(v, float), n) for v in vectors]  # pieces[worker][k]
    for step in range(2 * (n - 1)):
        adding = step < n - 1  # then the sums are handed on as they are
        places = [(worker - step) % n for worker in range(n)]  # which piece each one sends
        mail = [(k, pieces[worker][k].copy()) for worker, k in enumerate(places)]
        for worker, (k, piece) in enumerate(mail):
            right = pieces[(worker + 1) % n]
            right[k] = right[k] + piece if adding else piece
        sent += max(len(piece) for _, piece in mail)
    return [np.concatenate(p) for p in pieces], sent


def speed_up(workers: int, compute: float, sent: float, link: float, alone: float = 0.0) -> float:
    """How many times faster n workers are: `compute` seconds are shared, `alone` are not.

    `sent` bytes of gradients go over a link of `link` bytes a second, by a ring.
    """
    talk = 2 * (workers - 1) / workers * sent / link
    return (compute + alone) / (compute / workers + alone + talk)


# The bill -----------------------------------------------------------------------------------------


class Bill(NamedTuple):
    """What a training run takes."""

    days: float
    megawatt_hours: float
    tonnes: float


def bill(
    flops: float,
    devices: int,
    each: float,
    watts: float,
    overhead: float = 1.0,
    carbon: float = 0.4,
) -> Bill:
    """Time, energy and emissions of `flops` operations on `devices` that achieve `each` a second.

    `watts` is the power of one device with its share of the host, `overhead` what the building
    adds (PUE), `carbon` kilograms of CO2 equivalent a kilowatt-hour.
    """
    seconds = flops / (devices * each)
    kilowatt_hours = devices * watts / 1000 * seconds / 3600 * overhead
    return Bill(seconds / 86400, kilowatt_hours / 1000, kilowatt_hours * carbon / 1000)


# The engine's benchmark ---------------------------------------------------------------------------


class Benchmark(NamedTuple):
    """The engine's stored benchmark: a row a workload, and the facts to read it with."""

    rows: list[dict[str, Any]]
    facts: list[str]


def benchmark() -> Benchmark:
    """What `benchmarks/engine.py` has measured last, of the clone or of the installed course."""
    page = content.root() / "benchmarks" / "engine.md"
    if not page.is_file():
        return Benchmark([], ["Nothing is stored: `python benchmarks/engine.py` measures it."])
    text = page.read_text(encoding="utf-8")
    return Benchmark(list(_rows(text)), re.findall(r"^\d+\. (.+)$", text, re.MULTILINE))


def _rows(page: str) -> Iterator[dict[str, Any]]:
    for name, what, ms, ratios in re.findall(
        r"^\| \*\*(\w+)\*\*: (.+?)\.? \| ([\d.]+) \| (.+) \|$", page, re.MULTILINE
    ):
        engine = re.match(r"([\d.]+)(?: \((.+?)\))?", ratios)
        if engine:
            yield {
                "a training step of": what,
                "name": name,
                "milliseconds": float(ms),
                "times torch's": float(engine[1]),
                "quartiles": engine[2] or "",
            }
