"""The proxy of docs/server.md: TLS to the outside, plain HTTP to the server, no other host's name let in."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from benchmarks.postgresql import unused_port
from harness.locations import PACKAGE
from tests.server.team import TeamServer, swept

ROOT = PACKAGE.parent
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
NAME = "mlflow.example.org"
SMALL = ("dataset=moons", "dataset.samples=60", "stopping.epochs=4", "seed=0,1", "study.name=by_proxy")
OWN = """\
user root; daemon off; pid {0}/pid; error_log {0}/errors;
events {{}}
http {{
access_log off; client_body_temp_path {0}/b; proxy_temp_path {0}/p;
fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;
{1}
}}
"""
SEARCH = "api/2.0/mlflow/experiments/search?max_results=1"
CREATE = "api/2.0/mlflow/experiments/create"


@pytest.fixture(scope="module")
def proxy(team: TeamServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of the documented proxy, as `localhost`, and its certificate."""
    if NGINX is None or shutil.which("openssl") is None:
        pytest.skip("needs nginx and openssl (Debian: nginx-light, openssl)")
    folder, port = tmp_path_factory.mktemp("nginx"), unused_port()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "mlflow.key")),
            *("-out", str(folder / "mlflow.crt")),
        ],
        check=True,
        capture_output=True,
    )
    config = documented(
        **{
            "listen 443": f"listen 127.0.0.1:{port}",
            NAME: "localhost",
            "/etc/ssl/certs": str(folder),
            "/etc/ssl/private": str(folder),
            "127.0.0.1:5000": f"127.0.0.1:{team.port}",
        }
    )
    (folder / "nginx.conf").write_text(OWN.format(folder, config))
    process = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors")])
    try:
        wait_for(f"https://localhost:{port}/health", folder, process)
        yield f"https://localhost:{port}", folder / "mlflow.crt"
    finally:
        process.terminate()
        process.wait(30)


def documented(**instead: str) -> str:
    """Return the configuration of docs/server.md, with some of its words replaced."""
    (block,) = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs" / "server.md").read_text(), re.DOTALL)
    for word, other in instead.items():
        assert word in block
        block = block.replace(word, other)
    return str(block)


def wait_for(address: str, folder: Path, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            requests.get(address, verify=str(folder / "mlflow.crt"), timeout=5)
            return
        except requests.ConnectionError:
            assert process.poll() is None, (folder / "errors").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.slow
def test_a_sweep_goes_through_the_documented_proxy(
    proxy: tuple[str, Path], team: TeamServer, tmp_path: Path
) -> None:
    address, certificate = proxy
    told = swept(tmp_path, address, *SMALL, REQUESTS_CA_BUNDLE=str(certificate))
    assert "2 runs trained" in told
    assert "wait on disk" not in told
    finished = "SELECT count(*) FROM runs JOIN experiments USING (experiment_id) WHERE status = 'FINISHED'"
    assert team.ask(f"{finished} AND experiments.name = 'by_proxy'")[0][0] >= 2


def test_the_proxy_lets_the_ui_write_and_no_other_page(proxy: tuple[str, Path]) -> None:
    address, certificate = proxy

    def create(origin: str) -> int:
        answer = requests.post(
            f"{address}/{CREATE}",
            json={"name": f"of {origin}"},
            headers={"Origin": origin},
            verify=str(certificate),
            timeout=30,
        )
        return answer.status_code

    assert create("https://localhost") == 200
    assert create("https://elsewhere.example") == 403


def test_only_the_hosts_that_were_named_are_answered(team: TeamServer) -> None:
    def status(host: str) -> int:
        return requests.get(f"{team.uri}/{SEARCH}", headers={"Host": host}, timeout=30).status_code

    assert status("localhost") == 200
    assert status(f"127.0.0.1:{team.port}") == 200
    assert status("192.168.1.1") == 403
    assert status("elsewhere.example") == 403
