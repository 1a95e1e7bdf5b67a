"""A research harness that compares training regimes of multilayer perceptrons.

>>> from harness import compose, train
>>> record = train([compose(["dataset=moons", "activation=tanh", "stopping.epochs=2"])])[0]
>>> record.summary["outcome"]
'exhausted'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.config import RunConfig as RunConfig
    from harness.record import Record as Record
    from harness.sweeping.composing import compose as compose
    from harness.sweeping.trainer import train as train

_HOME = {
    "RunConfig": "harness.config",
    "Record": "harness.record",
    "compose": "harness.sweeping.composing",
    "train": "harness.sweeping.trainer",
}

__all__ = ["Record", "RunConfig", "compose", "train"]


def __getattr__(name: str) -> Any:
    # Resolved on first use, so that a worker process does not import what it does not need.
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
