"""`python -m harness.studies`: the questions of sweeps/, and what each costs to answer."""

import argparse
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from joblib import cpu_count

from harness.errors import ConfigurationError, MissingDataError
from harness.library import names, read
from harness.sweeping.composing import default_composer
from harness.sweeping.estimates import duration
from harness.sweeping.grid import expand
from harness.sweeping.pieces import groups
from harness.sweeping.products import key
from harness.sweeping.products import read as read_line
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
    whole, _ = build_study(dict(content), None)
    for name in (FULL, *(whole.presets or {})):
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
    asked = str(content.get("question") or "(the study states no question)")
    question = textwrap.wrap(asked, WIDTH, initial_indent="  ", subsequent_indent="  ")
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


def lacking(content: Mapping[str, Any], preset: str | None) -> str:
    """Return which files of the user's a form needs that are not there, empty if none.

    Only its data sets are composed: a grid takes seconds.

    Raises
    ------
    ConfigurationError
        If the study, or a line of its grid, cannot be read.
    """
    composer = default_composer()
    study, overrides = build_study(dict(content), preset)
    for line in study.grid:
        chosen = read_line(composer, line, overrides, ()).overrides
        data = [each for each in chosen if key(composer, each).partition(".")[0] == "dataset"]
        for point in product(*map(composer.choices, data)):
            try:
                composer.compose(point)
            except MissingDataError as error:
                return str(error)
            except ConfigurationError:
                # Of a part of a point; of the whole one a sweep says what is wrong.
                continue
    return ""


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
    parser.add_argument(
        "--names",
        action="store_true",
        help="print the names alone, one a line; of a study whose files are missing, which, on stderr",
    )
    parser.add_argument("--preset", help="with --names: whose files are asked for (default: the full form's)")
    asked = parser.parse_args(arguments)
    if asked.names:
        return _names(asked.preset)
    cores, studies, status = cpu_count(), [], 0
    for name in names():
        try:
            content = read(name)
            costs = list(forms(content))
        except ConfigurationError as error:
            print(f"{name}: {error}", file=sys.stderr)
            status = 2
            continue
        studies.append(costs)
        print(f"{told(name, content, costs, cores)}\n")
    print(f"{total(studies, cores)} Times are for {cores} cores, without tracking and the report.")
    return status


def _names(preset: str | None) -> int:
    """Print the studies that a sweep of all asks for, those that it will refuse too."""
    for name in names():
        try:
            files = lacking(read(name), preset)
        except ConfigurationError:
            files = ""
        if files:
            print(f"{name}: left out, needs files: {files}", file=sys.stderr)
        else:
            print(name)
    return 0


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


if __name__ == "__main__":
    sys.exit(main())
