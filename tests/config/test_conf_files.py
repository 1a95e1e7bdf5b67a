"""Every file of conf/ is a choice that composes, says the truth about its defaults, and trains."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import yaml

from harness import compose, train
from harness.config import GROUPS
from harness.locations import CONF

CHOICES = sorted(path for group in GROUPS for path in (CONF / group).glob("*.yaml"))
EXPERIMENTS = sorted((CONF / "experiment").glob("*.yaml"))
SMALL = {"digits": 100, "xor": 4}
REGRESSIONS = {"dataset=sine", "dataset=points"}
# Files that are presets of a choice: the same class, other values.
PRESETS = {"negligible_change", "early_stopping", "online", "off", "economy"}


def override(path: Path) -> str:
    return f"{path.parent.name}={path.stem}"


def shrink(overrides: list[str]) -> list[str]:
    if {"dataset=xor", "dataset=points"} & set(overrides):
        overrides = [*overrides, "optimizer=gd"]
    dataset = compose(overrides).dataset
    if hasattr(dataset, "samples"):
        overrides = [*overrides, f"dataset.samples={SMALL.get(dataset.name, 60)}"]
    return [*overrides, "stopping.updates=3"]


def test_every_group_has_a_file_for_each_choice_and_none_besides() -> None:
    for group, registry in GROUPS.items():
        named = {yaml.safe_load(path.read_text())["name"] for path in (CONF / group).glob("*.yaml")}
        assert named == set(registry), group


def frozen(value: object) -> object:
    return tuple(map(frozen, value)) if isinstance(value, list) else value


@pytest.mark.parametrize("path", CHOICES, ids=override)
def test_a_choice_lists_every_key_of_its_class(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    cls = GROUPS[path.parent.name][content["name"]]
    assert set(content) == {field.name for field in fields(cls)}


@pytest.mark.parametrize("path", [p for p in CHOICES if p.stem not in PRESETS], ids=override)
def test_a_choice_has_the_defaults_of_its_class(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    cls = GROUPS[path.parent.name][content["name"]]
    for field in fields(cls):
        listed = content[field.name]
        default = getattr(cls(), field.name)
        assert frozen(listed) == default, field.name


# What reads a user's files is trained beside tests that write some.
@pytest.mark.parametrize("path", [path for path in CHOICES if path.stem != "idx"], ids=override)
def test_a_choice_trains(path: Path) -> None:
    overrides = [override(path)]
    if REGRESSIONS & set(overrides):
        overrides.append("loss=mse")
    if overrides == ["loss=huber"]:
        overrides.append("dataset=sine")
    record = train([compose(shrink(overrides))])[0]
    assert record.summary["updates"] == 3
    assert np.isfinite(record.summary["train_loss"])


def test_a_batch_larger_than_a_truth_table_is_what_xor_needs_gd_for() -> None:
    with pytest.raises(ValueError, match=r"optimizer\.batch_size = 32: larger than the 4 training"):
        compose(["dataset=xor"])


@pytest.mark.parametrize("path", EXPERIMENTS, ids=override)
def test_an_experiment_trains(path: Path) -> None:
    record = train([compose(shrink([override(path)]))])[0]
    assert record.summary["updates"] == 3
    assert np.isfinite(record.summary["train_loss"])


def test_the_four_source_networks_are_what_their_sources_describe() -> None:
    logistic = compose(["experiment=source_logistic"])
    assert logistic.sizes == (3, 3, 2, 1)
    assert (logistic.activation.name, logistic.output) == ("relu", "sigmoid")
    assert logistic.stopping.tolerance is not None
    no_bias = compose(["experiment=source_no_bias"])
    assert not no_bias.architecture.bias
    assert (no_bias.loss.name, no_bias.loss.scale, no_bias.output) == ("mse", "half", "softmax")
    one_hidden = compose(["experiment=source_one_hidden"])
    assert len(one_hidden.sizes) == 3
    assert (one_hidden.loss.scale, one_hidden.optimizer.name) == ("sum", "gd")
    sixteen = compose(["experiment=source_sixteen"])
    assert sixteen.sizes[1:-1] == (16,)
    assert (sixteen.initializer.name, sixteen.initializer.scale) == ("normal", 0.01)
    assert (sixteen.optimizer.learning_rate, sixteen.stopping.epochs) == (0.1, 1000)


def test_the_weights_of_the_first_source_network_come_to_rest() -> None:
    record = train([compose(["experiment=source_logistic"])])[0]
    assert record.summary["stopped_by"] == "tolerance"
    assert record.summary["outcome"] == "converged"
