"""Averages of a model's weights over training, as `torch.optim.swa_utils`."""

from copy import deepcopy
from math import cos, pi
from typing import Any

import numpy as np

from ..autograd import no_grad, wrap
from ..nn.modules.module import Module
from .lr_scheduler import LRScheduler


def get_ema_avg_fn(decay=0.999):
    """The exponential moving average: a share `1 - decay` of each new value."""
    if not 0 <= decay <= 1:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1].")

    def average(averaged, current, count):
        return decay * averaged + (1 - decay) * current

    return average


def get_swa_avg_fn():
    """The plain mean of all values so far (Izmailov et al., 2018)."""

    def average(averaged, current, count):
        return averaged + (current - averaged) / (count + 1)

    return average


get_ema_multi_avg_fn, get_swa_multi_avg_fn = get_ema_avg_fn, get_swa_avg_fn


class AveragedModel(Module):
    """A copy of `model` whose weights `update_parameters(model)` averages (by mean or `avg_fn`)."""

    n_averaged: Any

    def __init__(self, model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False):
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("Only one of avg_fn and multi_avg_fn should be provided")
        super().__init__()
        self.module = deepcopy(model)
        self.register_buffer("n_averaged", wrap(np.zeros((), np.int64)))
        self.avg_fn = avg_fn or multi_avg_fn or get_swa_avg_fn()
        self.use_buffers = use_buffers

    def forward(self, *args, **kwargs):
        return self.module(*args, **kwargs)

    def _averaged(self, model):
        return [*model.parameters(), *(model.buffers() if self.use_buffers else ())]

    def update_parameters(self, model):
        """Take in the present weights of `model`; its buffers are copied, or averaged if asked."""
        with no_grad():
            pairs = zip(self._averaged(self.module), self._averaged(model), strict=True)
            for mine, current in pairs:
                first = self.n_averaged.item() == 0
                mine.copy_(current if first else self.avg_fn(mine, current, self.n_averaged))
            if not self.use_buffers:
                for mine, current in zip(self.module.buffers(), model.buffers(), strict=True):
                    mine.copy_(current)
            self.n_averaged += 1


class SWALR(LRScheduler):
    """From the optimizer's rate to `swa_lr` in `anneal_epochs` steps, then constant."""

    def __init__(self, optimizer, swa_lr, anneal_epochs=10, anneal_strategy="cos", last_epoch=-1):
        shares = {"cos": lambda t: (1 - cos(pi * t)) / 2, "linear": lambda t: t}
        if anneal_strategy not in shares:
            raise ValueError(f"anneal_strategy must be one of {list(shares)}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        rates = swa_lr if isinstance(swa_lr, (list, tuple)) else [swa_lr]
        groups = optimizer.param_groups
        if len(rates) not in (1, len(groups)):
            raise ValueError(f"swa_lr must be one number or {len(groups)} of them")
        for group, rate in zip(groups, rates * len(groups), strict=False):
            group["swa_lr"] = rate
        self._anneal, self.anneal_epochs = shares[anneal_strategy], anneal_epochs
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The rates for this step, from those of the step before."""
        step = max(self._step_count - 1, 1 if self.anneal_epochs == 0 else 0)
        whole = max(1, self.anneal_epochs)
        before, now = (self._anneal(max(0, min(1, s / whole))) for s in (step - 1, step))
        return [
            self._between(g["lr"], g["swa_lr"], before, now) for g in self.optimizer.param_groups
        ]

    def _between(self, lr, goal, before, now):
        start = goal if before == 1 else (lr - before * goal) / (1 - before)
        return goal * now + start * (1 - now)


def update_bn(loader, model, device=None):
    """Measure the batch norms' statistics again by one pass over `loader`."""
    norms = [m for m in model.modules() if hasattr(m, "reset_running_stats")]
    training, momenta = model.training, [m.momentum for m in norms]
    model.train()
    for m in norms:
        m.reset_running_stats()
        m.momentum = None
    with no_grad():
        for batch in loader:
            model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    for m, momentum in zip(norms, momenta, strict=True):
        m.momentum = momentum
    model.train(training)
