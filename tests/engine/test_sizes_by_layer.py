"""Sizes of outputs and of weight gradients by layer: what tells small outputs from flat ones."""

import numpy as np
import pytest

from harness.engine.diagnostics import Diagnostics
from harness.engine.diagnostics.choice import DIAGNOSTICS
from harness.engine.initializers import Zeros
from harness.engine.stopping import Stopping

START = Stopping(updates=0)


def start(make_run, train, *measures, hidden, **choices):
    """Return the first row of a network with those measures."""
    diagnostics = Diagnostics(measures=measures)
    _, rows = train(make_run(hidden, stopping=START, diagnostics=diagnostics, **choices))
    return {name: column[0] for name, column in rows.items()}


# All weights 0: every sigmoid unit answers 1/2 to every sample.
def test_outputs_that_do_not_differ_may_be_large(make_run, train):
    measures = ("activation_rms", "activation_spread")
    row = start(
        make_run, train, *measures, hidden=(4, 3), activation="sigmoid", initializer=Zeros(), bias=False
    )
    assert row["activation_rms_1"] == row["activation_rms_2"] == 0.5
    assert row["activation_spread_1"] == row["activation_spread_2"] == 0


def test_weight_gradients_change_from_layer_to_layer_whatever_the_layers_sizes(make_run, train):
    hidden = (4, 3, 5, 2)
    row = start(make_run, train, "gradient_decay", "gradient_norm", hidden=hidden, activation="tanh")
    sizes = np.multiply(hidden[:-1], hidden[1:])
    by_entry = [row[f"gradient_norm_{layer}"] / np.sqrt(size) for layer, size in enumerate(sizes, start=2)]
    assert row["gradient_decay"] == pytest.approx((by_entry[0] / by_entry[-1]) ** (1 / 2))


def test_two_hidden_layers_have_no_weights_to_compare(make_run, train):
    assert np.isnan(start(make_run, train, "gradient_decay", hidden=(4, 3))["gradient_decay"])


@pytest.mark.parametrize("name", DIAGNOSTICS)
def test_they_are_measured_on_request_only(name):
    assert not {"activation_rms", "gradient_decay"} & set(DIAGNOSTICS[name]().measures)
