"""A complaint, and how its numbers and remedies are written."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.engine.doctor.case import Case
from harness.engine.initializers import Auto, He, LeCun, Xavier


@dataclass(frozen=True)
class Complaint:
    """What is wrong with a run, and what to try.

    Attributes
    ----------
    name : str
        The same for every run with this trouble: what runs are counted by.
    sentence : str
        One line with the numbers seen, and a remedy as keys and values of the configuration.
    """

    name: str
    sentence: str


def rounded(value: float) -> str:
    """Write a number with three digits."""
    return f"{value:.3g}"


def percent(*shares: float) -> str:
    """Write a share as 88 %, several as 63 to 100 %."""
    low, high = f"{100 * min(shares):.0f}", f"{100 * max(shares):.0f}"
    return f"{high} %" if low == high else f"{low} to {high} %"


def named(layers: Sequence[int]) -> str:
    """Write the numbers of layers as words."""
    if len(layers) == 1:
        return f"layer {layers[0]}"
    return f"layers {', '.join(map(str, layers[:-1]))} and {layers[-1]}"


def rate(case: Case, factor: float) -> str:
    """Write the setting of a learning rate `factor` times the run's, to one digit."""
    return f"optimizer.learning_rate={float(f'{case.run.feeding.learning_rate * factor:.0e}'):g}"


def well_spread(case: Case) -> bool:
    """Return whether initial weights follow the fan, so that signals keep their size between layers."""
    initializer = case.run.initializer
    if isinstance(initializer, Xavier | He | LeCun):
        return initializer.gain == 1
    return isinstance(initializer, Auto)


def steep(case: Case) -> bool:
    """Return whether every hidden activation has a slope of 1 where it is steepest: a sigmoid's is 1/4."""
    return all(each.largest_slope in (None, 1.0) for each in case.run.network.activations)


def stronger(case: Case) -> str | None:
    """Say how to make signals larger on their way through the layers; None where they should be already."""
    if not steep(case):
        if well_spread(case):
            return "try activation=relu, or initializer=xavier with initializer.gain=4"
        return "try activation=relu with initializer=auto"
    return None if well_spread(case) else "try initializer=auto"
