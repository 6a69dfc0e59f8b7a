"""Optimizers written by hand: a Lion-like sign rule, and one that wraps another."""
# ruff: noqa

import numpy as np
import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler


class Lion(Optimizer):
    """Sign of an interpolated momentum, with decoupled weight decay."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        if not 0.0 <= lr:
            raise ValueError("Invalid learning rate: {}".format(lr))
        defaults = dict(lr=lr, betas=betas, weight_decay=weight_decay)
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.data.mul_(1 - group["lr"] * group["weight_decay"])
                grad, state = p.grad, self.state[p]
                if len(state) == 0:
                    state["exp_avg"] = torch.zeros_like(p)
                exp_avg = state["exp_avg"]
                update = exp_avg.clone().mul_(beta1).add(grad, alpha=1 - beta1).sign_()
                p.add_(update, alpha=-group["lr"])
                exp_avg.mul_(beta2).add_(grad, alpha=1 - beta2)
        return loss


class Lookahead(Optimizer):
    """Every k steps, pull the slow weights towards the fast ones (and back)."""

    def __init__(self, base_optimizer, k=3, alpha=0.5):
        self.base_optimizer, self.k, self.alpha = base_optimizer, k, alpha
        super().__init__(base_optimizer.param_groups, dict(k=k, alpha=alpha))
        self.count = 0
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["slow"] = p.detach().clone()

    def step(self, closure=None):
        loss = self.base_optimizer.step(closure)
        self.count += 1
        if self.count % self.k == 0:
            for group in self.param_groups:
                for p in group["params"]:
                    slow = self.state[p]["slow"]
                    slow.add_(p.data - slow, alpha=self.alpha)
                    p.data.copy_(slow)
        return loss


class WarmupInverseSqrt(LRScheduler):
    """Linear warm-up, then decay with one over the root of the step."""

    def __init__(self, optimizer, warmup, last_epoch=-1):
        self.warmup = warmup
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        t = self.last_epoch + 1
        scale = min(t / self.warmup, (self.warmup / t) ** 0.5)
        return [base * scale for base in self.base_lrs]


def models():
    make = lambda: torch.nn.Sequential(
        torch.nn.Linear(3, 8), torch.nn.SiLU(), torch.nn.LayerNorm(8), torch.nn.Linear(8, 1)
    )
    return {"lion": make(), "ahead": make(), "lbfgs_like": make()}


def data():
    x = np.random.default_rng(12).standard_normal((20, 3)).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy((x[:, :1] * x[:, 1:2]).copy())


def fit(net, optimizer, scheduler, steps=8):
    (x, y), curve = data(), []
    for _ in range(steps):

        def closure():
            optimizer.zero_grad()
            loss = torch.nn.functional.smooth_l1_loss(net(x), y)
            loss.backward()
            return loss

        curve.append(optimizer.step(closure).item())
        scheduler.step()
        curve.append(scheduler.get_last_lr()[0])
    return curve


def train(m):
    lion = Lion(m["lion"].parameters(), lr=3e-3, weight_decay=0.1)
    base = torch.optim.Adam(
        [{"params": m["ahead"][0].parameters()}, {"params": m["ahead"][3].parameters(), "lr": 0.1}],
        lr=0.01,
    )
    ahead = Lookahead(base)
    adagrad = torch.optim.Adagrad(m["lbfgs_like"].parameters(), lr=0.05)
    return [
        fit(m["lion"], lion, WarmupInverseSqrt(lion, 4)),
        fit(m["ahead"], ahead, LambdaLR(base, lambda t: 0.9**t)),
        fit(m["lbfgs_like"], adagrad, torch.optim.lr_scheduler.LinearLR(adagrad, 0.2)),
    ]
