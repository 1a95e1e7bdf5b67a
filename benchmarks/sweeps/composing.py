"""Composing and validating: every point of a grid, beside Hydra's own multirun of empty jobs."""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.sweeps.grids import CHOICES
from benchmarks.sweeps.processes import BrokenError, Ran, run
from benchmarks.sweeps.sections import Entry, Section, Table
from benchmarks.targets import Target

MILLISECONDS_A_RUN = 3.0
REPETITIONS = 3

METHOD = f"""\
`expand` makes every point of a grid (activations, losses and initializers, {CHOICES} combinations; rates
and seeds): parsed, composed, validated, fingerprinted. Hydra's basic sweeper and launcher run empty jobs of
such a grid from the same `conf/`: they compose, and validate nothing. Each in a process of its own, in
turns; medians, in seconds of the processor's and of the clock's. Imports, and what libraries take when they
are first used, are left out on both sides; the composer starts empty. Memory is the process's peak less
what it had before."""


def section(quick: bool) -> Section:
    """Time both, and hold what a run takes against what is wanted."""
    few, many, jobs = (100, 1_000, 20) if quick else (1_000, 10_000, 200)
    ours: dict[int, list[Ran]] = {few: [], many: []}
    hydra: list[Ran] = []
    with TemporaryDirectory() as folder:
        for _ in range(REPETITIONS):
            for runs, found in ours.items():
                found.append(_jobs("expand", runs, Path(folder)))
            hydra.append(_jobs("hydra_jobs", jobs, Path(folder)))
    theirs = milliseconds(hydra, jobs)
    rows: list[tuple[Entry, ...]] = [_row("Hydra's multirun, empty jobs", jobs, hydra, theirs)]
    rows += [_row("harness, expand", runs, found, theirs) for runs, found in ours.items()]
    each = milliseconds(ours[many], many)
    columns = (
        "", "runs", "ms a run, processor", "fastest", "slowest", "ms a run, clock", "times as fast",
        "peak memory, MB",
    )  # fmt: skip
    return Section(
        "Composing",
        METHOD,
        {"composing": Table(columns, rows)},
        [
            Target(
                "ms a run of composing and validating",
                f"{many:,} runs",
                each,
                MILLISECONDS_A_RUN,
                at_most=True,
            ),
        ],
    )


def milliseconds(found: list[Ran], runs: int, kind: str = "processor") -> float:
    """Return the median of what a run takes."""
    return 1e3 * median(float(ran.told[kind]) for ran in found) / runs


def _jobs(module: str, jobs: int, folder: Path) -> Ran:
    ran = run(f"benchmarks.sweeps.{module}", [str(jobs)], folder)
    if ran.told["jobs"] != jobs:
        raise BrokenError(f"{module}: composed {ran.told['jobs']} different jobs of {jobs}")
    return ran


def _row(name: str, runs: int, found: list[Ran], theirs: float) -> tuple[Entry, ...]:
    each = [1e3 * ran.told["processor"] / runs for ran in found]
    peaks = [ran.told["peak"] - ran.told["before"] for ran in found if "peak" in ran.told]
    return (
        name,
        runs,
        median(each),
        min(each),
        max(each),
        milliseconds(found, runs, "clock"),
        theirs / median(each),
        max(peaks) if peaks else None,
    )
