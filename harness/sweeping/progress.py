"""Progress: a bar that counts runs, and the table that ends a sweep."""

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import inf
from statistics import fmean
from typing import Never

from tqdm import tqdm

from harness.sweeping.stacks import regime_key
from harness.sweeping.sweep import Ended


class Bar:
    """A bar on standard error with an estimate of what is left; silent where nothing is to do."""

    def __init__(self) -> None:
        self._bar: tqdm[Never] | None = None

    def start(self, total: int, done: int) -> None:
        """Open the bar for the runs that are still to be trained."""
        if done < total:
            self._bar = tqdm(
                total=total,
                initial=done,
                unit="run",
                file=sys.stderr,
                mininterval=0.5 if sys.stderr.isatty() else 10,
            )

    def advance(self) -> None:
        """Count one run."""
        if self._bar is not None:
            self._bar.update()

    def close(self) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()


def table(ended: Sequence[Ended], criterion: str) -> str:
    """Return one line an arm: its runs, test accuracy at its best regime, and outcomes.

    The best regime is the one of smallest mean final `criterion` over tuning seeds (over all where
    there are none), a diverged run's being infinite; its accuracy is averaged over reported seeds.
    """
    arms: dict[str, list[Ended]] = defaultdict(list)
    for each in ended:
        arms[each.point.arm].append(each)
    width = max(len(arm) for arm in arms)
    lines = [f"{'arm':<{width}}  runs  test accuracy  outcomes"]
    for arm, runs in arms.items():
        counted = Counter(each.outcome for each in runs)
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in counted.most_common())
        accuracy = _accuracy(runs, criterion)
        lines.append(f"{arm:<{width}}  {len(runs):>4}  {accuracy:>13}  {outcomes}")
    return "\n".join(lines)


def _accuracy(runs: Sequence[Ended], criterion: str) -> str:
    regimes: dict[str, list[Ended]] = defaultdict(list)
    for each in runs:
        regimes[regime_key(each.point.run)].append(each)

    def mean_criterion(regime: Sequence[Ended]) -> float:
        tuning = [each for each in regime if each.point.role == "tuning"] or regime
        return fmean(_criterion(each, criterion) for each in tuning)

    best = min(regimes.values(), key=mean_criterion)
    reported = [each for each in best if each.point.role == "reported"]
    values = [each.scores.get("test_accuracy") for each in reported]
    known = [value for value in values if value is not None]
    return f"{fmean(known):.1%}" if known and len(known) == len(values) else "-"


def _criterion(each: Ended, criterion: str) -> float:
    lost = each.outcome in {"diverged", "failed"}
    return inf if lost else each.scores.get(criterion, inf)
