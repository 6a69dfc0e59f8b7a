"""Is this machine ready for the course?  The checks that need no Jupyter.

Each check is a function that returns a `Check`; `dlcourse.doctor` adds those of kernel and widgets
and runs them all.
"""

import os
import platform
import shutil
import sys
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Literal, get_args

import psutil
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from . import content
from .progress import Progress, ProgressError, home

State = Literal["ok", "warn", "fail"]
STATES: tuple[State, ...] = get_args(State)
GB = 2**30
NEWEST_PYTHON = (3, 14)  # older than 3.11 cannot even install the course


@dataclass(frozen=True)
class Check:
    """One finding: `name` is short and stable, `found` is what is there, `cure` what to do."""

    name: str
    state: State
    found: str
    cure: str = ""

    @property
    def ready(self) -> bool:
        """Whether the course works in spite of it."""
        return self.state != "fail"


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """`check()`, or a failed `Check` with its error: one broken part must not hide the others."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 -- a doctor reports whatever is wrong
        cure = "Install the course again: python3 course.py start (or: pip install -e .)"
        return Check(name, "fail", f"{type(error).__name__}: {error}", cure)


def python() -> Check:
    """The interpreter's version and place."""
    found = f"{platform.python_version()} in {sys.prefix}"
    if sys.version_info[:2] > NEWEST_PYTHON:
        cure = "If something fails, make the environment with an older Python"
        return Check("python", "warn", f"{found}; newer than any release we know", cure)
    return Check("python", "ok", found)


def packages() -> list[Check]:
    """One line for all packages the course names, and one for each that is not as tested."""
    needs = _direct_requirements()
    odd = [c for need in needs if (c := _package(need, _pins())) is not None]
    worst = STATES[max((STATES.index(check.state) for check in odd), default=0)]
    return [Check("packages", worst, f"{len(needs) - len(odd)} of {len(needs)} as tested"), *odd]


def _direct_requirements() -> list[Requirement]:
    every = [Requirement(text) for text in requires("dlcourse") or []]
    return [need for need in every if need.marker is None or need.marker.evaluate({"extra": ""})]


def _pins() -> dict[str, str]:
    """The tested versions by canonical name."""
    lines = (content.root() / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {canonicalize_name(name): tested.strip() for name, tested in pins}


def _package(need: Requirement, pins: dict[str, str]) -> Check | None:
    name, tested = canonicalize_name(need.name), pins.get(canonicalize_name(need.name), "")
    cure = f'pip install "{name}=={tested}"' if tested else f'pip install "{need}"'
    try:
        found = version(name)
    except PackageNotFoundError:
        return Check(f"package {name}", "fail", "not installed", cure)
    if not need.specifier.contains(found, prereleases=True):
        return Check(f"package {name}", "fail", f"{found}, but {need} is needed", cure)
    if tested and Version(found).public != tested:
        return Check(f"package {name}", "warn", f"{found}; the tests ran with {tested}", cure)
    return None


def torch() -> Check:
    """Whether PyTorch loads and computes; on Windows its libraries may be missing."""
    try:
        import torch
    except (ImportError, OSError) as error:
        windows = "Install the Microsoft Visual C++ Redistributable (x64), then try again"
        again = "Install the course again: python3 course.py start"
        return Check("torch", "fail", str(error), windows if os.name == "nt" else again)
    total = float((torch.eye(3) @ torch.ones(3, 1)).sum())
    if total != 3:
        return Check("torch", "fail", f"computed {total}, not 3", "Reinstall PyTorch")
    return Check("torch", "ok", f"{torch.__version__} computes")


def progress() -> Check:
    """Whether progress can be kept: really writes and reads a file in the progress folder."""
    cure = "Make that folder writable, or set DLCOURSE_HOME to a folder of your own"
    probe = home() / f"doctor-{uuid.uuid4().hex}.txt"
    try:
        log = Progress()
        probe.write_text("ok", encoding="utf-8")
        kept = probe.read_text(encoding="utf-8") == "ok"
        probe.unlink()
    except (ProgressError, OSError) as error:
        return Check("progress", "fail", str(error), cure)
    if not kept:
        return Check("progress", "fail", f"{home()} does not keep what is written", cure)
    if log.notices:
        return Check("progress", "warn", " ".join(log.notices))
    return Check("progress", "ok", f"kept in {log.path}")


def threads() -> Check:
    """How many threads NumPy and PyTorch may compute with."""
    cores, limit = os.cpu_count() or 1, os.environ.get("OMP_NUM_THREADS")
    found = f"up to {limit or cores} threads on {cores} cores"
    if limit == "1" and cores > 1:
        return Check("threads", "warn", found, "Unset OMP_NUM_THREADS to use all cores")
    return Check("threads", "ok", found)


def blas() -> Check:
    """Which kernels NumPy's matrix product uses, and whether the environment pins them."""
    import numpy as np  # noqa: F401 -- loads the library that is asked about
    from threadpoolctl import threadpool_info

    libraries = [lib for lib in threadpool_info() if lib["user_api"] == "blas"]
    found = ", ".join(
        f"{lib['internal_api']} {lib['version']} ({lib.get('architecture', 'its own choice')})"
        for lib in libraries
    )
    pinned = os.environ.get("OPENBLAS_CORETYPE")
    if pinned:
        return Check(
            "blas",
            "warn",
            f"{found or 'no library named'}, pinned by OPENBLAS_CORETYPE={pinned}",
            "Unset OPENBLAS_CORETYPE unless you need it: the scratch engine can gain 20 to 40 %",
        )
    return Check("blas", "ok", found or "NumPy's own")


def gpu() -> Check:
    """Which accelerator PyTorch sees; the course needs none."""
    import torch

    if torch.cuda.is_available():
        return Check("gpu", "ok", torch.cuda.get_device_name(0))
    if torch.backends.mps.is_available():
        return Check("gpu", "ok", "Apple GPU (mps)")
    return Check("gpu", "ok", "none; the course needs none")


def disk() -> Check:
    """Free space where progress is kept."""
    folder = next(p for p in (home(), *home().parents) if p.exists())
    free = shutil.disk_usage(folder).free
    return _enough("disk", free, f"{free / GB:.1f} GB free", (0.1, 1), "Free some disk space")


def memory() -> Check:
    """Memory that a notebook could use now."""
    free = psutil.virtual_memory().available
    found = f"{free / GB:.1f} GB available"
    return _enough("memory", free, found, (0.5, 2), "Close other programs before the long lessons")


def _enough(name: str, free: int, found: str, least: tuple[float, float], cure: str) -> Check:
    """Fail below the first limit in GB, warn below the second."""
    state: State = "fail" if free < least[0] * GB else "warn" if free < least[1] * GB else "ok"
    return Check(name, state, found, "" if state == "ok" else cure)


def basics() -> list[Check]:
    """Every check that needs no Jupyter, in order."""
    first = [guarded("python", python)]
    try:
        first += packages()
    except (OSError, ValueError, PackageNotFoundError) as error:
        first.append(Check("packages", "fail", str(error), "Install the course again"))
    rest: Iterable[Callable[[], Check]] = (torch, progress, threads, blas, gpu, disk, memory)
    return first + [guarded(check.__name__, check) for check in rest]


def verdict(checks: Iterable[Check]) -> str:
    """One sentence that sums the checks up."""
    states = [check.state for check in checks]
    if "fail" in states:
        return f"Not ready: {states.count('fail')} of {len(states)} checks failed."
    if "warn" in states:
        return f"Ready, with {states.count('warn')} remark(s)."
    return "Ready."
