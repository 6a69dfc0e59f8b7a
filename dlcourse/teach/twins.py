"""Proof that two are one: a model on two engines, or two functions, compared number by number.

`compare` builds both models, gives them the same weights and the same batch, and follows them:
names, the output of every layer, every gradient, and some steps of an optimizer.  What differs
first, in the order of computation, is where the error is.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .train import Loss, Trainer, cross_entropy, engine_of, to_tensors

Array = NDArray[Any]
Precision = Literal["float32", "float64"]

# Relative to the largest value of a tensor.  Another order of summation costs about 1e-7 and 1e-16
# an operation; a wrong rule costs far more than these.
TOLERANCE: dict[str, float] = {"float32": 1e-4, "float64": 1e-8}
STAGES = ("names", "output", "gradient", "loss", "weight")


@dataclass(frozen=True)
class Difference:
    """One place where the two differ: the stage, the place's name, by how much, and a sentence.

    `by` is the largest difference relative to the largest value there; infinite where shapes or
    names do not fit.
    """

    stage: str
    where: str
    by: float
    says: str

    def __str__(self) -> str:
        return self.says


@dataclass(frozen=True)
class Trace:
    """What one model did: shapes of its weights by name, outputs, gradients, losses, weights."""

    shapes: dict[str, tuple[int, ...]]
    outputs: dict[str, Array]
    gradients: dict[str, Array]
    losses: tuple[float, ...]
    weights: dict[str, Array]


@dataclass(frozen=True)
class Run:
    """Two traces in one precision, and their differences in the order of computation."""

    precision: str
    tolerance: float
    left: Trace
    right: Trace
    differences: tuple[Difference, ...]

    def of(self, stage: str) -> tuple[Difference, ...]:
        """The differences of one stage of `STAGES`."""
        return tuple(d for d in self.differences if d.stage == stage)


@dataclass(frozen=True)
class TwinReport:
    """Two models side by side, one `Run` for each precision."""

    name: str
    sides: tuple[str, str]
    optimizer: str
    runs: tuple[Run, ...]

    @property
    def equal(self) -> bool:
        """Whether nothing differs by more than the tolerance."""
        return not any(run.differences for run in self.runs)

    @property
    def first(self) -> Difference | None:
        """The first difference of the most exact run: the place to look for the error."""
        found = [run.differences[0] for run in reversed(self.runs) if run.differences]
        return found[0] if found else None

    def assert_equal(self) -> None:
        """Raise `AssertionError`, which names the first difference, unless all is equal."""
        if not self.equal:
            raise AssertionError(f"{self.title}\n{self.verdict}")

    @property
    def title(self) -> str:
        """The two that were compared, in one line."""
        return f"{self.sides[0]} and {self.sides[1]}"

    @property
    def verdict(self) -> str:
        """One or two sentences: equal, or where they first differ and by how much."""
        if self.first is None:
            return "Equal: names, every layer's output, every gradient, every step."
        more = sum(len(run.differences) for run in self.runs) - 1
        rest = f" ({more} more difference{'s' * (more > 1)} follow{'s' * (more == 1)}.)"
        rest = rest if more else ""
        return f"They first differ here: {self.first.says}{rest}"

    def rows(self) -> list[tuple[str, list[str]]]:
        """The table: what was compared, and what each run found."""
        left = self.runs[0].left
        steps = len(left.losses)
        names = {
            "names": f"{len(left.shapes)} names and shapes",
            "output": f"{len(left.outputs)} outputs, layer by layer",
            "gradient": f"{len(left.gradients)} gradients",
            "loss": f"loss in {steps} steps of {self.optimizer}",
            "weight": f"weights after {steps} steps",
        }
        return [(names[stage], [_cell(run, stage) for run in self.runs]) for stage in STAGES]

    def __repr__(self) -> str:
        heads = [run.precision for run in self.runs]
        table = [("", heads), *self.rows()]
        wide = max(len(what) for what, _ in table)
        lines = [f"  {what:{wide}}" + "".join(f"  {c:<20}" for c in cells) for what, cells in table]
        return "\n".join([self.title, *(line.rstrip() for line in lines), self.verdict])


def _cell(run: Run, stage: str) -> str:
    found = run.of(stage)
    if stage == "names":
        return "differ" if found else "equal"
    if not run.right.losses:
        return "not compared"
    return f"{len(found)} differ{_by(found)}" if found else f"equal to {run.tolerance:.0e}"


def _by(found: Sequence[Difference]) -> str:
    worst = max(d.by for d in found)
    return f", by {worst:.1e}" if np.isfinite(worst) else ""


def compare(
    model: Any,
    args: Any,
    batch: Sequence[Array],
    optimizer: str = "SGD",
    steps: int = 5,
    *,
    loss: Loss | Mapping[str, Loss] = cross_entropy,
    lr: float = 0.05,
    options: Mapping[str, Any] | None = None,
    precisions: Sequence[Precision] = ("float32", "float64"),
    names: bool = True,
    seed: int = 0,
) -> TwinReport:
    """Two models with the same weights on the same `batch`, followed through `steps` of training.

    `model` is written once (`MLP`, called with each engine), or a pair of classes, such as your own
    and `MLP(torch)`; both are made with `args` (one argument, or a tuple of them).  `loss` is as in
    `train`.  With `names=False`, weights are paired by their order alone.  Raises `ValueError` for
    a model with active dropout, whose noise differs by nature.
    """
    pair = model if isinstance(model, tuple) else _both(model)
    args = args if isinstance(args, tuple) else (args,)
    plan = _Plan(tuple(batch), loss, optimizer, lr, options or {}, steps, names)
    runs = tuple(_run(pair, args, plan, p, seed) for p in precisions)
    sides = (_side(pair[0], args), _side(pair[1], args))
    extra = "".join(f", {k.replace('_', ' ')} {v}" for k, v in plan.options.items())
    name = getattr(model, "__name__", "Two models")
    return TwinReport(name, sides, optimizer + extra, runs)


def _side(make: Any, args: tuple) -> str:
    model = make(*args)
    return f"{type(model).__name__} on {engine_of(model).__name__}"


def _both(model: Callable[[Any], Any]) -> tuple[Any, Any]:
    return model(importlib.import_module("dlcourse.scratch")), model(
        importlib.import_module("torch")
    )


@dataclass(frozen=True)
class _Plan:
    """What both models go through."""

    batch: tuple[Array, ...]
    loss: Loss | Mapping[str, Loss]
    optimizer: str
    lr: float
    options: Mapping[str, Any]
    steps: int
    names: bool


def _run(pair: tuple[Any, Any], args: tuple, plan: _Plan, precision: str, seed: int) -> Run:
    left = _build(pair[0], args, precision, seed)
    right = _build(pair[1], args, precision, seed)
    differences = _match(left, right, plan.names)
    if any(not np.isfinite(d.by) for d in differences):
        a, b = (Trace(_shapes(m), {}, {}, (), {}) for m in (left, right))
        return Run(precision, TOLERANCE[precision], a, b, tuple(differences))
    _copy(left, right)
    a, b = _follow(left, plan, precision), _follow(right, plan, precision)
    differences += _differences(a, b, TOLERANCE[precision])
    return Run(precision, TOLERANCE[precision], a, b, tuple(differences))


@contextmanager
def _precision(engine: Any, name: str) -> Iterator[None]:
    """Within, the engine's new floating-point tensors have this type."""
    before = engine.get_default_dtype()
    engine.set_default_dtype(getattr(engine, name))
    try:
        yield
    finally:
        engine.set_default_dtype(before)


def _build(make: Any, args: tuple, precision: str, seed: int) -> Any:
    # The engine is only known once there is a module; a first one is made to ask it.
    engine = engine_of(make(*args))
    engine.manual_seed(seed)
    with _precision(engine, precision):
        model = make(*args)
    for name, module in model.named_modules():
        if type(module).__name__.startswith("Dropout") and module.p > 0:
            raise ValueError(
                f"{name or 'The model'} drops out at random (p={module.p}), and each engine has "
                "random numbers of its own: compare with p=0."
            )
    return model


def _shapes(model: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(p.shape) for name, p in model.named_parameters()}


def _match(left: Any, right: Any, names: bool) -> list[Difference]:
    """Names and shapes; weights that only differ in name can still be paired by their order."""
    a, b = _shapes(left), _shapes(right)
    if a == b and list(a) == list(b):
        return []
    pairs = list(zip_longest(a.items(), b.items()))
    if all(one and other and one[1] == other[1] for one, other in pairs):
        if not names:
            return []
        one, other = next((m, n) for m, n in zip(a, b, strict=True) if m != n)
        says = (
            f"a weight is called {one} on the left, {other} on the right (names=False allows it)."
        )
        return [Difference("names", one, 0.0, says)]
    number, (one, other) = next(
        (i, pair) for i, pair in enumerate(pairs, 1) if not all(pair) or pair[0][1] != pair[1][1]
    )
    said = [f"{side[0]} {side[1]}" if side else "missing" for side in (one, other)]
    says = f"weight {number} is {said[0]} on the left, {said[1]} on the right."
    return [Difference("names", (one or other)[0], np.inf, says)]


def _copy(left: Any, right: Any) -> None:
    """Give `right` the weights of `left`, in order, and the buffers that both have."""
    engine = engine_of(right)
    theirs = {name: p.detach().numpy() for name, p in left.named_parameters()}
    renamed = dict(zip((n for n, _ in right.named_parameters()), theirs.values(), strict=True))
    buffers = dict(left.named_buffers())
    state = dict(right.state_dict())
    for name in state:
        if name in renamed:
            state[name] = engine.tensor(np.array(renamed[name]))
        elif name in buffers:
            state[name] = engine.tensor(np.array(buffers[name].detach().numpy()))
    right.load_state_dict(state)


def _follow(model: Any, plan: _Plan, precision: str) -> Trace:
    """Train the model by the plan and note what it does."""
    with _precision(engine_of(model), precision):
        model.train()
        trainer = Trainer(model, plan.loss, plan.optimizer, plan.lr, plan.options)
        tensors = to_tensors(model, plan.batch)
        shapes = _shapes(model)
        with _listening(model) as outputs:
            gradients = {}
            for player in trainer.losses:
                trainer.backward(player, tensors)
                gradients |= _gradients(player, trainer.part(player))
        losses = tuple(trainer.step(tensors) for _ in range(plan.steps))
    weights = {name: np.array(p.detach().numpy()) for name, p in _kept(model)}
    return Trace(shapes, outputs, gradients, losses, weights)


def _kept(model: Any) -> Iterator[tuple[str, Any]]:
    """Weights and statistics; the count of batches, which one engine may lack, does not matter."""
    yield from model.named_parameters()
    for name, buffer in model.named_buffers():
        if not name.endswith("num_batches_tracked"):
            yield name, buffer


def _gradients(player: str, part: Any) -> dict[str, Array]:
    """The gradients in the order in which they are computed: the last layer first."""
    prefix = f"{player}." if player else ""
    named = reversed(list(part.named_parameters()))
    return {prefix + n: np.array(p.grad.numpy()) for n, p in named if p.grad is not None}


@contextmanager
def _listening(model: Any) -> Iterator[dict[str, Array]]:
    """Within, the output of every layer is noted in the order in which layers finish."""
    heard: dict[str, Array] = {}
    modules = list(model.named_modules())
    for name, module in modules:
        module.forward = _noting(heard, name or "the model", module.forward)
    try:
        yield heard
    finally:
        for _, module in modules:
            del module.forward


def _noting(heard: dict[str, Array], name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*args: Any, **options: Any) -> Any:
        out = forward(*args, **options)
        for i, tensor in enumerate(_tensors(out)):
            call, place = 1, name if i == 0 else f"{name}[{i}]"
            while (key := place if call == 1 else f"{place}, call {call}") in heard:
                call += 1
            heard[key] = np.array(tensor.detach().numpy())
        return out

    return noted


def _tensors(out: Any) -> list[Any]:
    if isinstance(out, tuple | list):
        return [t for inner in out for t in _tensors(inner)]
    return [] if out is None else [out]


def _differences(left: Trace, right: Trace, tolerance: float) -> list[Difference]:
    stages = {
        "output": (left.outputs, right.outputs),
        "gradient": (left.gradients, right.gradients),
        "loss": tuple(_steps(t.losses) for t in (left, right)),
        "weight": (left.weights, right.weights),
    }
    found = []
    for stage, (a, b) in stages.items():
        found += _gaps(stage, _renamed(a, left, right), b, tolerance)
    return found


def _steps(losses: tuple[float, ...]) -> dict[str, Array]:
    return {f"step {i + 1}": np.array(loss) for i, loss in enumerate(losses)}


def _renamed(values: dict[str, Array], left: Trace, right: Trace) -> dict[str, Array]:
    """The left side's values under the right side's names of weights and of their layers."""
    names = dict(zip(left.shapes, right.shapes, strict=True))
    names |= {_layer(one): _layer(other) for one, other in names.items()}
    return {names.get(name, name): value for name, value in values.items()}


def _layer(weight: str) -> str:
    return weight.rpartition(".")[0] or "the model"


def _gaps(
    stage: str, a: dict[str, Array], b: dict[str, Array], tolerance: float
) -> Iterator[Difference]:
    # A tensor of nothing but rounding (a bias before batch norm has no gradient) is measured by the
    # others of its stage: a thousandth of the largest value among them.
    floor = 1e-3 * max((float(np.abs(v).max(initial=0)) for v in b.values()), default=0.0)
    for name in b:
        if name in a:
            gap = _gap(stage, name, a[name], b[name], floor)
            if not gap.by <= tolerance:
                yield gap
        elif stage == "gradient":
            says = f"{name} has a gradient on the right, none on the left."
            yield Difference(stage, name, np.inf, says)
    for name in a.keys() - b.keys() if stage == "gradient" else ():
        says = f"{name} has a gradient on the left, none on the right."
        yield Difference(stage, name, np.inf, says)


_PLACES = {
    "output": "the output of {}",
    "gradient": "the gradient of {}",
    "loss": "the loss at {}",
    "weight": "{} after training",
    "value": "the {}",
}


def _gap(stage: str, where: str, a: Array, b: Array, floor: float = 0.0) -> Difference:
    """How far `a` is from `b`, and at which index most."""
    place = _PLACES[stage].format(where)
    if a.shape != b.shape:
        says = f"{place} has shape {a.shape} on the left, {b.shape} on the right."
        return Difference(stage, where, np.inf, says)
    if a.size == 0:
        return Difference(stage, where, 0.0, "")
    a, b = a.astype(np.float64), b.astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(a - b))
    apart[np.isnan(apart)] = np.inf
    scale = max(float(np.abs(b[np.isfinite(b)]).max(initial=0)), floor) or 1.0
    at = np.unravel_index(int(apart.argmax()), apart.shape)
    index = f" at [{', '.join(str(int(i)) for i in at)}]" if at else ""
    says = f"{place}{index} is {a[at]:.6g} on the left, {b[at]:.6g} on the right."
    return Difference(stage, where, float(apart[at]) / scale, says)


@dataclass(frozen=True)
class FunctionReport:
    """Two functions side by side, for each precision: values and gradients of the same inputs."""

    name: str
    sides: tuple[str, str]
    compared: tuple[str, ...]
    tolerances: dict[str, float]
    differences: dict[str, tuple[Difference, ...]] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether nothing differs by more than the tolerance."""
        return not any(self.differences.values())

    @property
    def first(self) -> Difference | None:
        """The first difference of the most exact run."""
        found = [d[0] for d in reversed(self.differences.values()) if d]
        return found[0] if found else None

    def assert_equal(self) -> None:
        """Raise `AssertionError`, which names the first difference, unless all is equal."""
        if self.first is not None:
            raise AssertionError(f"{self.title}\n{self.verdict}")

    @property
    def title(self) -> str:
        """The two that were compared, in one line."""
        return f"{self.sides[0]} and {self.sides[1]}"

    @property
    def verdict(self) -> str:
        """One or two sentences: equal, or where they first differ."""
        if self.first is None:
            return f"Equal: {', '.join(self.compared)}."
        return f"They first differ here: {self.first.says}"

    def rows(self) -> list[tuple[str, list[str]]]:
        """The table: what was compared, and what each precision found."""
        return [(what, [self._cell(what, p) for p in self.tolerances]) for what in self.compared]

    def _cell(self, what: str, precision: str) -> str:
        for d in self.differences[precision]:
            if d.where == what or f"gradient of {d.where}" == what:
                return f"differs{_by([d])}"
        return f"equal to {self.tolerances[precision]:.0e}"

    def __repr__(self) -> str:
        table = [("", list(self.tolerances)), *self.rows()]
        wide = max(len(what) for what, _ in table)
        lines = [f"  {what:{wide}}" + "".join(f"  {c:<20}" for c in cells) for what, cells in table]
        return "\n".join([self.title, *(line.rstrip() for line in lines), self.verdict])


def compare_function(
    f: Callable[..., Any],
    g: Callable[..., Any],
    inputs: Sequence[Array],
    *,
    engines: Sequence[Any] | None = None,
    precisions: Sequence[Precision] = ("float32", "float64"),
) -> FunctionReport:
    """Two functions of the same `inputs`: their values, and the gradient of each float input.

    `f` takes tensors of `dlcourse.scratch`, `g` tensors of torch; with `engines=(numpy, torch)` and
    the like, what you say.  A side on NumPy has no gradients, so only values are compared then.
    The gradient is that of a fixed random weighting of the result's elements.
    """
    pair = engines or [importlib.import_module(n) for n in ("dlcourse.scratch", "torch")]
    with_gradients = all(e is not np for e in pair)
    found, compared = {}, ("value",)
    for precision in precisions:
        sides = [_call(h, e, inputs, precision) for h, e in zip((f, g), pair, strict=True)]
        tolerance = TOLERANCE[precision]
        gaps = [_gap("value", "value", sides[0]["value"], sides[1]["value"])]
        if with_gradients:
            a, b = ({k: v for k, v in s.items() if k != "value"} for s in sides)
            compared = ("value", *(f"gradient of {k}" for k in b))
            gaps += _gaps("gradient", a, b, tolerance)
        found[precision] = tuple(d for d in gaps if not d.by <= tolerance)
    names = tuple(_called(h, e) for h, e in zip((f, g), pair, strict=True))
    tolerances = {p: TOLERANCE[p] for p in precisions}
    return FunctionReport(names[0], (names[0], names[1]), compared, tolerances, found)


def _called(function: Callable[..., Any], engine: Any) -> str:
    name = getattr(function, "__name__", "")
    return f"{name if name.isidentifier() else 'your function'} ({engine.__name__})"


def _call(h: Callable[..., Any], engine: Any, inputs: Sequence[Any], kind: str) -> dict[str, Array]:
    arrays = [np.asarray(x) for x in inputs]
    arrays = [a.astype(kind) if a.dtype.kind == "f" else a for a in arrays]
    if engine is np:
        return {"value": np.asarray(h(*(a.copy() for a in arrays)))}
    tensors = [engine.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    with _precision(engine, kind):
        out = h(*tensors)
        value = np.array(out.detach().numpy())
        if out.requires_grad:
            weighting = np.random.default_rng(0).uniform(0.5, 1.5, value.shape).astype(value.dtype)
            out.backward(engine.tensor(weighting))
    grads = {f"input {i + 1}": t.grad for i, t in enumerate(tensors) if t.grad is not None}
    return {"value": value, **{name: np.array(g.numpy()) for name, g in grads.items()}}
