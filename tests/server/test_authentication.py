"""A server that asks for passwords: they open it, and are found nowhere afterwards."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from benchmarks.postgresql import PASSWORD as DATABASE_PASSWORD
from benchmarks.postgresql import Cluster
from tests.server.team import ROOT, TeamServer, launched, reported, said, serving, wait_for

ADMIN = "admin"
ADMIN_PASSWORD = "Root-quokka-51-and-more"
USER = "alice"
PASSWORD = "Zebra-quokka-9 @/:!%40"
"""With signs that mean something in an address."""

SECRETS = (
    *("Zebra-quokka", base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()[:-6]),
    *("Root-quokka", DATABASE_PASSWORD),
)
SMALL = ("dataset=moons", "dataset.samples=60", "stopping.epochs=4", "seed=0,1")
LONG = ("dataset=moons", "dataset.samples=200", "optimizer=sgd", "seed=range(0,4)", "stopping.epochs=400")


@pytest.fixture(scope="module")
def guarded(cluster: Cluster, schema: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    """A server as docs/server.md has it, with a user besides its administrator."""
    folder = tmp_path_factory.mktemp("guarded")
    documented = re.findall(r"```ini\n(.*?)```", (ROOT / "docs" / "server.md").read_text(), re.DOTALL)[0]
    address = "postgresql+psycopg://mlflow:PASSWORD@127.0.0.1/mlflow_users"
    assert address in documented
    (folder / "basic_auth.ini").write_text(documented.replace(address, cluster.address(cluster.make())))
    environment = {
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / "basic_auth.ini"),
        "MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "only-for-tests",
    }
    server = TeamServer(
        folder, cluster, cluster.make(schema), ["SERVER_OPTIONS=--app-name basic-auth"], environment
    )
    with serving(server):
        made = requests.post(
            f"{server.uri}/api/2.0/mlflow/users/create",
            json={"username": USER, "password": PASSWORD},
            auth=(ADMIN, ADMIN_PASSWORD),
            timeout=60,
        )
        assert made.status_code == 200, made.text
        yield server


def with_password(uri: str, password: str = PASSWORD) -> str:
    return uri.replace("://", f"://{USER}:{quote(password, safe='')}@")


def assert_no_secret(told: str, folder: Path, server: TeamServer) -> None:
    """Look through every byte that was printed, written on both sides, or kept in the database."""
    places = {
        "output": told.encode(),
        "database": server.cluster.dump(server.database),
        **{str(path): path.read_bytes() for path in written(folder, server)},
    }
    assert len(places) > 5
    found = {
        (place, secret)
        for place, content in places.items()
        for secret in SECRETS
        if secret.encode() in content or quote(secret, safe="").encode() in content
    }
    assert found == set()


def written(folder: Path, server: TeamServer) -> list[Path]:
    everything = [*folder.rglob("*"), *server.artifacts.rglob("*"), server.folder / "server.log"]
    return [path for path in everything if path.is_file()]


@pytest.mark.slow
def test_a_password_opens_the_server_and_is_written_nowhere(guarded: TeamServer, tmp_path: Path) -> None:
    by_variables = {"MLFLOW_TRACKING_USERNAME": USER, "MLFLOW_TRACKING_PASSWORD": PASSWORD}
    asked = f"tracking.uri={with_password(guarded.uri)}"
    running = [
        launched(tmp_path / "one", guarded.uri, *SMALL, "study.name=one", "-v", **by_variables),
        launched(tmp_path / "two", "http://nowhere", *SMALL, "study.name=two", "-v", asked),
    ]
    told = [said(process) for process in running]
    assert all("2 runs trained" in each for each in told)
    told.append(reported(tmp_path / "two", with_password(guarded.uri), "two"))
    assert (tmp_path / "two" / "reports").is_dir()
    assert_no_secret("".join(told), tmp_path, guarded)


@pytest.mark.slow
def test_a_password_is_written_nowhere_when_the_server_fails_midway(
    guarded: TeamServer, tmp_path: Path
) -> None:
    process = launched(tmp_path / "c", with_password(guarded.uri), *LONG, "executor.leg=0.3", "-v")
    wait_for(lambda: guarded.runs("adhoc") > 0, process)
    guarded.stop()
    told = said(process, 1)
    assert "Traceback" in told
    assert "runs wait" in told
    assert list(tmp_path.glob("c/mlruns/spool/*/*/runs.json"))
    assert_no_secret(told, tmp_path, guarded)
    guarded.start()
    told = said(launched(tmp_path / "c", with_password(guarded.uri), *LONG, "-v"))
    assert "0 runs trained, 4 were done already" in told
    assert_no_secret(told, tmp_path, guarded)


@pytest.mark.slow
@pytest.mark.parametrize("password", ["Zebra-quokka-8", pytest.param("", marks=pytest.mark.slow)])
def test_a_wrong_password_is_refused_in_one_line_before_anything_trains(
    guarded: TeamServer, tmp_path: Path, password: str
) -> None:
    told = said(launched(tmp_path, with_password(guarded.uri, password), *SMALL), 1)
    address = guarded.uri.replace("://", f"://{USER}:***@")
    assert told == (
        f"harness: tracking.uri = {address}: user name or password is missing or wrong; allowed: "
        "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD as the server knows them\n"
    )
    assert not list(tmp_path.iterdir())


# What MLflow answers by default, a quick test of a server says that was told of no hosts.
@pytest.mark.slow
def test_by_default_no_host_but_this_machines_and_private_addresses_is_answered(guarded: TeamServer) -> None:
    def status(host: str) -> int:
        return requests.get(guarded.uri, headers={"Host": host}, timeout=30).status_code

    assert status("elsewhere.example") == 403
    assert {status(host) for host in ("localhost", f"127.0.0.1:{guarded.port}", "192.168.1.1")} == {401}
