"""Layers without a non-linearity are one linear map: the product of their matrices."""

from functools import reduce

import numpy as np

from harness.engine.network import forward
from harness.selfcheck.finding import Finding
from harness.sweeping.composing import compose
from harness.sweeping.preparing import prepare

SOURCE = "Baldi and Hornik 1989"
ROUNDING = 1e-12
DEEP = (
    "dataset=digits",
    "activation=identity",
    "architecture.hidden=[40,30,20]",
    "architecture.output=identity",
    "loss=mse",
    "initializer.bias_scale=1",
)


def linear_layers() -> list[Finding]:
    """Pass digits through four layers with biases, and through the product of their matrices."""
    run = prepare(compose(DEEP))
    train = run.data.train
    layers = run.network.layers(run.initial_parameters()[None])
    signals = run.network.workspace(1, len(train.x), np.float64).signals(1, len(train.x))
    forward(run.network, layers, train.features(bias=True)[None], signals)
    # A last column that passes the one on makes each layer with biases a matrix like any other.
    extended = [np.hstack([layer.matrix[0], np.eye(len(layer.matrix[0]))[:, -1:]]) for layer in layers]
    product = train.inputs(bias=True) @ reduce(np.matmul, extended)
    apart = float(np.abs(signals.a[-1][0].T - product[:, :-1]).max() / np.abs(product).max())
    what = "4 linear layers against the product of their matrices: outputs differ by"
    return [Finding(SOURCE, what, "0", apart, 0, ROUNDING)]
