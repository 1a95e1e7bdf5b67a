"""What two launchers make at the same moment is made once, and neither is kept from going on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from harness.tracking.datasets import log_datasets
from harness.tracking.store import connect, tag_experiment
from tests.server.team import TeamServer, wait_for
from tests.tracking.stacks_to_deliver import MOONS

WAITING = "SELECT count(*) FROM pg_locks WHERE relation = '{}'::regclass AND NOT granted"


@pytest.mark.parametrize("way", ["PostgreSQL", "server"])
def test_a_data_set_that_somebody_else_makes_at_the_same_moment_is_named_all_the_same(
    way: str, team: TeamServer
) -> None:
    uri = team.uri if way == "server" else team.cluster.address(team.database)
    client, samples = connect(uri), replace(MOONS, name=f"moons at once by {way}")
    experiment = client.create_experiment(samples.name)
    runs = [client.create_run(experiment).info.run_id for _ in range(2)]
    with team.cluster.connected(team.database) as between, ThreadPoolExecutor() as threads:
        with between.transaction():
            # Whoever looks sees that there is none yet; whoever makes one waits.
            between.execute("LOCK TABLE datasets IN SHARE MODE")
            both = [threads.submit(log_datasets, connect(uri), run, [samples]) for run in runs]
            wait_for(lambda: team.ask(WAITING.format("datasets")) == [(2,)])
        for each in both:
            each.result()
    for run in runs:
        (named,) = client.get_run(run).inputs.dataset_inputs
        assert (named.dataset.name, named.dataset.digest) == (samples.name, samples.digest[:36])
    assert team.ask(f"SELECT count(*) FROM datasets WHERE name = '{samples.name}'") == [(1,)]


@pytest.mark.parametrize("way", ["PostgreSQL", "server"])
def test_a_tag_that_somebody_else_sets_at_the_same_moment_is_set_once(way: str, team: TeamServer) -> None:
    uri = team.uri if way == "server" else team.cluster.address(team.database)
    client = connect(uri)
    experiment = client.create_experiment(f"tags at once by {way}")
    with team.cluster.connected(team.database) as between, ThreadPoolExecutor() as threads:
        with between.transaction():
            between.execute("LOCK TABLE experiment_tags IN SHARE MODE")
            both = [
                threads.submit(tag_experiment, connect(uri), experiment, "note", text)
                for text in ("one", "other")
            ]
            wait_for(lambda: team.ask(WAITING.format("experiment_tags")) == [(2,)])
        for each in both:
            each.result()
    assert client.get_experiment(experiment).tags["note"] in {"one", "other"}
