"""Exercises on the forward pass: layers, softmax, loss; and on what comes before and after it."""

import itertools

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
            see="fold-plane#linear",
            decoy="return z",
        ),
        Wrong(
            "no-bias",
            lambda x, weight, bias: np.maximum(x @ weight.T, 0),
            "**The bias is not used.** It moves the point at which a unit switches on; without "
            "it every boundary passes through the origin.",
            belief="N-02",
            see="fold-plane#no-bias",
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
    objectives=("NN-1", "NN-2"),
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
            see="softmax-bench#naive",
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
            see="softmax-bench#batch-axis",
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
            see="softmax-bench#double",
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
    objectives=("NN-4",),
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
            see="softmax-bench#sum",
            decoy="return (log_sum - chosen).sum()",
        ),
        Wrong(
            "no-log",
            lambda logits, target: -_of_target(_p(logits), target).mean(),
            "**The logarithm is missing.** Minus the probability lies between -1 and 0, and hardly "
            "punishes a confident mistake; minus its logarithm grows without bound.",
            belief="C-04",
            see="softmax-bench#no-log",
        ),
        Wrong(
            "raw-scores",
            lambda logits, target: -_of_target(logits, target).mean(),
            "**These are raw scores, not log-probabilities.** This loss falls for ever, just by "
            "making all scores larger. The log of the sum of exponentials is missing.",
            belief="C-05",
            see="softmax-bench#raw",
            decoy="return -chosen.mean()",
        ),
        Wrong(
            "softmax-twice",
            lambda logits, target: -_of_target(_log_p(_p(logits)), target).mean(),
            "**Softmax is applied twice.** Over K classes this loss can never fall below log(1 + "
            "(K-1)/e), 1.461 for ten of them, however sure the network is.",
            belief="C-01",
            see="softmax-bench#double",
        ),
        Wrong(
            "batch-axis",
            lambda logits, target: -np.log(_of_target(_p(logits, axis=0), target)).mean(),
            "**The softmax runs over the batch.** With equal logits the loss is log N instead of "
            "log K.",
            belief="C-03",
            see="softmax-bench#batch-axis",
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
            see="softmax-bench#log-eps",
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
            see="softmax-bench#mse-p",
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
            see="softmax-bench#naive",
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
    objectives=("NN-5",),
    minutes=10,
    difficulty=2,
)


# --- mlp_forward ---------------------------------------------------------------------------------


def mlp_forward(x, weights, biases):
    """The scores of a network of any depth; weights[k] (O, I) and biases[k] (O,) of layer k."""
    *hidden, last = zip(weights, biases, strict=True)  #: all layers but one bend
    for weight, bias in hidden:
        x = np.maximum(x @ weight.T + bias, 0)  #: a layer reads what the one before it put out
    weight, bias = last
    return x @ weight.T + bias  #: scores are free, so there is no ReLU here


def _mlp_inputs(rng: np.random.Generator, N: int, I: int, H: int, O: int) -> dict:
    sizes = (I, H, H + 1, O)
    weights = [rng.normal(size=(o, i)) for i, o in itertools.pairwise(sizes)]
    # Biases as large as the sums, so that leaving one out shows at every size.
    biases = [rng.choice([-1.0, 1.0], o) * rng.uniform(0.5, 2, o) for o in sizes[1:]]
    return {"x": rng.normal(size=(N, I)), "weights": weights, "biases": biases}


def _mlp_corners(rng: np.random.Generator) -> list[Case]:
    one = {"weights": [np.array([[1.0, 2.0]])], "biases": [np.array([-0.5])]}
    xor = {
        "weights": [np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([[1.0, 1.0]])],
        "biases": [np.array([0.0, 0.5]), np.array([-1.0])],
    }
    corners = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    return [
        Case("a single layer, whose score is negative", {"x": np.array([[-1.0, -1.0]]), **one}),
        Case("the four corners", {"x": corners, **xor}),
    ]


def _through(between, after=lambda z: z, sums=lambda x, w, b: x @ w.T + b):
    """A known-wrong network: other sums, another bend between the layers, or one at the end."""

    def wrong(x, weights, biases):
        for k, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            z = sums(x, weight, bias)
            x = between(z, k) if k < len(weights) - 1 else after(z)
        return x

    return wrong


def _bend(z, k):
    return np.maximum(z, 0)


_PAIRS = "*hidden, last = zip(weights, biases"

MLP_FORWARD = Exercise(
    id="mlp_forward",
    title="Through a whole network",
    asks="""A network of any depth is given as two lists: `weights[k]` of shape (O, I) and
`biases[k]` of shape (O,) belong to layer k, and each layer reads what the layer before it put out.
Run the batch `x` through all of them: ReLU after every **hidden** layer, nothing after the last.
Return the scores.

- The first layer reads `x`, of shape (N, I); the result has one column per unit of the last layer.
- A list of one layer is a network without a hidden layer.""",
    reference=mlp_forward,
    inputs=_mlp_inputs,
    corners=_mlp_corners,
    wrongs=(
        Wrong(
            "relu-on-scores",
            _through(_bend, after=lambda z: np.maximum(z, 0)),
            "**The last layer has a ReLU, too.** Scores must be free to be negative: one that is "
            "cut off at 0 cannot say how unlikely a class is, and it gets no gradient.",
            belief="N-08",
            see="fold-plane#relu-output",
            decoy="return np.maximum(x @ weight.T + bias, 0)",
        ),
        Wrong(
            "no-activation",
            _through(lambda z, k: z),
            "**There is no activation between the layers.** Then all of them together are one "
            "layer, because a product of matrices is a matrix.",
            belief="N-01",
            see="fold-plane#linear",
            decoy="x = x @ weight.T + bias",
        ),
        Wrong(
            "no-bias",
            _through(_bend, sums=lambda x, w, b: x @ w.T),
            "**The biases are not used.** Without them each unit switches on exactly at the origin "
            "of its inputs.",
            belief="N-02",
            see="fold-plane#no-bias",
        ),
        Wrong(
            "bias-after",
            lambda x, weights, biases: _bias_after(x, weights, biases),
            "**The bias comes after the ReLU.** It belongs into the sum, so that it can decide "
            "whether the unit is on.",
            decoy="x = np.maximum(x @ weight.T, 0) + bias",
        ),
        Wrong(
            "first-only",
            _through(lambda z, k: np.maximum(z, 0) if k == 0 else z),
            "**Only the first hidden layer has a ReLU.** The linear layers after it melt into one; "
            "every hidden layer needs a bend of its own.",
            belief="N-01",
        ),
        Wrong(
            "probabilities",
            _through(_bend, after=lambda z: softmax(z)),
            "**These are probabilities, and scores were asked for.** Cross-entropy applies the "
            "softmax itself; a second one spoils the loss.",
            belief="C-01",
            see="softmax-bench#double",
        ),
        Wrong(
            "sigmoids",
            _through(lambda z, k: 1 / (1 + np.exp(-z))),
            "**The hidden layers use sigmoids.** The exercise asks for ReLU. With sigmoids every "
            "layer also shrinks what comes back through it in training.",
            belief="N-07",
        ),
        Wrong(
            "last-left-out",
            lambda x, weights, biases: _through(_bend, after=lambda z: np.maximum(z, 0))(
                x, weights[:-1], biases[:-1]
            ),
            "**The last layer is missing.** What you return are the activations of the last hidden "
            "layer; one more weighted sum makes scores of them.",
        ),
        Wrong(
            "not-transposed",
            _through(_bend, sums=lambda x, w, b: x @ w + b),
            "**Each weight is (O, I): one row per unit.** To sum over the inputs, multiply by its "
            "transpose.",
            belief="T-06",
        ),
    ),
    hints=(
        "One variable is enough: `x` starts as the batch and becomes, layer by layer, what the "
        "layer put out.",
        "`*hidden, last = zip(weights, biases)` separates the last layer from the others.",
        "Every layer takes `@ weight.T`, plus its bias. Only the hidden ones then take the maximum "
        "with 0.",
    ),
    why="""A network is a composition: each layer sees only the activations of the layer before it.
The bends between the layers are all that keeps the composition from melting into one matrix. The
last layer is left without one, because its numbers are compared with each other by the softmax, and
a negative score is as meaningful as a positive one.""",
    objectives=("NN-2", "NN-3"),
    minutes=8,
    difficulty=2,
    equivalent={
        f"{_PAIRS}, strict=True) -> {_PAIRS}{rest})": "the two lists are always of one length"
        for rest in ("", ", strict=False")
    },
)


def _bias_after(x, weights, biases):
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = np.maximum(x @ weight.T, 0) + bias
    return x @ weights[-1].T + biases[-1]


# --- standardise ---------------------------------------------------------------------------------


def standardise(train, new):
    """Both arrays with every column shifted and scaled by the training part's statistics."""
    mean = train.mean(axis=0)  #: one number for each column
    std = train.std(axis=0)
    scale = np.where(std > 0, std, 1)  #: a column that never changes is only shifted
    return (train - mean) / scale, (new - mean) / scale  #: both by the same numbers


def _table_inputs(rng: np.random.Generator, N: int, M: int, D: int) -> dict:
    centre, spread = rng.uniform(-20, 20, D), rng.uniform(2, 9, D)
    train = centre + spread * rng.normal(size=(N, D))
    new = centre + spread * (0.8 + 1.7 * rng.normal(size=(M, D)))
    return {"train": train, "new": new}


def _table_corners(rng: np.random.Generator) -> list[Case]:
    train = np.array([[1.0, 100.0], [3.0, 300.0], [8.0, 200.0]])
    new = np.array([[2.0, 900.0], [7.0, 50.0]])
    flat = np.array([[1.0, 3.0], [2.0, 3.0], [6.0, 3.0], [7.0, 3.0]])
    return [
        Case("columns of very different size", {"train": train, "new": new}),
        Case("a column that never changes in training", {"train": flat, "new": new}),
        Case("a single new example", {"train": train, "new": np.array([[4.0, 150.0]])}),
    ]


def _by(statistics, apart: bool = False):
    """A known-wrong standardiser: other statistics `(shift, scale)`, or each part by its own."""

    def wrong(train, new):
        shift, scale = statistics(train, new)
        if apart:
            other, by = statistics(new, new)
            return (train - shift) / scale, (new - other) / by
        return (train - shift) / scale, (new - shift) / scale

    return wrong


def _safe(std):
    return np.where(std > 0, std, 1)


STANDARDISE = Exercise(
    id="standardise",
    title="Inputs of one size",
    asks="""Standardise a table: from each column subtract its mean, and divide by its standard
deviation. `train` (N, D) is what a model will be trained on, `new` (M, D) comes later. Return both,
standardised, as `train, new`.

- The statistics come from the **training part only**, and both parts are treated alike.
- Deviations divide by N (as `np.std` does). A column whose deviation is 0 in `train` is only
  shifted.""",
    reference=standardise,
    inputs=_table_inputs,
    corners=_table_corners,
    returns=("train", "new"),
    wrongs=(
        Wrong(
            "all-data",
            _by(lambda a, b: ((x := np.r_[a, b]).mean(0), _safe(x.std(0)))),
            "**The new examples take part in the statistics.** They stand for patients whom nobody "
            "has seen yet: mean and deviation come from `train` alone.",
            belief="D-01",
            decoy="mean = np.concatenate([train, new]).mean(axis=0)",
        ),
        Wrong(
            "each-by-its-own",
            _by(lambda a, b: (a.mean(0), _safe(a.std(0))), apart=True),
            "**Each part is scaled by its own statistics.** Then the same measurement means one "
            "thing in training and another one later. Use the training part's numbers for both.",
            belief="D-07",
            decoy="return (train - mean) / scale, (new - new.mean(axis=0)) / new.std(axis=0)",
        ),
        Wrong(
            "one-number",
            _by(lambda a, b: (a.mean(), _safe(a.std()))),
            "**One mean for the whole table.** Each column is a measurement of its own: "
            "take the statistics over axis 0.",
            belief="T-05",
            decoy="mean = train.mean()",
        ),
        Wrong(
            "by-row",
            lambda train, new: tuple(
                (x - x.mean(1, keepdims=True)) / _safe(x.std(1, keepdims=True))
                for x in (train, new)
            ),
            "**You standardise rows.** A row is one example with D different measurements; what "
            "is comparable are the numbers of one column.",
            belief="T-05",
        ),
        Wrong(
            "variance",
            _by(lambda a, b: (a.mean(0), _safe(a.var(0)))),
            "**You divide by the variance.** It has the unit of the measurement squared; its root, "
            "the standard deviation, brings the column to the size of one.",
            decoy="std = train.var(axis=0)",
        ),
        Wrong(
            "not-shifted",
            _by(lambda a, b: (0.0, _safe(a.std(0)))),
            "**The columns are scaled but not shifted.** Subtract each column's mean first: "
            "then 0 means an average example.",
        ),
        Wrong(
            "not-scaled",
            _by(lambda a, b: (a.mean(0), 1.0)),
            "**The columns are shifted but not scaled.** A measurement in the hundreds still "
            "drowns one near 0.1.",
        ),
        Wrong(
            "to-zero-one",
            _by(lambda a, b: (a.min(0), _safe(a.max(0) - a.min(0)))),
            "**That maps the training part to the range from 0 to 1.** It is another rule, and one "
            "outlier squeezes all others. Asked for are the mean and the standard deviation.",
            belief="D-08",
        ),
        Wrong(
            "sample-deviation",
            _by(lambda a, b: (a.mean(0), _safe(a.std(0, ddof=1) if len(a) > 1 else a.std(0)))),
            "**Your deviation divides by N - 1.** That is the estimate for a sample; the exercise "
            "(and scikit-learn, and this course's loaders) divides by N.",
        ),
        Wrong(
            "division-by-zero",
            lambda train, new: (
                (train - train.mean(0)) / train.std(0),
                (new - train.mean(0)) / train.std(0),
            ),
            "**A column that never changes gives 0/0.** Its deviation is 0: put 1 in its place, so "
            "that the column is only shifted.",
            decoy="scale = std",
        ),
    ),
    hints=(
        "Which axis runs over the examples? The mean over it has one number per column.",
        "Compute `mean` and `std` once, from `train`, and use the same two arrays for both parts.",
        "`np.where(condition, a, b)` takes from `a` where the condition holds, else from `b`: so "
        "you can replace the deviations that are 0.",
    ),
    why="""Standardising makes the columns comparable, so that no measurement drowns the others and
one learning rate suits all weights. The numbers are part of the model: whatever is done to the
training data must be done to a new patient with the *same* mean and deviation, who has no
statistics of her own. Taking the test part into the statistics is a peek at data that one claims
not to have seen; on large tables it hardly matters, and it is wrong all the same.""",
    objectives=("NN-6",),
    minutes=6,
    difficulty=2,
)


# --- mean_cost -----------------------------------------------------------------------------------


def mean_cost(p, ill, threshold, miss, alarm):
    """The mean cost of alarms raised where p is at least the threshold; p (N,), ill (N,)."""
    raised = p >= threshold
    missed = (ill & ~raised).sum()  #: ill, and no alarm
    false = (raised & ~ill).sum()  #: an alarm, and not ill
    return (miss * missed + alarm * false) / len(p)  #: right answers cost nothing


def _patients(rng: np.random.Generator, N: int) -> dict:
    # Prices and rates that no two wrong sums can share.
    p, ill = rng.uniform(0, 1, 3 * N), rng.random(3 * N) < 0.4
    threshold = float(rng.choice([0.2, 0.3, 0.7]))
    return {"p": p, "ill": ill, "threshold": threshold, "miss": 20.0, "alarm": 1.5}


def _patient_corners(rng: np.random.Generator) -> list[Case]:
    p = np.array([0.03, 0.3, 0.4, 0.6, 0.9, 0.95, 0.1])
    ill = np.array([True, True, False, False, True, True, False])
    prices = {"miss": 20.0, "alarm": 1.5}
    at = np.array([0.25, 0.25, 0.1])
    return [
        Case("both kinds of error", {"p": p, "ill": ill, "threshold": 0.35, **prices}),
        Case("a careful threshold", {"p": p, "ill": ill, "threshold": 0.05, **prices}),
        Case(
            "a probability at the threshold",
            {"p": at, "ill": np.array([True, False, False]), "threshold": 0.25, **prices},
        ),
        Case(
            "alarms that cost more than misses",
            {"p": p, "ill": ill, "threshold": 0.5, "miss": 1.0, "alarm": 3.0},
        ),
        Case("no error at all", {"p": p, "ill": p > 0.5, "threshold": 0.5, **prices}),
    ]


def _errors(p, ill, threshold):
    return (ill & (p < threshold)).sum(), ((p >= threshold) & ~ill).sum()


def _priced(price):
    """A known-wrong cost: `price(missed, false, N, miss, alarm)`."""

    def wrong(p, ill, threshold, miss, alarm):
        return price(*_errors(p, ill, threshold), len(p), miss, alarm)

    return wrong


def _strict(p, ill, threshold, miss, alarm):
    missed, false = (ill & (p <= threshold)).sum(), ((p > threshold) & ~ill).sum()
    return (miss * missed + alarm * false) / len(p)


def _at_half(p, ill, threshold, miss, alarm):
    return mean_cost(p, ill, 0.5, miss, alarm)


def _turned(p, ill, threshold, miss, alarm):
    raised = p < threshold
    return (miss * (ill & ~raised).sum() + alarm * (raised & ~ill).sum()) / len(p)


def _every_alarm(p, ill, threshold, miss, alarm):
    raised = p >= threshold
    return (miss * (ill & ~raised).sum() + alarm * raised.sum()) / len(p)


def _rates(p, ill, threshold, miss, alarm):
    missed, false = _errors(p, ill, threshold)
    return miss * missed / max(1, ill.sum()) + alarm * false / max(1, (~ill).sum())


_AND = "`and` does not mind the order"

MEAN_COST = Exercise(
    id="mean_cost",
    title="What the errors cost",
    asks="""For each of N patients a model gives `p`, the probability of being ill; `ill` holds the
truth as True and False. An alarm is raised where `p` is **at least** `threshold`. Someone who is
ill and raises no alarm costs `miss`; a false alarm costs `alarm`; right answers cost nothing.
Return the mean cost per patient, one number.""",
    reference=mean_cost,
    inputs=_patients,
    corners=_patient_corners,
    wrongs=(
        Wrong(
            "swapped",
            _priced(lambda m, f, n, miss, alarm: (alarm * m + miss * f) / n),
            "**The two prices are swapped.** A miss is someone ill without an alarm; a false "
            "alarm is someone healthy with one.",
            decoy="return (alarm * missed + miss * false) / len(p)",
        ),
        Wrong(
            "error-rate",
            _priced(lambda m, f, n, miss, alarm: (m + f) / n),
            "**That is the error rate: both errors count alike.** The prices say that they are not "
            "alike, and that is what accuracy hides.",
            belief="D-09",
            decoy="return (missed + false) / len(p)",
        ),
        Wrong(
            "at-half",
            _at_half,
            "**The alarm is raised at one half.** The threshold is an argument: where a miss is "
            "dear, it pays to raise the alarm much earlier.",
            decoy="raised = p >= 0.5",
        ),
        Wrong(
            "strictly-above",
            _strict,
            "**A probability exactly at the threshold raises the alarm.** Compare with `>=`.",
            decoy="raised = p > threshold",
        ),
        Wrong(
            "every-alarm",
            _every_alarm,
            "**Every alarm is charged, the right ones too.** Finding someone who is ill costs "
            "nothing here; only alarms for the healthy do.",
        ),
        Wrong(
            "turned",
            _turned,
            "**The alarm is the wrong way round.** It is raised where the probability of being ill "
            "is high.",
            decoy="raised = p < threshold",
        ),
        Wrong(
            "total",
            _priced(lambda m, f, n, miss, alarm: miss * m + alarm * f),
            "**That is the total, not the mean.** It grows with the number of patients, so two "
            "test sets could not be compared.",
            belief="C-08",
        ),
        Wrong(
            "only-misses",
            _priced(lambda m, f, n, miss, alarm: miss * m / n),
            "**False alarms cost nothing here.** Then the best rule would be to raise the alarm "
            "for everybody.",
        ),
        Wrong(
            "rates",
            _rates,
            "**You divide by the ill and by the healthy apart.** These are error *rates* of two "
            "groups; the cost per patient divides by all N, so the larger group weighs more.",
        ),
    ),
    hints=(
        "Make three arrays of True and False: alarm raised; ill without an alarm; alarm without "
        "being ill.",
        "`&` and `~` combine arrays of True and False; `.sum()` counts the True ones.",
    ),
    why="""A probability becomes an action only with prices. If raising the alarm costs `alarm`
for a healthy person and silence costs `miss` for an ill one, then for a patient with probability p
the alarm is worth it when $p \\cdot \\text{miss} > (1 - p) \\cdot \\text{alarm}$, so from
$p = \\text{alarm} / (\\text{alarm} + \\text{miss})$ on. This threshold is right only if the
probabilities are: that is why calibration matters.""",
    objectives=("NN-7",),
    minutes=8,
    difficulty=2,
    equivalent={
        "missed = (ill & ~raised).sum() -> missed = (~raised & ill).sum()": _AND,
        "false = (raised & ~ill).sum() -> false = (~ill & raised).sum()": _AND,
    },
)


EXERCISES = (DENSE_RELU, MLP_FORWARD, SOFTMAX, CROSS_ENTROPY, STANDARDISE, MEAN_COST)
