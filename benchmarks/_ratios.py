"""Fair timing: candidates take turns within one run, and only ratios are reported.

A machine's clock, heat and neighbours change from second to second, so two times taken apart say
little.  Here every candidate runs a few steps in each round, the order rotates, and each round
gives one ratio; the median over rounds and the range of its middle half are what is printed.

    times = interleave({"a": f, "b": g}, rounds=15)
    print(ratio(times["a"], times["b"]))        # 0.53 (0.51-0.56)
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """The median ratio of two interleaved timings and its quartiles over the rounds."""

    median: float
    low: float
    high: float

    def __str__(self):
        digits = 2 if self.median < 20 else 0
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}-{self.high:.{digits}f})"


def ratio(times: Sequence[float], baseline: Sequence[float]) -> Ratio:
    """How long `times` took as a multiple of `baseline`, round by round."""
    rounds = sorted(a / b for a, b in zip(times, baseline, strict=True))
    if len(rounds) < 2:
        return Ratio(rounds[0], rounds[0], rounds[0])
    low, median, high = statistics.quantiles(rounds, n=4, method="inclusive")
    return Ratio(median, low, high)


def interleave(
    candidates: Mapping[str, Callable[[int], float]], rounds: int = 15, budget: float = 0.1
) -> dict[str, list[float]]:
    """Seconds per step of each candidate in each round.

    A candidate is called with a number of steps and returns the seconds they took (wrap a plain
    function with `timed`); the number is chosen so that its turn lasts about `budget` seconds.
    """
    steps = {name: _steps_within(run, budget) for name, run in candidates.items()}
    times: dict[str, list[float]] = {name: [] for name in candidates}
    order = list(candidates)
    for _ in range(rounds):
        for name in order:
            times[name].append(candidates[name](steps[name]) / steps[name])
        order = [*order[1:], order[0]]
    return times


def timed(step: Callable[[], object]) -> Callable[[int], float]:
    """Turn a function of no arguments into a candidate for `interleave`."""

    def run(steps: int) -> float:
        start = time.perf_counter()
        for _ in range(steps):
            step()
        return time.perf_counter() - start

    return run


def _steps_within(run: Callable[[int], float], budget: float) -> int:
    """Warm up, and find how many steps fit: caches, threads and compilers settle meanwhile."""
    steps, spent = 1, run(1)
    while (last := run(steps)) < budget / 2 and spent < 20 * budget:
        spent += last
        steps *= 2
    return max(1, round(steps * budget / last))
