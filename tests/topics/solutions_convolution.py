"""Right answers to the exercises of `convolution`, written in other ways."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.topics.solutions import solves

# receptive_field


@solves("receptive_field")
def field_backwards(kernel, stride, dilation):
    field = 1
    for k, s, d in reversed(list(zip(kernel, stride, dilation, strict=True))):
        field = s * (field - 1) + d * (k - 1) + 1
    return field


@solves("receptive_field")
def field_cumprod(kernel, stride, dilation):
    jumps = np.concatenate([[1], np.cumprod(stride)[:-1]])
    return 1 + int(np.sum(dilation * (kernel - 1) * jumps))


@solves("receptive_field")
def field_ends(kernel, stride, dilation):
    first = last = 0  # the inputs of output 0, followed down layer by layer
    for i in range(len(kernel) - 1, -1, -1):
        first, last = first * stride[i], last * stride[i] + dilation[i] * (kernel[i] - 1)
    return last - first + 1


# conv2d_forward


@solves("conv2d_forward")
def conv_torch(x, weight, bias, stride, padding):
    return F.conv2d(x, weight, bias, stride=stride, padding=padding)


@solves("conv2d_forward")
def conv_windows(x, weight, bias, stride, padding):
    k = weight.shape[-1]
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    view = np.lib.stride_tricks.sliding_window_view(x, (k, k), (2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwkl,ockl->nohw", view, weight) + bias.reshape(1, -1, 1, 1)


@solves("conv2d_forward")
def conv_shifts(x, weight, bias, stride, padding):
    N, C, H, W = x.shape
    O, _, k, _ = weight.shape
    h, w = (H + 2 * padding - k) // stride + 1, (W + 2 * padding - k) // stride + 1
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    padded[:, :, padding : padding + H, padding : padding + W] = x
    y = np.zeros((N, O, h, w)) + bias[None, :, None, None]
    for u in range(k):
        for v in range(k):
            part = padded[:, :, u::stride, v::stride][:, :, :h, :w]
            y += np.tensordot(weight[:, :, u, v], part, (1, 1)).transpose(1, 0, 2, 3)
    return y


@solves("conv2d_forward")
def conv_loops(x, weight, bias, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    O, _, k, _ = weight.shape
    h, w = ((n - k) // stride + 1 for n in x.shape[2:])
    y = np.empty((len(x), O, h, w))
    for n, o, i, j in np.ndindex(y.shape):
        window = x[n, :, i * stride : i * stride + k, j * stride : j * stride + k]
        y[n, o, i, j] = (window * weight[o]).sum() + bias[o]
    return y


# max_pool_backward


@solves("max_pool_backward")
def pool_loops(g, x):
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(g.shape):
        window = x[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        u, v = np.unravel_index(window.argmax(), (2, 2))
        dx[n, c, 2 * i + u, 2 * j + v] = g[n, c, i, j]
    return dx


@solves("max_pool_backward")
def pool_torch(g, x):
    x = x.clone().requires_grad_()
    F.max_pool2d(x, 2).backward(g)
    return x.grad


@solves("max_pool_backward")
def pool_four_views(g, x):
    dx, free = np.zeros(x.shape), np.ones(g.shape, bool)
    views = [(slice(u, None, 2), slice(v, None, 2)) for u in (0, 1) for v in (0, 1)]
    best = np.maximum.reduce([x[:, :, a, b] for a, b in views])
    for a, b in views:
        wins = free & (x[:, :, a, b] == best)
        dx[:, :, a, b] = np.where(wins, g, 0)
        free &= ~wins
    return dx


# batch_norm_train


@solves("batch_norm_train")
def norm_torch(x, weight, bias, running_mean, running_var, momentum):
    mean, var = running_mean.clone(), running_var.clone()
    out = F.batch_norm(x, mean, var, weight, bias, training=True, momentum=momentum)
    return out, mean, var


@solves("batch_norm_train")
def norm_rows(x, weight, bias, running_mean, running_var, momentum):
    rows = x.transpose(1, 0, 2, 3).reshape(x.shape[1], -1)
    mean = rows.mean(1)
    out = (rows - mean[:, None]) / np.sqrt(rows.var(1) + 1e-5)[:, None]
    out = (weight[:, None] * out + bias[:, None]).reshape(-1, len(x), *x.shape[2:])
    new_var = running_var + momentum * (rows.var(1, ddof=1) - running_var)
    return out.swapaxes(0, 1), running_mean + momentum * (mean - running_mean), new_var


@solves("batch_norm_train")
def norm_by_channel(x, weight, bias, running_mean, running_var, momentum):
    out, means, variances = np.empty_like(x), [], []
    for c in range(x.shape[1]):
        mean, std = x[:, c].mean(), math.sqrt(x[:, c].var() + 1e-5)
        out[:, c] = weight[c] * (x[:, c] - mean) / std + bias[c]
        means.append(running_mean[c] * (1 - momentum) + mean * momentum)
        variances.append(running_var[c] * (1 - momentum) + np.var(x[:, c], ddof=1) * momentum)
    return out, np.array(means), np.array(variances)


# pairwise_iou


@solves("pairwise_iou")
def iou_loops(a, b):
    out = np.zeros((len(a), len(b)))
    for i, (l, t, r, d) in enumerate(a):
        for j, (l2, t2, r2, d2) in enumerate(b):
            both = max(0, min(r, r2) - max(l, l2)) * max(0, min(d, d2) - max(t, t2))
            out[i, j] = both / ((r - l) * (d - t) + (r2 - l2) * (d2 - t2) - both)
    return out


@solves("pairwise_iou")
def iou_columns(a, b):
    l, t, r, d = (np.expand_dims(c, 1) for c in a.T)
    l2, t2, r2, d2 = b.T
    wide = np.clip(np.minimum(r, r2) - np.maximum(l, l2), 0, None)
    high = np.clip(np.minimum(d, d2) - np.maximum(t, t2), 0, None)
    both = wide * high
    return both / ((r - l) * (d - t) + (r2 - l2) * (d2 - t2) - both)


@solves("pairwise_iou")
def iou_torch(a, b):
    start = torch.maximum(a[:, None, :2], b[:, :2])
    end = torch.minimum(a[:, None, 2:], b[:, 2:])
    both = (end - start).clamp(min=0).prod(-1)
    area = [(boxes[:, 2:] - boxes[:, :2]).prod(-1) for boxes in (a, b)]
    return both / (area[0].unsqueeze(1) + area[1] - both)


# residual_block


@solves("residual_block")
class BlockOfStrings(nn.Module):
    def __init__(self, channels):
        super().__init__()
        for i in "12":
            conv = nn.Conv2d(channels, channels, (3, 3), padding="same", bias=False)
            self.add_module(f"conv{i}", conv)
            self.add_module(f"bn{i}", nn.BatchNorm2d(channels))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + x)


@solves("residual_block")
class BlockInPlace(nn.Module):
    def __init__(self, channels):
        nn.Module.__init__(self)
        self.conv1, self.conv2 = (
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False) for _ in range(2)
        )
        self.bn1, self.bn2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)

    def forward(self, x):
        y = self.bn1(self.conv1(x))
        y = self.bn2(self.conv2(y.relu_()))
        y += x
        return y.relu_()


@solves("residual_block")
class BlockClamped(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        branch = (self.conv1, self.bn1, nn.ReLU(), self.conv2, self.bn2)
        y = x
        for layer in branch:
            y = layer(y)
        return (x + y).clamp(min=0)
