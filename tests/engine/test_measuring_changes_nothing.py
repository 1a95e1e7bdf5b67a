"""Measuring draws nothing and changes nothing: weights are the same however often one looks."""

import numpy as np
import pytest

from harness import engine
from harness.engine.diagnostics import Diagnostics
from harness.engine.feeding import GD, SGD, Batch
from harness.engine.stopping import Stopping
from harness.engine.update_rules import Momentum

OFF = Diagnostics(measures=(), rows=2)
LOOKING = {
    "everything": Diagnostics(),
    "one measure": Diagnostics(measures=("update_ratio",)),
    "spreads and distance": Diagnostics(measures=("delta_spread", "activation_spread", "distance")),
    "curvature and parameters": Diagnostics(measures=("hessian_smallest", "parameters"), rows=3),
    "few rows": Diagnostics(rows=2),
    "every epoch": Diagnostics(rows=10_000),
    "every update": Diagnostics(window=(0, 10_000)),
    "a window": Diagnostics(measures=(), window=(5, 9)),
    "a small probe": Diagnostics(probe=2),
}
# Of this network the first rate hardly moves, the second comes to rest, the third diverges.
RATES = (0.001, 0.4, 1e30)


def state_after(make_run, data, feeding, rate, diagnostics):
    run = make_run(
        (5, 4),
        "relu",
        "identity",
        data=data,
        feeding=feeding(learning_rate=rate),
        update_rule=Momentum(momentum=0.5),
        stopping=Stopping(epochs=9, every=2, tolerance=0.02),
        diagnostics=diagnostics,
    )
    return engine.advance(engine.start([run]))


@pytest.mark.parametrize("look", LOOKING)
@pytest.mark.parametrize("feeding", [GD, SGD, Batch])
def test_weights_control_readings_and_outcome_do_not_depend_on_what_is_measured(
    make_run, make_data, feeding, look
):
    data = make_data(samples=40, columns=2, classifies=False)
    for rate in RATES:
        blind, few_rows = state_after(make_run, data, feeding, rate, OFF)
        seen, rows = state_after(make_run, data, feeding, rate, LOOKING[look])
        for name in (
            "parameters",
            "rule/velocity",
            "generator",
            "update",
            "readings",
            "outcome",
            "stopped_by",
        ):
            expected = blind.arrays.plain()[name]
            assert np.array_equal(seen.arrays.plain()[name], expected, equal_nan=True), name
        # Rows that both have agree in what both measure.
        both = np.isin(rows["update"], few_rows["update"])
        assert both.any()
        np.testing.assert_array_equal(rows["test_loss"][both], few_rows["test_loss"])


def test_nothing_by_layer_is_measured_when_it_is_off(make_run, train):
    _, rows = train(make_run(diagnostics=OFF))
    assert not [name for name in rows if name.endswith("_1") or name == "rho"]
    assert "train_loss" in rows
