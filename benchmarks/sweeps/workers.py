"""Workers: how much faster two of them train than one."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.sweeps.processes import Ran, run
from benchmarks.sweeps.sections import Entry, Section, Table
from benchmarks.targets import Target

TIMES_AS_FAST = 1.8
REPETITIONS = 2
STACKS = 8
WORKERS = (1, 2)
SEEDS = 50
EPOCHS = 150

METHOD = f"""\
{STACKS} stacks of {SEEDS} runs of digits (64-32-10, batches of 32, float32), equal but for a number that
nothing reads, trained by one and by two workers in turns, nothing tracked. Training is what the command
takes by the clock, less what it takes to plan the same sweep (imports, composing); starting worker
processes counts as training. With one worker the launching process trains. Medians. The processor's seconds
are of all processes: where they are less than the clock's times the workers, somebody else used the cores,
or a worker waited."""


def section(quick: bool) -> Section:
    """Train the grid with one worker and with two, in turns."""
    epochs = EPOCHS // 10 if quick else EPOCHS
    planned = [_swept(epochs, "sweep.plan=true") for _ in range(REPETITIONS)]
    found: dict[int, list[Ran]] = {workers: [] for workers in WORKERS}
    for _ in range(REPETITIONS):
        for workers, ran in found.items():
            ran.append(_swept(epochs, f"executor.workers={workers}"))
    plan = clock(planned)
    one = clock(found[1])
    rows: list[tuple[Entry, ...]] = [("planning", *_took(planned), None, None, None)]
    for workers, ran in found.items():
        training = clock(ran) - plan
        rows.append(
            (
                f"{workers} worker{'s'[: workers > 1]}",
                *_took(ran),
                training,
                (one - plan) / training,
                one / clock(ran),
            )
        )
    columns = (
        "", "clock s", "fastest", "slowest", "processor s", "training, clock s", "times as fast",
        "whole command, times as fast",
    )  # fmt: skip
    where = f"{STACKS} stacks of {SEEDS} runs, {epochs} epochs"
    ratio = (one - plan) / (clock(found[2]) - plan)
    return Section(
        "Workers",
        METHOD,
        {"workers": Table(columns, rows)},
        [Target("training, two workers beside one, times as fast", where, ratio, TIMES_AS_FAST)],
    )


def clock(found: Sequence[Ran]) -> float:
    """Return the median of the clock's seconds."""
    return median(ran.seconds for ran in found)


def _took(found: Sequence[Ran]) -> tuple[float, float, float, float]:
    each = [ran.seconds for ran in found]
    return clock(found), min(each), max(each), median(ran.processor for ran in found)


def asked(epochs: int) -> list[str]:
    """Return the overrides of the grid.

    Runs with different probes never share a stack, and without diagnostics nothing looks at a probe.
    """
    return [
        "dataset=digits",
        "dtype=float32",
        f"diagnostics.probe={','.join(str(512 - stack) for stack in range(STACKS))}",
        "diagnostics=off",
        f"seed=range(0,{SEEDS})",
        f"stopping.epochs={epochs}",
        "tracking=off",
    ]


def _swept(epochs: int, how: str) -> Ran:
    with TemporaryDirectory() as folder:
        return run("benchmarks.sweeps.launched", [*asked(epochs), how, "-m"], Path(folder))
