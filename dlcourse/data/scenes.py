"""Scenes made of real digits: canvases with boxes and masks, films, and digits in two colours.

The digits of a scene come from the same part of `digits` as the scene's own: what is tested shows
handwriting that was never trained on.
"""

import numpy as np
from scipy import ndimage

from .bundled import digits
from .core import Array, Dataset, Part

_INK = 0.25  # from here on a pixel counts as part of the digit
_DIGITS = tuple(str(d) for d in range(10))
Box = tuple[int, int, int, int]


def canvases(
    seed: int = 0,
    *,
    counts: tuple[int, int, int] = (800, 150, 250),
    side: int = 32,
    most: int = 3,
    noise: float = 0.15,
) -> Dataset:
    """One to `most` digits of 8 to 14 pixels on a noisy square: find, name and outline them.

    `x` is (N, 1, side, side); `y` (N, side, side) is each pixel's class, 0 or 1 + digit.
    `extra` has `boxes` (N, most, 4) as left, top, right, bottom in pixels, `kinds` (N, most), the
    digits (both -1 where there are fewer), and for a detector with cells of 8 pixels `present`
    (N, S, S), `places` (N, S, S, 4): centre in the cell, width and height, in cells; `labels`.
    """
    train, valid, test = (
        _canvases(part, np.random.default_rng([seed, i]), counts[i], side, most, noise)
        for i, part in enumerate(_parts(seed))
    )
    return Dataset("canvases", train, valid, test, ("nothing", *_DIGITS))


def _parts(seed: int) -> tuple[Part, Part, Part]:
    cut = digits(seed)
    return cut.train, cut.valid, cut.test


def _canvases(
    part: Part, rng: np.random.Generator, count: int, side: int, most: int, noise: float
) -> Part:
    x = np.zeros((count, 1, side, side), np.float32)
    mask = np.zeros((count, side, side), np.int64)
    boxes = np.full((count, most, 4), -1, np.float32)
    kinds = np.full((count, most), -1, np.int64)
    for i in range(count):
        for j in range(int(rng.integers(1, most + 1))):
            chosen = int(rng.integers(len(part)))
            ink = _resized(part.x[chosen].reshape(8, 8), rng)
            place = _free(boxes[i, :j], ink.shape, side, rng)
            if place is not None:
                boxes[i, j], kinds[i, j] = place, part.y[chosen]
                _paste(x[i, 0], mask[i], ink, place, int(part.y[chosen]))
    _close_gaps(boxes, kinds)
    x = np.clip(x + rng.normal(0, noise, x.shape), 0, 1).astype(np.float32)
    return Part(x, mask, {"boxes": boxes, "kinds": kinds, **_cells(boxes, kinds, side // 8)})


def _resized(ink: Array, rng: np.random.Generator) -> Array:
    """The digit 1 to 1.75 times as large, without its empty margins."""
    size = int(rng.integers(8, 15))
    large = np.asarray(ndimage.zoom(ink, size / 8, order=1))
    rows, columns = (np.flatnonzero((large > _INK).any(axis)) for axis in (1, 0))
    return large[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _free(taken: Array, shape: tuple[int, ...], side: int, rng: np.random.Generator) -> Box | None:
    """A place that touches no box and whose centre is alone in its cell of 8 pixels."""
    height, width = shape
    for _ in range(30):
        left, top = (int(rng.integers(0, side - n + 1)) for n in (width, height))
        box = (left, top, left + width, top + height)
        if not any(_clash(box, other) for other in taken):
            return box
    return None


def _clash(a: Box, b: Array) -> bool:
    apart = a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
    return not apart or _cell(np.array(a)) == _cell(b)


def _cell(box: Array) -> tuple[int, int]:
    """Row and column of the cell of 8 pixels in which the centre of the box lies."""
    return int((box[1] + box[3]) / 2 // 8), int((box[0] + box[2]) / 2 // 8)


def _paste(x: Array, mask: Array, ink: Array, box: Box, digit: int) -> None:
    window = slice(box[1], box[3]), slice(box[0], box[2])
    x[window] = np.maximum(x[window], ink)
    mask[window][ink > _INK] = 1 + digit


def _close_gaps(boxes: Array, kinds: Array) -> None:
    """Objects first: where no place was found for a digit, the next one moves up."""
    order = np.argsort(kinds < 0, axis=1, kind="stable")
    kinds[:] = np.take_along_axis(kinds, order, 1)
    boxes[:] = np.take_along_axis(boxes, order[..., None], 1)


def _cells(boxes: Array, kinds: Array, cells: int) -> dict[str, Array]:
    """What a detector should say in each cell of the grid."""
    count = len(boxes)
    present = np.zeros((count, cells, cells), np.float32)
    places = np.zeros((count, cells, cells, 4), np.float32)
    labels = np.zeros((count, cells, cells), np.int64)
    for i, j in zip(*np.nonzero(kinds >= 0), strict=True):
        left, top, right, bottom = boxes[i, j] / 8
        row, column = _cell(boxes[i, j])
        centre = ((left + right) / 2 - column, (top + bottom) / 2 - row)
        present[i, row, column], labels[i, row, column] = 1, kinds[i, j]
        places[i, row, column] = (*centre, right - left, bottom - top)
    return {"present": present, "places": places, "labels": labels}


def boxes_from_cells(places: Array) -> Array:
    """The way back: (..., S, S, 4) in cells to left, top, right, bottom in pixels."""
    cells = places.shape[-2]
    rows, columns = np.mgrid[:cells, :cells]
    x, y = places[..., 0] + columns, places[..., 1] + rows
    w, h = places[..., 2] / 2, places[..., 3] / 2
    return 8 * np.stack([x - w, y - h, x + w, y + h], -1)


def films(
    seed: int = 0,
    *,
    counts: tuple[int, int, int] = (600, 100, 200),
    frames: int = 10,
    side: int = 16,
) -> Dataset:
    """A digit that moves straight on and bounces off the walls: x (N, frames, 1, side, side).

    `y` is the digit; `extra["places"]` (N, frames, 2) its left and top corner in pixels.
    """
    train, valid, test = (
        _films(part, np.random.default_rng([seed, 7, i]), counts[i], frames, side)
        for i, part in enumerate(_parts(seed))
    )
    return Dataset("films", train, valid, test, _DIGITS)


def _films(part: Part, rng: np.random.Generator, count: int, frames: int, side: int) -> Part:
    chosen = rng.integers(len(part), size=count)
    room = side - 8
    start = rng.integers(0, 2 * room, (count, 2))  # in 0..2*room: half of them come back
    speed = rng.integers(1, 3, (count, 2)) * rng.choice([-1, 1], (count, 2))
    straight = start[:, None] + speed[:, None] * np.arange(frames)[:, None]
    places = room - np.abs(straight % (2 * room) - room)  # folded at the walls: (N, frames, 2)
    film = np.zeros((count, frames, 1, side, side), np.float32)
    for i in range(count):
        ink = part.x[chosen[i]].reshape(8, 8)
        for t, (left, top) in enumerate(places[i]):
            film[i, t, 0, top : top + 8, left : left + 8] = ink
    return Part(film, part.y[chosen], {"places": places.astype(np.int64)})


def coloured_digits(
    seed: int = 0, *, agreement: float = 0.9, tested: float = 0.1, mislabelled: float = 0.25
) -> Dataset:
    """Red and green digits: is it 5 or more?  In training the colour tells, in the test it lies.

    `x` is (N, 3, 8, 8), `y` 0 or 1, of which a share `mislabelled` is wrong.  The colour agrees
    with `y` at the rate `agreement` in train and valid, `tested` in test; after Arjovsky, Bottou,
    Gulrajani and Lopez-Paz (2019).  `extra` has `colour` (0 red, 1 green), `digit` and `truth`.
    """
    rates = (agreement, agreement, tested)
    train, valid, test = (
        _coloured(part, np.random.default_rng([seed, 3, i]), rates[i], mislabelled)
        for i, part in enumerate(_parts(seed))
    )
    return Dataset("coloured_digits", train, valid, test, ("below five", "five or more"))


def _coloured(part: Part, rng: np.random.Generator, agreement: float, mislabelled: float) -> Part:
    truth = (part.y >= 5).astype(np.int64)
    y = truth ^ (rng.random(len(part)) < mislabelled)
    colour = y ^ (rng.random(len(part)) >= agreement)
    x = np.zeros((len(part), 3, 8, 8), np.float32)
    x[np.arange(len(part)), colour] = part.x.reshape(-1, 8, 8)
    return Part(x, y, {"colour": colour, "digit": part.y, "truth": truth})
