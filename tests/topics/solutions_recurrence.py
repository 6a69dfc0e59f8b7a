"""Right answers to the exercises of `recurrence`, written in other ways."""

import math
from bisect import bisect_right
from itertools import accumulate

import numpy as np
import torch
from torch.nn import functional as F

from tests.topics.solutions import solves

# next_char_pairs


@solves("next_char_pairs")
def pairs_loop(ids, length):
    x, y, start = [], [], 0
    while start + length < len(ids):
        x.append(ids[start : start + length])
        y.append(ids[start + 1 : start + length + 1])
        start += length
    return np.array(x), np.array(y)


@solves("next_char_pairs")
def pairs_by_index(ids, length):
    first = np.arange(0, len(ids) - length, length)
    at = first[:, None] + np.arange(length)
    return ids[at], ids[at + 1]


@solves("next_char_pairs")
def pairs_of_torch(ids, length):
    rows = torch.from_numpy(np.ascontiguousarray(ids)).unfold(0, length + 1, length)
    return rows[:, :-1].numpy(), rows[:, 1:].numpy()


# rnn_forward


@solves("rnn_forward")
def forward_in_place(x, h, w_ih, w_hh, b):
    out = np.empty((*x.shape[:2], len(b)))
    for t in range(x.shape[1]):
        out[:, t] = np.tanh(x[:, t] @ w_ih.T + h @ w_hh.T + b)
        h = out[:, t]
    return out


@solves("rnn_forward")
def forward_one_by_one(x, h, w_ih, w_hh, b):
    texts = []
    for text, state in zip(x, h, strict=True):
        states = []
        for x_t in text:
            state = np.tanh(w_ih @ x_t + w_hh @ state + b)
            states.append(state)
        texts.append(states)
    return np.array(texts)


@solves("rnn_forward")
def forward_of_torch(x, h, w_ih, w_hh, b):
    layer = torch.nn.RNN(x.shape[2], len(b), batch_first=True).double()
    values = (w_ih, w_hh, b, np.zeros_like(b))
    with torch.no_grad():
        for p, value in zip(layer.parameters(), values, strict=True):
            p.copy_(torch.from_numpy(value))
        out, _ = layer(torch.from_numpy(x), torch.from_numpy(h)[None])
    return out.numpy()


# rnn_backward


@solves("rnn_backward")
def backward_by_windows(g, x, states, w_hh, window):
    dw_ih, dw_hh, db = 0, 0, 0
    for start in range(0, len(x), window):
        dh = 0
        for t in reversed(range(start, min(start + window, len(x)))):
            dz = (g[t] + dh) * (1 - states[t + 1] ** 2)
            dw_ih = dw_ih + dz.T @ x[t]
            dw_hh = dw_hh + dz.T @ states[t]
            db = db + dz.sum(0)
            dh = dz @ w_hh
    return dw_ih, dw_hh, db


@solves("rnn_backward")
def backward_with_factor(g, x, states, w_hh, window):
    T, N, H = g.shape
    slopes, dz, carried = 1 - states[1:] ** 2, np.zeros((T, N, H)), np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dz[t] = (g[t] + carried) * slopes[t]
        carried = (dz[t] @ w_hh) * float(t % window > 0)
    flat = dz.reshape(-1, H)
    return (
        flat.T @ x.reshape(T * N, -1),
        flat.T @ states[:-1].reshape(T * N, H),
        flat.sum(axis=0),
    )


@solves("rnn_backward")
def backward_of_torch(g, x, states, w_hh, window):
    H, I = g.shape[2], x.shape[2]
    U = torch.tensor(w_hh, requires_grad=True)
    W, b = (torch.zeros(s, dtype=torch.float64, requires_grad=True) for s in ((H, I), (H,)))
    total = torch.zeros((), dtype=torch.float64)
    h = torch.tensor(states[0])
    for t in range(len(x)):
        if t % window == 0:
            h = h.detach()
        z = h @ U.T + torch.tensor(x[t]) @ W.T + b
        here = torch.tensor(states[t + 1])
        h = here + (z - z.detach()) * (1 - here**2)  # the value of the state, the slope of tanh
        total = total + (h * torch.tensor(g[t])).sum()
    total.backward()
    return tuple(p.grad.numpy() for p in (W, U, b) if p.grad is not None)


# lstm_step


@solves("lstm_step")
def lstm_by_columns(z, c):
    H = c.shape[1]
    gate = 0.5 * np.tanh(0.5 * z) + 0.5
    new = gate[:, H : 2 * H] * c + gate[:, :H] * np.tanh(z[:, 2 * H : 3 * H])
    return gate[:, 3 * H :] * np.tanh(new), new


@solves("lstm_step")
def lstm_number_by_number(z, c):
    def sigmoid(v):
        return 1 / (1 + math.exp(-v))

    N, H = c.shape
    h, new = np.empty((N, H)), np.empty((N, H))
    for n in range(N):
        for k in range(H):
            i, f, g, o = (z[n, k + part * H] for part in range(4))
            new[n, k] = sigmoid(f) * c[n, k] + sigmoid(i) * math.tanh(g)
            h[n, k] = sigmoid(o) * math.tanh(new[n, k])
    return h, new


@solves("lstm_step")
def lstm_of_torch(z, c):
    H = c.shape[1]
    zero = torch.zeros(len(c), H, dtype=torch.float64)
    weights = torch.eye(4 * H, dtype=torch.float64), torch.zeros(4 * H, H, dtype=torch.float64)
    h, new = torch.lstm_cell(torch.tensor(z), (zero, torch.tensor(c)), *weights, None, None)
    return h.numpy(), new.numpy()


# last_real


@solves("last_real")
def last_by_loop(h, lengths):
    return np.array([row[n - 1] for row, n in zip(h, lengths, strict=True)])


@solves("last_real")
def last_by_take(h, lengths):
    at = (lengths - 1)[:, None, None]
    return np.take_along_axis(h, np.broadcast_to(at, (len(h), 1, h.shape[2])), axis=1)[:, 0]


@solves("last_real")
def last_by_mask(h, lengths):
    return (h * (np.arange(1, h.shape[1] + 1) == lengths[:, None])[..., None]).sum(1)


# sample_from_logits


@solves("sample_from_logits")
def sample_by_walking(logits, temperature, u):
    top = max(logits)
    weights = [math.exp((v - top) / temperature) for v in logits]
    reached, total = 0.0, sum(weights)
    for k, w in enumerate(weights):
        reached += w / total
        if reached > u:
            return k
    return len(weights) - 1


@solves("sample_from_logits")
def sample_by_bisection(logits, temperature, u):
    p = torch.softmax(torch.tensor(logits) / temperature, 0)
    return bisect_right(list(accumulate(p.tolist())), u)


@solves("sample_from_logits")
def sample_by_counting(logits, temperature, u):
    z = logits / temperature
    p = np.exp(z - np.logaddexp.reduce(z))
    return int((np.cumsum(p) <= u).sum())


# truncated_step


@solves("truncated_step")
def truncated_detach_first(model, optimizer, x, y, state):
    for p in model.parameters():
        p.grad = None
    logits, state = model(x, state.detach())
    loss = F.cross_entropy(logits.transpose(1, 2), y)
    loss.backward()
    optimizer.step()
    return float(loss), state.clone().detach()


@solves("truncated_step")
def truncated_own_loss(model, optimizer, x, y, state):
    logits, after = model(x, state)
    chosen = logits.log_softmax(-1).gather(2, y[..., None])
    loss = -chosen.mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach().item(), after.data


@solves("truncated_step")
def truncated_by_grad(model, optimizer, x, y, state):
    parameters = list(model.parameters())
    logits, after = model(x, state)
    loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
    for p, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        p.grad = g
    optimizer.step()
    return loss.tolist(), torch.tensor(after.tolist())


# gradient_lengths


@solves("gradient_lengths")
def lengths_by_products(w, slopes, g):
    found, product = [], np.eye(len(w))
    for t in reversed(range(len(slopes))):
        product = w.T @ np.diag(slopes[t]) @ product
        found.append(np.linalg.norm(product @ g))
    return np.array(found)


@solves("gradient_lengths")
def lengths_of_rows(w, slopes, g):
    found = np.zeros(len(slopes))
    for back in range(len(slopes)):
        g = (g * slopes[-1 - back]) @ w
        found[back] = math.sqrt(float(g @ g))
    return found


@solves("gradient_lengths")
def lengths_by_autograd(w, slopes, g):
    matrix, found = torch.tensor(w), []
    h = torch.zeros(len(w), dtype=torch.float64, requires_grad=True)
    states, scales = [h], torch.tensor(slopes)
    for scale in scales:  # a linear map with the same slopes has the same gradients
        states.append(scale * (matrix @ states[-1]))
    for state in reversed(states[:-1]):
        (back,) = torch.autograd.grad(states[-1] @ torch.tensor(g), state, retain_graph=True)
        found.append(back.norm().item())
    return np.array(found)


# against_last_value


@solves("against_last_value")
def against_in_a_loop(series, guess, ahead):
    ours = naive = 0.0
    for i, value in enumerate(guess):
        ours += (series[i + ahead] - value) ** 2
        naive += (series[i + ahead] - series[i]) ** 2
    return (ours / len(guess)) ** 0.5, (naive / len(guess)) ** 0.5


@solves("against_last_value")
def against_by_norms(series, guess, ahead):
    truth, root = series[ahead:], math.sqrt(len(guess))
    return np.linalg.norm(guess - truth) / root, np.linalg.norm(series[: len(guess)] - truth) / root


@solves("against_last_value")
def against_of_torch(series, guess, ahead):
    truth, series = torch.tensor(series[ahead:]), torch.tensor(series)
    naive = F.mse_loss(series[: len(truth)], truth).sqrt()
    return F.mse_loss(torch.tensor(guess), truth).sqrt().item(), naive.item()
