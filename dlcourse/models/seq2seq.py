"""From one sequence to another: an encoder, a decoder, and between them a state or attention."""

import functools
from typing import Any


@functools.cache
def Seq2Seq(torch: Any) -> Any:
    """Encoder and decoder (Sutskever et al., 2014), with dot attention (Luong et al., 2015).

    Without attention all that the decoder knows of the source is the encoder's last state.
    """
    nn, F = torch.nn, torch.nn.functional

    class Seq2Seq(nn.Module):
        """Symbol 0 fills up sources and targets; fillings of the source are not attended to."""

        def __init__(self, sources, targets, embedding=24, hidden=48, attention=True):
            super().__init__()
            self.attention = attention
            self.embed_source = nn.Embedding(sources, embedding)
            self.embed_target = nn.Embedding(targets, embedding)
            self.encoder = nn.GRU(embedding, hidden, batch_first=True)
            self.decoder = nn.GRU(embedding, hidden, batch_first=True)
            self.head = nn.Linear(2 * hidden if attention else hidden, targets)

        def forward(self, source, given):  # (B, S), (B, T)
            """The logits (B, T, targets) of each next symbol after the `given` ones."""
            memory, state = self.encoder(self.embed_source(source))  # (B, S, H)
            h, _ = self.decoder(self.embed_target(given), state)  # (B, T, H)
            if self.attention:
                h = torch.cat([h, self.attend(h, memory, source) @ memory], -1)  # (B, T, 2H)
            return self.head(h)

        def attend(self, h, memory, source):
            """Where each step of the decoder looks: weights (B, T, S), rows sum to one."""
            scores = h @ memory.transpose(1, 2)  # (B, T, S)
            scores = scores.masked_fill((source == 0)[:, None], float("-inf"))
            return F.softmax(scores, -1)

        def loss(self, source, target):
            """The mean cross-entropy of `target` (B, T), each symbol given all before it.

            A target begins with the start symbol; what is filled up does not count.
            """
            logits = self(source, target[:, :-1])
            answer = target[:, 1:].reshape(-1)
            return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), answer, ignore_index=0)

        def translate(self, source, start, length):
            """The likeliest symbol again and again: (B, length), without the start symbol."""
            given = torch.full((len(source), 1), start)
            for _ in range(length):
                best = self(source, given)[:, -1].argmax(-1, keepdim=True)  # (B, 1)
                given = torch.cat([given, best], 1)
            return given[:, 1:]

    return Seq2Seq
