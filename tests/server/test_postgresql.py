"""A sweep on a team's server is the sweep that it is at home, whatever is restarted meanwhile."""

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.postgresql import Cluster
from harness import train
from harness.sweeping.composing import default_composer
from harness.sweeping.grid import expand
from harness.sweeping.study import Study
from harness.tracking.read import study
from reports.reporting import report
from tests.server.team import (
    TeamServer,
    assert_each_run_once,
    assert_nothing_waits,
    launched,
    rows,
    said,
    serving,
    swept,
    wait_for,
)

SMALL = ("dataset=moons", "dataset.samples=60", "activation=relu,tanh", "stopping.epochs=4")
LONG = (
    "dataset=moons",
    "dataset.samples=200",
    "architecture.width=8,12",
    "optimizer=sgd,batch",
    "stopping.epochs=300",
    "diagnostics.rows=20",
)
SEEDS, OTHERS = "seed=range(0,4)", "seed=range(4,8)"


def weights(*grid: str) -> dict[str, str]:
    """Return the weights of a grid by fingerprint, trained here."""
    points = expand(default_composer(), Study("adhoc"), list(grid)).points
    records = train([point.run for point in points])
    return {point.fingerprint: record.weights_digest for point, record in zip(points, records, strict=True)}


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    return weights(*LONG, SEEDS)


@pytest.mark.slow
def test_a_sweep_gives_the_weights_and_the_report_that_it_gives_on_sqlite(
    team: TeamServer, store: str, tmp_path: Path
) -> None:
    grid = (*SMALL, "optimizer.learning_rate=0.1,1", "seed=range(0,5)", "study.name=alike")
    both = [launched(tmp_path / name, uri, *grid) for name, uri in (("here", store), ("there", team.uri))]
    for process in both:
        assert "20 runs trained" in said(process)
    here, there = (study("alike", uri=uri) for uri in (store, team.uri))
    for ours, theirs in zip(rows(here), rows(there), strict=True):
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    digests = "SELECT value FROM tags WHERE key = 'harness.weights'"
    assert sorted(found[0] for found in team.ask(digests)) == sorted(weights(*grid[:-1]).values())
    pages = [
        report("alike", tmp_path / name / "report", uri)
        for name, uri in (("here", store), ("there", team.uri))
    ]
    tables = [{path.name: path.read_bytes() for path in page.parent.glob("*.csv")} for page in pages]
    assert len(tables[0]) > 5
    assert tables[0] == tables[1]


def test_sweeps_at_once_share_a_study_and_a_server(team: TeamServer, tmp_path: Path) -> None:
    asked_for = {"one": ("shared", "seed=0,1"), "two": ("shared", "seed=2,3"), "three": ("own", "seed=0,1")}
    running = [
        launched(tmp_path / name, team.uri, *SMALL, f"study.name={title}", seeds)
        for name, (title, seeds) in asked_for.items()
    ]
    for process in running:
        assert "4 runs trained" in said(process)
    counts = (
        "SELECT experiments.name, runs.status, count(*), count(DISTINCT tags.value) FROM runs "
        "JOIN experiments USING (experiment_id) "
        "JOIN tags ON tags.run_uuid = runs.run_uuid AND tags.key = 'harness.fingerprint' "
        "WHERE experiments.name IN ('shared', 'own') GROUP BY 1, 2 ORDER BY 1"
    )
    assert team.ask(counts) == [("own", "FINISHED", 4, 4), ("shared", "FINISHED", 8, 8)]
    assert len(study("shared", uri=team.uri).runs) == 4


def disturbed(folder: Path, server: TeamServer, study: str, moment: int, restart: Callable[[], None]) -> None:
    """Sweep; with so many runs in the store something is restarted; complete the sweep."""
    grid = (*LONG, SEEDS, f"study.name={study}")
    process = launched(folder, server.uri, *grid, "executor.leg=0.3")
    wait_for(lambda: server.runs(study) > moment, process)
    restart()
    told, _ = process.communicate(timeout=240)
    assert process.returncode in {0, 1}, told
    assert "Traceback" not in told
    assert "16 runs trained" in told
    # What could not be delivered in time waits for the next start, which trains nothing again.
    assert "0 runs trained, 16 were done already" in swept(folder, server.uri, *grid)
    assert_nothing_waits(folder)


@pytest.mark.slow
def test_the_machine_of_the_server_fails_midway_and_comes_back(
    team: TeamServer, cluster: Cluster, expected: dict[str, str], tmp_path: Path
) -> None:
    def restart() -> None:
        cluster.stop()
        team.stop()
        cluster.start()
        team.start()

    disturbed(tmp_path, team, "failing", 5, restart)
    assert_each_run_once(team, "failing", expected)


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(8))
def test_the_server_is_killed_and_started_again_midway(
    attempt: int, team: TeamServer, expected: dict[str, str], tmp_path: Path
) -> None:
    def restart() -> None:
        team.stop()
        team.start()

    disturbed(tmp_path, team, f"killed-{attempt}", 2 * attempt, restart)
    assert_each_run_once(team, f"killed-{attempt}", expected)


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(8))
def test_postgresql_is_killed_and_started_again_midway(
    attempt: int, team: TeamServer, cluster: Cluster, expected: dict[str, str], tmp_path: Path
) -> None:
    chance = random.Random(attempt)

    def restart() -> None:
        cluster.stop()
        time.sleep(chance.uniform(0, 2))
        cluster.start()

    disturbed(tmp_path, team, f"restarted-{attempt}", 2 * attempt, restart)
    assert_each_run_once(team, f"restarted-{attempt}", expected)


@pytest.mark.slow
def test_two_sweeps_at_once_outlive_a_restart_of_the_server(
    team: TeamServer, expected: dict[str, str], tmp_path: Path
) -> None:
    grids = {name: (*LONG, seeds, "study.name=both") for name, seeds in (("one", SEEDS), ("two", OTHERS))}
    running = {
        name: launched(tmp_path / name, team.uri, *grid, "executor.leg=0.3") for name, grid in grids.items()
    }
    wait_for(lambda: team.runs("both") > 8, *running.values())
    team.stop()
    team.start()
    for process in running.values():
        told, _ = process.communicate(timeout=240)
        assert process.returncode in {0, 1}, told
    for name, grid in grids.items():
        assert "0 runs trained, 16 were done already" in swept(tmp_path / name, team.uri, *grid)
        assert_nothing_waits(tmp_path / name)
    assert_each_run_once(team, "both", expected | weights(*LONG, OTHERS), sweeps=2)


@pytest.mark.slow
def test_a_back_up_made_while_a_sweep_writes_has_every_finished_run_whole(
    team: TeamServer, cluster: Cluster, tmp_path: Path
) -> None:
    grid = (*LONG, SEEDS, "architecture.depth=1,2", "study.name=kept")
    process = launched(tmp_path / "client", team.uri, *grid, "executor.leg=0.3")
    finished = "SELECT 1 FROM runs JOIN experiments USING (experiment_id) WHERE status = 'FINISHED' AND "
    wait_for(lambda: team.ask(f"{finished} experiments.name = 'kept'"), process)
    dump, copied = tmp_path / "mlflow.dump", tmp_path / "artifacts"
    dump.write_bytes(cluster.dump(team.database, "--format", "custom"))
    shutil.copytree(team.artifacts, copied)
    said(process)
    database = cluster.make()
    cluster.restore(database, dump, "--no-owner")
    (tmp_path / "restored").mkdir()
    restored = TeamServer(tmp_path / "restored", cluster, database)
    restored.artifacts = copied
    with serving(restored):
        ours, theirs = (study("kept", uri=server.uri) for server in (restored, team))
    assert 0 < len(ours.runs) <= len(theirs.runs)
    for here, there in zip(rows(ours), rows(theirs), strict=True):
        same = there[there["fingerprint"].isin(ours.runs["fingerprint"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(here, same, check_exact=True)
