"""Reviews of different lengths: packed recurrent classifiers beside a bag of embeddings."""
# ruff: noqa

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.utils.data as tud
from torch.autograd import Variable
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

WORDS = 30


class Reviews(tud.Dataset):
    """Sequences of word numbers; the mood is whether high numbers prevail."""

    def __init__(self, n, seed=0):
        rng = np.random.RandomState(seed)
        self.texts = [torch.LongTensor(rng.randint(1, WORDS, rng.randint(2, 9))) for _ in range(n)]
        self.moods = torch.ByteTensor([int(t.float().mean() > WORDS / 2) for t in self.texts])

    def __len__(self):
        return len(self.texts)

    def __getitem__(self, i):
        return self.texts[i], self.moods[i]


def collate(batch):
    texts, moods = zip(*batch)
    lengths = torch.as_tensor([len(t) for t in texts])
    return (
        pad_sequence(texts, batch_first=True),
        lengths,
        torch.stack(moods).type(torch.FloatTensor),
    )


class Reader(nn.Module):
    def __init__(self, kind, bidirectional):
        super().__init__()
        self.embed = nn.Embedding(WORDS, 6, padding_idx=0)
        self.rnn = getattr(nn, kind)(6, 5, batch_first=True, bidirectional=bidirectional)
        self.score = nn.Linear(5 * (1 + bidirectional), 1)

    def forward(self, text, lengths):
        packed = pack_padded_sequence(
            self.embed(text), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        out, _ = self.rnn(packed)
        out, sizes = pad_packed_sequence(out, batch_first=True)
        steps = torch.arange(out.size(1))[None, :, None]
        inside = (steps < sizes.view(-1, 1, 1)).type_as(out)
        mean = (out * inside).sum(1) / sizes.unsqueeze(1).type_as(out)
        return self.score(mean).squeeze(1)


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(WORDS, 6, mode="mean", padding_idx=0)
        self.score = nn.Linear(6, 1)

    def forward(self, text, lengths):
        words = torch.cat([t[:n] for t, n in zip(text, lengths.tolist())])
        starts = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)[:-1]])
        return self.score(self.bag(words, starts)).squeeze(1)


def models():
    kinds = {"gru": ("GRU", False), "lstm": ("LSTM", True), "rnn": ("RNN", True)}
    return {name: Reader(*kind) for name, kind in kinds.items()} | {"bag": Bag()}


def train(nets):
    loader = tud.DataLoader(Reviews(12), batch_size=5, shuffle=False, collate_fn=collate)
    told = []
    for net in nets.values():
        optimizer = torch.optim.Adagrad(net.parameters(), lr=0.1)
        for text, lengths, mood in loader:
            mood = Variable(mood)
            optimizer.zero_grad()
            loss = F.binary_cross_entropy_with_logits(net(text, lengths), mood)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            told.append(loss.item())
        with torch.no_grad():
            text, lengths, mood = next(iter(loader))
            hits = (net(text, lengths).sigmoid() > 0.5).float().eq(mood).sum()
            told.append(int(hits))
    return told
