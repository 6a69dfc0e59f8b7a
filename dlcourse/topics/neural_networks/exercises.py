"""Exercises on the forward pass: a layer, the softmax, and the loss that follows it."""

import numpy as np

from ...teach.exercise import Case, Exercise, Property, Wrong

# --- dense_relu ----------------------------------------------------------------------------------


def dense_relu(x, weight, bias):
    """One hidden layer: relu(x @ weight.T + bias); x (N, I), weight (O, I), bias (O,)."""
    z = x @ weight.T + bias  #: a weighted sum for every unit, then its bias, (N, O)
    return np.maximum(z, 0)  #: what ReLU does to it


def _dense_inputs(rng: np.random.Generator, N: int, I: int, O: int) -> dict:
    # A bias as large as the sums, so that leaving it out or adding it late shows at every size.
    bias = rng.choice([-1.0, 1.0], O) * rng.uniform(0.5, 2, O)
    return {"x": rng.normal(size=(N, I)), "weight": rng.normal(size=(O, I)), "bias": bias}


def _dense_corners(rng: np.random.Generator) -> list[Case]:
    x, weight = np.array([[1.0, 2.0]]), np.array([[1.0, -1.0], [0.5, 0.5]])
    return [
        Case("a unit below zero", {"x": x, "weight": weight, "bias": np.array([0.25, 0.5])}),
        Case("a bias that wakes a unit", {"x": x, "weight": weight, "bias": np.array([3.0, -2.0])}),
    ]


DENSE_RELU = Exercise(
    id="dense_relu",
    title="One layer of a network",
    asks="""A layer of O units reads N examples with I numbers each. Every unit has its own row
of `weight` and its own `bias`: it adds up inputs times weights, adds its bias, and passes the
sum through ReLU, $\\max(z, 0)$. Return the activations, an array of shape (N, O).

| array | `x` | `weight` | `bias` | result |
| --- | --- | --- | --- | --- |
| shape | (N, I) | (O, I) | (O,) | (N, O) |""",
    reference=dense_relu,
    inputs=_dense_inputs,
    corners=_dense_corners,
    properties=(
        Property(
            "never negative",
            lambda inputs, parts: bool((parts["result"] >= 0).all()),
            "After ReLU nothing is below zero.",
        ),
    ),
    wrongs=(
        Wrong(
            "no-activation",
            lambda x, weight, bias: x @ weight.T + bias,
            "**The activation is missing.** Without it the layer is linear, and a stack of "
            "linear layers is one linear layer: depth would add nothing.",
            belief="N-01",
            decoy="return z",
        ),
        Wrong(
            "no-bias",
            lambda x, weight, bias: np.maximum(x @ weight.T, 0),
            "**The bias is not used.** It moves the point at which a unit switches on; without "
            "it every boundary passes through the origin.",
            belief="N-02",
            decoy="z = x @ weight.T",
        ),
        Wrong(
            "bias-after",
            lambda x, weight, bias: np.maximum(x @ weight.T, 0) + bias,
            "**The bias comes after the ReLU.** It belongs into the sum, so that it can decide "
            "whether the unit is on.",
        ),
        Wrong(
            "not-transposed",
            lambda x, weight, bias: np.maximum(x @ weight + bias, 0),
            "**`weight` is (O, I): one row per unit.** To sum over the I inputs, multiply by its "
            "transpose. `x @ weight` fits only when O and I happen to be equal.",
            belief="T-06",
            decoy="z = x @ weight + bias",
        ),
        Wrong(
            "other-order",
            lambda x, weight, bias: np.maximum((weight @ x.T + bias[:, None]), 0),
            "**The result is (O, N): units on the rows.** Batches stand on the rows throughout, "
            "so the result is (N, O).",
            belief="T-06",
        ),
        Wrong(
            "cut-above",
            lambda x, weight, bias: np.minimum(x @ weight.T + bias, 0),
            "**That keeps the negative part.** ReLU keeps what is above zero: the maximum of z "
            "and 0.",
            decoy="return np.minimum(z, 0)",
        ),
        Wrong(
            "absolute",
            lambda x, weight, bias: abs(x @ weight.T + bias),
            "**That is the absolute value.** A negative sum becomes 0, not its opposite: the "
            "unit is off.",
        ),
        Wrong(
            "step",
            lambda x, weight, bias: (x @ weight.T + bias > 0) * 1.0,
            "**That is a step: 1 or 0.** ReLU lets positive sums through with their size.",
        ),
        Wrong(
            "sigmoid",
            lambda x, weight, bias: 1 / (1 + np.exp(-(x @ weight.T + bias))),
            "**That is a sigmoid.** The exercise asks for ReLU, which is exactly 0 below zero "
            "and z above.",
        ),
    ),
    hints=(
        "One unit and one example first: which numbers are multiplied, which added?",
        "For all at once: `x` is (N, I), and the result (N, O) sums over I. Which product of `x` "
        "and `weight` does that? The bias is then added to every row by broadcasting.",
    ),
    why="""Row n, unit o: $z_{no} = \\sum_i x_{ni} w_{oi} + b_o$. The sum runs over the inputs,
so the product needs the transpose of `weight`, whose rows are the units. The bias has one number
per unit and is broadcast over the rows. ReLU then works on every number alone. Two such layers,
one after the other, can bend a boundary; without the ReLU they could not, because a product of
two matrices is a matrix.""",
    minutes=6,
    difficulty=1,
)


# --- softmax -------------------------------------------------------------------------------------


def softmax(logits):
    """The probabilities exp(logit) / sum of exp over the last axis; logits (..., K)."""
    shifted = logits - logits.max(axis=-1, keepdims=True)  #: no exponent above 0, so none overflows
    e = np.exp(shifted)
    return e / e.sum(axis=-1, keepdims=True)  #: every row adds up to 1


def _softmax_inputs(rng: np.random.Generator, N: int, K: int) -> dict:
    return {"logits": rng.normal(0, 2, (N, K))}


def _softmax_corners(rng: np.random.Generator) -> list[Case]:
    rows = rng.normal(0, 2, (2, 3))
    return [
        Case("one row without a batch", {"logits": np.array([1.0, 2.0, 3.0])}),
        Case("large logits", {"logits": np.array([[1000.0, 1001.0, 999.0]])}),
        Case("large logits of both signs", {"logits": np.array([[1000.0, 0.0, -1000.0]])}),
        Case("rows far apart", {"logits": rows + np.array([[0.0], [900.0]])}),
        Case("three axes", {"logits": rng.normal(size=(2, 3, 4))}),
        Case("equal logits", {"logits": np.full((2, 4), 0.5)}),
    ]


def _exp_over(total):
    def wrong(logits):
        e = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return e / total(e)

    return wrong


def _sums_to_one(inputs, parts) -> bool:
    return bool((abs(parts["result"].sum(axis=-1) - 1) < 1e-6).all())


SOFTMAX = Exercise(
    id="softmax",
    title="From scores to probabilities",
    asks="""Turn scores (logits) into probabilities: $p_k = e^{z_k} / \\sum_j e^{z_j}$, where the
sum runs over the **last axis** of `logits`.

- `logits` may have one axis, (K,), a batch in front, (N, K), or more; the result has the same
  shape.
- Logits may be large: `np.exp(1000)` is inf, but the result must be right all the same.""",
    reference=softmax,
    inputs=_softmax_inputs,
    corners=_softmax_corners,
    properties=(
        Property("every row adds up to 1", _sums_to_one, "Each row must add up to 1."),
        Property(
            "keeps the order",
            lambda inputs, parts: bool(
                (parts["result"].argmax(-1) == inputs["logits"].argmax(-1)).all()
            ),
            "The largest score must get the largest probability.",
        ),
    ),
    wrongs=(
        Wrong(
            "overflow",
            lambda logits: np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True),
            "**Right formula, but it overflows.** exp(1000) is inf, and inf/inf is nan. Subtract "
            "each row's largest score first: the factor cancels in the fraction.",
            belief="C-06",
            decoy="shifted = logits",
        ),
        Wrong(
            "whole-array",
            _exp_over(lambda e: e.sum()),
            "**The whole array adds up to 1, not each row.** Every example needs probabilities "
            "of its own: sum over the last axis only.",
            belief="T-05",
            decoy="return e / e.sum()",
        ),
        Wrong(
            "batch-axis",
            lambda logits: (e := np.exp(logits - logits.max(0))) / e.sum(0),
            "**The sum runs over the batch, not over the classes.** Your columns add up to 1; the "
            "classes are the last axis.",
            belief="C-03",
            decoy="return e / e.sum(axis=0)",
        ),
        Wrong(
            "no-keepdims",
            lambda logits: (e := np.exp(logits - logits.max(-1, keepdims=True))) / e.sum(-1),
            "**The sums have lost their axis.** (N,) lines up with the columns, not with the "
            "rows: keep the axis with `keepdims=True`. With as many rows as classes no error "
            "warns you.",
            belief="T-05",
            decoy="return e / e.sum(axis=-1)",
        ),
        Wrong(
            "no-exp",
            lambda logits: logits / logits.sum(axis=-1, keepdims=True),
            "**The scores themselves are divided by their sum.** Scores can be negative; the "
            "exponential makes them positive first.",
        ),
        Wrong(
            "shift-by-all",
            lambda logits: (e := np.exp(logits - logits.max())) / e.sum(axis=-1, keepdims=True),
            "**You subtract the largest score of the whole array.** A row whose scores are far "
            "below it underflows to 0/0. Subtract each row's own maximum.",
            belief="C-06",
            decoy="shifted = logits - logits.max()",
        ),
        Wrong(
            "log",
            lambda logits: np.log(softmax(logits)),
            "**These are the logarithms of the probabilities.** Useful for the loss, but "
            "probabilities were asked for.",
        ),
        Wrong(
            "sigmoid",
            lambda logits: 1 / (1 + np.exp(-logits)),
            "**That is a sigmoid of each score.** It looks at one score alone, so a row need not "
            "add up to 1; the softmax compares the scores of a row.",
        ),
        Wrong(
            "one-hot",
            lambda logits: (logits == logits.max(axis=-1, keepdims=True)) * 1.0,
            "**That is the hard maximum: 1 for the best, 0 for the rest.** The softmax is its "
            "smooth version, in which close scores get close probabilities.",
        ),
        Wrong(
            "twice",
            lambda logits: softmax(softmax(logits)),
            "**Softmax is applied twice.** Probabilities are all between 0 and 1, so a second "
            "softmax makes them nearly equal.",
            belief="C-01",
        ),
        Wrong(
            "base-two",
            lambda logits: (
                (e := 2.0 ** (logits - logits.max(-1, keepdims=True))) / e.sum(-1, keepdims=True)
            ),
            "**The base is 2, and it should be e.** The result is a softmax at another "
            "temperature, flatter than it should be.",
        ),
    ),
    hints=(
        "Two steps: make every score positive with the exponential, then divide each row by its "
        "sum.",
        "The sum over the last axis loses that axis. `keepdims=True` keeps it, with length 1, so "
        "that it divides row by row.",
        "Subtracting the same number from all scores of a row changes nothing in the fraction. "
        "Which number keeps every exponent at or below 0?",
    ),
    why="""The exponential makes every score positive and keeps their order; dividing by the sum
makes each row a distribution. A constant c in all scores of a row cancels: $e^{z_k + c} /
\\sum_j e^{z_j + c} = e^{z_k} / \\sum_j e^{z_j}$. Taking $c = -\\max_j z_j$ puts the largest
exponent at 0, so nothing overflows and at least one term is 1. It must be each row's own
maximum: with that of the whole array, a row far below it underflows to 0/0.""",
    minutes=8,
    difficulty=2,
)


# --- cross_entropy -------------------------------------------------------------------------------


def cross_entropy(logits, target):
    """The mean over the batch of -log softmax(logits)[n, target[n]]; logits (N, K), target (N,)."""
    shifted = logits - logits.max(axis=1, keepdims=True)  #: no exponent above 0
    log_sum = np.log(np.exp(shifted).sum(axis=1))  #: the log of each row's sum of exponentials
    chosen = shifted[np.arange(len(target)), target]  #: the score of the right class of each row
    return (log_sum - chosen).mean()  #: minus the log of the right class's probability


def _ce_inputs(rng: np.random.Generator, N: int, K: int) -> dict:
    return {"logits": rng.normal(0, 2, (N, K)), "target": rng.integers(0, K, N)}


def _ce_corners(rng: np.random.Generator) -> list[Case]:
    large = np.array([[1000.0, 0.0, -1000.0], [0.0, 5.0, 1000.0]])
    sure = np.array([[30.0, 0.0], [0.0, 25.0], [1.0, 0.0]])
    far = rng.normal(size=(2, 3)) + np.array([[0.0], [900.0]])
    return [
        Case("large logits", {"logits": large, "target": np.array([1, 0])}),
        Case("a confident and right answer", {"logits": sure, "target": np.array([0, 1, 0])}),
        Case("equal logits", {"logits": np.zeros((4, 10)), "target": np.array([3, 9, 0, 1])}),
        Case("rows far apart", {"logits": far, "target": np.array([2, 0])}),
        Case("a right answer among large logits", {"logits": large, "target": np.array([0, 2])}),
    ]


def _p(logits: np.ndarray, axis: int = 1) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _of_target(values: np.ndarray, target: np.ndarray) -> np.ndarray:
    return values[np.arange(len(target)), target]


def _log_p(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


CROSS_ENTROPY = Exercise(
    id="cross_entropy",
    title="The loss of a classifier",
    asks="""Row n of `logits` holds the scores of example n, and `target[n]` its right class.
Return the **mean cross-entropy** $L = -\\frac{1}{N} \\sum_n \\log p_{n, t_n}$, where $p_n$ is
the softmax of row n.

- `logits` has shape (N, K); `target` holds N whole numbers from 0 to K-1; the result is one number.
- It must be finite for logits of any size: no logarithm of 0.""",
    reference=cross_entropy,
    inputs=_ce_inputs,
    corners=_ce_corners,
    properties=(
        Property(
            "never negative",
            lambda inputs, parts: bool(parts["result"] >= 0),
            "A probability is at most 1, so minus its logarithm is at least 0.",
        ),
    ),
    wrongs=(
        Wrong(
            "sum",
            lambda logits, target: -_of_target(_log_p(logits), target).sum(),
            "**That is the sum over the batch, not the mean.** It grows with N, and so do the "
            "gradients: the learning rate would have to change with the batch size.",
            belief="C-08",
            decoy="return (log_sum - chosen).sum()",
        ),
        Wrong(
            "no-log",
            lambda logits, target: -_of_target(_p(logits), target).mean(),
            "**The logarithm is missing.** Minus the probability lies between -1 and 0, and hardly "
            "punishes a confident mistake; minus its logarithm grows without bound.",
            belief="C-04",
        ),
        Wrong(
            "raw-scores",
            lambda logits, target: -_of_target(logits, target).mean(),
            "**These are raw scores, not log-probabilities.** This loss falls for ever, just by "
            "making all scores larger. The log of the sum of exponentials is missing.",
            belief="C-05",
            decoy="return -chosen.mean()",
        ),
        Wrong(
            "softmax-twice",
            lambda logits, target: -_of_target(_log_p(_p(logits)), target).mean(),
            "**Softmax is applied twice.** Over K classes this loss can never fall below log(1 + "
            "(K-1)/e), 1.461 for ten of them, however sure the network is.",
            belief="C-01",
        ),
        Wrong(
            "batch-axis",
            lambda logits, target: -np.log(_of_target(_p(logits, axis=0), target)).mean(),
            "**The softmax runs over the batch.** With equal logits the loss is log N instead of "
            "log K.",
            belief="C-03",
            decoy="log_sum = np.log(np.exp(shifted).sum(axis=0))",
        ),
        Wrong(
            "log-of-zero",
            lambda logits, target: -np.log(_of_target(_p(logits), target)).mean(),
            "**Right, until a probability underflows to 0; then its logarithm is -inf.** Stay with "
            "logarithms: $\\log p_t = z_t - \\log \\sum_k e^{z_k}$.",
            belief="C-06",
        ),
        Wrong(
            "small-constant",
            lambda logits, target: -np.log(_of_target(_p(logits), target) + 1e-7).mean(),
            "**A small constant inside the logarithm changes the loss.** It stops at 16.1, "
            "whatever the mistake, and its gradient vanishes there. Compute the log-probability "
            "directly.",
            belief="C-07",
        ),
        Wrong(
            "sign",
            lambda logits, target: _of_target(_log_p(logits), target).mean(),
            "**The sign is flipped.** Logarithms of probabilities are negative; the loss is "
            "minus their mean. Descending on this would make the right class ever less likely.",
            belief="B-01",
            decoy="return (chosen - log_sum).mean()",
        ),
        Wrong(
            "over-classes",
            lambda logits, target: -_of_target(_log_p(logits), target).sum() / logits.size,
            "**You divide by all N times K numbers.** Each example has one loss: the mean runs "
            "over N.",
            belief="C-08",
        ),
        Wrong(
            "base-two",
            lambda logits, target: -_of_target(_log_p(logits), target).mean() / np.log(2),
            "**The logarithm has the base 2.** That is the loss in bits; deep learning counts in "
            "nats, with the natural logarithm, so that the derivative stays simple.",
        ),
        Wrong(
            "squared",
            lambda logits, target: (
                ((_p(logits) - np.eye(logits.shape[1])[target]) ** 2).sum(axis=1).mean()
            ),
            "**That is a squared error of the probabilities.** It is bounded by 2, so a confident "
            "mistake hardly counts, and its gradient vanishes where it is needed most.",
            belief="C-09",
        ),
        Wrong(
            "all-classes",
            lambda logits, target: -_log_p(logits).mean(),
            "**All classes count, not only the right one.** `target` says which entry of each "
            "row to take: `logits[np.arange(N), target]`.",
        ),
        Wrong(
            "no-shift",
            lambda logits, target: (
                np.log(np.exp(logits).sum(axis=1)) - _of_target(logits, target)
            ).mean(),
            "**Right formula, but it overflows.** exp(1000) is inf. Subtract each row's largest "
            "score first; it cancels.",
            belief="C-06",
            decoy="shifted = logits",
        ),
    ),
    hints=(
        "One row first: which probability does the target pick, and what is minus its logarithm?",
        "Do not compute the probability at all: $-\\log p_t = \\log \\sum_k e^{z_k} - z_t$.",
        "Subtract each row's maximum from its scores before the exponential. "
        "`scores[np.arange(N), target]` picks one entry per row.",
    ),
    why="""Taking the logarithm of the softmax by hand, $-\\log p_t = \\log \\sum_k e^{z_k} - z_t$,
removes the fraction and with it every chance of log(0). Subtracting the row's maximum keeps the
exponentials in range and cancels between the two terms. A network that knows nothing gives equal
probabilities and a loss of log K, 2.303 for ten classes: a good thing to check before training.""",
    minutes=10,
    difficulty=2,
)


EXERCISES = (DENSE_RELU, SOFTMAX, CROSS_ENTROPY)
