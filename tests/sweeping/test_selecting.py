"""What pairs, exclusions and samples leave of a grid."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ConfigurationError
from harness.sweeping.composing import default_composer
from harness.sweeping.describing import study_document
from harness.sweeping.grid import Grid, expand
from harness.sweeping.settings import SweepKeys, build_settings
from harness.sweeping.stacks import regime_key
from harness.sweeping.study import Study, Tune

ADHOC = Study("adhoc")
TINY = ("dataset=moons", "stopping.epochs=1")
CROSSED = (*TINY, "activation=relu,tanh", "optimizer.learning_rate=0.1,1,10", "seed=0,1,2")


def asked(*arguments: str, study: Study = ADHOC, **keys: object) -> Grid:
    return expand(default_composer(), study, arguments, (), SweepKeys(**keys))  # type: ignore[arg-type]


def marks(grid: Grid) -> list[str]:
    return [point.fingerprint for point in grid.points]


@settings(deadline=None, max_examples=8)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 5))
def test_samples_are_nested_parts_of_the_grid_in_its_order(one: int, other: int, seed: int) -> None:
    whole = marks(asked(*CROSSED))
    few, more = sorted((one, other))
    small = asked(*CROSSED, sample=few, sample_seed=seed)
    large = asked(*CROSSED, sample=more, sample_seed=seed)
    assert marks(small) == [mark for mark in whole if mark in set(marks(small))]
    assert set(marks(small)) <= set(marks(large))
    assert marks(small) == marks(asked(*CROSSED, sample=few, sample_seed=seed))
    assert len(small.points) + small.unsampled == len(whole)


def test_a_sampled_regime_has_all_its_seeds() -> None:
    grid = asked(*CROSSED, sample=4)
    assert list(Counter(regime_key(point.run) for point in grid.points).values()) == [3] * 4


def test_another_seed_draws_another_sample() -> None:
    assert len({tuple(marks(asked(*CROSSED, sample=3, sample_seed=seed))) for seed in range(5)}) > 1


def test_a_sample_larger_than_the_grid_is_the_grid() -> None:
    assert marks(asked(*CROSSED, sample=7)) == marks(asked(*CROSSED))


def test_a_sampled_arm_keeps_all_rates_that_are_tuned() -> None:
    line = (*TINY, "activation=relu,tanh,sigmoid", "optimizer.learning_rate=0.1,1,10")
    study = Study("s", grid=(line,), seeds=(0, 1), tune=Tune("optimizer.learning_rate", (7,)), sample=2)
    grid = asked(study=study)
    assert list(Counter(point.arm for point in grid.points).values()) == [9, 9]
    assert len({point.arm for point in asked(study=study, sample=1).points}) == 1


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9)), min_size=1, max_size=5, unique=True))
def test_paired_values_are_the_diagonal_of_the_product(shapes: list[tuple[int, int]]) -> None:
    arguments = [
        *TINY,
        f"architecture.depth={','.join(str(depth) for depth, _ in shapes)}",
        "activation=relu,tanh",
        f"architecture.width={','.join(str(width) for _, width in shapes)}",
    ]
    grid = asked(*arguments, zip=(("architecture.depth", "architecture.width"),))
    found = [
        (point.run.architecture.depth, point.run.architecture.width, point.run.activation.name)
        for point in grid.points
    ]
    assert found == [(*shape, name) for shape in shapes for name in ("relu", "tanh")]


def test_a_pair_from_the_command_line_holds_for_every_product_with_its_keys() -> None:
    lines = (
        (*TINY, "architecture.depth=1,2", "architecture.width=4,8"),
        (*TINY, "activation=relu,tanh", "architecture.hidden=[3]"),
    )
    grid = asked(
        study=Study("s", grid=lines, seeds=(0,)), zip=(("architecture.depth", "architecture.width"),)
    )
    assert len(grid.points) == 2 + 2


@pytest.mark.parametrize(
    "pair", ["architecture.depth,architecture.width", "[architecture.depth,architecture.width]"]
)
def test_one_group_of_pairs_needs_no_list_around_it(pair: str) -> None:
    line = (*TINY, "architecture.depth=1,2", "architecture.width=4,8", f"sweep.zip=[{pair}]")
    grid = asked(study=Study("s", grid=(line,), seeds=(0,)))
    assert [point.run.architecture.width for point in grid.points] == [4, 8]


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        ("optimizer.learning_rate=1e-1", 12),
        ("optimizer.learning_rate=1.0,10,activation=relu", 12),
        ("activation=relu, seed=2", 15),
        ("optimizer=minibatch,activation=tanh", 9),
        ("architecture.bias=true,seed=0", 12),
        ("architecture.hidden=null,seed=0,1", 6),
    ],
)
def test_a_point_is_left_out_where_all_conditions_hold(entry: str, left: int) -> None:
    grid = asked(*CROSSED, exclude=(entry,))
    assert (len(grid.points), grid.excluded) == (left, 18 - left)


def test_a_condition_on_a_list_reads_its_commas_as_the_lists() -> None:
    grid = asked(*TINY, "architecture.hidden=[8,4],[4]", exclude=("architecture.hidden=[8,4],seed=0",))
    assert [point.run.sizes for point in grid.points] == [(2, 4, 1)]


def test_a_condition_on_a_key_that_some_points_lack_leaves_these_in() -> None:
    lines = ((*TINY, "optimizer=gd"), (*TINY, "optimizer=batch", "optimizer.batch_size=8,16"))
    study = Study("s", grid=lines, seeds=(0,), exclude=("optimizer.batch_size=8",))
    assert {point.run.feeding_label for point in asked(study=study).points} == {
        "GD (all 300)",
        "mini-batch (16)",
    }


def test_a_studys_own_misspelt_exclusion_is_refused() -> None:
    study = Study("s", grid=(TINY,), seeds=(0,), exclude=("stoping.epochs=1",))
    with pytest.raises(ConfigurationError, match=r"'stoping\.epochs'; did you mean 'stopping\.epochs'"):
        asked(study=study)


def test_values_that_differ_in_writing_alone_train_once() -> None:
    grid = asked(*TINY, "optimizer.learning_rate=0.1,1e-1,.1", "optimizer=batch,minibatch", "seed=0,0,1")
    assert [point.run.seed for point in grid.points] == [0, 1]


def test_the_store_is_told_what_was_left_out_and_drawn() -> None:
    session = ["sweep.exclude=['seed=2']", "sweep.sample=4", "sweep.sample_seed=9"]
    settings = build_settings(default_composer().session(session))
    told = study_document(replace(settings, study=Study("s", exclude=("seed=1",), sample=8)), [], [])
    assert told["exclude"] == ["seed=1", "seed=2"]
    assert (told["sample"], told["sample_seed"]) == (4, 9)
