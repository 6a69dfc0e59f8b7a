"""Right answers to the exercises of `neural_networks`, written in other ways."""

import math

import numpy as np
import torch
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
