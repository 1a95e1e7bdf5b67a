"""Losses that do not fall, fall late, or fall too slowly."""

import numpy as np

from harness.engine.doctor.case import HAIR, MOVED, Case
from harness.engine.doctor.complaint import Complaint, percent, rate, rounded, stronger

STEADY = 0.9
"""Share of the rows of the second half that are lower than the one before, where a loss falls steadily."""

AS_FAST = 0.5
"""Share of the first half's fall that the second half's has to reach. A loss that nears its rest by
exp(-t / tau) falls exp(-T / 2 tau) of it in the second half of a time T: half of it where T = 1.4 tau."""

SMALL_STEP = 1e-2
"""Relative change of a layer's weights by an update up to which a rate may be too low. Where it is, GD
changes weights by 1e-5 to 1e-3, and single samples by ten times that, since their noise moves weights
without progress: no smaller limit holds for every feeding."""


def too_slow(case: Case) -> Complaint | None:
    """Complain of a loss that is high at the end, and falls about as fast as it ever did."""
    falls = np.diff(case.share[case.late]) < 0
    if not case.unlearned or case.late_fall < MOVED or not len(falls) or falls.mean() < STEADY:
        return None
    # The fall from above the constant output's loss is the output bias's own, and fast: it says nothing.
    early_fall = min(1.0, float(case.share[0])) - case.half
    step = _largest_step(case)
    if case.late_fall < AS_FAST * early_fall or step > SMALL_STEP:
        return None
    before, size = case.half * case.constant_loss, f", each update moving weights by {100 * step:.2g} %"
    return Complaint(
        "rate too low",
        f"the loss was still falling steadily at the end (from {rounded(before)} at half of the updates to "
        f"{rounded(case.loss[-1])}{size * (step > 0)}): raise the rate, try {rate(case, 10)}",
    )


def _largest_step(case: Case) -> float:
    """Return the median relative change by an update of the layer that moves most; 0 where not measured."""
    layers = range(1, case.run.network.layer_count + 1)
    found = case.columns.keys() & {f"update_ratio_{layer}" for layer in layers}
    return max((float(np.median(case.columns[name][1:])) for name in found), default=0.0)


def flat(case: Case) -> Complaint | None:
    """Complain of a loss that is long that of the best constant output before anything is learned."""
    if case.plateau is None:
        return None
    first, last = case.plateau
    until = "to the end"
    if last < len(case.loss) - 1:
        until = f"to {int(case.update[last])}, and ends at {rounded(case.loss[-1])}"
    return Complaint(
        "plateau",
        f"the loss stays within {percent(HAIR)} of the best constant output's "
        f"({rounded(case.constant_loss)}) from update {int(case.update[first])} {until}: "
        f"{stronger(case) or f'raise the rate, try {rate(case, 10)}'}",
    )


def never_fell(case: Case) -> Complaint | None:
    """Complain of a loss that never was below its start, or below that of the best constant output."""
    lowest = float(case.loss[1:].min())
    if lowest >= case.loss[0]:
        bar = f"where it started ({rounded(case.loss[0])})"
    elif case.ignorant == len(case.loss):
        bar = f"the best constant output's ({rounded(case.constant_loss)})"
    else:
        return None
    return Complaint(
        "never falling",
        f"the loss never fell below {bar}, at best it was {rounded(lowest)}: look at the targets, their "
        f"shape and the derivatives, or lower the rate, try {rate(case, 0.1)}",
    )
