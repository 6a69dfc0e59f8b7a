"""The update rules, each a few lines on one array.  Sorted in order of increasing complexity.

`p` is the parameter, `g` its gradient, `t` the number of this step (from 1); all else keeps the
paper's or torch's name.  Updates are in place.  Weight decay and `maximize` are applied to `g`
(decoupled decay to `p`) before a rule sees it, as in torch.
"""

from math import sqrt

import numpy as np

from .optimizer import Rule, checked


class SGD(Rule):
    """v = momentum v + (1 - dampening) g;  p = p - lr v.  Nesterov: p = p - lr (g + momentum v).

    Sutskever et al. 2013, with torch's placement of `lr` outside the velocity.
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        momentum=0,
        dampening=0,
        weight_decay=0,
        nesterov=False,
        *,
        maximize=False,
        foreach=None,
        differentiable=False,
        fused=None,
    ):
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, checked(locals()))

    def buffers(self, group):
        return {"momentum_buffer": 0.0} if group["momentum"] else {}

    def counters(self, group):
        return {}

    def clock(self, state, group):
        return {}

    def update(self, p, g, *, lr, momentum, dampening, nesterov, first, momentum_buffer=None, **_):
        if momentum:
            v = momentum_buffer
            v *= momentum
            v += g if first else (1 - dampening) * g
            g = g + momentum * v if nesterov else v
        p -= lr * g


class ASGD(Rule):
    """p = p - eta g, eta falling as (1 + lambd lr t)^-alpha;  ax averages p after step t0.

    Polyak and Juditsky 1992; `lambd` also shrinks p, as in Bottou's averaged SGD.
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        lambd=1e-4,
        alpha=0.75,
        t0=1e6,
        weight_decay=0,
        foreach=None,
        maximize=False,
        differentiable=False,
        capturable=False,
    ):
        super().__init__(params, checked(locals()))

    def buffers(self, group):
        return {"ax": 0.0}

    def counters(self, group):
        return {"step": 0.0, "eta": group["lr"], "mu": 1.0}

    def clock(self, state, group):
        """Advance the step count; this step's eta and mu were set by the one before."""
        t, now = super().clock(state, group)["t"], {k: float(state[k]._data) for k in ("eta", "mu")}
        decay = 1 + group["lambd"] * group["lr"] * t
        state["eta"]._data[...] = group["lr"] / decay ** group["alpha"]
        state["mu"]._data[...] = 1 / max(1, t - group["t0"])
        return {"t": t, **now}

    def update(self, p, g, *, lambd, eta, mu, ax, **_):
        p *= 1 - lambd * eta
        p -= eta * g
        ax += mu * (p - ax)


class Rprop(Rule):
    """p = p - sign(g) step; each step grows while the sign of its gradient stays, and else shrinks.

    Riedmiller and Braun 1993; after a change of sign the parameter waits for one step.
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        etas=(0.5, 1.2),
        step_sizes=(1e-6, 50),
        *,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ):
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        pairs = {"etas": etas, "step_sizes": step_sizes}
        options = {k: v for k, v in locals().items() if k not in ("pairs", *pairs)}
        super().__init__(params, checked(options) | pairs)

    def buffers(self, group):
        return {"prev": 0.0, "step_size": group["lr"]}

    def _apply(self, p, g, options):  # there is no weight decay
        self.update(p, -g if options["maximize"] else g, **options)

    def update(self, p, g, *, etas, step_sizes, prev, step_size, **_):
        sign = np.sign(g * prev)
        step_size *= np.where(sign > 0, etas[1], np.where(sign < 0, etas[0], 1))
        np.clip(step_size, *step_sizes, out=step_size)
        g = np.where(sign < 0, 0, g)
        p -= np.sign(g) * step_size
        prev[...] = g


class Adagrad(Rule):
    """s = s + g²;  p = p - lr g / (sqrt(s) + eps).  Duchi et al. 2011."""

    def __init__(
        self,
        params,
        lr=1e-2,
        lr_decay=0,
        weight_decay=0,
        initial_accumulator_value=0,
        eps=1e-10,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        fused=None,
    ):
        super().__init__(params, checked(locals()))

    def buffers(self, group):
        return {"sum": group["initial_accumulator_value"]}

    def update(self, p, g, *, t, lr, lr_decay, eps, sum, **_):
        sum += g * g
        p -= lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(sum) + eps)


class RMSprop(Rule):
    """s = alpha s + (1 - alpha) g²;  p = p - lr g / (sqrt(s) + eps).  Hinton 2012, lecture 6e.

    `centered` takes the variance (less the squared mean) for s; `momentum` smooths the quotient.
    """

    def __init__(
        self,
        params,
        lr=1e-2,
        alpha=0.99,
        eps=1e-8,
        weight_decay=0,
        momentum=0,
        centered=False,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ):
        super().__init__(params, checked(locals()))

    def buffers(self, group):
        names = ["square_avg"]
        names += ["momentum_buffer"] if group["momentum"] > 0 else []
        names += ["grad_avg"] if group["centered"] else []
        return dict.fromkeys(names, 0.0)

    def update(
        self,
        p,
        g,
        *,
        lr,
        alpha,
        eps,
        square_avg,
        momentum,
        momentum_buffer=None,
        grad_avg=None,
        **_,
    ):
        square_avg *= alpha
        square_avg += (1 - alpha) * (g * g)
        spread = square_avg
        if grad_avg is not None:
            grad_avg += (1 - alpha) * (g - grad_avg)
            spread = square_avg - grad_avg * grad_avg
        direction = g / (np.sqrt(spread) + eps)
        if momentum_buffer is not None:
            momentum_buffer *= momentum
            momentum_buffer += direction
            direction = momentum_buffer
        p -= lr * direction


class Adadelta(Rule):
    """d = sqrt(a + eps) / sqrt(s + eps) g with running means s of g², a of d²;  p = p - lr d.

    Zeiler 2012: the numerator gives the step the parameter's own units.
    """

    def __init__(
        self,
        params,
        lr=1.0,
        rho=0.9,
        eps=1e-6,
        weight_decay=0,
        foreach=None,
        *,
        capturable=False,
        maximize=False,
        differentiable=False,
    ):
        super().__init__(params, checked(locals()))

    def buffers(self, group):
        return {"square_avg": 0.0, "acc_delta": 0.0}

    def update(self, p, g, *, lr, rho, eps, square_avg, acc_delta, **_):
        square_avg *= rho
        square_avg += (1 - rho) * (g * g)
        delta = np.sqrt(acc_delta + eps) / np.sqrt(square_avg + eps) * g
        acc_delta *= rho
        acc_delta += (1 - rho) * (delta * delta)
        p -= lr * delta


# --- the Adam family: m, a running mean of g, over the root of v, one of g² -------------------


def _moments(g, m, v, betas):
    """m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g²; returns a temporary for the caller's use."""
    b1, b2 = betas
    d = np.asarray(g - m)  # of a 0-d parameter too, so that it can be written to
    d *= 1 - b1
    m += d
    np.multiply(g, g, out=d)
    d *= 1 - b2
    v *= b2
    v += d
    return d


_NONE_YET = {"exp_avg": 0.0, "exp_avg_sq": 0.0}


class Adam(Rule):
    """p = p - lr m' / (sqrt(v') + eps), where m' = m / (1 - b1^t) and v' = v / (1 - b2^t).

    Kingma and Ba 2015, algorithm 1; `amsgrad` (Reddi et al. 2018) keeps the largest v so far.
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        amsgrad=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
        fused=None,
        decoupled_weight_decay=False,
    ):
        if not all(isinstance(beta, float) for beta in betas):
            raise ValueError(f"betas must both be floats, got {betas}")
        super().__init__(params, checked(locals()))

    def buffers(self, group):
        return {**_NONE_YET, "max_exp_avg_sq": 0.0} if group["amsgrad"] else _NONE_YET

    def update(self, p, g, *, t, lr, betas, eps, exp_avg, exp_avg_sq, max_exp_avg_sq=None, **_):
        m, v = exp_avg, exp_avg_sq
        d = _moments(g, m, v, betas)
        if max_exp_avg_sq is not None:
            v = np.maximum(max_exp_avg_sq, v, out=max_exp_avg_sq)
        # Both corrections as scalars: m' / (sqrt(v') + eps) = m k / ((sqrt(v) + eps k) (1 - b1^t)).
        k = sqrt(1 - betas[1] ** t)
        np.sqrt(v, out=d)
        d += eps * k
        np.divide(m, d, out=d)
        d *= lr * k / (1 - betas[0] ** t)
        p -= d


class AdamW(Adam):
    """Adam whose weight decay shrinks p itself and never enters m and v.

    Loshchilov and Hutter 2019, "Decoupled weight decay regularization".
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=1e-2,
        amsgrad=False,
        *,
        maximize=False,
        foreach=None,
        capturable=False,
        differentiable=False,
        fused=None,
    ):
        options = {k: v for k, v in locals().items() if k not in ("self", "__class__")}
        super().__init__(**options, decoupled_weight_decay=True)


class Adamax(Rule):
    """u = max(b2 u, |g| + eps);  p = p - lr m' / u.  Kingma and Ba 2015, section 7.1."""

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        capturable=False,
    ):
        super().__init__(params, checked(locals()))

    def buffers(self, group):
        return {"exp_avg": 0.0, "exp_inf": 0.0}

    def update(self, p, g, *, t, lr, betas, eps, exp_avg, exp_inf, **_):
        b1, b2 = betas
        exp_avg += (1 - b1) * (g - exp_avg)
        exp_inf *= b2
        np.maximum(exp_inf, abs(g) + eps, out=exp_inf)
        p -= lr / (1 - b1**t) * exp_avg / exp_inf


class NAdam(Rule):
    """Adam with Nesterov's look ahead: the next mean, of which g is already part, moves p.

    Dozat 2016; the momentum mu_t = b1 (1 - 0.96^(t momentum_decay) / 2) rises to b1.
    """

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        momentum_decay=4e-3,
        decoupled_weight_decay=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
    ):
        super().__init__(params, checked(locals()))

    def buffers(self, group):
        return _NONE_YET

    def counters(self, group):
        return {"step": 0.0, "mu_product": 1.0}

    def clock(self, state, group):
        """Advance the step count and the product of all mu so far."""
        t = super().clock(state, group)["t"]
        mu, mu_next = (
            group["betas"][0] * (1 - 0.5 * 0.96 ** (i * group["momentum_decay"]))
            for i in (t, t + 1)
        )
        product = state["mu_product"]._data
        product *= mu
        return {"t": t, "mu": mu, "mu_next": mu_next, "mu_product": float(product)}

    def update(self, p, g, *, t, lr, betas, eps, mu, mu_next, mu_product, exp_avg, exp_avg_sq, **_):
        _moments(g, exp_avg, exp_avg_sq, betas)
        root = np.sqrt(exp_avg_sq / (1 - betas[1] ** t)) + eps
        p -= lr * (1 - mu) / (1 - mu_product) * g / root
        p -= lr * mu_next / (1 - mu_product * mu_next) * exp_avg / root


class RAdam(Rule):
    """Adam that waits: while v rests on too few samples (rho <= 5), p = p - lr m'.

    Liu et al. 2020, algorithm 2; rho is the length of the average that v amounts to.
    """

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        decoupled_weight_decay=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
    ):
        super().__init__(params, checked(locals()))

    def buffers(self, group):
        return _NONE_YET

    def update(self, p, g, *, t, lr, betas, eps, exp_avg, exp_avg_sq, **_):
        b1, b2 = betas
        d = _moments(g, exp_avg, exp_avg_sq, betas)
        np.multiply(exp_avg, lr / (1 - b1**t), out=d)
        final = 2 / (1 - b2) - 1
        rho = final - 2 * t * b2**t / (1 - b2**t)
        if rho > 5:
            rect = sqrt((rho - 4) * (rho - 2) * final / ((final - 4) * (final - 2) * rho))
            d *= rect * sqrt(1 - b2**t) / (np.sqrt(exp_avg_sq) + eps)
        p -= d
