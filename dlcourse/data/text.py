"""Text as numbers: English prose, names of characters, dates, and windows to learn from."""

import gzip
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .core import Array, Augment, Batches, Dataset, Part, cut

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Vocabulary:
    """Symbols and their numbers; `special` ones, such as a filling, come first."""

    symbols: tuple[str, ...]

    @classmethod
    def of(cls, symbols: Iterable[str], special: Sequence[str] = ()) -> "Vocabulary":
        """The vocabulary of all symbols that occur, sorted, after the special ones."""
        return cls((*special, *sorted(set(symbols) - set(special))))

    def __len__(self) -> int:
        return len(self.symbols)

    def encode(self, symbols: Iterable[str]) -> Array:
        """The numbers (T,) of characters or words.  Raises `KeyError` for one that is not known."""
        numbers = _numbers(self)
        return np.array([numbers[s] for s in symbols], np.int64)

    def decode(self, numbers: Iterable[int], between: str = "") -> str:
        """The text of the numbers; `between` stands between symbols, as a space between words."""
        return between.join(self.symbols[int(n)] for n in numbers)

    def __repr__(self) -> str:
        return f"<vocabulary of {len(self)} symbols>"


@cache
def _numbers(vocabulary: Vocabulary) -> dict[str, int]:
    return {s: i for i, s in enumerate(vocabulary.symbols)}


@dataclass(frozen=True, eq=False, repr=False)
class TextSet(Dataset):
    """A data set of symbols, with its vocabulary and, where `y` is text too, that of `y`."""

    vocabulary: Vocabulary = Vocabulary(())
    target_vocabulary: Vocabulary = Vocabulary(())


@dataclass(frozen=True)
class Prose:
    """A text cut into three runs, as characters: `vocabulary.encode(prose.train)`."""

    train: str
    valid: str
    test: str
    vocabulary: Vocabulary

    def windows(self, part: str, length: int, size: int, **options: Any) -> "Windows":
        """`Windows` of the characters of `train`, `valid` or `test`."""
        return Windows(self.vocabulary.encode(getattr(self, part)), length, size, **options)


def prose() -> Prose:
    """465,000 characters of technical English: the help texts of Python 3.11.

    The first 80 % are `train`, the next 10 % `valid`, the last `test`; other characters than
    printable ASCII and line ends have become spaces or their plain forms.
    """
    text = gzip.decompress((_HERE / "prose.txt.gz").read_bytes()).decode("ascii")
    a, b = int(0.8 * len(text)), int(0.9 * len(text))
    return Prose(text[:a], text[a:b], text[b:], Vocabulary.of(text))


class Windows(Batches):
    """Batches of windows from one long sequence: `x` and, one further on, `y`, both (size, length).

    Epoch n cuts the sequence into windows that begin at a random offset, and shuffles them.
    `steps` keeps only so many batches an epoch.
    """

    def __init__(
        self,
        ids: Array,
        length: int,
        size: int,
        *,
        seed: int = 0,
        shuffle: bool = True,
        steps: int | None = None,
        augment: Augment | None = None,
    ):
        if len(ids) < 2 * length + 1:
            raise ValueError(
                f"{len(ids)} symbols are too few for windows of {length}: at least "
                f"{2 * length + 1} are needed."
            )
        starts = np.arange(0, len(ids) - 2 * length, length)
        super().__init__([starts], size, seed=seed, shuffle=shuffle, augment=augment)
        self.ids, self.length, self.steps = ids, length, steps

    def __len__(self) -> int:
        return super().__len__() if self.steps is None else min(self.steps, super().__len__())

    def chosen(self, number: int, order: Array) -> tuple[Array, ...]:
        """The windows that begin at the starts `order`, moved by the offset of the epoch."""
        offset = np.random.default_rng([self.seed, number]).integers(self.length)
        first = self.arrays[0][order] + (offset if self.shuffle else 0)
        at = first[:, None] + np.arange(self.length)
        return self.ids[at], self.ids[at + 1]


def hide(gap: int, share: float = 0.15) -> Augment:
    """For a masked model: of each `x`, a share becomes `gap`, and `y` is what stood there.

    Everywhere else `y` is -100, which cross-entropy ignores.  Each row has at least one gap.
    """

    def augment(rng: np.random.Generator, batch: tuple[Array, ...]) -> tuple[Array, ...]:
        x = batch[0]
        hidden = rng.random(x.shape) < share
        hidden[np.arange(len(x)), rng.integers(x.shape[1], size=len(x))] = True
        return np.where(hidden, gap, x), np.where(hidden, x, -100)

    return augment


_KINDS = {"L": "letter", "M": "mark", "N": "number", "P": "punctuation", "S": "symbol"}
_TOO_MANY = ("CJK", "HANGUL SYLLABLE", "YI ", "BRAILLE", "MATHEMATICAL ")


@cache
def _names() -> tuple[tuple[str, str], ...]:
    # Unicode 3.2 is kept by every Python, so that the set is the same everywhere.
    unicode = unicodedata.ucd_3_2_0
    found = ((unicode.name(chr(i), ""), unicode.category(chr(i))[0]) for i in range(0x30000))
    return tuple((n, k) for n, k in found if n and k in _KINDS and not n.startswith(_TOO_MANY))


def names(seed: int = 0, *, length: int = 48) -> TextSet:
    """Names of Unicode characters, to be continued or sorted by kind: GREEK SMALL LETTER PI.

    `x` (N, length) are characters, filled up on the left with symbol 0; `y` is the kind: letter,
    mark, number, punctuation or symbol.  Longer names are left out.
    """
    kept = [(name, kind) for name, kind in _names() if len(name) <= length]
    vocabulary = Vocabulary.of("".join(name for name, _ in kept), special=("",))
    x = _filled([vocabulary.encode(name) for name, _ in kept], length, left=True)
    y = np.array([list(_KINDS).index(kind) for _, kind in kept], np.int64)
    parts = cut(Part(x, y), seed, by=y)
    return TextSet("names", *parts, labels=tuple(_KINDS.values()), vocabulary=vocabulary)


def _filled(rows: Sequence[Array], length: int, *, left: bool) -> Array:
    """Rows of one length: zeros on the left or on the right."""
    out = np.zeros((len(rows), length), np.int64)
    for i, row in enumerate(rows):
        out[i, length - len(row) :] = row if left else 0
        if not left:
            out[i, : len(row)] = row
    return out


_STYLES = (
    "{d} {month} {y}",
    "{month} {d}, {y}",
    "{weekday}, {d} {month} {y}",
    "{weekday} {d} {short} {y}",
    "{short} {d}, {y}",
    "{d}/{m}/{y}",
    "{d:02}.{m:02}.{y}",
    "the {d}{th} of {month} {y}",
)
_START = "^"
_RARE = "_"


def dates(seed: int = 0, *, count: int = 6000) -> TextSet:
    """A day as people write it, to be translated: "Tuesday, 3 March 1998" to "1998-03-03".

    `x` (N, 28) are characters filled up on the left with symbol 0, `y` (N, 11) the start symbol `^`
    and ten characters.  Every day of 1900 to 2099 is used at most once, so no test day was seen.
    """
    rng = np.random.default_rng(seed)
    days = rng.permutation((date(2100, 1, 1) - date(1900, 1, 1)).days)[:count]
    texts = [_written(int(day), _STYLES[int(rng.integers(len(_STYLES)))]) for day in days]
    source = Vocabulary.of("".join(text for text, _ in texts), special=("",))
    target = Vocabulary.of("0123456789-", special=("", _START))
    x = _filled([source.encode(text) for text, _ in texts], 28, left=True)
    y = np.stack([target.encode(_START + iso) for _, iso in texts])
    parts = cut(Part(x, y), seed)
    return TextSet("dates", *parts, vocabulary=source, target_vocabulary=target)


_MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
]  # fmt: skip
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _written(day: int, style: str) -> tuple[str, str]:
    # English names from this file: strftime would follow the language of the machine.
    when = date(1900, 1, 1) + timedelta(days=day)
    month = _MONTHS[when.month - 1]
    ending = "th" if when.day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(when.day % 10)
    text = style.format(
        d=when.day, m=when.month, y=when.year, month=month, short=month[:3],
        weekday=_WEEKDAYS[when.weekday()], th=ending or "th",
    )  # fmt: skip
    return text, when.isoformat()


def sentiment(seed: int = 0) -> TextSet:
    """Sentences of our own, good (1) or bad (0), in which word order and negation decide.

    `x` (N, T) are words filled up on the left with symbol 0; symbol 1 stands for any word that only
    valid or test have.  The two sentences of a pair are in one part, so that no test sentence is
    the opposite of a trained one.
    """
    rows = [line.split("\t") for line in _lines("sentiment.tsv")]
    groups = np.array([row[0] for row in rows])
    y = np.array([row[1] == "+" for row in rows]).astype(np.int64)
    words = [tuple(_words(row[2])) for row in rows]
    where = _by_group(groups, seed)
    vocabulary = Vocabulary.of(
        (w for ws, part in zip(words, where, strict=True) if part == 0 for w in ws), ("", _RARE)
    )
    known = set(vocabulary.symbols)
    longest = max(map(len, words))
    x = _filled(
        [vocabulary.encode(w if w in known else _RARE for w in ws) for ws in words],
        longest, left=True,
    )  # fmt: skip
    train, valid, test = (Part(x[where == p], y[where == p]) for p in range(3))
    labels = ("bad", "good")
    return TextSet("sentiment", train, valid, test, labels, vocabulary=vocabulary)


def sentences() -> list[tuple[str, str]]:
    """All sentences of `sentiment` as they are written, each with `+` or `-`."""
    return [(row[2], row[1]) for row in (line.split("\t") for line in _lines("sentiment.tsv"))]


def _lines(name: str) -> Iterator[str]:
    for line in (_HERE / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def _words(sentence: str) -> Iterator[str]:
    """Lower-case words; commas and the like are words, too."""
    for mark in ",.?":
        sentence = sentence.replace(mark, f" {mark} ")
    yield from sentence.lower().split()


def _by_group(groups: Array, seed: int) -> Array:
    """For each example 0, 1 or 2 (train, valid, test), the same for a whole group: 70, 10, 20 %."""
    order = np.random.default_rng(seed).permutation(np.unique(groups))
    shares = np.cumsum([np.sum(groups == g) for g in order]) / len(groups)
    part = {g: int(s > 0.7) + int(s > 0.8) for g, s in zip(order, shares, strict=True)}
    return np.array([part[g] for g in groups])
