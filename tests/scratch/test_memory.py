"""Freed memory is kept for the next step where the C library can do it, and only when asked."""

import subprocess
import sys

COUNT = """
import numpy as np
from dlcourse.scratch.memory import keep_freed_memory

def step():
    return [np.ones(1 << 20) for _ in range(12)]  # 96 MiB, freed when the next step is done

def faults():
    try:
        import resource
    except ImportError:  # Windows counts no faults, and cannot keep memory either
        return 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

step()
usual = faults()
able = keep_freed_memory()
step()
kept = faults()
back = keep_freed_memory(False)
print(able, back, usual, kept, faults())
"""


def test_pages_are_not_mapped_again():
    run = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    able, back, *counts = run.stdout.split()
    usual, kept, after = map(int, counts)
    assert able == back
    if able == "True":
        assert kept < min(usual, after) / 50, counts


def test_no_import_asks_for_it():
    code = "import sys, dlcourse.scratch; sys.exit('dlcourse.scratch.memory' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
