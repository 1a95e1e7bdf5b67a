"""The data sets: each a frozen choice that can draw or read its samples.

Toy samples come from `dataset.seed`, never from a run's seed, so that every run of a study sees the
same population and seeds differ in the split alone.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from harness.streams import stream

Inputs = NDArray[np.float64]
Targets = NDArray[np.int64] | NDArray[np.float64]

Positive = Annotated[int, Gt(0)]
NotNegative = Annotated[float, Ge(0)]
Share = Annotated[float, Gt(0)]
Splitting = Literal["holdout", "none"]
Scaling = Literal["standard", "range", "none"]


class Dataset(Protocol):
    """What loading asks of a data set.

    ``classes`` is None for a regression; `draw` returns inputs (samples, features) and labels
    (samples,) counted from 0, or real targets (samples, outputs).
    """

    def __hash__(self) -> int:
        """Return a hash by value."""

    @property
    def name(self) -> str:
        """Return the choice's name."""

    @property
    def title(self) -> str:
        """Return what it is called where data sets are told apart."""

    @property
    def split(self) -> Splitting:
        """Return how samples are set apart."""

    @property
    def scaling(self) -> Scaling:
        """Return how inputs are scaled."""

    @property
    def test_share(self) -> float:
        """Return the share of samples that test."""

    @property
    def validation_share(self) -> float:
        """Return the share of samples that validate."""

    @property
    def features(self) -> int:
        """Return the number of input columns."""

    @property
    def classes(self) -> int | None:
        """Return the number of classes, None for a regression."""

    @property
    def columns(self) -> int:
        """Return the number of columns of a regression's targets."""

    @property
    def given_test(self) -> int:
        """Return how many samples, the last ones, always test; 0: `test_share` of all, drawn."""

    @property
    def size(self) -> int:
        """Return the number of samples before the split."""

    def check(self) -> None:
        """Refuse, with a ConfigurationError, keys that are each valid but make no data set."""

    def draw(self) -> tuple[Inputs, Targets]:
        """Return inputs and targets."""


@dataclass(frozen=True, kw_only=True)
class Common:
    """Keys that every data set has.

    Attributes
    ----------
    split : str
        ``holdout`` sets test and validation samples apart, stratified by class; ``none`` trains,
        validates and tests on all samples, for truth tables and single points.
    scaling : str
        By the training samples alone: ``standard`` to mean 0 and deviation 1 by feature, ``range``
        to [0, 1] by the one range of all features together, or ``none``.
    test_share, validation_share : float
        Of all samples.
    """

    name: str
    split: Splitting = "holdout"
    scaling: Scaling = "standard"
    test_share: Share = 0.2
    validation_share: Share = 0.2

    @property
    def title(self) -> str:
        """Return the choice's name."""
        return self.name

    @property
    def columns(self) -> int:
        """Return 1: a regression has one column of targets."""
        return 1

    @property
    def given_test(self) -> int:
        """Return 0: what tests is drawn."""
        return 0

    def check(self) -> None:
        """Refuse nothing."""


@dataclass(frozen=True, kw_only=True)
class TwoFeatures(Common):
    """Keys of a toy in the plane."""

    features: ClassVar[int] = 2
    samples: Positive = 500
    noise: NotNegative = 0.2
    seed: Annotated[int, Ge(0)] = 0

    @property
    def size(self) -> int:
        """Return `samples`."""
        return self.samples


@dataclass(frozen=True, kw_only=True)
class Xor(TwoFeatures):
    """The corners of the unit square in turn, labelled by exclusive or, with normal noise."""

    classes: ClassVar[int | None] = 2
    name: Literal["xor"] = "xor"
    samples: Positive = 4
    noise: NotNegative = 0.0
    split: Splitting = "none"

    def draw(self) -> tuple[Inputs, Targets]:
        """Return inputs near 0 and 1, and labels."""
        corner = np.arange(self.samples) % 4
        x = np.column_stack([corner // 2, corner % 2]).astype(np.float64)
        labels = (corner // 2) ^ (corner % 2)
        x += self.noise * stream(self.seed, "dataset").standard_normal(x.shape)
        return x, labels.astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Moons(TwoFeatures):
    """Two interleaving half circles (scikit-learn's make_moons)."""

    classes: ClassVar[int | None] = 2
    name: Literal["moons"] = "moons"

    def draw(self) -> tuple[Inputs, Targets]:
        """Return scikit-learn's samples."""
        from sklearn.datasets import make_moons

        x, labels = make_moons(self.samples, noise=self.noise, random_state=self.seed)
        return x, labels.astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Circles(TwoFeatures):
    """A circle within a circle (scikit-learn's make_circles)."""

    classes: ClassVar[int | None] = 2
    name: Literal["circles"] = "circles"
    noise: NotNegative = 0.1
    factor: Annotated[float, Gt(0)] = 0.5

    def draw(self) -> tuple[Inputs, Targets]:
        """Return scikit-learn's samples."""
        from sklearn.datasets import make_circles

        x, labels = make_circles(self.samples, noise=self.noise, factor=self.factor, random_state=self.seed)
        return x, labels.astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Blobs(TwoFeatures):
    """Normal clouds, one a class (scikit-learn's make_blobs); `noise` is their deviation."""

    name: Literal["blobs"] = "blobs"
    noise: NotNegative = 1.0
    centers: Annotated[int, Ge(2)] = 3

    @property
    def classes(self) -> int | None:
        """Return the number of clouds."""
        return self.centers

    def draw(self) -> tuple[Inputs, Targets]:
        """Return scikit-learn's samples."""
        from sklearn.datasets import make_blobs

        x, labels = make_blobs(
            self.samples, centers=self.centers, cluster_std=self.noise, random_state=self.seed
        )[:2]
        return x, labels.astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Spirals(TwoFeatures):
    """Arms of an Archimedean spiral, one a class (after Lang and Witbrock 1988)."""

    name: Literal["spirals"] = "spirals"
    noise: NotNegative = 0.1
    arms: Annotated[int, Ge(2)] = 2
    turns: Annotated[float, Gt(0)] = 1.0

    @property
    def classes(self) -> int | None:
        """Return the number of arms."""
        return self.arms

    def draw(self) -> tuple[Inputs, Targets]:
        """Return samples whose radius grows with the angle, in units of one turn."""
        draw = stream(self.seed, "dataset")
        labels = np.arange(self.samples) % self.arms
        radius = self.turns * np.sqrt(draw.uniform(0.01, 1, self.samples))
        angle = 2 * np.pi * (radius + labels / self.arms)
        x = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        x += self.noise * draw.standard_normal(x.shape) / 2
        return x, labels.astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class ThreeInputs(Common):
    """Three standard normal inputs; the class is whether x1 x2 + x3 + noise is positive."""

    features: ClassVar[int] = 3
    classes: ClassVar[int | None] = 2
    name: Literal["three_inputs"] = "three_inputs"
    samples: Positive = 500
    noise: NotNegative = 0.1
    seed: Annotated[int, Ge(0)] = 0

    @property
    def size(self) -> int:
        """Return `samples`."""
        return self.samples

    def draw(self) -> tuple[Inputs, Targets]:
        """Return inputs and labels."""
        draw = stream(self.seed, "dataset")
        x = draw.standard_normal((self.samples, 3))
        noise = self.noise * draw.standard_normal(self.samples)
        return x, (x[:, 0] * x[:, 1] + x[:, 2] + noise > 0).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Sine(Common):
    """A regression: y = sin(pi x) + noise, x uniform on [-1, 1]."""

    features: ClassVar[int] = 1
    classes: ClassVar[int | None] = None
    name: Literal["sine"] = "sine"
    samples: Positive = 200
    noise: NotNegative = 0.1
    seed: Annotated[int, Ge(0)] = 0

    @property
    def size(self) -> int:
        """Return `samples`."""
        return self.samples

    def draw(self) -> tuple[Inputs, Targets]:
        """Return inputs (samples, 1) and targets (samples, 1)."""
        draw = stream(self.seed, "dataset")
        x = draw.uniform(-1, 1, (self.samples, 1))
        return x, np.sin(np.pi * x) + self.noise * draw.standard_normal(x.shape)


@dataclass(frozen=True, kw_only=True)
class Digits(Common):
    """Handwritten digits of 8 by 8 pixels, 1,797 of them (scikit-learn's load_digits).

    `samples` keeps the first ones; None keeps all.
    """

    available: ClassVar[int] = 1797
    features: ClassVar[int] = 64
    classes: ClassVar[int | None] = 10
    name: Literal["digits"] = "digits"
    samples: Positive | None = None
    scaling: Scaling = "range"

    @property
    def size(self) -> int:
        """Return the number of images kept."""
        return min(self.samples or self.available, self.available)

    def draw(self) -> tuple[Inputs, Targets]:
        """Return pixels from 0 to 16, and labels."""
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        return pixels[: self.size], labels[: self.size].astype(np.int64)
