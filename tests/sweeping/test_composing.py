"""Our fast composition and Hydra's own give the same configuration."""

from collections.abc import Callable
from typing import Any

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from harness.config import GROUPS as GROUP_CHOICES
from harness.config import RunConfig, validate
from harness.errors import ConfigurationError
from harness.locations import CONF
from harness.sweeping.composing import SESSION, default_composer
from harness.sweeping.study import register_studies

GROUPS = {
    "activation": ["relu", "tanh", "sigmoid"],
    "loss": ["mse", "cross_entropy"],
    "initializer": ["he", "normal", "auto"],
    "experiment": ["source_no_bias", "source_sixteen"],
    "stopping": ["budget", "negligible_change"],
    "executor": ["serial"],
}
VALUES = [
    st.integers(0, 99).map(lambda seed: f"seed={seed}"),
    st.floats(1e-4, 9).map(lambda rate: f"optimizer.learning_rate={rate!r}"),
    st.sampled_from(["1e-3", "10", "3", ".5"]).map(lambda rate: f"optimizer.learning_rate={rate}"),
    st.lists(st.integers(1, 9), max_size=3).map(lambda sizes: f"architecture.hidden={sizes}"),
    st.sampled_from(["true", "false"]).map(lambda flag: f"architecture.bias={flag}"),
    st.sampled_from(["null", "7"]).map(lambda seed: f"seeds.weights={seed}"),
    st.just("seeds={split: 1, weights: 2, order: 3}"),
    st.just("+extra.deep.key=1"),
    st.just("~dataset.scaling"),
    st.just("stopping.updates=${seed}"),
    st.just("study.name='a, b'"),
]


@st.composite
def overrides(draw: st.DrawFn) -> list[str]:
    groups = draw(st.lists(st.sampled_from(sorted(GROUPS)), unique=True, max_size=4))
    chosen = [f"{group}={draw(st.sampled_from(GROUPS[group]))}" for group in groups]
    return chosen + [draw(value) for value in draw(st.lists(st.sampled_from(VALUES), max_size=4))]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(overrides())
def test_a_point_is_what_hydra_composes(asked: list[str]) -> None:
    register_studies()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        try:
            expected = OmegaConf.to_container(hydra_compose("config", asked), resolve=True)
        except Exception:
            expected = None
    try:
        found = default_composer()._container(asked)
    except ValueError:
        found = None
    assert found == expected
    if expected is not None:
        container = {key: value for key, value in expected.items() if key not in SESSION}
        assert said(default_composer().compose, asked) == said(validate, container)


def said(function: Callable[[Any], RunConfig], argument: Any) -> str:
    try:
        return repr(function(argument))
    except ConfigurationError as error:
        return str(error)


def test_a_composed_run_shares_nothing_with_the_next() -> None:
    composer = default_composer()
    first = composer._container(["architecture.hidden=[3]"])
    first["architecture"]["hidden"].append(9)
    assert composer._container(["architecture.hidden=[3]"])["architecture"]["hidden"] == [3]


def test_runs_share_the_choices_that_they_have_in_common() -> None:
    asked = ["dataset=moons", "optimizer.learning_rate=0.3"]
    one, other = (default_composer().compose([*asked, f"seed={seed}"]) for seed in (1, 2))
    assert (one.seed, other.seed) == (1, 2)
    for name in (*GROUP_CHOICES, "seeds"):
        assert getattr(one, name) is getattr(other, name)


def test_what_a_wrong_value_does_to_one_run_it_does_to_no_other() -> None:
    composer = default_composer()
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"optimizer\.learning_rate = -1"):
            composer.compose(["optimizer.learning_rate=-1"])
        with pytest.raises(ConfigurationError, match=r"optimizer\.nonsense: unknown key"):
            composer.compose(["optimizer.nonsense=1"])
        assert composer.compose(["optimizer.learning_rate=0.1"]) == composer.compose([])
