"""What is printed and written of the benchmarks of sweeps."""

import csv
from io import StringIO
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.sweeps.command import write
from benchmarks.sweeps.sections import Section, Table, text
from benchmarks.targets import Target

TABLE = Table(("", "runs", "ms a run"), [("Hydra", 200, 312.25), ("harness", 10_000, 0.61234), ("", 1, None)])


def test_numbers_stand_to_the_right_and_what_is_not_known_is_blank() -> None:
    assert TABLE.markdown().splitlines() == [
        "|  | runs | ms a run |",
        "| --- | ---: | ---: |",
        "| Hydra | 200 | 312 |",
        "| harness | 10,000 | 0.612 |",
        "|  | 1 |  |",
    ]


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0.0, "0"), (0.00123456, "0.00123"), (1.239, "1.24"), (12.39, "12.4"), (1239.4, "1,239")],
)
def test_a_number_has_three_digits(number: float, shown: str) -> None:
    assert text(number) == shown


def test_a_section_is_written_with_its_tables_and_its_targets(tmp_path: Path) -> None:
    target = Target("ms a run", "10,000 runs", 0.61234, 3.0, at_most=True)
    write(
        Section("Composing", "How it was done.", {"composing by size": TABLE}, [target]),
        "composing",
        tmp_path,
        {"cores": "2"},
    )
    written = (tmp_path / "sweeps-composing.md").read_text(encoding="utf-8")
    for part in ("# Composing", "How it was done.", "## Composing by size", "1 of 1 met.", "- cores: 2"):
        assert part in written
    rows = list(csv.DictReader(StringIO((tmp_path / "sweeps-composing-by-size.csv").read_text())))
    assert [row["ms a run"] for row in rows] == ["312.25", "0.61234", ""]


def test_a_part_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["sweeps", "--only", "composting", "--out", str(tmp_path / "out")])
    assert "'composting'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
