"""Layers of weighted sums with a bend between them: the network of lessons 01 to 03."""

import functools
import itertools
from typing import Any


@functools.cache
def MLP(torch: Any) -> Any:
    """The multilayer perceptron of Rumelhart, Hinton and Williams (1986), with ReLU."""
    nn = torch.nn

    class MLP(nn.Module):
        """`MLP([64, 16, 10])`: 64 inputs, a hidden layer of 16, 10 logits."""

        def __init__(self, sizes):
            super().__init__()
            pairs = itertools.pairwise(sizes)
            self.layers = nn.ModuleList([nn.Linear(i, o) for i, o in pairs])

        def forward(self, x):  # (B, sizes[0])
            *hidden, last = self.layers
            for layer in hidden:
                x = layer(x).relu()
            return last(x)  # (B, sizes[-1])

    return MLP
