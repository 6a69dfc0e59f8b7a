"""Right answers written in other ways: loops, einsum, torch, other formulas."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SOLUTIONS: dict[str, list] = {}


def solves(id: str):
    """Enter a function or class as a right answer to the exercise `id`."""

    def enter(solution):
        SOLUTIONS.setdefault(id, []).append(solution)
        return solution

    return enter


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


# relu_backward


@solves("relu_backward")
def relu_where(g, z):
    return np.where(z > 0, g, 0)


@solves("relu_backward")
def relu_loop(g, z):
    out = np.zeros(g.shape)
    for i in np.ndindex(g.shape):
        if z[i] >= 0:  # any slope at zero is right
            out[i] = g[i]
    return out


@solves("relu_backward")
def relu_by_sign(g, z):
    slope = (np.sign(z) + 1) / 2
    return np.einsum("...,...->...", g, slope)


@solves("relu_backward")
def relu_autograd(g, z):
    z = torch.clone(z).requires_grad_()
    return torch.autograd.grad(torch.relu(z), z, g)[0]


# linear_backward


@solves("linear_backward")
def linear_einsum(g, x, weight):
    return (
        np.einsum("no,oi->ni", g, weight),
        np.einsum("no,ni->oi", g, x),
        np.einsum("no->o", g),
    )


@solves("linear_backward")
def linear_loops(g, x, weight):
    dx, dw, db = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(weight.shape[0])
    for n in range(x.shape[0]):
        for o in range(weight.shape[0]):
            db[o] += g[n, o]
            for i in range(x.shape[1]):
                dx[n, i] += g[n, o] * weight[o, i]
                dw[o, i] += g[n, o] * x[n, i]
    return dx, dw, db


@solves("linear_backward")
def linear_list(g, x, weight):
    return [(weight.T @ g.T).T, (x.T @ g).T, np.ones(len(g)) @ g]


@solves("linear_backward")
def linear_autograd(g, x, weight):
    x, weight = x.clone().requires_grad_(), weight.clone().requires_grad_()
    bias = torch.zeros(weight.shape[0], dtype=x.dtype, requires_grad=True)
    return torch.autograd.grad(F.linear(x, weight, bias), (x, weight, bias), g)


# unbroadcast


@solves("unbroadcast")
def unbroadcast_while(g, shape):
    g = np.array(g)
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


@solves("unbroadcast")
def unbroadcast_scatter(g, shape):
    out = np.zeros(shape)
    index = np.broadcast_to(np.arange(out.size).reshape(shape), g.shape)
    np.add.at(out.reshape(-1), index.reshape(-1), g.reshape(-1))
    return out


@solves("unbroadcast")
def unbroadcast_padded(g, shape):
    padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i, (a, b) in enumerate(zip(padded, g.shape, strict=True)) if a == 1 != b)
    return g.sum(axis=axes, keepdims=True).reshape(shape)


@solves("unbroadcast")
def unbroadcast_torch(g, shape):
    return g.sum_to_size(shape) if shape else torch.sum(g)


# softmax_cross_entropy_backward


@solves("softmax_cross_entropy_backward")
def sce_loop(logits, target):
    N, K = logits.shape
    out = np.zeros((N, K))
    for n in range(N):
        top = max(logits[n])
        e = [math.exp(z - top) for z in logits[n]]
        for k in range(K):
            out[n, k] = (e[k] / sum(e) - (1 if k == target[n] else 0)) / N
    return out


@solves("softmax_cross_entropy_backward")
def sce_jacobian(logits, target):
    N, K = logits.shape
    z = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    p = np.exp(z)
    one_hot = np.eye(K)[target]
    jacobian = np.eye(K)[None] - p[:, None, :]  # d log p_j / d z_k
    return np.einsum("nj,njk->nk", -one_hot / N, jacobian)


@solves("softmax_cross_entropy_backward")
def sce_torch(logits, target):
    z = torch.clone(logits).requires_grad_()
    F.cross_entropy(z, target).backward()
    return z.grad


# numerical_gradient


@solves("numerical_gradient")
def numerical_steps(f, x, eps=1e-5):
    x = np.asarray(x, dtype=np.float64)
    grad = np.empty(x.shape)
    for k in range(x.size):
        step = np.zeros(x.size)
        step[k] = eps
        step = step.reshape(x.shape)
        grad.flat[k] = (f(x + step) - f(x - step)) / (2 * eps)
    return grad


@solves("numerical_gradient")
def numerical_list(f, x, eps=0.00001):
    base = np.array(x, dtype=float)
    slopes = [
        f(base + eps * e.reshape(base.shape)) - f(base - eps * e.reshape(base.shape))
        for e in np.eye(base.size)
    ]
    return np.array(slopes).reshape(base.shape) / eps / 2


@solves("numerical_gradient")
def numerical_nested(f, x, eps=1e-5):
    flat = [float(v) for v in np.ravel(x)]

    def at(k, shift):
        moved = list(flat)
        moved[k] += shift
        return f(np.array(moved).reshape(np.shape(x)))

    grad = [(at(k, eps) - at(k, -eps)) / (2 * eps) for k in range(len(flat))]
    return np.array(grad).reshape(np.shape(x))


# mlp_backward


@solves("mlp_backward")
def mlp_einsum(x, y, W1, b1, W2, b2):
    z1 = np.einsum("nd,dh->nh", x, W1) + b1
    a1 = np.where(z1 > 0, z1, 0.0)
    z2 = np.einsum("nh,hk->nk", a1, W2) + b2
    p = np.exp(z2 - np.logaddexp.reduce(z2, axis=1)[:, None])
    p[np.arange(len(y)), y] -= 1
    d2 = p / len(y)
    d1 = np.einsum("nk,hk->nh", d2, W2)
    d1[z1 <= 0] = 0
    return np.einsum("nd,nh->dh", x, d1), d1.sum(0), np.einsum("nh,nk->hk", a1, d2), d2.sum(0)


@solves("mlp_backward")
def mlp_per_example(x, y, W1, b1, W2, b2):
    grads = [np.zeros_like(w) for w in (W1, b1, W2, b2)]
    for row, label in zip(x, y, strict=True):
        z1 = row @ W1 + b1
        a1 = z1.clip(min=0)
        z2 = a1 @ W2 + b2
        e = np.exp(z2 - z2.max())
        d2 = e / e.sum()
        d2[label] -= 1
        d1 = (W2 @ d2) * (z1 > 0)
        for total, part in zip(grads, (np.outer(row, d1), d1, np.outer(a1, d2), d2), strict=True):
            total += part / len(y)
    return tuple(grads)


@solves("mlp_backward")
def mlp_autograd(x, y, W1, b1, W2, b2):
    weights = [w.clone().requires_grad_() for w in (W1, b1, W2, b2)]
    A, a, B, b = weights
    F.cross_entropy(torch.relu(x @ A + a) @ B + b, y).backward()
    return [w.grad for w in weights]


# dense_relu


@solves("dense_relu")
def dense_loop(x, weight, bias):
    out = np.zeros((len(x), len(weight)))
    for n, row in enumerate(x):
        for o, w in enumerate(weight):
            out[n, o] = max(0.0, sum(a * b for a, b in zip(row, w, strict=True)) + bias[o])
    return out


@solves("dense_relu")
def dense_einsum(x, weight, bias):
    z = np.einsum("ni,oi->no", x, weight) + bias[None, :]
    return z * (z > 0)


@solves("dense_relu")
def dense_torch(x, weight, bias):
    return torch.relu(F.linear(x, weight, bias))


# softmax


@solves("softmax")
def softmax_logs(logits):
    return np.exp(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))


@solves("softmax")
def softmax_loop(logits):
    rows = logits.reshape(-1, logits.shape[-1])
    out = []
    for row in rows:
        e = [math.exp(v - max(row)) for v in row]
        out.append([v / sum(e) for v in e])
    return np.array(out).reshape(logits.shape)


@solves("softmax")
def softmax_pairs(logits):
    with np.errstate(over="ignore"):
        return 1 / np.exp(logits[..., None, :] - logits[..., :, None]).sum(-1)


@solves("softmax")
def softmax_torch(logits):
    return torch.softmax(logits, dim=-1)


# cross_entropy


@solves("cross_entropy")
def cross_entropy_loop(logits, target):
    total = 0.0
    for row, t in zip(logits, target, strict=True):
        top = max(row)
        total += top + math.log(sum(math.exp(v - top) for v in row)) - row[t]
    return total / len(target)


@solves("cross_entropy")
def cross_entropy_one_hot(logits, target):
    log_p = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    return -(np.eye(logits.shape[1])[target] * log_p).sum(axis=1).mean()


@solves("cross_entropy")
def cross_entropy_pairs(logits, target):
    gaps = logits - np.take_along_axis(logits, target[:, None], axis=1)
    return np.logaddexp.reduce(gaps, axis=1).mean()


@solves("cross_entropy")
def cross_entropy_torch(logits, target):
    return F.cross_entropy(torch.as_tensor(logits), torch.as_tensor(target)).item()


# linear_module


@solves("linear_module")
class LinearOfTorch(nn.Linear):
    pass


@solves("linear_module")
class LinearEinsum(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        k = in_features**-0.5
        self.register_parameter("bias", nn.Parameter(2 * k * torch.rand(out_features) - k))
        self.weight = nn.Parameter(2 * k * torch.rand(out_features, in_features) - k)

    def forward(self, x):
        return torch.einsum("...i,oi->...o", x, self.weight) + self.bias


@solves("linear_module")
class LinearFunctional(nn.Module):
    def __init__(self, in_features, out_features):
        nn.Module.__init__(self)
        bound = math.sqrt(1 / in_features)
        self.weight, self.bias = (
            nn.Parameter(torch.zeros(*shape))
            for shape in ((out_features, in_features), (out_features,))
        )
        for p in self.parameters():
            nn.init.uniform_(p, -bound, bound)

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


# train_step


@solves("train_step")
def step_zero_last(model, optimizer, x, y):
    optimizer.zero_grad(set_to_none=False)
    logits = model(x)
    loss = -torch.log_softmax(logits, 1)[torch.arange(len(y)), y].mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return float(loss)


@solves("train_step")
def step_zero_between(model, optimizer, x, y):
    model.train()
    loss = nn.CrossEntropyLoss()(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach().item()


@solves("train_step")
def step_by_hand(model, optimizer, x, y):
    for p in model.parameters():
        p.grad = None
    loss = F.nll_loss(model(x).log_softmax(dim=-1), y)
    for p, g in zip(
        model.parameters(), torch.autograd.grad(loss, list(model.parameters())), strict=True
    ):
        p.grad = g
    optimizer.step()
    return loss.item()


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
