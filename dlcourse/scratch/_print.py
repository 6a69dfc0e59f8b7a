"""Tensors as text, as torch prints them."""

import math

import numpy as np

from .dtypes import get_default_dtype, of_array

options = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}


def set_printoptions(
    precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None
):
    """Change how tensors are printed; None leaves an option as it is."""
    if profile is not None:
        raise NotImplementedError("set_printoptions: give the options one by one, not a profile")
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems}
    given |= {"linewidth": linewidth, "sci_mode": sci_mode}
    options.update({k: v for k, v in given.items() if v is not None})


def tensor_repr(t):
    """`tensor(...)` with dtype, grad_fn or requires_grad where they tell something."""
    array, notes = t._data, []
    if array.size == 0 and array.ndim != 1:
        notes.append(f"size={tuple(array.shape)}")
    usual = (get_default_dtype().numpy, np.dtype(np.int64), np.dtype(bool))
    if array.dtype not in usual or (array.size == 0 and array.dtype != usual[0]):
        notes.append(f"dtype={of_array(array)}")
    if t.grad_fn is not None:
        notes.append(f"grad_fn={t.grad_fn!r}")
    elif t._requires_grad:
        notes.append("requires_grad=True")
    body = "[]" if array.size == 0 else _block(array, _formatter(array), len("tensor("))
    return _with_notes("tensor(" + body, notes)


def _with_notes(text, notes):
    for i, note in enumerate(notes):
        last_line = text.rpartition("\n")[2]
        extra = 1 if i == len(notes) - 1 else 0
        fits = len(last_line) + len(note) + 2 + extra <= options["linewidth"]
        text += (", " if fits else ",\n" + " " * len("tensor(")) + note
    return text + ")"


def _formatter(array):
    shown = _summarized(array).ravel()
    if array.dtype.kind == "f":
        return _float_formatter(shown)
    texts = [str(v) for v in shown.tolist()]
    width = max(map(len, texts))
    return lambda v: str(v.item()).rjust(width)


def _float_formatter(shown):
    p = options["precision"]
    finite = shown[np.isfinite(shown) & (shown != 0)].astype(np.float64)
    whole = bool(np.all(finite == np.ceil(finite)))
    sizes = np.abs(finite)
    big = finite.size and (
        sizes.max() / sizes.min() > 1000 or sizes.max() > 1e8 or (not whole and sizes.min() < 1e-4)
    )
    scientific = options["sci_mode"] if options["sci_mode"] is not None else bool(big)
    if whole and finite.size + 0 >= 0 and not scientific:

        def text(v):
            return f"{v:.0f}." if math.isfinite(v) else str(v)
    else:
        style = "e" if scientific else "f"

        def text(v):
            return f"{v:.{p}{style}}" if math.isfinite(v) else str(v)

    width = max((len(text(float(v))) for v in finite), default=0)
    return lambda v: text(float(v)).rjust(width)


def _summarized(array):
    """The elements that are printed: all, or the edges of each dimension."""
    if array.size <= options["threshold"]:
        return array
    n = options["edgeitems"]
    for axis, size in enumerate(array.shape):
        if size > 2 * n:
            array = np.take(array, [*range(n), *range(size - n, size)], axis)
    return array


def _block(array, text, indent, whole=None):
    whole = array.size > options["threshold"] if whole is None else whole
    if not array.ndim:
        return text(array[()]).strip() if array.dtype.kind != "f" else text(array[()])
    n = options["edgeitems"]
    cut = whole and len(array) > 2 * n
    rows = [*array[:n], *array[-n:]] if cut else list(array)
    if array.ndim == 1:
        return "[" + _wrapped([text(v) for v in rows], indent, n if cut else None) + "]"
    parts = [_block(r, text, indent + 1, whole) for r in rows]
    if cut:
        parts.insert(n, "...")
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


def _wrapped(texts, indent, cut):
    if cut is not None:
        texts.insert(cut, " ...")
    per_line = max(
        1, (options["linewidth"] - indent) // (max(map(len, texts[:1] + texts[-1:]), default=0) + 2)
    )
    lines = [texts[i : i + per_line] for i in range(0, len(texts), per_line)]
    return (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines)
