"""What goes wrong with a SQLite store stops no training, hangs nothing, and loses nothing."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import count, pairwise
from pathlib import Path
from threading import Timer

import pytest
import sqlalchemy

from harness.tracking import background
from harness.tracking.background import Background, Closed
from harness.tracking.delivering import Delivered, DeliveryError, GoneError, deliver, traced
from harness.tracking.faults import one_line, passes
from harness.tracking.leases import Lease
from harness.tracking.settings import local_folder, spool_folder
from harness.tracking.spool import Spool
from harness.tracking.store import connect
from harness.tracking.writer import Writer
from tests.tracking.servers import unused_port
from tests.tracking.stacks_to_deliver import GRID, POINTS, SWEEP, held, many, metrics, results, trained, whole


def described(folder: Path, uri: str) -> Spool:
    spool = Spool(folder)
    spool.describe(SWEEP, uri, POINTS)
    return spool


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def all_once(uri: str, runs: int) -> None:
    assert len(results(uri)) == runs
    for run in held(uri):
        assert run.info.status == "FINISHED"
        assert set(metrics(uri, run).values()) == {1}


def test_a_full_disk_ends_delivery_in_a_line_and_what_waits_is_delivered_later(
    disk: Callable[[int], Path], store_template: Path, tmp_path: Path
) -> None:
    size = store_template.stat().st_size // 1024
    folder = disk(size + 150)
    shutil.copy(store_template, folder / "mlflow.db")
    store = f"sqlite:///{folder / 'mlflow.db'}"
    spool = described(tmp_path / "spool" / GRID, store)
    lease = Lease(GRID, spool.folder)
    delivery = Background(lambda: Writer(store, SWEEP, POINTS, lease), spool, lambda _: None)
    for number in range(4):
        delivery.put(whole(f"s{number}", many(5, f"{number}")))
    wait_for(lambda: delivery.error)
    delivery.put(whole("late", many(5, "late")))
    left = delivery.close("FINISHED", {}).waiting
    assert 5 < left <= 25
    assert isinstance(delivery.error, DeliveryError)
    assert not isinstance(delivery.error, GoneError)
    told = str(delivery.error)
    assert told.startswith(f"tracking.uri = {store}: ")
    assert "full" in told or "No space left" in told
    assert "\n" not in told
    disk(size + 20_000)
    assert deliver(spool, store) == Delivered("adhoc", left, [])
    all_once(store, 25)
    assert held(store, "sweep")[0].info.status == "FINISHED"


def put_for_ever(delivery: Background) -> None:
    for number in count():
        delivery.put(whole(f"s{number}", many(20, f"{number}")))


def test_on_a_full_disk_to_put_raises_and_to_close_returns(
    disk: Callable[[int], Path], store_template: Path
) -> None:
    folder = disk(store_template.stat().st_size // 1024 + 600)
    shutil.copy(store_template, folder / "mlflow.db")
    store = f"sqlite:///{folder / 'mlflow.db'}"
    spool = described(spool_folder(store, GRID), store)
    delivery = Background(lambda: Writer(store, SWEEP, POINTS), spool, lambda _: None)
    with pytest.raises(OSError, match=r"(?i)no space left"):
        put_for_ever(delivery)
    began = time.monotonic()
    with suppress(OSError):
        delivery.close("FAILED", {})
    assert time.monotonic() - began < 30
    disk(40_000)
    waiting = spool.runs_waiting()
    assert waiting > 0
    assert deliver(spool, store) == Delivered("adhoc", waiting, [])
    all_once(store, len(held(store)))
    assert len(held(store)) % 20 == 0


def test_an_error_that_stays_ends_delivery_and_putting_goes_on(store: str) -> None:
    spool = described(spool_folder(store, GRID), store)
    client = connect(store)
    delivery = Background(lambda: Writer(store, SWEEP, POINTS), spool, lambda _: None)
    wait_for(lambda: held(store, "sweep"))
    client.delete_experiment(client.get_experiment_by_name("adhoc").experiment_id)
    delivery.put(whole("s", trained()))
    wait_for(lambda: delivery.error)
    delivery.put(whole("t", trained()))
    assert delivery.close("FINISHED", {}).waiting == 4
    assert str(delivery.error).startswith(f"tracking.uri = {store}: ")
    assert str(delivery.error).endswith("or by python -m harness.tracking deliver")


def test_a_store_that_is_away_is_asked_again_after_a_pause_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "RETRY_SECONDS", 2.0)
    uri = f"http://127.0.0.1:{unused_port()}"
    asked: list[float] = []

    def connecting() -> Writer:
        asked.append(time.monotonic())
        return Writer(uri, SWEEP, POINTS)

    delivery = Background(connecting, described(tmp_path / GRID, uri), lambda _: None)
    number = 0
    while len(asked) < 3:
        delivery.put(whole(f"s{number}", trained()))
        number += 1
        time.sleep(0.05)
    assert all(later - earlier >= 2 for earlier, later in pairwise(asked))
    began = time.monotonic()
    assert delivery.close("FINISHED", {}).waiting == 2 * number
    assert asked[3] - began < 1.5
    assert len(asked) == 4
    assert delivery.error is None


@pytest.mark.slow
def test_a_store_that_another_process_locks_for_long_is_tried_again(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "RETRY_SECONDS", 1.0)
    spool = described(spool_folder(store, GRID), store)
    delivery = Background(lambda: Writer(store, SWEEP, POINTS), spool, lambda _: None)
    wait_for(lambda: held(store, "sweep"))
    database = sqlite3.connect(store.removeprefix("sqlite:///"), check_same_thread=False)
    database.execute("begin exclusive")
    release = Timer(25, database.rollback)
    release.start()
    delivery.put(whole("s", trained()))
    release.join()
    database.close()
    wait_for(lambda: not spool.waiting())
    assert delivery.error is None
    assert delivery.close("FINISHED", {}) == Closed()
    all_once(store, 2)


def error_of(path: Path, statement: str) -> Exception:
    """Return the error that SQLAlchemy raises for a statement on a SQLite file."""
    engine = sqlalchemy.create_engine(f"sqlite:///{path}", connect_args={"timeout": 0})
    try:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text(statement))
    except Exception as error:
        return error
    finally:
        engine.dispose()
    raise AssertionError("nothing is wrong")


def test_a_locked_file_passes_and_a_missing_table_does_not(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    uri = f"sqlite:///{path}"
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table runs (id)")
        other.execute("begin exclusive")
        locked = error_of(path, "insert into runs values (1)")
    assert passes(locked, uri)
    assert one_line(locked, uri) == f"tracking.uri = {uri}: database is locked"
    wrong = error_of(path, "insert into jobs values (1)")
    assert not passes(wrong, uri)
    assert one_line(wrong, uri) == f"tracking.uri = {uri}: no such table: jobs"


def test_a_traceback_shows_no_password_of_any_address_in_it() -> None:
    try:
        try:
            raise OSError("http://me:secret@one:5000/api and postgresql://me:se/cr@et@two/runs")
        except OSError as error:
            raise RuntimeError("cannot reach http://me:secret@one:5000/api/2.0, says 'me@two'") from error
    except RuntimeError as error:
        told = traced(error)
    assert "secret" not in told
    assert "se/cr" not in told
    assert "et@" not in told
    assert "says 'me@two'" in told
    assert told.count("Traceback") == 2


def test_a_line_shows_no_password_however_the_error_tells_it() -> None:
    uri = "postgresql://me:secret@host/runs"
    told = one_line(RuntimeError(f"cannot\nreach {uri}"), uri)
    assert "secret" not in told
    assert "\n" not in told
    assert local_folder(uri).name == "mlruns"
