"""The Hessian of the loss: how the loss bends along every direction of the parameters."""

import numpy as np

from harness.engine.arrays import Floats
from harness.engine.losses import Loss
from harness.engine.network import Network, backward, forward

STEP = 2e-4
"""About the fifth root of float64's precision, and less for inputs beyond 1."""
CHUNK_BYTES = 1 << 22
"""Parameter vectors are moved as many at once as fit, with their signals."""
KINKED = ("relu", "leaky_relu", "elu")
"""Activations whose slope jumps, or the slope's slope: across a kink there is no Hessian."""

Points = Floats
"""Parameter vectors (n, P)."""


def hessian(
    network: Network, loss: Loss, parameters: Floats, x: Floats, y: Floats, weight: Floats | None
) -> Floats:
    """Return the second derivatives of the mean loss of some samples, shape (P, P), in float64.

    From the gradients g of backpropagation by central differences of fourth order: column i is
    [8 (g(w + h e_i) - g(w - h e_i)) - (g(w + 2h e_i) - g(w - 2h e_i))] / 12h (Abramowitz and Stegun 1964,
    25.3.6), and what rounding leaves unsymmetric is made symmetric.

    Parameters
    ----------
    parameters : ndarray, shape (P,)
        As `Network.layers` lays them out.
    x, y : ndarray, shapes (D, B) and (K, B)
        Inputs as the network takes them: with biases there is a last row of ones.
    weight : ndarray, shape (1, B), or None
        Of the samples in the loss.

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning, eq. 5.90.
    """
    point = np.asarray(parameters, np.float64)
    x, y = x.astype(np.float64)[None], y.astype(np.float64)[None]
    scale = np.full((1, 1, x.shape[2]), 1 / x.shape[2])
    if weight is not None:
        scale *= weight
    count, columns = len(point), np.empty((len(point), len(point)))
    signals = sum(network.sizes) * x.shape[2]
    chunk = max(1, CHUNK_BYTES // (4 * point.itemsize * (4 * signals + 2 * count)))
    for low in range(0, count, chunk):
        moved = np.arange(low, min(low + chunk, count))
        steps = np.zeros((len(moved), count))
        steps[np.arange(len(moved)), moved] = STEP * np.maximum(1, np.abs(point[moved]))
        places = np.concatenate([point + times * steps for times in (1, -1, 2, -2)])
        near, back, far, behind = np.split(gradients(network, loss, places, x, y, scale), 4)
        columns[moved] = (8 * (near - back) - (far - behind)) / (12 * steps.sum(axis=1, keepdims=True))
    symmetric: Floats = (columns + columns.T) / 2
    return symmetric


def eigenvalues(matrix: Floats) -> Floats:
    """Return the eigenvalues of a symmetric matrix in ascending order; not numbers if it holds any."""
    if not np.isfinite(matrix).all():
        return np.full(len(matrix), np.nan)
    found: Floats = np.linalg.eigvalsh(matrix)
    return found


def gradients(network: Network, loss: Loss, points: Points, x: Floats, y: Floats, scale: Floats) -> Points:
    """Return the gradient of the scaled loss at every point (n, P), for x (1, D, B) and y (1, K, B)."""
    count, samples = len(points), x.shape[2]
    found: Points = np.empty_like(points)
    signals = network.workspace(count, samples, points.dtype).signals(count, samples)
    layers = network.layers(points)
    inputs = np.broadcast_to(x, (count, *x.shape[1:]))
    forward(network, layers, inputs, signals)
    backward(network, loss, layers, inputs, y, signals, network.layers(found), scale)
    return found
