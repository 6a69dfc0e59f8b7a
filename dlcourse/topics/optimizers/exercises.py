"""Exercises on the update: momentum, Adam, clipping and a schedule, one step at a time."""

import math
from typing import Any

import numpy as np

from ...teach.exercise import Case, Exercise, Property, Wrong

# --- SGD -----------------------------------------------------------------------------------------


class SGD:
    """Gradient descent with momentum on parameters that have arrays `data` and `grad`."""

    def __init__(self, params, lr, momentum=0.0):
        self.params = list(params)
        self.lr = lr
        self.momentum = momentum
        self.velocity = [np.zeros_like(p.data) for p in self.params]  #: one per parameter, at rest

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for p, v in zip(self.params, self.velocity, strict=True):
            if p.grad is None:
                continue
            v *= self.momentum  #: how much of the old velocity stays
            v += p.grad  #: what is added to it
            p.data -= self.lr * v  #: the step, in place


class Parameter:
    """An array with a place for its gradient, as the exercise hands it to the optimizer."""

    def __init__(self, data: np.ndarray):
        self.data = data
        self.grad: np.ndarray | None = None


def _drive_sgd(SGD, start: list, gradients: list, lr: list, momentum: float | None) -> dict:
    """Three steps with these gradients (None: no gradient), learning rates as they change."""
    params = [Parameter(np.array(a, dtype=float)) for a in start]
    arrays = [p.data for p in params]
    optimizer = SGD(params, lr[0]) if momentum is None else SGD(params, lr[0], momentum)
    trace: dict = {}
    for t, (now, rate) in enumerate(zip(gradients, lr, strict=True), 1):
        if t < 3:  # the last time the gradients are overwritten, as a closure may do
            optimizer.zero_grad()
            trace[f"gradients cleared before step {t}"] = all(_cleared(p.grad) for p in params)
        for p, g in zip(params, now, strict=True):
            p.grad = None if g is None else np.array(g, dtype=float)
        if t > 1:
            optimizer.lr = rate
        optimizer.step()
        for i, p in enumerate(params):
            trace[f"parameter {i} after step {t}"] = p.data.copy()
    trace["parameters changed in place"] = all(
        p.data is a for p, a in zip(params, arrays, strict=True)
    )
    return trace


def _cleared(grad) -> bool:
    return grad is None or not np.any(grad)


def _sgd_inputs(rng: np.random.Generator, A: int, B: int) -> dict:
    start = [rng.normal(size=(A, B)), rng.normal(size=B)]
    gradients = [[rng.normal(size=a.shape) for a in start] for _ in range(3)]
    return {"start": start, "gradients": gradients, "lr": [0.1, 0.1, 0.1], "momentum": 0.9}


def _sgd_corners(rng: np.random.Generator) -> list[Case]:
    one = {"start": [np.array([1.0])], "gradients": [[np.array([1.0])]] * 3}
    given = _sgd_inputs(rng, 2, 3)
    missing = [[g[0], None] for g in given["gradients"]]
    return [
        Case("no momentum", {**one, "lr": [0.5] * 3, "momentum": 0.0}),
        Case("momentum left to its default", {**one, "lr": [0.5] * 3, "momentum": None}),
        Case("a constant gradient", {**one, "lr": [0.5] * 3, "momentum": 0.5}),
        Case("a learning rate that changes", {**one, "lr": [0.5, 0.1, 0.02], "momentum": 0.9}),
        Case("a parameter without a gradient", {**given, "gradients": missing}),
    ]


class _Base(SGD):
    """The right optimizer, for variants that change one method."""


def _stepper(rule):
    """A known-wrong optimizer: its step is `rule(self, p, i)` where there is a gradient."""

    class Wrong(_Base):
        def step(self):
            for i, p in enumerate(self.params):
                if p.grad is not None:
                    rule(self, p, i)

    return Wrong


def _ascend(self, p, i):
    self.velocity[i] = self.momentum * self.velocity[i] + p.grad
    p.data += self.lr * self.velocity[i]


def _no_momentum(self, p, i):
    p.data -= self.lr * p.grad


def _damped(self, p, i):
    self.velocity[i] = self.momentum * self.velocity[i] + (1 - self.momentum) * p.grad
    p.data -= self.lr * self.velocity[i]


def _nesterov(self, p, i):
    self.velocity[i] = self.momentum * self.velocity[i] + p.grad
    p.data -= self.lr * (p.grad + self.momentum * self.velocity[i])


def _lr_inside(self, p, i):
    self.velocity[i] = self.momentum * self.velocity[i] + self.lr * p.grad
    p.data -= self.velocity[i]


def _stale(self, p, i):
    p.data -= self.lr * self.velocity[i]
    self.velocity[i] = self.momentum * self.velocity[i] + p.grad


def _rebound(self, p, i):
    self.velocity[i] = self.momentum * self.velocity[i] + p.grad
    p = p.data - self.lr * self.velocity[i]


def _new_array(self, p, i):
    self.velocity[i] = self.momentum * self.velocity[i] + p.grad
    p.data = p.data - self.lr * self.velocity[i]


def _shared(self, p, i):
    self.velocity[0] = self.momentum * self.velocity[0] + p.grad
    p.data -= self.lr * self.velocity[0]


class _KeepsGradients(_Base):
    def zero_grad(self):
        pass


class _ForgetsVelocity(_Base):
    def zero_grad(self):
        super().zero_grad()
        self.velocity = [np.zeros_like(p.data) for p in self.params]


class _FixedRate(_Base):
    def __init__(self, params, lr, momentum=0.0):
        super().__init__(params, lr, momentum)
        self.first = lr

    def step(self):
        self.lr = self.first
        super().step()


class _NoneCounts(_Base):
    def step(self):
        for p, v in zip(self.params, self.velocity, strict=True):
            v *= self.momentum
            v += 0 if p.grad is None else p.grad
            p.data -= self.lr * v + (0.01 if p.grad is None else 0)


_AS_LONG = "there are always as many velocities as parameters"

SGD_MOMENTUM = Exercise(
    id="sgd_momentum",
    title="An optimizer of your own",
    asks="""Write the optimizer class `SGD(params, lr, momentum)`. Every parameter has two
arrays: `p.data`, its values, and `p.grad`, its gradient, or `None` if it has none.

- `step()`: for every parameter with a gradient, $v \\leftarrow \\beta v + g$, then $w \\leftarrow
  w - \\eta v$,
with $\\beta$ = `momentum` and $\\eta$ = `self.lr`, which may change between steps. Velocities
start at zero.
- It changes `p.data` in place, and skips parameters whose gradient is `None`.
- `zero_grad()`: sets every `p.grad` to `None`.""",
    reference=SGD,
    inputs=_sgd_inputs,
    corners=_sgd_corners,
    drive=_drive_sgd,
    wrongs=(
        Wrong(
            "ascent",
            _stepper(_ascend),
            "**The step goes uphill.** The gradient points to where the loss grows; subtract it.",
            belief="B-01",
            decoy="p.data += self.lr * v",
        ),
        Wrong(
            "no-momentum",
            _stepper(_no_momentum),
            "**The momentum is not used.** The first step is right, for the velocity is zero "
            "then; from the second on, part of the last step should go on.",
            see="momentum-terrain#rescued",
        ),
        Wrong(
            "damped",
            _stepper(_damped),
            "**The gradient is damped by (1 - momentum).** That is an average; torch's SGD adds "
            "the whole gradient, so at a constant gradient the steps grow to 1/(1 - momentum) "
            "times the first.",
        ),
        Wrong(
            "nesterov",
            _stepper(_nesterov),
            "**That is Nesterov's momentum.** It looks ahead by adding the gradient once more; "
            "here the step is the velocity alone.",
        ),
        Wrong(
            "lr-inside",
            _stepper(_lr_inside),
            "**The learning rate is inside the velocity.** As long as it stays the same nobody "
            "sees a difference; when it falls, old velocity goes on with the old rate. Scale the "
            "step instead.",
        ),
        Wrong(
            "stale",
            _stepper(_stale),
            "**The step is taken before the velocity is brought up to date.** So each gradient "
            "comes one step late, and the first step does nothing.",
        ),
        Wrong(
            "rebound",
            _stepper(_rebound),
            "**Nothing changes.** `p = ...` gives a new meaning to a local name and leaves the "
            "parameter as it was. Write into it: `p.data -= ...`.",
            belief="B-17",
            decoy="p = p.data - self.lr * v",
        ),
        Wrong(
            "new-array",
            _stepper(_new_array),
            "**The values are right, but `p.data` is a new array.** Whoever holds the old one, "
            "such as a layer or a copy of the model, sees no change. Use `p.data -= ...`, which "
            "writes in place.",
            belief="T-09",
            decoy="p.data = p.data - self.lr * v",
        ),
        Wrong(
            "one-velocity",
            _stepper(_shared),
            "**All parameters share one velocity.** Each has its own gradients, so each needs "
            "its own.",
        ),
        Wrong(
            "keeps-gradients",
            _KeepsGradients,
            "**`zero_grad` leaves the gradients as they are.** The next backward pass would add "
            "to them.",
            belief="B-13",
        ),
        Wrong(
            "forgets-velocity",
            _ForgetsVelocity,
            "**`zero_grad` also clears the velocity.** Then there is no momentum left: gradients "
            "belong to one step, the velocity lasts for the whole training.",
        ),
        Wrong(
            "fixed-rate",
            _FixedRate,
            "**The learning rate of the start is kept for ever.** A schedule sets `optimizer.lr` "
            "between steps: read `self.lr` in every step.",
        ),
    ),
    hints=(
        "`__init__` has to remember the parameters, the two numbers, and one velocity per "
        "parameter, an array of zeros in its shape.",
        "In `step`, go through parameters and velocities side by side with `zip`. First the "
        "velocity, then the parameter.",
        "`v *= a` and `v += b` write into the array `v`, so the list of velocities sees it; `v = "
        "...` only renames.",
    ),
    why="""The velocity is a running sum of gradients in which older ones fade by the factor
$\\beta$ per step. Where gradients agree, steps add up to $1/(1-\\beta)$ times the plain one; where
they alternate, they cancel. Three details separate this from a bug that trains: the velocity is
brought up to date before the step, the learning rate multiplies the step and not the velocity,
and the parameter is changed in place, because layers hold the same array.""",
    objectives=("OP-3",),
    minutes=15,
    difficulty=3,
    equivalent={
        "for p, v in zip(self.params, self.velocity, strict=True): -> "
        "for p, v in zip(self.params, self.velocity):": _AS_LONG,
        "for p, v in zip(self.params, self.velocity, strict=True): -> "
        "for p, v in zip(self.params, self.velocity, strict=False):": _AS_LONG,
    },
)


# --- adam_step -----------------------------------------------------------------------------------


def adam_step(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Step number t = 1, 2, ... of Adam (Kingma and Ba, 2015): the new w, m and v."""
    m = beta1 * m + (1 - beta1) * g  #: the running mean of the gradients
    v = beta2 * v + (1 - beta2) * g**2  #: the running mean of their squares
    m_hat = m / (1 - beta1**t)  #: corrected for the start at zero
    v_hat = v / (1 - beta2**t)  #: corrected likewise
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def _adam_inputs(rng: np.random.Generator, N: int, D: int) -> dict:
    arrays = {name: rng.normal(size=(N, D)) for name in "wgm"}
    more = {"v": rng.uniform(0.1, 1, (N, D)), "t": 3, "lr": 0.1, "beta1": 0.8, "beta2": 0.95}
    return {**arrays, **more, "eps": 1e-3}


def _adam_corners(rng: np.random.Generator) -> list[Case]:
    zero = np.zeros(3)
    g = np.array([1.0, -20.0, 0.001])
    first = {"w": np.array([1.0, 2.0, 3.0]), "g": g, "m": zero, "v": zero, "t": 1}
    later = {**_adam_inputs(rng, 2, 3), "t": 500}
    return [
        Case("the first step", {**first, "lr": 0.1}),
        Case("the first step, all else by default", first),
        Case("a step late in training", later),
        Case("a parameter without gradient", {**first, "g": zero, "m": zero}),
    ]


def _adam(m_of=None, v_of=None, hats=None, move=None, keep=None):
    """A known-wrong variant: Adam with some of its lines changed."""

    def wrong(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m = (m_of or (lambda m, g, b: b * m + (1 - b) * g))(m, g, beta1)
        v = (v_of or (lambda v, g, b: b * v + (1 - b) * g**2))(v, g, beta2)
        m_hat, v_hat = (hats or _corrected)(m, v, t, beta1, beta2)
        step = (move or (lambda m, v, eps: m / (np.sqrt(v) + eps)))(m_hat, v_hat, eps)
        kept = (m_hat, v_hat) if keep == "hats" else (m, v)
        return w - lr * step, *kept

    return wrong


def _corrected(m, v, t, beta1, beta2):
    return m / (1 - beta1**t), v / (1 - beta2**t)


ADAM_STEP = Exercise(
    id="adam_step",
    title="One step of Adam",
    asks="""Do one step of Adam (Kingma and Ba, 2015) and return the new `w, m, v`:

$$m \\leftarrow \\beta_1 m + (1-\\beta_1)\\, g, \\quad
v \\leftarrow \\beta_2 v + (1-\\beta_2)\\, g^2, \\quad
w \\leftarrow w - \\eta\\, \\frac{m / (1-\\beta_1^t)}{\\sqrt{v / (1-\\beta_2^t)} +
\\epsilon}$$

- `w`, `g`, `m`, `v` are arrays of one shape; `t` counts the steps from 1; $\\eta$ is `lr`.
- Return new arrays; the old ones stay as they were.""",
    reference=adam_step,
    inputs=_adam_inputs,
    corners=_adam_corners,
    returns=("w", "m", "v"),
    rtol=1e-9,
    wrongs=(
        Wrong(
            "no-correction",
            _adam(hats=lambda m, v, t, b1, b2: (m, v)),
            "**The bias correction is missing.** m and v start at zero and are too small at "
            "first, v even more than m, so the first step is 3.16 times too long with the usual "
            "betas.",
            belief="O-06",
            decoy="m_hat = m",
            see="momentum-terrain#no-correction",
        ),
        Wrong(
            "counts-from-zero",
            _adam(hats=lambda m, v, t, b1, b2: _corrected(m, v, t - 1, b1, b2)),
            "**The steps are counted from 0.** At t = 0 the correction divides by $1 - \\beta^0 "
            "= 0$; here the first step is t = 1.",
            belief="O-07",
            decoy="m_hat = m / (1 - beta1 ** (t - 1))",
            see="momentum-terrain#from-zero",
        ),
        Wrong(
            "counts-too-far",
            _adam(hats=lambda m, v, t, b1, b2: _corrected(m, v, t + 1, b1, b2)),
            "**t is one too large in the correction.** It counts from 1 already: do not add "
            "another 1.",
            belief="O-07",
        ),
        Wrong(
            "no-root",
            _adam(move=lambda m, v, eps: m / (v + eps)),
            "**The square root is missing.** m has the unit of a gradient, v of its square; only "
            "with the root do the units cancel, and a gradient of any size makes a step of about "
            "lr.",
            belief="O-08",
            decoy="return w - lr * m_hat / (v_hat + eps), m, v",
            see="momentum-terrain#no-root",
        ),
        Wrong(
            "eps-inside",
            _adam(move=lambda m, v, eps: m / np.sqrt(v + eps)),
            "**eps is inside the root.** There 1e-8 acts like 1e-4. Training hardly shows it, "
            "but it is not Adam as torch has it.",
            belief="O-09",
            see="momentum-terrain#eps-inside",
        ),
        Wrong(
            "no-eps",
            _adam(move=lambda m, v, eps: m / np.sqrt(v)),
            "**eps is not used.** A parameter whose gradients were all zero then divides 0 by 0.",
        ),
        Wrong(
            "no-average",
            _adam(m_of=lambda m, g, b: b * m + g),
            "**m grows like a momentum: (1 - beta1) is missing.** Adam's m is a running mean; "
            "the bias correction relies on it.",
        ),
        Wrong(
            "not-squared",
            _adam(v_of=lambda v, g, b: b * v + (1 - b) * g),
            "**v averages the gradients, not their squares.** It measures how large they are, "
            "whatever their sign: use g**2.",
            decoy="v = beta2 * v + (1 - beta2) * g",
        ),
        Wrong(
            "swapped",
            _adam(
                m_of=lambda m, g, b: (1 - b) * m + b * g,
                v_of=lambda v, g, b: (1 - b) * v + b * g**2,
            ),
            "**Old and new have exchanged their weights.** beta is what stays of the old mean, "
            "near 1; the new gradient gets 1 - beta.",
        ),
        Wrong(
            "keeps-corrected",
            _adam(keep="hats"),
            "**The corrected m and v are returned.** They serve this step only; the running "
            "means go on without correction, or the next step would correct twice.",
        ),
        Wrong(
            "ascent",
            lambda w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8: adam_step(
                w, g, m, v, t, -lr, beta1, beta2, eps
            ),
            "**The step goes uphill.** Subtract it.",
            belief="B-01",
        ),
    ),
    hints=(
        "Five lines, in the order of the formula. m and v first: both are running means, of g "
        "and of its square.",
        "Keep m and v as they are, and put the corrected ones under other names: they are needed "
        "for this step only.",
        "At t = 1 from zero, m/(1-beta1) is g and v/(1-beta2) is g squared, so the first step is "
        "about lr times the sign of g. Try it.",
    ),
    why="""m says where to go (momentum), v how large gradients are in each direction (RMSprop);
their ratio has no unit, so a step is about lr long, whatever the scale of the loss. Both start
at zero: after t steps of a constant gradient, m is $(1-\\beta_1^t)\\, g$, and the division
repairs just that. It matters most for v, whose beta is closer to 1. eps stands outside the root
and only guards the division.""",
    objectives=("OP-4",),
    minutes=12,
    difficulty=3,
)


# --- clip_by_norm --------------------------------------------------------------------------------


def clip_by_norm(grads, max_norm):
    """The list of arrays grads, scaled down together if their common norm exceeds max_norm."""
    norm = np.sqrt(sum((g**2).sum() for g in grads))  #: one norm over all arrays
    scale = min(1.0, max_norm / (norm + 1e-12))  #: never larger than 1
    return [g * scale for g in grads]  #: the same factor for all of them


def _clip_inputs(rng: np.random.Generator, N: int, D: int) -> dict:
    return {"grads": [rng.normal(size=(N, D)) + 2, rng.normal(size=D) + 1], "max_norm": 0.5}


def _clip_corners(rng: np.random.Generator) -> list[Case]:
    pair = [np.array([3.0, 0.0]), np.array([4.0])]
    return [
        Case("a norm of 5 clipped to 1", {"grads": pair, "max_norm": 1.0}),
        Case("a norm of 5 clipped to 4.5", {"grads": pair, "max_norm": 4.5}),
        Case("gradients that are short enough", {"grads": pair, "max_norm": 7.0}),
        Case(
            "a short gradient, clipped further", {"grads": [np.array([0.3, -0.4])], "max_norm": 0.1}
        ),
        Case("one large entry", {"grads": [np.array([100.0, 1.0])], "max_norm": 1.0}),
        Case("gradients of zero", {"grads": [np.zeros(2), np.zeros((1, 2))], "max_norm": 1.0}),
    ]


def _drive_clip(clip_by_norm, grads: list, max_norm: float) -> dict:
    clipped = clip_by_norm(grads, max_norm)
    return {f"gradient {i}": g for i, g in enumerate(clipped)}


def _norm(grads: list) -> float:
    return math.sqrt(sum(float((g**2).sum()) for g in grads)) + 1e-30


def _scaled(factor):
    """A known-wrong variant: every array times `factor(grads, norm, max_norm)`."""
    return lambda grads, max_norm: [g * factor(grads, _norm(grads), max_norm) for g in grads]


CLIP_BY_NORM = Exercise(
    id="clip_by_norm",
    title="Clip a gradient that is too long",
    asks="""`grads` is a list of arrays, one per parameter. Taken together they are one long
vector. If its length (the root of the sum of all squares) is greater than `max_norm`, scale
**all** arrays by the same factor, so that it becomes `max_norm`; otherwise return them as they
are.

- The result is a list of new arrays. Gradients of zero stay zero.""",
    reference=clip_by_norm,
    inputs=_clip_inputs,
    corners=_clip_corners,
    drive=_drive_clip,
    rtol=1e-4,  # torch's own adds 1e-6 to the norm
    properties=(
        Property(
            "no longer than max_norm",
            lambda inputs, parts: _norm(list(parts.values())) <= inputs["max_norm"] * (1 + 1e-4),
            "The clipped gradient may not be longer than `max_norm`.",
        ),
    ),
    wrongs=(
        Wrong(
            "by-value",
            lambda grads, max_norm: [np.clip(g, -max_norm, max_norm) for g in grads],
            "**Every number is clipped on its own.** That bends the direction: (100, 1) becomes "
            "(1, 1). Scaling all numbers by one factor keeps the direction.",
            belief="O-17",
            decoy="return [np.clip(g, -max_norm, max_norm) for g in grads]",
        ),
        Wrong(
            "each-array",
            lambda grads, max_norm: [g * min(1, max_norm / _norm([g])) for g in grads],
            "**Every array is clipped to its own norm.** That changes the balance between "
            "layers, and with it the direction. There is one norm for all.",
            belief="O-17",
        ),
        Wrong(
            "always",
            _scaled(lambda grads, norm, most: most / norm if norm > 1e-20 else 0),
            "**Short gradients are stretched.** Clipping only shortens: the factor is never "
            "above 1.",
            decoy="scale = max_norm / (norm + 1e-12)",
        ),
        Wrong(
            "no-root",
            _scaled(lambda grads, norm, most: min(1, most / norm**2)),
            "**The root is missing.** You compare with the squared norm, and shorten too much.",
            decoy="norm = sum((g**2).sum() for g in grads)",
        ),
        Wrong(
            "largest",
            _scaled(
                lambda grads, norm, most: min(1, most / (max(abs(g).max() for g in grads) or 1))
            ),
            "**You measure by the largest entry.** The norm is the root of the sum of all squares.",
        ),
        Wrong(
            "absolute",
            _scaled(
                lambda grads, norm, most: min(1, most / (sum(abs(g).sum() for g in grads) or 1))
            ),
            "**You measure by the sum of the absolute values.** The length of a vector is the "
            "root of the sum of its squares.",
        ),
        Wrong(
            "sum-of-norms",
            _scaled(lambda grads, norm, most: min(1, most / (sum(_norm([g]) for g in grads)))),
            "**The norms of the arrays are added.** Lengths at right angles add as squares: sum "
            "the squares of all arrays, then take the root.",
        ),
        Wrong(
            "unit",
            _scaled(lambda grads, norm, most: 1 / norm if norm > most else 1),
            "**A long gradient gets the length 1, not `max_norm`.** Multiply by `max_norm` as "
            "well.",
        ),
        Wrong(
            "untouched",
            lambda grads, max_norm: [g * 1.0 for g in grads],
            "**Nothing is clipped.** Compute the common norm and compare it with `max_norm`.",
        ),
        Wrong(
            "backwards",
            _scaled(lambda grads, norm, most: norm / most if norm > most else 1),
            "**The factor is upside down.** A gradient of norm 5 and a limit of 1 need the "
            "factor 1/5.",
        ),
    ),
    hints=(
        "First the norm: squares of all numbers in all arrays, their sum, its root.",
        "Which factor turns a vector of this norm into one of norm `max_norm`? And when is it "
        "used?",
    ),
    why="""One number, the norm of all gradients together, decides; one factor is applied to all.
So the direction of the step stays as it was, and only its length is limited. Clipping each
number or each layer on its own would turn the step, towards the parameters with small gradients.
The guard against a norm of zero keeps 0/0 away.""",
    objectives=("OP-6",),
    minutes=8,
    difficulty=2,
    equivalent={
        "scale = min(1.0, max_norm / (norm + 1e-12)) -> "
        "scale = min(max_norm / (norm + 1e-12), 1.0)": "min does not mind the order",
        "scale = min(1.0, max_norm / (norm + 1e-12)) -> "
        "scale = min(1.0, max_norm / (norm - 1e-12))": "1e-12 either way is below the tolerance",
    },
)


# --- warmup_cosine -------------------------------------------------------------------------------


def warmup_cosine(step, warmup, total, lr):
    """The learning rate at step 0, 1, ..., total - 1: linear up to lr, then half a cosine to 0."""
    if step < warmup:
        return lr * (step + 1) / warmup  #: step 0 takes a first small step, not none
    done = (step - warmup) / (total - warmup)  #: how much of the rest is over, from 0 to 1
    return lr * 0.5 * (1 + math.cos(math.pi * done))  #: from 1 down to 0


def _schedule_inputs(rng: np.random.Generator, W: int, T: int) -> dict:
    step = int(rng.integers(0, W + T))
    return {"step": step, "warmup": W, "total": W + T, "lr": round(float(rng.uniform(0.1, 1)), 2)}


def _schedule_corners(rng: np.random.Generator) -> list[Case]:
    given = {"warmup": 4, "total": 20, "lr": 0.1}
    steps = {
        "the first step": 0,
        "the last step of the warm-up": 3,
        "the first step after it": 4,
        "half-way down": 12,
        "a step on the way down": 7,
        "the last step": 19,
    }
    no_warmup = {"step": 0, "warmup": 0, "total": 10, "lr": 0.5}
    return [Case(name, {"step": step, **given}) for name, step in steps.items()] + [
        Case("no warm-up at all", no_warmup)
    ]


def _schedule(up=None, done=None, down=None):
    """A known-wrong variant: the schedule with one of its lines changed."""

    def wrong(step, warmup, total, lr):
        if step < warmup:
            return lr * (up or (lambda s, w: (s + 1) / w))(step, warmup)
        share = (done or (lambda s, w, n: (s - w) / (n - w)))(step, warmup, total)
        return lr * (down or (lambda x: 0.5 * (1 + math.cos(math.pi * x))))(share)

    return wrong


_EVEN = "the cosine is the same for an angle and its opposite"

WARMUP_COSINE = Exercise(
    id="warmup_cosine",
    title="A learning rate that warms up and cools down",
    asks="""Return the learning rate at `step`, which counts from 0 to `total - 1`.

- In the first `warmup` steps it rises in equal parts: `lr/warmup` at step 0, then `2*lr/warmup`,
  up to
`lr` at step `warmup - 1`.
- From step `warmup` on it follows half a cosine, from `lr` down: $\\eta = \\frac{lr}{2} (1 +
  \\cos \\pi x)$,
where x goes from 0 at step `warmup` to 1 at step `total`.
- `warmup` may be 0. The result is one number.""",
    reference=warmup_cosine,
    inputs=_schedule_inputs,
    corners=_schedule_corners,
    wrongs=(
        Wrong(
            "starts-at-zero",
            _schedule(up=lambda s, w: s / w),
            "**The first step has a learning rate of 0, so it does nothing.** The warm-up counts "
            "its steps from 1: at step 0 it is lr/warmup.",
            decoy="return lr * step / warmup",
        ),
        Wrong(
            "no-warmup",
            _schedule(up=lambda s, w: 1.0),
            "**There is no warm-up.** In the first steps the learning rate rises from lr/warmup "
            "to lr.",
        ),
        Wrong(
            "whole-length",
            _schedule(done=lambda s, w, n: s / n),
            "**The cosine runs over the whole training.** It starts after the warm-up, so count "
            "from there: otherwise the rate jumps down at the end of the warm-up.",
            decoy="done = step / total",
        ),
        Wrong(
            "wrong-length",
            _schedule(done=lambda s, w, n: (s - w) / n),
            "**The cosine does not come down to 0.** It has only `total - warmup` steps: divide "
            "by that.",
            decoy="done = (step - warmup) / total",
        ),
        Wrong(
            "linear",
            _schedule(down=lambda x: 1 - x),
            "**That falls in a straight line.** Half a cosine is flat at both ends: it stays "
            "high for a while and ends gently.",
        ),
        Wrong(
            "not-halved",
            _schedule(down=lambda x: 1 + math.cos(math.pi * x)),
            "**Twice too large.** 1 + cos runs from 2 to 0: take half of it.",
            decoy="return lr * (1 + math.cos(math.pi * done))",
        ),
        Wrong(
            "plain-cosine",
            _schedule(down=lambda x: math.cos(math.pi * x)),
            "**The rate becomes negative.** A cosine runs from 1 to -1; moved up by 1 and halved "
            "it runs from 1 to 0.",
            decoy="return lr * math.cos(math.pi * done)",
        ),
        Wrong(
            "quarter",
            _schedule(down=lambda x: math.cos(math.pi * x / 2)),
            "**That is a quarter of a cosine.** It falls steeply at the end; half a cosine ends "
            "flat.",
        ),
        Wrong(
            "no-pi",
            _schedule(down=lambda x: 0.5 * (1 + math.cos(x))),
            "**The angle lacks its pi.** `math.cos` takes radians: half a turn is pi.",
            decoy="return lr * 0.5 * (1 + math.cos(done))",
        ),
        Wrong(
            "upside-down",
            _schedule(down=lambda x: 0.5 * (1 - math.cos(math.pi * x))),
            "**It rises instead of falling.** 1 - cos goes up from 0; take 1 + cos.",
        ),
        Wrong(
            "late-switch",
            lambda step, warmup, total, lr: (
                lr * (step + 1) / warmup
                if step <= warmup and warmup
                else warmup_cosine(step, warmup, total, lr)
            ),
            "**The warm-up lasts one step too long.** Its steps are 0 to warmup - 1; at step "
            "`warmup` the cosine begins, with lr itself.",
            decoy="if step <= warmup:",
        ),
    ),
    hints=(
        "Two cases: before `warmup`, and from `warmup` on. Write down the value at the first and "
        "the last step of each.",
        "For the second case, first compute how much of the remaining steps is over, a number "
        "from 0 to 1; then put it into the formula.",
    ),
    why="""Counting is the whole difficulty. The warm-up has the steps 0 to warmup - 1 and should
end at lr, so it uses step + 1. The cosine starts at step `warmup` with x = 0 and would reach x =
1 at `total`, one after the last step, so training never quite stands still. Each off-by-one here
trains almost as well, which is why they survive: the check compares numbers.""",
    objectives=("OP-6",),
    minutes=8,
    difficulty=2,
    equivalent={
        "done = (step - warmup) / (total - warmup) -> "
        "done = (warmup - step) / (total - warmup)": _EVEN,
        "done = (step - warmup) / (total - warmup) -> "
        "done = (step - warmup) / (warmup - total)": _EVEN,
    },
)


# --- descent_path --------------------------------------------------------------------------------


def descent_path(gradient, w, lr, steps):
    """All places of gradient descent from w: an array (steps + 1, D) that begins with w."""
    path = [w]
    for _ in range(steps):
        w = w - lr * gradient(w)  #: against the slope at the place where we are now
        path.append(w)  #: remembered
    return np.array(path)


def _path_inputs(rng: np.random.Generator, T: int, D: int) -> dict:
    curvature = rng.uniform(0.5, 2, D).round(2)
    bottom = rng.normal(size=D).round(2)
    return {"curvature": curvature, "bottom": bottom, "w": bottom + 1, "lr": 0.3, "steps": T}


def _path_corners(rng: np.random.Generator) -> list[Case]:
    one = {"curvature": np.array([10.0]), "bottom": np.array([0.0]), "w": np.array([2.0])}
    return [
        Case("three steps on a bowl", {**one, "lr": 0.05, "steps": 3}),
        Case("a rate over the limit", {**one, "lr": 0.25, "steps": 3}),
        Case("no step at all", {**one, "lr": 0.05, "steps": 0}),
    ]


def _drive_path(descent_path, curvature, bottom, w, lr, steps) -> Any:
    return descent_path(lambda at: curvature * (at - bottom), w, lr, steps)


def _descent(move=None, start=True, extra=0):
    """A known-wrong variant: descent with its step, its start or its length changed."""

    def wrong(gradient, w, lr, steps):
        path, first = [w] if start else [], gradient(w)
        for t in range(steps + extra):
            w = move(w, gradient, lr, t, first) if move else w - lr * gradient(w)
            path.append(w)
        return np.array(path).reshape(-1, len(first))

    return wrong


def _one_array(gradient, w, lr, steps):
    w = w.copy()
    path = [w]
    for _ in range(steps):
        w -= lr * gradient(w)
        path.append(w)
    return np.array(path)


def _length(g):
    return np.sqrt((g**2).sum()) + 1e-30


DESCENT_PATH = Exercise(
    id="descent_path",
    title="Down a slope, step by step",
    asks="""Walk down from `w`, an array of shape (D,). In each of `steps` steps subtract `lr`
times the gradient at the present place; `gradient(w)` computes it, an array of shape (D,).

- Return all places as one array of shape `(steps + 1, D)`; its first row is the start.
- Leave the array `w` that was handed in as it was.""",
    reference=descent_path,
    inputs=_path_inputs,
    corners=_path_corners,
    drive=_drive_path,
    wrongs=(
        Wrong(
            "ascent",
            _descent(lambda w, gradient, lr, t, first: w + lr * gradient(w)),
            "**You walk uphill.** The gradient points to where the loss grows; subtract it.",
            belief="B-01",
            decoy="w = w + lr * gradient(w)",
        ),
        Wrong(
            "one-array",
            _one_array,
            "**All rows are the same: the last place.** `w -= ...` writes into one array, and the "
            "list holds that array many times. `w = w - ...` makes a new one for each place.",
            belief="T-09",
            decoy="w -= lr * gradient(w)",
        ),
        Wrong(
            "first-slope",
            _descent(lambda w, gradient, lr, t, first: w - lr * first),
            "**The slope of the start is used for ever.** Ask for the gradient anew at each place: "
            "it shrinks towards the bottom and turns on the way.",
        ),
        Wrong(
            "unit-steps",
            _descent(lambda w, gradient, lr, t, first: w - lr * gradient(w) / _length(gradient(w))),
            "**All steps have the length lr.** You divide by the length of the gradient. Plain "
            "descent takes long steps where it is steep and short ones near the bottom.",
        ),
        Wrong(
            "signs",
            _descent(lambda w, gradient, lr, t, first: w - lr * np.sign(gradient(w))),
            "**Only the signs of the gradient are used.** That resembles Adam's first step. Here "
            "the step is proportional to the slope.",
        ),
        Wrong(
            "fading",
            _descent(lambda w, gradient, lr, t, first: w - lr / (t + 1) * gradient(w)),
            "**The rate falls from step to step.** That is a schedule; here it stays what it is.",
        ),
        Wrong(
            "no-start",
            _descent(start=False),
            "**The start is missing.** The first row is `w` itself, so there is one row more than "
            "there are steps.",
        ),
        Wrong(
            "one-too-many",
            _descent(extra=1),
            "**There is one step too many.** `steps` steps and the start make `steps + 1` rows.",
        ),
        Wrong(
            "no-rate",
            _descent(lambda w, gradient, lr, t, first: w - gradient(w)),
            "**The learning rate is not used.** Without it every step has the full length of the "
            "gradient.",
            belief="O-01",
            see="momentum-terrain#too-fast",
            decoy="w = w - gradient(w)",
        ),
    ),
    hints=(
        "Begin a list with the start, and add one place per step.",
        "The place after a step is a new array, computed from the present one and the gradient "
        "there. At the end turn the list into one array.",
    ),
    why="""Descent needs the slope at each new place; on a bowl it shrinks with the distance, so
steps grow shorter by themselves as long as the rate stays under two divided by the curvature.
Writing `w -= ...` is what optimizers do on purpose, since a layer holds the same array; a list of
places must not, or it holds one array many times.""",
    objectives=("OP-1",),
    minutes=6,
    difficulty=1,
)


# --- adamw_step ----------------------------------------------------------------------------------


def adamw_step(w, g, m, v, t, lr=1e-3, decay=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
    """Step number t = 1, 2, ... of AdamW (Loshchilov and Hutter, 2019): the new w, m and v."""
    w = w * (1 - lr * decay)  #: the decay acts on the weight alone
    m = beta1 * m + (1 - beta1) * g  #: as in Adam: g without any decay in it
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def _adamw_inputs(rng: np.random.Generator, N: int, D: int) -> dict:
    given = _adam_inputs(rng, N, D)
    first = {name: given.pop(name) for name in ("w", "g", "m", "v", "t", "lr")}
    return {**first, "decay": 0.3, **given}


def _adamw_corners(rng: np.random.Generator) -> list[Case]:
    zero = np.zeros(3)
    first = {"w": np.array([1.0, -2.0, 3.0]), "g": np.array([1.0, -20.0, 0.001])}
    first |= {"m": zero, "v": zero, "t": 1}
    return [
        Case("the first step", {**first, "lr": 0.1, "decay": 0.5}),
        Case("the first step, all else by default", first),
        Case("no decay", {**first, "lr": 0.1, "decay": 0.0}),
        Case("no gradient, only decay", {**first, "g": zero, "lr": 0.1, "decay": 0.5}),
    ]


def _decays(before=None, gradient=None, after=None, hats=True, bend=None):
    """A known-wrong variant: Adam with the decay put somewhere else."""

    def wrong(w, g, m, v, t, lr=1e-3, decay=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
        g = gradient(g, w, decay) if gradient else g
        start = before(w, lr, decay) if before else w
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = (m / (1 - beta1**t), v / (1 - beta2**t)) if hats else (m, v)
        m_hat = bend(m_hat, w, decay) if bend else m_hat
        new = start - lr * m_hat / (np.sqrt(v_hat) + eps)
        return (after(new, lr, decay) if after else new), m, v

    return wrong


ADAMW_STEP = Exercise(
    id="adamw_step",
    title="Adam with weight decay, outside the gradient",
    asks="""Do one step of AdamW (Loshchilov and Hutter, 2019) and return the new `w, m, v`.
First the weight decays, then comes a step of Adam with the gradient as it is:

$$w \\leftarrow (1 - \\eta\\lambda)\\, w, \\qquad
w \\leftarrow w - \\eta\\, \\frac{m / (1-\\beta_1^t)}{\\sqrt{v / (1-\\beta_2^t)} +
\\epsilon}$$

- $\\eta$ is `lr` and $\\lambda$ is `decay`; m and v are Adam's running means of the gradient
  and of its square; `t` counts the steps from 1.
- Return new arrays; the old ones stay as they were.""",
    reference=adamw_step,
    inputs=_adamw_inputs,
    corners=_adamw_corners,
    returns=("w", "m", "v"),
    rtol=1e-9,
    wrongs=(
        Wrong(
            "l2",
            _decays(gradient=lambda g, w, decay: g + decay * w),
            "**The decay went into the gradient.** There it enters m and v and is divided by the "
            "root of v like the rest: where gradients are small, it grows to full steps. Shrink "
            "the weight itself.",
            belief="O-10",
            see="momentum-terrain#l2",
            decoy="g = g + decay * w",
        ),
        Wrong(
            "in-the-quotient",
            _decays(bend=lambda m_hat, w, decay: m_hat + decay * w),
            "**The decay is divided by the root of v.** m and v are right, but the decay was added "
            "to the corrected m, so its strength still depends on the size of the gradients.",
            belief="O-10",
            see="momentum-terrain#l2",
        ),
        Wrong(
            "without-rate",
            _decays(before=lambda w, lr, decay: w * (1 - decay)),
            "**The decay is not multiplied by the learning rate.** With lr = 0.001 it is a "
            "thousand times too strong; a schedule is meant to weaken both together.",
            belief="O-11",
            decoy="w = w * (1 - decay)",
        ),
        Wrong(
            "after",
            _decays(before=None, after=lambda w, lr, decay: w * (1 - lr * decay)),
            "**The weight decays after the step, so the step itself decays as well.** The "
            "difference is small; the rule, and torch, decay first.",
        ),
        Wrong(
            "grows",
            _decays(before=lambda w, lr, decay: w * (1 + lr * decay)),
            "**The weights grow.** Decay takes a share away: 1 minus lr times decay.",
            belief="B-01",
            decoy="w = w * (1 + lr * decay)",
        ),
        Wrong(
            "no-decay",
            _decays(),
            "**Nothing decays.** This is a step of Adam; the weight should also lose the share "
            "lr times decay of itself.",
        ),
        Wrong(
            "signs",
            _decays(before=lambda w, lr, decay: w - lr * decay * np.sign(w)),
            "**Every weight loses the same amount.** That is the pull of an L1 penalty. Decay "
            "takes the same *share* of each weight.",
        ),
        Wrong(
            "only-decay",
            lambda w, g, m, v, t, lr=1e-3, decay=0.01, beta1=0.9, beta2=0.999, eps=1e-8: (
                w * decay - (w - adam_step(w, g, m, v, t, lr, beta1, beta2, eps)[0]),
                *adam_step(w, g, m, v, t, lr, beta1, beta2, eps)[1:],
            ),
            "**Only the share `decay` of the weight is left.** It is the share that is taken away, "
            "times lr: keep 1 - lr * decay.",
        ),
        Wrong(
            "no-correction",
            _decays(before=lambda w, lr, decay: w * (1 - lr * decay), hats=False),
            "**The bias correction is missing.** The decay is right; m and v still start at zero, "
            "as in Adam, and have to be corrected by 1 - beta**t.",
            belief="O-06",
            see="momentum-terrain#no-correction",
            decoy="m_hat, v_hat = m, v",
        ),
    ),
    hints=(
        "Two parts: shrink the weight, then do what Adam does with an unchanged gradient.",
        "If all gradients were zero, which share of the weight should be left after the step?",
    ),
    why="""A penalty in the gradient is rescaled with it: Adam divides by the size of the gradients,
so weights with small gradients are pulled hard and those with large ones hardly at all. Outside the
gradient the decay is the same share for every weight. It contains the learning rate, so that a
schedule that cools the steps cools the decay with them.""",
    objectives=("OP-5",),
    minutes=8,
    difficulty=3,
)


# --- tune_rate -----------------------------------------------------------------------------------


def tune_rate(run, rates, seeds):
    """The rate with the lowest mean validation loss, and mean and spread of its test results."""
    results = {lr: np.array([run(lr, seed) for seed in seeds]) for lr in rates}  #: each (seeds, 2)
    valid = {lr: pairs[:, 0].mean() for lr, pairs in results.items()}
    best = min((lr for lr in rates if np.isfinite(valid[lr])), key=lambda lr: valid[lr])
    test = results[best][:, 1]  #: looked at for the chosen rate alone
    return best, test.mean(), test.std()


def _tune_inputs(rng: np.random.Generator, R: int, S: int) -> dict:
    valid = rng.uniform(0.2, 1, (R, S)).round(3)
    return {
        "rates": [round(0.01 * 2.0**k, 4) for k in range(R)],
        "seeds": list(range(S)),
        "valid": valid,
        "test": rng.uniform(0.8, 1, (R, S)).round(3),
    }


def _tune_corners(rng: np.random.Generator) -> list[Case]:
    given = {"rates": [0.01, 0.1, 1.0, 10.0], "seeds": [3, 4, 5]}
    valid = np.array([[0.5, 0.5, 0.5], [0.42, 0.3, 0.33], [0.7, 0.1, 0.6], [0.39, 0.9, 0.8]])
    test = np.array([[0.91, 0.92, 0.96], [0.93, 0.96, 0.95], [0.9, 0.97, 0.99], [0.8, 0.85, 0.81]])
    fell = valid.copy()
    fell[2] = [0.05, np.nan, 0.06]
    poor = valid.copy()
    poor[2] = [0.9, np.nan, 0.8]
    over = valid.copy()
    over[3] = np.inf
    tied = np.array([[0.3, 0.5, 0.5], [0.6, 0.4, 0.5], [0.2, 0.9, 0.9], [0.9, 0.9, 0.1]])
    return [
        Case("four rates, three seeds", {**given, "valid": valid, "test": test}),
        Case("a rate that failed once", {**given, "valid": fell, "test": test}),
        Case("a poor rate that failed once", {**given, "valid": poor, "test": test}),
        Case("a rate that always failed", {**given, "valid": over, "test": test}),
        Case("seeds that disagree", {**given, "valid": tied, "test": test[::-1].copy()}),
    ]


def _drive_tune(tune_rate, rates, seeds, valid, test) -> Any:
    """`run` looks its result up, as if it had trained."""

    def run(lr, seed):
        at = rates.index(lr), seeds.index(seed)
        return float(valid[at]), float(test[at])

    return tune_rate(run, list(rates), list(seeds))


def _tuned(choose=None, report=None):
    """A known-wrong variant: choice or report changed; both see the (R, S) tables."""

    def wrong(run, rates, seeds):
        table = np.array([[run(lr, seed) for seed in seeds] for lr in rates])
        valid, test = table[..., 0], table[..., 1]
        means = np.where(np.isfinite(valid.mean(1)), valid.mean(1), np.inf)
        best = int((choose or (lambda valid, test, means: np.argmin(means)))(valid, test, means))
        mean, std = (report or (lambda v, t, i: (t[i].mean(), t[i].std())))(valid, test, best)
        return rates[best], mean, std

    return wrong


def _finite_mean(valid):
    return np.array(
        [row[np.isfinite(row)].mean() if np.isfinite(row).any() else 9 for row in valid]
    )


TUNE_RATE = Exercise(
    id="tune_rate",
    title="Tune a rate, and report honestly",
    asks="""`run(lr, seed)` trains once and returns two numbers: the validation loss (lower is
better) and the accuracy on test data. Try every rate of the list `rates` with every seed of the
list `seeds`.

- Choose the rate with the lowest **mean validation loss**. A rate for which any loss is `nan` or
  `inf` is out of the race.
- Return three things: the chosen rate, the mean of its test accuracies over the seeds, and their
  spread, the standard deviation as `np.std` computes it.""",
    reference=tune_rate,
    inputs=_tune_inputs,
    corners=_tune_corners,
    drive=_drive_tune,
    returns=("rate", "mean", "spread"),
    valid=lambda inputs: bool(np.isfinite(inputs["valid"]).all(1).any()),
    wrongs=(
        Wrong(
            "by-test",
            _tuned(lambda valid, test, means: np.argmax(np.where(means < np.inf, test.mean(1), 0))),
            "**The rate was chosen by its test results.** Then they are no longer the results of "
            "unseen data: the best of many is partly luck. Choose on validation, look at the test "
            "once.",
            belief="D-04",
        ),
        Wrong(
            "highest-loss",
            _tuned(lambda valid, test, means: np.argmax(np.where(means < np.inf, means, -1))),
            "**That is the worst rate.** The validation number is a loss: lower is better.",
            decoy="best = max((lr for lr in rates if np.isfinite(valid[lr])), "
            "key=lambda lr: valid[lr])",
        ),
        Wrong(
            "failures-skipped",
            _tuned(lambda valid, test, means: np.argmin(_finite_mean(valid))),
            "**Runs that failed were left out of the mean.** A rate that explodes for one seed in "
            "three is not a good rate: one loss that is not finite puts it out of the race.",
            belief="D-12",
        ),
        Wrong(
            "nan-wins",
            _tuned(
                lambda valid, test, means: np.argmin(
                    np.where(np.isnan(valid.mean(1)), -1, valid.mean(1))
                )
            ),
            "**A rate that failed was chosen.** `nan` compares as neither larger nor smaller, and "
            "`argmin` even prefers it. Leave such rates out first.",
        ),
        Wrong(
            "one-seed",
            _tuned(
                lambda valid, test, means: np.argmin(np.where(means < np.inf, valid[:, 0], np.inf)),
                lambda valid, test, best: (test[best, 0], 0.0),
            ),
            "**Only the first seed is used.** One run is an anecdote: another seed can turn the "
            "order round. Average over all of them.",
            belief="D-12",
        ),
        Wrong(
            "luckiest",
            _tuned(
                lambda valid, test, means: np.argmin(np.where(means < np.inf, valid.min(1), np.inf))
            ),
            "**The rate with the luckiest run was chosen.** Take the mean over the seeds, not the "
            "lowest: a single good run may be chance.",
            belief="D-12",
        ),
        Wrong(
            "reports-validation",
            _tuned(report=lambda valid, test, best: (valid[best].mean(), valid[best].std())),
            "**You report the validation loss.** The rate was chosen because that number is low, "
            "so it flatters. Report the test results of the chosen rate.",
            belief="D-14",
            decoy="test = results[best][:, 0]",
        ),
        Wrong(
            "best-of-seeds",
            _tuned(report=lambda valid, test, best: (test[best].max(), test[best].std())),
            "**You report the best seed.** What another person can expect is the mean, with the "
            "spread beside it.",
            belief="D-14",
            decoy="return best, test.max(), test.std()",
        ),
        Wrong(
            "sample-spread",
            _tuned(
                report=lambda valid, test, best: (
                    test[best].mean(),
                    test[best].std() * np.sqrt(test.shape[1] / max(1, test.shape[1] - 1)),
                )
            ),
            "**The spread divides by one less than the number of seeds.** That is a fair estimate, "
            "too; what is asked for is `np.std`, which divides by the number.",
        ),
        Wrong(
            "variance",
            _tuned(report=lambda valid, test, best: (test[best].mean(), test[best].var())),
            "**That is the variance.** The spread is its root, in the unit of the accuracy.",
            decoy="return best, test.mean(), test.var()",
        ),
    ),
    hints=(
        "First run everything and keep both numbers of every run, sorted by rate.",
        "Average the validation losses of each rate; strike out those that are not finite; find "
        "the lowest.",
        "Only then look at the test numbers, and only at those of the chosen rate.",
    ),
    why="""Three numbers have three jobs. Training loss moves the weights, validation loss chooses
the rate, and test accuracy is only reported. A number that has been used for choosing is no longer
a fair estimate, because the choice prefers lucky ones. Several seeds show how large luck is; a rate
that fails for one of them would fail for somebody.""",
    objectives=("OP-7",),
    minutes=12,
    difficulty=3,
    equivalent={
        "valid = {lr: pairs[:, 0].mean() for lr, pairs in results.items()} -> "
        "valid = {lr: pairs[:, 0].sum() for lr, pairs in results.items()}": "every rate has the "
        "same number of seeds, so the lowest sum is the lowest mean"
    },
)


EXERCISES = (
    DESCENT_PATH,
    SGD_MOMENTUM,
    ADAM_STEP,
    ADAMW_STEP,
    CLIP_BY_NORM,
    WARMUP_COSINE,
    TUNE_RATE,
)
