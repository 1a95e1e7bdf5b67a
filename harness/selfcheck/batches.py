"""How large the gradients of batches are: those of single samples say it for every batch size."""

import numpy as np

from harness.engine.arrays import Floats, Integers
from harness.engine.feeding import epoch_order
from harness.engine.hessian import gradients
from harness.engine.run import Run
from harness.selfcheck.finding import Finding, within
from harness.streams import stream
from harness.sweeping.composing import compose
from harness.sweeping.preparing import prepare

SOURCE = "Cochran 1977, ch. 2"
SAMPLES, EPOCHS = 100, 200
CHANCE = 1.05
"""By what factor means over so many draws may be off: several of their standard errors."""
SETTING = (
    "dataset=digits",
    f"dataset.samples={SAMPLES}",
    "dataset.split=none",
    "architecture.hidden=[16]",
    "optimizer=batch",
)


def batch_gradients() -> list[Finding]:
    """Compare E||g_B||^2 = ||g||^2 + tr(S) / B (N - B) / (N - 1) with the mean over drawn batches.

    S is the covariance of the gradients of single samples; the last factor is there since the samples of an
    epoch are drawn without replacement: the variance of a mean of so many (Cochran 1977, chapter 2).
    """
    found = []
    for size in (2, 10, 50):
        run = prepare(compose([*SETTING, f"optimizer.batch_size={size}"]))
        rows = np.arange(SAMPLES)[:, None]
        single = _gradients(run, rows)
        mean = single.mean(axis=0)
        spread = float(((single - mean) ** 2).sum()) / SAMPLES
        expected = float(mean @ mean) + spread / size * (SAMPLES - size) / (SAMPLES - 1)
        drawn = _gradients(run, _batches(run, size))
        what = f"mean ||g||^2 of {len(drawn):,} drawn batches of {size} of {SAMPLES}, by single samples'"
        found.append(within(SOURCE, what, expected, float((drawn**2).sum(axis=1).mean()), CHANCE))
    return found


def _batches(run: Run, size: int) -> Integers:
    """Return the rows of the batches of many epochs, shape (batches, size)."""
    draw = stream(0, "order")
    orders = [epoch_order(run.feeding, run.data.train.y, draw) for _ in range(EPOCHS)]
    return np.concatenate(orders).reshape(-1, size)


def _gradients(run: Run, batches: Integers) -> Floats:
    """Return the gradient of each batch (n, B) at the start, shape (n, P)."""
    point, train, bias = run.initial_parameters()[None], run.data.train, run.network.bias
    x, y = train.features(bias), train.targets
    scale = np.full((1, 1, batches.shape[1]), 1 / batches.shape[1])
    return np.concatenate(
        [
            gradients(run.network, run.loss, point, x[None, :, batch], y[None, :, batch], scale)
            for batch in batches
        ]
    )
