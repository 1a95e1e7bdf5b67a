"""Decision maps that a sweep writes are those that a report reads."""

from collections.abc import Callable

import numpy as np

from harness import compose, train
from harness.tracking import read
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
    assert list(frame.columns) == ["run_id", "update", "rows", "columns", "bounds", "values", "classes"]
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
            assert np.array_equal(each["bounds"], expected["bounds"])
            for name in ("values", "classes"):
                assert each[name].dtype == expected[name].dtype
                assert np.array_equal(each[name], expected[name][place], equal_nan=True), name


def test_runs_that_were_not_drawn_have_no_maps(app: Callable[..., object], store: str) -> None:
    assert app(*FLAT).status == 0
    runs = read.study("adhoc", uri=store).runs
    assert read.maps(list(runs["run_id"]), uri=store).empty
    parent = read.study("adhoc", uri=store).parent_run_id
    assert not connect(store).list_artifacts(parent, "maps")
