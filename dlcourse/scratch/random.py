"""Random numbers: one default generator, seeded by `manual_seed`."""

import numpy as np


class Generator:
    """A source of random numbers with its own seed."""

    def __init__(self, device="cpu"):
        self.manual_seed(67280421310721)

    def manual_seed(self, seed):
        """Start again from `seed`."""
        self._seed = int(seed) & (2**64 - 1)
        self.numpy = np.random.default_rng(self._seed)
        return self

    def initial_seed(self):
        """The seed that this generator last started from."""
        return self._seed


default_generator = Generator()


def rng(generator=None):
    """The NumPy generator behind `generator`, or behind the default one."""
    return (default_generator if generator is None else generator).numpy


def manual_seed(seed):
    """Seed the default generator."""
    return default_generator.manual_seed(seed)
