"""gradient_decay: what becomes of weight gradients from one hidden layer to the one before it."""

import numpy as np

from harness.engine.diagnostics.probe import Columns, Probe
from harness.engine.diagnostics.reductions import norms, sizes


def gradient_decay(probe: Probe) -> Columns:
    """Return (g_2 / g_H)^(1 / (H - 2)), g_l the root mean square of the entries of dJ/dW_l.

    The factor by which weight gradients change from one hidden layer to the one before it. At the start
    it is 1 as long as what activations lose from layer to layer deltas lose as well, however fast that is
    (Glorot and Bengio 2010, eq. 14); rho tells the latter. The first layer is left out, since its inputs
    are no activations. Not a number for fewer than three hidden layers.
    """
    hidden = len(probe.layers) - 1
    if hidden < 3:
        return {"gradient_decay": np.full(len(probe.moved), np.nan)}
    gradients = probe.weight_gradients
    size = norms(gradients) / np.sqrt(sizes(gradients))
    return {"gradient_decay": (size[:, 1] / size[:, hidden - 1]) ** (1 / (hidden - 2))}
