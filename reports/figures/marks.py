"""What a line, band or legend entry of a figure stands for: by it a page answers to a pointer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar
from weakref import WeakKeyDictionary

from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from harness.intervals import Floats

Kind = Literal["curve", "band", "seed", "dot", "entry", "label"]
"""A centre over time, its band, one seed's curve, one value, an entry of a legend, a text beside a line."""


@dataclass(frozen=True, eq=False)
class Mark:
    """What an artist shows.

    Attributes
    ----------
    kind : Kind
    label : str
        Of the line that it belongs to: what is toggled together.
    low, high : ndarray, shape (points,), or None
        The bounds beside each point of a curve, in units of the data.
    """

    kind: Kind
    label: str
    low: Floats | None = None
    high: Floats | None = None


_MARKS: WeakKeyDictionary[Artist, Mark] = WeakKeyDictionary()
A = TypeVar("A", bound=Artist)


def mark(artist: A, kind: Kind, label: str, *, low: Floats | None = None, high: Floats | None = None) -> A:
    """Say what an artist shows, and return it; its group in an SVG has the id ``kind.key``."""
    _MARKS[artist] = Mark(kind, label, low, high)
    artist.set_gid(f"{kind}.{key(label)}")
    return artist


def key(label: str) -> str:
    """Return what stands for a label in an SVG, whatever the label says."""
    return hashlib.sha256(label.encode(errors="surrogatepass")).hexdigest()[:12]


def marked(figure: Figure) -> Iterator[tuple[Artist, Mark]]:
    """Yield the artists of a figure that show something, in drawing order."""
    for artist in _under(figure):
        if artist in _MARKS:
            yield artist, _MARKS[artist]


def _under(artist: Artist) -> Iterator[Artist]:
    for child in artist.get_children():
        # An axis shows nothing of an arm, and makes all of its ticks when it is asked for them.
        if not isinstance(child, Axis):
            yield from _under(child)
    yield artist
