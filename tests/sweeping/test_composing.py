"""Our fast composition and Hydra's own give the same configuration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from harness.config import GROUPS as GROUP_CHOICES
from harness.config import RunConfig, validate
from harness.errors import ConfigurationError
from harness.locations import CONF
from harness.sweeping.composing import SESSION, Composer, default_composer

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
    expected = hydras(asked)
    assert ours(asked) == expected
    if expected is not None:
        container = {key: value for key, value in expected.items() if key not in SESSION}
        assert said(default_composer().compose, asked) == said(validate, container)


def hydras(asked: list[str]) -> Any:
    """What Hydra composes, or None where it refuses."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        try:
            return OmegaConf.to_container(hydra_compose("config", asked), resolve=True)
        except Exception:
            return None


def ours(asked: list[str]) -> Any:
    try:
        return default_composer()._container(asked)
    except ConfigurationError:
        return None


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


@pytest.mark.parametrize(
    "override", ["activation@loss=relu", "+activation=relu", "~activation", "activation=../loss/mse"]
)
def test_a_group_asked_for_in_another_way_is_left_to_hydra(override: str) -> None:
    assert ours([override]) == hydras([override])


def test_a_file_that_means_more_than_its_content_is_composed_by_hydra(tmp_path: Path) -> None:
    """As an extension may bring it: with defaults, a package, references, or set by the primary file."""
    files = {
        "config.yaml": "defaults: [{one: plain}, {two: plain}, _self_]\nseed: 3\ntwo: {own: 1}",
        "one/plain.yaml": "name: plain\nvalue: 1",
        "one/other.yaml": "name: other\nvalue: [1, {a: 2}]",
        "one/reference.yaml": "name: reference\nvalue: ${seed}",
        "one/grown.yaml": "defaults: [plain]\nname: grown",
        "one/elsewhere.yaml": "# @package _global_\nseed: 4",
        "two/plain.yaml": "name: plain\nown: 0",
        "two/other.yaml": "name: other\nown: 2",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    composer = Composer(ConfigLoaderImpl(create_config_search_path(str(tmp_path))), ["hydra.job.name=x"])
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        for one in ("plain", "other", "reference", "grown", "elsewhere"):
            for asked in ([f"one={one}"], [f"one={one}", "two=other"]):
                expected = OmegaConf.to_container(hydra_compose("config", asked), resolve=True)
                assert composer._container(asked) == expected
