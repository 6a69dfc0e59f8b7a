"""Right answers to the exercises of `transfer`, written in other ways."""

import numpy as np
import torch
from scipy import ndimage
from sklearn import metrics
from torch import nn

from tests.topics.solutions import solves

# prepare_as_source


@solves("prepare_as_source")
def prepare_channels(images, mean, std):
    out = np.empty((len(images), images.shape[3], *images.shape[1:3]))
    for c in range(images.shape[3]):
        out[:, c] = (images[..., c] / 255.0 - mean[c]) / std[c]
    return out


@solves("prepare_as_source")
def prepare_first(images, mean, std):
    x = np.moveaxis(images.astype(np.float64), -1, 1)
    return (x - 255 * mean[:, None, None]) / (255 * std[:, None, None])


@solves("prepare_as_source")
def prepare_letters(images, mean, std):
    return np.einsum("nhwc->nchw", np.divide(np.subtract(images / 255, mean), std))


# shift_images


@solves("shift_images")
def shift_pixels(x, by):
    out = np.zeros_like(x)
    N, H, W = x.shape
    for n in range(N):
        for i in range(H):
            for j in range(W):
                r, c = i + by[n][0], j + by[n][1]
                if 0 <= r < H and 0 <= c < W:
                    out[n, r, c] = x[n, i, j]
    return out


@solves("shift_images")
def shift_scipy(x, by):
    return np.stack([ndimage.shift(i, d, order=0) for i, d in zip(x, by, strict=True)])


@solves("shift_images")
def shift_index(x, by):
    H, W = x.shape[1:]
    rows = np.arange(H)[None] - by[:, :1]  # (N, H): where each row comes from
    columns = np.arange(W)[None] - by[:, 1:]
    inside = ((rows >= 0) & (rows < H))[:, :, None] & ((columns >= 0) & (columns < W))[:, None]
    n = np.arange(len(x))[:, None, None]
    taken = x[n, rows.clip(0, H - 1)[:, :, None], columns.clip(0, W - 1)[:, None]]
    return np.where(inside, taken, 0)


# class_weights


@solves("class_weights")
def weights_loop(y, K):
    out = []
    for c in range(K):
        n = sum(int(v) == c for v in y)
        out.append(len(y) / (K * n) if n else 0.0)
    return np.array(out)


@solves("class_weights")
def weights_unique(y, K):
    names, counts = np.unique(y, return_counts=True)
    out = np.zeros(K)
    out[names] = len(y) / K / counts
    return out


@solves("class_weights")
def weights_one_hot(y, K):
    share = np.eye(K)[y].mean(axis=0)
    return np.divide(1 / K, share, out=np.zeros(K), where=share > 0)


# judge_alarms


@solves("judge_alarms")
def judge_sklearn(p, y, threshold):
    alarms = (p >= threshold).astype(int)
    return (
        metrics.precision_score(y, alarms, zero_division=1.0),
        metrics.recall_score(y, alarms),
        metrics.balanced_accuracy_score(y, alarms),
    )


@solves("judge_alarms")
def judge_means(p, y, threshold):
    alarms = p >= threshold
    precision = y[alarms].mean() if alarms.sum() else 1.0
    found, false = alarms[y == 1].mean(), alarms[y == 0].mean()
    return precision, found, 0.5 * (found + 1 - false)


@solves("judge_alarms")
def judge_counts(p, y, threshold):
    table = {(a, b): 0 for a in (False, True) for b in (0, 1)}
    for a, b in zip(p, y, strict=True):
        table[bool(a >= threshold), int(b)] += 1
    said = table[True, 0] + table[True, 1]
    recall = table[True, 1] / (table[True, 1] + table[False, 1])
    spared = table[False, 0] / (table[False, 0] + table[True, 0])
    return table[True, 1] / said if said else 1.0, recall, (recall + spared) / 2


# rotations


@solves("rotations")
def rotations_flips(x):
    once = x.transpose(0, 2, 1)[:, ::-1]
    twice = x[:, ::-1, ::-1]
    thrice = x.transpose(0, 2, 1)[:, :, ::-1]
    return np.vstack([x, once, twice, thrice]), np.arange(4).repeat(len(x))


@solves("rotations")
def rotations_one_by_one(x):
    images, quarters = [], []
    for q in range(4):
        for image in x:
            images.append(np.rot90(image, q))
            quarters.append(q)
    return np.array(images), np.array(quarters)


@solves("rotations")
def rotations_again(x):
    parts = [x]
    for _ in range(3):
        parts.append(np.rot90(parts[-1], axes=(1, 2)))
    return np.concatenate(parts), np.arange(4 * len(x)) // len(x)


# few_labels


@solves("few_labels")
def few_walk(y, k, order):
    seen, rows = {}, []
    for row in order:
        label = int(y[row])
        seen[label] = seen.get(label, 0) + 1
        if seen[label] <= k:
            rows.append(int(row))
    return np.array(sorted(rows))


@solves("few_labels")
def few_rank(y, k, order):
    labels = y[order]
    rank = ((labels[:, None] == labels[None]) & np.tri(len(y), dtype=bool)).sum(1)
    return np.sort(order[rank <= k])


@solves("few_labels")
def few_mask(y, k, order):
    keep = np.zeros(len(y), bool)
    for c in set(y.tolist()):
        keep[[r for r in order if y[r] == c][:k]] = True
    return keep.nonzero()[0]


# freeze_body


@solves("freeze_body")
def freeze_module(model, classes):
    model.body.requires_grad_(False)
    model.body.train(False)
    model.head = nn.Linear(model.head.weight.shape[1], classes)
    return [model.head.weight, model.head.bias]


@solves("freeze_body")
def freeze_flags(model, classes):
    inputs = model.head.in_features
    model.head = nn.Linear(inputs, classes)
    for part in model.body.modules():
        part.training = False
    for p in model.body.parameters():
        p.requires_grad = False
    return [p for p in model.parameters() if p.requires_grad]


@solves("freeze_body")
def freeze_add(model, classes):
    model.add_module("head", nn.Linear(model.head.in_features, classes))
    for name, p in model.named_parameters():
        p.requires_grad_(name.startswith("head."))
    model.body.eval()
    return [p for n, p in model.named_parameters() if n.startswith("head.")]


# parameter_groups


@solves("parameter_groups")
def groups_names(model, lr, factor):
    named = list(model.named_parameters())
    return [
        {"params": [p for n, p in named if n.startswith("body.")], "lr": lr * factor},
        {"params": [p for n, p in named if not n.startswith("body.")], "lr": lr},
    ]


@solves("parameter_groups")
def groups_is(model, lr, factor):
    body = list(model.body.parameters())
    others = [p for p in model.parameters() if not any(p is b for b in body)]
    return [{"params": body, "lr": factor * lr}, {"params": others, "lr": lr}]


@solves("parameter_groups")
def groups_children(model, lr, factor):
    others = [p for n, c in model.named_children() if n != "body" for p in c.parameters()]
    slow = torch.optim.SGD(model.body.parameters(), lr=lr * factor).param_groups[0]["params"]
    return [{"params": slow, "lr": lr * factor}, {"params": others, "lr": lr}]
