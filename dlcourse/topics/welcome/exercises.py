"""The one exercise of lesson 00: small enough to try how checking works."""

import numpy as np

from ...teach.exercise import Case, Exercise, Wrong


def accuracy(scores, labels):
    """The fraction of rows of scores (N, K) whose largest entry is at the label (N,)."""
    answers = scores.argmax(axis=1)  #: for each row, where is the largest score?
    return (answers == labels).mean()  #: which part of the answers is right?


def _inputs(rng: np.random.Generator, N: int, K: int) -> dict:
    # Half of the labels are the right answer, so that neither 0 nor 1 is the usual result.
    scores = rng.normal(size=(N, K))
    guessed = rng.integers(0, K, N)
    labels = np.where(rng.random(N) < 0.5, scores.argmax(axis=1), guessed)
    return {"scores": scores, "labels": labels}


def _corners(rng: np.random.Generator) -> list[Case]:
    scores = np.array([[2.0, 1.0], [0.0, 3.0]])
    wide = rng.normal(size=(4, 3)) - 5
    return [
        Case("the example of the lesson", {"scores": scores, "labels": np.array([0, 0])}),
        Case("answers that are all right", {"scores": scores, "labels": np.array([0, 1])}),
        Case("answers that are all wrong", {"scores": scores, "labels": np.array([1, 0])}),
        Case("negative scores", {"scores": wide, "labels": np.array([2, 0, 1, 1])}),
    ]


ACCURACY = Exercise(
    id="accuracy",
    title="How often is it right?",
    asks="""A classifier gives each of N examples K scores, one per class; its answer is the class
with the largest score. Return the **fraction** of examples whose answer is the label.

- `scores` is an array of shape (N, K), `labels` holds N whole numbers from 0 to K-1.
- The result is one number between 0 and 1.""",
    reference=accuracy,
    inputs=_inputs,
    corners=_corners,
    wrongs=(
        Wrong(
            "count",
            lambda scores, labels: (scores.argmax(axis=1) == labels).sum(),
            "**That is the number of right answers, not the fraction.** Ten right answers are "
            "excellent out of eleven and poor out of a thousand: divide by N, or take the mean.",
            decoy="return (answers == labels).sum()",
        ),
        Wrong(
            "percent",
            lambda scores, labels: 100 * (scores.argmax(axis=1) == labels).mean(),
            "**That is the accuracy in per cent.** The rule is right; the exercise asks for the "
            "fraction, between 0 and 1.",
        ),
        Wrong(
            "error-rate",
            lambda scores, labels: (scores.argmax(axis=1) != labels).mean(),
            "**That is the fraction of wrong answers.** It is called the error rate, and it is 1 "
            "minus the accuracy.",
            decoy="return (answers != labels).mean()",
        ),
        Wrong(
            "smallest",
            lambda scores, labels: (scores.argmin(axis=1) == labels).mean(),
            "**The answer is taken at the smallest score.** A high score means that the model "
            "favours the class: use `argmax`.",
            decoy="answers = scores.argmin(axis=1)",
        ),
        Wrong(
            "per-answer",
            lambda scores, labels: scores.argmax(axis=1) == labels,
            "**That is one True or False per example.** Right so far: now take their mean, in "
            "which True counts as 1 and False as 0.",
        ),
        Wrong(
            "over-classes",
            lambda scores, labels: (scores.argmax(axis=1) == labels).sum() / scores.shape[1],
            "**The count is divided by the number of classes.** The fraction is of examples: "
            "divide by N, the number of rows.",
        ),
        Wrong(
            "mean-score",
            lambda scores, labels: scores[np.arange(len(labels)), labels].mean(),
            "**That is the mean score of the right class.** The accuracy asks only whether this "
            "score is the largest of its row, not how large it is.",
        ),
    ),
    hints=(
        "Two steps: first the model's answer for each row, then compare the answers with the "
        "labels.",
        "NumPy's `argmax` tells where the largest entry is; `axis` says along which direction to "
        "look. You want one answer per row.",
    ),
    why="""`argmax` along axis 1 goes over the classes of each row and gives the position of the
largest score. Comparing with the labels gives True or False for each example, and since these count
as 1 and 0, their mean is the fraction of right answers.""",
    objectives=("WE-1",),
    minutes=5,
    difficulty=1,
)

EXERCISES = (ACCURACY,)
