"""What lesson 06 measures: bits by counting and by networks, dates, heads, gaps, and tastes."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from ...data import Batches, Dataset, Prose, TextSet, Vocabulary, hide
from ...models import BERT, GPT, CharRNN, Recommender, Seq2Seq, sampling
from ...teach.train import cosine, evaluating, fit, own_loss, predict, to_tensors

Array = np.ndarray

# Text: the same windows for everybody.

SIZE, LENGTH, STEPS = 32, 32, 150  # windows a batch, characters a window, batches


def small_gpt(engine: Any, text: Prose, seed: int) -> Any:
    """One block of width 64 with four heads; its embeddings begin at a tenth of the usual size.

    At full size they drown what the block adds, and the first hundred steps are lost.
    """
    engine.manual_seed(seed)
    model = GPT(engine)(len(text.vocabulary), LENGTH, layers=1, heads=4, width=64)
    with engine.no_grad():
        for table in (model.tokens, model.positions):
            table.weight.mul_(0.1)
    return model


def small_rnn(engine: Any, text: Prose, seed: int) -> Any:
    """A GRU with about as many parameters as `small_gpt`."""
    engine.manual_seed(seed)
    return CharRNN(engine)(len(text.vocabulary), 32, 112)


def practise(model: Any, text: Prose, seed: int, steps: int = STEPS, lr: float = 1e-2) -> Any:
    """The history of `steps` batches of windows; the rate warms up and falls to 0."""
    windows = text.windows("train", LENGTH, SIZE, seed=seed, steps=50)
    schedule = cosine(steps, warm_up=30)
    return fit(
        model, windows, loss=own_loss, lr=lr, epochs=steps // 50, schedule=schedule, clip=1.0
    )


def bits(model: Any, text: Prose, part: str = "test", batches: int = 20) -> float:
    """Bits a character on the first windows of a part; the first character of each is given."""
    windows = text.windows(part, LENGTH, 32, shuffle=False)
    with evaluating(model):
        losses = [
            model.loss(*to_tensors(model, batch)).item()
            for batch, _ in zip(windows.epoch(0), range(batches), strict=False)
        ]
    return float(np.mean(losses)) / math.log(2)


class Counts:
    """An n-gram model: how often each character followed the `order - 1` before it.

    Long contexts are mixed with shorter ones as Witten and Bell (1991) do: a context that was
    followed by many different characters trusts itself less.
    """

    def __init__(self, text: str, order: int, vocabulary: int = 94):
        self.order, self.vocabulary = order, vocabulary
        self.tables: list[dict[str, Counter[str]]] = []
        for n in range(order):
            table: dict[str, Counter[str]] = defaultdict(Counter)
            for i in range(n, len(text)):
                table[text[i - n : i]][text[i]] += 1
            self.tables.append(dict(table))
        self.totals = [{k: c.total() for k, c in table.items()} for table in self.tables]

    def probability(self, before: str, character: str) -> float:
        """The probability of a character after the text `before`."""
        p = 1 / self.vocabulary
        for n in range(min(self.order, len(before) + 1)):
            context = before[len(before) - n :]
            seen = self.tables[n].get(context)
            if seen is None:
                break
            total, kinds = self.totals[n][context], len(seen)
            p = (seen[character] + kinds * p) / (total + kinds)
        return p

    def bits(
        self, text: Prose, part: str = "test", batches: int = 20, order: int | None = None
    ) -> float:
        """Bits a character on the same windows, with the same characters given, as `bits`.

        With a smaller `order` than its own it looks at fewer characters, as a smaller table would.
        """
        order = min(order or self.order, self.order)
        windows = text.windows(part, LENGTH, 32, shuffle=False)
        logs, decode = [], text.vocabulary.decode
        for (x, y), _ in zip(windows.epoch(0), range(batches), strict=False):
            for row, last in zip(x, y[:, -1], strict=True):
                whole = decode([*row, last])
                for i in range(1, len(whole)):
                    before = whole[max(0, i - order + 1) : i]
                    logs.append(math.log2(self.probability(before, whole[i])))
        return -float(np.mean(logs))


def write(model: Any, vocabulary: Vocabulary, start: str, length: int, seed: int, **options) -> str:
    """`start` continued by `length` characters, drawn one by one with a cache of keys and values.

    When the model's context is full, its younger half is read again and the cache begins anew.
    """
    rng, ids = np.random.default_rng(seed), list(vocabulary.encode(start))
    with evaluating(model):
        logits, cache = model.extend(*to_tensors(model, [np.array([ids[-model.context :]])]))
        for _ in range(length):
            ids.append(sampling.choose(logits.numpy()[0, -1], rng, **options))
            new = [ids[-1]]
            if cache[0][0].shape[2] == model.context:
                new, cache = ids[-model.context // 2 :], None
            logits, cache = model.extend(*to_tensors(model, [np.array([new])]), cache)
    return vocabulary.decode(ids)


def known_words(written: str, text: Prose) -> float:
    """The share of words of three letters or more that stand somewhere in the training text."""
    known = set(_words(text.train))
    words = [w for w in _words(written) if len(w) > 2]
    return sum(w in known for w in words) / max(len(words), 1)


def _words(text: str) -> list[str]:
    return "".join(c if c.isalpha() else " " for c in text.lower()).split()


# Dates: the bottleneck, and what attention does about it.

_EPOCHS = 3


def translator(engine: Any, dates: TextSet, seed: int, attention: bool, epochs: int = _EPOCHS):
    """A translator of dates; both kinds have the same size of state and the same training."""
    engine.manual_seed(seed)
    sizes = len(dates.vocabulary), len(dates.target_vocabulary)
    model = Seq2Seq(engine)(*sizes, 24, 48, attention)
    batches = dates.train.batches(64, seed=seed)
    schedule = cosine(epochs * len(batches), warm_up=20)
    fit(model, batches, loss=own_loss, lr=1.5e-2, epochs=epochs, schedule=schedule, clip=1.0)
    return model


def translations(model: Any, x: Array) -> Array:
    """The ten likeliest characters for each source of `x` (N, 28): (N, 10)."""
    with evaluating(model):
        return model.translate(*to_tensors(model, [x]), 1, 10).numpy()


def looks(model: Any, x: Array, y: Array) -> Array:
    """Where each step of the decoder looks, given the true symbols before it: (N, 10, 28)."""
    source, given = to_tensors(model, [x, y[:, :-1]])
    with evaluating(model):
        memory, state = model.encoder(model.embed_source(source))
        h, _ = model.decoder(model.embed_target(given), state)
        return model.attend(h, memory, source).numpy()


def effects(model: Any, x: Array, y: Array, blank: int) -> Array:
    """How far the log-probability of the right symbol falls when one source symbol is blanked.

    (N, 10, 28): for each output step, the effect of each place of the source.
    """
    whole = _right(model, x, y)  # (N, 10)
    changes = np.zeros((*whole.shape, x.shape[1]))
    for place in range(x.shape[1]):
        without = x.copy()
        without[:, place] = np.where(x[:, place] == 0, 0, blank)
        changes[:, :, place] = whole - _right(model, without, y)
    return changes


def _right(model: Any, x: Array, y: Array) -> Array:
    logits = predict(model, x, y[:, :-1]).astype(np.float64)  # (N, 10, V)
    logs = logits - logits.max(-1, keepdims=True)
    logs -= np.log(np.exp(logs).sum(-1, keepdims=True))
    return np.take_along_axis(logs, y[:, 1:, None], -1)[..., 0]


# Depth: where the norm stands.


def last_gradient(engine: Any, pre: bool, depth: int, width: int = 32) -> float:
    """The norm of the last block's gradient before any training, in a stack of `depth` blocks.

    The blocks have no attention, weights of Glorot's size, and a norm before (`pre`) or after the
    sum; the end is normalised in both, and the loss is a random weighting of it.
    """
    nn, F = engine.nn, engine.nn.functional
    engine.manual_seed(0)
    layers = [(nn.Linear(width, 4 * width), nn.Linear(4 * width, width)) for _ in range(depth)]
    for layer in (layer for block in layers for layer in block):
        nn.init.xavier_normal_(layer.weight)
    norm, x = nn.LayerNorm(width), engine.randn(64, width)
    for up, down in layers:
        x = x + down(F.gelu(up(norm(x)))) if pre else norm(x + down(F.gelu(up(x))))
    (norm(x) * engine.randn(64, width)).sum().backward()
    return float((layers[-1][1].weight.grad ** 2).sum() ** 0.5)


# Gaps: seeing both sides.


def masked_model(engine: Any, dates: TextSet, seed: int, both_sides: bool, epochs: int = 4):
    """A small masked model on written dates; without `both_sides` it sees what stands before.

    Twice as many symbols are hidden as in the test: each date then teaches more.
    """
    engine.manual_seed(seed)
    gap = len(dates.vocabulary)
    model = BERT(engine)(gap + 1, dates.train.x.shape[1], layers=1, heads=2, width=32)
    with engine.no_grad():  # as in `small_gpt`
        for table in (model.tokens, model.positions):
            table.weight.mul_(0.1)
    for block in model.blocks:
        block.attn.causal = not both_sides
    batches = dates.train.batches(64, "x", seed=seed, augment=hide_symbols(gap, 0.3))
    schedule = cosine(epochs * len(batches), warm_up=30)
    fit(model, batches, loss=own_loss, lr=1.5e-2, epochs=epochs, schedule=schedule, clip=1.0)
    return model


def hide_symbols(gap: int, share: float = 0.15) -> Any:
    """`hide`, but the filling at the left of a date is never asked for."""
    hiding = hide(gap, share)

    def augment(rng: np.random.Generator, batch: tuple[Array, ...]) -> tuple[Array, ...]:
        x, y = hiding(rng, batch)
        filling = batch[0] == 0
        return np.where(filling, 0, x), np.where(filling, -100, y)

    return augment


def gaps(dates: TextSet) -> tuple[Array, Array]:
    """The test dates with a share of their symbols hidden, always the same: x and y (N, 28)."""
    gap = len(dates.vocabulary)
    x = dates.test.x
    x, y = next(iter(Batches([x], len(x), shuffle=False, augment=hide_symbols(gap)).epoch(0)))
    return x, y


def fills(model: Any, x: Array, y: Array) -> float:
    """The share of gaps that the model's likeliest symbol fills rightly."""
    return float(np.mean(predict(model, x).argmax(-1)[y >= 0] == y[y >= 0]))


def neighbours(dates: TextSet, x: Array, y: Array) -> float:
    """The share of gaps filled rightly by the commonest symbol between the same two neighbours."""
    table: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    overall: Counter[int] = Counter()
    for row in dates.train.x:
        padded = [0, *row.tolist(), 0]
        for before, here, after in zip(padded, padded[1:], padded[2:], strict=False):
            if here:
                table[before, after][here] += 1
                overall[here] += 1
    common = overall.most_common(1)[0][0]
    padded = np.pad(x, ((0, 0), (1, 1)))
    right = []
    for r, c in zip(*np.nonzero(y >= 0), strict=True):
        seen = table.get((int(padded[r, c]), int(padded[r, c + 2])))
        right.append((seen.most_common(1)[0][0] if seen else common) == y[r, c])
    return float(np.mean(right))


# Tastes.

PEOPLE, THINGS = 200, 120


def recommender(engine: Any, ratings: Dataset, seed: int, factors: int = 3):
    """Embeddings of people and things, trained on stars; decay and epochs chosen on `valid`."""
    engine.manual_seed(seed)
    mean = float(ratings.train.y.mean())
    model = Recommender(engine)(PEOPLE, THINGS, factors, mean)
    batches = ratings.train.batches(64, seed=seed)
    decay = {"weight_decay": 0.03}
    fit(model, batches, loss=own_loss, optimizer="AdamW", lr=5e-3, options=decay, epochs=25)
    return model


def popularity(ratings: Dataset) -> Array:
    """A guess for each test pair by how often the thing was rated, in units that only rank."""
    return np.bincount(ratings.train.x[:, 1], minlength=THINGS)[ratings.test.x[:, 1]].astype(float)


def two_means(ratings: Dataset, people: bool = True) -> Array:
    """Stars for the test pairs: the mean, the thing's shift and the person's, each shrunk."""
    mean = ratings.train.y.mean()
    guess = np.full(len(ratings.test.x), mean, np.float64)
    for column, count in ((0, PEOPLE), (1, THINGS))[0 if people else 1 :]:
        who = ratings.train.x[:, column]
        total = np.bincount(who, ratings.train.y - mean, count)
        guess += (total / (np.bincount(who, minlength=count) + 3))[ratings.test.x[:, column]]
    return guess


def rmse(guess: Array, ratings: Dataset) -> float:
    """The root of the mean squared error in stars, on the test pairs."""
    return float(np.sqrt(np.mean((guess - ratings.test.y) ** 2)))


def in_order(guess: Array, ratings: Dataset) -> float:
    """Of all pairs of things that one person rated differently, the share guessed in that order.

    A half is chance; a tie of the guesses counts half.
    """
    who, stars = ratings.test.x[:, 0], ratings.test.y
    right: list[float] = []
    for person in np.unique(who):
        at = np.flatnonzero(who == person)
        right += _orders(guess[at], stars[at])
    return float(np.mean(right))


def _orders(guess: Array, stars: Array) -> Iterable[float]:
    better = np.argwhere(stars[:, None] > stars)  # (pairs, 2)
    gap = guess[better[:, 0]] - guess[better[:, 1]]
    return np.where(gap == 0, 0.5, gap > 0).tolist()
