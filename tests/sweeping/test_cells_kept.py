"""What the store is told of the comparisons that claims make."""

from dataclasses import replace
from typing import Any

import pytest

from harness.sweeping.composing import default_composer
from harness.sweeping.describing import study_document
from harness.sweeping.grid import expand
from harness.sweeping.settings import build_settings
from harness.sweeping.study import build_study

KEPT: dict[str, Any] = {"sentence": "It is so.", "metric": "test_accuracy"}
RELU, TANH = {"activation": "relu"}, {"activation": "tanh"}
BETTER = KEPT | {"kind": "difference", "name": "better", "better": RELU, "worse": TANH}
DEEPER = KEPT | {"kind": "trend", "name": "deeper", "over": "architecture.depth", "metric": "train_loss"}
SAME = KEPT | {"kind": "identity", "name": "same", "one": RELU, "other": TANH}
SOME = KEPT | {"kind": "existence", "name": "some", "direction": "higher", "value": 0.5, "where": RELU}
CLAIMS: list[dict[str, Any]] = [
    BETTER | {"direction": "lower", "margin": 0.01},
    DEEPER | {"direction": "higher", "margin": 0},
    SAME | {"where": {"architecture.depth": 2}},
    SOME,
]
STUDY: dict[str, Any] = {
    "name": "kept",
    "grid": [["dataset=moons", "dataset.samples=60", "activation=relu,tanh", "architecture.depth=1,2"]],
    "seeds": [0, 1],
    "arms": ["activation", "architecture.depth"],
    "claims": CLAIMS,
}


def kept(*narrowed: str, **keys: Any) -> dict[str, list[dict[str, Any]]]:
    """Return the cells of each claim, by its name."""
    study, _ = build_study(STUDY | keys, None)
    settings = replace(build_settings(default_composer().session([])), study=study)
    grid = expand(default_composer(), study, narrowed)
    told = study_document(settings, grid.arms, grid.points)
    return {claim["name"]: claim["cells"] for claim in told["claims"]}


def test_each_claim_is_kept_with_its_cells() -> None:
    found = kept()
    # 60 samples: 36 train, 12 validate, 12 test.
    assert found["better"] == [
        {"name": f"depth {depth}", "weights": {f"relu · depth {depth}": -1, f"tanh · depth {depth}": 1},
         "test_per_training": 12 / 36}
        for depth in (1, 2)
    ]  # fmt: skip
    assert found["deeper"] == [
        {"name": arm, "weights": {f"{arm} · depth 1": -1, f"{arm} · depth 2": 1}, "test_per_training": None}
        for arm in ("relu", "tanh")
    ]
    (same,) = found["same"]
    assert same["weights"] == {"relu · depth 2": 1, "tanh · depth 2": -1}
    assert found["some"] == [{"name": "", "arms": ["relu · depth 1", "relu · depth 2"]}]


def test_nothing_held_out_tells_nothing_of_new_data() -> None:
    found = kept(grid=[[*STUDY["grid"][0], "dataset.split=none"]])
    assert [cell["test_per_training"] for cell in found["better"]] == [None, None]


@pytest.mark.parametrize(
    ("narrowed", "cells"), [("activation=relu", [0, 1, 0, 1]), ("architecture.depth=1", [1, 0, 0, 1])]
)
def test_a_narrowed_grid_keeps_the_cells_that_are_left(narrowed: str, cells: list[int]) -> None:
    found = kept(narrowed)
    assert [len(each) for each in found.values()] == cells


def test_a_grid_that_makes_two_arms_of_a_side_keeps_no_cell_and_is_not_refused() -> None:
    either = CLAIMS[0] | {"better": {"activation": ["relu", "elu"]}}
    assert kept("activation=relu,elu,tanh", claims=[either]) == {"better": []}
