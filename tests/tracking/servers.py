"""A tracking server that can be stopped and started, and a way to it on which answers get lost."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread

Judge = Callable[[int, str, str], int | None]
LOST = 0
"""An answer that never arrives, although the request was carried out."""

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""A tracking server alone: its runner of jobs would start eight processes more."""


class Server:
    """`mlflow server` over a SQLite file, on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.store = f"sqlite:///{folder / 'mlflow.db'}"
        self.folder = folder
        self.port = unused_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--workers", "1", "--backend-store-uri", self.store),
            *("--artifacts-destination", (self.folder / "served").as_uri()),
        ]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | QUIET,
            )
        deadline = time.monotonic() + 120
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "server.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self) -> None:
        """Kill the server and the workers that it started, in the middle of whatever they do."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def on_the_way(port: int, judge: Judge, at: int = 0, heard: list[str] | None = None) -> Iterator[str]:
    """Forward requests to a server of this machine, and yield the address to send them to.

    Parameters
    ----------
    judge : callable
        From the number of a request that writes, its method and its path to None: forward it; to
        `LOST`: forward it, and lose the answer; to a status: answer that, and forward nothing.
    at : int
        The port that is listened to; 0: a free one.
    heard : list
        Gets the path of every request.
    """
    numbers = count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if heard is not None:
                heard.append(self.path)
            writes = self.command != "GET" and not self.path.endswith("/search")
            verdict = judge(next(numbers), self.command, self.path) if writes else None
            if verdict:
                self.send_error(verdict)
                return
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                headers = {**dict(self.headers), "Host": f"127.0.0.1:{port}"}
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            if verdict == LOST:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", at), Handler) as way:
        way.daemon_threads = True
        thread = Thread(target=way.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{way.server_address[1]}"
        finally:
            way.shutdown()
            thread.join()


def unused_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])
