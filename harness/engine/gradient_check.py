"""Whether backpropagation gives the loss's gradient: a comparison with finite differences."""

from dataclasses import dataclass

import numpy as np

from harness.engine.arrays import Flags, Floats, Integers, arithmetic
from harness.engine.network import Layer, Network, backward, forward
from harness.engine.run import Run
from harness.streams import stream

STEP = 6e-6
"""About the cube root of float64's precision, where rounding and truncation errors balance."""

LIMIT = 1e-6

ROUNDINGS = 4.0
"""How many roundings of the loss a difference may be off by: measured, they are half a one."""

CURVATURES = 4.0
"""How often a difference may be off by what it changes when its step is a quarter: by theory 16/15."""

CHUNK = 64
CHUNK_BYTES = 1 << 22
"""Of a large network fewer entries than `CHUNK` are moved at once: what is moved should fit a cache."""


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
        The error that the differences explain themselves, by the rounding of the loss and, where
        the loss bends within a step, by how they depend on the step. It exceeds 1e-6 where
        gradients have vanished (differences of a loss near 1 cannot resolve them any better) and
        in networks of very large weights.
    """

    name: str
    error: float
    checked: int
    skipped: int
    resolution: float

    @property
    def limit(self) -> float:
        """Return what the error has to stay below: 1e-6, or the resolution where that is coarser."""
        return max(LIMIT, self.resolution)

    @property
    def agrees(self) -> bool:
        """Return whether the error is below the limit, or nothing could be compared."""
        return self.checked == 0 or self.error < self.limit


def check_gradients(
    run: Run, parameters: Floats, samples: int = 8, entries: int | None = None
) -> list[GradientCheck]:
    """Compare `backward` with central differences, f_i = (J(w + h e_i) - J(w - h e_i)) / 2h.

    J is the run's loss over its first training samples, with the run's reduction and the samples'
    weights, in float64 whatever its dtype. An entry is skipped if the sign of any rectifier's
    argument differs between w + h e_i and w - h e_i: the loss has no derivative somewhere between.

    Parameters
    ----------
    run : Run
    parameters : ndarray, shape (P,)
        Where to check, for example ``run.initial_parameters()``.
    samples : int
        At most this many samples of the training split; more cost time and meet more kinks.
    entries : int or None
        At most this many entries of each array, drawn from the stream ``checks`` of the seed of
        the weights; None: all. A wrong formula shows in any of them, a single wrong entry may not.

    Returns
    -------
    list of GradientCheck
        One for each array of parameters, from the input to the output, weights before biases.

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning, eq. 5.69.
    """
    batch = _batch(run, samples)
    point = np.asarray(parameters, np.float64)
    checks = []
    # A gradient that is infinite or no number is found by comparing it, not by a warning.
    with arithmetic():
        gradient, rounding = _gradient(run, batch, point)
        for name, places in _chosen(run, entries).items():
            g = gradient[places]
            f, smooth = _differences(run, batch, point, places, STEP)
            check = _compare(name, g, f, smooth, rounding, 0 * f)
            if not check.agrees:
                # If it is the differences that are wrong, they change with their step.
                finer, _ = _differences(run, batch, point, places, STEP / 4)
                check = _compare(name, g, f, smooth, rounding, finer - f)
            checks.append(check)
    return checks


@dataclass(frozen=True, eq=False)
class Batch:
    """x (1, D, B) as the network takes it, y (1, K, B), and what multiplies each loss, (1, 1, B)."""

    x: Floats
    y: Floats
    scale: Floats


def _batch(run: Run, samples: int) -> Batch:
    train = run.data.train
    x, y = train.inputs(run.network.bias)[:samples], train.y[:samples]
    scale = np.ones(len(x)) if train.weight is None else train.weight[:samples].astype(np.float64)
    if run.loss.reduction == "mean":
        scale = scale / len(x)
    return Batch(x.T[None].astype(np.float64), y.T[None].astype(np.float64), scale[None, None])


def _chosen(run: Run, entries: int | None) -> dict[str, Integers]:
    """Return where in a parameter vector (P,) the entries to check of each array lie."""
    draw = stream(run.weights_seed, "checks")

    def some(places: Integers) -> Integers:
        few = entries is not None and entries < len(places)
        return np.sort(draw.choice(places, entries, replace=False)) if few else places

    return {name: some(places) for name, places in _arrays(run.network).items()}


def _arrays(network: Network) -> dict[str, Integers]:
    """Return the places of each array's entries in a parameter vector, by name, from the input."""
    every: Floats = np.arange(network.parameters, dtype=np.float64)
    found: dict[str, Floats] = {}
    for number, layer in enumerate(network.layers(every[None]), start=1):
        found[f"weights_{number}"] = layer.weights
        if layer.bias is not None:
            found[f"bias_{number}"] = layer.bias
    return {name: places.ravel().astype(np.int64) for name, places in found.items()}


def _compare(
    name: str, gradient: Floats, difference: Floats, smooth: Flags, rounding: float, change: Floats
) -> GradientCheck:
    checked, skipped = int(smooth.sum()), int(smooth.size - smooth.sum())
    if not checked:
        return GradientCheck(name, float("nan"), checked, skipped, float("nan"))
    g, f = gradient[smooth], difference[smooth]
    apart, size = np.linalg.norm(g - f), np.linalg.norm(g) + np.linalg.norm(f)
    if size == 0:
        return GradientCheck(name, 0.0, checked, skipped, 0.0)
    explained = ROUNDINGS * rounding / (2 * STEP) * np.sqrt(checked)
    explained += CURVATURES * np.linalg.norm(change[smooth])
    return GradientCheck(name, float(apart / size), checked, skipped, float(explained / size))


def _gradient(run: Run, batch: Batch, parameters: Floats) -> tuple[Floats, float]:
    """Return what `backward` makes of the batch, shape (P,), and the rounding of its loss."""
    network, count = run.network, batch.x.shape[2]
    gradient: Floats = np.empty((1, len(parameters)))
    signals = network.workspace(1, count, np.float64).signals(1, count)
    layers = network.layers(parameters[None])
    forward(network, layers, batch.x, signals)
    each = run.loss.per_sample(network.output, signals.z[-1], signals.a[-1], batch.y)
    loss = (batch.scale * each).sum()
    # A loss near 0 is the difference of terms as large as the logits, or as the targets.
    rounding = np.finfo(np.float64).eps * max(loss, np.abs(signals.z[-1]).max(), 1.0)
    into = network.layers(gradient)
    backward(network, run.loss, layers, batch.x, batch.y, signals, into, batch.scale)
    found: Floats = gradient[0]
    return found, float(rounding)


def _differences(
    run: Run, batch: Batch, parameters: Floats, places: Integers, relative_step: float
) -> tuple[Floats, Flags]:
    """Return the difference quotient of the parameters at `places`, and whether no kink was crossed."""
    step = relative_step * np.maximum(1, np.abs(parameters))
    differences, smooth = np.empty(len(places)), np.empty(len(places), dtype=bool)
    chunk = max(1, min(CHUNK, CHUNK_BYTES // (2 * parameters.nbytes)))
    moved = np.tile(parameters, (2 * min(chunk, len(places)), 1))
    for low in range(0, len(places), chunk):
        entries = places[low : low + chunk]
        above, below = np.arange(len(entries)), np.arange(len(entries)) + len(entries)
        # Both sides of all entries of the chunk are one stack: first w + h e_i, then w - h e_i.
        moved[above, entries] += step[entries]
        moved[below, entries] -= step[entries]
        loss, active = _losses(run, batch, run.network.layers(moved[: 2 * len(entries)]))
        # What was added, after rounding.
        width = moved[above, entries] - moved[below, entries]
        differences[low : low + chunk] = (loss[above] - loss[below]) / width
        smooth[low : low + chunk] = (active[above] == active[below]).all(axis=1)
        moved[above, entries] = moved[below, entries] = parameters[entries]
    return differences, smooth


def _losses(run: Run, batch: Batch, layers: list[Layer]) -> tuple[Floats, Flags]:
    """Return the loss of every parameter vector of a stack (S,), and which rectifiers pass (S, R)."""
    network, runs, count = run.network, len(layers[0].weights), batch.x.shape[2]
    signals = network.workspace(runs, count, np.float64).signals(runs, count)
    forward(network, layers, np.broadcast_to(batch.x, (runs, *batch.x.shape[1:])), signals)
    each = run.loss.per_sample(network.output, signals.z[-1], signals.a[-1], batch.y)
    total: Floats = (batch.scale[0] * each).sum(axis=-1)
    rectifiers = [
        z.reshape(runs, -1) > 0
        for z, activation in zip(signals.z[:-1], network.activations, strict=True)
        if activation.rectifies
    ]
    return total, np.concatenate([np.ones((runs, 1), bool), *rectifiers], axis=1)
