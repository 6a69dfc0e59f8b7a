"""Sequences of different lengths as one padded tensor."""

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


def _refuse_packing(*args, **kwargs):
    """Packed sequences are not part of this engine: pad them, and mask the loss."""
    raise NotImplementedError(
        "packed sequences are not supported: use pad_sequence, and mask padded steps in the loss"
    )


pack_padded_sequence = pad_packed_sequence = pack_sequence = _refuse_packing
