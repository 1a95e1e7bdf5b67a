"""One finished run as the doctor sees it: its history, and what is asked of it more than once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from harness.engine.arrays import Floats
from harness.engine.run import Run
from harness.engine.stopping import FALLING, LEARNED

ENOUGH_UPDATES = 20
"""In fewer updates a loss that has hardly moved says nothing: good runs begin so too."""

ENOUGH_ROWS = 5

UNLEARNED = 0.5
"""Above this share of the best constant output's loss a run has not learned its task. Layers saturate
and units die in runs that learn well too; there they are no trouble."""

LONG = 1 / 3
"""Share of the updates from which a time without progress is worth a word."""

HAIR = 1 - LEARNED
"""Within this share of the best constant output's loss, a loss is that of a constant output."""

MOVED = 1 - FALLING
"""A loss falls if it falls by this share of the best constant output's in the second half of its updates."""


@dataclass(frozen=True, eq=False)
class Case:
    """A finished run: its history, its choices, and how it ended.

    Attributes
    ----------
    columns : mapping of str to ndarray, shape (rows,)
        The history; diagnostics by layer may be absent.
    constant_loss : float
        Training loss of the best constant output.
    """

    columns: Mapping[str, Floats]
    run: Run
    outcome: str
    constant_loss: float

    @property
    def update(self) -> Floats:
        """Return the update of each row."""
        return self.columns["update"]

    @property
    def loss(self) -> Floats:
        """Return the training loss of each row."""
        return self.columns["train_loss"]

    @cached_property
    def share(self) -> Floats:
        """Return the training loss of each row as a share of the best constant output's."""
        return self.loss / self.constant_loss

    @property
    def tells(self) -> bool:
        """Return whether there are updates and rows enough for a loss to tell something."""
        return bool(self.update[-1] >= ENOUGH_UPDATES) and len(self.update) >= ENOUGH_ROWS

    @property
    def unlearned(self) -> bool:
        """Return whether the run ended without having learned its task."""
        return bool(self.share[-1] > UNLEARNED)

    @cached_property
    def late(self) -> slice:
        """Return the rows of the second half of the updates."""
        return slice(int(np.searchsorted(self.update, self.update[-1] / 2)), None)

    @cached_property
    def half(self) -> float:
        """Return the share of the loss at half of the updates."""
        return float(np.interp(self.update[-1] / 2, self.update, self.share))

    @property
    def late_fall(self) -> float:
        """Return how far the share of the loss fell in the second half of the updates."""
        return self.half - float(self.share[-1])

    @cached_property
    def ignorant(self) -> int:
        """Return the number of rows before the first that is better than a constant output."""
        better = np.flatnonzero(self.share < LEARNED)
        return int(better[0]) if len(better) else len(self.share)

    @cached_property
    def plateau(self) -> tuple[int, int] | None:
        """Return first and last row of a long time at a constant output's loss, before any learning."""
        near = np.flatnonzero(np.abs(self.share[: self.ignorant] - 1) <= HAIR)
        if not len(near) or self.update[near[-1]] - self.update[near[0]] < LONG * self.update[-1]:
            return None
        return int(near[0]), int(near[-1])

    def by_layer(self, measure: str, layers: Iterable[int]) -> dict[int, Floats]:
        """Return a measure's columns of those of the layers, counted from 1, that it has numbers for."""
        found = {layer: self.columns.get(f"{measure}_{layer}") for layer in layers}
        return {
            layer: values
            for layer, values in found.items()
            if values is not None and np.isfinite(values[[0, -1]]).all()
        }
