"""The figures that a study asks its page to lead with are those that a report can draw."""

import pytest

from harness.errors import ConfigurationError
from harness.sweeping.study import build_study


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("rho_by_dept", "rho_by_depth"),
        ("pairwise_z", "pairwise"),
        ("convergence_log_loss", "convergence_log"),
    ],
)
def test_a_name_that_no_report_draws_is_refused_with_the_nearest(name: str, meant: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        build_study({"name": "s", "figures": ["final", name]}, None)
    said = str(refused.value)
    assert said.startswith(f"study.figures = {name!r}: not known; allowed: ")
    assert f"did you mean '{meant}" in said
    assert "\n" not in said


def test_figures_of_which_there_are_several_may_be_asked_for_one_by_one() -> None:
    study, _ = build_study({"name": "s", "figures": ["pairwise_b", "decision_regions"]}, None)
    assert study.figures == ("pairwise_b", "decision_regions")
