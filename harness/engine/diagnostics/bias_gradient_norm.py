"""bias_gradient_norm: how steep the loss is in each layer's biases."""

from harness.engine.diagnostics.probe import Columns, Probe, by_layer
from harness.engine.diagnostics.reductions import norms


def bias_gradient_norm(probe: Probe) -> Columns:
    """Return the norm of dJ/db_l, of the mean loss over the probe; nothing without biases."""
    if not probe.network.bias:
        return {}
    return by_layer("bias_gradient_norm", norms(probe.bias_gradients) / probe.samples)
