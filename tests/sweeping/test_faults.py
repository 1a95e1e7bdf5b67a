"""What goes wrong in one run, or in its worker, is that run's alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.entities import Run

from harness import compose, train
from harness.config import RunConfig
from harness.engine.initializers import Initializer, Normal
from harness.sweeping.results import Result
from harness.sweeping.settings import Processes, Serial, Settings, SweepKeys
from harness.sweeping.stacks import stacks
from harness.sweeping.study import Study
from harness.sweeping.sweep import sweep
from harness.tracking.settings import MLflow, Off
from harness.tracking.store import connect, search
from tests.sweeping.points import points_of

SHORT = ["dataset=xor", "optimizer=gd", "stopping.updates=3", "diagnostics=off", "initializer=normal"]
NARROW, WIDE, WIDER, WIDEST = (f"architecture.width={width}" for width in (3, 4, 5, 6))
TWO = Processes(workers=2)


class Silent:
    counted = 0
    stored = 0

    def start(self, total: int, done: int) -> None:
        pass

    def leg(self, ended: Sequence[Result], seconds_left: float) -> None:
        self.counted += len(ended)

    def written(self, runs: int) -> None:
        self.stored += runs

    def trained(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Initializer]:
    """Make a faulty initializer, from a module that workers can import too."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import faulty_initializers

    return lambda name, **values: getattr(faulty_initializers, name)(**values)


def runs(width: str, seeds: int = 4) -> list[RunConfig]:
    return [compose([*SHORT, width, f"seed={seed}"]) for seed in range(seeds)]


def spoil(run: RunConfig, initializer: Initializer) -> RunConfig:
    return replace(run, initializer=initializer)


def swept(asked: Sequence[RunConfig], executor: Serial | Processes, uri: str | None = None) -> list[Result]:
    tracking = Off() if uri is None else MLflow(uri=uri)
    settings = Settings(executor, tracking, SweepKeys(), Study(name="adhoc"))
    progress = Silent()
    swept = sweep(points_of(asked), settings, [], {}, progress)
    assert progress.counted == len(asked)
    assert progress.stored == (0 if uri is None else len(asked))
    assert swept.stopped is None
    return swept.results


def outcomes(ended: Sequence[Result]) -> list[str]:
    return [each.outcome for each in ended]


def tracked(store: str) -> dict[str, Run]:
    client = connect(store)
    experiment = client.get_experiment_by_name("adhoc").experiment_id
    found = search(client, experiment, "tags.`harness.kind` = 'run'")
    return {run.data.tags["harness.fingerprint"]: run for run in found}


@pytest.mark.parametrize("executor", [Serial(), TWO], ids=["serial", "processes"])
def test_a_run_that_raises_fails_alone_and_its_neighbours_are_bit_for_bit_the_same(
    executor: Serial | Processes, faulty: Callable[..., Initializer], store: str
) -> None:
    whole = [*runs(NARROW), *runs(WIDE)]
    asked = [spoil(run, faulty("Raising")) if place in {1, 6} else run for place, run in enumerate(whole)]
    ended = swept(asked, executor, store)
    assert [place for place, each in enumerate(ended) if each.outcome == "failed"] == [1, 6]
    assert {ended[place].error for place in (1, 6)} == {"UnpicklableError: no weights today"}
    client, held = connect(store), tracked(store)
    for place, (each, record) in enumerate(zip(ended, train(whole), strict=True)):
        run = held[each.point.fingerprint]
        if place in {1, 6}:
            assert run.info.status == "FAILED"
            assert run.data.tags["harness.error"] == "UnpicklableError: no weights today"
            path = client.download_artifacts(run.info.run_id, "traceback.txt")
            assert "in weights" in Path(path).read_text()
        else:
            assert run.info.status == "FINISHED"
            assert run.data.tags["harness.weights"] == record.weights_digest


def test_a_worker_that_is_killed_once_costs_no_run(
    faulty: Callable[..., Initializer], tmp_path: Path
) -> None:
    asked = [*runs(NARROW), *runs(WIDE)]
    expected = outcomes(swept(asked, Serial()))
    asked[1] = spoil(asked[1], faulty("Killing", folder=str(tmp_path)))
    assert outcomes(swept(asked, TWO)) == expected
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
def test_a_run_that_always_kills_its_worker_fails_alone(
    faulty: Callable[..., Initializer], tmp_path: Path
) -> None:
    asked = [*runs(NARROW, 1), *runs(WIDE, 2)]
    asked[0] = spoil(asked[0], faulty("Killing", folder=str(tmp_path), deaths=1000))
    ended = swept(asked, TWO)
    assert [place for place, each in enumerate(ended) if each.outcome == "failed"] == [0]
    assert ended[0].error is not None
    assert "worker process died 2 times while it trained alone" in ended[0].error
    assert "\n" not in ended[0].error
    # In company, and twice alone.
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.slow
def test_a_run_is_tried_alone_as_often_as_retries_say(
    faulty: Callable[..., Initializer], tmp_path: Path
) -> None:
    asked = [*runs(NARROW, 1), *runs(WIDE, 1)]
    asked[0] = spoil(asked[0], faulty("Killing", folder=str(tmp_path), deaths=2))
    assert outcomes(swept(asked, Processes(workers=2, retries=1)))[0] == "failed"
    for marker in tmp_path.iterdir():
        marker.unlink()
    assert "failed" not in outcomes(swept(asked, Processes(workers=2, retries=2)))


@pytest.mark.slow
def test_every_stack_may_hold_a_run_that_kills(
    faulty: Callable[..., Initializer], tmp_path: Path, store: str
) -> None:
    widths = [NARROW, WIDE, WIDER, WIDEST]
    whole = [run for width in widths for run in runs(width)]
    asked, culprits = list(whole), {0, 5, 6, 15}
    for place in culprits:
        asked[place] = spoil(asked[place], faulty("Killing", folder=str(tmp_path), deaths=10_000))
    ended = swept(asked, TWO, store)
    assert {place for place, each in enumerate(ended) if each.outcome == "failed"} == culprits
    held = tracked(store)
    for place, (each, record) in enumerate(zip(ended, train(whole), strict=True)):
        run = held[each.point.fingerprint]
        assert run.info.status == ("FAILED" if place in culprits else "FINISHED")
        if place not in culprits:
            assert run.data.tags["harness.weights"] == record.weights_digest


def test_a_faulty_run_stacks_with_the_others(faulty: Callable[..., Initializer]) -> None:
    asked = runs(NARROW)
    asked[1] = spoil(asked[1], faulty("Raising"))
    asked[2] = spoil(asked[2], Normal(scale=0.1))
    assert stacks(asked) == [[0, 1, 2, 3]]
