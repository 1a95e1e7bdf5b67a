"""The arms of a grid beside which published figures are put."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.sweeping.cells import Arms, check_where, selected
from harness.sweeping.measurable import check_measured, check_target, named
from harness.sweeping.published import Published

if TYPE_CHECKING:
    from harness.sweeping.grid import Point
    from harness.sweeping.study import Target


def check_published(
    figures: Sequence[Published], points: Sequence["Point"], keys: Sequence[str], target: "Target | None"
) -> None:
    """Refuse a published figure beside which the runs of a grid have nothing to put.

    Raises
    ------
    ConfigurationError
        If `where` names a key that is not compared or a value that no arm has, or what the figure is of is
        not measured.
    """
    for each in figures:
        where = f"study.published.{each.name}"
        check_where(each.where, [point.run for point in points], keys, f"{where}.where")
        asked = named(each.metric, each.at, where)
        check_target(asked, target, where)
        check_measured(asked, _arms(each, points), where)


def arms_of(figure: Published, points: Sequence["Point"]) -> list[str]:
    """Return the arms whose runs stand beside a published figure."""
    return list(_arms(figure, points))


def _arms(figure: Published, points: Sequence["Point"]) -> Arms:
    found: Arms = {}
    for point in points:
        if selected(point.run, figure.where):
            found.setdefault(point.arm, []).append(point.run)
    return found
