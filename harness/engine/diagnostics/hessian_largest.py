"""hessian_largest: how sharply the loss bends where it bends most."""

from harness.engine.diagnostics.probe import Columns, Probe


def hessian_largest(probe: Probe) -> Columns:
    """Return the largest eigenvalue of the Hessian of the mean loss over the probe.

    Gradient descent is stable near a minimum at rates below 2 by it (LeCun, Simard and Pearlmutter 1993).
    """
    return {"hessian_largest": probe.curvatures[:, -1]}
