"""The shape of a report: sections of sentences, figures and tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import pandas as pd
from matplotlib.figure import Figure

from reports.cells import Cell, Table


@dataclass(frozen=True)
class Drawing:
    """A figure: `name` is that of its SVG, its PNG and of the CSV with the numbers drawn (`frame`).

    One that is `folded` stands behind a heading of its section that a reader opens.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    draw: Callable[[], Figure]
    folded: bool = False


@dataclass(frozen=True)
class Link:
    """A way from the page to elsewhere; `address` begins with http."""

    text: str
    address: str


@dataclass(frozen=True)
class Command:
    """A line of a shell, and what it does."""

    what: str
    text: str


@dataclass(frozen=True)
class Numbers:
    """A CSV of which the page shows no more than that it is there."""

    name: str
    caption: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class Section:
    """A heading and, in this order, paragraphs, points, commands, links, drawings, tables and CSVs.

    `moved` names drawings of this section that lead the page, and stand there alone.
    """

    key: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    tables: tuple[Table, ...] = ()
    commands: tuple[Command, ...] = ()
    links: tuple[Link, ...] = ()
    numbers: tuple[Numbers, ...] = ()
    points: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()

    @property
    def shelves(self) -> tuple[tuple[bool, tuple[Drawing, ...]], ...]:
        """The drawings in order, those beside each other that are folded, or are not, together."""
        together = groupby(self.drawings, key=lambda drawing: drawing.folded)
        return tuple((folded, tuple(drawings)) for folded, drawings in together)


@dataclass(frozen=True)
class Card:
    """A claim of the study, and what its runs say of it.

    Attributes
    ----------
    name, sentence : str
        Of the claim.
    verdict : str
    how : str
        How a refuted claim is: reversed, no difference that matters, too small; else empty.
    reason : str
    facts : tuple of (str, Cell)
        Effect, interval, margin, seeds and what else decided, each with its name.
    """

    name: str
    sentence: str
    verdict: Literal["supported", "refuted", "inconclusive"]
    how: str
    reason: str
    facts: tuple[tuple[str, Cell], ...]

    @property
    def sign(self) -> str:
        """What stands before the verdict's word: it is told by more than a colour."""
        return {"supported": "\N{CHECK MARK}", "refuted": "\N{BALLOT X}"}.get(self.verdict, "?")


@dataclass(frozen=True)
class Contents:
    """A whole report.

    Attributes
    ----------
    why : str
        Why the question matters; empty if the study does not say.
    answer : str
        In one sentence, from the verdicts if the study states claims.
    cards : tuple of Card
        One for each claim.
    aside : str
        What the runs say beyond the claims, exploratory; empty without claims: `answer` says it then.
    """

    name: str
    question: str
    answer: str
    sections: tuple[Section, ...]
    cards: tuple[Card, ...] = ()
    aside: str = ""
    why: str = ""

    @property
    def drawings(self) -> tuple[Drawing, ...]:
        """All figures in order."""
        return tuple(drawing for section in self.sections for drawing in section.drawings)

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables in order."""
        return tuple(table for section in self.sections for table in section.tables)

    @property
    def numbers(self) -> tuple[Numbers, ...]:
        """All CSVs that stand for themselves."""
        return tuple(each for section in self.sections for each in section.numbers)
