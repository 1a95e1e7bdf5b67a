"""When rows are measured: log-spaced updates, ends of epochs, the window, the first and the last."""

import numpy as np
import pytest

from harness.engine.cadence import log_spaced, row_updates
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.stopping import Stopping

FIBONACCI = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144]


@pytest.mark.parametrize("budget", range(11))
def test_log_spaced_updates_end_at_the_budget(budget):
    assert log_spaced(budget) == [update for update in FIBONACCI if update <= budget]


def test_log_spaced_updates_are_each_the_sum_of_the_two_before():
    updates = log_spaced(100_000)
    assert updates[: len(FIBONACCI)] == FIBONACCI
    assert all(c == a + b for a, b, c in zip(updates[1:], updates[2:], updates[3:], strict=False))


def test_a_short_run_leaves_a_row_at_log_spaced_updates_and_at_every_end_of_an_epoch(make_run, train):
    # 12 samples in batches of 5: epochs end at 3, 6, 9, 12, ...
    run = make_run(feeding=Batch(batch_size=5), stopping=Stopping(epochs=6))
    _, rows = train(run)
    assert rows["update"].tolist() == [0, 1, 2, 3, 5, 6, 8, 9, 12, 13, 15, 18]
    np.testing.assert_allclose(rows["epoch"], rows["update"] / 3)


@pytest.mark.parametrize("rows", [2, 20, 200])
@pytest.mark.parametrize("per_epoch", [1, 34, 1077])
@pytest.mark.parametrize("epochs", [1, 30, 1000])
def test_rows_are_thinned_to_about_as_many_as_asked_for(rows, per_epoch, epochs):
    budget = epochs * per_epoch
    found = row_updates(Diagnostics(rows=rows), budget, per_epoch)
    assert (found[0], found[-1]) == (0, budget)
    assert found == sorted(set(found))
    spaced = log_spaced(budget)
    assert set(spaced) <= set(found)
    # Log-spaced updates are never thinned, nor is the last; epochs share what room they leave.
    assert len(found) <= max(rows, len(spaced) + 2)
    ends = {update for update in found if update % per_epoch == 0 and update > 0}
    assert len(ends) >= min(epochs, (rows - len(spaced)) // 2)


def test_thinned_ends_of_epochs_are_evenly_spaced():
    found = row_updates(Diagnostics(rows=100), 10_000, 10)
    ends = sorted(set(found) - set(log_spaced(10_000)))
    assert set(np.diff(ends[:-1])) <= {ends[1] - ends[0], 2 * (ends[1] - ends[0])}
    assert all(update % 10 == 0 for update in ends)


def test_a_window_records_every_update_between_its_two(make_run, train):
    run = make_run(
        feeding=SGD(), stopping=Stopping(epochs=5), diagnostics=Diagnostics(rows=2, window=(22, 31))
    )
    _, rows = train(run)
    assert set(range(22, 32)) <= set(rows["update"].tolist())
    assert not {35, 36, 37} & set(rows["update"].tolist())


@pytest.mark.parametrize("window", [(58, 70), (70, 80)])
def test_a_window_ends_with_the_run(window):
    found = row_updates(Diagnostics(window=window), 60, 12)
    assert found[-1] == 60


def test_a_run_that_ends_early_leaves_its_last_row(make_run, start_at, train):
    # Control readings every third epoch, rows far between: the run diverges where no row was due.
    run = make_run(
        output="identity",
        feeding=GD(learning_rate=1e80),
        stopping=Stopping(epochs=400, every=7),
        diagnostics=Diagnostics(rows=2),
    )
    state, rows = train(run)
    last = int(state.arrays.update[0])
    assert last < 400
    assert last not in row_updates(run.diagnostics, run.budget, run.per_epoch)
    assert rows["update"][-1] == last
    assert rows["update"].max() == last


def test_rows_of_a_stack_come_by_member_then_by_update(make_run, train):
    _, rows = train(*(make_run(seed=seed) for seed in range(3)))
    pairs = list(zip(rows["member"], rows["update"], strict=True))
    assert pairs == sorted(pairs)
    assert set(rows["member"]) == {0, 1, 2}


def test_all_columns_have_one_value_a_row(make_run, train):
    _, rows = train(make_run((4, 3)))
    assert len({len(values) for values in rows.values()}) == 1
