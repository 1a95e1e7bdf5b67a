"""distance: how far each layer's weights have come from where they started."""

from harness.engine.diagnostics.probe import Columns, Probe, by_layer
from harness.engine.diagnostics.reductions import norms


def distance(probe: Probe) -> Columns:
    """Return the Frobenius norm of W_l - W_l(0)."""
    layers = zip(probe.layers, probe.initial, strict=True)
    return by_layer("distance", norms([now.weights - then.weights for now, then in layers]))
