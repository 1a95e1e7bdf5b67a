"""Rows: what one measurement of a stack leaves in its history.

Measuring reads parameters and data, draws from no stream and changes nothing that training reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.engine import scores
from harness.engine.arrays import Flags, Floats, stacked
from harness.engine.diagnostics.probe import Probe
from harness.engine.diagnostics.registry import MEASURES
from harness.engine.network import Layer, forward
from harness.engine.run import Data, Run, Split
from harness.engine.signals import Signals

CHUNK_BYTES = 1 << 20

Row = dict[str, Floats]


@dataclass(frozen=True, eq=False)
class Stacked:
    """One split of several runs: x (S, D, N) as the network takes it, y (S, K, N), weight (S, N) or None."""

    x: Floats
    y: Floats
    weight: Floats | None


class Meter:
    """Measures runs of one kind, a few at a time, in arrays that it allocates once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        largest = max(len(split.x) for split in run.data.splits.values())
        bytes_each = 4 * largest * sum(run.network.sizes) * np.dtype(run.dtype).itemsize
        self.chunk = max(1, CHUNK_BYTES // bytes_each)
        self.workspace = run.network.workspace(self.chunk, largest, run.dtype)
        self.shared = run.data.train is run.data.test
        self.measures = [MEASURES[name] for name in run.diagnostics.measures if name in MEASURES]

    def loss(self, name: str, parameters: Floats, data: Sequence[Data]) -> Floats:
        """Return the mean loss over the split `name` of each run, shape (S,), float64."""
        parts = []
        for low in range(0, len(data), self.chunk):
            layers = self.run.network.layers(parameters[low : low + self.chunk])
            split = self._stacked([each.splits[name] for each in data[low : low + self.chunk]])
            parts.append(self._loss(split, self._pass(layers, split)))
        return np.concatenate(parts)

    def rows(self, parameters: Floats, initial: Floats, data: Sequence[Data], moved: Floats) -> Row:
        """Return one row of each run, by column, each of shape (S,).

        Parameters
        ----------
        parameters, initial : ndarray, shape (S, P)
            Now and before the first update.
        data : sequence of S Data
        moved : ndarray, shape (S, L)
            Root of the mean squared norm of each layer's updates since the last row.
        """
        parts = [
            self._chunk_rows(
                self.run.network.layers(parameters[low : low + self.chunk]),
                initial[low : low + self.chunk],
                data[low : low + self.chunk],
                moved[low : low + self.chunk],
            )
            for low in range(0, len(data), self.chunk)
        ]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _chunk_rows(self, layers: list[Layer], initial: Floats, data: Sequence[Data], moved: Floats) -> Row:
        row: Row = {}
        found: dict[str, Mapping[str, Floats]] = {}
        # The training split comes last: its signals are what the probe is read from.
        for name in ("test", "validation", "train"):
            if name == "train" or not self.shared:
                split = self._stacked([each.splits[name] for each in data])
                signals = self._pass(layers, split)
                found[name] = self._scores(split, signals)
        for name in ("train", "validation", "test"):
            for score, value in found["train" if self.shared else name].items():
                row[f"{name}_{score}"] = value
        return row | self._diagnostics(layers, initial, split, signals, moved)

    def _stacked(self, splits: Sequence[Split]) -> Stacked:
        bias = self.run.network.bias
        weights = [split.weight for split in splits if split.weight is not None]
        return Stacked(
            stacked([split.features(bias) for split in splits]),
            stacked([split.targets for split in splits]),
            stacked(weights) if weights else None,
        )

    def _pass(self, layers: list[Layer], split: Stacked) -> Signals:
        signals = self.workspace.signals(len(split.x), split.x.shape[2])
        forward(self.run.network, layers, split.x, signals)
        return signals

    def _loss(self, split: Stacked, signals: Signals) -> Floats:
        z, a, output = signals.z[-1], signals.a[-1], self.run.network.output
        each = self.run.loss.per_sample(output, z, a, split.y)
        return _mean(each if split.weight is None else each * split.weight)

    def _scores(self, split: Stacked, signals: Signals) -> dict[str, Floats]:
        """Return loss and scores over a whole split: sums over samples divided by their count."""
        a, y = signals.a[-1], split.y
        accuracy = log_loss = np.full(len(a), np.nan)
        if self.run.data.classifies:
            log_loss = _mean(scores.log_loss(a, y))
            # A run whose outputs are not numbers predicts nothing.
            accuracy = np.where(np.isnan(log_loss), np.nan, _mean(scores.correct(a, y)))
        return {
            "loss": self._loss(split, signals),
            "accuracy": accuracy,
            "log_loss": log_loss,
            "squared_error": _mean(scores.squared_error(a, y)),
        }

    def _diagnostics(
        self, layers: list[Layer], initial: Floats, train: Stacked, signals: Signals, moved: Floats
    ) -> Row:
        """Return what is chosen, on the probe: the first samples of the training split."""
        if not self.measures:
            return {}
        size = self.run.diagnostics.probe
        probe = Probe(
            network=self.run.network,
            loss=self.run.loss,
            x=train.x[:, :, :size],
            y=train.y[:, :, :size],
            weight=None if train.weight is None else train.weight[:, None, :size],
            layers=layers,
            start=initial,
            signals=signals.of_first(size),
            moved=moved,
        )
        row: Row = {}
        for measure in self.measures:
            row |= measure(probe)
        return row


def _mean(values: Floats | Flags) -> Floats:
    """Return the mean over samples of values (S, N), shape (S,), summed in float64."""
    # Cast before, not while summing: a buffered sum may end its blocks inside another run.
    total: Floats = np.add.reduce(values.astype(np.float64), axis=-1)
    total /= values.shape[1]
    return total
