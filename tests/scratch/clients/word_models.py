"""Word vectors with negative sampling, a masked tagger, and a convolutional classifier."""
# ruff: noqa

import collections

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pad_sequence, unpad_sequence


class SkipGram(nn.Module):
    def __init__(self, vocab, dim):
        super().__init__()
        self.u = nn.Embedding(vocab, dim)
        self.v = nn.Embedding(vocab, dim)
        init = 0.5 / dim
        nn.init.uniform_(self.u.weight.data, -init, init)
        nn.init.constant_(self.v.weight.data, 0)

    def forward(self, centre, context, negative):
        u, v = self.u(centre), self.v(context)
        score = F.logsigmoid(torch.sum(torch.mul(u, v), dim=1))
        neg = torch.bmm(self.v(negative), u.unsqueeze(2)).squeeze()
        neg = F.logsigmoid(-1 * neg).sum(1)
        return -torch.mean(score + neg)


class Tagger(nn.Module):
    def __init__(self, vocab=12, tags=3):
        super().__init__()
        self.embed = nn.Embedding(vocab, 6, padding_idx=0)
        self.lstm = nn.LSTM(6, 5, num_layers=2, batch_first=True, bidirectional=True)
        self.hidden2tag = nn.Linear(10, tags)

    def forward(self, sentences):
        output, (h_n, c_n) = self.lstm(self.embed(sentences))
        return self.hidden2tag(output), torch.cat((h_n[-2], h_n[-1]), dim=1)


class TextCNN(nn.Module):
    def __init__(self, vocab=12, classes=2, kernels=(2, 3)):
        super().__init__()
        self.embedding = nn.Embedding(vocab, 4)
        self.convs = nn.ModuleList([nn.Conv1d(4, 5, k) for k in kernels])
        self.fc = nn.Linear(5 * len(kernels), classes)

    def forward(self, text):
        embedded = self.embedding(text).permute(0, 2, 1)
        conved = [F.relu(conv(embedded)) for conv in self.convs]
        pooled = [F.max_pool1d(c, c.shape[2]).squeeze(2) for c in conved]
        return self.fc(torch.cat(pooled, dim=1))


def models():
    return {"skip": SkipGram(12, 5), "tagger": Tagger(), "cnn": TextCNN()}


def train(m):
    rng, curve = np.random.default_rng(7), []
    words = collections.Counter(rng.integers(0, 12, 200).tolist())
    freq = torch.tensor([words[i] for i in range(12)], dtype=torch.float).pow(0.75)
    assert abs((freq / freq.sum()).sum().item() - 1) < 1e-5

    optimizer = torch.optim.Adagrad(m["skip"].parameters(), lr=0.1)
    for _ in range(4):
        batch = [torch.from_numpy(rng.integers(0, 12, s)) for s in ((8,), (8,), (8, 3))]
        loss = m["skip"](*batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())

    sentences = [torch.from_numpy(rng.integers(1, 12, n)) for n in (3, 6, 5)]
    padded = pad_sequence(sentences, batch_first=True)
    lengths = torch.tensor([len(s) for s in sentences])
    optimizer = torch.optim.Adam(m["tagger"].parameters(), lr=0.02)
    for _ in range(4):
        scores, final = m["tagger"](padded)
        parts = unpad_sequence(scores, lengths, batch_first=True)
        assert [len(part) for part in parts] == [3, 6, 5] and final.shape == (3, 10)
        mask = torch.arange(6)[None, :] < lengths[:, None]
        loss = F.cross_entropy(scores[mask], (padded % 3)[mask]) + final.pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())

    optimizer = torch.optim.RAdam(m["cnn"].parameters(), lr=0.05)
    text, label = torch.from_numpy(rng.integers(0, 12, (6, 7))), torch.tensor([0, 1, 0, 1, 1, 0])
    for _ in range(4):
        loss = F.cross_entropy(m["cnn"](text), label, weight=torch.tensor([1.0, 2.0]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    similar = F.cosine_similarity(m["skip"].u.weight[0:1], m["skip"].u.weight)
    value, index = similar.topk(3)
    return curve, index.tolist(), value.tolist()
