"""What is printed and written of timings."""

import csv
from io import StringIO

from benchmarks.cells import SIZES, Cell
from benchmarks.lineup import Contender, all_cores, one_core
from benchmarks.tables import csv_text, machine_list, target_table, timing_table
from benchmarks.targets import Target
from benchmarks.timing import Timing, timing
from benchmarks.workers import Missing, Ready, Took

ONE = Cell(SIZES[0], 1, "float32", "sigmoid")
ALL = Cell(SIZES[0], None, "float32", "sigmoid")
JAX = Contender("jax", 50)


def test_a_row_is_a_contender_and_a_column_a_batch():
    text = timing_table(
        [
            Timing(ONE, Contender("harness", 50), (4.0, 2.0, 3.0)),
            Timing(ONE, JAX, (1.0, 1.0, 1.0), compile_seconds=0.571),
            Timing(ALL, Contender("harness", 50), (1234.0, 1234.0, 1234.0)),
            Timing(ALL, JAX, (500.0, 500.0, 500.0), compile_seconds=0.26),
        ]
    )
    assert text.splitlines() == [
        "| µs an update of one run | batch 1 | all (1,077) |",
        "|---|---:|---:|",
        "| harness, stack of 50 | 3.00 | 1,234.0 |",
        "| JAX, stack of 50 | 1.00 | 500.0 |",
        "| JAX, stack of 50: compiling, once | 0.57 s | 0.26 s |",
    ]


def test_what_is_not_installed_is_said_in_its_place():
    text = timing_table([Timing(ONE, JAX, missing="not installed")])
    assert text.splitlines()[2:] == ["| JAX, stack of 50 | not installed |"]


def test_quartiles_are_in_the_csv():
    absent = Timing(ONE, Contender("torch", 1), missing="not installed")
    rows = list(csv.DictReader(StringIO(csv_text([Timing(ONE, JAX, (1.0, 2.0, 3.0, 4.0, 5.0)), absent]))))
    assert [rows[0][name] for name in ("lower_quartile_us", "median_us", "upper_quartile_us")] == [
        "2", "3", "4",
    ]  # fmt: skip
    assert (rows[0]["size"], rows[0]["batch"], rows[0]["stack"]) == ("64-32-10", "1", "50")
    assert (rows[1]["median_us"], rows[1]["missing"]) == ("", "not installed")


def test_one_core_counts_the_processors_seconds_and_all_cores_the_clocks():
    ready, took = Ready(runs=10, updates=100, compile_seconds=0.0), [Took(wall=2.0, cpu=1.0, setup=0.1)] * 2
    alone = timing(ONE, Contender("harness", 10), ready, took)
    assert (alone.median, alone.share) == (1000.0, 0.5)
    assert timing(ONE, Contender("harness", 10, processes=2), ready, took).median == 2000.0


def test_set_up_is_what_is_left_of_a_first_update():
    ready = Ready(runs=10, updates=100, compile_seconds=0.0, idle_updates=1)
    once = timing(ALL, Contender("harness", 10), ready, [Took(wall=1.0, cpu=1.0, setup=0.05)] * 2)
    # An update of ten runs takes 0.01 s; the rest of 0.05 s is set-up.
    assert (once.median, round(once.setup_seconds, 6)) == (1000.0, 0.04)


def test_a_contender_that_failed_says_why():
    assert timing(ONE, JAX, Missing("MemoryError: too large"), []).missing == "MemoryError: too large"


def test_a_shared_core_is_told():
    crowded = [Timing(ONE, JAX, (1.0, 1.0), share=0.4)]
    assert "read the ratios" in machine_list({"cores": "2"}, crowded)
    assert "read the ratios" not in machine_list({"cores": "2"}, [Timing(ONE, JAX, (1.0, 1.0))])


def test_targets_are_counted():
    text = target_table([Target("a", "here", 2.0, 1.0), Target("b", "there", 2.0, 1.6, at_most=True)])
    assert text.splitlines()[0] == "1 of 2 met."
    assert text.splitlines()[-2:] == [
        "| a | here | 2 | ≥ 1 | met |",
        "| b | there | 2 | ≤ 1.6 | missed by 25% |",
    ]


def test_every_contender_has_a_name_of_its_own():
    for line_up in (one_core(), all_cores(4)):
        labels = [contender.label for contender in line_up]
        assert len(set(labels)) == len(labels)
