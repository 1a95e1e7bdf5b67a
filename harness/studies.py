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
    seconds : float
        About how long one core trains it; tracking and the report come on top.
    """

    name: str
    runs: int
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
        seconds = sum(group.seconds for group in groups(points))
        found.append(Form(name, len(points), len({point.arm for point in points}), seconds))
    yield from sorted(found, key=lambda form: -form.runs)


def told(name: str, content: Mapping[str, Any], cores: int) -> str:
    """Return what a study asks and what its forms cost."""
    lines = [
        name,
        *textwrap.wrap(str(content["question"]), WIDTH, initial_indent="  ", subsequent_indent="  "),
    ]
    for form in forms(content):
        preset = "" if form.name == FULL else f" PRESET={form.name}"
        cost = f"{form.runs:,} runs of {form.arms} arms, trains about {duration(form.seconds / cores)}"
        lines.append(f"  {form.name:6} {cost:58} make sweep STUDY={name}{preset}")
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
