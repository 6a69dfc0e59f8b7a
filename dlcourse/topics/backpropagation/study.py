"""What lesson 02 measures: slopes by nudging, gradient checks, signals in depth, training."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...data import Dataset, Part
from ...models import MLP
from ...teach.train import predict
from . import rules
from .rules import Batch, Rule, Weights


def nudge_each(parameters: list[Any], loss: Callable[[], float], eps: float = 1e-5) -> np.ndarray:
    """The slope of `loss()` for every single parameter by central differences, in order, flat.

    `parameters` are leaf tensors of `dlcourse.scratch` in float64; each number costs two losses.
    """
    slopes = []
    for p in parameters:
        flat = p.data.numpy().reshape(-1)  # a view: writing here changes the parameter
        for i, value in enumerate(flat.copy()):
            flat[i] = value + eps
            up = loss()
            flat[i] = value - eps
            down = loss()
            flat[i] = value
            slopes.append((up - down) / (2 * eps))
    return np.array(slopes)


def check_errors(
    loss: Callable[[np.ndarray], float], w: np.ndarray, slope: np.ndarray, steps: np.ndarray
) -> np.ndarray:
    """Median relative error of the central difference at the entries of `w`, for each step size.

    `loss(w)` runs in `w`'s own number type; `slope` holds the exact derivatives.
    """
    return np.array([np.median(_relative_errors(loss, w, slope, eps)) for eps in steps])


def _relative_errors(
    loss: Callable[[np.ndarray], float], w: np.ndarray, slope: np.ndarray, eps: float
) -> list[float]:
    errors = []
    for i in np.ndindex(*w.shape):
        up, down = w.copy(), w.copy()
        up[i] += w.dtype.type(eps)
        down[i] -= w.dtype.type(eps)
        estimate = (float(loss(up)) - float(loss(down))) / (2 * eps)
        errors.append(abs(estimate - slope[i]) / max(abs(estimate), abs(slope[i]), 1e-300))
    return errors


def signal_sizes(
    std: float, depth: int = 20, width: int = 256, batch: int = 256, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviations by layer in a plain ReLU network with weights from N(0, std²).

    Returns (activations after layers 1..depth, gradients at layers 1..depth), for inputs and an
    incoming gradient from N(0, 1).  He et al. (2015), section 2.2.
    """
    rng = np.random.default_rng(seed)
    weights = [std * rng.standard_normal((width, width)) for _ in range(depth)]
    a, masks, forward = rng.standard_normal((batch, width)), [], []
    for w in weights:
        z = a @ w.T  # (batch, width)
        masks.append(z > 0)
        a = z * masks[-1]
        forward.append(a.std())
    g, backward = rng.standard_normal((batch, width)), []
    for w, mask in zip(reversed(weights), reversed(masks), strict=True):
        g = (g * mask) @ w
        backward.append(g.std())
    return np.array(forward), np.array(backward[::-1])


def fingerprints(batch: Batch, w: Weights) -> list[dict[str, str]]:
    """For each wrong rule: cosine and norm ratio of its gradient to the true one, by parameter."""
    true = rules.backward(batch, w).weights
    return [
        {"rule": rule.label, "known as": rule.misconception or "", **_marks(rule, true, batch, w)}
        for rule in rules.WRONG
    ]


def _marks(rule: Rule, true: Weights, batch: Batch, w: Weights) -> dict[str, str]:
    wrong = rule(batch, w).weights
    found = [rules.agreement(a, b) for a, b in zip(wrong, true, strict=True)]
    return {
        name: f"{a.cosine:.2f} × {a.ratio:.2f}" for name, a in zip(rules.NAMES, found, strict=True)
    }


def train_with(
    rule: Rule,
    digits: Dataset,
    seed: int,
    epochs: int = 20,
    lr: float = 0.1,
    zero_grad: bool = True,
) -> float:
    """Test accuracy of the 64-16-10 network after plain SGD that trusts `rule`.

    Without `zero_grad`, each step uses the sum of all gradients since the first one.
    """
    if rule.name == "updated-weights-first":  # it sees the step that this very training takes
        rule = replace(rule, changes=(("through", lambda W2, dW2: W2 - lr * dW2),))
    w = rules.init(np.random.default_rng(seed))
    grad = Weights(*(np.zeros_like(p) for p in w))
    batches = digits.train.batches(32, seed=seed)
    with np.errstate(all="ignore"):  # going uphill overflows, and that is the point
        for x, y in (batch for epoch in range(epochs) for batch in batches.epoch(epoch)):
            new = rule(Batch(x.astype(np.float64), y), w).weights
            grad = new if zero_grad else Weights(*map(np.add, grad, new))
            w = Weights(*(p - lr * g for p, g in zip(w, grad, strict=True)))
        logits = rules.forward(Batch(digits.test.x.astype(np.float64), digits.test.y), w).logits
    return float(np.mean(logits.argmax(1) == digits.test.y))


def start(torch: Any, seed: int) -> Any:
    """A 64-16-10 `MLP` on the given engine; the same seed gives both engines the same weights."""
    model, rng = MLP(torch)([64, 16, 10]), np.random.default_rng(seed)
    drawn = rules.init(rng)  # there inputs come first, in `Linear` outputs do
    values = (drawn.W1.T, drawn.b1, drawn.W2.T, drawn.b2)
    with torch.no_grad():
        for p, value in zip(model.parameters(), values, strict=True):
            p.copy_(torch.tensor(value.astype(np.float32)))
    return model


def right(model: Any, part: Part) -> float:
    """The fraction of `part` that the model answers correctly."""
    return float((predict(model, part.x).argmax(1) == part.y).mean())
