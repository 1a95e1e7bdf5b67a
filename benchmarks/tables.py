"""Markdown and CSV of timings and targets."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO

from benchmarks.cells import Cell
from benchmarks.targets import Target
from benchmarks.timing import Timing

FAST = 10
CROWDED = 0.9


def timing_table(timings: Sequence[Timing]) -> str:
    """Return Markdown of cells that differ in the batch: a row a contender, a column a batch.

    Below it stand the seconds that contenders compiled for.
    """
    found = {(each.contender.label, each.cell.batch): each for each in timings}
    contenders = list(dict.fromkeys(each.contender.label for each in timings))
    cells = list(dict.fromkeys(each.cell for each in timings))
    lines = [
        "| µs an update of one run | " + " | ".join(_batch(cell) for cell in cells) + " |",
        "|---" + "|---:" * len(cells) + "|",
    ]
    for name in contenders:
        entries = [_entry(found.get((name, cell.batch))) for cell in cells]
        lines.append(f"| {name} | {' | '.join(entries)} |")
    for name in contenders:
        each = [found.get((name, cell.batch)) for cell in cells]
        if any(timing is not None and timing.compile_seconds for timing in each):
            entries = [f"{timing.compile_seconds:.2f} s" if timing else "" for timing in each]
            lines.append(f"| {name}: compiling, once | {' | '.join(entries)} |")
    return "\n".join(lines)


def heading(cell: Cell) -> str:
    """Return what a table is of."""
    labels = cell.labels
    return f"{labels['size']}, {labels['activation']}, {labels['dtype']}"


def _batch(cell: Cell) -> str:
    return f"all ({cell.samples:,})" if cell.batch is None else f"batch {cell.batch}"


def _entry(timing: Timing | None) -> str:
    if timing is None:
        return ""
    if timing.missing is not None:
        return timing.missing
    return f"{timing.median:,.2f}" if timing.median < FAST else f"{timing.median:,.1f}"


def target_table(targets: Sequence[Target]) -> str:
    """Return Markdown of what is wanted and what was found."""
    if not targets:
        return "Nothing that was timed tells of a target."
    met = sum(target.met for target in targets)
    lines = [
        f"{met} of {len(targets)} met.",
        "",
        "| target | cell | found | wanted | |",
        "|---|---|---:|---:|---|",
    ]
    for target in targets:
        sign = "≤" if target.at_most else "≥"
        lines.append(
            f"| {target.what} | {target.where} | {target.found:.3g} | {sign} {target.wanted:.3g} "
            f"| {target.verdict} |"
        )
    return "\n".join(lines)


def machine_list(machine: Mapping[str, str], timings: Sequence[Timing]) -> str:
    """Return Markdown of the machine, and of whether it was left in peace."""
    lines = [f"- {name}: {value}" for name, value in machine.items()]
    shares = sorted(each.share for each in timings if each.contender.alone and each.missing is None)
    if shares:
        lowest, middle = shares[0], shares[len(shares) // 2]
        lines.append(
            f"- share of the core that contenders had: {middle:.0%} in the median, {lowest:.0%} at least"
        )
        if middle < CROWDED:
            lines.append("- **others used the core meanwhile: read the ratios, not the microseconds**")
    return "\n".join(lines)


COLUMNS = (
    "size", "batch", "dtype", "activation", "contender", "stack", "processes", "cores", "median_us",
    "lower_quartile_us", "upper_quartile_us", "repetitions", "runs", "updates", "compile_s", "setup_s",
    "share_of_core", "missing",
)  # fmt: skip


def csv_text(timings: Sequence[Timing]) -> str:
    """Return a row a timing with its quartiles."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in timings:
        who = each.contender
        low, middle, high = ("", "", "") if each.missing else (f"{value:.4g}" for value in each.quartiles)
        writer.writerow(
            [
                *each.cell.labels.values(),
                who.family,
                who.stack,
                who.processes,
                who.cores,
                middle,
                low,
                high,
                len(each.microseconds),
                each.runs,
                each.updates,
                f"{each.compile_seconds:.3f}",
                f"{each.setup_seconds:.5f}",
                f"{each.share:.3f}",
                each.missing or "",
            ]
        )
    return out.getvalue()
