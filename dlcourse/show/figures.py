"""One look for every figure of the course, and pictures that carry their own description.

The colours are Okabe and Ito's (2008), which people with any colour vision can tell apart; figures
are drawn on a white card, so that ink keeps its contrast in a light and in a dark notebook.
"""

import base64
import io
import sys
from typing import Any

import matplotlib as mpl
from cycler import cycler
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, INK, GREY = "#E69F00", "#56B4E9", "#1F2328", "#6E7781"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, INK)
# Colour alone must not tell curves apart: the style of the line changes with the colour.
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
SEQUENTIAL, DIVERGING, INK_ON_PAPER = "cividis", "RdBu_r", "gray_r"
WIDTH = 7.2  # inches; at 100 px an inch this is the width of a notebook's text
_PIXELS = 100
_SHARP = 2  # pixels stored for each one shown, for dense screens

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.facecolor": "white",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 10.5,
    "axes.prop_cycle": cycler(color=COLOURS, linestyle=DASHES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.08,
    "figure.dpi": _PIXELS,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same picture on every machine
    "font.size": 10,
    "grid.color": "#E4E7EB",
    "grid.linestyle": "-",
    "grid.linewidth": 0.8,
    "image.cmap": INK_ON_PAPER,
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "patch.edgecolor": "white",
    "savefig.facecolor": "white",
    "text.color": INK,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9.5,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9.5,
}


# This room sets the look of a notebook: from here on pyplot draws in the course's style, too.
mpl.rcParams.update(STYLE)


def subplots(
    rows: int = 1, columns: int = 1, *, height: float = 3.2, width: float = WIDTH, **options: Any
) -> tuple[Figure, Any]:
    """A new figure in the course's style and its axes, as `matplotlib.pyplot.subplots` gives them.

    Sizes are in inches of 100 px.  The figure is not registered with pyplot, so nothing leaks.
    """
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, **options)


def bare(axes: Axes) -> Axes:
    """Remove what a picture does not need: ticks, grid and frame."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def name_curves(axes: Axes, space: float = 0.14) -> None:
    """Write each labelled line's name at its right end, in its colour, instead of a legend."""
    lines: list[Any] = [a for a in axes.get_lines() if not str(a.get_label()).startswith("_")]
    low, high = axes.get_xlim()
    axes.set_xlim(low, high + space * (high - low))
    for line, y in zip(lines, _spread(axes, lines), strict=True):
        x = line.get_xdata()[-1]
        text = axes.annotate(line.get_label(), (x, y), xytext=(5, 0), textcoords="offset points")
        text.set(color=_legible(line.get_color()), va="center", fontweight="bold", fontsize=9.5)


def _legible(colour: str) -> tuple[float, ...]:
    """The colour, dark enough for text on white (contrast above 4.5) where it is a light one."""
    red, green, blue = to_rgb(colour)
    while 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.17:
        red, green, blue = 0.92 * red, 0.92 * green, 0.92 * blue
    return red, green, blue


def _spread(axes: Axes, lines: list[Any]) -> list[float]:
    """Heights for the names, moved apart where curves end too close (in axis coordinates)."""
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = [(to_axes.transform((0, line.get_ydata()[-1]))[1], i) for i, line in enumerate(lines)]
    gap, placed, last = 0.075, {}, -1.0
    for height, i in sorted(ends):
        last = placed[i] = max(height, last + gap)
    back = to_axes.inverted()
    return [back.transform((0, placed[i]))[1] for i in range(len(lines))]


def png(figure: Figure) -> bytes:
    """The figure as a PNG, twice as dense as it is shown."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_PIXELS * _SHARP, metadata={"Software": None})
    return stream.getvalue()


def bundle(figure: Figure, alt: str) -> tuple[dict[str, str], dict[str, Any]]:
    """What a notebook stores of a figure: its PNG, its alt text, its size on the page.

    Raises `ValueError` where `alt` is empty: someone who cannot see the figure needs it.
    """
    alt = " ".join(alt.split())
    if not alt:
        raise ValueError(
            "A figure needs alt text: show(fig, alt='what is drawn, and what one should see')."
        )
    width, height = (round(inches * _PIXELS) for inches in figure.get_size_inches())
    data = {
        "image/png": base64.b64encode(png(figure)).decode("ascii"),
        "text/plain": f"<figure: {alt}>",
    }
    return data, {"image/png": {"alt": alt, "width": width, "height": height}}


def show(figure: Figure, alt: str) -> None:
    """Show `figure` in the notebook with the description `alt`, and close it."""
    data, metadata = bundle(figure, alt)
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
    display(data, metadata=metadata, raw=True)
