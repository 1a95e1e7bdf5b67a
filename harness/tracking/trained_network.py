"""A trained network as one file: weights, scaling and some samples, all that an answer takes.

Every model in MLflow imports a copy of this file and of what it imports (`harness.tracking.models`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.archives import ArchiveError, sealed, unsealed
from harness.data.scaling import Scale
from harness.engine.activations import ACTIVATIONS, Activation
from harness.engine.arrays import Floats, Integers, arithmetic
from harness.engine.network import Network, forward
from harness.engine.outputs import OUTPUTS
from harness.engine.scores import likeliest, shares

FORMAT = 1
"""Raised whenever such a file is written in another way."""

WEIGHTS, DIGEST = "weights", "sha256"
"""What a model in MLflow calls its artifact, and the key of its configuration that holds the checksum."""

ABOUT, SHIFT, WIDTH, EXAMPLE = "about", "shift", "width", "example"
DTYPES: dict[str, np.dtype[Any]] = {name: np.dtype(name) for name in ("float32", "float64")}
ROWS = 4096
"""Samples answered at a time."""

Named = Mapping[str, NDArray[Any]]


class UnusableNetworkError(ValueError):
    """One line: why a file holds no network that answers."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainedNetwork:
    """A network that answers.

    Attributes
    ----------
    network : Network
    parameters : mapping of str to ndarray
        ``weights_1`` (fan_in, fan_out), ``bias_1`` (fan_out,), ... as in a record, of one dtype.
    scale : Scale
        Of its training samples.
    classes : int or None
        None for a regression.
    example : ndarray, shape (samples, features)
        Some inputs as they are before they are scaled.
    about : mapping of str to JSON's types
        Where it comes from.
    """

    network: Network
    parameters: Mapping[str, Floats]
    scale: Scale
    classes: int | None
    example: NDArray[np.float64]
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dtype(self) -> str:
        """Return the dtype of the parameters and of what is answered."""
        return self.parameters["weights_1"].dtype.name

    def answers(self, inputs: Any) -> Floats:
        """Return the share of each class (N, classes), of a regression the values (N, outputs).

        Parameters
        ----------
        inputs : array_like, shape (N, features)
            As they are before they are scaled: numbers of any kind, truth values for 0 and 1.

        Raises
        ------
        ValueError
            One line, if they are no numbers, or have another shape.
        """
        a = self._outputs(inputs)
        with arithmetic():
            answered: Floats = (a if self.classes is None else shares(a))[0].T
        return answered

    def labels(self, inputs: Any) -> Integers:
        """Return the likeliest class of each sample, shape (N,), as accuracy counts it.

        Raises
        ------
        ValueError
            If inputs are others than `answers` takes, or if there are no classes.
        """
        if self.classes is None:
            raise ValueError("labels: a regression has none")
        a = self._outputs(inputs)
        with arithmetic():
            found: Integers = (a[:, 0] > 0.5 if a.shape[1] == 1 else likeliest(a)[0])[0].astype(np.int64)
        return found

    def _outputs(self, inputs: Any) -> Floats:
        """Return what the last layer gives, shape (1, K, N)."""
        features = self.network.sizes[0]
        x = _numbers(inputs, f"numbers of shape (samples, {features})")
        if x.ndim != 2 or x.shape[1] != features:
            raise ValueError(f"inputs of shape {x.shape}: must be (samples, {features})")
        a = np.empty((1, self.network.sizes[-1], len(x)), self.dtype)
        flat = self._flat()
        with arithmetic():
            for low in range(0, len(x), ROWS):
                part = x[low : low + ROWS]
                signals = self.network.workspace(1, len(part), self.dtype).signals(1, len(part))
                fed = np.ones((1, features + self.network.bias, len(part)), self.dtype)
                fed[0, :features] = self.scale(part).T
                forward(self.network, self.network.layers(flat), fed, signals)
                a[:, :, low : low + ROWS] = signals.a[-1]
        return a

    def _flat(self) -> Floats:
        """Return the parameters as the network takes them, shape (1, P)."""
        flat: Floats = np.empty((1, self.network.parameters), self.dtype)
        for number, layer in enumerate(self.network.layers(flat), start=1):
            layer.weights[0] = self.parameters[f"weights_{number}"]
            if layer.bias is not None:
                layer.bias[0, 0] = self.parameters[f"bias_{number}"]
        return flat


def _numbers(inputs: Any, allowed: str) -> NDArray[np.float64]:
    """Return inputs in double precision; text is refused also where it reads as a number."""
    try:
        x = np.asarray(inputs)
    except ValueError as error:
        raise ValueError(f"inputs: rows of unequal length; must be {allowed}") from error
    # A frame of several kinds of columns, or of ones that may lack values, comes as objects.
    mixed = x.dtype.kind == "O" and all(isinstance(each, Real | np.bool_) for each in x.flat)
    if not mixed and x.dtype.kind not in "biuf":
        what = type(inputs).__name__ if x.ndim == 0 else x.dtype.name
        raise ValueError(f"inputs of type {what[:100]}: must be {allowed}")
    return x.astype(np.float64)


def packed(trained: TrainedNetwork) -> bytes:
    """Return a network as a sealed archive of plain arrays."""
    network = trained.network
    described = {
        "sizes": network.sizes,
        "bias": network.bias,
        "activations": [asdict(each) for each in network.activations],  # type: ignore[call-overload]
        "output": network.output.name,
        "dtype": trained.dtype,
        "classes": trained.classes,
    }
    text = json.dumps({"format": FORMAT, "network": described, "about": dict(trained.about)})
    return sealed(
        {
            **trained.parameters,
            SHIFT: trained.scale.shift,
            WIDTH: trained.scale.width,
            EXAMPLE: trained.example,
            ABOUT: np.frombuffer(text.encode(), np.uint8),
        }
    )


def unpacked(content: bytes) -> TrainedNetwork:
    """Return the network that was packed; nothing in it is executed.

    Raises
    ------
    UnusableNetworkError
        If it is damaged, of another format, or has other arrays than such a network.
    """
    try:
        named = unsealed(content)
    except ArchiveError as error:
        raise UnusableNetworkError(f"damaged, cut short, or no trained network: {error}") from error
    try:
        text = json.loads(named[ABOUT].tobytes())
        written, network, dtype, classes = text["format"], *_described(text["network"])
        about = dict(text["about"])
    except Exception as error:
        # What was written by somebody else can be wrong in any way.
        raise UnusableNetworkError("what it says of its network is missing or unreadable") from error
    if written != FORMAT:
        raise UnusableNetworkError(f"written as format {written!r}, not {FORMAT}")
    _compare(named, network, dtype, classes)
    return TrainedNetwork(
        network=network,
        parameters={name: array for name, array in named.items() if name.startswith(("weights_", "bias_"))},
        scale=Scale(named[SHIFT], named[WIDTH]),
        classes=classes,
        example=named[EXAMPLE],
        about=about,
    )


def _described(text: Mapping[str, Any]) -> tuple[Network, np.dtype[Any], int | None]:
    network = Network(
        sizes=tuple(int(units) for units in text["sizes"]),
        bias=bool(text["bias"]),
        activations=tuple(_activation(each) for each in text["activations"]),
        output=OUTPUTS[text["output"]](),
    )
    return network, DTYPES[text["dtype"]], None if text["classes"] is None else int(text["classes"])


def _activation(described: Mapping[str, Any]) -> Activation:
    numbers = {name: float(value) for name, value in described.items() if name != "name"}
    return ACTIVATIONS[described["name"]](**numbers)


def _compare(named: Named, network: Network, dtype: np.dtype[Any], classes: int | None) -> None:
    """Refuse arrays other than those of such a network."""
    sizes = network.sizes
    if len(sizes) != len(network.activations) + 2 or min(sizes) < 1:
        raise UnusableNetworkError("its layers and its activations do not agree")
    if classes is not None and (classes, sizes[-1]) != (2, 1) and classes != sizes[-1]:
        raise UnusableNetworkError(f"{sizes[-1]} outputs for {classes} classes")
    features, double = network.sizes[0], np.dtype(np.float64)
    expected: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {
        ABOUT: (np.dtype(np.uint8), named[ABOUT].shape),
        SHIFT: (double, (features,)),
        WIDTH: (double, (features,)),
        EXAMPLE: (double, (*named.get(EXAMPLE, np.empty(0)).shape[:1], features)),
    }
    for number, shape in enumerate(network.shapes(), start=1):
        expected[f"weights_{number}"] = (dtype, shape)
        if network.bias:
            expected[f"bias_{number}"] = (dtype, shape[1:])
    if apart := sorted(named.keys() ^ expected.keys()):
        raise UnusableNetworkError(f"arrays that are missing or unknown: {', '.join(apart)[:200]}")
    for name, (kind, form) in expected.items():
        found = named[name]
        if (found.dtype, found.shape) != (kind, form):
            raise UnusableNetworkError(f"{name} is {found.dtype} {found.shape}, must be {kind} {form}")
