"""activation_spread: how far apart the activations of a layer lie."""

from harness.engine.diagnostics.probe import Columns, Probe, by_layer
from harness.engine.diagnostics.reductions import squares, standard_deviations, wide


def activation_spread(probe: Probe) -> Columns:
    """Return the standard deviation over samples and units of a_l.

    Xavier's initial weights keep it equal from layer to layer (Glorot and Bengio 2010, eq. 8).
    """
    a = list(map(wide, probe.a))
    return by_layer("activation_spread", standard_deviations(a, squares(a)))
