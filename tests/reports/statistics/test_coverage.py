"""The tables of docs/statistics.md are what the command prints."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.statistics import coverage
from reports.statistics.resplitting import resplit

DOCS = Path(__file__).parents[3] / "docs" / "statistics.md"
PLATFORM = 0.15
"""Other platforms round other bits: a study or two of 4,000 may fall to the other side."""


def written(name: str) -> list[list[str]]:
    """Return the rows of a table in the docs."""
    _, _, after = DOCS.read_text(encoding="utf-8").partition(f"**{name}**\n\n")
    table, _, _ = after.partition("\n\n")
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


def agrees(row: list[str], shown: list[object]) -> bool:
    numbers = [float(text) for text in row if text.replace(".", "").isdigit()]
    return numbers == pytest.approx([each for each in shown if not isinstance(each, str)], abs=PLATFORM)


def test_a_row_is_what_the_command_finds():
    row = next(row for row in written("Intervals of a mean") if row[:2] == ["tied", "5"])
    assert agrees(row, list(coverage.of_means("tied", 5).values()))
    share = next(row for row in written("Wilson's interval of a share") if row[0] == "0.2")
    assert agrees(share, list(coverage.of_shares(0.2).values()))
    cells = next(row for row in written("True claims about all of several cells, refuted") if row[0] == "8")
    assert agrees(cells, list(coverage.of_cells(8).values()))


def test_a_claim_about_many_cells_is_wrongly_refuted_no_oftener_than_one_about_one():
    rows = [
        [float(each) for each in row] for row in written("True claims about all of several cells, refuted")
    ]
    assert rows[-1][1] > 30
    assert all(row[2] == pytest.approx(2.5, abs=0.75) for row in rows)


def test_the_docs_show_every_case():
    assert [row[:2] for row in written("Intervals of a mean")] == [
        [kind, str(seeds)] for kind in ("normal", "skewed", "tied") for seeds in (5, 10, 20)
    ]


def test_students_t_covers_and_a_bootstrap_of_five_seeds_does_not():
    rows = {tuple(row[:2]): [float(each) for each in row[2:]] for row in written("Intervals of a mean")}
    for (kind, seeds), (t, bca, percentile) in rows.items():
        assert t == pytest.approx(95, abs=1) or kind == "skewed"
        assert max(bca, percentile) < 88 or seeds != "5"
        assert bca < t


def test_for_new_data_students_t_covers_the_less_the_more_seeds_and_nadeau_and_bengios_interval_covers():
    rows = [[float(each) for each in row] for row in written("Splits of one data set")]
    assert [row[0] for row in rows] == [5, 10, 20]
    assert all(row[1] == pytest.approx(95, abs=2) for row in rows)
    assert [row[2] for row in rows] == sorted((row[2] for row in rows), reverse=True)
    assert rows[-1][2] < 70
    assert all(row[3] == pytest.approx(95, abs=1.5) for row in rows)


def test_splits_of_one_data_set_go_together_by_about_what_nadeau_and_bengio_say(monkeypatch):
    monkeypatch.setattr("reports.statistics.resplitting.DATA_SETS", 300)
    monkeypatch.setattr("reports.statistics.resplitting.OTHERS", 20)
    found, ratio = resplit(np.random.default_rng(0), 20)
    assert ratio == 1 / 3
    within, between = found.differences.var(axis=1, ddof=1).mean(), found.differences.mean(axis=1).var(ddof=1)
    # Their correlation of two splits: test samples by test and training samples, 1/4.
    correlation = 1 - within / (within + between - within / 20)
    assert correlation == pytest.approx(0.25, abs=0.06)


@pytest.mark.slow
def test_every_table_is_what_the_command_prints():
    for name, table in coverage.tables():
        shown = written(name)
        assert len(shown) == len(table)
        for row, found in zip(shown, table.itertuples(index=False), strict=True):
            assert agrees(row, [round(each, 2) if isinstance(each, float) else each for each in found])


def test_a_table_is_written_as_markdown():
    text = coverage.markdown("Some", pd.DataFrame({"share": [0.05], "t": [94.96], "seeds": [5]}))
    assert text == "**Some**\n\n| share | t | seeds |\n|---|---|---|\n| 0.05 | 95.0 | 5 |"
