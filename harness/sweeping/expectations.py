"""What a plan says of each claim: how wide its interval will be, and whether that is narrow enough."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, log2
from statistics import stdev

from harness.intervals import LEAST_SEEDS, confidence_of, expected_half_width, seeds_for
from harness.quantities import SUMS, find
from harness.sweeping.cells import Cell, documented, test_per_training
from harness.sweeping.claims import Claim, Estimated, Existence, Identity, Trend
from harness.sweeping.grid import Grid, Point
from harness.sweeping.results import Result
from harness.sweeping.staging import choices
from harness.sweeping.study import Target, Tune

Held = Mapping[str, tuple[str, Mapping[str, float]]]
"""Outcome and final values of finished runs, by fingerprint."""
Arms = Mapping[str, Sequence[Point]]


@dataclass(frozen=True)
class Spread:
    """By how much a cell's comparison varies over seeds, in runs that are done.

    Attributes
    ----------
    deviation : float
        In units of the metric.
    seeds : int
    role : str
        ``reported`` or ``tuning``.
    """

    deviation: float
    seeds: int
    role: str


@dataclass(frozen=True)
class Expected:
    """The interval that a cell's comparison will have.

    Attributes
    ----------
    width : float
        Half of it: in units of the metric, or without a spread in standard deviations of the comparison.
    seeds : int
        Reported ones.
    enough : int or None
        At how many it is no wider than the margin; None: at none, or there is no spread to tell.
    """

    cell: Cell
    width: float
    seeds: int
    spread: Spread | None
    enough: int | None


def columns(claims: Sequence[Claim], tune: Tune | None) -> list[str]:
    """Return which final values of finished runs `expectations` asks for."""
    metrics = [claim.metric for claim in claims if isinstance(claim, Estimated) and _told(claim)]
    return list(dict.fromkeys([*metrics, tune.metric] if metrics and tune else metrics))


def _told(claim: Estimated) -> bool:
    """Return whether a store tells a claim's metric with a run, and not in its history alone."""
    asked = find(claim.metric)
    return claim.at == "end" and asked is not None and not asked.derived and claim.metric not in SUMS


def expectations(
    grid: Grid, claims: Sequence[Claim], tune: Tune | None, held: Held, target: Target | None = None
) -> list[str]:
    """Return a line for each claim, and a warning beneath it where its interval will not decide.

    A claim that the grid does not test has the reason that the study's document has (`cells.documented`).

    Parameters
    ----------
    held : mapping
        Runs of the grid that are done, with the values of `columns`. Where those that a cell compares
        are done on two reported or two tuning seeds, its width is in units of the metric.
    target : Target, optional
        The study's.
    """
    arms: dict[str, list[Point]] = defaultdict(list)
    for point in grid.points:
        arms[point.arm].append(point)
    chosen = _at_chosen(arms, tune, held)
    estimated = sum(isinstance(claim, Estimated) for claim in claims)
    lines = []
    for claim in claims:
        told = documented(claim, grid.points, grid.arms, target)
        if not told["cells"]:
            lines.append(f"claim {claim.name}: not tested, {told['untested'] or 'this grid lacks its arms'}")
        elif isinstance(claim, Identity):
            exact = f"within {claim.tolerance:g}" if claim.tolerance else "exact"
            lines.append(f"claim {claim.name}: an identity, {exact}; no interval")
        elif isinstance(claim, Existence):
            lines.append(f"claim {claim.name}: existence, one verified run decides; no interval")
        else:
            made = [Cell(cell["name"], cell["weights"]) for cell in told["cells"]]
            confidence = confidence_of(estimated, len(made) if claim.scope == "any" else 1)
            found = [_expected(claim, cell, arms, chosen, held, confidence) for cell in made]
            lines += [_line(claim, found, confidence), *_warnings(claim, found)]
    return lines


def _expected(
    claim: Estimated, cell: Cell, arms: Arms, chosen: Arms, held: Held, confidence: float
) -> Expected:
    reported = [{point.run.seed for point in arms[arm] if point.role == "reported"} for arm in cell.weights]
    seeds = len(set.intersection(*reported))
    ratio = 0.0
    if claim.population == "data":
        ratio = test_per_training(claim.metric, [arms[arm][0] for arm in cell.weights]) or 0.0
    spread = _spread(claim, cell, chosen, held)
    deviation, freedom = (spread.deviation, spread.seeds - 1) if spread else (1.0, inf)
    width = expected_half_width(deviation, seeds, confidence, test_per_training=ratio, freedom=freedom)
    enough = None
    if spread:
        enough = seeds_for(
            claim.margin, deviation, confidence, test_per_training=ratio, freedom=freedom, least=LEAST_SEEDS
        )
    return Expected(cell, width, seeds, spread, enough)


def _spread(claim: Estimated, cell: Cell, chosen: Arms, held: Held) -> Spread | None:
    """Return the spread of a cell's comparison, over the role's seeds of which more are done."""
    found = []
    for role in ("reported", "tuning"):
        values = {arm: _by_seed(chosen[arm], role, claim, held) for arm in cell.weights}
        seeds = sorted(set.intersection(*map(set, values.values())))
        compared = [sum(weight * values[arm][seed] for arm, weight in cell.weights.items()) for seed in seeds]
        if len(seeds) > 1:
            found.append(Spread(stdev(compared), len(seeds), role))
    return max(found, key=lambda each: each.seeds, default=None)


def _at_chosen(arms: Arms, tune: Tune | None, held: Held) -> Arms:
    """Return the runs of each arm at the tuned value chosen so far; all of them where nothing is tuned."""
    if tune is None:
        return arms
    tuning = [point for points in arms.values() for point in points if point.role == "tuning"]
    ended = {
        point.fingerprint: Result(point, *held[point.fingerprint], trained_now=False)
        for point in tuning
        if point.fingerprint in held
    }
    chosen = {each.arm: each.value for each in choices(tuning, tune, ended) if each.value is not None}
    return {
        arm: [point for point in points if arm in chosen and point.run.flat[tune.over] == chosen[arm]]
        for arm, points in arms.items()
    }


def _by_seed(points: Sequence[Point], role: str, claim: Estimated, held: Held) -> dict[int, float]:
    """Return an arm's values by seed, or their logarithms.

    None if a seed has several runs, of which none is the arm's.
    """
    found: dict[int, list[float]] = defaultdict(list)
    for point in points:
        outcome, values = held.get(point.fingerprint, ("", {}))
        value = values.get(claim.metric) if _told(claim) else None
        # A diverged run leaves no interval of a mean to expect, nor does what has no logarithm.
        lost = outcome == "diverged" or value is None or (claim.values == "log2" and value <= 0)
        if point.role == role and value is not None and not lost:
            found[point.run.seed].append(log2(value) if claim.values == "log2" else value)
    if any(len(values) > 1 for values in found.values()):
        return {}
    return {seed: value for seed, (value,) in found.items()}


def _line(claim: Estimated, found: Sequence[Expected], confidence: float) -> str:
    among = f" in {claim.scope} of {len(found)} cells" if len(found) > 1 else ""
    new = " for new data" if claim.population == "data" else ""
    seeds = _span([each.seeds for each in found], "d")
    asked = f"{seeds} {'seed' if seeds == '1' else 'seeds'}, {100 * confidence:.4g} %{among}{new}"
    bounded = [each for each in found if each.seeds > 1]
    known = [each for each in bounded if each.spread]
    if not bounded:
        said = f"no interval; {asked}"
    elif known:
        width = _span([each.width for each in known], ".2g")
        behind = {(each.spread.seeds, each.spread.role) for each in known if each.spread}
        told = " or ".join(f"{seeds} {role}" for seeds, role in sorted(behind))
        unit = "doublings of" if claim.values == "log2" else "of"
        part = f" in {len(known)} cells" if len(known) < len(found) else ""
        said = f"expected half-width {width} {unit} {claim.metric}; {asked}; by {told} seeds done{part}"
    else:
        widths = [each.width for each in bounded]
        what = "slope" if isinstance(claim, Trend) else "paired difference"
        doublings = ", in doublings" if claim.values == "log2" else ""
        unit = f"standard deviations of the {what}{doublings}"
        most = f"within the margin {claim.margin:g} if one is at most {claim.margin / max(widths):.2g}"
        said = f"expected half-width {_span(widths, '.2f')} {unit}; {asked}; {most}"
    return f"claim {claim.name}: {said}"


def _warnings(claim: Estimated, found: Sequence[Expected]) -> list[str]:
    warnings = []
    if min(each.seeds for each in found) < LEAST_SEEDS:
        warnings.append(
            f"  warning: with fewer than {LEAST_SEEDS} reported seeds every verdict is inconclusive"
        )
    wide = [each for each in found if each.spread and each.width > claim.margin]
    if wide:
        widest = max(wide, key=lambda each: each.width)
        where = f" in {len(wide)} of {len(found)} cells, most in {widest.cell.name}" if len(found) > 1 else ""
        enough = [each.enough for each in wide]
        most = None if None in enough else max(each for each in enough if each is not None)
        remedy = "no number of seeds" if most is None else f"{most:,} seeds"
        warnings.append(f"  warning: wider than the margin {claim.margin:g}{where}; {remedy} would do")
    return warnings


def _span(values: Sequence[float], form: str) -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"
