"""Right answers to the exercises of `backpropagation`, written in other ways."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.topics.solutions import solves

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


# he_layer


@solves("he_layer")
def he_one_by_one(x, noise):
    units, inputs = noise.shape
    w = np.array([[v * (2 / inputs) ** 0.5 for v in row] for row in noise])
    a = np.array([[max(0.0, float(row @ w[j])) for j in range(units)] for row in x])
    before, after = (x * x).sum() / x.size, (a * a).sum() / a.size
    return w, a, after / before


@solves("he_layer")
def he_by_einsum(x, noise):
    w = noise / np.sqrt(noise.shape[1] / 2)
    z = np.einsum("nd,hd->nh", x, w)
    a = np.where(z > 0, z, 0.0)
    return w, a, np.square(a).mean() / np.square(x).mean()


@solves("he_layer")
def he_of_torch(x, noise):
    x, noise = torch.tensor(x), torch.tensor(noise)
    w = noise * torch.nn.init.calculate_gain("relu") / noise.shape[1] ** 0.5
    a = torch.relu(torch.nn.functional.linear(x, w))
    return w.numpy(), a.numpy(), float(a.pow(2).mean() / x.pow(2).mean())
