"""Right answers to the exercises of `welcome`, written in other ways."""

import numpy as np
import torch

from tests.topics.solutions import solves

# accuracy


@solves("accuracy")
def accuracy_loop(scores, labels):
    right = 0
    for row, label in zip(scores, labels, strict=True):
        best = max(range(len(row)), key=lambda k: row[k])
        right += int(best == label)
    return right / len(labels)


@solves("accuracy")
def accuracy_count(scores, labels):
    return np.count_nonzero(np.argmax(scores, -1) == labels) / labels.size


@solves("accuracy")
def accuracy_torch(scores, labels):
    return (torch.argmax(scores, dim=1) == labels).double().mean()
