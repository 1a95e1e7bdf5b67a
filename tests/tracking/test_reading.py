"""A study is read over the network once, then from this machine, and never from elsewhere."""

import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.errors import ConfigurationError, StoreError
from harness.tracking import read
from harness.tracking.batches import Sweep
from harness.tracking.store import connect
from harness.tracking.writer import Writer
from tests.tracking.servers import Server, on_the_way, unused_port
from tests.tracking.stacks_to_deliver import SWEEP, trained, whole

MAPPED = ("diagnostics=full",)
NUMBERS = count(1)


def forward(*_: object) -> None:
    return None


def sweep_of(name: str) -> Sweep:
    """Return a sweep of the runs of `trained`, as a study that can be read."""
    marks = [header.fingerprint for header, _ in trained(2, *MAPPED)]
    documents = {
        "study.json": {"name": name, "arms": ["a"], "tune": None},
        "grid.json": {"fingerprints": marks},
    }
    return replace(SWEEP, experiment=name, grid=f"{next(NUMBERS):04x}", documents=documents)


def delivered(uri: str, name: str) -> Sweep:
    sweep = sweep_of(name)
    writer = Writer(uri, sweep, 3)
    writer.deliver(whole("s", trained(2, *MAPPED)))
    writer.close("FINISHED", {}, 0)
    return sweep


@pytest.fixture(scope="module")
def server(server: Server) -> Server:
    """The server, with a study to be read."""
    delivered(server.uri, "served")
    return server


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this machine keeps what it fetched, in a working folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path / "mlruns" / "cache"


def histories(heard: list[str]) -> list[str]:
    return [path for path in heard if "histories/" in path or "maps/" in path]


def test_the_second_reading_fetches_no_history(server: Server, cache: Path) -> None:
    heard: list[str] = []
    with on_the_way(server.port, forward, heard=heard) as uri:
        first = read.study("served", uri=uri)
        drawn = read.maps(list(first.runs["run_id"]), uri=uri)
        assert histories(heard)
        heard.clear()
        again = read.study("served", uri=uri)
        assert read.maps(list(first.runs["run_id"]), uri=uri)["run_id"].equals(drawn["run_id"])
    assert heard
    assert not histories(heard)
    assert again.history.equals(first.history)
    assert again.runs.equals(first.runs)
    assert len(drawn) > 0
    expected = [record.history for _, record in trained(2, *MAPPED)]
    for (_, found), history in zip(first.history.groupby("run_id", sort=False), expected, strict=True):
        assert found.drop(columns="run_id").reset_index(drop=True).equals(history)


def test_a_damaged_file_is_fetched_again(server: Server, cache: Path) -> None:
    first = read.study("served", uri=server.uri).history
    (path,) = cache.iterdir()
    whole_file = path.read_bytes()
    path.write_bytes(whole_file[:-100] + bytes(100))
    assert read.study("served", uri=server.uri).history.equals(first)
    (path,) = cache.iterdir()
    assert path.read_bytes() == whole_file


def test_a_cache_that_cannot_be_written_only_costs_time(server: Server, cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("in the way")
    for _ in range(2):
        assert len(read.study("served", uri=server.uri).history)
    assert cache.read_text() == "in the way"


class Planted:
    """What leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.trace),)


def plant(cache: Path, content: bytes) -> None:
    """Put a content in the place of a kept history, under the digest that it has."""
    (path,) = cache.iterdir()
    path.unlink()
    (cache / f"{path.name.split('-')[0]}-{hashlib.sha256(content).hexdigest()}").write_bytes(content)


def test_nothing_that_lies_in_the_cache_is_run(server: Server, cache: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    malice = pickle.dumps(Planted(trace))
    rows = read.study("served", uri=server.uri).history
    plant(cache, malice)
    with pytest.raises(StoreError):
        read.study("served", uri=server.uri)
    # A column of an extension type whose description pyarrow once unpickled (CVE-2023-47248).
    about = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": malice}
    fields = [pa.field("run_id", pa.string()), pa.field("update", pa.int64(), metadata=about)]
    columns = {"run_id": rows["run_id"].tolist(), "update": np.arange(len(rows))}
    pq.write_table(pa.table(columns, schema=pa.schema(fields)), tmp_path / "planted.parquet")
    plant(cache, (tmp_path / "planted.parquet").read_bytes())
    found = read.study("served", uri=server.uri).history
    assert found["update"].tolist() == list(range(len(rows)))
    assert not trace.exists()
    pickle.loads(malice)
    assert trace.exists()


ELSEWHERE = ("../../../secret.parquet", "/etc/passwd", "histories/../../secret.parquet",
             "..%2fsecret.parquet", "histories/..%2f..%2fsecret.parquet", "histories\\..\\secret.parquet", "file:///etc/passwd",
             "histories/a.parquet\n", "histories/a.pkl", "histories/" + "x" * 4000)  # fmt: skip


@pytest.fixture
def own(store: str, cache: Path) -> str:
    """A store of this machine with a study, and the test's own artifacts."""
    delivered(store, "local")
    return store


@pytest.fixture(scope="module")
def local_once(store_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("local") / "mlruns" / "mlflow.db"
    path.parent.mkdir()
    shutil.copy(store_template, path)
    delivered(f"sqlite:///{path}", "local")
    return f"sqlite:///{path}"


@pytest.fixture
def local(local_once: str, cache: Path, copied: Callable[[str], str]) -> str:
    """The same, with artifacts that the tests share."""
    return copied(local_once)


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_history_leads_nowhere_else(local: str, path: str) -> None:
    run_id = read.study("local", uri=local).runs["run_id"][0]
    connect(local).set_tag(run_id, "harness.history", path)
    for reading in (lambda: read.study("local", uri=local), lambda: read.maps([run_id], uri=local)):
        with pytest.raises(ConfigurationError, match=r"must be histories/NAME\.parquet") as told:
            reading()
        assert "\n" not in str(told.value)
        assert len(str(told.value)) < 250


def test_a_history_that_is_a_link_leads_nowhere_else(own: str, tmp_path: Path) -> None:
    (path,) = (tmp_path / "mlruns" / "artifacts").rglob("histories/*.parquet")
    path.rename(tmp_path / "secret.parquet")
    path.symlink_to(tmp_path / "secret.parquet")
    with pytest.raises(ConfigurationError, match="leaves the run's artifacts"):
        read.study("local", uri=own)


def test_histories_on_this_machine_are_read_where_they_lie(local: str, cache: Path) -> None:
    assert len(read.study("local", uri=local).history)
    assert not cache.exists()


def test_a_tag_that_the_store_cut_short_leaves_the_parameters(local: str) -> None:
    found = read.study("local", uri=local)
    client = connect(local)
    run_id = found.runs["run_id"][0]
    client.set_tag(run_id, "harness.labels", json.dumps({"a": "b" * 10_000})[:5000])
    (row,) = (row for _, row in read.study("local", uri=local).runs.iterrows() if row["run_id"] == run_id)
    assert row["arm"] == "arm"


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "../../etc", "\ud800", "\N{FIRE}", "'\"\x1b[2J", "x" * 4000]
)
def test_whatever_a_label_says_is_read(local: str, text: str) -> None:
    run_id = read.study("local", uri=local).runs["run_id"][0]
    connect(local).set_tag(run_id, "harness.labels", json.dumps({"a": text}))
    runs = read.study("local", uri=local).runs.set_index("run_id")
    assert runs["a"][run_id] == text.encode(errors="backslashreplace").decode()


def test_names_of_a_store_are_listed_in_a_line_that_does_nothing(local: str) -> None:
    client = connect(local)
    for name in ("\x1b[2J", "\N{RIGHT-TO-LEFT OVERRIDE}evil", "x" * 400):
        client.create_experiment(name)
    with pytest.raises(ConfigurationError) as told:
        read.study("lokal", uri=local)
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 300
    assert "did you mean 'local'?" in str(told.value)


@pytest.mark.parametrize("reading", ["study", "studies", "maps"])
def test_a_store_that_is_away_is_one_line(cache: Path, reading: str) -> None:
    uri = f"http://somebody:secret@127.0.0.1:{unused_port()}"
    readings = {
        "study": lambda: read.study("any", uri=uri),
        "studies": lambda: read.studies(uri),
        "maps": lambda: read.maps(["a"], uri=uri),
    }
    with pytest.raises(StoreError, match="no answer") as told:
        readings[reading]()
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)
