"""What a claim, or a published figure, can be about: the names, what each means, how a page calls it.

A quantity is one number of a run. It stands in the first or the last row of the run's history (a score,
``rho``, a measure of a layer), or is derived from the course of the run (`DERIVED`).
"""

import re
from dataclasses import dataclass
from typing import Literal

from harness.engine.diagnostics.registry import MEASURES
from harness.errors import ConfigurationError, nearest
from harness.record import OWN_LOSSES, SCORE_COLUMNS

Moment = Literal["start", "end"]
"""The first row of a history, before any update, or the last one."""
Compares = Literal["always", "relative", "gradient", "own"]
"""How far a quantity depends on the loss that a run descends (`FREE`)."""

COSTS = {"updates": "update", "epochs": "epoch", "samples": "samples", "multiply_adds": "multiply_adds"}
"""What a time is counted in, and the column of a history that counts it."""
WHOLE = {
    "hessian_smallest": "smallest eigenvalue of the Hessian",
    "hessian_largest": "largest eigenvalue of the Hessian",
}
"""Measures of the whole network: one column, called as they are."""
FACTORS = {"gradient_decay": ("change of the weight gradient from a hidden layer to the one before it", 3)}
"""Measures of the whole network that are free of the loss's scale: title, and hidden layers needed."""
BY_PARAMETER = ("parameters",)
"""Measures with a column for each weight: no claim is about one."""
LAYERED = tuple(name for name in MEASURES if name not in (*WHOLE, *FACTORS, *BY_PARAMETER))
"""Measures with a column for each layer, ``<measure>_<layer>``."""
MEASURE_TITLES = {
    "gradient_norm": "norm of the weight gradient",
    "bias_gradient_norm": "norm of the bias gradient",
    "delta_rms": "size of delta",
    "delta_spread": "spread of delta",
    "activation_rms": "size of the activations",
    "activation_spread": "spread of the activations",
    "weight_norm": "norm of the weights",
    "distance": "distance of the weights from their start",
    "update_ratio": "size of an update relative to the weights",
    "saturation": "share of saturated pairs",
    "dead_units": "share of dead units",
}
GRADIENTS = ("gradient_norm", "bias_gradient_norm", "delta_rms", "delta_spread", *WHOLE)
"""Measures whose level is that of the loss."""
SINCE_LAST = ("update_ratio",)
"""Measures of what happened since the row before, of which the first row has none."""

HALVING = {
    f"halving_{cost}": (
        f"{cost.replace('_', '-')} until the training loss has halved",
        f"{cost} until the training loss first is at most half of that before the first update",
    )
    for cost in COSTS
}
TARGET = {
    f"target_{cost}": (
        f"{cost.replace('_', '-')} until the target",
        f"{cost} until the study's target is first reached",
    )
    for cost in COSTS
}
WINDOW = {
    "rises": (
        "share of updates that raise the training loss",
        "share of the updates within diagnostics.window after which the training loss is higher than before",
    ),
    "fluctuation": (
        "fluctuation of the training loss",
        "root mean square of the training loss's changes from update to update within diagnostics.window, "
        "less their mean, divided by the training loss at the window's start",
    ),
}
AT_REST, CURVED = 1e-8, 1e-6
"""A strict minimum for `minimum_excess`: whole gradient below the one, every curvature above the other."""
AMONG_RUNS = {
    "excess_loss": (
        "training loss above the least of the arm",
        "final training loss less the least final training loss among the runs of its arm",
    ),
    "minimum_excess": (
        "training loss of a minimum above the least of the arm",
        f"excess_loss of runs that ended in a strict minimum: norm of the whole gradient below {AT_REST:g}, "
        f"smallest eigenvalue of the Hessian above {CURVED:g}; no number for others",
    ),
}
MINIMUM = ("gradient_norm", "bias_gradient_norm", "hessian_smallest")
"""Measures that tell whether a run ended in a minimum."""
DERIVED = {**HALVING, **TARGET, **WINDOW, **AMONG_RUNS}
"""What is derived from the course of a run: title and one-line meaning by name."""
SUMS = {
    "gradient_norm": (
        "norm of the whole gradient",
        "square root of the sum over layers of gradient_norm_l^2 + bias_gradient_norm_l^2",
    ),
}

FREE: dict[Compares, frozenset[str]] = {
    "relative": frozenset({"loss.scale", "loss.reduction"}),
    "gradient": frozenset({"loss.reduction"}),
    "own": frozenset(),
}
"""Keys of the loss that arms may differ in, where the quantity depends on the loss at all.

What is divided by the loss itself is free of its scale, and the probe's gradients are of a mean whatever is
descended; but what halves one kind of loss halves no other.
"""
NOT_COMPARED: dict[Compares, str] = {
    "relative": "what halves, or shakes, losses of different kinds does not compare",
    "gradient": "levels of gradients do not compare across losses",
    "own": "own losses do not compare",
}

MOST_SHOWN = 80
"""Characters of a name that is none."""


@dataclass(frozen=True)
class Quantity:
    """One number of a run.

    Attributes
    ----------
    name : str
        As a study writes it.
    title : str
        As a page does.
    compares : str
        How far it depends on the loss.
    measures : tuple of str
        What `diagnostics.measures` must hold; `bias_gradient_norm` only of networks with biases.
    layer : int or None
        Counted from the input from 1.
    hidden : int
        Hidden layers that a network needs at least.
    start : bool
        Whether the first row has it.
    """

    name: str
    title: str
    compares: Compares = "always"
    measures: tuple[str, ...] = ()
    layer: int | None = None
    hidden: int = 0
    start: bool = False

    @property
    def needs_target(self) -> bool:
        """Whether it asks for the study's target."""
        return self.name in TARGET

    @property
    def needs_window(self) -> bool:
        """Whether it asks for `diagnostics.window`."""
        return self.name in WINDOW

    @property
    def derived(self) -> bool:
        """Whether it is derived from the course of a run."""
        return self.name in DERIVED

    @property
    def counted(self) -> bool:
        """Whether it counts something: so many times as many, not as large."""
        return self.name in HALVING or self.name in TARGET


def find(name: str) -> Quantity | None:
    """Return the quantity of a name, None if there is none."""
    if name in SCORE_COLUMNS:
        return Quantity(name, name.replace("_", " "), "own" if name in OWN_LOSSES else "always", start=True)
    if name == "rho":
        return Quantity(name, "ρ", measures=("delta_rms",), hidden=2, start=True)
    if name in SUMS:
        return Quantity(name, SUMS[name][0], "gradient", ("gradient_norm", "bias_gradient_norm"), start=True)
    if name in DERIVED:
        measures = MINIMUM if name == "minimum_excess" else ()
        return Quantity(name, DERIVED[name][0], _DEPENDENCE.get(name, "relative"), measures)
    if name in WHOLE and name in MEASURES:
        return Quantity(name, WHOLE[name], "gradient", (name,), start=True)
    if name in FACTORS:
        told, hidden = FACTORS[name]
        return Quantity(name, told, measures=(name,), hidden=hidden, start=True)
    return _of_layer(name)


def quantity(name: str, where: str) -> Quantity:
    """Return the quantity of a name; `where` names the key that has it.

    Raises
    ------
    ConfigurationError
        If there is none: with those that there are, and the nearest.
    """
    found = find(name)
    if found is None:
        # Of a text of any length: Python makes no number of thousands of digits.
        number = re.search(r"[0-9]{1,9}$", name)
        shown = name if len(name) <= MOST_SHOWN else f"{name[:MOST_SHOWN]}..."
        rest = (
            *SCORE_COLUMNS,
            "rho",
            *SUMS,
            *FACTORS,
            *(each for each in WHOLE if each in MEASURES),
            *DERIVED,
        )
        layered = [f"{measure}_{int(number[0]) if number else 1}" for measure in LAYERED]
        allowed = ", ".join((*rest, *(f"{measure}_<layer>" for measure in LAYERED)))
        raise ConfigurationError(
            f"{where} = {shown!r}: not known; allowed: {allowed}{nearest(shown, (*rest, *layered))}"
        )
    return found


def depends_on_loss(asked: Quantity, kind: str) -> bool:
    """Return whether a claim of a kind is one about arms of one loss only.

    That the levels of gradients are the same, or not, can be said of any two losses: an identity does.
    """
    return asked.compares != "always" and not (asked.compares == "gradient" and kind == "identity")


def lost_by(name: str, values: str = "linear") -> str:
    """Return what became of the runs that leave no mean: some died, of times some are infinite."""
    time = name in HALVING or name in TARGET
    if values == "log2":
        return "died, missed it or took none" if time else "died or are not positive"
    return "died or missed it" if time else "died"


def title(name: str, at: str = "end") -> str:
    """Return how a page calls a quantity, for example ``size of delta at layer 1 at the start``."""
    found = find(name)
    said = found.title if found is not None else name.replace("_", " ")
    return f"{said} at the start" if at == "start" else said


_DEPENDENCE: dict[str, Compares] = {
    "rises": "always",
    **dict.fromkeys(AMONG_RUNS, "own"),
    **dict.fromkeys(TARGET, "always"),
}


def compared(name: str, at: str, direction: str) -> str:
    """Return what stands before an effect, such as ``updates until the target, lower by``."""
    plain = at == "end" and (name in SCORE_COLUMNS or name == "rho")
    return f"{title(name, at)}{'' if plain else ','} {direction} by"


def _of_layer(name: str) -> Quantity | None:
    found = re.fullmatch(r"(.+)_([1-9][0-9]{0,8})", name)
    if found is None or found[1] not in LAYERED:
        return None
    measure, layer = found[1], int(found[2])
    return Quantity(
        name,
        f"{MEASURE_TITLES.get(measure, measure.replace('_', ' '))} at layer {layer}",
        "gradient" if measure in GRADIENTS else "always",
        (measure,),
        layer,
        start=measure not in SINCE_LAST,
    )
