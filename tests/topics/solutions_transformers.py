"""Right answers to the exercises of `transformers`, written in other ways."""

import math

import numpy as np
import torch
from scipy.special import softmax
from torch.nn import functional as F

from tests.topics.solutions import solves

# scaled_dot_product_attention


@solves("scaled_dot_product_attention")
def attention_of_torch(q, k, v):
    tensors = (torch.from_numpy(a)[None] for a in (q, k, v))
    return F.scaled_dot_product_attention(*tensors)[0].numpy()


@solves("scaled_dot_product_attention")
def attention_row_by_row(q, k, v):
    out = []
    for query in q:
        scores = np.array([query @ key for key in k]) / math.sqrt(len(query))
        e = np.exp(scores - scores.max())
        out.append(sum(w * value for w, value in zip(e / e.sum(), v, strict=True)))
    return np.array(out)


@solves("scaled_dot_product_attention")
def attention_einsum(q, k, v):
    weights = softmax(np.einsum("td,sd->ts", q / q.shape[1] ** 0.5, k), axis=-1)
    return np.einsum("ts,sv->tv", weights, v)


# causal_weights


@solves("causal_weights")
def causal_by_slices(scores):
    T, S = scores.shape
    out = np.zeros_like(scores)
    for t in range(T):
        seen = S - T + t + 1
        out[t, :seen] = softmax(scores[t, :seen])
    return out


@solves("causal_weights")
def causal_by_tril(scores):
    T, S = scores.shape
    return softmax(np.where(np.tri(T, S, S - T, dtype=bool), scores, -np.inf), axis=1)


@solves("causal_weights")
def causal_shared_again(scores):
    T, S = scores.shape
    kept = np.tril(softmax(scores, axis=1), S - T)
    return kept / kept.sum(1, keepdims=True)


# cached_step


@solves("cached_step")
def step_by_stacking(x, keys, values, w_q, w_k, w_v):
    keys, values = np.vstack([keys, w_k @ x]), np.vstack([values, w_v @ x])
    return softmax(keys @ (w_q @ x) / np.sqrt(keys.shape[1])) @ values, keys, values


@solves("cached_step")
def step_of_torch(x, keys, values, w_q, w_k, w_v):
    x, keys, values, w_q, w_k, w_v = map(torch.from_numpy, (x, keys, values, w_q, w_k, w_v))
    keys = torch.cat([keys, (w_k @ x)[None]])
    values = torch.cat([values, (w_v @ x)[None]])
    out = F.scaled_dot_product_attention((w_q @ x)[None, None], keys[None], values[None])
    return out[0, 0].numpy(), keys.numpy(), values.numpy()


@solves("cached_step")
def step_by_rows(x, keys, values, w_q, w_k, w_v):
    keys = np.append(keys, [x @ w_k.T], axis=0)
    values = np.append(values, [x @ w_v.T], axis=0)
    scores = np.array([key @ (w_q @ x) for key in keys]) / math.sqrt(w_q.shape[0])
    weights = np.exp(scores - np.logaddexp.reduce(scores))
    return (weights[:, None] * values).sum(0), keys, values


# sinusoidal_positions


@solves("sinusoidal_positions")
def positions_by_loops(length, width):
    table = np.empty((length, width))
    for t in range(length):
        for i in range(width // 2):
            angle = t / 10000 ** (2 * i / width)
            table[t, 2 * i], table[t, 2 * i + 1] = math.sin(angle), math.cos(angle)
    return table


@solves("sinusoidal_positions")
def positions_stacked(length, width):
    angle = np.outer(np.arange(length), np.exp(-math.log(10000) * np.arange(0, width, 2) / width))
    return np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(length, width)


@solves("sinusoidal_positions")
def positions_of_waves(length, width):
    turn = np.exp(1j * np.outer(np.arange(length), 1e4 ** (-np.arange(width // 2) * 2 / width)))
    return np.dstack([turn.imag, turn.real]).reshape(length, width)


# next_token_probabilities


@solves("next_token_probabilities")
def nucleus_one_by_one(logits, temperature, top_p):
    p = softmax(logits / temperature)
    out, total = np.zeros_like(p), 0.0
    for token in sorted(range(len(p)), key=lambda i: -p[i]):
        if total >= top_p:
            break
        out[token] = p[token]
        total += p[token]
    return out / out.sum()


@solves("next_token_probabilities")
def nucleus_masked_logits(logits, temperature, top_p):
    logits = torch.from_numpy(np.asarray(logits)) / temperature
    ordered, index = logits.sort(descending=True)
    p = ordered.softmax(0)
    ordered = ordered.masked_fill(p.cumsum(0) - p >= top_p, float("-inf"))
    return torch.empty_like(p).scatter_(0, index, ordered).softmax(0).numpy()


@solves("next_token_probabilities")
def nucleus_by_the_last_one(logits, temperature, top_p):
    p = softmax(np.asarray(logits) / temperature)
    ranked = np.sort(p)[::-1]
    before = np.concatenate([[0.0], np.cumsum(ranked)[:-1]])
    least = ranked[before < top_p][-1]
    kept = np.where(p >= least, p, 0)
    return kept / kept.sum()


# multi_head_attention


@solves("multi_head_attention")
def heads_in_a_loop(x, w_q, w_k, w_v, w_o, heads):
    size = x.shape[2] // heads
    outs = []
    for i in range(heads):
        part = slice(i * size, (i + 1) * size)
        q, k, v = x @ w_q[part].T, x @ w_k[part].T, x @ w_v[part].T
        outs.append(torch.softmax(q @ k.transpose(1, 2) / size**0.5, -1) @ v)
    return torch.cat(outs, -1) @ w_o.T


@solves("multi_head_attention")
def heads_by_einsum(x, w_q, w_k, w_v, w_o, heads):
    B, T, C = x.shape
    q, k, v = ((x @ w.T).reshape(B, T, heads, C // heads) for w in (w_q, w_k, w_v))
    scores = torch.einsum("bthd,bshd->bhts", q, k) / math.sqrt(C // heads)
    y = torch.einsum("bhts,bshd->bthd", scores.softmax(-1), v)
    return y.flatten(2) @ w_o.T


@solves("multi_head_attention")
def heads_of_the_library(x, w_q, w_k, w_v, w_o, heads):
    return F.multi_head_attention_forward(
        *(3 * [x.transpose(0, 1)]),
        x.shape[2], heads, torch.cat([w_q, w_k, w_v]), None, None, None, False, 0.0, w_o, None,
        need_weights=False,
    )[0].transpose(0, 1)  # fmt: skip


# two_games


@solves("two_games")
def games_in_place(ids, hide, mask):
    gapped, filled = ids.copy(), np.full_like(ids, -100)
    gapped[hide] = mask
    filled[hide] = ids[hide]
    return gapped, filled, np.delete(ids, -1, axis=1), np.delete(ids, 0, axis=1)


@solves("two_games")
def games_one_by_one(ids, hide, mask):
    gapped, filled = [], []
    for text, gaps in zip(ids.tolist(), hide.tolist(), strict=True):
        gapped.append([mask if gap else token for token, gap in zip(text, gaps, strict=True)])
        filled.append([token if gap else -100 for token, gap in zip(text, gaps, strict=True)])
    rows = ids.tolist()
    return tuple(map(np.array, (gapped, filled, [r[:-1] for r in rows], [r[1:] for r in rows])))


@solves("two_games")
def games_of_torch(ids, hide, mask):
    there, gaps = torch.tensor(ids), torch.tensor(hide)
    gapped, filled = there.masked_fill(gaps, mask), there.masked_fill(~gaps, -100)
    last = there.shape[1] - 1
    found = gapped, filled, there.narrow(1, 0, last), there.narrow(1, 1, last)
    return tuple(t.numpy() for t in found)


# pairs_in_order


@solves("pairs_in_order")
def order_in_a_loop(stars, guess):
    points = pairs = 0.0
    for i in range(len(stars)):
        for j in range(len(stars)):
            if stars[i] > stars[j]:
                pairs += 1
                points += 1.0 if guess[i] > guess[j] else 0.5 if guess[i] == guess[j] else 0.0
    return points / pairs


@solves("pairs_in_order")
def order_by_signs(stars, guess):
    first, second = np.triu_indices(len(stars), 1)
    d, g = np.sign(stars[first] - stars[second]), np.sign(guess[first] - guess[second])
    return (0.5 + 0.5 * (d * g)[d != 0]).mean()


@solves("pairs_in_order")
def order_of_torch(stars, guess):
    stars, guess = torch.tensor(stars), torch.tensor(guess)
    i, j = torch.nonzero(stars[:, None] > stars).unbind(1)
    return torch.heaviside(guess[i] - guess[j], torch.tensor(0.5, dtype=guess.dtype)).mean().item()
