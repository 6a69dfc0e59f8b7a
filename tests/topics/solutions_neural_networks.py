"""Right answers to the exercises of `neural_networks`, written in other ways."""

import math

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn import functional as F

from tests.topics.solutions import solves

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


# mlp_forward


@solves("mlp_forward")
def forward_by_index(x, weights, biases):
    a = np.asarray(x)
    for k in range(len(weights)):
        z = np.einsum("ni,oi->no", a, weights[k]) + biases[k]
        a = z if k == len(weights) - 1 else np.where(z > 0, z, 0.0)
    return a


@solves("mlp_forward")
def forward_recursive(x, weights, biases):
    if len(weights) == 1:
        return x @ weights[0].T + biases[0]
    hidden = x @ weights[0].T + biases[0]
    return forward_recursive(hidden * (hidden > 0), weights[1:], biases[1:])


@solves("mlp_forward")
def forward_torch(x, weights, biases):
    x = torch.as_tensor(x)
    for k, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        x = F.linear(x, torch.as_tensor(weight), torch.as_tensor(bias))
        x = x.relu() if k + 1 < len(weights) else x
    return x.numpy()


# standardise


@solves("standardise")
def standardise_columns(train, new):
    a, b = train.astype(float), new.astype(float)
    for column in range(train.shape[1]):
        values = train[:, column]
        mean = sum(values) / len(values)
        deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values)) or 1.0
        a[:, column] = (values - mean) / deviation
        b[:, column] = (new[:, column] - mean) / deviation
    return a, b


@solves("standardise")
def standardise_stacked(train, new):
    std = train.std(0)
    std[std == 0] = 1
    both = (np.vstack([train, new]) - train.mean(0)) / std
    return both[: len(train)], both[len(train) :]


@solves("standardise")
def standardise_sklearn(train, new):
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(new)


# mean_cost


@solves("mean_cost")
def cost_loop(p, ill, threshold, miss, alarm):
    total = 0.0
    for probability, truth in zip(p, ill, strict=True):
        if probability >= threshold and not truth:
            total += alarm
        elif probability < threshold and truth:
            total += miss
    return total / len(p)


@solves("mean_cost")
def cost_where(p, ill, threshold, miss, alarm):
    quiet = p < threshold
    return np.where(quiet, np.where(ill, miss, 0.0), np.where(ill, 0.0, alarm)).mean()


@solves("mean_cost")
def cost_wrong_ones(p, ill, threshold, miss, alarm):
    raised = p >= threshold
    wrong = raised != ill
    return (wrong * (miss * ill + alarm * raised)).sum() / p.size
