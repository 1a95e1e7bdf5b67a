"""What a sweep hands to tracking: itself, and the runs of a stack after each leg."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.engine.doctor import Complaint
from harness.record import Array, Record

HISTORY = re.compile(r"histories/\w[\w.-]*\.parquet", re.ASCII)


@dataclass(frozen=True)
class Samples:
    """A data set as runs use it.

    Attributes
    ----------
    digest : str
        SHA-256 of all its samples.
    classes : int or None
        None for a regression.
    samples, train, validation, test : int
        How many there are, and how many do what; all of them each, where nothing is split.
    columns : int
        Of a regression's targets.
    """

    name: str
    digest: str
    features: int
    classes: int | None
    samples: int
    train: int
    validation: int
    test: int
    columns: int = 1


@dataclass(frozen=True)
class Header:
    """What is known of a run before it trains."""

    name: str
    arm: str
    labels: Mapping[str, str]
    role: str
    fingerprint: str
    feeding: str
    parameters: Mapping[str, Any]
    dataset: Samples


@dataclass(frozen=True)
class Sweep:
    """What is known of a sweep before it trains.

    Attributes
    ----------
    experiment : str
        The study's name.
    grid : str
        The hash of the sorted fingerprints, by which a repeated sweep finds its parent again.
    documents : mapping of str to JSON's types
        Kept as artifacts: the study, the fingerprints of the grid.
    datasets : sequence of Samples
        Each once.
    tuning : bool
        All its runs only tune: there is nothing yet that arms are compared by.
    """

    experiment: str
    grid: str
    note: str
    tags: Mapping[str, str]
    documents: Mapping[str, Any]
    datasets: Sequence[Samples]
    tuning: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class Kept:
    """What the spool keeps of a `Record`: all that tracking reads of one, and no parameters."""

    columns: Mapping[str, Array]
    summary: Mapping[str, Any]
    weights_digest: str
    warnings: tuple[str, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    maps: Mapping[str, Array] = field(default_factory=dict)
    platform: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Underway:
    """A run that goes on after this leg.

    Attributes
    ----------
    header : Header
    columns : mapping of str to ndarray, shape (rows - first,)
        Its rows so far.
    since : int
        Rows that earlier legs have sent already.
    planned : int
        Rows that it will have if it uses its whole budget.
    first : int
        How many rows are missing before those of `columns`, at most `since`; the spool keeps no more
        than are to be sent.
    """

    header: Header
    columns: Mapping[str, Array]
    since: int
    planned: int
    first: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Ended:
    """A run that ended in this leg; its record has the whole history, `since` and `planned` as above."""

    header: Header
    record: Record | Kept
    since: int
    planned: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Failed:
    """A run that could not be trained: why in a line, and the traceback."""

    header: Header
    reason: str
    traceback: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Batch:
    """The runs of a stack after a leg.

    Attributes
    ----------
    history : str
        The artifact ``histories/<stack>-<leg>.parquet`` that keeps the rows of those that ended: a
        name that no other leg of any training has.
    runs : sequence of Underway, Ended or Failed

    Raises
    ------
    ValueError
        If `history` is no such name.
    """

    history: str
    runs: Sequence[Underway | Ended | Failed]

    def __post_init__(self) -> None:
        if not HISTORY.fullmatch(self.history):
            raise ValueError(f"history = {self.history!r}: must be histories/NAME.parquet")

    @property
    def over(self) -> int:
        """Return how many of the runs ended or failed."""
        return sum(not isinstance(run, Underway) for run in self.runs)
