"""Whether the runs of a grid measure what a study asks of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.config import RunConfig
from harness.errors import ConfigurationError
from harness.quantities import AMONG_RUNS, Moment, Quantity, quantity

if TYPE_CHECKING:
    from harness.sweeping.study import Target

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
        If an arm lacks a measure, a layer or the window; or if a loss is to be compared with the least of
        its arm, whose runs have different samples and so different least losses.
    """
    for arm, runs in arms.items():
        for run in runs:
            _check_measures(asked, run, f"{where}.metric = {asked.name!r}: arm {arm}")
        if asked.name in AMONG_RUNS:
            _check_one_split(runs, f"{where}.metric = {asked.name!r}: runs of arm {arm}")


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
    # By what the regime says: one of its runs may stand for all its seeds.
    split = [run.seeds.split for run in runs if run.dataset.split != "none"]
    if None in split or len(set(split)) > 1:
        raise ConfigurationError(
            f"{said} have different splits, whose least losses differ; allowed: dataset.split=none, or one "
            "seeds.split for all"
        )
