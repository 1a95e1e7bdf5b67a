"""dead_units: how much of a layer passes no gradient on."""

import numpy as np

from harness.engine.diagnostics.probe import Columns, Probe, by_layer
from harness.engine.diagnostics.reductions import share


def dead_units(probe: Probe) -> Columns:
    """Return the share of units whose g' is 0 on every sample of the probe.

    For saturating functions: that are saturated on every sample. Not a number for an output whose
    units have no slope of their own.
    """
    found = np.full(probe.moved.shape, np.nan)
    for layer, closed in enumerate(probe.closed):
        found[:, layer] = share(np.logical_and.reduce(closed, axis=2))
    return by_layer("dead_units", found)
