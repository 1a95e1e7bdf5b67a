"""Whatever a text says, a store takes it, and gives it back as it shows it."""

import pytest
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME

from harness.tracking.entities import parameters, tags
from harness.tracking.store import connect
from harness.tracking.texts import NAME_LENGTH, TAG_LENGTH, run_name, storable
from harness.tracking.writer import Writer
from tests.tracking.stacks_to_deliver import POINTS, SWEEP, held, trained, whole

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "quotes": "'; drop table runs; -- \" ` \\",
    "path": "../../../etc/passwd",
    "long": "a" * 5000 + "middle" + "b" * 5000,
    "emoji": "🙂🏳️‍🌈",
    "right to left": "\u202eשלום عليكم",
    "nul": "zero\0byte",
    "half": "half \udcff of a character",
    "lines": "one\ntwo\r\n\tthree",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("most", [10, NAME_LENGTH, TAG_LENGTH])
def test_a_text_is_cut_to_its_column_and_has_nothing_that_a_store_refuses(text: str, most: int) -> None:
    found = storable(text, most)
    assert len(found) <= most
    assert not set(found) & set("\0\u202e")
    assert found.encode("utf-8").decode() == found
    assert storable(found, most) == found


def test_of_a_long_text_both_ends_stay() -> None:
    assert storable("relu · " + "x" * 300 + " · seed 3", 40).startswith("relu · x")
    assert storable("relu · " + "x" * 300 + " · seed 3", 40).endswith("x · seed 3")
    assert storable("as it is", 8) == "as it is"


def test_tags_and_parameters_are_cut_to_their_own_lengths() -> None:
    (tag,), (parameter,) = tags({"key": HOSTILE["long"]}), parameters({"key": HOSTILE["long"]})
    assert len(tag.value) == 5000
    assert len(parameter.value) == 6000
    assert len(run_name(HOSTILE["long"])) == 250


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_run_and_a_sweep_with_such_texts_are_stored_and_read_back(text: str, store: str) -> None:
    from dataclasses import replace

    (about, record), *_ = trained()
    about = replace(about, name=text, arm=text, labels={"a": text}, parameters=about.parameters | {"b": text})
    sweep = replace(SWEEP, note=text, tags=SWEEP.tags | {"harness.command": text})
    writer = Writer(store, sweep, POINTS)
    writer.deliver(whole("s", [(about, record)]))
    writer.close("KILLED", {}, 1)
    (run,), (parent,) = held(store), held(store, "sweep")
    assert run.info.status == "FINISHED"
    assert run.data.tags[MLFLOW_RUN_NAME] == run.info.run_name == run_name(text)
    assert run.data.tags["harness.arm"] == storable(text, TAG_LENGTH)
    assert run.data.params["b"] == parameters({"b": text})[0].value
    assert parent.data.tags["mlflow.note.content"] == storable(text, TAG_LENGTH)
    assert [each.path for each in connect(store).list_artifacts(parent.info.run_id, "histories")] == [
        "histories/s-1.parquet"
    ]
