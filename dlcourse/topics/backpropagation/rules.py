"""A network of one hidden layer by hand: its backward pass, nine wrong ones, and which is which.

    z1 = x W1 + b1      a1 = relu(z1)      logits = a1 W2 + b2      loss = mean cross-entropy

Shapes: x (N, D), y (N,) whole numbers, W1 (D, H), b1 (H,), W2 (H, K), b2 (K,).
A wrong rule is a misconception that runs: each is the right rule with one line changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

NAMES = ("W1", "b1", "W2", "b2")


class Weights(NamedTuple):
    """The four parameters; gradients come in the same form."""

    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray


class Trace(NamedTuple):
    """What the forward pass computed, kept for the backward pass."""

    z1: np.ndarray  # (N, H)
    a1: np.ndarray  # (N, H)
    logits: np.ndarray  # (N, K)
    p: np.ndarray  # (N, K)
    loss: float


class Gradients(NamedTuple):
    """What a backward pass computed, from the loss to the parameters."""

    logits: np.ndarray  # (N, K)
    paths: np.ndarray  # (N, H, K) what each logit sends back to each hidden unit
    a1: np.ndarray  # (N, H)
    z1: np.ndarray  # (N, H)
    weights: Weights


class Batch(NamedTuple):
    """Inputs and labels."""

    x: np.ndarray  # (N, D)
    y: np.ndarray  # (N,)


def init(rng: np.random.Generator, sizes: tuple[int, int, int] = (64, 16, 10)) -> Weights:
    """Random weights with He's scale (He et al., 2015), biases at zero."""
    D, H, K = sizes
    W1 = rng.normal(0, np.sqrt(2 / D), (D, H))
    W2 = rng.normal(0, np.sqrt(2 / H), (H, K))
    return Weights(W1, np.zeros(H), W2, np.zeros(K))


def forward(batch: Batch, w: Weights) -> Trace:
    """Hidden layer, logits, probabilities and the mean cross-entropy."""
    z1 = batch.x @ w.W1 + w.b1  # (N, H)
    a1 = np.maximum(z1, 0)
    logits = a1 @ w.W2 + w.b2  # (N, K)
    log_p = logits - _logsumexp(logits)[:, None]
    loss = -log_p[np.arange(len(batch.y)), batch.y].mean()
    return Trace(z1, a1, logits, np.exp(log_p), float(loss))


def backward(batch: Batch, w: Weights) -> Gradients:
    """The right rule."""
    return _backward(batch, w)


def _logsumexp(logits: np.ndarray) -> np.ndarray:
    top = logits.max(axis=-1)
    return top + np.log(np.exp(logits - top[..., None]).sum(axis=-1))


def _delta(t: Trace, y: np.ndarray) -> np.ndarray:
    one_hot = np.eye(t.p.shape[1])[y]
    return (t.p - one_hot) / len(y)


def _gate(t: Trace, g: np.ndarray) -> np.ndarray:
    return g * (t.z1 > 0)


def _sum_paths(paths: np.ndarray) -> np.ndarray:
    return paths.sum(axis=2)


def _sum_batch(g: np.ndarray) -> np.ndarray:
    return g.sum(axis=0)


def _same(W2: np.ndarray, dW2: np.ndarray) -> np.ndarray:
    return W2


def _backward(
    batch: Batch,
    w: Weights,
    delta: Callable[[Trace, np.ndarray], np.ndarray] = _delta,
    gate: Callable[[Trace, np.ndarray], np.ndarray] = _gate,
    gather: Callable[[np.ndarray], np.ndarray] = _sum_paths,
    bias: Callable[[np.ndarray], np.ndarray] = _sum_batch,
    through: Callable[[np.ndarray, np.ndarray], np.ndarray] = _same,
) -> Gradients:
    """The backward pass, with a place for each line that people get wrong."""
    t = forward(batch, w)
    d_logits = delta(t, batch.y)  # (N, K)
    dW2 = t.a1.T @ d_logits
    paths = d_logits[:, None, :] * through(w.W2, dW2)  # (N, H, K)
    d_a1 = gather(paths)  # (N, H)
    d_z1 = gate(t, d_a1)
    dW1 = batch.x.T @ d_z1
    return Gradients(d_logits, paths, d_a1, d_z1, Weights(dW1, bias(d_z1), dW2, bias(d_logits)))


UPDATE = 0.5  # the learning rate of the rule that updates W2 too early


def _ascent(t: Trace, y: np.ndarray) -> np.ndarray:
    return -_delta(t, y)


def _summed(t: Trace, y: np.ndarray) -> np.ndarray:
    return _delta(t, y) * len(y)


def _softmax_again(t: Trace, y: np.ndarray) -> np.ndarray:
    return _delta(t, y) * t.p * (1 - t.p)


def _open_gate(t: Trace, g: np.ndarray) -> np.ndarray:
    return g


def _value_gate(t: Trace, g: np.ndarray) -> np.ndarray:
    return g * t.a1


def _gradient_gate(t: Trace, g: np.ndarray) -> np.ndarray:
    return g * (g > 0)


def _last_path(paths: np.ndarray) -> np.ndarray:
    return paths[:, :, -1]


def _mean_batch(g: np.ndarray) -> np.ndarray:
    return g.mean(axis=0)


def _updated(W2: np.ndarray, dW2: np.ndarray) -> np.ndarray:
    return W2 - UPDATE * dW2


@dataclass(frozen=True)
class Rule:
    """A backward rule: its short name, its words, the catalogue id, the changed line, its mark.

    `wrote` and `right` are the line as it is written and as it should be; `mark` is how its
    gradients differ from the right ones, in one sentence.
    """

    name: str
    label: str
    misconception: str | None
    wrote: str
    right: str
    mark: str
    changes: tuple[tuple[str, Callable], ...] = ()

    def __call__(self, batch: Batch, w: Weights) -> Gradients:
        return _backward(batch, w, **dict(self.changes))


CORRECT = Rule(
    "correct",
    "Correct",
    None,
    "d_a1 = d_logits @ W2.T",
    "d_a1 = d_logits @ W2.T",
    "Every parameter agrees with the numerical gradient: cosine 1, norm ratio 1.",
)

WRONG = (
    Rule(
        "sign",
        "Sign flipped",
        "B-01",
        "d_logits = (y - p) / N",
        "d_logits = (p - y) / N",
        "Cosine -1 and norm ratio 1 on every parameter: the step goes uphill.",
        (("delta", _ascent),),
    ),
    Rule(
        "forgot-mean",
        "Mean over the batch forgotten",
        "B-02",
        "d_logits = p - y",
        "d_logits = (p - y) / N",
        "Cosine 1 and norm ratio N, the batch size, on every parameter.",
        (("delta", _summed),),
    ),
    Rule(
        "bias-mean",
        "Bias gradient averaged twice",
        "B-03",
        "db = d.mean(axis=0)",
        "db = d.sum(axis=0)",
        "The weights are right; both biases have cosine 1 and norm ratio 1/N.",
        (("bias", _mean_batch),),
    ),
    Rule(
        "double-softmax-derivative",
        "Softmax derivative applied twice",
        "B-04",
        "d_logits = (p - y) * p * (1 - p) / N",
        "d_logits = (p - y) / N",
        "Every gradient is several times too small, in a direction that is only a little off.",
        (("delta", _softmax_again),),
    ),
    Rule(
        "no-activation-derivative",
        "ReLU's derivative forgotten",
        "B-05",
        "d_z1 = d_a1",
        "d_z1 = d_a1 * (z1 > 0)",
        "W2 and b2 are right; W1 and b1 are too long and turned, for dead units take part.",
        (("gate", _open_gate),),
    ),
    Rule(
        "activation-as-derivative",
        "Activation used as its derivative",
        "B-06",
        "d_z1 = d_a1 * a1",
        "d_z1 = d_a1 * (z1 > 0)",
        "W2 and b2 are right; W1 and b1 are turned, and dead units correctly get nothing.",
        (("gate", _value_gate),),
    ),
    Rule(
        "guided",
        "Gate on the gradient's sign",
        "B-07",
        "d_z1 = d_a1 * (d_a1 > 0)",
        "d_z1 = d_a1 * (z1 > 0)",
        "W2 and b2 are right; b1 has no negative entry at all.",
        (("gate", _gradient_gate),),
    ),
    Rule(
        "updated-weights-first",
        "W2 updated before it was used",
        "B-08",
        "W2 -= lr * dW2;  d_a1 = d_logits @ W2.T",
        "d_a1 = d_logits @ W2.T;  W2 -= lr * dW2",
        "W2 and b2 are right; W1 and b1 are a little off, by an amount that grows with lr.",
        (("through", _updated),),
    ),
    Rule(
        "overwrite-fan-out",
        "Fan-out overwritten, not summed",
        "B-09",
        "for k in range(K): d_a1 = d_logits[:, k:k+1] * W2[:, k]",
        "for k in range(K): d_a1 += d_logits[:, k:k+1] * W2[:, k]",
        "W2 and b2 are right; W1 and b1 know only the path through the last logit.",
        (("gather", _last_path),),
    ),
)

RULES = {rule.name: rule for rule in (CORRECT, *WRONG)}


# Numerical gradients ------------------------------------------------------------------------------


def numerical(batch: Batch, w: Weights, eps: float = 1e-5) -> Weights:
    """Every parameter moved by +eps and -eps, one at a time: (loss(+) - loss(-)) / 2 eps.

    Only what a parameter reaches is computed again, for all parameters at once; the result is that
    of the loop over `forward`.
    """
    up, down = (_losses(batch, w, step) for step in (eps, -eps))
    return Weights(*((u - d) / (2 * eps) for u, d in zip(up, down, strict=True)))


def _losses(batch: Batch, w: Weights, step: float) -> Weights:
    """The loss after moving each parameter alone by `step`, in the parameters' shapes."""
    z1 = batch.x @ w.W1 + w.b1
    a1 = np.maximum(z1, 0)
    logits = a1 @ w.W2 + w.b2
    logits -= logits.max(axis=1, keepdims=True)  # changes no loss, and no exp overflows
    inputs = np.vstack([batch.x.T, np.ones(len(batch.y))])  # (D+1, N), the ones are b1's
    moved = np.maximum(z1 + step * inputs[:, :, None], 0) - a1  # (D+1, N, H)
    hidden = _loss(logits, moved.swapaxes(1, 2), w.W2, batch.y)
    outputs = np.vstack([a1.T, np.ones(len(batch.y))])  # (H+1, N), the ones are b2's
    one = step * np.eye(logits.shape[1])  # (K, K)
    top = _loss(logits, outputs[:, None].repeat(len(one), axis=1), one, batch.y)
    return Weights(hidden[:-1], hidden[-1], top[:-1], top[-1])


def _loss(logits: np.ndarray, by: np.ndarray, along: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean cross-entropy of logits (N, K) + by (..., M, N) * along (M, K): (..., M)."""
    each = np.empty(by.shape)
    each[...] = _surprise(logits, y)
    changed = np.nonzero(by)  # dark pixels and dead units change nothing
    unit, row = changed[-2:]
    each[changed] = _surprise(logits[row] + by[changed][:, None] * along[unit], y[row])
    return each.mean(axis=-1)


def _surprise(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Cross-entropy of each row: (M, K) and (M,) -> (M,)."""
    totals = np.exp(logits) @ np.ones(logits.shape[1])  # faster than a sum over few
    return np.log(totals) - logits[np.arange(len(y)), y]


# Comparing and naming -----------------------------------------------------------------------------


class Agreement(NamedTuple):
    """How close one gradient is to another: |a-b| / (|a|+|b|), their cosine, |a| / |b|."""

    error: float
    cosine: float
    ratio: float


def agreement(a: np.ndarray, b: np.ndarray) -> Agreement:
    """Compare gradient `a` with the trusted `b`; a cosine with a zero vector is nan."""
    with np.errstate(invalid="ignore", divide="ignore"):
        na, nb = np.float64(np.linalg.norm(a)), np.float64(np.linalg.norm(b))
        error = np.linalg.norm(a - b) / (na + nb) if na + nb else np.float64(0)
        return Agreement(float(error), float(np.sum(a * b) / (na * nb)), float(na / nb))


@dataclass(frozen=True)
class Diagnosis:
    """Which rule made these gradients.  `rule` is `None` if it is none that we know.

    `alike` names further rules that would give the very same numbers on this batch.
    `wrong` lists the parameters whose gradient is off; `says` tells it in a sentence or two.
    """

    rule: str | None
    says: str
    wrong: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()


def diagnose(gradients: Weights, batch: Batch, w: Weights) -> Diagnosis:
    """Name the rule behind `gradients` by replaying every rule that we know."""
    tolerance = 1e-3 if any(g.dtype == np.float32 for g in gradients) else 1e-7
    right = backward(batch, w).weights
    wrong = tuple(
        name
        for name, g, r in zip(NAMES, gradients, right, strict=True)
        if not agreement(g, r).error <= tolerance
    )
    found = [
        r.name
        for r in RULES.values()
        if _within(tolerance, gradients, _replay(r, gradients, batch, w))
    ]
    if not found:
        return Diagnosis(None, _where(gradients, right, wrong, len(batch.y)), wrong)
    return Diagnosis(found[0], _named(found), wrong, tuple(found[1:]))


def _replay(rule: Rule, gradients: Weights, batch: Batch, w: Weights) -> Weights:
    replayed = rule(batch, w).weights
    if rule.name != "updated-weights-first":
        return replayed
    # The learning rate is theirs, not ours; but these gradients are linear in it.
    right = backward(batch, w).weights
    per_lr = (_flat(replayed) - _flat(right)) / UPDATE
    size = per_lr @ per_lr
    lr = (_flat(gradients) - _flat(right)) @ per_lr / size if size else 0.0
    if not lr > 1e-6:
        return replayed
    return Weights(*(r + lr * (p - r) / UPDATE for r, p in zip(right, replayed, strict=True)))


def _flat(gradients: Weights) -> np.ndarray:
    return np.concatenate([np.ravel(g) for g in gradients])


def _within(tolerance: float, a: Weights, b: Weights) -> bool:
    """Do all parameters agree? (The first that does not ends the search; nan agrees with none.)"""
    return all(agreement(g, h).error <= tolerance for g, h in zip(a, b, strict=True))


def _named(found: list[str]) -> str:
    first = RULES[found[0]]
    if first is CORRECT and len(found) == 1:
        return "These are the right gradients."
    if first is CORRECT:
        others = " or ".join(f"“{RULES[n].label.lower()}”" for n in found[1:])
        return f"These are the right numbers; on this batch, {others} would give the same ones."
    others = "".join(f" (or “{RULES[n].label.lower()}”)" for n in found[1:])
    return f"**{first.label}**{others}: `{first.wrote}` where it should be `{first.right}`."


def _where(gradients: Weights, right: Weights, wrong: tuple[str, ...], n: int) -> str:
    """What can be said of a mistake that is in no catalogue: its scale and its place."""
    together = agreement(_flat(gradients), _flat(right))
    if np.isnan(together.error):
        return "There is a nan among them. Look for a division by zero or the logarithm of zero."
    if together.cosine > 1 - 1e-9:
        return f"The direction is right, but all is {together.ratio:.4g} times too long (N = {n})."
    if set(wrong) <= {"b1", "b2"}:
        return f"Only {' and '.join(wrong)} is off: look at how a bias collects from the batch."
    if set(wrong) <= {"W1", "b1"}:
        return "W2 and b2 are right, so d_logits is: look between d_logits and d_z1."
    if "W2" in wrong and "b2" not in wrong:
        return "b2 is right, so d_logits is: look at the product that makes dW2."
    return "All parameters are off: start where they all begin, at d_logits."
