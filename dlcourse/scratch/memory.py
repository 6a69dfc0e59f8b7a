"""The memory that arrays are made in: whether what one step frees is kept for the next."""

import ctypes

# The numbers of these settings in glibc's <malloc.h>, and their values.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT, USUAL = 1 << 30, 128 << 10  # bytes


def keep_freed_memory(keep=True):
    """Make new arrays in memory that freed ones leave behind; returns whether that is possible.

    A training step frees what it made, and glibc hands large blocks back to the system, which maps
    and clears them again, page by page, in the next step: a fifth to two fifths of the time of the
    larger networks in `benchmarks/engine.md`.  With `keep`, blocks of up to 1 GiB stay with the
    process, which therefore holds on to the most that it ever used.  `keep_freed_memory(False)`
    returns to glibc's usual thresholds.  It holds for the whole process, torch's tensors included;
    nothing in the engine calls it unasked.  Only Linux with glibc has the setting: elsewhere
    nothing happens and the answer is False.  Source: mallopt(3) of the Linux manual.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # macOS, Windows, or another C library
        return False
    size = KEPT if keep else USUAL
    return bool(mallopt(M_MMAP_THRESHOLD, size) and mallopt(M_TRIM_THRESHOLD, size))
