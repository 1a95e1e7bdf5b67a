"""Learning from samples as they come, each once."""

import numpy as np
import pytest

from harness import engine
from harness.engine.feeding import SGD, Batch
from harness.engine.losses import CrossEntropy
from harness.engine.run import Data, Split
from harness.engine.schedules import InverseTime
from harness.engine.stopping import Stopping
from harness.engine.update_rules import Adam, Plain


@pytest.mark.parametrize("rule", [Plain(), Adam()], ids=lambda each: each.name)
@pytest.mark.parametrize("feeding", [SGD, Batch])
def test_a_stream_teaches_what_an_epoch_in_the_order_given_teaches(make_run, make_data, feeding, rule):
    data = make_data(samples=70, columns=3)
    run = make_run(
        (6,),
        output="softmax",
        loss=CrossEntropy(),
        data=data,
        feeding=feeding(order="as_given"),
        update_rule=rule,
        schedule=InverseTime(decay=2.0),
        stopping=Stopping(epochs=1),
    )
    epoch, _ = engine.advance(engine.start([run]))
    batch = run.batch
    state = engine.start([run])
    # In pieces, as samples come: whole batches of the feeding's size each.
    for first in range(0, 70, 2 * batch):
        piece = slice(first, first + 2 * batch)
        state, _ = engine.learn(state, data.train.x[piece], data.train.y[piece])
    assert state.arrays.update.tolist() == [run.budget]
    # Samples known in advance are summed in another order than those that come one by one.
    tolerance = 1e-12 if run.in_blocks else 0
    np.testing.assert_allclose(
        state.arrays.parameters, epoch.arrays.parameters, rtol=tolerance, atol=tolerance
    )


def test_every_sample_is_judged_before_it_is_learnt_from(make_run, make_data):
    data = make_data(samples=30, columns=1)
    run = make_run(data=data, feeding=SGD(learning_rate=0.5))
    state, losses = engine.learn(engine.start([run]), data.train.x, data.train.y)
    assert losses.shape == (1, 30)
    before = engine.start([run])
    for sample in range(30):
        x, y = data.train.x[sample : sample + 1], data.train.y[sample : sample + 1]
        before, loss = engine.learn(before, x, y)
        assert loss.item() == losses[0, sample]
    assert np.array_equal(before.arrays.parameters, state.arrays.parameters)
    # The first loss is that of the initial weights.
    only = Split(data.train.x[:1], data.train.y[:1])
    untrained = make_run(data=Data(only, only, only, classifies=True), stopping=Stopping(updates=0))
    assert losses[0, 0] == engine.advance(engine.start([untrained]))[1]["train_loss"][0]


def test_each_run_of_a_stack_may_have_a_stream_of_its_own(make_run, make_data):
    splits = [make_data(samples=40, columns=1, seed=seed).train for seed in range(4)]
    runs = [make_run((5,), feeding=SGD(learning_rate=10.0**-seed), weights_seed=seed) for seed in range(4)]
    x, y = np.stack([each.x for each in splits]), np.stack([each.y for each in splits])
    together, losses = engine.learn(engine.start(runs), x, y)
    for member, (run, split) in enumerate(zip(runs, splits, strict=True)):
        alone, own = engine.learn(engine.start([run]), split.x, split.y)
        assert np.array_equal(alone.arrays.parameters[0], together.arrays.parameters[member])
        assert np.array_equal(own[0], losses[member])


def test_weights_scale_the_update_and_not_the_loss(make_run, make_data):
    split = make_data(samples=1, columns=1).train
    run = make_run(feeding=SGD())
    once, loss = engine.learn(engine.start([run]), split.x, split.y)
    twice, same = engine.learn(engine.start([run]), split.x, split.y, np.array([2.0]))
    assert loss == same
    start = run.initial_parameters()
    np.testing.assert_allclose(
        twice.arrays.parameters[0] - start, 2 * (once.arrays.parameters[0] - start), rtol=1e-12
    )


def test_no_samples_teach_nothing(make_run, make_data):
    split = make_data(columns=1).train
    state = engine.start([make_run()])
    after, losses = engine.learn(state, split.x[:0], split.y[:0])
    assert losses.shape == (1, 0)
    assert np.array_equal(after.arrays.parameters, state.arrays.parameters)


def test_a_trained_state_learns_on_but_a_stream_leaves_it_at_no_place_of_an_epoch(make_run, make_data):
    split = make_data(columns=1).train
    run = make_run()
    trained, _ = engine.advance(engine.start([run]))
    after, _ = engine.learn(trained, split.x, split.y)
    assert not np.array_equal(after.arrays.parameters, trained.arrays.parameters)
    with pytest.raises(ValueError, match="no place of an epoch"):
        engine.advance(after)
