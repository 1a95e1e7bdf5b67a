"""Where runs ended: which ends are the same minimum, once hidden units are matched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from harness.choosing import died
from harness.intervals import Floats
from harness.quantities import AT_REST, CURVED
from reports.statistics import with_quantities

if TYPE_CHECKING:
    from reports.comparison import Comparison

STRICT, FLAT, SADDLE = AT_REST_STATES = ("strict minimum", "flat", "saddle")
MOVING, DEAD = "still moving", "died"
SAME_LOSS = 1e-7
"""Of the largest loss at which a run of the arm rests, or of 1: ends whose losses are closer may be one."""
SAME_PLACE = 1e-3
"""Of the norm of the parameters: what a gradient of 1e-8 leaves open where the loss hardly bends."""
ODD = ("tanh", "identity")
"""Activations of which a unit with all signs turned computes the same."""
COLUMNS = [
    "dataset", "arm", "end", "state", "seeds", "of_seeds", "loss", "above", "gradient_norm",
    "hessian_smallest", "distance", "example_seed",
]  # fmt: skip
ASKED = [(name, "end") for name in ("train_loss", "gradient_norm", "hessian_smallest")]

Matrices = list[Floats]
"""Of each layer the weights (fan_in, fan_out), the biases as their last row."""


@dataclass(frozen=True)
class Shape:
    """A network: units by layer, whether there are biases, the activation of each hidden layer."""

    sizes: tuple[int, ...]
    bias: bool
    activations: tuple[str, ...]

    @property
    def counts(self) -> list[int]:
        """Return how many parameters each layer has."""
        return [(fan_in + self.bias) * fan_out for fan_in, fan_out in pairwise(self.sizes)]

    @property
    def columns(self) -> list[str]:
        """Return the columns of a history that hold the parameters."""
        return [f"parameter_{place + 1}" for place in range(sum(self.counts))]

    def layers(self, parameters: Floats) -> Matrices:
        """Return the parameters (P,) by layer, as the engine lays them out."""
        parts = np.split(parameters, np.cumsum(self.counts)[:-1])
        return [part.reshape(-1, fan_out) for part, fan_out in zip(parts, self.sizes[1:], strict=True)]


def end_rows(comparison: Comparison) -> pd.DataFrame:
    """Return the distinct ends of the reported runs of each arm, the least loss first.

    Runs at rest (whole gradient below 1e-8) are one end if their losses are equal and, in strict minima
    (every curvature above 1e-6), their parameters too, hidden units matched; flat ends form surfaces, which
    the loss alone tells apart. Runs that still move have one row together, and those that died.

    Returns
    -------
    DataFrame
        `COLUMNS`; without rows where no arm keeps its parameters.
    """
    networks: Mapping[str, Any] = comparison.spec.get("networks") or {}
    if not networks or comparison.chosen.empty:
        return pd.DataFrame(columns=COLUMNS)
    runs = with_quantities(comparison.history, comparison.chosen, ASKED)
    last = comparison.history.drop_duplicates("run_id", keep="last").set_index("run_id")
    rows: list[dict[str, Any]] = []
    for arm in comparison.layout.arms:
        told = networks.get(arm.name)
        mine = runs[(runs["arm"] == arm.name) & runs["run_id"].isin(last.index)]
        if told is None or mine.empty:
            continue
        shape = Shape(tuple(told["sizes"]), bool(told["bias"]), tuple(told["activations"]))
        rows += _ends_of(mine, last.loc[mine["run_id"], shape.columns].to_numpy(dtype=float), shape)
    return pd.DataFrame(rows, columns=COLUMNS)


def distance(one: Matrices, other: Matrices, activations: Sequence[str]) -> float:
    """Return how far apart two networks are by the norm of the first, hidden units of the second matched.

    Units of a hidden layer can change places, and those of an odd activation their signs, and the network
    computes the same (Hecht-Nielsen 1990; Chen, Lu and Hecht-Nielsen 1993). The best match of one hidden
    layer is found exactly; of several, layer after layer until nothing changes (Ainsworth et al. 2023), from
    a first match by what feeds each unit, which finds the same network for certain.
    """
    matched = [matrix.copy() for matrix in other]
    if len(activations) > 1:
        for layer, activation in enumerate(activations):
            _match(one, matched, layer, odd=activation in ODD, outgoing=False)
    apart = np.inf
    while (now := _apart(one, matched)) < apart:
        apart = now
        for layer, activation in enumerate(activations):
            _match(one, matched, layer, odd=activation in ODD)
    size = np.sqrt(sum(float((matrix**2).sum()) for matrix in one))
    return apart / size if size > 0 else apart


def _match(one: Matrices, other: Matrices, layer: int, *, odd: bool, outgoing: bool = True) -> None:
    """Give the units of a hidden layer of `other` the places and signs that bring it nearest to `one`."""
    units = one[layer].shape[1]
    mine, theirs = (
        np.hstack([each[layer].T, each[layer + 1][:units]]) if outgoing else each[layer].T
        for each in (one, other)
    )
    # ||u - s v||^2 = ||u||^2 + ||v||^2 - 2 s u v: only the product depends on the match.
    product = mine @ theirs.T
    gain = np.abs(product) if odd else product
    places = linear_sum_assignment(gain, maximize=True)[1]
    signs = np.where(odd & (product[np.arange(units), places] < 0), -1.0, 1.0)
    other[layer] = other[layer][:, places] * signs
    other[layer + 1][:units] = other[layer + 1][:units][places] * signs[:, None]


def _apart(one: Matrices, other: Matrices) -> float:
    squares = (((a - b) ** 2).sum() for a, b in zip(one, other, strict=True))
    return float(np.sqrt(sum(map(float, squares))))


def _ends_of(runs: pd.DataFrame, parameters: Floats, shape: Shape) -> list[dict[str, Any]]:
    """Return the rows of one arm; parameters of shape (runs, P)."""
    state = _states(runs)
    at_rest = state.isin(AT_REST_STATES).to_numpy()
    order = runs["train_loss"].to_numpy(dtype=float).argsort(kind="stable")
    scale = max(1.0, float(runs.loc[at_rest, "train_loss"].max())) if at_rest.any() else 1.0
    layers = [shape.layers(each) for each in parameters]
    ends: list[list[int]] = []
    far: list[float] = []
    for run in order[at_rest[order]]:
        for number, end in enumerate(ends):
            first = end[0]
            apart = distance(layers[first], layers[run], shape.activations)
            close = abs(_loss(runs, run) - _loss(runs, first)) <= SAME_LOSS * scale
            open_to_others = state.iloc[first] != STRICT
            if close and state.iloc[run] == state.iloc[first] and (open_to_others or apart <= SAME_PLACE):
                end.append(run)
                far[number] = max(far[number], apart)
                break
        else:
            ends.append([run])
            far.append(0.0)
    least = float(runs["train_loss"].min())
    rows = [
        _row(runs.iloc[end], str(state.iloc[end[0]]), len(runs), least) | {"end": number, "distance": apart}
        for number, (end, apart) in enumerate(zip(ends, far, strict=True), start=1)
    ]
    left = {name: runs[(state == name).to_numpy()] for name in (MOVING, DEAD)}
    return [*rows, *(_row(each, name, len(runs), least) for name, each in left.items() if len(each))]


def _states(runs: pd.DataFrame) -> pd.Series:
    """Return how each run stands at its end."""
    still = runs["gradient_norm"] < AT_REST
    state = pd.Series(MOVING, index=runs.index)
    state[still] = FLAT
    state[still & (runs["hessian_smallest"] > CURVED)] = STRICT
    state[still & (runs["hessian_smallest"] < -CURVED)] = SADDLE
    state[died(runs)] = DEAD
    return state


def _row(runs: pd.DataFrame, state: str, of: int, least: float) -> dict[str, Any]:
    """Return what the runs of one end have in common."""
    loss = float(runs["train_loss"].median())
    return {
        "dataset": runs["dataset"].iloc[0],
        "arm": runs["arm"].iloc[0],
        "end": np.nan,
        "state": state,
        "seeds": len(runs),
        "of_seeds": of,
        "loss": loss,
        "above": loss - least,
        "gradient_norm": float(runs["gradient_norm"].max()),
        "hessian_smallest": float(runs["hessian_smallest"].min()),
        "distance": np.nan,
        "example_seed": runs["seed"].iloc[0],
    }


def _loss(runs: pd.DataFrame, place: int) -> float:
    return float(runs["train_loss"].iloc[place])
