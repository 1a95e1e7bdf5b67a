"""A PostgreSQL of one's own: a cluster in a temporary folder, on a free port of this machine."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

OWNER = "owner"
PASSWORD = "Cluster-pass-7"
UNPRIVILEGED = ("postgres", "nobody")


@cache
def binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, of the newest version where there are several."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    found = shutil.which("initdb")
    places = [*reversed(versions), *([Path(found).resolve().parent] if found else [])]
    return next((place for place in places if (place / "initdb").exists()), None)


class Cluster:
    """A cluster that asks for passwords.

    Parameters
    ----------
    folder : Path
        Readable by the user who runs it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = unused_port()
        self._names = count()
        self._process: subprocess.Popen[bytes] | None = None
        secret = folder / "password"
        secret.write_text(PASSWORD)
        for path in (folder, secret):
            own(path)
        self._run(
            *("initdb", "--pgdata", str(folder / "data"), "--username", OWNER, "--pwfile", str(secret)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        )

    @property
    def pid(self) -> int:
        """Return the process that starts all others."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(_program("postgres")), "-D", str(self.folder / "data"), "-p", str(self.port)),
                    *("-k", str(self.folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"),
                ],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **_demoted(),
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                with self.connected("postgres"):
                    return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def stop(self) -> None:
        """Stop it at once, as a machine that fails does: nothing is finished, nobody is told."""
        if self._process is not None:
            self._run("pg_ctl", "stop", "--mode", "immediate", "-D", str(self.folder / "data"))
            self._process.wait(30)
            self._process = None

    @contextmanager
    def connected(self, database: str) -> Iterator[psycopg.Connection[Any]]:
        """Yield a connection whose statements are transactions of their own."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=OWNER, password=PASSWORD, dbname=database, autocommit=True
        ) as connection:
            yield connection

    def ask(self, database: str, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.connected(database) as connection:
            return connection.execute(query).fetchall()

    def make(self, template: str | None = None, more: str = "") -> str:
        """Make a database, a copy of another or an empty one, and return its name."""
        name = f"database_{next(self._names)}"
        with self.connected("postgres") as connection:
            if template:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [template]
                )
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'} {more}")
        return name

    def address(self, database: str) -> str:
        """Return a database's address, as SQLAlchemy has it."""
        return f"postgresql+psycopg://{OWNER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def dump(self, database: str, *options: str) -> bytes:
        """Return what pg_dump makes of a database."""
        return self._client("pg_dump", database, *options)

    def restore(self, database: str, path: Path, *options: str) -> None:
        """Fill an empty database with what pg_dump made in a format of its own."""
        self._client("pg_restore", database, *options, str(path))

    def _client(self, name: str, database: str, *options: str) -> bytes:
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--username", OWNER]
        return subprocess.run(
            [str(_program(name)), *where, "--dbname", database, *options],
            env=os.environ | {"PGPASSWORD": PASSWORD},
            check=True,
            capture_output=True,
        ).stdout

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(_program(name)), *arguments],
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
            **_demoted(),
        )
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running() -> Iterator[Cluster]:
    """Yield a cluster that runs, in a folder that another user than root may enter."""
    folder = Path(tempfile.mkdtemp(prefix="harness-postgresql-", dir="/tmp"))
    cluster = None
    try:
        cluster = Cluster(folder)
        cluster.start()
        yield cluster
    finally:
        if cluster is not None:
            cluster.stop()
        shutil.rmtree(folder)


def _program(name: str) -> Path:
    place = binaries()
    assert place is not None
    return place / name


def own(path: Path) -> None:
    """Give a file to the user who runs PostgreSQL."""
    if (user := _someone()) is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def _demoted() -> dict[str, Any]:
    """Return how a process is started by that user."""
    user = _someone()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def unused_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@cache
def _someone() -> pwd.struct_passwd | None:
    """Return a user without privileges where we are root, whom PostgreSQL refuses; else None."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next(known[name] for name in UNPRIVILEGED if name in known)
