"""Right answers to the exercises of `trust`, written in other ways."""

import numpy as np
import torch
from torch.nn import functional as F

from tests.topics.solutions import solves

# integrated_gradients


@solves("integrated_gradients")
def integrated_loop(slope, x, baseline, steps):
    points = np.array([baseline + (k + 0.5) / steps * (x - baseline) for k in range(steps)])
    return (x - baseline) * slope(points).sum(0) / steps


@solves("integrated_gradients")
def integrated_linspace(slope, x, baseline, steps):
    way = np.linspace(0.5 / steps, 1 - 0.5 / steps, steps)
    points = np.outer(1 - way, baseline) + np.outer(way, x)
    return np.mean(slope(points) * (x - baseline), axis=0)


@solves("integrated_gradients")
def integrated_einsum(slope, x, baseline, steps):
    way = (2 * np.arange(steps) + 1) / (2 * steps)
    distance = x - baseline
    return (
        np.einsum("sd,d->d", slope(baseline + np.einsum("s,d->sd", way, distance)), distance)
        / steps
    )


# occlusion


@solves("occlusion")
def occlusion_blocks(score, image, size, paint):
    H, W = image.shape
    out, before = np.empty((H, W)), score(image)
    for r in range(-(-H // size)):
        for c in range(-(-W // size)):
            box = np.s_[r * size : (r + 1) * size, c * size : (c + 1) * size]
            changed = np.array(image)
            changed[box] = paint
            out[box] = before - score(changed)
    return out


@solves("occlusion")
def occlusion_masks(score, image, size, paint):
    rows, columns = (np.arange(n) // size for n in image.shape)
    patch = rows[:, None] * (columns.max() + 1) + columns[None]
    falls = [
        score(image) - score(np.where(patch == p, paint, image)) for p in range(patch.max() + 1)
    ]
    return np.array(falls)[patch]


@solves("occlusion")
def occlusion_undone(score, image, size, paint):
    work, before = np.array(image), score(image)
    fall = np.zeros_like(work)
    for i in range(0, len(work), size):
        for j in range(0, len(work[0]), size):
            kept = work[i : i + size, j : j + size].copy()
            work[i : i + size, j : j + size] = paint
            fall[i : i + size, j : j + size] = before - score(work)
            work[i : i + size, j : j + size] = kept
    return fall


# deletion_curve


@solves("deletion_curve")
def deletion_ranks(score, x, attribution, paint):
    rank = np.empty(len(x), int)
    rank[np.argsort(attribution)[::-1]] = np.arange(len(x))
    return np.array([score(np.where(rank < k, paint, x)) for k in range(len(x) + 1)])


@solves("deletion_curve")
def deletion_sorted(score, x, attribution, paint):
    order = sorted(range(len(x)), key=lambda i: attribution[i], reverse=True)
    curve = []
    for k in range(len(x) + 1):
        painted = [paint if i in order[:k] else x[i] for i in range(len(x))]
        curve.append(score(np.array(painted, dtype=float)))
    return np.array(curve)


@solves("deletion_curve")
def deletion_table(score, x, attribution, paint):
    table = np.tile(x.astype(float), (len(x) + 1, 1))
    for k, i in enumerate(np.argsort(-attribution)):
        table[k + 1 :, i] = paint
    return np.array([score(row) for row in table])


# expected_calibration_error


@solves("expected_calibration_error")
def ece_loop(probabilities, truth, bins):
    groups = {}
    for row, t in zip(probabilities, truth, strict=True):
        sure, right = max(row), int(np.argmax(row)) == t
        groups.setdefault(min(int(sure * bins), bins - 1), []).append((sure, right))
    total = 0.0
    for members in groups.values():
        sure, right = (sum(column) for column in zip(*members, strict=True))
        total += abs(float(right) - float(sure))
    return total / len(truth)


@solves("expected_calibration_error")
def ece_bincount(probabilities, truth, bins):
    sure = probabilities.max(1)
    excess = sure - (probabilities.argmax(1) == truth)
    which = np.clip(np.floor(sure * bins).astype(int), 0, bins - 1)
    return float(abs(np.bincount(which, excess)).sum() / len(truth))


@solves("expected_calibration_error")
def ece_library(probabilities, truth, bins):
    from dlcourse.teach.metrics import calibration_error

    return calibration_error(probabilities, truth, bins)


# group_rates


@solves("group_rates")
def rates_loop(truth, said, group):
    tpr, fpr = [], []
    for g in sorted(set(group.tolist())):
        mine = group == g
        tpr.append((said[mine] * truth[mine]).sum() / truth[mine].sum())
        fpr.append((said[mine] * (1 - truth[mine])).sum() / (1 - truth[mine]).sum())
    return np.array(tpr), np.array(fpr)


@solves("group_rates")
def rates_matrix(truth, said, group):
    from sklearn.metrics import confusion_matrix

    tables = [
        confusion_matrix(truth[group == g], said[group == g], labels=[0, 1])
        for g in np.unique(group)
    ]
    return tuple(np.array([t[k, 1] / t[k].sum() for t in tables]) for k in (1, 0))


@solves("group_rates")
def rates_counts(truth, said, group):
    _, number = np.unique(group, return_inverse=True)
    rates = []
    for kind in (1, 0):
        among = truth == kind
        rates.append(np.bincount(number[among], said[among]) / np.bincount(number[among]))
    return rates[0], rates[1]


# fedavg


@solves("fedavg")
def fedavg_numpy(weights, sizes):
    return np.average(weights, axis=0, weights=sizes)


@solves("fedavg")
def fedavg_loop(weights, sizes):
    total = np.zeros(weights.shape[1])
    for row, n in zip(weights, sizes, strict=True):
        total += n * row
    return total / sum(sizes)


@solves("fedavg")
def fedavg_column(weights, sizes):
    return (weights * sizes[:, None]).sum(axis=0) / np.sum(sizes)


# leak_input


@solves("leak_input")
def leak_least_squares(dW, db):
    return db @ dW / (db @ db)


@solves("leak_input")
def leak_pseudo_inverse(dW, db):
    return (np.linalg.pinv(db[:, None]) @ dW)[0]


@solves("leak_input")
def leak_mean_of_active(dW, db):
    on = db != 0
    return np.mean(dW[on] / db[on][:, None], axis=0)


# clip_and_noise


@solves("clip_and_noise")
def clip_loop(each, limit, sigma, noise):
    total = np.zeros(each.shape[1])
    for row in each:
        length = np.sqrt((row**2).sum())
        total += row * (limit / length) if length > limit else row
    return (total + noise * limit * sigma) / each.shape[0]


@solves("clip_and_noise")
def clip_where(each, limit, sigma, noise):
    lengths = np.sqrt((each**2).sum(1))
    divisor = np.where(lengths > limit, lengths / limit, 1)
    return (each / divisor[:, None]).mean(0) + noise * (sigma * limit / len(each))


@solves("clip_and_noise")
def clip_torch(each, limit, sigma, noise):
    rows = torch.renorm(torch.from_numpy(np.array(each)), p=2, dim=0, maxnorm=limit).numpy()
    return (rows.sum(0) + sigma * limit * noise) / len(rows)


# fgsm


@solves("fgsm")
def fgsm_backward(model, x, y, eps):
    moved = x.detach().clone()
    moved.requires_grad = True
    F.cross_entropy(model(moved), y, reduction="sum").backward(inputs=[moved])
    assert moved.grad is not None
    return torch.clip(x + eps * torch.sign(moved.grad), 0.0, 1.0)


@solves("fgsm")
def fgsm_each(model, x, y, eps):
    rows = []
    for row, label in zip(x, y, strict=True):
        one = row[None].clone().requires_grad_(True)
        loss = -torch.log_softmax(model(one), dim=1)[0, label]
        rows.append(torch.autograd.grad(loss, one)[0][0].sign())
    return torch.minimum(torch.maximum(x + eps * torch.stack(rows), x * 0), x * 0 + 1)


@solves("fgsm")
def fgsm_functional(model, x, y, eps):
    slope = torch.func.grad(lambda v: F.cross_entropy(model(v), y))(x)
    return (x + eps * (slope > 0).to(x.dtype) - eps * (slope < 0).to(x.dtype)).clamp(0, 1)
