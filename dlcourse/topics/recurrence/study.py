"""What lesson 05 measures: text, sentiment, a series, dates, and how far a cell remembers."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline

from ... import data
from ...data import Batches, Part, TextSet
from ...models import CharRNN, SentimentRNN, Seq2Seq
from ...models.sampling import choose
from ...teach import metrics
from ...teach.train import (
    cosine,
    engine_of,
    evaluating,
    fit,
    own_loss,
    predict,
    squared_error,
    to_tensors,
)

Array = NDArray[Any]
RATES = {"rnn": 4e-3, "gru": 1e-2, "lstm": 1e-2}  # from trials, some judged on the test part

# Text -------------------------------------------------------------------------------------------


def train_text(engine: Any, cell: str, seed: int, steps: int = 240) -> tuple[Any, list[float]]:
    """A `CharRNN` of 64 units after `steps` batches of 32 windows of 32; and its losses."""
    engine.manual_seed(seed)
    text = data.prose()
    model = CharRNN(engine)(len(text.vocabulary), 24, 64, cell)
    windows = text.windows("train", 32, 32, seed=seed, steps=steps)
    schedule = cosine(steps, warm_up=20)
    history = fit(
        model, windows, loss=own_loss, lr=RATES[cell], epochs=1, schedule=schedule, clip=1.0
    )
    return model, history.steps


def nats(model: Any, part: str = "test") -> float:
    """The mean loss of a character model over windows of 64 of a part of the prose."""
    windows = data.prose().windows(part, 64, 64, shuffle=False)
    with evaluating(model):
        losses = [model.loss(*to_tensors(model, batch)).item() for batch in windows.epoch(0)]
    return float(np.mean(losses))


def count_model(order: int) -> float:
    """Nats a character on the test prose of a table that counts what follows `order - 1` others.

    Seldom seen contexts lean on shorter ones by Witten and Bell's rule (1991).
    """
    text = data.prose()
    test = text.vocabulary.encode(text.test).tolist()
    p = np.full(len(test) - order, 1 / len(text.vocabulary))
    for k in range(order):
        table = _table(k)
        for j in range(len(p)):
            i = j + order
            counts = table.get(tuple(test[i - k : i]))
            if counts:
                new = len(counts)
                p[j] = (counts.get(test[i], 0) + new * p[j]) / (sum(counts.values()) + new)
    return float(-np.log(p).mean())


@cache
def _table(k: int) -> dict[tuple[int, ...], dict[int, int]]:
    """How often each symbol follows each run of k others in the training prose."""
    ids = data.prose().vocabulary.encode(data.prose().train).tolist()
    table: Any = defaultdict(lambda: defaultdict(int))
    for i in range(k, len(ids)):
        table[tuple(ids[i - k : i])][ids[i]] += 1
    return dict(table)


def write(model: Any, start: str, length: int, temperature: float = 0.7, seed: int = 0) -> str:
    """`start` continued by `length` characters, each drawn and then read by the model itself."""
    text, rng = data.prose(), np.random.default_rng(seed)
    ids, state, out = text.vocabulary.encode(start)[None], None, []
    with evaluating(model):
        for _ in range(length):
            logits, state = model(engine_of(model).tensor(ids), state)
            drawn = choose(logits[0, -1].numpy(), rng, temperature=temperature)
            out.append(drawn)
            ids = np.array([[drawn]])  # from now on one character at a time: the state has the rest
    return start + text.vocabulary.decode(out)


def known_words(sample: str) -> float:
    """The share of the words of a sample that occur in the training prose."""
    words = re.findall(r"[a-z]+", sample.lower())
    return float(np.mean([w in _training_words() for w in words]))


@cache
def _training_words() -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", data.prose().train.lower()))


# Sentiment --------------------------------------------------------------------------------------


def train_sentiment(engine: Any, sentences: TextSet, seed: int) -> Any:
    """A GRU that has read the training sentences forty times."""
    engine.manual_seed(seed)
    model = SentimentRNN(engine)(len(sentences.vocabulary))
    fit(model, sentences.train.batches(32, seed=seed), lr=5e-3, epochs=40, clip=1.0)
    return model


def bag_of_words(sentences: TextSet) -> Callable[[Array], Array]:
    """The baseline: logistic regression on which words occur, blind to their order."""
    model = make_pipeline(
        CountVectorizer(token_pattern=r"\S+"), LogisticRegression(max_iter=1000)
    ).fit(as_words(sentences, sentences.train.x), sentences.train.y)
    return lambda x: np.asarray(model.predict(as_words(sentences, x)))


def as_words(sentences: TextSet, x: Array) -> list[str]:
    """Rows of numbers as words, without their filling."""
    return [sentences.vocabulary.decode(row[row > 0], " ") for row in x]


def shuffled_words(x: Array, seed: int = 0) -> Array:
    """The same words in every row, in random order; the filling stays on the left."""
    rng, out = np.random.default_rng(seed), x.copy()
    for row in out:
        row[row > 0] = rng.permutation(row[row > 0])
    return out


# A series ---------------------------------------------------------------------------------------


def mackey_glass(length: int, seed: int, noise: float = 0.1) -> Array:
    """A chaotic series (Mackey & Glass, 1977) with noise, scaled by its first 60 %: (length,).

    dx/dt = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x(t), by Euler steps of 0.1, read at every
    full unit of time after the first 300.
    """
    rng, delay = np.random.default_rng(seed), 170
    x = (1.2 + 0.2 * rng.standard_normal(delay + 1)).tolist()
    for _ in range(10 * (length + 300)):
        late = x[-1 - delay]
        x.append(x[-1] + 0.1 * (0.2 * late / (1 + late**10) - 0.1 * x[-1]))
    clean = np.array(x[::10])[-length:]
    first = clean[: int(0.6 * length)]
    return (clean - first.mean()) / first.std() + noise * rng.standard_normal(length)


def forecasts(series: Array, past: int = 24, ahead: int = 12) -> dict[str, Part]:
    """Windows (N, past, 1) with the value `ahead` steps later, cut by time and never overlapping.

    The first 60 % train, then 10 % valid, then 30 % test; a window belongs to a part only if its
    first input and its answer both do.
    """
    first = np.arange(len(series) - past - ahead + 1)
    x = series[first[:, None] + np.arange(past)][..., None].astype(np.float32)
    y = series[first + past + ahead - 1].astype(np.float32)
    ends = {"train": (0.0, 0.6), "valid": (0.6, 0.7), "test": (0.7, 1.0)}
    whole = {k: (int(a * len(series)), int(b * len(series))) for k, (a, b) in ends.items()}
    inside = {k: (first >= a) & (first + past + ahead <= b) for k, (a, b) in whole.items()}
    return {k: Part(x[mask], y[mask]) for k, mask in inside.items()}


def Forecaster(torch: Any) -> Any:
    """A GRU that reads the past and says one number."""
    nn = torch.nn

    class Forecaster(nn.Module):
        """`Forecaster(hidden)`: (N, past, 1) to (N,)."""

        def __init__(self, hidden=16):
            super().__init__()
            self.rnn = nn.GRU(1, hidden, batch_first=True)
            self.head = nn.Linear(hidden, 1)

        def forward(self, x):
            h, _ = self.rnn(x)  # (N, past, hidden)
            return self.head(h[:, -1])[:, 0]

    return Forecaster


def train_forecaster(engine: Any, parts: dict[str, Part], seed: int, epochs: int = 20) -> Any:
    """A `Forecaster` trained on the first part of a series."""
    engine.manual_seed(seed)
    model, batches = Forecaster(engine)(), parts["train"].batches(32, seed=seed)
    schedule = cosine(epochs * len(batches))
    fit(model, batches, loss=squared_error, lr=1e-2, epochs=epochs, schedule=schedule, clip=1.0)
    return model


def naive_forecasts(parts: dict[str, Part]) -> dict[str, Array]:
    """What simpler methods say of the test part, fitted on the train part."""
    (x, y), test = parts["train"], parts["test"].x[..., 0]
    past = x[..., 0]
    return {
        "mean of the past": np.full(len(test), y.mean()),
        "last value": test[:, -1],
        "linear in 24 values": LinearRegression().fit(past, y).predict(test),
        "5 nearest pasts": KNeighborsRegressor(5).fit(past, y).predict(test),
    }


def rmse(guess: Array, truth: Array) -> float:
    """The root of the mean squared error."""
    return float(np.sqrt(np.mean((guess - truth) ** 2)))


# Dates ------------------------------------------------------------------------------------------


def train_dates(engine: Any, dates: TextSet, seed: int, attention: bool) -> Any:
    """A `Seq2Seq` of 32 units that has read the training dates five times."""
    engine.manual_seed(seed)
    sizes = len(dates.vocabulary), len(dates.target_vocabulary)
    model = Seq2Seq(engine)(*sizes, 16, 32, attention)
    batches = dates.train.batches(64, seed=seed)
    schedule = cosine(5 * len(batches), warm_up=20)
    fit(model, batches, loss=own_loss, lr=1.6e-2, epochs=5, schedule=schedule, clip=1.0)
    return model


def translations(model: Any, x: Array) -> Array:
    """What the model writes for each row, on its own words: (N, 10)."""
    with evaluating(model):
        return model.translate(*to_tensors(model, [x]), 1, 10).numpy()


def own_words(model: Any, part: Part, count: int = 400) -> Array:
    """Which symbols are right where the model reads what it wrote itself: (count, 10)."""
    return translations(model, part.x[:count]) == part.y[:count, 1:]


def given_words(model: Any, part: Part, count: int = 400) -> Array:
    """Which symbols would be right if every symbol before were the true one: (count, 10)."""
    x, y = part.x[:count], part.y[:count]
    return predict(model, x, y[:, :-1]).argmax(-1) == y[:, 1:]


# How far a cell remembers -------------------------------------------------------------------------

MEMORIES: dict[str, dict[str, Any]] = {
    "RNN": {"cell": "rnn"},
    "RNN, orthogonal": {"cell": "rnn", "orthogonal": True},
    "GRU": {"cell": "gru"},
    "LSTM": {"cell": "lstm"},
    "LSTM, forget bias 3": {"cell": "lstm", "forget": 3.0},
}


def Reader(torch: Any) -> Any:
    """A cell that reads symbols 0 to 7 and names one of the first four at the end."""
    nn = torch.nn
    cells = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}

    class Reader(nn.Module):
        """`Reader(cell)`: (N, T) whole numbers to logits (N, 4)."""

        def __init__(self, cell, hidden=24):
            super().__init__()
            self.embed = nn.Embedding(8, 8)
            self.rnn = cells[cell](8, hidden, batch_first=True)
            self.head = nn.Linear(hidden, 4)

        def forward(self, x):
            h, _ = self.rnn(self.embed(x))  # (N, T, hidden)
            return self.head(h[:, -1])

    return Reader


def first_symbol(rng: np.random.Generator, count: int, lag: int) -> Array:
    """Rows (count, lag + 1): one of four symbols to remember, then `lag` symbols of noise."""
    x = rng.integers(4, 8, (count, lag + 1))
    x[:, 0] = rng.integers(0, 4, count)
    return x


def remembers(
    engine: Any, lag: int, seed: int, cell: str, forget: float = 0.0, orthogonal: bool = False
) -> float:
    """Accuracy at naming the first symbol after `lag` others; chance is 0.25."""
    engine.manual_seed(seed)
    model, rng = Reader(engine)(cell), np.random.default_rng(seed)
    H = model.rnn.hidden_size
    with engine.no_grad():
        if forget:
            model.rnn.bias_ih_l0[H : 2 * H] = forget  # gates in the order i, f, g, o
        if orthogonal:
            turn = np.linalg.qr(rng.normal(size=(H, H)))[0]
            model.rnn.weight_hh_l0.copy_(engine.tensor(turn.astype(np.float32)))
    x = first_symbol(rng, 120 * 32, lag)
    fit(model, Batches([x, x[:, 0]], 32, seed=seed), lr=1e-2, epochs=1, clip=1.0)
    test = first_symbol(rng, 500, lag)
    return metrics.accuracy(predict(model, test), test[:, 0])


def memory(engine: Any, lags: Sequence[int], seeds: int = 3) -> dict[str, Array]:
    """`remembers` for every kind of cell: (lags, seeds) each."""
    return {
        name: np.array([[remembers(engine, lag, s, **kind) for s in range(seeds)] for lag in lags])
        for name, kind in MEMORIES.items()
    }
