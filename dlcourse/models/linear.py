"""One weighted sum for each output: linear regression, and logistic regression under a softmax."""

import functools
from typing import Any


@functools.cache
def LinearModel(torch: Any) -> Any:
    """The baseline of every lesson: `LinearModel(64, 10)` has 64 inputs and 10 outputs."""
    nn = torch.nn

    class LinearModel(nn.Module):
        """Least squares with `squared_error`, logistic regression with `cross_entropy`."""

        def __init__(self, inputs, outputs):
            super().__init__()
            self.linear = nn.Linear(inputs, outputs)

        def forward(self, x):  # (B, inputs)
            return self.linear(x)  # (B, outputs)

    return LinearModel
