"""Two players: one draws, one judges, and each is trained by the other."""

import functools
import itertools
from typing import Any

PLAYERS = {
    "discriminator": lambda model, real, noise: model.judge(real, noise),
    "generator": lambda model, real, noise: model.fool(noise),
}
"""The losses of the two players, for `train.fit(model, batches, loss=gan.PLAYERS)`."""


@functools.cache
def GAN(torch: Any) -> Any:
    """The adversarial pair of Goodfellow et al. (2014), with the non-saturating generator loss."""
    nn, F = torch.nn, torch.nn.functional

    def stack(*sizes):
        layers = []
        for a, b in itertools.pairwise(sizes):
            layers += [nn.Linear(a, b), nn.LeakyReLU(0.2)]
        return nn.Sequential(*layers[:-1])

    class GAN(nn.Module):
        """`GAN(2)` draws points in the plane, `GAN(64)` flat digits."""

        def __init__(self, outputs, noise=8, hidden=64):
            super().__init__()
            self.generator = stack(noise, hidden, hidden, outputs)
            self.discriminator = stack(outputs, hidden, hidden, 1)

        def forward(self, noise):  # (B, noise)
            return self.generator(noise)  # (B, outputs)

        def judge(self, real, noise):
            """The discriminator's loss: call real ones 1 and drawn ones 0."""
            drawn = self(noise).detach()  # the generator does not learn from this
            yes, no = self.discriminator(real), self.discriminator(drawn)
            bce = F.binary_cross_entropy_with_logits
            return bce(yes, torch.ones_like(yes)) + bce(no, torch.zeros_like(no))

        def fool(self, noise):
            """The generator's loss: have the drawn ones called 1."""
            called = self.discriminator(self(noise))
            return F.binary_cross_entropy_with_logits(called, torch.ones_like(called))

    return GAN
