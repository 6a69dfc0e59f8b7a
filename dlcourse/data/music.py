"""Melodies made by rules, which a model can learn and a program can check, and hear."""

import itertools
from collections.abc import Iterable

import numpy as np

from .core import Array, Part, cut
from .text import TextSet, Vocabulary

# C major from the B below to the high C; "-" holds the last note for one more eighth.
_NAMES = ("-", "B3", "C4", "D4", "E4", "F4", "G4", "A4", "B4", "C5")
_MIDI = (0, 59, 60, 62, 64, 65, 67, 69, 71, 72)
_TONIC, _LEADING = 2, (1, 8)
_BARS, _EIGHTHS = 4, 8
_RHYTHMS = ((2, 2, 2, 2), (4, 2, 2), (2, 2, 4), (3, 1, 2, 2), (1, 1, 2, 2, 2), (2, 1, 1, 4))


def melodies(seed: int = 0, *, count: int = 2000) -> TextSet:
    """Tunes of four bars in C major, in eighths, all different.

    `x` (N, 32) are the eighths, `y` (N, 32) the same one further on.  Rules: a tune begins and ends
    on C; no leap is wider than a fourth; a B goes to the C beside it; bar 3 repeats bar 1.
    `broken_rules` checks them.
    """
    rng = np.random.default_rng(seed)
    different: set[tuple[int, ...]] = set()
    while len(different) < count:
        different.add(_tune(rng))
    tunes = np.array(sorted(different), np.int64)  # (N, 32)
    ends = np.full((count, 1), _TONIC)  # after the tune, the tonic again
    part = Part(tunes, np.concatenate([tunes[:, 1:], ends], 1))
    return TextSet("melodies", *cut(part, seed), vocabulary=Vocabulary(_NAMES))


def _tune(rng: np.random.Generator) -> tuple[int, ...]:
    while True:
        first, note = _bar(rng, _TONIC, begins=True)
        second, note = _bar(rng, note)
        last, _ = _bar(rng, first[-1], ends=True)
        tune = (*first[:-1], *second[:-1], *first[:-1], *last[:-1])
        if not broken_rules(tune):
            return tune


def _bar(
    rng: np.random.Generator, note: int, *, begins: bool = False, ends: bool = False
) -> tuple[list[int], int]:
    """Eight eighths and, as a ninth number, the note that sounds last."""
    rhythm = (4, 4) if ends else _RHYTHMS[int(rng.integers(len(_RHYTHMS)))]
    out: list[int] = []
    for i, length in enumerate(rhythm):
        if not (begins and i == 0):
            note = _next(rng, note)
        if ends and i == len(rhythm) - 1:
            note = _TONIC
        out += [note] + [0] * (length - 1)
    return [*out, note], note


def _next(rng: np.random.Generator, note: int) -> int:
    if note in _LEADING:
        return _TONIC if note == _LEADING[0] else 9
    steps, odds = (-3, -2, -1, 1, 2, 3), (0.05, 0.12, 0.35, 0.33, 0.1, 0.05)
    return int(np.clip(note + rng.choice(steps, p=odds), 1, 9))


def broken_rules(tune: Iterable[int]) -> tuple[str, ...]:
    """The rules a tune of 32 eighths breaks; none for every tune of `melodies`."""
    tune = np.asarray(list(tune))
    notes = tune[tune > 0]
    leaps = np.abs(np.diff(notes))
    b_to_c = {1: _TONIC, 8: 9}
    pairs = itertools.pairwise(notes)
    rules = {
        "32 eighths": len(tune) == _BARS * _EIGHTHS,
        "begins on C": tune[0] == _TONIC,
        "ends on C": notes[-1] == _TONIC if len(notes) else False,
        "no leap beyond a fourth": bool((leaps <= 3).all()),
        "a B goes to the C beside it": all(b == b_to_c[a] for a, b in pairs if a in b_to_c),
        "bar 3 repeats bar 1": np.array_equal(tune[:8], tune[16:24]),
    }
    return tuple(rule for rule, kept in rules.items() if not kept)


def sound(tune: Iterable[int], *, eighth: float = 0.22, rate: int = 22050) -> Array:
    """The tune as a wave to listen to, float32 in [-1, 1]: plucked tones with three harmonics."""
    played: list[list[int]] = []
    for symbol in tune:
        if symbol > 0 or not played:
            played.append([int(symbol), 0])
        played[-1][1] += 1
    return np.concatenate([_tone(note, n * eighth, rate) for note, n in played])


def _tone(note: int, seconds: float, rate: int) -> Array:
    t = np.arange(int(seconds * rate)) / rate
    if note == 0:
        return np.zeros(len(t), np.float32)
    frequency = 440 * 2 ** ((_MIDI[note] - 69) / 12)
    wave = sum(np.sin(2 * np.pi * k * frequency * t) / k**2 for k in (1, 2, 3))
    fade = np.minimum(1, t / 0.01) * np.exp(-3 * t)
    return (0.5 * wave * fade).astype(np.float32)
