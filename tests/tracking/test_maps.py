"""Decision maps that a sweep writes are those that a report reads."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from harness import compose, train
from harness.tracking import read
from harness.tracking.maps import maps_of, read_maps, write_maps
from harness.tracking.store import connect

COMMON = ("dataset.samples=60", "stopping.epochs=3", "dtype=float32", "activation=relu")
GRID = (*COMMON, "dataset=moons", "loss=mse", "architecture.output=identity", "architecture.width=4,8",
        "optimizer.learning_rate=0.1,1e30", "seed=range(0,2)", "executor=serial", "-m")  # fmt: skip
FLAT = (*COMMON, "dataset=sine", "loss=mse", "executor=serial", "-m")


def test_maps_of_a_sweep_read_back_as_they_were_drawn(app: Callable[..., object], store: str) -> None:
    assert app(*GRID).status == 0
    runs = read.study("adhoc", uri=store).runs
    client = connect(store)
    chosen = runs[runs["seed"] == 1]
    frame = read.maps(list(chosen["run_id"]), uri=store)
    assert list(frame.columns) == [
        *("run_id", "update", "rows", "columns", "bounds", "values", "classes", "samples", "answers")
    ]
    assert set(frame["run_id"]) == set(chosen["run_id"])
    assert len(chosen) == 4
    assert "diverged" in set(chosen["outcome"])
    for run_id, found in frame.groupby("run_id"):
        told = client.get_run(run_id).data.params
        keys = ("architecture.width", "optimizer.learning_rate", "seed")
        expected = train([compose([*GRID[:7], *(f"{key}={told[key]}" for key in keys)])])[0].maps
        assert list(found["update"]) == list(expected["update"])
        for place, (_, each) in enumerate(found.iterrows()):
            assert (each["rows"], each["columns"]) == each["values"].shape == each["classes"].shape
            for name in ("bounds", "samples", "answers"):
                assert np.array_equal(each[name], expected[name]), name
            assert (each["samples"].shape, set(each["answers"])) == ((36, 2), {0, 1})
            for name in ("values", "classes"):
                assert each[name].dtype == expected[name].dtype
                assert np.array_equal(each[name], expected[name][place], equal_nan=True), name


def test_runs_that_were_not_drawn_have_no_maps(app: Callable[..., object], store: str) -> None:
    assert app(*FLAT).status == 0
    runs = read.study("adhoc", uri=store).runs
    assert read.maps(list(runs["run_id"]), uri=store).empty
    parent = read.study("adhoc", uri=store).parent_run_id
    assert not connect(store).list_artifacts(parent, "maps")


def test_maps_of_an_older_store_are_read_without_samples(tmp_path: Path) -> None:
    maps = train([compose([*COMMON, "dataset=moons"])])[0].maps
    write_maps(tmp_path / "new.parquet", {"mine": maps})
    table = pq.read_table(tmp_path / "new.parquet").drop_columns(["samples", "answers"])
    pq.write_table(table, tmp_path / "old.parquet")
    new, old = (read_maps(tmp_path / f"{name}.parquet") for name in ("new", "old"))
    assert old.columns.equals(new.columns)
    assert {each.shape for each in old["samples"]} == {(0, 2)}
    assert set(maps_of(new)["mine"]) - set(maps_of(old)["mine"]) == {"samples", "answers"}
    assert all(np.array_equal(*pair) for pair in zip(old["values"], new["values"], strict=True))
