"""Layers that pass no gradient: dead ones, saturated ones, or too many on its way."""

import numpy as np

from harness.engine.doctor.case import MOVED, Case
from harness.engine.doctor.complaint import (
    Complaint,
    named,
    percent,
    rate,
    rounded,
    steep,
    stronger,
    well_spread,
)
from harness.engine.losses import SquaredError

DEAD = 0.5
"""Share of dead units from which a layer of an unlearned run is called dead: up to a third die in runs
that learn well."""

SATURATED = 0.9
"""Share of saturated (sample, unit) pairs from which a layer of an unlearned run is called saturated."""

VANISHING = 0.5
"""rho below it is called vanishing: the backward signal halves from a hidden layer to the one before."""

EARLY = 0.1
"""A layer that dies within this share of the updates dies of its first steps: they are much too large."""


def dead(case: Case) -> Complaint | None:
    """Complain of rectifiers that are closed on every sample of the probe, where nothing was learned."""
    activations = enumerate(case.run.network.activations, start=1)
    shares = case.by_layer("dead_units", [layer for layer, each in activations if each.rectifies])
    closed = {layer: values for layer, values in shares.items() if values[-1] >= DEAD}
    if not closed or not case.unlearned:
        return None
    row = min(int((values >= DEAD).argmax()) for values in closed.values())
    seen = (
        f"{percent(*(values[-1] for values in closed.values()))} of the units of {named(list(closed))} are "
        f"dead, most of them since update {int(case.update[row])}"
    )
    if row == 0:
        return Complaint("dead layer", f"{seen}: {_smaller_start(case)}")
    early = case.update[row] <= EARLY * case.update[-1]
    return Complaint("dead layer", f"{seen}: lower the rate, try {rate(case, 0.1 if early else 1 / 3)}")


def saturated(case: Case) -> Complaint | None:
    """Complain of layers whose activations are nearly all flat, where nothing was learned.

    The output counts for squared errors only: in a cross-entropy's delta its slope cancels.
    """
    last, squared = case.run.network.layer_count, isinstance(case.run.loss, SquaredError)
    shares = case.by_layer("saturation", range(1, last + squared))
    flat = {layer: values for layer, values in shares.items() if values[-1] >= SATURATED}
    if not flat or not case.unlearned:
        return None
    before = [values[0] for values in flat.values()]
    seen = (
        f"{percent(*(values[-1] for values in flat.values()))} of the activations of {named(list(flat))} are "
        f"saturated ({percent(*before)} at the start)"
    )
    by_start = max(before) >= SATURATED
    advice = _smaller_start(case) if by_start else f"lower the rate, try {rate(case, 0.1)}"
    return Complaint("saturated layer", f"{seen}: {advice}")


def _smaller_start(case: Case) -> str:
    """Say how to begin with smaller signals: by the weights, or where these are right by the inputs."""
    if well_spread(case):
        return "take smaller, centred inputs, try dataset.scaling=standard"
    return "take smaller initial weights, try initializer=auto"


def vanishing(case: Case, blocked: bool) -> Complaint | None:
    """Complain of a rho below 0.5 where the loss stalls; by itself a small rho does no harm.

    Parameters
    ----------
    blocked : bool
        Whether layers are dead or saturated. That makes rho small too, which then counts only if it was
        small before, at the start.
    """
    still = case.late_fall < MOVED
    if "rho" not in case.columns or not (case.plateau or (still and case.ignorant == len(case.loss))):
        return None
    # Between two narrow layers a rho near 1/2 is chance: with the right weights the loss comes off by itself.
    if steep(case) and well_spread(case) and not still:
        return None
    first, last = case.plateau or (0, len(case.loss) - 1)
    rho = case.columns["rho"][:1] if blocked else case.columns["rho"][first : last + 1]
    rho = rho[np.isfinite(rho)]
    if not len(rho) or np.median(rho) >= VANISHING:
        return None
    seen = rounded(float(np.median(rho)))
    until = "to the end" if last == len(case.loss) - 1 else f"until update {int(case.update[last])}"
    return Complaint(
        "vanishing gradient",
        f"the gradient vanishes on its way to the first layer (rho = {seen} a hidden layer) and the loss "
        f"stays near the best constant output's ({rounded(case.constant_loss)}) {until}: "
        f"{stronger(case) or 'try initializer=xavier with initializer.gain=2'}",
    )
