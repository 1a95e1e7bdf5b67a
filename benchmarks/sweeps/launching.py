"""Launching: what the process that starts a sweep takes besides training."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.sweeps.processes import BrokenError, Ran, run
from benchmarks.sweeps.sections import Entry, Section, Table
from benchmarks.sweeps.stores import series
from benchmarks.targets import Target

MILLISECONDS_A_RUN = 50.0
FLAT = 1.25
SIZES = (1_000, 10_000)
MODES: Mapping[str, tuple[str, ...]] = {
    "plan": ("sweep.plan=true", "tracking=off"),
    "untracked": ("tracking=off",),
    "tracked": ("tracking.points=1",),
}
FLOOR = 0.05

METHOD = f"""\
`python -m harness` over five activations, ten rates and seeds: tiny trainings (moons, a layer of 8, two
epochs) with many runs a stack, on two workers. Three sweeps of each size, each a process of its own:
planned only; trained, not tracked; tracked to a fresh SQLite store with final values. What one takes more
than the one before is what training elsewhere and tracking add. Counted are the seconds of the processor of
the launching process, all its threads, from its start to its end, imports and a fresh store's schema
included; its workers' stand apart. Threads that took less than {FLOOR:g} s are left out. Flat memory is
read as: a peak at most {FLAT:g} times as high with ten times the runs."""


def section(quick: bool) -> Section:
    """Launch every size in every mode."""
    few, many = (size // 10 for size in SIZES) if quick else SIZES
    found = {(mode, runs): launched(mode, runs) for runs in (few, many) for mode in MODES}
    columns = (
        "", "runs", "processor s", "ms a run", "workers, processor s", "clock s", "peak memory, MB",
    )  # fmt: skip
    rows = [_row(mode, runs, ran) for (mode, runs), ran in found.items()]
    small, large = (found["tracked", runs] for runs in (few, many))
    rows.append(
        ("tracked, each further run", many - few, *_further(small, large, many - few), None, None, None)
    )
    milliseconds = 1e3 * large.told["processor"] / many
    growth = large.told["peak"] / small.told["peak"]
    where = f"{few:,} and {many:,} runs"
    return Section(
        "Launching",
        METHOD,
        {"launching": Table(columns, rows), "launching by thread": _threads(found)},
        [
            Target(
                "ms of the launcher's processor a run",
                f"{many:,} runs",
                milliseconds,
                MILLISECONDS_A_RUN,
                True,
            ),
            Target("peak memory, larger by smaller sweep", where, growth, FLAT, True),
        ],
    )


def asked(runs: int) -> list[str]:
    """Return the overrides of the grid."""
    return [
        "dataset=moons",
        "activation=relu,tanh,sigmoid,elu,softplus",
        "architecture.hidden=[8]",
        "optimizer.learning_rate=0.01,0.02,0.03,0.05,0.1,0.2,0.3,0.5,1,2",
        f"seed=range(0,{runs // 50})",
        "stopping.epochs=2",
        "diagnostics=off",
        "executor.workers=2",
    ]


def launched(mode: str, runs: int) -> Ran:
    """Return what a sweep took; one that is tracked must have left every run finished.

    Raises
    ------
    BrokenError
        If it failed, or its store lacks a run.
    """
    with TemporaryDirectory() as folder:
        ran = run("benchmarks.sweeps.launched", [*asked(runs), *MODES[mode], "-m"], Path(folder))
        if mode == "tracked":
            held = len(series(Path(folder) / "mlruns" / "mlflow.db", "train/loss"))
            if held != runs:
                raise BrokenError(f"launching: the store holds {held:,} finished runs of {runs:,}")
    return ran


def _row(mode: str, runs: int, ran: Ran) -> tuple[Entry, ...]:
    told = ran.told
    spent = told["processor"]
    return mode, runs, spent, 1e3 * spent / runs, told["workers"], ran.seconds, told["peak"]


def _further(small: Ran, large: Ran, runs: int) -> tuple[float, float]:
    more = large.told["processor"] - small.told["processor"]
    return more, 1e3 * more / runs


def _threads(found: Mapping[tuple[str, int], Ran]) -> Table:
    """Return seconds of the processor by thread, a column a sweep."""
    names = dict.fromkeys(name for ran in found.values() for name in ran.told["threads"])
    rows: list[tuple[Entry, ...]] = []
    for name in names:
        spent = [ran.told["threads"].get(name, 0.0) for ran in found.values()]
        if max(spent) >= FLOOR:
            rows.append((name, *spent))
    rest = [ran.told["processor"] - sum(ran.told["threads"].values()) for ran in found.values()]
    rows.append(("threads that outlived it", *(max(0.0, each) for each in rest)))
    return Table(("processor s", *(f"{mode}, {runs:,}" for mode, runs in found)), rows)
