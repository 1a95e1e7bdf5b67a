"""Whether backpropagation gives the loss's gradient: a comparison with finite differences."""

from dataclasses import dataclass

import numpy as np

from harness.engine.arrays import Flags, Floats
from harness.engine.network import Layer, Signals, backward, forward
from harness.engine.run import Run, Split

STEP = 6e-6
"""About the cube root of float64's precision, where rounding and truncation errors balance."""

LIMIT = 1e-6

ROUNDINGS = 4.0
"""How many roundings of the loss a difference may be off by: measured, they are half a one."""

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
    resolution : float
        The error that the rounding of the loss alone explains. It exceeds 1e-6 where gradients
        have vanished: differences of a loss near 1 cannot resolve them any better.
    """

    name: str
    error: float
    checked: int
    skipped: int
    resolution: float

    @property
    def agrees(self) -> bool:
        """Return whether the error is below 1e-6 or the resolution, or nothing could be compared."""
        return self.checked == 0 or self.error < max(LIMIT, self.resolution)


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
    checks = []
    # A gradient that is infinite or no number is found by comparing it, not by a warning.
    with np.errstate(all="ignore"):
        loss = _losses(run, batch, run.network.layers(point[None]))[0][0]
        arrays = (_gradient(run, batch, point), *_differences(run, batch, point))
        layers = zip(*(run.network.layers(each[None]) for each in arrays), strict=True)
        for number, (g, f, smooth) in enumerate(layers, start=1):
            checks.append(_compare(f"weights_{number}", g.weights, f.weights, smooth.weights, loss))
            if g.bias is not None and f.bias is not None and smooth.bias is not None:
                checks.append(_compare(f"bias_{number}", g.bias, f.bias, smooth.bias, loss))
    return checks


def _compare(name: str, gradient: Floats, difference: Floats, smooth: Floats, loss: float) -> GradientCheck:
    keep = smooth > 0
    checked, skipped = int(keep.sum()), int(keep.size - keep.sum())
    if not checked:
        return GradientCheck(name, float("nan"), checked, skipped, float("nan"))
    g, f = gradient[keep], difference[keep]
    apart, size = np.linalg.norm(g - f), np.linalg.norm(g) + np.linalg.norm(f)
    if size == 0:
        return GradientCheck(name, 0.0, checked, skipped, 0.0)
    rounding = ROUNDINGS * np.finfo(np.float64).eps * loss / (2 * STEP) * np.sqrt(checked)
    return GradientCheck(name, float(apart / size), checked, skipped, float(rounding / size))


def _gradient(run: Run, batch: Split, parameters: Floats) -> Floats:
    """Return what `backward` makes of the batch, shape (P,)."""
    network, count = run.network, len(batch.x)
    gradient: Floats = np.empty((1, len(parameters)))
    signals = Signals.empty(network, 1, count, np.float64)
    layers = network.layers(parameters[None])
    scale = 1 / count if run.loss.reduction == "mean" else 1.0
    x, y = batch.x[None], batch.y[None]
    forward(network, layers, x, signals)
    backward(network, run.loss, layers, x, y, signals, network.layers(gradient), scale)
    found: Floats = gradient[0]
    return found


def _differences(run: Run, batch: Split, parameters: Floats) -> tuple[Floats, Floats]:
    """Return the difference quotient of every parameter, and 1 where no kink was crossed, else 0."""
    step = STEP * np.maximum(1, np.abs(parameters))
    differences, smooth = np.empty(len(parameters)), np.empty(len(parameters))
    for low in range(0, len(parameters), CHUNK):
        entries = np.arange(low, min(low + CHUNK, len(parameters)))
        above, below = np.arange(len(entries)), np.arange(len(entries)) + len(entries)
        # Both sides of all entries of the chunk are one stack: first w + h e_i, then w - h e_i.
        moved = np.tile(parameters, (2 * len(entries), 1))
        moved[above, entries] += step[entries]
        moved[below, entries] -= step[entries]
        loss, active = _losses(run, batch, run.network.layers(moved))
        # What was added, after rounding.
        width = moved[above, entries] - moved[below, entries]
        differences[entries] = (loss[above] - loss[below]) / width
        smooth[entries] = (active[above] == active[below]).all(axis=1)
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
