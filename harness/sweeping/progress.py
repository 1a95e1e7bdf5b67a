"""Progress: a bar that counts runs, and the table that ends a sweep."""

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import isfinite
from typing import Never

from tqdm import tqdm

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


def table(ended: Sequence[Ended]) -> str:
    """Return one line an arm: its runs, test accuracy at its best rate, and outcomes.

    The best regime of an arm is the one of smallest mean final validation loss, a diverged run's
    being infinite; its accuracy is averaged over reported seeds.
    """
    arms: dict[str, list[Ended]] = defaultdict(list)
    for each in ended:
        arms[each.point.arm].append(each)
    width = max(len(arm) for arm in arms)
    lines = [f"{'arm':<{width}}  runs  test accuracy  outcomes"]
    for arm, runs in arms.items():
        counted = Counter(each.outcome for each in runs)
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in counted.most_common())
        lines.append(f"{arm:<{width}}  {len(runs):>4}  {_accuracy(runs):>13}  {outcomes}")
    return "\n".join(lines)


def _accuracy(runs: Sequence[Ended]) -> str:
    regimes: dict[str, list[Ended]] = defaultdict(list)
    for each in runs:
        key = {name: value for name, value in each.point.run.flat.items() if "seed" not in name}
        regimes[repr(key)].append(each)
    best = min(regimes.values(), key=_mean_loss)
    reported = [each for each in best if each.point.role == "reported"] or best
    values = [each.test_accuracy for each in reported]
    if any(value is None or not isfinite(value) for value in values):
        return "-"
    return f"{sum(value for value in values if value is not None) / len(values):.1%}"


def _mean_loss(runs: Sequence[Ended]) -> float:
    losses = []
    for each in runs:
        lost = each.outcome in {"diverged", "failed"} or each.validation_loss is None
        losses.append(float("inf") if lost else float(each.validation_loss or 0.0))
    return sum(losses) / len(losses)
