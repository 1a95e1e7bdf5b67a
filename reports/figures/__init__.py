"""One file a figure or family of figures, each a function of a labelled frame that returns a Figure.

>>> from reports import compare, figures, load
>>> comparison = compare(load("convergence"))  # doctest: +SKIP
>>> figures.convergence(comparison.curves, comparison.layout)  # doctest: +SKIP

A figure has the name of its module where the module has one figure: here the name is the figure's. Who
wants the module says `from reports.figures.rho import by_depth`.
"""

from reports.figures.convergence import convergence, own_loss
from reports.figures.final import final
from reports.figures.gradients import gradients_at_start, through_training, units
from reports.figures.heat_maps import layer_heat_map
from reports.figures.rho import rho, rho_by_depth
from reports.figures.tuned import tuned

__all__ = [
    "convergence",
    "final",
    "gradients_at_start",
    "layer_heat_map",
    "own_loss",
    "rho",
    "rho_by_depth",
    "through_training",
    "tuned",
    "units",
]
