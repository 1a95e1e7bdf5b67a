"""Every example of docs/grids.md does what the page says."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from harness import quantities
from harness.engine.diagnostics.registry import BY_DEFAULT, KNOWN
from harness.locations import CONF
from harness.sweeping.composing import default_composer
from harness.sweeping.expectations import expectations
from harness.sweeping.grid import expand
from harness.sweeping.published_arms import documented_figure
from harness.sweeping.study import build_study


def read(page: str) -> str:
    return (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")


PAGE = read("grids.md")
EXAMPLES = re.findall(r"```console\n\$ python -m harness (.*?)\n(.*?)```", PAGE, flags=re.DOTALL)

STUDIES = {
    study["name"]: study
    for study in map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL))
}


@pytest.mark.parametrize(("command", "shown"), EXAMPLES)
def test_a_command_of_the_page_prints_what_the_page_shows(
    app: Callable[..., object], tmp_path: Path, command: str, shown: str
) -> None:
    said = app(*shlex.split(command))
    assert said.status == 0, said.err
    *lines, estimate = said.out.splitlines()
    assert lines == shown.splitlines()
    assert re.fullmatch(r"about .+ workers?, and .+ of arrays \(.+ for the largest stack\)", estimate)
    assert list(tmp_path.iterdir()) == []


def test_the_study_of_the_page_pairs_excludes_and_samples() -> None:
    study, _ = build_study(STUDIES["shape"], None)
    grid = expand(default_composer(), study, ())
    assert (len(grid.points), grid.excluded, grid.unsampled) == (10 * 3, 3 * 3, 5 * 3)
    shapes = {(point.run.architecture.depth, point.run.architecture.width) for point in grid.points}
    assert shapes <= {(1, 32), (2, 16), (4, 8)}
    narrowed = expand(default_composer(), study, ["activation=relu"])
    assert narrowed.excluded == 0


def test_the_published_figure_of_the_page_has_runs_to_stand_beside() -> None:
    study, _ = build_study(STUDIES["neuron"], None)
    grid = expand(default_composer(), study, ())
    assert documented_figure(study.published[0], grid.points, study.target)["arms"] == ["bias 0.9"]


def test_all_that_a_claim_can_be_about_is_told_with_its_formula() -> None:
    named = {*quantities.DERIVED, *quantities.SUMS, *quantities.FACTORS, *quantities.WHOLE, "rho"}
    assert named | {*quantities.LAYERED} <= set(re.findall(r"`(\w+)`", PAGE))
    formulas = set(re.findall(r"`(\w+?)(?:_[lpc])?`", read("statistics.md") + read("method.md")))
    assert {re.sub(r"^(halving|target)_.*", r"\1", name) for name in named} <= formulas
    assert {name.removesuffix("s") if name == "parameters" else name for name in KNOWN} <= formulas


def test_every_measure_that_the_configuration_names_is_one_and_every_one_is_named() -> None:
    shipped = (CONF / "diagnostics" / "full.yaml").read_text(encoding="utf-8")
    assert tuple(yaml.safe_load(shipped)["measures"]) == BY_DEFAULT
    assert all(re.search(rf"\b{name}\b", shipped) for name in KNOWN)


def test_a_strict_minimum_is_told_by_the_thresholds_that_decide_it() -> None:
    row = next(line for line in read("statistics.md").splitlines() if line.startswith("| `minimum_excess`"))
    at_rest, curved = re.findall(r"[<>] (1e-\d+)", row)
    assert (float(at_rest), float(curved)) == (quantities.AT_REST, quantities.CURVED)


def test_the_claims_of_the_page_are_planned_as_the_page_shows() -> None:
    study, _ = build_study(STUDIES["remedy"], None)
    grid = expand(default_composer(), study, ())
    shown = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)[0]
    assert expectations(grid, study.claims, study.tune, {}) == shown.splitlines()
