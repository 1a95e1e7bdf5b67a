"""Whether the runs of a grid measure what a study asks of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.config import RunConfig
from harness.errors import ConfigurationError
from harness.quantities import AMONG_RUNS, Moment, Quantity, quantity
from harness.sweeping.stacks import regime_key

if TYPE_CHECKING:
    from harness.sweeping.study import Target

LEAST_RUNS = 2
"""Of a regime, for one of them to be above the least."""
LEAST_CHANGES = 2
"""Updates of a window: one change has no spread."""


def named(metric: str, at: Moment, where: str) -> Quantity:
    """Return the quantity that a claim or a published figure is about.

    Parameters
    ----------
    where : str
        The key under which both stand, for messages.

    Raises
    ------
    ConfigurationError
        If there is none of that name, or it has no value at the start.
    """
    found = quantity(metric, f"{where}.metric")
    if at == "start" and not found.start:
        raise ConfigurationError(
            f"{where}.at = 'start': {metric} has no value before the first update; allowed: end"
        )
    return found


def check_target(asked: Quantity, target: "Target | None", where: str) -> None:
    """Refuse a time to the target where the study has none."""
    if asked.needs_target and target is None:
        raise ConfigurationError(
            f"{where}.metric = {asked.name!r}: the study has no target; allowed: with study.target, such as "
            "{metric: train_accuracy, value: 0.9}"
        )


def check_measured(asked: Quantity, arms: Mapping[str, Sequence[RunConfig]], where: str) -> None:
    """Refuse what the runs of some arms do not measure.

    Parameters
    ----------
    arms : mapping of str to sequence of RunConfig
        The runs by arm.

    Raises
    ------
    ConfigurationError
        If an arm lacks a measure, a layer or the window.
    """
    for arm, runs in arms.items():
        for run in runs:
            _check_measures(asked, run, f"{where}.metric = {asked.name!r}: arm {arm}")


def check_among(asked: Quantity, arms: Mapping[str, Sequence[RunConfig]], where: str) -> None:
    """Refuse to compare a loss with the least of its arm where that is of other samples, or its own.

    Parameters
    ----------
    arms : mapping of str to sequence of RunConfig
        All reported runs by arm, not one for all seeds of a regime.

    Raises
    ------
    ConfigurationError
        If runs of an arm differ in their split, and so in the least loss there is; or if a regime has one
        run, whose loss above the least is 0 whatever it trained.
    """
    if asked.name not in AMONG_RUNS:
        return
    for arm, runs in arms.items():
        said = f"{where}.metric = {asked.name!r}"
        _check_one_split(runs, f"{said}: runs of arm {arm}")
        if runs and min(Counter(map(regime_key, runs)).values()) < LEAST_RUNS:
            raise ConfigurationError(
                f"{said}: arm {arm} has one reported run, which is the least of its arm; allowed: "
                f"{LEAST_RUNS} reported seeds or more"
            )


def _check_measures(asked: Quantity, run: RunConfig, said: str) -> None:
    taken = run.diagnostics.measures
    for measure in asked.measures:
        biases = measure != "bias_gradient_norm" or run.architecture.bias or asked.layer is not None
        if measure not in taken and biases:
            raise ConfigurationError(
                f"{said} does not measure {measure}; allowed: diagnostics.measures with it, which has "
                f"{', '.join(taken) or 'nothing'}"
            )
        if measure == "bias_gradient_norm" and asked.layer is not None and not run.architecture.bias:
            raise ConfigurationError(f"{said} has no biases; allowed: arms with architecture.bias=true")
    layers = len(run.sizes) - 1
    if asked.layer is not None and asked.layer > layers:
        raise ConfigurationError(f"{said} has {layers} layers, the output counted; allowed: 1 to {layers}")
    hidden = len(run.architecture.hidden_sizes)
    if hidden < asked.hidden:
        raise ConfigurationError(
            f"{said} has {hidden} hidden {'layer' if hidden == 1 else 'layers'}; allowed: arms of at least "
            f"{asked.hidden}, by where"
        )
    window = run.diagnostics.window
    if asked.needs_window and (window is None or window[1] - window[0] < LEAST_CHANGES):
        raise ConfigurationError(
            f"{said} has diagnostics.window={list(window) if window else 'null'}; allowed: "
            f"[first,last] with at least {LEAST_CHANGES} updates between them"
        )


def _check_one_split(runs: Sequence[RunConfig], said: str) -> None:
    if len({run.split_seed for run in runs if run.dataset.split != "none"}) > 1:
        raise ConfigurationError(
            f"{said} have different splits, whose least losses differ; allowed: dataset.split=none, or one "
            "seeds.split for all"
        )
