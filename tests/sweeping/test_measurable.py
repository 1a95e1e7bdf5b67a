"""What claims and published figures may be about, and what is said where a grid does not measure it."""

import re
from typing import Any

import pytest

from harness.engine.diagnostics.registry import MEASURES
from harness.errors import ConfigurationError
from harness.quantities import BY_PARAMETER, DERIVED, FACTORS, MEASURE_TITLES, WHOLE, compared, find, title
from harness.sweeping.cells import documented
from harness.sweeping.composing import default_composer
from harness.sweeping.grid import Grid, expand
from harness.sweeping.published_arms import documented_figure
from harness.sweeping.study import Study, build_study

GRID = ["dataset=moons", "activation=relu,tanh", "architecture.depth=1,2", "stopping.epochs=1"]
WINDOWED = [*GRID, "diagnostics.window=[0,5]"]
CLAIM: dict[str, Any] = {
    "kind": "difference",
    "name": "c",
    "sentence": "It is so.",
    "metric": "halving_updates",
    "direction": "lower",
    "better": {"activation": "relu"},
    "worse": {"activation": "tanh"},
    "margin": 1.0,
}
FIGURE: dict[str, Any] = {
    "name": "f",
    "source": "Somebody 2000, On something, Somewhere",
    "what": "What it is",
    "theirs": "about 0.07",
    "metric": "gradient_norm",
    "at": "start",
    "low": 0.0,
}
TARGET = {"metric": "train_accuracy", "value": 0.9}


def made(grid: list[str], *claims: Any, **keys: Any) -> tuple[Study, Grid]:
    container = {"name": "s", "grid": [grid], "seeds": [0, 1], "arms": ["activation", "architecture.depth"]}
    study, _ = build_study(container | {"claims": [*claims]} | keys, None)
    return study, expand(default_composer(), study, ())


def refused(grid: list[str], *claims: Any, **keys: Any) -> str:
    with pytest.raises(ConfigurationError) as found:
        made(grid, *claims, **keys)
    assert "\n" not in str(found.value)
    return str(found.value)


def test_every_quantity_has_a_title_and_every_measure_is_one() -> None:
    assert set(MEASURES) - {*WHOLE, *FACTORS, *BY_PARAMETER} <= set(MEASURE_TITLES)
    assert all(found.title for found in map(find, DERIVED) if found)
    assert title("delta_rms_1", "start") == "size of delta at layer 1 at the start"
    assert compared("halving_multiply_adds", "end", "lower") == (
        "multiply-adds until the training loss has halved, lower by"
    )
    assert compared("test_accuracy", "end", "higher") == "test accuracy higher by"


def test_quantities_that_a_grid_measures_are_accepted() -> None:
    claims = [
        CLAIM | {"name": metric, "metric": metric, "at": at, "values": "log2"}
        for metric, at in (
            ("halving_epochs", "end"),
            ("target_samples", "end"),
            ("fluctuation", "end"),
            ("gradient_norm", "start"),
            ("update_ratio_2", "end"),
        )
    ]
    study, _ = made(WINDOWED, *claims, published=[FIGURE], target=TARGET)
    assert [claim.at for claim in study.claims] == ["end", "end", "end", "start", "end"]


@pytest.mark.parametrize(
    ("more", "grid", "said"),
    [
        ({"metric": "delta_rsm_3"}, [], "metric = 'delta_rsm_3': not known; .*did you mean 'delta_rms_3'"),
        ({"metric": "halving_update"}, [], "did you mean 'halving_updates'"),
        ({"metric": "delta_rms_0"}, [], "not known"),
        ({"metric": f"delta_rms_{'1' * 5000}"}, [], r"metric = 'delta_rms_1{70}\.\.\.': not known"),
        ({"metric": "delta_rms_1٣"}, [], "not known"),
        ({"metric": "delta_rms_3"}, [], "arm relu · depth 1 has 2 layers, .*; allowed: 1 to 2"),
        ({"metric": "rho"}, [], "arm relu · depth 1 has 1 hidden layer; allowed: arms of at least 2"),
        ({"metric": "delta_rms_1"}, ["diagnostics=off"], "does not measure delta_rms; allowed: "),
        (
            {"metric": "gradient_norm"},
            ["diagnostics.measures=[gradient_norm]"],
            "does not measure bias_gradient_norm; .*which has gradient_norm",
        ),
        ({"metric": "bias_gradient_norm_1"}, ["architecture.bias=false"], "has no biases"),
        ({"metric": "target_updates"}, [], "the study has no target; allowed: with study.target"),
        ({"metric": "rises"}, [], "diagnostics.window=null; allowed: "),
        ({"metric": "fluctuation"}, ["diagnostics.window=[3,4]"], r"window=\[3, 4\]; allowed: .* 2 up"),
        ({"metric": "excess_loss"}, [], "runs of arm relu · depth 1 have different splits.*seeds.split"),
        ({"at": "start"}, [], "halving_updates has no value before the first update; allowed: end"),
        ({"metric": "update_ratio_1", "at": "start"}, [], "update_ratio_1 has no value before the first"),
        ({"where": {"activation": []}}, [], r"c\.where: activation = \[\]: no value; allowed: "),
        ({"better": {"activation": []}}, [], r"c\.better: activation = \[\]: no value; allowed: "),
        ({"at": "begin"}, [], "at = 'begin': must be 'start' or 'end'"),
        ({"values": "log"}, [], "values = 'log': must be 'linear' or 'log2'; did you mean 'log2'"),
        (
            {"metric": "excess_loss", "values": "log2"},
            ["seeds.split=0"],
            "of one run of every arm is 0, which has no logarithm; allowed: values: linear",
        ),
        ({"metric": "rho", "population": "data"}, [], "no score of held-out samples"),
    ],
)  # fmt: skip
def test_a_claim_about_what_is_not_measured_is_refused_in_one_line(
    more: dict[str, Any], grid: list[str], said: str
) -> None:
    found = refused([*GRID, *grid], CLAIM | more)
    assert found.startswith("study.claims")
    assert re.search(said, found)


def test_networks_without_biases_need_no_gradient_of_them() -> None:
    bare = ["diagnostics.measures=[gradient_norm]", "architecture.bias=false"]
    made([*GRID, *bare], CLAIM | {"metric": "gradient_norm"})


def test_losses_above_the_least_of_an_arm_ask_for_one_split() -> None:
    claim = CLAIM | {"metric": "excess_loss"}
    made([*GRID, "seeds.split=0"], claim)
    made([*GRID, "dataset.split=none"], claim)
    # Not by what one run of a regime says.
    found = refused([*GRID, "seeds.split=0,1"], claim)
    assert "runs of arm relu · depth 1 have different splits" in found


def test_losses_above_the_least_of_an_arm_ask_for_several_runs_of_each() -> None:
    grid = [*GRID, "seeds.split=0"]
    claim, figure = CLAIM | {"metric": "excess_loss"}, FIGURE | {"metric": "excess_loss", "at": "end"}
    said = "metric = 'excess_loss': arm relu · depth 1 has one reported run, which is the least of its arm"
    assert said in refused(grid, claim, seeds=[0])
    # Seeds that tune are none of those among which the least is looked for.
    tune = {"over": "optimizer.learning_rate", "seeds": [7, 8]}
    assert said in refused(grid, claim, seeds=[0], tune=tune)
    assert said in refused(grid, published=[figure], seeds=[0])
    study, _ = made(grid, claim, published=[figure])
    _, narrow = made(grid, seeds=[0])
    assert "has one reported run" in documented(study.claims[0], narrow.points, narrow.arms)["untested"]
    assert "has one reported run" in documented_figure(study.published[0], narrow.points, None)["untested"]


LOSSES = ["dataset=moons", "loss=mse,cross_entropy", "stopping.epochs=1"]
SCALES = ["dataset=moons", "loss=mse", "loss.scale=half,sum", "stopping.epochs=1"]


@pytest.mark.parametrize("metric", ["halving_updates", "fluctuation", "delta_rms_1"])
def test_what_depends_on_the_loss_is_not_compared_across_losses(metric: str) -> None:
    sides = {"better": {"loss": "mse"}, "worse": {"loss": "cross_entropy"}}
    grid = [*LOSSES, "diagnostics.window=[0,5]"]
    found = refused(grid, CLAIM | {"metric": metric} | sides, arms=["loss"])
    assert "and arms differ in loss, mse and cross_entropy; allowed: accuracy, log_loss" in found
    target = CLAIM | {"metric": "target_updates"} | sides
    made(grid, target, arms=["loss"], target=TARGET)
    assert "own losses do not compare" in refused(
        grid, target, arms=["loss"], target={"metric": "train_loss", "value": 0.1}
    )


def test_what_is_relative_to_the_loss_compares_across_its_scales() -> None:
    sides = {"better": {"loss.scale": "half"}, "worse": {"loss.scale": "sum"}}
    made(SCALES, CLAIM | sides, arms=["loss.scale"])
    levels = CLAIM | {"metric": "delta_rms_1"} | sides
    assert "levels of gradients" in refused(SCALES, levels, arms=["loss.scale"])


def test_that_two_losses_have_one_delta_can_be_claimed() -> None:
    same = {key: CLAIM[key] for key in ("name", "sentence")} | {"kind": "identity", "metric": "delta_rms_2"}
    made(LOSSES, same | {"one": {"loss": "mse"}, "other": {"loss": "cross_entropy"}}, arms=["loss"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"low": None}, "study.published.f: no tolerance; allowed: low, high or both"),
        ({"low": 1.0, "high": 0.5}, "study.published.f.low = 1: above high = 0.5"),
        ({"theirs": 0.07}, r"study.published\[0\].theirs = 0.07: must be a valid string"),
        ({"thiers": "0.07"}, "thiers: unknown key; .*did you mean 'theirs'"),
        ({"metric": "update_ratio_1"}, "study.published.f.at = 'start': update_ratio_1 has no value"),
        ({"metric": "train_los"}, "study.published.f.metric = 'train_los': not known; .*'train_loss'"),
        ({"where": {"activation": "rlu"}}, "study.published.f.where: no run of the grid has activation=rlu"),
        ({"where": {"activation": []}}, r"study.published.f.where: activation = \[\]: no value; allowed: "),
        ({"metric": "delta_rms_9"}, "study.published.f.metric = 'delta_rms_9': arm relu · depth 1 has 2"),
    ],
)  # fmt: skip
def test_a_published_figure_that_nothing_can_stand_beside_is_refused(more: dict[str, Any], said: str) -> None:
    assert re.search(said, refused(GRID, published=[FIGURE | more]))


def test_published_figures_are_a_list_of_mappings_with_names_of_their_own() -> None:
    assert "names 2 figures" in refused(GRID, published=[FIGURE, FIGURE])
    assert "must be a list" in refused(GRID, published="0.07")
    assert "must be a mapping" in refused(GRID, published=["0.07"])


def test_a_form_that_measures_less_says_what_it_does_not_test() -> None:
    study, _ = made(WINDOWED, CLAIM | {"metric": "rises"}, published=[FIGURE])
    _, bare = made([*GRID, "diagnostics=off"])
    told = documented(study.claims[0], bare.points, bare.arms)
    assert told["cells"] == []
    assert "has diagnostics.window=null" in told["untested"]
    figure = documented_figure(study.published[0], bare.points, None)
    assert figure["arms"] == []
    assert "does not measure gradient_norm" in figure["untested"]
