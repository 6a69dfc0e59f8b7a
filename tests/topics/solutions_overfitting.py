"""Right answers to the exercises of `overfitting`, written in other ways."""

import math
import statistics

import numpy as np
import scipy.stats
import torch
from torch.nn import functional as F

from tests.topics.solutions import solves

# group_split


@solves("group_split")
def group_loop(groups, to_test):
    train, test = [], []
    for row, group in enumerate(groups):
        (test if group in to_test else train).append(row)
    return np.array(train, dtype=int), np.array(test, dtype=int)


@solves("group_split")
def group_table(groups, to_test):
    test = (np.asarray(groups)[:, None] == np.asarray(to_test)[None, :]).any(axis=1)
    rows = np.arange(len(groups))
    return rows[np.logical_not(test)], rows[test]


@solves("group_split")
def group_sets(groups, to_test):
    wanted = {int(g) for g in to_test}
    test = np.array([int(g) in wanted for g in groups])
    return (~test).nonzero()[0], test.nonzero()[0]


# standardise_by_train


@solves("standardise_by_train")
def standardise_columns(train, test):
    a, b = np.empty(train.shape), np.empty(test.shape)
    for k in range(train.shape[1]):
        mean, std = train[:, k].mean(), train[:, k].std()
        a[:, k], b[:, k] = train[:, k] - mean, test[:, k] - mean
        if std > 0:
            a[:, k] /= std
            b[:, k] /= std
    return a, b


@solves("standardise_by_train")
def standardise_formula(train, test):
    mean = train.sum(0) / len(train)
    std = np.sqrt(((train - mean) ** 2).mean(0))
    std[std == 0] = 1
    return [(part - mean) / std for part in (train, test)]


@solves("standardise_by_train")
def standardise_sklearn(train, test):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


# decoupled_step


@solves("decoupled_step")
def decoupled_sum(w, g, lr, decay):
    return w - lr * decay * w - lr * g


@solves("decoupled_step")
def decoupled_copy(w, g, lr, decay):
    new = w.copy()
    new *= 1 - lr * decay
    new -= lr * g
    return new


@solves("decoupled_step")
def decoupled_torch(w, g, lr, decay):
    p = torch.nn.Parameter(torch.clone(w))
    p.grad = torch.clone(g)
    torch.optim.SGD([p], lr=lr, weight_decay=decay).step()  # the same for plain SGD
    return p.detach()


# dropout_forward


@solves("dropout_forward")
def dropout_where(x, p, training, noise):
    return np.where(noise < p, 0.0, x / (1 - p)) if training else x.copy()


@solves("dropout_forward")
def dropout_assign(x, p, training, noise):
    out = np.array(x)
    if training:
        out[noise < p] = 0
        out /= 1 - p
    return out


@solves("dropout_forward")
def dropout_loop(x, p, training, noise):
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        if not training:
            out[i] = x[i]
        elif noise[i] >= p:
            out[i] = x[i] / (1 - p)
    return out


# early_stopping


@solves("early_stopping")
def stopping_counter(losses, patience):
    best, since, kept = math.inf, 0, 0
    for epoch, loss in enumerate(losses):
        if loss < best:
            best, since, kept = loss, 0, epoch
        else:
            since += 1
        if since == patience:
            return kept, epoch
    return kept, len(losses) - 1


@solves("early_stopping")
def stopping_prefixes(losses, patience):
    for last in range(len(losses)):
        kept = int(np.argmin(losses[: last + 1]))
        if last - kept >= patience:
            return kept, last
    return int(np.argmin(losses)), len(losses) - 1


@solves("early_stopping")
def stopping_while(losses, patience):
    kept = epoch = 0
    while epoch + 1 < len(losses) and epoch - kept < patience:
        epoch += 1
        if losses[epoch] < losses[kept]:
            kept = epoch
    return np.int64(kept), np.int64(epoch)


# ensemble_predict


@solves("ensemble_predict")
def ensemble_loop(logits):
    M, N, K = logits.shape
    out = np.zeros(N, dtype=int)
    for n in range(N):
        total = np.zeros(K)
        for m in range(M):
            e = np.exp(logits[m, n] - max(logits[m, n]))
            total += e / e.sum()
        out[n] = int(total.argmax())
    return out


@solves("ensemble_predict")
def ensemble_logsumexp(logits):
    log_p = logits - np.logaddexp.reduce(logits, axis=2)[:, :, None]
    return np.exp(log_p).sum(axis=0).argmax(axis=1)


@solves("ensemble_predict")
def ensemble_torch(logits):
    return F.softmax(logits, dim=-1).mean(0).argmax(-1)


# bias_variance


@solves("bias_variance")
def apart_loop(fits, truth, noise):
    R, N = fits.shape
    bias2 = variance = 0.0
    for n in range(N):
        centre = sum(fits[r, n] for r in range(R)) / R
        bias2 += (centre - truth[n]) ** 2 / N
        variance += sum((fits[r, n] - centre) ** 2 for r in range(R)) / R / N
    return bias2, variance, bias2 + variance + noise * noise


@solves("bias_variance")
def apart_by_var(fits, truth, noise):
    miss = np.average(fits, axis=0) - truth
    parts = [miss @ miss / len(miss), fits.var(0).mean(), noise**2]
    return parts[0], parts[1], sum(parts)


@solves("bias_variance")
def apart_by_difference(fits, truth, noise):
    away = fits - truth
    whole = np.einsum("rn,rn->", away, away) / away.size
    bias2 = np.square(away.mean(0)).mean()
    return bias2, whole - bias2, whole + noise**2


@solves("bias_variance")
def apart_in_torch(fits, truth, noise):
    fits, truth = torch.tensor(fits), torch.tensor(truth)
    bias2 = F.mse_loss(fits.mean(0), truth).item()
    variance = fits.var(0, correction=0).mean().item()
    return bias2, variance, bias2 + variance + noise**2


# shortest_fit


@solves("shortest_fit")
def shortest_pinv(phi, targets):
    return np.linalg.pinv(phi) @ targets


@solves("shortest_fit")
def shortest_lstsq(phi, targets):
    return np.linalg.lstsq(phi, targets, rcond=None)[0]


@solves("shortest_fit")
def shortest_svd(phi, targets):
    u, s, vt = np.linalg.svd(phi, full_matrices=False)
    return np.einsum("sp,s,ns,nk->pk", vt, 1 / s, u, targets)


@solves("shortest_fit")
def shortest_descent(phi, targets):
    w = np.zeros((phi.shape[1], targets.shape[1]))
    for _ in range(1000):
        w -= phi.T @ (phi @ w - targets) / np.linalg.norm(phi, 2) ** 2
    return w


@solves("shortest_fit")
def shortest_torch(phi, targets):
    return (torch.linalg.pinv(torch.tensor(phi)) @ torch.tensor(targets)).numpy()


# paired_gain


@solves("paired_gain")
def gain_loop(restrained, plain):
    gains = [a - b for a, b in zip(restrained, plain, strict=True)]
    S = len(gains)
    gain = sum(gains) / S
    variance = sum((g - gain) ** 2 for g in gains) / (S - 1)
    error = math.sqrt(variance / S)
    return gain, error, bool(gain > 2 * error)


@solves("paired_gain")
def gain_by_statistics(restrained, plain):
    gains = [float(g) for g in restrained - plain]
    gain, error = statistics.fmean(gains), statistics.stdev(gains) / len(gains) ** 0.5
    return gain, error, gain - 2 * error > 0


@solves("paired_gain")
def gain_by_scipy(restrained, plain):
    gains = np.subtract(restrained, plain)
    error = scipy.stats.sem(gains)
    return np.mean(gains), error, np.mean(gains) > error + error


@solves("paired_gain")
def gain_by_variances(restrained, plain):
    (a, c), (_, b) = np.cov(restrained, plain)
    gain = restrained.mean() - plain.mean()
    error = np.sqrt(max(a + b - 2 * c, 0) / len(plain))
    return gain, error, gain > 2 * error


# evaluate_accuracy


@solves("evaluate_accuracy")
@torch.no_grad()
def evaluate_decorated(model, x, y):
    before = model.training
    model.train(False)
    try:
        return float(np.mean(model(x).argmax(1).numpy() == y.numpy()))
    finally:
        model.train(before)


@solves("evaluate_accuracy")
def evaluate_inference(model, x, y):
    was = model.training
    model.eval()
    with torch.inference_mode():
        right = int((model(x).argmax(-1) == y).sum())
    if was:
        model.train()
    return right / len(y)


@solves("evaluate_accuracy")
def evaluate_rows(model, x, y):
    mode = model.training
    model.eval()
    with torch.no_grad():
        rows = [model(row[None])[0] for row in x]
    hits = [int(row.argmax()) == int(label) for row, label in zip(rows, y, strict=True)]
    model.train(mode)
    return sum(hits) / len(hits)
