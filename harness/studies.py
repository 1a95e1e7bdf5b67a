"""`python -m harness.studies`: the questions of sweeps/, and what each costs to answer."""

import argparse
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joblib import cpu_count

from harness.errors import ConfigurationError, MissingDataError
from harness.library import library
from harness.sweeping.composing import default_composer
from harness.sweeping.estimates import duration
from harness.sweeping.grid import expand
from harness.sweeping.pieces import groups
from harness.sweeping.settings import SweepKeys
from harness.sweeping.staging import stages
from harness.sweeping.study import build_study
from harness.sweeping.tunable import staged

FULL = "full"
WIDTH = 100


@dataclass(frozen=True)
class Form:
    """A study as it is, or one of its presets.

    Attributes
    ----------
    name : str
        ``full``, or the preset's.
    tuning : int
        How many of the runs choose tuned values.
    seconds : float
        About how long one core trains it; tracking and the report come on top.
    lacking : str
        Which files of the user's it needs that are not there; such a form counts no runs.
    """

    name: str
    runs: int
    tuning: int
    arms: int
    seconds: float
    lacking: str = ""


def forms(content: Mapping[str, Any]) -> Iterator[Form]:
    """Yield the full form of a study and its presets, from the largest to the smallest.

    Raises
    ------
    ConfigurationError
        If the study, or a point of its grid, is wrong.
    """
    found = []
    for name in (FULL, *(content.get("presets") or {})):
        preset = None if name == FULL else name
        study, overrides = build_study(dict(content), preset)
        try:
            points = expand(default_composer(), study, (), overrides, SweepKeys(preset=preset)).points
        except MissingDataError as error:
            found.append(Form(name, 0, 0, 0, 0.0, str(error)))
            continue
        tune, parts = study.tune, [points]
        if tune is not None and staged(points, tune):
            both = stages(points, tune, {})
            parts = [both.tuning, both.reported]
        runs = sum(map(len, parts))
        tuning = sum(point.role == "tuning" for part in parts for point in part)
        seconds = sum(group.seconds for part in parts for group in groups(part))
        found.append(Form(name, runs, tuning, len({point.arm for point in points}), seconds))
    yield from sorted(found, key=lambda form: -form.runs)


def told(name: str, content: Mapping[str, Any], costs: Sequence[Form], cores: int) -> str:
    """Return what a study asks, how many claims it tests and what its forms cost."""
    claims, published = len(content.get("claims") or ()), len(content.get("published") or ())
    tested = [_counted(claims, "claim"), *([_counted(published, "published figure")] if published else [])]
    question = textwrap.wrap(str(content["question"]), WIDTH, initial_indent="  ", subsequent_indent="  ")
    lines = [f"{name}: {', '.join(tested)}", *question]
    for form in costs:
        if form.lacking:
            lines.append(f"  {form.name:6} needs files: {form.lacking}")
            continue
        preset = "" if form.name == FULL else f" PRESET={form.name}"
        tuning = f" ({form.tuning:,} tune)" if form.tuning else ""
        trains = f"trains about {duration(form.seconds / cores)}"
        cost = f"{form.runs:,} runs of {form.arms} arms{tuning}, {trains}"
        lines.append(f"  {form.name:6} {cost:66} make sweep STUDY={name}{preset}")
    return "\n".join(lines)


def total(studies: Sequence[Sequence[Form]], cores: int) -> str:
    """Return how long each form of all studies trains."""
    seconds: dict[str, float] = {}
    for form in (form for costs in studies for form in costs):
        seconds[form.name] = seconds.get(form.name, 0.0) + form.seconds
    each = [f"{name} about {duration(together / cores)}" for name, together in seconds.items()]
    return f"All {len(studies)} (STUDY=all): {', '.join(each)}."


def main(arguments: Sequence[str] | None = None) -> int:
    """List the studies, with ``--names`` only what they are called; status 2 if one of them is wrong."""
    parser = argparse.ArgumentParser(prog="python -m harness.studies", description=__doc__)
    parser.add_argument("--names", action="store_true", help="print names, one a line, and nothing else")
    asked = parser.parse_args(arguments)
    if asked.names:
        print("\n".join(name for name, _ in library()))
        return 0
    cores, studies, status = cpu_count(), [], 0
    for name, content in library():
        try:
            costs = list(forms(content))
        except ConfigurationError as error:
            print(f"{name}: {error}", file=sys.stderr)
            status = 2
            continue
        studies.append(costs)
        print(f"{told(name, content, costs, cores)}\n")
    print(f"{total(studies, cores)} Times are for {cores} cores, without tracking and the report.")
    return status


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


if __name__ == "__main__":
    sys.exit(main())
