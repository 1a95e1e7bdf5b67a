"""About how much memory and time a sweep takes, told before it trains."""

from collections.abc import Sequence

import numpy as np

from harness.engine.cadence import row_updates
from harness.engine.memory import stack_bytes
from harness.engine.network import multiply_adds
from harness.engine.run import Run
from harness.engine.training import tile_size

# Seconds, fitted to 39 trainings on one core of a server at 2.8 GHz: stacks of 1 to 30 of moons and
# digits, every feeding, 32 to 384 hidden units, with diagnostics and without.
# Said and true times differed by a factor of 2 at most.
UPDATE = 50e-6
"""Of one update of a tile: the interpreter's share."""
RUN_UPDATE = 16e-6
"""Of one update of one run: drawing, gathering and changing its weights."""
MULTIPLY_ADD = 0.3e-9
"""Of one in float64."""
SIGNAL = 17e-9
"""Of one unit for one training sample: activations and deltas."""
ROW = 0.9e-3
"""Of one row of a tile."""
MEASURED_SIGNAL = 9e-9
"""Of one unit for one sample of a row."""


def estimate(stacks: Sequence[tuple[Run, int]], workers: int) -> str:
    """Return the line of a plan that says how much memory and time stacks take.

    Parameters
    ----------
    stacks : sequence of (Run, int)
        A run of each, and how many there are.
    """
    largest = max(stack_bytes(run, runs) for run, runs in stacks)
    each = [seconds(run, runs) for run, runs in stacks]
    # However many the workers, no sweep ends before its longest stack.
    whole = max(*each, sum(each) / workers)
    by = "1 worker" if workers == 1 else f"{workers} workers"
    return (
        f"about {duration(whole)} with {by}, "
        f"and {size(largest * workers)} of arrays ({size(largest)} for the largest stack)"
    )


def seconds(run: Run, runs: int) -> float:
    """Return about how long a stack of `runs` runs like `run` trains on one core, to its whole budget."""
    tiles = -(-runs // tile_size(run))
    units = sum(run.network.sizes[1:])
    seen = run.epoch.seen(run.budget)
    rows = len(row_updates(run.diagnostics, run.budget, run.per_epoch))
    samples = sum(len(split.x) for split in run.data.splits.values())
    updating = run.budget * (tiles * UPDATE + runs * RUN_UPDATE)
    training = seen * (multiply_adds(run.network.sizes) * MULTIPLY_ADD + units * SIGNAL)
    measuring = rows * samples * units * MEASURED_SIGNAL
    if {"hessian_smallest", "hessian_largest"} & set(run.diagnostics.measures):
        # Four gradients of the probe for each parameter.
        probe = min(run.diagnostics.probe, run.samples)
        each = multiply_adds(run.network.sizes) * MULTIPLY_ADD + units * SIGNAL
        measuring += rows * 4 * run.network.parameters * probe * each
    # Arithmetic takes as long as its numbers are wide; the interpreter does not care.
    width = np.dtype(run.dtype).itemsize / np.dtype(np.float64).itemsize
    return updating + rows * tiles * ROW + runs * width * (training + measuring)


def duration(value: float) -> str:
    """Return seconds as a person says them."""
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if value >= 2 * length:
            return f"{value / length:.0f} {unit}"
    return f"{max(1, round(value))} seconds" if value >= 1.5 else "1 second"


def size(value: float) -> str:
    """Return bytes in the largest unit of which there is one."""
    for unit, length in (("GB", 1e9), ("MB", 1e6)):
        if value >= length:
            return f"{value / length:.1f} {unit}" if value < 10 * length else f"{value / length:.0f} {unit}"
    return f"{value / 1e3:.0f} kB"
