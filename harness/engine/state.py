"""The state of a stack between two legs: plain arrays, the stack axis first."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.engine.arrays import Floats, Integers
from harness.engine.run import Run
from harness.engine.stopping import Outcome
from harness.engine.update_rules import state_names
from harness.streams import pack, stream

BEFORE_ANY = -1


@dataclass(frozen=True, eq=False)
class Arrays:
    """Everything that training changes, and nothing else.

    Attributes
    ----------
    parameters, initial : ndarray, shape (S, P)
    rule : mapping of str to ndarray, shape (S, P)
        State of the update rule by name.
    order : ndarray, shape (S, N)
        The current epoch's order of samples; of no columns where the order never changes.
    generator : ndarray of uint64, shape (S, 13)
        State of each run's stream ``order``.
    update : ndarray, shape (S,)
        Updates made.
    settled : ndarray, shape (S,)
        The last update whose rows and control readings were taken.
    readings : ndarray, shape (S, R)
        Training losses at control readings, not a number where none was taken yet.
    alarms : ndarray, shape (S,)
        Control readings running that found the loss exploded.
    epoch_start : ndarray, shape (S, P)
        Parameters at the start of the epoch that a tolerance looks at; of no columns without one.
    rate_factor : ndarray, shape (S,)
        What a plateau schedule has reduced the rate by.
    lowest, waited : ndarray, shape (S, 2)
        Of the readings watched, the lowest loss, and the readings since: by the stopping rule, and
        by the schedule.
    best_reading : ndarray, shape (S,)
        Index of the control reading with the lowest loss, by the stopping rule.
    best_parameters : ndarray, shape (S, P)
        Parameters at that reading; of no columns where the end does not restore them.
    anchor : ndarray, shape (S, P)
        Parameters at the start of the current block of samples, where updates go by blocks; else of no
        columns.
    moved : ndarray, shape (S, L)
        Sum over the updates since the last row of the squared norm of each layer's change.
    moves : ndarray, shape (S,)
        The number of those updates.
    outcome, stopped_by : ndarray, shape (S,)
        `Outcome` and `StoppedBy` as integers.
    """

    parameters: Floats
    initial: Floats
    rule: Mapping[str, Floats]
    order: Integers
    generator: NDArray[np.uint64]
    update: Integers
    settled: Integers
    readings: Floats
    alarms: Integers
    epoch_start: Floats
    rate_factor: Floats
    lowest: Floats
    waited: Integers
    best_reading: Integers
    best_parameters: Floats
    anchor: Floats
    moved: Floats
    moves: Integers
    outcome: Integers
    stopped_by: Integers

    def plain(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays by name, those of the rule as ``rule/<name>``."""
        named: dict[str, NDArray[np.generic]] = {
            name: value for name, value in vars(self).items() if name != "rule"
        }
        return named | {f"rule/{name}": value for name, value in self.rule.items()}

    @classmethod
    def of(cls, named: Mapping[str, NDArray[np.generic]]) -> "Arrays":
        """Return the arrays that `plain` named."""
        own = {name: value for name, value in named.items() if not name.startswith("rule/")}
        rule = {name[5:]: value for name, value in named.items() if name.startswith("rule/")}
        return cls(rule=rule, **own)  # type: ignore[arg-type]

    def take(self, rows: Integers) -> "Arrays":
        """Return copies of the rows of the runs `rows`."""
        return Arrays.of({name: value[rows] for name, value in self.plain().items()})

    def put(self, rows: Integers, part: "Arrays") -> None:
        """Write the rows of `part` back to the runs `rows`."""
        mine = self.plain()
        for name, value in part.plain().items():
            mine[name][rows] = value

    def copy(self) -> "Arrays":
        """Return a copy that shares nothing."""
        return Arrays.of({name: value.copy() for name, value in self.plain().items()})


@dataclass(frozen=True, eq=False)
class State:
    """A stack: its runs, which never change, and its arrays at this moment."""

    runs: tuple[Run, ...]
    arrays: Arrays

    @property
    def finished(self) -> bool:
        """Return whether every run has ended."""
        return bool(np.all(self.arrays.outcome != Outcome.running))


def initial_arrays(runs: tuple[Run, ...]) -> Arrays:
    """Return the arrays of `runs` before their first update."""
    first, count = runs[0], len(runs)
    initial = np.stack([run.initial_parameters() for run in runs])
    ordered = first.samples if first.feeding.order != "as_given" else 0
    size = initial.shape[1]
    at_epoch_start = size if first.stopping.tolerance is not None else 0
    at_best = size if first.stopping.remembers else 0
    return Arrays(
        parameters=initial.copy(),
        initial=initial,
        rule={name: np.zeros_like(initial) for name in state_names(first.update_rule)},
        order=np.zeros((count, ordered), np.int64),
        generator=np.stack([pack(stream(run.order_seed, "order")) for run in runs]),
        update=np.zeros(count, np.int64),
        settled=np.full(count, BEFORE_ANY, np.int64),
        readings=np.full((count, len(first.controls)), np.nan),
        alarms=np.zeros(count, np.int64),
        epoch_start=np.zeros((count, at_epoch_start), initial.dtype),
        rate_factor=np.ones(count, initial.dtype),
        lowest=np.full((count, 2), np.inf),
        waited=np.zeros((count, 2), np.int64),
        best_reading=np.zeros(count, np.int64),
        best_parameters=initial[:, :at_best].copy(),
        anchor=initial[:, : size if first.in_blocks else 0].copy(),
        moved=np.zeros((count, first.network.layer_count)),
        moves=np.zeros(count, np.int64),
        outcome=np.full(count, Outcome.running, np.int64),
        stopped_by=np.zeros(count, np.int64),
    )
