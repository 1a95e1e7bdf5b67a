"""One update worked out on paper, with weights chosen so that every number is simple."""

from math import log

import numpy as np
import pytest

from harness import engine
from harness.engine.feeding import GD
from harness.engine.losses import CrossEntropy, SquaredError
from harness.engine.run import Data, Split
from harness.engine.stopping import Stopping

ln2, ln3 = log(2), log(3)


def one_sample(x, y):
    split = Split(np.array([x], float), np.array([y], float))
    return Data(split, split, split, classifies=True)


def one_update(make_run, start_at, parameters, hidden, activation, data, loss, rate):
    run = make_run(
        hidden,
        activation,
        data=data,
        loss=loss,
        feeding=GD(learning_rate=rate),
        stopping=Stopping(updates=1),
    )
    state, rows = engine.advance(start_at(run, parameters))
    return engine.records(state)[0].parameters, rows


# 1-1-1, sigmoid, squared error 1/2 (a - y)^2, one sample x = 1, y = 1, rate 1.
# Forward, with sigma(ln 3) = 3/4 and sigma(ln 2) = 2/3:
#   z1 = 1 ln 3 + 0            = ln 3    a1 = 3/4
#   z2 = 3/4 (4/3 ln 2) + 0    = ln 2    a2 = 2/3    J = 1/2 (1/3)^2 = 1/18
# Backward, with sigma' = a (1 - a):
#   delta2 = (2/3 - 1) (2/3)(1/3)          = -2/27
#   dJ/dw2 = a1 delta2 = -1/18             dJ/db2 = -2/27
#   delta1 = delta2 w2 a1 (1 - a1) = -2/27 (4/3 ln 2)(3/16) = -ln 2 / 54 = dJ/dw1 = dJ/db1
def test_sigmoid_network_of_one_unit_a_layer(make_run, start_at):
    found, rows = one_update(
        make_run,
        start_at,
        [ln3, 0, 4 / 3 * ln2, 0],
        (1,),
        "sigmoid",
        one_sample([1], [1]),
        SquaredError(),
        1.0,
    )
    expected = {
        "weights_1": [[ln3 + ln2 / 54]],
        "bias_1": [ln2 / 54],
        "weights_2": [[4 / 3 * ln2 + 1 / 18]],
        "bias_2": [2 / 27],
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-14)
    # The row of update 0 holds the same numbers: the loss, |dJ/dw| and |delta| by layer.
    start = {name: values[0] for name, values in rows.items()}
    assert start["train_loss"] == pytest.approx(1 / 18, rel=1e-14)
    assert start["gradient_norm_1"] == pytest.approx(ln2 / 54, rel=1e-14)
    assert start["gradient_norm_2"] == pytest.approx(1 / 18, rel=1e-14)
    assert start["delta_rms_2"] == pytest.approx(2 / 27, rel=1e-14)
    assert start["weight_norm_1"] == pytest.approx(ln3, rel=1e-14)


# 3-3-2-1, ReLU inside, one logistic output, cross-entropy, x = (1, 2, -1), y = 0, rate 1/10.
#   W1 = [[1, 1, 0], [1, -1, 1], [1, 0, 1]], b1 = 0:  z1 = (2, -1, 1)   a1 = (2, 0, 1)
#   W2 = [[1, 1], [5, 7], [-1, 0]], b2 = (0, 1):      z2 = (1, 3)       a2 = (1, 3)
#   w3 = (-2 ln 3, ln 3), b3 = 0:                     z3 = ln 3         a3 = 3/4    J = -ln(1 - 3/4) = ln 4
# Backward:
#   delta3 = a3 - y = 3/4                     dW3 = a2 delta3 = (3/4, 9/4)
#   delta2 = delta3 w3 [z2 > 0] = (-3/2 ln 3, 3/4 ln 3)
#   dW2 = a1 delta2:  2 delta2, 0, 1 delta2 by row
#   delta1 = (delta2 W2^T) [z1 > 0]: unit 1: -3/2 + 3/4 = -3/4;  unit 2: z < 0, so 0;  unit 3: 3/2
#            = (-3/4 ln 3, 0, 3/2 ln 3)       dW1 = x delta1
def test_relu_network_with_a_logistic_output(make_run, start_at):
    w1 = np.array([[1, 1, 0], [1, -1, 1], [1, 0, 1]], float)
    w2 = np.array([[1, 1], [5, 7], [-1, 0]], float)
    w3 = np.array([[-2 * ln3], [ln3]])
    start = np.concatenate([w1.ravel(), [0, 0, 0], w2.ravel(), [0, 1], w3.ravel(), [0]])
    found, rows = one_update(
        make_run, start_at, start, (3, 2), "relu", one_sample([1, 2, -1], [0]), CrossEntropy(), 0.1
    )
    delta2 = np.array([-1.5 * ln3, 0.75 * ln3])
    delta1 = np.array([-0.75 * ln3, 0, 1.5 * ln3])
    expected = {
        "weights_1": w1 - 0.1 * np.array([delta1, 2 * delta1, -delta1]),
        "bias_1": -0.1 * delta1,
        "weights_2": w2 - 0.1 * np.array([2 * delta2, 0 * delta2, delta2]),
        "bias_2": np.array([0, 1]) - 0.1 * delta2,
        "weights_3": w3 - 0.1 * np.array([[3 / 4], [9 / 4]]),
        "bias_3": [-0.075],
    }
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-14, atol=1e-15)
    assert rows["train_loss"][0] == pytest.approx(log(4), rel=1e-14)
    # rho = delta_rms_1 / delta_rms_2, of 3 and 2 units: the roots of 15/16 and 45/32, times ln 3.
    assert rows["rho"][0] == pytest.approx((15 / 16 / (45 / 32)) ** 0.5, rel=1e-14)


# One linear unit without bias, two samples: J = mean of 1/2 (w x - y)^2, dJ/dw = mean of (w x - y) x.
# w = 1; (x, y) = (1, 0) and (2, 1): errors 1 and 1, dJ/dw = (1 + 2) / 2 = 3/2.
#   plain, rate 1/4:            w = 1 - 3/8 = 5/8
#   again: errors 5/8 and 1/4:  dJ/dw = (5/8 + 1/2) / 2 = 9/16
#   plain:                      w = 5/8 - 9/64 = 31/64
#   momentum 1/2:               v = 1/2 (3/2) + 9/16 = 21/16, w = 5/8 - 21/64 = 19/64
@pytest.mark.parametrize(("rule", "expected"), [("plain", 31 / 64), ("momentum", 19 / 64)])
def test_two_updates_of_a_linear_unit(make_run, start_at, rule, expected):
    from harness.engine.update_rules import Momentum, Plain

    split = Split(np.array([[1.0], [2.0]]), np.array([[0.0], [1.0]]))
    run = make_run(
        (),
        output="identity",
        bias=False,
        data=Data(split, split, split, classifies=False),
        feeding=GD(learning_rate=0.25),
        update_rule=Plain() if rule == "plain" else Momentum(momentum=0.5),
        stopping=Stopping(updates=2),
    )
    state, _ = engine.advance(start_at(run, [1.0]))
    # Powers of two all the way: nothing is rounded.
    assert state.arrays.parameters[0, 0] == expected
