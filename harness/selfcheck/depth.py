"""What depth does to signals before any training: published norms, spreads and variances."""

from math import sqrt

import numpy as np

from harness.engine.network import forward
from harness.selfcheck.finding import Finding, within
from harness.sweeping.composing import compose
from harness.sweeping.preparing import prepare
from harness.sweeping.trainer import train

NIELSEN, GLOROT, HE = "Nielsen 2015, ch. 5", "Glorot and Bengio 2010", "He et al. 2015"

NIELSENS = (
    "architecture.width=30",
    "architecture.output=sigmoid",
    "activation=sigmoid",
    "initializer=lecun",
    "initializer.bias_scale=1",
    "dataset.samples=1000",
    "diagnostics.probe=1000",
)
"""30 sigmoid units a layer, weights N(0, 1/n), biases N(0, 1), sigmoid outputs with cross-entropy."""
PUBLISHED = {2: (0.07, 0.31), 3: (0.012, 0.060, 0.283), 4: (0.003, 0.017, 0.070, 0.285)}
"""Norms of the gradient by each hidden layer's biases, on the first 1,000 images of MNIST."""
SEEDS = 20
OTHER_DATA = 1.6
"""By what factor figures may differ that were found on other data, with other draws."""


def bias_gradients() -> list[Finding]:
    """Return the norms of bias gradients by hidden layer: Nielsen's setting, on digits."""
    found = []
    for depth, published in PUBLISHED.items():
        asked = (*NIELSENS, f"architecture.depth={depth}")
        norms = [_at_start("bias_gradient_norm", *asked, f"seed={seed}")[:depth] for seed in range(SEEDS)]
        ours = map(float, np.median(norms, axis=0))
        for layer, (theirs, norm) in enumerate(zip(published, ours, strict=True), start=1):
            what = f"{depth} hidden layers: norm of the bias gradient of layer {layer}, on digits"
            found.append(within(NIELSEN, what, theirs, norm, OTHER_DATA))
    return found


STANDARD = ("initializer=lecun", f"initializer.gain={1 / sqrt(3)}", "initializer.distribution=uniform")
"""U(-1/sqrt n, 1/sqrt n): n Var[W] = 1/3 (Glorot and Bengio 2010, eq. 1)."""
NORMALISED = ("initializer=xavier", "initializer.distribution=uniform")
"""Their eq. 16."""
FIVE_BY_1000 = ("activation=tanh", "architecture.depth=5", "architecture.width=1000", "dataset.samples=100")


def tanh_spreads() -> list[Finding]:
    """Return how spreads change through five layers of 1,000 tanh units."""
    plain, normalised = (*FIVE_BY_1000, *STANDARD), (*FIVE_BY_1000, *NORMALISED)
    deltas, evened = _at_start("delta_spread", *plain), _at_start("delta_spread", *normalised)
    # Layers 2 to 5 are of one shape: their gradients' norms compare as their spreads do.
    gradients = _at_start("gradient_norm", *plain)
    jacobian = "mean singular value of a layer's Jacobian"
    return [
        within(GLOROT, f"5 x 1,000 tanh, U(±1/√n): {jacobian}", 0.5, _singular(*plain), 1.1),
        within(GLOROT, f"5 x 1,000 tanh, normalised: {jacobian}", 0.8, _singular(*normalised), 1.1),
        within(
            GLOROT,
            "U(±1/√n): spread of δ, layer 2 by layer 5, (n Var W)^(3/2)",
            3**-1.5,
            deltas[1] / deltas[4],
            1.25,
        ),
        within(
            GLOROT,
            "U(±1/√n): spread of weight gradients, the same layers",
            1.0,
            gradients[1] / gradients[4],
            1.25,
        ),
        within(GLOROT, "normalised: spread of δ, the same layers", 1.0, evened[1] / evened[4], 1.25),
    ]


DEEP = ("activation=relu", "architecture.width=256", "dataset.samples=100")


def relu_variances() -> list[Finding]:
    """Return how activations shrink through 22 and 30 ReLU layers, by Xavier's and He's initial weights."""
    found = []
    for depth in (22, 30):
        for initializer, theirs in (("xavier", sqrt(0.5) ** (depth - 1)), ("he", 1.0)):
            asked = (*DEEP, f"architecture.depth={depth}", f"initializer={initializer}")
            spreads = np.array([_at_start("activation_spread", *asked, f"seed={seed}") for seed in range(5)])
            ours = float(np.median(spreads[:, depth - 1] / spreads[:, 0]))
            what = f"{depth} ReLU layers, {initializer}: spread of activations, last layer by first"
            found.append(within(HE, what, theirs, ours, 2.0))
    return found


def _start(measure: str, *overrides: str) -> list[str]:
    """Return the configuration of a run on digits that measures its start, and trains nothing."""
    nothing = ("dataset=digits", "dataset.split=none", "stopping.updates=0")
    return [*nothing, f"diagnostics.measures=[{measure}]", *overrides]


def _at_start(measure: str, *overrides: str) -> list[float]:
    """Return a measure by layer before the first update."""
    (record,) = train([compose(_start(measure, *overrides))])
    layers = sum(name.startswith(f"{measure}_") for name in record.columns)
    return [float(record.columns[f"{measure}_{layer}"][0]) for layer in range(1, layers + 1)]


def _singular(*overrides: str) -> float:
    """Return the mean singular value of da_3/da_2 at a sample."""
    run = prepare(compose(_start("delta_rms", *overrides)))
    network = run.network
    layers = network.layers(run.initial_parameters()[None])
    signals = network.workspace(1, 1, run.dtype).signals(1, 1)
    forward(network, layers, run.data.train.features(network.bias)[None, :, :1].copy(), signals)
    # By tanh' = 1 - a^2.
    jacobian = layers[2].weights[0] * (1 - signals.a[2][0, :, 0] ** 2)
    return float(np.linalg.svd(jacobian, compute_uv=False).mean())
