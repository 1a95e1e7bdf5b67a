"""A sweep: what is not done yet is stacked, trained, tracked and counted."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from harness.data.loading import digest
from harness.record import Record
from harness.sweeping.grid import Point
from harness.sweeping.isolating import Failure
from harness.sweeping.retrying import train_points
from harness.sweeping.settings import Settings
from harness.sweeping.study import plain
from harness.tracking import read
from harness.tracking.background import Background
from harness.tracking.settings import Off, points_for, tracking_uri

if TYPE_CHECKING:
    from harness.tracking.writer import Header, Writer

FAILED = "failed"


@dataclass(frozen=True)
class Ended:
    """What is kept of a run once it is written: enough for the closing table.

    Attributes
    ----------
    scores : mapping of str to float
        Final values by column of `kept_columns`; what was no finite number is missing.
    """

    point: Point
    outcome: str
    scores: Mapping[str, float]
    trained_now: bool
    error: str | None = None


class Progress(Protocol):
    """What a sweep tells about itself."""

    def start(self, total: int, done: int) -> None:
        """Say how many runs there are, and how many of them the store held already."""

    def advance(self) -> None:
        """Say that one more run is written."""

    def close(self) -> None:
        """Say that no more follows."""


def finished_before(points: Sequence[Point], settings: Settings) -> dict[str, Ended]:
    """Return the points that the store holds as finished, by fingerprint."""
    if isinstance(settings.tracking, Off) or settings.sweep.force:
        return {}
    uri = tracking_uri(settings.tracking.uri)
    held = read.finished(uri, settings.study.name, kept_columns(settings))
    return {
        point.fingerprint: Ended(point, *held[point.fingerprint], trained_now=False)
        for point in points
        if point.fingerprint in held
    }


def kept_columns(settings: Settings) -> list[str]:
    """Return what the closing table reads of a run: what rates are chosen by, and the result."""
    return [criterion(settings), "test_accuracy", "best_validation_loss"]


def criterion(settings: Settings) -> str:
    """Return the column by which the best regime of an arm is chosen; smaller is better."""
    tune = settings.study.tune
    return "validation_loss" if tune is None else tune.metric


def sweep(
    points: Sequence[Point],
    settings: Settings,
    arms: Sequence[str],
    tags: Mapping[str, str],
    progress: Progress,
) -> list[Ended]:
    """Train the points that the store does not hold yet, and write each as its stack ends.

    Parameters
    ----------
    arms : sequence of str
        The keys compared.
    tags : mapping of str to str
        The sweep's provenance.

    Returns
    -------
    list of Ended
        One for each point, in order.
    """
    columns = kept_columns(settings)
    ended = finished_before(points, settings)
    missing = [point for point in points if point.fingerprint not in ended]
    progress.start(len(points), len(ended))
    background = None
    if not isinstance(settings.tracking, Off):
        # With nothing left to train too: a report is of the grid that was asked for last.
        connect = partial(_connect, points, settings, arms, tags)
        background = Background(connect, progress.advance)
    try:
        for stack, outcomes in train_points(missing, settings.executor):
            pairs = list(zip(stack, outcomes, strict=True))
            ended |= {point.fingerprint: _ended(point, outcome, columns) for point, outcome in pairs}
            if background is None:
                for _ in stack:
                    progress.advance()
                continue
            for point, outcome in pairs:
                if isinstance(outcome, Failure):
                    background.fail(header(point), outcome.reason, outcome.traceback)
            trained = [(header(point), record) for point, record in pairs if isinstance(record, Record)]
            if trained:
                headers, records = zip(*trained, strict=True)
                background.write(f"histories/{_stack_name()}-1.parquet", headers, records)
    finally:
        if background is not None:
            totals = Counter(each.outcome for each in ended.values())
            whole = len(ended) == len(points) and not totals[FAILED]
            background.close("FINISHED" if whole else "FAILED", totals)
        progress.close()
    return [ended[point.fingerprint] for point in points]


def _ended(point: Point, outcome: Record | Failure, columns: Sequence[str]) -> Ended:
    if isinstance(outcome, Failure):
        return Ended(point, FAILED, {}, True, outcome.reason)
    values = {name: outcome.summary[name] for name in columns}
    finite = {name: value for name, value in values.items() if isfinite(value)}
    return Ended(point, outcome.summary["outcome"], finite, True)


def header(point: Point) -> "Header":
    """Return what tracking says of a point before it trains."""
    from harness.tracking.writer import Header

    return Header(
        name=point.name,
        arm=point.arm,
        labels=point.labels,
        role=point.role,
        fingerprint=point.fingerprint,
        feeding=point.run.feeding_label,
        parameters=point.run.flat,
    )


def grid_hash(points: Sequence[Point]) -> str:
    """Return the hash of a grid: equal for equal sets of points."""
    marks = sorted(point.fingerprint for point in points)
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()


def _stack_name() -> str:
    # Never the name of an earlier training of the same runs: its rows would be lost.
    return uuid4().hex[:16]


def _connect(
    points: Sequence[Point], settings: Settings, arms: Sequence[str], tags: Mapping[str, str]
) -> "Writer":
    """Return the writer of a sweep; called in the tracking thread."""
    from harness.tracking.writer import Sweep, Writer

    study, tracking = settings.study, settings.tracking
    assert not isinstance(tracking, Off)
    about = Sweep(
        experiment=study.name,
        grid=grid_hash(points),
        note=_note(study.question, study.method, len(points)),
        tags={f"harness.{key}": value for key, value in tags.items()},
        documents={
            "study.json": document(settings, arms, points),
            "grid.json": {"fingerprints": sorted(point.fingerprint for point in points)},
        },
        datasets=sorted({(point.run.dataset.name, digest(point.run.dataset)) for point in points}),
    )
    return Writer(tracking_uri(tracking.uri), about, points_for(tracking.points, len(points)))


def document(settings: Settings, arms: Sequence[str], points: Sequence[Point]) -> Mapping[str, Any]:
    """Return the study as it was carried out, for whoever reads the store."""
    spec = plain(settings.study)
    reported = sorted({point.run.seed for point in points if point.role == "reported"})
    spec |= {"arms": list(arms), "seeds": reported}
    spec["exclude"] = [*settings.study.exclude, *settings.sweep.exclude]
    spec["sample"] = settings.study.sample if settings.sweep.sample is None else settings.sweep.sample
    spec["sample_seed"] = settings.sweep.sample_seed
    made: Mapping[str, Any] = json.loads(json.dumps(spec))
    return made


def _note(question: str | None, method: str | None, runs: int) -> str:
    parts = [f"**{question}**" if question else "A grid from the command line.", method or ""]
    return "\n\n".join([*parts, f"{runs:,} runs."]).strip()
