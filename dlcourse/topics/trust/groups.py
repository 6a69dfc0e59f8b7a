"""Error rates by group, a table of applicants (generated), and what a proxy gives away."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from ...data import Dataset, Part

Array = NDArray[Any]
COLUMNS = ("income", "debts", "district", "group")


class Rates(NamedTuple):
    """What a yes-or-no model does in one group; `base` is the share that deserves a yes."""

    base: float
    yes: float
    tpr: float
    fpr: float
    accuracy: float


def rates(y: Array, said: Array) -> Rates:
    """The rates of answers `said` (0 or 1) against the truth y (0 or 1)."""
    return Rates(
        float(y.mean()), float(said.mean()), float(said[y == 1].mean()),
        float(said[y == 0].mean()), float((said == y).mean()),
    )  # fmt: skip


def by_group(y: Array, said: Array, group: Array) -> dict[int, Rates]:
    """The rates of each group by itself."""
    return {int(g): rates(y[group == g], said[group == g]) for g in np.unique(group)}


def gap(y: Array, said: Array, group: Array, rate: str) -> float:
    """The difference of a rate between group 1 and group 0."""
    of = by_group(y, said, group)
    return getattr(of[1], rate) - getattr(of[0], rate)


def applicants(seed: int, count: int = 4000, bias: float = 1.0) -> Part:
    """A *generated* table of loan applicants: income, debts, district and group; y = pays back.

    Paying back depends on income and debts alone.  Group 1 has less income; the district, a number,
    depends on the group and on nothing else: it is a proxy.  In the column `decided` of `extra`,
    past officers said yes by the same rule, less `bias` for group 1.
    """
    rng = np.random.default_rng([seed, 11])
    group = (rng.random(count) < 0.4).astype(int)
    income = rng.normal(0, 1, count) - 0.6 * group
    debts = rng.normal(0, 1, count)
    district = rng.normal(0, 0.6, count) + 2.0 * group
    worth = 1.2 * income - 0.8 * debts + 0.3
    y = (rng.random(count) < 1 / (1 + np.exp(-2 * worth))).astype(int)
    decided = (rng.random(count) < 1 / (1 + np.exp(-2 * (worth - bias * group)))).astype(int)
    x = np.stack([income, debts, district, group], 1)
    return Part(x, y, {"group": group, "decided": decided})


def scores(train: Part, test: Part, columns: list[int], target: Array | None = None) -> Array:
    """Probabilities of yes for `test` by logistic regression on some columns of `train`."""
    model = LogisticRegression(max_iter=1000).fit(
        train.x[:, columns], train.y if target is None else target
    )
    return model.predict_proba(test.x[:, columns])[:, 1]


def threshold_for(share: float, p: Array) -> float:
    """The threshold above which a share `share` of the probabilities p lies."""
    return float(np.quantile(p, 1 - share))


def patients(diabetes: Dataset) -> dict[str, float]:
    """Real patients: is the progress above the median, by models with the column sex and without?

    `sex told` is how often the sex of test patients is told from the other columns, `most frequent`
    how often it is by always naming the more frequent one.  The gaps are sizes.
    """
    train = [np.concatenate([diabetes.train[k], diabetes.valid[k]]) for k in ("x", "y")]
    x, at = ((part - train[0].mean(0)) / train[0].std(0) for part in (train[0], diabetes.test.x))
    median = np.median(train[1])
    y, truth = (
        (train[1].ravel() > median).astype(int),
        (diabetes.test.y.ravel() > median).astype(int),
    )
    sex = diabetes.features.index("sex")
    others = [k for k in range(x.shape[1]) if k != sex]
    group = (at[:, sex] > 0).astype(int)

    def answers(columns: list[int], target: Array) -> Array:
        return LogisticRegression(max_iter=2000).fit(x[:, columns], target).predict(at[:, columns])

    everything, without = answers([*others, sex], y), answers(others, y)
    return {
        "sex told": float((answers(others, x[:, sex] > 0) == group).mean()),
        "most frequent": float(max(group.mean(), 1 - group.mean())),
        "accuracy": float((everything == truth).mean()),
        "without sex": float((without == truth).mean()),
        "TPR gap": abs(gap(truth, everything, group, "tpr")),
        "gap without": abs(gap(truth, without, group, "tpr")),
    }
