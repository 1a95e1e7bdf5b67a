"""Early stopping with restored weights, and the schedule that reduces rates on a plateau."""

import numpy as np
import pytest

from harness import engine
from harness.engine.feeding import GD, Batch
from harness.engine.patience import Watch
from harness.engine.run import Data, Split
from harness.engine.schedules import Plateau
from harness.engine.stopping import Stopping


def column(*values):
    return np.array(values, float)[:, None]


@pytest.fixture
def one_weight(make_run, start_at):
    """Return what trains one weight w from 0 by GD at rate 1/2, validated against another optimum.

    Training loss (w - 1)^2 / 2, so w = 0, 1/2, 3/4, 7/8, ...; validation loss (w - best)^2 / 2.
    """

    def train(best, rate=0.5, schedule=None, **stopping):
        train_split = Split(column(1, -1), column(1, -1))
        validation = Split(column(1, -1), column(best, -best))
        run = make_run(
            (),
            output="identity",
            bias=False,
            data=Data(train_split, validation, validation, classifies=False),
            feeding=GD(learning_rate=rate),
            stopping=Stopping(**({"epochs": 12, "every": 1} | stopping)),
            **({} if schedule is None else {"schedule": schedule}),
        )
        state, rows = engine.advance(start_at(run, [0.0]))
        return engine.records(state)[0], rows, state

    return train


def test_patience_ends_a_run_and_its_best_weights_are_kept(one_weight):
    trained, rows, _ = one_weight(0.6, patience=2)
    assert (trained.stopped_by, trained.outcome) == ("patience", "converged")
    assert (trained.updates, trained.best_update) == (3, 1)
    assert trained.parameters["weights_1"].item() == 0.5
    # The last row is of the weights that are kept, those before are of the way there.
    assert rows["validation_loss"] == pytest.approx([0.18, 0.005, 0.01125, 0.005])
    assert rows["train_loss"] == pytest.approx([1 / 2, 1 / 8, 1 / 32, 1 / 8])
    assert rows["update"].tolist() == [0, 1, 2, 3]
    assert rows["weight_norm_1"][-1] == 0.5
    assert np.isfinite(rows["update_ratio_1"][-1])


def test_without_restoring_the_last_weights_are_kept(one_weight):
    trained, rows, _ = one_weight(0.6, patience=2, restore=False)
    assert (trained.stopped_by, trained.updates, trained.best_update) == ("patience", 3, 3)
    assert trained.parameters["weights_1"].item() == 0.875
    assert rows["train_loss"][-1] == pytest.approx(1 / 128)


def test_a_budget_that_ends_first_restores_too(one_weight):
    trained, _, _ = one_weight(0.6, epochs=2, patience=5)
    assert (trained.stopped_by, trained.updates, trained.best_update) == ("epochs", 2, 1)
    assert trained.parameters["weights_1"].item() == 0.5


def test_an_improvement_that_is_too_small_does_not_count(one_weight):
    # The training loss falls to a quarter each time, in three readings to a 64th.
    choices = {"monitor": "train", "patience": 3}
    assert one_weight(1.0, improvement=0.7, **choices)[0].stopped_by == "epochs"
    trained, _, _ = one_weight(1.0, improvement=0.99, **choices)
    assert (trained.stopped_by, trained.updates, trained.best_update) == ("patience", 3, 0)


def test_patience_counts_control_readings_not_epochs(one_weight):
    trained, _, _ = one_weight(0.6, patience=2, every=2)
    # Readings at updates 0, 2, 4, 6: the lowest at 2.
    assert (trained.updates, trained.best_update) == (6, 2)


def test_a_run_whose_start_was_best_learnt_nothing_it_keeps(one_weight):
    trained, _, _ = one_weight(-1.0, patience=3)
    assert (trained.stopped_by, trained.outcome, trained.best_update) == ("patience", "stalled", 0)
    assert trained.parameters["weights_1"].item() == 0


def test_a_diverged_run_keeps_the_weights_it_diverged_with(one_weight):
    trained, _, _ = one_weight(0.6, rate=4.0, patience=5)
    assert (trained.outcome, trained.stopped_by) == ("diverged", "divergence")
    assert trained.best_update == trained.updates
    assert abs(trained.parameters["weights_1"].item()) > 3


def test_a_loss_that_is_no_number_never_improves():
    lowest, waited = np.array([1.0, 1.0, np.inf]), np.zeros(3, np.int64)
    better = Watch("train", 2, 0.0).read(np.array([np.nan, 0.5, np.nan]), lowest, waited)
    assert better.tolist() == [False, True, False]
    assert lowest.tolist() == [1.0, 0.5, np.inf]
    assert waited.tolist() == [1, 0, 1]


def test_what_was_best_is_remembered_between_legs_of_one_update(make_run, make_data):
    runs = [
        make_run(
            (8,),
            "relu",
            data=make_data(samples=20, columns=1, seed=1),
            feeding=Batch(learning_rate=rate, batch_size=8),
            schedule=Plateau(patience=2, improvement=0.1),
            stopping=Stopping(epochs=40, every=1, patience=6),
            weights_seed=seed,
            order_seed=seed,
        )
        for seed, rate in enumerate([0.5, 2.0, 0.01])
    ]
    whole, _ = engine.advance(engine.start(runs))
    assert len({trained.best_update for trained in engine.records(whole)}) > 1
    assert (whole.arrays.rate_factor < 1).any()
    state = engine.start(runs)
    while not state.finished:
        state, _ = engine.advance(state, 1)
    for name, values in whole.arrays.plain().items():
        assert np.array_equal(values, state.arrays.plain()[name], equal_nan=True), name


def test_a_plateau_reduces_the_rate(one_weight):
    # At rate 2 the weight jumps between 0 and 2 and the loss stays at 1/2; once the rate is 1 the
    # next update ends at the optimum.
    schedule = Plateau(drop=0.5, patience=3, monitor="train")
    trained, rows, state = one_weight(1.0, rate=2.0, schedule=schedule)
    at = dict(zip(rows["update"].tolist(), rows["train_loss"].tolist(), strict=True))
    assert [at[update] for update in (0, 1, 2, 3)] == [0.5] * 4
    assert at[4] == 0
    assert trained.parameters["weights_1"].item() == 1
    # The loss cannot fall below 0: readings 5 to 12 wait, and the rate drops after 7 and 10.
    assert state.arrays.rate_factor.tolist() == [0.125]


def test_the_rate_falls_no_lower_than_the_final_factor(one_weight):
    schedule = Plateau(drop=0.5, patience=1, monitor="train", final=0.2)
    _, _, state = one_weight(1.0, rate=2.0, schedule=schedule)
    assert state.arrays.rate_factor.tolist() == [0.2]


def test_the_schedule_watches_the_validation_loss_where_asked(one_weight):
    # Validation is best at the start: from then on every reading waits.
    falls = one_weight(-1.0, rate=0.1, schedule=Plateau(patience=4), epochs=8)[2]
    assert falls.arrays.rate_factor.tolist() == [0.25]
    stays = one_weight(-1.0, rate=0.1, schedule=Plateau(patience=4, monitor="train"), epochs=8)[2]
    assert stays.arrays.rate_factor.tolist() == [1.0]
