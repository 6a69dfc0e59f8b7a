"""Exercises on honest splits and on what holds a model back, in NumPy."""

import numpy as np

from ...teach.exercise import Case, Exercise, Property, Wrong

# --- group_split ---------------------------------------------------------------------------------


def group_split(groups, to_test):
    """Row numbers (train, test), each rising: a row is for testing if its group is in to_test."""
    test = np.isin(groups, to_test)  #: one answer per row, the same for all rows of a group
    train_rows = np.flatnonzero(~test)  #: where it is False
    return train_rows, np.flatnonzero(test)


def _group_inputs(rng: np.random.Generator, N: int, G: int) -> dict:
    names = rng.permutation(np.arange(20, 20 + G + 2))
    groups = np.concatenate([names, rng.choice(names, 3 * N)])
    rng.shuffle(groups)
    return {"groups": groups, "to_test": names[: max(1, G // 2)].copy()}


def _group_corners(rng: np.random.Generator) -> list[Case]:
    groups = np.array([7, 7, 7, 2, 2, 9])
    return [
        Case("a large group", {"groups": groups, "to_test": np.array([7])}),
        Case("two groups", {"groups": groups, "to_test": np.array([9, 2])}),
        Case("a group that is not there", {"groups": groups, "to_test": np.array([5, 9])}),
    ]


def _rows_at_end(groups, to_test):
    count = int(np.isin(groups, to_test).sum())
    rows = np.arange(len(groups))
    return rows[: len(rows) - count], rows[len(rows) - count :]


def _one_row_each(groups, to_test):
    test = np.array([int(np.flatnonzero(groups == g)[0]) for g in to_test if g in groups], int)
    test = np.sort(test)
    return np.setdiff1d(np.arange(len(groups)), test), test


def _stays_in_training(groups, to_test):
    return np.arange(len(groups)), np.flatnonzero(np.isin(groups, to_test))


def _names(groups, to_test):
    test = np.isin(groups, to_test)
    return groups[~test], groups[test]


def _first_group(groups, to_test):
    test = groups == to_test[0]
    return np.flatnonzero(~test), np.flatnonzero(test)


GROUP_SPLIT = Exercise(
    id="group_split",
    title="Split by group",
    asks="""`groups` (N,) says for each row which patient it comes from. `to_test` lists the
patients that are kept for testing. Return two arrays of **row numbers**, `train` and `test`, both
in rising order: all rows of a patient are on the same side, and each row is on one of them.

A patient of the list may have no rows at all.""",
    reference=group_split,
    inputs=_group_inputs,
    corners=_group_corners,
    returns=("train", "test"),
    properties=(
        Property(
            "no group is on both sides",
            lambda i, parts: (
                not set(i["groups"][parts["train"].astype(int)])
                & set(i["groups"][parts["test"].astype(int)])
            ),
            "A group has rows on both sides: what the model learns of a patient is then tested on "
            "the same patient.",
        ),
    ),
    wrongs=(
        Wrong(
            "rows-not-groups",
            _rows_at_end,
            "**The number of rows is right, and the rows are not.** You cut the rows at a place; a "
            "patient with rows before and after it is on both sides.",
            belief="D-10",
            see="leak-detector#copies-first",
            decoy="test = np.arange(len(groups)) >= len(groups) - len(to_test)",
        ),
        Wrong(
            "one-row-each",
            _one_row_each,
            "**Only the first row of each test patient is tested on; the others train.** The model "
            "then knows every test patient already. All rows of a group move together.",
            belief="D-10",
            see="leak-detector#copies-first",
        ),
        Wrong(
            "kept-in-training",
            _stays_in_training,
            "**The test rows are in the training part, too.** Learning them by heart would be "
            "enough for a perfect score. Each row belongs to one side.",
            belief="D-10",
            see="leak-detector#copies-first",
            decoy="return np.arange(len(groups)), np.flatnonzero(test)",
        ),
        Wrong(
            "exchanged",
            lambda groups, to_test: group_split(groups, to_test)[::-1],
            "**The two parts are exchanged.** First the rows to train on, then those to test on.",
        ),
        Wrong(
            "group-names",
            _names,
            "**These are the names of the groups, not the numbers of the rows.** The caller will "
            "index with them: `x[train]`.",
        ),
        Wrong(
            "first-group-only",
            _first_group,
            "**Only the first patient of the list is kept for testing.** `to_test` may name "
            "several.",
        ),
    ),
    hints=(
        "For each row, is its group in the list? That is one True or False per row.",
        "`np.isin` compares each entry of one array with a whole list; `np.flatnonzero` turns True "
        "and False into row numbers.",
    ),
    why="""A split by rows asks how well the model does on *other rows of people it knows*. A split
by groups asks how it does on new people, and that is what one wants to know before using it. The
same holds for copies of an image, sentences of one author, or hours of one day.""",
    objectives=("OF-1",),
    minutes=5,
    difficulty=1,
)


# --- standardise_by_train ------------------------------------------------------------------------


def standardise_by_train(train, test):
    """Both parts with each column shifted and scaled by mean and deviation of the training part."""
    mean = train.mean(axis=0)  #: only the training part is looked at
    std = train.std(axis=0)
    scale = np.where(std > 0, std, 1.0)  #: a column that never changes is only shifted
    return (train - mean) / scale, (test - mean) / scale


def _scale_inputs(rng: np.random.Generator, N: int, M: int, D: int) -> dict:
    wide = rng.uniform(1, 5, D)
    return {
        "train": 2 + wide * rng.normal(size=(N + 1, D)),
        "test": 3 + 2 * wide * rng.normal(size=(M, D)),
    }


def _scale_corners(rng: np.random.Generator) -> list[Case]:
    train, test = rng.normal(size=(6, 3)), rng.normal(size=(2, 3))
    train[:, 1] = 4.0
    return [Case("a column that never changes", {"train": train, "test": test})]


def _by(mean_of, std_of):
    """A known-wrong variant that takes mean and deviation from other rows."""

    def wrong(train, test):
        mean, std = mean_of(train, test), std_of(train, test)
        scale = np.where(std > 0, std, 1.0)
        return (train - mean) / scale, (test - mean) / scale

    return wrong


def _mean(train, test):
    return train.mean(axis=0)


def _std(train, test):
    return train.std(axis=0)


def _each_by_itself(train, test):
    return tuple((p - p.mean(0)) / np.where(p.std(0) > 0, p.std(0), 1) for p in (train, test))


def _test_raw(train, test):
    return standardise_by_train(train, test)[0], test


def _bare_division(train, test):
    with np.errstate(all="ignore"):
        return tuple((p - train.mean(axis=0)) / train.std(axis=0) for p in (train, test))


STANDARDISE = Exercise(
    id="standardise_by_train",
    title="Scale without looking",
    asks="""Standardise the columns of `train` (N, D) and `test` (M, D): subtract a mean, divide by
a standard deviation (that of NumPy's `std`), and return both. Nothing of the test part may be
needed to do it. A column that never changes in training is only shifted.""",
    reference=standardise_by_train,
    inputs=_scale_inputs,
    corners=_scale_corners,
    returns=("train", "test"),
    wrongs=(
        Wrong(
            "all-rows",
            _by(
                lambda a, b: np.concatenate([a, b]).mean(axis=0),
                lambda a, b: np.concatenate([a, b]).std(axis=0),
            ),
            "**Mean and deviation come from all rows.** That tells training something of the test "
            "part: fit the scaler after the split, on the training rows.",
            belief="D-01",
            see="leak-detector#scale-first",
            decoy="mean = np.concatenate([train, test]).mean(axis=0)",
        ),
        Wrong(
            "each-by-itself",
            _each_by_itself,
            "**Each part is scaled by itself.** The same patient would get other numbers in "
            "training and in use. The test part gets the transformation of the training part.",
            belief="D-07",
        ),
        Wrong(
            "test-left-raw",
            _test_raw,
            "**The test part is not scaled.** The model has learned on standardised columns and "
            "cannot read raw ones.",
            belief="D-07",
            decoy="return (train - mean) / scale, test",
        ),
        Wrong(
            "one-for-all-columns",
            _by(lambda a, b: a.mean(), lambda a, b: a.std()),
            "**One mean for the whole table.** Every column has its own unit, so it needs its own "
            "mean and deviation: take them along axis 0.",
            decoy="mean = train.mean()",
        ),
        Wrong(
            "by-variance",
            _by(_mean, lambda a, b: a.var(axis=0)),
            "**That divides by the variance.** The standard deviation, its root, has the unit of "
            "the column.",
        ),
        Wrong(
            "constant-column",
            _bare_division,
            "**A column that never changes is divided by zero.** It has nothing to scale: shift "
            "it, and divide by one.",
        ),
        Wrong(
            "mean-left-in",
            _by(lambda a, b: np.zeros(a.shape[1]), _std),
            "**The mean is not subtracted.** Standardised columns are centred on the mean of the "
            "training part.",
        ),
    ),
    hints=(
        "Which rows are known at the time when the scaler is made?",
        "Compute `mean` and `std` of `train` along axis 0, and use them on both parts.",
        "For a constant column `std` is zero; `np.where` can put a one in its place.",
    ),
    why="""A mean is a decision about every number that follows, and it is taken from data. So it
belongs to training, and must not look at the test rows. On our digits the difference cannot be
measured; with few rows or heavy tails it can, and nothing is saved by doing it wrong.""",
    objectives=("OF-1",),
    minutes=6,
    difficulty=1,
)


# --- decoupled_step ------------------------------------------------------------------------------


def decoupled_step(w, g, lr, decay):
    """The weights after one step of SGD with decoupled decay, as in AdamW, with w left alone."""
    shrunk = w * (1 - lr * decay)  #: the weights shrink by a share of themselves
    return shrunk - lr * g  #: the gradient is used as it is


def _decay_inputs(rng: np.random.Generator, A: int, B: int) -> dict:
    w, g = rng.normal(0, 2, (A, B)), rng.normal(0, 1, (A, B))
    return {"w": w, "g": g, "lr": 0.2, "decay": 0.7}


def _decay_corners(rng: np.random.Generator) -> list[Case]:
    w = rng.normal(0, 2, 4)
    still = {"w": w, "g": np.zeros(4), "lr": 0.1, "decay": 0.5}
    return [
        Case("no gradient", still),
        Case("no decay", {"w": w, "g": rng.normal(size=4), "lr": 0.1, "decay": 0.0}),
    ]


DECOUPLED_STEP = Exercise(
    id="decoupled_step",
    title="Decay beside the gradient",
    asks="""One step of SGD with **decoupled** weight decay (Loshchilov and Hutter, 2019): first
shrink the weights `w` by the share `lr * decay`, then go down the gradient `g` with rate `lr`.
Return the new weights and leave `w` as it was.""",
    reference=decoupled_step,
    inputs=_decay_inputs,
    corners=_decay_corners,
    wrongs=(
        Wrong(
            "no-rate",
            lambda w, g, lr, decay: w * (1 - decay) - lr * g,
            "**The weights shrink by `decay`, whatever the learning rate.** As in PyTorch, the "
            "share is `lr * decay`, so that a schedule of the rate holds for both.",
            decoy="shrunk = w * (1 - decay)",
        ),
        Wrong(
            "l1",
            lambda w, g, lr, decay: w - lr * (g + decay * np.sign(w)),
            "**That takes the same amount from every weight.** A step of L1 does so; decay takes "
            "a share, so that large weights lose more.",
        ),
        Wrong(
            "grows",
            lambda w, g, lr, decay: w * (1 + lr * decay) - lr * g,
            "**The weights grow.** The penalty pulls towards zero: the factor is below one.",
            decoy="shrunk = w * (1 + lr * decay)",
        ),
        Wrong(
            "twice",
            lambda w, g, lr, decay: w * (1 - 2 * lr * decay) - lr * g,
            "**The share is twice too large.** That is the slope of $\\lambda w^2$; decay belongs "
            "to $\\frac{\\lambda}{2} w^2$, whose slope is $\\lambda w$.",
        ),
        Wrong(
            "no-decay",
            lambda w, g, lr, decay: w - lr * g,
            "**The decay is missing.** Without a gradient the weights must still shrink.",
            decoy="return w - lr * g",
        ),
        Wrong(
            "decays-after",
            lambda w, g, lr, decay: (w - lr * g) * (1 - lr * decay),
            "**The step is shrunk as well.** You decay what comes out of the step; the weights "
            "shrink first, and the gradient acts unscaled.",
        ),
        Wrong(
            "ascends",
            lambda w, g, lr, decay: w * (1 - lr * decay) + lr * g,
            "**The step goes up the gradient.** The decay is right; the sign of the other part is "
            "not.",
            belief="B-01",
        ),
        Wrong(
            "gradient-scaled-by-decay",
            lambda w, g, lr, decay: w * (1 - lr * decay) - lr * decay * g,
            "**The gradient is multiplied by the decay.** The two parts have nothing to do with "
            "each other: that is what decoupled means.",
        ),
    ),
    hints=(
        "What should happen to a weight whose gradient is zero?",
        "Multiply `w` by one minus a share, then subtract `lr * g`.",
    ),
    why="""For plain SGD this is the same as an L2 penalty in the loss: $w - \\eta(g + \\lambda w)$.
The difference shows where the gradient is rescaled. Adam divides it by $\\sqrt v$, and with it any
penalty that is inside; decay beside the gradient shrinks all weights by the same share.""",
    objectives=("OF-4",),
    minutes=4,
    difficulty=1,
)


# --- dropout_forward -----------------------------------------------------------------------------


def dropout_forward(x, p, training, noise):
    """Inverted dropout of x with probability p: dropped where noise (as x, in [0, 1)) is below."""
    if not training:
        return x  #: in use nothing is dropped and nothing is scaled
    kept = noise >= p
    return x * kept / (1 - p)  #: what is left is divided by the share that is kept


def _dropout_inputs(rng: np.random.Generator, B: int, H: int) -> dict:
    x = rng.uniform(0.5, 3, (B, H)) * rng.choice([-1, 1], (B, H))
    return {"x": x, "p": 0.3, "training": True, "noise": _mixed_noise(rng, (B, H))}


def _mixed_noise(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    noise = rng.random(shape)
    noise.flat[0] = 0.9  # at least one is kept
    if noise.size > 1:
        noise.flat[1] = 0.1  # and one dropped
    return noise


def _dropout_corners(rng: np.random.Generator) -> list[Case]:
    x, noise = rng.uniform(1, 2, (3, 4)), _mixed_noise(rng, (3, 4))
    off = {"x": x, "p": 0.3, "training": False, "noise": noise}
    return [
        Case("in use", off),
        Case("another share", {**off, "p": 0.8, "training": True}),
        Case("no dropout", {**off, "p": 0.0, "training": True}),
    ]


def _drops(value):
    """A known-wrong variant in training; in use it does nothing."""

    def wrong(x, p, training, noise):
        return value(x, p, noise) if training else x

    return wrong


def _scaled_in_use(x, p, training, noise):
    return x * (noise >= p) if training else x * (1 - p)


DROPOUT_FORWARD = Exercise(
    id="dropout_forward",
    title="Dropout, in two modes",
    asks="""Inverted dropout. In training (`training` is True) a unit of `x` (B, H) is set to zero
where its number in `noise` (B, H), uniform in [0, 1), is **below** `p`; what is kept is rescaled so
that the expected value stays the same. In use `x` comes back unchanged. `p` is below 1.""",
    reference=dropout_forward,
    inputs=_dropout_inputs,
    corners=_dropout_corners,
    wrongs=(
        Wrong(
            "no-rescaling",
            _drops(lambda x, p, noise: x * (noise >= p)),
            "**What is kept is not rescaled.** On average the layer puts out the share 1 − p of "
            "what it will in use, and the next layer learns the wrong size.",
            belief="R-04",
            see="overfit-dial#no-rescale",
            decoy="return x * kept",
        ),
        Wrong(
            "by-p",
            _drops(lambda x, p, noise: x * (noise >= p) / p if p else x),
            "**You divide by the share that is dropped.** The share that is kept is 1 − p; at "
            "p = 0.5 the two are the same, and at 0.3 they are not.",
            belief="R-04",
            decoy="return x * kept / p",
        ),
        Wrong(
            "keeps-p",
            _drops(lambda x, p, noise: x * (noise < p) / (1 - p)),
            "**The mask is the wrong way round.** `p` is the probability to *drop*; a unit is kept "
            "where its noise is not below p.",
            decoy="kept = noise < p",
        ),
        Wrong(
            "always-on",
            lambda x, p, training, noise: x * (noise >= p) / (1 - p),
            "**Units drop in use as well.** `training` is not asked, so that a trained model "
            "answers at random.",
            belief="R-03",
            see="overfit-dial#dropout-on",
        ),
        Wrong(
            "never-on",
            lambda x, p, training, noise: x * 1.0,
            "**Nothing is ever dropped.** In training the mask has to act.",
        ),
        Wrong(
            "inverted-mode",
            lambda x, p, training, noise: dropout_forward(x, p, not training, noise),
            "**The modes are exchanged.** Dropout acts in training and rests in use.",
            belief="R-03",
        ),
        Wrong(
            "scaled-in-use",
            _scaled_in_use,
            "**You scale in use in place of training.** That is dropout as first proposed; the "
            "exercise asks for the inverted form, which leaves nothing to do in use.",
        ),
        Wrong(
            "scaled-twice",
            lambda x, p, training, noise: x * (noise >= p) / (1 - p) if training else x * (1 - p),
            "**The scale is corrected twice**, in training and again in use. Once is enough: with "
            "the division in training, `x` is returned as it is in use.",
            belief="R-04",
        ),
        Wrong(
            "multiplied",
            _drops(lambda x, p, noise: x * (noise >= p) * (1 - p)),
            "**You multiply by the share kept, and should divide.** Half of the units, each at "
            "double strength, keep the expected sum.",
            belief="R-04",
        ),
    ),
    hints=(
        "Begin with the easy mode: what comes back when `training` is False?",
        "Where `noise >= p`, the unit is kept. How large must it be, so that the mean over many "
        "masks is x?",
    ),
    why="""A unit survives with probability 1 − p, so its expected value after masking is
(1 − p) x. Dividing by 1 − p in training brings it back to x, and then nothing needs to be done in
use: the function that people call most often is the simplest one. PyTorch's `nn.Dropout` does
exactly this.""",
    objectives=("OF-5",),
    minutes=6,
    difficulty=2,
)


# --- early_stopping ------------------------------------------------------------------------------


def early_stopping(losses, patience):
    """(epoch whose weights are kept, epoch training stops after), counted from 0."""
    best, kept = float("inf"), 0
    for epoch, loss in enumerate(losses):
        better = loss < best  #: strictly, a tie is no progress
        if better:
            best, kept = loss, epoch
        waited = epoch - kept  #: how old is the best loss?
        if waited >= patience:
            return kept, epoch
    return kept, len(losses) - 1


def _stopping_inputs(rng: np.random.Generator, E: int, P: int) -> dict:
    falls = np.sort(rng.uniform(1, 3, E + 3))[::-1]
    rises = rng.uniform(1.0, 1.5, P + 4) + 0.1 * np.arange(P + 4)
    dip = [0.2]  # better than all before, for those who wait long enough
    losses = np.concatenate([falls, rises, dip, rng.uniform(0.3, 0.9, 2)])
    return {"losses": losses.round(3).tolist(), "patience": P}


def _stopping_corners(rng: np.random.Generator) -> list[Case]:
    bumpy = [3.0, 2.0, 2.5, 1.5, 1.8, 1.7, 1.6, 1.0, 0.9]
    return [
        Case("bumps on the way", {"losses": bumpy, "patience": 2}),
        Case("bumps, and more patience", {"losses": bumpy, "patience": 4}),
        Case("a plateau", {"losses": [2.0, 1.0, 1.0, 1.0, 1.0, 1.0], "patience": 3}),
        Case("it ends before patience does", {"losses": [3.0, 1.0, 2.0, 1.5], "patience": 3}),
        Case("it never gets worse", {"losses": [3.0, 2.0, 1.0], "patience": 2}),
        Case("the first is the best", {"losses": [1.0, 2.0, 3.0, 4.0], "patience": 2}),
    ]


def _stop(better, count_from_best=True, keep="best", wait=0):
    """A known-wrong variant: another test of progress, another counter, other weights kept."""

    def wrong(losses, patience):
        best, kept, bad, before = float("inf"), 0, 0, float("inf")
        for epoch, loss in enumerate(losses):
            if better(loss, best, before):
                kept, bad = epoch, 0
            elif loss > before or count_from_best:
                bad += 1
            best, before = min(best, loss), loss
            if bad >= patience + wait:
                return (kept if keep == "best" else epoch), epoch
        return (kept if keep == "best" else len(losses) - 1), len(losses) - 1

    return wrong


def _never_reset(losses, patience):
    best, kept, bad = float("inf"), 0, 0
    for epoch, loss in enumerate(losses):
        if loss < best:
            best, kept = loss, epoch
        else:
            bad += 1
        if bad >= patience:
            return kept, epoch
    return kept, len(losses) - 1


def _best_of_all(losses, patience):
    return int(np.argmin(losses)), early_stopping(losses, patience)[1]


def _no_stopping(losses, patience):
    return int(np.argmin(losses)), len(losses) - 1


EARLY_STOPPING = Exercise(
    id="early_stopping",
    title="When to stop",
    asks="""`losses` are the validation losses after each epoch, as they come. Training stops after
the first epoch at which the best loss so far is `patience` epochs old. Return the pair
`kept, last`: the epoch whose weights are kept (the **first** of those with the best loss so far),
and the epoch training stops after. Epochs are counted from 0. If it never stops, `last` is the last
epoch there is. A loss equal to the best is no progress.""",
    reference=early_stopping,
    inputs=_stopping_inputs,
    corners=_stopping_corners,
    returns=("kept", "last"),
    wrongs=(
        Wrong(
            "against-the-last",
            _stop(lambda loss, best, before: loss < before),
            "**Each loss is compared with the one before it.** A loss that falls from 1.8 to 1.7 "
            "is no progress if 1.5 was reached already. Compare with the best so far.",
            decoy="if loss < losses[epoch - 1]:",
        ),
        Wrong(
            "never-reset",
            _never_reset,
            "**The count of bad epochs is never set back.** Bumps early in training are still "
            "counted long after they were overcome.",
        ),
        Wrong(
            "keeps-the-last",
            _stop(lambda loss, best, before: loss < best, keep="last"),
            "**The last weights are kept.** By then the model has had `patience` epochs to get "
            "worse: put the best ones back.",
            decoy="return epoch, epoch",
        ),
        Wrong(
            "one-too-patient",
            _stop(lambda loss, best, before: loss < best, wait=1),
            "**It waits one epoch too long.** When the best loss is `patience` epochs old, that "
            "epoch was the last one.",
        ),
        Wrong(
            "one-too-hasty",
            _stop(lambda loss, best, before: loss < best, wait=-1),
            "**It stops one epoch too soon.** The best loss has to be `patience` epochs old.",
        ),
        Wrong(
            "ties-count",
            _stop(lambda loss, best, before: loss <= best),
            "**A tie counts as progress.** On a plateau this never stops, and keeps later weights "
            "than needed. Ask for a strictly smaller loss.",
            decoy="if loss <= best:",
        ),
        Wrong(
            "sees-the-future",
            _best_of_all,
            "**The best epoch is looked up in the whole list.** Training has stopped before some "
            "of these epochs: nobody will ever know their losses.",
        ),
        Wrong(
            "never-stops",
            _no_stopping,
            "**It never stops.** All epochs are run, whatever `patience` says.",
        ),
    ),
    hints=(
        "Which two numbers must be remembered from epoch to epoch?",
        "The best loss so far, and the epoch it came from. Their distance to now is the patience "
        "that was needed.",
    ),
    why="""Early stopping is a rule for the present: it may use only what has been seen, and it
pays `patience` epochs to find out whether a bump was the end. It watches the validation loss: the
training loss goes on falling while the model learns by heart.""",
    objectives=("OF-6",),
    minutes=8,
    difficulty=2,
    equivalent={
        "best, kept = (float('inf'), 0) -> best, kept = (float('inf'), 1)": (
            "the first loss is below infinity, so the start is never used"
        ),
        "best, kept = (float('inf'), 0) -> best, kept = (float('inf'), -1)": (
            "the first loss is below infinity, so the start is never used"
        ),
    },
)


# --- ensemble_predict ----------------------------------------------------------------------------


def ensemble_predict(logits):
    """Class numbers (N,) of the largest mean probability over M models; logits (M, N, K)."""
    shifted = logits - logits.max(axis=-1, keepdims=True)  #: large logits must not overflow
    p = np.exp(shifted)
    p = p / p.sum(axis=-1, keepdims=True)  #: each model's own probabilities
    return p.mean(axis=0).argmax(axis=-1)  #: one model's doubt counts as much as another's


def _ensemble_inputs(rng: np.random.Generator, M: int, N: int, K: int) -> dict:
    loud = np.array([0.3, 1.0, 6.0])[np.arange(M + 1) % 3]
    return {"logits": loud[:, None, None] * rng.normal(0, 2, (M + 1, 4 * N, K + 1))}


def _ensemble_corners(rng: np.random.Generator) -> list[Case]:
    split = np.log([[[0.6, 0.3, 0.1]], [[0.1, 0.45, 0.45]], [[0.35, 0.4, 0.25]]])
    loud = np.array([[[40.0, 0.0, -40.0]], [[0.0, 2.0, 0.0]], [[0.0, 2.0, 0.0]]])
    vote = np.log([[[0.02, 0.08, 0.9]], [[0.3, 0.5, 0.2]], [[0.3, 0.5, 0.2]]])
    return [
        Case("models that disagree", {"logits": split}),
        Case("one loud model", {"logits": loud}),
        Case("a sure minority", {"logits": vote}),
        Case("logits of thousands", {"logits": 5000.0 * np.sign(rng.normal(size=(3, 7, 4)))}),
        Case("shifted logits", {"logits": vote + np.array([0.0, 500.0, -500.0])[:, None, None]}),
    ]


def _softmax(z, axis=-1):
    p = np.exp(z - z.max(axis=axis, keepdims=True))
    return p / p.sum(axis=axis, keepdims=True)


def _votes(logits):
    K = logits.shape[-1]
    counts = np.eye(K)[logits.argmax(axis=-1)].sum(axis=0)
    return counts.argmax(axis=-1)


def _naive(logits):
    with np.errstate(all="ignore"):
        p = np.exp(logits)
        p = p / p.sum(axis=-1, keepdims=True)
    return p.mean(axis=0).argmax(axis=-1)


ENSEMBLE_PREDICT = Exercise(
    id="ensemble_predict",
    title="Ask several models",
    asks="""M models have answered the same N examples with logits of shape (M, N, K). Turn each
model's logits into probabilities, average the **probabilities** over the models, and return the
most probable class of each example, an array (N,) of whole numbers. Logits may be in the
thousands.""",
    reference=ensemble_predict,
    inputs=_ensemble_inputs,
    corners=_ensemble_corners,
    wrongs=(
        Wrong(
            "mean-logits",
            lambda logits: logits.mean(axis=0).argmax(axis=-1),
            "**You average the logits.** Then a model that speaks in large numbers outvotes all "
            "others; as probabilities each of them has one voice.",
            decoy="p = logits",
        ),
        Wrong(
            "votes",
            _votes,
            "**You count votes.** A model that hesitates between two classes counts as much as "
            "one that is sure, and its second thought is lost. Average the probabilities first.",
        ),
        Wrong(
            "wrong-axis",
            lambda logits: _softmax(logits, axis=1).mean(axis=0).argmax(axis=-1),
            "**The softmax runs over the examples.** An example's probabilities over the K "
            "classes add up to one, so the softmax belongs on the last axis.",
            belief="C-03",
            decoy="p = p / p.sum(axis=1, keepdims=True)",
        ),
        Wrong(
            "first-model",
            lambda logits: logits[0].argmax(axis=-1),
            "**Only the first model is asked.** The mean runs over axis 0, the models.",
        ),
        Wrong(
            "overflow",
            _naive,
            "**Large logits overflow.** `exp` of a thousand is infinite: subtract each row's "
            "largest logit first, which changes no probability.",
        ),
        Wrong(
            "most-confident",
            lambda logits: _softmax(logits).max(axis=0).argmax(axis=-1),
            "**The surest model decides alone.** A maximum over models listens to the loudest; a "
            "mean asks each of them.",
            decoy="return p.max(axis=0).argmax(axis=-1)",
        ),
        Wrong(
            "product",
            lambda logits: np.log(_softmax(logits).clip(1e-300)).sum(axis=0).argmax(axis=-1),
            "**You multiply the probabilities.** One model that thinks a class impossible then "
            "vetoes it. The exercise asks for their mean.",
        ),
    ),
    hints=(
        "Which axis holds the models, and which the classes?",
        "Softmax over the last axis, mean over the first, then the position of the largest.",
    ),
    why="""Averaging lowers the variance of the answer and leaves its bias. Probabilities are on a
common scale and logits are not: two networks with the same answers can have logits that differ by a
factor of ten. Whether mean, product or vote works best is a question for the validation set.""",
    objectives=("OF-6",),
    minutes=7,
    difficulty=2,
    equivalent={
        "p = p / p.sum(axis=-1, keepdims=True) -> p = p / p.mean(axis=-1, keepdims=True)": (
            "every probability is K times as large, and the largest stays the largest"
        ),
        "return p.mean(axis=0).argmax(axis=-1) -> return p.mean(axis=0).argmax(axis=1)": (
            "after the mean there are two axes, and the last one is axis 1"
        ),
        "return p.mean(axis=0).argmax(axis=-1) -> return p.sum(axis=0).argmax(axis=-1)": (
            "a sum over the models is M times their mean, and has its largest at the same place"
        ),
    },
)


# --- bias_variance -------------------------------------------------------------------------------


def bias_variance(fits, truth, noise):
    """(bias squared, variance, expected error), means over x: fits (R, N), truth (N,)."""
    centre = fits.mean(axis=0)  #: what all runs say together, at each point
    bias2 = np.mean((centre - truth) ** 2)  #: what even the mean of the runs misses
    variance = np.mean((fits - centre) ** 2)  #: how single runs scatter about it
    return bias2, variance, bias2 + variance + noise**2


def _fits_inputs(rng: np.random.Generator, R: int, N: int) -> dict:
    truth = rng.normal(0, 2, N)
    stiff = truth + rng.normal(0.5, 1, N)  # what all runs get wrong alike
    return {
        "fits": stiff + rng.normal(0, 1.5, (R + 1, N)),
        "truth": truth,
        "noise": round(float(rng.uniform(0.3, 0.8)), 2),
    }


def _fits_corners(rng: np.random.Generator) -> list[Case]:
    truth = np.array([1.0, -2.0, 4.0])
    apart = np.array([[2.0, 2.0, -2.0], [-2.0, -2.0, 2.0], [2.0, -2.0, 2.0], [-2.0, 2.0, -2.0]])
    wide = {"fits": rng.normal(0, 2, (6, 5)), "truth": rng.normal(0, 2, 5), "noise": 0.5}
    return [
        Case("runs that agree, and are wrong", {**wide, "fits": np.ones((4, 3)), "truth": truth}),
        Case("right in the mean", {"fits": truth + apart, "truth": truth, "noise": 0.5}),
        Case(
            "errors to both sides", {**wide, "fits": np.zeros((2, 2)), "truth": truth[:2] * [2, 1]}
        ),
        Case("no noise", {**wide, "noise": 0.0}),
        Case("much noise", {**wide, "noise": 3.0}),
    ]


def _taken_apart(bias2, variance, noisy=np.square):
    """A known-wrong variant: another idea of the bias, the variance or the noise."""

    def wrong(fits, truth, noise):
        b, v = bias2(fits, truth), variance(fits, truth)
        return b, v, b + v + noisy(noise)

    return wrong


def _bias2(fits, truth):
    return np.mean((fits.mean(axis=0) - truth) ** 2)


def _scatter(fits, truth):
    return fits.var(axis=0).mean()


BIAS_VARIANCE = Exercise(
    id="bias_variance",
    title="An error taken apart",
    asks="""A model was fitted in R runs, each time to data with other noise. `fits` (R, N) holds
what each run says at N points, `truth` (N,) the true values there, and `noise` is the standard
deviation of the noise in new data. Return three numbers, all of them means over the N points:

- `bias2`: the squared distance of the **mean of the runs** from the truth;
- `variance`: how far single runs are from that mean, squared, as a mean over the R runs;
- `error`: the squared error to expect of one run on new, noisy data.""",
    reference=bias_variance,
    inputs=_fits_inputs,
    corners=_fits_corners,
    returns=("bias2", "variance", "error"),
    properties=(
        Property(
            "bias and variance make up the distance from the truth",
            lambda i, parts: bool(
                np.isclose(
                    parts["bias2"] + parts["variance"], np.mean((i["fits"] - i["truth"]) ** 2)
                )
            ),
            "The two should add up to the mean squared distance of the runs from the truth, and "
            "they do not.",
        ),
    ),
    wrongs=(
        Wrong(
            "bias-not-squared",
            _taken_apart(lambda f, t: np.mean(f.mean(axis=0) - t), _scatter),
            "**The bias is not squared.** Misses above and below the truth then cancel over the "
            "points, and a squared error has no part that could be negative.",
            decoy="bias2 = np.mean(centre - truth)",
        ),
        Wrong(
            "squared-too-late",
            _taken_apart(lambda f, t: np.mean(f.mean(axis=0) - t) ** 2, _scatter),
            "**You average over the points before you square.** A line that is too high on the "
            "left and too low on the right would have no bias. Square at each point, then average.",
            decoy="bias2 = np.mean(centre - truth) ** 2",
        ),
        Wrong(
            "error-as-bias",
            _taken_apart(lambda f, t: np.mean((f - t) ** 2), _scatter),
            "**That is the squared distance of single runs from the truth.** It contains the "
            "variance already. Bias is what remains when all runs are averaged first.",
            decoy="bias2 = np.mean((fits - truth) ** 2)",
        ),
        Wrong(
            "about-the-truth",
            _taken_apart(_bias2, lambda f, t: np.mean((f - t) ** 2)),
            "**The scatter is measured from the truth.** Variance knows nothing of the truth: "
            "runs that agree have none, however wrong they are. Measure from the mean of the runs.",
            decoy="variance = np.mean((fits - truth) ** 2)",
        ),
        Wrong(
            "over-the-points",
            _taken_apart(_bias2, lambda f, t: f.var(axis=1).mean()),
            "**That is how a curve varies along x.** Variance compares *runs* at the same point: "
            "axis 0 holds the runs.",
            belief="T-05",
        ),
        Wrong(
            "all-in-one",
            _taken_apart(_bias2, lambda f, t: f.var()),
            "**One mean for all points.** Then the shape of the curve counts as scatter. Each "
            "point has its own mean over the runs.",
        ),
        Wrong(
            "one-run-less",
            _taken_apart(_bias2, lambda f, t: f.var(axis=0, ddof=1).mean()),
            "**You divide by R − 1.** That estimates the variance of runs nobody has made; here "
            "the R runs are all there is, and only with R do the parts add up.",
        ),
        Wrong(
            "deviation",
            _taken_apart(_bias2, lambda f, t: f.std(axis=0).mean()),
            "**That is a standard deviation.** A squared error is made of squares: the variance "
            "is meant, without a root.",
            decoy="variance = fits.std(axis=0).mean()",
        ),
        Wrong(
            "noise-not-squared",
            _taken_apart(_bias2, _scatter, lambda noise: noise),
            "**The noise enters as its deviation.** `noise` has the unit of y, and the error is a "
            "square: add the noise's variance.",
            decoy="return bias2, variance, bias2 + variance + noise",
        ),
        Wrong(
            "no-noise",
            _taken_apart(_bias2, _scatter, lambda noise: 0.0),
            "**The noise is missing.** New data scatter about the truth, so even a perfect fit "
            "errs on them: the noise is the floor.",
            decoy="return bias2, variance, bias2 + variance",
        ),
    ),
    hints=(
        "Which axis holds the runs? Begin with their mean at each point: an array (N,).",
        "Bias compares that mean with the truth, variance compares the runs with that mean. "
        "Square each distance before anything is averaged.",
        "The error adds three squares; the third is there for every model.",
    ),
    why="""Write a run's distance from the truth as (run − mean of runs) + (mean of runs − truth),
and square it. The mixed term vanishes in the mean over the runs, where the first bracket has mean
zero. So bias² and variance add up exactly, for any set of runs. The noise of *new* data is
independent of every run, and its variance comes on top: no model gets below it. High bias is not
cured by more data, high variance is.""",
    objectives=("OF-2",),
    minutes=8,
    difficulty=2,
    equivalent={
        "bias2 = np.mean((centre - truth) ** 2) -> bias2 = np.mean((truth - centre) ** 2)": (
            "a difference has the same square in both directions"
        ),
        "variance = np.mean((fits - centre) ** 2) -> variance = np.mean((centre - fits) ** 2)": (
            "a difference has the same square in both directions"
        ),
    },
)


# --- shortest_fit --------------------------------------------------------------------------------


def shortest_fit(phi, targets):
    """Least-squares weights (P, K), the shortest if there are many: phi (N, P), targets (N, K)."""
    N, P = phi.shape
    if P <= N:
        return np.linalg.solve(phi.T @ phi, phi.T @ targets)  #: one best fit, with errors left
    mixture = np.linalg.solve(phi @ phi.T, targets)  #: how much of each example's row to take
    return phi.T @ mixture


def _features(rng: np.random.Generator, N: int, P: int) -> np.ndarray:
    """A matrix (N, P) of full rank that is far from losing it."""
    u, s, vt = np.linalg.svd(rng.normal(size=(N, P)), full_matrices=False)
    return (u * np.linspace(1, 2.5, len(s))) @ vt


def _shortest_inputs(rng: np.random.Generator, N: int, P: int, K: int) -> dict:
    return {"phi": _features(rng, N + 1, P), "targets": rng.normal(0, 2, (N + 1, K))}


def _shortest_corners(rng: np.random.Generator) -> list[Case]:
    sizes = {
        "fewer features than examples": (12, 5),
        "as many features as examples": (6, 6),
        "more features than examples": (5, 12),
        "far more features than examples": (3, 30),
    }
    return [
        Case(tests, {"phi": _features(rng, N, P), "targets": rng.normal(0, 2, (N, 2))})
        for tests, (N, P) in sizes.items()
    ]


def _wide_formula(phi, targets):
    return phi.T @ np.linalg.solve(phi @ phi.T, targets)


def _tall_formula(phi, targets):
    return np.linalg.solve(phi.T @ phi, phi.T @ targets)


def _first_columns(phi, targets):
    N, P = phi.shape
    used = min(N, P)
    out = np.zeros((P, targets.shape[1]))
    out[:used] = np.linalg.lstsq(phi[:, :used], targets, rcond=None)[0]
    return out


def _first_rows(phi, targets):
    P = phi.shape[1]
    return np.linalg.lstsq(phi[:P], targets[:P], rcond=None)[0]


def _from_ones(phi, targets):
    start = np.ones((phi.shape[1], targets.shape[1]))
    return start + np.linalg.pinv(phi) @ (targets - phi @ start)


def _least_squares(inputs, parts) -> str | None:
    """Which mistake weights show by what they leave over, whatever rounding made of them."""
    phi, targets, w = inputs["phi"], inputs["targets"], parts["result"]
    if not np.isfinite(w).all() or not w.any():
        return None
    slope = phi.T @ (targets - phi @ w)
    strength = (slope * w).sum() / (w * w).sum()
    size = np.linalg.norm(slope)
    real = size > 1e-9 * np.linalg.norm(phi.T @ targets)
    if real and strength > 0 and np.linalg.norm(slope - strength * w) < 1e-3 * size:
        return "ridge"
    unseen = w - np.linalg.pinv(phi) @ (phi @ w)
    return "tall-formula" if np.linalg.norm(unseen) > 1e-6 * np.linalg.norm(w) else None


SHORTEST_FIT = Exercise(
    id="shortest_fit",
    title="The shortest of all fits",
    asks="""Fit the last layer of a network with P features to N examples: return the weights $W$
that make $\\lVert \\Phi W - Y \\rVert^2$ smallest, without a penalty.

- `phi` ($\\Phi$) has shape (N, P), `targets` ($Y$) has shape (N, K), the result (P, K).
- Up to P = N there is one best $W$. Beyond, infinitely many fit every example: return the one
  with the **smallest norm**.
- `phi` has full rank: the smaller of N and P.""",
    reference=shortest_fit,
    inputs=_shortest_inputs,
    corners=_shortest_corners,
    valid=lambda inputs: bool(
        np.linalg.matrix_rank(inputs["phi"]) == min(inputs["phi"].shape) and inputs["targets"].any()
    ),
    recognise=_least_squares,
    properties=(
        Property(
            "from P = N on every example is hit",
            lambda i, parts: (
                i["phi"].shape[1] < i["phi"].shape[0]
                or np.allclose(i["phi"] @ parts["result"], i["targets"])
            ),
            "With as many features as examples or more, every target can be hit exactly, and "
            "these weights miss some.",
        ),
        Property(
            "no better fit exists",
            lambda i, parts: np.allclose(
                i["phi"].T @ (i["phi"] @ parts["result"] - i["targets"]), 0, atol=1e-6
            ),
            "The squared error still has a slope at these weights, so a better fit exists.",
        ),
        Property(
            "no part that no example sees",
            lambda i, parts: np.allclose(
                np.linalg.pinv(i["phi"]) @ (i["phi"] @ parts["result"]), parts["result"]
            ),
            "The weights have a part that changes no prediction on the examples: without it they "
            "fit as well, and are shorter.",
        ),
    ),
    wrongs=(
        Wrong(
            "tall-formula",
            _tall_formula,
            "**Beyond P = N these are not the shortest weights.** They have a part that no example "
            "sees. With more columns than rows $\\Phi^\\top\\Phi$ has no inverse, and what `solve` "
            "or `inv` hand out there is made of rounding errors. The shortest weights are a "
            "mixture of the rows of $\\Phi$.",
            see="overfit-dial#past",
            decoy="mixture = np.linalg.solve(phi.T @ phi, phi.T @ targets)",
        ),
        Wrong(
            "wide-formula",
            _wide_formula,
            "**The formula for many features is used for few as well.** With fewer columns than "
            "rows $\\Phi\\Phi^\\top$ has no inverse: not every example can be hit, and the best "
            "fit makes the errors perpendicular to every *column*.",
        ),
        Wrong(
            "ridge",
            lambda phi, targets: np.linalg.solve(
                phi.T @ phi + 0.1 * np.eye(phi.shape[1]), phi.T @ targets
            ),
            "**There is a ridge in it.** A small number on the diagonal makes everything "
            "invertible, and it is a penalty: from P = N on the examples are no longer hit, and "
            "the peak that this lesson looks at is smoothed away.",
            see="overfit-dial#ridge",
        ),
        Wrong(
            "no-inverse",
            lambda phi, targets: phi.T @ targets,
            "**Only the correlations are there.** $\\Phi^\\top Y$ says how each feature goes with "
            "the targets on its own; features overlap, and the inverse takes that into account.",
            decoy="return phi.T @ targets",
        ),
        Wrong(
            "first-columns",
            _first_columns,
            "**The features beyond the first N get no weight.** That fits every example, and it is "
            "the fit at the peak once more, at any price in length. The shortest fit spreads the "
            "work over all features.",
            see="overfit-dial#peak",
            belief="R-01",
        ),
        Wrong(
            "first-rows",
            _first_rows,
            "**Only the first P examples are fitted.** With fewer features than examples the "
            "square block at the top can be solved exactly, and all other examples are ignored.",
        ),
        Wrong(
            "start-not-zero",
            _from_ones,
            "**It fits as well as can be, and is too long.** These are the weights that descent "
            "finds from a start at one. It moves only along the rows of $\\Phi$, so the rest of "
            "its start stays for ever. A start at zero leaves no rest.",
            belief="R-01",
        ),
        Wrong(
            "predictions",
            lambda phi, targets: phi @ np.linalg.pinv(phi) @ targets,
            "**These are the predictions on the examples, not the weights.** They have a row for "
            "each example; the weights have one for each feature.",
        ),
    ),
    hints=(
        "Two regimes: below the peak one solves $\\Phi^\\top\\Phi\\,W = \\Phi^\\top Y$. Which of "
        "$\\Phi^\\top\\Phi$ and $\\Phi\\Phi^\\top$ can be inverted when P is larger than N?",
        "Any part of $W$ that is perpendicular to all rows of $\\Phi$ changes no prediction, and "
        "makes $W$ longer. So write $W = \\Phi^\\top A$ with one row of $A$ for each example.",
        "Put that into $\\Phi W = Y$ and solve for $A$. NumPy's pseudo-inverse knows both regimes.",
    ),
    why="""At P = N there is exactly one fit through all examples, wrong labels included, and its
length is whatever that takes: this is where the peak of double descent stands. One feature more,
and there is a choice. All solutions share the part in the span of the rows and differ in a part
that no example sees; leaving that part out gives the shortest. More features give more to choose
from, so the shortest gets shorter, and the error can fall a second time. `np.linalg.lstsq` and
`pinv` give this solution in both regimes.""",
    objectives=("OF-3",),
    minutes=12,
    difficulty=3,
)


# --- paired_gain ---------------------------------------------------------------------------------


def paired_gain(restrained, plain):
    """(mean gain, its standard error, is it clear?): two scores for each of S seeds, (S,), (S,)."""
    gains = restrained - plain  #: what each seed gained
    gain = gains.mean()
    error = gains.std(ddof=1) / np.sqrt(len(gains))  #: how far the mean would move
    return gain, error, gain > 2 * error


def _gain_inputs(rng: np.random.Generator, S: int) -> dict:
    plain = 0.8 + rng.normal(0, 0.05, S + 2)  # seeds differ more than the methods do
    return {"restrained": plain + rng.normal(0.02, 0.02, S + 2), "plain": plain}


def _gain_corners(rng: np.random.Generator) -> list[Case]:
    plain = np.array([0.70, 0.88, 0.81])
    swings = 0.02 * np.sqrt(3) * np.array([-1.0, 0.0, 1.0])  # a standard error of 0.02

    def seeds(gain: float) -> dict:
        return {"restrained": plain + swings + gain, "plain": plain}

    far = np.array([0.25, 0.5, 0.75])
    return [
        Case("a gain just below two standard errors", seeds(0.0396)),
        Case("a gain of 1.8 standard errors", seeds(0.036)),
        Case("a gain of 2.5 standard errors", seeds(0.050)),
        Case("a gain of half a standard error", seeds(0.010)),
        Case("a gain of 3.2 standard errors", seeds(0.064)),
        Case("a gain of 3.8 standard errors", seeds(0.076)),
        Case("a clear loss", seeds(-0.070)),
        Case("the same gain on every seed", {"restrained": far + 0.125, "plain": far}),
        Case("no gain on any seed", {"restrained": far, "plain": far.copy()}),
        Case("one lucky seed", {"restrained": far + np.array([-0.25, 0, 0.25]), "plain": far}),
    ]


def _judged(gain, error, clear=lambda gain, error: gain > 2 * error):
    """A known-wrong variant: another gain, another error, or another rule."""

    def wrong(restrained, plain):
        g, e = gain(restrained, plain), error(restrained, plain)
        return g, e, clear(g, e)

    return wrong


def _gain(a, b):
    return np.mean(a - b)


def _error(a, b):
    return np.std(a - b, ddof=1) / np.sqrt(len(a))


def _unpaired(a, b):
    return np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))


PAIRED_GAIN = Exercise(
    id="paired_gain",
    title="Is the gain real?",
    asks="""A network was trained with S seeds, each time with a regulariser and without.
`restrained` (S,) and `plain` (S,) are the accuracies; entry s of both comes from the **same seed**,
that is the same data and the same start. Return three things:

- `gain`: by how much the regulariser raises the accuracy, as a mean over the seeds;
- `error`: the standard error of that mean, from the spread of the gains (divide by S − 1 inside);
- `clear`: True if the gain is larger than twice its standard error, otherwise False.

S is at least 2.""",
    reference=paired_gain,
    inputs=_gain_inputs,
    corners=_gain_corners,
    returns=("gain", "error", "clear"),
    wrongs=(
        Wrong(
            "unpaired",
            _judged(_gain, _unpaired),
            "**The seeds are not paired.** A hard data set is hard for both methods, and that "
            "common part is in the spread of each. In the difference of one seed it cancels: take "
            "differences first, then their spread.",
            belief="D-12",
            decoy="error = np.sqrt((restrained.var(ddof=1) + plain.var(ddof=1)) / len(plain))",
        ),
        Wrong(
            "spread-of-one",
            _judged(_gain, lambda a, b: a.std(ddof=1) / np.sqrt(len(a))),
            "**That is the spread of one method's scores.** The question is how the *gain* varies "
            "from seed to seed, so both methods belong in it.",
            belief="D-12",
            decoy="error = restrained.std(ddof=1) / np.sqrt(len(gains))",
        ),
        Wrong(
            "deviation",
            _judged(_gain, lambda a, b: np.std(a - b, ddof=1)),
            "**That is the standard deviation of a single gain.** The mean of S gains varies less, "
            "by a factor of √S; more seeds would otherwise never make anything clearer.",
            decoy="error = gains.std(ddof=1)",
        ),
        Wrong(
            "no-root",
            _judged(_gain, lambda a, b: np.std(a - b, ddof=1) / len(a)),
            "**You divide by S.** Variances of independent gains add up, so their mean has a "
            "variance S times as small, and a *deviation* smaller by √S only.",
            decoy="error = gains.std(ddof=1) / len(gains)",
        ),
        Wrong(
            "by-s",
            _judged(_gain, lambda a, b: np.std(a - b) / np.sqrt(len(a))),
            "**The spread is divided by S inside.** The gains lie closer to their own mean than to "
            "the true one, and S − 1 corrects for it. With three seeds that is no trifle: "
            "NumPy's `std` divides by S unless told otherwise.",
            decoy="error = gains.std() / np.sqrt(len(gains))",
        ),
        Wrong(
            "best-seeds",
            _judged(lambda a, b: a.max() - b.max(), _error),
            "**The best seed of each is compared with the best of the other.** Among several runs "
            "one is lucky, and it need not be the same seed. Use all of them.",
            belief="D-12",
            decoy="gain = restrained.max() - plain.max()",
        ),
        Wrong(
            "sign",
            _judged(lambda a, b: np.mean(b - a), _error),
            "**The sign is turned.** Accuracy should rise: the gain is with the regulariser less "
            "without.",
            decoy="gains = plain - restrained",
        ),
        Wrong(
            "any-gain",
            _judged(_gain, _error, lambda gain, error: gain > 0),
            "**Any gain above zero counts.** If the regulariser did nothing, the mean would still "
            "be above zero half of the time.",
            belief="D-12",
            decoy="return gain, error, gain > 0",
        ),
        Wrong(
            "one-error",
            _judged(_gain, _error, lambda gain, error: gain > error),
            "**One standard error is not enough.** By chance alone a mean is beyond that in about "
            "one of six comparisons with many seeds, and more often with few.",
            decoy="return gain, error, gain > error",
        ),
        Wrong(
            "either-way",
            _judged(_gain, _error, lambda gain, error: abs(gain) > 2 * error),
            "**A clear loss counts as a gain.** The size alone is compared; the sign matters.",
            decoy="return gain, error, abs(gain) > 2 * error",
        ),
    ),
    hints=(
        "Which numbers have something in common? Begin with one gain for each seed.",
        "A standard error is the standard deviation of the gains over √S. `std` has an argument "
        "`ddof`, which is 0 unless you set it.",
    ),
    why="""Seeds differ: in which labels are wrong, in the start, in the order of batches. Both
methods meet the same seed, so much of that difference cancels in their gain, and a smaller effect
can be seen with the same runs. The standard error says how far the mean gain would move with other
seeds; twice that is a customary line and no law. With three seeds it is itself a rough guess: an
exact test asks for more than four standard errors there. So do not rank methods that lie closer
than that.""",
    objectives=("OF-7",),
    minutes=8,
    difficulty=2,
)


EXERCISES = (
    GROUP_SPLIT,
    STANDARDISE,
    BIAS_VARIANCE,
    SHORTEST_FIT,
    DECOUPLED_STEP,
    DROPOUT_FORWARD,
    EARLY_STOPPING,
    ENSEMBLE_PREDICT,
    PAIRED_GAIN,
)
