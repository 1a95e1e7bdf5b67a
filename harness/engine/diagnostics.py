"""What is measured of a network by layer: each diagnostic is one function with its formula.

Arrays of activations, slopes and deltas have shape (S, probe, units); deltas are those of single
samples, N times delta_l of a loss averaged over N, so that nothing here depends on N.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt

from harness.engine.arrays import Floats

SATURATED = 0.1

Measure = Literal["gradient_norm", "delta_rms", "weight_norm", "update_ratio", "saturation", "dead_units"]


@dataclass(frozen=True)
class Diagnostics:
    """What is measured beside losses and accuracies, and how often.

    Attributes
    ----------
    measures : tuple of str
        The diagnostics by layer.
    rows : int
        About how many rows a run leaves.
    window : (int, int) or None
        Between these two updates every update leaves a row.
    probe : int
        Gradients are measured on the first min(probe, N) training samples.
    """

    name: Literal["off", "economy", "full"] = "full"
    measures: tuple[Measure, ...] = (
        "gradient_norm",
        "delta_rms",
        "weight_norm",
        "update_ratio",
        "saturation",
        "dead_units",
    )
    rows: Annotated[int, Ge(2)] = 200
    window: tuple[Annotated[int, Ge(0)], Annotated[int, Ge(0)]] | None = None
    probe: Annotated[int, Gt(0)] = 512


DIAGNOSTICS: dict[str, type[Diagnostics]] = {
    "off": Diagnostics,
    "economy": Diagnostics,
    "full": Diagnostics,
}


def norm(array: Floats) -> Floats:
    """Return the Frobenius norm of each run's array, shape (S,), summed in float64.

    In float32 the squares of deltas below 1e-22, which deep sigmoid networks have, would be 0.
    """
    flat = array.reshape(len(array), -1).astype(np.float64, copy=False)
    result: Floats = np.sqrt(np.vecdot(flat, flat))
    return result


def root_mean_square(array: Floats) -> Floats:
    """Return the root of the mean square of each run's array, shape (S,)."""
    result: Floats = norm(array) / np.sqrt(array[0].size)
    return result


def saturation(slope: Floats, largest: float | None) -> Floats:
    """Return the share of (sample, unit) pairs with |g'(z)| < 0.1 max |g'|, shape (S,).

    Not a number for functions without a `largest` slope: rectifiers and linear ones.
    """
    if largest is None:
        return np.full(len(slope), np.nan)
    result: Floats = np.mean(np.abs(slope) < SATURATED * largest, axis=(1, 2))
    return result


def dead_units(slope: Floats, largest: float | None) -> Floats:
    """Return the share of units that pass no gradient on any sample of the probe, shape (S,).

    A unit is dead where g' is 0 on every sample; for saturating functions, where it is saturated
    on every sample.
    """
    closed = slope == 0 if largest is None else np.abs(slope) < SATURATED * largest
    result: Floats = np.mean(closed.all(axis=1), axis=1)
    return result


def decay_by_layer(delta_rms: Floats) -> Floats:
    """Return rho = (delta_rms_1 / delta_rms_H)^(1 / (H - 1)), shape (S,).

    The factor by which the backward signal changes from one hidden layer to the one before it:
    below 0.5 it vanishes, above 2 it explodes. It depends neither on the loss's scale nor on the
    sizes of layers, as ratios of weight gradients do (Glorot and Bengio 2010, eq. 14).

    Parameters
    ----------
    delta_rms : ndarray, shape (S, H)
        Of the H hidden layers. Not a number for H < 2.
    """
    hidden = delta_rms.shape[1]
    if hidden < 2:
        return np.full(len(delta_rms), np.nan)
    result: Floats = (delta_rms[:, 0] / delta_rms[:, -1]) ** (1 / (hidden - 1))
    return result
