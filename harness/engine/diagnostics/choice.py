"""The choice of what is measured beside losses and accuracies, and how often."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt

from harness.engine.diagnostics.registry import BY_DEFAULT


@dataclass(frozen=True)
class Diagnostics:
    """What is measured beside losses and accuracies, and how often.

    Attributes
    ----------
    measures : tuple of str
        Names of `registry.KNOWN`, each once.
    rows : int
        About how many rows a run leaves.
    window : (int, int) or None
        Between these two updates every update leaves a row.
    probe : int
        Gradients are measured on the first min(probe, N) training samples.
    """

    name: Literal["off", "economy", "full"] = "full"
    # A factory, not a default: a fingerprint leaves defaults out, and this one grows with the
    # registry. A run that was not measured so must not pass for one that was.
    measures: tuple[str, ...] = field(default_factory=lambda: BY_DEFAULT)
    rows: Annotated[int, Ge(2)] = 200
    window: tuple[Annotated[int, Ge(0)], Annotated[int, Ge(0)]] | None = None
    probe: Annotated[int, Gt(0)] = 512


DIAGNOSTICS: dict[str, type[Diagnostics]] = {
    "off": Diagnostics,
    "economy": Diagnostics,
    "full": Diagnostics,
}
