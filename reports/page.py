"""A report as files: one self-contained page, the same as Markdown, a CSV for every figure and table."""

from __future__ import annotations

import base64
import io
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from reports.arms import shorten
from reports.comparison import compare
from reports.contents import contents
from reports.figures.style import house_style
from reports.outline import Contents
from reports.plain_text import in_cell

if TYPE_CHECKING:
    from harness.tracking.read import StudyRecord

TEMPLATES = Path(__file__).parent / "templates"
PAGE, MARKDOWN, LISTING = "index.html", "report.md", "files.txt"
DOTS_PER_INCH = 150
CSS_DOTS_PER_INCH = 96


@dataclass(frozen=True)
class Picture:
    """A drawn figure: the source of an `img`, its size in CSS pixels, and its PNG."""

    source: str
    width: int
    height: int
    png: bytes


def write(record: StudyRecord, folder: Path) -> Path:
    """Write the report of a study into `folder` and return its page."""
    save(build(record), folder)
    return folder / PAGE


def build(record: StudyRecord) -> dict[str, bytes]:
    """Make the files of a report.

    Parameters
    ----------
    record : StudyRecord
        From `harness.tracking.read.study`, or made by hand.

    Returns
    -------
    dict of str to bytes
        By file name. The same record gives the same bytes: the order of its rows does not matter, and
        nothing is dated.
    """
    comparison = compare(record)
    report = contents(comparison)
    pictures = {drawing.name: picture(drawing.draw()) for drawing in report.drawings}
    files: dict[str, bytes] = {f"{name}.png": drawn.png for name, drawn in pictures.items()}
    files |= {f"{drawing.name}.csv": csv(drawing.frame) for drawing in report.drawings}
    files |= {f"{table.name}.csv": csv(table.frame) for table in report.tables}
    files[PAGE] = render("page.html.j2", report, pictures, comparison.provenance).encode()
    files[MARKDOWN] = render("report.md.j2", report, pictures, comparison.provenance).encode()
    return files


def save(files: Mapping[str, bytes], folder: Path) -> None:
    """Write `files` into `folder`, made if missing; remove those that only an earlier report had."""
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / LISTING
    if listing.is_file():
        for name in listing.read_text(encoding="utf-8").splitlines():
            # Only plain names of the kinds we write, whatever the listing says by now.
            if re.fullmatch(r"[a-z_]+\.(png|csv)", name) and name not in files:
                (folder / name).unlink(missing_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    listing.write_text("\n".join(sorted(files)) + "\n", encoding="utf-8")


def render(
    template: str, report: Contents, pictures: Mapping[str, Picture], provenance: Mapping[str, str]
) -> str:
    """Fill a template; all text of the study is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=False,
    )
    environment.filters["md"] = escape_markdown
    environment.filters["cut"] = shorten
    environment.filters["argument"] = argument
    page = environment.get_template(template)
    return page.render(contents=report, pictures=pictures, provenance=provenance)


def escape_markdown(text: object) -> Markup:
    """Escape what Markdown, its tables and the HTML within it would interpret."""
    # A space at an end stays: a cell is made of several texts.
    line = re.sub(r"\s+", " ", str(text))
    return Markup(re.sub(r"([\\`*\[\]|])", r"\\\1", escape(line, quote=False)))


def argument(name: str) -> str:
    """Write a study's name as a shell takes it for one argument, and the command for no option."""
    return f"{'-- ' if name.startswith('-') else ''}{shlex.quote(name)}"


@house_style
def picture(figure: Figure) -> Picture:
    """Draw a figure as SVG for the page and as PNG, without dates or programs in their metadata."""
    width, height = figure.get_size_inches() * CSS_DOTS_PER_INCH
    vector, raster = io.BytesIO(), io.BytesIO()
    # `Figure.savefig` would draw everything twice over; the layout is settled already.
    svg: Any = FigureCanvasSVG(figure)
    svg.print_svg(vector, metadata={"Date": None, "Creator": None})
    figure.set_dpi(DOTS_PER_INCH)
    agg: Any = FigureCanvasAgg(figure)
    agg.print_png(raster, metadata={"Software": None})
    # An image of its own rather than inline: identifiers of several SVGs in one page would collide.
    source = "data:image/svg+xml;base64," + base64.b64encode(vector.getvalue()).decode()
    return Picture(source, round(width), round(height), raster.getvalue())


def csv(frame: pd.DataFrame) -> bytes:
    """Write a frame with every digit, so that it reads back as the same numbers; no text is a formula."""
    texts = {
        name: frame[name].map(in_cell, na_action="ignore")
        for name in frame.columns
        if not pd.api.types.is_numeric_dtype(frame[name])
    }
    return frame.assign(**texts).rename(columns=in_cell).to_csv(index=False, lineterminator="\n").encode()
