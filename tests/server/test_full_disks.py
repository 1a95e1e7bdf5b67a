"""A server without room gets what waits once there is room: a client is told why where the server says so."""

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.postgresql import Cluster, own
from harness.tracking import background
from harness.tracking.background import Background, Closed
from harness.tracking.delivering import Delivered, DeliveryError, GoneError, deliver
from harness.tracking.settings import spool_folder
from harness.tracking.spool import Spool
from harness.tracking.writer import Writer
from tests.server.team import TeamServer, serving
from tests.tracking.stacks_to_deliver import POINTS, SWEEP, many, results, whole

STACKS, A_STACK = 30, 4

Disk = Callable[[int], Path]


@pytest.fixture
def small(cluster: Cluster) -> Iterator[Disk]:
    """Mount a disk of so many megabytes where PostgreSQL finds it; called again, it gets that size."""
    folder = cluster.folder / "small"
    folder.mkdir()
    mounted = False

    def sized(megabytes: int) -> Path:
        nonlocal mounted
        options = f"mode=777,size={megabytes}m" + (",remount" if mounted else "")
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
        mounted = True
        own(folder)
        return folder

    yield sized
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


@pytest.fixture
def filling(cluster: Cluster, schema: str, small: Disk) -> Iterator[str]:
    """The name of a database on a small disk that has hardly room for more."""
    place = small(64)
    with cluster.connected("postgres") as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
    database = cluster.make(schema, "TABLESPACE small")
    try:
        used = sum(path.stat().st_blocks * 512 for path in place.rglob("*"))
        small(used // 2**20 + 2)
        yield database
    finally:
        with cluster.connected("postgres") as connection:
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)")
            connection.execute("DROP TABLESPACE small")


@pytest.fixture(autouse=True)
def hurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(background, "RETRY_SECONDS", 0.5)


def begun(uri: str) -> tuple[Spool, Background]:
    """Begin to deliver more than there is room for."""
    sweep = replace(SWEEP, experiment="full", grid="f011")
    spool = Spool(spool_folder(uri, sweep.grid))
    spool.describe(sweep, uri, POINTS)
    delivery = Background(lambda: Writer(uri, sweep, POINTS), spool, lambda _: None)
    for number in range(STACKS):
        delivery.put(whole(f"s{number}", many(A_STACK, f"{number:x}")))
    return spool, delivery


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def assert_waited_for(uri: str, spool: Spool, delivery: Background, grow: Callable[[], object]) -> None:
    """A server says no more than that it fails: it may come back, for all that a client knows."""
    wait_for(lambda: len(spool.waiting()) < STACKS)
    time.sleep(10)
    assert spool.waiting()
    assert delivery.error is None
    grow()
    wait_for(lambda: not spool.waiting())
    assert delivery.close("FINISHED", {}) == Closed()
    assert len(results(uri, "full")) == STACKS * A_STACK


@pytest.mark.slow
def test_postgresql_without_room_refuses_in_a_line_that_says_so(
    cluster: Cluster, filling: str, small: Disk
) -> None:
    uri = cluster.address(filling)
    spool, delivery = begun(uri)
    wait_for(lambda: delivery.error or not spool.waiting())
    left = delivery.close("FINISHED", {}).waiting
    assert isinstance(delivery.error, DeliveryError)
    assert not isinstance(delivery.error, GoneError)
    assert "DiskFull" in str(delivery.error)
    assert "\n" not in str(delivery.error)
    small(256)
    assert deliver(spool, uri, anywhere=True) == Delivered("full", left, [])
    assert len(results(uri, "full")) == STACKS * A_STACK


@pytest.mark.slow
def test_a_server_whose_database_has_no_room_is_waited_for(
    cluster: Cluster, filling: str, small: Disk, tmp_path: Path
) -> None:
    with serving(TeamServer(tmp_path, cluster, filling)) as server:
        spool, delivery = begun(server.uri)
        assert_waited_for(server.uri, spool, delivery, lambda: small(256))


@pytest.mark.slow
def test_a_server_whose_artifacts_have_no_room_is_waited_for(
    cluster: Cluster, schema: str, small: Disk, tmp_path: Path
) -> None:
    server = TeamServer(tmp_path, cluster, cluster.make(schema))
    server.artifacts = small(1) / "artifacts"
    (small(1) / "ballast").write_bytes(bytes(900_000))
    with serving(server):
        spool, delivery = begun(server.uri)
        assert_waited_for(server.uri, spool, delivery, lambda: small(64))
