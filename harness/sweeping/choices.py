"""Choices that points of a grid share: each is validated once, however many runs make it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import Override, OverrideType

from harness.config import GROUPS, SCALARS, RunConfig, Scalars, Seeds, check
from harness.errors import ConfigurationError
from harness.validation import build, choose


class Choices:
    """The validated choices that one composer has made so far."""

    def __init__(self) -> None:
        self._built: dict[tuple[str, int, tuple[str, ...]], tuple[Any, Any]] = {}
        self._seeds: dict[Seeds, Seeds] = {}

    def run(self, container: Mapping[str, Any], values: Sequence[Override]) -> RunConfig | None:
        """Return the run that plain values make of a container, or None.

        Parameters
        ----------
        container : mapping
            What group choices make of the defaults, less the session's keys. Nobody changes it, or any
            part of it, from now on.
        values : sequence of Override
            Those that choose no group.

        Returns
        -------
        RunConfig or None
            None where a value takes Hydra's own code, or anything is wrong: the slow way says what.
        """
        beside: dict[str, list[Override]] = defaultdict(list)
        for each in values:
            group = each.key_or_group.partition(".")[0]
            beside[group if group in GROUPS else ""].append(each)
        try:
            top = replaced({key: container[key] for key in SCALARS}, beside[""])
            if top is None or container.keys() != GROUPS.keys() | SCALARS:
                return None
            scalars = build(Scalars, top)
            chosen = {group: self._choice(group, container[group], beside[group]) for group in GROUPS}
            if None in chosen.values():
                return None
            seeds = self._seeds.setdefault(scalars.seeds, scalars.seeds)
            run = RunConfig(seed=scalars.seed, seeds=seeds, dtype=scalars.dtype, **chosen)
            check(run)
        except ConfigurationError:
            return None
        return run

    def _choice(self, group: str, part: Any, values: Sequence[Override]) -> Any:
        # By identity: of a part that nobody changes, and that is kept here.
        key = group, id(part), tuple(str(each.input_line) for each in values)
        if key not in self._built:
            whole = replaced({group: part}, values)
            made = None if whole is None else choose(GROUPS[group], group, whole[group])
            self._built[key] = part, made
        return self._built[key][1]


def replaced(container: Mapping[str, Any], values: Sequence[Override]) -> dict[str, Any] | None:
    """Return a container with plain values in the place of others; None if one is no such case.

    What is not on the way to a value is shared with `container`, which stays as it was.
    """
    made = dict(container)
    for each in values:
        value = each.value()
        if each.type is not OverrideType.CHANGE or not is_plain(value):
            return None
        *path, last = each.key_or_group.split(".")
        node = made
        for key in path:
            inner = node.get(key)
            if not isinstance(inner, dict):
                return None
            copy = dict(inner)
            node[key] = copy
            node = copy
        if last not in node or isinstance(node[last], dict):
            return None
        node[last] = value
    return made


def is_plain(value: Any) -> bool:
    """Return whether a value means itself: no reference, no mapping, nothing that is missing."""
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    if isinstance(value, str):
        return type(value) is str and "${" not in value and value != "???"
    return value is None or isinstance(value, bool | int | float)
