"""Figures drawn side by side."""

from collections.abc import Callable

from harness.tracking.frames import StudyRecord
from reports.comparison import compare
from reports.contents import contents
from reports.drawing import pictures_of


def test_pictures_are_the_same_by_however_many_processes_they_are_drawn(
    synthetic: Callable[..., StudyRecord],
) -> None:
    record = synthetic({"activation": ["relu"]}, rates=(0.1,), seeds=(0, 1), rows=5)
    drawings = contents(compare(record)).drawings[:5]
    told: list[int] = []
    together = pictures_of(drawings, raster=True, processes=2, done=told.append)
    assert together == pictures_of(drawings, raster=True, processes=1)
    assert list(together) == [drawing.name for drawing in drawings]
    assert sum(told) == len(drawings)
    assert all(picture.svg and picture.png for picture in together.values())
