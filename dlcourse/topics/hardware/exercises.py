"""Exercises on what training costs: operations, bytes, seconds, precision and energy."""

from itertools import pairwise

import numpy as np

from ...teach.exercise import Case, Exercise, Property, Wrong
from .study import Device, float16

# --- conv_cost -----------------------------------------------------------------------------------


def conv_cost(C, H, W, O, K, stride, padding):
    """(weights with biases, FLOP of the forward pass of one image) of a K x K convolution."""
    rows = (H + 2 * padding - K) // stride + 1  #: places of the kernel, from top to bottom
    columns = (W + 2 * padding - K) // stride + 1
    weights = O * C * K * K + O  #: one kernel per output channel, and its bias
    flops = 2 * O * rows * columns * C * K * K  #: at each place, for each output channel
    return weights, flops


def _conv_inputs(rng: np.random.Generator, C: int, H: int, O: int) -> dict:
    K, stride = int(rng.integers(2, 4)), int(rng.integers(2, 4))
    padding = int(rng.integers(1, 3))
    W = H + 3 + int(rng.integers(1, 4))
    return {
        "C": C, "H": H + 4, "W": W + 4, "O": O, "K": K, "stride": stride, "padding": padding
    }  # fmt: skip


def _conv_corners(rng: np.random.Generator) -> list[Case]:
    names = ("C", "H", "W", "O", "K", "stride", "padding")
    return [
        Case(says, dict(zip(names, values, strict=True)))
        for says, values in (
            ("LeNet's second layer", (8, 4, 4, 16, 3, 1, 1)),
            ("a kernel of one pixel", (5, 7, 9, 3, 1, 1, 0)),
            ("steps that do not fit", (3, 8, 11, 2, 3, 3, 1)),
        )
    ]


def _conv(place=None, weights=None, flops=None):
    """A known-wrong variant: other rows and columns, other weights, or other operations."""

    def wrong(C, H, W, O, K, stride, padding):
        rows, columns = (
            (place or (lambda n: (n + 2 * padding - K) // stride + 1))(n) for n in (H, W)
        )
        right = O * C * K * K + O, 2 * O * rows * columns * C * K * K
        w = weights(C, O, K) if weights else right[0]
        f = flops(C, O, K, rows, columns) if flops else right[1]
        return w, f

    return wrong


CONV_COST = Exercise(
    id="conv_cost",
    title="What a convolution costs",
    asks="""A convolution has `C` input channels, `O` output channels, kernels of `K` by `K`, a
`stride` and a `padding` (both the same in either direction). Return how many **weights** it has,
biases included, and how many floating point operations (**FLOP**) its forward pass needs for one
image of `H` by `W`. A multiplication and an addition are two operations; the biases' additions are
left out, as PyTorch's counter leaves them out.""",
    reference=conv_cost,
    inputs=_conv_inputs,
    corners=_conv_corners,
    returns=("weights", "flops"),
    wrongs=(
        Wrong(
            "pairs-once",
            _conv(flops=lambda C, O, K, r, c: O * r * c * C * K * K),
            "**Each product is counted, and the addition that follows it is not.** A "
            "multiplication and an addition are two operations.",
            decoy="flops = O * rows * columns * C * K * K",
        ),
        Wrong(
            "no-channels",
            _conv(flops=lambda C, O, K, r, c: 2 * O * r * c * K * K),
            "**The input channels are missing from the operations.** A kernel has K x K numbers "
            "for *each* input channel, and all of them are used at every place.",
            belief="V-02",
        ),
        Wrong(
            "weights-without-channels",
            _conv(weights=lambda C, O, K: O * K * K + O),
            "**The weights lack the input channels.** A kernel spans all of them: C x K x K "
            "numbers for each output channel.",
        ),
        Wrong(
            "no-bias",
            _conv(weights=lambda C, O, K: O * C * K * K),
            "**The biases are missing.** Every output channel has one.",
            decoy="weights = O * C * K * K",
        ),
        Wrong(
            "weights-per-place",
            _conv(flops=lambda C, O, K, r, c: 2 * (O * C * K * K)),
            "**That is the work at a single place.** The same weights are used again at every "
            "place of the output, so few weights can mean much work.",
            belief="H-08",
            see="roofline-ledger#fewer-operations",
        ),
        Wrong(
            "input-size",
            lambda C, H, W, O, K, stride, padding: (
                O * C * K * K + O,
                2 * O * H * W * C * K * K,
            ),
            "**You count the places of the input.** The kernel is put down once for each place of "
            "the *output*, whose size depends on stride and padding.",
        ),
        Wrong(
            "padding-once",
            lambda C, H, W, O, K, stride, padding: (
                O * C * K * K + O,
                2 * O * C * K * K
                * ((H + padding - K) // stride + 1) * ((W + padding - K) // stride + 1),
            ),
            "**Padding is added on one side only.** It stands on both: the image grows by twice "
            "the padding in each direction.",
        ),
    ),
    hints=(
        "How many places does the kernel visit from top to bottom? It is the formula of lesson 04.",
        "At one place and for one output channel, a sum over all input channels and K by K pixels "
        "is formed. How many products are in it?",
    ),
    why="""A convolution has few weights and uses each of them at every place. So its weights are
cheap to read and its operations many: a high intensity. A linear layer on one example is the
opposite: every weight is read for a single use.""",
    objectives=("HW-1",),
    minutes=7,
    difficulty=2,
)  # fmt: skip


# --- training_bytes ------------------------------------------------------------------------------


def training_bytes(sizes, batch, states):
    """(weights, gradients, optimizer states, activations) in bytes, for an MLP in float32."""
    numbers = 0
    for i in range(len(sizes) - 1):
        numbers += sizes[i] * sizes[i + 1] + sizes[i + 1]  #: weights and biases of one layer
    kept = batch * sum(sizes[:-1])  #: what enters each layer, for all examples
    weights = 4 * numbers
    return weights, weights, states * weights, 4 * kept


def _bytes_inputs(rng: np.random.Generator, B: int, S: int, D: int) -> dict:
    sizes = [int(n) for n in rng.integers(2, 40, D + 2)]
    return {"sizes": sizes, "batch": B, "states": 1 + S % 2}


def _bytes_corners(rng: np.random.Generator) -> list[Case]:
    return [
        Case("plain SGD", {"sizes": [64, 32, 10], "batch": 16, "states": 0}),
        Case("one layer, Adam", {"sizes": [7, 3], "batch": 1, "states": 2}),
        Case("a large batch", {"sizes": [5, 4, 3], "batch": 1000, "states": 1}),
    ]


def _bytes_as(change):
    """A known-wrong variant that changes the four right numbers."""

    def wrong(sizes, batch, states):
        return change(training_bytes(sizes, batch, states), sizes, batch, states)

    return wrong


TRAINING_BYTES = Exercise(
    id="training_bytes",
    title="Memory of a training step",
    asks="""An MLP has layers of `sizes[0]` to `sizes[1]` to ... to `sizes[-1]`, all with biases. It
is trained in float32 (4 bytes a number) on batches of `batch` examples, by an optimizer that keeps
`states` numbers per weight (0 for SGD, 1 with momentum, 2 for Adam). Return the bytes of

`(weights, gradients, optimizer states, activations)`

Biases count among the weights. As **activations** count what the linear layers keep: each keeps its
input. (ReLU's output is the next layer's input, and is kept once.)""",
    reference=training_bytes,
    inputs=_bytes_inputs,
    corners=_bytes_corners,
    returns=("weights", "gradients", "states", "activations"),
    wrongs=(
        Wrong(
            "weights-only",
            _bytes_as(lambda m, *_: (m[0], 0, 0, 0)),
            "**Only the weights are counted.** Training also holds a gradient for each weight, "
            "what the optimizer remembers, and what the backward pass will need.",
            belief="H-06",
            see="roofline-ledger#weights-only",
        ),
        Wrong(
            "no-batch",
            _bytes_as(lambda m, sizes, *_: (*m[:3], 4 * sum(sizes[:-1]))),
            "**The activations do not depend on the batch in your answer.** Each example has its "
            "own, and all are kept until the backward pass.",
            belief="H-06",
            see="roofline-ledger#weights-only",
            decoy="kept = sum(sizes[:-1])",
        ),
        Wrong(
            "numbers-not-bytes",
            _bytes_as(lambda m, *_: tuple(v // 4 for v in m)),
            "**These are numbers, not bytes.** A float32 takes four bytes.",
        ),
        Wrong(
            "state-once",
            _bytes_as(lambda m, *_: (m[0], m[1], m[0], m[3])),
            "**The optimizer keeps one state in your answer, whatever it is.** SGD keeps none, and "
            "Adam two for each weight.",
            decoy="return weights, weights, weights, 4 * kept",
        ),
        Wrong(
            "outputs-too",
            _bytes_as(lambda m, sizes, batch, states: (*m[:3], 4 * batch * sum(sizes))),
            "**The last layer's output is counted as well.** It is no linear layer's input, so "
            "no linear layer keeps it.",
            decoy="kept = batch * sum(sizes)",
        ),
        Wrong(
            "no-data",
            _bytes_as(lambda m, sizes, batch, states: (*m[:3], 4 * batch * sum(sizes[1:]))),
            "**You count what leaves each layer.** A layer keeps what *enters* it, since the "
            "gradient of its weights needs that: the data are among it, the logits are not.",
        ),
        Wrong(
            "no-biases",
            lambda sizes, batch, states: (
                lambda w: (w, w, states * w, 4 * batch * sum(sizes[:-1]))
            )(4 * sum(a * b for a, b in pairwise(sizes))),
            "**The biases are missing.** Each layer has one for every output.",
            decoy="numbers += sizes[i] * sizes[i + 1]",
        ),
    ),
    hints=(
        "Three of the four parts are multiples of the number of weights. Which one is not?",
        "The gradient of a layer's weights is a product of the incoming gradient and the layer's "
        "input. So which of the two does the forward pass have to keep?",
    ),
    why="""With Adam in float32 a model takes four times its weights before the first example
comes in, and then the activations, which grow with the batch and are often the largest part. This
is why a model that runs on a device cannot always be trained on it.""",
    objectives=("HW-2",),
    minutes=8,
    difficulty=2,
)


# --- roofline_time -------------------------------------------------------------------------------


def roofline_time(flops, moved, peak, bandwidth, launch):
    """(operations per byte, seconds) of an operation at best."""
    intensity = flops / moved  #: operations per byte
    arithmetic = flops / peak  #: seconds of computing
    memory = moved / bandwidth  #: seconds of reading and writing
    return intensity, max(arithmetic, memory, launch)


def _roof_inputs(rng: np.random.Generator) -> dict:
    return {
        "flops": float(10 ** rng.uniform(8, 10)),
        "moved": float(10 ** rng.uniform(7, 9)),
        "peak": float(10 ** rng.uniform(11, 12)),
        "bandwidth": float(10 ** rng.uniform(9.7, 10.7)),
        "launch": 4e-6,
    }


def _roof_corners(rng: np.random.Generator) -> list[Case]:
    names = ("flops", "moved", "peak", "bandwidth", "launch")
    return [
        Case(says, dict(zip(names, values, strict=True)))
        for says, values in (
            ("bound by memory", (1e7, 1.2e8, 3e11, 4e10, 3e-6)),
            ("bound by arithmetic", (2e9, 1.2e7, 3e11, 4e10, 3e-6)),
            ("bound by its launch", (1e3, 4e2, 3e11, 4e10, 3e-6)),
        )
    ]


ROOFLINE_TIME = Exercise(
    id="roofline_time",
    title="Time under the roofline",
    asks="""An operation needs `flops` floating point operations and moves `moved` bytes. The device
computes `peak` operations a second, moves `bandwidth` bytes a second, and needs at least `launch`
seconds for any operation. Computing, moving and starting go on side by side. Return

`(intensity, seconds)`

the arithmetic intensity in operations per byte, and the shortest possible time.""",
    reference=roofline_time,
    inputs=_roof_inputs,
    corners=_roof_corners,
    returns=("intensity", "seconds"),
    wrongs=(
        Wrong(
            "operations-only",
            lambda flops, moved, peak, bandwidth, launch: (flops / moved, flops / peak),
            "**Only the arithmetic is timed.** An operation that moves many bytes for each "
            "operation waits for the memory, however fast the processor is.",
            belief="H-08",
            see="roofline-ledger#fewer-operations",
            decoy="return intensity, arithmetic",
        ),
        Wrong(
            "no-launch",
            lambda flops, moved, peak, bandwidth, launch: (
                flops / moved, max(flops / peak, moved / bandwidth)
            ),
            "**Starting the operation costs nothing in your answer.** For small operations it is "
            "all there is: no device is faster than its launch.",
            belief="H-03",
            see="roofline-ledger#small-work",
            decoy="return intensity, max(arithmetic, memory)",
        ),
        Wrong(
            "sum",
            lambda flops, moved, peak, bandwidth, launch: (
                flops / moved, flops / peak + moved / bandwidth + launch
            ),
            "**The three are added up.** They go on side by side, so the longest decides.",
            decoy="return intensity, arithmetic + memory + launch",
        ),
        Wrong(
            "shortest",
            lambda flops, moved, peak, bandwidth, launch: (
                flops / moved, min(flops / peak, moved / bandwidth, launch)
            ),
            "**You take the shortest of the times.** The operation is done when the slowest part "
            "is done. (The roof of *speeds* is a minimum; times go the other way.)",
        ),
        Wrong(
            "intensity-upside-down",
            lambda flops, moved, peak, bandwidth, launch: (
                moved / flops, max(flops / peak, moved / bandwidth, launch)
            ),
            "**Those are bytes per operation.** Intensity is operations per byte.",
            decoy="intensity = moved / flops",
        ),
        Wrong(
            "speed",
            lambda flops, moved, peak, bandwidth, launch: (
                flops / moved, min(peak, flops / moved * bandwidth)
            ),
            "**That is a speed, in operations a second.** The exercise asks for seconds.",
        ),
    ),
    hints=(
        "Work out three times first, each as if the other two were free.",
        "If three things go on at the same time, when are all of them done?",
    ),
    why="""The largest of three lower bounds is crude, and it answers the question that comes before
all tuning: what would help? A faster processor helps where arithmetic decides, fusing and smaller
numbers where memory does, larger batches where the launch does.""",
    objectives=("HW-3",),
    minutes=5,
    difficulty=1,
)  # fmt: skip


# --- time_call -----------------------------------------------------------------------------------


def time_call(run, synchronize, clock, repeats):
    """The median seconds of a call, after one call that is not counted."""
    run()  # the first call is special
    times = []
    for _ in range(repeats):
        synchronize()  #: nothing of before is still running
        begin = clock()
        run()
        synchronize()  #: the work is done, not only asked for
        times.append(clock() - begin)
    times.sort()
    return times[repeats // 2]  #: the median of an odd number


class Bench:
    """A device with a queue, whose first call takes long and whose third is disturbed."""

    def __init__(self, work, launch, first, disturbed):
        self.device = Device(launch)
        self.work, self.first, self.disturbed, self.calls = work, first, disturbed, 0

    def run(self):
        """One call: it returns when it is launched."""
        work = self.work[self.calls % len(self.work)]
        self.calls += 1
        extra = self.first if self.calls == 1 else self.disturbed if self.calls == 3 else 0.0
        self.device.run("call", work + extra)

    def clock(self):
        """The time of the program, in seconds; reading it takes a tenth of a microsecond."""
        self.device.now += 0.1
        return self.device.now / 1e6


def _drive_clock(time_call, work, launch, first, disturbed, repeats):
    bench = Bench(work, launch, first, disturbed)
    said = time_call(bench.run, bench.device.synchronize, bench.clock, repeats)
    return {"median": said, "calls": bench.calls}


def _clock_inputs(rng: np.random.Generator, N: int) -> dict:
    return {
        "work": [float(w) for w in rng.uniform(200, 400, 7).round(1)],
        "launch": float(rng.integers(3, 8)),
        "first": float(rng.integers(5000, 9000)),
        "disturbed": float(rng.integers(1500, 2500)),
        "repeats": 5 + 2 * (N % 3),
    }


def _last(run, synchronize, clock, repeats):
    run()
    took = 0.0
    for _ in range(repeats):
        synchronize()
        begin = clock()
        run()
        synchronize()
        took = clock() - begin
    return took


def _timed(before=True, after=True, warm=True, pick=lambda t: sorted(t)[len(t) // 2]):
    """A known-wrong variant of the stopwatch."""

    def wrong(run, synchronize, clock, repeats):
        if warm:
            run()
        times = []
        for _ in range(repeats):
            if before:
                synchronize()
            begin = clock()
            run()
            if after:
                synchronize()
            times.append(clock() - begin)
        return pick(times)

    return wrong


def _all_at_once(run, synchronize, clock, repeats):
    run()
    synchronize()
    begin = clock()
    for _ in range(repeats):
        run()
    synchronize()
    return (clock() - begin) / repeats


TIME_CALL = Exercise(
    id="time_call",
    title="An honest stopwatch",
    asks="""A device has a queue: `run()` puts a piece of work into it and returns at once,
`synchronize()` waits until the queue is empty. `clock()` tells the time in seconds. Return the
**median** time of one call of `run`, over `repeats` timed calls (an odd number), each timed by
itself. One call before them is not counted: the first call takes longer than all others. Make no
further calls.""",
    reference=time_call,
    inputs=_clock_inputs,
    drive=_drive_clock,
    wrongs=(
        Wrong(
            "no-waiting",
            _timed(before=False, after=False),
            "**The clock is read before the work is done.** `run()` returns when the work has been "
            "asked for. What you measured is the asking: wait before each of the two readings.",
            belief="H-01",
            see="roofline-ledger#no-waiting",
        ),
        Wrong(
            "no-waiting-before",
            _timed(before=False),
            "**Work of before is counted in.** The call that was not to be timed is still running "
            "when the first clock is read. Wait before you start it.",
            belief="H-01",
        ),
        Wrong(
            "first-call-counted",
            _timed(warm=False, pick=lambda t: sum(t) / len(t)),
            "**The first call is among those that count, and you take a mean.** It takes many "
            "times as long as the others. Make it before, and leave it out.",
            belief="H-02",
            see="roofline-ledger#first-call",
        ),
        Wrong(
            "not-warm",
            _timed(warm=False),
            "**There is no call before the timed ones.** The median forgives one slow call, but "
            "you made one call less than asked for, and with few repeats it shows.",
            belief="H-02",
            see="roofline-ledger#first-call",
        ),
        Wrong(
            "mean",
            _timed(pick=lambda t: sum(t) / len(t)),
            "**That is the mean.** One call was disturbed by something else on the machine, and it "
            "pulls the mean up. The median does not mind.",
            decoy="return sum(times) / repeats",
        ),
        Wrong(
            "all-at-once",
            _all_at_once,
            "**All calls are timed together.** Then launches hide behind the work of the call "
            "before, and a disturbed call is in the mean. Time each call by itself.",
        ),
        Wrong(
            "last-only",
            _last,
            "**Only the last time is returned.** Keep all of them, and take their median.",
        ),
    ),
    hints=(
        "What has happened when `run()` returns, and what has not?",
        "Both readings of the clock need an empty queue.",
        "Sort the times: the one in the middle is the median.",
    ),
    why="""Published comparisons have been turned round by a missing synchronisation: what was
timed was the launch. The same function works for a processor, whose `synchronize` has nothing to
wait for.""",
    objectives=("HW-4",),
    minutes=7,
    difficulty=2,
)


# --- scaled_step ---------------------------------------------------------------------------------


def scaled_step(w, g16, scale, lr):
    """(float32 weights, scale) after a step from float16 gradients of the scaled loss."""
    if not np.isfinite(g16).all():  # something overflowed
        return w.copy(), scale / 2  #: no step, and a smaller scale
    g = g16.astype(np.float32) / np.float32(scale)  #: out of float16 first
    return w - np.float32(lr) * g, scale


def _scaled_inputs(rng: np.random.Generator, P: int) -> dict:
    scale = float(2 ** rng.integers(14, 17))
    g = (rng.normal(size=P + 1) * 10.0 ** rng.uniform(-9, -2, P + 1)).astype(np.float32)
    return {
        "w": rng.normal(size=P + 1).astype(np.float32),
        "g16": (g * np.float32(scale)).astype(np.float16),
        "scale": scale,
        "lr": float(rng.choice([8.0, 20.0])),
    }


def _scaled_corners(rng: np.random.Generator) -> list[Case]:
    w = np.array([0.5, -1.5, 2.0], np.float32)
    return [
        Case(
            "one gradient overflowed",
            {"w": w, "g16": np.array([1.0, np.inf, 2.0], np.float16), "scale": 65536.0, "lr": 4.0},
        ),
        Case(
            "not a number",
            {"w": w, "g16": np.array([np.nan, 0.5, 2.0], np.float16), "scale": 1024.0, "lr": 4.0},
        ),
        Case(
            "tiny gradients",
            {
                "w": w,
                "g16": np.array([0.001, -0.0005, 0.0001], np.float16),
                "scale": 65536.0,
                "lr": 2.0**20,
            },
        ),
    ]


def _finite(g16):
    return bool(np.isfinite(g16).all())


def _step_as(step=None, overflow=None):
    """A known-wrong variant: another step, or something else on overflow."""

    def right(w, g16, scale, lr):
        return w - np.float32(lr) * (g16.astype(np.float32) / np.float32(scale)), scale

    def wrong(w, g16, scale, lr):
        with np.errstate(all="ignore"):
            if _finite(g16):
                return (step or right)(w, g16, scale, lr)
            return (overflow or (lambda w, g, s, r: (w.copy(), s / 2)))(w, g16, scale, lr)

    return wrong


def _regardless(w, g16, scale, lr):
    return w - np.float32(lr) * (g16.astype(np.float32) / np.float32(scale)), scale


SCALED_STEP = Exercise(
    id="scaled_step",
    title="A step with loss scaling",
    asks="""The loss was multiplied by `scale`, then differentiated in float16: `g16` (P,) holds the
gradients of the **scaled** loss. `w` (P,) are the weights, in float32. Return `(w, scale)` after
one step of plain SGD with rate `lr`:

- If every gradient is finite, take the step with the gradients of the loss itself. Keep the scale.
- If any is infinite or not a number, take **no** step and halve the scale.

The weights stay float32; `w` itself is not changed.""",
    reference=scaled_step,
    inputs=_scaled_inputs,
    corners=_scaled_corners,
    returns=("w", "scale"),
    rtol=1e-4,
    wrongs=(
        Wrong(
            "not-unscaled",
            _step_as(lambda w, g, s, lr: (w - np.float32(lr) * g.astype(np.float32), s)),
            "**The gradients are still those of the scaled loss.** The step is too long by the "
            "factor of the scale. Divide by it.",
            decoy="g = g16.astype(np.float32)",
        ),
        Wrong(
            "unscaled-in-float16",
            _step_as(
                lambda w, g, s, lr: (w - np.float32(lr) * float16(g.astype(np.float32) / s), s)
            ),
            "**You divide in float16.** There the small gradients vanish that the scaling was to "
            "save. First to float32, then divide.",
            belief="H-07",
            decoy="g = (g16 / scale).astype(np.float16).astype(np.float32)",
        ),
        Wrong(
            "steps-regardless",
            _step_as(overflow=_regardless),
            "**The step is taken although a gradient is infinite.** One such step and the weights "
            "are lost for good. Look first.",
            belief="H-07",
        ),
        Wrong(
            "scale-kept",
            _step_as(overflow=lambda w, g, s, lr: (w.copy(), s)),
            "**The step is skipped and the scale stays.** The next step would overflow again, and "
            "so on for ever. Halve it.",
            belief="H-07",
            decoy="return w.copy(), scale",
        ),
        Wrong(
            "scale-doubled",
            _step_as(overflow=lambda w, g, s, lr: (w.copy(), s * 2)),
            "**On overflow the scale is doubled.** Numbers were too large already: halve it.",
            decoy="return w.copy(), scale * 2",
        ),
        Wrong(
            "bad-ones-dropped",
            _step_as(
                overflow=lambda w, g, s, lr: (
                    w - np.float32(lr) * np.nan_to_num(g.astype(np.float32), nan=0, posinf=0,
                                                       neginf=0) / np.float32(s), s / 2
                )
            ),
            "**The infinite gradients are set to zero and the others used.** The whole gradient "
            "comes from a pass that overflowed, so none of it can be trusted: skip the step.",
        ),
        Wrong(
            "weights-in-float16",
            _step_as(
                lambda w, g, s, lr: (
                    float16(float16(w) - float16(np.float32(lr) * g.astype(np.float32) / s)), s
                )
            ),
            "**The weights are rounded to float16.** Small steps vanish then, since the neighbours "
            "of a weight are far away. Keep weights and step in float32.",
            belief="H-07",
        ),
    ),
    hints=(
        "Look at the gradients before anything else: `np.isfinite` gives one answer per number.",
        "In which type must the division happen so that small results are kept?",
    ),
    why="""A scale that is too small loses gradients silently; one that is too large announces
itself by an infinity. So one starts high, lets it overflow, and halves: the scale finds its own
place below the edge. PyTorch's `GradScaler` does this, and doubles the scale after many good
steps.""",
    objectives=("HW-5",),
    minutes=8,
    difficulty=3,
)  # fmt: skip


# --- average_gradients ---------------------------------------------------------------------------


def average_gradients(gradients, counts):
    """The gradient of the whole batch's mean loss, (P,), from those of W workers."""
    shares = counts / counts.sum()  #: of each worker in the whole batch
    return shares @ gradients  #: (W,) times (W, P)


def _average_inputs(rng: np.random.Generator, W: int, P: int) -> dict:
    return {
        "gradients": rng.normal(size=(W + 1, P + 1)),
        "counts": rng.permutation(np.arange(3, 4 + W) * 2),
    }


def _average_corners(rng: np.random.Generator) -> list[Case]:
    g = rng.normal(size=(3, 4))
    return [
        Case("equal shards", {"gradients": g, "counts": np.array([8, 8, 8])}),
        Case("a worker without examples", {"gradients": g, "counts": np.array([5, 0, 7])}),
        Case("a small last shard", {"gradients": g, "counts": np.array([32, 32, 3])}),
    ]


def _upside_down(gradients, counts):
    shares = 1 / np.maximum(counts, 1)
    return shares / shares.sum() @ gradients


AVERAGE_GRADIENTS = Exercise(
    id="average_gradients",
    title="One gradient from many workers",
    asks="""`gradients` (W, P): row $k$ is the gradient of the **mean** loss over worker $k$'s part
of the batch, `counts` (W,) says how many examples each part had. Return the gradient (P,) of the
mean loss over the whole batch.""",
    reference=average_gradients,
    inputs=_average_inputs,
    corners=_average_corners,
    wrongs=(
        Wrong(
            "plain-mean",
            lambda gradients, counts: gradients.mean(0),
            "**Every worker counts the same.** With parts of different sizes an example on a small "
            "part would then weigh more than one on a large part.",
            belief="C-14",
            decoy="shares = np.ones(len(counts)) / len(counts)",
        ),
        Wrong(
            "sum",
            lambda gradients, counts: gradients.sum(0),
            "**The gradients are added up.** That is what all-reduce hands you. The mean loss "
            "needs their weighted mean; a sum acts like a larger learning rate.",
            belief="C-08",
        ),
        Wrong(
            "weighted-sum",
            lambda gradients, counts: counts @ gradients,
            "**Weighted by the counts, and not divided by their sum.** That is the gradient of the "
            "summed loss.",
            belief="C-08",
            decoy="return counts @ gradients",
        ),
        Wrong(
            "divided-by-workers",
            lambda gradients, counts: counts @ gradients / len(counts),
            "**You divide by the number of workers.** The weights have to add up to one: divide by "
            "the number of examples.",
            decoy="shares = counts / len(counts)",
        ),
        Wrong(
            "upside-down",
            lambda gradients, counts: (
                (1 / np.maximum(counts, 1) / np.sum(1 / np.maximum(counts, 1))) @ gradients
            ),
            "**Small parts weigh more than large ones.** It is the other way round: a part counts "
            "by its examples.",
        ),
        Wrong(
            "largest-worker",
            lambda gradients, counts: gradients[int(np.argmax(counts))],
            "**You keep the gradient of the largest part only.** The work of the others is thrown "
            "away.",
        ),
    ),
    hints=(
        "Write the mean loss of the batch as a sum over all examples, then group it by worker.",
        "By which number must a part's mean be multiplied to give its sum?",
    ),
    why="""A gradient is linear in the loss, so that the batch may be cut in any way, provided the
parts are weighted by their size. `DistributedDataParallel` takes the plain mean, and relies on
equal shards: with uneven ones its gradient is another.""",
    objectives=("HW-6",),
    minutes=5,
    difficulty=1,
)


# --- training_bill -------------------------------------------------------------------------------


def training_bill(weights, tokens, devices, peak, utilisation, watts, pue, carbon):
    """(hours, kilowatt-hours, kilograms of CO2e) of training a transformer."""
    flops = 6 * weights * tokens  #: forward and backward
    hours = flops / (devices * peak * utilisation) / 3600  #: what the devices achieve
    energy = devices * watts / 1000 * hours * pue  #: kilowatts times hours, and the building
    return hours, energy, energy * carbon


def _bill_inputs(rng: np.random.Generator) -> dict:
    return {
        "weights": float(rng.choice([1.24e8, 1.3e9, 7e9])),
        "tokens": float(rng.choice([2.5e9, 2e10, 1.5e11])),
        "devices": int(rng.choice([3, 8, 64])),
        "peak": float(rng.choice([6.5e13, 3.12e14])),
        "utilisation": round(float(rng.uniform(0.2, 0.6)), 2),
        "watts": float(rng.integers(150, 700)),
        "pue": round(float(rng.uniform(1.05, 1.6)), 2),
        "carbon": round(float(rng.uniform(0.03, 0.7)), 3),
    }


def _bill_corners(rng: np.random.Generator) -> list[Case]:
    return [
        Case(
            "one device",
            {**_bill_inputs(rng), "devices": 1},
        )
    ]


def _billed(operations=6.0, used=True, all_power=True, building=True, kilo=1000.0, carbon=True):
    """A known-wrong variant of the bill."""

    def wrong(weights, tokens, devices, peak, utilisation, watts, pue, carbon_):
        rate = devices * peak * (utilisation if used else 1)
        hours = operations * weights * tokens / rate / 3600
        energy = (devices if all_power else 1) * watts / kilo * hours * (pue if building else 1)
        return hours, energy, energy * carbon_ if carbon else energy / carbon_

    return lambda weights, tokens, devices, peak, utilisation, watts, pue, carbon: wrong(
        weights, tokens, devices, peak, utilisation, watts, pue, carbon
    )


TRAINING_BILL = Exercise(
    id="training_bill",
    title="The bill of a training run",
    asks="""A transformer with `weights` weights is trained on `tokens` tokens. It runs on `devices`
devices with a `peak` of so many FLOP a second each, of which a share `utilisation` is achieved.
A device draws `watts` with its share of the host; the building multiplies that by `pue`; a
kilowatt-hour causes `carbon` kilograms of CO₂ equivalent. Return

`(hours, kilowatt-hours, kilograms)`

Count the operations as the lesson does.""",
    reference=training_bill,
    inputs=_bill_inputs,
    corners=_bill_corners,
    returns=("hours", "kilowatt_hours", "kilograms"),
    properties=(
        Property(
            "the energy does not depend on how many devices share the work",
            lambda i, parts: bool(
                np.isclose(
                    float(parts["kilowatt_hours"]),
                    6 * i["weights"] * i["tokens"] / (i["peak"] * i["utilisation"])
                    / 3.6e6 * i["watts"] * i["pue"],
                    rtol=1e-4,
                )
            ),
            "Twice as many devices take half the time: power times time is the same.",
        ),
    ),
    wrongs=(
        Wrong(
            "forward-only",
            _billed(operations=2.0),
            "**You count a forward pass.** Training adds the backward pass, which costs twice as "
            "much again: 6 operations per weight and token.",
            decoy="flops = 2 * weights * tokens",
        ),
        Wrong(
            "at-peak",
            _billed(used=False),
            "**The devices run at their peak in your answer.** No real training does: memory, "
            "launches and waiting take their share. Use what is achieved.",
            belief="H-08",
            see="roofline-ledger#fewer-operations",
            decoy="hours = flops / (devices * peak) / 3600",
        ),
        Wrong(
            "one-device-draws",
            _billed(all_power=False),
            "**Only one device draws power.** All of them do, all the time.",
            decoy="energy = watts / 1000 * hours * pue",
        ),
        Wrong(
            "no-building",
            _billed(building=False),
            "**The building is missing.** Cooling and power supply add to what the devices draw: "
            "multiply by the PUE.",
            decoy="energy = devices * watts / 1000 * hours",
        ),
        Wrong(
            "watt-hours",
            _billed(kilo=1.0),
            "**These are watt-hours.** A kilowatt is a thousand watts.",
        ),
        Wrong(
            "divided-by-carbon",
            _billed(carbon=False),
            "**You divide by the carbon intensity.** It is kilograms *per kilowatt-hour*, so it "
            "multiplies the energy.",
            decoy="return hours, energy, energy / carbon",
        ),
    ),
    hints=(
        "Start with the operations: how many per weight and token in forward and backward "
        "together?",
        "Check the units on the way: FLOP divided by FLOP a second gives seconds.",
    ),
    why="""The number of devices cancels in the energy, and the utilisation does not: a training
that keeps its devices busy is cheaper in every currency. The carbon intensity of the grid differs
by more than a factor of ten between places, more than any of the other factors.""",
    objectives=("HW-7",),
    minutes=6,
    difficulty=2,
)  # fmt: skip


EXERCISES = (
    CONV_COST,
    TRAINING_BYTES,
    ROOFLINE_TIME,
    TIME_CALL,
    SCALED_STEP,
    AVERAGE_GRADIENTS,
    TRAINING_BILL,
)
