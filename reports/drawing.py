"""The figures of a report drawn, where they are many by several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from joblib import cpu_count

from reports.outline import Drawing
from reports.pictures import Picture, picture

FEWEST = 30
"""Figures from which on a second process, which takes seconds to start, pays."""
MOST_PROCESSES = 4
"""Each of them takes some 300 MB."""
_AT_ONCE = 4
"""Figures handed to a process together: they share the frames of their study."""


def pictures_of(
    drawings: Sequence[Drawing],
    *,
    raster: bool,
    processes: int | None = None,
    done: Callable[[int], object] = lambda figures: None,
) -> dict[str, Picture]:
    """Draw figures, each once for its SVG and once for its PNG.

    Parameters
    ----------
    drawings : sequence of Drawing
    raster : bool
        Whether there are PNGs.
    processes : int, optional
        By default one for each processor, and this one alone where there are few figures. The pictures are
        the same, byte by byte, however many there are.
    done : function of int
        Told how many more are drawn.

    Returns
    -------
    dict of str to Picture
        By name, in the order of `drawings`.
    """
    if processes is None:
        processes = min(cpu_count(), MOST_PROCESSES) if len(drawings) >= FEWEST else 1
    pictures: dict[str, Picture] = {}
    if processes > 1:
        parts = _in_parts(drawings, processes, raster)
    else:
        parts = (_pictures([drawing], raster) for drawing in drawings)
    for part in parts:
        pictures |= part
        done(len(part))
    return {drawing.name: pictures[drawing.name] for drawing in drawings}


def _in_parts(drawings: Sequence[Drawing], processes: int, raster: bool) -> Iterator[dict[str, Picture]]:
    from joblib.externals.loky import ProcessPoolExecutor, as_completed

    # Neighbours are alike: dealt out like cards, the parts take about as long.
    count = -(-len(drawings) // _AT_ONCE)
    with ProcessPoolExecutor(max_workers=processes, env={"OMP_NUM_THREADS": "1"}) as pool:
        futures = [pool.submit(_pictures, drawings[first::count], raster) for first in range(count)]
        for future in as_completed(futures):
            yield future.result()


def _pictures(drawings: Sequence[Drawing], raster: bool) -> dict[str, Picture]:
    return {each.name: picture(each.draw(), each.name, each.caption, raster=raster) for each in drawings}
