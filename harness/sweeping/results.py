"""Results: what a sweep keeps of each run once it is written, enough for the closing table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from harness.record import Record
from harness.sweeping.grid import Point
from harness.sweeping.isolating import Advanced, Failure
from harness.sweeping.pieces import Piece
from harness.sweeping.settings import Settings

FAILED = "failed"


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Attributes
    ----------
    scores : mapping of str to float
        Final values by column of `kept_columns`; what was no finite number is missing.
    trained_now : bool
        False: the store held it before.
    error : str or None
        Why it failed.
    """

    point: Point
    outcome: str
    scores: Mapping[str, float]
    trained_now: bool
    error: str | None = None


def kept_columns(settings: Settings) -> list[str]:
    """Return what is read of a run once it has ended: what is chosen by, and the result."""
    columns = (criterion(settings), model_criterion(settings), "test_accuracy", "best_validation_loss")
    return list(dict.fromkeys(columns))


def criterion(settings: Settings) -> str:
    """Return the column by which the best regime of an arm is chosen."""
    tune = settings.study.tune
    return "validation_loss" if tune is None else tune.metric


def model_criterion(settings: Settings) -> str:
    """Return the validation score by which an arm's model is chosen: never one of test samples."""
    chosen = criterion(settings)
    return chosen if chosen.startswith("validation_") else "validation_loss"


def results(piece: Piece, advanced: Sequence[Advanced], columns: Sequence[str]) -> dict[str, Result]:
    """Return what ended in a leg, by fingerprint."""
    points = {point.fingerprint: point for point in piece.points}
    return {
        mark: _result(points[mark], left, columns)
        for each in advanced
        for mark, left in zip(each.fingerprints, each.results, strict=True)
        if isinstance(left, Record | Failure)
    }


def _result(point: Point, left: Record | Failure, columns: Sequence[str]) -> Result:
    if isinstance(left, Failure):
        return Result(point, FAILED, {}, True, left.reason)
    values = {name: left.summary[name] for name in columns}
    finite = {name: value for name, value in values.items() if isfinite(value)}
    return Result(point, left.summary["outcome"], finite, True)
