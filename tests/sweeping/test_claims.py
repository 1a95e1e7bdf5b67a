"""Claims: what they may say, what they compare in a grid, and what is said of those that cannot be tested."""

import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

from harness.errors import ConfigurationError
from harness.sweeping.cells import cells
from harness.sweeping.claims import build_claims
from harness.sweeping.composing import default_composer
from harness.sweeping.grid import Grid, expand
from harness.sweeping.settings import SweepKeys
from harness.sweeping.study import build_study, plain

GRID = [
    "dataset=moons",
    "activation=relu,tanh,sigmoid",
    "loss=mse,cross_entropy",
    "architecture.depth=1,2,4",
    "stopping.epochs=1",
]
KEPT = {"name": "c", "sentence": "It is so.", "metric": "test_accuracy"}
BETTER: dict[str, Any] = KEPT | {
    "kind": "difference",
    "direction": "higher",
    "better": {"activation": "relu"},
    "worse": {"activation": "sigmoid"},
    "margin": 0.01,
}
DEEPER: dict[str, Any] = KEPT | {
    "kind": "trend",
    "direction": "lower",
    "over": "architecture.depth",
    "margin": 0,
}
SOME: dict[str, Any] = KEPT | {"kind": "existence", "direction": "higher", "value": 0.9}
SAME: dict[str, Any] = KEPT | {
    "kind": "identity",
    "one": {"activation": "relu"},
    "other": {"activation": "tanh"},
}
ANY = {"where": {}, "at": "end"}
MEAN = ANY | {"population": "seeds", "scope": "all", "values": "linear"}


def study(*claims: Any, grid: Any = (GRID,), **keys: Any) -> dict[str, Any]:
    arms = ["activation", "loss", "architecture.depth"]
    return {"name": "s", "grid": [*grid], "seeds": [0, 1], "arms": arms, "claims": [*claims]} | keys


def expanded(container: dict[str, Any], *arguments: str) -> Grid:
    return expand(default_composer(), build_study(container, None)[0], arguments)


def cells_of(claim: dict[str, Any], **keys: Any) -> dict[str, dict[str, float]]:
    container = study(claim, **keys)
    grid = expanded(container)
    (made,) = build_claims(container["claims"])
    return {cell.name: cell.weights for cell in cells(made, grid.points, grid.arms)}  # type: ignore[arg-type]


def test_a_difference_has_a_cell_for_all_that_its_arms_may_have_in_common() -> None:
    found = cells_of(BETTER)
    assert len(found) == 2 * 3
    assert found["mse · depth 2"] == {"relu · mse · depth 2": 1, "sigmoid · mse · depth 2": -1}
    assert cells_of(BETTER | {"direction": "lower"})["mse · depth 2"] == {
        "relu · mse · depth 2": -1,
        "sigmoid · mse · depth 2": 1,
    }


def test_conditions_narrow_a_claim_to_some_arms_and_a_list_stands_for_any_of_its_values() -> None:
    assert set(cells_of(BETTER | {"where": {"loss": "mse", "architecture.depth": [1, 4]}})) == {
        "mse · depth 1",
        "mse · depth 4",
    }


def test_two_arms_may_differ_in_several_keys() -> None:
    better = {"activation": "relu", "architecture.depth": 4}
    worse = {"activation": "sigmoid", "architecture.depth": 1}
    found = cells_of(BETTER | {"better": better, "worse": worse})
    assert found["mse"] == {"relu · mse · depth 4": 1, "sigmoid · mse · depth 1": -1}


def test_cells_that_lack_one_of_the_arms_are_left_out() -> None:
    found = cells_of(BETTER, exclude=["activation=sigmoid,architecture.depth=4"])
    assert {name.split(" · ")[1] for name in found} == {"depth 1", "depth 2"}


@pytest.mark.parametrize("scale", ["linear", "log2"])
def test_a_trend_is_the_slope_of_least_squares(scale: str) -> None:
    found = cells_of(DEEPER | {"direction": "higher", "scale": scale})
    assert len(found) == 3 * 2
    depths, values = np.array([1, 2, 4]), np.array([0.3, 0.9, 0.8])
    weights = [found["tanh · mse"][f"tanh · mse · depth {depth}"] for depth in depths]
    axis = depths if scale == "linear" else np.log2(depths)
    assert weights @ values == pytest.approx(stats.linregress(axis, values).slope)
    assert [-weight for weight in weights] == list(cells_of(DEEPER | {"scale": scale})["tanh · mse"].values())


def test_batches_of_one_optimizer_are_cells_of_their_own_and_can_be_an_axis() -> None:
    grid = [["dataset=moons", "activation=relu,sigmoid", "optimizer=batch", "optimizer.batch_size=16,32"]]
    found = cells_of(BETTER, grid=grid, arms=["activation", "optimizer"])
    assert set(found) == {"mini-batch (16)", "mini-batch (32)"}
    over = DEEPER | {"over": "optimizer.batch_size", "scale": "log2"}
    keys = ["activation", "optimizer", "optimizer.batch_size"]
    weights = [list(cell.values()) for cell in cells_of(over, grid=grid, arms=keys).values()]
    # A slope by doubling: between two values it is their difference.
    assert weights == [[0.5 * 2, -0.5 * 2]] * 2


def test_a_claim_is_kept_with_the_study_as_plain_values() -> None:
    claims = [BETTER, DEEPER | {"name": "d"}, SOME | {"name": "e"}, SAME | {"name": "f"}]
    kept = plain(build_study(study(*claims), None)[0])["claims"]
    assert json.loads(json.dumps(kept)) == [
        BETTER | MEAN,
        DEEPER | MEAN | {"name": "d", "scale": "linear"},
        SOME | ANY | {"name": "e"},
        SAME | ANY | {"name": "f", "tolerance": 0},
    ]


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ([BETTER | {"kind": "diference"}], r"study.claims\[0\].kind = 'diference': .*'difference'"),
        ([KEPT], r"study.claims\[0\].kind = .*not a choice; allowed: difference, existence, identity, trend"),
        (["relu wins"], r"study.claims\[0\].kind = 'relu wins': not a choice"),
        ("relu wins", r"study.claims = 'relu wins': must be a list"),
        ([BETTER | {"metric": "test_acuracy"}], r"study.claims.c.metric = 'test_acuracy': .*'test_accuracy'"),
        ([BETTER | {"margin": -0.1}], r"study.claims\[0\].margin = -0.1: must be greater than or equal to 0"),
        ([BETTER | {"margn": 0.1}], r"study.claims\[0\].margn: unknown key; .*did you mean 'margin'"),
        ([BETTER | {"direction": "up"}], r"study.claims\[0\].direction = 'up': must be 'higher' or 'lower'"),
        ([BETTER | {"scope": "some"}], r"study.claims\[0\].scope = 'some': must be 'all' or 'any'"),
        ([BETTER | {"sentence": ""}], r"study.claims\[0\].sentence"),
        ([BETTER, DEEPER], "study.claims: 'c' names 2 claims; allowed: each name once"),
        ([BETTER | {"worse": {}}], r"study.claims.c.worse: empty; allowed: values of compared keys"),
        ([BETTER | {"worse": BETTER["better"]}], "better and worse are both .*two different arms"),
        (
            [BETTER | {"population": "data", "metric": "train_loss"}],
            "population = 'data': train_loss is no score of held-out samples.*allowed: population=seeds",
        ),
        (
            # The target may be a score of validation: the time to it is none.
            [BETTER | {"population": "data", "metric": "target_updates"}],
            "target_updates is no score of held-out samples, for which alone there is an interval",
        ),
        ([SAME | {"tolerance": -1}], r"tolerance = -1: must be greater than or equal to 0"),
    ],
)
def test_a_claim_that_is_wrong_in_itself_is_refused_in_one_line(claims: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        build_study(study() | {"claims": claims}, None)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (
            BETTER | {"better": {"activaton": "relu"}},
            "study.claims.c.better: 'activaton' is not compared; study.arms has activation, loss, "
            "architecture.depth; did you mean 'activation'",
        ),
        (
            BETTER | {"worse": {"activation": "sigmoyd"}},
            "study.claims.c.worse: no run of the grid has activation=sigmoyd; the grid has relu, tanh, "
            "sigmoid; did you mean 'sigmoid'",
        ),
        (
            BETTER | {"where": {"architecture.depth": [1, 3]}},
            "where: no run of the grid has architecture.depth=3",
        ),
        (BETTER | {"where": {"dataset": "moons"}}, "where: 'dataset' is not compared"),
        (DEEPER | {"over": "architecture.widht"}, "over: 'architecture.widht' is not compared"),
        (DEEPER | {"over": "activation"}, "over = 'activation': an arm has 'relu'.*whose values are numbers"),
        (
            DEEPER | {"where": {"architecture.depth": 2}},
            "no arms of several values of architecture.depth that are equal in activation, loss",
        ),
        (
            BETTER | {"where": {"activation": "tanh"}},
            "c: the grid has no arms of better and worse that are equal in loss, architecture.depth",
        ),
        (
            BETTER | {"better": {"activation": ["relu", "tanh"]}},
            r"better = .*: is 2 arms, relu · mse · depth 1 and tanh · mse · depth 1; allowed: one in",
        ),
        (SOME | {"where": {"loss": "huber"}}, "where: no run of the grid has loss=huber"),
        (SAME | {"one": {"activation": "elu"}}, "one: no run of the grid has activation=elu"),
    ],
)
def test_a_claim_that_the_grid_cannot_test_is_refused_with_what_it_has(claim: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        expanded(study(claim))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", ["difference", "identity", "trend"])
def test_own_losses_are_claimed_of_one_loss_only(kind: str) -> None:
    grid, key = [["dataset=moons", "loss=mse", "loss.scale=half,sum", "stopping.epochs=1"]], "loss.scale"
    one, other = {"loss.scale": "half"}, {"loss.scale": "sum"}
    claim = {
        "difference": BETTER | {"metric": "test_loss", "better": one, "worse": other},
        "identity": SAME | {"metric": "test_loss", "one": one, "other": other},
        "trend": DEEPER | {"metric": "train_loss", "over": "loss.threshold"},
    }[kind]
    if kind == "trend":
        grid, key = [["dataset=sine", "loss=huber", "loss.threshold=1,2"]], "loss.threshold"
    said = rf"claims.c.metric = '\w+_loss': own losses do not compare, and arms differ in {key}, "
    with pytest.raises(ConfigurationError, match=said):
        expanded(study(claim, grid=grid, arms=[key]))
    expanded(study(claim | {"metric": "test_squared_error"}, grid=grid, arms=[key]))


def test_a_claim_about_own_loss_may_have_cells_of_several_losses_each() -> None:
    assert len(cells_of(BETTER | {"metric": "test_loss"})) == 6
    wrong = BETTER | {"metric": "test_loss", "better": {"loss": "mse"}, "worse": {"loss": "cross_entropy"}}
    with pytest.raises(ConfigurationError, match="differ in loss, mse and cross_entropy; allowed: accuracy"):
        expanded(study(wrong))


def test_data_sets_are_not_compared_by_their_scores() -> None:
    grid = [["dataset=moons,spirals", "stopping.epochs=1"]]
    claim = BETTER | {"better": {"dataset": "moons"}, "worse": {"dataset": "spirals"}}
    with pytest.raises(
        ConfigurationError, match="compares data sets, moons and spirals, whose scores do not"
    ):
        expanded(study(claim, grid=grid, arms=["dataset"]))


def test_new_data_cannot_be_claimed_where_nothing_is_held_out() -> None:
    with pytest.raises(ConfigurationError, match=r"dataset\.split=none nothing is held out"):
        expanded(study(BETTER | {"population": "data"}, grid=[[*GRID, "dataset.split=none"]]))


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["activation=tanh"], {}),
        ([], {"exclude": ("activation=relu",)}),
        ([], {"preset": "smoke"}),
    ],
    ids=["arguments", "exclusions", "preset"],
)
def test_a_grid_that_was_narrowed_may_lack_what_its_study_claims(
    arguments: list[str], keys: dict[str, Any]
) -> None:
    smoke = {"grid": [["dataset=moons", "activation=tanh"]]}
    made, _ = build_study(study(BETTER, presets={"smoke": smoke}), keys.get("preset"))
    grid = expand(default_composer(), made, arguments, (), SweepKeys(**keys))
    assert cells(made.claims[0], grid.points, grid.arms) == []  # type: ignore[arg-type]


def test_a_tuned_key_that_is_no_number_is_refused_before_anything_trains() -> None:
    grid = [["dataset=moons", "initializer=he,xavier", "activation=relu,tanh"]]
    keys = {"tune": {"over": "initializer", "seeds": [100]}, "arms": ["activation"]}
    with pytest.raises(ConfigurationError, match="over = 'initializer': a run of the grid has 'he'; allowed"):
        expanded(study(grid=grid, **keys))
