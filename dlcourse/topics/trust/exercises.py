"""Exercises on explanations, calibration, group rates and federated learning, in NumPy."""

import numpy as np

from ...teach.exercise import Case, Exercise, Formula, Property, Wrong

# --- integrated_gradients ------------------------------------------------------------------------


def integrated_gradients(slope, x, baseline, steps):
    """Attributions (D,) of x: its distance from the baseline times the mean slope on the way."""
    way = (np.arange(steps) + 0.5) / steps  #: the midpoints of equal steps from 0 to 1, (S,)
    points = baseline + way[:, None] * (x - baseline)  #: on the straight line to x, (S, D)
    return (x - baseline) * slope(points).mean(axis=0)  #: distance times mean slope, (D,)


_CUBES = Formula("lambda p: 3 * p**2", lambda p: 3 * p**2)
_MIXED = Formula(
    "lambda p: p * (p**2).sum(1, keepdims=True) + 1",
    lambda p: p * (p**2).sum(1, keepdims=True) + 1,
)


def _ig_inputs(rng: np.random.Generator, D: int, S: int) -> dict:
    x, baseline = rng.uniform(0.5, 2, D).round(2), rng.uniform(-1, 0.3, D).round(2)
    return {"slope": _MIXED, "x": x, "baseline": baseline, "steps": S}


def _ig_corners(rng: np.random.Generator) -> list[Case]:
    x, baseline = np.array([1.0, -2.0, 0.5]), np.array([0.5, 1.0, -1.0])
    return [
        Case("negative inputs", {"slope": _CUBES, "x": x, "baseline": baseline, "steps": 4}),
        Case("x is the baseline", {"slope": _CUBES, "x": x, "baseline": x.copy(), "steps": 3}),
        Case("a black baseline", {"slope": _MIXED, "x": x, "baseline": 0 * x, "steps": 5}),
    ]


def _on(way_of):
    """Integrated gradients at other places of the way."""

    def wrong(slope, x, baseline, steps):
        points = baseline + way_of(steps)[:, None] * (x - baseline)
        return (x - baseline) * slope(points).mean(axis=0)

    return wrong


def _gradient_times_input(slope, x, baseline, steps):
    return x * slope(x[None])[0]


def _times_x(slope, x, baseline, steps):
    way = (np.arange(steps) + 0.5) / steps
    return x * slope(baseline + way[:, None] * (x - baseline)).mean(axis=0)


def _from_zero(slope, x, baseline, steps):
    way = (np.arange(steps) + 0.5) / steps
    return (x - baseline) * slope(way[:, None] * x).mean(axis=0)


def _mean_slope(slope, x, baseline, steps):
    way = (np.arange(steps) + 0.5) / steps
    return slope(baseline + way[:, None] * (x - baseline)).mean(axis=0)


def _summed(slope, x, baseline, steps):
    return integrated_gradients(slope, x, baseline, steps) * steps


def _without_sign(slope, x, baseline, steps):
    return abs(integrated_gradients(slope, x, baseline, steps))


INTEGRATED = Exercise(
    id="integrated_gradients",
    title="Integrated gradients",
    asks="""`slope(points)` takes S points, (S, D), and returns the gradient of a function at each
of them, (S, D). Return the integrated gradients of `x` (D,) with this `baseline` (D,): the distance
from the baseline, times the mean slope at the **midpoints** of `steps` equal steps on the straight
line from the baseline to `x`.

Call `slope` once, with all points.""",
    reference=integrated_gradients,
    inputs=_ig_inputs,
    corners=_ig_corners,
    wrongs=(
        Wrong(
            "gradient-times-input",
            _gradient_times_input,
            "**That is gradient times input.** It looks at the slope at x alone. Where the slope "
            "changes on the way, it does not add up to the change of the output.",
            belief="I-04",
            see="trust-bench#adds-up",
            decoy="return x * slope(x[None])[0]",
        ),
        Wrong(
            "times-x",
            _times_x,
            "**The mean slope is multiplied by x instead of the distance from the baseline.** Only "
            "for a baseline of zeros is that the same.",
            belief="I-05",
            see="trust-bench#white-baseline",
            decoy="return x * slope(points).mean(axis=0)",
        ),
        Wrong(
            "from-zero",
            _from_zero,
            "**The way begins at zero, not at the baseline.** Every point lies between the "
            "baseline and x.",
            belief="I-05",
            decoy="points = way[:, None] * x",
        ),
        Wrong(
            "mean-slope",
            _mean_slope,
            "**That is the mean slope.** How much an input did is its slope times the way that it "
            "has gone.",
        ),
        Wrong(
            "summed",
            _summed,
            "**The slopes are added, not averaged.** More steps would then give larger "
            "attributions for the same answer.",
        ),
        Wrong(
            "left-ends",
            _on(lambda steps: np.arange(steps) / steps),
            "**The slopes are taken where each step begins.** That is a cruder sum than the "
            "midpoints': x itself is never reached, and the baseline counts in full.",
            decoy="way = np.arange(steps) / steps",
        ),
        Wrong(
            "right-ends",
            _on(lambda steps: (np.arange(steps) + 1) / steps),
            "**The slopes are taken where each step ends.** Take the middle of each step: its "
            "error shrinks with the square of the number of steps.",
        ),
        Wrong(
            "without-sign",
            _without_sign,
            "**The sign is lost.** An input that speaks against the answer has a negative "
            "attribution, and without it the sum no longer gives the change of the output.",
            belief="I-01",
            see="trust-bench#size-only",
        ),
    ),
    hints=(
        "Where on the way from 0 to 1 are the middles of, say, four equal steps?",
        "`way[:, None]` has shape (S, 1), so that a product with (D,) makes (S, D).",
    ),
    why="""The mean slope on the way times the length of the way is the change of the function along
it: that is the fundamental theorem of calculus, input by input. So the attributions add up to what
is to be explained. Gradient times input has no such guarantee.""",
    objectives=("TW-1",),
    minutes=7,
    difficulty=2,
)


# --- occlusion -----------------------------------------------------------------------------------


def occlusion(score, image, size, paint):
    """How much the score falls when the patch around a pixel is painted over, (H, W)."""
    whole, fall = score(image), np.zeros(image.shape)
    for top in range(0, image.shape[0], size):
        for left in range(0, image.shape[1], size):
            hidden = image.copy()  #: a picture of its own for each patch
            hidden[top : top + size, left : left + size] = paint
            fall[top : top + size, left : left + size] = whole - score(hidden)  #: before less after
    return fall


_BENT = Formula(
    "lambda v: float((v * np.cos(np.arange(v.size).reshape(v.shape))).sum() + v.sum() ** 2)",
    lambda v: float((v * np.cos(np.arange(v.size).reshape(v.shape))).sum() + v.sum() ** 2),
)


def _occlusion_inputs(rng: np.random.Generator, H: int, W: int) -> dict:
    image = rng.uniform(-1, 1, (H + 2, W + 3)).round(2)
    return {"score": _BENT, "image": image, "size": 2, "paint": 0.3}


def _occlusion_corners(rng: np.random.Generator) -> list[Case]:
    image = rng.uniform(-1, 1, (5, 7)).round(2)
    return [
        Case("patches of three", {"score": _BENT, "image": image, "size": 3, "paint": -0.5}),
        Case("single pixels", {"score": _BENT, "image": image, "size": 1, "paint": 1.0}),
        Case(
            "a tall one", {"score": _BENT, "image": image.T[:, :3].copy(), "size": 2, "paint": 1.0}
        ),
    ]


def _patches(image, size, step=None, whole_only=False):
    step = step or size
    for top in range(0, image.shape[0], step):
        for left in range(0, image.shape[1], step):
            fits = top + size <= image.shape[0] and left + size <= image.shape[1]
            if fits or not whole_only:
                yield slice(top, top + size), slice(left, left + size)


def _never_cleaned(score, image, size, paint):
    whole, fall, hidden = score(image), np.zeros(image.shape), image.copy()
    for rows, columns in _patches(image, size):
        hidden[rows, columns] = paint
        fall[rows, columns] = whole - score(hidden)
    return fall


def _whole_patches(score, image, size, paint):
    whole, fall = score(image), np.zeros(image.shape)
    for rows, columns in _patches(image, size, whole_only=True):
        hidden = image.copy()
        hidden[rows, columns] = paint
        fall[rows, columns] = whole - score(hidden)
    return fall


def _shared_out(score, image, size, paint):
    return occlusion(score, image, size, paint) / size**2


def _kept_only(score, image, size, paint):
    whole, fall = score(image), np.zeros(image.shape)
    for rows, columns in _patches(image, size):
        hidden = np.full(image.shape, paint)
        hidden[rows, columns] = image[rows, columns]
        fall[rows, columns] = whole - score(hidden)
    return fall


OCCLUSION = Exercise(
    id="occlusion",
    title="Paint it over",
    asks="""`score(image)` is one number. Cut `image` (H, W) into patches of `size` by `size`, from
the top left; the last ones may be smaller. For each patch, paint it over with the number `paint`,
and write how much the score **falls** into the pixels of this patch. Return these falls, (H, W).
`image` stays as it was.""",
    reference=occlusion,
    inputs=_occlusion_inputs,
    corners=_occlusion_corners,
    valid=lambda i: i["size"] >= 1 and i["image"].size > 0,
    wrongs=(
        Wrong(
            "never-cleaned",
            _never_cleaned,
            "**Earlier patches stay painted.** What you measure at the end is the whole picture "
            "painted over. Each patch begins with the picture as it was.",
            decoy="hidden = image",
        ),
        Wrong(
            "rise",
            lambda score, image, size, paint: -occlusion(score, image, size, paint),
            "**That is the rise of the score.** A patch that the answer needs makes the score "
            "fall, and its attribution is positive.",
            decoy="fall[top : top + size, left : left + size] = score(hidden) - whole",
        ),
        Wrong(
            "black-paint",
            lambda score, image, size, paint: occlusion(score, image, size, 0.0),
            "**The paint is always zero.** Zero is black, and black is a choice like any other: it "
            "hides nothing where the picture is black already.",
            belief="I-05",
            see="trust-bench#white-baseline",
            decoy="hidden[top : top + size, left : left + size] = 0",
        ),
        Wrong(
            "single-pixels",
            lambda score, image, size, paint: occlusion(score, image, 1, paint),
            "**Single pixels are painted over, not patches.** What several neighbours show "
            "together is not lost with one of them.",
        ),
        Wrong(
            "whole-patches",
            _whole_patches,
            "**The rest at the edges is left out.** Where the side is no multiple of the size, the "
            "last patches are smaller; an attribution of zero would be a claim about them.",
        ),
        Wrong(
            "size-of-fall",
            lambda score, image, size, paint: abs(occlusion(score, image, size, paint)),
            "**The sign is lost.** A patch whose loss makes the score *rise* spoke against the "
            "answer.",
            belief="I-01",
        ),
        Wrong(
            "shared-out",
            _shared_out,
            "**The fall is divided among the pixels of the patch.** Each pixel is to get the fall "
            "of its whole patch.",
        ),
        Wrong(
            "kept-only",
            _kept_only,
            "**Everything but the patch is painted over.** That asks whether the patch alone is "
            "enough; the exercise asks what is lost without it.",
        ),
    ),
    hints=(
        "What must be true of the picture when the second patch is painted?",
        "A slice that runs over the edge is cut off by NumPy, so the last patches take care of "
        "themselves.",
    ),
    why="""Occlusion needs no gradient: it works for any model that one can call. It asks a question
about a change that really happens, and the answer depends on the size of the patch and on the
paint. State both when you show such a map.""",
    equivalent={
        "whole, fall = (score(image), np.zeros(image.shape)) -> "
        "whole, fall = (score(image), np.ones(image.shape))": "every pixel is written over",
    },
    objectives=("TW-1",),
    minutes=8,
    difficulty=2,
)


# --- deletion_curve ------------------------------------------------------------------------------


def deletion_curve(score, x, attribution, paint):
    """The scores (D + 1,) while the inputs are painted over, the highest attribution first."""
    order = np.argsort(-attribution)  #: the highest attribution first
    painted = x.astype(float)  #: a copy that takes any paint
    curve = [score(painted)]
    for i in order:
        painted[i] = paint
        curve.append(score(painted))
    return np.array(curve)


_WEIGHED = Formula(
    "lambda v: float((v * np.arange(1, v.size + 1)).sum() + np.sin(v.sum()))",
    lambda v: float((v * np.arange(1, v.size + 1)).sum() + np.sin(v.sum())),
)


def _deletion_inputs(rng: np.random.Generator, D: int) -> dict:
    attribution = rng.permutation(np.linspace(-2, 1.7, D + 2)).round(3)
    x = rng.uniform(0.5, 2, D + 2).round(2)
    return {"score": _WEIGHED, "x": x, "attribution": attribution, "paint": 0.25}


def _deletion_corners(rng: np.random.Generator) -> list[Case]:
    x, attribution = np.array([3, 1, 2]), np.array([0.2, -0.9, 0.5])
    return [
        Case("whole numbers", {"score": _WEIGHED, "x": x, "attribution": attribution, "paint": 0.5})
    ]


def _in_order(order_of):
    """A deletion curve with another order."""

    def wrong(score, x, attribution, paint):
        painted, curve = x.astype(float), [score(x.astype(float))]
        for i in order_of(attribution):
            painted[i] = paint
            curve.append(score(painted))
        return np.array(curve)

    return wrong


def _one_at_a_time(score, x, attribution, paint):
    curve = [score(x.astype(float))]
    for i in np.argsort(-attribution):
        painted = x.astype(float)
        painted[i] = paint
        curve.append(score(painted))
    return np.array(curve)


def _laid_free(score, x, attribution, paint):
    painted = np.full(x.shape, float(paint))
    curve = [score(painted)]
    for i in np.argsort(-attribution):
        painted[i] = x[i]
        curve.append(score(painted))
    return np.array(curve)


DELETION = Exercise(
    id="deletion_curve",
    title="The deletion curve",
    asks="""An explanation gives each of the D inputs of `x` an attribution. Test it: replace the
inputs by the number `paint` one after the other, the **highest attribution first**, and keep what
was painted. Return the scores on the way, (D + 1,): the first is that of `x` untouched, the last
that of paint alone. `x` stays as it was, and may hold whole numbers.""",
    reference=deletion_curve,
    inputs=_deletion_inputs,
    corners=_deletion_corners,
    wrongs=(
        Wrong(
            "lowest-first",
            _in_order(np.argsort),
            "**The lowest attribution goes first.** `argsort` sorts upwards. What the explanation "
            "thinks most of has to go first, or the curve says nothing about it.",
            decoy="order = np.argsort(attribution)",
        ),
        Wrong(
            "by-size",
            _in_order(lambda a: np.argsort(-abs(a))),
            "**You rank by size.** An input that speaks strongly *against* the answer would be "
            "among the first, and deleting it makes the score rise.",
            belief="I-01",
            see="trust-bench#size-only",
            decoy="order = np.argsort(-np.abs(attribution))",
        ),
        Wrong(
            "as-they-stand",
            _in_order(lambda a: np.arange(len(a))),
            "**The inputs go in the order in which they stand.** Then the curve does not depend on "
            "the explanation at all: this is a control, and not the test.",
            belief="I-01",
            decoy="order = np.arange(len(attribution))",
        ),
        Wrong(
            "one-at-a-time",
            _one_at_a_time,
            "**Each input is put back before the next one goes.** The curve is to show what "
            "happens as more and more is gone.",
        ),
        Wrong(
            "no-start",
            lambda score, x, attribution, paint: deletion_curve(score, x, attribution, paint)[1:],
            "**The score of the untouched input is missing.** Without it nobody sees what the "
            "first deletion cost: there are D + 1 scores.",
        ),
        Wrong(
            "black-paint",
            lambda score, x, attribution, paint: deletion_curve(score, x, attribution, 0),
            "**The paint is always zero.** What counts as *gone* is a choice, and it is given "
            "here.",
            belief="I-05",
            decoy="painted[i] = 0",
        ),
        Wrong(
            "laid-free",
            _laid_free,
            "**That is the other way round:** paint everywhere, and inputs laid free one after the "
            "other. It is a test too, called insertion; here the inputs are deleted.",
        ),
    ),
    hints=(
        "In which direction does `np.argsort` sort?",
        "A list of scores that starts with the untouched input grows by one after each deletion.",
    ),
    why="""If the explanation is right about what matters, the score falls fast. The curve means
something only beside others: that of a random order, and that of a ranking which knows the input
but not the model, such as its brightness.""",
    objectives=("TW-2",),
    minutes=6,
    difficulty=2,
)


# --- expected_calibration_error ------------------------------------------------------------------


def expected_calibration_error(probabilities, truth, bins):
    """The mean distance of confidence and accuracy over bins, weighted by their examples."""
    sure = probabilities.max(axis=1)  #: how sure the model says it is, (N,)
    right = probabilities.argmax(axis=1) == truth
    which = np.minimum((sure * bins).astype(int), bins - 1)  #: the bin of each; 1.0 is in the last
    error = 0.0
    for b in np.unique(which):
        mine = which == b
        error += mine.mean() * abs(right[mine].mean() - sure[mine].mean())  #: share times distance
    return float(error)


def _ece_inputs(rng: np.random.Generator, N: int, K: int, B: int) -> dict:
    probabilities = rng.dirichlet(np.full(K + 1, 0.6), 9 * N + 8)
    lucky = rng.random(len(probabilities)) < 0.6
    truth = np.where(lucky, probabilities.argmax(1), rng.integers(0, K + 1, len(probabilities)))
    return {"probabilities": probabilities, "truth": truth, "bins": B + 2}


def _ece_corners(rng: np.random.Generator) -> list[Case]:
    p = np.array([[1.0, 0.0], [0.0, 1.0], [0.96, 0.04], [0.3, 0.7], [0.45, 0.55]])
    return [
        Case(
            "certain answers", {"probabilities": p, "truth": np.array([0, 0, 0, 1, 0]), "bins": 10}
        )
    ]


def _ece_parts(probabilities, truth, bins):
    """Share, accuracy and confidence of each bin that is not empty."""
    sure, right = probabilities.max(1), probabilities.argmax(1) == truth
    which = np.minimum((sure * bins).astype(int), bins - 1)
    masks = [which == b for b in np.unique(which)]
    return np.array([(m.mean(), right[m].mean(), sure[m].mean()) for m in masks]).T


def _from_parts(error_of):
    """A known-wrong variant computed from share, accuracy and confidence of the bins."""

    def wrong(probabilities, truth, bins):
        return float(error_of(*_ece_parts(probabilities, truth, bins)))

    return wrong


def _true_class(probabilities, truth, bins):
    sure = probabilities[np.arange(len(truth)), truth]
    right = probabilities.argmax(1) == truth
    which = np.minimum((sure * bins).astype(int), bins - 1)
    masks = [which == b for b in np.unique(which)]
    return float(sum(m.mean() * abs(right[m].mean() - sure[m].mean()) for m in masks))


ECE = Exercise(
    id="expected_calibration_error",
    title="The expected calibration error",
    asks="""`probabilities` (N, K) are a model's, `truth` (N,) the right class numbers. The
confidence of an answer is the probability of the class that is named. Cut the confidences into
`bins` bins of equal width from 0 to 1 (a confidence of exactly 1 belongs to the last), and return,
as a float, the mean over all examples of the distance between the accuracy and the mean confidence
of their bin.""",
    reference=expected_calibration_error,
    inputs=_ece_inputs,
    corners=_ece_corners,
    wrongs=(
        Wrong(
            "bins-count-alike",
            _from_parts(lambda share, right, sure: np.mean(abs(right - sure))),
            "**Every bin counts the same.** A bin with two examples then weighs as much as one "
            "with two hundred. Weight each by its share of the examples.",
            decoy="error += abs(right[mine].mean() - sure[mine].mean())",
        ),
        Wrong(
            "one-bin",
            lambda probabilities, truth, bins: expected_calibration_error(probabilities, truth, 1),
            "**That compares accuracy and confidence over everything.** Answers that are too sure "
            "and others that are not sure enough cancel. The comparison is made bin by bin.",
            belief="I-06",
        ),
        Wrong(
            "signed",
            _from_parts(lambda share, right, sure: (share * (right - sure)).sum()),
            "**The differences keep their signs and cancel.** The distance is what counts in each "
            "bin.",
            decoy="error += mine.mean() * (right[mine].mean() - sure[mine].mean())",
        ),
        Wrong(
            "worst-bin",
            _from_parts(lambda share, right, sure: abs(right - sure).max()),
            "**That is the worst bin.** It is a measure too, and a shaky one: the worst bin is "
            "often one with few examples. Here the mean is asked for.",
        ),
        Wrong(
            "squared",
            _from_parts(lambda share, right, sure: (share * (right - sure) ** 2).sum()),
            "**The distances are squared.** The error then is no longer in points of probability.",
        ),
        Wrong(
            "true-class",
            _true_class,
            "**You take the probability of the true class as the confidence.** The model does not "
            "know which class is true: its confidence is its largest probability.",
            belief="I-06",
            decoy="sure = probabilities[np.arange(len(truth)), truth]",
        ),
        Wrong(
            "error-rate",
            _from_parts(lambda share, right, sure: (share * abs(1 - right)).sum()),
            "**That is the error rate.** A model may be wrong often and well calibrated: it only "
            "has to say how unsure it is.",
        ),
    ),
    hints=(
        "Which bin does a confidence of 0.73 fall into if there are ten? And one of 1.0?",
        "Within one bin there are two means to compare, and the bin's share of all examples.",
    ),
    why="""A small error says that stated confidence can be taken at its word, *on data like these*.
It says nothing about how often the model is right. And it depends on the number of bins and
examples: even perfect calibration scores above zero on a few hundred examples.""",
    equivalent={
        "error += mine.mean() * abs(right[mine].mean() - sure[mine].mean()) -> "
        "error += mine.mean() * abs(sure[mine].mean() - right[mine].mean())": "a mere distance",
    },
    objectives=("TW-3",),
    minutes=8,
    difficulty=3,
)


# --- group_rates ---------------------------------------------------------------------------------


def group_rates(truth, said, group):
    """(true positive rates, false positive rates), (G,) each, of the groups in rising order."""
    names = np.unique(group)  #: each group once, in rising order
    deserve = truth == 1  #: those whom a yes is right for
    tpr = np.array([said[(group == g) & deserve].mean() for g in names])
    fpr = np.array([said[(group == g) & ~deserve].mean() for g in names])
    return tpr, fpr


def _rates_inputs(rng: np.random.Generator, N: int, G: int) -> dict:
    names = np.repeat(rng.permutation(np.arange(3, 3 + G + 1)), 2)
    group = np.concatenate([names, rng.choice(names, 9 * N)])
    truth = np.concatenate([np.tile([0, 1], G + 1), rng.integers(0, 2, 9 * N)])
    chance = 0.25 + 0.5 * truth + 0.2 * (group % 2)
    said = (rng.random(len(group)) < chance).astype(int)
    order = rng.permutation(len(group))
    return {"truth": truth[order], "said": said[order], "group": group[order]}


def _rates_corners(rng: np.random.Generator) -> list[Case]:
    truth, said = np.array([1, 1, 1, 0, 0, 1, 0, 0]), np.array([1, 0, 1, 1, 0, 0, 0, 1])
    group = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    return [Case("two groups", {"truth": truth, "said": said, "group": group})]


def _per_group(rate):
    """A pair of the same rate, or two rates, computed from the truth and answers of each group."""

    def wrong(truth, said, group):
        pairs = [rate(truth[group == g], said[group == g]) for g in np.unique(group)]
        return tuple(np.array(column, dtype=float) for column in zip(*pairs, strict=True))

    return wrong


def _share(of, among):
    return of[among].mean() if among.any() else 0.0


def _pooled(truth, said, group):
    count = len(np.unique(group))
    return np.full(count, said[truth == 1].mean()), np.full(count, said[truth == 0].mean())


GROUP_RATES = Exercise(
    id="group_rates",
    title="Whose errors?",
    asks="""`truth` and `said` (N,) hold 1 for yes and 0 for no; `group` (N,) is the number of the
group that each person belongs to. Return two arrays of shape (G,), the groups in rising order of
their numbers: the **true positive rate** of each group (of those whose truth is yes, the share that
gets a yes) and the **false positive rate** (of those whose truth is no, the share that gets a yes).

Each group has people of both kinds.""",
    reference=group_rates,
    inputs=_rates_inputs,
    corners=_rates_corners,
    returns=("tpr", "fpr"),
    valid=lambda i: all(
        {0, 1} <= set(i["truth"][i["group"] == g].tolist()) for g in np.unique(i["group"])
    ),
    wrongs=(
        Wrong(
            "precision",
            _per_group(lambda t, s: (_share(t, s == 1), _share(t, s == 0))),
            "**You look among those who got a yes.** That is how often a yes is deserved. The true "
            "positive rate looks among those who *deserve* one, and asks who gets it.",
            belief="I-09",
            decoy="tpr = np.array([truth[(group == g) & (said == 1)].mean() for g in names])",
        ),
        Wrong(
            "accuracy",
            _per_group(lambda t, s: ((t == s).mean(), (t != s).mean())),
            "**That is each group's accuracy and error rate.** Two groups can have the same "
            "accuracy and quite different errors: one is refused, the other let through.",
            belief="I-10",
            see="trust-bench#same-accuracy",
        ),
        Wrong(
            "rate-of-yes",
            _per_group(lambda t, s: (s.mean(), s.mean())),
            "**That is the rate of yes, whoever deserves it.** It is what demographic parity looks "
            "at; here the truth has to be taken into account.",
            belief="I-09",
            see="trust-bench#parity",
            decoy="tpr = np.array([said[group == g].mean() for g in names])",
        ),
        Wrong(
            "exchanged",
            lambda truth, said, group: group_rates(truth, said, group)[::-1],
            "**The two rates are exchanged.** First the one of those whose truth is yes.",
        ),
        Wrong(
            "share-of-the-group",
            _per_group(lambda t, s: (((t == 1) & (s == 1)).mean(), ((t == 0) & (s == 1)).mean())),
            "**You divide by the whole group.** A rate among those who deserve a yes is divided by "
            "their number; otherwise it mixes in how many they are.",
            decoy="tpr = np.array([(deserve & (said == 1))[group == g].mean() for g in names])",
        ),
        Wrong(
            "everyone-together",
            _pooled,
            "**Every group gets the rates of all people together.** Differences between groups are "
            "what is to be seen.",
            belief="I-10",
        ),
        Wrong(
            "missed",
            _per_group(lambda t, s: (1 - _share(s, t == 1), 1 - _share(s, t == 0))),
            "**That is who gets a no.** These are the false negative and true negative rates; the "
            "exercise asks for the share of yes.",
        ),
    ),
    hints=(
        "Which people stand in the denominator of each rate? Choose them first.",
        "Two conditions on arrays are combined by `&`, each in brackets of its own.",
    ),
    why="""Equalised odds compares these two rates between groups, demographic parity the rate of
yes. With different base rates a model that tells anything apart cannot be equal in both. Which one
to ask for depends on what a false yes and a false no do to a person.""",
    equivalent={
        "tpr = np.array([said[(group == g) & deserve].mean() for g in names]) -> "
        "tpr = np.array([said[deserve & (group == g)].mean() for g in names])": "and commutes",
        "fpr = np.array([said[(group == g) & ~deserve].mean() for g in names]) -> "
        "fpr = np.array([said[~deserve & (group == g)].mean() for g in names])": "and commutes",
    },
    objectives=("TW-5",),
    minutes=6,
    difficulty=2,
)


# --- fedavg --------------------------------------------------------------------------------------


def fedavg(weights, sizes):
    """The clients' weights (K, P), averaged with shares as their numbers of examples (K,): (P,)."""
    shares = sizes / sizes.sum()  #: what share of all examples each client has, (K,)
    return shares @ weights  #: the weighted mean, (P,)


def _fedavg_inputs(rng: np.random.Generator, K: int, P: int) -> dict:
    sizes = rng.permutation(np.arange(10, 10 + 13 * (K + 1), 13))
    return {"weights": rng.normal(size=(K + 1, P)), "sizes": sizes}


def _fedavg_corners(rng: np.random.Generator) -> list[Case]:
    weights = np.array([[1.0, 0.0], [0.0, 1.0], [4.0, -4.0]])
    return [
        Case("one client without examples", {"weights": weights, "sizes": np.array([3, 1, 0])}),
        Case("one client", {"weights": weights[:1], "sizes": np.array([7])}),
    ]


FEDAVG = Exercise(
    id="fedavg",
    title="Federated averaging",
    asks="""K clients started from the same weights and trained at home. `weights` (K, P) holds what
each of them sent back, one client a row, and `sizes` (K,) how many examples each has. Return the
weights of the next round, (P,): the mean in which every **example** counts the same.""",
    reference=fedavg,
    inputs=_fedavg_inputs,
    corners=_fedavg_corners,
    properties=(
        Property(
            "a weight on which all agree stays",
            lambda i, parts: bool(
                np.all(parts["result"] <= i["weights"].max(0) + 1e-9)
                and np.all(parts["result"] >= i["weights"].min(0) - 1e-9)
            ),
            "A mean lies between the smallest and the largest of what it averages.",
        ),
    ),
    wrongs=(
        Wrong(
            "clients-count-alike",
            lambda weights, sizes: weights.mean(axis=0),
            "**Every client counts the same.** Sometimes that is even better (the lesson has such "
            "a case), but it is not what is asked: a client with ten examples would weigh as much "
            "as one with a thousand.",
            belief="I-13",
            decoy="return weights.mean(axis=0)",
        ),
        Wrong(
            "summed",
            lambda weights, sizes: weights.sum(axis=0),
            "**The weights are added.** If all clients sent the same, the sum would be K times as "
            "large.",
            decoy="return weights.sum(axis=0)",
        ),
        Wrong(
            "not-divided",
            lambda weights, sizes: sizes @ weights,
            "**The shares do not add up to one.** Divide the sizes by the number of all examples.",
            decoy="shares = sizes",
        ),
        Wrong(
            "divided-by-clients",
            lambda weights, sizes: sizes @ weights / len(sizes),
            "**You divide by the number of clients.** The sizes were multiplied in, so their sum "
            "has to be divided out.",
            decoy="shares = sizes / len(sizes)",
        ),
        Wrong(
            "largest-only",
            lambda weights, sizes: weights[np.argmax(sizes)].copy(),
            "**Only the largest client is heard.** The others' work is lost.",
        ),
        Wrong(
            "small-first",
            lambda weights, sizes: (
                (1 / np.maximum(sizes, 1)) @ weights / (1 / np.maximum(sizes, 1)).sum()
            ),
            "**The fewer examples, the more weight.** It is the other way round.",
        ),
    ),
    hints=(
        "What must the shares of the clients add up to?",
        "A row of K numbers times a (K, P) matrix is one row of P numbers.",
    ),
    why="""If each client takes one step with the gradient of all its examples, this mean is one
step on everybody's data together. After many steps at home it is not: clients with unlike data have
drifted apart, and the weighting is a rule of thumb.""",
    objectives=("TW-6",),
    minutes=4,
    difficulty=1,
)


# --- leak_input ----------------------------------------------------------------------------------


def leak_input(dW, db):
    """The example (D,) that made the gradients dW (M, D) and db (M,) of a linear layer."""
    i = np.argmax(np.abs(db))  #: a unit that got a gradient, the surest one
    return dW[i] / db[i]  #: its row is the example times one number


def _leak_inputs(rng: np.random.Generator, M: int, D: int) -> dict:
    db = rng.normal(size=M + 1).round(2)
    db[rng.integers(M + 1)] = 0.0  # a unit that was off
    db[np.argmax(abs(db))] = -1.5
    return {"dW": np.outer(db, rng.uniform(0, 1, D + 1).round(2)), "db": db}


def _leak_corners(rng: np.random.Generator) -> list[Case]:
    x = np.array([0.5, 0.0, 1.0, 0.25])
    return [
        Case("all gradients negative or zero", _leaky(np.array([0.0, -2.0, -1.0]), x)),
        Case("gradients that add up to zero", _leaky(np.array([-0.5, 0.75, -0.25, 0.0]), x)),
        Case("the last unit alone", _leaky(np.array([0.0, 0.0, 0.125]), x)),
    ]


def _leaky(db, x):
    return {"dW": np.outer(db, x), "db": db}


def _quiet(run):
    """A known-wrong variant that may divide by zero."""

    def wrong(dW, db):
        with np.errstate(all="ignore"):
            return run(dW, db)

    return wrong


LEAK = Exercise(
    id="leak_input",
    title="Read the example off the gradient",
    asks="""A linear layer $z = Wx + b$ was shown **one** example. You see the gradients of the loss
with respect to its weight, `dW` (M, D), and its bias, `db` (M,). Return the example, (D,).

Some units may have been off: their gradients are zero.""",
    reference=leak_input,
    inputs=_leak_inputs,
    corners=_leak_corners,
    wrongs=(
        Wrong(
            "first-unit",
            _quiet(lambda dW, db: dW[0] / db[0]),
            "**You take the first unit, whatever it got.** If it was off, that is zero divided by "
            "zero. Take one with a gradient.",
            belief="I-11",
            decoy="i = 0",
        ),
        Wrong(
            "largest-signed",
            _quiet(lambda dW, db: dW[np.argmax(db)] / db[np.argmax(db)]),
            "**The largest gradient may be zero, if the others are negative.** What is wanted is "
            "one far from zero.",
            decoy="i = np.argmax(db)",
        ),
        Wrong(
            "row-only",
            lambda dW, db: dW[np.argmax(abs(db))],
            "**That is the example times a number.** The picture can be recognised already; the "
            "bias's gradient is that number, so it can be divided out.",
            belief="I-11",
            see="trust-bench#peek",
            decoy="return dW[i]",
        ),
        Wrong(
            "sum-over-units",
            _quiet(lambda dW, db: dW.sum(0) / db.sum()),
            "**Sum divided by sum is right only if the gradients do not cancel.** For an output "
            "layer under a softmax they add up to zero.",
        ),
        Wrong(
            "times",
            lambda dW, db: dW[np.argmax(abs(db))] * db[np.argmax(abs(db))],
            "**You multiply by the bias's gradient.** The row is the example *times* it; to undo a "
            "product, divide.",
            decoy="return dW[i] * db[i]",
        ),
        Wrong(
            "unsigned",
            lambda dW, db: dW[np.argmax(abs(db))] / abs(db[np.argmax(abs(db))]),
            "**The sign of the bias's gradient is lost.** If it is negative, what you return is "
            "the example's negative.",
        ),
        Wrong(
            "of-length-one",
            lambda dW, db: (
                dW[np.argmax(abs(db))] / max(np.linalg.norm(dW[np.argmax(abs(db))]), 1e-300)
            ),
            "**The row is brought to length one.** That keeps the direction alone; the bias's "
            "gradient tells the size as well.",
        ),
    ),
    hints=(
        "Write down row i of dW and entry i of db for one example. What do they have in common?",
        "Divide by something that is surely not zero.",
    ),
    why="""Every row of the weight's gradient is the example, scaled. So whoever sees the gradient
of one example sees the example: that the data stay at home does not keep them private.""",
    objectives=("TW-7",),
    minutes=5,
    difficulty=2,
)


# --- clip_and_noise ------------------------------------------------------------------------------


def clip_and_noise(each, limit, sigma, noise):
    """The mean of gradients (N, P), each of length at most `limit`, with noise on the sum: (P,)."""
    lengths = np.linalg.norm(each, axis=1, keepdims=True)  #: of each example's gradient, (N, 1)
    shares = np.minimum(1.0, limit / np.maximum(lengths, 1e-12))  #: how much of each is kept
    total = (each * shares).sum(axis=0)
    return (total + sigma * limit * noise) / len(each)  #: noise of deviation sigma * limit, mean


def _clip_inputs(rng: np.random.Generator, N: int, P: int) -> dict:
    each = rng.normal(size=(N + 1, P + 1)) * rng.choice([0.1, 3.0], (N + 1, 1))
    each[0] *= 3.0 / np.linalg.norm(each[0])  # one that is too long, one that is not
    each[1] *= 0.3 / np.linalg.norm(each[1])
    return {"each": each, "limit": 0.7, "sigma": 1.3, "noise": rng.normal(size=P + 1)}


def _clip_corners(rng: np.random.Generator) -> list[Case]:
    each = np.array([[3.0, 4.0], [0.0, 0.0], [0.3, -0.4], [-6.0, 8.0]])
    noise = np.array([1.0, -0.5])
    return [
        Case("an example without a gradient", _clip(each, 2.0, 0.5, noise)),
        Case("no noise", _clip(each, 0.5, 0.0, noise)),
        Case("a wide limit", _clip(each, 20.0, 0.8, noise)),
    ]


def _clip(each, limit, sigma, noise):
    return {"each": each, "limit": limit, "sigma": sigma, "noise": noise}


def _clipped(each, limit):
    lengths = np.linalg.norm(each, axis=1, keepdims=True)
    return each * np.minimum(1.0, limit / np.maximum(lengths, 1e-12))


def _clip_the_mean(each, limit, sigma, noise):
    mean = each.mean(axis=0)
    share = min(1.0, limit / max(np.linalg.norm(mean), 1e-12))
    return mean * share + sigma * limit * noise / len(each)


def _brought_to_limit(each, limit, sigma, noise):
    lengths = np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-12)
    return ((each / lengths * limit).sum(0) + sigma * limit * noise) / len(each)


CLIP = Exercise(
    id="clip_and_noise",
    title="Clip each, then add noise",
    asks="""`each` (N, P) holds one gradient a row, one row for each example. Return the gradient of
DP-SGD, (P,): shorten every row that is longer than `limit` to that length, add the rows up, add
`sigma * limit` times the standard normal numbers `noise` (P,) to the **sum**, and divide by N.

A row may be zero.""",
    reference=clip_and_noise,
    inputs=_clip_inputs,
    corners=_clip_corners,
    rtol=2e-5,  # libraries add up to 1e-6 to a length, and sums with noise may nearly cancel
    wrongs=(
        Wrong(
            "mean-clipped",
            _clip_the_mean,
            "**You clip the mean.** One example could then still move the result as far as it "
            "likes within the limit of all together. What is limited is each example's own share.",
            belief="I-11",
            decoy="lengths = np.linalg.norm(each.mean(axis=0))",
        ),
        Wrong(
            "no-noise",
            lambda each, limit, sigma, noise: _clipped(each, limit).mean(0),
            "**The noise is missing.** Clipping scales a gradient and leaves its direction: the "
            "example can still be read off it.",
            belief="I-11",
            see="trust-bench#clipped",
            decoy="return total / len(each)",
        ),
        Wrong(
            "all-brought-to-limit",
            _brought_to_limit,
            "**Short gradients are made longer.** A limit only shortens: what is below it stays.",
            decoy="shares = limit / np.maximum(lengths, 1e-12)",
        ),
        Wrong(
            "clipped-by-weight",
            lambda each, limit, sigma, noise: (
                (np.clip(each, -limit, limit).sum(0) + sigma * limit * noise) / len(each)
            ),
            "**Every number is clipped by itself.** The length of the whole row is limited, and "
            "its direction is kept.",
            belief="O-17",
        ),
        Wrong(
            "noise-not-scaled",
            lambda each, limit, sigma, noise: (
                (_clipped(each, limit).sum(0) + sigma * noise) / len(each)
            ),
            "**The noise does not know the limit.** It must be as large, compared with the limit, "
            "as sigma says: that is what hides one example among the others.",
            decoy="return (total + sigma * noise) / len(each)",
        ),
        Wrong(
            "noise-on-the-mean",
            lambda each, limit, sigma, noise: _clipped(each, limit).mean(0) + sigma * limit * noise,
            "**The noise is added to the mean.** It belongs to the sum, and is divided by N with "
            "it; here it is N times as large.",
            decoy="return total / len(each) + sigma * limit * noise",
        ),
        Wrong(
            "sum",
            lambda each, limit, sigma, noise: _clipped(each, limit).sum(0) + sigma * limit * noise,
            "**That is the sum.** The mean is asked for: divide by the number of examples.",
            decoy="return total + sigma * limit * noise",
        ),
    ),
    hints=(
        "By which number must a row of length 5 be multiplied if the limit is 2? And one of "
        "length 1?",
        "`keepdims=True` leaves the lengths as a column, so that they go with the rows.",
    ),
    why="""With every example's share limited, no single one can change the sum by more than the
limit, and noise in proportion to it can hide whether it was there. How well it is hidden after many
steps is computed by an accountant of differential privacy; clipping and noise alone are no
proof.""",
    equivalent={
        "shares = np.minimum(1.0, limit / np.maximum(lengths, 1e-12)) -> "
        "shares = np.minimum(1.0, limit / np.maximum(lengths, -0.999999999999))": (
            "a row of zeros is divided by zero, and the share is one all the same"
        ),
    },
    objectives=("TW-7",),
    minutes=7,
    difficulty=3,
)


EXERCISES = (INTEGRATED, OCCLUSION, DELETION, ECE, GROUP_RATES, FEDAVG, LEAK, CLIP)
