"""The best run of each arm so far: the one whose network may become a model."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

from harness.data.loading import samples, scale_of
from harness.errors import why
from harness.record import SCORE_COLUMNS, Record, higher_is_better
from harness.sweeping.grid import Point
from harness.sweeping.isolating import Advanced
from harness.sweeping.preparing import network
from harness.sweeping.results import Result
from harness.tracking.candidates import Candidates, Chosen
from harness.tracking.trained_network import TrainedNetwork, packed

LOST = {"diverged", "failed"}
SHOWN = 5
"""Samples that a model shows as its example."""

Rank = tuple[float, int, str]

log = logging.getLogger(__name__)


class BestRuns:
    """Keeps the weights of each arm's best reported run: by its last score, the lowest seed's of equal ones.

    Parameters
    ----------
    candidates : Candidates
        Where they are kept.
    criterion : str
        The score's column.
    ended : iterable of Result
        Runs that the store holds already. Whether their weights were kept shows in `candidates`.
    """

    def __init__(self, candidates: Candidates, criterion: str, ended: Iterable[Result]) -> None:
        self._candidates = candidates
        self._criterion = criterion
        self._best: dict[str, tuple[Rank, Point]] = {}
        for each in ended:
            self._improves(each.point, each.outcome, each.scores.get(criterion))

    def consider(self, points: Mapping[str, Point], advanced: Sequence[Advanced]) -> None:
        """Keep the weights of those runs that ended in a leg and are better than all before.

        A disk that does not take them costs a warning and the model, not the sweep.
        """
        better: dict[str, Record] = {}
        for each in advanced:
            for mark, left in zip(each.fingerprints, each.results, strict=True):
                if not isinstance(left, Record):
                    continue
                point, summary = points[mark], left.summary
                if self._improves(point, summary["outcome"], summary[self._criterion]):
                    better[point.arm] = left
        for arm, record in better.items():
            try:
                self._candidates.put(arm, packed(trained_network(self._best[arm][1], record)))
            except OSError as error:
                log.warning("%s: the weights of %s are not kept", why(error), self._best[arm][1].name)

    def choose(self) -> None:
        """Write down that these are the best of the whole grid; a full disk costs a warning."""
        chosen = [Chosen(arm, point.name, point.fingerprint) for arm, (_, point) in self._best.items()]
        try:
            self._candidates.choose(chosen)
        except OSError as error:
            log.warning("%s: no models are logged", why(error))

    def _improves(self, point: Point, outcome: str, score: float | None) -> bool:
        """Take a run for its arm's best if it is; return whether it is."""
        if point.role != "reported" or outcome in LOST or score is None or not isfinite(score):
            return False
        loss = -score if higher_is_better(self._criterion) else score
        rank = (loss, point.run.seed, point.fingerprint)
        if point.arm in self._best and self._best[point.arm][0] <= rank:
            return False
        self._best[point.arm] = (rank, point)
        return True


def trained_network(point: Point, record: Record) -> TrainedNetwork:
    """Return what a run has trained, with what it takes to answer raw samples."""
    run, summary = point.run, record.summary
    return TrainedNetwork(
        network=network(run),
        parameters=record.parameters,
        scale=scale_of(run),
        classes=run.dataset.classes,
        example=samples(run.dataset)[0][:SHOWN],
        about={
            "arm": point.arm,
            "run": point.name,
            "fingerprint": point.fingerprint,
            "weights": record.weights_digest,
            "dataset": run.dataset.title,
            "update": int(record.columns["update"][-1]),
            "scores": {name: summary[name] for name in SCORE_COLUMNS if isfinite(summary[name])},
        },
    )
