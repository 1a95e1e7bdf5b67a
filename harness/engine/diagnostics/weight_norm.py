"""weight_norm: how large each layer's weights are."""

from harness.engine.diagnostics.probe import Columns, Probe, by_layer


def weight_norm(probe: Probe) -> Columns:
    """Return the Frobenius norm of W_l."""
    return by_layer("weight_norm", probe.weight_norms)
