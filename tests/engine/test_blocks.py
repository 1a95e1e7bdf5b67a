"""Plain SGD in blocks of samples against the path that takes one sample at a time."""

import numpy as np
import pytest

from harness import engine
from harness.engine.arrays import arithmetic
from harness.engine.batches import Batches
from harness.engine.blocks import BLOCK, Blocks
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import SGD, Batch
from harness.engine.losses import CrossEntropy
from harness.engine.rates import Rates
from harness.engine.schedules import InverseTime
from harness.engine.stopping import Stopping
from harness.engine.update_rules import Plain

SAMPLES = 2 * BLOCK + 7


def trained_by(path, run, cuts=()):
    """Train one epoch in the order given by `path`, interrupted after the updates `cuts`."""
    arrays = engine.start([run]).arrays.copy()
    rates, made = Rates([run], arrays.rate_factor), 0
    with arithmetic():
        for until in (*cuts, run.per_epoch):
            path([run], arrays, rates).train(made, until - made, made)
            made = until
    return arrays


@pytest.mark.parametrize("hidden", [(), (5,), (6, 4, 3)], ids=len)
@pytest.mark.parametrize("bias", [True, False], ids=["biases", "no-biases"])
@pytest.mark.parametrize("weighted", [True, False], ids=["weighted", "unweighted"])
def test_a_block_makes_the_updates_of_its_samples(make_run, make_data, pairing, hidden, bias, weighted):
    run = make_run(
        hidden,
        "sigmoid",
        pairing.output,
        bias,
        make_data(
            samples=SAMPLES,
            columns=pairing.columns,
            classifies=pairing.output != "identity",
            weighted=weighted,
        ),
        loss=pairing.loss,
        feeding=SGD(learning_rate=0.05, order="as_given"),
        schedule=InverseTime(decay=3.0),
    )
    blocks, twin = trained_by(Blocks, run), trained_by(Batches, run)
    np.testing.assert_allclose(blocks.parameters, twin.parameters, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(blocks.moved, twin.moved, rtol=1e-9)
    assert np.array_equal(blocks.moves, twin.moves)
    assert np.abs(blocks.parameters - blocks.initial).max() > 1e-3


@pytest.mark.parametrize("cuts", [(1,), (BLOCK,), (BLOCK - 1, BLOCK + 1), (5, 6, 7, 40, 64, 66)], ids=str)
def test_an_event_within_a_block_changes_no_bit(make_run, make_data, cuts):
    data = make_data(samples=SAMPLES, columns=3, dtype="float32")
    run = make_run(
        (7, 4),
        "relu",
        "softmax",
        data=data,
        dtype="float32",
        loss=CrossEntropy(),
        feeding=SGD(order="as_given"),
    )
    whole, cut = trained_by(Blocks, run), trained_by(Blocks, run, cuts)
    for name, values in whole.plain().items():
        assert np.array_equal(values, cut.plain()[name], equal_nan=True), name


def test_measuring_every_update_changes_no_bit(make_run, make_data):
    data = make_data(samples=SAMPLES, columns=1)
    found = []
    for diagnostics in (Diagnostics(measures=(), rows=2), Diagnostics(window=(0, 3 * SAMPLES))):
        run = make_run((5,), data=data, feeding=SGD(), stopping=Stopping(epochs=3), diagnostics=diagnostics)
        state, rows = engine.advance(engine.start([run]))
        found.append((state.arrays.parameters, len(rows["update"])))
    assert found[1][1] == 3 * SAMPLES + 1 > found[0][1]
    assert np.array_equal(found[0][0], found[1][0])


def test_only_plain_updates_of_single_samples_go_by_blocks(make_run):
    assert make_run(feeding=SGD()).in_blocks
    assert make_run(feeding=Batch(batch_size=1)).in_blocks
    assert not make_run(feeding=Batch(batch_size=2)).in_blocks
    assert not make_run(feeding=SGD(), update_rule=Plain(l2=0.1)).in_blocks
