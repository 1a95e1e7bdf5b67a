"""One file a figure or family of figures, each a function of a labelled frame that returns a Figure.

>>> from reports import compare, figures, load
>>> comparison = compare(load("convergence"))  # doctest: +SKIP
>>> figures.convergence(comparison.curves, comparison.layout)  # doctest: +SKIP

A figure has the name of its module where the module has one figure: here the name is the figure's. Who
wants the module says `from reports.figures.outcomes import outcomes
from reports.figures.rho import by_depth`.
"""

from reports.figures.along import final_along
from reports.figures.convergence import convergence, own_loss
from reports.figures.final import final
from reports.figures.forest import forest
from reports.figures.gradients import gradients_at_start, through_training, units
from reports.figures.heat_maps import layer_heat_map
from reports.figures.one_rate import at_one_rate
from reports.figures.outcomes import outcomes
from reports.figures.profiles import performance_profile, score_distribution
from reports.figures.ranking import ranking
from reports.figures.reached import reached
from reports.figures.regions import decision_regions
from reports.figures.rho import rho, rho_by_depth
from reports.figures.sensitivity import sensitivity
from reports.figures.times import time_to_target

__all__ = [
    "at_one_rate",
    "convergence",
    "decision_regions",
    "final",
    "final_along",
    "forest",
    "gradients_at_start",
    "layer_heat_map",
    "outcomes",
    "own_loss",
    "performance_profile",
    "ranking",
    "reached",
    "rho",
    "rho_by_depth",
    "score_distribution",
    "sensitivity",
    "through_training",
    "time_to_target",
    "units",
]
