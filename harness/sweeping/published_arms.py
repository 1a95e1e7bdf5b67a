"""The arms of a grid beside which published figures are put."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import ConfigurationError
from harness.sweeping.cells import Arms, check_where, reported_runs, selected
from harness.sweeping.measurable import check_among, check_measured, check_target, named
from harness.sweeping.published import Published

if TYPE_CHECKING:
    from harness.sweeping.grid import Point
    from harness.sweeping.study import Target


def check_published(
    figures: Sequence[Published],
    points: Sequence["Point"],
    keys: Sequence[str],
    target: "Target | None",
    *,
    every: Sequence["Point"] = (),
) -> None:
    """Refuse a published figure beside which the runs of a grid have nothing to put.

    Parameters
    ----------
    points, every : sequence of Point
        As `cells.check` takes them.

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
        found = _arms(each, points)
        check_measured(asked, found, where)
        check_among(asked, reported_runs(every or points, found), where)


def documented_figure(
    figure: Published, points: Sequence["Point"], target: "Target | None"
) -> dict[str, Any]:
    """Return the arms whose runs stand beside a published figure, as plain values.

    Returns
    -------
    dict
        ``arms``, a list of names: empty where the grid, or what it measures, was narrowed to one that has
        nothing to put there; ``untested`` says why then, as far as it is known.
    """
    found, asked = _arms(figure, points), named(figure.metric, figure.at, figure.name)
    try:
        check_target(asked, target, figure.name)
        check_measured(asked, found, figure.name)
        check_among(asked, reported_runs(points, found), figure.name)
    except ConfigurationError as error:
        return {"arms": [], "untested": str(error).partition("; allowed")[0]}
    return {"arms": list(found), "untested": ""}


def _arms(figure: Published, points: Sequence["Point"]) -> Arms:
    found: Arms = {}
    for point in points:
        if selected(point.run, figure.where):
            found.setdefault(point.arm, []).append(point.run)
    return found
