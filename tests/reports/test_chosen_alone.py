"""Reports of studies whose reported seeds were trained at the chosen value of their arm and at no other."""

from dataclasses import replace

import pytest

from harness import choosing
from harness.errors import ConfigurationError
from reports import troubles
from reports.comparison import RATE, compare
from reports.figures.sensitivity import sensitivity as drawn
from reports.sections.sensitivity import sensitivity

ARMS = {"activation": ["relu", "sigmoid", "tanh"]}
DIED = [("tanh", rate, 101) for rate in (0.03, 0.3, 3.0)]


def chosen_alone(record):
    """Return a study as the store would hold it: without reported runs at other values than the chosen."""
    runs, tune = record.runs, record.spec["tune"]
    points = choosing.sensitivity(runs, tune["over"], tune["metric"])
    reported = choosing.at_chosen(runs, choosing.choose(points, tune["metric"]), tune["over"])
    return only(record, runs[(runs["role"] == "tuning") | runs["run_id"].isin(reported["run_id"])])


def only(record, runs, /, **spec):
    tune = record.spec["tune"] | {"reported": "chosen"}
    history = record.history[record.history["run_id"].isin(runs["run_id"])]
    return replace(
        record, runs=runs, history=history, spec=record.spec | {"tune": tune, "runs": len(runs)} | spec
    )


@pytest.fixture(scope="module")
def every(synthetic):
    return synthetic(ARMS, rows=6, diverged=DIED)


@pytest.fixture(scope="module")
def alone(every):
    return compare(chosen_alone(every))


def test_what_is_compared_is_what_it_is_where_every_value_was_reported(every, alone):
    before = compare(every)
    assert alone.choices.equals(before.choices)
    assert alone.chosen.equals(before.chosen)
    assert alone.scores.equals(before.scores)
    assert len(alone.runs) == 3 * 3 * 3 + 2 * 5


def test_sensitivity_is_of_the_tuning_seeds_and_says_so(alone):
    assert set(alone.sensitivity["role"]) == {"tuning"}
    shown = sensitivity(alone)
    assert [drawing.name for drawing in shown.drawings] == ["sensitivity"]
    assert "3 tuning seeds an arm and value" in shown.drawings[0].caption
    assert "is shown by the tuning seeds alone" in " ".join(shown.paragraphs)
    with pytest.raises(ConfigurationError, match="role = 'reported'"):
        drawn(alone.sensitivity, alone.layout, role="reported")


def test_arms_that_chose_different_values_are_not_drawn_at_one(every):
    best = every.runs["arm"].map({"relu": 0.03, "sigmoid": 3.0})
    score = every.runs["validation_log_loss"].where(every.runs[RATE] != best, 0.0)
    comparison = compare(chosen_alone(replace(every, runs=every.runs.assign(validation_log_loss=score))))
    assert set(comparison.chosen[RATE]) == {0.03, 3.0}
    assert comparison.one_rate is None


def test_nothing_is_called_missing_that_was_never_asked_for(alone):
    assert (alone.outcomes["missing"] == 0).all()
    said = " ".join(troubles.absent(alone))
    assert "not there" not in said
    assert "lack" not in said


def test_an_arm_without_a_choice_is_told(alone):
    assert "Not reported, as no learning rate could be chosen: tanh (a tuning seed diverged" in " ".join(
        troubles.absent(alone)
    )


def test_a_reported_run_that_was_asked_for_and_did_not_end_is_missing(every):
    whole = chosen_alone(every)
    lost = whole.runs[(whole.runs["arm"] == "relu") & (whole.runs["seed"] == 4)].index
    record = only(whole, whole.runs.drop(index=lost), runs=len(whole.runs))
    said = " ".join(troubles.absent(compare(record)))
    assert "Asked for and not there: 1 of 37 runs" in said
    assert "relu (4 of 5)" in said


def test_a_sweep_that_has_come_to_its_tuning_runs_alone_says_that_the_others_follow(every, without_figures):
    runs = every.runs[every.runs["role"] == "tuning"]
    files = without_figures(only(every, runs, seeds=[]))
    for page in ("index.html", "report.md"):
        assert "the same command goes on with the reported ones" in files[page].decode()
    assert "lacks reported seeds" not in files["report.md"].decode()


def test_where_no_arm_has_a_choice_no_reported_run_is_promised(synthetic, without_figures):
    record = synthetic(ARMS, rows=6, diverged="all")
    page = without_figures(only(record, record.runs[record.runs["role"] == "tuning"], seeds=[]))["report.md"]
    assert "goes on with the reported ones" not in page.decode()
    assert "Not reported, as no learning rate could be chosen: relu" in page.decode()


def test_seeds_of_the_command_line_that_were_trained_at_every_value_are_all_drawn(every):
    reported = every.runs[every.runs["role"] == "reported"]
    comparison = compare(only(every, reported))
    assert comparison.one_rate is not None
    assert set(comparison.sensitivity["role"]) == {"reported"}
