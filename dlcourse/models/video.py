"""A small driver's eye: a CNN sees each frame, an RNN remembers them, and the next one is drawn."""

import functools
from typing import Any


@functools.cache
def VideoPredictor(torch: Any) -> Any:
    """CNN encoder, GRU, CNN decoder, after Srivastava, Mansimov and Salakhutdinov (2015)."""
    nn, F = torch.nn, torch.nn.functional

    class VideoPredictor(nn.Module):
        """Reads films (B, T, 1, S, S), S a multiple of 4; gives the logits of the next frames."""

        def __init__(self, side=16, width=12, hidden=128):
            super().__init__()
            self.shape = (2 * width, side // 4, side // 4)
            flat = 2 * width * (side // 4) ** 2
            self.conv1 = nn.Conv2d(1, width, 3, stride=2, padding=1)
            self.conv2 = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
            self.rnn = nn.GRU(flat, hidden, batch_first=True)
            self.widen = nn.Linear(hidden, flat)
            self.up1 = nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1)
            self.up2 = nn.ConvTranspose2d(width, 1, 4, stride=2, padding=1)

        def forward(self, film):  # (B, T, 1, S, S)
            """For each frame, the logits of the one that follows: (B, T, 1, S, S)."""
            B, T = film.shape[:2]
            x = film.reshape(B * T, *film.shape[2:])
            x = F.relu(self.conv2(F.relu(self.conv1(x))))  # (B*T, 2w, S/4, S/4)
            h, _ = self.rnn(x.reshape(B, T, -1))  # (B, T, hidden)
            x = F.relu(self.widen(h)).reshape(B * T, *self.shape)
            x = self.up2(F.relu(self.up1(x)))  # (B*T, 1, S, S)
            return x.reshape(film.shape)

        def loss(self, film):
            """The cross-entropy of every pixel of frames 2 to T, each from the frames before it."""
            logits = self(film[:, :-1])
            return F.binary_cross_entropy_with_logits(logits, film[:, 1:])

    return VideoPredictor
