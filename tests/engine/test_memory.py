"""Memory in the middle of a training: an epoch takes no more of it for having more batches.

NumPy reports its arrays to tracemalloc, so what is traced is everything that the engine holds. It is read
from within, by an activation that looks at the memory whenever a whole split passes: when a row is measured.
"""

import tracemalloc
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pytest

from harness import engine
from harness.engine.activations import Tanh
from harness.engine.feeding import SGD, Batch
from harness.engine.schedules import Constant, Cosine
from harness.engine.stopping import Stopping
from harness.engine.update_rules import Adam, Plain

SAMPLES = 1000
FEEDINGS = {10: Batch(batch_size=100), 100: Batch(batch_size=10), 1000: SGD()}
CHOICES = {
    "plain": {"update_rule": Plain(), "schedule": Constant()},
    "all that is kept": {"update_rule": Adam(l2=0.1, clip_norm=1.0), "schedule": Cosine()},
}


@dataclass(frozen=True)
class Watching(Tanh):
    """Notes, at each row, the bytes in use and the most since the row before."""

    seen: list[tuple[int, int]] = field(default_factory=list, compare=False)

    def apply(self, z: np.ndarray, out: np.ndarray) -> None:
        super().apply(z, out)
        if z.shape[-1] == SAMPLES:
            self.seen.append(tracemalloc.get_traced_memory())
            tracemalloc.reset_peak()


@dataclass(frozen=True)
class ThirdEpoch:
    """Its rows; by how many bytes what was in use grew, and by how many the most exceeded the start."""

    rows: int
    growth: int
    excess: int


@pytest.fixture(scope="module", params=CHOICES)
def third_epoch(request, make_run, make_data):
    """Return what trains four epochs of some batches and tells of the third."""

    @cache
    def measure(batches):
        watching = Watching()
        run = make_run(
            (6,),
            output="softmax",
            data=make_data(samples=SAMPLES, features=8, columns=3, one_split=True),
            feeding=FEEDINGS[batches],
            stopping=Stopping(epochs=4, tolerance=1e-12),
            **CHOICES[request.param],
        )
        assert run.per_epoch == batches
        state = engine.start([replace(run, network=replace(run.network, activations=(watching,)))])
        tracemalloc.start()
        try:
            _, rows = engine.advance(state)
        finally:
            tracemalloc.stop()
        assert len(watching.seen) == len(rows["update"])
        first, last = np.searchsorted(rows["update"], [2 * batches, 3 * batches])
        in_use = [now for now, _ in watching.seen]
        most = max(peak for _, peak in watching.seen[first + 1 : last + 1])
        return ThirdEpoch(last - first, in_use[last] - in_use[first], most - in_use[first])

    return measure


@pytest.mark.parametrize("batches", FEEDINGS)
def test_the_third_epoch_needs_less_than_256_kib_whatever_its_batches(third_epoch, batches):
    assert third_epoch(batches).excess < 256 * 1024


def test_no_batch_leaves_anything_behind(third_epoch):
    few, many = third_epoch(10), third_epoch(1000)
    # What stays are rows, of which there are as many.
    assert few.rows == many.rows
    # Two bytes a batch: not even a number in a list would pass.
    assert abs(many.growth - few.growth) < 2 * 1000
