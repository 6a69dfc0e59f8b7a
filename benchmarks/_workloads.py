"""The workloads of the engine's benchmark, each written once as ordinary PyTorch.

`build(torch)` returns a function that runs one training step and returns the loss; `torch` is torch
or the engine.  Weights and data come from NumPy seeds, so that first losses must agree.
"""

import numpy as np


def draws(shapes, seed=0):
    """Weights of these shapes from a NumPy seed, scaled by fan-in."""
    rng = np.random.default_rng(seed)
    for shape in shapes:
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 100
        yield (rng.standard_normal(shape) / np.sqrt(fan_in)).astype(np.float32)


def _seeded(torch, net):
    """Give `net` weights from a NumPy seed, whatever its engine."""
    params = list(net.parameters())
    with torch.no_grad():
        for p, a in zip(params, draws([tuple(p.shape) for p in params]), strict=True):
            p.copy_(torch.from_numpy(a))
    return net


def data(shape, classes=None, seed=1):
    """Standard normal values, or class numbers, from a NumPy seed."""
    rng = np.random.default_rng(seed)
    if classes is None:
        return rng.standard_normal(shape).astype(np.float32)
    return rng.integers(0, classes, shape)


def _data(torch, shape, classes=None, seed=1):
    return torch.from_numpy(data(shape, classes, seed))


def _train(optimizer, loss_of):
    def step():
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        return loss

    return step


def mlp(torch):
    """784-256-128-10 on a batch of 128: cross-entropy, Adam."""
    nn = torch.nn
    net = nn.Sequential(
        nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
    )
    x, y = _data(torch, (128, 784)), _data(torch, 128, 10)
    optimizer = torch.optim.Adam(_seeded(torch, net).parameters(), lr=1e-3)
    return _train(optimizer, lambda: nn.functional.cross_entropy(net(x), y))


def tiny(torch):
    """2-16-16-1 with tanh on a batch of 32: binary cross-entropy, SGD."""
    nn = torch.nn
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
    x, y = _data(torch, (32, 2)), _data(torch, (32, 1), 2).float()
    optimizer = torch.optim.SGD(_seeded(torch, net).parameters(), lr=0.1)
    loss = nn.functional.binary_cross_entropy_with_logits
    return _train(optimizer, lambda: loss(net(x), y))


def cnn(torch):
    """Conv 16, pool, conv 32, pool, linear on 64 x 1 x 28 x 28: cross-entropy, momentum."""
    nn = torch.nn
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 10),
    )
    x, y = _data(torch, (64, 1, 28, 28)), _data(torch, 64, 10)
    optimizer = torch.optim.SGD(_seeded(torch, net).parameters(), lr=0.01, momentum=0.9)
    return _train(optimizer, lambda: nn.functional.cross_entropy(net(x), y))


def conv2d(torch):
    """One convolution, 32 x 16 x 28 x 28 to 32 channels, 3 x 3: forward and three gradients."""
    x = _data(torch, (32, 16, 28, 28)).requires_grad_()
    w = _data(torch, (32, 16, 3, 3), seed=2).requires_grad_()
    b = _data(torch, (32,), seed=3).requires_grad_()
    g = _data(torch, (32, 32, 28, 28), seed=4)

    def step():
        x.grad = w.grad = b.grad = None
        y = torch.nn.functional.conv2d(x, w, b, padding=1)
        y.backward(g)
        return y

    return step


def lstm(torch):
    """LSTM 64 to 128 over 50 steps, batch 32: cross-entropy at each step, Adam."""
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.LSTM(64, 128)
            self.out = nn.Linear(128, 64)

        def forward(self, x):
            return self.out(self.rnn(x)[0])

    net = _seeded(torch, Net())
    x, y = _data(torch, (50, 32, 64)), _data(torch, 50 * 32, 64)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    return _train(optimizer, lambda: nn.functional.cross_entropy(net(x).view(-1, 64), y))


def transformer(torch):
    """A block of width 128 with 4 heads on 16 x 64 tokens: causal, tanh GELU, AdamW."""
    nn, F = torch.nn, torch.nn.functional
    B, T, C, heads, vocab = 16, 64, 128, 4, 64

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(vocab, C), nn.Embedding(T, C)
            self.ln1, self.ln2, self.ln3 = nn.LayerNorm(C), nn.LayerNorm(C), nn.LayerNorm(C)
            self.qkv, self.proj = nn.Linear(C, 3 * C), nn.Linear(C, C)
            self.up, self.down = nn.Linear(C, 4 * C), nn.Linear(4 * C, C)
            self.head = nn.Linear(C, vocab)

        def forward(self, idx):
            x = self.tokens(idx) + self.places(torch.arange(T))
            qkv = self.qkv(self.ln1(x)).chunk(3, dim=-1)
            q, k, v = (t.view(B, T, heads, C // heads).transpose(1, 2) for t in qkv)
            a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.proj(a.transpose(1, 2).reshape(B, T, C))
            x = x + self.down(F.gelu(self.up(self.ln2(x)), approximate="tanh"))
            return self.head(self.ln3(x))

    net = _seeded(torch, Net())
    idx, y = _data(torch, (B, T), vocab), _data(torch, B * T, vocab, seed=2)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    return _train(optimizer, lambda: F.cross_entropy(net(idx).view(-1, vocab), y))


def moons(torch):
    """micrograd's demo: 2-16-16-1 on 100 points, hinge loss and an L2 penalty, SGD."""
    nn = torch.nn
    net = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    params = list(_seeded(torch, net).parameters())
    x, y = _data(torch, (100, 2)), _data(torch, (100, 1), 2).float() * 2 - 1
    optimizer = torch.optim.SGD(params, lr=0.05)

    def loss():
        hinge = (1 - y * net(x)).relu().mean()
        return hinge + 1e-4 * sum((p * p).sum() for p in params)

    return _train(optimizer, loss)


WORKLOADS = {f.__name__: f for f in (mlp, tiny, cnn, conv2d, lstm, transformer, moons)}
# Ratios to torch to reach, and to hope for, with OpenBLAS held to its AVX2 kernel.
TARGETS = {
    "mlp": 0.80,
    "tiny": 0.30,
    "cnn": 1.0,
    "conv2d": 3.2,
    "lstm": 1.5,
    "transformer": 1.05,
    "moons": 0.50,
}
STRETCH = {
    "mlp": 0.60,
    "tiny": 0.25,
    "cnn": 0.75,
    "conv2d": 2.0,
    "lstm": 1.0,
    "transformer": 0.65,
    "moons": 0.40,
}
