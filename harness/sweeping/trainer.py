"""From configurations to records: runs of equal shape train as one stack."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from harness import engine
from harness.config import RunConfig, fingerprint
from harness.data.loading import Array, Loaded, digest, load
from harness.engine.initializers import resolve
from harness.engine.network import Network
from harness.engine.outputs import OUTPUTS
from harness.engine.run import Data, Run, Split
from harness.engine.training import Trained
from harness.engine.weighting import ClassWeight, class_weights, labels
from harness.record import SCORES, SPLITS, Record
from harness.sweeping.stacks import stacks


def train(runs: Sequence[RunConfig]) -> list[Record]:
    """Train every run, stacked wherever shapes allow, and return their records in order.

    Parameters
    ----------
    runs : sequence of RunConfig
        As `harness.compose` makes them.
    """
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
        state, rows = engine.advance(engine.start(prepared))
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
            timing,
        )
        for member, (run, trained) in enumerate(zip(runs, engine.records(state), strict=True))
    ]


Shared = dict[tuple[int, ClassWeight | None], Data]


def prepare(run: RunConfig, shared: Shared | None = None) -> Run:
    """Return what the engine is asked for; runs of one split share its arrays through `shared`."""
    loaded = load(run)
    known = {} if shared is None else shared
    weighting = run.loss.class_weight
    if (id(loaded), weighting) not in known:
        known[id(loaded), weighting] = _data(loaded, run.dataset.classes is not None, weighting)
    return Run(
        network=Network(
            sizes=run.sizes,
            bias=run.architecture.bias,
            activations=run.activations,
            output=OUTPUTS[run.output](),
        ),
        loss=run.loss,
        feeding=run.optimizer,
        update_rule=run.update,
        schedule=run.schedule,
        stopping=run.stopping,
        diagnostics=run.diagnostics,
        initializer=run.initializer,
        dtype=run.dtype,
        weights_seed=run.weights_seed,
        order_seed=run.order_seed,
        data=known[id(loaded), weighting],
    )


def _data(loaded: Loaded, classifies: bool, weighting: ClassWeight | None) -> Data:
    def split(x: Array, y: Array) -> Split:
        if weighting is None:
            return Split(x, y)
        return Split(x, y, class_weights(weighting, loaded.train_y)[labels(y)])

    train = split(loaded.train_x, loaded.train_y)
    if loaded.test_x is loaded.train_x:
        return Data(train, train, train, classifies)
    validation = split(loaded.validation_x, loaded.validation_y)
    return Data(train, validation, split(loaded.test_x, loaded.test_y), classifies)


def _record(
    run: RunConfig,
    prepared: Run,
    trained: Trained,
    columns: dict[str, Any],
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
        warnings=tuple(warnings),
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
