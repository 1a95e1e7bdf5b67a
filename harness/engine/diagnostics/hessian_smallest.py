"""hessian_smallest: whether the loss falls along some direction where the gradient is 0."""

from harness.engine.diagnostics.probe import Columns, Probe


def hessian_smallest(probe: Probe) -> Columns:
    """Return the smallest eigenvalue of the Hessian of the mean loss over the probe.

    Where the gradient vanishes: below 0 at a saddle, above 0 at a minimum (Dauphin et al. 2014).
    """
    return {"hessian_smallest": probe.curvatures[:, 0]}
