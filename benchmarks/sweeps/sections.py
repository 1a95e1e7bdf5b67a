"""What a part of these benchmarks reports: tables, and what was wanted of them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from benchmarks.tables import machine_list, target_table
from benchmarks.targets import Target

Entry = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows of text and numbers; None is left blank."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Entry, ...]]

    def markdown(self) -> str:
        """Return the table as it is printed: columns of numbers to the right."""
        numbers = [
            any(isinstance(row[at], int | float) for row in self.rows) for at in range(len(self.columns))
        ]
        lines = [self.columns, tuple("---:" if right else "---" for right in numbers)]
        lines += [tuple(map(text, row)) for row in self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def csv(self) -> str:
        """Return the table with its numbers unrounded."""
        out = StringIO()
        csv.writer(out, lineterminator="\n").writerows([self.columns, *self.rows])
        return out.getvalue()


@dataclass(frozen=True)
class Section:
    """What one part found.

    Attributes
    ----------
    method : str
        What was done, in sentences.
    tables : mapping of str to Table
        By name, which is the CSV's too.
    """

    title: str
    method: str
    tables: Mapping[str, Table]
    targets: Sequence[Target]

    def markdown(self, machine: Mapping[str, str]) -> str:
        """Return the whole section."""
        parts = [f"# {self.title}", self.method]
        parts += [f"## {name.capitalize()}\n\n{table.markdown()}" for name, table in self.tables.items()]
        parts.append(f"## Targets\n\n{target_table(self.targets)}")
        parts.append(f"## Machine\n\n{machine_list(machine, [])}")
        return "\n\n".join(parts)


def text(entry: Entry) -> str:
    """Return an entry as a table shows it: numbers with three digits or more."""
    if entry is None:
        return ""
    if isinstance(entry, str | int):
        return f"{entry:,}" if isinstance(entry, int) else entry
    for digits, limit in enumerate((100, 10, 1)):
        if abs(entry) >= limit:
            return f"{entry:,.{digits}f}"
    return f"{entry:.3g}"
