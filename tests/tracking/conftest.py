"""What tests of tracking share: a server, and stores that were swept once."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Once
from tests.tracking.servers import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, store_template: Path) -> Iterator[Server]:
    """A server, started, on which each test has studies of its own."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(store_template, folder / "mlflow.db")
    running = Server(folder)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest, swept_once: Once) -> str:
    """A store that was swept over the module's GRID, and is only read."""
    return swept_once(*request.module.GRID)[0]


@pytest.fixture
def swept(shared: str, copied: Callable[[str], str]) -> str:
    """The same store as the test's own."""
    return copied(shared)
