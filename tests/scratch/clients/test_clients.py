"""Ordinary PyTorch programs run on the engine: same weights, same noise, same results.

Each program in this folder imports only torch and NumPy.  It is run twice, once as it stands and
once with `torch` resolved to the engine; nothing else in it changes.
"""

import builtins
import importlib
import types
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from dlcourse import scratch

HERE = Path(__file__).parent
PROGRAMS = sorted(p.stem for p in HERE.glob("*.py") if not p.stem.startswith("test_"))


def _import_engine(name, *args, **kwargs):
    """`__import__` for a program whose `torch` is the engine."""
    if name != "torch" and not name.startswith("torch."):
        return builtins.__import__(name, *args, **kwargs)
    module = importlib.import_module("dlcourse.scratch" + name.removeprefix("torch"))
    fromlist = args[2] if len(args) > 2 else kwargs.get("fromlist")
    return module if fromlist else scratch


def load(name, engine):
    """The program as a module whose `torch` is `engine`."""
    program = types.ModuleType(f"{name}_on_{engine.__name__}")
    program.__dict__["__builtins__"] = vars(builtins).copy()
    if engine is scratch:
        program.__dict__["__builtins__"]["__import__"] = _import_engine
    import sys

    sys.modules[program.__name__] = program  # dataclasses look their module up
    exec(compile((HERE / f"{name}.py").read_text(), f"{name}.py", "exec"), program.__dict__)
    return program


@contextmanager
def same_noise(engine):
    """Let `randn` and `randn_like` draw from one NumPy stream on either engine."""
    rng, kept = np.random.default_rng(0), (engine.randn, engine.randn_like)

    def randn(*size, **_):
        return engine.from_numpy(rng.standard_normal(size).astype(np.float32))

    engine.randn, engine.randn_like = randn, lambda t, **_: randn(*t.shape)
    try:
        yield
    finally:
        engine.randn, engine.randn_like = kept


def run(name, engine, weights):
    """Build the program's models, give them `weights`, train, and return what it reports."""
    program = load(name, engine)
    nets = program.models()
    for key, net in nets.items():
        arrays = {k: engine.from_numpy(a.copy()) for k, a in weights[key].items()}
        net.load_state_dict(arrays)
    with same_noise(engine):
        return program.train(nets)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # old programs use what torch deprecates
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_torch_program_gives_the_same_on_the_engine(name):
    torch.manual_seed(1)
    weights = {
        key: {k: v.detach().numpy().copy() for k, v in net.state_dict().items()}
        for key, net in load(name, torch).models().items()
    }
    expected = run(name, torch, weights)
    assert_same(run(name, scratch, weights), expected)


def assert_same(got, expected):
    if isinstance(expected, (list, tuple)):
        assert len(got) == len(expected)
        for a, b in zip(got, expected, strict=True):
            assert_same(a, b)
    elif isinstance(expected, float):
        assert got == pytest.approx(expected, rel=2e-3, abs=2e-4)
    else:
        assert got == expected
