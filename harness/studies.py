"""`python -m harness.studies`: the questions of sweeps/, and what each costs to answer."""

import argparse
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joblib import cpu_count

from harness.library import library
from harness.sweeping.composing import default_composer
from harness.sweeping.estimates import duration
from harness.sweeping.grid import expand
from harness.sweeping.pieces import groups
from harness.sweeping.settings import SweepKeys
from harness.sweeping.staging import staged, stages
from harness.sweeping.study import build_study

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
    """

    name: str
    runs: int
    tuning: int
    arms: int
    seconds: float


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
        points = expand(default_composer(), study, (), overrides, SweepKeys(preset=preset)).points
        tune, parts = study.tune, [points]
        if tune is not None and staged(points, tune):
            both = stages(points, tune, {})
            parts = [both.tuning, both.reported]
        runs = sum(map(len, parts))
        tuning = sum(point.role == "tuning" for part in parts for point in part)
        seconds = sum(group.seconds for part in parts for group in groups(part))
        found.append(Form(name, runs, tuning, len({point.arm for point in points}), seconds))
    yield from sorted(found, key=lambda form: -form.runs)


def told(name: str, content: Mapping[str, Any], cores: int) -> str:
    """Return what a study asks and what its forms cost."""
    lines = [
        name,
        *textwrap.wrap(str(content["question"]), WIDTH, initial_indent="  ", subsequent_indent="  "),
    ]
    for form in forms(content):
        preset = "" if form.name == FULL else f" PRESET={form.name}"
        tuning = f" ({form.tuning:,} tune)" if form.tuning else ""
        trains = f"trains about {duration(form.seconds / cores)}"
        cost = f"{form.runs:,} runs of {form.arms} arms{tuning}, {trains}"
        lines.append(f"  {form.name:6} {cost:66} make sweep STUDY={name}{preset}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """List the studies; with ``--names`` only what they are called."""
    parser = argparse.ArgumentParser(prog="python -m harness.studies", description=__doc__)
    parser.add_argument("--names", action="store_true", help="print names, one a line, and nothing else")
    asked = parser.parse_args(arguments)
    cores = cpu_count()
    for name, content in library():
        print(name if asked.names else f"{told(name, content, cores)}\n")
    if not asked.names:
        print(
            f"Times are for {cores} cores, without tracking and the report. STUDY=all asks for all of them."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
