"""Right answers to the exercises of `generative`, written in other ways."""

import collections
import math

import numpy as np
import torch
from scipy.spatial.distance import cdist
from sklearn.metrics import precision_recall_curve
from sklearn.neighbors import NearestNeighbors
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from tests.topics.solutions import solves

# kl_to_standard_normal


@solves("kl_to_standard_normal")
def kl_loop(mean, log_variance):
    out = np.zeros(len(mean))
    for b, k in np.ndindex(mean.shape):
        deviation = math.exp(log_variance[b, k] / 2)
        out[b] += -math.log(deviation) + (deviation**2 + mean[b, k] ** 2) / 2 - 0.5
    return out


@solves("kl_to_standard_normal")
def kl_of_torch(mean, log_variance):
    cloud = Normal(torch.tensor(mean), torch.tensor(log_variance).mul(0.5).exp())
    prior = Normal(torch.zeros(1).double(), torch.ones(1).double())
    return kl_divergence(cloud, prior).sum(-1).numpy()


@solves("kl_to_standard_normal")
def kl_in_parts(mean, log_variance):
    squares = np.einsum("bk,bk->b", mean, mean)
    return (squares + np.expm1(log_variance).sum(-1) - log_variance.sum(-1)) / 2


# precision_recall


@solves("precision_recall")
def pr_loop(score, odd):
    listed = sorted(zip(score, odd, strict=True), key=lambda pair: -pair[0])
    precision, recall, true = [], [], 0
    for alarms, (_, is_odd) in enumerate(listed, 1):
        true += bool(is_odd)
        precision.append(true / alarms)
        recall.append(true / sum(odd))
    return np.array(precision), np.array(recall)


@solves("precision_recall")
def pr_reversed(score, odd):
    hits = odd[np.argsort(score)][::-1].astype(float)
    found = np.add.accumulate(hits)
    return found / (1 + np.arange(len(hits))), found / hits.sum()


@solves("precision_recall")
def pr_by_threshold(score, odd):
    reported = score[None, :] >= np.sort(score)[::-1][:, None]
    true = (reported & (odd > 0)).sum(1)
    return true / reported.sum(1), true / (odd > 0).sum()


@solves("precision_recall")
def pr_of_sklearn(score, odd):
    precision, recall, _ = precision_recall_curve(odd, score)
    return precision[-2::-1], recall[-2::-1]


# add_noise


@solves("add_noise")
def noise_step_by_step(x0, t, noise, alphas):
    out = np.zeros(x0.shape)
    for b in range(len(x0)):
        left = 1.0
        for step in range(t[b] + 1):
            left *= alphas[step]
        out[b] = math.sqrt(left) * x0[b] + math.sqrt(1 - left) * noise[b]
    return out


@solves("add_noise")
def noise_by_logarithms(x0, t, noise, alphas):
    left = np.exp(np.cumsum(np.log(alphas)))[t].reshape(-1, 1)
    return left**0.5 * x0 + (1 - left) ** 0.5 * noise


@solves("add_noise")
def noise_by_einsum(x0, t, noise, alphas):
    left = np.cumprod(alphas)[t]
    return np.einsum("b,bd->bd", np.sqrt(left), x0) + (np.sqrt(1 - left) * noise.T).T


# step_back


@solves("step_back")
def back_by_the_posterior(xt, guess, t, alphas, fresh):
    """The mean as a weighing of x_t and the guessed x_0 (Ho et al., eq. 7)."""
    now = np.prod(alphas[: t + 1])
    before = np.prod(alphas[:t])
    clean = (xt - np.sqrt(1 - now) * guess) / np.sqrt(now)
    mean = np.sqrt(before) * (1 - alphas[t]) / (1 - now) * clean
    mean = mean + np.sqrt(alphas[t]) * (1 - before) / (1 - now) * xt
    return mean + np.sqrt((1 - before) / (1 - now) * (1 - alphas[t])) * fresh


@solves("step_back")
def back_with_padding(xt, guess, t, alphas, fresh):
    bars = np.concatenate([[1.0], np.cumprod(alphas)])
    beta = 1 - alphas[t]
    out = xt / np.sqrt(1 - beta) - beta / np.sqrt((1 - beta) * (1 - bars[t + 1])) * guess
    if t:
        out = out + np.sqrt(beta * (1 - bars[t]) / (1 - bars[t + 1])) * fresh
    return out


@solves("step_back")
def back_in_torch(xt, guess, t, alphas, fresh):
    xt, guess, alphas, fresh = map(torch.tensor, (xt, guess, alphas, fresh))
    bars = torch.cumprod(alphas, 0)
    before = bars[t - 1] if t > 0 else torch.ones(()).double()
    mean = (xt - (1 - alphas[t]) * (1 - bars[t]).rsqrt() * guess) * alphas[t].rsqrt()
    return (mean + ((1 - before) / (1 - bars[t]) * (1 - alphas[t])).sqrt() * fresh).numpy()


# autoencoder_gradients


@solves("autoencoder_gradients")
def squeeze_loop(x, encoder, decoder):
    loss, d_encoder, d_decoder = 0.0, np.zeros(encoder.shape), np.zeros(decoder.shape)
    for picture in x:
        code = encoder @ picture
        error = decoder @ code - picture
        loss += error @ error
        d_decoder += 2 * np.outer(error, code)
        d_encoder += 2 * np.outer(decoder.T @ error, picture)
    return loss / len(x), d_encoder / len(x), d_decoder / len(x)


@solves("autoencoder_gradients")
def squeeze_einsum(x, encoder, decoder):
    code = np.einsum("bd,kd->bk", x, encoder)
    error = x - np.einsum("bk,dk->bd", code, decoder)
    loss = np.einsum("bd,bd->b", error, error).mean()
    d_encoder = np.einsum("bd,dk,be->ke", error, decoder, x)
    d_decoder = np.einsum("bd,bk->dk", error, code)
    return loss, -2 * d_encoder / len(x), -2 * d_decoder / len(x)


@solves("autoencoder_gradients")
def squeeze_by_moments(x, encoder, decoder):
    moments = x.T @ x / len(x)
    rest = decoder @ encoder - np.eye(x.shape[1])
    loss = np.trace(rest @ moments @ rest.T)
    return loss, 2 * decoder.T @ rest @ moments, 2 * rest @ moments @ encoder.T


@solves("autoencoder_gradients")
def squeeze_autograd(x, encoder, decoder):
    x, encoder, decoder = map(torch.tensor, (x, encoder, decoder))
    encoder.requires_grad_()
    decoder.requires_grad_()
    drawn = F.linear(F.linear(x, encoder), decoder)
    loss = F.mse_loss(drawn, x, reduction="sum") / len(x)
    d_encoder, d_decoder = torch.autograd.grad(loss, (encoder, decoder))
    return loss.item(), d_encoder.numpy(), d_decoder.numpy()


# share_of_copies


@solves("share_of_copies")
def copies_loop(drawn, train, held_out, level):
    def nearest(row):
        return min(math.dist(row, other) for other in train)

    limit = np.quantile([nearest(row) for row in held_out], level)
    return sum(nearest(row) < limit for row in drawn) / len(drawn)


@solves("share_of_copies")
def copies_cdist(drawn, train, held_out, level):
    usual, near = (cdist(rows, train).min(axis=1) for rows in (held_out, drawn))
    return float((near < np.quantile(usual, level)).mean())


@solves("share_of_copies")
def copies_neighbours(drawn, train, held_out, level):
    tree = NearestNeighbors(n_neighbors=1).fit(train)
    limit = np.quantile(tree.kneighbors(held_out)[0], level)
    return np.count_nonzero(tree.kneighbors(drawn)[0] < limit) / len(drawn)


@solves("share_of_copies")
def copies_einsum(drawn, train, held_out, level):
    both = np.concatenate([held_out, drawn])[:, None] - train[None]
    near = np.sqrt(np.einsum("mnd,mnd->mn", both, both)).min(1)
    real, made = near[: len(held_out)], near[len(held_out) :]
    return 1 - np.mean(made >= np.percentile(real, 100 * level))


# compose


@solves("compose")
def compose_search(odds, start, uniforms):
    tune = np.array(start)
    for u in uniforms:
        edges = np.cumsum(odds(tune[len(tune) - len(start) :]))
        tune = np.append(tune, np.searchsorted(edges, u, side="right"))
    return tune


@solves("compose")
def compose_queue(odds, start, uniforms):
    window, tune = collections.deque(start, maxlen=len(start)), [int(s) for s in start]
    for u in uniforms:
        shares, symbol = odds(window), 0
        while sum(shares[: symbol + 1]) <= u:
            symbol += 1
        window.append(symbol)
        tune.append(symbol)
    return np.array(tune)


@solves("compose")
def compose_in_place(odds, start, uniforms):
    W = len(start)
    tune = np.concatenate([start, np.full(len(uniforms), -1)])
    for i, u in enumerate(uniforms):
        tune[W + i] = np.argmax(np.cumsum(odds(tune[i : W + i])) > u)
    return tune


@solves("compose")
def compose_torch(odds, start, uniforms):
    tune = torch.tensor(start)
    for u in uniforms:
        p = torch.as_tensor(odds(tune[-len(start) :]))
        k = (p.cumsum(0) > u).nonzero()[0]
        tune = torch.cat([tune, k])
    return tune.numpy()


# reparameterise


@solves("reparameterise")
def draw_by_root(mean, log_variance, noise):
    return mean + torch.sqrt(torch.exp(log_variance)) * noise


@solves("reparameterise")
def draw_by_addcmul(mean, log_variance, noise):
    return torch.addcmul(mean, (log_variance / 2).exp(), noise)


@solves("reparameterise")
def draw_by_scaling(mean, log_variance, noise):
    return noise.mul(log_variance.mul(0.5).exp()).add(mean)


# gan_losses


@solves("gan_losses")
def duel_softplus(generator, discriminator, real, noise):
    drawn = generator(noise)
    judge = (
        F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(drawn.detach())).mean()
    )
    return judge, F.softplus(-discriminator(drawn)).mean()


@solves("gan_losses")
def duel_no_grad(generator, discriminator, real, noise):
    with torch.no_grad():
        drawn = generator(noise)
    yes, no = discriminator(real), discriminator(drawn)
    judge = -F.logsigmoid(yes).mean() - F.logsigmoid(-no).mean()
    return judge, -F.logsigmoid(discriminator(generator(noise))).mean()


@solves("gan_losses")
def duel_by_probability(generator, discriminator, real, noise):
    drawn = generator(noise)
    yes = torch.sigmoid(discriminator(real))
    no = torch.sigmoid(discriminator(drawn.detach()))
    called = torch.sigmoid(discriminator(drawn))
    bce = F.binary_cross_entropy
    judge = bce(yes, torch.ones_like(yes)) + bce(no, torch.zeros_like(no))
    return judge, bce(called, torch.ones_like(called))
