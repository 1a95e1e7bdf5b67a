"""Progress: what a sweep tells while it runs, and the tables that end it."""

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import inf
from statistics import fmean
from time import monotonic
from typing import Never

from tqdm import tqdm

from harness.record import higher_is_better
from harness.sweeping.estimates import duration
from harness.sweeping.results import FAILED, Result
from harness.sweeping.stacks import regime_key

LINE_SECONDS = 10.0
"""Between two lines, where there is no terminal to draw a bar on."""

BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} runs [{elapsed}, {rate_fmt}{postfix}]"

FAILURES_SHOWN = 20


class Bar:
    """Counts runs on standard error: as a bar on a terminal, else as a line now and then.

    Nothing is told where nothing is to do.
    """

    def __init__(self) -> None:
        self._bar: tqdm[Never] | None = None
        self._counted: Counter[str] = Counter()
        self._total = self._done = self._trained = self._written = 0
        self._began = self._told = monotonic()

    def start(self, total: int, done: int) -> None:
        """Begin to count the runs that are still to be trained."""
        self._total, self._done = total, done
        self._began = self._told = monotonic()
        if done < total and sys.stderr.isatty():
            self._bar = tqdm(
                total=total, initial=done, unit=" runs", file=sys.stderr, bar_format=BAR, mininterval=0.5
            )

    def leg(self, ended: Sequence[Result], seconds_left: float) -> None:
        """Count the runs that ended in a leg, and tell how long the rest takes."""
        self._trained += len(ended)
        self._counted.update(each.outcome for each in ended)
        left = [f"about {duration(seconds_left)} left"] if self._done + self._trained < self._total else []
        if self._bar is not None:
            self._bar.set_postfix_str(", ".join([*left, *self._losses()]), refresh=False)
            self._bar.update(len(ended))
        elif monotonic() - self._told >= LINE_SECONDS:
            self._told = monotonic()
            print(", ".join([self._count(), *left, *self._losses()]), file=sys.stderr, flush=True)

    def written(self, runs: int) -> None:
        """Count runs that the store has; called in the tracking thread."""
        self._written += runs

    def trained(self) -> None:
        """Say that nothing more is trained, and what is still to be written."""
        if self._bar is not None:
            self._bar.set_postfix_str(", ".join([*self._losses(), "writing"]))
        elif self._told > self._began and self._waiting:
            print(f"writing the last {self._waiting:,} runs", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.set_postfix_str(", ".join(self._losses()))
            self._bar.close()
        elif self._told > self._began:
            print(", ".join([self._count(), *self._losses()]), file=sys.stderr, flush=True)

    def _count(self) -> str:
        rate = self._trained / max(1e-9, monotonic() - self._began)
        return f"{self._done + self._trained:,}/{self._total:,} runs, {rate:.1f} runs/s"

    def _losses(self) -> list[str]:
        return [f"{self._counted[name]:,} {name}" for name in ("diverged", FAILED) if self._counted[name]]

    @property
    def _waiting(self) -> int:
        return self._trained - self._written


def failures(results: Sequence[Result]) -> str:
    """Return a table of the runs that failed, with why, and how many more there are than it shows."""
    lost = [each for each in results if each.error is not None]
    shown = lost[:FAILURES_SHOWN]
    width = max(len("failed run"), *(len(each.point.name) for each in shown))
    lines = [f"{'failed run':<{width}}  why"]
    lines += [f"{each.point.name:<{width}}  {each.error}" for each in shown]
    if len(lost) > len(shown):
        reasons = Counter(each.error for each in lost)
        lines.append(f"and {len(lost) - len(shown):,} more; in all, by reason:")
        lines += [f"{count:>8,}  {reason}" for reason, count in reasons.most_common(FAILURES_SHOWN)]
    return "\n".join(lines)


def table(results: Sequence[Result], criterion: str) -> str:
    """Return one line an arm, the best first: its runs, test accuracy at its best regime, and outcomes.

    The best regime is the one of smallest mean final `criterion` over tuning seeds (over all where
    there are none), a diverged run's being infinite; its accuracy is averaged over reported seeds.
    """
    arms: dict[str, list[Result]] = defaultdict(list)
    for each in results:
        arms[each.point.arm].append(each)
    width = max(len(arm) for arm in arms)
    lines = [f"{'arm':<{width}}  runs  test accuracy  outcomes"]
    accuracies = {arm: _accuracy(runs, criterion) for arm, runs in arms.items()}
    for arm in sorted(arms, key=lambda arm: inf if (known := accuracies[arm]) is None else -known):
        runs, known = arms[arm], accuracies[arm]
        counted = Counter(each.outcome for each in runs)
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in counted.most_common())
        accuracy = "-" if known is None else f"{known:.1%}"
        lines.append(f"{arm:<{width}}  {len(runs):>4}  {accuracy:>13}  {outcomes}")
    return "\n".join(lines)


def _accuracy(runs: Sequence[Result], criterion: str) -> float | None:
    regimes: dict[str, list[Result]] = defaultdict(list)
    for each in runs:
        regimes[regime_key(each.point.run)].append(each)

    def mean_criterion(regime: Sequence[Result]) -> float:
        tuning = [each for each in regime if each.point.role == "tuning"] or regime
        return fmean(_criterion(each, criterion) for each in tuning)

    best = min(regimes.values(), key=mean_criterion)
    reported = [each for each in best if each.point.role == "reported"]
    values = [each.scores.get("test_accuracy") for each in reported]
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _criterion(each: Result, criterion: str) -> float:
    if each.outcome in {"diverged", FAILED} or criterion not in each.scores:
        return inf
    return -each.scores[criterion] if higher_is_better(criterion) else each.scores[criterion]
