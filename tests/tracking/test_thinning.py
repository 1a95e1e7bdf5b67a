"""Thinned histories keep the same updates for all runs of an arm, their ends always."""

from collections.abc import Callable

import pandas as pd

from harness.tracking import read
from harness.tracking.frames import thinned
from tests.tracking.stacks_to_deliver import held


def kept(points: int, **updates: list[int]) -> dict[str, list[int]]:
    """Return the updates kept of runs, each of the arm that its name begins with."""
    rows = pd.DataFrame([(run, update) for run, found in updates.items() for update in found],
                        columns=["run_id", "update"])  # fmt: skip
    left = rows[thinned(rows, {run: run[0] for run in updates}, points)]
    return {run: left.loc[left["run_id"] == run, "update"].tolist() for run in updates}


def test_runs_of_an_arm_keep_the_same_updates_and_those_that_stopped_their_last_one_besides() -> None:
    found = kept(4, a1=list(range(100)), a2=list(range(100)), a3=list(range(37)))
    assert found["a1"] == found["a2"]
    assert len(found["a1"]) == 4
    assert (found["a1"][0], found["a1"][-1], found["a3"][-1]) == (0, 99, 36)
    assert set(found["a3"][:-1]) <= set(found["a1"])


def test_where_runs_end_at_updates_of_their_own_points_are_those_that_all_have() -> None:
    planned = list(range(0, 300, 3))
    runs = {f"a{seed}": [update for update in planned if update < end] + [end]
            for seed, end in enumerate((100, 151, 200, 250, 292, 299))}  # fmt: skip
    found = kept(10, **runs)
    assert len(found["a5"]) == 10
    assert {run: updates[-1] for run, updates in found.items()} == {
        run: updates[-1] for run, updates in runs.items()
    }
    assert set(found["a5"][:-1]) <= set(planned)


def test_arms_of_other_budgets_are_thinned_by_their_own() -> None:
    found = kept(3, a1=[0, 10, 20, 30], b1=list(range(1000)))
    assert found["a1"][-1] == 30
    assert found["b1"][-1] == 999
    assert len(found["b1"]) == 3


def test_a_study_can_be_read_with_few_rows_and_says_the_same_at_its_end(
    app: Callable[..., object], store: str
) -> None:
    app("dataset=moons", "dataset.samples=60", "stopping.epochs=9", "activation=relu,tanh", "seed=0,1",
        "architecture.width=4", "executor=serial", "-m")  # fmt: skip
    (parent,) = held(store, "sweep")
    whole = read.study("adhoc", uri=store)
    few = read.outline("adhoc", parent.data.tags["harness.grid"], uri=store).record(5)
    assert len(few.history) == 4 * 5 < len(whole.history)
    pd.testing.assert_frame_equal(
        few.runs.sort_values("run_id", ignore_index=True), whole.runs.sort_values("run_id", ignore_index=True)
    )
    merged = few.history.merge(whole.history, on=["run_id", "update"], suffixes=("", "_whole"))
    assert len(merged) == len(few.history)
    assert merged["train_loss"].equals(merged["train_loss_whole"])
