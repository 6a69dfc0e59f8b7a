"""Right answers to the exercises of `hardware`, written in other ways."""

import itertools
import math
import statistics

import numpy as np
import torch

from tests.topics.solutions import solves

# conv_cost


@solves("conv_cost")
def conv_by_layer(C, H, W, O, K, stride, padding):
    layer = torch.nn.Conv2d(C, O, K, stride, padding, device="meta")
    places = layer(torch.empty(1, C, H, W, device="meta")).numel()
    return sum(p.numel() for p in layer.parameters()), 2 * places * C * K**2


@solves("conv_cost")
def conv_by_counting(C, H, W, O, K, stride, padding):
    starts = [len(range(-padding, n + padding - K + 1, stride)) for n in (H, W)]
    kernel = C * K * K
    return O * (kernel + 1), starts[0] * starts[1] * O * (kernel + kernel)


@solves("conv_cost")
def conv_with_floor(C, H, W, O, K, stride, padding):
    a = 1 + math.floor((H - K + 2 * padding) / stride)
    b = 1 + math.floor((W - K + 2 * padding) / stride)
    return np.array([O, C, K, K]).prod() + O, 2 * np.array([O, C, K, K, a, b]).prod()


# training_bytes


@solves("training_bytes")
def bytes_by_model(sizes, batch, states):
    pairs = itertools.pairwise(sizes)
    net = torch.nn.Sequential(*(torch.nn.Linear(i, o, device="meta") for i, o in pairs))
    w = sum(p.numel() * p.element_size() for p in net.parameters())
    return w, w, states * w, sum(batch * layer.in_features * 4 for layer in net)


@solves("training_bytes")
def bytes_in_one(sizes, batch, states):
    P = sum((i + 1) * o for i, o in itertools.pairwise(sizes))
    return 4 * P, 4 * P, 4 * P * states, 4 * batch * (sum(sizes) - sizes[-1])


@solves("training_bytes")
def bytes_numpy(sizes, batch, states):
    n = np.array(sizes)
    weights = int(np.float32().itemsize * ((n[:-1] + 1) * n[1:]).sum())
    kept = sum(np.empty((batch, size), np.float32).nbytes for size in n[:-1])
    return [weights, weights, weights * states, kept]


# roofline_time


@solves("roofline_time")
def roof_by_speed(flops, moved, peak, bandwidth, launch):
    intensity = flops / moved
    speed = min(peak, intensity * bandwidth)
    return intensity, max(flops / speed, launch)


@solves("roofline_time")
def roof_sorted(flops, moved, peak, bandwidth, launch):
    return flops / moved, sorted([flops / peak, moved / bandwidth, launch])[-1]


@solves("roofline_time")
def roof_numpy(flops, moved, peak, bandwidth, launch):
    times = np.array([flops, moved, 1.0]) / np.array([peak, bandwidth, 1 / launch])
    return np.divide(flops, moved), times.max()


# time_call


@solves("time_call")
def time_median(run, synchronize, clock, repeats):
    run()
    synchronize()
    times = []
    for _ in range(repeats):
        begin = clock()
        run()
        synchronize()
        times.append(clock() - begin)
    return statistics.median(times)


@solves("time_call")
def time_numpy(run, synchronize, clock, repeats):
    def once():
        synchronize()
        begin = clock()
        run()
        synchronize()
        return clock() - begin

    run()
    return float(np.median([once() for _ in range(repeats)]))


@solves("time_call")
def time_differences(run, synchronize, clock, repeats):
    times = np.zeros((repeats + 1, 2))
    for k in range(repeats + 1):
        synchronize()
        times[k, 0] = clock()
        run()
        synchronize()
        times[k, 1] = clock()
    return np.sort(np.diff(times[1:], axis=1).ravel())[repeats // 2]


# scaled_step


@solves("scaled_step")
def scaled_float64(w, g16, scale, lr):
    if np.isinf(g16).any() or np.isnan(g16).any():
        return w, 0.5 * scale
    return (w - lr * (g16.astype(np.float64) / scale)).astype(np.float32), scale


@solves("scaled_step")
def scaled_sum(w, g16, scale, lr):
    g = np.asarray(g16, np.float32)
    good = np.isfinite(g.sum(dtype=np.float64))
    return (w - np.float32(lr / scale) * g, scale) if good else (np.copy(w), scale * 0.5)


@solves("scaled_step")
def scaled_torch(w, g16, scale, lr):
    p = torch.nn.Parameter(torch.from_numpy(w).clone())
    g = torch.from_numpy(g16).float()
    if not torch.isfinite(g).all():
        return p.detach().numpy(), scale / 2
    p.grad = g / scale
    torch.optim.SGD([p], lr=lr).step()
    return p.detach().numpy(), scale


# average_gradients


@solves("average_gradients")
def average_numpy(gradients, counts):
    return np.average(gradients, axis=0, weights=counts)


@solves("average_gradients")
def average_loop(gradients, counts):
    total = np.zeros(gradients.shape[1])
    for g, n in zip(gradients, counts, strict=True):
        total += n * g
    return total / sum(counts)


@solves("average_gradients")
def average_einsum(gradients, counts):
    return np.einsum("w,wp->p", counts / np.sum(counts), gradients)


# training_bill


@solves("training_bill")
def bill_joules(weights, tokens, devices, peak, utilisation, watts, pue, carbon):
    seconds = 2 * 3 * weights * tokens / devices / peak / utilisation
    kwh = seconds * devices * watts * pue / 3.6e6
    return seconds / 3600, kwh, carbon * kwh


@solves("training_bill")
def bill_per_device(weights, tokens, devices, peak, utilisation, watts, pue, carbon):
    alone = 6 * weights * tokens / (peak * utilisation * 60 * 60)  # hours of one device
    kwh = alone * watts * 1e-3 * pue
    return alone / devices, kwh, kwh * carbon


@solves("training_bill")
def bill_numpy(weights, tokens, devices, peak, utilisation, watts, pue, carbon):
    hours = np.prod([6.0, weights, tokens]) / np.prod([devices, peak, utilisation, 3600.0])
    energy = np.prod([hours, devices, watts, pue]) / 1000
    return [hours, energy, energy * carbon]


# mean_loss


@solves("mean_loss")
def mean_loss_lists(model, loss_of, batches, device):
    sums, counts = [], []
    with torch.no_grad():
        for x, y in batches:
            sums.append(loss_of(model(x.to(device)), y.to(device)).item() * len(y))
            counts.append(len(y))
    return sum(sums) / sum(counts)


@solves("mean_loss")
def mean_loss_detached(model, loss_of, batches, device):
    @torch.no_grad()
    def one(x, y):
        return loss_of(model(x.to(device)), y.to(device)), len(x)

    pairs = [one(x, y) for x, y in batches]
    n = sum(count for _, count in pairs)
    return float(sum(loss * (count / n) for loss, count in pairs))


@solves("mean_loss")
def mean_loss_running(model, loss_of, batches, device):
    mean, seen = 0.0, 0
    with torch.inference_mode():
        for x, y in batches:
            x = x.to(device)
            y = y.to(device)
            seen += len(x)
            mean += (loss_of(model(x), y).item() - mean) * len(x) / seen
    return mean


# accumulate_gradients


@solves("accumulate_gradients")
def accumulate_split(model, loss_of, x, y, size):
    model.zero_grad()
    for xb, yb in zip(x.split(size), y.split(size), strict=True):
        (len(xb) / len(x) * loss_of(model(xb), yb)).backward()


@solves("accumulate_gradients")
def accumulate_then_divide(model, loss_of, x, y, size):
    for p in model.parameters():
        p.grad = None
    for k in range(0, len(x), size):
        loss = loss_of(model(x[k : k + size]), y[k : k + size])
        (loss * len(x[k : k + size])).backward()
    for p in model.parameters():
        p.grad /= len(x)


@solves("accumulate_gradients")
def accumulate_by_hand(model, loss_of, x, y, size):
    params = list(model.parameters())
    sums = [torch.zeros_like(p) for p in params]
    for k in range(0, len(x), size):
        xb, yb = x[k : k + size], y[k : k + size]
        for s, g in zip(sums, torch.autograd.grad(loss_of(model(xb), yb), params), strict=True):
            s += g * len(xb) / len(x)
    for p, s in zip(params, sums, strict=True):
        p.grad = s
