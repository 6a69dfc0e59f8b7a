"""Sequences of different lengths as one padded tensor."""

from typing import Any, NamedTuple

import numpy as np

from ... import ops
from ...autograd import wrap


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """Tensors (T_i, ...) -> (max T, N, ...), or (N, max T, ...) with batch_first."""
    if padding_side not in ("right", "left"):
        raise RuntimeError(f"padding_side should be 'right' or 'left', not {padding_side!r}")
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    longest = max(len(s) for s in sequences)
    padded = [_extended(s, longest - len(s), padding_value, padding_side) for s in sequences]
    return ops.stack(padded, 0 if batch_first else 1)


def _extended(t, n, value, side):
    if not n:
        return t
    filler = wrap(np.full((n, *t.shape[1:]), value, t._data.dtype))
    return ops.cat([t, filler] if side == "right" else [filler, t])


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """The tensors (T_i, ...) that `pad_sequence` joined."""
    sequences = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [s[: int(n)] for s, n in zip(sequences, lengths, strict=True)]


# --- packed: all first steps, then all second steps, ..., without padding ---------------------


class PackedSequence(NamedTuple):
    """The steps of sorted sequences, longest first, one after the other; `batch_sizes` at each."""

    data: Any
    batch_sizes: Any
    sorted_indices: Any = None
    unsorted_indices: Any = None


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """Padded (T, N, ...), or (N, T, ...) with batch_first, without the steps beyond `lengths`."""
    lengths = np.asarray(getattr(lengths, "_data", lengths), np.int64)
    input = input.transpose(0, 1) if batch_first else input
    if lengths.shape != (input.shape[1],):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {lengths.size} "
            f"(batch_size={input.shape[1]})"
        )
    if lengths.min() <= 0:
        raise RuntimeError("Length of all samples has to be greater than 0")
    order = None
    if not enforce_sorted:
        order = np.argsort(-lengths, kind="stable")
        input, lengths = input.index_select(1, wrap(order)), lengths[order]
    elif np.any(np.diff(lengths) > 0):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. "
            "You can pass `enforce_sorted=False` to sort them"
        )
    sizes = (lengths > np.arange(lengths[0])[:, None]).sum(1)
    data = ops.cat([input[t, :n] for t, n in enumerate(sizes)])
    back = None if order is None else wrap(np.argsort(order))
    return PackedSequence(data, wrap(sizes), order if order is None else wrap(order), back)


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """The padded (T, N, ...), or (N, T, ...), and the lengths, both in the first order."""
    sizes = sequence.batch_sizes.tolist()
    steps = sequence.data.split(sizes)
    longest = len(sizes) if total_length is None else total_length
    if longest < len(sizes):
        raise ValueError(f"total_length must be at least {len(sizes)}, not {total_length}")
    padded = [_extended(s, sizes[0] - len(s), padding_value, "right") for s in steps]
    out = _extended(ops.stack(padded), longest - len(sizes), padding_value, "right")
    lengths = (np.array(sizes)[:, None] > np.arange(sizes[0])).sum(0)
    if sequence.unsorted_indices is not None:
        out = out.index_select(1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices._data]
    return out.transpose(0, 1) if batch_first else out, wrap(lengths)


def pack_sequence(sequences, enforce_sorted=True):
    """Tensors (T_i, ...) as one packed sequence."""
    lengths = [len(s) for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, False, enforce_sorted)


def unpack_sequence(packed_sequences):
    """The tensors (T_i, ...) that `pack_sequence` packed."""
    return unpad_sequence(*pad_packed_sequence(packed_sequences))
