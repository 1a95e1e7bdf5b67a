"""A store that goes away, or refuses, while a sweep is closed: it is said, and can be made good."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.tracking import background
from harness.tracking.__main__ import main
from tests.tracking.servers import Server, on_the_way
from tests.tracking.stacks_to_deliver import held

RUN = ("dataset=moons", "dataset.samples=60", "stopping.epochs=2", "executor=serial", "-m")


def closing() -> bool:
    """Return whether all runs are in the store, and only the sweep's end is not."""
    batches = [path for path in Path("mlruns/spool").glob("*/*") if path.is_dir()]
    return bool(list(Path("mlruns/spool").glob("*/closing.json"))) and not batches


@pytest.mark.parametrize(
    ("status", "models", "said"),
    [(503, "best", "503"), (403, "none", "403")],
    ids=["away", "refusing"],
)
def test_what_is_missing_is_said_and_why_and_delivered_later(
    server: Server, app: Callable[..., object], status: int, models: str, said: str, tmp_path: Path
) -> None:
    study = f"closing-{status}"
    command = (*RUN, f"study.name={study}", f"tracking.models={models}", "seed=0,1")
    wrong = True
    with on_the_way(server.port, lambda *_: status if wrong and closing() else None) as uri:
        address = uri.replace("://", "://me:secret@")
        told = app(*command, f"tracking.uri='{address}'")
        assert told.status == 1
        lines = told.out.splitlines()
        (missing,) = [line for line in lines if line.startswith("the store has all runs that ended, but not")]
        assert f"tracking.uri = {address.replace('secret', '***')}: " in missing
        assert said in missing
        assert ("its models" in missing) == (models == "best")
        assert [line for line in lines if line.startswith("deliver: ")]
        assert not [line for line in lines if line.startswith("models: ")]
        assert "secret" not in told.out + told.err
        (parent,) = held(server.store, "sweep", study)
        assert parent.info.status == "RUNNING"
        wrong = False
        assert main(["deliver", "--uri", address]) == 0
    (parent,) = held(server.store, "sweep", study)
    assert parent.info.status == "FINISHED"
    assert len(parent.data.tags["harness.members"]) == 64
    assert not {"harness.launcher", "harness.alive"} & set(parent.data.tags)
    assert [run.info.status for run in held(server.store, "run", study)] == ["FINISHED"] * 2
    # The spool's lock is all that is left: no model waits either.
    assert [path.name for path in tmp_path.rglob("mlruns/spool/*/*")] == ["lock"]
    assert not list(tmp_path.rglob("mlruns/models/*/*"))


def test_runs_that_wait_are_told_with_the_reason(
    server: Server, app: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "RETRY_SECONDS", 0.2)
    with on_the_way(server.port, lambda *_: 503) as uri:
        told = app(*RUN, "study.name=waiting", f"tracking.uri='{uri}'", "seed=0,1")
    assert told.status == 1
    (line,) = [line for line in told.out.splitlines() if "wait on disk" in line]
    assert line.startswith(f"2 runs wait on disk, the store could not take them: tracking.uri = {uri}: ")
    assert "503" in line


def test_a_sweep_that_is_closed_says_where_its_models_are(server: Server, app: Callable[..., object]) -> None:
    told = app(*RUN, "study.name=fine", f"tracking.uri='{server.uri}'", "tracking.models=best", "seed=0,1")
    assert told.status == 0
    assert [line for line in told.out.splitlines() if line.startswith("models: ")]
    assert "deliver: " not in told.out
