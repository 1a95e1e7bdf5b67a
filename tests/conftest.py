"""What tests of several rooms share: a fresh MLflow store, and the app as a user calls it."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.tracking.store import connect


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite store; its schema takes seconds to make, a copy takes none."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    connect(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(store_template: Path, tmp_path: Path) -> str:
    """The address of a store of the test's own, in its folder."""
    path = tmp_path / "mlruns" / "mlflow.db"
    path.parent.mkdir()
    shutil.copy(store_template, path)
    return f"sqlite:///{path}"


@dataclass
class Said:
    """How the app ended, and what it printed."""

    status: int
    out: str
    err: str


@pytest.fixture
def app(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Said]:
    """Call the app in the test's folder, as `python -m harness ARGUMENTS` would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    def call(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["harness", *arguments])
        capfd.readouterr()
        status = 0
        try:
            main()
        except SystemExit as left:
            status = int(left.code or 0)
        out, err = capfd.readouterr()
        return Said(status, out, err)

    return call
