"""A text model that sees both sides of a gap and fills it."""

import functools
from typing import Any

from .gpt import Block


@functools.cache
def BERT(torch: Any) -> Any:
    """A masked model (Devlin et al., 2019): the blocks of `GPT` without the causal mask."""
    nn, F = torch.nn, torch.nn.functional

    class BERT(nn.Module):
        """`vocabulary` counts the symbol that stands for a gap."""

        def __init__(self, vocabulary, context=64, layers=2, heads=4, width=64):
            super().__init__()
            self.tokens = nn.Embedding(vocabulary, width)
            self.positions = nn.Embedding(context, width)
            blocks = [Block(torch)(width, heads, causal=False) for _ in range(layers)]
            self.blocks = nn.ModuleList(blocks)
            self.norm = nn.LayerNorm(width)
            self.head = nn.Linear(width, vocabulary)

        def forward(self, x):  # (B, T)
            return self.head(self.encode(x))  # (B, T, vocabulary)

        def encode(self, x):
            """A vector for each token that knows of all the others: (B, T, width)."""
            h = self.tokens(x) + self.positions(torch.arange(x.shape[1]))
            for block in self.blocks:
                h, _ = block(h)
            return self.norm(h)

        def loss(self, x, y):
            """The mean cross-entropy of tokens `y` (B, T); -100 marks what was not hidden."""
            logits = self(x)
            return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))

    return BERT
