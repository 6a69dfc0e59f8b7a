"""One training loop for both engines: same batches, same order, and a killed run ends the same.

A loss is a function `loss(model, *batch)` of the model and the tensors of one batch.  Where several
parts of a model are trained against each other, it is a mapping from the name of the part to its
loss: `{"discriminator": judge, "generator": fool}`.
"""

import importlib
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ..data import Batches
from . import checkpoint as _file

Array = NDArray[Any]
Loss = Callable[..., Any]
Schedule = Callable[[int], float]


def engine_of(model: Any) -> Any:
    """The engine a module is built on: `torch` or `dlcourse.scratch`."""
    for base in type(model).__mro__:
        if base.__name__ == "Module" and base is not type(model):
            home = base.__module__
            return importlib.import_module("torch" if home.startswith("torch.") else _SCRATCH)
    raise TypeError(
        f"{type(model).__name__} is no module of torch or dlcourse.scratch: derive it from "
        "nn.Module and call super().__init__() first."
    )


_SCRATCH = "dlcourse.scratch"


def cross_entropy(model: Any, x: Any, y: Any) -> Any:
    """The mean cross-entropy of `model(x)`, classes last, against labels `y` of any shape."""
    logits = model(x)
    F = engine_of(model).nn.functional
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))


def squared_error(model: Any, x: Any, y: Any) -> Any:
    """The mean squared error of `model(x)` against `y`."""
    return engine_of(model).nn.functional.mse_loss(model(x), y)


def own_loss(model: Any, *batch: Any) -> Any:
    """The loss the model itself defines: `model.loss(*batch)`."""
    return model.loss(*batch)


def to_tensors(model: Any, batch: Iterable[Any]) -> tuple[Any, ...]:
    """A batch of arrays as tensors of the model's engine; numbers take the type of its weights."""
    engine = engine_of(model)
    weights = next(iter(model.parameters()), None)
    kind = np.float64 if weights is not None and weights.dtype == engine.float64 else np.float32
    return tuple(b if isinstance(b, engine.Tensor) else _tensor(engine, b, kind) for b in batch)


def _tensor(engine: Any, value: Any, kind: type) -> Any:
    array = np.asarray(value)
    return engine.tensor(array.astype(kind) if array.dtype.kind == "f" else array)


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Within: no dropout, no batch statistics, no gradients.  Afterwards: as it was before."""
    was_training = model.training
    model.eval()
    try:
        with engine_of(model).no_grad():
            yield
    finally:
        model.train(was_training)


def predict(model: Any, *inputs: Array, size: int = 256) -> Array:
    """`model(*inputs)` as an array, computed in batches of `size` without gradients."""
    with evaluating(model):
        parts = [
            model(*to_tensors(model, batch)).numpy()
            for batch in Batches(inputs, size, shuffle=False).epoch(0)
        ]
    return np.concatenate(parts)


def cosine(total: int, *, warm_up: int = 0, floor: float = 0.0) -> Schedule:
    """A schedule: the rate rises for `warm_up` steps, then falls as half a cosine to `floor`.

    It gives the factor of the rate at a step (Loshchilov & Hutter, 2017; warm-up: Goyal et al.,
    2017).
    """

    def factor(step: int) -> float:
        if step < warm_up:
            return (step + 1) / warm_up
        done = min(1.0, (step - warm_up) / max(1, total - warm_up))
        return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done))

    return factor


@dataclass
class History:
    """What a run was: one row an epoch, the loss of every step, and why it ended.

    `history["train"]` is a column: `epoch`, `train`, `valid`, `lr`, or the name of a metric.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    stopped: str = ""
    seconds: float = 0.0

    def __getitem__(self, column: str) -> list[float]:
        try:
            return [row[column] for row in self.rows]
        except KeyError:
            known = ", ".join(self.rows[0])
            raise KeyError(f"No column {column!r}; there are {known}.") from None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def best(self) -> dict[str, float]:
        """The row with the lowest validation loss (training loss where nothing was validated)."""
        if not self.rows:
            raise ValueError("No epoch was finished, so there is no best one.")
        return min(self.rows, key=_judged)

    def __repr__(self) -> str:
        if not self.rows:
            return f"<no finished epoch; {self.stopped}>"
        shown = self.rows if len(self.rows) <= 6 else [*self.rows[:3], {}, *self.rows[-2:]]
        lines = ["".join(f"{name:>10}" for name in self.rows[0])]
        lines += [
            "".join(f"{_short(v):>10}" for v in row.values()) or "       ..." for row in shown
        ]
        return "\n".join([*lines, self.stopped])


def _judged(row: dict[str, float]) -> float:
    value = row.get("valid", row["train"])
    return math.inf if math.isnan(value) else value


def _short(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.3g}"


class Trainer:
    """A model with its loss and optimizer: what makes one step, and nothing of the loop around.

    `optimizer` is the name of one of the engine's, with `lr` and `options`, or an optimizer of your
    own.  `clip` is the largest norm of the gradient of all weights (Pascanu et al., 2013).
    """

    def __init__(
        self,
        model: Any,
        loss: Loss | Mapping[str, Loss] = cross_entropy,
        optimizer: Any = "Adam",
        lr: float = 1e-3,
        options: Mapping[str, Any] | None = None,
        clip: float | None = None,
    ):
        self.model, self.clip = model, clip
        self.losses = dict(loss) if isinstance(loss, Mapping) else {"": loss}
        if not isinstance(optimizer, str) and len(self.losses) > 1:
            raise ValueError(
                "Several players need an optimizer each: give its name, not one object."
            )
        self.optimizers = {p: self._optimizer(p, optimizer, lr, options) for p in self.losses}
        self._start = [[g["lr"] for g in o.param_groups] for o in self.optimizers.values()]

    def _optimizer(self, player: str, optimizer: Any, lr: float, options: Any) -> Any:
        if not isinstance(optimizer, str):
            return optimizer
        make = getattr(engine_of(self.model).optim, optimizer)
        return make(list(self.part(player).parameters()), lr=lr, **(options or {}))

    def part(self, player: str) -> Any:
        """The part of the model that `player` trains: itself for the name ''."""
        return self.model if not player else getattr(self.model, player)

    def step(self, batch: Iterable[Any]) -> float:
        """One step of every player on one batch; the sum of their losses before it.

        Where a loss is not finite, nothing is changed.
        """
        tensors = to_tensors(self.model, batch)
        return sum(self._turn(player, tensors) for player in self.losses)

    def _turn(self, player: str, tensors: tuple[Any, ...]) -> float:
        loss = self.backward(player, tensors)
        if math.isfinite(loss):
            if self.clip is not None:
                utils = engine_of(self.model).nn.utils
                utils.clip_grad_norm_(list(self.part(player).parameters()), self.clip)
            self.optimizers[player].step()
        return loss

    def backward(self, player: str, tensors: tuple[Any, ...]) -> float:
        """Fresh gradients of one player's loss, which is returned; no weight changes."""
        # All weights: one player's loss also reaches the other's, where it must not pile up.
        for parameter in self.model.parameters():
            parameter.grad = None
        loss = self.losses[player](self.model, *tensors)
        loss.backward()
        return loss.item()

    def scale_rates(self, factor: float) -> None:
        """Set every learning rate to `factor` times the one it began with."""
        for optimizer, rates in zip(self.optimizers.values(), self._start, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor

    @property
    def rate(self) -> float:
        """The learning rate of the first group of the first optimizer."""
        return float(next(iter(self.optimizers.values())).param_groups[0]["lr"])

    def loss_on(self, batches: Any) -> float:
        """The mean loss over `batches`, without training; the sum over the players."""
        total, count = 0.0, 0
        with evaluating(self.model):
            for batch in _epoch(batches, 0):
                tensors = to_tensors(self.model, batch)
                n = len(tensors[0])
                total += n * sum(loss(self.model, *tensors).item() for loss in self.losses.values())
                count += n
        return total / count


def fit(
    model: Any,
    batches: Any,
    *,
    loss: Loss | Mapping[str, Loss] = cross_entropy,
    optimizer: Any = "Adam",
    lr: float = 1e-3,
    options: Mapping[str, Any] | None = None,
    epochs: int = 10,
    valid: Any = None,
    metrics: Mapping[str, Callable[[Any], float]] | None = None,
    schedule: Any = None,
    clip: float | None = None,
    patience: int | None = None,
    checkpoint: Path | str | None = None,
    seed: int = 0,
    after_epoch: Callable[[Any, dict[str, float]], None] | None = None,
    progress: bool | None = None,
) -> History:
    """Train `model` on `batches` (a `Batches`, or anything that gives batches) and tell what was.

    `valid` are batches to judge each epoch by; `metrics` are further numbers of the model.
    `schedule` is a factor of the rate for each step, such as `cosine(1000)`, or a scheduler of the
    engine, stepped after each epoch.  With `patience`, training stops after so many epochs without
    a better validation loss, and the best weights are put back.  With `checkpoint`, a file is
    written after each epoch, and a run that finds it goes on from there to the same numbers as one
    that was never stopped.  Interrupting the kernel ends training after the step it is in; the
    model and the history are kept.  `progress` shows a bar; by default only in a terminal.

    Each epoch seeds the engine's random numbers by `seed` and the epoch's number.
    """
    trainer = Trainer(model, loss, optimizer, lr, options, clip)
    run = _Run(trainer, batches, valid, dict(metrics or {}), schedule, patience, seed)
    if checkpoint is not None:
        run.resume(Path(checkpoint))
    with _bar(progress, epochs, len(run.history)) as bar, _patient_interrupts() as interrupted:
        while not run.history.stopped:
            if len(run.history) >= epochs:
                run.history.stopped = f"finished {epochs} epochs"
                break
            run.epoch(interrupted)
            if run.history.stopped:
                break
            row = run.history.rows[-1]
            if after_epoch is not None:
                after_epoch(model, row)
            bar.set_postfix({k: _short(v) for k, v in row.items() if k not in ("epoch", "lr")})
            bar.update()
            if checkpoint is not None:
                run.save(Path(checkpoint))
    return run.close()


class _Run:
    """The state of one `fit`: what a checkpoint has to hold."""

    def __init__(
        self, trainer: Trainer, batches: Any, valid: Any, metrics: dict[str, Any], schedule: Any,
        patience: int | None, seed: int,
    ):  # fmt: skip
        if patience is not None and valid is None:
            raise ValueError("Early stopping needs `valid`: batches that are not trained on.")
        self.trainer, self.model = trainer, trainer.model
        self.batches, self.valid, self.metrics = batches, valid, metrics
        # A torch scheduler is no function: what can be called is a factor for each step.
        self.factor: Any = schedule if callable(schedule) else None
        self.scheduler: Any = None if callable(schedule) else schedule
        self.patience, self.seed = patience, seed
        self.history = History()
        self.best: dict[str, Array] | None = None

    def epoch(self, interrupted: Callable[[], bool]) -> None:
        began, number = time.perf_counter(), len(self.history)
        seed = np.random.SeedSequence([self.seed, number]).generate_state(1)[0]
        engine_of(self.model).manual_seed(int(seed))
        self.model.train()
        self._walk(number, interrupted)
        self.history.seconds += time.perf_counter() - began

    def _walk(self, number: int, interrupted: Callable[[], bool]) -> None:
        total, count = 0.0, 0
        for batch in _epoch(self.batches, number):
            if self.factor is not None:
                self.trainer.scale_rates(self.factor(len(self.history.steps)))
            loss = self.trainer.step(batch)
            self.history.steps.append(loss)
            if not math.isfinite(loss):
                self.history.stopped = (
                    f"stopped at step {len(self.history.steps)}: the loss is {loss}; "
                    "try a smaller learning rate, or clip"
                )
                return
            total, count = total + len(batch[0]) * loss, count + len(batch[0])
            if interrupted():
                step = len(self.history.steps)
                self.history.stopped = f"interrupted after step {step}, in epoch {number + 1}"
                return
        if not count:
            raise ValueError("There is no batch to train on: the data are empty.")
        self._judge(number + 1, total / count)

    def _judge(self, number: int, train: float) -> None:
        row = {"epoch": number, "train": train}
        if self.valid is not None:
            row["valid"] = self.trainer.loss_on(self.valid)
        row |= {name: float(metric(self.model)) for name, metric in self.metrics.items()}
        self.history.rows.append(row | {"lr": self.trainer.rate})
        if self.scheduler is not None:
            _advance(self.scheduler, _judged(row))
        if self.patience is not None:
            self._wait(self.patience)

    def _wait(self, patience: int) -> None:
        best = int(self.history.best["epoch"])
        if best == len(self.history):
            self.best = _file.arrays(self.model.state_dict())
        elif len(self.history) - best >= patience:
            self.history.stopped = f"stopped early: epoch {best} was the best"

    def save(self, path: Path) -> None:
        _file.write(path, self._state())

    def _state(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "model": self.model.state_dict(),
            "optimizers": [o.state_dict() for o in self.trainer.optimizers.values()],
            "schedule": None if self.scheduler is None else self.scheduler.state_dict(),
            "history": vars(self.history),
            "best": self.best,
        }

    def resume(self, path: Path) -> None:
        if not path.exists():
            return
        engine = engine_of(self.model)
        state = _file.read(path, engine)
        _same_run(path, state, self._state())
        self.model.load_state_dict(state["model"])
        for optimizer, kept in zip(
            self.trainer.optimizers.values(), state["optimizers"], strict=True
        ):
            optimizer.load_state_dict(kept)
        if state["schedule"] is not None:
            self.scheduler.load_state_dict(state["schedule"])
        self.history, self.best = History(**state["history"]), state["best"]
        if not self.history.stopped.startswith("stopped"):
            self.history.stopped = ""

    def close(self) -> History:
        if self.best is not None and not self.history.stopped.startswith("interrupted"):
            engine = engine_of(self.model)
            self.model.load_state_dict({k: engine.tensor(v) for k, v in self.best.items()})
        return self.history


def _advance(scheduler: Any, judged: float) -> None:
    needs_loss = type(scheduler).__name__ == "ReduceLROnPlateau"
    scheduler.step(*((judged,) if needs_loss else ()))


def _same_run(path: Path, kept: dict[str, Any], now: dict[str, Any]) -> None:
    then, here = (
        (s["seed"], {k: tuple(v.shape) for k, v in s["model"].items()}) for s in (kept, now)
    )
    if then != here or len(kept["optimizers"]) != len(now["optimizers"]):
        raise ValueError(
            f"{path} holds another run: its seed or the shapes of its weights are not this one's. "
            "Choose another file, or delete that one to start again."
        )


def _epoch(batches: Any, number: int) -> Iterable[Any]:
    return batches.epoch(number) if isinstance(batches, Batches) else batches


def _bar(progress: bool | None, epochs: int, done: int) -> Any:
    wanted = sys.stderr.isatty() if progress is None else progress
    return tqdm(total=epochs, initial=done, disable=not wanted, unit="epoch", leave=False)


@contextmanager
def _patient_interrupts() -> Iterator[Callable[[], bool]]:
    """Within, the first interrupt only sets a flag, so that none falls into the middle of a step.

    A second one is raised at once, for a step that takes too long.  Python gives interrupts to the
    main thread alone; elsewhere nothing needs to be held back.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def note(_number: int, _frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
