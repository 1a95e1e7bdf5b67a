"""``make bench``: print and write what an update of one run costs, beside its peers; or a sweep."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import join
from time import perf_counter

from benchmarks.cells import Cell, chosen, quick, tables
from benchmarks.lineup import all_cores, one_core
from benchmarks.machine import machine
from benchmarks.sweeps import command as sweeps
from benchmarks.tables import csv_text, heading, machine_list, target_table, timing_table
from benchmarks.targets import targets
from benchmarks.timing import FEW_REPETITIONS, REPETITIONS, Team, Timing, measure, teams
from benchmarks.workers import cores_here
from harness.errors import ConfigurationError

OUTPUT = Path("benchmarks/output")

METHOD = """\
Medians over repetitions in which all contenders take turns. On one core: seconds of the processor, one
thread each, so that other processes count little. On all cores: seconds of the clock, by all runs that
were trained meanwhile. docs/performance.md says what each contender does; benchmarks.csv has quartiles."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, or 2 after one line on stderr."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [sweeps.NAME]:
        return sweeps.main(given[1:], OUTPUT)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, epilog=f"{sweeps.NAME} --help: the other command"
    )
    parser.add_argument("--quick", action="store_true", help="one small network, on one core, in float32")
    parser.add_argument(
        "--cells", nargs="+", default=[], metavar="FILTER", help="such as 64-32-10/32 or relu/float64/all"
    )
    parser.add_argument("--out", type=Path, default=OUTPUT, help=f"folder to write (default: {OUTPUT})")
    asked = parser.parse_args(given)
    try:
        found = chosen(asked.cells)
    except ConfigurationError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    if asked.quick:
        found = [cell for cell in found if quick(cell)] or found
    bench(found, asked.out, join(["python", "-m", "benchmarks", *given]), asked.quick)
    return 0


def bench(found: Sequence[Cell], out: Path, command: str, short: bool) -> None:
    """Time the cells, print and write each table as it is made."""
    about, cores = machine(command), len(cores_here())
    out.mkdir(parents=True, exist_ok=True)
    timings: list[Timing] = []
    sections: list[str] = [f"# What an update costs\n\n{METHOD}"]
    print(sections[0], flush=True)

    def tell(title: str, text: str) -> None:
        sections.append(f"## {title}\n\n{text}")
        print(f"\n{sections[-1]}", flush=True)
        # Each time, so that what is broken off keeps what it had.
        (out / "benchmarks.md").write_text("\n\n".join(sections) + "\n", encoding="utf-8")
        (out / "benchmarks.csv").write_text(csv_text(timings), encoding="utf-8")

    with teams(one_core()) as alone:
        for table in tables(found):
            repetitions = REPETITIONS if table[0].standard and not short else FEW_REPETITIONS
            made = list(_measured(table, alone, repetitions))
            timings += made
            tell(f"One core: {heading(table[0])}", timing_table(made))
    together = [] if short or cores == 1 else [cell for cell in found if quick(cell)]
    if together:
        with teams(all_cores(cores)) as everybody:
            made = list(_measured(together, everybody, FEW_REPETITIONS))
        timings += made
        tell(f"All {cores} cores: {heading(together[0])}", timing_table(made))
    tell("Targets", target_table(targets(timings)))
    tell("Machine", machine_list(about, timings))
    print(f"\n{out / 'benchmarks.md'}\n{out / 'benchmarks.csv'}")


def _measured(table: Sequence[Cell], taking_part: Sequence[Team], repetitions: int) -> Iterator[Timing]:
    for cell in table:
        began = perf_counter()
        yield from measure(cell, taking_part, repetitions)
        print(f"{cell.label}: {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
