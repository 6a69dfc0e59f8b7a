"""Explorable 8, the kernel bench: a kernel to edit on a photograph, sizes, and overlaps."""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data import photographs
from ...teach.explorable import (
    Choice,
    Explorable,
    Frame,
    KnobError,
    Mission,
    Numbers,
    Own,
    Prediction,
    Preset,
    Settings,
    Slider,
    Toggle,
    done,
    not_yet,
    number,
    waiting,
)
from ...teach.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEIGHT, WIDTH = 100, 150  # two of them, a byte a pixel, fit into a frame
SOBEL = (-1.0, -2.0, -1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 1.0)
KERNELS = {
    "sobel": ("Horizontal edges (Sobel)", SOBEL),
    "vertical": ("Vertical edges", tuple(np.array(SOBEL).reshape(3, 3).T.ravel().tolist())),
    "laplace": ("Laplace", (0.0, 1.0, 0.0, 1.0, -4.0, 1.0, 0.0, 1.0, 0.0)),
    "blur": ("Blur", tuple((np.outer([1, 2, 1], [1, 2, 1]) / 16).ravel().tolist())),
    "sharpen": ("Sharpen", (0.0, -1.0, 0.0, -1.0, 5.0, -1.0, 0.0, -1.0, 0.0)),
    "identity": ("Identity", (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)),
}


# The arithmetic -----------------------------------------------------------------------------------


def correlate(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """What a convolutional layer computes: (H, W) with (k, k), zeros around, same size."""
    k, (H, W) = len(kernel), image.shape
    padded = np.pad(image, k // 2)
    shifts = (kernel[i, j] * padded[i : i + H, j : j + W] for i in range(k) for j in range(k))
    return sum(shifts, np.zeros((H, W)))


def convolve(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The convolution of mathematics: the kernel is turned by half a circle first."""
    return correlate(image, kernel[::-1, ::-1])


def output_size(n: int, k: int, s: int, p: int, d: int) -> int:
    """floor((n + 2p - d(k-1) - 1) / s) + 1, or 0 where the kernel does not fit."""
    return max((n + 2 * p - d * (k - 1) - 1) // s + 1, 0)


def receptive_field(layers: int, k: int, s: int, d: int) -> int:
    """How many inputs one output sees after so many equal layers."""
    field, jump = 1, 1
    for _ in range(layers):
        field += d * (k - 1) * jump
        jump *= s
    return field


def overlap(k: int, s: int, n: int = 6) -> np.ndarray:
    """How often each output of a transposed convolution of n inputs is written to, in one row."""
    counts = np.zeros(s * (n - 1) + k, int)
    for i in range(n):
        counts[i * s : i * s + k] += 1
    return counts


@cache
def _photo(name: str) -> np.ndarray:
    """A piece of a photograph in colour, (3, HEIGHT, WIDTH), each pixel the mean of 3 x 3."""
    whole = photographs()[name]
    top, left = {"china": (20, 120), "flower": (90, 130)}[name]
    piece = whole[:, top : top + 3 * HEIGHT, left : left + 3 * WIDTH].astype(np.float64)
    return piece.reshape(3, HEIGHT, 3, WIDTH, 3).mean(axis=(2, 4))


def _own_image(image: Any) -> np.ndarray:
    """The learner's image as (3, HEIGHT, WIDTH) in [0, 1], cut or padded with zeros."""
    a = np.asarray(image, dtype=np.float64)
    if a.ndim == 3 and a.shape[2] == 3:
        a = a.transpose(2, 0, 1)
    if a.ndim == 2:
        a = np.repeat(a[None], 3, axis=0)
    if a.ndim != 3 or a.shape[0] != 3:
        raise ValueError(f"An image has shape (H, W) or (H, W, 3), not {a.shape}.")
    a = a / 255 if a.max() > 1 else a
    a = a[:, :HEIGHT, :WIDTH]
    return np.pad(a, ((0, 0), (0, HEIGHT - a.shape[1]), (0, WIDTH - a.shape[2])))


# The frame ----------------------------------------------------------------------------------------


def compute(
    tab: str,
    kernel: tuple[float, ...],
    flip: bool,
    photo: str,
    dx: int,
    pool: str,
    pixel: tuple[float, ...],
    n: int,
    k: int,
    s: int,
    p: int,
    d: int,
    layers: int,
    channels_in: int,
    channels_out: int,
    up_k: int,
    up_s: int,
    *,
    image: Any = None,
    function: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    fine: bool = True,
) -> Frame:
    """The chosen tab's picture: a filtered photograph, the sizes of layers, or overlap counts."""
    if tab == "shapes":
        return _shapes(n, k, s, p, d, layers, channels_in, channels_out)
    if tab == "upsampling":
        return _upsampling(up_k, up_s)
    if photo == "yours" and image is None:
        raise KnobError("Pass your image: explore('kernel-bench', image=my_array).")
    colour = _own_image(image) if photo == "yours" else _photo(photo)
    return _filtered(
        colour, np.array(kernel).reshape(_side(kernel), -1), flip, dx, pool, pixel, function
    )


def _side(kernel: tuple[float, ...]) -> int:
    side = round(len(kernel) ** 0.5)
    if side not in (3, 5, 7) or side * side != len(kernel):
        raise KnobError(f"A kernel has 9, 25 or 49 cells (3x3, 5x5, 7x7), not {len(kernel)}.")
    return side


def _filtered(
    colour: np.ndarray,
    kernel: np.ndarray,
    flip: bool,
    dx: int,
    pool: str,
    pixel: tuple[float, ...],
    function: Callable[[np.ndarray, np.ndarray], np.ndarray] | None,
) -> Frame:
    still = colour.mean(axis=0)  # a layer would sum three channels, each with its own kernel
    grey = _shifted(still, dx)
    act = function or (convolve if flip else correlate)
    response = np.asarray(act(grey.copy(), kernel.copy()), dtype=np.float64)
    if response.shape != grey.shape:
        raise ValueError(f"The response has shape {response.shape}; the image has {grey.shape}.")
    row, column = min(int(pixel[0]), HEIGHT - 1), int(pixel[1])
    applied = kernel[::-1, ::-1] if flip else kernel
    patch = _patch(grey, row, column, len(kernel))
    size = float(np.abs(response).max()) or 1.0
    moved = _shifted(correlate(still, applied), dx)
    numbers = {
        "tab": "kernel",
        "side": len(kernel),
        "size": size,
        "sum": float(kernel.sum()),
        "answer": float(response[row, column]),
        "by_hand": float((patch * applied).sum()),
        "twin": bool(np.allclose(kernel, kernel[::-1, ::-1])),
        "flip_cosine": _cosine(correlate(grey, kernel), convolve(grey, kernel)),
        "moved_error": float(
            np.abs(moved - correlate(grey, applied))[:, _inside(dx, len(kernel))].max()
        ),
        "pooled_change": _pooled_change(still, applied, dx, pool),
        "pool": pool,
        "dx": dx,
        "named": _name(function),
    }
    arrays = {
        "photo": np.round(grey * 255).astype(np.uint8),
        "response": np.round(127.5 + 127.5 * response / size).clip(0, 255).astype(np.uint8),
        "patch": patch,
        "applied": applied,
    }
    return Frame(arrays, numbers)


def _shifted(image: np.ndarray, dx: int) -> np.ndarray:
    """The image moved to the right by dx, its own edge repeated where nothing is left."""
    columns = np.clip(np.arange(image.shape[1]) - dx, 0, image.shape[1] - 1)
    return image[:, columns]


def _inside(dx: int, k: int) -> slice:
    edge = k + abs(dx)
    return slice(edge, WIDTH - edge)


def _patch(image: np.ndarray, row: int, column: int, k: int) -> np.ndarray:
    return np.pad(image, k // 2)[row : row + k, column : column + k]


def _norm(a: np.ndarray) -> float:
    # Not np.linalg.norm: a sum of 15,000 squares is not worth the threads of a BLAS.
    return float(np.sqrt((a * a).sum()))


def _cosine(a: np.ndarray, b: np.ndarray) -> float | None:
    size = _norm(a) * _norm(b)
    return float((a * b).sum() / size) if size else None


def _pooled(image: np.ndarray, pool: str) -> np.ndarray:
    if pool == "global":
        return image.mean(keepdims=True)
    blocks = image.reshape(HEIGHT // 2, 2, WIDTH // 2, 2)
    return blocks.max(axis=(1, 3)) if pool == "max" else image


def _pooled_change(still: np.ndarray, kernel: np.ndarray, dx: int, pool: str) -> float:
    """How much the (pooled) response changes when the photograph moves: 0 would be invariant."""
    inside = _pooled(correlate(still, kernel), pool)
    moved = _pooled(correlate(_shifted(still, dx), kernel), pool)
    size = _norm(inside)
    return float(_norm(moved - inside) / size) if size else 0.0


@lru_cache(maxsize=8)
def _name(function: Callable[[np.ndarray, np.ndarray], np.ndarray] | None) -> str | None:
    """What the learner's function computes, judged on a random image and kernel."""
    if function is None:
        return None
    rng = np.random.default_rng(0)
    image, kernel = rng.random((HEIGHT, WIDTH)), rng.normal(size=(3, 3))
    theirs = np.asarray(function(image.copy(), kernel.copy()))
    known = {
        "correlation": correlate(image, kernel),
        "convolution": convolve(image, kernel),
        "correlation with the kernel transposed": correlate(image, kernel.T),
        "correlation with the kernel mirrored": correlate(image, kernel[:, ::-1]),
    }
    found = [
        n for n, ours in known.items() if theirs.shape == ours.shape and np.allclose(theirs, ours)
    ]
    return found[0] if found else "none of those that we know"


def _shapes(n: int, k: int, s: int, p: int, d: int, layers: int, c_in: int, c_out: int) -> Frame:
    out = output_size(n, k, s, p, d)
    reach = d * (k - 1) + 1
    numbers = {
        "tab": "shapes",
        "n": n, "k": k, "s": s, "p": p, "d": d,
        "out": out,
        "exact": (n + 2 * p - reach) / s + 1,
        "left": (n + 2 * p - reach) % s if out else 0,
        "reach": reach,
        "layers": layers,
        "field": receptive_field(layers, k, s, d),
        "fields": [receptive_field(i, k, s, d) for i in range(1, layers + 1)],
        "wrong_field": layers * k,
        "parameters": c_out * (c_in * k * k + 1),
        "wrong_parameters": c_out * (k * k + 1),
        "channels": [c_in, c_out],
    }  # fmt: skip
    return Frame({"starts": np.arange(out) * s - p}, numbers)


def _upsampling(k: int, s: int) -> Frame:
    row = overlap(k, s)
    counts = np.outer(row, row)
    inside = counts[k:-k, k:-k] if counts.shape[0] > 2 * k else counts
    numbers = {
        "tab": "upsampling",
        "k": k, "s": s,
        "width": len(row),
        "inside": sorted({int(v) for v in inside.ravel()}),
        "most": int(counts.max()),
        "even": bool(k % s == 0),
    }  # fmt: skip
    return Frame({"counts": counts.astype(np.uint8), "row": row}, numbers)


# Words --------------------------------------------------------------------------------------------


def describe(frame: Frame) -> tuple[str, ...]:
    """What the frame shows, in sentences."""
    if frame["tab"] == "shapes":
        return _describe_shapes(frame)
    if frame["tab"] == "upsampling":
        return _describe_upsampling(frame)
    k, total = frame["side"], frame["sum"]
    flat = (
        "a flat area answers 0"
        if abs(total) < 1e-9
        else f"a flat area is multiplied by {number(total)}"
    )
    says = [f"The kernel has {k} × {k} cells that add up to {number(total)}: {flat}."]
    if "answer" in frame.numbers:
        says.append(
            f"At the marked pixel, {k * k} products add up to {number(frame['by_hand'])}; "
            f"the response there is {number(frame['answer'])}."
        )
    if "flip_cosine" in frame.numbers:
        says.append(_flip_says(frame))
    if frame["named"]:
        says.append(f"On a random image, your function is **{frame['named']}**.")
    if frame["dx"]:
        says.append(_moved_says(frame))
    elif abs(total) < 1e-9 and "response" in frame.arrays:
        says.append("Beyond the border the kernel sees zeros: the border answers like an edge.")
    return tuple(says)


def _flip_says(frame: Frame) -> str:
    if frame["twin"]:
        return "Turned by half a circle this kernel is the same: correlation and convolution agree."
    if frame["flip_cosine"] is None:
        return "The response is zero everywhere."
    cosine = frame["flip_cosine"]
    if np.isclose(cosine, -1, atol=1e-3):
        return "Correlation and convolution differ by the sign: every edge changes its colour."
    return (
        "Correlation and convolution differ: the cosine between their responses is "
        f"{number(cosine)}."
    )


def _moved_says(frame: Frame) -> str:
    change = 100 * frame["pooled_change"]
    after = {"none": "the response", "max": "the pooled response", "global": "its global mean"}
    return (
        f"Move the photograph by {abs(frame['dx'])} and the response moves with it, inside to "
        f"{number(frame['moved_error'])}: equivariant. Place by place {after[frame['pool']]} "
        "changes by "
        f"{change:.1f} %: {'nearly ' if change < 5 else 'not '}invariant."
    )


def _cells(count: int) -> str:
    return "cell is" if count == 1 else f"{count} cells are"


def _describe_shapes(frame: Frame) -> tuple[str, ...]:
    n, k, s, p, d = (frame[name] for name in "nkspd")
    c_in, c_out = frame["channels"]
    if not frame["out"]:
        return (f"The kernel reaches over {frame['reach']} cells and finds only {n + 2 * p}.",)
    floor = (
        f"of the padded row the last {_cells(frame['left'])} never seen"
        if frame["left"]
        else "nothing is left over"
    )
    return (
        f"⌊({n} + 2·{p} − {d}·({k} − 1) − 1) / {s}⌋ + 1 = {frame['out']} outputs: {floor}.",
        f"After {frame['layers']} such layers one output sees {frame['field']} inputs, "
        f"not {frame['layers']} × {k} = {frame['wrong_field']}.",
        f"From {c_in} to {c_out} channels there are {c_out} × ({c_in} × {k} × {k} + 1) = "
        f"{frame['parameters']} parameters; one kernel per output channel would be "
        f"{frame['wrong_parameters']}.",
    )


def _describe_upsampling(frame: Frame) -> tuple[str, ...]:
    inside = ", ".join(map(str, frame["inside"]))
    verdict = (
        "even, for the stride divides the kernel"
        if frame["even"]
        else f"a checkerboard, for {frame['s']} does not divide {frame['k']}"
    )
    return (
        f"A transposed convolution with a {frame['k']} × {frame['k']} kernel and stride "
        f"{frame['s']} "
        f"writes to each inner output {inside} times: {verdict}.",
        f"6 inputs in a row become {frame['width']} outputs; it is the adjoint of a convolution, "
        "not its inverse.",
    )


# Prediction and missions --------------------------------------------------------------------------


def _prove(explorable: Explorable) -> int:
    cosine = explorable.at(kernel=SOBEL)["flip_cosine"]
    return int(np.digitize(-cosine, [-0.999, -0.5, 0.999]))


PREDICT = Prediction(
    "The Sobel kernel below finds horizontal edges. PyTorch's `conv2d` correlates; SciPy's "
    "`convolve` convolves, which turns the kernel by half a circle. How do the two "
    "responses differ?",
    (
        (
            "Not at all",
            (
                "That holds for kernels that look the same after half a turn, such as a "
                "blur. Sobel's rows change their sign when it is turned."
            ),
        ),
        (
            "By a shift of one pixel",
            (
                "Turning the kernel moves nothing: its centre stays in the centre. What "
                "changes is which neighbour meets which cell."
            ),
        ),
        (
            "They have little in common",
            (
                "They have everything in common but the sign: after half a turn this kernel "
                "is minus itself."
            ),
        ),
        (
            "By their sign",
            (
                "After half a turn Sobel's kernel is minus itself, so bright-to-dark edges "
                "and dark-to-bright edges change places."
            ),
        ),
    ),
    3,
    _prove,
    hides=("flip_cosine", "twin", "response", "answer"),
    at={"kernel": SOBEL, "tab": "kernel"},
)


def _check_horizontal(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "kernel":
        return waiting("Open the tab Kernel.")
    kernel = frame["applied"]
    if abs(kernel.sum()) > 1e-6:
        return not_yet(
            f"A flat area answers {number(kernel.sum())} times its grey: the cells must "
            "add up to 0."
        )
    if np.abs(kernel.sum(axis=0)).max() > 1e-6:
        return not_yet("A vertical edge still answers: every column must add up to 0.")
    if np.abs(kernel.sum(axis=1)).max() < 1e-6:
        return not_yet("Now horizontal edges do not answer either.")
    return done("Flat areas and vertical edges answer 0; horizontal edges answer.")


def _check_twin(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "kernel":
        return waiting("Open the tab Kernel.")
    if np.ptp(frame["applied"]) < 1e-6:
        return not_yet("All cells are equal: too easy.")
    if frame["twin"]:
        return done("A kernel that half a turn leaves as it is hides the difference.")
    return not_yet("Half a turn changes this kernel.")


def _check_floor(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "shapes":
        return waiting("Open the tab Shapes.")
    if frame["out"] == 3 and frame["left"]:
        return done(
            f"Without the floor it would be {frame['exact']:g}. PyTorch drops the rest in silence."
        )
    return not_yet(f"{frame['out']} outputs, {frame['left']} cells never seen.")


def _check_even(settings: Settings, frame: Frame) -> Verdict:
    if frame["tab"] != "upsampling":
        return waiting("Open the tab Upsampling.")
    if frame["s"] > 1 and len(frame["inside"]) == 1:
        return done(
            f"{frame['s']} divides {frame['k']}: every inner output is written to "
            f"{frame['most']} times."
        )
    return not_yet(f"Inner outputs are written to {', '.join(map(str, frame['inside']))} times.")


MISSIONS = (
    Mission(
        "horizontal",
        (
            "Draw a kernel that answers 0 on flat areas and on vertical edges, but finds "
            "horizontal ones."
        ),
        _check_horizontal,
        lambda e: {"kernel": SOBEL},
        {"tab": "kernel", "kernel": KERNELS["identity"][1]},
    ),
    Mission(
        "twin",
        "Find a kernel for which correlation and convolution agree; not all cells equal.",
        _check_twin,
        lambda e: {"kernel": KERNELS["blur"][1]},
        {"tab": "kernel", "kernel": SOBEL},
    ),
    Mission(
        "floor",
        "Make 3 outputs with some input cells never seen.",
        _check_floor,
        lambda e: {"n": 8, "k": 3, "s": 2, "p": 0, "d": 1},
        {"tab": "shapes"},
    ),
    Mission(
        "even",
        "Upsample with a stride of 2 or more, without a checkerboard.",
        _check_even,
        lambda e: {"up_k": 4, "up_s": 2},
        {"tab": "upsampling", "up_k": 3, "up_s": 2},
    ),
)


# The static picture -------------------------------------------------------------------------------


def picture(frame: Frame) -> "Figure":
    """The photograph, the kernel and the response; or the tab's own array."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 2.7), layout="constrained")
    if frame["tab"] != "kernel":
        _draw_other(figure.subplots(), frame)
        return figure
    left, middle, right = figure.subplots(1, 3, width_ratios=[3, 1.5, 3])
    left.imshow(frame["photo"], cmap="gray")
    left.set_title("photograph", fontsize=10)
    middle.imshow(frame["applied"], cmap="PuOr", vmin=-2, vmax=2)
    for (i, j), value in np.ndenumerate(frame["applied"]):
        color = "white" if abs(value) > 1.5 else "black"
        middle.text(j, i, number(value), ha="center", va="center", fontsize=9, color=color)
    middle.set_title("kernel", fontsize=10)
    right.imshow(frame["response"], cmap="PuOr", vmin=0, vmax=255)
    right.set_title("response, orange where below 0", fontsize=10)
    for axes in (left, middle, right):
        axes.set_axis_off()
    return figure


def _draw_other(axes: Any, frame: Frame) -> None:
    if frame["tab"] == "upsampling":
        axes.imshow(frame["counts"], cmap="Blues")
        axes.set_title("how often each output is written to", fontsize=10)
        return
    for i, start in enumerate(frame["starts"]):
        axes.plot([start, start + frame["reach"] - 1], [i, i], lw=4, color="#0b63b0")
    axes.set_xlabel("input cell")
    axes.set_ylabel("output")


# The explorable -----------------------------------------------------------------------------------

_KERNEL, _SHAPES, _UP = ("tab", ("kernel",)), ("tab", ("shapes",)), ("tab", ("upsampling",))
KNOBS = (
    Choice(
        "tab",
        "Tab",
        "kernel",
        options=(("kernel", "Kernel"), ("shapes", "Shapes"), ("upsampling", "Upsampling")),
        on_stage=True,
    ),
    Numbers("kernel", "Kernel", SOBEL, -9.0, 9.0, 0.25, most=49, on_stage=True),
    Toggle("flip", "Convolve (turn the kernel)", False, when=_KERNEL),
    Choice(
        "photo",
        "Photograph",
        "china",
        options=(("china", "temple"), ("flower", "flower"), ("yours", "yours")),
        when=_KERNEL,
    ),
    Slider("dx", "Move the photograph", 0, -20, 20, 1, "pixels", when=_KERNEL),
    Choice(
        "pool",
        "Pooling",
        "none",
        options=(("none", "none"), ("max", "max 2×2"), ("global", "global mean")),
        when=_KERNEL,
    ),
    Numbers("pixel", "Marked pixel", (40.0, 60.0), 0, WIDTH - 1, 1, on_stage=True),
    Slider("n", "Input cells n", 8, 1, 32, 1, when=_SHAPES),
    Slider("k", "Kernel k", 3, 1, 7, 1, when=_SHAPES),
    Slider("s", "Stride s", 1, 1, 4, 1, when=_SHAPES),
    Slider("p", "Padding p", 0, 0, 3, 1, when=_SHAPES),
    Slider("d", "Dilation d", 1, 1, 4, 1, when=_SHAPES),
    Slider("layers", "Layers", 3, 1, 6, 1, when=_SHAPES),
    Slider("channels_in", "Channels in", 3, 1, 64, 1, when=_SHAPES),
    Slider("channels_out", "Channels out", 10, 1, 64, 1, when=_SHAPES),
    Slider("up_k", "Kernel", 3, 1, 6, 1, when=_UP),
    Slider("up_s", "Stride", 2, 1, 4, 1, when=_UP),
)


def _fits(own: Mapping[str, Any]) -> Settings:
    return {"photo": "yours"} if own.get("image") is not None else {}


EXPLORABLE = Explorable(
    "kernel-bench",
    "Kernel bench",
    Path(__file__).with_suffix(".js"),
    PREDICT,
    KNOBS,
    compute,
    describe,
    picture,
    (
        *(Preset(name, label, {"kernel": cells}) for name, (label, cells) in KERNELS.items()),
        Preset("convolve", "Convolve instead", {"flip": True}, "V-01"),
        Preset("one-kernel", "One kernel per output", {"tab": "shapes"}, "V-02"),
        Preset("no-floor", "Forget the floor", {"tab": "shapes", "s": 2}, "V-03"),
        Preset("add-kernels", "Add up the kernels", {"tab": "shapes", "layers": 3}, "V-04"),
        Preset("invariant", "“Invariant”", {"dx": 5}, "V-05"),
        Preset("checkerboard", "Checkerboard", {"tab": "upsampling"}, "V-09"),
    ),
    MISSIONS,
    (
        Own("image", "an image (H, W) or (H, W, 3)"),
        Own("function", "function(image, kernel) -> response of the image's shape"),
    ),
    also_breaks=("V-06",),
    fits=_fits,
)
