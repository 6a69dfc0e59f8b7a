"""Exercises on generators: squeezing, a divergence, noise and back, alarms, copies, tunes."""

from dataclasses import dataclass

import numpy as np

from ...teach.exercise import Case, Exercise, Property, Wrong

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


# --- autoencoder_gradients -----------------------------------------------------------------------


def autoencoder_gradients(x, encoder, decoder):
    """(loss, its slope by encoder, by decoder): x (B, D), encoder (K, D), decoder (D, K)."""
    code = x @ encoder.T  # (B, K): all that the decoder gets to see
    error = code @ decoder.T - x  #: drawn again, less the target
    loss = (error**2).sum() / len(x)  #: summed over pixels, averaged over pictures
    slope = 2 * error / len(x)  #: of the loss by each drawn pixel
    return loss, (slope @ decoder).T @ x, slope.T @ code


def _autoencoder_inputs(rng: np.random.Generator, B: int, D: int, K: int) -> dict:
    return {
        "x": rng.normal(0, 1.5, (B, D)),
        "encoder": rng.normal(0, 0.7, (K, D)),
        "decoder": rng.normal(0, 0.7, (D, K)),
    }


def _autoencoder_corners(rng: np.random.Generator) -> list[Case]:
    x, kept = rng.normal(0, 2, (4, 3)), np.eye(3)
    return [
        Case("a code that keeps every number", {"x": x, "encoder": kept, "decoder": kept}),
        Case("a code that keeps one number", {"x": x, "encoder": kept[:1], "decoder": kept[:, :1]}),
        Case("a code that keeps nothing", {"x": x, "encoder": 0 * kept, "decoder": kept}),
        Case("a decoder that draws nothing", {"x": x, "encoder": kept, "decoder": 0 * kept}),
    ]


def _squeezed(loss=None, slope=None, parts=None):
    """A known-wrong variant: other divisors of the loss and the slope, or other gradients."""

    def wrong(x, encoder, decoder):
        code = x @ encoder.T
        error = code @ decoder.T - x
        value = (error**2).sum() / len(x) if loss is None else loss(error)
        out = 2 * error / len(x) if slope is None else slope(error)
        if parts is not None:
            return value, *parts(out, code, x, encoder, decoder)
        return value, (out @ decoder).T @ x, out.T @ code

    return wrong


def _tied(x, encoder, decoder):
    return autoencoder_gradients(x, encoder, encoder.T)


AUTOENCODER_GRADIENTS = Exercise(
    id="autoencoder_gradients",
    title="Its own teacher",
    asks="""The smallest autoencoder is linear: `encoder` (K, D) turns each picture of `x` (B, D)
into a code of K numbers, $z = x\\,W_e^\\top$, and `decoder` (D, K) draws it again,
$\\hat x = z\\,W_d^\\top$ (weights lie as in PyTorch, outputs first). Return three things:

- `loss`: the squared error of the drawn pictures, **summed** over pixels and **averaged** over the
  B pictures;
- `d_encoder` (K, D) and `d_decoder` (D, K): the slopes of the loss by the two matrices.""",
    reference=autoencoder_gradients,
    inputs=_autoencoder_inputs,
    corners=_autoencoder_corners,
    returns=("loss", "d_encoder", "d_decoder"),
    wrongs=(
        Wrong(
            "mean-over-pixels",
            _squeezed(lambda e: (e**2).mean(), lambda e: 2 * e / e.size),
            "**You take the mean over the pixels, too.** The squared errors of one picture add up. "
            "A mean makes them weaker by D, which is felt as soon as another term stands beside "
            "them, as in the VAE.",
            belief="G-05",
            see="generator-bench#recon-mean",
            decoy="loss = (error**2).mean()",
        ),
        Wrong(
            "sum-over-batch",
            _squeezed(lambda e: (e**2).sum(), lambda e: 2 * e),
            "**The pictures of the batch are added up, too.** Loss and slopes then grow with the "
            "batch, and the learning rate would have to shrink with it. Divide by B.",
            belief="C-08",
            decoy="loss = (error**2).sum()",
        ),
        Wrong(
            "slope-not-shared",
            _squeezed(slope=lambda e: 2 * e),
            "**The loss is a mean over pictures, its slopes are a sum.** The division by B belongs "
            "into the slopes as well.",
            belief="B-02",
            decoy="slope = 2 * error",
        ),
        Wrong(
            "no-two",
            _squeezed(slope=lambda e: e / len(e)),
            "**The factor 2 is missing from the slopes.** The loss has no ½ in front, so the slope "
            "of $e^2$ is $2e$.",
            decoy="slope = error / len(x)",
        ),
        Wrong(
            "uphill",
            _squeezed(slope=lambda e: -2 * e / len(e)),
            "**The slopes have the wrong sign.** The target enters the error with a minus: drawn "
            "less target. In the square nobody sees which way round it was, in the slope one does.",
            belief="B-01",
            decoy="error = x - code @ decoder.T",
        ),
        Wrong(
            "transposed",
            _squeezed(parts=lambda s, z, x, e, d: (x.T @ (s @ d), z.T @ s)),
            "**The slopes lie on their side.** A gradient has the shape of what it belongs to: "
            "outputs first, so the incoming slope stands on the left and is transposed.",
            belief="B-10",
            decoy="return loss, x.T @ (slope @ decoder), code.T @ slope",
        ),
        Wrong(
            "encoder-cut-off",
            _squeezed(parts=lambda s, z, x, e, d: (np.zeros(e.shape), s.T @ z)),
            "**Nothing comes back to the encoder.** The code is no given: the loss depends on the "
            "encoder through it, so the slope has to go on through the decoder.",
            belief="B-19",
        ),
        Wrong(
            "mirrored",
            _squeezed(parts=lambda s, z, x, e, d: ((s.T @ z).T, s.T @ z)),
            "**The encoder gets the decoder's slope, turned round.** The two are no mirror images: "
            "the encoder multiplies pictures, and its slope comes back through the decoder.",
        ),
        Wrong(
            "tied",
            _tied,
            "**You draw with the encoder, turned round.** An autoencoder may share its weights in "
            "this way; here the decoder has weights of its own.",
            decoy="error = code @ encoder - x",
        ),
        Wrong(
            "root",
            _squeezed(lambda e: np.linalg.norm(e, axis=1).mean()),
            "**The loss is a mean of lengths.** There is a root in it; the squared error has none, "
            "and the slopes you return are those of the square.",
            decoy="loss = np.sqrt((error**2).sum(axis=1)).mean()",
        ),
    ),
    hints=(
        "Forwards: the code, then the drawing. What is the target?",
        "Backwards, begin at the drawing: the slope of the loss by one drawn pixel is twice its "
        "error, over B.",
        "The decoder saw the code and the encoder saw `x`. Each gradient is the slope that comes "
        "in, transposed, times what the layer saw; on the way to the encoder the slope passes "
        "through the decoder.",
    ),
    why="""Take pictures from which the mean has been subtracted. Where the decoder's slope is zero,
the errors are uncorrelated with every code number: nothing that is left over could still be drawn
from the code along a straight line. Where both slopes are zero and the loss is smallest, the code
spans the first K principal components: it keeps the K directions in which pictures differ most
(Bourlard and Kamp, 1988). A single direction of the code has no meaning of its own, since turning
the code, and turning it back in the decoder, changes no drawing. Bends let a network do better than
PCA, with the same loss.""",
    objectives=("GM-1",),
    minutes=10,
    difficulty=3,
)


# --- share_of_copies -----------------------------------------------------------------------------


def share_of_copies(drawn, train, held_out, level):
    """The share of drawn rows (M, D) nearer to train (N, D) than the share level of held_out is."""
    real = np.linalg.norm(held_out[:, None] - train, axis=2).min(axis=1)  #: of rows nobody copied
    near = np.linalg.norm(drawn[:, None] - train, axis=2).min(axis=1)  #: to the nearest one
    return np.mean(near < np.quantile(real, level))


def _copies_inputs(rng: np.random.Generator, M: int, N: int, H: int, D: int) -> dict:
    train, held_out = rng.normal(size=(3 * N + 5, D + 1)), rng.normal(size=(2 * H + 7, D + 1))

    def like(rows: np.ndarray, count: int, noise: float) -> np.ndarray:
        some = rows[rng.integers(len(rows), size=count)]
        return some + noise * rng.normal(size=some.shape)

    drawn = [train[:2], like(train, M + 2, 0.02), like(held_out, M, 0.05)]
    drawn += [rng.normal(0, 1.2, (2 * M + 3, D + 1))]
    return {
        "drawn": rng.permutation(np.concatenate(drawn)),
        "train": train,
        "held_out": held_out,
        "level": round(float(rng.uniform(0.15, 0.4)), 2),
    }


def _copies_corners(rng: np.random.Generator) -> list[Case]:
    given = _copies_inputs(rng, 5, 7, 6, 3)
    train, held_out = given["train"], given["held_out"]
    return [
        Case("a generator that hands out training rows", {**given, "drawn": train[3:9].copy()}),
        Case("copies with a little noise", {**given, "drawn": train[:8] + 1e-3}),
        Case("a generator that draws far from everything", {**given, "drawn": 9 + train[:6]}),
        Case(
            "one training row, over and over", {**given, "drawn": train[[4] * 6 + [5] * 2] + 9e-4}
        ),
        Case("rows near real ones it has not seen", {**given, "drawn": held_out + 1e-3}),
        Case("a strict level", {**given, "level": 0.05}),
    ]


def _nearest(a, b):
    return np.linalg.norm(a[:, None] - b, axis=2).min(axis=1)


def _found(limit, near=lambda d, t, h: _nearest(d, t), shown=np.mean):
    """A known-wrong variant: another limit, another distance, or another count."""

    def wrong(drawn, train, held_out, level):
        return shown(near(drawn, train, held_out) < limit(drawn, train, held_out, level))

    return wrong


def _limit(d, t, h, level):
    return np.quantile(_nearest(h, t), level)


def _by_mean_distance(drawn, train, held_out, level):
    far, usual = (np.linalg.norm(a[:, None] - train, axis=2).mean(1) for a in (drawn, held_out))
    return np.mean(far < np.quantile(usual, level))


SHARE_OF_COPIES = Exercise(
    id="share_of_copies",
    title="Drawn, or copied?",
    asks="""A generator that hands out its training data looks brilliant. Return the share of
`drawn` rows that are **suspiciously near** to training: nearer to their nearest training row than
the share `level` of real rows is.

- `drawn` (M, D), `train` (N, D) and `held_out` (H, D) are samples, a row each; `held_out` holds
  real ones that the generator has never seen. Distances are Euclidean.
- The limit is the quantile `level` (`np.quantile`) of the distances from each held-out row to its
  nearest training row; a drawn row counts if its own distance is smaller.""",
    reference=share_of_copies,
    inputs=_copies_inputs,
    corners=_copies_corners,
    valid=lambda inputs: 0 < inputs["level"] < 1,
    properties=(
        Property(
            "a share",
            lambda i, parts: bool(0 <= parts["result"] <= 1),
            "A share lies between 0 and 1.",
        ),
    ),
    wrongs=(
        Wrong(
            "own-limit",
            _found(lambda d, t, h, level: np.quantile(_nearest(d, t), level)),
            "**The limit is taken from the drawn rows themselves.** Then the share is about "
            "`level` for every generator, the copying one included. What is usual, real rows say.",
        ),
        Wrong(
            "train-with-itself",
            _found(lambda d, t, h, level: np.quantile(_nearest(t, t), level)),
            "**The training rows are compared with themselves.** Each is its own nearest row, at "
            "distance zero, so nothing is ever nearer. Ask how near *held-out* rows come.",
            belief="D-03",
            decoy="real = np.linalg.norm(train[:, None] - train, axis=2).min(axis=1)",
        ),
        Wrong(
            "near-held-out",
            _found(_limit, lambda d, t, h: _nearest(d, h)),
            "**The drawn rows are compared with held-out ones.** The generator has never seen "
            "those, so it cannot copy them. Copies are found beside the training rows.",
            decoy="near = np.linalg.norm(drawn[:, None] - held_out, axis=2).min(axis=1)",
        ),
        Wrong(
            "exact-only",
            lambda drawn, train, held_out, level: np.mean(_nearest(drawn, train) == 0),
            "**Only exact copies count.** A little noise on a training row would hide it. How near "
            "is too near, the held-out rows tell.",
            decoy="return np.mean(near == 0)",
        ),
        Wrong(
            "level-as-distance",
            _found(lambda d, t, h, level: level),
            "**`level` is used as a distance.** It is a share of the held-out rows; the distance "
            "that belongs to it is a quantile, and depends on the data.",
            decoy="return np.mean(near < level)",
        ),
        Wrong(
            "other-tail",
            _found(lambda d, t, h, level: _limit(d, t, h, 1 - level)),
            "**That is the quantile from the other end.** Nearly every real row lies below it, so "
            "nearly everything would be called a copy.",
            decoy="return np.mean(near < np.quantile(real, 1 - level))",
        ),
        Wrong(
            "the-honest",
            lambda *given: 1 - share_of_copies(*given),
            "**That is the share that is *not* suspicious.** Copies are nearer than the limit.",
            decoy="return np.mean(near > np.quantile(real, level))",
        ),
        Wrong(
            "training-rows-copied",
            _found(_limit, lambda d, t, h: _nearest(t, d)),
            "**That is the share of the *training* rows that have a drawn row nearby.** A "
            "generator that gives out one training row for ever would look innocent. Take the "
            "minimum over the training rows, one for each drawn row.",
            belief="T-05",
            decoy="near = np.linalg.norm(drawn[:, None] - train, axis=2).min(axis=0)",
        ),
        Wrong(
            "mean-distance",
            _by_mean_distance,
            "**You take the mean distance to all training rows.** That says how central a row is. "
            "A copy is near to *one* of them: take the smallest.",
        ),
        Wrong(
            "count",
            _found(_limit, shown=np.sum),
            "**That is a number of rows.** Divide by how many were drawn, or two generators that "
            "drew different numbers cannot be compared.",
            decoy="return np.sum(near < np.quantile(real, level))",
        ),
    ),
    hints=(
        "Two lists of distances are needed, both to the nearest *training* row: one for the drawn "
        "rows and one for the held-out rows.",
        "`a[:, None] - b` has shape (rows of a, rows of b, D): a length along the last axis, then "
        "the smallest along the rows of b.",
        "The held-out list gives the limit, the drawn list is compared with it.",
    ),
    why="""Held-out rows come from the same source as training rows and were copied by nobody, so
they show how near one comes *by chance*. An honest generator of perfect samples would get about
`level`; far more is copying, and far less says that it draws away from the data. No loss shows
this: copies are readable, varied and spread like the real ones, so they win every other question.
The distance must mean something, too: shift a picture by a pixel, and it is far from its original
in this measure while everybody would call it a copy.""",
    objectives=("GM-6",),
    minutes=9,
    difficulty=2,
    equivalent={
        "real = np.linalg.norm(held_out[:, None] - train, axis=2).min(axis=1) -> "
        "real = np.linalg.norm(train - held_out[:, None], axis=2).min(axis=1)": (
            "the distance from a to b is the distance from b to a"
        ),
        "near = np.linalg.norm(drawn[:, None] - train, axis=2).min(axis=1) -> "
        "near = np.linalg.norm(train - drawn[:, None], axis=2).min(axis=1)": (
            "the distance from a to b is the distance from b to a"
        ),
    },
)


# --- compose -------------------------------------------------------------------------------------


def compose(odds, start, uniforms):
    """`start` (W,) and one more symbol for each of `uniforms` (L,), drawn by `odds`: (W + L,)."""
    tune = list(start)
    for u in uniforms:
        window = tune[-len(start) :]  #: all that the model looks at
        reached = np.cumsum(odds(window))  #: up to and including each symbol
        tune.append(np.sum(reached <= u))  # how many symbols end before u
    return np.array(tune)


@dataclass(frozen=True)
class _Odds:
    """Odds (S,) of the next symbol that depend on the oldest and the newest one of a window."""

    oldest: np.ndarray  # (S, S) logits by symbol
    newest: np.ndarray

    def __call__(self, window):
        logits = self.oldest[int(window[0])] + self.newest[int(window[-1])]
        e = np.exp(logits - logits.max())
        return e / e.sum()

    def __repr__(self) -> str:
        return f"a model of {len(self.oldest)} symbols"


def _compose_inputs(rng: np.random.Generator, W: int, L: int, S: int) -> dict:
    size = S + 1
    return {
        "odds": _Odds(rng.normal(0, 1.2, (size, size)), rng.normal(0, 1.2, (size, size))),
        "start": rng.integers(size, size=W),
        "uniforms": rng.uniform(0, 0.999, L).round(4),
    }


def _compose_corners(rng: np.random.Generator) -> list[Case]:
    long = _compose_inputs(rng, 3, 40, 5)
    turn = 60.0 * np.roll(np.eye(4), 1, axis=1)  # 0, 1, 2, 3, 0, 1, ...
    scale = {
        "odds": _Odds(0 * turn, turn),
        "start": np.array([2]),
        "uniforms": long["uniforms"][:6],
    }
    return [
        Case("a long tune", long),
        Case("a long memory", _compose_inputs(rng, 8, 30, 3)),
        Case("odds that leave no choice", scale),
        Case("nothing to add", {**long, "uniforms": np.zeros(0)}),
    ]


def _pick(p, u) -> int:
    return int(np.searchsorted(np.cumsum(p), u, side="right"))


def _composed(look=lambda tune, W: tune[-W:], pick=_pick, shown=lambda tune, W: tune):
    """A known-wrong variant: another window, another choice, or another part of the tune."""

    def wrong(odds, start, uniforms):
        tune = [int(s) for s in start]
        for u in uniforms:
            tune.append(pick(odds(look(tune, len(start))), u))
        return np.array(shown(tune, len(start)), dtype=int)

    return wrong


def _one_number(odds, start, uniforms):
    return _composed(pick=lambda p, u: _pick(p, uniforms[0]))(odds, start, uniforms)


COMPOSE = Exercise(
    id="compose",
    title="Symbol by symbol",
    asks="""`odds(window)` takes the last W symbols of a tune, oldest first, and returns how
probable each next symbol 0, 1, 2, ... is, an array that adds up to 1. Begin with `start` (W,) and
draw one symbol for each number of `uniforms` (L,), in order; each new symbol belongs to what the
model looks at from then on. Return the whole tune, `start` included: whole numbers (W + L,).

A number u draws the first symbol k for which $p_0 + p_1 + \\dots + p_k$ is **larger** than u.""",
    reference=compose,
    inputs=_compose_inputs,
    corners=_compose_corners,
    valid=lambda inputs: bool((inputs["uniforms"] >= 0).all() and (inputs["uniforms"] < 1).all()),
    properties=(
        Property(
            "it begins with the start",
            lambda i, parts: np.array_equal(parts["result"][: len(i["start"])], i["start"]),
            "The tune does not begin with `start`.",
        ),
    ),
    wrongs=(
        Wrong(
            "likeliest",
            _composed(pick=lambda p, u: int(np.argmax(p))),
            "**The likeliest symbol wins every time.** Then every tune with this start is the "
            "same, and it soon goes round in circles. Odds are there to be drawn from.",
            belief="A-15",
            decoy="tune.append(np.argmax(odds(window)))",
        ),
        Wrong(
            "window-stands-still",
            _composed(lambda tune, W: tune[:W]),
            "**The model always looks at the start.** All symbols are drawn from the same odds and "
            "know nothing of one another. After each draw the window moves on by one.",
            decoy="window = tune[: len(start)]",
        ),
        Wrong(
            "whole-past",
            _composed(lambda tune, W: tune),
            "**The model is given the whole tune.** It was trained on the last W symbols; the "
            "oldest must drop out when a new one comes in.",
            decoy="window = tune",
        ),
        Wrong(
            "last-only",
            _composed(lambda tune, W: tune[-1:]),
            "**The model sees the last symbol only.** That is the table of pairs: it cannot repeat "
            "a bar, for it does not know what was played in it.",
            decoy="window = tune[-1:]",
        ),
        Wrong(
            "newest-first",
            _composed(lambda tune, W: tune[-W:][::-1]),
            "**The window is turned round.** The oldest symbol comes first, as in training.",
            belief="A-10",
            decoy="window = tune[-len(start) :][::-1]",
        ),
        Wrong(
            "start-left-out",
            _composed(shown=lambda tune, W: tune[W:]),
            "**The start is missing from the tune.** It was given and not drawn, but it is played.",
            decoy="return np.array(tune[len(start) :])",
        ),
        Wrong(
            "start-counts",
            _composed(shown=lambda tune, W: tune[: max(W, len(tune) - W)]),
            "**The tune ends too soon.** Every number of `uniforms` draws a symbol; those of the "
            "start come on top.",
        ),
        Wrong(
            "one-too-high",
            _composed(pick=lambda p, u: min(_pick(p, u) + 1, len(p) - 1)),
            "**The symbol after the right one is taken.** Symbols are numbered from 0, and the "
            "first whose running sum passes u is the one that is drawn.",
        ),
        Wrong(
            "odds-not-asked",
            _composed(pick=lambda p, u: int(u * len(p))),
            "**All symbols are equally likely.** The number u is spread evenly over them, whatever "
            "the model says. Spread it over the running sum of the odds.",
            decoy="tune.append(int(u * len(odds(window))))",
        ),
        Wrong(
            "one-number",
            _one_number,
            "**Every symbol is drawn with the first number.** Luck then has no second say: use "
            "each number once.",
        ),
    ),
    hints=(
        "Keep a list, and let it grow. What does the model look at before each draw?",
        "The end of the list, as many symbols as `start` has: a slice with a negative beginning.",
        "A running sum of the odds cuts the line from 0 to 1 into pieces, one for each symbol. In "
        "which piece does u lie?",
    ),
    why="""The probability of a whole tune is a product: of the second symbol after the first, of
the third after both, and so on. Drawing in that order draws tunes with exactly these probabilities.
A window cuts the past off, so whatever is further back than W cannot be kept: with one symbol of
memory no bar is ever repeated. And a model is never corrected while it composes: it reads its own
draws, mistakes included.""",
    objectives=("GM-7",),
    minutes=9,
    difficulty=2,
)


EXERCISES = (
    AUTOENCODER_GRADIENTS,
    KL_TO_STANDARD_NORMAL,
    PRECISION_RECALL,
    ADD_NOISE,
    STEP_BACK,
    SHARE_OF_COPIES,
    COMPOSE,
)
