"""The doctor: from a finished run's rows to one sentence for each thing that is wrong, and what to try.

It looks and changes nothing. Criteria are relative to the loss of the best constant output and hold
for every feeding; each threshold stands with its reason where it is used.
"""

from collections.abc import Mapping

import numpy as np

from harness.engine.arrays import Floats
from harness.engine.doctor.case import Case
from harness.engine.doctor.complaint import Complaint as Complaint
from harness.engine.doctor.even_labels import even_labels
from harness.engine.doctor.explosions import exploded, unsteady
from harness.engine.doctor.falling import flat, never_fell, too_slow
from harness.engine.doctor.layers import dead, saturated, vanishing
from harness.engine.run import Run

SYMPTOMS = (unsteady, too_slow, flat, never_fell)


def complaints(
    columns: Mapping[str, Floats], run: Run, *, outcome: str, stopped_by: str, constant_loss: float
) -> tuple[Complaint, ...]:
    """Return what is wrong with a finished run, the most severe first; nothing of a healthy one.

    An explosion hides all else. Causes (labels that the network cannot learn, layers that pass no
    gradient) stand for the symptoms that they explain; without a cause the first symptom found is told.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (rows,)
        The run's history: ``update``, ``train_loss``, and as far as measured ``rho`` and, by layer,
        ``saturation_l``, ``dead_units_l``, ``update_ratio_l``.
    run : Run
        What was trained.
    outcome, stopped_by : str
        As `records` names them.
    constant_loss : float
        Training loss of the best constant output.
    """
    case = Case(columns, run, outcome, constant_loss)
    with np.errstate(all="ignore"):
        found = exploded(case)
        if found is not None:
            return (found,)
        if stopped_by == "target" or not constant_loss > 0:
            return ()
        return _causes(case) or _symptom(case)


def _causes(case: Case) -> tuple[Complaint, ...]:
    impossible = even_labels(case)
    if impossible is not None:
        return (impossible,)
    if not case.tells:
        return ()
    blocked = [found for found in (dead(case), saturated(case)) if found is not None]
    faint = vanishing(case, blocked=bool(blocked))
    return (*blocked, *([] if faint is None else [faint]))


def _symptom(case: Case) -> tuple[Complaint, ...]:
    if not case.tells:
        return ()
    for look in SYMPTOMS:
        found = look(case)
        if found is not None:
            return (found,)
    return ()
