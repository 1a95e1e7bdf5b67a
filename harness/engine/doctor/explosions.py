"""Losses that explode, or that fall and rise again."""

import numpy as np

from harness.engine.doctor.case import UNLEARNED, Case
from harness.engine.doctor.complaint import Complaint, rate, rounded, well_spread
from harness.engine.stopping import EXPLODED, exploding
from harness.engine.update_rules import Momentum, Nesterov, Plain

AT_ONCE = 10
"""An explosion within so many updates calls for a rate ten times lower, a later one for a third."""

CLIPPED = 1.0
"""A clipped gradient has this norm, and an update then the rate's: no help where the rate is larger."""

RISEN = 2.0
"""A loss has risen again where it is so many times the lowest before it, in a run that is unlearned there."""

OFTEN = 0.5
"""Share of the rows of the second half at which a loss may have risen before it is called unsteady."""


def exploded(case: Case) -> Complaint | None:
    """Complain of a loss far above where it began, by the measure that ends a run."""
    start, constant = case.loss[0], case.constant_loss
    far = exploding(case.loss, start, np.asarray(constant))
    if case.outcome != "diverged" and not far[-1]:
        return None
    row = int(far.argmax()) if far.any() else len(far) - 1
    update = int(case.update[row])
    seen = f"the loss exploded at update {update} (from {rounded(start)} to {rounded(case.loss[row])})"
    if start > EXPLODED * constant and not well_spread(case):
        return Complaint("exploding", f"{seen}: take smaller initial weights, try initializer=auto")
    advice = f"lower the rate, try {rate(case, 0.1 if update <= AT_ONCE else 1 / 3)}"
    rule = case.run.update_rule
    if isinstance(rule, Plain | Momentum | Nesterov) and rule.clip_norm is None:
        advice += f", or update.clip_norm={CLIPPED:g}" * (case.run.feeding.learning_rate <= CLIPPED)
    return Complaint("exploding", f"{seen}: {advice}")


def unsteady(case: Case) -> Complaint | None:
    """Complain of a loss that had fallen and is high again, at the end or often in the second half."""
    lowest = np.minimum.accumulate(case.loss)
    risen = (case.share > UNLEARNED) & (case.loss > RISEN * lowest)
    if not risen[-1] and risen[case.late].mean() < OFTEN:
        return None
    risen[: case.late.start] = False
    row = int(np.where(risen, case.loss, 0).argmax())
    advice = f"lower the rate, try {rate(case, 1 / 3)}, or schedule=cosine"
    if case.run.feeding.order == "by_class":
        advice = "a class at a time unlearns the others, try optimizer.order=shuffled"
    return Complaint(
        "unsteady",
        f"the loss had fallen to {rounded(lowest[row])} and rose again, to {rounded(case.loss[row])} at "
        f"update {int(case.update[row])}: {advice}",
    )
