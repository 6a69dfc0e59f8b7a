"""Learning without labels: squeeze a picture through a few numbers and draw it again."""

import functools
from typing import Any


@functools.cache
def Autoencoder(torch: Any) -> Any:
    """An encoder and a decoder with a narrow middle (Hinton and Salakhutdinov, 2006)."""
    nn, F = torch.nn, torch.nn.functional

    class Autoencoder(nn.Module):
        """`Autoencoder(64, 2)` keeps two of 64 numbers; values lie in [0, 1]."""

        def __init__(self, inputs, code, hidden=64):
            super().__init__()
            self.enter = nn.Linear(inputs, hidden)
            self.squeeze = nn.Linear(hidden, code)
            self.widen = nn.Linear(code, hidden)
            self.leave = nn.Linear(hidden, inputs)

        def encode(self, x):  # (B, inputs)
            return self.squeeze(F.relu(self.enter(x)))  # (B, code)

        def decode(self, z):  # (B, code)
            return torch.sigmoid(self.leave(F.relu(self.widen(z))))  # (B, inputs)

        def forward(self, x):
            return self.decode(self.encode(x))

        def loss(self, x):
            """The squared error: summed over pixels, averaged over pictures."""
            return F.mse_loss(self(x), x, reduction="sum") / len(x)

    return Autoencoder
