"""Exercises on generators: a divergence, noise in one leap, a step back, and alarms."""

import numpy as np

from ...teach.exercise import Case, Exercise, Wrong

# --- kl_to_standard_normal -----------------------------------------------------------------------


def kl_to_standard_normal(mean, log_variance):
    """KL divergence of each row's normal distribution from N(0, 1): (B, K), (B, K) -> (B,)."""
    variance = np.exp(log_variance)  #: the encoder gives its logarithm
    each = mean**2 + variance - 1 - log_variance  #: zero where mean is 0 and variance is 1
    return 0.5 * each.sum(axis=1)  #: independent numbers: their divergences add up


def _kl_inputs(rng: np.random.Generator, B: int, K: int) -> dict:
    return {"mean": rng.normal(0, 1.5, (B, K)), "log_variance": rng.normal(0, 1.2, (B, K))}


def _kl_corners(rng: np.random.Generator) -> list[Case]:
    zeros = np.zeros((2, 3))
    return [
        Case("a cloud that is the prior", {"mean": zeros, "log_variance": zeros}),
        Case("narrow clouds", {"mean": zeros + 0.5, "log_variance": zeros - 6.0}),
        Case("a shifted cloud of the right width", {"mean": zeros + 2.0, "log_variance": zeros}),
    ]


KL_TO_STANDARD_NORMAL = Exercise(
    id="kl_to_standard_normal",
    title="The price of a cloud",
    asks="""A VAE's encoder gives, for each picture of a batch, a `mean` and a `log_variance` for
each of K code numbers. Return the KL divergence of each picture's cloud from the standard normal
distribution, in nats:

$$ \\tfrac12 \\sum_k \\left( \\mu_k^2 + \\sigma_k^2 - 1 - \\log \\sigma_k^2 \\right) $$

- `mean` and `log_variance` have shape (B, K); the result has shape (B,), one number a picture.
- `log_variance` is $\\log \\sigma^2$.""",
    reference=kl_to_standard_normal,
    inputs=_kl_inputs,
    corners=_kl_corners,
    wrongs=(
        Wrong(
            "sign",
            lambda m, v: -0.5 * (m**2 + np.exp(v) - 1 - v).sum(axis=1),
            "**The sign is turned.** A divergence is never negative, and the loss *adds* it. The "
            "minus belongs to the bound (the ELBO), which is the negative of the loss.",
            belief="G-04",
            see="generator-bench#kl-sign",
            decoy="return -0.5 * each.sum(axis=1)",
        ),
        Wrong(
            "mean-over-codes",
            lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - v).mean(axis=1),
            "**You take the mean over the code numbers.** The divergences of independent numbers "
            "add up. A mean makes the pull to the prior weaker by their count, K.",
            belief="G-06",
            decoy="return 0.5 * each.mean(axis=1)",
        ),
        Wrong(
            "log-deviation",
            lambda m, v: 0.5 * (m**2 + np.exp(2 * v) - 1 - 2 * v).sum(axis=1),
            "**You read `log_variance` as the logarithm of the deviation.** It is that of the "
            "variance: the two differ by a factor of 2, and exp of it is the variance itself.",
            belief="G-07",
            decoy="variance = np.exp(2 * log_variance)",
        ),
        Wrong(
            "deviation-for-variance",
            lambda m, v: 0.5 * (m**2 + np.exp(0.5 * v) - 1 - v).sum(axis=1),
            "**The deviation stands where the variance belongs.** `exp(0.5 * log_variance)` is "
            "$\\sigma$; the divergence contains $\\sigma^2$. The draw uses the first, this the "
            "second.",
            belief="G-07",
            decoy="variance = np.exp(0.5 * log_variance)",
        ),
        Wrong(
            "log-as-variance",
            lambda m, v: 0.5 * (m**2 + v - 1 - np.log(np.abs(v) + 1e-9)).sum(axis=1),
            "**You use `log_variance` as if it were the variance.** The encoder's number may be "
            "negative, and a variance may not: it is exp of that number.",
            belief="G-02",
        ),
        Wrong(
            "no-half",
            lambda m, v: (m**2 + np.exp(v) - 1 - v).sum(axis=1),
            "**The factor ½ is missing.** It comes from the ½ in the exponent of the normal "
            "distribution, and without it the pull to the prior is twice as strong.",
            decoy="return each.sum(axis=1)",
        ),
        Wrong(
            "one-number",
            lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - v).sum(),
            "**The whole batch becomes one number.** Add over the code numbers only, axis 1: each "
            "picture has its own divergence.",
            decoy="return 0.5 * each.sum()",
        ),
        Wrong(
            "over-the-batch",
            lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - v).sum(axis=0),
            "**You add over the pictures.** Axis 0 is the batch, axis 1 the code numbers, and the "
            "result is to have one number a picture.",
            belief="T-05",
            decoy="return 0.5 * each.sum(axis=0)",
        ),
        Wrong(
            "reversed",
            lambda m, v: 0.5 * ((1 + m**2) * np.exp(-v) - 1 + v).sum(axis=1),
            "**That is the divergence the other way round**, of the prior from the cloud. The VAE "
            "averages over codes of the cloud, so the cloud comes first.",
        ),
        Wrong(
            "mean-not-squared",
            lambda m, v: 0.5 * (m + np.exp(v) - 1 - v).sum(axis=1),
            "**The mean enters without its square.** A cloud to the left of zero is as far from "
            "the prior as one to the right.",
            decoy="each = mean + variance - 1 - log_variance",
        ),
    ),
    hints=(
        "For which mean and variance must the divergence be zero? Test your formula there.",
        "Only $\\sigma^2$ itself is missing: it is the exponential of what the encoder gives.",
        "Four terms for each entry, then a sum along the codes, then one half.",
    ),
    why="""The divergence is the mean, over codes drawn from the cloud, of the log-density of the
cloud less that of the prior. For normal distributions the mean can be taken in closed form:
$\\mu^2 + \\sigma^2$ is the mean square of a code, $1 + \\log\\sigma^2$ belongs to the cloud's own
density. Independent numbers have densities that multiply, so logarithms add. It is zero only
where the cloud *is* the prior, and the picture then leaves no trace in the code.""",
    objectives=("GM-3",),
    minutes=8,
    difficulty=2,
)


# --- add_noise -----------------------------------------------------------------------------------


def add_noise(x0, t, noise, alphas):
    """x after steps 0..t[b] of diffusion: x0, noise (B, D), t (B,), alphas (T,) -> (B, D)."""
    kept = np.cumprod(alphas)  #: the signal's variance that is left after each step
    kept = kept[t][:, None]  #: one share an example, as a column
    return np.sqrt(kept) * x0 + np.sqrt(1 - kept) * noise


def _noise_inputs(rng: np.random.Generator, B: int, D: int, T: int) -> dict:
    return {
        "x0": rng.normal(0, 2, (B, D)),
        "t": rng.integers(0, T, B),
        "noise": rng.normal(size=(B, D)),
        "alphas": rng.uniform(0.6, 0.95, T),
    }


def _noise_corners(rng: np.random.Generator) -> list[Case]:
    given = _noise_inputs(rng, 3, 4, 6)
    return [
        Case("every example at the last step", {**given, "t": np.array([5, 5, 5])}),
        Case("every example at the first step", {**given, "t": np.array([0, 0, 0])}),
        Case("no signal at all", {**given, "x0": np.zeros((3, 4)), "t": np.array([1, 3, 5])}),
    ]


def _leap(signal, noisy):
    """A known-wrong variant: other factors of the signal and of the noise."""

    def wrong(x0, t, noise, alphas):
        kept = np.cumprod(alphas)[t][:, None]
        return signal(kept) * x0 + noisy(kept) * noise

    return wrong


def _spoiled(kept_of):
    """A known-wrong variant: another idea of what is left after step t."""

    def wrong(x0, t, noise, alphas):
        kept = kept_of(alphas)[t][:, None]
        return np.sqrt(kept) * x0 + np.sqrt(1 - kept) * noise

    return wrong


def _no_column(x0, t, noise, alphas):
    kept = np.cumprod(alphas)[t]
    return np.sqrt(kept) * x0 + np.sqrt(1 - kept) * noise


ADD_NOISE = Exercise(
    id="add_noise",
    title="Into the noise in one leap",
    asks="""One step of diffusion keeps the share $\\alpha_t$ of the signal's variance:
$x_t = \\sqrt{\\alpha_t}\\,x_{t-1} + \\sqrt{1-\\alpha_t}\\,\\varepsilon_t$. Return, for each example
of the batch, what the steps $0, 1, \\dots, t$ make of it, in **one** leap with the given `noise`.

- `x0` and `noise` have shape (B, D); `t` (B,) holds whole numbers from 0 to T-1; `alphas` (T,).
- After the step with number 0, the share `alphas[0]` of the variance is left.""",
    reference=add_noise,
    inputs=_noise_inputs,
    corners=_noise_corners,
    wrongs=(
        Wrong(
            "no-root",
            _leap(lambda k: k, lambda k: 1 - k),
            "**The roots are missing.** $\\bar\\alpha$ is a share of the *variance*, and a factor "
            "acts on the deviation. As it is, the variance shrinks in the middle of the way.",
            belief="G-16",
            see="generator-bench#no-root",
            decoy="return kept * x0 + (1 - kept) * noise",
        ),
        Wrong(
            "no-root-of-noise",
            _leap(np.sqrt, lambda k: 1 - k),
            "**The noise has no root.** The signal's factor is right; that of the noise must bring "
            "the variance back to one: the root of what is missing.",
            belief="G-16",
            see="generator-bench#no-root",
            decoy="return np.sqrt(kept) * x0 + (1 - kept) * noise",
        ),
        Wrong(
            "root-then-rest",
            _leap(np.sqrt, lambda k: 1 - np.sqrt(k)),
            "**You fill up to one before the square.** The *variances* of signal and noise add up "
            "to one, $\\bar\\alpha + (1 - \\bar\\alpha)$; the factors themselves do not.",
            belief="G-16",
            decoy="return np.sqrt(kept) * x0 + (1 - np.sqrt(kept)) * noise",
        ),
        Wrong(
            "one-step",
            _spoiled(lambda a: a),
            "**That is the last step alone.** `alphas[t]` is what *one* step keeps; after several "
            "steps their product is left.",
            decoy="kept = alphas",
        ),
        Wrong(
            "step-too-few",
            _spoiled(lambda a: np.concatenate([[1.0], np.cumprod(a)[:-1]])),
            "**One step is missing.** The step with number t is done as well: with t = 0 there is "
            "already one share of noise in the result.",
        ),
        Wrong(
            "sum-of-shares",
            _spoiled(lambda a: np.clip(1 - np.cumsum(1 - a), 0, 1)),
            "**You add up what the steps take away.** Each step takes a share of what is *left*, "
            "so the shares that are kept multiply.",
        ),
        Wrong(
            "exchanged",
            _leap(lambda k: np.sqrt(1 - k), np.sqrt),
            "**Signal and noise are exchanged.** At the first step nearly everything should be "
            "signal.",
            decoy="return np.sqrt(1 - kept) * x0 + np.sqrt(kept) * noise",
        ),
        Wrong(
            "product-of-noise",
            _spoiled(lambda a: 1 - np.cumprod(1 - a)),
            "**You multiply the shares of noise.** What survives all steps is the *signal*: the "
            "shares that are kept, $\\alpha$, are to be multiplied.",
            decoy="kept = 1 - np.cumprod(1 - alphas)",
        ),
        Wrong(
            "no-column",
            _no_column,
            "**The shares lie along the wrong axis.** There is one share an *example*: make it a "
            "column of shape (B, 1), or broadcasting will pair it with the features, and with a "
            "square batch nobody complains.",
            belief="T-05",
            decoy="kept = kept[t]",
        ),
    ),
    hints=(
        "What is left of a variance of 1 after two steps that keep 0.9 and 0.8 of it?",
        "A running product along `alphas`, read off at each example's own `t`, is the share of "
        "the variance that is left.",
        "A factor c on a random number multiplies its variance by c². Which factor leaves the "
        "share you computed?",
    ),
    why="""Two steps in a row give $\\sqrt{\\alpha_1\\alpha_0}\\,x_0$ plus two independent normal
numbers with variances $\\alpha_1(1-\\alpha_0)$ and $1-\\alpha_1$, whose sum is normal with variance
$1-\\alpha_1\\alpha_0$. So any number of steps is one leap with the product of the shares. This is
what makes training cheap: a random step can be looked at without walking to it.""",
    objectives=("GM-5",),
    minutes=8,
    difficulty=2,
)


# --- step_back -----------------------------------------------------------------------------------


def step_back(xt, guess, t, alphas, fresh):
    """x at step t - 1 from x at step t: xt, guess, fresh (B, D), t a number, alphas (T,)."""
    kept = np.cumprod(alphas)
    before = kept[t - 1] if t > 0 else 1.0  #: before the first step all of the signal is there
    share = (1 - alphas[t]) / np.sqrt(1 - kept[t])  #: of the guessed noise, what this step added
    mean = (xt - share * guess) / np.sqrt(alphas[t])
    variance = (1 - before) / (1 - kept[t]) * (1 - alphas[t])  #: none at the very last step
    return mean + np.sqrt(variance) * fresh


def _back_inputs(rng: np.random.Generator, B: int, D: int, T: int) -> dict:
    shapes = {name: rng.normal(size=(B, D)) for name in ("xt", "guess", "fresh")}
    t = int(rng.integers(1, T)) if T > 1 else 0
    alphas = rng.uniform(0.6, 0.95, T)
    return {
        "xt": shapes["xt"],
        "guess": shapes["guess"],
        "t": t,
        "alphas": alphas,
        "fresh": shapes["fresh"],
    }


def _back_corners(rng: np.random.Generator) -> list[Case]:
    given = _back_inputs(rng, 3, 4, 6)
    return [
        Case("the very last step, t = 0", {**given, "t": 0}),
        Case("the first step, from pure noise", {**given, "t": 5}),
        Case("a step in the middle", {**given, "t": 2}),
    ]


def _back(change):
    """A known-wrong variant: `change(xt, guess, a, k, b)` gives (mean, deviation)."""

    def wrong(xt, guess, t, alphas, fresh):
        kept = np.cumprod(alphas)
        before = kept[t - 1] if t > 0 else 1.0
        mean, deviation = change(xt, guess, alphas[t], kept[t], before)
        return mean + deviation * fresh

    return wrong


def _mean(xt, guess, a, k):
    return (xt - (1 - a) / np.sqrt(1 - k) * guess) / np.sqrt(a)


def _deviation(a, k, b):
    return np.sqrt((1 - b) / (1 - k) * (1 - a))


STEP_BACK = Exercise(
    id="step_back",
    title="One step back from the noise",
    asks="""A network has guessed the noise in `xt`. Return $x_{t-1}$ by the step of Ho, Jain and
Abbeel (2020):

$$ x_{t-1} = \\frac{1}{\\sqrt{\\alpha_t}}
\\left( x_t - \\frac{1-\\alpha_t}{\\sqrt{1-\\bar\\alpha_t}} \\,\\hat\\varepsilon \\right)
+ \\sigma_t\\,\\xi, \\qquad
\\sigma_t^2 = \\frac{1-\\bar\\alpha_{t-1}}{1-\\bar\\alpha_t}\\,(1-\\alpha_t) $$

- `xt`, `guess` ($\\hat\\varepsilon$) and `fresh` ($\\xi$) have shape (B, D); `alphas` (T,).
- `t` is one whole number from 0 to T-1; $\\bar\\alpha_t$ is the product of `alphas[0]` to
  `alphas[t]`, and 1 before the first step.""",
    reference=step_back,
    inputs=_back_inputs,
    corners=_back_corners,
    wrongs=(
        Wrong(
            "no-fresh-noise",
            _back(lambda x, g, a, k, b: (_mean(x, g, a, k), 0.0)),
            "**The fresh noise is missing.** Each step back is a *draw*: without it all ways lead "
            "to the middle of what is possible, and the samples lose their variety.",
            see="generator-bench#no-fresh-noise",
            decoy="return mean",
        ),
        Wrong(
            "variance-as-deviation",
            _back(lambda x, g, a, k, b: (_mean(x, g, a, k), _deviation(a, k, b) ** 2)),
            "**The noise is multiplied by the variance.** A factor acts on the deviation: take "
            "the root.",
            belief="G-03",
            decoy="return mean + variance * fresh",
        ),
        Wrong(
            "noise-at-the-end",
            _back(lambda x, g, a, k, b: (_mean(x, g, a, k), np.sqrt(1 - a))),
            "**The fresh noise has the variance of the forward step.** That is another choice of "
            "the same paper; here the exercise asks for the smaller one, which is zero at the last "
            "step. With a tiny last step one could not see the difference.",
            belief="G-18",
            decoy="variance = 1 - alphas[t]",
        ),
        Wrong(
            "all-the-way",
            _back(lambda x, g, a, k, b: ((x - np.sqrt(1 - k) * g) / np.sqrt(k), 0.0)),
            "**You leap to the clean picture at once.** That is the guess of $x_0$, an average of "
            "all pictures that could be meant; the sampler goes one step and asks again.",
            belief="G-20",
        ),
        Wrong(
            "whole-noise",
            _back(
                lambda x, g, a, k, b: ((x - np.sqrt(1 - k) * g) / np.sqrt(a), _deviation(a, k, b))
            ),
            "**You take off all of the noise.** `guess` is the noise of *all* steps so far; one "
            "step back removes the share that this one step had added.",
            belief="G-20",
            decoy="share = np.sqrt(1 - kept[t])",
        ),
        Wrong(
            "no-root",
            _back(lambda x, g, a, k, b: ((x - (1 - a) * g) / np.sqrt(a), _deviation(a, k, b))),
            "**The share of the noise is not divided by $\\sqrt{1-\\bar\\alpha_t}$.** `guess` has "
            "variance one, while the noise in `xt` has the variance $1-\\bar\\alpha_t$.",
            belief="G-16",
            decoy="share = 1 - alphas[t]",
        ),
        Wrong(
            "no-scaling",
            _back(lambda x, g, a, k, b: (x - (1 - a) / np.sqrt(1 - k) * g, _deviation(a, k, b))),
            "**The mean is not scaled back.** The forward step had shrunk the signal by "
            "$\\sqrt{\\alpha_t}$; going back divides by it.",
            decoy="mean = xt - share * guess",
        ),
        Wrong(
            "product-for-share",
            _back(
                lambda x, g, a, k, b: (
                    (x - (1 - k) / np.sqrt(1 - k) * g) / np.sqrt(k),
                    _deviation(a, k, b),
                )
            ),
            "**$\\bar\\alpha_t$ stands where $\\alpha_t$ belongs.** The product tells how much of "
            "the signal is left after all steps; the mean undoes only one.",
        ),
        Wrong(
            "sign",
            _back(
                lambda x, g, a, k, b: (
                    (x + (1 - a) / np.sqrt(1 - k) * g) / np.sqrt(a),
                    _deviation(a, k, b),
                )
            ),
            "**The noise is added once more.** Going back takes the guessed noise off.",
            decoy="mean = (xt + share * guess) / np.sqrt(alphas[t])",
        ),
    ),
    hints=(
        "Four numbers are needed: what this step keeps, the running product at t, the product one "
        "step earlier, and from them the variance.",
        "At t = 0 nothing came before: the product there is 1, so that the variance becomes 0.",
        "Build the mean first: take off a share of the guess, then scale back by the root of what "
        "this step keeps.",
    ),
    why="""Given $x_t$ and $x_0$, the value $x_{t-1}$ is normal: two noisy looks at it, one from
each side, are weighed by their variances. Putting in the guess of $x_0$ that follows from the
guess of the noise gives the mean above; the variance is the smaller of the two choices in the
paper. At $t = 0$ the product before is 1, so $\\sigma = 0$: the last step adds nothing.""",
    objectives=("GM-5",),
    minutes=15,
    difficulty=4,
)


# --- precision_recall ----------------------------------------------------------------------------


def precision_recall(score, odd):
    """Precision and recall after 1, 2, ..., N alarms: score (N,), odd (N,) of True and False."""
    order = np.argsort(-score)  #: the strangest first
    found = np.cumsum(odd[order])  #: true alarms so far
    alarms = np.arange(1, len(odd) + 1)
    return found / alarms, found / odd.sum()


def _pr_inputs(rng: np.random.Generator, N: int) -> dict:
    odd = rng.random(N) < 0.4
    odd[rng.integers(N)] = True
    return {"score": rng.permutation(N) + rng.uniform(0, 0.5, N), "odd": odd}


def _pr_corners(rng: np.random.Generator) -> list[Case]:
    score = np.array([0.2, 0.9, 0.4, 0.7, 0.1])
    return [
        Case("one odd one, on top", {"score": score, "odd": np.array([0, 1, 0, 0, 0]) > 0}),
        Case("one odd one, at the bottom", {"score": score, "odd": np.array([0, 0, 0, 0, 1]) > 0}),
        Case("two of five", {"score": score, "odd": np.array([1, 1, 0, 0, 0]) > 0}),
        Case("negative scores", {"score": score - 5, "odd": np.array([1, 0, 0, 1, 0]) > 0}),
    ]


def _alarms(order, precision, recall):
    """A known-wrong variant: another order, or other divisors of the true alarms."""

    def wrong(score, odd):
        found = np.cumsum(odd[order(score)])
        alarms = np.arange(1, len(odd) + 1)
        return precision(found, alarms, odd), recall(found, alarms, odd)

    return wrong


def _strangest(score):
    return np.argsort(-score)


def _share(found, alarms, odd):
    return found / alarms


def _of_all(found, alarms, odd):
    return found / odd.sum()


PRECISION_RECALL = Exercise(
    id="precision_recall",
    title="Alarms, true and false",
    asks="""A detector gave each of N examples a `score`: the higher, the stranger. `odd` says
which of them really are odd. Suppose alarms are raised one after the other, the strangest first.
Return the arrays `precision, recall` after 1, 2, ..., N alarms.

- `precision`: the share of the alarms so far that are true.
- `recall`: the share of all odd ones that have been found so far.
- `score` (N,) holds different numbers, `odd` (N,) True and False, at least one True; both results
  have shape (N,).""",
    reference=precision_recall,
    inputs=_pr_inputs,
    corners=_pr_corners,
    returns=("precision", "recall"),
    valid=lambda inputs: bool(
        np.any(inputs["odd"]) and len(set(inputs["score"])) == len(inputs["score"])
    ),
    wrongs=(
        Wrong(
            "least-strange-first",
            _alarms(np.argsort, _share, _of_all),
            "**The alarms begin with the least strange.** `argsort` sorts upwards; the highest "
            "score has to come first.",
            decoy="order = np.argsort(score)",
        ),
        Wrong(
            "not-sorted",
            _alarms(lambda s: np.arange(len(s)), _share, _of_all),
            "**The examples are taken as they come.** The score decides who is reported first: "
            "bring `odd` into that order.",
            decoy="order = np.arange(len(score))",
        ),
        Wrong(
            "exchanged",
            _alarms(_strangest, _of_all, _share),
            "**Precision and recall are exchanged.** Precision looks at the alarms (how many of "
            "them are true?), recall at the odd ones (how many of them are found?).",
            decoy="return found / odd.sum(), found / alarms",
        ),
        Wrong(
            "recall-of-everyone",
            _alarms(_strangest, _share, lambda f, a, o: f / len(o)),
            "**Recall is divided by all examples.** Only the odd ones can be found: with the last "
            "alarm recall must be 1.",
            decoy="return found / alarms, found / len(odd)",
        ),
        Wrong(
            "precision-of-everyone",
            _alarms(_strangest, lambda f, a, o: f / len(o), _of_all),
            "**Precision is divided by all examples.** It is a share of the alarms that were "
            "raised *so far*, 1, 2, ..., N of them.",
            decoy="return found / len(odd), found / odd.sum()",
        ),
        Wrong(
            "not-added-up",
            lambda score, odd: (
                odd[np.argsort(-score)] / np.arange(1, len(odd) + 1),
                odd[np.argsort(-score)] / odd.sum(),
            ),
            "**The true alarms are not added up.** After ten alarms, all the true ones among the "
            "ten count, not the tenth alone.",
            decoy="found = odd[order]",
        ),
        Wrong(
            "one-alarm-more",
            _alarms(_strangest, lambda f, a, o: f / (a + 1), _of_all),
            "**One alarm too many is counted.** The first entry belongs to one alarm, the last "
            "to N.",
            decoy="alarms = np.arange(2, len(odd) + 2)",
        ),
        Wrong(
            "accuracy",
            _alarms(_strangest, lambda f, a, o: (f + len(o) - o.sum() - (a - f)) / len(o), _of_all),
            "**That is the accuracy**: it counts every usual example that was left in peace as a "
            "success. With rare odd ones it is high for a detector that never speaks.",
            belief="D-09",
        ),
    ),
    hints=(
        "Bring the examples into the order in which alarms are raised.",
        "Walking down that list, how many true alarms have there been? A running sum of True and "
        "False counts them.",
        "The same count is divided by two different things: how many alarms so far, and how many "
        "odd ones there are at all.",
    ),
    why="""Both measures share their numerator, the true alarms so far. Precision divides by the
alarms, so it can go up and down; recall divides by a fixed number, so it only rises, to 1. Neither
ever looks at the many usual examples that raised no alarm, and that is why they serve where odd
ones are rare and accuracy does not.""",
    objectives=("GM-2",),
    minutes=8,
    difficulty=2,
)


EXERCISES = (KL_TO_STANDARD_NORMAL, PRECISION_RECALL, ADD_NOISE, STEP_BACK)
