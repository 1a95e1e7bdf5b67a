"""Record: what one run leaves, and the one table of metric names."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.config import RunConfig
from harness.engine.doctor import Complaint

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]

SPLITS = ("train", "validation", "test")
SCORES = ("loss", "accuracy", "log_loss", "squared_error")
SCORE_COLUMNS = tuple(f"{split}_{score}" for split in SPLITS for score in SCORES)
OWN_LOSSES = tuple(f"{split}_loss" for split in SPLITS)
"""What a run minimises: it compares within one loss alone."""
PARAMETER = re.compile(r"parameter_(\d+)")
"""A column of a history that is a single weight or bias."""
AXES = ("epoch", "update", "samples", "multiply_adds")


@dataclass(frozen=True, eq=False, kw_only=True)
class Record:
    """What one run leaves.

    Attributes
    ----------
    config : RunConfig
    fingerprint : str
    columns : mapping of str to ndarray, shape (rows,)
        The history by column.
    summary : mapping
        ``outcome``, ``stopped_by``, ``epochs``, ``updates``, the final value of each score on each
        split (``test_accuracy``, ...), ``best_validation_loss``, and more.
    parameters, initial : mapping of str to ndarray
        ``weights_1`` (fan_in, fan_out), ``bias_1`` (fan_out,), ... after and before training.
    warnings : tuple of str
        Sentences for the user; those of the doctor's complaints stand last.
    complaints : tuple of Complaint
        What the doctor found, each with ``name`` and ``sentence``.
    maps : mapping of str to ndarray
        Decision maps at M updates on a grid of rows (the second feature, lowest first) and columns
        (the first one): ``update`` (M,), ``bounds`` (2, 2), the scaled features' (low, high),
        ``values`` and ``classes`` (M, rows, columns), as
        `harness.engine.diagnostics.decision_map.Maps` says; ``samples`` (n, 2), the first of the scaled
        training samples, and ``answers`` (n,), their classes or targets. Empty where none were taken.
    platform : mapping of str to str
        What it was trained with and on: ``version``, ``python``, ``numpy``, ``blas``, ``cpu_features``, ...
    """

    config: RunConfig
    fingerprint: str
    columns: Mapping[str, Array]
    summary: Mapping[str, Any]
    parameters: Mapping[str, Array]
    initial: Mapping[str, Array]
    warnings: tuple[str, ...] = field(default=())
    complaints: tuple[Complaint, ...] = field(default=())
    maps: Mapping[str, Array] = field(default_factory=dict)
    platform: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def history(self) -> "pd.DataFrame":
        """Return the history: a row a measurement, ordered by update."""
        import pandas as pd

        return pd.DataFrame(dict(self.columns))

    @property
    def weights(self) -> list[tuple[Array, Array | None]]:
        """Return (W, b) by layer after training; b is None without biases."""
        return _by_layer(self.parameters)

    @property
    def initial_weights(self) -> list[tuple[Array, Array | None]]:
        """Return (W, b) by layer before training."""
        return _by_layer(self.initial)

    @cached_property
    def weights_digest(self) -> str:
        """Return the SHA-256 of the final parameters: what "bit for bit" is checked by."""
        content = hashlib.sha256()
        for name, array in sorted(self.parameters.items()):
            content.update(f"{name}{array.dtype.str}{array.shape}".encode())
            content.update(np.ascontiguousarray(array).tobytes())
        return content.hexdigest()


def _by_layer(parameters: Mapping[str, Array]) -> list[tuple[Array, Array | None]]:
    count = sum(name.startswith("weights_") for name in parameters)
    return [
        (parameters[f"weights_{number}"], parameters.get(f"bias_{number}")) for number in range(1, count + 1)
    ]


def higher_is_better(column: str) -> bool:
    """Return whether more of a history's column is better: so it is of accuracies alone."""
    return column.endswith("accuracy")


def metric_name(column: str) -> str | None:
    """Return the MLflow metric of a history column, None for an axis and for a single parameter.

    Parameters are many and say nothing one by one: the histories have them. ``train_loss`` is
    ``train/loss``; ``gradient_norm_3`` is ``gradient_norm/layer_03``, counted from the input, so that
    layers sort in order; any other column keeps its name.
    """
    if column in AXES or PARAMETER.fullmatch(column):
        return None
    for split in SPLITS:
        score = column.removeprefix(f"{split}_")
        if score in SCORES:
            return f"{split}/{score}"
    layered = re.fullmatch(r"(.+)_(\d+)", column)
    if layered:
        return f"{layered[1]}/layer_{int(layered[2]):02d}"
    return column
