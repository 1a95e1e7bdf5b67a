"""How the runs were made: method, budgets, configuration, platform, data, seeds, and the way back to them."""

from __future__ import annotations

import pandas as pd

from reports import prose, tables
from reports.cells import Table, words
from reports.comparison import Comparison
from reports.outline import Section
from reports.rendering import argument


def provenance(comparison: Comparison) -> Section:
    """Say where everything comes from, and how it is made again."""
    budgets = [str(sentence) for sentence in comparison.spec.get("budgets") or []]
    frame = pd.DataFrame(
        {"what": list(comparison.provenance), "which": list(comparison.provenance.values())}, dtype=object
    )
    rows = tuple((words(what), words(which)) for what, which in comparison.provenance.items())
    about = Table("provenance_of_runs", "What made the runs.", frame, ("what", "which"), rows)
    found = (tables.tuning(comparison), about)
    return Section(
        "provenance",
        "How this was made",
        (*prose.method(comparison), f"Budgets: {'; '.join(budgets) or 'the study names none'}."),
        tables=tuple(table for table in found if table is not None),
        commands=(f"python -m reports {argument(str(comparison.spec['name']))}",),
    )
