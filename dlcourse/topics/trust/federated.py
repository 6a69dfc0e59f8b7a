"""Federated averaging, what a gradient gives away, and what clipping and noise do."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...data import Part
from ...models.mlp import MLP
from ...teach.metrics import softmax
from ...teach.train import Trainer, predict

Array = NDArray[Any]
State = dict[str, Array]


# Clients ------------------------------------------------------------------------------------------


def alike(part: Part, clients: int, seed: int) -> list[Part]:
    """The examples dealt to clients at random, so that all are alike."""
    order = np.random.default_rng([seed, 21]).permutation(len(part))
    return [part.take(np.sort(rows)) for rows in np.array_split(order, clients)]


def skewed(part: Part, clients: int, seed: int) -> list[Part]:
    """The examples dealt by label, two labels to each of five clients."""
    labels = np.random.default_rng([seed, 22]).permutation(10)
    return [part.take(np.isin(part.y, pair)) for pair in np.array_split(labels, clients)]


def uneven(part: Part, seed: int) -> list[Part]:
    """Five clients: one has half of all labels, one has two, and each of three has one."""
    labels = np.random.default_rng([seed, 22]).permutation(10)
    return [part.take(np.isin(part.y, some)) for some in np.split(labels, [5, 7, 8, 9])]


def uneven_alike(part: Part, seed: int) -> list[Part]:
    """Five clients with all labels: 230, 120, 60, 30 and 15 examples."""
    counts = (230, 120, 60, 30, 15)
    return [p.take(slice(0, n)) for p, n in zip(alike(part, 5, seed), counts, strict=True)]


# Federated averaging ------------------------------------------------------------------------------


def average(states: Sequence[State], sizes: Sequence[float]) -> State:
    """The mean of the clients' weights, each counted by its size (McMahan et al., 2017)."""
    shares = np.asarray(sizes, float) / np.sum(sizes)
    return {
        name: np.sum([w * s[name] for w, s in zip(shares, states, strict=True)], axis=0)
        for name in states[0]
    }


def state_of(model: Any) -> State:
    """The weights as arrays by name, copied."""
    return {name: np.array(p.detach().numpy()) for name, p in model.named_parameters()}


def first_weights(engine: Any, seed: int) -> State:
    """The weights of a 64-32-10 network before any training."""
    engine.manual_seed(seed)
    return state_of(MLP(engine)([64, 32, 10]))


def put(engine: Any, model: Any, state: State) -> None:
    """Give the model these weights."""
    model.load_state_dict({k: engine.tensor(v.astype(np.float32)) for k, v in state.items()})


def local(
    engine: Any, model: Any, part: Part, epochs: int, lr: float, size: int, seed: int
) -> None:
    """A client's own work: SGD on its own examples."""
    trainer = Trainer(model, optimizer="SGD", lr=lr)
    batches = part.batches(size, seed=seed)
    for epoch in range(epochs):
        for batch in batches.epoch(epoch):
            trainer.step(batch)


class Plan(NamedTuple):
    """How a federation trains."""

    rounds: int = 20
    epochs: int = 1
    lr: float = 0.1
    size: int = 16
    weighted: bool = True


def fedavg(
    engine: Any, clients: Sequence[Part], valid: Part, plan: Plan, seed: int = 0
) -> tuple[Any, list[float]]:
    """Rounds of sending weights out, training at each client, averaging: model and accuracies."""
    engine.manual_seed(seed)
    model = MLP(engine)([64, 32, 10])
    sizes = [len(c) if plan.weighted else 1 for c in clients]
    course = []
    for round_ in range(plan.rounds):
        shared, states = state_of(model), []
        for k, client in enumerate(clients):
            put(engine, model, shared)
            local(engine, model, client, plan.epochs, plan.lr, plan.size, seed + 100 * round_ + k)
            states.append(state_of(model))
        put(engine, model, average(states, sizes))
        course.append(float((predict(model, valid.x).argmax(1) == valid.y).mean()))
    return model, course


# What a gradient gives away -----------------------------------------------------------------------


def leak_input(weight_grad: Array, bias_grad: Array) -> Array:
    """The input of a linear layer from its gradients: dW_i = db_i x, so x = dW_i / db_i."""
    i = np.abs(bias_grad).argmax()
    return weight_grad[i] / bias_grad[i]


def gradients(W: Array, b: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Gradients of softmax regression, one for each example: (N, K, D) and (N, K)."""
    signal = softmax(x @ W.T + b) - np.eye(len(b))[y]  # (N, K)
    return signal[:, :, None] * x[:, None, :], signal


def clipped_sum(each: Array, limit: float) -> Array:
    """The sum of vectors (N, P), each shortened to the length `limit` where it is longer."""
    lengths = np.linalg.norm(each, axis=1, keepdims=True)
    return (each * np.minimum(1, limit / np.maximum(lengths, 1e-12))).sum(0)


def private_gradient(
    each: Array, limit: float, noise: float, rng: np.random.Generator
) -> Array:  # fmt: skip
    """The mean gradient with every example's share clipped and noise added (Abadi et al., 2016)."""
    total = clipped_sum(each, limit) + noise * limit * rng.normal(size=each.shape[1])
    return total / len(each)


def train_private(
    part: Part, limit: float, noise: float, seed: int, epochs: int = 20, size: int = 64
) -> tuple[Array, Array]:  # fmt: skip
    """Softmax regression on digits, by gradients that are clipped example by example and noisy."""
    rng = np.random.default_rng([seed, 31])
    W, b = np.zeros((10, 64)), np.zeros(10)
    for epoch in range(epochs):
        for x, y in part.batches(size, seed=seed).epoch(epoch):
            dW, db = gradients(W, b, x.astype(float), y)
            each = np.concatenate([dW.reshape(len(x), -1), db], axis=1)
            step = private_gradient(each, limit, noise, rng)
            W -= 0.5 * step[:640].reshape(10, 64)
            b -= 0.5 * step[640:]
    return W, b
