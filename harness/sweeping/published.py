"""Published figures: what others found, and how far from it our runs may be for the two to agree."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Any

from annotated_types import MinLen

from harness.errors import ConfigurationError
from harness.quantities import Moment
from harness.sweeping.claims import Where, check_values
from harness.sweeping.measurable import named
from harness.validation import build


@dataclass(frozen=True, kw_only=True)
class Published:
    """A figure that was published, beside which the same of our runs is put.

    Ours is the median over the seeds of the runs of the arms that `where` selects.

    Attributes
    ----------
    name : str
    source : str
        Who published it: authors, year, title, where.
    what : str
        What it is, as published.
    theirs : str
        Their figure, as they wrote it: ``0.07``, ``about 0.5``.
    metric : str
        A quantity of a run (`harness.quantities`).
    at : str
        ``end``: the last row of the history; ``start``: the first one.
    where : mapping
        The arms; empty: all.
    low, high : float or None
        Within these ours agrees with theirs: fixed before it was looked at. None: no bound on that side.
    note : str
        Why ours may differ.
    """

    name: Annotated[str, MinLen(1)]
    source: Annotated[str, MinLen(1)]
    what: Annotated[str, MinLen(1)]
    theirs: Annotated[str, MinLen(1)]
    metric: str
    at: Moment = "end"
    where: Where = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    note: str = ""


def build_published(entries: Any) -> tuple[Published, ...]:
    """Return validated published figures.

    Raises
    ------
    ConfigurationError
        If a key is unknown, missing or of a wrong type, a condition has no value, a metric is not known,
        two figures have one name, or no tolerance is given, or an empty one.
    """
    if not isinstance(entries, list | tuple):
        raise ConfigurationError(f"study.published = {entries!r}: must be a list of figures, or empty")
    made = []
    for place, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise ConfigurationError(f"study.published[{place}] = {entry!r}: must be a mapping of keys")
        made.append(build(Published, entry, f"study.published[{place}]"))
    for name, count in Counter(each.name for each in made).items():
        if count > 1:
            raise ConfigurationError(
                f"study.published: {name!r} names {count} figures; allowed: each name once"
            )
    for each in made:
        where = f"study.published.{each.name}"
        check_values(each.where, f"{where}.where")
        named(each.metric, each.at, where)
        if each.low is None and each.high is None:
            raise ConfigurationError(f"{where}: no tolerance; allowed: low, high or both")
        if each.low is not None and each.high is not None and each.low > each.high:
            raise ConfigurationError(
                f"{where}.low = {each.low:g}: above high = {each.high:g}; allowed: low <= high"
            )
    return tuple(made)
