"""saturation: how much of a layer works where its function is nearly flat."""

import numpy as np

from harness.engine.diagnostics.probe import Columns, Probe, by_layer
from harness.engine.diagnostics.reductions import share


def saturation(probe: Probe) -> Columns:
    """Return the share of (sample, unit) pairs with |g'(z)| < 0.1 max |g'|.

    Not a number for functions without a largest slope to fall from: rectifiers and linear ones.
    """
    found = np.full(probe.moved.shape, np.nan)
    for layer, largest in enumerate(probe.largest_slope):
        if largest is not None:
            found[:, layer] = share(probe.closed[layer])
    return by_layer("saturation", found)
