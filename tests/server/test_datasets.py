"""A data set that two launchers make at the same moment is made once, and the runs of both name it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from harness.tracking.datasets import log_datasets
from harness.tracking.store import connect
from tests.server.team import TeamServer, wait_for
from tests.tracking.stacks_to_deliver import MOONS

WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'datasets'::regclass AND NOT granted"


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
            wait_for(lambda: team.ask(WAITING) == [(2,)])
        for each in both:
            each.result()
    for run in runs:
        (named,) = client.get_run(run).inputs.dataset_inputs
        assert (named.dataset.name, named.dataset.digest) == (samples.name, samples.digest[:36])
    assert team.ask(f"SELECT count(*) FROM datasets WHERE name = '{samples.name}'") == [(1,)]
