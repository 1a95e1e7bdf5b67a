"""From configurations to records: runs of equal shape train as one stack."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from harness import engine
from harness.config import RunConfig, fingerprint
from harness.data.loading import digest
from harness.engine import doctor
from harness.engine.initializers import resolve
from harness.engine.run import Data, Run
from harness.engine.training import Trained
from harness.record import SCORES, SPLITS, Array, Record
from harness.sweeping.checks import compare_gradients
from harness.sweeping.maps import train_and_map
from harness.sweeping.preparing import Shared, prepare
from harness.sweeping.stacks import stacks


def train(runs: Sequence[RunConfig], *, check_gradients: bool = False) -> list[Record]:
    """Train every run, stacked wherever shapes allow, and return their records in order.

    Parameters
    ----------
    runs : sequence of RunConfig
        As `harness.compose` makes them.
    check_gradients : bool
        Compare backpropagation with finite differences first, for one run of every kind.

    Raises
    ------
    ConfigurationError
        If a gradient is wrong; nothing is trained then.
    """
    if check_gradients:
        compare_gradients(runs, [f"runs[{index}]" for index in range(len(runs))])
    records: list[Record | None] = [None] * len(runs)
    for stack in stacks(runs):
        trained = train_stack([runs[index] for index in stack])
        for index, record in zip(stack, trained, strict=True):
            records[index] = record
    return [record for record in records if record is not None]


def train_stack(runs: Sequence[RunConfig]) -> list[Record]:
    """Train runs that share everything but data, seeds and numbers, as one computation.

    The BLAS is held to one thread: with two the last bits differ.
    """
    data: Shared = {}
    prepared = [prepare(run, data) for run in runs]
    began = perf_counter()
    with threadpool_limits(1):
        state, rows, maps = train_and_map(prepared)
    seconds = perf_counter() - began
    timing = {"timing": "alone", "seconds": seconds} if len(runs) == 1 else {"timing": "stack"}
    edges = np.searchsorted(rows["member"], np.arange(len(runs) + 1))
    return [
        _record(
            run,
            prepared[member],
            trained,
            {
                name: values[edges[member] : edges[member + 1]]
                for name, values in rows.items()
                if name != "member"
            },
            maps[member],
            timing,
        )
        for member, (run, trained) in enumerate(zip(runs, engine.records(state), strict=True))
    ]


def _record(
    run: RunConfig,
    prepared: Run,
    trained: Trained,
    columns: dict[str, Any],
    maps: dict[str, Array],
    timing: dict[str, Any],
) -> Record:
    last = {name: values[-1] for name, values in columns.items()}
    scores = {
        name: float(last[name]) for name in (f"{split}_{score}" for split in SPLITS for score in SCORES)
    }
    validation = columns["validation_loss"]
    finite = validation[np.isfinite(validation)]
    rectifies = [activation.rectifies for activation in prepared.network.activations]
    warnings = []
    if run.dataset.split == "none":
        warnings.append("validation and test are the training rows (dataset.split=none)")
    complaints = doctor.complaints(
        columns,
        prepared,
        outcome=trained.outcome,
        stopped_by=trained.stopped_by,
        constant_loss=trained.constant_loss,
    )
    return Record(
        config=run,
        fingerprint=fingerprint(run, digest(run.dataset)),
        columns=columns,
        summary={
            "outcome": trained.outcome,
            "stopped_by": trained.stopped_by,
            "epochs": float(last["epoch"]),
            "updates": trained.updates,
            "best_update": trained.best_update,
            "samples": int(last["samples"]),
            "multiply_adds": int(last["multiply_adds"]),
            **scores,
            "best_validation_loss": float(finite.min()) if finite.size else float("inf"),
            "constant_loss": trained.constant_loss,
            "majority_accuracy": majority_accuracy(prepared.data),
            "rho": float(last.get("rho", np.nan)),
            "initializers": ", ".join(resolve(run.initializer, each).name for each in [*rectifies, False]),
            **timing,
        },
        parameters=trained.parameters,
        initial=trained.initial,
        warnings=(*warnings, *(complaint.sentence for complaint in complaints)),
        complaints=complaints,
        maps=maps,
    )


def majority_accuracy(data: Data) -> float:
    """Return the test accuracy of always naming the training split's most frequent class."""
    if not data.classifies:
        return float("nan")
    train, test = data.train.y, data.test.y
    if train.shape[1] == 1:
        share = float(test.mean(dtype=np.float64))
        return share if train.mean(dtype=np.float64) > 0.5 else 1 - share
    return float(test[:, train.sum(axis=0).argmax()].mean(dtype=np.float64))
