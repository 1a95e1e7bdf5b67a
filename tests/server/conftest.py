"""A PostgreSQL for these tests, with MLflow's schema made once, and a team's server on it."""

from collections.abc import Iterator

import pytest

from benchmarks.postgresql import Cluster, binaries, running
from harness.tracking.store import connect
from tests.server.team import ROOT, STARTED, TeamServer, serving

NAMED = {"ALLOWED_HOSTS": "localhost,127.0.0.1:*", "CORS_ALLOWED_ORIGINS": "https://localhost"}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if binaries() is None:
        pytest.skip("needs PostgreSQL's server programs (Debian: postgresql)")
    with running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def schema(cluster: Cluster) -> str:
    """The name of a database with MLflow's schema: making it takes seconds, a copy of it less than one."""
    name = cluster.make()
    connect(cluster.address(name)).search_experiments()
    return name


@pytest.fixture(scope="session")
def team(cluster: Cluster, schema: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    """A server with a name of its own that several tests share: each takes studies of its own."""
    if not (ROOT / "Makefile").exists():
        pytest.skip("the Makefile is not part of a wheel")
    folder = tmp_path_factory.mktemp("team")
    with serving(TeamServer(folder, cluster, cluster.make(schema), environment=NAMED)) as server:
        yield server


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    yield
    while STARTED:
        process = STARTED.pop()
        if process.stdout is not None and not process.stdout.closed:
            process.kill()
            process.communicate()
