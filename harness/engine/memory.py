"""How much memory the engine takes for a stack, told before it trains.

Sizes are asked of what allocates, not written down again: the state of one run, the signals of one
tile and of one measurement. The samples themselves belong to whoever loaded them and are not counted.
"""

from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from harness.engine.arrays import Floats
from harness.engine.cadence import row_updates
from harness.engine.measuring import Meter
from harness.engine.network import Signals
from harness.engine.run import Run
from harness.engine.state import initial_arrays
from harness.engine.tile import BLOCK_BYTES
from harness.engine.training import tile_size

ROW_ENTRY = 176
"""Bytes that one column of one row takes besides its numbers: a small array, its name, its place."""

AXES_AND_SCORES = 5 + 3 * 4
"""Columns that every row has: who and when, and four scores of each split."""


def stack_bytes(run: Run, runs: int) -> int:
    """Return about how many bytes training a stack takes at its peak, besides the samples.

    Parameters
    ----------
    run : Run
        Any run of the stack.
    runs : int
        How many there are, each with samples of its own; runs of one split need less.
    """
    parts = stack_parts(run, runs)
    tile = sum(parts[name] for name in ("tile", "signals", "copies", "batches", "meter"))
    return parts["state"] + parts["rows"] + max(tile, parts["table"])


def stack_parts(run: Run, runs: int) -> Mapping[str, int]:
    """Return the bytes of each thing that a stack of `runs` runs like `run` allocates.

    Tiles train one after the other, and the table of rows is made behind the last one, so that
    ``tile``, ``signals``, ``copies``, ``batches`` and ``meter`` are never there with ``table``.

    Returns
    -------
    mapping of str to int
        ``state``: parameters, initial ones, update rule, order and counters, before and after;
        ``tile``: the same of a tile, whole and of the runs still training, and its gradient;
        ``signals``: of a batch; ``copies``: of the tile's training samples; ``batches``: a block of
        samples gathered, or splits stacked to be measured; ``meter``: signals of the largest split;
        ``rows``: measured ones; ``table``: what they become, and again sorted.
    """
    tile, itemsize = min(runs, tile_size(run)), np.dtype(run.dtype).itemsize
    state = sum(array.nbytes for array in initial_arrays((run,)).plain().values())
    train = run.data.train
    arrays = [array for array in (train.x, train.y, train.weight) if array is not None]
    sample = sum(array.nbytes for array in arrays) // run.samples
    meter = Meter(run)
    entries = len(row_updates(run.diagnostics, run.budget, run.per_epoch)) * _columns(run)
    return {
        "state": 2 * runs * state,
        "tile": tile * (2 * state + run.network.parameters * itemsize),
        "signals": _bytes(Signals.empty(run.network, tile, run.batch, run.dtype)),
        "copies": tile * run.samples * sample,
        "batches": max(_gathered(run, tile, sample), _measured(run, min(tile, meter.chunk), sample)),
        "meter": _bytes(meter.signals),
        "rows": entries * (-(-runs // tile) * ROW_ENTRY + runs * np.dtype(np.float64).itemsize),
        "table": 2 * entries * runs * np.dtype(np.float64).itemsize,
    }


def _gathered(run: Run, tile: int, sample: int) -> int:
    """Return the bytes of a block of batches and of the places that they are taken from."""
    if tile == 1 and run.feeding.order == "as_given":
        return 0
    row = run.network.sizes[0] * np.dtype(run.dtype).itemsize
    block = max(1, BLOCK_BYTES // (row * run.batch * tile))
    count = min(block, run.epoch.samples // run.batch)
    return count * tile * run.batch * (sample + np.dtype(np.int64).itemsize)


def _measured(run: Run, chunk: int, sample: int) -> int:
    """Return the bytes of the two largest splits of `chunk` runs, stacked to be measured."""
    if chunk == 1:
        return 0
    return chunk * sample * sum(sorted(len(split.x) for split in run.data.splits.values())[1:])


def _columns(run: Run) -> int:
    measures = run.diagnostics.measures
    return AXES_AND_SCORES + len(measures) * run.network.layer_count + ("delta_rms" in measures)


def _bytes(signals: Signals) -> int:
    arrays: list[Floats] = [array for field in fields(signals) for array in getattr(signals, field.name)]
    return sum(array.nbytes for array in arrays)
