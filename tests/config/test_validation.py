"""What is said of values that a study's file got wrong: one line, with the key that has them."""

from typing import Any

import pytest
import yaml

from harness.errors import ConfigurationError
from harness.sweeping.study import build_study

CLAIM: dict[str, Any] = {
    "kind": "existence",
    "name": "c",
    "sentence": "It is so.",
    "metric": "rho",
    "direction": "higher",
    "value": 0.1,
}


def said(text: str, **more: Any) -> str:
    with pytest.raises(ConfigurationError) as refused:
        build_study({"name": "s"} | yaml.safe_load(text) | more, None)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_an_unknown_key_is_told_with_those_of_the_mapping_that_it_stands_in() -> None:
    assert said("tune: {over: seed, seeds: [7], metrc: rho}") == (
        "study.tune.metrc: unknown key; allowed: metric, over, reported, seeds; did you mean 'metric'?"
    )
    assert "study.target.bogus: unknown key; allowed: metric, value" in said(
        "target: {metric: rho, value: 1, bogus: 1}"
    )
    assert "study.claims[0].bogus: unknown key; allowed: at, direction, kind, metric, name, s" in said(
        "{}", claims=[CLAIM | {"bogus": 1}]
    )
    assert "study.bogus: unknown key; allowed: arms, budgets" in said("bogus: 1")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("seeds: 2020-01-01", "study.seeds = 2020-01-01: a date"),
        ("seeds: [0, 2020-01-01]", "study.seeds.1 = 2020-01-01: a date"),
        ("presets: {smoke: {why: 2020-01-01}}", "study.presets.smoke.why = 2020-01-01: a date"),
        ("2020-01-01: 1", "study: the key 2020-01-01 is a date; allowed: text"),
        ("arms: !!set {a, b}", "study.arms = {"),
    ],
)
def test_what_yaml_makes_of_dates_and_sets_is_told_with_its_key(text: str, where: str) -> None:
    assert said(text).startswith(where)


def test_a_date_within_a_claim_is_told_with_its_key() -> None:
    claim = CLAIM | yaml.safe_load("value: 2020-01-01")
    assert said("{}", claims=[claim]).startswith("study.claims[0].value = 2020-01-01: a date; allowed: a n")


@pytest.mark.parametrize(("written", "wanted"), [("1e-3", "1.0e-3"), ("2.5e3", "2.5e+3"), ("'0.1'", "0.1")])
def test_a_number_that_yaml_reads_as_text_is_told_as_yaml_wants_it(written: str, wanted: str) -> None:
    text = f"target: {{metric: train_loss, value: {written}}}"
    assert said(text).endswith(f"YAML reads a number where it is written {wanted}, without quotes")
    made, _ = build_study({"name": "s"} | yaml.safe_load(text.replace(written, wanted)), None)
    assert made.target is not None
    assert made.target.value == float(wanted)


def test_other_text_for_a_number_is_only_refused() -> None:
    assert said("target: {metric: train_loss, value: small}").endswith("must be a valid number")
    assert said("sample: 1e3").endswith("is written 1000, without quotes")
