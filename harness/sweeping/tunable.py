"""Whether a grid has what a study tunes: values in an order, for every arm that is reported."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.errors import ConfigurationError
from harness.sweeping.study import Tune

if TYPE_CHECKING:
    from harness.sweeping.grid import Point

BATCH = "optimizer.batch_size"
"""Written in the label of a feeding: arms by `optimizer` differ in it."""


def staged(points: Iterable["Point"], tune: Tune | None) -> bool:
    """Return whether a grid is swept in two stages.

    One without tuning seeds, since the command line named others, is trained as it is.
    """
    chosen = tune is not None and tune.reported == "chosen"
    return chosen and {point.role for point in points} == {"tuning", "reported"}


def check_not_compared(tune: Tune, arms: Sequence[str]) -> None:
    """Refuse a tuned key by which arms differ: each would have one value, and none to choose.

    Raises
    ------
    ConfigurationError
        One line naming both keys.
    """
    by = next((key for key in arms if key == tune.over or (tune.over == BATCH and key == "optimizer")), None)
    if by is not None:
        raise ConfigurationError(
            f"study.tune.over = {tune.over!r}: arms differ in it, by study.arms with {by!r}; allowed: a key "
            "that is tuned within each arm, or compared, not both"
        )


def check_ordered(tune: Tune, points: Iterable["Point"]) -> None:
    """Refuse a tuned key whose values have no order: which of equal means is chosen, and what an edge is."""
    for point in points:
        value = point.run.flat.get(tune.over)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigurationError(
                f"study.tune.over = {tune.over!r}: a run of the grid has {value!r}; allowed: a key whose "
                "values are numbers (others are compared: study.arms)"
            )


def check_reportable(tune: Tune, points: Iterable["Point"]) -> None:
    """Refuse an arm that two stages would drop: nothing to choose by, or nothing to report at a choice.

    Raises
    ------
    ConfigurationError
        One line naming the first such arm and the value that it lacks.
    """
    values: dict[str, dict[str, set[float]]] = defaultdict(lambda: {"tuning": set(), "reported": set()})
    for point in points:
        values[point.arm][point.role].add(float(point.run.flat[tune.over]))
    for arm, of in values.items():
        where = f"study.tune.reported = 'chosen': arm {arm}"
        if not of["tuning"]:
            told = ", ".join(f"{value:g}" for value in sorted(of["reported"]))
            raise ConfigurationError(
                f"{where} has no tuning run, at none of {tune.over} = {told}; allowed: the seeds "
                f"{', '.join(map(str, tune.seeds))} in every arm, or study.tune.reported=every"
            )
        if lacking := sorted(of["tuning"] - of["reported"]):
            raise ConfigurationError(
                f"{where} may choose {tune.over} = {lacking[0]:g}, at which it has no reported run; allowed: "
                "the same values for tuning and reported seeds (see exclude), or study.tune.reported=every"
            )
