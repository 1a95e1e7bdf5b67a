"""What other tools call the metrics that a report reads."""

import re
from collections.abc import Iterable

from harness.record import SCORE_COLUMNS, metric_name

SCORES = {str(metric_name(column)): column for column in SCORE_COLUMNS}
"""Our names of the scores, and the columns that they are."""

_SPLITS = {
    "train": "train|training|fit",
    "validation": "validation|valid|val|dev|eval",
    "test": "test|testing|holdout",
}
_KINDS = {
    "loss": "loss",
    "accuracy": "acc|accuracy|accuracy_score|(?:sparse_)?categorical_accuracy|binary_accuracy",
    "log_loss": "log_loss|logloss|nll",
    "squared_error": "squared_error",
}
_NAMED = {
    re.compile(f"(?:{splits})[/_.-](?:{kinds})", re.IGNORECASE): f"{split}/{kind}"
    for split, splits in _SPLITS.items()
    for kind, kinds in _KINDS.items()
} | {re.compile(kinds, re.IGNORECASE): f"train/{kind}" for kind, kinds in _KINDS.items()}


def ours(name: str) -> str | None:
    """Return our name of a metric, such as ``validation/loss`` of ``val_loss``; None of what is no score.

    A score of no split is taken for one of the training samples, as Keras has it.
    """
    return next((found for pattern, found in _NAMED.items() if pattern.fullmatch(name)), None)


def logged_as(names: Iterable[str]) -> dict[str, str]:
    """Return by our names of scores what a run calls them: what has our own name counts before others."""
    found: dict[str, str] = {}
    for name in sorted(names, key=lambda name: (name not in SCORES, name)):
        if (score := ours(name)) is not None:
            found.setdefault(score, name)
    return found
