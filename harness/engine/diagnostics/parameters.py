"""parameters: every weight and bias, so that the ends of runs can be told apart."""

from harness.engine.diagnostics.probe import Columns, Probe


def parameters(probe: Probe) -> Columns:
    """Return the columns ``parameter_1``, ``parameter_2``, ...: layer by layer from the input.

    Of each layer the weights, one row of outgoing weights for each unit below, then the biases.
    """
    return {f"parameter_{place + 1}": values for place, values in enumerate(probe.parameters.T)}
