"""Whether backpropagation gives the loss's gradient: a comparison with finite differences."""

from dataclasses import dataclass

import numpy as np

from harness.engine.arrays import Flags, Floats
from harness.engine.network import Layer, Signals, backward, forward
from harness.engine.run import Run, Split

STEP = 6e-6
"""About the cube root of float64's precision, where rounding and truncation errors balance."""

LIMIT = 1e-6
CHUNK = 64


@dataclass(frozen=True)
class GradientCheck:
    """How far one array's gradient is from finite differences.

    Attributes
    ----------
    name : str
        ``weights_1``, ``bias_1``, and so on by layer.
    error : float
        ||g - f|| / (||g|| + ||f||) over the entries checked; 0 where both are 0, not a number where
        no entry was checked.
    checked, skipped : int
        Entries compared, and entries left out because moving them crosses a rectifier's kink.
    """

    name: str
    error: float
    checked: int
    skipped: int

    @property
    def agrees(self) -> bool:
        """Return whether the error is below 1e-6, or nothing could be compared."""
        return self.checked == 0 or self.error < LIMIT


def check_gradients(run: Run, parameters: Floats, samples: int = 8) -> list[GradientCheck]:
    """Compare `backward` with central differences, f_i = (J(w + h e_i) - J(w - h e_i)) / 2h.

    J is the run's loss over its first training samples, with the run's reduction, in float64
    whatever its dtype. An entry is skipped if the sign of any rectifier's argument differs between
    w + h e_i and w - h e_i: the loss has no derivative somewhere between.

    Parameters
    ----------
    run : Run
    parameters : ndarray, shape (P,)
        Where to check, for example ``run.initial_parameters()``.
    samples : int
        At most this many samples of the training split; more cost time and meet more kinks.

    Returns
    -------
    list of GradientCheck
        One for each array of parameters, from the input to the output, weights before biases.

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning, eq. 5.69.
    """
    batch = Split(
        run.data.train.x[:samples].astype(np.float64), run.data.train.y[:samples].astype(np.float64)
    )
    point = np.asarray(parameters, np.float64)
    with np.errstate(all="ignore"):
        gradient = _gradient(run, batch, point)
        differences, smooth = _differences(run, batch, point)
    wanted, found, usable = (run.network.layers(each[None]) for each in (gradient, differences, smooth))
    checks = []
    for number, (g, f, keep) in enumerate(zip(wanted, found, usable, strict=True), start=1):
        checks.append(_compare(f"weights_{number}", g.weights, f.weights, keep.weights))
        if g.bias is not None and f.bias is not None and keep.bias is not None:
            checks.append(_compare(f"bias_{number}", g.bias, f.bias, keep.bias))
    return checks


def _compare(name: str, gradient: Floats, difference: Floats, smooth: Floats) -> GradientCheck:
    keep = smooth > 0
    g, f = gradient[keep], difference[keep]
    checked = int(keep.sum())
    apart, size = np.linalg.norm(g - f), np.linalg.norm(g) + np.linalg.norm(f)
    error = 0.0 if size == 0 else float(apart / size)
    return GradientCheck(name, error if checked else float("nan"), checked, keep.size - checked)


def _gradient(run: Run, batch: Split, parameters: Floats) -> Floats:
    network, count = run.network, len(batch.x)
    gradient = np.empty((1, len(parameters)))
    signals = Signals.empty(network, 1, count, np.float64)
    layers = network.layers(parameters[None])
    scale = 1 / count if run.loss.reduction == "mean" else 1.0
    x, y = batch.x[None], batch.y[None]
    forward(network, layers, x, signals)
    backward(network, run.loss, layers, x, y, signals, network.layers(gradient), scale)
    return gradient[0]


def _differences(run: Run, batch: Split, parameters: Floats) -> tuple[Floats, Floats]:
    """Return the difference quotient of every parameter, and 1 where no kink was crossed, else 0."""
    step = STEP * np.maximum(1, np.abs(parameters))
    differences, smooth = np.empty(len(parameters)), np.empty(len(parameters))
    for low in range(0, len(parameters), CHUNK):
        entries = np.arange(low, min(low + CHUNK, len(parameters)))
        count = len(entries)
        # The two sides of all entries of the chunk are one stack: first w + h e_i, then w - h e_i.
        moved = np.tile(parameters, (2 * count, 1))
        moved[np.arange(count), entries] += step[entries]
        moved[np.arange(count) + count, entries] -= step[entries]
        loss, active = _losses(run, batch, run.network.layers(moved))
        width = moved[np.arange(count), entries] - moved[np.arange(count) + count, entries]
        differences[entries] = (loss[:count] - loss[count:]) / width
        smooth[entries] = (active[:count] == active[count:]).all(axis=1)
    return differences, smooth


def _losses(run: Run, batch: Split, layers: list[Layer]) -> tuple[Floats, Flags]:
    """Return the loss of every parameter vector of a stack (S,), and which rectifiers pass (S, R)."""
    network, runs, count = run.network, len(layers[0].weights), len(batch.x)
    signals = Signals.empty(network, runs, count, np.float64)
    forward(network, layers, np.broadcast_to(batch.x, (runs, *batch.x.shape)), signals)
    each = run.loss.per_sample(network.output, signals.z[-1], signals.a[-1], batch.y[None])
    total: Floats = each.sum(axis=-1)
    if run.loss.reduction == "mean":
        total /= count
    rectifiers = [
        z.reshape(runs, -1) > 0
        for z, activation in zip(signals.z[:-1], network.activations, strict=True)
        if activation.rectifies
    ]
    return total, np.concatenate([np.ones((runs, 1), bool), *rectifiers], axis=1)
