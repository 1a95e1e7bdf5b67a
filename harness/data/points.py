"""points: a data set that is typed into the configuration."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge

from harness.data.datasets import Common, Inputs, Scaling, Splitting, Targets
from harness.errors import ConfigurationError

Numbers = tuple[float, ...]
PLAIN = re.compile(r"[a-zA-Z0-9_-]+")
LEAST = 5
"""Samples of a class that can be split into three parts, whatever their shares."""


@dataclass(frozen=True, kw_only=True)
class Points(Common):
    """Samples as they are listed, for single points and small counter-examples.

    Attributes
    ----------
    title : str
        What runs and reports call it in place of ``points``: a study may have several.
    inputs : tuple of tuple of float
        A list of features for each sample.
    targets : tuple of float or of tuple of float
        One for each sample: a label, a real target, or a list of real targets.
    classes : int or None
        None: a regression on any targets. k: the targets are labels 0 to k - 1.
    """

    name: Literal["points"] = "points"
    title: str = "points"
    inputs: tuple[Numbers, ...] = ((0.0,), (1.0,))
    targets: tuple[float | Numbers, ...] = (0.0, 1.0)
    classes: Annotated[int, Ge(2)] | None = None
    split: Splitting = "none"
    scaling: Scaling = "none"

    @property
    def features(self) -> int:
        """Return the length of a sample's list."""
        return len(self.inputs[0])

    @property
    def columns(self) -> int:
        """Return the number of a sample's targets."""
        return len(_row(self.targets[0]))

    @property
    def size(self) -> int:
        """Return the number of samples listed."""
        return len(self.inputs)

    def check(self) -> None:
        """Refuse samples of unequal shape, and labels that are none.

        Raises
        ------
        ConfigurationError
            One line naming the first sample that is wrong, or a title that is no plain word.
        """
        if not PLAIN.fullmatch(self.title):
            raise ConfigurationError(
                f"dataset.title = {self.title!r}: must be letters, digits, - and _ (it names rows and files)"
            )
        _alike("inputs", self.inputs, "a list of features for each sample")
        _alike("targets", self.targets, "a number, or a list of numbers, for each sample")
        if len(self.targets) != self.size:
            raise ConfigurationError(
                f"dataset.targets: {len(self.targets)} for {self.size} of dataset.inputs; allowed: one "
                "target, or one list of targets, for each sample"
            )
        if self.classes is not None:
            self._check_labels(self.classes)

    def _check_labels(self, classes: int) -> None:
        for place, target in enumerate(self.targets):
            if isinstance(target, tuple) or target not in range(classes):
                raise ConfigurationError(
                    f"dataset.targets[{place}] = {_typed(target)}: no label of dataset.classes={classes}; "
                    f"allowed: 0 to {classes - 1}, or dataset.classes=null for a regression"
                )
        if self.split == "holdout":
            fewest = min(np.bincount(np.array(self.targets, np.int64), minlength=classes))
            if fewest < LEAST:
                raise ConfigurationError(
                    f"dataset.split = 'holdout': a class has {fewest} of the samples in dataset.targets; "
                    f"allowed: dataset.split=none, or {LEAST} samples of each class"
                )

    def draw(self) -> tuple[Inputs, Targets]:
        """Return what is listed."""
        x = np.array(self.inputs, np.float64)
        if self.classes is not None:
            return x, np.array(self.targets, np.int64)
        return x, np.array([_row(target) for target in self.targets], np.float64)


def _row(target: float | Numbers) -> Numbers:
    return target if isinstance(target, tuple) else (target,)


def _alike(key: str, samples: Sequence[float | Numbers], allowed: str) -> None:
    """Refuse nothing at all, and a sample whose shape is not that of the first one."""
    if not samples or () in samples:
        raise ConfigurationError(f"dataset.{key} = {_typed(tuple(samples))}: empty; allowed: {allowed}")
    for place, sample in enumerate(samples):
        if _shape(sample) != _shape(samples[0]):
            raise ConfigurationError(
                f"dataset.{key}[{place}] = {_typed(sample)}: not shaped as dataset.{key}[0] = "
                f"{_typed(samples[0])}; allowed: as many numbers for every sample"
            )


def _shape(sample: float | Numbers) -> int | None:
    return len(sample) if isinstance(sample, tuple) else None


def _typed(sample: Any) -> str:
    """Return a sample as it is typed."""
    return f"[{','.join(map(_typed, sample))}]" if isinstance(sample, tuple) else f"{sample:g}"
