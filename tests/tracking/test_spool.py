"""What was put into a spool comes out as it was, whole, in order, and for one process at a time."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from harness.errors import ConfigurationError
from harness.tracking.batch_files import DamagedError
from harness.tracking.batches import Batch, Ended, Failed, Underway
from harness.tracking.settings import masked, spool_folder, states_folder
from harness.tracking.spool import Closing, LockedError, Spool
from harness.tracking.store import folder_name
from tests.tracking.stacks_to_deliver import GRID, POINTS, SWEEP, ended, failed, trained, underway, whole


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool" / GRID)


def only(spool: Spool) -> Batch:
    (path,) = spool.waiting()
    return spool.read(path)


def test_what_the_store_gets_of_a_run_comes_back_as_it_was(spool: Spool) -> None:
    header, record = trained(1, "activation=relu", "optimizer.learning_rate=1e30")[0]
    assert record.maps
    assert record.complaints
    spool.put(whole("s", [(header, record)]))
    (run,) = only(spool).runs
    assert isinstance(run, Ended)
    kept = run.record
    assert run.header.parameters == {key: str(value) for key, value in header.parameters.items()}
    assert replace(run.header, parameters={}) == replace(header, parameters={})
    assert kept.weights_digest == record.weights_digest
    assert (kept.warnings, kept.complaints) == (record.warnings, record.complaints)
    assert not all(np.isfinite(value) for value in record.summary.values() if isinstance(value, float))
    assert repr(kept.summary) == repr(dict(record.summary))
    for mine, theirs in ((kept.columns, record.columns), (kept.maps, record.maps)):
        assert list(mine) == list(theirs)
        for name, values in theirs.items():
            assert mine[name].dtype == values.dtype
            assert mine[name].tobytes() == values.tobytes()


def test_numbers_of_numpy_and_what_is_no_number_survive(spool: Spool) -> None:
    header, record = trained(1)[0]
    odd = {"a": np.float32(0.5), "b": np.int64(3), "c": np.bool_(True), "d": float("-inf"), "e": np.nan}
    spool.put(whole("s", [(header, replace(record, summary=odd))]))
    (run,) = only(spool).runs
    assert isinstance(run, Ended)
    assert repr(run.record.summary) == "{'a': 0.5, 'b': 3, 'c': True, 'd': -inf, 'e': nan}"


def test_of_a_run_underway_the_new_rows_are_kept(spool: Spool) -> None:
    (first, record), (second, other), (third, _) = trained(3)
    runs = [underway(first, record, rows=9, since=4), failed(third), ended(second, other)]
    spool.put(Batch(history="histories/s-2.parquet", runs=runs))
    going, lost, over = only(spool).runs
    assert isinstance(going, Underway)
    assert (going.since, going.first, going.planned) == (4, 4, len(record.columns["update"]))
    for name, values in record.columns.items():
        assert np.array_equal(going.columns[name], values[4:9], equal_nan=True)
    assert isinstance(lost, Failed)
    assert (lost.reason, lost.traceback) == ("OSError: no luck", "Traceback: no luck at all")
    assert isinstance(over, Ended)
    assert np.array_equal(over.record.columns["train_loss"], other.columns["train_loss"])


def test_batches_wait_in_the_order_in_which_they_were_put_also_by_several_processes(spool: Spool) -> None:
    for name in ("z", "a"):
        spool.put(whole(name, trained()))
    spool.remove(spool.waiting()[0])
    later = Spool(spool.folder)
    for name in ("m", "b"):
        later.put(whole(name, trained(3)))
    waiting = [later.read(path).history for path in later.waiting()]
    assert waiting == [f"histories/{name}-1.parquet" for name in ("a", "m", "b")]
    assert later.runs_waiting() == 2 + 3 + 3


def test_runs_underway_are_none_that_wait(spool: Spool) -> None:
    pairs = trained(3)
    runs = [underway(*pairs[0], rows=3), ended(*pairs[1]), failed(pairs[2][0])]
    spool.put(Batch(history="histories/s-1.parquet", runs=runs))
    assert spool.runs_waiting() == 2


PUTTING = """
import sys
from pathlib import Path
from harness.tracking.spool import Spool
from tests.tracking.stacks_to_deliver import many, whole
spool = Spool(Path(sys.argv[1]))
batch = whole("s", many(200))
with spool.lock():
    print("ready", flush=True)
    while True:
        spool.put(batch)
"""


@pytest.mark.parametrize(
    "milliseconds", [37, *(pytest.param(7 * each, marks=pytest.mark.slow) for each in range(20))]
)
def test_a_process_killed_while_it_puts_leaves_whole_batches_only(spool: Spool, milliseconds: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PUTTING, str(spool.folder)], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(milliseconds / 1000)
        with pytest.raises(LockedError):
            spool.lock().__enter__()
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    with spool.lock():
        assert spool.foreign() == []
        assert {path.name for path in spool.folder.iterdir()} == {
            "lock",
            *(path.name for path in spool.waiting()),
        }
        for path in spool.waiting():
            assert len(spool.read(path).runs) == 200


def put_for_ever(spool: Spool) -> None:
    for number in count():
        spool.put(whole(f"s{number}", trained()))


def test_a_full_disk_leaves_no_half_batch(disk: Callable[[int], Path]) -> None:
    spool = Spool(disk(300) / GRID)
    with pytest.raises(OSError, match=r"(?i)no space left"):
        put_for_ever(spool)
    put = len(spool.waiting())
    assert put > 0
    assert len(list(spool.folder.iterdir())) == put
    assert [len(spool.read(path).runs) for path in spool.waiting()] == [2] * put
    spool.remove(spool.waiting()[0])
    spool.put(whole("again", trained()))
    assert spool.read(spool.waiting()[-1]).history == "histories/again-1.parquet"


def test_one_process_at_a_time_holds_a_grid(spool: Spool) -> None:
    with spool.lock(), pytest.raises(ConfigurationError, match=r"^grid = a1b2: another process trains it"):
        Spool(spool.folder).lock().__enter__()
    with Spool(spool.folder).lock():
        pass


@pytest.mark.parametrize("name", ["runs.json", "rows.parquet"])
@pytest.mark.parametrize("harm", ["changed", "cut short", "missing"])
def test_a_damaged_batch_is_told_set_aside_and_hides_no_other(spool: Spool, name: str, harm: str) -> None:
    spool.put(whole("s", trained()))
    spool.put(whole("t", trained()))
    first, second = spool.waiting()
    content = bytearray((first / name).read_bytes())
    content[len(content) // 2] ^= 1
    (first / name).write_bytes(content if harm == "changed" else content[:-9])
    if harm == "missing":
        (first / name).unlink()
    with pytest.raises(
        DamagedError, match=rf"^.*damaged: {name} is .*train again with the next start$"
    ) as told:
        spool.read(first)
    assert "\n" not in str(told.value)
    assert spool.waiting() == [second]
    assert len(spool.foreign()) == 1


def test_the_description_of_a_sweep_comes_back(spool: Spool) -> None:
    spool.describe(SWEEP, "sqlite:////here/mlflow.db", 7)
    found = spool.described()
    assert (found.address, found.points) == ("sqlite:////here/mlflow.db", 7)
    assert found.sweep == SWEEP


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format": 2}', '{"format": 99}', "null", '{"format": 2, "sweep": 3}']
)
def test_a_damaged_description_is_told_in_one_line(spool: Spool, text: str) -> None:
    (spool.folder / "sweep.json").write_text(text)
    with pytest.raises(DamagedError, match=r"^[^\n]*sweep\.json: [^\n]*$"):
        spool.described()


def test_how_a_sweep_was_asked_to_end_is_kept_until_it_starts_again(spool: Spool) -> None:
    assert spool.asked() is None
    spool.ask(Closing("FAILED", {"converged": 3}, 5))
    assert Spool(spool.folder).asked() == Closing("FAILED", {"converged": 3}, 5)
    spool.describe(SWEEP, "sqlite:////here/mlflow.db", POINTS)
    assert spool.asked() is None


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me:pa/ss@wo@rd@host/runs", "postgresql://me:***@host/runs"),
        ("https://token@host:5000", "https://***@host:5000"),
        (
            "postgresql://host/runs?user=me&password=secret&ssl=1",
            "postgresql://host/runs?user=me&password=***&ssl=1",
        ),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("sqlite:////home/me@work/mlflow.db", "sqlite:////home/me@work/mlflow.db"),
    ],
)
def test_no_password_is_kept(spool: Spool, address: str, shown: str) -> None:
    assert masked(address) == shown
    tags = {"harness.command": f"python -m harness 'tracking.uri={address}' -m"}
    spool.describe(replace(SWEEP, tags=tags), address, POINTS)
    assert spool.described().address == shown
    if shown != address:
        assert address not in (spool.folder / "sweep.json").read_text()
        assert shown in spool.described().sweep.tags["harness.command"]


@pytest.mark.parametrize("grid", ["../../etc", "/etc", "a/b", "", ".", "A1", "a1\n"])
def test_a_grid_names_no_other_folder(grid: str) -> None:
    for folder in (spool_folder, states_folder):
        with pytest.raises(ConfigurationError, match="must be a hash"):
            folder("sqlite:////here/mlflow.db", grid)


def test_the_spool_lies_beside_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert spool_folder("sqlite:////here/there/mlflow.db", GRID) == Path("/here/there/spool/a1b2")
    assert spool_folder("http://host:5000", GRID) == tmp_path / "mlruns/spool/a1b2"
    assert states_folder("http://host:5000", GRID) == tmp_path / "mlruns/states/a1b2"


@pytest.mark.parametrize(
    "history",
    [
        "../x.parquet",
        "histories/../../x.parquet",
        "histories/a/b.parquet",
        "/x.parquet",
        "histories/.parquet",
    ],
)
def test_a_history_leads_nowhere_else(history: str) -> None:
    with pytest.raises(ValueError, match="must be histories/NAME"):
        Batch(history=history, runs=[])


@pytest.mark.parametrize("name", ["..", ".", "../../etc", "a/b", "/etc", ".hidden", "a\\b"])
def test_an_experiment_names_one_folder(name: str, tmp_path: Path) -> None:
    made = tmp_path / folder_name(name)
    assert made.parent == tmp_path
    assert ".." not in made.parts


def test_plain_names_of_experiments_are_those_of_their_folders() -> None:
    for name in ("adhoc", "vanishing_gradient-smoke", "my study"):
        assert folder_name(name) == name


def test_a_record_needs_no_parameters_on_the_disk(spool: Spool) -> None:
    header, record = trained(1)[0]
    heavy = {"weights_1": np.random.default_rng(0).normal(size=(1000, 1000))}
    big = replace(record, parameters=heavy, initial=heavy)
    spool.put(whole("s", [(header, big)]))
    assert sum(path.stat().st_size for path in spool.folder.rglob("*") if path.is_file()) < 1_000_000
    (run,) = only(spool).runs
    assert isinstance(run, Ended)
    assert run.record.weights_digest == big.weights_digest != record.weights_digest
