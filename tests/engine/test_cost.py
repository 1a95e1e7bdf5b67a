"""The axes of cost, against counting."""

from itertools import pairwise

import pytest

from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.stopping import Stopping


@pytest.mark.parametrize(
    "feeding",
    [GD(), SGD(), Batch(batch_size=5), Batch(batch_size=12), Batch(batch_size=1)],
    ids=lambda each: f"{each.name}-{each.epoch(12).batch}",
)
def test_samples_are_counted_batch_by_batch(make_run, train, feeding):
    run = make_run(
        feeding=feeding, stopping=Stopping(updates=40), diagnostics=Diagnostics(measures=(), window=(0, 40))
    )
    _, rows = train(run)
    seen, expected, batch = 0, [0], run.batch
    while len(expected) <= 40:
        for low in range(0, 12, batch):
            seen += len(range(12)[low : low + batch])
            expected.append(seen)
    assert rows["samples"].tolist() == expected[:41]


def multiplications(sizes):
    """Count the multiplications of weights' products for one sample, forward and backward, one by one."""
    count = 0
    pairs = list(pairwise(sizes))
    for fan_in, fan_out in pairs:
        for _ in range(fan_out):
            for _ in range(fan_in):
                count += 1  # a_i w_ij into z_j
    for layer, (fan_in, fan_out) in enumerate(pairs):
        for _ in range(fan_in):
            for _ in range(fan_out):
                count += 1  # a_i delta_j into dJ/dw_ij
                if layer:
                    count += 1  # w_ij delta_j into the delta of the layer below
    return count


@pytest.mark.parametrize("hidden", [(), (4,), (4, 7, 2)])
def test_multiply_adds_are_those_of_the_samples_trained_on(make_run, train, hidden):
    run = make_run(hidden, feeding=Batch(batch_size=5))
    _, rows = train(run)
    each = multiplications(run.network.sizes)
    assert rows["multiply_adds"].tolist() == [samples * each for samples in rows["samples"]]
