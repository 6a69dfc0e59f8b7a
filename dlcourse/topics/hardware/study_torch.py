"""What lesson 10 measures with PyTorch: counters, saved bytes, precision, and two processes."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from ... import __file__ as _package
from ...data import Batches, Dataset, Part
from ...models import MLP
from ...models.gpt import Block as Block
from . import worker_torch
from .study import clocked, stepper

F = nn.functional
engine: Any = torch


def best_device() -> torch.device:
    """The accelerator of this machine if torch can use one, else its processor."""
    if torch.accelerator.is_available():
        found = torch.accelerator.current_accelerator()
        if found is not None:
            return found
    return torch.device("cpu")


def wait(device: torch.device) -> None:
    """Return when all work that was given to `device` is done."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def counted(run: Callable[[], Any]) -> int:
    """The operations of matrix products and convolutions in `run()`, as PyTorch counts them."""
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


def saved_bytes(run: Callable[[], Any], parameters: Iterable[torch.Tensor] = ()) -> int:
    """Bytes that `run()` keeps for its backward pass, each store once, weights left out."""
    weights = {p.untyped_storage().data_ptr() for p in parameters}
    kept: dict[int, torch.Tensor] = {}  # the tensors themselves, or an address could come again

    def keep(t: torch.Tensor) -> torch.Tensor:
        if t.untyped_storage().data_ptr() not in weights:
            kept[t.untyped_storage().data_ptr()] = t
        return t

    with saved_tensors_hooks(keep, lambda t: t):
        out = run()
    del out
    return sum(t.untyped_storage().nbytes() for t in kept.values())


def operations(run: Callable[[], Any]) -> int:
    """How many operations PyTorch carries out in `run()`, views left out."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Count(TorchDispatchMode):
        seen = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None):
            if not func.is_view:
                self.seen += 1
            return func(*args, **(kwargs or {}))

    with Count() as mode:
        run()
    return mode.seen


class Tall(nn.Module):
    """Equal layers in a row, (B, width) to (B, width): something to save memory on."""

    def __init__(self, depth: int, width: int, seed: int = 0):
        super().__init__()
        torch.manual_seed(seed)
        self.layers = nn.ModuleList(
            [nn.Sequential(nn.Linear(width, width), nn.ReLU()) for _ in range(depth)]
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (B, width)
        for layer in self.layers:
            x = layer(x)
        return x


def throughput(sizes: Sequence[int], batches: Sequence[int]) -> dict[int, float]:
    """Seconds of a training step of an MLP on this machine, for each size of the batch."""
    torch.manual_seed(0)
    model, found = MLP(engine)(list(sizes)), {}
    for count in batches:
        x, y = torch.randn(count, sizes[0]), torch.randint(0, sizes[-1], (count,))
        step = stepper(torch, model, lambda x=x, y=y: F.cross_entropy(model(x), y))
        found[count] = clocked(step, repeats=9, warm_up=3)
    return found


# Precision ----------------------------------------------------------------------------------------


def trained(
    digits: Dataset, precision: str, seed: int, epochs: int = 25, lr: float = 0.02
) -> nn.Module:
    """An MLP trained by plain SGD in `precision`: "float32", "mixed" or "bfloat16".

    "mixed" keeps the weights in float32 and computes under autocast; "bfloat16" keeps weights,
    gradients and steps in bfloat16.
    """
    torch.manual_seed(seed)
    model = MLP(engine)([64, 64, 10])
    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    model.to(kind)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for x, y in _batches(digits.train, epochs, seed):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "mixed"):
            loss = F.cross_entropy(model(x.to(kind)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.float()


def trained_well(digits: Dataset, seed: int) -> nn.Module:
    """The same network after 40 epochs of Adam in float32: most digits are learned for sure."""
    torch.manual_seed(seed)
    model = MLP(engine)([64, 64, 10])
    adam = torch.optim.Adam(model.parameters(), lr=3e-3)
    for x, y in _batches(digits.train, 40, seed):
        adam.zero_grad()
        F.cross_entropy(model(x), y).backward()
        adam.step()
    return model


def _batches(part: Part, epochs: int, seed: int) -> Iterable[tuple[torch.Tensor, torch.Tensor]]:
    batches = Batches((part.x, part.y), 32, seed=seed)
    for epoch in range(epochs):
        for x, y in batches.epoch(epoch):
            yield torch.from_numpy(x), torch.from_numpy(y)


def accuracy(model: nn.Module, part: Part) -> float:
    """The share of right answers."""
    with torch.no_grad():
        said = model(torch.from_numpy(part.x)).argmax(1).numpy()
    return float((said == part.y).mean())


def gradients(model: nn.Module, part: Part) -> np.ndarray:
    """All gradients of the mean loss on `part`, as one vector."""
    model.zero_grad()
    F.cross_entropy(model(torch.from_numpy(part.x)), torch.from_numpy(part.y)).backward()
    return torch.cat([p.grad.ravel() for p in model.parameters() if p.grad is not None]).numpy()


# Two processes ------------------------------------------------------------------------------------


class Run(NamedTuple):
    """What processes that trained together report: weights by way, and what each rank did."""

    weights: dict[str, np.ndarray]
    ranks: list[dict[str, Any]]


class WorkersError(RuntimeError):
    """The processes did not come to an end; the message is theirs."""


def torchrun(processes: int = 2, *, steps: int = 20, seconds: float = 120) -> Run:
    """Train `worker_torch` in several processes on this machine, started by `torchrun`."""
    with tempfile.TemporaryDirectory(prefix="dlcourse run ") as folder:
        command = [
            sys.executable, "-m", "torch.distributed.run",
            "--standalone", "--local-addr=127.0.0.1", f"--nproc-per-node={processes}",
            "-m", worker_torch.__name__, folder, str(steps),
        ]  # fmt: skip
        _finish(command, seconds)
        ranks = [json.loads((Path(folder) / f"{r}.json").read_text()) for r in range(processes)]
        with np.load(Path(folder) / "weights.npz") as weights:
            return Run(dict(weights), ranks)


def _finish(command: list[str], seconds: float) -> None:
    """Run `command` to its end; what goes wrong is raised with its own words."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env=_environment()
    ) as process:
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.terminate()  # it ends its workers, too
            try:
                process.communicate(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
            raise WorkersError(
                f"The processes did not finish within {seconds:g} seconds. On a busy machine give "
                "them more: torchrun(seconds=300)."
            ) from None
    if process.returncode:
        raise WorkersError(f"The processes ended with an error:\n{said[-2000:]}")


def _environment() -> dict[str, str]:
    """Ours, such that the processes find this package and talk over the machine's own loop."""
    package = str(Path(_package or ".").resolve().parents[1])
    found = os.environ.get("PYTHONPATH")
    extra = {"PYTHONPATH": os.pathsep.join([package, found] if found else [package])}
    loop = {"linux": "lo", "darwin": "lo0"}.get(sys.platform)
    if loop:
        extra["GLOO_SOCKET_IFNAME"] = loop
    if sys.platform == "win32":
        extra["USE_LIBUV"] = "0"  # torch for Windows is built without it
    return {"OMP_NUM_THREADS": "1", **os.environ, **extra}


def alone(steps: int = 20) -> np.ndarray:
    """The weights after the same training in this process, on whole batches."""
    model = worker_torch.model()
    optimizer = worker_torch.optimizer(model)
    for x, y in worker_torch.batches(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    return worker_torch.flat(model)
