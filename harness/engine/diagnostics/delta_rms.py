"""delta_rms: how large the backward signal is by layer, and rho, its factor from layer to layer."""

import numpy as np

from harness.engine.arrays import Floats
from harness.engine.diagnostics.probe import Columns, Probe, by_layer
from harness.engine.diagnostics.reductions import sizes


def delta_rms(probe: Probe) -> Columns:
    """Return the root mean square over samples and units of N delta_l, and ``rho``."""
    rms = np.sqrt(probe.delta_squares) / np.sqrt(sizes(probe.delta))
    return by_layer("delta_rms", rms) | {"rho": decay_by_layer(rms[:, :-1])}


def decay_by_layer(hidden: Floats) -> Floats:
    """Return rho = (delta_rms_1 / delta_rms_H)^(1 / (H - 1)), shape (S,).

    The factor by which the backward signal changes from one hidden layer to the one before it:
    below 0.5 it vanishes, above 2 it explodes. It depends neither on the loss's scale nor on the
    sizes of layers, as ratios of weight gradients do (Glorot and Bengio 2010, eq. 14).

    Parameters
    ----------
    hidden : ndarray, shape (S, H)
        delta_rms of the H hidden layers. Not a number for H < 2.
    """
    count = hidden.shape[1]
    if count < 2:
        return np.full(len(hidden), np.nan)
    result: Floats = (hidden[:, 0] / hidden[:, -1]) ** (1 / (count - 1))
    return result
