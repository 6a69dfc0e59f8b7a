"""Models written once: `MLP(torch)` and `MLP(scratch)` are the same text on two engines."""

from .mlp import MLP

__all__ = ["MLP"]
