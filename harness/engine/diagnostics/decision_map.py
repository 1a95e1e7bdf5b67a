"""decision_map: what a network answers all over the plane of two features, at a few moments.

It needs parameters alone, so it is taken between the legs of a training and the loop knows nothing
of it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from harness.engine.arrays import Floats, arithmetic
from harness.engine.network import Network, forward
from harness.engine.run import Run, Split
from harness.engine.scores import likeliest

GRID = 48
MARGIN = 0.1
SAMPLES = 200
"""Training samples that are kept beside a run's maps, to be drawn upon them."""
BETWEEN = 3
"""Moments between the start and the end."""


@dataclass(frozen=True, eq=False)
class Maps:
    """One map of each run; row 0 is the lowest second feature, column 0 the lowest first one.

    Attributes
    ----------
    values : ndarray of float32, shape (S, G, G)
        Of one output column the output itself: the share of class 1, or a regression's prediction.
        Of several the share of the likeliest class. Not a number where the output is none.
    classes : ndarray of uint16, shape (S, G, G)
        The likeliest class, as accuracy counts it; of one output column 1 where it exceeds a half.
    """

    values: NDArray[np.float32]
    classes: NDArray[np.uint16]


def applies(run: Run) -> bool:
    """Return whether maps are asked for, the inputs a plane, and the answers one number or shares."""
    sizes = run.network.sizes
    return (
        "decision_map" in run.diagnostics.measures
        and sizes[0] == 2
        and (run.data.classifies or sizes[-1] == 1)
    )


def moments(budget: int, per_epoch: int) -> list[int]:
    """Return the updates at which maps are taken: the start, about three log-spaced ones, the end.

    From one epoch on they are ends of epochs.
    """
    spaced = [round(budget ** (part / (BETWEEN + 1))) for part in range(1, BETWEEN + 1)]
    whole = [update if update < per_epoch else round(update / per_epoch) * per_epoch for update in spaced]
    return sorted({0, *(min(update, budget) for update in whole), budget})


def bounds(x: Floats) -> NDArray[np.float64]:
    """Return (low, high) of each feature of the inputs x (N, 2) with a margin, shape (2, 2)."""
    low, high = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
    margin = np.where(high > low, MARGIN * (high - low), 1.0)
    return np.stack([low - margin, high + margin], axis=1)


def samples(train: Split, *, classifies: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the first samples of a training split, (n, 2), and what they are: classes, or targets (n,)."""
    x, y = train.x[:SAMPLES], train.y[:SAMPLES]
    answers = y.argmax(axis=1) if classifies and y.shape[1] > 1 else y[:, 0]
    return x.astype(np.float32), answers.astype(np.float32)


def decision_map(network: Network, parameters: Floats, limits: NDArray[np.float64]) -> Maps:
    """Return what each run answers on a grid of its plane.

    Parameters
    ----------
    network : Network
        Of two inputs.
    parameters : ndarray, shape (S, P)
    limits : ndarray, shape (S, 2, 2)
        (low, high) of each feature, as `bounds` gives them; the grid includes them.
    """
    shape = (len(parameters), GRID, GRID)
    maps = Maps(np.empty(shape, np.float32), np.empty(shape, np.uint16))
    signals = network.workspace(1, GRID * GRID, parameters.dtype).signals(1, GRID * GRID)
    with arithmetic():
        # One run at a time: so many points keep a core busy, and its signals fit the cache.
        for run in range(len(parameters)):
            layers = network.layers(parameters[run : run + 1])
            points = Split(plane(limits[run], parameters.dtype), np.empty((GRID * GRID, 0)))
            forward(network, layers, points.inputs(network.bias).T[None], signals)
            classes, values = answers(signals.a[-1])
            maps.values[run] = values.reshape(GRID, GRID)
            maps.classes[run] = classes.reshape(GRID, GRID)
    return maps


def plane(limits: NDArray[np.float64], dtype: DTypeLike) -> Floats:
    """Return the points of a grid over `limits`, shape (G G, 2), the first feature running fastest."""
    across, up = (np.linspace(low, high, GRID) for low, high in limits)
    first, second = np.meshgrid(across, up)
    return np.stack([first.ravel(), second.ravel()], axis=1).astype(dtype)


def answers(a: Floats) -> tuple[NDArray[Any], Floats]:
    """Return classes and values of `Maps` for outputs a (S, K, N), shape (S, N) each."""
    if a.shape[1] == 1:
        return a[:, 0] > 0.5, a[:, 0]
    return likeliest(a)
