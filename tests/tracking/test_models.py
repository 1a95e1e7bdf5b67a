"""What was chosen is logged as a model of its run, once, whatever goes wrong; it can be loaded and served."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import mlflow
import numpy as np
import pytest
from requests import ConnectionError as NoConnectionError

from harness.archives import unsealed
from harness.sweeping.best_runs import trained_network
from harness.sweeping.describing import header
from harness.tracking.batches import Batch, Ended
from harness.tracking.candidates import CHOICE, Candidates, Chosen
from harness.tracking.delivering import deliver
from harness.tracking.models import log_models, logged
from harness.tracking.settings import models_folder, spool_folder
from harness.tracking.spool import Closing, Spool
from harness.tracking.trained_network import packed
from harness.tracking.writer import Writer
from tests.tracking.networks_to_log import BLOBS, MOONS, models, network_of, raw, trained
from tests.tracking.planted import KINDS, planted
from tests.tracking.servers import Server
from tests.tracking.serving import asked, served
from tests.tracking.stacks_to_deliver import POINTS, SWEEP, held

ARM = "the arm"


@pytest.fixture
def writer(store: str) -> Writer:
    return Writer(store, SWEEP, POINTS)


def ended(*overrides: str) -> Ended:
    point, record = trained(*overrides)
    return Ended(header=header(point), record=record, since=0, planned=len(record.columns["update"]))


def delivered(writer: Writer, *overrides: str) -> str:
    """Bring a run to the store, as a sweep does, and return its id."""
    point, _ = trained(*overrides)
    history = f"histories/{point.fingerprint[:8]}-1.parquet"
    writer.deliver(Batch(history=history, runs=[ended(*overrides)]))
    (found,) = (
        each for each in held(writer.uri) if each.data.tags["harness.fingerprint"] == point.fingerprint
    )
    return str(found.info.run_id)


@pytest.fixture
def candidates(tmp_path: Path) -> Candidates:
    """The candidate of one arm, chosen."""
    found = Candidates(tmp_path / "mlruns" / "models" / SWEEP.grid)
    point, _ = trained(*MOONS)
    found.put(ARM, packed(network_of(*MOONS)))
    found.choose([Chosen(ARM, point.name, point.fingerprint)])
    return found


def again(writer: Writer, candidates: Candidates, history: str, *overrides: str) -> str:
    """Bring a run to the store that was trained anew, choose it, and return its id."""
    before = {run.info.run_id for run in held(writer.uri)}
    writer.deliver(Batch(history=f"histories/{history}.parquet", runs=[ended(*overrides)]))
    (run_id,) = {run.info.run_id for run in held(writer.uri)} - before
    choose(candidates, *overrides)
    return str(run_id)


def choose(candidates: Candidates, *overrides: str) -> None:
    candidates.put(ARM, packed(network_of(*overrides)))
    candidates.choose([Chosen(ARM, "the arm · seed 0", trained(*overrides)[0].fingerprint)])


def standing(uri: str) -> dict[str, tuple[str | None, str | None]]:
    """Return by run whether its model is its arm's best, and the run whose model has superseded it."""
    runs = {model.model_id: str(model.source_run_id) for model in models(uri)}
    return {
        runs[model.model_id]: (
            model.tags.get("harness.best"),
            runs.get(model.tags.get("harness.superseded_by", "")),
        )
        for model in models(uri)
    }


def close(writer: Writer, candidates: Candidates) -> None:
    writer.close("FINISHED", {"exhausted": 1}, 0, candidates.folder)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was said of models."""
    return [each.message for each in caplog.records if each.name == "harness.tracking.models"]


def test_closing_a_sweep_logs_the_chosen_network_as_a_model_of_its_run(
    writer: Writer, candidates: Candidates, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_id = delivered(writer, *MOONS)
    other = delivered(writer, *BLOBS)
    close(writer, candidates)
    (model,) = models(writer.uri)
    assert (model.source_run_id, model.status, model.name, model.model_type) == (
        *(run_id, "READY", ARM, "classifier"),
    )
    run = writer.client.get_run(run_id)
    assert [each.model_id for each in run.outputs.model_outputs] == [model.model_id]
    assert not writer.client.get_run(other).outputs.model_outputs
    summary = trained(*MOONS)[1].summary
    scores = {metric.key: metric.value for metric in model.metrics}
    assert scores["validation/loss"] == summary["validation_loss"]
    assert scores["test/accuracy"] == summary["test_accuracy"]
    assert {metric.step for metric in model.metrics} == {summary["updates"]}
    assert model.params["activation"] == "relu"
    assert not candidates.folder.exists()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", writer.uri)
    x = raw(*MOONS)
    for uri in (f"models:/{model.model_id}", f"runs:/{run_id}/{model.name}"):
        assert np.array_equal(mlflow.pyfunc.load_model(uri).predict(x), network_of(*MOONS).answers(x))
    with served(f"models:/{model.model_id}", tmp_path, {"MLFLOW_TRACKING_URI": writer.uri}) as address:
        shares = asked(address, {"inputs": x.tolist()})
        np.testing.assert_allclose(shares, network_of(*MOONS).answers(x), rtol=1e-13)
        labels = asked(address, {"inputs": x.tolist(), "params": {"labels": True}})
        assert labels == network_of(*MOONS).labels(x).tolist()
        split = {"columns": ["a", "b"], "data": x.tolist()}
        np.testing.assert_allclose(asked(address, {"dataframe_split": split}), shares)
        expected = network_of(*MOONS).answers([[0, 1], [2, 3]])
        for whole in (
            {"inputs": [[0, 1], [2, 3]]},
            {"instances": [[0, 1], [2, 3]]},
            {"dataframe_split": {"columns": ["a", "b"], "data": [[0, 1], [2, 3]]}},
            {"dataframe_records": [{"a": 0, "b": 1}, {"a": 2, "b": 3}]},
        ):
            np.testing.assert_allclose(asked(address, whole), expected, rtol=1e-13)
        with pytest.raises(HTTPError) as refused:
            asked(address, {"inputs": [[0, 1, 2]]})
        assert refused.value.code == 400
        assert b"inputs of shape (1, 3): must be (samples, 2)" in refused.value.read()


def test_tracking_changes_nothing_that_other_users_of_mlflow_see(
    writer: Writer, candidates: Candidates
) -> None:
    delivered(writer, *MOONS)
    before = mlflow.get_tracking_uri(), mlflow.active_run(), mlflow.get_active_model_id(), os.getcwd()
    close(writer, candidates)
    assert (
        mlflow.get_tracking_uri(),
        mlflow.active_run(),
        mlflow.get_active_model_id(),
        os.getcwd(),
    ) == before
    assert models(writer.uri)


def test_what_waits_is_delivered_with_its_models(store: str, candidates: Candidates) -> None:
    spool = Spool(spool_folder(store, SWEEP.grid))
    assert models_folder(spool.folder) == candidates.folder
    spool.describe(SWEEP, store, POINTS)
    spool.put(Batch(history="histories/s-1.parquet", runs=[ended(*MOONS)]))
    spool.ask(Closing("FINISHED", {"exhausted": 1}, 0))
    assert deliver(spool, store) is not None
    assert [model.status for model in models(store)] == ["READY"]


@pytest.mark.slow
def test_a_tracking_server_gets_models_and_gives_them(
    store_template: Path, candidates: Candidates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(store_template, tmp_path / "mlflow.db")
    server = Server(tmp_path)
    server.start()
    try:
        writer = Writer(server.uri, SWEEP, POINTS)
        delivered(writer, *MOONS)
        close(writer, candidates)
        (model,) = models(server.uri)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
        loaded, x = mlflow.pyfunc.load_model(f"models:/{model.model_id}"), raw(*MOONS)
        assert np.array_equal(loaded.predict(x), network_of(*MOONS).answers(x))
    finally:
        server.stop()


def test_of_an_arm_that_is_trained_anew_the_model_logged_last_counts(
    writer: Writer, candidates: Candidates
) -> None:
    first = delivered(writer, *MOONS)
    close(writer, candidates)
    assert standing(writer.uri) == {first: ("true", None)}
    second = again(writer, candidates, "anew", *MOONS)
    close(writer, candidates)
    assert standing(writer.uri) == {first: ("false", second), second: ("true", None)}
    third = again(writer, candidates, "once-more", *BLOBS)
    close(writer, candidates)
    assert standing(writer.uri) == {
        first: ("false", third),
        second: ("false", third),
        third: ("true", None),
    }
    (counts,) = writer.client.search_logged_models([writer.experiment], "tags.`harness.best` = 'true'")
    assert counts.source_run_id == third
    # Whoever serves one that was superseded still can.
    assert {model.status for model in models(writer.uri)} == {"READY"}
    for model in models(writer.uri):
        mlflow.pyfunc.load_model(model.artifact_location)
    assert logged(writer.uri, SWEEP.experiment, SWEEP.grid) == 1


def test_a_model_that_is_the_best_again_counts_again(writer: Writer, candidates: Candidates) -> None:
    first = delivered(writer, *MOONS)
    close(writer, candidates)
    second = again(writer, candidates, "other", *BLOBS)
    close(writer, candidates)
    assert standing(writer.uri)[first] == ("false", second)
    # Another score may choose among the same runs; no weights are at hand then.
    candidates.choose([Chosen(ARM, "the arm · seed 0", trained(*MOONS)[0].fingerprint)])
    close(writer, candidates)
    assert standing(writer.uri) == {first: ("true", None), second: ("false", first)}


def test_models_of_other_grids_and_of_other_arms_are_left_as_they_are(
    writer: Writer, candidates: Candidates, tmp_path: Path
) -> None:
    first = delivered(writer, *MOONS)
    close(writer, candidates)
    elsewhere = Candidates(tmp_path / "mlruns" / "models" / "c3")
    other = Writer(writer.uri, replace(SWEEP, grid="c3"), POINTS)
    second = again(other, elsewhere, "elsewhere", *MOONS)
    close(other, elsewhere)
    point, record = trained(*BLOBS)
    third = again(writer, candidates, "arm", *BLOBS)
    candidates.put("other", packed(trained_network(replace(point, arm="other"), record)))
    candidates.choose([Chosen("other", "other · seed 0", point.fingerprint)])
    close(writer, candidates)
    assert standing(writer.uri) == dict.fromkeys((first, second, third), ("true", None))
    assert {model.tags["harness.grid"] for model in models(writer.uri)} == {SWEEP.grid, "c3"}


@pytest.mark.parametrize("requests", range(4, 7))
def test_whoever_is_killed_before_the_old_model_is_marked_leaves_that_to_the_next_one(
    writer: Writer, candidates: Candidates, requests: int
) -> None:
    first = delivered(writer, *MOONS)
    close(writer, candidates)
    second = again(writer, candidates, "anew", *MOONS)
    dying: Any = Dying(writer.client, requests, Dies())
    with pytest.raises(Dies):
        log_models(dying, writer.uri, writer.experiment, candidates)
    close(writer, candidates)
    assert standing(writer.uri) == {first: ("false", second), second: ("true", None)}
    assert not candidates.folder.exists()


def test_the_number_of_arms_with_a_model_is_told_and_kept(writer: Writer, candidates: Candidates) -> None:
    delivered(writer, *MOONS)
    assert logged(writer.uri, SWEEP.experiment, SWEEP.grid) == 0
    both = [*(candidates.chosen() or []), Chosen("other", "other · seed 0", "f" * 64)]
    candidates.choose(both)
    assert log_models(writer.client, writer.uri, writer.experiment, candidates) == 1
    assert logged(writer.uri, SWEEP.experiment, SWEEP.grid) == 1
    # A sweep that was not asked for models leaves the number as it is.
    assert log_models(writer.client, writer.uri, writer.experiment, candidates) == 0
    assert logged(writer.uri, SWEEP.experiment, SWEEP.grid) == 1
    assert logged(writer.uri, SWEEP.experiment, "c3") == logged(writer.uri, "no such", SWEEP.grid) == 0


def test_a_model_that_another_sweep_has_logged_counts(
    writer: Writer, candidates: Candidates, tmp_path: Path
) -> None:
    run_id = delivered(writer, *MOONS)
    close(writer, candidates)
    larger = Candidates(tmp_path / "mlruns" / "models" / "c3")
    larger.choose([Chosen(ARM, "the arm · seed 0", trained(*MOONS)[0].fingerprint)])
    close(Writer(writer.uri, replace(SWEEP, grid="c3"), POINTS), larger)
    assert standing(writer.uri) == {run_id: ("true", None)}
    assert logged(writer.uri, SWEEP.experiment, "c3") == 1


def test_where_every_run_has_diverged_nothing_is_left(writer: Writer, candidates: Candidates) -> None:
    delivered(writer, *MOONS)
    candidates.choose([])
    close(writer, candidates)
    assert not candidates.folder.exists()
    assert logged(writer.uri, SWEEP.experiment, SWEEP.grid) == 0


class Dies(BaseException):
    """As good as SIGKILL to whoever catches exceptions."""


class Dying:
    """A client that gets the answers of some requests that write, and then so many times an error."""

    WRITES = ("create_", "log_", "finalize_", "set_", "delete_")

    def __init__(
        self, client: mlflow.MlflowClient, requests: int, error: BaseException, times: int = 99
    ) -> None:
        self._client, self._error = client, error
        self._fails = iter([False] * requests + [True] * times)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not name.startswith(self.WRITES):
            return found

        def call(*arguments: Any, **keywords: Any) -> Any:
            answer = found(*arguments, **keywords)
            if next(self._fails, False):
                raise self._error
            return answer

        return call


@pytest.mark.parametrize("requests", range(6))
def test_whoever_is_killed_while_logging_leaves_what_the_next_one_completes(
    writer: Writer, candidates: Candidates, requests: int
) -> None:
    run_id = delivered(writer, *MOONS)
    dying: Any = Dying(writer.client, requests, Dies())
    with pytest.raises(Dies):
        log_models(dying, writer.uri, writer.experiment, candidates)
    close(writer, candidates)
    close(writer, candidates)
    (model,) = models(writer.uri)
    assert model.status == "READY"
    assert len(model.metrics) == len({metric.key for metric in model.metrics})
    assert [each.model_id for each in writer.client.get_run(run_id).outputs.model_outputs] == [model.model_id]
    assert not candidates.folder.exists()
    mlflow.pyfunc.load_model(model.artifact_location)


def test_a_store_that_is_away_gets_the_model_later(
    writer: Writer, candidates: Candidates, caplog: pytest.LogCaptureFixture
) -> None:
    delivered(writer, *MOONS)
    away: Any = Dying(writer.client, 1, NoConnectionError("gone"))
    with pytest.raises(NoConnectionError):
        log_models(away, "http://me:secret@host", writer.experiment, candidates)
    assert said(caplog) == [
        "no model of the arm: tracking.uri = http://me:***@host: no answer; the next start tries again"
    ]
    close(writer, candidates)
    assert [model.status for model in models(writer.uri)] == ["READY"]


def test_a_store_that_refuses_a_model_gets_the_others(
    writer: Writer, candidates: Candidates, caplog: pytest.LogCaptureFixture
) -> None:
    delivered(writer, *MOONS)
    run_id = delivered(writer, *BLOBS)
    candidates.put("other", packed(network_of(*BLOBS)))
    both = [*(candidates.chosen() or []), Chosen("other", "other · seed 0", trained(*BLOBS)[0].fingerprint)]
    candidates.choose(both)
    refusing: Any = Dying(writer.client, 0, PermissionError("no model for you"), times=1)
    assert log_models(refusing, writer.uri, writer.experiment, candidates) == 1
    assert [model.source_run_id for model in models(writer.uri) if model.status == "READY"] == [run_id]
    assert "no model for you" in caplog.text
    close(writer, candidates)
    assert {model.status for model in models(writer.uri)} == {"READY"}
    assert len(models(writer.uri)) == 2


def test_without_the_weights_of_the_best_run_a_line_says_what_to_do(
    writer: Writer, candidates: Candidates, caplog: pytest.LogCaptureFixture
) -> None:
    delivered(writer, *MOONS)
    candidates.choose([Chosen(ARM, "the arm · seed 7", "f" * 64)])
    close(writer, candidates)
    assert said(caplog) == [
        "no model of the arm: the weights of its best run, the arm · seed 7, were not kept as it ended; "
        "sweep.force=true trains it again"
    ]
    assert not models(writer.uri)
    assert not candidates.folder.exists()
    assert logged(writer.uri, SWEEP.experiment, SWEEP.grid) == 0


def test_weights_of_a_run_that_the_store_does_not_hold_become_no_model(
    writer: Writer, candidates: Candidates, caplog: pytest.LogCaptureFixture
) -> None:
    close(writer, candidates)
    assert "the store holds no run with the weights of" in caplog.text
    assert not models(writer.uri)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_planted_as_a_candidate_is_named_and_not_executed(
    writer: Writer, candidates: Candidates, kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trace = tmp_path / "executed"
    delivered(writer, *MOONS)
    path = candidates.path(ARM)
    path.write_bytes(planted(kind, trace, unsealed(path.read_bytes())))
    close(writer, candidates)
    assert not trace.exists()
    assert str(path) in said(caplog)[0]
    assert "no trained network" in said(caplog)[0]
    assert not models(writer.uri)
    assert [run.info.status for run in held(writer.uri, "sweep")] == ["FINISHED"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'[{"arm": 1}]', b"[" * 100_000])
def test_a_choice_that_cannot_be_read_costs_the_models_alone(
    writer: Writer, candidates: Candidates, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (candidates.folder / CHOICE).write_bytes(content)
    close(writer, candidates)
    assert [f"no models: {candidates.folder / CHOICE}: damaged" in each for each in said(caplog)] == [True]
    assert [run.info.status for run in held(writer.uri, "sweep")] == ["FINISHED"]


@pytest.mark.parametrize(
    ("arm", "name"),
    [
        ("moons · relu · GD (all 1,077)", "moons · relu · GD (all 1,077)"),
        ("""../a:b%'"<script>""", "a b <script>"),
        ("...", "network"),
        ("x" * 10_000, f"{'x' * 124}…{'x' * 125}"),
    ],
    ids=lambda text: text[:20],
)
def test_an_arm_may_be_called_anything(store: str, tmp_path: Path, arm: str, name: str) -> None:
    point, record = trained(*MOONS)
    renamed = replace(point, arm=arm)
    writer = Writer(store, replace(SWEEP, grid="c3"), POINTS)
    run = replace(ended(*MOONS), header=header(renamed))
    writer.deliver(Batch(history="histories/s-1.parquet", runs=[run]))
    found = Candidates(tmp_path / "models")
    found.put(arm, packed(trained_network(renamed, record)))
    found.choose([Chosen(arm, point.name, point.fingerprint)])
    close(writer, found)
    assert [model.name for model in models(store)] == [name]
