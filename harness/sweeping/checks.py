"""Checks made before anything trains: backpropagation against finite differences."""

from collections.abc import Sequence
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from harness.config import RunConfig
from harness.data.splits import split_sizes
from harness.engine.gradient_check import LIMIT, GradientCheck, check_gradients
from harness.engine.losses import Loss
from harness.engine.network import Network
from harness.errors import ConfigurationError
from harness.sweeping.preparing import network, prepare

SAMPLES = 8
ENTRIES = 200
"""Entries compared of each array: a large network's check takes a second, not minutes."""


@dataclass(frozen=True)
class Agreement:
    """What a comparison that found nothing wrong compared.

    Attributes
    ----------
    kinds : int
        Different networks, losses and batches.
    worst : float
        The largest error of an array.
    checked, skipped : int
        Entries compared, and entries left out because moving them crosses a rectifier's kink.
    """

    kinds: int
    worst: float
    checked: int
    skipped: int

    def __str__(self) -> str:
        """Return one line."""
        kinds = "1 kind of run" if self.kinds == 1 else f"{self.kinds:,} kinds of runs"
        # Beyond 1e-6 a gradient agrees only as far as differences can tell.
        resolved = "" if self.worst < LIMIT else " (differences resolve no better there)"
        return (
            f"gradients of {kinds} agree with finite differences: worst error {self.worst:.1e}{resolved}, "
            f"{self.checked:,} entries compared, {self.skipped:,} skipped at kinks"
        )


def compare_gradients(runs: Sequence[RunConfig], names: Sequence[str]) -> Agreement:
    """Compare one run of every kind with finite differences, at its initial weights.

    Runs are of one kind if network and loss are equal, and the samples of a batch, of which 8 are
    enough: backpropagation takes another way for a single one. What else a run has takes no part in it.

    Parameters
    ----------
    names : sequence of str
        What to call each run, for the message.

    Raises
    ------
    ConfigurationError
        One line for the first array whose gradient is wrong.
    """
    kinds: dict[tuple[Network, Loss, int], int] = {}
    for index, run in enumerate(runs):
        samples = min(SAMPLES, run.optimizer.epoch(split_sizes(run.dataset)[0]).batch)
        kinds.setdefault((network(run), run.loss, samples), index)
    found: list[GradientCheck] = []
    with threadpool_limits(1):
        for (_, _, samples), index in kinds.items():
            prepared = prepare(runs[index])
            checks = check_gradients(prepared, prepared.initial_parameters(), samples, ENTRIES)
            for check in checks:
                if not check.agrees:
                    raise disagreement(names[index], check)
            found += checks
    return Agreement(
        kinds=len(kinds),
        worst=max((check.error for check in found if check.checked), default=0.0),
        checked=sum(check.checked for check in found),
        skipped=sum(check.skipped for check in found),
    )


def disagreement(name: str, check: GradientCheck) -> ConfigurationError:
    """Return the line for a gradient that is wrong."""
    return ConfigurationError(
        f"{name}: the gradient of {check.name} is wrong: it differs from finite differences by "
        f"{check.error:.1e} of its size; allowed: below {check.limit:.0e}; nothing was trained"
    )
