"""A figure as pictures: drawn once as SVG and once as PNG, and where its curves came to lie."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from reports import vector
from reports.figures.marks import marked
from reports.figures.style import house_style
from reports.hover import Values, values

DOTS_PER_INCH = 300
"""Of a PNG: what journals print at."""


@dataclass(frozen=True)
class Picture:
    """A drawn figure.

    Attributes
    ----------
    title : str
    inline, svg : str
        The SVG of a page, and that of a file; empty if not asked for.
    styles : mapping of str to str
        The CSS by class that `inline` needs.
    png : bytes
        Empty if not asked for.
    lines : tuple of str
        The colours, ``#rrggbb``, of the lines that it shows.
    values : mapping
        What its curves show, and where, as `reports.hover.values` returns it.
    seeds : bool
        Whether it has curves of single seeds, which a page shows on request.
    """

    title: str
    inline: str = ""
    styles: Mapping[str, str] = field(default_factory=dict)
    svg: str = ""
    png: bytes = b""
    lines: tuple[str, ...] = ()
    values: Values = field(default_factory=dict)
    seeds: bool = False


@house_style
def picture(figure: Figure, name: str, caption: str, *, vectors: bool = True, raster: bool = True) -> Picture:
    """Draw a figure, without dates or programs in what is written.

    Parameters
    ----------
    figure : Figure
        Laid out already; its label is its title.
    name : str
        Unique within a page.
    caption : str
    vectors, raster : bool
        Whether the SVG, and the PNG, are drawn.
    """
    marks = list(marked(figure))
    lines = tuple(dict.fromkeys(colour for artist, _ in marks for colour in _colours(artist)))
    title = str(figure.get_label() or name)
    seeds = [artist for artist, mark in marks if mark.kind == "seed"]
    drawn: dict[str, Any] = {"title": title, "lines": lines, "seeds": bool(seeds)}
    if vectors:
        # `Figure.savefig` would draw everything twice over; the layout is settled already.
        written = io.StringIO()
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(written, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        told = vector.treat(written.getvalue(), name, title, caption, lines)
        drawn |= {
            "inline": told.inline,
            "styles": told.styles,
            "svg": told.file,
            "values": values(figure, marks),
        }
    if raster:
        with _hidden(seeds):
            drawn["png"] = _png(figure)
    return Picture(**drawn)


def _png(figure: Figure) -> bytes:
    figure.set_dpi(DOTS_PER_INCH)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    # Paper is opaque: three channels are a quarter less to pack than four.
    image = Image.frombytes("RGB", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBX")
    content = io.BytesIO()
    # Paper is runs of one colour: to look for them alone is faster, and packs no worse.
    packed = {"compress_level": 1, "compress_type": zlib.Z_RLE}
    image.save(content, "png", dpi=(DOTS_PER_INCH, DOTS_PER_INCH), **packed)
    return content.getvalue()


@contextmanager
def _hidden(artists: Iterable[Artist]) -> Iterator[None]:
    shown = [artist for artist in artists if artist.get_visible()]
    for artist in shown:
        artist.set_visible(False)
    try:
        yield
    finally:
        for artist in shown:
            artist.set_visible(True)


def _colours(artist: Artist) -> list[str]:
    """Return the colours of a line or band that a page may change with its paper."""
    if isinstance(artist, Line2D):
        found = [artist.get_color(), artist.get_markerfacecolor(), artist.get_markeredgecolor()]
    elif isinstance(artist, Collection):
        found = [*artist.get_facecolor(), *artist.get_edgecolor()]
    else:
        return []
    named = (to_hex(colour) for colour in found if str(colour) != "none")
    return [colour for colour in named if colour not in vector.NAMED]
