"""What a plan says of a study's claims, through the app and from runs that are done."""

import re
from collections.abc import Callable, Iterator
from math import sqrt
from statistics import stdev
from typing import Any

import pytest
from hydra.core.config_store import ConfigStore

from harness.intervals import expected_half_width
from harness.sweeping.cells import documented
from harness.sweeping.composing import default_composer
from harness.sweeping.expectations import Held, columns, expectations
from harness.sweeping.grid import Grid, expand
from harness.sweeping.study import Study, build_study

RELU: dict[str, Any] = {
    "kind": "difference",
    "name": "relu_wins",
    "sentence": "ReLU has the smaller loss at every depth.",
    "metric": "test_log_loss",
    "direction": "lower",
    "better": {"activation": "relu"},
    "worse": {"activation": "sigmoid"},
    "margin": 0.1,
}
DEPTH: dict[str, Any] = {
    "kind": "trend",
    "name": "depth_hurts",
    "sentence": "Sigmoid units are the worse the deeper.",
    "metric": "test_accuracy",
    "direction": "lower",
    "over": "architecture.depth",
    "where": {"activation": "sigmoid"},
    "margin": 0.01,
}
SOME: dict[str, Any] = {
    "kind": "existence",
    "name": "some",
    "sentence": "s",
    "metric": "train_loss",
    "direction": "higher",
    "value": 1,
}
STUDY: dict[str, Any] = {
    "name": "remedy",
    "question": "Does ReLU help?",
    "grid": [
        [
            "dataset=moons",
            "dataset.samples=60",
            "activation=relu,sigmoid",
            "architecture.depth=1,2",
            "optimizer=gd",
            "stopping.epochs=2",
            "diagnostics=off",
        ]
    ],
    "seeds": [0, 1, 2, 3, 4],
    "arms": ["activation", "architecture.depth"],
    "claims": [RELU],
}


def planned(held: Held | None = None, **keys: Any) -> list[str]:
    study, grid = made(**keys)
    return expectations(grid, study.claims, study.tune, held or {}, study.target)


def made(**keys: Any) -> tuple[Study, Grid]:
    study, _ = build_study(STUDY | keys, None)
    return study, expand(default_composer(), study, ())


@pytest.fixture
def library() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Put a study beside those of the library, as study=remedy, for one test."""
    store = ConfigStore.instance()
    yield lambda study: store.store(group="study", name="remedy", node=study, provider="test")
    del store.repo["study"]["remedy.yaml"]


def test_a_plan_tells_half_widths_first_in_deviations_then_in_units_of_the_metric(
    app: Callable[..., Any], store: str, library: Callable[[dict[str, Any]], None]
) -> None:
    library(STUDY)
    ask = ("study=remedy", "executor=serial", "-m")
    before = app(*ask, "sweep.plan=true")
    assert before.status == 0, before.err
    *_, estimate, claim = before.out.splitlines()
    assert "of arrays" in estimate
    assert claim == (
        "claim relu_wins: expected half-width 1.17 standard deviations of the paired difference; 5 seeds, "
        "95 % in all of 2 cells; within the margin 0.1 if one is at most 0.086"
    )
    assert app(*ask, "seed=0,1,2").status == 0
    after = app(*ask, "sweep.plan=true").out.splitlines()[-2:]
    found = re.search(
        r"half-width (\S+)( to \S+)? of test_log_loss; 5 seeds, .* by 3 reported seeds done", "".join(after)
    )
    assert found, after
    assert 0 < float(found[1]) < 1
    nothing = app(*ask, "sweep.plan=true", "tracking=off").out.splitlines()[-1]
    assert nothing == claim


def test_a_claim_that_the_grid_cannot_test_ends_the_app_with_one_line(
    app: Callable[..., Any], library: Callable[[dict[str, Any]], None]
) -> None:
    library(STUDY | {"claims": [RELU | {"where": {"architecture.depth": 3}}]})
    said = app("study=remedy", "sweep.plan=true", "tracking=off", "-m")
    assert said.status == 2
    where = "study.claims.relu_wins.where"
    assert said.err == f"harness: {where}: no run of the grid has architecture.depth=3; the grid has 1, 2\n"


def runs_done(grid: Grid, value: Callable[[Any], dict[str, float]], outcome: str = "exhausted") -> Held:
    return {point.fingerprint: (outcome, value(point)) for point in grid.points}


def test_the_width_is_that_of_the_paired_differences_not_of_the_arms() -> None:
    noise = [0.3, -0.2, 0.05, 0.4, -0.6]
    apart = {1: [0.01, 0.02, 0.03, 0.02, 0.01], 2: [0.0, 0.1, 0.2, 0.1, 0.2]}

    def loss(point: Any) -> dict[str, float]:
        seed, depth = point.run.seed, point.run.architecture.depth
        worse = point.run.flat["activation"] == "sigmoid"
        return {"test_log_loss": 1 + noise[seed] + (apart[depth][seed] if worse else 0)}

    (line,) = planned(runs_done(made()[1], loss), claims=[RELU | {"margin": 0.2}])
    widths = [expected_half_width(stdev(each), 5, freedom=4) for each in apart.values()]
    assert f"expected half-width {widths[0]:.2g} to {widths[1]:.2g} of test_log_loss" in line
    # At as many seeds as were seen it is the interval that they have: 2.776 s / sqrt(5).
    assert widths[1] == pytest.approx(2.776445 * stdev(apart[2]) / sqrt(5), rel=1e-6)


def test_a_width_beyond_the_margin_is_warned_of_with_the_seeds_that_would_do() -> None:
    def loss(point: Any) -> dict[str, float]:
        worse = point.run.flat["activation"] == "sigmoid" and point.run.architecture.depth == 2
        return {"test_log_loss": 0.1 * point.run.seed if worse else 0.5}

    _, warning = planned(runs_done(made()[1], loss))
    assert (
        warning == "  warning: wider than the margin 0.1 in 1 of 2 cells, most in depth 2; 13 seeds would do"
    )
    # 0.158 is the deviation of 0, 0.1, ..., 0.4.
    assert (
        expected_half_width(0.1581139, 13, freedom=4) <= 0.1 < expected_half_width(0.1581139, 12, freedom=4)
    )
    _, never = planned(runs_done(made()[1], loss), claims=[RELU | {"margin": 0}])
    assert never.endswith("no number of seeds would do")


def test_too_few_seeds_are_warned_of() -> None:
    line, warning = planned(seeds=[0, 1, 2, 3])
    assert "4 seeds" in line
    assert warning == "  warning: with fewer than 5 reported seeds every verdict is inconclusive"
    line, _ = planned(seeds=[0])
    assert line == "claim relu_wins: no interval; 1 seed, 95 % in all of 2 cells"


def test_claims_share_the_error_and_any_cell_its_claims_share() -> None:
    two = [RELU | {"scope": "any"}, DEPTH]
    relu, depth = planned(claims=two)
    assert "97.5 %" in depth
    assert "standard deviations of the slope" in depth
    assert "98.75 % in any of 2 cells" in relu
    # What no interval decides takes no share of the error.
    same = {
        "kind": "identity",
        "name": "same",
        "sentence": "s",
        "metric": "train_loss",
        "one": {"activation": "relu"},
        "other": {"activation": "sigmoid"},
    }
    *both, identity, existence = planned(claims=[*two, same, SOME])
    assert both == [relu, depth]
    assert identity == "claim same: an identity, exact; no interval"
    assert existence == "claim some: existence, one verified run decides; no interval"


def test_for_new_data_the_width_has_nadeau_and_bengios_factor() -> None:
    (line,) = planned(claims=[RELU | {"population": "data"}])
    # 60 samples: 12 test, 36 train.
    width = expected_half_width(1, 5, test_per_training=12 / 36)
    assert f"expected half-width {width:.2f} standard deviations" in line
    assert "95 % in all of 2 cells for new data" in line


TUNED = {
    "grid": [[*STUDY["grid"][0], "optimizer.learning_rate=0.1,1,10"]],
    "tune": {"over": "optimizer.learning_rate", "seeds": [100, 101, 102]},
}


def test_tuning_seeds_tell_the_spread_at_the_rate_that_they_choose() -> None:
    study, grid = made(**TUNED)
    apart = {0.1: 3.0, 1.0: 0.02, 10.0: 0.0}

    def score(point: Any) -> dict[str, float]:
        rate, seed = point.run.optimizer.learning_rate, point.run.seed - 100
        worse = point.run.flat["activation"] == "sigmoid"
        return {
            "test_log_loss": 1 + worse * apart[rate] * seed,
            "validation_log_loss": {0.1: 0.5, 1.0: 0.2, 10.0: 0.1}[rate],
        }

    held = {
        # The best rate but for one run, which diverged.
        point.fingerprint: (
            "diverged" if point.run.optimizer.learning_rate == 10 and point.run.seed == 101 else "exhausted",
            score(point),
        )
        for point in grid.points
        if point.role == "tuning"
    }
    assert columns(study.claims, study.tune) == ["test_log_loss", "validation_log_loss"]
    (line,) = planned(held, **TUNED)
    width = expected_half_width(0.02, 5, freedom=2)
    assert f"expected half-width {width:.2g} of test_log_loss; 5 seeds" in line
    assert line.endswith("by 3 tuning seeds done")


def test_of_rates_that_are_equally_good_the_smaller_one_is_chosen_as_it_is_by_the_sweep() -> None:
    # The greater rate comes first in the grid, and would give a wider interval.
    tuned = TUNED | {"grid": [[*STUDY["grid"][0], "optimizer.learning_rate=10,0.1"]]}
    _, grid = made(**tuned)

    def score(point: Any) -> dict[str, float]:
        rate, seed = point.run.optimizer.learning_rate, point.run.seed - 100
        worse = point.run.flat["activation"] == "sigmoid"
        return {"test_log_loss": 1 + worse * (0.02 if rate < 1 else 3.0) * seed, "validation_log_loss": 0.5}

    tuning = {point.fingerprint for point in grid.points if point.role == "tuning"}
    held = {mark: found for mark, found in runs_done(grid, score).items() if mark in tuning}
    (line,) = planned(held, **tuned)
    width = expected_half_width(0.02, 5, freedom=2)
    assert f"expected half-width {width:.2g} of test_log_loss; 5 seeds" in line


def test_runs_of_which_none_is_the_arms_tell_no_spread() -> None:
    # Two rates that are neither tuned nor compared.
    _, grid = made(grid=TUNED["grid"])
    (line,) = planned(runs_done(grid, lambda point: {"test_log_loss": 1.0}), grid=TUNED["grid"])
    assert "standard deviations" in line


def test_a_grid_that_was_narrowed_says_which_claims_it_cannot_test() -> None:
    study, _ = build_study(STUDY, None)
    grid = expand(default_composer(), study, ["activation=relu"])
    assert expectations(grid, study.claims, None, {}) == [
        "claim relu_wins: not tested, this grid lacks its arms"
    ]


def test_a_claim_that_the_grid_does_not_measure_is_not_expected_to_have_an_interval() -> None:
    study, _ = build_study(STUDY | {"claims": [RELU | {"metric": "rho"}, SOME | {"metric": "rho"}]}, None)
    grid = expand(default_composer(), study, ["diagnostics.measures=[weight_norm]"])
    said = expectations(grid, study.claims, study.tune, {})
    told = [documented(claim, grid.points, grid.arms)["untested"] for claim in study.claims]
    assert all("does not measure delta_rms" in reason for reason in told)
    names = [claim.name for claim in study.claims]
    assert said == [f"claim {name}: not tested, {reason}" for name, reason in zip(names, told, strict=True)]


def test_logarithms_and_what_only_histories_hold_are_expected_as_such() -> None:
    logarithmic = RELU | {"values": "log2", "metric": "test_log_loss"}
    claims = [
        logarithmic,
        logarithmic | {"name": "soon", "metric": "halving_updates"},
        logarithmic | {"name": "first", "at": "start"},
    ]
    study, grid = made(claims=claims)
    assert columns(study.claims, study.tune) == ["test_log_loss"]
    # On seed s the loss of sigmoid is 2^(s+1) times that of ReLU: differences of 1 to 5 doublings.
    held = {
        point.fingerprint: ("exhausted", {"test_log_loss": 2.0 ** -(point.run.seed + 1)})
        if point.run.flat["activation"] == "relu"
        else ("exhausted", {"test_log_loss": 1.0})
        for point in grid.points
    }
    told = [line for line in expectations(grid, study.claims, study.tune, held) if line.startswith("claim")]
    width = expected_half_width(stdev(range(5)), 5, 1 - 0.05 / 3, freedom=4)
    assert f"expected half-width {width:.2g} doublings of test_log_loss" in told[0]
    assert all("standard deviations of the paired difference, in doublings" in line for line in told[1:])
