"""What stands above the list of a study's runs in MLflow, and where a sweep says that it can be seen."""

from dataclasses import replace

import pytest

from harness.tracking.store import connect
from harness.tracking.texts import markdown
from harness.tracking.views import NOTE, page, placed, report_link, ways
from harness.tracking.writer import Writer
from tests.tracking.stacks_to_deliver import POINTS, SWEEP


def note_after(store: str, question: str | None) -> str:
    study = {"name": "adhoc", "question": question}
    Writer(store, replace(SWEEP, documents={"study.json": study}), POINTS)
    return str(connect(store).get_experiment_by_name("adhoc").tags[NOTE])


def test_a_study_asks_its_question_above_its_runs_and_links_to_its_arms(store: str) -> None:
    note = note_after(store, "Does ReLU cure it?")
    assert note.startswith("Does ReLU cure it? → [one line an arm](#/experiments/1/runs?")
    assert "\n" not in note
    assert note_after(store, "Does it?").startswith("Does it? → ")


def test_what_a_person_wrote_there_stays(store: str) -> None:
    note_after(store, "Does ReLU cure it?")
    connect(store).set_experiment_tag("1", NOTE, "Ours: see the minutes of Monday.")
    assert note_after(store, "Does it?") == "Ours: see the minutes of Monday."


def test_who_is_killed_between_the_two_requests_finds_a_note_of_our_own(store: str) -> None:
    first = note_after(store, "Does ReLU cure it?")
    client = connect(store)
    note_after(store, "Does it?")
    # As if the second had been announced, and never been written.
    client.set_experiment_tag("1", NOTE, first)
    assert note_after(store, "Does it indeed?").startswith("Does it indeed? → ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Is a < b, and **why**?", "Is a < b, and **why**?"),
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("<!-- hidden", "&lt;!-- hidden"),
        ("![seen](https://elsewhere/pixel.png)", "!\\[seen](https://elsewhere/pixel.png)"),
        ("w" * 5000 + " end", "w" * 39 + "…" + "w" * 40 + " end"),
    ],
)
def test_a_text_in_a_note_shows_itself_and_does_nothing(text: str, shown: str) -> None:
    assert markdown(text) == shown


def test_ids_take_the_place_of_nothing_that_somebody_wrote() -> None:
    asked = "Why do SWEEP_ID and MLFLOW_EXPERIMENT_ID differ?"
    assert placed(asked, "1", "abc") == asked
    assert placed(report_link(), "1", "abc").startswith(
        "[`report/index.html`](#/experiments/1/runs/abc/artifacts/report/index.html?"
    )


def test_a_long_text_in_a_note_loses_its_middle() -> None:
    assert len(markdown("word " * 2000)) == 1500


def test_the_page_of_a_study_is_that_of_its_experiment(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    note_after(store, None)
    # What `make ui` would serve is another store.
    assert page(store, "adhoc") is None
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    found = page(store, "adhoc")
    assert found is not None
    assert found.startswith("http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning")
    assert page(store, "never trained") is None
    assert page("http://127.0.0.1:9", "adhoc") is None


def test_links_hold_no_password() -> None:
    found = ways("https://me:secret@mlflow.example/ui/", "7", "abc")
    assert found["the sweep"].startswith("https://mlflow.example/ui/#/experiments/7/runs/abc")
    assert not any("secret" in address or "@" in address for address in found.values())
