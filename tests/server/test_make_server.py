"""What `make server` asks for, and what it shows to whom."""

import subprocess

import psutil
import pytest

from benchmarks.postgresql import PASSWORD
from tests.server.team import ROOT, TeamServer, plain_environment

pytestmark = pytest.mark.skipif(
    not (ROOT / "Makefile").exists(), reason="the Makefile is not part of a wheel"
)


def recipe(**environment: str) -> str:
    done = subprocess.run(
        ["make", "-n", "-s", "-o", ".venv/.server", "server"],
        cwd=ROOT,
        env=plain_environment() | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_without_a_database_it_says_what_to_set_before_anything_is_installed() -> None:
    done = subprocess.run(
        ["make", "-s", "server", "VENV=/nowhere/at/all"],
        cwd=ROOT,
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "DATABASE is not set: export DATABASE=postgresql+psycopg://USER:PASSWORD@HOST/NAME (docs/server.md)"
    )
    assert done.stdout == ""


def test_it_listens_to_this_machine_alone_and_turns_no_check_off() -> None:
    told = recipe(DATABASE="postgresql+psycopg://me:secret@host/runs", HOST="0.0.0.0")
    assert '--host "127.0.0.1"' in told
    assert "--disable-security-middleware" not in told
    assert "secret" not in told


def test_no_process_shows_the_databases_password_on_its_command_line(team: TeamServer) -> None:
    lines = [" ".join(each.info["cmdline"] or []) for each in psutil.process_iter(["cmdline"])]
    assert any(f"--port {team.port}" in line for line in lines)
    assert not [line for line in lines if PASSWORD in line]


def test_the_servers_log_has_no_password(team: TeamServer) -> None:
    assert PASSWORD not in (team.folder / "server.log").read_text()
