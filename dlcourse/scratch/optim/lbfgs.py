"""Limited-memory BFGS: a quasi-Newton step from the last few changes of the gradient.

Nocedal and Wright, Numerical Optimization, 2nd ed. 2006: algorithm 7.4 for the direction, 3.5 and
3.6 for the line search.
"""

from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from ..grad_mode import enable_grad, no_grad
from .optimizer import Optimizer


class _Point(NamedTuple):
    """What is known at one length along a direction: loss, gradient, and slope."""

    t: float
    loss: float
    g: np.ndarray
    slope: Any


class LBFGS(Optimizer):
    """p = p - t H g, where H approximates the inverse Hessian from `history_size` past steps.

    `step(closure)` runs up to `max_iter` iterations and calls `closure`, which computes the loss
    and its gradients, up to `max_eval` times.  Liu and Nocedal, 1989.
    """

    def __init__(
        self,
        params,
        lr=1,
        max_iter=20,
        max_eval=None,
        tolerance_grad=1e-7,
        tolerance_change=1e-9,
        history_size=100,
        line_search_fn=None,
    ):
        if lr < 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if line_search_fn not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported as line_search_fn")
        options = {k: v for k, v in locals().items() if k not in ("self", "params", "__class__")}
        super().__init__(params, options | {"max_eval": max_eval or max_iter * 5 // 4})
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    def step(self, closure=None):
        """Several iterations; returns the loss before them."""
        if closure is None:
            raise TypeError("LBFGS.step() needs a closure that computes the loss and its gradients")
        group = self.param_groups[0]
        state = self.state[group["params"][0]]
        evaluate = _Evaluation(group["params"], closure)
        first, g = evaluate()
        loss, evaluations = float(first), 1
        state["func_evals"] = state.get("func_evals", 0) + 1
        flat = np.abs(g).max(initial=0) <= group["tolerance_grad"]
        for n in range(1, group["max_iter"] + 1):
            if flat:
                break
            state["n_iter"] = state.get("n_iter", 0) + 1
            d = self._direction(state, g, group["history_size"])
            state.update(prev_flat_grad=g, prev_loss=loss)
            begin = min(1.0, 1 / np.abs(g).sum()) if state["n_iter"] == 1 else 1.0
            here = _Point(0.0, loss, g, g @ d)
            if here.slope > -group["tolerance_change"]:
                break
            wolfe = group["line_search_fn"] is not None
            last = n == group["max_iter"]
            there, used = self._go(evaluate, begin * group["lr"], d, here, wolfe, last, group)
            state.update(d=d, t=there.t)
            loss, g = there.loss, there.g
            evaluations += used
            state["func_evals"] += used
            flat = np.abs(g).max() <= group["tolerance_grad"]
            small = min(np.abs(d * there.t).max(), abs(loss - here.loss))
            if evaluations >= group["max_eval"] or small <= group["tolerance_change"]:
                break
        return first

    def load_state_dict(self, state_dict):
        """Take back what `state_dict` gave; the vectors stay arrays."""
        super().load_state_dict(state_dict)
        for state in self.state.values():
            state.update({k: getattr(v, "_data", v) for k, v in state.items()})

    def _direction(self, state, g, size):
        """-H g by the two-loop recursion over the remembered changes."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return -g
        ys, ss, ro = state["old_dirs"], state["old_stps"], state["ro"]
        y, s = g - state["prev_flat_grad"], state["d"] * state["t"]
        if y @ s > 1e-10:
            for values, new in ((ys, y), (ss, s), (ro, 1 / (y @ s))):
                values[:] = [*values, new][-size:]
            state["H_diag"] = (y @ s) / (y @ y)
        q, weights = -g, []
        for y, s, r in zip(ys[::-1], ss[::-1], ro[::-1], strict=True):
            weights.append((s @ q) * r)
            q = q - weights[-1] * y
        d = q * state["H_diag"]
        for y, s, r, a in zip(ys, ss, ro, weights[::-1], strict=True):
            d = d + s * (a - (y @ d) * r)
        return d

    def _go(self, evaluate, t, d, here, wolfe, last, group):
        """Move along `d`: the point reached, and how often the closure was called."""
        if wolfe:
            found, used = _strong_wolfe(lambda t: evaluate.at(t, d), t, d, here, group)
            evaluate.move(found.t, d)
            return found, used
        evaluate.move(t, d)
        if last:  # nobody will look at the gradient there
            return here._replace(t=t), 0
        loss, g = evaluate()
        return _Point(t, float(loss), g, g @ d), 1


class _Evaluation:
    """The closure, and the parameters as one flat vector."""

    def __init__(self, params, closure):
        self.params, self.closure = params, closure

    def __call__(self):
        with enable_grad():
            loss = self.closure()
        return loss, np.concatenate([_flat_gradient(p) for p in self.params])

    def move(self, t, d):
        """Add t d to the parameters."""
        ends = np.cumsum([p.numel() for p in self.params])[:-1]
        with no_grad():
            for p, piece in zip(self.params, np.split(d, ends), strict=True):
                p.add_(p.new_tensor(piece.reshape(p.shape)), alpha=t)

    def at(self, t, d):
        """The point at length `t` along `d`; the parameters stay where they are."""
        before = [p._data.copy() for p in self.params]
        self.move(t, d)
        loss, g = self()
        with no_grad():
            for p, old in zip(self.params, before, strict=True):
                p.copy_(p.new_tensor(old))
        return _Point(t, float(loss), g, g @ d)


def _flat_gradient(p):
    return np.zeros(p.numel(), p._data.dtype) if p.grad is None else p.grad._data.reshape(-1)


# --- line search ------------------------------------------------------------------------------

SUFFICIENT, CURVED, TRIES = 1e-4, 0.9, 25  # c1, c2 and the most evaluations after the first


def _strong_wolfe(at, t, d, here, group):
    """A length at which the loss has fallen enough and the slope is small; calls made."""
    bracket, used, done = _bracket(at, t, here)
    while not done and used - 1 < TRIES:
        width = abs(bracket[1].t - bracket[0].t) * np.abs(d).max()
        if width < group["tolerance_change"]:
            break
        bracket, done = _zoom(at, bracket, here)
        used += 1
    return min(bracket, key=lambda point: point.loss), used


def _fell_too_little(new, here):
    return new.loss > here.loss + SUFFICIENT * new.t * here.slope


def _level(new, here):
    return abs(new.slope) <= -CURVED * here.slope


def _bracket(at, t, here):
    """Two points with a good one between them, or one good point; calls made; whether done."""
    before, new = here, at(t)
    for tries in range(TRIES):
        if _fell_too_little(new, here) or (tries > 1 and new.loss >= before.loss):
            return _Bracket([before, new]), tries + 1, False
        if _level(new, here):
            return _Bracket([new]), tries + 1, True
        if new.slope >= 0:
            return _Bracket([before, new]), tries + 1, False
        bounds = (new.t + 0.01 * (new.t - before.t), new.t * 10)
        before, new = new, at(_lowest_of_cubic(before, new, bounds))
    return _Bracket([here, new]), TRIES + 1, False


class _Bracket(list):
    """Points around a minimum; `stalled` if the last step went to the edge."""

    stalled = False


def _zoom(at, bracket, here):
    """Replace one end of the bracket by a point between them."""
    low, high = sorted(bracket, key=lambda point: point.loss)
    (left, right) = sorted((low.t, high.t))
    t = _lowest_of_cubic(bracket[0], bracket[1], (left, right))
    edge, stalled = 0.1 * (right - left), False
    if min(right - t, t - left) < edge:
        if bracket.stalled or t >= right or t <= left:
            t = right - edge if abs(t - right) < abs(t - left) else left + edge
        else:
            stalled = True
    new = at(t)
    done = False
    kept = {id(low): low, id(high): high}
    if _fell_too_little(new, here) or new.loss >= low.loss:
        kept[id(high)] = new
    else:
        done = _level(new, here)
        if not done and new.slope * (high.t - low.t) >= 0:
            kept[id(high)] = low
        kept[id(low)] = new
    bracket = _Bracket([kept[id(bracket[0])], kept[id(bracket[1])]])
    bracket.stalled = stalled
    return bracket, done


def _lowest_of_cubic(a, b, bounds):
    """The minimum within `bounds` of the cubic with these losses and slopes (eq. 3.59)."""
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if square < 0:
        return sum(bounds) / 2
    a, b = sorted((a, b), key=lambda point: point.t)
    root = sqrt(square)
    t = b.t - (b.t - a.t) * (b.slope + root - d1) / (b.slope - a.slope + 2 * root)
    return min(max(t, bounds[0]), bounds[1])
