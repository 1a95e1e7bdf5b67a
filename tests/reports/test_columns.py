"""Every column of every CSV is described."""

import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest

from harness.tracking.frames import StudyRecord
from reports.asking import Wanted
from reports.columns import COLUMNS, describe
from reports.page import build

STUDIES: list[Mapping[str, Any]] = [
    {
        "axes": {"dataset": ["moons", "digits"], "activation": ["relu", "sigmoid"]},
        "layers": 4,
        "diverged": [("relu", 0.3, 2)],
        "warnings": "overflow",
        "complaints": [("relu", 0.3, "plateau")],
    },
    {"axes": {"layers": ["2", "3"]}, "rates": (0.1,), "regression": True},
]


@pytest.mark.parametrize("shape", STUDIES)
def test_every_column_of_every_csv_is_described(
    synthetic: Callable[..., StudyRecord], shape: Mapping[str, Any]
) -> None:
    # Those of figures are among them: the dictionary is of the whole report.
    files = build(synthetic(shape["axes"], rows=8, **{k: v for k, v in shape.items() if k != "axes"}), TABLES)
    told = pd.read_csv(io.BytesIO(files["columns.csv"]), keep_default_na=False)
    assert told[told["meaning"] == ""][["file", "column"]].to_numpy().tolist() == []
    assert not told.duplicated(["file", "column"]).any()
    columns = {name: list(pd.read_csv(io.BytesIO(content)).columns) for name, content in files.items()}
    for name, found in columns.items():
        assert told.loc[told["file"] == name, "column"].tolist() == found, name
    assert {f"{name}.csv" for name in ("final", "gradients_at_start")} <= set(told["file"])


TABLES = Wanted(pages=(), figures=False)


def test_a_column_that_nobody_described_has_no_meaning() -> None:
    assert describe("flavour", "summary") == ("", "")
    assert describe("flavour_low", "summary") == ("", "")
    assert describe("flavour", "summary", ["flavour"])[0] == "Value of the configuration's flavour."


def test_a_bound_has_the_unit_of_what_it_bounds() -> None:
    meaning, unit = describe("test_accuracy_low", "summary")
    assert meaning == "Lower end of the interval of test_accuracy."
    assert unit == describe("test_accuracy", "summary")[1] == "share, 0 to 1"
    assert describe("delta_rms_3", "anything") == describe("delta_rms", "anything")


def test_descriptions_name_only_what_their_patterns_catch() -> None:
    for column in COLUMNS:
        groups = re.compile(column.pattern).groups
        named = re.findall(r"\{(\d)\}", column.meaning + column.unit)
        assert all(int(each) < groups for each in named), column.pattern
