"""Text by attention: every position looks at those before it, and says what comes next."""

import functools
import math
from typing import Any


@functools.cache
def Block(torch: Any) -> Any:
    """A pre-norm block: attention, then two layers on each position (Xiong et al., 2020)."""
    nn, F = torch.nn, torch.nn.functional

    class Attention(nn.Module):
        """Scaled dot-product attention in several heads (Vaswani et al., 2017)."""

        def __init__(self, width, heads, causal):
            super().__init__()
            self.heads, self.causal = heads, causal
            self.query = nn.Linear(width, width, bias=False)
            self.key = nn.Linear(width, width, bias=False)
            self.value = nn.Linear(width, width, bias=False)
            self.proj = nn.Linear(width, width)

        def forward(self, x, past=None):  # (B, T, C)
            B, T, C = x.shape

            def split(t):  # to (B, nh, T, hs)
                return t.view(B, T, self.heads, C // self.heads).transpose(1, 2)

            q, k, v = split(self.query(x)), split(self.key(x)), split(self.value(x))
            if past is not None:  # what earlier calls computed need not be computed again
                k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)  # P+T places
            y = self.weights(q, k) @ v  # (B, nh, T, hs)
            return self.proj(y.transpose(1, 2).reshape(B, T, C)), (k, v)

        def weights(self, q, k):
            """Where each query looks: (B, nh, T, S), rows sum to one."""
            T, S = q.shape[2], k.shape[2]
            scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (B, nh, T, S)
            if self.causal:
                future = torch.tril(torch.ones(T, S), diagonal=S - T) == 0  # (T, S)
                scores = scores.masked_fill(future, float("-inf"))
            return F.softmax(scores, -1)

    class Block(nn.Module):
        """`Block(width, heads)`; gives its output and the keys and values it used."""

        def __init__(self, width, heads, causal=True):
            super().__init__()
            self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attn = Attention(width, heads, causal)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x, past=None):  # (B, T, C)
            y, kept = self.attn(self.ln1(x), past)
            x = x + y
            return x + self.down(F.gelu(self.up(self.ln2(x)))), kept

    return Block


@functools.cache
def GPT(torch: Any) -> Any:
    """A decoder-only transformer (Radford et al., 2018) with learned positions and a KV cache."""
    nn, F = torch.nn, torch.nn.functional

    class GPT(nn.Module):
        """`context` is the largest number of tokens it can look at."""

        def __init__(self, vocabulary, context=64, layers=2, heads=4, width=64):
            super().__init__()
            self.context = context
            self.tokens = nn.Embedding(vocabulary, width)
            self.positions = nn.Embedding(context, width)
            self.blocks = nn.ModuleList([Block(torch)(width, heads) for _ in range(layers)])
            self.norm = nn.LayerNorm(width)
            self.head = nn.Linear(width, vocabulary, bias=False)

        def forward(self, x):  # (B, T)
            return self.extend(x)[0]  # (B, T, vocabulary)

        def extend(self, x, cache=None):
            """The logits of tokens `x` (B, T) that follow those in `cache`, and the new cache."""
            start = cache[0][0].shape[2] if cache else 0
            h = self.tokens(x) + self.positions(torch.arange(start, start + x.shape[1]))
            kept, pasts = [], cache or [None] * len(self.blocks)
            for block, past in zip(self.blocks, pasts, strict=True):
                h, keys_and_values = block(h, past)  # (B, T, C)
                kept.append(keys_and_values)
            return self.head(self.norm(h)), kept

        def loss(self, x, y):
            """The mean cross-entropy of the next tokens `y` (B, T), in nats a token."""
            logits = self(x)
            return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))

    return GPT
