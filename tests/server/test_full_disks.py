"""A server without room refuses in one line that says so; with room again it gets what waits."""

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.postgresql import Cluster
from harness.tracking import background
from harness.tracking.background import Background
from harness.tracking.delivering import Delivered, DeliveryError, GoneError, deliver
from harness.tracking.settings import spool_folder
from harness.tracking.spool import Spool
from harness.tracking.writer import Writer
from tests.server.team import TeamServer, serving
from tests.tracking.stacks_to_deliver import POINTS, SWEEP, many, results, whole

STACKS, A_STACK = 12, 20

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
        return folder

    yield sized
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


def refused_then_delivered(server: TeamServer, grow: Callable[[], object]) -> str:
    """Deliver until the server has no room, then the rest; return the line that was said."""
    sweep = replace(SWEEP, experiment="full", grid="f011")
    spool = Spool(spool_folder(server.uri, sweep.grid))
    spool.describe(sweep, server.uri, POINTS)
    delivery = Background(lambda: Writer(server.uri, sweep, POINTS), spool, lambda _: None)
    for number in range(STACKS):
        delivery.put(whole(f"s{number}", many(A_STACK, f"{number:x}")))
    deadline = time.monotonic() + 240
    while delivery.error is None:
        assert spool.waiting()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    left = delivery.close("FINISHED", {})
    assert isinstance(delivery.error, DeliveryError)
    assert not isinstance(delivery.error, GoneError)
    assert 0 < left <= STACKS * A_STACK
    grow()
    assert deliver(spool, server.uri) == Delivered("full", left, [])
    assert len(results(server.uri, "full")) == STACKS * A_STACK
    return str(delivery.error)


@pytest.mark.slow
def test_the_databases_disk_is_full(
    cluster: Cluster, schema: str, small: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(background, "RETRY_SECONDS", 0.5)
    place = small(64)
    with cluster.connected("postgres") as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
    database = cluster.make(schema, "TABLESPACE small")
    try:
        used = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        small(used // 2**20 + 2)
        with serving(TeamServer(tmp_path, cluster, database)) as server:
            told = refused_then_delivered(server, lambda: small(256))
            assert "DiskFull" in told
            assert "\n" not in told
    finally:
        with cluster.connected("postgres") as connection:
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)")
            connection.execute("DROP TABLESPACE small")


@pytest.mark.slow
def test_the_disk_of_the_artifacts_is_full(
    cluster: Cluster, schema: str, small: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(background, "RETRY_SECONDS", 0.5)
    server = TeamServer(tmp_path, cluster, cluster.make(schema))
    server.artifacts = small(1) / "artifacts"
    (small(1) / "ballast").write_bytes(bytes(900_000))
    with serving(server):
        told = refused_then_delivered(server, lambda: small(64))
        assert "No space left on device" in told
        assert "\n" not in told
