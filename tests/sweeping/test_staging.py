"""Where reported seeds are trained at the chosen value alone: what is trained, when, and how it goes on."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness import choosing
from harness.errors import ConfigurationError
from harness.sweeping.composing import default_composer
from harness.sweeping.grid import Point, expand
from harness.sweeping.results import Result
from harness.sweeping.settings import Serial, Settings, SweepKeys
from harness.sweeping.staging import choices, stages, sweep_in_stages, told
from harness.sweeping.study import Study, Tune
from harness.sweeping.sweep import Swept
from harness.sweeping.tunable import staged
from harness.tracking import read
from harness.tracking.settings import MLflow
from harness.tracking.store import connect, search

App = Callable[..., Any]

RATE = "optimizer.learning_rate"
LINE = ("dataset=moons", "dataset.samples=60", "stopping.epochs=2", "architecture.width=4", "diagnostics=off",
        "activation=relu,tanh", f"{RATE}=0.01,0.1,1")  # fmt: skip
TUNE = Tune(RATE, (7, 8), reported="chosen")
STUDY = Study("adhoc", grid=(LINE,), seeds=(0, 1, 2), arms=("activation",), tune=TUNE)
TUNING, REPORTED = 2 * 3 * 2, 2 * 3
ASKED = (
    f"study.grid=[[{','.join(repr(override) for override in LINE)}]]",
    "study.seeds=[0,1,2]",
    "study.arms=[activation]",
    f"study.tune={{over:{RATE},seeds:[7,8],metric:validation_log_loss,reported:chosen}}",
    "executor=serial",
    "-m",
)


def points(study: Study = STUDY, *arguments: str) -> list[Point]:
    return expand(default_composer(), study, arguments).points


def held(uri: str, kind: str) -> list[Any]:
    client = connect(uri)
    experiment = client.get_experiment_by_name("adhoc").experiment_id
    return list(search(client, experiment, f"tags.`harness.kind` = '{kind}'"))


def assert_whole(uri: str, times: int = 1) -> None:
    """The store holds every run `times` times, and its latest sweep all of them and no other."""
    runs = held(uri, "run")
    marks = Counter(run.data.tags["harness.fingerprint"] for run in runs)
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert set(marks.values()) == {times}
    record = read.study("adhoc", uri=uri)
    assert len(record.runs) == record.spec["runs"] == len(marks) == TUNING + REPORTED
    assert Counter(record.runs["role"]) == {"tuning": TUNING, "reported": REPORTED}
    assert {run.info.status for run in held(uri, "sweep")} == {"FINISHED"}


@pytest.fixture(scope="module")
def swept(swept_once: App) -> tuple[str, Any]:
    return swept_once(*ASKED)


def test_the_tuning_runs_are_trained_and_the_reported_ones_at_the_chosen_value(
    swept: tuple[str, Any],
) -> None:
    uri, said = swept
    assert said.status == 0
    assert_whole(uri)
    runs = read.study("adhoc", uri=uri).runs
    chosen = choosing.choose(choosing.sensitivity(runs, RATE, TUNE.metric), TUNE.metric)
    reported = runs[runs["role"] == "reported"]
    assert Counter(zip(reported["arm"], reported[RATE], strict=True)) == {
        (row["arm"], row["value"]): 3 for row in chosen.to_dict("records")
    }
    assert f"{TUNING + REPORTED} runs trained, 0 were done already" in said.out
    assert said.out.startswith("chosen learning rate: ")
    assert said.out.count("test accuracy") == 1


def test_the_first_stage_is_a_sweep_of_its_own_that_compares_nothing(swept: tuple[str, Any]) -> None:
    uri, _ = swept
    first, second = sorted(held(uri, "sweep"), key=lambda run: run.data.tags["harness.started"])
    assert first.info.run_name == "adhoc · tuning"
    assert second.info.run_name == "adhoc · sweep"
    assert {run.data.tags["mlflow.parentRunId"] for run in held(uri, "arm")} == {second.info.run_id}
    assert "none, all of these choose tuned values" in first.data.tags["mlflow.note.content"]


def test_the_same_command_again_trains_nothing(
    swept: tuple[str, Any], copied: Callable[[str], str], app: App
) -> None:
    uri = copied(swept[0])
    sweeps = {run.info.run_id for run in held(uri, "sweep")}
    again = app(*ASKED)
    assert again.status == 0
    assert f"0 runs trained, {TUNING + REPORTED} were done already" in again.out
    assert_whole(uri)
    assert {run.info.run_id for run in held(uri, "sweep")} == sweeps


def test_a_study_that_grows_goes_on_from_what_it_has(
    swept: tuple[str, Any], copied: Callable[[str], str], app: App
) -> None:
    copied(swept[0])
    more = app(*ASKED, "study.seeds=[0,1,2,3]")
    assert f"2 runs trained, {TUNING + REPORTED} were done already" in more.out


def test_forced_it_trains_every_run_anew_and_once(
    swept: tuple[str, Any], copied: Callable[[str], str], app: App
) -> None:
    uri = copied(swept[0])
    forced = app(*ASKED, "sweep.force=true")
    assert f"{TUNING + REPORTED} runs trained, 0 were done already" in forced.out
    assert_whole(uri, times=2)
    assert not list(Path("mlruns/states").glob("*"))
    assert "0 runs trained" in app(*ASKED).out


def test_without_tracking_no_run_is_trained_twice(app: App, tmp_path: Path) -> None:
    said = app(*ASKED, "tracking=off")
    assert f"{TUNING + REPORTED} runs trained, 0 were done already" in said.out
    assert list(tmp_path.iterdir()) == []


def test_where_its_time_is_over_in_the_first_stage_the_second_does_not_begin(app: App, store: str) -> None:
    said = app(*ASKED, "sweep.limit=0.001s")
    assert said.status == 0
    left = TUNING + REPORTED
    assert f"stopped (the time that it was given is over): {left} of {left} runs are left" in said.out
    assert "chosen learning rate" not in said.out
    assert len(held(store, "sweep")) == 1
    assert app(*ASKED).status == 0
    assert_whole(store)


class Interrupting:
    """Ends the command, as SIGTERM does, once so many runs have ended in a sweep."""

    def __init__(self, after: int) -> None:
        self._after = after

    def start(self, total: int, done: int) -> None:
        self.leg([], 0.0)

    def leg(self, ended: Sequence[Result], seconds_left: float) -> None:
        self._after -= len(ended)
        if self._after <= 0:
            os.kill(os.getpid(), signal.SIGTERM)
            self._after = sys.maxsize

    def written(self, runs: int) -> None:
        pass

    def trained(self) -> None:
        pass

    def close(self) -> None:
        pass


def carried_out(uri: str, *after: int, force: bool = False) -> tuple[Swept, str]:
    """Sweep in this process; each stage is interrupted after so many runs."""
    settings = Settings(Serial(), MLflow(uri=uri), SweepKeys(force=force), STUDY)
    moments, said = iter(after), list[str]()

    def started() -> dict[str, str]:
        time.sleep(0.002)
        return {"started": pd.Timestamp.now("UTC").isoformat(timespec="milliseconds")}

    def progress() -> Interrupting:
        return Interrupting(next(moments, sys.maxsize))

    _, swept = sweep_in_stages(points(), settings, ["activation"], started, progress, said.append)
    return swept, "\n".join(said)


NEVER = sys.maxsize
FIRST, BETWEEN, SECOND = (1,), (NEVER, 0), (NEVER, 1)


@pytest.mark.parametrize(
    ("after", "force"),
    [
        (FIRST, False),
        (SECOND, True),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in [(FIRST, True), (BETWEEN, False), (BETWEEN, True), (SECOND, False)]
        ),
    ],
)
def test_interrupted_in_a_stage_it_goes_on_and_trains_no_run_twice(
    after: tuple[int, ...], force: bool, store: str
) -> None:
    broken, line = carried_out(store, *after, force=force)
    assert broken.signal == signal.SIGTERM
    assert broken.points == TUNING + REPORTED
    trained = sum(each.trained_now for each in broken.results)
    assert trained < TUNING if len(after) == 1 else TUNING <= trained < TUNING + REPORTED
    assert bool(line) == (len(after) == 2)
    whole, _ = carried_out(store, force=force)
    assert whole.stopped is None
    assert sum(each.trained_now for each in whole.results) == TUNING + REPORTED - trained
    assert_whole(store)


@pytest.mark.slow
def test_killed_between_the_stages_the_command_ends_at_the_same_grid(store: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harness", *ASKED[:-1], "executor.leg=0.05", "stopping.epochs=300", "-m"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline().startswith("chosen learning rate")
        first.kill()
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert_whole(store)


def ended(outcome: Callable[[Point], tuple[str, float]], study: Study = STUDY) -> dict[str, Result]:
    """Return results of the tuning runs, by their outcome and the score that chooses."""
    return {
        point.fingerprint: Result(point, outcome(point)[0], {TUNE.metric: outcome(point)[1]}, True)
        for point in points(study)
        if point.role == "tuning"
    }


def rate(point: Point) -> float:
    return point.run.optimizer.learning_rate


def test_an_arm_whose_tuning_runs_died_everywhere_is_told_and_not_reported() -> None:
    def outcome(point: Point) -> tuple[str, float]:
        lost = point.arm == "tanh" and point.run.seed == 7
        return ("diverged" if lost else "exhausted"), abs(rate(point) - 0.1)

    found = stages(points(), TUNE, ended(outcome))
    assert {(point.arm, rate(point)) for point in found.reported} == {("relu", 0.1)}
    assert told(choices(found.tuning, TUNE, ended(outcome)), TUNE) == (
        "chosen learning rate: 0.1 by 1 arm, none by 1 arm, not reported: "
        "tanh (a tuning seed diverged or failed at every value)"
    )


def test_a_choice_at_the_edge_of_the_grid_is_told() -> None:
    made = choices(points(), TUNE, ended(lambda point: ("exhausted", -rate(point))))
    assert told(made, TUNE) == "chosen learning rate: 1 by 2 arms (2 at the edge of the grid)"


def test_a_failed_tuning_run_costs_its_value_and_is_not_tried_again_by_the_second_stage(
    monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import faulty_initializers

    bad = faulty_initializers.Raising()
    asked = [
        replace(point, run=replace(point.run, initializer=bad))
        if (point.arm, point.role, rate(point), point.run.seed) == ("relu", "tuning", 1, 7)
        else point
        for point in points()
    ]
    settings = Settings(Serial(), MLflow(uri=store), SweepKeys(), STUDY)
    said: list[str] = []
    grid, swept = sweep_in_stages(
        asked,
        settings,
        ["activation"],
        lambda: {"started": pd.Timestamp.now("UTC").isoformat()},
        lambda: Interrupting(NEVER),
        said.append,
    )
    assert len(swept.results) == len(grid) == TUNING + REPORTED
    assert [each.outcome for each in swept.results].count("failed") == 1
    assert 1 not in {rate(point) for point in grid if (point.arm, point.role) == ("relu", "reported")}
    assert len([run for run in held(store, "run") if run.info.status == "FAILED"]) == 1


def test_a_plan_counts_one_reported_run_an_arm_and_seed(
    swept: tuple[str, Any], copied: Callable[[str], str], app: App
) -> None:
    fresh = app(*ASKED, "sweep.plan=true", "tracking=off").out.splitlines()
    assert fresh[0] == "18 runs of 2 arms, 0 of them done"
    assert fresh[1] == (
        "first 12 tuning runs, then 6 reported ones, each arm at the learning rate that it chose "
        "(of 2 arms not known yet: planned at their middle one)"
    )
    assert fresh[2].startswith("18 to train")
    copied(swept[0])
    done = app(*ASKED, "sweep.plan=true").out.splitlines()
    assert done[0] == "18 runs of 2 arms, 18 of them done"
    assert done[1].endswith("each arm at the learning rate that it chose")
    more = app(*ASKED, "sweep.plan=true", "study.seeds=[0,1,2,3]").out.splitlines()
    assert more[0] == "20 runs of 2 arms, 18 of them done"


def test_seeds_of_the_command_line_that_do_not_tune_are_trained_at_every_value(app: App) -> None:
    assert not staged(points(STUDY, "seed=1000,1001"), TUNE)
    said = app(*ASKED, "seed=1000,1001", "tracking=off")
    assert "12 runs trained, 0 were done already" in said.out
    assert "chosen learning rate" not in said.out


def test_where_every_value_is_reported_nothing_is_swept_in_stages() -> None:
    assert staged(points(), TUNE)
    assert not staged(points(), replace(TUNE, reported="every"))
    assert not staged(points(), None)


@pytest.mark.parametrize(
    ("exclude", "said"),
    [
        ("activation=tanh,seed=7,8", f"arm tanh has no tuning run, at none of {RATE} = 0.01, 0.1, 1"),
        (f"activation=tanh,seed=0,1,2,{RATE}=0.1", f"arm tanh may choose {RATE} = 0.1, at which it has no"),
    ],
    ids=["no tuning runs", "a value not reported"],
)
def test_an_arm_that_the_second_stage_would_drop_is_refused_before_the_first(exclude: str, said: str) -> None:
    study = replace(STUDY, exclude=(exclude,))
    with pytest.raises(ConfigurationError, match=f"study.tune.reported = 'chosen': {said}") as refused:
        points(study)
    assert "\n" not in str(refused.value)
    # Where every value is reported, the report says so of the arm.
    assert points(replace(study, tune=replace(TUNE, reported="every")))
