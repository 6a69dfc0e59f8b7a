"""Larger data that are fetched once, checked by SHA-256, and kept; everything here is optional.

A file appears in the cache only when all of it has arrived and its checksum is right.
"""

import gzip
import hashlib
import logging
import os
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import platformdirs
import pooch
import requests
import yaml
from sklearn.model_selection import train_test_split
from tqdm import tqdm

from .core import Array, Dataset, Part
from .text import _RARE, Prose, TextSet, Vocabulary, _filled, _words

pooch.get_logger().setLevel(logging.WARNING)  # nothing is printed where all goes well


class OfflineError(ConnectionError):
    """A data set is not on this computer and cannot be fetched now; the message says what to do."""


class DamagedError(ValueError):
    """What was fetched is not what it should be; it has been removed, and nothing was kept."""


@cache
def sources() -> dict[str, Any]:
    """For each optional set: the address, the files with their SHA-256, and what to use instead."""
    return yaml.safe_load(Path(__file__).with_name("sources.yaml").read_text(encoding="utf-8"))


def folder(name: str) -> Path:
    """Where the files of a set are kept: `$DLCOURSE_DATA`, or the user's cache folder."""
    chosen = os.environ.get("DLCOURSE_DATA")
    return Path(chosen or platformdirs.user_cache_dir("dlcourse", appauthor=False)) / name


def fetch(name: str) -> dict[str, Path]:
    """The files of a set by name; what is missing or damaged is fetched.

    Raises `OfflineError` where it cannot be reached, `DamagedError` where the wrong bytes arrive.
    """
    source, here = sources()[name], folder(name)
    files = pooch.create(
        path=here, base_url=source["base"], registry=source["files"], retry_if_failed=1
    )
    return {file: _one(name, files, file, source) for file in source["files"]}


def _one(name: str, files: pooch.Pooch, file: str, source: dict[str, Any]) -> Path:
    kept = Path(files.abspath) / file
    damaged = kept.exists() and _sha256(kept) != source["files"][file]
    if damaged:
        kept.unlink()
    note = f"The copy kept in {kept.parent} was damaged and has been removed. " if damaged else ""
    downloader: Any = pooch.HTTPDownloader(progressbar=_bar(), timeout=30)
    try:
        return Path(files.fetch(file, downloader=downloader))
    except requests.RequestException as error:
        raise OfflineError(_offline(name, note, source, kept, error)) from error
    except ValueError as error:
        raise DamagedError(
            f"{file} of {name} arrived with the wrong checksum: it was cut off on the way, or the "
            f"source has changed. It has been removed; nothing was kept. Try data.{name}() again; "
            f"data.{source['instead']}() works without a network."
        ) from error


def _offline(name: str, note: str, source: dict[str, Any], kept: Path, error: Exception) -> str:
    return (
        f"{note}{name} is not on this computer, and its source cannot be reached "
        f"({type(error).__name__}). Go online once ({source['megabytes']} MB) and call "
        f"data.{name}() again; from then on it works offline. Or put {kept.name} from "
        f"{source['base']} into {kept.parent} yourself. data.{source['instead']}() is always here."
    )


def _bar() -> Any:
    # A bar belongs in a terminal; in a notebook it would be stored as an error stream.
    return tqdm(unit="B", unit_scale=True, leave=False) if sys.stderr.isatty() else False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def mnist(seed: int = 0, *, flat: bool = False) -> Dataset:
    """70,000 handwritten digits, x (N, 1, 28, 28) in [0, 1] or (N, 784) (LeCun et al., 1998)."""
    return _idx_set("mnist", seed, flat, tuple(str(d) for d in range(10)))


_CLOTHES = "T-shirt,trousers,pullover,dress,coat,sandal,shirt,sneaker,bag,ankle boot"


def fashion_mnist(seed: int = 0, *, flat: bool = False) -> Dataset:
    """70,000 pictures of clothes in the format of MNIST (Xiao, Rasul and Vollgraf, 2017)."""
    return _idx_set("fashion_mnist", seed, flat, tuple(_CLOTHES.split(",")))


def _idx_set(name: str, seed: int, flat: bool, labels: tuple[str, ...]) -> Dataset:
    files = fetch(name)
    learn, test = (
        Part(
            _pictures(read_idx(files[f"{which}-images-idx3-ubyte.gz"]), flat),
            read_idx(files[f"{which}-labels-idx1-ubyte.gz"]).astype(np.int64),
        )
        for which in ("train", "t10k")
    )
    return _with_valid(name, learn, test, seed, labels)


def _pictures(bytes_: Array, flat: bool) -> Array:
    x = (bytes_ / np.float32(255)).astype(np.float32)
    return x.reshape(len(x), -1) if flat else x[:, None]


def _with_valid(
    name: str, learn: Part, test: Part, seed: int, labels: tuple[str, ...], share: float = 0.1
) -> Dataset:
    """The official test part as it is; a tenth of the rest, by seed, to validate on."""
    everyone = np.arange(len(learn))
    train, valid = train_test_split(everyone, test_size=share, random_state=seed, stratify=learn.y)
    return Dataset(name, learn.take(train), learn.take(valid), test, labels)


def read_idx(path: Path) -> Array:
    """The array in a gzipped IDX file of bytes: two zeros, the type, the axes, their lengths.

    Raises `ValueError` where the header or the number of bytes is not what the format demands.
    """
    with gzip.open(path) as file:
        zero, kind, axes = int.from_bytes(file.read(2)), file.read(1), int.from_bytes(file.read(1))
        if zero != 0 or kind != b"\x08":
            raise ValueError(f"{path} is no IDX file of bytes.")
        shape = tuple(int.from_bytes(file.read(4)) for _ in range(axes))
        values = np.frombuffer(file.read(), np.uint8)
    if values.size != np.prod(shape):
        raise ValueError(f"{path} says it holds {shape}, but has {values.size} bytes.")
    return values.reshape(shape)


_CIFAR = "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck"


def cifar10(seed: int = 0) -> Dataset:
    """60,000 colour pictures of ten kinds, x (N, 3, 32, 32) in [0, 1] (Krizhevsky, 2009)."""
    (path,) = fetch("cifar10").values()
    learn, test = read_cifar(path)
    return _with_valid("cifar10", learn, test, seed, tuple(_CIFAR.split(",")))


def read_cifar(path: Path) -> tuple[Part, Part]:
    """The training and test parts in the binary archive: a label byte, then 3x32x32 bytes each."""
    found: dict[bool, list[Array]] = {True: [], False: []}
    for file, stream in sorted(_members(path, ".bin"), key=lambda member: member[0]):
        rows = np.frombuffer(stream, np.uint8).reshape(-1, 1 + 3 * 32 * 32)
        found["test" in file].append(rows)
    learn, test = (np.concatenate(found[is_test]) for is_test in (False, True))
    return _cifar_part(learn), _cifar_part(test)


def _cifar_part(rows: Array) -> Part:
    x = (rows[:, 1:].reshape(-1, 3, 32, 32) / np.float32(255)).astype(np.float32)
    return Part(x, rows[:, 0].astype(np.int64))


def _members(path: Path, ending: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files in a tar archive; nothing is ever unpacked to disk."""
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(ending):
                stream: BinaryIO | None = archive.extractfile(member)  # type: ignore[assignment]
                if stream is not None:
                    yield member.name, stream.read()


def shakespeare() -> Prose:
    """1.1 million characters of plays, cut in order: 80 % train, 10 % valid, 10 % test."""
    (path,) = fetch("shakespeare").values()
    text = path.read_text(encoding="utf-8")
    a, b = int(0.8 * len(text)), int(0.9 * len(text))
    return Prose(text[:a], text[a:b], text[b:], Vocabulary.of(text))


def imdb(seed: int = 0, *, words: int = 10_000, length: int = 200) -> TextSet:
    """50,000 film reviews, bad (0) or good (1) (Maas et al., 2011).

    `x` (N, length) are the first words, filled up on the left with symbol 0; symbol 1 stands for
    any word that is not among the `words` most frequent of the training part.
    """
    (path,) = fetch("imdb").values()
    learn, test = read_imdb(path)
    counts = Counter(word for text, _ in learn for word in text)
    common = tuple(word for word, _ in counts.most_common(words))
    vocabulary = Vocabulary(("", _RARE, *(w for w in common if w not in ("", _RARE))))
    known, unknown = (_reviews(texts, vocabulary, length) for texts in (learn, test))
    cut = _with_valid("imdb", known, unknown, seed, ("bad", "good"))
    return TextSet("imdb", cut.train, cut.valid, cut.test, cut.labels, vocabulary=vocabulary)


Review = tuple[list[str], int]


def read_imdb(path: Path) -> tuple[list[Review], list[Review]]:
    """Words and labels of the training and test reviews in the archive."""
    found: dict[str, list[Review]] = {"train": [], "test": []}
    for name, content in sorted(_members(path, ".txt"), key=lambda member: member[0]):
        *_, part, sign, _ = ("", "", "", *name.split("/"))
        if part in found and sign in ("pos", "neg"):
            text = content.decode("utf-8").replace("<br />", " ")
            found[part].append((list(_words(text)), int(sign == "pos")))
    return found["train"], found["test"]


def _reviews(reviews: list[Review], vocabulary: Vocabulary, length: int) -> Part:
    known = set(vocabulary.symbols)
    rows = [
        vocabulary.encode(w if w in known else _RARE for w in words[:length])
        for words, _ in reviews
    ]
    y = np.array([label for _, label in reviews], np.int64)
    return Part(_filled(rows, length, left=True), y)
