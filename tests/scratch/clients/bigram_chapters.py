"""From-scratch chapters on names: counts, an MLP by hand, batch norm by hand, manual gradients."""
# ruff: noqa

import numpy as np
import torch
import torch.nn.functional as F

words = "emma olivia ava isabella sophia mia amelia harper evelyn abigail emily luna".split()
chars = sorted(list(set("".join(words))))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0
V = len(stoi)


def models():
    return {}


def counts():
    N = torch.zeros((V, V), dtype=torch.int32)
    for w in words:
        chs = ["."] + list(w) + ["."]
        for ch1, ch2 in zip(chs, chs[1:]):
            N[stoi[ch1], stoi[ch2]] += 1
    P = (N + 1).float()
    P /= P.sum(1, keepdims=True)
    log_likelihood, n = 0.0, 0
    for w in words[:3]:
        chs = ["."] + list(w) + ["."]
        for ch1, ch2 in zip(chs, chs[1:]):
            log_likelihood += torch.log(P[stoi[ch1], stoi[ch2]])
            n += 1
    return f"{-log_likelihood / n:.4f}"


def build_dataset(block_size=3):
    X, Y = [], []
    for w in words:
        context = [0] * block_size
        for ch in w + ".":
            X.append(context)
            Y.append(stoi[ch])
            context = context[1:] + [stoi[ch]]
    return torch.tensor(X), torch.tensor(Y)


def parameters():
    rng = np.random.default_rng(14)
    draw = lambda *shape: torch.tensor(rng.standard_normal(shape), dtype=torch.float32)
    C, W1 = draw(V, 4), draw(12, 20) * (5 / 3) / (12**0.5)
    W2, b2 = draw(20, V) * 0.1, draw(V) * 0.1
    bngain, bnbias = draw(1, 20) * 0.1 + 1.0, draw(1, 20) * 0.1
    params = [C, W1, W2, b2, bngain, bnbias]
    for p in params:
        p.requires_grad = True
    return params


def cmp(dt, t):
    assert torch.allclose(dt, t.grad, atol=1e-6), (dt - t.grad).abs().max().item()


def manual_gradients():
    C, W1, W2, b2, bngain, bnbias = params = parameters()
    Xb, Yb = build_dataset()
    n = Xb.shape[0]
    emb = C[Xb]
    embcat = emb.view(emb.shape[0], -1)
    hprebn = embcat @ W1
    bnmeani = 1 / n * hprebn.sum(0, keepdim=True)
    bndiff = hprebn - bnmeani
    bndiff2 = bndiff**2
    bnvar = 1 / (n - 1) * bndiff2.sum(0, keepdim=True)
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = bndiff * bnvar_inv
    hpreact = bngain * bnraw + bnbias
    h = torch.tanh(hpreact)
    logits = h @ W2 + b2
    logit_maxes = logits.max(1, keepdim=True).values
    norm_logits = logits - logit_maxes
    exps = norm_logits.exp()
    exps_sum = exps.sum(1, keepdims=True)
    exps_sum_inv = exps_sum**-1
    probs = exps * exps_sum_inv
    logprobs = probs.log()
    loss = -logprobs[range(n), Yb].mean()
    for t in [logprobs, probs, exps, exps_sum, norm_logits, logits, h, bnraw, bnvar, hprebn, emb]:
        t.retain_grad()
    loss.backward()

    dlogits = F.softmax(logits, 1)
    dlogits[range(n), Yb] -= 1
    dlogits /= n
    cmp(dlogits, logits)
    dh = dlogits @ W2.T
    cmp(h.T @ dlogits, W2)
    cmp(dlogits.sum(0), b2)
    dhpreact = (1.0 - h**2) * dh
    cmp((bnraw * dhpreact).sum(0, keepdim=True), bngain)
    dhprebn = (
        bngain
        * bnvar_inv
        / n
        * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
    )
    cmp(dhprebn, hprebn)
    cmp(embcat.T @ dhprebn, W1)
    demb = (dhprebn @ W1.T).view(emb.shape)
    dC = torch.zeros_like(C)
    for k in range(Xb.shape[0]):
        for j in range(Xb.shape[1]):
            dC[Xb[k, j]] += demb[k, j]
    cmp(dC, C)
    return loss.item(), F.cross_entropy(logits, Yb).item(), sum(p.nelement() for p in params)


def train_by_hand():
    params = parameters()
    C, W1, W2, b2, bngain, bnbias = params
    X, Y = build_dataset()
    running, curve = torch.ones((1, 20)), []
    rng = np.random.default_rng(15)
    for i in range(20):
        ix = torch.from_numpy(rng.integers(0, X.shape[0], (16,)))
        Xb, Yb = X[ix], Y[ix]
        hpre = C[Xb].view(-1, 12) @ W1
        mean, std = hpre.mean(0, keepdim=True), hpre.std(0, keepdim=True)
        with torch.no_grad():
            running = 0.9 * running + 0.1 * std
        h = torch.tanh(bngain * (hpre - mean) / std + bnbias)
        loss = F.cross_entropy(h @ W2 + b2, Yb)
        for p in params:
            p.grad = None
        loss.backward()
        lr = 0.1 if i < 15 else 0.01
        for p in params:
            p.data += -lr * p.grad
        curve.append(loss.log10().item())
    return curve, running.mean().item()


@torch.no_grad()
def sample():
    C, W1, W2, b2, _, _ = parameters()
    g = torch.Generator().manual_seed(2147483647)
    out, context = [], [0] * 3
    while len(out) < 12:
        h = torch.tanh(C[torch.tensor([context])].view(1, -1) @ W1)
        probs = F.softmax(h @ W2 + b2, dim=1)
        ix = torch.multinomial(probs, num_samples=1, generator=g).item()
        context = context[1:] + [ix]
        out.append(ix)
        if ix == 0:
            break
    return all(0 <= i < V for i in out)


def train(m):
    xenc = F.one_hot(build_dataset()[0][:, -1], num_classes=V).float()
    return counts(), manual_gradients(), train_by_hand(), sample(), xenc.sum().item()
