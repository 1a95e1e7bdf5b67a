"""Gives finished runs to a store, by the harness's writer or by plain MLflow, and tells what that took."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from time import process_time

from benchmarks.sweeps.processes import tell
from harness import compose, train
from harness.record import Record, metric_name
from harness.sweeping.describing import samples
from harness.tracking.batches import Batch, Ended, Header, Samples, Sweep
from harness.tracking.store import connect

TRAINED = ("dataset=moons", "architecture.hidden=[16,8]", "stopping.epochs=30")
A_STACK = 50
PLAIN = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
WARM, WARM_RUNS = "warm", 2


def main() -> None:
    """Give as many runs as the command line says, after a few that are not counted."""
    file, way, uri, runs, points = sys.argv[1:]
    record = train([compose([*TRAINED, "seed=0"])])[0]
    give = WAYS[way]
    give(uri, record, WARM_RUNS, int(points), WARM)
    began = process_time()
    give(uri, record, int(runs), int(points), way)
    spent = process_time() - began
    held = connect(uri).get_experiment_by_name(way)
    assert held is not None
    series = sum(metric_name(name) is not None for name in record.columns)
    tell(file, {"processor": spent, "experiment": held.experiment_id, "series": series})


def by_writer(uri: str, record: Record, runs: int, points: int, name: str) -> None:
    """Deliver runs as a sweep does, stack by stack: each is an arm, whose line is written at the end."""
    from harness.tracking.writer import Writer

    documents = {
        "study.json": {"name": name, "arms": ["activation"], "tune": None},
        "grid.json": {"fingerprints": [_mark(each) for each in range(runs)]},
    }
    dataset = samples(record.config.dataset)
    writer = Writer(uri, Sweep(name, f"{points:04x}", "", {}, documents, [dataset]), points)
    rows = len(record.columns["update"])
    for first in range(0, runs, A_STACK):
        ended = [
            Ended(header=_header(record, each, dataset), record=record, since=0, planned=rows)
            for each in range(first, min(runs, first + A_STACK))
        ]
        writer.deliver(Batch(history=f"histories/{name}{first}-1.parquet", runs=ended))
    writer.close("FINISHED", {"exhausted": runs}, int(time.time() * 1000))


def by_plain_mlflow(uri: str, record: Record, runs: int, points: int, name: str) -> None:
    """Log what a loop over epochs logs: parameters once, losses and accuracies with a request each."""
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(name)
    epochs = record.columns["epoch"]
    for each in range(runs):
        with mlflow.start_run(run_name=f"run {each}"):
            mlflow.log_params(dict(replace(record.config, seed=each).flat))
            for epoch in range(1, 1 + int(epochs[-1])):
                place = int(abs(epochs - epoch).argmin())
                for column in PLAIN:
                    mlflow.log_metric(column, float(record.columns[column][place]), step=epoch)


WAYS: dict[str, Callable[[str, Record, int, int, str], None]] = {
    "writer": by_writer,
    "plain": by_plain_mlflow,
}


def _header(record: Record, number: int, dataset: Samples) -> Header:
    arm = f"arm {number // A_STACK}"
    return Header(
        name=f"{arm} · seed {number}",
        arm=arm,
        labels={"activation": arm},
        role="reported",
        fingerprint=_mark(number),
        feeding="mini-batch (32)",
        parameters=replace(record.config, seed=number).flat,
        dataset=dataset,
    )


def _mark(number: int) -> str:
    return f"{number:064x}"


if __name__ == "__main__":
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    main()
