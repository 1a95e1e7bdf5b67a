"""Every diagnostic by name: what `diagnostics.measures` may list."""

from harness.engine.diagnostics.activation_rms import activation_rms
from harness.engine.diagnostics.activation_spread import activation_spread
from harness.engine.diagnostics.bias_gradient_norm import bias_gradient_norm
from harness.engine.diagnostics.dead_units import dead_units
from harness.engine.diagnostics.delta_rms import delta_rms
from harness.engine.diagnostics.delta_spread import delta_spread
from harness.engine.diagnostics.distance import distance
from harness.engine.diagnostics.gradient_decay import gradient_decay
from harness.engine.diagnostics.gradient_norm import gradient_norm
from harness.engine.diagnostics.hessian_largest import hessian_largest
from harness.engine.diagnostics.hessian_smallest import hessian_smallest
from harness.engine.diagnostics.parameters import parameters
from harness.engine.diagnostics.probe import Measure
from harness.engine.diagnostics.saturation import saturation
from harness.engine.diagnostics.update_ratio import update_ratio
from harness.engine.diagnostics.weight_norm import weight_norm

MEASURES: dict[str, Measure] = {
    "gradient_norm": gradient_norm,
    "bias_gradient_norm": bias_gradient_norm,
    "delta_rms": delta_rms,
    "delta_spread": delta_spread,
    "activation_spread": activation_spread,
    "weight_norm": weight_norm,
    "distance": distance,
    "update_ratio": update_ratio,
    "saturation": saturation,
    "dead_units": dead_units,
    "activation_rms": activation_rms,
    "gradient_decay": gradient_decay,
    "hessian_smallest": hessian_smallest,
    "hessian_largest": hessian_largest,
    "parameters": parameters,
}
"""What each row holds."""

DRAWINGS = ("decision_map",)
"""What is taken between legs, at moments of its own, and is no row."""

KNOWN = (*MEASURES, *DRAWINGS)

MOST_PARAMETERS = {"hessian_smallest": 300, "hessian_largest": 300, "parameters": 100}
"""Of a network, for measures that cost its square, or leave a column for each."""

ON_REQUEST = (*MOST_PARAMETERS, "activation_rms", "gradient_decay")
"""Measures of a few questions: who asks one names them."""

BY_DEFAULT = tuple(name for name in KNOWN if name not in ON_REQUEST)
"""What is measured where nothing else is said."""
