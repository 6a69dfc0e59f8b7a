"""One of several processes that train one model together.  torchrun starts it:

python -m torch.distributed.run --standalone --nproc-per-node=2 -m dlcourse.topics.hardware.worker_torch FOLDER 20
"""  # noqa: E501

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ...data import Batches, digits
from ...models import MLP

BATCH = 64
engine: Any = torch


def model() -> nn.Module:
    """The same network in every process: a seed decides, so nothing has to be sent."""
    torch.manual_seed(0)
    return MLP(engine)([64, 32, 10]).double()


def optimizer(model: nn.Module) -> torch.optim.Optimizer:
    """SGD with momentum: its state is the same everywhere as long as the gradients are."""
    return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def batches(steps: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Whole batches of real digits, the same in every process."""
    part = digits(seed=0).train
    every = Batches((part.x.astype(np.float64), part.y), BATCH, drop_last=True)
    for step in range(steps):
        epoch, i = divmod(step, len(every))
        x, y = list(every.epoch(epoch))[i]
        yield torch.from_numpy(x), torch.from_numpy(y)


def shard(x: torch.Tensor, rank: int, world: int) -> torch.Tensor:
    """The rows of a batch that belong to process number `rank` of `world`."""
    return x[rank::world]


def flat(model: nn.Module) -> np.ndarray:
    """All weights as one vector."""
    return torch.cat([p.detach().ravel() for p in model.parameters()]).numpy()


def by_hand(net: nn.Module, world: int) -> None:
    """Replace every gradient by its mean over the processes."""
    for p in net.parameters():
        if p.grad is not None:
            dist.all_reduce(p.grad)  # the sum, in every process
            p.grad /= world


def train(steps: int, rank: int, world: int, way: str) -> tuple[np.ndarray, int]:
    """The weights after `steps` on this process's shards, and how many examples it has seen."""
    net = model()
    wrapped = DistributedDataParallel(net) if way == "DistributedDataParallel" else net
    step_with = optimizer(net)
    seen = 0
    for x, y in batches(steps):
        mine, labels = shard(x, rank, world), shard(y, rank, world)
        seen += len(mine)
        step_with.zero_grad()
        nn.functional.cross_entropy(wrapped(mine), labels).backward()  # DDP averages in here
        if wrapped is net:
            by_hand(net, world)
        step_with.step()
    return flat(net), seen


def main(folder: str, steps: int) -> None:
    """Train in both ways, and write down what was done."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", timeout=timedelta(seconds=60))
    rank, world = dist.get_rank(), dist.get_world_size()
    weights, _ = train(steps, rank, world, "by hand")
    theirs, seen = train(steps, rank, world, "DistributedDataParallel")
    report = {"rank": rank, "of": world, "backend": dist.get_backend(), "examples": seen}
    (Path(folder) / f"{rank}.json").write_text(json.dumps(report))
    if rank == 0:
        found: dict[str, Any] = {"by hand": weights, "DistributedDataParallel": theirs}
        np.savez(Path(folder) / "weights.npz", **found)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
