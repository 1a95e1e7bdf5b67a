"""What is measured of the writer is what a sweep leaves in a store: every run, and the arms."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow.tracking import fluent
from mlflow.tracking._tracking_service import utils as service

from benchmarks.postgresql import binaries
from benchmarks.sweeps import delivered, tracking
from benchmarks.sweeps.processes import BrokenError, run
from harness import compose, train


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test set address and experiment as a script does: MLflow forgets them afterwards."""
    monkeypatch.setattr(service, "_tracking_uri", None)
    monkeypatch.setattr(fluent, "_active_experiment_id", None)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID"):
        # Set before it is removed: only then is it put back where there was none.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("script")
def test_the_writer_and_plain_mlflow_leave_every_run(store: str) -> None:
    record = train([compose([*delivered.TRAINED, "stopping.epochs=3"])])[0]
    for way, give in delivered.WAYS.items():
        give(store, record, 2, 3, way)
    with closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as held:
        kinds = held.execute(
            "SELECT value, count(*) FROM tags WHERE key = 'harness.kind' GROUP BY 1"
        ).fetchall()
        plain = held.execute(
            "SELECT key, count(*) FROM metrics "
            "JOIN runs USING (run_uuid) JOIN experiments USING (experiment_id) "
            "WHERE experiments.name = 'plain' GROUP BY key"
        ).fetchall()
    assert dict(kinds) == {"run": 2, "sweep": 1, "arm": 1}
    assert dict(plain) == dict.fromkeys(delivered.PLAIN, 2 * 3)


@pytest.mark.slow
@pytest.mark.parametrize("store", ["SQLite", "PostgreSQL", "server on PostgreSQL"])
@pytest.mark.parametrize("way", list(delivered.WAYS))
def test_what_a_store_takes_is_measured_on_both_sides(store: str, way: str) -> None:
    if store != "SQLite" and binaries() is None:
        pytest.skip("needs PostgreSQL's server programs (Debian: postgresql)")
    found = tracking.measured(store, way, 3, 10)
    assert found is not None
    assert found["each"] > 1
    assert (found["others"] > 1) == (store != "SQLite")


@pytest.mark.slow
def test_a_store_that_lacks_a_run_is_not_timed(store: str, tmp_path: Path) -> None:
    told = run("benchmarks.sweeps.delivered", ["writer", store, "2", "1"], tmp_path).told
    tracking.check(store, told["experiment"], "writer", 2)
    with pytest.raises(BrokenError, match="holds 2 finished runs of 3"):
        tracking.check(store, told["experiment"], "writer", 3)
