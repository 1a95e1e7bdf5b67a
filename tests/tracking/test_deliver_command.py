"""`python -m harness.tracking deliver` brings what waits, and says in a line what it cannot bring."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.tracking.__main__ import main
from harness.tracking.settings import spool_folder
from harness.tracking.spool import Closing, Spool
from tests.tracking.servers import unused_port
from tests.tracking.stacks_to_deliver import POINTS, SWEEP, held, many, results, trained, whole

Deliver = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, store: str
) -> Deliver:
    """Call the command in the test's folder; its status, and the lines it printed to each stream."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def call(*arguments: str) -> tuple[int, list[str], list[str]]:
        capfd.readouterr()
        status = main(["deliver", *arguments])
        out, err = capfd.readouterr()
        return status, out.splitlines(), err.splitlines()

    return call


def filled(store: str, grid: str = "a1b2", runs: int = 2, study: str = "adhoc") -> Spool:
    """Return a spool in which a stack waits."""
    spool = Spool(spool_folder(store, grid))
    spool.describe(replace(SWEEP, grid=grid, experiment=study), store, POINTS)
    spool.put(whole(f"stack-{grid}", many(runs, grid)))
    return spool


def test_nothing_waits(command: Deliver, store: str) -> None:
    assert command() == (0, ["nothing waits"], [])
    spool = filled(store)
    command()
    assert command() == (0, ["nothing waits"], [])
    assert [path.name for path in spool.folder.iterdir()] == ["lock"]


def test_every_grid_gets_a_line(command: Deliver, store: str) -> None:
    filled(store, "a1", 3)
    filled(store, "b2", 5, study="other")
    assert command() == (0, ["adhoc: 3 runs delivered", "other: 5 runs delivered"], [])
    assert len(held(store)) == 3


def test_it_is_a_command(store: str, tmp_path: Path) -> None:
    filled(store)
    line = [sys.executable, "-m", "harness.tracking", "deliver", "--uri", store, "--folder", "mlruns"]
    told = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (told.stdout, told.stderr) == ("adhoc: 2 runs delivered\n", "")
    assert {run.info.status for run in held(store)} == {"FINISHED"}


@pytest.mark.parametrize("asked", ["FINISHED", "FAILED", "KILLED"])
def test_the_sweep_ends_as_it_was_last_asked_to(command: Deliver, store: str, asked: str) -> None:
    spool = filled(store)
    spool.ask(Closing("FAILED", {"exhausted": 1}, 4))
    spool.ask(Closing(asked, {"exhausted": 2}, 5))
    assert command()[0] == 0
    (parent,) = held(store, "sweep")
    assert (parent.info.status, parent.data.metrics) == (asked, {"runs/exhausted": 2})


def test_a_sweep_of_which_only_the_end_waits_is_closed(command: Deliver, store: str) -> None:
    spool = Spool(spool_folder(store, "a1b2"))
    spool.describe(SWEEP, store, POINTS)
    spool.ask(Closing("FINISHED", {}, 5))
    assert command() == (0, ["adhoc: 0 runs delivered"], [])
    assert held(store, "sweep")[0].info.status == "FINISHED"


def test_what_waits_for_another_store_is_refused_unless_it_is_named(
    command: Deliver, store: str, tmp_path: Path
) -> None:
    folder = spool_folder(store, "a1b2")
    address = f"http://me:secret@127.0.0.1:{unused_port()}"
    spool = Spool(folder)
    spool.describe(SWEEP, address, POINTS)
    spool.put(whole("s", trained()))
    status, out, err = command()
    assert (status, out) == (2, [])
    shown = address.replace("secret", "***")
    assert err == [
        f"tracking.uri = {store}: what waits in {folder} is of another store; allowed: --uri {shown}"
    ]
    assert len(spool.waiting()) == 1
    assert command("--uri", store) == (0, ["adhoc: 2 runs delivered"], [])


def test_the_same_store_may_be_written_in_another_way(command: Deliver, store: str, tmp_path: Path) -> None:
    spool = Spool(spool_folder(store, "a1b2"))
    spool.describe(SWEEP, "sqlite:///mlruns/mlflow.db", POINTS)
    spool.put(whole("s", trained()))
    assert command() == (0, ["adhoc: 2 runs delivered"], [])


def test_a_server_that_is_away_is_told_in_a_line_and_nothing_is_lost(
    command: Deliver, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://me:secret@127.0.0.1:{unused_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    for grid in ("a1", "b2"):
        spool = Spool(spool_folder(address, grid))
        spool.describe(replace(SWEEP, grid=grid), address, POINTS)
        spool.put(whole(f"stack-{grid}", trained()))
    folder = spool_folder(address, "a1")
    assert folder == tmp_path / "mlruns" / "spool" / "a1"
    status, out, err = command()
    assert (status, out) == (1, [])
    assert err == [
        f"tracking.uri = {address.replace('secret', '***')}: no answer; 2 runs wait in {folder}, and are "
        "delivered by the next start, or by python -m harness.tracking deliver"
    ]
    assert Spool(folder).runs_waiting() == 2


def test_the_grid_of_a_living_sweep_is_left_to_it(command: Deliver, store: str) -> None:
    spool = filled(store, "a1")
    filled(store, "b2", 4)
    with spool.lock():
        status, out, err = command()
        assert (status, out) == (1, ["adhoc: 4 runs delivered"])
        assert len(err) == 1
        assert err[0].startswith("grid = a1: another process trains it, or delivers its runs, and holds ")
    assert command() == (0, ["adhoc: 2 runs delivered"], [])
    assert len(results(store)) == 6


def test_damaged_and_foreign_files_are_named_and_hide_nothing(command: Deliver, store: str) -> None:
    undescribed, damaged, fine = filled(store, "a1"), filled(store, "b2"), filled(store, "c3", 5)
    (undescribed.folder / "sweep.json").write_text("{")
    damaged.put(whole("later", many(3, "later")))
    (damaged.waiting()[0] / "rows.parquet").write_bytes(b"PAR1")
    name = damaged.waiting()[0].name
    (fine.folder / "notes.txt").write_text("mine")
    root = fine.folder.parent
    (root / "README").write_text("mine too")
    (root / "not hex").mkdir()
    status, out, err = command()
    assert (status, out) == (1, ["adhoc: 3 runs delivered", "adhoc: 5 runs delivered"])
    assert err == [
        f"{root / 'README'}: no spool of a grid; it stays where it is",
        f"{undescribed.folder / 'sweep.json'}: damaged (JSONDecodeError)",
        f"{damaged.folder / name}.damaged: rows.parquet is damaged or cut short: its checksum does not "
        "agree; its runs train again with the next start",
        f"{fine.folder / 'notes.txt'}: damaged, or no part of a spool; it stays where it is",
        f"{root / 'not hex'}: no spool of a grid; it stays where it is",
    ]
    assert len(results(store)) == 8
    again = command()
    assert again[:2] == (1, [])
    assert (
        f"{damaged.folder / name}.damaged: damaged, or no part of a spool; it stays where it is" in again[2]
    )


def test_asked_for_nothing_it_says_what_can_be_asked(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 2
    assert "deliver" in capfd.readouterr().err
