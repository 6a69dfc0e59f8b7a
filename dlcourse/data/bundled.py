"""Small real data that scikit-learn carries: digits, three tables and two photographs."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from sklearn import datasets

from .core import Array, Dataset, Part, cut


@cache
def _read(name: str) -> Any:
    # Held once per process: lessons ask for the same set again and again.
    loader: Callable[..., Any] = getattr(datasets, f"load_{name}")
    return loader()


def digits(seed: int = 0, *, flat: bool = True, valid: float = 0.15, test: float = 0.2) -> Dataset:
    """1,797 handwritten digits of 8x8 pixels, float32 in [0, 1] (UCI; Alpaydin & Kaynak, 1998).

    One `x` is 64 numbers, or (1, 8, 8) where `flat` is False; `y` is the digit, int64.
    """
    raw = _read("digits")
    x = (raw.images / 16).astype(np.float32)  # ink was counted 0..16 on 4x4 pixels
    x = x.reshape(len(x), 64) if flat else x[:, None]  # (N, 64) or (N, 1, 8, 8)
    y = raw.target.astype(np.int64)
    labels = tuple(str(d) for d in range(10))
    return Dataset("digits", *cut(Part(x, y), seed, valid, test, by=y), labels)


def breast_cancer(seed: int = 0, *, scale: bool = True) -> Dataset:
    """569 tumours by 30 measured features, to be told malignant (0) or benign (1) (Wolberg, 1995).

    `scale` standardises the columns by the mean and deviation of the training part.
    """
    return _table("breast_cancer", seed, scale)


def wine(seed: int = 0, *, scale: bool = True) -> Dataset:
    """178 wines of three growers by 13 chemical measurements (Aeberhard & Forina, 1991)."""
    return _table("wine", seed, scale)


def iris(seed: int = 0, *, scale: bool = True) -> Dataset:
    """150 irises of three species by four lengths in centimetres (Fisher, 1936)."""
    return _table("iris", seed, scale)


def _table(name: str, seed: int, scale: bool) -> Dataset:
    raw = _read(name)
    y = raw.target.astype(np.int64)
    parts = cut(Part(raw.data.astype(np.float32), y), seed, by=y)
    labels = tuple(str(n) for n in raw.target_names)
    features = tuple(str(n) for n in raw.feature_names)
    table = Dataset(name, *parts, labels, features)
    return table.standardised() if scale else table


def diabetes(seed: int = 0, *, scale: bool = True) -> Dataset:
    """442 patients by ten measurements; `y` is the disease's progress after a year, float32 (N, 1).

    The columns are raw (age in years, sex 1 or 2) before `scale` (Efron et al., 2004).
    """
    raw = _diabetes()
    part = Part(raw.data.astype(np.float32), raw.target.astype(np.float32)[:, None])
    table = Dataset("diabetes", *cut(part, seed), features=tuple(raw.feature_names))
    return table.standardised() if scale else table


@cache
def _diabetes() -> Any:
    return datasets.load_diabetes(scaled=False)


def photographs() -> dict[str, Array]:
    """Two colour photographs, `china` and `flower`: float32 in [0, 1], (3, 427, 640)."""
    return {
        name: (datasets.load_sample_image(f"{name}.jpg").transpose(2, 0, 1) / 255).astype(
            np.float32
        )
        for name in ("china", "flower")
    }
