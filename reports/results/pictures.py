"""Pictures of a moderate size: SVG where it is small, else PNG in few colours."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from reports.drawing import pictures_of
from reports.outline import Drawing

MOST_BYTES = 80_000
"""Of an SVG; maps and curves of many seeds have more."""
WIDTH = 1400
"""Of a PNG, in pixels."""
COLOURS = 128


@dataclass(frozen=True)
class Small:
    """A picture: `ending` is that of its file, `title` what is said of it to who does not see it."""

    content: bytes
    ending: str
    title: str
    caption: str


def small(drawing: Drawing) -> Small:
    """Draw a figure in few bytes, the same whenever it is drawn."""
    drawn = pictures_of([drawing], raster=True, processes=1)[drawing.name]
    svg = drawn.svg.encode()
    if len(svg) <= MOST_BYTES:
        return Small(svg, "svg", drawn.title, drawing.caption)
    return Small(reduced(drawn.png), "png", drawn.title, drawing.caption)


def reduced(png: bytes) -> bytes:
    """Make a picture `WIDTH` wide, of few colours."""
    image = Image.open(io.BytesIO(png))
    size = WIDTH, round(image.height * WIDTH / image.width)
    few = image.resize(size, Image.Resampling.LANCZOS).quantize(COLOURS, dither=Image.Dither.NONE)
    content = io.BytesIO()
    few.save(content, "png", optimize=True)
    return content.getvalue()
