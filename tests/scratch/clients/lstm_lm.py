"""A word-level LSTM language model: truncated backpropagation through time, tied weights, annealing."""
# ruff: noqa

import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class RNNModel(nn.Module):
    """Encoder, recurrent core, decoder."""

    def __init__(self, rnn_type, ntoken, ninp, nhid, nlayers, dropout=0.0, tie_weights=False):
        super(RNNModel, self).__init__()
        self.ntoken = ntoken
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(ntoken, ninp)
        if rnn_type in ["LSTM", "GRU"]:
            self.rnn = getattr(nn, rnn_type)(ninp, nhid, nlayers, dropout=dropout)
        else:
            self.rnn = nn.RNN(ninp, nhid, nlayers, nonlinearity="relu", dropout=dropout)
        self.decoder = nn.Linear(nhid, ntoken)
        if tie_weights:
            if nhid != ninp:
                raise ValueError("tied weights need nhid == ninp")
            self.decoder.weight = self.encoder.weight
        self.init_weights()
        self.rnn_type, self.nhid, self.nlayers = rnn_type, nhid, nlayers

    def init_weights(self):
        initrange = 0.1
        nn.init.uniform_(self.encoder.weight, -initrange, initrange)
        nn.init.zeros_(self.decoder.bias)

    def forward(self, input, hidden):
        emb = self.drop(self.encoder(input))
        output, hidden = self.rnn(emb, hidden)
        decoded = self.decoder(self.drop(output))
        return F.log_softmax(decoded.view(-1, self.ntoken), dim=1), hidden

    def init_hidden(self, bsz):
        weight = next(self.parameters())
        zeros = weight.new_zeros(self.nlayers, bsz, self.nhid)
        if self.rnn_type == "LSTM":
            return (zeros, weight.new_zeros(self.nlayers, bsz, self.nhid))
        return zeros


def repackage_hidden(h):
    """Cut hidden states loose from their history."""
    if isinstance(h, torch.Tensor):
        return h.detach()
    return tuple(repackage_hidden(v) for v in h)


def batchify(data, bsz):
    nbatch = data.size(0) // bsz
    data = data.narrow(0, 0, nbatch * bsz)
    return data.view(bsz, -1).t().contiguous()


def get_batch(source, i, bptt):
    seq_len = min(bptt, len(source) - 1 - i)
    return source[i : i + seq_len], source[i + 1 : i + 1 + seq_len].view(-1)


def corpus():
    rng = np.random.default_rng(11)
    ids = (np.arange(400) * 7 % 13 + rng.integers(0, 3, 400)) % 17
    return torch.from_numpy(ids.astype(np.int64))


def models():
    return {
        "lstm": RNNModel("LSTM", 17, 12, 12, 2, tie_weights=True),
        "gru": RNNModel("GRU", 17, 8, 12, 1),
        "relu": RNNModel("RNN_RELU", 17, 8, 12, 1),
    }


def evaluate(model, source, criterion, bptt=7):
    model.eval()
    total, hidden = 0.0, model.init_hidden(4)
    with torch.no_grad():
        for i in range(0, source.size(0) - 1, bptt):
            data, targets = get_batch(source, i, bptt)
            output, hidden = model(data, hidden)
            hidden = repackage_hidden(hidden)
            total += len(data) * criterion(output, targets).item()
    return total / (len(source) - 1)


def train_one(model, lr=2.0, epochs=3, clip=0.25, bptt=7):
    data, criterion = batchify(corpus(), 4), nn.NLLLoss()
    train_data, val_data = data[:70], data[70:]
    best, curve = None, []
    for _ in range(epochs):
        model.train()
        hidden = model.init_hidden(4)
        for i in range(0, train_data.size(0) - 1, bptt):
            x, y = get_batch(train_data, i, bptt)
            model.zero_grad()
            hidden = repackage_hidden(hidden)
            output, hidden = model(x, hidden)
            loss = criterion(output, y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
            for p in model.parameters():
                p.data.add_(p.grad, alpha=-lr)
            curve.append(loss.item())
        val = evaluate(model, val_data, criterion)
        curve.append(math.exp(val))
        if best is None or val < best:
            best = val
        else:
            lr /= 4.0
    return curve


def train(m):
    return [train_one(m["lstm"]), train_one(m["gru"]), train_one(m["relu"], lr=0.5)]
