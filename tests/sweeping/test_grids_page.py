"""Every example of docs/grids.md does what the page says."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from harness.sweeping.composing import default_composer
from harness.sweeping.expectations import expectations
from harness.sweeping.grid import expand
from harness.sweeping.published_arms import documented_figure
from harness.sweeping.study import build_study

PAGE = (Path(__file__).parents[2] / "docs" / "grids.md").read_text(encoding="utf-8")
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


def test_the_claims_of_the_page_are_planned_as_the_page_shows() -> None:
    study, _ = build_study(STUDIES["remedy"], None)
    grid = expand(default_composer(), study, ())
    shown = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)[0]
    assert expectations(grid, study.claims, study.tune, {}) == shown.splitlines()
