"""`mlflow models serve`, asked over HTTP."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.tracking.servers import QUIET, unused_port


@contextmanager
def served(model: str, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Serve a model as a user does, with nothing of the harness to be found; yield its address."""
    port = unused_port()
    command = [
        *(sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", model),
        *("--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)),
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with (folder / "serving.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=clean | QUIET | {"PATH": path} | environment,
        )
    try:
        deadline = time.monotonic() + 120
        while not answers(f"http://127.0.0.1:{port}/ping"):
            assert process.poll() is None, (folder / "serving.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def asked(address: str, question: Any) -> Any:
    request = urllib.request.Request(
        address, json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["predictions"]
