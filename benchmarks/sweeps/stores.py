"""What a SQLite store of MLflow's holds: asked of its tables, so that nobody's summary is believed."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

SERIES = """\
SELECT COUNT(*), MAX(metrics.step)
FROM runs JOIN metrics USING (run_uuid)
WHERE runs.status = 'FINISHED' AND metrics.key = ? AND NOT EXISTS (
    SELECT 1 FROM tags WHERE run_uuid = runs.run_uuid AND key = 'harness.kind' AND value = 'arm'
)
GROUP BY runs.run_uuid"""


@dataclass(frozen=True)
class Series:
    """One metric of one finished run: how many points it has, and the step of the last."""

    points: int
    last: int


def series(path: Path, metric: str) -> list[Series]:
    """Return the series called `metric` of every finished run; what sums up an arm is none."""
    with closing(sqlite3.connect(path)) as store:
        return [Series(*row) for row in store.execute(SERIES, [metric])]
