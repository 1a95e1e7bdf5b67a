"""Data sets in MLflow: what a run trained on, and how much of it."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.schema import TensorDatasetSchema
from sqlalchemy import event
from sqlalchemy.engine import Engine

from harness.tracking.datasets import dataset_input, log_datasets
from harness.tracking.store import connect
from tests.tracking.stacks_to_deliver import MOONS, held


@pytest.mark.parametrize(
    ("dataset", "classes", "sizes"),
    [("moons", 2, (500, 300, 100, 100)), ("digits", 10, (1797, 1077, 360, 360)),
     ("sine", None, (200, 120, 40, 40)), ("xor", 2, (4, 4, 4, 4))],
)  # fmt: skip
def test_each_run_names_its_data_with_digest_and_split_sizes(
    app: Callable[..., object], store: str, dataset: str, classes: int | None, sizes: tuple[int, ...]
) -> None:
    keys = [f"dataset={dataset}", f"loss={'mse' if classes is None else 'cross_entropy'}", "optimizer=gd"]
    assert app(*keys, "stopping.updates=0", "executor=serial", "-m").status == 0
    for run in [*held(store), *held(store, "sweep")]:
        (found,) = run.inputs.dataset_inputs
        assert found.dataset.name == dataset
        assert len(found.dataset.digest) == 36
        profile = json.loads(found.dataset.profile)
        assert tuple(profile[name] for name in ("samples", "train", "validation", "test")) == sizes
        assert profile.get("classes") == classes
        tags = {tag.key: tag.value for tag in found.tags}
        assert tags["mlflow.data.context"] == "training"
        assert tuple(int(tags[f"harness.{name}"]) for name in ("train", "validation", "test")) == sizes[1:]


def test_mlflow_understands_source_and_schema() -> None:
    told = dataset_input(MOONS).dataset
    schema = TensorDatasetSchema.from_dict(json.loads(told.schema))
    assert schema.features.inputs[0].shape == (-1, 2)
    assert schema.targets.inputs[0].type.name == "int64"
    assert CodeDatasetSource.from_dict(json.loads(told.source)).to_dict() == json.loads(told.source)


def test_the_same_samples_split_otherwise_are_told_apart_by_the_tags_of_each_run() -> None:
    other = dataset_input(replace(MOONS, train=48, validation=6, test=6))
    mine = dataset_input(MOONS)
    assert (other.dataset.name, other.dataset.digest) == (mine.dataset.name, mine.dataset.digest)
    assert [tag.value for tag in other.tags] != [tag.value for tag in mine.tags]


def test_data_sets_that_somebody_else_makes_at_the_same_moment_are_named_all_the_same(
    store: str,
) -> None:
    client, both = connect(store), Barrier(2, timeout=60)
    runs = [client.create_run("0").info.run_id for _ in range(2)]
    datasets = [MOONS, replace(MOONS, digest="1" * 64)]

    def meet(connection: object, cursor: object, statement: str, *_: object) -> None:
        """Wait with what makes a data set until both have seen that there is none."""
        if statement.startswith("INSERT INTO datasets"):
            both.wait()

    event.listen(Engine, "before_cursor_execute", meet)
    try:
        with ThreadPoolExecutor() as threads:
            for each in [threads.submit(log_datasets, client, run, datasets) for run in runs]:
                each.result()
    finally:
        event.remove(Engine, "before_cursor_execute", meet)
    for run in runs:
        named = {each.dataset.digest for each in client.get_run(run).inputs.dataset_inputs}
        assert named == {each.digest[:36] for each in datasets}
