"""The loss of the best constant output: the mark that a run has to get below."""

from math import log

import numpy as np
import pytest
from scipy.optimize import minimize

from harness.engine.losses import CrossEntropy, SquaredError
from harness.engine.outputs import OUTPUTS


def unbalanced(columns, classifies):
    draw = np.random.default_rng(2)
    if not classifies:
        return draw.normal(3, 2, (40, columns))
    if columns == 1:
        return (draw.random((40, 1)) < 0.3).astype(float)
    return np.eye(columns)[draw.choice(columns, 40, p=[0.6, 0.3, 0.1])]


def test_no_constant_logits_do_better(pairing):
    output, loss = OUTPUTS[pairing.output](), pairing.loss
    y = unbalanced(pairing.columns, pairing.output != "identity")

    def mean_loss(logits):
        z = np.broadcast_to(logits, y.shape).T[None].copy()
        a = np.empty_like(z)
        output.apply(z, out=a)
        return loss.per_sample(output, z, a, y.T[None]).mean()

    best = minimize(mean_loss, np.zeros(pairing.columns), method="BFGS", options={"gtol": 1e-9})
    assert loss.constant(output, y) == pytest.approx(best.fun, rel=1e-7)


def test_closed_forms_of_balanced_classes():
    one, ten = np.tile([[0.0], [1.0]], (5, 1)), np.eye(10)
    assert CrossEntropy().constant(OUTPUTS["sigmoid"](), one) == pytest.approx(log(2), rel=1e-14)
    assert CrossEntropy().constant(OUTPUTS["softmax"](), ten) == pytest.approx(log(10), rel=1e-14)
    assert SquaredError().constant(OUTPUTS["sigmoid"](), one) == pytest.approx(1 / 8, rel=1e-14)
    # Ten columns of variance 9/100 each, times 1/2.
    assert SquaredError().constant(OUTPUTS["softmax"](), ten) == pytest.approx(0.45, rel=1e-14)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_a_single_class_costs_a_constant_nothing(output):
    y = np.eye(3)[[1, 1, 1]]
    assert CrossEntropy().constant(OUTPUTS[output](), y) == 0
    assert SquaredError().constant(OUTPUTS[output](), y) == 0


def test_a_record_carries_it(make_run, train):
    from harness import engine

    run = make_run()
    state, _ = train(run)
    expected = run.loss.constant(run.network.output, run.data.train.y)
    assert engine.records(state)[0].constant_loss == expected
