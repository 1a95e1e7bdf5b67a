"""From a run that has ended to its record."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.config import RunConfig, fingerprint
from harness.data.loading import digest
from harness.engine import doctor
from harness.engine.initializers import resolve
from harness.engine.run import Data, Run
from harness.engine.training import Trained
from harness.record import SCORES, SPLITS, Array, Record
from harness.sweeping.provenance import trained_with


def record(
    run: RunConfig,
    prepared: Run,
    trained: Trained,
    columns: Mapping[str, Array],
    maps: Mapping[str, Array],
    timing: Mapping[str, Any],
) -> Record:
    """Return what a run leaves.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (rows,)
        All its rows.
    maps : mapping of str to ndarray
        Its decision maps.
    timing : mapping
        ``timing`` and, for a run trained alone, ``seconds``.
    """
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
        platform=trained_with(),
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
