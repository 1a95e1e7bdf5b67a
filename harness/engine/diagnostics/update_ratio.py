"""update_ratio: how large updates are against the weights that they change."""

from harness.engine.diagnostics.probe import Columns, Probe, by_layer


def update_ratio(probe: Probe) -> Columns:
    """Return the root of the mean of ||dW_l||^2 over the updates since the last row, by ||W_l||.

    Not a number at the start.
    """
    return by_layer("update_ratio", probe.moved / probe.weight_norms)
