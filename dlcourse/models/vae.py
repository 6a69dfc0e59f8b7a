"""An autoencoder one can draw from: each picture becomes a cloud of codes, not a point."""

import functools
from typing import Any


@functools.cache
def VAE(torch: Any) -> Any:
    """The variational autoencoder of Kingma and Welling (2014)."""
    nn, F = torch.nn, torch.nn.functional

    class VAE(nn.Module):
        """`VAE(64, 2)`; the noise is an argument, so that steps can be repeated."""

        def __init__(self, inputs, code, hidden=64, beta=1.0):
            super().__init__()
            self.beta = beta
            self.enter = nn.Linear(inputs, hidden)
            self.mean = nn.Linear(hidden, code)
            self.log_variance = nn.Linear(hidden, code)
            self.widen = nn.Linear(code, hidden)
            self.leave = nn.Linear(hidden, inputs)

        def encode(self, x):  # (B, inputs)
            h = F.relu(self.enter(x))
            return self.mean(h), self.log_variance(h)  # (B, code) each

        def decode(self, z):  # (B, code)
            return torch.sigmoid(self.logits(z))  # (B, inputs)

        def logits(self, z):
            """The decoder before its last sigmoid."""
            return self.leave(F.relu(self.widen(z)))

        def forward(self, x, noise):  # (B, inputs), (B, code)
            mean, log_variance = self.encode(x)
            z = mean + torch.exp(0.5 * log_variance) * noise  # the reparameterisation
            return self.logits(z), mean, log_variance

        def parts(self, x, noise):
            """Reconstruction and divergence in nats, sums averaged over the batch."""
            logits, mean, log_variance = self(x, noise)
            drawn = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
            apart = 1 + log_variance - mean**2 - torch.exp(log_variance)  # (B, code)
            return drawn / len(x), -0.5 * apart.sum() / len(x)

        def loss(self, x, noise):
            """The negative evidence lower bound; `beta` weighs the divergence."""
            drawn, apart = self.parts(x, noise)
            return drawn + self.beta * apart

    return VAE
