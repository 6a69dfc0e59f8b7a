"""A judgement on a whole sentence: a recurrent reader, and a bag of words to compare it with."""

import functools
from typing import Any


@functools.cache
def SentimentRNN(torch: Any) -> Any:
    """A GRU reads the words in order; its last state decides (Cho et al., 2014)."""
    nn = torch.nn

    class SentimentRNN(nn.Module):
        """Words are numbered from 1; shorter sentences are filled with 0 on the *left*."""

        def __init__(self, vocabulary, embedding=24, hidden=32, classes=2):
            super().__init__()
            self.embed = nn.Embedding(vocabulary, embedding, padding_idx=0)
            self.rnn = nn.GRU(embedding, hidden, batch_first=True)
            self.head = nn.Linear(hidden, classes)

        def forward(self, x):  # (B, T)
            h, _ = self.rnn(self.embed(x))  # (B, T, hidden)
            return self.head(h[:, -1])  # (B, classes)

    return SentimentRNN


@functools.cache
def BagOfWords(torch: Any) -> Any:
    """The baseline: the mean of the word vectors, which does not know their order."""
    nn = torch.nn

    class BagOfWords(nn.Module):
        """As `SentimentRNN`, but a sentence and its words shuffled are the same to it."""

        def __init__(self, vocabulary, embedding=24, classes=2):
            super().__init__()
            self.embed = nn.Embedding(vocabulary, embedding, padding_idx=0)
            self.head = nn.Linear(embedding, classes)

        def forward(self, x):  # (B, T)
            words = (x != 0).sum(1, keepdim=True)  # (B, 1)
            return self.head(self.embed(x).sum(1) / words)  # (B, classes)

    return BagOfWords
