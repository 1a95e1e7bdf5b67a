"""Initial weights, drawn for each layer from a stream of its own."""

from dataclasses import dataclass
from math import sqrt
from typing import Annotated, ClassVar, Literal, Protocol

import numpy as np
from annotated_types import Ge

from harness.engine.arrays import Floats

NotNegative = Annotated[float, Ge(0)]
Distribution = Literal["normal", "uniform"]


class Initializer(Protocol):
    """What `start` asks of an initializer.

    ``per_run`` names the fields that may differ between the runs of one stack.
    """

    per_run: ClassVar[tuple[str, ...]]

    @property
    def name(self) -> str:
        """Return the choice's name."""

    @property
    def bias_scale(self) -> float:
        """Return the standard deviation of the initial biases."""

    @property
    def bias(self) -> float:
        """Return the mean of the initial biases."""

    def weights(self, fan_in: int, fan_out: int, draw: np.random.Generator) -> Floats:
        """Return a layer's weights, shape (fan_in, fan_out), float64."""


def spread(deviation: float, kind: Distribution, shape: tuple[int, int], draw: np.random.Generator) -> Floats:
    """Return draws of mean 0 and the given standard deviation: normal, or uniform on +-sqrt(3) of it."""
    if kind == "normal":
        return deviation * draw.standard_normal(shape)
    limit = sqrt(3) * deviation
    return draw.uniform(-limit, limit, shape)


@dataclass(frozen=True)
class Normal:
    """Every weight from N(0, scale^2), whatever the fan."""

    name: Literal["normal"] = "normal"
    scale: NotNegative = 0.01
    bias_scale: NotNegative = 0.0
    bias: float = 0.0
    per_run: ClassVar[tuple[str, ...]] = ("scale", "bias_scale", "bias")

    def weights(self, fan_in: int, fan_out: int, draw: np.random.Generator) -> Floats:
        """Return scale times standard normal draws."""
        return spread(self.scale, "normal", (fan_in, fan_out), draw)


@dataclass(frozen=True)
class Uniform:
    """Every weight uniform on [-limit, limit], whatever the fan."""

    name: Literal["uniform"] = "uniform"
    limit: NotNegative = 0.05
    bias_scale: NotNegative = 0.0
    bias: float = 0.0
    per_run: ClassVar[tuple[str, ...]] = ("limit", "bias_scale", "bias")

    def weights(self, fan_in: int, fan_out: int, draw: np.random.Generator) -> Floats:
        """Return uniform draws."""
        return draw.uniform(-self.limit, self.limit, (fan_in, fan_out))


@dataclass(frozen=True)
class Constant:
    """Every weight equal to `value`: units of a layer then stay alike for ever."""

    name: Literal["constant"] = "constant"
    value: float = 0.0
    bias_scale: NotNegative = 0.0
    bias: float = 0.0
    per_run: ClassVar[tuple[str, ...]] = ("value", "bias_scale", "bias")

    def weights(self, fan_in: int, fan_out: int, draw: np.random.Generator) -> Floats:
        """Return an array full of `value`."""
        return np.full((fan_in, fan_out), self.value)


@dataclass(frozen=True)
class Zeros:
    """Every weight 0: what a deep network cannot learn from."""

    name: Literal["zeros"] = "zeros"
    bias_scale: NotNegative = 0.0
    bias: float = 0.0
    per_run: ClassVar[tuple[str, ...]] = ("bias_scale", "bias")

    def weights(self, fan_in: int, fan_out: int, draw: np.random.Generator) -> Floats:
        """Return zeros."""
        return np.zeros((fan_in, fan_out))


BY_FAN = ("gain", "distribution", "bias_scale", "bias")


@dataclass(frozen=True)
class Xavier:
    """Variance gain^2 2 / (fan_in + fan_out): Glorot and Bengio 2010, eq. 12."""

    name: Literal["xavier"] = "xavier"
    gain: NotNegative = 1.0
    distribution: Distribution = "normal"
    bias_scale: NotNegative = 0.0
    bias: float = 0.0
    per_run: ClassVar[tuple[str, ...]] = BY_FAN

    def weights(self, fan_in: int, fan_out: int, draw: np.random.Generator) -> Floats:
        """Return draws of standard deviation gain sqrt(2 / (fan_in + fan_out))."""
        return spread(self.gain * sqrt(2 / (fan_in + fan_out)), self.distribution, (fan_in, fan_out), draw)


@dataclass(frozen=True)
class He:
    """Variance gain^2 2 / fan_in: He et al. 2015, eq. 10."""

    name: Literal["he"] = "he"
    gain: NotNegative = 1.0
    distribution: Distribution = "normal"
    bias_scale: NotNegative = 0.0
    bias: float = 0.0
    per_run: ClassVar[tuple[str, ...]] = BY_FAN

    def weights(self, fan_in: int, fan_out: int, draw: np.random.Generator) -> Floats:
        """Return draws of standard deviation gain sqrt(2 / fan_in)."""
        return spread(self.gain * sqrt(2 / fan_in), self.distribution, (fan_in, fan_out), draw)


@dataclass(frozen=True)
class LeCun:
    """Variance gain^2 / fan_in: LeCun, Bottou, Orr and Mueller 1998, eq. 16."""

    name: Literal["lecun"] = "lecun"
    gain: NotNegative = 1.0
    distribution: Distribution = "normal"
    bias_scale: NotNegative = 0.0
    bias: float = 0.0
    per_run: ClassVar[tuple[str, ...]] = BY_FAN

    def weights(self, fan_in: int, fan_out: int, draw: np.random.Generator) -> Floats:
        """Return draws of standard deviation gain sqrt(1 / fan_in)."""
        return spread(self.gain * sqrt(1 / fan_in), self.distribution, (fan_in, fan_out), draw)


@dataclass(frozen=True)
class Auto:
    """He before a rectifying activation, Xavier before any other and at the output."""

    name: Literal["auto"] = "auto"
    bias_scale: NotNegative = 0.0
    bias: float = 0.0
    per_run: ClassVar[tuple[str, ...]] = ("bias_scale", "bias")

    def weights(self, fan_in: int, fan_out: int, draw: np.random.Generator) -> Floats:
        """Refuse: `resolve` has to say first which of the two it is."""
        raise TypeError("initializer auto is resolved by layer before it draws")


def resolve(initializer: Initializer, rectifies: bool) -> Initializer:
    """Return what `initializer` means for a layer: itself, or for ``auto`` He or Xavier."""
    if not isinstance(initializer, Auto):
        return initializer
    chosen = He if rectifies else Xavier
    return chosen(bias_scale=initializer.bias_scale, bias=initializer.bias)


INITIALIZERS: dict[str, type[Initializer]] = {
    "auto": Auto,
    "normal": Normal,
    "uniform": Uniform,
    "constant": Constant,
    "zeros": Zeros,
    "xavier": Xavier,
    "he": He,
    "lecun": LeCun,
}
