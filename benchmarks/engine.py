"""How long a training step takes on the engine, as a ratio to torch in the same run.

    python benchmarks/engine.py                 # every workload; writes the pages
    python benchmarks/engine.py --quick mlp     # a first look at one; prints only

Each candidate lives in a process of its own (so that threads and memory settings are its own) and
waits while another works.  First losses must agree before anything is timed.
"""

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from _ratios import Ratio, interleave, ratio  # noqa: E402
from _workloads import STRETCH, TARGETS, WORKLOADS  # noqa: E402

# Candidates by column; "torch" is what the others are compared with, "again" shows the noise.
CANDIDATES = {
    "scratch": "engine",
    "torch": "torch",
    "again": "torch again",
    "torch1": "torch, 1 thread",
    "kept": "torch, memory kept",
    "jax": "JAX",
    "autograd": "autograd",
    "mygrad": "MyGrad",
}


# --- in a candidate's process -----------------------------------------------------------------


def build(candidate, workload):
    """One training step of `workload` on `candidate`, as a function that returns the loss."""
    if candidate in ("scratch", "kept"):
        from dlcourse.scratch.memory import keep_freed_memory

        keep_freed_memory()
    if candidate == "scratch":
        from dlcourse import scratch as engine
    elif candidate in ("torch", "again", "torch1", "kept"):
        import torch as engine

        if candidate == "torch1":
            engine.set_num_threads(1)
    else:
        from _peers import PEERS

        return PEERS[candidate][0](workload)
    return WORKLOADS[workload](engine)


def first_losses(step):
    """The losses of three steps, as numbers."""
    values = []
    for _ in range(3):
        loss = step()
        total = loss.sum()  # a whole tensor for the workload that has no loss
        values.append(float(total.item() if hasattr(total, "item") else total))
    return values


def serve(candidate, workload):
    """Report first losses, then time as many steps as each line of the input asks for."""
    from _ratios import timed

    step = build(candidate, workload)
    print(json.dumps(first_losses(step)), flush=True)
    run = timed(step)
    for line in sys.stdin:
        print(json.dumps(run(int(line))), flush=True)


# --- in the run's own process -----------------------------------------------------------------


class Worker:
    """A candidate's process; call it with a number of steps to get the seconds they took."""

    def __init__(self, candidate, workload):
        env = {**os.environ, "PYTHONPATH": str(HERE.parent)}
        if candidate == "torch1":
            env.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
        command = [sys.executable, __file__, "--serve", candidate, workload]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )
        self.losses = self._answer()

    def __call__(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[-2:]} ended: see its message above")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def installed(workload):
    """The candidates that can run this workload here."""
    from _peers import PEERS

    for name in CANDIDATES:
        if name not in PEERS or (importlib.util.find_spec(name) and workload in PEERS[name][1]):
            yield name


def measure(workload, rounds, budget):
    """Each candidate's ratio to torch, and the engine's milliseconds per step."""
    workers = {}
    try:
        for name in installed(workload):
            workers[name] = Worker(name, workload)
        check_agreement({name: w.losses for name, w in workers.items()})
        times = interleave(workers, rounds, budget)
    finally:
        for worker in workers.values():
            worker.close()
    ratios = {name: ratio(t, times["torch"]) for name, t in times.items() if name != "torch"}
    return ratios, 1e3 * sorted(times["scratch"])[rounds // 2]


def check_agreement(losses):
    """The same work is done only if the same losses come out."""
    expected = losses["torch"]
    for name, values in losses.items():
        for a, b in zip(values, expected, strict=True):
            if abs(a - b) > 1e-3 * max(1.0, abs(b)):
                raise RuntimeError(f"{name} computes other losses than torch: {values}, {expected}")


def blas_kernels():
    """The OpenBLAS kernel that NumPy runs on, as it reports itself."""
    import numpy  # noqa: F401 - loads the library that is asked about
    from threadpoolctl import threadpool_info

    return ", ".join(
        sorted(
            {lib.get("architecture", "?") for lib in threadpool_info() if lib["user_api"] == "blas"}
        )
    )


def cpu():
    """The processor's name, as the system gives it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def facts(noise):
    """What a reader must know beside the figures."""
    import torch

    pinned = os.environ.get("OPENBLAS_CORETYPE")
    pin = f"pinned to {pinned} by OPENBLAS_CORETYPE" if pinned else "OPENBLAS_CORETYPE is not set"
    return [
        f"NumPy's OpenBLAS ran its {blas_kernels()} kernel ({pin}). An old kernel costs the engine "
        "20 to 40 %, so a figure holds only with this line beside it.",
        f"Processor: {cpu()}, {os.cpu_count()} cores; torch {torch.__version__}. torch's matrix "
        "products use MKL, which is about twice as fast on Intel processors as on AMD's: these are "
        "figures for this machine, not for PyTorch everywhere.",
        "The engine's process keeps freed memory for the next step, as lessons do (see "
        "dlcourse/scratch/memory.py); torch runs as it is installed, and with the same setting in "
        'the column "memory kept".',
        f"Noise: a second process of torch against the first came out at {noise}. Restart and "
        "repeat before you believe a difference of that size.",
    ]


def table(results):
    """The results in Markdown: ratios to torch, median and quartiles; below 1 is faster."""
    names = [n for n in CANDIDATES if n not in ("torch", "again")]
    lines = [
        "| workload | engine, ms | " + " | ".join(CANDIDATES[n] for n in names) + " | target |"
    ]
    lines.append("| --- |" + " --- |" * (len(names) + 2))
    for workload, (ratios, ms) in results.items():
        cells = [str(ratios.get(n, "–")) for n in names]
        what = WORKLOADS[workload].__doc__
        target = f"≤ {TARGETS[workload]:.2f} ({STRETCH[workload]:.2f})"
        lines.append(
            f"| **{workload}**: {what} | {ms:.3g} | " + " | ".join(cells) + f" | {target} |"
        )
    return "\n".join(lines)


def report(results):
    """The page: table, then the facts."""
    again = [ratios["again"] for ratios, _ in results.values()]
    noise = f"{min(again, key=_median)} to {max(again, key=_median)}"
    numbered = "\n".join(f"{i}. {fact}" for i, fact in enumerate(facts(noise), 1))
    return f"""# A training step, as a multiple of torch's time

Forward, loss, backward and optimizer in float32; median over rounds (quartiles). Below 1 is faster
than torch eager with its default threads in the same interleaved run. Written by
`python benchmarks/engine.py`.

{table(results)}

{numbered}
"""


def short(results):
    """The README's part of it: what was timed, and the engine's median against torch's."""
    lines = ["| a training step of | milliseconds | times torch's |", "| --- | --- | --- |"]
    for workload, (ratios, ms) in results.items():
        what = WORKLOADS[workload].__doc__.rstrip(".")
        lines.append(f"| {what} | {ms:.2g} | {ratios['scratch'].median:.2f} |")
    return "\n".join(lines)


def put_in_readme(results):
    """Renew the table between the README's two marks."""
    page = HERE.parent / "README.md"
    before, rest = page.read_text(encoding="utf-8").split("<!-- engine.py writes this -->\n", 1)
    after = rest.split("<!-- end -->", 1)[1]
    text = f"{before}<!-- engine.py writes this -->\n{short(results)}\n<!-- end -->{after}"
    page.write_text(text, encoding="utf-8")


def _median(r: Ratio):
    return r.median


def main():
    """Measure what the command line names and print the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS), metavar="workload")
    parser.add_argument("--quick", action="store_true", help="few short rounds; writes no file")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(*args.serve)
        return
    if unknown := set(args.workloads) - set(WORKLOADS):
        parser.error(f"unknown workload {sorted(unknown)}; there are {', '.join(WORKLOADS)}")
    rounds, budget = (5, 0.05) if args.quick else (21, 0.15)
    results = {}
    for workload in args.workloads:
        results[workload] = measure(workload, rounds, budget)
        print(f"{workload}: {results[workload][0]['scratch']} of torch", file=sys.stderr)
    print(report(results))
    if not args.quick and len(results) == len(WORKLOADS):
        (HERE / "engine.md").write_text(report(results), encoding="utf-8")
        put_in_readme(results)


if __name__ == "__main__":
    main()
