"""`python -m harness.selfcheck`: derive published figures anew; exit status 1 if one does not come out."""

import sys
from collections.abc import Callable

from threadpoolctl import threadpool_limits

from harness.selfcheck.batches import batch_gradients
from harness.selfcheck.copies import ten_copies
from harness.selfcheck.depth import bias_gradients, relu_variances, tanh_spreads
from harness.selfcheck.differences import finite_differences
from harness.selfcheck.finding import Finding
from harness.selfcheck.linear import linear_layers
from harness.selfcheck.minima import auer_minima
from harness.selfcheck.neuron import nielsen_neuron

CHECKS: tuple[Callable[[], list[Finding]], ...] = (
    nielsen_neuron,
    bias_gradients,
    tanh_spreads,
    relu_variances,
    ten_copies,
    batch_gradients,
    linear_layers,
    auer_minima,
    finite_differences,
)


def main() -> int:
    """Print every figure beside ours as it comes out."""
    wrong = count = 0
    with threadpool_limits(1):
        for check in CHECKS:
            for finding in check():
                print(line(finding), flush=True)
                count, wrong = count + 1, wrong + (not finding.agrees)
    print(f"{count - wrong} of {count} figures agree with what was published")
    return 1 if wrong else 0


def line(finding: Finding) -> str:
    """Return a finding in a line: source, quantity, theirs, ours, what is allowed, whether it agrees."""
    allowed = f"{finding.low:.3g} to {finding.high:.3g}"
    columns = (
        f"{finding.source:22}",
        f"{finding.what:74}",
        f"{finding.theirs:>8}",
        f"{finding.ours:9.3g}",
        f"{allowed:>20}",
        "agrees" if finding.agrees else "DIFFERS",
    )
    return "  ".join(columns)


if __name__ == "__main__":
    sys.exit(main())
