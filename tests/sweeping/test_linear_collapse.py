"""The study `linear_collapse`: gradient descent through linear layers finds what linear algebra gives."""

import numpy as np
import pytest

from harness import train
from harness.config import RunConfig
from harness.library import library
from harness.record import Record
from harness.sweeping.composing import default_composer
from harness.sweeping.grid import expand
from harness.sweeping.preparing import prepare
from harness.sweeping.study import build_study

SEED = 0
TOLERANCE = 1e-9
"""The study's own, of the losses of two depths; here of the loss and its least value."""


@pytest.fixture(scope="module")
def linear() -> list[tuple[RunConfig, Record]]:
    """Return the runs of one seed whose hidden units, if any, are linear, trained."""
    study, _ = build_study(dict(library())["linear_collapse"], None)
    assert {claim.tolerance for claim in study.claims if claim.kind == "identity"} == {TOLERANCE}
    runs = [point.run for point in expand(default_composer(), study, ()).points]
    runs = [run for run in runs if run.seed == SEED and run.flat["activation"] == "identity"]
    return list(zip(runs, train(runs), strict=True))


def best(run: RunConfig) -> tuple[np.ndarray, float]:
    """Return the matrix, biases last, that answers a run's training samples best, and its loss."""
    split = prepare(run).data.train
    x = np.column_stack([split.x, np.ones(len(split.x))])
    solution, *_ = np.linalg.lstsq(x, split.y)
    errors = x @ solution - split.y
    return solution, float(0.5 * (errors**2).sum(axis=1).mean())


def product(record: Record) -> np.ndarray:
    """Return the one affine map, biases last, that a chain of linear layers is."""
    whole = np.eye(len(record.weights[0][0]) + 1)
    for weights, bias in record.weights:
        assert bias is not None
        layer = np.zeros((len(weights) + 1, weights.shape[1] + 1))
        layer[:-1, :-1], layer[-1, :-1], layer[-1, -1] = weights, bias, 1
        whole = whole @ layer
    return whole[:, :-1]


def test_every_depth_and_data_set_is_tried(linear: list[tuple[RunConfig, Record]]) -> None:
    tried = {(run.flat["dataset"], len(run.architecture.hidden_sizes)) for run, _ in linear}
    assert tried == {(data, depth) for data in ("moons", "blobs") for depth in (0, 1, 2, 4)}


def test_linear_layers_end_at_the_least_loss_that_a_matrix_can_have(
    linear: list[tuple[RunConfig, Record]],
) -> None:
    for run, record in linear:
        assert record.summary["train_loss"] == pytest.approx(best(run)[1], abs=TOLERANCE), run.flat


def test_their_product_is_the_matrix_that_least_squares_finds(
    linear: list[tuple[RunConfig, Record]],
) -> None:
    for run, record in linear:
        np.testing.assert_allclose(product(record), best(run)[0], atol=1e-5, err_msg=str(run.flat))
