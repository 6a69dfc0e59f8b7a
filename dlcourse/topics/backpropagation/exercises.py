"""Exercises on the backward pass: one function per operation, then a whole small network."""

import numpy as np

from ...teach.exercise import Case, Exercise, Formula, Property, Wrong
from . import rules

# --- relu_backward -------------------------------------------------------------------------------


def relu_backward(g, z):
    """The gradient with respect to z of relu(z), given the gradient g that arrives; both (N, D)."""
    mask = z > 0  #: where the forward pass let z through
    return g * mask  #: what arrives goes on there, and nowhere else


def _away_from_zero(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random numbers that are not near the kink at zero, where any slope in [0, 1] is right."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.2, 2.0, shape)


def _relu_inputs(rng: np.random.Generator, N: int, D: int) -> dict:
    return {"g": _away_from_zero(rng, N, D), "z": _away_from_zero(rng, N, D)}


def _relu_corners(rng: np.random.Generator) -> list[Case]:
    g, z = np.array([[1.0, -2.0, 3.0]]), np.array([[-1.0, -2.0, -3.0]])
    mixed = {"g": np.array([1.0, -2.0, 3.0, -4.0]), "z": np.array([-1.0, 3.0, 0.5, -2.0])}
    return [
        Case("units that are all off", {"g": g, "z": z}),
        Case("units that are all on", {"g": g, "z": -z}),
        Case("inputs of one axis", mixed),
        Case("inputs of three axes", {k: v.reshape(2, 1, 2) for k, v in mixed.items()}),
    ]


RELU_BACKWARD = Exercise(
    id="relu_backward",
    title="Back through ReLU",
    asks="""In the forward pass, ReLU computed `a = np.maximum(z, 0)`.
Now the gradient $g = \\partial L/\\partial a$ arrives. Return $\\partial L/\\partial z$.

- `g` and `z` are arrays of the same shape; so is the result.
- Where `z` is exactly zero, any slope between 0 and 1 is accepted.""",
    reference=relu_backward,
    inputs=_relu_inputs,
    corners=_relu_corners,
    valid=lambda inputs: bool((inputs["z"] != 0).all() and (inputs["g"] != 0).all()),
    wrongs=(
        Wrong(
            "no-derivative",
            lambda g, z: g * 1.0,
            "**The gradient passes everywhere, as if ReLU were not there.** Where z is negative "
            "the output is a constant 0: moving z a little changes nothing, so its gradient is 0.",
            belief="B-05",
            see="backprop-microscope#no-activation-derivative",
        ),
        Wrong(
            "activation-as-derivative",
            lambda g, z: g * np.maximum(z, 0),
            "**You multiply by the activation itself, not by its slope.** For positive z, "
            "$\\mathrm{relu}(z) = z$ has the slope 1, however large z is.",
            belief="B-06",
            see="backprop-microscope#activation-as-derivative",
            decoy="return g * np.maximum(z, 0)",
        ),
        Wrong(
            "guided",
            lambda g, z: g * (g > 0),
            "**The gate looks at the gradient's sign, not at z.** Which units were on was "
            "decided in the forward pass, by z; the gradient that arrives has no say in it.",
            belief="B-07",
            see="backprop-microscope#guided",
            decoy="mask = g > 0",
        ),
        Wrong(
            "guided-twice",
            lambda g, z: g * (z > 0) * (g > 0),
            "**Negative gradients are lost.** The gate on z is right; the second gate, on the "
            "sign of the gradient, makes a picture-drawing rule of it (guided backpropagation), "
            "no derivative.",
            belief="B-07",
            see="backprop-microscope#guided",
        ),
        Wrong(
            "inverted",
            lambda g, z: g * (z < 0),
            "**The gate is the wrong way round.** It is open where z is negative, and there the "
            "forward pass let nothing through.",
            decoy="mask = z < 0",
        ),
        Wrong(
            "local-only",
            lambda g, z: (z > 0) * 1.0,
            "**That is the local slope alone.** The chain rule multiplies it by the gradient that "
            "arrives: $\\partial L/\\partial z = g \\cdot \\mathrm{relu}'(z)$.",
        ),
        Wrong(
            "sign",
            lambda g, z: -g * (z > 0),
            "**The sign is flipped.** ReLU has the slope 0 or 1, so nothing changes sign here. The "
            "minus of gradient descent belongs to the update, not to the derivative.",
            belief="B-01",
            see="backprop-microscope#sign",
        ),
        Wrong(
            "one-switch",
            lambda g, z: g * bool((z > 0).all()),
            "**One switch for the whole array.** Each unit has its own: compare element by "
            "element, without `all`, `any` or `if` around the array.",
        ),
        Wrong(
            "sigmoid-slope",
            lambda g, z: g * (1 / (1 + np.exp(-z))) * (1 - 1 / (1 + np.exp(-z))),
            "**That is the slope of the sigmoid.** ReLU's is simpler: 1 where z is positive, "
            "else 0.",
        ),
    ),
    hints=(
        "Draw relu(z). What is its slope to the left of zero, and to the right?",
        "The slope is 1 or 0, and the forward pass decided which, by the sign of `z`. A comparison "
        "gives an array of True and False, and these count as 1 and 0 in a product.",
    ),
    why="""ReLU treats every number on its own, so its Jacobian is diagonal and the
vector-Jacobian product is a product element by element: $\\partial L/\\partial z_i = g_i \\cdot
\\mathrm{relu}'(z_i)$. The slope is 1 for $z_i > 0$ and 0 for $z_i < 0$, which is just the
comparison `z > 0`. The backward pass needs `z` (or the output, which has the same sign), and so
it must be kept from the forward pass: this is where the memory of training goes.""",
    objectives=("BP-1", "BP-3"),
    minutes=5,
    difficulty=1,
)


# --- linear_backward -----------------------------------------------------------------------------


def linear_backward(g, x, weight):
    """The gradients of y = x @ weight.T + bias: dx (N, I), dweight (O, I), dbias (O,)."""
    dx = g @ weight  #: a sum over the outputs: (N, O) times (O, I)
    dweight = g.T @ x  #: a sum over the batch: (O, N) times (N, I)
    dbias = g.sum(axis=0)  #: every row used the same bias
    return dx, dweight, dbias


def _linear_inputs(rng: np.random.Generator, N: int, I: int, O: int) -> dict:
    shapes = {"g": (N, O), "x": (N, I), "weight": (O, I)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def _linear(change: dict):
    """A known-wrong variant: the right gradients with some of them changed."""

    def wrong(g, x, weight):
        right = dict(zip(("dx", "dweight", "dbias"), linear_backward(g, x, weight), strict=True))
        return tuple({**right, **{k: f(g, x, weight) for k, f in change.items()}}.values())

    return wrong


LINEAR_BACKWARD = Exercise(
    id="linear_backward",
    title="Back through a linear layer",
    asks="""A linear layer computed `y = x @ weight.T + bias` for a batch of N rows.
The gradient `g` of the loss with respect to `y` arrives. Return the three gradients
`dx, dweight, dbias`.

| array | `g` | `x` | `weight` | `dx` | `dweight` | `dbias` |
| --- | --- | --- | --- | --- | --- | --- |
| shape | (N, O) | (N, I) | (O, I) | (N, I) | (O, I) | (O,) |""",
    reference=linear_backward,
    inputs=_linear_inputs,
    returns=("dx", "dweight", "dbias"),
    wrongs=(
        Wrong(
            "bias-mean",
            _linear({"dbias": lambda g, x, w: g.mean(axis=0)}),
            "**The bias gradient is averaged over the batch, and it should be summed.** Every "
            "row used the same bias, so their gradients add up. The mean over the batch, if the "
            "loss takes one, is in `g` already.",
            belief="B-03",
            see="backprop-microscope#bias-mean",
            decoy="dbias = g.mean(axis=0)",
        ),
        Wrong(
            "all-mean",
            _linear(
                {
                    "dweight": lambda g, x, w: g.T @ x / len(x),
                    "dbias": lambda g, x, w: g.mean(axis=0),
                }
            ),
            "**You divide by N once more.** The loss is a mean, but its derivative brought the "
            "1/N into `g` already. Here the rows are only summed.",
            belief="B-03",
            see="backprop-microscope#bias-mean",
        ),
        Wrong(
            "bias-not-summed",
            _linear({"dbias": lambda g, x, w: g}),
            "**The bias gradient has one row per example.** There is one bias for the whole batch; "
            "broadcasting copied it to each row, so going back adds the rows up.",
            belief="T-05",
        ),
        Wrong(
            "bias-one-number",
            _linear({"dbias": lambda g, x, w: g.sum()}),
            "**The bias gradient is one number.** `g.sum()` adds over both axes; each of the O "
            "outputs has its own bias, so add over the batch only.",
            belief="T-05",
        ),
        Wrong(
            "bias-other-axis",
            _linear({"dbias": lambda g, x, w: g.sum(axis=1)}),
            "**The bias gradient is summed over the wrong axis.** Axis 1 runs over the outputs, "
            "and each of them has its own bias; the batch is axis 0.",
            belief="T-05",
            decoy="dbias = g.sum(axis=1)",
        ),
        Wrong(
            "bias-keepdims",
            _linear({"dbias": lambda g, x, w: g.sum(axis=0, keepdims=True)}),
            "**The bias gradient has shape (1, O); the bias has shape (O,).** A gradient has "
            "exactly the shape of what it belongs to. Leave `keepdims` out.",
            belief="T-05",
        ),
        Wrong(
            "weight-transposed",
            _linear({"dweight": lambda g, x, w: x.T @ g}),
            "**The weight gradient comes out as (I, O): it is transposed.** `weight` is (O, I), "
            "and its gradient has the same shape.",
            belief="B-10",
            decoy="dweight = x.T @ g",
        ),
        Wrong(
            "input-transposed",
            lambda g, x, weight: (g @ weight.T, g.T @ x, g.sum(axis=0)),
            "**The input gradient multiplies by the transpose once too often.** Forward used "
            "`weight.T`; backward uses its transpose, `weight` itself. With square layers the "
            "shapes fit by accident.",
            belief="B-10",
            decoy="dx = g @ weight.T",
        ),
        Wrong(
            "sign",
            lambda g, x, weight: tuple(-d for d in linear_backward(g, x, weight)),
            "**All three have the wrong sign.** The minus of gradient descent belongs to the "
            "update.",
            belief="B-01",
            see="backprop-microscope#sign",
        ),
        Wrong(
            "order",
            lambda g, x, weight: (g.T @ x, g @ weight, g.sum(axis=0)),
            "**The first two are exchanged.** The exercise asks for `dx, dweight, dbias`, in "
            "this order.",
        ),
        Wrong(
            "weight-overwritten",
            _linear({"dweight": lambda g, x, w: np.outer(g[-1], x[-1])}),
            "**Only the last example reaches the weight gradient.** The weight is used once for "
            "each row, and where a value is used more than once its gradients are added, not "
            "overwritten.",
            belief="B-09",
            see="backprop-microscope#overwrite-fan-out",
        ),
    ),
    hints=(
        "Write down the shapes. Each gradient has the shape of what it belongs to; which product "
        "of `g` with `x` or `weight` can have it?",
        "One entry at a time: $y_{no} = \\sum_i x_{ni} w_{oi} + b_o$. So $w_{oi}$ is used by "
        "every row n, with the slope $x_{ni}$; its gradient is a sum over n. The bias is the "
        "same with slope 1.",
        "For `dx` the sum runs over the outputs, for `dweight` over the batch. A matrix product "
        "sums over the inner axis: put the axis that has to vanish there.",
    ),
    why="""From $y_{no} = \\sum_i x_{ni} w_{oi} + b_o$ the chain rule gives

$$\\frac{\\partial L}{\\partial x_{ni}} = \\sum_o g_{no} w_{oi}, \\qquad
\\frac{\\partial L}{\\partial w_{oi}} = \\sum_n g_{no} x_{ni}, \\qquad
\\frac{\\partial L}{\\partial b_o} = \\sum_n g_{no}.$$

Each sum is a matrix product with the vanishing axis inside. Two are sums over the batch, because
the weight and the bias are shared by all rows: where a value is used more than once, gradients
add.""",
    objectives=("BP-2", "BP-3"),
    minutes=10,
    difficulty=2,
)


# --- softmax_cross_entropy_backward --------------------------------------------------------------


def softmax_cross_entropy_backward(logits, target):
    """The gradient of the mean cross-entropy for logits (N, K) and target (N,), whole numbers."""
    shifted = logits - logits.max(axis=1, keepdims=True)  #: no exponent above 0, so none overflows
    p = np.exp(shifted)
    p = p / p.sum(axis=1, keepdims=True)  #: every row a distribution over the classes
    p[np.arange(len(target)), target] -= 1  #: what p - y takes off at the right class
    return p / len(target)  #: the loss was a mean over the batch


def _softmax(logits: np.ndarray, axis: int = 1) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _one_hot(target: np.ndarray, K: int) -> np.ndarray:
    return np.eye(K)[target]


def _ce_inputs(rng: np.random.Generator, N: int, K: int) -> dict:
    return {"logits": rng.normal(0, 2, (N, K)), "target": rng.integers(0, K, N)}


def _ce_corners(rng: np.random.Generator) -> list[Case]:
    logits = rng.normal(0, 2, (4, 5))
    return [
        Case("a class that occurs twice", {"logits": logits, "target": np.array([1, 1, 0, 4])}),
        Case("equal logits", {"logits": np.zeros((3, 4)), "target": np.array([0, 3, 1])}),
        Case("large logits", {"logits": 400 * logits, "target": np.array([2, 0, 3, 3])}),
    ]


def _columns(logits, target):
    p = _softmax(logits)
    p[:, target] -= 1
    return p / len(target)


def _naive(logits, target):
    e = np.exp(logits)
    return (e / e.sum(axis=1, keepdims=True) - _one_hot(target, logits.shape[1])) / len(target)


def _ce(rule):
    """A known-wrong variant: `rule(p, y)` of the probabilities, the one-hot rows and N."""

    def wrong(logits, target):
        y = _one_hot(target, logits.shape[1])
        return rule(_softmax(logits), y, len(target))

    return wrong


SOFTMAX_CROSS_ENTROPY_BACKWARD = Exercise(
    id="softmax_cross_entropy_backward",
    title="Back through softmax and cross-entropy",
    asks="""The loss of a batch is $L = -\\frac{1}{N} \\sum_n \\log p_{n, t_n}$, where row $p_n$
is the softmax of row n of `logits`, and $t_n$ is the right class. Return $\\partial
L/\\partial$`logits`.

- `logits` has shape (N, K); `target` holds N whole numbers from 0 to K-1.
- The result has the shape of `logits`. Logits may be large, such as 1000.""",
    reference=softmax_cross_entropy_backward,
    inputs=_ce_inputs,
    corners=_ce_corners,
    properties=(
        Property(
            "rows add up to zero",
            lambda inputs, parts: bool((abs(parts["result"].sum(axis=1)) < 1e-6).all()),
            "Each row of this gradient must add up to 0: adding the same number to all logits of "
            "a row changes no probability.",
        ),
        Property(
            "negative only at the right class",
            lambda inputs, parts: bool(
                (
                    (parts["result"] < -1e-9)
                    <= _one_hot(inputs["target"], parts["result"].shape[1])
                ).all()
            ),
            "Only the right class of a row may have a negative gradient: its logit should rise, "
            "all others should fall.",
        ),
    ),
    wrongs=(
        Wrong(
            "forgot-mean",
            _ce(lambda p, y, N: p - y),
            "**The 1/N of the mean is missing.** Every gradient is N times too large, so the same "
            "learning rate takes N times the step.",
            belief="B-02",
            see="backprop-microscope#forgot-mean",
            decoy="return p",
        ),
        Wrong(
            "double-derivative",
            _ce(lambda p, y, N: (p - y) * p * (1 - p) / N),
            "**The derivative of the softmax is applied twice.** $p - y$ is the gradient with "
            "respect to the logits already: softmax and logarithm cancel. With another $p(1-p)$ "
            "a confident mistake hardly learns any more.",
            belief="B-04",
            see="backprop-microscope#double-softmax-derivative",
        ),
        Wrong(
            "sign",
            _ce(lambda p, y, N: (y - p) / N),
            "**The sign is flipped.** Raising the right logit lowers the loss, so its gradient is "
            "negative: $p - y$, not $y - p$.",
            belief="B-01",
            see="backprop-microscope#sign",
        ),
        Wrong(
            "batch-axis",
            lambda logits, target: (
                (_softmax(logits, axis=0) - _one_hot(target, logits.shape[1])) / len(target)
            ),
            "**The softmax runs over the batch instead of the classes.** Your columns add up to "
            "1, not your rows. The classes are axis 1.",
            belief="C-03",
            decoy="p = p / p.sum(axis=0, keepdims=True)",
        ),
        Wrong(
            "overflow",
            _naive,
            "**Right formula, but it overflows.** exp(1000) is inf, and inf/inf is nan. Subtract "
            "each row's largest logit first: the probabilities stay the same.",
            belief="C-06",
            decoy="shifted = logits",
        ),
        Wrong(
            "softmax-twice",
            lambda logits, target: (
                (_softmax(_softmax(logits)) - _one_hot(target, logits.shape[1])) / len(target)
            ),
            "**Softmax is applied twice.** The logits are raw scores; one softmax makes "
            "probabilities of them, and a second one makes these nearly equal.",
            belief="C-01",
        ),
        Wrong(
            "no-target",
            _ce(lambda p, y, N: p / N),
            "**The target is not used.** These are the probabilities. The loss pulls the right "
            "class up: subtract 1 at its place in each row.",
        ),
        Wrong(
            "log-only",
            _ce(lambda p, y, N: np.where(y > 0, -1 / np.where(y > 0, p, 1), 0) / N),
            "**That is the gradient with respect to the probabilities.** One more step of the "
            "chain rule, back through the softmax, leads to the logits; then all classes of a "
            "row get a share.",
        ),
        Wrong(
            "all-mean",
            _ce(lambda p, y, N: (p - y) / p.size),
            "**You divide by all N times K numbers.** The loss is a mean over the N examples; "
            "each of them has one loss, whatever the number of classes.",
            belief="C-08",
        ),
        Wrong(
            "class-mean",
            _ce(lambda p, y, N: (p - y) / p.shape[1]),
            "**You divide by K, the number of classes.** The mean runs over the N examples.",
            belief="C-08",
            decoy="return p / p.shape[1]",
        ),
        Wrong(
            "columns",
            _columns,
            "**`p[:, target] -= 1` subtracts in whole columns.** Every row loses 1 at every "
            "target of the batch. Pair each row with its own class: `p[np.arange(N), target]`.",
            decoy="p[:, target] -= 1",
        ),
        Wrong(
            "shifted-class",
            _ce(lambda p, y, N: (p - np.roll(y, -1, axis=1)) / N),
            "**The classes are off by one.** They count from 0 to K-1, so `target` is an index "
            "already.",
            belief="C-13",
        ),
        Wrong(
            "mean-of-squares",
            _ce(lambda p, y, N: 2 * (p - y) / N),
            "**Twice too large.** There is no square in the cross-entropy, so no factor 2 comes "
            "down.",
        ),
    ),
    hints=(
        "Do it for one row first. Write $L = -\\log p_t = -z_t + \\log \\sum_k e^{z_k}$ and "
        "differentiate with respect to $z_k$.",
        "The second term gives $p_k$. The first gives -1, but only for $k = t$.",
        "So each row is its probabilities, with 1 subtracted at the right class; the mean over the "
        "batch divides all of it by N. `p[np.arange(N), target]` picks one entry per row.",
    ),
    why="""For one row, $L = -z_t + \\log \\sum_k e^{z_k}$, so $\\partial L/\\partial z_k = p_k -
1[k = t]$: the probability that was given, minus the one that was right. The mean over the batch
divides by N. Because each row of $p - y$ sums to zero, what the right class gains the others
lose. Subtracting the row's maximum changes no probability and keeps `exp` in range. Fusing
softmax with cross-entropy is not only shorter: the separate derivatives, $-1/p_t$ and
$p_k(1[k=j] - p_j)$, overflow and vanish where their product is harmless.""",
    objectives=("BP-3",),
    minutes=12,
    difficulty=3,
)


# --- numerical_gradient --------------------------------------------------------------------------


def numerical_gradient(f, x, eps=1e-5):
    """Central differences: the gradient of the number f(x) at the array x, one entry at a time."""
    x = np.array(x, dtype=float)
    grad = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + eps  #: a little to the right
        above = f(x)
        x[i] = kept - eps  #: a little to the left
        below = f(x)
        x[i] = kept  #: as it was, before the next entry moves
        grad[i] = (above - below) / (2 * eps)  #: rise over run
    return grad


_CUBE = Formula("lambda x: (x**3).sum()", lambda x: (x**3).sum())
_MIXED = Formula("lambda x: x.sum() ** 2 + x.flat[0]", lambda x: x.sum() ** 2 + x.flat[0])
_SINES = Formula("lambda x: np.sin(2 * x).sum()", lambda x: np.sin(2 * x).sum())


def _numerical_inputs(rng: np.random.Generator, N: int, D: int) -> dict:
    return {"f": _CUBE, "x": _away_from_zero(rng, N, D), "eps": 1e-5}


def _numerical_corners(rng: np.random.Generator) -> list[Case]:
    x = _away_from_zero(rng, 2, 3)
    return [
        Case("a function that mixes its inputs", {"f": _MIXED, "x": x, "eps": 1e-4}),
        Case("a large eps", {"f": _CUBE, "x": x, "eps": 0.5}),
        Case("an array of whole numbers", {"f": _CUBE, "x": np.array([1, -2, 3]), "eps": 1e-4}),
        Case("x in float32", {"f": _SINES, "x": x.astype(np.float32), "eps": 1e-5}),
        Case("eps left to its default", {"f": _SINES, "x": x}),
        Case("an x of one axis", {"f": _SINES, "x": x[0], "eps": 1e-3}),
    ]


def _differences(up, down, run):
    """A known-wrong variant: (f(x + up eps) - f(x + down eps)) / (run eps), entry by entry."""

    def wrong(f, x, eps=1e-5):
        x = np.array(x, dtype=float)
        grad = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            step = np.zeros_like(x)
            step[i] = eps
            grad[i] = (f(x + up * step) - f(x + down * step)) / (run * eps)
        return grad

    return wrong


def _fixed_eps(f, x, eps=1e-5):
    return numerical_gradient(f, x, 1e-12)


def _not_restored(f, x, eps=1e-5):
    x = np.array(x, dtype=float)
    grad = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += eps
        above = f(x)
        x[i] -= 2 * eps
        grad[i] = (above - f(x)) / (2 * eps)
    return grad


def _all_at_once(f, x, eps=1e-5):
    x = np.array(x, dtype=float)
    return np.full(x.shape, (f(x + eps) - f(x - eps)) / (2 * eps))


def _in_its_own_type(f, x, eps=1e-5):
    x = np.array(x)
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + eps
        above = f(x)
        x[i] = kept - eps
        below = f(x)
        x[i] = kept
        grad[i] = (above - below) / (2 * eps)
    return grad


def _first_axis(f, x, eps=1e-5):
    x = np.array(x, dtype=float)
    grad = np.zeros_like(x)
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = eps
        grad[i] = (f(x + step) - f(x - step)) / (2 * eps)
    return grad


NUMERICAL_GRADIENT = Exercise(
    id="numerical_gradient",
    title="A gradient without derivatives",
    asks="""`f` takes an array and returns one number. Return the gradient of `f` at `x` by
**central differences**: move one entry of `x` by `+eps` and by `-eps`, and divide the change of `f`
by the distance.

- `x` may have any shape and may hold whole numbers or float32; compute in float64.
- The result has the shape of `x`, and `x` itself stays as it was.""",
    reference=numerical_gradient,
    inputs=_numerical_inputs,
    corners=_numerical_corners,
    valid=lambda inputs: bool((inputs["x"] != 0).all()),
    wrongs=(
        Wrong(
            "forward",
            _differences(1, 0, 1),
            "**That is the forward difference, one-sided.** Its error shrinks like eps; the "
            "central difference, from x - eps to x + eps, is symmetric and its error shrinks "
            "like eps squared.",
            belief="B-11",
            decoy="below = f(kept)",
        ),
        Wrong(
            "backward",
            _differences(0, -1, 1),
            "**That is the backward difference, one-sided.** Go to both sides: the errors of "
            "first order then cancel.",
            belief="B-11",
        ),
        Wrong(
            "half-run",
            _differences(1, -1, 1),
            "**Twice too large.** From x - eps to x + eps the distance is 2 eps, not eps.",
            decoy="grad[i] = (above - below) / eps",
        ),
        Wrong(
            "half-rise",
            _differences(1, 0, 2),
            "**Half of what it should be.** You divide by 2 eps, but moved only by eps, to one "
            "side.",
        ),
        Wrong(
            "sign",
            _differences(-1, 1, 2),
            "**The sign is flipped.** Subtract the value on the left from the value on the right.",
            belief="B-01",
            decoy="grad[i] = (below - above) / (2 * eps)",
        ),
        Wrong(
            "own-eps",
            _fixed_eps,
            "**eps is far too small, and the one you were given is not used.** Below about 1e-8 "
            "the difference f(x + eps) - f(x - eps) is mostly rounding error: smaller is not "
            "better.",
            belief="B-11",
        ),
        Wrong(
            "not-divided",
            lambda f, x, eps=1e-5: numerical_gradient(f, x, eps) * 2 * eps,
            "**The differences are not divided by the distance.** A slope is rise over run: "
            "divide by 2 eps.",
        ),
        Wrong(
            "not-restored",
            _not_restored,
            "**An entry is not put back before the next one moves.** After its turn each entry "
            "stays at `x - eps`, so the later slopes are taken at another point.",
        ),
        Wrong(
            "all-at-once",
            _all_at_once,
            "**All entries move at once.** That gives one number, the sum of all slopes. Each "
            "partial derivative needs its own two calls of `f`, with only one entry moved.",
        ),
        Wrong(
            "own-type",
            _in_its_own_type,
            "**The type of x swallows eps.** Adding 1e-5 to an array of whole numbers changes "
            "nothing, and in float32 it is rounded. Work on a float64 copy: `np.array(x, "
            "dtype=float)`.",
            belief="T-08",
            decoy="x = np.array(x)",
        ),
        Wrong(
            "first-axis",
            _first_axis,
            "**Whole rows move at once.** `x[i]` is a row when x has two axes. Visit every entry: "
            "`for i in np.ndindex(x.shape)`.",
        ),
    ),
    hints=(
        "Start with an x of one entry: f a little to the right, minus f a little to the left, "
        "over the distance between the two points.",
        "For many entries, loop over all indices (`np.ndindex(x.shape)` gives them for any shape), "
        "move one entry, call `f` twice, and put the entry back.",
        "Work on your own copy in float64, `np.array(x, dtype=float)`: then `x` stays as it was, "
        "and neither whole numbers nor float32 swallow `eps`.",
    ),
    why="""Taylor's theorem gives $f(x \\pm \\epsilon) = f \\pm \\epsilon f' +
\\frac{\\epsilon^2}{2} f'' \\pm \\frac{\\epsilon^3}{6} f'''$. In the difference of the two the
even terms cancel, so the central difference has an error of order $\\epsilon^2$. Rounding adds
an error of order $10^{-16} |f| / \\epsilon$, which grows as eps shrinks. In float64 the two
balance near $\\epsilon \\approx 10^{-5}$. It costs two calls of f per entry, which is why it
checks gradients and does not train networks.""",
    objectives=("BP-4",),
    minutes=12,
    difficulty=2,
    equivalent={
        "grad = np.zeros_like(x) -> grad = np.ones_like(x)": "every entry is written in the loop",
    },
)


# --- unbroadcast ---------------------------------------------------------------------------------


def unbroadcast(g, shape):
    """The gradient of an array of `shape` that was broadcast to the shape of g."""
    new = g.ndim - len(shape)
    g = g.sum(axis=tuple(range(new)))  #: axes that broadcasting put in front
    stretched = tuple(i for i, n in enumerate(shape) if n == 1)  #: axes that were stretched from 1
    return g.sum(axis=stretched, keepdims=True)  #: keep the axis, with length 1


def _unbroadcast_inputs(rng: np.random.Generator, N: int, D: int) -> dict:
    return {"g": rng.normal(size=(N, D)), "shape": (D,)}


def _unbroadcast_corners(rng: np.random.Generator) -> list[Case]:
    g = rng.normal(size=(2, 3, 5))
    shapes = {
        "the same shape": (2, 3, 5),
        "two new axes in front": (5,),
        "a stretched last axis": (2, 3, 1),
        "a stretched first axis": (1, 3, 5),
        "new and stretched axes at once": (3, 1),
        "a single number": (),
        "all axes stretched": (1, 1, 1),
        "a new axis before a stretched one": (1, 5),
    }
    return [Case(tests, {"g": g, "shape": shape}) for tests, shape in shapes.items()]


def _reduce(front, stretched):
    """A known-wrong variant: `front(g, axes)`, then `stretched(g, axes)`."""

    def wrong(g, shape):
        g = front(g, tuple(range(g.ndim - len(shape))))
        ones = tuple(i for i, n in enumerate(shape) if n == 1 and i < g.ndim)
        return stretched(g, ones)

    return wrong


def _sum(g, axes):
    return g.sum(axis=axes)


def _sum_keep(g, axes):
    return g.sum(axis=axes, keepdims=True)


def _first(g, shape):
    g = g[(0,) * (g.ndim - len(shape))]
    return g[tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)] * 1.0


UNBROADCAST = Exercise(
    id="unbroadcast",
    title="The way back through broadcasting",
    asks="""NumPy **broadcast** an array of shape `shape` against a larger one: it put new axes
in front and stretched axes of length 1. The gradient `g` arrives in the large shape. Return the
gradient in the array's own `shape`.

- Example: a bias of shape (3,) was added to a batch of shape (5, 3); `g` is (5, 3), and the
  result (3,).
- `shape` is a tuple, possibly empty, and always broadcasts to `g.shape`.""",
    reference=unbroadcast,
    inputs=_unbroadcast_inputs,
    corners=_unbroadcast_corners,
    properties=(
        Property(
            "has the array's own shape",
            lambda inputs, parts: parts["result"].shape == inputs["shape"],
            "The result must have exactly the shape that was asked for.",
        ),
        Property(
            "keeps the total",
            lambda inputs, parts: bool(abs(parts["result"].sum() - inputs["g"].sum()) < 1e-8),
            "Summing moves gradient together and loses none: the total of the result is that of "
            "`g`.",
        ),
    ),
    wrongs=(
        Wrong(
            "unchanged",
            lambda g, shape: g * 1.0,
            "**`g` comes back in its large shape.** The array was used once for every copy that "
            "broadcasting made of it, so the gradients of all copies are added.",
            belief="B-09",
        ),
        Wrong(
            "mean",
            _reduce(lambda g, a: g.mean(axis=a), lambda g, a: g.mean(axis=a, keepdims=True)),
            "**You average over the copies, and they have to be added.** Every copy had its own "
            "effect on the loss; the effects sum.",
            belief="B-03",
            see="backprop-microscope#bias-mean",
        ),
        Wrong(
            "one-copy",
            _first,
            "**Only the first copy's gradient is kept.** The array went into all copies, so the "
            "gradients of all of them are added.",
            belief="B-09",
            see="backprop-microscope#overwrite-fan-out",
        ),
        Wrong(
            "front-only",
            _reduce(_sum, lambda g, a: g),
            "**New axes in front are summed, stretched axes are not.** An axis of length 1 was "
            "copied too: where `shape` has a 1, sum and keep the axis.",
            belief="T-05",
            decoy="return g",
        ),
        Wrong(
            "stretched-only",
            lambda g, shape: g.sum(
                axis=tuple(
                    i for i, n in enumerate(shape[-g.ndim :], g.ndim - len(shape)) if n == 1
                ),
                keepdims=True,
            ),
            "**Stretched axes are summed, new axes in front are not.** The array had none of "
            "these axes: sum over them, without keeping them.",
            belief="T-05",
        ),
        Wrong(
            "no-keepdims",
            _reduce(_sum, _sum),
            "**The stretched axes are gone.** An axis of length 1 is still an axis of the array: "
            "sum over it with `keepdims=True`.",
            belief="T-05",
            decoy="return g.sum(axis=stretched)",
        ),
        Wrong(
            "everything",
            lambda g, shape: np.full(shape, g.sum()),
            "**Every entry gets the sum over all of `g`.** Each entry collects only from its own "
            "copies: sum over the axes that broadcasting made, and leave the others.",
        ),
        Wrong(
            "wrong-end",
            lambda g, shape: g.sum(axis=tuple(range(len(shape), g.ndim))),
            "**The axes are matched from the left.** Broadcasting lines shapes up at the last "
            "axis, so the new axes are in front.",
        ),
        Wrong(
            "cut",
            lambda g, shape: np.resize(g, shape),
            "**The numbers are cut to the shape, not summed.** The shape is right, but most of the "
            "gradient is thrown away.",
            belief="T-02",
        ),
    ),
    hints=(
        "Going forward, one entry was copied to many places. Going back, what arrives at these "
        "places belongs to the one entry. How do they combine?",
        "Two kinds of axes were made: new ones in front (`g.ndim - len(shape)` of them), and "
        "stretched ones, where `shape` has a 1.",
        "Sum over the new ones without keeping them; then sum over the stretched ones with "
        "`keepdims=True`.",
    ),
    why="""Broadcasting is a linear map that copies: every entry goes to several places. The
transpose of a copy is a sum, so its vector-Jacobian product adds up what comes back from these
places. New axes in front disappear; stretched axes stay, with length 1. With this one function
the engine lets every operation forget about broadcasting: `x + bias` needs no rule of its own
for the bias.""",
    objectives=("BP-2", "BP-3"),
    minutes=12,
    difficulty=3,
)


# --- mlp_backward --------------------------------------------------------------------------------


def mlp_backward(x, y, W1, b1, W2, b2):
    """Gradients of the mean cross-entropy of relu(x @ W1 + b1) @ W2 + b2: dW1, db1, dW2, db2."""
    z1 = x @ W1 + b1  # (N, H)
    a1 = np.maximum(z1, 0)
    logits = a1 @ W2 + b2  # (N, K)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    d_logits = (p - np.eye(p.shape[1])[y]) / len(y)  #: softmax and cross-entropy at once, (N, K)
    dW2 = a1.T @ d_logits  #: (H, K)
    db2 = d_logits.sum(axis=0)  #: (K,)
    d_z1 = (d_logits @ W2.T) * (z1 > 0)  #: back through W2, then through the gate of ReLU, (N, H)
    dW1 = x.T @ d_z1  #: (D, H)
    db1 = d_z1.sum(axis=0)  #: (H,)
    return dW1, db1, dW2, db2


def _mlp_inputs(rng: np.random.Generator, N: int, D: int, H: int, K: int) -> dict:
    shapes = {"W1": (D, H), "b1": (H,), "W2": (H, K), "b2": (K,)}
    weights = {name: _away_from_zero(rng, *shape) for name, shape in shapes.items()}
    return {"x": rng.normal(size=(N, D)), "y": rng.integers(0, K, N), **weights}


def _mlp_corners(rng: np.random.Generator) -> list[Case]:
    given = _mlp_inputs(rng, 4, 3, 5, 3)
    x, shift = given["x"] * np.array([[1.0], [30.0], [1.0], [900.0]]), given["b2"] + 800
    return [Case("large logits", {**given, "x": x, "b2": shift})]


def _rule(rule: rules.Rule):
    """A known-wrong variant: the microscope's rule of this name."""

    def wrong(x, y, W1, b1, W2, b2):
        return tuple(rule(rules.Batch(x, y), rules.Weights(W1, b1, W2, b2)).weights)

    return wrong


def _recognise(inputs: dict, parts: dict) -> str | None:
    """The microscope's own diagnosis; it finds an early update with any learning rate."""
    batch = rules.Batch(inputs["x"], inputs["y"])
    weights = rules.Weights(*(inputs[name] for name in rules.NAMES))
    return rules.diagnose(rules.Weights(*parts.values()), batch, weights).rule


_REFUTES = {
    "sign": "**Every gradient has the wrong sign.** At the top you wrote $y - p$; the gradient is "
    "$p - y$, and the update then subtracts it.",
    "forgot-mean": "**Every gradient is N times too large.** The loss is a mean over the batch, "
    "so its gradient at the logits carries a 1/N, and all others inherit it.",
    "bias-mean": "**The weights are right, the biases are N times too small.** Over the batch a "
    "bias gradient is summed; the 1/N of the mean loss is in the delta already.",
    "double-softmax-derivative": "**The derivative of the softmax is applied twice.** $p - y$ is "
    "the gradient at the logits already, after softmax and logarithm have cancelled.",
    "no-activation-derivative": "**W2 and b2 are right; on the way to W1 the ReLU is forgotten.** "
    "Units that were off had no effect on the loss, so no gradient goes through them.",
    "activation-as-derivative": "**You multiply by the activation instead of its slope.** The "
    "slope of ReLU is 1 where z1 is positive, whatever its size.",
    "guided": "**The gate looks at the sign of the gradient.** Which units were on was decided "
    "by z1 in the forward pass.",
    "updated-weights-first": "**W2 was changed before the gradient went back through it.** All "
    "gradients belong to the same weights: compute them first, then update.",
    "overwrite-fan-out": "**Only one logit's path reaches the hidden layer.** Each hidden unit "
    "feeds all K logits, so what they send back is added up, not overwritten.",
}


_DECOYS = {
    "sign": "d_logits = (np.eye(p.shape[1])[y] - p) / len(y)",
    "forgot-mean": "d_logits = p - np.eye(p.shape[1])[y]",
    "bias-mean": "db2 = d_logits.mean(axis=0)",
    "no-activation-derivative": "d_z1 = d_logits @ W2.T",
    "activation-as-derivative": "d_z1 = (d_logits @ W2.T) * a1",
}


def _mlp_wrong(rule: rules.Rule) -> Wrong:
    return Wrong(
        rule.name,
        _rule(rule),
        _REFUTES[rule.name],
        belief=rule.misconception,
        see=f"backprop-microscope#{rule.name}",
        decoy=_DECOYS.get(rule.name),
    )


MLP_BACKWARD = Exercise(
    id="mlp_backward",
    title="Back through a whole network",
    asks="""A network with one hidden layer computes

    z1 = x @ W1 + b1        a1 = np.maximum(z1, 0)        logits = a1 @ W2 + b2

and its loss is the mean cross-entropy of the logits with the labels `y`. Return the four gradients
`dW1, db1, dW2, db2`, each in the shape of its parameter.

- Shapes: `x` (N, D), `y` (N,) whole numbers, `W1` (D, H), `b1` (H,), `W2` (H, K), `b2` (K,).""",
    reference=mlp_backward,
    inputs=_mlp_inputs,
    corners=_mlp_corners,
    returns=("dW1", "db1", "dW2", "db2"),
    wrongs=tuple(_mlp_wrong(rule) for rule in rules.WRONG),
    recognise=_recognise,
    hints=(
        "Go backwards through the forward pass, line by line. First the logits: what is the "
        "gradient of the mean cross-entropy with respect to them?",
        "With `d_logits` of shape (N, K), the top layer is a linear layer: `dW2` combines it "
        "with `a1`, `db2` with nothing. What goes on to `a1` passes through `W2`.",
        "Between `a1` and `z1` stands the ReLU: the gradient passes where `z1 > 0`. Below it, the "
        "first layer is a linear layer like the one above.",
    ),
    why="""Every line is the vector-Jacobian product of one line of the forward pass, in reverse
order. The two layers have the same three rules: weights get (what came in) times (what arrives),
biases get the sum over the batch, and what goes further down passes through the weights. Nothing
here is special to two layers: a list of layers and a loop make it a network of any depth, and an
engine that remembers the order of operations makes it `loss.backward()`.""",
    objectives=("BP-2", "BP-3", "BP-7"),
    minutes=20,
    difficulty=4,
)


# --- he_layer ------------------------------------------------------------------------------------


def he_layer(x, noise):
    """Weights (H, D) for a ReLU layer on x (N, D) from standard normal noise (H, D), what the
    layer then gives (N, H), and its mean square as a share of that of x."""
    w = noise * np.sqrt(2 / noise.shape[1])  #: each output is a sum over D products
    a = np.maximum(x @ w.T, 0)  #: ReLU throws half of the mean square away
    return w, a, np.mean(a**2) / np.mean(x**2)  #: near 1, if the size is kept


def _he_inputs(rng: np.random.Generator, N: int, D: int, H: int) -> dict:
    return {"x": rng.normal(0.3, 1.5, (N, D)), "noise": rng.normal(size=(H, D))}


def _he_corners(rng: np.random.Generator) -> list[Case]:
    return [
        Case("a wide layer after a narrow one", _he_inputs(rng, 7, 3, 40)),
        Case("a narrow layer after a wide one", _he_inputs(rng, 7, 40, 3)),
    ]


def _start(deviation, act=lambda z: np.maximum(z, 0), share=lambda a, x: np.mean(a**2)):
    def wrong(x, noise):
        w = noise * deviation(*noise.shape)
        a = act(x @ w.T)
        return w, a, share(a, x) / share(x, x)

    return wrong


def _he(outputs: int, inputs: int) -> float:
    return float(np.sqrt(2 / inputs))


HE_LAYER = Exercise(
    id="he_layer",
    title="A start that keeps the size",
    asks="""A ReLU layer without bias takes `x` of shape (N, D) and has H units. `noise` of shape
(H, D) holds draws from the standard normal distribution. Return three things:

1. the weights `w` (H, D): the noise, scaled as He et al. (2015) do for **ReLU**;
2. what the layer gives with them, `a` (N, H);
3. the mean square of `a` as a share of the mean square of `x`, one number. It is near 1 where a
   start keeps the size of its signals.""",
    reference=he_layer,
    returns=("w", "a", "share"),
    inputs=_he_inputs,
    corners=_he_corners,
    wrongs=(
        Wrong(
            "as-it-comes",
            _start(lambda out, n: 1.0),
            "**The noise is used as it comes.** Each output is then a sum of D products, and the "
            "mean square grows by D / 2 in every layer: after twenty layers nothing is left but "
            "infinities.",
            belief="N-05",
            see="signal-river#explodes",
            decoy="w = noise",
        ),
        Wrong(
            "no-factor-two",
            _start(lambda out, n: np.sqrt(1 / n)),
            "**The variance is 1 / D.** That keeps the size of a *linear* layer. ReLU sets half of "
            "the values to 0, and with them half of the mean square: the signal halves at every "
            "layer.",
            belief="N-06",
            see="signal-river#fades",
            decoy="w = noise * np.sqrt(1 / noise.shape[1])",
        ),
        Wrong(
            "fan-out",
            _start(lambda out, n: np.sqrt(2 / out)),
            "**You divide by the number of units, H.** An output is a sum over the D *inputs*, so "
            "D decides how large it gets. (H is the right number for the way back.)",
            decoy="w = noise * np.sqrt(2 / noise.shape[0])",
        ),
        Wrong(
            "glorot",
            _start(lambda out, n: np.sqrt(2 / (out + n))),
            "**That is the start of Glorot and Bengio (2010)**, a compromise between the way "
            "forward and the way back for layers that are nearly linear, such as tanh near 0. "
            "It does not make up for what ReLU throws away.",
        ),
        Wrong(
            "variance-as-deviation",
            _start(lambda out, n: 2 / n),
            "**2 / D is the variance.** To give draws of standard deviation 1 the variance $s^2$, "
            "multiply them by $s$: by the root.",
            decoy="w = noise * 2 / noise.shape[1]",
        ),
        Wrong(
            "divided",
            _start(lambda out, n: np.sqrt(n / 2)),
            "**You divide by the root instead of multiplying by it**, or have its fraction upside "
            "down. More inputs need *smaller* weights.",
        ),
        Wrong(
            "no-relu",
            _start(_he, act=lambda z: z),
            "**The layer has no ReLU.** Its outputs are negative half of the time, and their mean "
            "square is twice what it should be.",
        ),
        Wrong(
            "no-square",
            _start(_he, share=lambda a, x: np.mean(np.abs(a))),
            "**The share is one of mean sizes, not of mean squares.** Variances add up, and "
            "sizes do not: the squares are what a start can keep.",
        ),
        Wrong(
            "variance",
            _start(_he, share=lambda a, x: a.var()),
            "**The share is one of variances.** What ReLU gives has a mean above 0, and the next "
            "layer's sums feel it: take the mean of the squares, without subtracting a mean.",
        ),
    ),
    hints=(
        "How many products are added up in one entry of `x @ w.T`? By which factor does that raise "
        "the mean square?",
        "ReLU sets about half of the sums to 0. What has to be put on the variance to make up for "
        "it? Then go from the variance to the factor of the noise.",
        "The mean square of an array is `np.mean(array**2)`, over all of its entries.",
    ),
    why="""An output is a sum of D products, so its variance is D times that of one product; half of
the mean square survives ReLU. A variance of 2 / D takes both back, and the size is kept however
many layers follow. A factor that is off by a little at one layer is off by its twentieth power
after twenty: that is all there is to vanishing and exploding. In PyTorch:
`nn.init.kaiming_normal_(w, nonlinearity="relu")`.""",
    objectives=("BP-6",),
    minutes=7,
    difficulty=2,
)


EXERCISES = (
    RELU_BACKWARD,
    LINEAR_BACKWARD,
    UNBROADCAST,
    SOFTMAX_CROSS_ENTROPY_BACKWARD,
    NUMERICAL_GRADIENT,
    MLP_BACKWARD,
    HE_LAYER,
)
