"""The figures of a report by name: a study says which of them its page leads with.

The harness draws nothing. The list is here so that a name no report knows is refused before anything trains;
a test holds it equal to what reports draw.
"""

from collections.abc import Iterable
from itertools import product

from harness.errors import unknown

COSTS = ("update", "epoch", "samples", "multiply_adds")
CURVES = ("convergence_log_loss", "convergence_accuracy", "convergence_squared_error", "own_loss")
FIGURES = (
    "claims",
    *(f"{curve}_by_{cost}" for curve, cost in product(CURVES, COSTS)),
    "gradients_at_start",
    "rho_by_depth",
    "rho_through_training",
    "delta_rms_cells",
    "delta_rms_through_training",
    "gradient_norm_cells",
    "gradient_norm_through_training",
    "units_at_end",
    "saturation_through_training",
    "dead_units_through_training",
    "ranking",
    "final",
    "final_along",
    "trends",
    "loss_in_window",
    "score_distribution",
    "reached",
    "time_to_target",
    "performance_profile",
    "sensitivity",
    "sensitivity_reported",
    "at_one_rate",
    "pairwise",
    "decision_regions",
    "outcomes",
)
"""Stems of the figures' files."""
SEVERAL = {"pairwise": "abcd", "decision_regions": "bcd", "final_along": "bcd", "trends": "bcd"}
"""Figures of which there may be several, and the letters that tell them apart: ``pairwise_b``."""


def check_figures(names: Iterable[str]) -> None:
    """Refuse what no report draws.

    Raises
    ------
    ConfigurationError
        If a name is no figure's.
    """
    allowed = {*FIGURES, *(f"{name}_{letter}" for name, letters in SEVERAL.items() for letter in letters)}
    for name in names:
        if name not in allowed:
            raise unknown("study.figures", name, FIGURES)
