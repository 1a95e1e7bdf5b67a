"""Rows: what one measurement of a stack leaves in its history.

Measuring reads parameters and data, draws from no stream and changes nothing that training reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.engine import scores
from harness.engine.arrays import Flags, Floats
from harness.engine.diagnostics import (
    dead_units,
    decay_by_layer,
    norm,
    root_mean_square,
    saturation,
)
from harness.engine.network import Layer, Signals, forward, hand_down, weight_gradient
from harness.engine.run import Data, Run, Split

CHUNK_BYTES = 1 << 20

Row = dict[str, Floats]


@dataclass(frozen=True, eq=False)
class Stacked:
    """One split of several runs: x (S, N, D), y (S, N, K), weight (S, N) or None."""

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
        self.signals = Signals.empty(run.network, self.chunk, largest, run.dtype)
        self.shared = run.data.train is run.data.test

    def loss(self, name: str, parameters: Floats, data: Sequence[Data]) -> Floats:
        """Return the mean loss over the split `name` of each run, shape (S,), float64."""
        parts = []
        for low in range(0, len(data), self.chunk):
            layers = self.run.network.layers(parameters[low : low + self.chunk])
            split = _stacked([each.splits[name] for each in data[low : low + self.chunk]])
            parts.append(self._loss(split, self._pass(layers, split)))
        return np.concatenate(parts)

    def rows(self, parameters: Floats, data: Sequence[Data], moved: Floats) -> Row:
        """Return one row of each run, by column, each of shape (S,).

        Parameters
        ----------
        parameters : ndarray, shape (S, P)
        data : sequence of S Data
        moved : ndarray, shape (S, L)
            Root of the mean squared norm of each layer's updates since the last row.
        """
        parts = [
            self._chunk_rows(
                self.run.network.layers(parameters[low : low + self.chunk]),
                data[low : low + self.chunk],
                moved[low : low + self.chunk],
            )
            for low in range(0, len(data), self.chunk)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _chunk_rows(self, layers: list[Layer], data: Sequence[Data], moved: Floats) -> Row:
        row: Row = {}
        found: dict[str, Mapping[str, Floats]] = {}
        # The training split comes last: its signals are what the probe is read from.
        for name in ("test", "validation", "train"):
            if name == "train" or not self.shared:
                split = _stacked([each.splits[name] for each in data])
                found[name] = self._scores(layers, split)
        for name in ("train", "validation", "test"):
            for score, value in found["train" if self.shared else name].items():
                row[f"{name}_{score}"] = value
        return row | self._by_layer(layers, split, moved)

    def _pass(self, layers: list[Layer], split: Stacked) -> Signals:
        signals = self.signals.part(*split.x.shape[:2])
        forward(self.run.network, layers, split.x, signals)
        return signals

    def _loss(self, split: Stacked, signals: Signals) -> Floats:
        z, a, output = signals.z[-1], signals.a[-1], self.run.network.output
        each = self.run.loss.per_sample(output, z, a, split.y)
        return _mean(each if split.weight is None else each * split.weight)

    def _scores(self, layers: list[Layer], split: Stacked) -> dict[str, Floats]:
        """Return loss and scores over a whole split: sums over samples divided by their count."""
        signals = self._pass(layers, split)
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

    def _by_layer(self, layers: list[Layer], train: Stacked, moved: Floats) -> Row:
        """Return the diagnostics by layer on the probe: the first samples of the training split."""
        run, measures = self.run, self.run.diagnostics.measures
        if not measures:
            return {}
        network, last = run.network, run.network.layer_count - 1
        x, y = train.x[:, : run.diagnostics.probe], train.y[:, : run.diagnostics.probe]
        signals = self.signals.part(*x.shape[:2])
        a, delta, slope = signals.a, signals.delta, signals.slope
        run.loss.delta(network.output, signals.z[last], a[last], y, out=delta[last])
        if train.weight is not None:
            delta[last] *= train.weight[:, : len(y[0]), None]
        np.multiply(a[last], 1 - a[last], out=slope[last])
        row: Row = {}
        rms = np.empty((len(x), last + 1))
        for layer in range(last, -1, -1):
            weights, number = layers[layer].weights, layer + 1
            gradient = np.empty_like(weights)
            weight_gradient(a[layer - 1] if layer else x, delta[layer], out=gradient)
            weight_norm = norm(weights)
            rms[:, layer] = root_mean_square(delta[layer])
            functions = network.output if layer == last else network.activations[layer]
            largest, steep = functions.largest_slope, slope[layer]
            linear = layer == last and largest is None
            row[f"gradient_norm_{number}"] = norm(gradient) / x.shape[1]
            row[f"delta_rms_{number}"] = rms[:, layer]
            row[f"weight_norm_{number}"] = weight_norm
            row[f"update_ratio_{number}"] = moved[:, layer] / weight_norm
            row[f"saturation_{number}"] = saturation(steep, largest)
            row[f"dead_units_{number}"] = np.full(len(x), np.nan) if linear else dead_units(steep, largest)
            if layer:
                hand_down(network, layers, signals, layer)
        by_measure = {
            f"{measure}_{layer + 1}": row[f"{measure}_{layer + 1}"]
            for measure in measures
            for layer in range(last + 1)
        }
        if "delta_rms" in measures:
            by_measure["rho"] = decay_by_layer(rms[:, :last])
        return by_measure


def _mean(values: Floats | Flags) -> Floats:
    """Return the mean over samples of values (S, N), shape (S,), summed in float64."""
    total: Floats = values.sum(axis=-1, dtype=np.float64)
    total /= values.shape[1]
    return total


def _stacked(splits: Sequence[Split]) -> Stacked:
    if len(splits) == 1:
        only = splits[0]
        return Stacked(only.x[None], only.y[None], None if only.weight is None else only.weight[None])
    weights = [each.weight for each in splits if each.weight is not None]
    return Stacked(
        np.stack([each.x for each in splits]),
        np.stack([each.y for each in splits]),
        np.stack(weights) if weights else None,
    )
