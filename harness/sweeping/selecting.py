"""Which runs of a grid are trained: all that no exclusion names, or a random sample of these."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.config import RunConfig
from harness.errors import ConfigurationError, nearest
from harness.streams import stream
from harness.sweeping.composing import Composer
from harness.sweeping.stacks import REPLICATE, key_without

NEXT_CONDITION = re.compile(r",\s*(?=[\w./]+\s*=)")
"""The comma before another ``key=``; those between values, and within lists, are no end."""


@dataclass(frozen=True)
class Condition:
    """A key of a run, and the values for which it holds: one of them is enough."""

    key: str
    values: tuple[Any, ...]

    def holds(self, run: RunConfig) -> bool:
        """Return whether `run` has the key, with one of the values."""
        flat = run.flat
        return self.key in flat and any(_equal(flat[self.key], value) for value in self.values)

    def check(self, runs: Sequence[RunConfig], where: str) -> None:
        """Refuse a key or a value that none of `runs` has; `where` names the condition."""
        known = sorted({key for run in runs for key in run.flat})
        if self.key not in known:
            raise ConfigurationError(
                f"{where}: no run of the grid has the key {self.key!r}{nearest(self.key, known)}"
            )
        having = list(
            dict.fromkeys(flat[self.key] for flat in (run.flat for run in runs) if self.key in flat)
        )
        for value in self.values:
            if not any(_equal(value, each) for each in having):
                texts = [_text(each) for each in having]
                raise ConfigurationError(
                    f"{where}: no run of the grid has {self.key}={_text(value)}; "
                    f"the grid has {', '.join(texts)}{nearest(_text(value), texts)}"
                )


def excluded(
    composer: Composer, runs: Sequence[RunConfig], entries: Sequence[str], *, strict: bool
) -> list[bool]:
    """Return for each run whether an entry excludes it: all conditions of the entry hold.

    Parameters
    ----------
    entries : sequence of str
        Overrides joined by commas, for example ``activation=relu,tanh,initializer=xavier``.
    strict : bool
        Refuse conditions that hold for no run of the grid.

    Raises
    ------
    ConfigurationError
        If an entry cannot be read, or `strict` and a condition names a key or a value that no run has.
    """
    conjunctions = [conditions(composer, entry) for entry in entries]
    if strict:
        for entry, conjunction in zip(entries, conjunctions, strict=True):
            for condition in conjunction:
                condition.check(runs, f"exclude {entry!r}")
    return [any(all(each.holds(run) for each in every) for every in conjunctions) for run in runs]


def conditions(composer: Composer, entry: str) -> list[Condition]:
    """Return the conditions of one exclusion."""
    found = []
    for text in NEXT_CONDITION.split(entry.strip()):
        if "=" not in text or text[0] in "+~":
            raise ConfigurationError(
                f"exclude {entry!r}: not a condition: {text!r}; allowed: key=value,key=value"
            )
        key = str(composer.parse(text).key_or_group)
        values = [_value(composer, choice) for choice in composer.choices(text)]
        found.append(Condition(key, tuple(values)))
    return found


def sampled(runs: Sequence[RunConfig], count: int | None, seed: int, tuned: str | None) -> list[bool]:
    """Return for each run whether it is in a random sample of `count` regimes.

    What is drawn is a regime with all its seeds, in a study that tunes with all tuned values too: means
    over seeds and best rates are then of as many runs as in the whole grid. A larger sample of
    the same seed contains the smaller one.

    Parameters
    ----------
    count : int or None
        None, or more than there are: all.
    tuned : str or None
        The key that is tuned.
    """
    if count is None:
        return [True] * len(runs)
    beside = (*REPLICATE, tuned) if tuned is not None else REPLICATE
    regimes = [key_without(run, beside) for run in runs]
    every = list(dict.fromkeys(regimes))
    order: np.ndarray[Any, np.dtype[np.int64]] = stream(seed, "sample").permutation(len(every))
    drawn = {every[index] for index in order[:count]}
    return [regime in drawn for regime in regimes]


def _value(composer: Composer, override: str) -> Any:
    """Return what a run that an override makes has under its key."""
    parsed = composer.parse(override)
    if composer.is_group(parsed):
        return composer.chosen(override)
    return _frozen(parsed.value())


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _equal(one: Any, other: Any) -> bool:
    # To Python, true equals 1.
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _text(value: Any) -> str:
    """Return a value as it is typed."""
    if isinstance(value, tuple):
        return f"[{','.join(map(_text, value))}]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
