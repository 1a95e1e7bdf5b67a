"""A grid is the union of its products, each point once, with its arm and its role."""

from collections import Counter

import pytest

from harness.engine.initializers import INITIALIZERS
from harness.errors import ConfigurationError
from harness.library import library
from harness.sweeping.composing import default_composer
from harness.sweeping.grid import Point, expand
from harness.sweeping.staging import stages
from harness.sweeping.study import Study, Tune, build_study

TINY = ("dataset=moons", "stopping.epochs=1")


def points_and_arms(study: Study, *arguments: str) -> tuple[list[Point], list[str]]:
    grid = expand(default_composer(), study, arguments)
    return grid.points, grid.arms


def test_arguments_alone_make_one_product() -> None:
    grid, arms = points_and_arms(Study("adhoc"), *TINY, "activation=relu,tanh", "seed=range(0,3)")
    assert len(grid) == 6
    assert arms == ["activation"]
    assert Counter(point.arm for point in grid) == {"relu": 3, "tanh": 3}
    assert {point.run.seed for point in grid} == {0, 1, 2}


def test_a_study_is_the_union_of_its_products_without_doubles() -> None:
    lines = (("activation=relu,tanh", *TINY), ("activation=relu,sigmoid", *TINY))
    grid, _ = points_and_arms(Study("s", grid=lines, seeds=(0, 1)))
    assert Counter(point.run.flat["activation"] for point in grid) == {"relu": 2, "tanh": 2, "sigmoid": 2}


def test_choices_globs_and_nested_keys_are_read() -> None:
    grid, _ = points_and_arms(
        Study("adhoc"), *TINY, "initializer=glob(*,exclude=[auto])", "architecture.hidden=[4],[8,4]"
    )
    assert {point.run.flat["initializer"] for point in grid} == set(INITIALIZERS) - {"auto"}
    assert {point.run.sizes for point in grid} == {(2, 4, 1), (2, 8, 4, 1)}


def test_the_command_line_holds_against_the_study() -> None:
    study = Study("s", grid=(("activation=relu,tanh", "dataset=digits", "stopping.epochs=9"),), seeds=(0,))
    grid, _ = points_and_arms(study, *TINY, "activation=sigmoid")
    assert [point.run.flat["activation"] for point in grid] == ["sigmoid"]
    assert grid[0].run.dataset.name == "moons"
    assert grid[0].run.stopping.epochs == 1


def test_tuning_seeds_have_a_role_of_their_own() -> None:
    study = Study("s", grid=(TINY,), seeds=(0, 1), tune=Tune("optimizer.learning_rate", (7,)))
    grid, _ = points_and_arms(study)
    assert {(point.run.seed, point.role) for point in grid} == {
        (0, "reported"),
        (1, "reported"),
        (7, "tuning"),
    }


def test_an_arm_leaves_the_tuned_key_out_and_writes_the_feeding_in_full() -> None:
    study = Study(
        "s",
        grid=(("optimizer=gd,batch", "optimizer.learning_rate=0.1,1", *TINY),),
        seeds=(0,),
        tune=Tune("optimizer.learning_rate", (7,)),
    )
    grid, arms = points_and_arms(study)
    assert arms == ["optimizer"]
    assert {point.arm for point in grid} == {"GD (all 300)", "mini-batch (32)"}
    assert len({point.name for point in grid}) == len(grid) == 8
    assert "GD (all 300) · learning_rate 0.1 · seed 7" in {point.name for point in grid}


def test_a_truth_value_is_written_as_what_is_there_or_not() -> None:
    grid, _ = points_and_arms(Study("s", grid=(("architecture.bias=true,false", *TINY),), seeds=(0,)))
    assert [point.arm for point in grid] == ["bias", "no bias"]


@pytest.mark.parametrize(
    ("over", "arms", "by"),
    [
        ("optimizer.learning_rate", ("activation", "optimizer.learning_rate"), "optimizer.learning_rate"),
        ("optimizer.batch_size", ("optimizer",), "optimizer"),
        ("optimizer.batch_size", None, "optimizer"),
    ],
)
def test_a_key_that_is_tuned_is_not_compared(over: str, arms: tuple[str, ...] | None, by: str) -> None:
    line = ("optimizer=batch,minibatch", f"{over}=1,2", "activation=relu,tanh", *TINY)
    study = Study("s", grid=(line,), seeds=(0,), arms=arms, tune=Tune(over, (7,)))
    with pytest.raises(
        ConfigurationError, match=f"over = '{over}': arms differ in it, by .* '{by}'; allowed"
    ):
        expand(default_composer(), study, ())


def test_an_empty_grid_is_refused_and_names_the_key_without_values() -> None:
    with pytest.raises(ConfigurationError, match=r"the grid is empty: .*seed=range\(3,3\)"):
        points_and_arms(Study("adhoc"), "seed=range(3,3)")


def test_an_arm_by_a_key_that_some_choices_lack_is_told_by_the_others() -> None:
    products = ((*TINY, "initializer=normal"), (*TINY, "initializer=xavier", "initializer.gain=1,4"))
    arms = ("initializer", "initializer.gain")
    grid, _ = points_and_arms(Study("s", grid=products, seeds=(0,), arms=arms))
    assert [point.arm for point in grid] == ["normal", "xavier · gain 1.0", "xavier · gain 4.0"]


def test_an_arm_by_a_key_that_all_runs_lack_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no run of the grid has the key 'optimizer\.speed'"):
        points_and_arms(Study("s", grid=(TINY,), seeds=(0,), arms=("optimizer.speed",)))


def test_the_default_study_asks_what_it_should() -> None:
    study, _ = build_study(dict(library())["convergence"], None)
    grid = expand(default_composer(), study, ()).points
    assert len({point.arm for point in grid}) == 24
    rates = {(point.arm, point.run.optimizer.learning_rate) for point in grid}
    assert study.tune is not None
    assert study.tune.reported == "chosen"
    asked = stages(grid, study.tune, {})
    assert len(asked.tuning) == 3 * len(rates)
    assert len(asked.reported) == 20 * 24
