"""A report's contents as HTML and as Markdown, in which no text of the store means anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import cache
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.arms import shorten
from reports.contrast import LINES, on_paper
from reports.outline import Contents
from reports.pictures import Picture

TEMPLATES = Path(__file__).parent / "templates"
PAPER, DARK_PAPER = "#ffffff", "#17181a"
"""Of the page in light and dark, as `page.css` has them."""
DARK_LINES = 4.5
"""Contrast of lines on dark paper: thin lines look fainter there."""

# At the beginning of a line Markdown takes them for a heading, a list, a rule or a fence.
_OPENING = re.compile(r"^(\s*\d*)(#|=|~~|[-+](?=[-\s]|$)|(?<=\d)[.)](?=\s|$))")


def page(report: Contents, pictures: Mapping[str, Picture], beside: Collection[str], drawn: date) -> bytes:
    """Write the page.

    Parameters
    ----------
    report : Contents
    pictures : mapping of str to Picture
        By name of the drawing, each with its SVG.
    beside : collection of str
        The files to which a link leads.
    drawn : date
    """
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    colours = sorted({colour for each in pictures.values() for colour in each.lines})
    styles = {name: style for each in pictures.values() for name, style in each.styles.items()}
    told = {name: each.values for name, each in pictures.items() if each.values}
    return rendered(
        "page.html.j2",
        contents=report,
        inline={name: Markup(each.inline) for name, each in pictures.items()},
        titles={name: each.title for name, each in pictures.items()},
        beside=beside,
        drawn=drawn.isoformat(),
        script=Markup(script),
        # Nothing else runs, and nothing is fetched: not even what an escape should have missed.
        policy="default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        style=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        shapes=Markup("\n".join(f".{name}{{{style}}}" for name, style in sorted(styles.items()))),
        light=Markup(variables(colours, PAPER, LINES)),
        dark=Markup(variables(colours, DARK_PAPER, DARK_LINES)),
        values=data(told),
        seeds={name for name, each in pictures.items() if each.seeds},
    )


def markdown(report: Contents, beside: Collection[str], drawn: date) -> bytes:
    """Write the same as Markdown; its pictures and numbers are the files `beside` it."""
    return rendered("report.md.j2", contents=report, beside=beside, drawn=drawn.isoformat())


def variables(colours: Iterable[str], paper: str, least: float) -> str:
    """Write the CSS variables of lines: the colours themselves where they can be told from the paper."""
    return " ".join(f"--line-{colour[1:]}: {on_paper(colour, paper, least)};" for colour in colours)


def data(value: object) -> Markup:
    """Write JSON that can stand in a script element, whatever its texts say."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def escape_markdown(text: object) -> Markup:
    """Escape what Markdown, its tables and the HTML within it would interpret."""
    # A space at an end stays: a cell is made of several texts.
    line = re.sub(r"\s+", " ", str(text))
    line = re.sub(r"([\\`*\[\]|])", r"\\\1", escape(line, quote=False))
    return Markup(_OPENING.sub(r"\1\\\2", line))


def argument(name: str) -> str:
    """Write a study's name as a shell takes it for one argument, and the command for no option."""
    return f"{'-- ' if name.startswith('-') else ''}{shlex.quote(name)}"


def rendered(template: str, **about: object) -> bytes:
    """Write one of `TEMPLATES`; texts are escaped for HTML, and by the filter `md` for Markdown."""
    return _environment().get_template(template).render(**about).encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=False,
    )
    environment.filters |= {"md": escape_markdown, "cut": shorten, "argument": argument}
    return environment
