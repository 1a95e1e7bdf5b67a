"""Which cells there are, how they are chosen, and how much one timing trains."""

import pytest

from benchmarks.__main__ import main
from benchmarks.cells import SIZES, Cell, cells, chosen, quick, tables
from benchmarks.tasks import Task
from harness.errors import ConfigurationError


def test_the_standard_cells_come_first():
    standard = [cell.standard for cell in cells()]
    assert standard == sorted(standard, reverse=True)
    assert sum(standard) == 6
    assert sum(quick(cell) for cell in cells()) == 3


def test_a_filter_names_parts_in_any_order():
    assert len(chosen([])) == len(cells()) == 36
    assert {cell.label for cell in chosen(["32/64-32-10", "relu/all/float64/784-256-128-10"])} == {
        "64-32-10/32/float32/sigmoid",
        "64-32-10/32/float64/sigmoid",
        "64-32-10/32/float32/relu",
        "64-32-10/32/float64/relu",
        "784-256-128-10/all/float64/relu",
    }


def test_a_part_that_nothing_is_called_by_is_refused_with_the_nearest():
    with pytest.raises(ConfigurationError, match=r"'float23': not known.*did you mean 'float32'"):
        chosen(["64-32-10/float23"])
    with pytest.raises(ConfigurationError, match="no cell is all of that"):
        chosen(["1/32"])


def test_a_bad_filter_ends_with_one_line_and_writes_nothing(tmp_path, capsys):
    assert main(["--cells", "64-32-11", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert not said.out
    assert not list(tmp_path.iterdir())


def test_a_table_holds_the_cells_that_differ_in_the_batch():
    assert [[cell.batch for cell in table] for table in tables(cells())] == [[1, 32, None]] * 12


@pytest.mark.parametrize("family", ["harness", "jax", "torch", "sklearn", "products"])
def test_a_timing_trains_whole_epochs_or_less_than_one(family):
    for cell in cells():
        for stack in (1, 10, 50):
            work = Task(cell, family, stack).work
            assert work.updates >= 1
            assert work.rows == cell.samples or (work.epochs == 1 and work.rows % work.batch == 0)


def test_left_over_batches_are_counted():
    cell = Cell(SIZES[0], 32, "float32", "sigmoid")
    assert Task(cell, "harness", 1, updates=68).work.updates == 68
    assert Task(cell, "harness", 1, updates=68).work.epochs == 2
    assert Task(cell, "harness", 1, updates=5).work.rows == 160
