"""``python -m benchmarks sweeps``: what a sweep costs besides training."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shlex import join
from time import perf_counter

from benchmarks.machine import machine
from benchmarks.sweeps import composing, launching, peer, reading, workers
from benchmarks.sweeps.processes import BrokenError
from benchmarks.sweeps.sections import Section

NAME = "sweeps"
PARTS: Mapping[str, Callable[[bool], Section]] = {
    "composing": composing.section,
    "launching": launching.section,
    "peer": peer.section,
    "reading": reading.section,
    "workers": workers.section,
}
LIBRARIES = ("hydra-core", "omegaconf", "pydantic", "mlflow", "sqlalchemy", "scikit-learn", "joblib")


def main(arguments: Sequence[str], out: Path) -> int:
    """Run the parts asked for and return the exit status: 0, or 1 if one was broken.

    Parameters
    ----------
    out : Path
        The folder to write to where the command line names none.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {NAME}", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART")
    parser.add_argument("--out", type=Path, default=out, help=f"folder to write (default: {out})")
    asked = parser.parse_args(arguments)
    command, status = join(["python", "-m", "benchmarks", NAME, *arguments]), 0
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in asked.only:
        began = perf_counter()
        try:
            found = PARTS[name](asked.quick)
        except BrokenError as error:
            print(f"benchmarks: {name}: {error}", file=sys.stderr)
            status = 1
            continue
        print(f"{name}: {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        write(found, name, asked.out, machine(command, LIBRARIES))
    return status


def write(found: Section, name: str, out: Path, about: Mapping[str, str]) -> None:
    """Print a section, and write it with its tables."""
    written = found.markdown(about)
    print(f"{written}\n", flush=True)
    path = out / f"{NAME}-{name}.md"
    path.write_text(f"{written}\n", encoding="utf-8")
    paths = [path]
    for title, table in found.tables.items():
        paths.append(out / f"{NAME}-{title.replace(' ', '-')}.csv")
        paths[-1].write_text(table.csv(), encoding="utf-8")
    print("\n".join(map(str, paths)), end="\n\n", flush=True)
