"""Training as a pure step from state to state: `start`, `advance`, `records`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harness.engine.arrays import Floats, Integers, arithmetic
from harness.engine.blocks import BLOCK
from harness.engine.measuring import Row
from harness.engine.network import Network
from harness.engine.run import Run, Split
from harness.engine.state import BEFORE_ANY, Arrays, State, initial_arrays
from harness.engine.stopping import Outcome, StoppedBy
from harness.engine.tile import Tile
from harness.engine.update_rules import state_names

NUMERICS = 2
"""Raised whenever the same configuration begins to give other bits."""

TILE_BYTES = 5 << 18
"""What one update of a tile touches is to fit a core's own cache: 1.25 MiB is usual."""

Rows = dict[str, Floats]


@dataclass(frozen=True, eq=False)
class Trained:
    """What one run left.

    Attributes
    ----------
    parameters, initial : dict of str to ndarray
        ``weights_1`` (fan_in, fan_out), ``bias_1`` (fan_out,), and so on by layer.
    outcome, stopped_by : str
    updates : int
    best_update : int
        The update whose weights were kept: the last one, unless `stopping.restore` chose another.
    constant_loss : float
        Training loss of the best constant output.
    """

    parameters: dict[str, Floats]
    initial: dict[str, Floats]
    outcome: str
    stopped_by: str
    updates: int
    best_update: int
    constant_loss: float


def start(runs: Sequence[Run]) -> State:
    """Return the state of a stack before its first update.

    Raises
    ------
    ValueError
        If there is no run, or runs differ in what a stack must share.
    """
    if not runs:
        raise ValueError("a stack needs at least one run")
    if any(run.kind() != runs[0].kind() for run in runs):
        raise ValueError("runs of one stack must be equal but for seeds, numbers and data")
    return State(tuple(runs), initial_arrays(tuple(runs)))


def advance(state: State, updates: int | None = None) -> tuple[State, Rows]:
    """Train every run that has not ended for `updates` more updates, or to its end.

    Returns
    -------
    state : State
        A new one; the argument is left as it is.
    rows : dict of str to ndarray
        A table by column: ``member`` (index into the runs), ``epoch``, ``update``, ``samples``,
        ``multiply_adds`` and what `Meter.rows` measures; sorted by member, then update.

    Raises
    ------
    ValueError
        If the state has learnt from samples as they came.
    """
    if np.any((state.arrays.update > 0) & (state.arrays.settled == BEFORE_ANY)):
        raise ValueError("a state that learnt from samples as they came is at no place of an epoch")
    arrays = state.arrays.copy()
    parts: list[Rows] = []
    with arithmetic():
        living = np.flatnonzero(arrays.outcome == Outcome.running)
        for members in tiles(state.runs[0], living):
            parts += _advance_tile(state, arrays, members, updates)
    return State(state.runs, arrays), joined(parts)


def _advance_tile(state: State, arrays: Arrays, members: Integers, updates: int | None) -> list[Row]:
    # A function of its own, so that a tile's arrays are let go before the next one allocates its.
    tile = Tile([state.runs[member] for member in members], arrays.take(members))
    rows = tile.advance(members, updates)
    arrays.put(members, tile.whole)
    return rows


def learn(state: State, x: Floats, y: Floats, weight: Floats | None = None) -> tuple[State, Floats]:
    """Learn from samples as they come, each once and in this order, in batches of the feeding's size.

    The runs' own data, budgets and control readings play no part. A state that has learnt so can
    learn on, but no longer `advance`: it is at no place of an epoch.

    Parameters
    ----------
    x : ndarray, shape (n, D) or (S, n, D)
        In the runs' dtype; the same samples for every run, or for each its own.
    y : ndarray, shape (n, K) or (S, n, K)
    weight : ndarray, shape (n,) or (S, n), or None
        Used as they are: the scale that gives a stream mean 1 is not known before its end.

    Returns
    -------
    state : State
        A new one.
    losses : ndarray, shape (S, n)
        The loss of each sample by the weights before it was learnt from, unweighted: their running
        mean judges a learner by samples that it has not seen (Dawid 1984).
    """
    arrays, count = state.arrays.copy(), len(state.runs)
    arrays.settled[:] = BEFORE_ANY
    stream = Split(x.reshape(-1, x.shape[-1]), y.reshape(-1, y.shape[-1]))
    inputs = stream.inputs(state.runs[0].network.bias)
    width = inputs.shape[1]
    x = np.broadcast_to(inputs.reshape(*x.shape[:-1], width), (count, x.shape[-2], width))
    y = np.broadcast_to(y, (count, *y.shape[-2:]))
    weights = None if weight is None else np.broadcast_to(weight, x.shape[:2])
    losses = np.empty(x.shape[:2])
    with arithmetic():
        for members in tiles(state.runs[0], np.arange(count)):
            tile = Tile([state.runs[member] for member in members], arrays.take(members))
            part = None if weights is None else weights[members]
            losses[members] = tile.learn(x[members].swapaxes(1, 2), y[members].swapaxes(1, 2), part)
            arrays.put(members, tile.whole)
    return State(state.runs, arrays), losses


def records(state: State) -> list[Trained]:
    """Return what each run left so far, in the order of the runs."""
    network = state.runs[0].network
    return [
        Trained(
            parameters=_by_name(network, state.arrays.parameters[member]),
            initial=_by_name(network, state.arrays.initial[member]),
            outcome=Outcome(state.arrays.outcome[member]).name,
            stopped_by=StoppedBy(state.arrays.stopped_by[member]).name,
            updates=int(state.arrays.update[member]),
            best_update=_best_update(state, member),
            constant_loss=run.constant_loss,
        )
        for member, run in enumerate(state.runs)
    ]


def tiles(run: Run, members: Integers) -> Iterator[Integers]:
    """Yield `members`, runs like `run`, in groups whose arrays fit a core's cache together."""
    size = tile_size(run)
    for low in range(0, len(members), size):
        yield members[low : low + size]


def tile_size(run: Run) -> int:
    """Return how many runs like `run` train together: a matter of shapes and dtype alone."""
    sizes, parameters = run.network.sizes, run.network.parameters
    units = sum(sizes[1:])
    if run.in_blocks:
        upper = parameters - (sizes[0] + run.network.bias) * sizes[1]
        touched = BLOCK * (sizes[1] + BLOCK + sizes[-1]) + 2 * upper + 6 * units
    else:
        # The parameters, their gradient, the rule's state and its scratch; x, y and the signals.
        arrays = 2 + len(state_names(run.update_rule)) + bool(run.update_rule.chain())
        touched = arrays * parameters + run.batch * (sizes[0] + 1 + sizes[-1] + 4 * units)
    return max(1, TILE_BYTES // (touched * np.dtype(run.dtype).itemsize))


def _best_update(state: State, member: int) -> int:
    arrays, run = state.arrays, state.runs[member]
    if run.stopping.remembers and arrays.outcome[member] not in (Outcome.running, Outcome.diverged):
        return run.controls[int(arrays.best_reading[member])]
    return int(arrays.update[member])


def _by_name(network: Network, parameters: Floats) -> dict[str, Floats]:
    named = {}
    for number, layer in enumerate(network.layers(parameters[None]), start=1):
        named[f"weights_{number}"] = _plain_nan(layer.weights[0])
        if layer.bias is not None:
            named[f"bias_{number}"] = _plain_nan(layer.bias[0, 0])
    return named


def _plain_nan(array: Floats) -> Floats:
    """Return a copy in which everything that is not a number has the same bits.

    There are many such bit patterns; which one a diverged run ends with depends on the place in a
    vector register that it was computed at, and so on the size of the stack.
    """
    result = array.copy()
    result[np.isnan(result)] = np.nan
    return result


def joined(parts: list[Rows]) -> Rows:
    """Return the rows of several legs or tiles as one table, sorted by member, then update."""
    parts = [part for part in parts if part]
    if not parts:
        return {}
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((table["update"], table["member"]))
    return {name: values[order] for name, values in table.items()}
