"""Nielsen's one neuron: how long squared error waits where a sigmoid is saturated."""

from dataclasses import replace

import numpy as np
from scipy.special import expit

from harness import engine
from harness.engine.activations import Activation
from harness.engine.arrays import Floats
from harness.engine.losses import CrossEntropy, Loss, SquaredError
from harness.engine.network import Network
from harness.engine.outputs import SigmoidOutput
from harness.engine.run import Data, Split
from harness.engine.state import State
from harness.selfcheck.finding import Finding, printed
from harness.sweeping.composing import compose
from harness.sweeping.preparing import prepare

SOURCE = "Nielsen 2015, ch. 3"
NO_HIDDEN: tuple[Activation, ...] = ()


def one_neuron(
    x: Floats, y: Floats, *, loss: Loss, rate: float, epochs: int, start: Floats, bias: bool = True
) -> State:
    """Return one sigmoid unit under GD, before its first update, at given parameters.

    Parameters
    ----------
    x, y : ndarray, shape (N, D) and (N, 1)
    start : ndarray, shape (S, D) or (S, D + 1)
        The weights, and the bias last: S of them, trained as a stack.
    """
    settings = ("dataset=xor", "optimizer=gd", f"optimizer.learning_rate={rate}", f"stopping.epochs={epochs}")
    run = prepare(compose([*settings, "diagnostics=off"]))
    split = Split(x, y)
    neuron = Network((x.shape[1], 1), bias, NO_HIDDEN, SigmoidOutput())
    run = replace(run, network=neuron, loss=loss, data=Data(split, split, split, False))
    state = engine.start([run] * len(start))
    state.arrays.parameters[:] = start
    state.arrays.initial[:] = start
    return state


def nielsen_neuron() -> list[Finding]:
    """Train x = 1 to answer 0 from two starts, at rate 0.15."""
    mild, bad = _answers((0.6, 0.9), SquaredError()), _answers((2.0, 2.0), SquaredError())
    steep = _answers((2.0, 2.0), CrossEntropy())
    return [
        printed(SOURCE, "squared error from w = 0.6, b = 0.9: output at the start", "0.82", mild[0]),
        printed(SOURCE, "the same: output after 300 epochs", "0.09", mild[300]),
        printed(SOURCE, "squared error from w = b = 2: output at the start", "0.98", bad[0]),
        Finding(SOURCE, "the same: output after 150 epochs, flat until then", "slow", bad[150], 0.9, 0.98),
        printed(SOURCE, "the same: output after 300 epochs", "0.20", bad[300]),
        Finding(SOURCE, "cross-entropy from w = b = 2: output after 50 epochs", "steep", steep[50], 0, 0.2),
    ]


def _answers(start: tuple[float, float], loss: Loss) -> list[float]:
    """Return the neuron's output to x = 1 before each of 301 epochs."""
    one = np.ones((1, 1))
    state = one_neuron(one, 0 * one, loss=loss, rate=0.15, epochs=300, start=np.array([start]))
    logits = [float(state.arrays.parameters.sum())]
    for _ in range(300):
        state, _ = engine.advance(state, 1)
        logits.append(float(state.arrays.parameters.sum()))
    return [float(answer) for answer in expit(logits)]
