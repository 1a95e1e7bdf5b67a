"""LeCun's ten copies of a hundred samples: what redundancy costs GD, and what it does not cost SGD."""

from dataclasses import replace

import numpy as np

from harness import engine
from harness.engine.arrays import Floats
from harness.engine.run import Data, Run, Split
from harness.selfcheck.finding import Finding
from harness.sweeping.composing import compose
from harness.sweeping.preparing import prepare

SOURCE = "LeCun et al. 1998, 4.1"
COPIES = 10
ROUNDING = 1e-12


def ten_copies() -> list[Finding]:
    """Train on 100 digits and on ten copies of them."""
    network = ("dataset=digits", "dataset.samples=100", "dataset.split=none", "architecture.hidden=[16]")
    gd = _run(*network, "optimizer=gd")
    batches = _run(*network, "optimizer=batch", "optimizer.batch_size=10", "optimizer.order=as_given")
    sgd = _run(*network, "optimizer=sgd", "optimizer.order=as_given")
    unlike = np.count_nonzero(_after(batches, 100) != _after(_copied(batches), 100))
    on_both = "an epoch on the copies against ten epochs"
    return [
        Finding(
            SOURCE,
            "GD, ten copies of 100 samples: weights after 20 updates differ by",
            "0",
            _apart(_after(gd, 20), _after(_copied(gd), 20)),
            0,
            ROUNDING,
        ),
        Finding(SOURCE, f"mini-batches: {on_both}, weights that differ", "0", int(unlike), 0, 0),
        Finding(
            SOURCE,
            f"SGD: {on_both}, weights differ by",
            "0",
            _apart(_after(sgd, COPIES * 100), _after(_copied(sgd), COPIES * 100)),
            0,
            ROUNDING,
        ),
    ]


def _run(*overrides: str) -> Run:
    return prepare(compose([*overrides, "optimizer.learning_rate=0.1"]))


def _apart(one: Floats, other: Floats) -> float:
    return float(np.abs(one - other).max() / np.abs(one).max())


def _copied(run: Run) -> Run:
    train = run.data.train
    split = Split(np.tile(train.x, (COPIES, 1)), np.tile(train.y, (COPIES, 1)))
    return replace(run, data=Data(split, split, split, run.data.classifies))


def _after(run: Run, updates: int) -> Floats:
    """Return the parameters after some updates."""
    state, _ = engine.advance(engine.start([run]), updates)
    parameters: Floats = state.arrays.parameters[0]
    return parameters
