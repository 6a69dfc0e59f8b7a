"""Right answers to the exercises of `optimizers`, written in other ways."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.topics.solutions import solves

# sgd_momentum


@solves("sgd_momentum")
class SGDDict:
    def __init__(self, params, lr, momentum=0.0):
        self.params, self.lr, self.momentum = params, lr, momentum
        self.state = {}

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for i, p in enumerate(self.params):
            if p.grad is not None:
                self.state[i] = self.momentum * self.state.get(i, 0) + p.grad
                p.data[...] = p.data - self.lr * self.state[i]


@solves("sgd_momentum")
class SGDLoop:
    def __init__(self, params, lr, momentum=0):
        self.pairs = [(p, np.zeros(p.data.shape)) for p in params]
        self.lr = lr
        self.mu = momentum

    def zero_grad(self):
        for p, _ in self.pairs:
            p.grad = None

    def step(self):
        for p, v in self.pairs:
            if p.grad is None:
                continue
            for k in np.ndindex(v.shape):
                v[k] = self.mu * v[k] + p.grad[k]
                p.data[k] -= self.lr * v[k]


@solves("sgd_momentum")
class SGDOfTorch:
    def __init__(self, params, lr, momentum=0.0):
        self.params, self.lr = list(params), lr
        self.twins = [torch.nn.Parameter(torch.from_numpy(p.data.copy())) for p in self.params]
        self.inner = torch.optim.SGD(self.twins, lr=lr, momentum=momentum)

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        self.inner.param_groups[0]["lr"] = self.lr
        for p, twin in zip(self.params, self.twins, strict=True):
            twin.grad = None if p.grad is None else torch.from_numpy(p.grad)
        self.inner.step()
        for p, twin in zip(self.params, self.twins, strict=True):
            p.data[:] = twin.detach().numpy()


# adam_step


@solves("adam_step")
def adam_folded(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    root = math.sqrt(1 - beta2**t)
    return w - (lr * root / (1 - beta1**t)) * m / (np.sqrt(v) + eps * root), m, v


@solves("adam_step")
def adam_loop(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v = w.copy(), m.copy(), v.copy()
    for i in np.ndindex(w.shape):
        m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2
        w[i] -= lr * (m[i] / (1 - beta1**t)) / (math.sqrt(v[i] / (1 - beta2**t)) + eps)
    return w, m, v


@solves("adam_step")
def adam_of_torch(w, g, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    p = torch.nn.Parameter(torch.from_numpy(w.copy()))
    optimizer = torch.optim.Adam([p], lr=lr, betas=(beta1, beta2), eps=eps)
    state = {"step": torch.tensor(float(t - 1)), "exp_avg": torch.from_numpy(m.copy())}
    optimizer.state[p] = {**state, "exp_avg_sq": torch.from_numpy(v.copy())}
    p.grad = torch.from_numpy(g.copy())
    optimizer.step()
    kept = optimizer.state[p]
    return p.detach().numpy(), kept["exp_avg"].numpy(), kept["exp_avg_sq"].numpy()


# clip_by_norm


@solves("clip_by_norm")
def clip_if(grads, max_norm):
    norm = np.linalg.norm([np.linalg.norm(g) for g in grads])
    if norm <= max_norm:
        return [g.copy() for g in grads]
    return [g * (max_norm / norm) for g in grads]


@solves("clip_by_norm")
def clip_flat(grads, max_norm):
    flat = np.concatenate([g.ravel() for g in grads])
    length = math.sqrt(flat @ flat)
    flat = flat / max(1.0, length / max_norm)
    out, at = [], 0
    for g in grads:
        out.append(flat[at : at + g.size].reshape(g.shape))
        at += g.size
    return out


@solves("clip_by_norm")
def clip_torch(grads, max_norm):
    params = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in grads]
    for p, g in zip(params, grads, strict=True):
        p.grad = torch.from_numpy(g.copy())
    torch.nn.utils.clip_grad_norm_(params, max_norm)
    return tuple(p.grad.numpy() for p in params)


# warmup_cosine


@solves("warmup_cosine")
def schedule_numpy(step, warmup, total, lr):
    up = (step + 1) / warmup if warmup else 1.0
    x = max(0, step - warmup) / (total - warmup)
    return lr * up if step < warmup else lr * (1 + np.cos(np.pi * x)) / 2


@solves("warmup_cosine")
def schedule_table(step, warmup, total, lr):
    rest = total - warmup
    rates = [lr * (k + 1) / warmup for k in range(warmup)]
    rates += [lr / 2 + lr / 2 * math.cos(k * math.pi / rest) for k in range(rest)]
    return rates[step]


@solves("warmup_cosine")
def schedule_squared(step, warmup, total, lr):
    if step >= warmup:  # (1 + cos a) / 2 is the square of cos(a / 2)
        return lr * math.cos(math.pi / 2 * (step - warmup) / (total - warmup)) ** 2
    return float(torch.linspace(lr / warmup, lr, warmup, dtype=torch.float64)[step])


# fit


@solves("fit")
def fit_sums(model, optimizer, batches, epochs):
    criterion = nn.CrossEntropyLoss(reduction="sum")
    history = []
    for _ in range(epochs):
        model.train()
        losses = []
        for x, y in batches:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            (loss / len(x)).backward()
            optimizer.step()
            losses.append(loss.item())
        history.append(sum(losses) / sum(len(x) for x, _ in batches))
    return (model.eval(), history)[1]


@solves("fit")
def fit_weighted(model, optimizer, batches, epochs):
    model.train(True)
    sizes = np.array([len(y) for _, y in batches])

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    history = [
        float(np.average([step(x, y) for x, y in batches], weights=sizes)) for _ in range(epochs)
    ]
    model.train(False)
    return history


@solves("fit")
def fit_per_example(model, optimizer, batches, epochs):
    history, epoch = [], 0
    while epoch < epochs:
        model.train()
        every = []
        for x, y in batches:
            losses = F.cross_entropy(model(x), y, reduction="none")
            losses.mean().backward()
            optimizer.step()
            optimizer.zero_grad()
            every.append(losses.detach())
        history.append(torch.cat(every).mean().item())
        epoch += 1
    model.eval()
    return history


# descent_path


@solves("descent_path")
def path_filled(gradient, w, lr, steps):
    path = np.empty((steps + 1, len(w)))
    path[0] = w
    for t in range(steps):
        path[t + 1] = path[t] - lr * gradient(path[t])
    return path


@solves("descent_path")
def path_copied(gradient, w, lr, steps):
    here, path = w.copy(), [w.copy()]
    for _ in range(steps):
        here -= lr * gradient(here)
        path.append(here.copy())
    return np.stack(path)


@solves("descent_path")
def path_recursive(gradient, w, lr, steps):
    if steps == 0:
        return w[None].copy()
    rest = path_recursive(gradient, w - lr * gradient(w), lr, steps - 1)
    return np.concatenate([w[None], rest])


# adamw_step


@solves("adamw_step")
def adamw_by_parts(w, g, m, v, t, lr=1e-3, decay=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    adam = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return w - lr * (adam + decay * w), m, v


@solves("adamw_step")
def adamw_loop(w, g, m, v, t, lr=1e-3, decay=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v = w.copy(), m.copy(), v.copy()
    for i in np.ndindex(w.shape):
        m[i] = beta1 * m[i] + (1 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2
        w[i] -= lr * decay * w[i]
        w[i] -= lr * m[i] / (1 - beta1**t) / (math.sqrt(v[i] / (1 - beta2**t)) + eps)
    return w, m, v


@solves("adamw_step")
def adamw_of_torch(w, g, m, v, t, lr=1e-3, decay=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
    p = torch.nn.Parameter(torch.from_numpy(w.copy()))
    p.grad = torch.from_numpy(g.copy())
    optimizer = torch.optim.AdamW([p], lr, (beta1, beta2), eps, weight_decay=decay)
    optimizer.state[p] = {
        "step": torch.tensor(float(t - 1)),
        "exp_avg": torch.from_numpy(m.copy()),
        "exp_avg_sq": torch.from_numpy(v.copy()),
    }
    optimizer.step()
    state = optimizer.state[p]
    return p.detach().numpy(), state["exp_avg"].numpy(), state["exp_avg_sq"].numpy()


# tune_rate


@solves("tune_rate")
def tune_by_table(run, rates, seeds):
    valid, test = np.moveaxis(np.array([[run(lr, s) for s in seeds] for lr in rates]), -1, 0)
    means = np.where(np.isfinite(valid).all(1), valid.mean(1), np.inf)
    i = means.argmin()
    return rates[i], test[i].mean(), np.std(test[i])


@solves("tune_rate")
def tune_by_loop(run, rates, seeds):
    lowest, answer = math.inf, None
    for lr in rates:
        losses, scores = zip(*(run(lr, seed) for seed in seeds), strict=True)
        if all(map(math.isfinite, losses)) and sum(losses) / len(losses) < lowest:
            lowest, answer = sum(losses) / len(losses), (lr, scores)
    lr, scores = answer
    mean = sum(scores) / len(scores)
    return lr, mean, math.sqrt(sum((s - mean) ** 2 for s in scores) / len(scores))


@solves("tune_rate")
def tune_sorted(run, rates, seeds):
    rows = [(lr, [run(lr, s) for s in seeds]) for lr in rates]
    rows = [row for row in rows if all(np.isfinite(v) for v, _ in row[1])]
    lr, pairs = sorted(rows, key=lambda row: np.mean([v for v, _ in row[1]]))[0]
    scores = [score for _, score in pairs]
    return lr, np.mean(scores), np.std(scores)
