"""A text model that reads one character after another and keeps what it needs in a state."""

import functools
from typing import Any


@functools.cache
def CharRNN(torch: Any) -> Any:
    """The recurrent text model (Mikolov et al., 2010), with a plain, GRU or LSTM cell."""
    nn, F = torch.nn, torch.nn.functional
    cells = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}

    class CharRNN(nn.Module):
        """`CharRNN(vocabulary, cell="gru")`; the cell is `rnn`, `gru` or `lstm`."""

        def __init__(self, vocabulary, embedding=24, hidden=96, cell="gru"):
            super().__init__()
            self.embed = nn.Embedding(vocabulary, embedding)
            self.rnn = cells[cell](embedding, hidden, batch_first=True)
            self.head = nn.Linear(hidden, vocabulary)

        def forward(self, x, state=None):  # (B, T)
            """The logits of each next character, and the state after the last one."""
            h, state = self.rnn(self.embed(x), state)  # (B, T, hidden)
            return self.head(h), state  # (B, T, vocabulary)

        def loss(self, x, y):
            """The mean cross-entropy of the next characters `y` (B, T), in nats a character."""
            logits, _ = self(x)
            return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))

    return CharRNN
