"""Our fast composition and Hydra's own give the same configuration."""

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from harness.locations import CONF
from harness.sweeping.composing import default_composer
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


def test_a_composed_run_shares_nothing_with_the_next() -> None:
    composer = default_composer()
    first = composer._container(["architecture.hidden=[3]"])
    first["architecture"]["hidden"].append(9)
    assert composer._container(["architecture.hidden=[3]"])["architecture"]["hidden"] == [3]
