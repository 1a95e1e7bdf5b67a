"""From MLflow to a page: what a study's runs show.

>>> from reports import compare, figures, load, report
>>> page = report("convergence")  # doctest: +SKIP
>>> comparison = compare(load("convergence"))  # doctest: +SKIP
>>> figures.rho(comparison.curves, comparison.layout)  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reports import figures as figures
    from reports.comparison import compare as compare
    from reports.loading import load as load
    from reports.page import write as write
    from reports.reporting import report as report

_HOME = {
    "compare": "reports.comparison",
    "load": "reports.loading",
    "report": "reports.reporting",
    "write": "reports.page",
}

__all__ = ["compare", "figures", "load", "report", "write"]


def __getattr__(name: str) -> Any:
    # Resolved on first use: `python -m reports --help` should not wait for pandas and matplotlib.
    if name == "figures":
        return import_module("reports.figures")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
