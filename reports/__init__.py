"""From MLflow to a page: what a study's runs show.

>>> from reports import report
>>> page = report("convergence")  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reports.loading import load as load
    from reports.page import write as write
    from reports.reporting import report as report

_HOME = {"load": "reports.loading", "report": "reports.reporting", "write": "reports.page"}

__all__ = ["load", "report", "write"]


def __getattr__(name: str) -> Any:
    # Resolved on first use: `python -m reports --help` should not wait for pandas and matplotlib.
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
