"""activation_rms: how large the outputs of a layer are."""

import numpy as np

from harness.engine.diagnostics.probe import Columns, Probe, by_layer
from harness.engine.diagnostics.reductions import sizes, squares


def activation_rms(probe: Probe) -> Columns:
    """Return the root mean square over samples and units of a_l.

    Of sigmoid units it is 1/2 and more, however little they differ: their spread is another quantity.
    """
    return by_layer("activation_rms", np.sqrt(squares(probe.a)) / np.sqrt(sizes(probe.a)))
