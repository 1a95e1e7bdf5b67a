"""delta_spread: how far apart the backward signals of a layer lie."""

from harness.engine.diagnostics.probe import Columns, Probe, by_layer
from harness.engine.diagnostics.reductions import standard_deviations


def delta_spread(probe: Probe) -> Columns:
    """Return the standard deviation over samples and units of N delta_l.

    Xavier's initial weights keep it equal from layer to layer (Glorot and Bengio 2010, eq. 9).
    """
    return by_layer("delta_spread", standard_deviations(probe.wide_delta, probe.delta_squares))
