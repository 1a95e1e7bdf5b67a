"""Backpropagation against finite differences, for every activation, loss and output that there is."""

from itertools import product

from harness.engine.activations import ACTIVATIONS
from harness.engine.losses import LOSSES
from harness.selfcheck.finding import Finding
from harness.sweeping.checks import compare_gradients
from harness.sweeping.composing import compose

LIMIT = 1e-6


def finite_differences() -> list[Finding]:
    """Check every combination that the configuration allows, on a small network."""
    small = ("dataset=digits", "dataset.samples=60", "dataset.split=none", "architecture.hidden=[6,5]")
    asked = [
        [*small, f"activation={activation}", f"loss={loss}", f"architecture.output={output}"]
        for activation, (loss, kind) in product(ACTIVATIONS, LOSSES.items())
        for output in kind.outputs
    ]
    agreement = compare_gradients([compose(each) for each in asked], [" ".join(each[4:]) for each in asked])
    what = f"{agreement.kinds} kinds of runs, {agreement.checked:,} entries: worst error of a gradient"
    return [Finding("Bishop 2006, eq. 5.69", what, "0", agreement.worst, 0, LIMIT)]
