"""How much memory the engine takes for a stack, told before it trains.

Sizes are asked of what allocates, not written down again: the state of one run, the signals of one
tile and of one measurement. The samples as they were loaded belong to their loader and are not counted.
"""

from collections.abc import Mapping

import numpy as np

from harness.engine.blocks import BLOCK
from harness.engine.cadence import row_updates
from harness.engine.diagnostics.registry import MOST_PARAMETERS
from harness.engine.measuring import Meter
from harness.engine.run import Run
from harness.engine.samples import gathered_at_once
from harness.engine.state import initial_arrays
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
    tile = sum(parts[name] for name in ("tile", "path", "samples", "meter"))
    return parts["state"] + parts["prepared"] + parts["rows"] + max(tile, parts["table"])


def stack_parts(run: Run, runs: int) -> Mapping[str, int]:
    """Return the bytes of each thing that a stack of `runs` runs like `run` allocates.

    Tiles train one after the other, and the table of rows is made behind the last one, so that
    ``tile``, ``path``, ``samples`` and ``meter`` are never there with ``table``.

    Returns
    -------
    mapping of str to int
        ``state``: parameters, initial ones, update rule, order and counters, before and after;
        ``prepared``: inputs by feature and targets by output of every split, and where batches are
        gathered, training inputs by sample with their ones; ``tile``: the state of a tile, whole and of the
        runs still training; ``path``: what its updates write to; ``samples``: its training samples side
        by side, where batches are gathered; ``meter``: signals of the largest split, splits stacked to be
        measured, and the probe's in float64; ``rows``: measured ones; ``table``: what they become, and
        again sorted.
    """
    tile, numbers = min(runs, tile_size(run)), np.dtype(run.dtype).itemsize
    state = sum(array.nbytes for array in initial_arrays((run,)).plain().values())
    inputs = run.network.sizes[0] + run.network.bias
    outputs = run.network.sizes[-1]
    every = sum({id(split): len(split.x) for split in run.data.splits.values()}.values())
    weighted = run.data.train.weight is not None
    by_sample = run.network.bias and not run.all_at_once
    side_by_side = tile > 1 and not run.all_at_once
    entries = len(row_updates(run.diagnostics, run.budget, run.per_epoch)) * _columns(run)
    return {
        "state": 2 * runs * state,
        "prepared": runs * (every * (inputs + outputs) + by_sample * run.samples * inputs) * numbers,
        "tile": 2 * tile * state,
        "path": _path(run, tile, inputs) * numbers,
        "samples": side_by_side * tile * run.samples * (inputs + outputs + weighted) * numbers,
        "meter": _meter(run, tile, inputs + outputs),
        "rows": entries * (-(-runs // tile) * ROW_ENTRY + runs * np.dtype(np.float64).itemsize),
        "table": 2 * entries * runs * np.dtype(np.float64).itemsize,
    }


def _path(run: Run, tile: int, inputs: int) -> int:
    """Return how many numbers the arrays hold that a tile's updates write to."""
    sizes, parameters = run.network.sizes, run.network.parameters
    if run.in_blocks:
        first = inputs * sizes[1]
        # Inputs twice, their products, W^T x, and targets: of a whole block and of the last one.
        rooms = {min(BLOCK, run.samples), run.samples % BLOCK}
        block = sum(size * (2 * inputs + size + sizes[1] + sizes[-1]) for size in rooms)
        return tile * (block + first + 2 * (parameters - first) + 10 * sum(sizes[1:]))
    gathered = (tile > 1) if run.all_at_once else gathered_at_once(run, tile)
    samples = tile * run.batch * (inputs + sizes[-1]) * gathered
    left = run.epoch.samples % run.batch
    signals = sum(run.network.workspace(tile, batch, run.dtype).size for batch in {run.batch, left} - {0})
    return tile * parameters * (1 + bool(run.update_rule.chain())) + samples + signals


def _meter(run: Run, tile: int, columns: int) -> int:
    """Return the bytes that measuring takes."""
    meter, numbers = Meter(run), np.dtype(run.dtype).itemsize
    chunk = min(tile, meter.chunk)
    lengths = sorted(len(split.x) for split in run.data.splits.values())
    stacked = chunk * columns * sum(lengths[1:]) if chunk > 1 else 0
    # Scores are made of four arrays as large as the outputs.
    copies = 2 * tile * run.network.parameters + 4 * chunk * lengths[-1] * run.network.sizes[-1]
    # Diagnostics sum activations and deltas of the probe in float64, cast where they are not.
    casts = bool(run.diagnostics.measures) and run.dtype != "float64"
    probe = min(run.diagnostics.probe, run.samples)
    wide = casts * 2 * chunk * probe * sum(run.network.sizes[1:]) * np.dtype(np.float64).itemsize
    return (meter.workspace.size + stacked + copies) * numbers + wide


def _columns(run: Run) -> int:
    """Return the columns of a row; `MOST_PARAMETERS` has the measures that are not by layer."""
    measures = run.diagnostics.measures
    layered = len([name for name in measures if name not in MOST_PARAMETERS])
    single = sum(name in measures for name in ("hessian_smallest", "hessian_largest", "delta_rms"))
    every = run.network.parameters if "parameters" in measures else 0
    return AXES_AND_SCORES + layered * run.network.layer_count + single + every
