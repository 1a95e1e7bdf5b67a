"""Which files of a report are asked for."""

from __future__ import annotations

from dataclasses import dataclass

PAGE, MARKDOWN = "index.html", "report.md"
FORMATS = {"html": PAGE, "md": MARKDOWN}
"""What a page is written as, and the name of its file."""
PARTS = ("figures", "tables", "page")
"""What of a report can be made alone."""


@dataclass(frozen=True)
class Wanted:
    """Files of a report: by default all of them.

    Attributes
    ----------
    pages : tuple of {"html", "md"}
        What the page is written as; empty: there is none.
    figures : bool
        Every figure as SVG and PNG, and its numbers.
    tables : bool
        The numbers of every table.
    """

    pages: tuple[str, ...] = tuple(FORMATS)
    figures: bool = True
    tables: bool = True

    @property
    def whole(self) -> bool:
        """Whether that is a whole report."""
        return self == Wanted()


def asked_for(formats: str | None = None, only: str | None = None) -> Wanted:
    """Read what a person typed.

    Parameters
    ----------
    formats : str, optional
        Of the page, separated by commas; by default all.
    only : {"figures", "tables", "page"}, optional
        The part that is made alone.

    Raises
    ------
    harness.errors.ConfigurationError
        If either is not known, or formats of a page are asked for where none is made.
    """
    # Its tools for near misses are not needed where nothing is wrong.
    from harness.errors import ConfigurationError, unknown

    if only is not None and only not in PARTS:
        raise unknown("only", only, PARTS)
    named = tuple(dict.fromkeys(part.strip() for part in formats.split(","))) if formats is not None else None
    for name in named or ():
        if name not in FORMATS:
            raise unknown("format", name, FORMATS)
    if only in ("figures", "tables") and named is not None:
        raise ConfigurationError(
            f"format = {formats!r}: is of the page, and only = {only!r} makes none; allowed: one of the two"
        )
    pages = named if named is not None else tuple(FORMATS)
    if only is None:
        return Wanted(pages)
    return Wanted(pages if only == "page" else (), only == "figures", only == "tables")
