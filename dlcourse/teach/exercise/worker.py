"""The process in which answers run: `python -m dlcourse.teach.exercise.worker numpy,torch`.

It reads jobs (length, then a pickle) from stdin and answers in lines of JSON.  With `--fork` it
never runs an answer itself: each job gets a forked child, so that the imports are paid once and
nothing an answer does outlives it.  Forking is safe here because this process has one thread.
"""

import contextlib
import importlib
import os
import pickle
import select
import signal
import sys
from collections.abc import Callable
from typing import Any

from . import wire
from .answer import unpack
from .observe import observe

_PATIENCE = 2  # seconds of CPU time beyond the wall-clock limit


def main(modules: str, *flags: str) -> None:
    """Serve jobs until stdin ends."""
    jobs, answers = _take_streams()
    for name in filter(None, modules.split(",")):
        importlib.import_module(name)
    _one_thread()
    _send(answers, {"ready": os.getpid()})
    forks = "--fork" in flags
    serve = _serve_forked if forks else _serve
    while (job := _read_job(jobs)) is not None:
        if forks:
            _import_ours(job)
        serve(job, jobs, answers)


def _import_ours(job: bytes) -> None:
    """Import the course's own modules that the job needs here, once for all children."""
    for name in pickle.loads(job)["ours"]:
        if name not in sys.modules:
            importlib.import_module(name)
            _one_thread()


def _take_streams() -> tuple[int, int]:
    """Keep the pipes for ourselves; whatever else writes to 1 or 2 writes to nowhere."""
    jobs, answers = os.dup(0), os.dup(1)
    for number, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        nowhere = os.open(os.devnull, mode)
        os.dup2(nowhere, number)
        os.close(nowhere)
    return jobs, answers


def _one_thread() -> None:
    torch = sys.modules.get("torch")
    if torch:
        torch.set_num_threads(1)
        _first_step(torch)


def _first_step(torch: Any) -> None:
    """Let torch import what its optimizers need (a second or more) here and not in each child.

    There is no backward pass: autograd's threads would not survive the fork.
    """
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    parameter.grad = torch.zeros(1)
    optimizer.step()
    optimizer.zero_grad()


def _send(pipe: int, message: dict[str, Any]) -> None:
    data = memoryview(wire.frame(message))
    while data:
        data = data[os.write(pipe, data) :]


def _read_job(pipe: int) -> bytes | None:
    head = _read(pipe, 8)
    return _read(pipe, int.from_bytes(head, "big")) if head is not None else None


def _read(pipe: int, size: int) -> bytes | None:
    pieces, missing = [], size
    while missing:
        piece = os.read(pipe, min(missing, 1 << 20))
        if not piece:
            return None
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _serve(job: bytes, jobs: int, answers: int) -> None:
    _run(job, lambda message: _send(answers, message))
    _send(answers, {"ended": 0})


def _run(job: bytes, send: Callable[[dict[str, Any]], None]) -> None:
    """Run one job, and send what came of each case as soon as it is known."""
    task = pickle.loads(job)
    sys.path[:] = task["path"]
    os.chdir(task["folder"])
    _limit(task["seconds"], task["memory"])
    try:
        attempt, drive, cases = unpack(task["attempt"]), *pickle.loads(task["plan"])
    except BaseException as error:  # noqa: BLE001 -- the learner's module may fail to import
        return send({"refused": f"{type(error).__name__}: {str(error)[:300]}"})
    for inputs in cases:
        seen = observe(attempt, drive, inputs, task["returns"])
        if seen.raised and seen.raised.type == "MemoryError":
            return send({"memory": True})
        send({"seen": wire.dumps(seen)})


def _limit(seconds: float, memory: int) -> None:
    """Let the system stop what outlasts its time or memory, where the system can."""
    if os.name != "posix":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime + seconds + _PATIENCE)
    wanted = {resource.RLIMIT_CPU: cpu, resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 10_000_000}
    if sys.platform == "linux":
        with open("/proc/self/statm") as pages:
            wanted[resource.RLIMIT_AS] = int(pages.read().split()[0]) * 4096 + memory
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (value if hard < 0 else min(value, hard), hard))


def _serve_forked(job: bytes, jobs: int, answers: int) -> None:
    listen, speak = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for pipe in (jobs, answers, listen):
                os.close(pipe)
            os.setsid()
            _run(job, lambda message: _send(speak, message))
        finally:
            os._exit(0)
    os.close(speak)
    _send(answers, {"child": child})
    _relay(listen, jobs, answers, child)
    os.close(listen)
    _end(child)
    _send(answers, {"ended": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])})


def _relay(listen: int, jobs: int, answers: int, child: int) -> None:
    """Pass on the child's whole lines until it has ended, or nobody listens any more."""
    rest = b""
    while True:
        ready, _, _ = select.select([listen, jobs], [], [])
        if jobs in ready:  # no job comes while one runs: this is the end of the pipe
            _end(child)
            os._exit(0)
        piece = os.read(listen, 1 << 16)
        if not piece:
            return
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            data = memoryview(line + b"\n")
            while data:
                data = data[os.write(answers, data) :]


def _end(child: int) -> None:
    """End the child and all that it started in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
