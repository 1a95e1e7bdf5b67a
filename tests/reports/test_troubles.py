"""What went wrong is shown, counted over every run, with what to try."""

from dataclasses import replace

import pytest
from matplotlib.patches import Rectangle

from reports import troubles as counted
from reports.comparison import compare
from reports.figures.outcomes import MOST_ARMS, outcomes
from reports.sections.troubles import troubles

ONE_RATE = {"rates": (0.3,), "rows": 5}


def record_with(synthetic, *, failed=(), **keys):
    """Make a study of which the runs at `failed` failed."""
    record = synthetic({"activation": ["relu", "tanh"]}, **{**ONE_RATE, **keys})
    runs = record.runs.copy()
    runs.loc[list(failed), ["status", "outcome"]] = ["FAILED", "failed"]
    return replace(record, runs=runs)


def test_bars_add_up_to_every_run_however_it_ended(synthetic):
    record = record_with(synthetic, failed=[0], diverged=[("tanh", 0.3, 1)], warnings="overflow")
    runs = record.runs.copy()
    runs.loc[3, "outcome"] = ""
    comparison = compare(replace(record, runs=runs))
    figure = outcomes(comparison.outcomes)
    (axes,) = figure.axes
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert sum(bar.get_width() for bar in bars) == len(runs)
    said = {text.get_text() for text in axes.texts}
    assert said == {"1 failed, 1 warned", "1 diverged, 1 warned"}
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert {"diverged", "failed (crossed)", "unknown"} <= set(legend)


def test_of_many_arms_those_are_drawn_to_which_something_happened(synthetic):
    axes = {"architecture.width": [str(width) for width in range(1, MOST_ARMS + 6)]}
    comparison = compare(synthetic(axes, seeds=(0, 1), diverged=[("7", 0.3, 1)], **ONE_RATE))
    (drawing,) = troubles(comparison).drawings
    assert f"Of {MOST_ARMS + 5} arms, the " in drawing.caption
    labels = [label.get_text() for label in drawing.draw().axes[0].get_yticklabels()]
    assert "width 7" in labels
    assert len(labels) < MOST_ARMS
    assert len(drawing.frame) == MOST_ARMS + 5


def test_where_nothing_went_wrong_there_is_no_picture_of_it(synthetic):
    record = synthetic({"activation": ["relu"]}, **ONE_RATE)
    found = troubles(compare(record))
    assert found.drawings == ()
    assert found.paragraphs == ("Nothing: of 5 runs, none diverged, failed, stalled or warned.",)


def test_runs_that_were_asked_for_and_are_missing_are_counted(synthetic):
    record = synthetic({"activation": ["relu", "tanh"]}, **ONE_RATE)
    spec = record.spec | {"runs": 12}
    said = counted.absent(compare(replace(record, spec=spec)))
    assert said == ("Asked for and not there: 2 of 12 runs, which have not ended or were not started.",)
    assert counted.absent(compare(record)) == ()


def test_arms_that_lack_seeds_are_named(synthetic):
    record = synthetic({"activation": ["relu", "tanh"]}, **ONE_RATE)
    runs = record.runs[~((record.runs["arm"] == "tanh") & (record.runs["seed"] > 2))]
    comparison = compare(replace(record, runs=runs))
    (said,) = counted.absent(comparison)
    assert said.startswith(
        "Seeds are unequal: 1 arm of 2 lacks reported seeds at the value chosen, tanh (3 of 5)."
    )
    table = counted.by_arm(comparison)
    assert table.frame.set_index("arm")["missing"].to_dict() == {"relu": 0, "tanh": 2}
    assert "missing" in table.headers


def test_runs_that_name_no_seed_lack_none_and_invent_none(synthetic):
    record = synthetic({"activation": ["relu", "tanh", "elu"]}, **ONE_RATE, seeds=range(4))
    arm, seed = record.runs["arm"], record.runs["seed"].astype("Int64")
    unnamed = (arm == "tanh") | ((arm == "elu") & (seed == 3))
    spec = record.spec | {"seeds": []}
    comparison = compare(replace(record, spec=spec, runs=record.runs.assign(seed=seed.mask(unnamed))))
    frame = comparison.outcomes.set_index("arm")
    assert frame["reported"].to_dict() == {"relu": 4, "tanh": 4, "elu": 4}
    assert frame["missing"].to_dict() == {"relu": 0, "tanh": 0, "elu": 1}
    unequal, without = counted.absent(comparison)
    assert unequal.startswith("Seeds are unequal: 1 arm of 3 lacks")
    assert "elu (3 of 4)." in unequal
    assert without.startswith("Without the name of a seed: elu (1 of 4 runs); tanh (4 of 4 runs). Such runs")


def test_the_doctors_advice_is_counted_over_all_runs_and_the_reported_ones(synthetic):
    told = [("relu", 0.3, "dead layer"), ("relu", 3.0, "dead layer"), ("tanh", 3.0, "exploding")]
    record = synthetic({"activation": ["relu", "tanh"]}, rows=5, complaints=told)
    record.runs["warnings"] = record.runs["warnings"].str.replace(
        " at rate", " is what was seen: try less than", regex=False
    )
    comparison = compare(record)
    # 8 seeds at each of two rates; at the chosen one, 5 are reported.
    assert comparison.choices.set_index("arm")["value"]["relu"] == pytest.approx(0.3)
    complaints = counted.complaints(comparison).frame.set_index(["complaint", "arm"])
    assert tuple(complaints.loc[("dead layer", "relu"), ["complained", "at_chosen", "reported"]]) == (
        16,
        5,
        5,
    )
    frame = counted.advice(comparison).frame
    assert frame["advice"].str.startswith("try less than").all()
    assert frame["at_chosen"].sum() == 5
    assert frame["runs"].sum() == 24
    assert counted.advice(compare(synthetic({"activation": ["relu"]}, **ONE_RATE))) is None
