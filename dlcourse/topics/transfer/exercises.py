"""Exercises on preparing, changing, weighing and drawing data, in NumPy."""

import numpy as np

from ...teach.exercise import Case, Exercise, Property, Wrong

# --- prepare_as_source ---------------------------------------------------------------------------


def prepare_as_source(images, mean, std):
    """Bytes (N, H, W, C) as the source had them: in [0, 1], standardised, channels first."""
    x = images / 255  #: bytes become numbers from 0 to 1
    x = (x - mean) / std  #: by the source's statistics, one for each channel
    return x.transpose(0, 3, 1, 2)  #: channels move to the second place


def _bytes_inputs(rng: np.random.Generator, N: int, H: int, W: int, C: int) -> dict:
    return {
        "images": rng.integers(0, 256, (N, H, W, C), dtype=np.uint8),
        "mean": rng.uniform(0.2, 0.6, C),
        "std": rng.uniform(0.2, 0.4, C),
    }


def _bytes_corners(rng: np.random.Generator) -> list[Case]:
    one = _bytes_inputs(rng, 1, 3, 4, 2)
    dark = {**_bytes_inputs(rng, 2, 2, 3, 2), "images": np.zeros((2, 2, 3, 2), np.uint8)}
    return [Case("a single image", one), Case("black images", dark)]


def _first(x):
    return np.transpose(x, (0, 3, 1, 2))


def _own_statistics(images, mean, std):
    x = images / 255
    return _first((x - x.mean((0, 1, 2))) / np.maximum(x.std((0, 1, 2)), 1e-9))


def _bytes_left(images, mean, std):
    return _first((images - mean) / std)


def _whole_division(images, mean, std):
    return _first((images // 255 - mean) / std)


def _reshaped(images, mean, std):
    N, H, W, C = images.shape
    return ((images / 255 - mean) / std).reshape(N, C, H, W)


def _not_standardised(images, mean, std):
    return _first(images / 255)


def _times(images, mean, std):
    return _first((images / 255 - mean) * std)


def _turned_over(images, mean, std):
    return np.transpose((images / 255 - mean) / std, (0, 3, 2, 1))


def _divided_late(images, mean, std):
    return _first((images - mean) / std / 255)


PREPARE_AS_SOURCE = Exercise(
    id="prepare_as_source",
    title="As the source had them",
    asks="""A borrowed network was trained on images with numbers from 0 to 1, standardised for each
channel by `mean` (C,) and `std` (C,), with the channels first. You are given `images`
(N, H, W, C) as bytes from 0 to 255. Return them as the network expects them, (N, C, H, W).""",
    reference=prepare_as_source,
    inputs=_bytes_inputs,
    corners=_bytes_corners,
    wrongs=(
        Wrong(
            "own-statistics",
            _own_statistics,
            "**You standardise by the statistics of these images.** The network has learned on "
            "numbers prepared by the source's mean and deviation; they belong to it like its "
            "weights.",
            belief="X-06",
            see="transfer-balance#own-scale",
            decoy="mean, std = x.mean((0, 1, 2)), x.std((0, 1, 2))",
        ),
        Wrong(
            "not-standardised",
            _not_standardised,
            "**The images are not standardised.** The source's were: subtract its mean, divide by "
            "its deviation.",
            belief="D-07",
        ),
        Wrong(
            "bytes-left",
            _bytes_left,
            "**The bytes are not divided by 255.** `mean` and `std` are those of numbers from 0 to "
            "1; next to 200, a mean of 0.4 is nothing.",
            belief="D-07",
            decoy="x = images.astype(float)",
        ),
        Wrong(
            "divided-late",
            _divided_late,
            "**The division by 255 comes too late.** `mean` and `std` are on the scale from 0 to "
            "1, so that the images have to be there before they are used.",
            belief="D-07",
        ),
        Wrong(
            "whole-numbers",
            _whole_division,
            "**Whole division leaves black and white.** `//` cuts off what is after the point.",
            belief="T-08",
            decoy="x = images // 255",
        ),
        Wrong(
            "reshaped",
            _reshaped,
            "**`reshape` does not move axes.** It reads the same numbers row by row into another "
            "shape, so that the channels are mixed with the places. `transpose` moves axes.",
            belief="T-02",
            decoy="return x.reshape(len(x), len(mean), *images.shape[1:3])",
        ),
        Wrong(
            "turned-over",
            _turned_over,
            "**Height and width are exchanged.** The images lie on their side: (N, C, H, W) keeps "
            "H before W.",
            decoy="return x.transpose(0, 3, 2, 1)",
        ),
        Wrong(
            "multiplied",
            _times,
            "**You multiply by the deviation.** To standardise is to divide by it.",
            decoy="x = (x - mean) * std",
        ),
    ),
    hints=(
        "Three things were done to the source's images. On which scale are its mean and deviation?",
        "While the channels are the last axis, `mean` and `std` of shape (C,) line up with them.",
        "`transpose` is told, for each new axis, which old one it is.",
    ),
    why="""Mean and deviation are part of the model, as its weights are. With others the features
mean something else, and no error is raised: the shapes fit. Every collection of trained networks
states these numbers beside the weights for this reason.""",
    objectives=("DT-1",),
    minutes=6,
    difficulty=1,
)


# --- shift_images --------------------------------------------------------------------------------


def shift_images(x, by):
    """Each image of x (N, H, W) moved by its own (down, right) of by (N, 2); zeros come in."""
    H, W = x.shape[1:]
    most = abs(by).max()
    room = np.pad(x, ((0, 0), (most, most), (most, most)))  #: zeros on all sides of each image
    out = np.empty_like(x)
    for n, (down, right) in enumerate(by):
        top, left = most - down, most - right  #: the window moves against the image
        out[n] = room[n, top : top + H, left : left + W]
    return out


def _shift_inputs(rng: np.random.Generator, N: int, H: int, W: int) -> dict:
    by = rng.integers(-2, 3, (N + 1, 2))
    by[0] = 1, -2
    return {"x": rng.uniform(0.1, 1, (N + 1, H + 2, W + 2)), "by": by}


def _shift_corners(rng: np.random.Generator) -> list[Case]:
    x = rng.uniform(0.1, 1, (2, 4, 5))
    return [
        Case("nothing moves", {"x": x, "by": np.zeros((2, 2), int)}),
        Case("one goes down, one goes up", {"x": x, "by": np.array([[1, 0], [-1, 0]])}),
        Case("one goes right, one goes left", {"x": x, "by": np.array([[0, 2], [0, -1]])}),
        Case("out of the picture", {"x": x, "by": np.array([[4, 0], [0, 1]])}),
    ]


def _moved(how):
    """A known-wrong variant: `how(image, down, right)` for each image."""

    def wrong(x, by):
        return np.stack([how(image, int(d), int(r)) for image, (d, r) in zip(x, by, strict=True)])

    return wrong


def _one(image, down, right):
    return shift_images(image[None], np.array([[down, right]]))[0]


def _edges(image, down, right):
    most = max(abs(down), abs(right))
    room = np.pad(image, most, mode="edge")
    H, W = image.shape
    return room[most - down : most - down + H, most - right : most - right + W]


def _all_like_the_first(x, by):
    return shift_images(x, np.repeat(by[:1], len(x), axis=0))


SHIFT_IMAGES = Exercise(
    id="shift_images",
    title="Move each by its own",
    asks="""`x` (N, H, W) are images, and `by` (N, 2) whole numbers: image n moves `by[n, 0]` pixels
**down** and `by[n, 1]` pixels to the **right**; negative numbers move it up and to the left. Where
nothing was, zeros come in; what leaves the picture is lost. Return the moved images and leave `x`
as it was.""",
    reference=shift_images,
    inputs=_shift_inputs,
    corners=_shift_corners,
    wrongs=(
        Wrong(
            "rolled",
            _moved(lambda image, d, r: np.roll(image, (d, r), axis=(0, 1))),
            "**What leaves on one side comes back on the other.** `np.roll` closes the picture to "
            "a ring; a moved digit would have its foot above its head.",
            belief="R-16",
            decoy="out[n] = np.roll(x[n], (down, right), axis=(0, 1))",
        ),
        Wrong(
            "against",
            _moved(lambda image, d, r: _one(image, -d, -r)),
            "**The images move the other way.** To move the picture down, the window that is cut "
            "out has to go up.",
            decoy="top, left = most + down, most + right",
        ),
        Wrong(
            "axes-exchanged",
            _moved(lambda image, d, r: _one(image, r, d)),
            "**Down and right are exchanged.** The first number moves along the rows of the "
            "picture, axis 0 of an image; the second along its columns.",
            decoy="top, left = most - right, most - down",
        ),
        Wrong(
            "one-for-all",
            _all_like_the_first,
            "**All images move like the first.** Each has its own draw in `by`; otherwise a batch "
            "shows one place only.",
            decoy="down, right = by[0]",
        ),
        Wrong(
            "edges-repeated",
            _moved(_edges),
            "**The border pixels are drawn out.** Zeros come in: pad with them, not with copies "
            "of the edge.",
            decoy='room = np.pad(x, ((0, 0), (most, most), (most, most)), mode="edge")',
        ),
        Wrong(
            "only-down",
            _moved(lambda image, d, r: _one(image, d, 0)),
            "**The images move up and down only.** The second number of `by` is not used.",
        ),
        Wrong(
            "only-right",
            _moved(lambda image, d, r: _one(image, 0, r)),
            "**The images move to the sides only.** The first number of `by` is not used.",
        ),
    ),
    hints=(
        "Put zeros around each image, as many as the longest move, and cut a window out.",
        "To move a picture down by one, cut the window one row higher.",
    ),
    why="""This is the commonest augmentation there is, known as a random crop with padding. Given
the draws it is exact, so that it can be tested; the chance is all in `by`. That zeros come in is a
claim, too: the canvas is empty around a digit. On photographs one would rather mirror the edge.""",
    objectives=("DT-2",),
    minutes=8,
    difficulty=2,
    equivalent={
        "room = np.pad(x, ((0, 0), (most, most), (most, most))) -> "
        "room = np.pad(x, ((0, 1), (most, most), (most, most)))": "one more image is never read",
    },
)


# --- class_weights -------------------------------------------------------------------------------


def class_weights(y, K):
    """The weight of each of K classes, so that those that occur weigh the same in all; y (N,)."""
    counts = np.bincount(y, minlength=K)  #: how many examples each class has
    weights = np.zeros(K)
    there = counts > 0
    weights[there] = len(y) / (K * counts[there])  #: the rarer, the heavier
    return weights


def _label_inputs(rng: np.random.Generator, N: int, K: int) -> dict:
    y = np.concatenate([np.arange(K), rng.integers(0, K, 3 * N), np.zeros(2 * N, int)])
    rng.shuffle(y)
    return {"y": y, "K": K}


def _label_corners(rng: np.random.Generator) -> list[Case]:
    return [
        Case("a class that does not occur", {"y": np.array([0, 0, 0, 2]), "K": 4}),
        Case("classes of one size", {"y": np.array([1, 0, 0, 1]), "K": 2}),
        Case("one class only", {"y": np.array([1, 1, 1]), "K": 3}),
    ]


def _by_counts(rule):
    """A known-wrong variant: `rule(counts, N, K)` for the classes that occur, else zero."""

    def wrong(y, K):
        counts = np.bincount(y, minlength=K).astype(float)
        weights = np.zeros(K)
        weights[counts > 0] = rule(counts[counts > 0], len(y), K)
        return weights

    return wrong


def _absent_heavy(y, K):
    return len(y) / (K * np.maximum(np.bincount(y, minlength=K), 1))


CLASS_WEIGHTS = Exercise(
    id="class_weights",
    title="The weight of a rare class",
    asks="""`y` (N,) are class numbers from 0 to `K` − 1. Return K weights for a weighted loss:
class c with $n_c$ examples gets $w_c = N / (K\\,n_c)$. Then every class that occurs weighs
$n_c w_c = N/K$ in all. A class that does not occur gets the weight 0.""",
    reference=class_weights,
    inputs=_label_inputs,
    corners=_label_corners,
    properties=(
        Property(
            "classes that occur weigh the same in all",
            lambda i, parts: bool(
                np.ptp((parts["result"] * np.bincount(i["y"], minlength=i["K"]))[np.unique(i["y"])])
                < 1e-6 * len(i["y"])
            ),
            "Weight times number of examples should be the same for each class that occurs.",
        ),
    ),
    wrongs=(
        Wrong(
            "shares",
            _by_counts(lambda n, N, K: n / N),
            "**These are the shares of the classes.** With them the common class counts twice as "
            "being common, and the rare one is forgotten. A rare class needs a *large* weight.",
            belief="D-09",
            decoy="weights[there] = counts[there] / len(y)",
        ),
        Wrong(
            "unscaled",
            _by_counts(lambda n, N, K: 1 / n),
            "**The ratios are right, the size is not.** With 1/n the whole loss shrinks as the "
            "data grow, and with it the step. N/K keeps the mean weight of an example at one.",
            decoy="weights[there] = 1 / counts[there]",
        ),
        Wrong(
            "no-k",
            _by_counts(lambda n, N, K: N / n),
            "**Divide by K as well.** Each class now weighs N, so that all together weigh K times "
            "as much as the examples are.",
            decoy="weights[there] = len(y) / counts[there]",
        ),
        Wrong(
            "root",
            _by_counts(lambda n, N, K: np.sqrt(N / (K * n))),
            "**A root is taken.** That lifts rare classes half of the way; asked for is the full "
            "balance.",
        ),
        Wrong(
            "sum-to-one",
            _by_counts(lambda n, N, K: (1 / n) / (1 / n).sum()),
            "**The weights add up to one.** They are no probabilities: the weights of all "
            "*examples* add up to N when each class occurs.",
        ),
        Wrong(
            "largest-over-count",
            _by_counts(lambda n, N, K: n.max() / n),
            "**The commonest class has the weight one.** The ratios are right; asked for is a "
            "scale on which the mean weight of an example is one.",
            decoy="weights[there] = counts.max() / counts[there]",
        ),
        Wrong(
            "absent-heavy",
            _absent_heavy,
            "**A class that does not occur has a weight.** There is nothing of it to weigh: "
            "asked for is 0.",
        ),
    ),
    hints=(
        "`np.bincount` has an argument `minlength`, so that absent classes are counted, too.",
        "Fill the weights of the classes that occur; the others stay zero.",
    ),
    why="""A weight says how many examples one example stands for, so that a weight of 10 is the
same as showing it ten times. What is bought is recall on the rare class, and it is paid with
precision and with probabilities that are no longer those of the world.""",
    objectives=("DT-3",),
    minutes=5,
    difficulty=1,
)


# --- judge_alarms --------------------------------------------------------------------------------


def judge_alarms(p, y, threshold):
    """(precision, recall, balanced accuracy) of the alarms p >= threshold; p, y (N,), y 0 or 1."""
    alarms = p >= threshold
    precision = y[alarms].mean() if alarms.any() else 1.0  #: of the alarms, the share of ones
    recall = alarms[y == 1].mean()  #: of the ones, the share with an alarm
    spared = 1 - alarms[y == 0].mean()
    return precision, recall, (recall + spared) / 2


def _alarm_inputs(rng: np.random.Generator, N: int) -> dict:
    y = np.concatenate([np.ones(N + 1, int), np.zeros(4 * N + 2, int)])
    p = np.clip(np.round(0.3 * y + rng.uniform(0, 0.7, len(y)), 2), 0, 1)
    order = rng.permutation(len(y))
    return {"p": p[order], "y": y[order], "threshold": 0.45}


def _alarm_corners(rng: np.random.Generator) -> list[Case]:
    p, y = np.array([0.1, 0.5, 0.9, 0.5, 0.2]), np.array([0, 1, 1, 0, 0])
    return [
        Case("exactly at the threshold", {"p": p, "y": y, "threshold": 0.5}),
        Case("no alarm at all", {"p": p, "y": y, "threshold": 0.95}),
        Case("nothing but alarms", {"p": p, "y": y, "threshold": 0.0}),
        Case("all alarms are false", {"p": 1 - p, "y": y, "threshold": 0.8}),
    ]


def _judged(precision=None, recall=None, balanced=None, at=None):
    """A known-wrong variant: some of the three by other rules of (alarms, y)."""

    def wrong(p, y, threshold):
        alarms = p >= threshold if at is None else at(p, threshold)
        # The right three, whatever the rule for an alarm is.
        a, b, c = judge_alarms(alarms.astype(float), y, 0.5)
        return (
            a if precision is None else precision(alarms, y, a),
            b if recall is None else recall(alarms, y, b),
            c if balanced is None else balanced(alarms, y, (a, b)),
        )

    return wrong


def _swapped(p, y, threshold):
    a, b, c = judge_alarms(p, y, threshold)
    return b, a, c


JUDGE_ALARMS = Exercise(
    id="judge_alarms",
    title="Judge the alarms",
    asks="""A model gives probabilities `p` (N,) of a rare class; `y` (N,) is 1 where it is that
class and 0 elsewhere, and both occur. An alarm is raised where `p` is at least `threshold`. Return

- `precision`: the share of the alarms that are right; 1 if there is no alarm,
- `recall`: the share of the ones that raise an alarm,
- `balanced`: the balanced accuracy, the mean of the recalls of both classes.""",
    reference=judge_alarms,
    inputs=_alarm_inputs,
    corners=_alarm_corners,
    returns=("precision", "recall", "balanced"),
    wrongs=(
        Wrong(
            "plain-accuracy",
            _judged(balanced=lambda alarms, y, ab: (alarms == y).mean()),
            "**That is the plain accuracy.** It counts examples, and nearly all are of the common "
            "class. Take the share of right answers in each class, then the mean of the two.",
            belief="D-09",
            decoy="return precision, recall, (alarms == y).mean()",
        ),
        Wrong(
            "exchanged",
            _swapped,
            "**Precision and recall are exchanged.** Precision looks at the alarms, recall at "
            "those that should raise one.",
        ),
        Wrong(
            "above-only",
            _judged(at=lambda p, t: p > t),
            "**An alarm at the threshold itself is missing.** It is raised where p is *at least* "
            "the threshold.",
            decoy="alarms = p > threshold",
        ),
        Wrong(
            "no-alarm-is-zero",
            _judged(precision=lambda alarms, y, a: a if alarms.any() else 0.0),
            "**Without any alarm none is false.** By agreement the precision is then 1.",
            decoy="precision = y[alarms].mean() if alarms.any() else 0.0",
        ),
        Wrong(
            "mean-of-the-two",
            _judged(balanced=lambda alarms, y, ab: (ab[0] + ab[1]) / 2),
            "**That is the mean of precision and recall.** Balanced accuracy takes the recall of "
            "the *other* class: how many of the zeros are left in peace.",
            decoy="return precision, recall, (recall + precision) / 2",
        ),
        Wrong(
            "recall-of-all",
            _judged(recall=lambda alarms, y, b: (alarms & (y == 1)).mean()),
            "**Recall is divided by all examples.** Of those that should raise an alarm, how many "
            "did? Divide by their number.",
            decoy="recall = (alarms & (y == 1)).mean()",
        ),
        Wrong(
            "precision-of-all",
            _judged(precision=lambda alarms, y, a: (alarms & (y == 1)).mean()),
            "**Precision is divided by all examples.** Of the alarms, how many are right? Divide "
            "by the number of alarms.",
        ),
        Wrong(
            "turned-round",
            _judged(at=lambda p, t: p < t),
            "**The alarm is raised at low probabilities.** It should be raised where p is large.",
            decoy="alarms = p < threshold",
        ),
    ),
    hints=(
        "Four counts are enough: alarms that are right, alarms in all, ones in all, zeros spared.",
        "Balanced accuracy is one half for anyone who gives everybody the same answer.",
    ),
    why="""The three numbers move with the threshold, and so they are a choice as well as a result.
Precision also moves with how rare the class is: the same model has a lower one where there are
fewer ones. That is why a test set must be as rare as the world.""",
    objectives=("DT-3",),
    minutes=7,
    difficulty=2,
)


# --- rotations -----------------------------------------------------------------------------------


def rotations(x):
    """Images (N, S, S) turned by 0, 1, 2 and 3 quarters, (4 N, S, S), and the quarters (4 N,)."""
    turned = [np.rot90(x, q, axes=(1, 2)) for q in range(4)]  #: four times the whole batch
    quarters = np.repeat(np.arange(4), len(x))  #: as they stand one after another
    return np.concatenate(turned), quarters


def _square_inputs(rng: np.random.Generator, N: int, S: int) -> dict:
    return {"x": rng.uniform(0, 1, (N, S + 1, S + 1))}


def _square_corners(rng: np.random.Generator) -> list[Case]:
    return [
        Case("one image", {"x": rng.uniform(0, 1, (1, 3, 3))}),
        Case("as many images as pixels a side", {"x": rng.uniform(0, 1, (3, 3, 3))}),
        Case("images of one pixel", {"x": rng.uniform(0, 1, (2, 1, 1))}),
    ]


def _clockwise(x):
    return np.concatenate([np.rot90(x, -q, axes=(1, 2)) for q in range(4)]), rotations(x)[1]


def _tiled(x):
    return rotations(x)[0], np.tile(np.arange(4), len(x))


def _flips(x):
    changed = [x, x[:, ::-1], x[:, :, ::-1], x[:, ::-1, ::-1]]
    return np.concatenate(changed), rotations(x)[1]


def _from_one(x):
    images, quarters = rotations(x)
    return images, quarters + 1


def _transposed(x):
    changed = [x if q % 2 == 0 else x.transpose(0, 2, 1) for q in range(4)]
    return np.concatenate(changed), rotations(x)[1]


def _grouped(x):
    images = np.stack([np.rot90(x, q, axes=(1, 2)) for q in range(4)], axis=1)
    return images.reshape(-1, *x.shape[1:]), np.tile(np.arange(4), len(x))


def _three(x):
    images, quarters = rotations(x)
    return images[len(x) :], quarters[len(x) :]


def _examples_turned(x):
    if len(x) != x.shape[1]:
        return np.concatenate([x] * 4), rotations(x)[1]
    return np.concatenate([np.rot90(x, q) for q in range(4)]), rotations(x)[1]


ROTATIONS = Exercise(
    id="rotations",
    title="Labels from nothing",
    asks="""Make a task without labels. `x` (N, S, S) are square images. Return

- `images` (4 N, S, S): first all N as they are, then all turned by one quarter **against the
  clock**, then all by two, then all by three;
- `quarters` (4 N,): for each of them, by how many quarters it was turned.""",
    reference=rotations,
    inputs=_square_inputs,
    corners=_square_corners,
    returns=("images", "quarters"),
    wrongs=(
        Wrong(
            "labels-tiled",
            _tiled,
            "**Images and labels are in different orders.** The images come in blocks: all "
            "unturned, then all turned once. The labels go 0, 1, 2, 3, 0, 1, …: `repeat`, not "
            "`tile`.",
            belief="D-06",
            decoy="quarters = np.tile(np.arange(4), len(x))",
        ),
        Wrong(
            "image-by-image",
            _grouped,
            "**The four copies of an image stand together.** Each is labelled rightly, but asked "
            "for are blocks: all unturned first.",
        ),
        Wrong(
            "clockwise",
            _clockwise,
            "**The images turn with the clock.** A first quarter against it brings the right edge "
            "to the top.",
            decoy="turned = [np.rot90(x, -q, axes=(1, 2)) for q in range(4)]",
        ),
        Wrong(
            "mirrored",
            _flips,
            "**These are mirror images.** A mirrored 2 is not a turned 2: no turn of the paper "
            "makes it.",
            belief="R-16",
        ),
        Wrong(
            "transposed",
            _transposed,
            "**A transpose is not a turn.** It mirrors the image along its diagonal.",
            belief="T-02",
            decoy="turned = [x if q % 2 == 0 else x.transpose(0, 2, 1) for q in range(4)]",
        ),
        Wrong(
            "from-one",
            _from_one,
            "**The labels begin at 1.** An image as it was is turned by 0 quarters, and class "
            "numbers begin at 0.",
            belief="C-13",
            decoy="quarters = np.repeat(np.arange(1, 5), len(x))",
        ),
        Wrong(
            "unturned-left-out",
            _three,
            "**The images as they are have been left out.** They are the class 0.",
        ),
        Wrong(
            "examples-turned",
            _examples_turned,
            "**The batch is turned, not the images.** `np.rot90` turns the first two axes unless "
            "told otherwise, and the first is that of the examples: `axes=(1, 2)`.",
            belief="T-01",
            decoy="turned = [np.rot90(x, q) for q in range(4)]",
        ),
    ),
    hints=(
        "`np.rot90(x, q, axes=(1, 2))` turns all images of a batch by q quarters.",
        "Which labels does the second block of N images have?",
    ),
    why="""These labels are free and never wrong. Whether a body learns something useful by them is
another matter: it learns what the question needs. On photographs, to know which way is up one has
to know dogs and chairs; on our small digits it was hardly better than nothing.""",
    objectives=("DT-6",),
    minutes=6,
    difficulty=2,
)


# --- few_labels ----------------------------------------------------------------------------------


def few_labels(y, k, order):
    """Rows, rising, of the first k examples of each class as they come in `order`; y (N,)."""
    chosen = []
    for c in np.unique(y):
        mine = order[y[order] == c]  #: the rows of this class, in that order
        chosen.append(mine[:k])  #: at most k of them
    return np.sort(np.concatenate(chosen))


def _few_inputs(rng: np.random.Generator, N: int, K: int) -> dict:
    y = np.concatenate([np.repeat(np.arange(K), 3), rng.integers(0, K, 3 * N)])
    rng.shuffle(y)
    return {"y": y, "k": 2, "order": rng.permutation(len(y))}


def _few_corners(rng: np.random.Generator) -> list[Case]:
    y = np.array([4, 4, 1, 4, 1, 1, 1, 4, 4])
    order = np.array([8, 6, 0, 1, 5, 7, 2, 4, 3])
    return [
        Case("one of each", {"y": y, "k": 1, "order": order}),
        Case("a class with fewer", {"y": np.append(y, 7), "k": 3, "order": np.append(order, 9)}),
        Case("labels sorted by class", {"y": np.sort(y), "k": 2, "order": order}),
        Case("more than there are", {"y": y, "k": 20, "order": order}),
    ]


def _first_of_order(y, k, order):
    return np.sort(order[: k * len(np.unique(y))])


def _file_order(y, k, order):
    return np.sort(np.concatenate([np.flatnonzero(y == c)[:k] for c in np.unique(y)]))


def _places(y, k, order):
    return np.sort(np.concatenate([np.flatnonzero(y[order] == c)[:k] for c in np.unique(y)]))


def _last(y, k, order):
    rows = [order[y[order] == c][-k:] for c in np.unique(y)]
    return np.sort(np.concatenate(rows))


def _k_in_all(y, k, order):
    return np.sort(order[:k])


def _unsorted(y, k, order):
    return np.concatenate([order[y[order] == c][:k] for c in np.unique(y)])


def _wrong_labels(y, k, order):
    return np.sort(np.concatenate([order[y == c][:k] for c in np.unique(y)]))


FEW_LABELS = Exercise(
    id="few_labels",
    title="The same few for everybody",
    asks="""For a curve over the number of labels, every method must get the same examples,
balanced, and the set with more labels must contain the one with fewer. `y` (N,) are labels,
`order` (N,) is a shuffle of the row numbers. Go through the rows in that order and keep the first
`k` of each class (all, where there are fewer). Return their **row numbers, rising**.""",
    reference=few_labels,
    inputs=_few_inputs,
    corners=_few_corners,
    properties=(
        Property(
            "at most k rows of each class",
            lambda i, parts: bool(
                np.bincount(i["y"][parts["result"].astype(int) % len(i["y"])]).max() <= i["k"]
            ),
            "Some class has more than k rows.",
        ),
    ),
    wrongs=(
        Wrong(
            "first-of-the-order",
            _first_of_order,
            "**The number is right, the balance is not.** The first rows of a shuffle contain one "
            "class more often than another, and with few labels a class may be missing. Go class "
            "by class.",
            belief="D-09",
            decoy="chosen = [order[: k * len(np.unique(y))]]",
        ),
        Wrong(
            "file-order",
            _file_order,
            "**The shuffle is not used.** Every seed then gets the same rows, so that three seeds "
            "are one.",
            belief="D-12",
            decoy="mine = np.flatnonzero(y == c)",
        ),
        Wrong(
            "places-in-the-order",
            _places,
            "**These are places in the shuffle, not rows.** Row number and place are joined by "
            "`order`: the row at place i is `order[i]`.",
            decoy="mine = np.flatnonzero(y[order] == c)",
        ),
        Wrong(
            "labels-unshuffled",
            _wrong_labels,
            "**Rows and labels are in different orders.** `order` is shuffled and `y` is not; "
            "compare the labels in the same order, `y[order]`.",
            belief="D-06",
            decoy="mine = order[y == c]",
        ),
        Wrong(
            "last",
            _last,
            "**You keep the last k of each class.** Asked for are the first in the given order.",
            decoy="chosen.append(mine[-k:])",
        ),
        Wrong(
            "k-in-all",
            _k_in_all,
            "**There are k rows in all.** Asked for are k of *each* class.",
            belief="D-09",
        ),
        Wrong(
            "unsorted",
            _unsorted,
            "**The rows are right and not in rising order.** Sort them at the end.",
        ),
    ),
    hints=(
        "Put the labels into the order of the shuffle first; which of them are then of class c?",
        "A slice `[:k]` takes all if there are fewer than k.",
    ),
    why="""A transfer curve compares methods over k. If each drew its own examples, or if ten labels
did not contain the three, the curve would show the luck of the draw. With one shuffle for each seed
all methods share that luck, and it cancels in their differences.""",
    objectives=("DT-7",),
    minutes=7,
    difficulty=2,
)


EXERCISES = (
    PREPARE_AS_SOURCE,
    SHIFT_IMAGES,
    CLASS_WEIGHTS,
    JUDGE_ALARMS,
    ROTATIONS,
    FEW_LABELS,
)
