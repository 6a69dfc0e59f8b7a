"""Run answers in another process, so that nothing they do can hang or kill the notebook.

The decision.  An answer may loop for ever, call `os._exit`, recurse into a crash or take all
memory; only another process survives these.  Forking the notebook's own process is unsafe (its
threads, OpenMP's and autograd's among them, do not survive a fork) and impossible on Windows.  So a
worker process starts once, imports NumPy (and torch, if the notebook has it) with one thread each,
and waits.  Answers travel to it by value (cloudpickle: a function defined in a cell goes with the
globals it uses); what it did comes back as JSON (`wire`).  On Linux the worker forks a child for
each run: 10 ms, and nothing is left behind.  Elsewhere a worker runs the answer itself, and every
new answer gets a new one; the course's own code runs in another, which no answer can touch.

Limits: wall-clock time and resident memory are watched from here on every system; CPU time, address
space and file size are limited by the kernel where it offers that.  This protects a learner from
their own mistakes, and a grading run from one bad answer.  It is no jail: an answer can read files
and use the network, so run answers of strangers inside a container as well.
"""

import atexit
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Literal, Protocol

import cloudpickle
import psutil

from . import wire
from .answer import Source, pack
from .form import Inputs
from .observe import Observation, observe

MEMORY = 2 << 30  # bytes an answer may take beyond what the worker has
START = 60.0  # seconds a worker may take to start: a cold import of torch from a slow disk
_POLL = 0.05


@dataclass(frozen=True)
class Ended:
    """Why a run did not reach its last case: at case `at`, after `seconds`."""

    why: Literal["timeout", "memory", "exit", "refused"]
    at: int = 0
    detail: str = ""


@dataclass(frozen=True)
class Run:
    """What came of the cases, in order; `ended` if the run stopped before the last."""

    seen: list[Observation]
    ended: Ended | None = None


class Runner(Protocol):
    """Anything that can try an answer on cases."""

    def run(
        self,
        attempt: Any,
        drive: Callable[..., Any],
        cases: Sequence[Inputs],
        returns: tuple[str, ...],
        seconds: float,
    ) -> Run: ...


class InProcess:
    """Runs trusted answers here and now: references, known-wrong variants, mutants in tests."""

    def run(
        self,
        attempt: Any,
        drive: Callable[..., Any],
        cases: Sequence[Inputs],
        returns: tuple[str, ...] = (),
        seconds: float = 0,
    ) -> Run:
        built = attempt.build() if isinstance(attempt, Source) else attempt
        return Run([observe(built, drive, inputs, returns) for inputs in cases])


@dataclass
class _Worker:
    """One worker process and the lines it says."""

    process: subprocess.Popen[bytes]
    modules: tuple[str, ...]
    forks: bool
    was_ready: bool = False
    said: queue.SimpleQueue[dict[str, Any] | None] = field(default_factory=queue.SimpleQueue)

    def listen(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            self.said.put(_message(line))
        self.said.put(None)

    def hear(self, seconds: float) -> dict[str, Any] | None:
        """The next message, None if the process has ended; raises `queue.Empty` after `seconds`."""
        return self.said.get(timeout=seconds)


def _message(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
        return found if isinstance(found, dict) else {}
    except ValueError:
        return {}


class Sandbox:
    """Runs answers in worker processes; one sandbox serves a whole notebook."""

    def __init__(self, *, fork: bool = sys.platform == "linux", memory: int = MEMORY):
        self.fork, self.memory = fork, memory
        self._learner = _Host(fork, memory)
        self._course = self._learner if fork else _Host(fork, memory)
        self._last: bytes | None = None
        self._lock = threading.RLock()
        atexit.register(self.close)

    def warm(self) -> None:
        """Start a worker now, so that the first check need not wait for it."""
        with self._lock:
            self._course.warm()
            self._learner.warm()

    def close(self) -> None:
        """End every worker."""
        with self._lock:
            self._course.close()
            self._learner.close()

    def run(
        self,
        attempt: Any,
        drive: Callable[..., Any],
        cases: Sequence[Inputs],
        returns: tuple[str, ...] = (),
        seconds: float = 5.0,
    ) -> Run:
        """Try `attempt` on `cases`, for `seconds` in all; raises `CannotTravel`."""
        packed = pack(attempt)
        job = self._job(packed, drive, cases, returns, seconds, _ours(attempt, drive))
        with self._lock:
            return self._host(attempt, packed).run(job, len(cases), seconds)

    def _host(self, attempt: Any, packed: bytes) -> "_Host":
        """Without forks, every new answer gets a fresh process; the course's own code keeps one."""
        if self.fork or (not isinstance(attempt, Source) and _ours(attempt)):
            return self._course
        if packed != self._last:
            self._learner.close()
        self._last = packed
        return self._learner

    def _job(
        self,
        packed: bytes,
        drive: Any,
        cases: Sequence[Inputs],
        returns: tuple[str, ...],
        seconds: float,
        ours: list[str],
    ) -> bytes:
        task = {
            "attempt": packed,
            "plan": cloudpickle.dumps((drive, list(cases))),
            "returns": returns,
            "seconds": seconds,
            "memory": self.memory,
            "ours": ours,
            "path": sys.path,
            "folder": _folder(),
        }
        data = pickle.dumps(task)
        return len(data).to_bytes(8, "big") + data


def _folder() -> str:
    """The folder to work in: this one, or another where it has been removed meanwhile."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return tempfile.gettempdir()


class _Host:
    """Keeps one worker alive, and starts another when it has to be ended."""

    def __init__(self, fork: bool, memory: int):
        self.fork, self.memory = fork, memory
        self.worker: _Worker | None = None

    def warm(self) -> None:
        if self.worker is None or self.worker.process.poll() is not None:
            self.worker = self._start()

    def close(self) -> None:
        worker, self.worker = self.worker, None
        if worker is None:
            return
        _kill(worker.process.pid)
        worker.process.wait()
        for pipe in (worker.process.stdin, worker.process.stdout):
            if pipe is not None:
                pipe.close()

    def run(self, job: bytes, cases: int, seconds: float) -> Run:
        talk = _Talk(self._ready(), cases, seconds, self.memory)
        try:
            run = talk.hold(job)
        except BaseException:
            self.close()  # an interrupt: whatever still runs there must not go on
            raise
        if talk.broken:
            self.close()
            self.warm()
        return run

    def _ready(self) -> _Worker:
        """A worker, with torch if the notebook has it by now."""
        if self.worker and "torch" in sys.modules and "torch" not in self.worker.modules:
            self.close()
        self.warm()
        assert self.worker is not None
        return self.worker

    def _start(self) -> _Worker:
        modules = ("numpy", "torch") if "torch" in sys.modules else ("numpy",)
        flags = ["--fork"] if self.fork else []
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                __name__.replace("sandbox", "worker"),
                ",".join(modules),
                *flags,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=_folder(),
            start_new_session=os.name == "posix",  # an interrupt of the notebook is not for it
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        worker = _Worker(process, modules, self.fork)
        threading.Thread(target=worker.listen, args=(process.stdout,), daemon=True).start()
        return worker


class _Talk:
    """One job's conversation with a worker."""

    def __init__(self, worker: _Worker, cases: int, seconds: float, memory: int):
        self.worker, self.cases, self.seconds, self.memory = worker, cases, seconds, memory
        self.seen: list[Observation] = []
        self.pid = worker.process.pid
        self.ended: Ended | None = None
        self.broken = False

    def hold(self, job: bytes) -> Run:
        """Send the job and listen until it has ended or has used up its limits."""
        if not self._send(job):
            return Run([], Ended("exit", 0, "the checking process could not be started"))
        start = 0 if self.worker.was_ready else START
        deadline = time.monotonic() + self.seconds + start
        while True:
            try:
                message = self.worker.hear(_POLL)
            except queue.Empty:
                if why := self._exceeded(deadline):
                    return self._stop(why)
                continue
            if message is None:
                self.broken = True
                return self._finish(self.worker.process.wait())
            if "ready" in message:
                self.worker.was_ready = True
                deadline = time.monotonic() + self.seconds
            elif "child" in message:
                self.pid = int(message["child"])
            elif "ended" in message:
                return self._finish(int(message["ended"]))
            else:
                self._note(message)

    def _send(self, job: bytes) -> bool:
        pipe = self.worker.process.stdin
        assert pipe is not None
        try:
            pipe.write(job)
            pipe.flush()
            return True
        except OSError:
            self.broken = True
            return False

    def _note(self, message: dict[str, Any]) -> None:
        if "refused" in message:
            self.ended = Ended("refused", 0, str(message["refused"]))
        elif "memory" in message:
            self.ended = Ended("memory", len(self.seen))
        elif "seen" in message and len(self.seen) < self.cases:
            self.seen.append(wire.loads(message["seen"]))

    def _exceeded(self, deadline: float) -> Literal["timeout", "memory"] | None:
        if time.monotonic() > deadline:
            return "timeout"
        return "memory" if _resident(self.pid) > self.memory + (1 << 30) else None

    def _stop(self, why: Literal["timeout", "memory"]) -> Run:
        _kill(self.pid)
        self.ended = Ended(why, len(self.seen))
        if self.pid == self.worker.process.pid:
            self.broken = True
        else:
            self._await_end()
        return Run(self.seen, self.ended)

    def _await_end(self) -> None:
        try:
            while (message := self.worker.hear(5.0)) is not None:
                if "ended" in message:
                    return
        except queue.Empty:
            pass
        self.broken = True

    def _finish(self, status: int) -> Run:
        if self.ended is None and len(self.seen) < self.cases:
            self.ended = _ending(status, len(self.seen))
        return Run(self.seen, self.ended)


def _ending(status: int, at: int) -> Ended:
    if os.name == "posix" and status == -signal.SIGXCPU:
        return Ended("timeout", at)
    if status < 0:
        return Ended("exit", at, f"it crashed ({signal.Signals(-status).name})")
    return Ended("exit", at, f"it ended the process with exit code {status}")


def _ours(*things: Any) -> list[str]:
    """The modules of this package that define these functions; an import of each is paid once."""
    names = [thing.module if isinstance(thing, Source) else thing.__module__ for thing in things]
    package = __name__.split(".")[0]
    return [name for name in names if name and name.startswith(f"{package}.")]


def _resident(pid: int) -> int:
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.Error:
        return 0


def _kill(pid: int) -> None:
    """End process `pid` and everything it started."""
    try:
        process = psutil.Process(pid)
        family = [*process.children(recursive=True), process]
    except psutil.Error:
        return
    for member in family:
        try:
            member.kill()
        except psutil.Error:
            continue


def _environment() -> dict[str, str]:
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **one, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


_shared: Sandbox | None = None


def sandbox() -> Sandbox:
    """This process's sandbox."""
    global _shared
    if _shared is None:
        _shared = Sandbox()
    return _shared
