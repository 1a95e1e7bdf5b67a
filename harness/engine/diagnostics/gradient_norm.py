"""gradient_norm: how steep the loss is in each layer's weights."""

from harness.engine.diagnostics.probe import Columns, Probe, by_layer
from harness.engine.diagnostics.reductions import norms


def gradient_norm(probe: Probe) -> Columns:
    """Return the Frobenius norm of dJ/dW_l, of the mean loss over the probe."""
    return by_layer("gradient_norm", norms(probe.weight_gradients) / probe.samples)
