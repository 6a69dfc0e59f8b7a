"""Operations with hand-written gradients: autograd.Function in its usual spellings."""
# ruff: noqa

import numpy as np
import torch
from torch.autograd import Function


class LegendrePolynomial3(Function):
    """P3(x) = (5x³ - 3x) / 2."""

    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input**3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input**2 - 1)


class LinearFunction(Function):
    """x Wᵀ + b, asking which gradients are wanted."""

    @staticmethod
    def forward(ctx, input, weight, bias=None):
        ctx.save_for_backward(input, weight, bias)
        output = input.mm(weight.t())
        if bias is not None:
            output += bias.unsqueeze(0).expand_as(output)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        input, weight, bias = ctx.saved_tensors
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_input = grad_output.mm(weight)
        if ctx.needs_input_grad[1]:
            grad_weight = grad_output.t().mm(input)
        if bias is not None and ctx.needs_input_grad[2]:
            grad_bias = grad_output.sum(0)
        return grad_input, grad_weight, grad_bias


class StraightThrough(torch.autograd.Function):
    """Rounds forward, passes gradients within bounds backward."""

    @staticmethod
    def forward(ctx, x, low, high):
        ctx.bounds = (low, high)
        ctx.save_for_backward(x)
        return x.round()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        low, high = ctx.bounds
        inside = (x >= low) & (x <= high)
        return g * inside.to(g.dtype), None, None


class GradientReversal(Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.neg() * ctx.weight, None


class Linear(torch.nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.empty(n_out, n_in))
        self.bias = torch.nn.Parameter(torch.empty(n_out))
        torch.nn.init.uniform_(self.weight, -0.5, 0.5)
        torch.nn.init.uniform_(self.bias, -0.1, 0.1)

    def forward(self, x):
        return LinearFunction.apply(x, self.weight, self.bias)

    def extra_repr(self):
        return f"{self.weight.shape[1]}, {self.weight.shape[0]}"


def models():
    return {"net": torch.nn.Sequential(Linear(4, 6), torch.nn.Tanh(), Linear(6, 2))}


def train(m):
    net, curve = m["net"], []
    assert "Linear(4, 6)" in repr(net)
    rng = np.random.default_rng(9)
    x = torch.from_numpy(rng.standard_normal((10, 4)).astype(np.float32))
    y = torch.sin(x[:, :2])
    for _ in range(5):
        p3 = LegendrePolynomial3.apply
        out = GradientReversal.apply(p3(net(x)), -0.5)
        loss = (StraightThrough.apply(out * 4, -6.0, 6.0) / 4 - y).pow(2).mean()
        net.zero_grad()
        loss.backward()
        with torch.no_grad():
            for param in net.parameters():
                param -= 0.05 * param.grad
        curve.append(loss.item())
    (g,) = torch.autograd.grad(net(x).sum(), [net[0].weight])
    return curve, g.abs().sum().item(), polynomial()


def polynomial():
    """Fit sin by a cubic of scalars, updating in place under no_grad."""
    x = torch.linspace(-3, 3, 100, dtype=torch.float64)
    y = torch.sin(x)
    a, b, c = (torch.full((), v, dtype=torch.float64, requires_grad=True) for v in (0.1, -1.0, 0.3))
    for _ in range(20):
        loss = (a + b * LegendrePolynomial3.apply(c * x) - y).pow(2).sum()
        loss.backward()
        with torch.no_grad():
            for p in (a, b, c):
                p -= 1e-4 * p.grad
                p.grad = None
    return [loss.item(), a.item(), b.item(), c.item()]
