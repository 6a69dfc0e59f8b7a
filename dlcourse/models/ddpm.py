"""Drawing by removing noise, a little at a time."""

import functools
import math
from typing import Any

import numpy as np


def cosine_signal(steps: int) -> np.ndarray:
    """How much of the signal's variance is left after each step: (steps,), from near 1 to near 0.

    The cosine schedule of Nichol and Dhariwal (2021); the last step keeps 1e-4 of the variance.
    """
    t = np.arange(1, steps + 1) / steps
    return np.maximum(np.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2, 1e-4)


@functools.cache
def DDPM(torch: Any) -> Any:
    """Denoising diffusion (Ho, Jain and Abbeel, 2020) of points or of flat pictures."""
    nn, F = torch.nn, torch.nn.functional

    class DDPM(nn.Module):
        """`DDPM(2)` for points, `DDPM(64)` for digits; it guesses the noise."""

        def __init__(self, inputs, steps=50, hidden=128, frequencies=8):
            super().__init__()
            self.steps = steps
            kept = cosine_signal(steps)  # (steps,)
            self.register_buffer("signal", torch.tensor(np.sqrt(kept).tolist()))
            self.register_buffer("noise", torch.tensor(np.sqrt(1 - kept).tolist()))
            waves = 2.0 ** np.arange(frequencies) * math.pi / steps
            self.register_buffer("waves", torch.tensor(waves.tolist()))
            self.enter = nn.Linear(inputs + 2 * frequencies, hidden)
            self.middle = nn.ModuleList([nn.Linear(hidden, hidden) for _ in range(2)])
            self.leave = nn.Linear(hidden, inputs)

        def forward(self, x, t):  # (B, inputs), (B,)
            """The noise in `x` after step `t`, which counts from 0."""
            angle = t[:, None] * self.waves  # (B, frequencies)
            h = torch.cat([x, torch.sin(angle), torch.cos(angle)], 1)
            h = F.silu(self.enter(h))
            for layer in self.middle:
                h = h + F.silu(layer(h))
            return self.leave(h)  # (B, inputs)

        def spoil(self, x, t, noise):
            """`x` after step `t`: less signal, more noise, the same variance."""
            return self.signal[t][:, None] * x + self.noise[t][:, None] * noise

        def loss(self, x, t, noise):
            """The squared error of the guessed noise."""
            return F.mse_loss(self(self.spoil(x, t, noise), t), noise)

        def sample(self, noises):
            """Pictures (B, inputs) from `noises` (steps, B, inputs)."""
            x = noises[0]
            for t in range(self.steps - 1, -1, -1):
                x = self.step_back(x, t, noises[self.steps - t] if t else None)
            return x

        def step_back(self, x, t, noise):
            """One step back, from step `t` (Ho et al., 2020); no `noise` at the last."""
            now = self.signal[t] ** 2
            before = self.signal[t - 1] ** 2 if t else torch.ones_like(now)
            kept = now / before  # alpha
            guess = self(x, torch.full((len(x),), t))
            mean = (x - (1 - kept) / self.noise[t] * guess) / torch.sqrt(kept)
            if noise is None:
                return mean
            return mean + torch.sqrt((1 - before) / (1 - now) * (1 - kept)) * noise

    return DDPM
