"""What a training step costs: operations, bytes moved and kept, and the time under a roofline."""

from collections.abc import Mapping
from typing import NamedTuple

KIB, MIB, GIB = 2**10, 2**20, 2**30


class Card(NamedTuple):
    """What a device can do at best; `launch` is the time to start one operation, an assumption."""

    name: str
    float32: float  # operations a second
    half: float  # the same for matrix products in float16 or bfloat16
    bandwidth: float  # bytes a second between memory and processor
    memory: float  # bytes
    watts: float
    launch: float  # seconds
    source: str

    def peak(self, dtype: str) -> float:
        """Operations a second for matrix products in `dtype`."""
        return self.float32 if dtype == "float32" else self.half


# Peaks of dense matrix products as the makers state them; T4 and A100 run float32 outside of their
# matrix units.  Launch times are our assumption: a few microseconds, whatever the device.
CARDS: Mapping[str, Card] = {
    "laptop": Card(
        "a laptop's processor (assumed)", 0.3e12, 0.3e12, 40e9, 16e9, 45, 3e-6,
        "our assumption: four cores, two channels of memory, no bfloat16 units",
    ),
    "t4": Card(
        "NVIDIA T4", 8.1e12, 65e12, 320e9, 16e9, 70, 5e-6, "NVIDIA, T4 data sheet (2019)"
    ),
    "a100": Card(
        "NVIDIA A100 80 GB SXM", 19.5e12, 312e12, 2039e9, 80e9, 400, 5e-6,
        "NVIDIA, A100 data sheet (2022)",
    ),
    "h100": Card(
        "NVIDIA H100 SXM", 67e12, 989e12, 3350e9, 80e9, 700, 5e-6,
        "NVIDIA, H100 data sheet (2023); half of the figure stated with sparsity",
    ),
}  # fmt: skip


# Bytes per weight (with the float32 copy of mixed training), per gradient, per optimizer state and
# per activation.  Mixed is Micikevicius et al. (2018) as counted by Rajbhandari et al. (2020).
BYTES: Mapping[str, tuple[int, int, int, int]] = {
    "float32": (4, 4, 4, 4),
    "mixed": (2 + 4, 2, 4, 2),
    "bfloat16": (2, 2, 2, 2),
}
STATES: Mapping[str, int] = {"sgd": 0, "momentum": 1, "adam": 2}


class Shape(NamedTuple):
    """A stack of equal layers: `kind` is "mlp" or "transformer"; `T` is 1 for an MLP."""

    kind: str
    layers: int
    width: int
    batch: int
    T: int = 1
    heads: int = 4

    @property
    def tokens(self) -> int:
        """Rows that go through each linear layer: examples times places."""
        return self.batch * self.T

    @property
    def parameters(self) -> int:
        """Weights and biases of the stack, as `sum(p.numel() for p in model.parameters())`."""
        C = self.width
        if self.kind == "mlp":
            return self.layers * (C * C + C)
        # queries, keys, values (no bias) and the projection; up and down; two layer norms
        return self.layers * (4 * C * C + C + 8 * C * C + 5 * C + 4 * C)

    @property
    def kept(self) -> int:
        """Numbers that the forward pass of one layer keeps for its backward pass."""
        C, N = self.width, self.tokens
        if self.kind == "mlp":
            return N * C  # each layer keeps its input; ReLU needs its output, the next one's input
        # x, its norm, q, k, v, what attention read, x again, its norm, up (4), its GELU (4); norms
        # keep a mean and a deviation each, softmax its weights
        return N * (16 * C + 4 + self.heads * self.T)

    @property
    def entry(self) -> int:
        """Numbers that enter one layer: all that checkpointing keeps of it."""
        return self.tokens * self.width


class Memory(NamedTuple):
    """Bytes that a training step holds at its fullest moment."""

    weights: int
    gradients: int
    states: int
    activations: int

    @property
    def total(self) -> int:
        """All four together."""
        return sum(self)


def memory(shape: Shape, dtype: str, optimizer: str, checkpoint: bool = False) -> Memory:
    """Bytes of a training step; with `checkpoint`, layers keep their input and are run again."""
    weight, gradient, state, activation = BYTES[dtype]
    P, kept = shape.parameters, shape.layers * shape.kept
    if checkpoint:  # all inputs, and everything of the one layer that is being run again
        kept = shape.layers * shape.entry + shape.kept
    states = STATES[optimizer] * P * state
    return Memory(P * weight, P * gradient, states, kept * activation)


class Work(NamedTuple):
    """One kind of operation in a whole training step."""

    name: str
    flops: float
    moved: float  # bytes between memory and processor, if nothing is fused or cached
    launches: int

    @property
    def intensity(self) -> float:
        """Operations per byte moved (Williams, Waterman and Patterson, 2009)."""
        return self.flops / self.moved


def works(shape: Shape, dtype: str, optimizer: str, checkpoint: bool = False) -> list[Work]:
    """The operations of a training step: forward, backward (twice a forward's) and optimizer.

    Each operation reads its inputs from memory and writes its result, as eager PyTorch does; what
    caches save is left out.  A checkpointed step runs the forward pass a second time.
    """
    C, N, L, size = shape.width, shape.tokens, shape.layers, BYTES[dtype][3]
    runs = 4 if checkpoint else 3  # forward, two products backward, and the second forward

    def one(name: str, flops: float, numbers: float, launches: int) -> Work:
        return Work(name, runs * L * flops, runs * L * numbers * size, runs * L * launches)

    if shape.kind == "mlp":
        parts = [
            one("linear layers", 2 * N * C * C, C * C + 2 * N * C, 1),
            one("ReLU", N * C, 2 * N * C, 1),
        ]
    else:
        scores = N * shape.heads * shape.T
        parts = [
            one("linear layers", 2 * N * 12 * C * C, 12 * C * C + 18 * N * C, 6),
            one("attention products", 4 * N * shape.T * C, 4 * N * C + 2 * scores, 2),
            one("softmax, scale, mask", 8 * scores, 6 * scores, 3),
            one("layer norms, GELU, sums", N * C * (2 * 8 + 4 * 10 + 2), N * C * (4 + 8 + 6), 5),
        ]
    P, states = shape.parameters, STATES[optimizer]
    per = BYTES[dtype]
    update = P * (2 * per[0] + per[1] + 2 * states * per[2])  # read and write all but gradients
    return [*parts, Work("optimizer", P * (2 + 5 * states), update, 2 + 4 * states)]


def seconds(work: Work, card: Card, dtype: str) -> dict[str, float]:
    """The three lower bounds of an operation's time; the largest is what it takes at best."""
    return {
        "arithmetic": work.flops / card.peak(dtype),
        "memory": work.moved / card.bandwidth,
        "launches": work.launches * card.launch,
    }


def bound(work: Work, card: Card, dtype: str) -> str:
    """Which of arithmetic, memory and launches decides the operation's time."""
    times = seconds(work, card, dtype)
    return max(times, key=lambda name: times[name])


def dots(parts: list[Work], card: Card, dtype: str) -> dict[str, tuple[float, float]]:
    """For each operation its intensity and the speed that its longest bound leaves it."""
    times = [max(seconds(work, card, dtype).values()) for work in parts]
    return {w.name: (w.intensity, w.flops / t) for w, t in zip(parts, times, strict=True)}


def step_seconds(parts: list[Work], card: Card, dtype: str) -> float:
    """The step at best: every operation takes the largest of its three bounds, one by one."""
    return sum(max(seconds(work, card, dtype).values()) for work in parts)


def attainable(intensity: float, card: Card, dtype: str = "float32") -> float:
    """The roof over an intensity: operations a second that arithmetic and memory allow."""
    return min(card.peak(dtype), intensity * card.bandwidth)
