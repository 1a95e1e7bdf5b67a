"""Equal runs have equal fingerprints, and nothing else has."""

import hashlib
import json
from dataclasses import field, make_dataclass, replace

import pytest

from harness import compose
from harness.config import fingerprint
from harness.engine import NUMERICS
from harness.engine.diagnostics import Diagnostics
from harness.engine.diagnostics.registry import BY_DEFAULT


def mark(*overrides: str) -> str:
    return fingerprint(compose(overrides), "data")


@pytest.mark.parametrize(
    "other",
    ["seed=1", "optimizer.learning_rate=0.2", "activation=relu", "dtype=float32", "seeds.order=3"],
)
def test_a_run_that_trains_differently_has_another(other: str) -> None:
    assert mark(other) != mark()


@pytest.mark.parametrize(
    "same",
    ["executor=serial", "tracking=off", "sweep.force=true", "study.name=other", "optimizer=minibatch"],
)
def test_where_and_for_what_a_run_trains_does_not_count(same: str) -> None:
    assert mark(same) == mark()


def test_it_is_the_hash_of_canonical_json_without_what_is_by_default() -> None:
    run = compose(
        ["optimizer.learning_rate=0.25", "activation=relu", "seeds.order=3", "architecture.hidden=[4,2]"]
    )
    names = ("initializer", "loss", "update", "schedule", "stopping", "dataset", "engine")
    content = {
        "data": "the data's digest",
        "numerics": NUMERICS,
        "run": {
            **{name: {"name": run.flat[name]} for name in names},
            "seed": 0,
            "seeds": {"order": 3},
            "dtype": "float64",
            "activation": {"name": "relu"},
            "diagnostics": {"name": "full", "measures": list(BY_DEFAULT)},
            "architecture": {"name": "mlp", "hidden": [4, 2]},
            "optimizer": {"name": "batch", "learning_rate": 0.25},
        },
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert fingerprint(run, "the data's digest") == hashlib.sha256(text.encode()).hexdigest()


def test_equal_choices_that_are_written_differently_are_never_taken_for_one_another() -> None:
    run = compose()
    for value in (0.0, -0.0):
        written = replace(run, initializer=replace(run.initializer, bias_scale=value))
        assert str(written.flat["initializer.bias_scale"]) == str(value)


def test_one_and_one_point_nought_are_the_same_rate() -> None:
    assert mark("optimizer.learning_rate=1") == mark("optimizer.learning_rate=1.0")


def test_other_data_of_the_same_name_count() -> None:
    run = compose()
    assert fingerprint(run, "a") != fingerprint(run, "b")


def test_a_key_that_is_added_with_a_default_orphans_no_run() -> None:
    run = compose(["optimizer.learning_rate=0.2"])
    before = fingerprint(run, "data")
    grown = make_dataclass(
        "Batch",
        [("replacement", str, field(default="without"))],
        bases=(type(run.optimizer),),
        frozen=True,
    )
    longer = replace(run, optimizer=grown(**vars(run.optimizer)))
    assert fingerprint(longer, "data") == before
    assert (
        fingerprint(replace(run, optimizer=grown(**vars(run.optimizer), replacement="with")), "data")
        != before
    )


def test_a_run_of_the_default_measures_is_not_taken_for_one_of_more_when_there_are_more() -> None:
    run = compose()
    earlier = replace(run, diagnostics=Diagnostics(measures=BY_DEFAULT[:-1]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.engine.diagnostics.choice.BY_DEFAULT", BY_DEFAULT[:-1])
        by_default = fingerprint(replace(run, diagnostics=Diagnostics()), "data")
    assert by_default == fingerprint(earlier, "data") != fingerprint(run, "data")
    assert fingerprint(replace(run, diagnostics=Diagnostics()), "data") == fingerprint(run, "data")


def test_a_frozen_value_cannot_be_changed() -> None:
    run = compose()
    with pytest.raises(AttributeError):
        run.seed = 3  # type: ignore[misc]
