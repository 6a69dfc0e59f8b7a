"""What lesson 03 measures: a valley from real data, noise of small batches, and a fair race."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from ...data import Batches, Dataset, Part, diabetes, digits, prose
from ...models import MLP, LinearModel
from ...teach.train import History, engine_of, fit, predict, squared_error

Array = NDArray[Any]
Rule = Callable[[Array, Array, dict[str, Any], float], Array]
RATES = tuple(10.0 ** (k / 2) for k in range(-6, 3))  # 0.001 to 10, each about 3.2 times the last


def _scratch() -> Any:
    from ... import scratch

    return scratch


# A valley from real data ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Valley:
    """Least squares on real data: its loss is exactly a bowl, so all its slopes are known.

    `x` (N, D) and `y` (N,) are standardised, so no constant term is needed.
    """

    x: Array
    y: Array

    def loss(self, w: Array) -> float:
        """The mean squared error of the weights `w` (D,)."""
        return float(np.mean((self.x @ w - self.y) ** 2))

    def gradient(self, w: Array, rows: Any = slice(None)) -> Array:
        """The gradient (D,) of the loss, over all examples or some `rows`."""
        x, y = self.x[rows], self.y[rows]
        return 2 * x.T @ (x @ w - y) / len(x)

    @cached_property
    def curvatures(self) -> Array:
        """The curvatures along the D axes of the bowl, smallest first (eigenvalues)."""
        return np.linalg.eigvalsh(2 * self.x.T @ self.x / len(self.x))

    @cached_property
    def bottom(self) -> Array:
        """The weights (D,) with the least loss, by linear algebra."""
        return np.linalg.lstsq(self.x, self.y, rcond=None)[0]

    def walk(self, rule: Rule, lr: float, steps: int) -> Array:
        """How far from the bottom each of `steps` steps of `rule` gets, as a share of the start."""
        w, state = np.zeros(self.x.shape[1]), {}
        far = [1.0]
        with np.errstate(all="ignore"):  # a rate over the limit overflows, and that is the point
            for _ in range(steps):
                w = rule(w, self.gradient(w), state, lr)
                far.append(float(np.linalg.norm(w - self.bottom) / np.linalg.norm(self.bottom)))
        return np.array(far)

    def steps_needed(self, rule: Rule, lr: float, close: float = 0.01, most: int = 2000) -> int:
        """Steps until `rule` is within `close` of the bottom for good; `most` where it is not."""
        outside = np.flatnonzero(~(self.walk(rule, lr, most) <= close))
        return min(most, int(outside[-1]) + 1)


def diabetes_valley(seed: int = 0) -> Valley:
    """Ten measurements of 286 patients, and how far their diabetes went in a year."""
    part = diabetes(seed).train
    y = part.y.astype(np.float64).ravel()
    return Valley(part.x.astype(np.float64), (y - y.mean()) / y.std())


# Networks ---------------------------------------------------------------------------------------


def digit_net(torch: Any, seed: int, hidden: Sequence[int] = (32,)) -> Any:
    """A network for the digits in float64 on the given engine, its weights drawn by `seed`."""
    torch.manual_seed(seed)
    return MLP(torch)([64, *hidden, 10]).double()


@cache
def NextLetter(torch: Any) -> Any:
    """The next letter from the last four: Bengio et al.'s (2003) model, in small."""
    nn = torch.nn

    class NextLetter(nn.Module):
        """`NextLetter(94)`: 94 symbols, each first turned into 12 numbers of its own."""

        def __init__(self, symbols, last=4, size=12, hidden=64):
            super().__init__()
            self.embed = nn.Embedding(symbols, size)
            self.hidden = nn.Linear(last * size, hidden)
            self.out = nn.Linear(hidden, symbols)

        def forward(self, x):  # (B, 4)
            h = self.embed(x).reshape(len(x), -1)  # (B, 48)
            return self.out(self.hidden(h).relu())  # (B, symbols)

    return NextLetter


def letters(count: int = 12_000, seed: int = 0) -> Dataset:
    """Four letters in a row and the one that follows, from the three parts of `prose`."""
    text, rng = prose(), np.random.default_rng(seed)

    def draw(part: str, number: int) -> Part:
        ids = text.vocabulary.encode(part)
        at = rng.choice(len(ids) - 4, number, replace=False)[:, None] + np.arange(4)
        return Part(ids[at], ids[at[:, -1] + 1])

    parts = draw(text.train, count), draw(text.valid, 3000), draw(text.test, 3000)
    return Dataset("letters", *parts, labels=tuple(text.vocabulary.symbols))


def pairs_baseline(data: Dataset, part: Part, extra: float = 0.1) -> float:
    """Cross-entropy of counting which letter follows which in the training part."""
    counts = np.full((len(data.labels),) * 2, extra)
    np.add.at(counts, (data.train.x[:, -1], data.train.y), 1)
    share = counts / counts.sum(1, keepdims=True)
    return float(-np.log(share[part.x[:, -1], part.y]).mean())


# Batches -----------------------------------------------------------------------------------------


def flat_gradient(model: Any, x: Array, y: Array) -> Array:
    """The gradient of the mean cross-entropy, all parameters in one array."""
    engine = engine_of(model)
    model.zero_grad()
    loss = engine.nn.functional.cross_entropy(model(engine.tensor(x)), engine.tensor(y))
    loss.backward()
    return np.concatenate([p.grad.numpy().ravel() for p in model.parameters()])


def batch_noise(model: Any, part: Part, size: int, draws: int = 40, seed: int = 0) -> float:
    """How far the gradient of a batch is from that of all examples, relative to its length."""
    rng = np.random.default_rng(seed)
    x = part.x.astype(np.float64)
    true = flat_gradient(model, x, part.y)
    rows = [rng.choice(len(x), size, replace=False) for _ in range(draws)]
    errors = [np.linalg.norm(flat_gradient(model, x[r], part.y[r]) - true) for r in rows]
    return float(np.sqrt(np.mean(np.square(errors))) / np.linalg.norm(true))


def letter_gradients(data: Dataset, seed: int = 0) -> tuple[Array, Array]:
    """For each symbol: its share of the training letters, and the size of its row's gradient."""
    scratch = _scratch()
    scratch.manual_seed(seed)
    model = NextLetter(scratch)(len(data.labels)).double()
    flat_gradient(model, data.train.x, data.train.y)
    rows = model.embed.weight.grad.numpy()  # (symbols, 12)
    share = np.bincount(data.train.x.ravel(), minlength=len(rows)) / data.train.x.size
    return share, np.sqrt(np.mean(rows**2, axis=1))


# A fair race -------------------------------------------------------------------------------------


class Racer(NamedTuple):
    """An optimizer of the engine, by name, with its options; the rate is what is tuned."""

    optimizer: str
    options: Mapping[str, Any]


RACERS = {
    "SGD": Racer("SGD", {}),
    "momentum": Racer("SGD", {"momentum": 0.9}),
    "Nesterov": Racer("SGD", {"momentum": 0.9, "nesterov": True}),
    "AdaGrad": Racer("Adagrad", {}),
    "RMSprop": Racer("RMSprop", {}),
    "Adam": Racer("Adam", {}),
    "AdamW": Racer("AdamW", {}),
}


@dataclass(frozen=True, eq=False)
class Task:
    """A model and its data: what every racer gets alike."""

    data: Dataset
    make: Callable[[Any, int], Any]  # engine, seed -> model
    batch: int
    epochs: int

    def run(
        self, engine: Any, racer: Racer, lr: float, seed: int, schedule: Any = None
    ) -> tuple[Any, History]:
        """Train once; `seed` decides the weights and the order of the batches."""
        model = self.make(engine, seed)
        history = fit(
            model,
            self.data.train.batches(self.batch, seed=seed),
            optimizer=racer.optimizer,
            options=racer.options,
            lr=lr,
            epochs=self.epochs,
            valid=self.data.valid.batches(3000),
            schedule=schedule,
        )
        return model, history

    def valid_loss(
        self, engine: Any, racer: Racer, lr: float, seed: int, schedule: Any = None
    ) -> float:
        """The validation loss after training; infinite where a loss was not finite on the way."""
        with np.errstate(all="ignore"):
            history = self.run(engine, racer, lr, seed, schedule)[1]
        return history["valid"][-1] if len(history) == self.epochs else math.inf

    def sweep(self, engine: Any, rates: Sequence[float] = RATES) -> dict[str, list[float]]:
        """For every racer the validation loss of each rate, with seed 0: the trials of tuning."""
        return {
            name: [self.valid_loss(engine, racer, lr, 0) for lr in rates]
            for name, racer in RACERS.items()
        }


def digit_task(epochs: int = 8) -> Task:
    """Digits with a network of 32 hidden units, in batches of 32."""
    return Task(digits(seed=0), digit_net, 32, epochs)


def letter_task() -> Task:
    """The next letter of technical English, one pass over 12,000 places in batches of 128."""
    data = letters()

    def make(engine: Any, seed: int) -> Any:
        engine.manual_seed(seed)
        return NextLetter(engine)(len(data.labels)).double()

    return Task(data, make, 128, 1)


def finish(task: Task, engine: Any, rates: Mapping[str, float], seeds: Sequence[int]) -> Any:
    """Each racer at its own rate from fresh seeds: {name: [(test loss, test accuracy), ...]}."""
    return {
        name: [judge(task.run(engine, RACERS[name], lr, seed)[0], task.data.test) for seed in seeds]
        for name, lr in rates.items()
    }


def logistic_baseline(data: Dataset, part: Part) -> tuple[float, float]:
    """Cross-entropy and accuracy on `part` of a logistic regression on the training part."""
    model = LogisticRegression(max_iter=2000).fit(*data.train)
    chosen = model.predict_proba(part.x)[np.arange(len(part)), part.y]
    return float(-np.log(chosen).mean()), float(model.score(*part))


def judge(model: Any, part: Part) -> tuple[float, float]:
    """Cross-entropy and accuracy of a classifier on `part`."""
    logits = predict(model, part.x, size=len(part))
    top = logits.max(1)
    log_sum = np.log(np.exp(logits - top[:, None]).sum(1)) + top
    loss = log_sum - logits[np.arange(len(part)), part.y]
    return float(loss.mean()), float((logits.argmax(1) == part.y).mean())


def train_with_rule(task: Task, rule: Rule, lr: float, seed: int) -> float:
    """Test accuracy after training the task's network by a rule of the lesson, on scratch."""
    scratch = _scratch()
    model = task.make(scratch, seed)
    weights = [p.detach().numpy() for p in model.parameters()]  # views: writing changes the model
    states: list[dict[str, Any]] = [{} for _ in weights]
    batches = task.data.train.batches(task.batch, seed=seed)
    for x, y in (batch for number in range(task.epochs) for batch in batches.epoch(number)):
        flat_gradient(model, x.astype(np.float64), y)
        for w, p, state in zip(weights, model.parameters(), states, strict=True):
            w[...] = rule(w, p.grad.numpy(), state, lr)
    return judge(model, task.data.test)[1]


# Clipping ----------------------------------------------------------------------------------------


def with_typing_error(clip: float | None, seed: int, factor: float = 100.0) -> float:
    """R² on validation patients after SGD on the diabetes data with one label `factor` too large.

    A lost decimal point in one of 286 labels; factor 1 is the clean set.
    """
    scratch = _scratch()
    data = diabetes(0)
    mean, spread = data.train.y.mean(), data.train.y.std()
    y = data.train.y.astype(np.float64).ravel().copy()
    y[np.argmax(y)] *= factor
    scratch.manual_seed(seed)
    model = LinearModel(scratch)(10, 1).double()
    batches = Batches([data.train.x, ((y - mean) / spread)[:, None]], 16, seed=seed)
    fit(model, batches, loss=squared_error, optimizer="SGD", lr=0.01, epochs=40, clip=clip)
    truth = ((data.valid.y - mean) / spread).ravel()
    miss = predict(model, data.valid.x).ravel() - truth
    return float(1 - np.mean(miss**2) / np.var(truth))
