"""Explorable 13, the memory and roofline ledger: bytes, seconds, and a clock that can be wrong."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...teach.explorable import (
    Choice,
    Explorable,
    Frame,
    KnobError,
    Mission,
    Own,
    Prediction,
    Preset,
    Settings,
    Slider,
    Toggle,
    done,
    not_yet,
    number,
    options,
    waiting,
)
from ...teach.verdict import Verdict
from .ledger import CARDS, GIB, Card, Shape, attainable, bound, memory, seconds, works
from .study import Device

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PARTS = ("weights", "gradients", "optimizer states", "activations")
COLOURS = ("#0b63b0", "#b8500c", "#8a6d00", "#2f7d32")
HEAD = 64  # numbers of one attention head


def shape(layers: int, width: int, batch: int, tokens: int) -> Shape:
    """A stack of transformer blocks with heads of 64 numbers."""
    return Shape("transformer", layers, width, batch, tokens, max(1, width // HEAD))


def _card(name: str, mine: Card | None) -> Card:
    if name != "yours":
        return CARDS[name]
    if mine is None:
        raise KnobError(
            "Pass your machine: explore('roofline-ledger', machine=study.this_machine())."
        )
    if not isinstance(mine, Card):
        raise KnobError(f"machine is what study.this_machine() returns, not {type(mine).__name__}.")
    return mine


def compute(
    tab: str,
    layers: int,
    width: int,
    batch: int,
    tokens: int,
    dtype: str,
    optimizer: str,
    checkpoint: bool,
    only: bool,
    card: str,
    kernels: int,
    work: float,
    launch: float,
    wait: str,
    cold: bool,
    machine: Card | None = None,
    fine: bool = True,
) -> Frame:
    """One tab's arrays and numbers."""
    device = _card(card, machine)
    if tab == "clock":
        return _clock(kernels, work, launch, wait, cold)
    model = shape(layers, width, batch, tokens)
    common = {
        "tab": tab,
        "card": device.name,
        "layers": layers,
        "width": width,
        "batch": batch,
        "tokens": tokens,
        "dtype": dtype,
        "parameters": model.parameters,
    }
    if tab == "memory":
        held = memory(model, dtype, optimizer, checkpoint)
        sizes = np.array(held) / GIB
        told = sizes[0] if only else sizes.sum()
        return Frame(
            {"sizes": sizes},
            {
                **common,
                "only": only,
                "checkpoint": checkpoint,
                "optimizer": optimizer,
                "total": float(sizes.sum()),
                "told": float(told),
                "share": float(sizes[0] / sizes.sum()),
                "room": device.memory / GIB,
                "fits": bool(told <= device.memory / GIB),
                "true": bool(sizes.sum() <= device.memory / GIB),
            },
        )
    return _roofline(model, device, common, dtype, optimizer, checkpoint)


def _roofline(
    model: Shape, device: Card, common: dict[str, Any], dtype: str, optimizer: str, checkpoint: bool
) -> Frame:
    parts = works(model, dtype, optimizer, checkpoint)
    times = np.array([max(seconds(w, device, dtype).values()) for w in parts])
    x = np.logspace(-2, 4, 61)
    laptop = step_seconds_on("laptop", model, dtype, optimizer, checkpoint)
    total = float(times.sum())
    return Frame(
        {
            "intensity": np.array([w.intensity for w in parts]),
            "speed": np.array([w.flops for w in parts]) / times,
            "times": times,
            "flops": np.array([w.flops for w in parts]),
            "roof_x": x,
            "roof": np.array([attainable(v, device, dtype) for v in x]),
        },
        {
            **common,
            "names": [w.name for w in parts],
            "bounds": [bound(w, device, dtype) for w in parts],
            "peak": device.peak(dtype),
            "ridge": device.peak(dtype) / device.bandwidth,
            "step": total,
            "rate": model.batch / total,
            "used": float(sum(w.flops for w in parts) / total / device.peak(dtype)),
            "waiting": float(
                sum(
                    t
                    for w, t in zip(parts, times, strict=True)
                    if bound(w, device, dtype) == "launches"
                )
                / total
            ),
            "laptop": laptop,
        },
    )


def step_seconds_on(
    card: str, model: Shape, dtype: str, optimizer: str, checkpoint: bool = False
) -> float:
    """The step's shortest time on the card of this name."""
    device = CARDS[card]
    parts = works(model, dtype, optimizer, checkpoint)
    return sum(max(seconds(w, device, dtype).values()) for w in parts)


def _clock(kernels: int, work: float, launch: float, wait: str, cold: bool) -> Frame:
    device = Device(launch)
    for k in range(kernels):
        device.run(f"kernel {k + 1}", work + (8 * work if cold and k == 0 else 0))
        if wait == "each":
            device.item()
    ends = device.free
    if wait != "never":
        device.synchronize()
    calls = np.array([call[1:] for call in device.calls])  # (kernels, 4)
    warm = Device(launch)  # the same without a first call, waited for once
    for k in range(kernels):
        warm.run(f"kernel {k + 1}", work)
    return Frame(
        {"calls": calls},
        {
            "tab": "clock",
            "read": device.now,
            "ends": max(device.now, ends),
            "warm": warm.free,
            "idle": float(1 - sum(c[3] - c[2] for c in calls) / max(device.now, ends)),
            "wait": wait,
            "cold": cold,
            "kernels": kernels,
            "work": work,
            "launch": launch,
        },
    )


# Words --------------------------------------------------------------------------------------------


def _gib(value: float) -> str:
    return f"{number(value)}\u00a0GiB"


def _time(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{number(value / size)}\u00a0{unit}"
    return f"{number(value / 1e-6)}\u00a0µs"


def _percent(value: float) -> str:
    return f"{100 * value:.0f}\u00a0%"


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    if frame["tab"] == "clock":
        return _clock_says(frame)
    says = [
        f"{frame['layers']} blocks of width {frame['width']}: "
        f"{number(frame['parameters'] / 1e6)} million weights, batch {frame['batch']}, "
        f"{frame['tokens']} tokens, {frame['dtype']}."
    ]
    if frame["tab"] == "memory":
        return tuple(says + _memory_says(frame))
    return tuple(says + _roofline_says(frame))


def _memory_says(frame: Frame) -> list[str]:
    if "sizes" not in frame.arrays:
        return []
    sizes = ", ".join(f"{name} {number(v)}" for name, v in zip(PARTS, frame["sizes"], strict=True))
    says = [
        f"In GiB: {sizes}. Together {_gib(frame['total'])}; the weights are "
        f"{_percent(frame['share'])} of it."
    ]
    room = f"{frame['card']} has {_gib(frame['room'])}"
    if frame["only"] and frame["fits"] and not frame["true"]:
        says.append(f"{room}: by the weights alone it fits, and the training runs out of memory.")
    elif frame["only"]:
        says.append(f"Counted as weights only: {_gib(frame['told'])}. {room}.")
    else:
        says.append(f"{room}: it {'fits' if frame['fits'] else 'does not fit'}.")
    return says


def _roofline_says(frame: Frame) -> list[str]:
    slow = int(np.argmax(frame["times"]))
    parts = zip(frame["names"], frame["times"], frame["bounds"], strict=True)
    listed = "; ".join(f"{name} {_percent(t / frame['step'])} ({why})" for name, t, why in parts)
    return [
        f"On {frame['card']} a step takes {_time(frame['step'])} at best, "
        f"{number(frame['rate'])} examples a second, {_percent(frame['used'])} of the peak.",
        f"Shares of the time, and what decides: {listed}.",
        f"The roof bends at {number(frame['ridge'])} operations per byte; "
        f"{frame['names'][slow]} stand at {number(frame['intensity'][slow])}. "
        f"The assumed laptop would need {_time(frame['laptop'])}.",
    ]


def _clock_says(frame: Frame) -> tuple[str, ...]:
    says = [
        f"{frame['kernels']} kernels of {number(frame['work'])}\u00a0µs, "
        f"{number(frame['launch'])}\u00a0µs to launch each."
    ]
    read, ends = frame["read"], frame["ends"]
    if frame["wait"] == "never":
        says.append(
            f"The clock is read after {number(read)}\u00a0µs; the work ends at "
            f"{number(ends)}\u00a0µs. The report is {number(ends / read)} times too short."
        )
    elif frame["wait"] == "each":
        says.append(
            f"The program reads a number after every kernel and waits each time: "
            f"{number(read)}\u00a0µs, the device idle {_percent(frame['idle'])} of the time."
        )
    else:
        says.append(f"The program waits once, then reads the clock: {number(read)}\u00a0µs.")
    if frame["cold"]:
        says.append(
            f"The first kernel had to be prepared. Warm, the same takes "
            f"{number(frame['warm'])}\u00a0µs."
        )
    return tuple(says)


# Prediction and missions --------------------------------------------------------------------------

_BASE = {"tab": "memory", "layers": 12, "width": 768, "batch": 8, "tokens": 1024}


def _prove(explorable: Explorable) -> int:
    frame = explorable.at(**_BASE)
    return int(np.digitize(frame["total"] / frame["sizes"][0], [2, 8]))


PREDICT = Prediction(
    "Twelve transformer blocks of width 768 have weights of 0.3 GiB in float32. They are trained "
    "with Adam on batches of 8 texts of 1024 tokens. How much memory does a training step hold?",
    (
        (
            "About 0.3 GiB: the weights",
            "The weights are there, and three more things: a gradient for each weight, Adam's two "
            "running means, and all that the backward pass will need.",
        ),
        (
            "About 1.3 GiB: four times the weights",
            "That is right for weights, gradients and Adam's states together. The values of the "
            "forward pass come on top, and they grow with the batch.",
        ),
        (
            "About 10 GiB: mostly something else",
            "Nine tenths are activations: for each token and block sixteen times the width, and a "
            "row of attention weights in every head.",
        ),
    ),
    2,
    _prove,
    hides=("sizes", "total", "told", "share", "fits", "true"),
    at=_BASE,
)

_LARGE = {
    "tab": "memory", "layers": 24, "width": 1024, "batch": 8, "tokens": 1024, "card": "t4",
}  # fmt: skip


def _check_fit(settings: Settings, frame: Frame) -> Verdict:
    same = all(settings[k] == _LARGE[k] for k in ("layers", "width", "batch", "tokens", "card"))
    if settings["tab"] != "memory" or not same or settings["optimizer"] != "adam":
        return waiting("Keep the T4, Adam, 24 blocks of width 1024 and 8 texts of 1024 tokens.")
    if not frame["true"]:
        return not_yet(f"{_gib(frame['total'])} do not fit into {_gib(frame['room'])}.")
    return done(
        f"{_gib(frame['total'])}: the same training, paid with a second forward pass.",
        "roofline-ledger#checkpointed",
    )


def _linear(frame: Frame) -> str:
    return frame["bounds"][frame["names"].index("linear layers")]


def _check_memory(settings: Settings, frame: Frame) -> Verdict:
    if settings["tab"] != "roofline" or settings["card"] != "a100":
        return waiting("Look at the roofline of the A100.")
    if _linear(frame) != "memory":
        return not_yet(f"The linear layers are decided by {_linear(frame)}.")
    at = frame["intensity"][frame["names"].index("linear layers")]
    return done(
        f"{number(at)} operations per byte: each weight is read for too few tokens. That is what "
        "happens when a model writes one token at a time."
    )


def _check_laptop(settings: Settings, frame: Frame) -> Verdict:
    if settings["tab"] != "roofline" or settings["card"] != "h100":
        return waiting("Look at the roofline of the H100.")
    if frame["laptop"] >= frame["step"]:
        times = frame["laptop"] / frame["step"]
        return not_yet(f"The H100 is {number(times)} times as fast as the laptop here.")
    return done(
        f"{_time(frame['step'])} against {_time(frame['laptop'])} on the laptop: nothing but "
        "launches is left, and those are no faster on the larger device.",
        "roofline-ledger#small-work",
    )


def _check_clock(settings: Settings, frame: Frame) -> Verdict:
    if settings["tab"] != "clock":
        return waiting("Go to the clock.")
    if frame["wait"] != "never":
        return not_yet("The program waits before it reads the clock, so the reading is true.")
    times = frame["ends"] / frame["read"]
    if times < 10:
        return not_yet(f"The reading is {number(times)} times too short.")
    return done(
        f"{number(frame['read'])}\u00a0µs are reported for {number(frame['ends'])}\u00a0µs. The "
        "slower the kernels, the better they look.",
        "roofline-ledger#no-waiting",
    )


MISSIONS = (
    Mission(
        "fit",
        "Make this training fit into a T4 without touching model, batch or optimizer.",
        _check_fit,
        lambda e: {"dtype": "mixed", "checkpoint": True},
        _LARGE,
    ),
    Mission(
        "memory-bound",
        "Make the linear layers wait for memory on an A100.",
        _check_memory,
        lambda e: {"batch": 1, "tokens": 1, "width": 2048},
        {"tab": "roofline", "card": "a100", "width": 2048},
    ),
    Mission(
        "laptop-wins",
        "Find a training step that the assumed laptop finishes before an H100.",
        _check_laptop,
        lambda e: {"width": 32, "batch": 1, "tokens": 4, "layers": 2},
        {"tab": "roofline", "card": "h100"},
    ),
    Mission(
        "wrong-clock",
        "Make the clock report less than a tenth of the true time.",
        _check_clock,
        lambda e: {"wait": "never"},
        {"tab": "clock", "wait": "once", "work": 100.0},
    ),
)


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """The tab as a figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 2.6 if frame["tab"] != "roofline" else 3.6), layout="constrained")
    draw = {"memory": _draw_memory, "roofline": _draw_roofline, "clock": _draw_clock}
    draw[frame["tab"]](figure.subplots(), frame)
    return figure


def _draw_memory(ax: Any, frame: Frame) -> None:
    left = 0.0
    for i, (name, size) in enumerate(zip(PARTS, frame["sizes"], strict=True)):
        ax.barh(0, size, left=left, color=COLOURS[i], label=f"{name} {number(size)}")
        left += size
    ax.axvline(frame["room"], color="#57606a", ls="--")
    ax.text(frame["room"], 0.55, f" {frame['card']}", fontsize=9, color="#57606a", ha="right")
    ax.set(yticks=[], xlabel="GiB", xlim=(0, 1.1 * max(left, frame["room"])), ylim=(-0.6, 0.8))
    ax.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False, fontsize=9)


def _draw_roofline(ax: Any, frame: Frame) -> None:
    ax.loglog(frame["roof_x"], frame["roof"], color="#57606a")
    for i, name in enumerate(frame["names"]):
        ax.loglog(frame["intensity"][i], frame["speed"][i], "o", color="#0b63b0")
        ax.annotate(
            name, (frame["intensity"][i], frame["speed"][i]), (6, -9), textcoords="offset points",
            fontsize=9,
        )  # fmt: skip
    ax.set(xlabel="operations per byte moved", ylabel="operations a second")


def _draw_clock(ax: Any, frame: Frame) -> None:
    for asked, launched, begins, ends in frame["calls"]:
        ax.barh(1, launched - asked, left=asked, color="#b8500c", ec="white")
        ax.barh(0, ends - begins, left=begins, color="#0b63b0", ec="white")
    ax.axvline(frame["read"], color="black")
    ax.text(frame["read"], 1.55, f" clock read: {frame['read']:.0f} µs", fontsize=9)
    ax.set(yticks=[0, 1], yticklabels=["device", "program"], xlabel="µs", ylim=(-0.6, 1.9))


# The explorable -----------------------------------------------------------------------------------

_MODEL = ("tab", ("memory", "roofline"))
_CLOCK = ("tab", ("clock",))
KNOBS = (
    Choice(
        "tab", "Part", "memory", on_stage=True,
        options=(("memory", "Memory"), ("roofline", "Roofline"), ("clock", "Clock")),
    ),
    Slider("layers", "Blocks", 12, low=1, high=96, step=0.01, log=True, when=_MODEL),
    Slider("width", "Width", 768, low=32, high=8192, step=0.01, log=True, when=_MODEL),
    Slider("batch", "Batch (texts)", 8, low=1, high=1024, step=0.01, log=True, when=_MODEL),
    Slider("tokens", "Tokens of a text", 1024, low=1, high=8192, step=0.01, log=True, when=_MODEL),
    Choice("dtype", "Numbers", "float32", options=options("float32", "mixed", "bfloat16"),
           when=_MODEL),
    Choice("optimizer", "Optimizer", "adam", when=_MODEL,
           options=(("sgd", "SGD"), ("momentum", "momentum"), ("adam", "Adam"))),
    Toggle("checkpoint", "Checkpoint every block", False, when=_MODEL,
           about="Keep only what enters a block, and run it again when its gradient is wanted."),
    Toggle("only", "Count the weights only", False, when=("tab", ("memory",))),
    Choice("card", "Device", "a100", when=_MODEL,
           options=(("laptop", "a laptop (assumed)"), ("t4", "NVIDIA T4"), ("a100", "NVIDIA A100"),
                    ("h100", "NVIDIA H100"), ("yours", "your machine"))),
    Slider("kernels", "Kernels", 6, low=1, high=12, step=1, when=_CLOCK),
    Slider("work", "Work of a kernel", 40.0, low=1, high=400, step=0.01, log=True, unit="µs",
           when=_CLOCK),
    Slider("launch", "Time to launch one", 5.0, low=1, high=20, step=0.5, unit="µs", when=_CLOCK),
    Choice("wait", "The program waits", "once", when=_CLOCK,
           options=(("never", "never"), ("once", "at the end"), ("each", "each kernel"))),
    Toggle("cold", "The first call is cold", False, when=_CLOCK,
           about="Its code has to be compiled or loaded first."),
)  # fmt: skip

_ROOF = {"tab": "roofline"}
EXPLORABLE = Explorable(
    "roofline-ledger",
    "Memory and roofline ledger",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    (
        Preset("weights-only", "“Memory is weights”", {**_LARGE, "only": True}, "H-06"),
        Preset("checkpointed", "Checkpointed", {**_LARGE, "checkpoint": True, "dtype": "mixed"}),
        Preset(
            "fewer-operations",
            "“Few operations, fast”",
            {**_ROOF, "card": "h100", "dtype": "mixed", "tokens": 4096, "batch": 2},
            "H-08",
        ),
        Preset(
            "small-work",
            "“A GPU is faster”",
            {**_ROOF, "card": "h100", "width": 32, "batch": 1, "tokens": 4, "layers": 2},
            "H-03",
        ),
        Preset(
            "twice-the-batch",
            "“Twice the batch, half the time”",
            {**_ROOF, "card": "laptop", "width": 256, "batch": 64, "tokens": 64},
            "H-09",
        ),
        Preset("no-waiting", "Read at once", {"tab": "clock", "wait": "never"}, "H-01"),
        Preset("first-call", "First call timed", {"tab": "clock", "cold": True}, "H-02"),
        Preset(
            "reading", "item() each time", {"tab": "clock", "wait": "each", "work": 8.0}, "H-04"
        ),
    ),
    MISSIONS,
    (Own("machine", "what study.this_machine() has measured"),),
    fits=lambda own: {"card": "yours"} if own.get("machine") is not None else {},
)
