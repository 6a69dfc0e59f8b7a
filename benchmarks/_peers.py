"""The same workloads for other engines, in each one's own idiom.

autograd and JAX share one functional text (`np` is their NumPy); JAX compiles the whole step.
MyGrad is written with its tensors and layers.  A workload that a peer lacks is simply not listed.
"""

import functools

import numpy as onp
from _workloads import data, draws


def _linear(x, w, b):
    return x @ w.T + b


def _cross_entropy(np, z, y):
    z = z - np.max(z, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[onp.arange(len(y)), y])


def _mlp(np):
    x, y = data((128, 784)), data(128, 10)
    shapes = [(256, 784), (256,), (128, 256), (128,), (10, 128), (10,)]

    def loss(p):
        h = np.maximum(_linear(x, p[0], p[1]), 0)
        h = np.maximum(_linear(h, p[2], p[3]), 0)
        return _cross_entropy(np, _linear(h, p[4], p[5]), y)

    return shapes, loss, functools.partial(_adam, np)


_SMALL = [(16, 2), (16,), (16, 16), (16,), (1, 16), (1,)]


def _tiny(np):
    x, y = data((32, 2)), data((32, 1), 2).astype(onp.float32)

    def loss(p):
        h = np.tanh(_linear(x, p[0], p[1]))
        h = np.tanh(_linear(h, p[2], p[3]))
        z = _linear(h, p[4], p[5])
        return np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))

    return _SMALL, loss, functools.partial(_sgd, 0.1)


def _moons(np):
    x, y = data((100, 2)), data((100, 1), 2).astype(onp.float32) * 2 - 1

    def loss(p):
        h = np.maximum(_linear(x, p[0], p[1]), 0)
        h = np.maximum(_linear(h, p[2], p[3]), 0)
        hinge = np.mean(np.maximum(1 - y * _linear(h, p[4], p[5]), 0))
        return hinge + 1e-4 * sum(np.sum(w * w) for w in p)

    return _SMALL, loss, functools.partial(_sgd, 0.05)


def _lstm(np):
    x, y = data((50, 32, 64)), data(50 * 32, 64)
    shapes = [(512, 64), (512, 128), (512,), (512,), (64, 128), (64,)]

    def loss(p):
        h = c = onp.zeros((32, 128), onp.float32)
        outputs = []
        for t in range(50):
            gates = _linear(x[t], p[0], p[2]) + _linear(h, p[1], p[3])
            i, f, g, o = (gates[:, 128 * k : 128 * (k + 1)] for k in range(4))
            i, f, o = ((np.tanh(z / 2) + 1) / 2 for z in (i, f, o))
            c = f * c + i * np.tanh(g)
            h = o * np.tanh(c)
            outputs.append(h)
        z = _linear(np.concatenate(outputs), p[4], p[5])
        return _cross_entropy(np, z, y)

    return shapes, loss, functools.partial(_adam, np)


def _layer_norm(np, x, w, b):
    x = x - np.mean(x, axis=-1, keepdims=True)
    return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-5) * w + b


def _transformer(np):
    B, T, C, H, V = 16, 64, 128, 4, 64
    idx, y = data((B, T), V), data(B * T, V, seed=2)
    shapes = [(V, C), (T, C), *[(C,)] * 6, (3 * C, C), (3 * C,), (C, C), (C,), (4 * C, C)]
    shapes += [(4 * C,), (C, 4 * C), (C,), (V, C), (V,)]
    above = onp.triu(onp.full((T, T), -1e30, onp.float32), 1)

    def loss(p):
        x = p[0][idx] + p[1][onp.arange(T)]
        qkv = _linear(_layer_norm(np, x, p[2], p[3]), p[8], p[9])
        q, k, v = (
            np.swapaxes(np.reshape(qkv[..., C * i : C * (i + 1)], (B, T, H, C // H)), 1, 2)
            for i in range(3)
        )
        s = np.matmul(q, np.swapaxes(k, 2, 3)) / onp.float32((C // H) ** 0.5) + above
        s = np.exp(s - np.max(s, axis=-1, keepdims=True))
        a = np.matmul(s / np.sum(s, axis=-1, keepdims=True), v)
        x = x + _linear(np.reshape(np.swapaxes(a, 1, 2), (B, T, C)), p[10], p[11])
        u = _linear(_layer_norm(np, x, p[4], p[5]), p[12], p[13])
        u = u * (1 + np.tanh(0.7978845608 * (u + 0.044715 * u * u * u))) / 2
        x = x + _linear(u, p[14], p[15])
        z = _linear(_layer_norm(np, x, p[6], p[7]), p[16], p[17])
        return _cross_entropy(np, np.reshape(z, (B * T, V)), y)

    return shapes, loss, functools.partial(_adam, np, decay=1e-2)


TEXTS = {f.__name__[1:]: f for f in (_mlp, _tiny, _lstm, _transformer, _moons)}


def _sgd(lr, t, p, g, state):
    return [a - lr * b for a, b in zip(p, g, strict=True)], state


def _adam(np, t, p, g, state, lr=1e-3, decay=0.0):
    """Adam or, with decay, AdamW; written as people write it, one expression per line."""
    p = [a * (1 - lr * decay) for a in p]
    m = [0.9 * a + 0.1 * b for a, b in zip(state[0], g, strict=True)]
    v = [0.999 * a + 0.001 * b * b for a, b in zip(state[1], g, strict=True)]
    k1, k2 = 1 - 0.9**t, 1 - 0.999**t
    trios = zip(p, m, v, strict=True)
    return [a - lr * (b / k1) / (np.sqrt(c / k2) + 1e-8) for a, b, c in trios], (m, v)


def _stepping(advance, params):
    """A step function around `advance(t, params, state) -> loss, params, state`."""
    zeros = [onp.zeros_like(p) for p in params]
    kept = [0, params, (zeros, zeros)]

    def step():
        kept[0] += 1
        loss, kept[1], kept[2] = advance(*kept)
        return loss

    return step


def autograd(name):
    import autograd.numpy as np
    from autograd import value_and_grad

    shapes, loss, update = TEXTS[name](np)
    both = value_and_grad(loss)

    def advance(t, p, state):
        value, g = both(p)
        return value, *update(t, p, g, state)

    return _stepping(advance, list(draws(shapes)))


def _jax_conv(x, w, b):
    from jax.lax import conv_general_dilated

    return conv_general_dilated(x, w, (1, 1), "SAME") + b[:, None, None]


def _jax_cnn(np):
    from jax.lax import max as larger
    from jax.lax import reduce_window

    x, y = data((64, 1, 28, 28)), data(64, 10)
    shapes = [(16, 1, 3, 3), (16,), (32, 16, 3, 3), (32,), (10, 32 * 7 * 7), (10,)]

    def halved(h):
        h = np.maximum(h, 0)
        return reduce_window(h, -onp.inf, larger, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def loss(p):
        h = halved(_jax_conv(halved(_jax_conv(x, p[0], p[1])), p[2], p[3]))
        return _cross_entropy(np, _linear(h.reshape(len(x), -1), p[4], p[5]), y)

    return shapes, loss, _momentum


def _momentum(t, p, g, state, lr=0.01):
    v = [0.9 * a + b for a, b in zip(state[0], g, strict=True)]
    return [a - lr * b for a, b in zip(p, v, strict=True)], (v, state[1])


def _jax_conv2d():
    """The one workload without a loss: a result, and its three gradients given one for it."""
    import jax

    shapes = [(32, 16, 28, 28), (32, 16, 3, 3), (32,), (32, 32, 28, 28)]
    *inputs, g = (data(shape, seed=seed) for seed, shape in enumerate(shapes, 1))

    @jax.jit
    def both(*inputs):
        y, back = jax.vjp(_jax_conv, *inputs)
        return y, back(g)

    return lambda: jax.block_until_ready(both(*inputs))[0]


def jax(name):
    import jax
    import jax.numpy as np

    if name == "conv2d":
        return _jax_conv2d()
    shapes, loss, update = (_jax_cnn if name == "cnn" else TEXTS[name])(np)

    @jax.jit
    def advance(t, p, state):
        value, g = jax.value_and_grad(loss)(p)
        return value, *update(t, p, g, state)

    step = _stepping(advance, [np.asarray(a) for a in draws(shapes)])
    return lambda: step().block_until_ready()


def mygrad(name):
    import mygrad as mg
    from mygrad.nnet.activations import relu
    from mygrad.nnet.losses import softmax_crossentropy

    shapes, _, update = TEXTS[name](onp)
    params = [mg.tensor(a) for a in draws(shapes)]
    squash = mg.tanh if name == "tiny" else relu
    x = data({"mlp": (128, 784), "tiny": (32, 2), "moons": (100, 2)}[name])

    def loss():
        h = x
        for i in range(0, 6, 2):
            h = mg.matmul(h, params[i].T) + params[i + 1]
            h = squash(h) if i < 4 else h
        if name == "mlp":
            return softmax_crossentropy(h, data(128, 10))
        y = data((len(x), 1), 2).astype(onp.float32)
        if name == "tiny":
            return (mg.maximum(h, 0) - h * y + mg.log1p(mg.exp(-mg.abs(h)))).mean()
        hinge = relu(1 - (y * 2 - 1) * h).mean()
        return hinge + 1e-4 * sum((p * p).sum() for p in params)

    def advance(t, arrays, state):
        value = loss()
        value.backward()
        arrays, state = update(t, [p.data for p in params], [p.grad for p in params], state)
        for p, a in zip(params, arrays, strict=True):
            p.data[...] = a
        return value, arrays, state

    return _stepping(advance, [p.data for p in params])


PEERS = {
    "jax": (jax, [*TEXTS, "cnn", "conv2d"]),
    "autograd": (autograd, list(TEXTS)),
    "mygrad": (mygrad, ["mlp", "tiny", "moons"]),
}
