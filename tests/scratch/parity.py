"""Run one expression on torch and on the engine, and compare whatever comes out.

An expression is Python text in which `T` is torch or the engine and the other names are tensors.
Both must give equal values, dtypes, shapes and gradients, or both must raise.
"""

import warnings

import numpy as np
import torch

from dlcourse import scratch

KINDS = (ValueError, TypeError, IndexError, RuntimeError, NotImplementedError)
TOLERANCE = {"float32": (1e-4, 1e-5), "float64": (1e-9, 1e-11)}
GRAD_TOLERANCE = {"float32": (5e-4, 1e-4), "float64": (1e-8, 1e-9)}


def evaluate(engine, text, arrays, differentiate=True):
    """(results, gradients) of `text`, or the error that it raises, as NumPy arrays."""
    make = torch.from_numpy if engine is torch else scratch.from_numpy
    inputs = {k: make(a) for k, a in arrays.items()}
    leaves = {k: t for k, t in inputs.items() if arrays[k].dtype.kind == "f" and differentiate}
    for t in leaves.values():
        t.requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            out = eval(
                text, {"T": engine, "np": np, "nan": float("nan"), "inf": float("inf"), **inputs}
            )
        except KINDS as error:
            return error, None
        results = flat(out)
        weigh(engine, results)
    grads = {k: None if t.grad is None else t.grad.numpy() for k, t in leaves.items()}
    return [value(r) for r in results], grads


def flat(out):
    """Results in a list, however they are nested."""
    if isinstance(out, tuple | list) and not isinstance(out, torch.Size | scratch.Size):
        return [r for o in out for r in flat(o)]
    return [out]


def weigh(engine, results):
    """Send a fixed, uneven gradient back from all float results together."""
    total = None
    for r in results:
        if isinstance(r, engine.Tensor) and r.requires_grad:
            n = r.numel()
            w = engine.arange(n).reshape(r.shape).to(r.dtype) % 7 / 4 - 0.6
            part = (r * w).sum()
            total = part if total is None else total + part.to(total.dtype)
    if total is not None:
        total.backward()


def value(r):
    if isinstance(r, torch.Tensor | scratch.Tensor):
        return r.detach().numpy()
    return r


def compare(text, arrays, differentiate=True):
    """Assert that torch and the engine agree on `text`."""
    theirs, their_grads = evaluate(torch, text, arrays, differentiate)
    ours, our_grads = evaluate(scratch, text, arrays, differentiate)
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        agreed = isinstance(theirs, Exception) and isinstance(ours, Exception)
        assert agreed, f"{text}: torch gives {theirs!r:.300}, the engine {ours!r:.300}"
        return
    single = any(a.dtype == np.float32 for a in arrays.values())
    forward, backward = (t["float32"] if single else None for t in (TOLERANCE, GRAD_TOLERANCE))
    assert len(theirs) == len(ours), f"{text}: {len(theirs)} results in torch, {len(ours)} here"
    for a, b in zip(theirs, ours, strict=True):
        close(text, a, b, forward or TOLERANCE.get(str(getattr(a, "dtype", ""))))
    for name, a in their_grads.items():
        b = our_grads[name]
        assert (a is None) == (b is None), f"{text}: gradient of {name}: torch {a}, engine {b}"
        if a is not None:
            close(f"{text}: gradient of {name}", a, b, backward or GRAD_TOLERANCE[a.dtype.name])


def close(text, a, b, tolerance):
    if not isinstance(a, np.ndarray):
        assert type(a) is type(b) or isinstance(a, tuple), f"{text}: {a!r} in torch, {b!r} here"
        assert a == b or (a != a and b != b), f"{text}: {a!r} in torch, {b!r} here"
        return
    assert isinstance(b, np.ndarray), f"{text}: an array in torch, {b!r} here"
    assert (a.dtype, a.shape) == (b.dtype, b.shape), (
        f"{text}: {a.dtype}{a.shape}, not {b.dtype}{b.shape}"
    )
    if a.dtype.kind == "f":
        np.testing.assert_allclose(b, a, *tolerance, err_msg=text)
    else:
        np.testing.assert_array_equal(b, a, err_msg=text)
