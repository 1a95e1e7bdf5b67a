"""Trained networks as a sweep keeps them, and the models that a store holds of them."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from harness import compose, train
from harness.record import Record
from harness.sweeping.best_runs import trained_network
from harness.sweeping.grid import Point
from harness.tracking.store import connect
from harness.tracking.trained_network import TrainedNetwork

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel


MOONS = ("dataset=moons", "dataset.samples=90", "activation=relu", "optimizer.learning_rate=1")
BLOBS = ("dataset=blobs", "dataset.samples=90", "dtype=float32")
SINE = ("dataset=sine", "loss=mse")


@lru_cache
def trained(*overrides: str) -> tuple[Point, Record]:
    """Return a run as a grid asks for it, and what it left."""
    run = compose(["stopping.epochs=3", "architecture.hidden=[6,5]", *overrides])
    (record,) = train([run])
    return Point(run, record.fingerprint, "the arm", "the arm · seed 0", {}, "reported"), record


def network_of(*overrides: str) -> TrainedNetwork:
    return trained_network(*trained(*overrides))


def models(uri: str, experiment: str = "adhoc") -> "list[LoggedModel]":
    """Return all models that a store holds."""
    client = connect(uri)
    return list(client.search_logged_models([client.get_experiment_by_name(experiment).experiment_id]))


def raw(*overrides: str) -> np.ndarray:
    """Return samples for a run's network as they are before they are scaled."""
    return np.random.default_rng(0).normal(size=(7, network_of(*overrides).network.sizes[0]))
