"""RunConfig: what one run is, as a frozen and validated value, and its fingerprint."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt

from harness.data.datasets import Dataset
from harness.data.registry import DATASETS
from harness.data.splits import split_sizes
from harness.engine import NUMERICS
from harness.engine.activations import ACTIVATIONS, Activation
from harness.engine.diagnostics import DIAGNOSTICS, Diagnostics
from harness.engine.diagnostics.registry import KNOWN, MOST_PARAMETERS
from harness.engine.feeding import FEEDINGS, Feeding
from harness.engine.hessian import KINKED
from harness.engine.initializers import INITIALIZERS, Initializer
from harness.engine.losses import LOSSES, Loss
from harness.engine.network import multiply_adds, parameter_count
from harness.engine.schedules import SCHEDULES, Schedule
from harness.engine.stopping import STOPPINGS, Stopping
from harness.engine.update_rules import UPDATE_RULES, UpdateRule
from harness.engine.weighting import ClassWeight
from harness.errors import ConfigurationError, nearest, unknown
from harness.validation import build, choose

Seed = Annotated[int, Ge(0)]
OutputName = Literal["auto", "sigmoid", "softmax", "identity"]


@dataclass(frozen=True)
class Seeds:
    """The seeds of a run's streams, each derived from `seed` where None."""

    split: Seed | None = None
    weights: Seed | None = None
    order: Seed | None = None


@dataclass(frozen=True)
class Architecture:
    """A dense network.

    Attributes
    ----------
    hidden : tuple of int or None
        Units of each hidden layer, from the input; () has none. None: `depth` layers of `width`.
    activations : tuple of str or None
        Names, one a hidden layer; None: `activation` in all of them.
    output : str
        ``auto``: softmax for more than two classes, one sigmoid column for two, identity for a
        regression, whatever the loss.
    """

    name: Literal["mlp"] = "mlp"
    hidden: tuple[Annotated[int, Gt(0)], ...] | None = None
    depth: Annotated[int, Ge(0)] = 1
    width: Annotated[int, Gt(0)] = 32
    activations: tuple[str, ...] | None = None
    bias: bool = True
    output: OutputName = "auto"

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """Return the units of each hidden layer."""
        return (self.width,) * self.depth if self.hidden is None else self.hidden


@dataclass(frozen=True)
class Engine:
    """Which library trains: so far the NumPy engine of this project."""

    name: Literal["numpy"] = "numpy"


@dataclass(frozen=True)
class Scalars:
    """The keys of a run that belong to no group."""

    seed: Seed = 0
    seeds: Seeds = Seeds()
    dtype: Literal["float32", "float64"] = "float64"


SCALARS = frozenset(field.name for field in fields(Scalars))
ARCHITECTURES = {"mlp": Architecture}
ENGINES = {"numpy": Engine}

GROUPS: dict[str, Mapping[str, type[Any]]] = {
    "architecture": ARCHITECTURES,
    "activation": ACTIVATIONS,
    "initializer": INITIALIZERS,
    "loss": LOSSES,
    "optimizer": FEEDINGS,
    "update": UPDATE_RULES,
    "schedule": SCHEDULES,
    "stopping": STOPPINGS,
    "dataset": DATASETS,
    "diagnostics": DIAGNOSTICS,
    "engine": ENGINES,
}


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """One run: a regime and a seed. Equal values train to equal bits."""

    seed: int
    seeds: Seeds
    dtype: str
    architecture: Architecture
    activation: Activation
    initializer: Initializer
    loss: Loss
    optimizer: Feeding
    update: UpdateRule
    schedule: Schedule
    stopping: Stopping
    dataset: Dataset
    diagnostics: Diagnostics
    engine: Engine

    @property
    def split_seed(self) -> int:
        """Return the seed of the split."""
        return self.seed if self.seeds.split is None else self.seeds.split

    @property
    def weights_seed(self) -> int:
        """Return the seed of the initial weights."""
        return self.seed if self.seeds.weights is None else self.seeds.weights

    @property
    def order_seed(self) -> int:
        """Return the seed of the sample order."""
        return self.seed if self.seeds.order is None else self.seeds.order

    @property
    def output(self) -> str:
        """Return the output function, ``auto`` resolved."""
        if self.architecture.output != "auto":
            return self.architecture.output
        classes = self.dataset.classes
        if classes is None:
            return "identity"
        return "sigmoid" if classes == 2 else "softmax"

    @property
    def outputs(self) -> int:
        """Return the number of output columns."""
        classes = self.dataset.classes
        if classes is None:
            return self.dataset.columns
        return 1 if classes == 2 and self.output != "softmax" else classes

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the units by layer: features, hidden layers, outputs."""
        return (self.dataset.features, *self.architecture.hidden_sizes, self.outputs)

    @property
    def activations(self) -> tuple[Activation, ...]:
        """Return the activation of each hidden layer."""
        names = self.architecture.activations
        if names is None:
            return (self.activation,) * len(self.architecture.hidden_sizes)
        return tuple(ACTIVATIONS[name]() for name in names)

    @property
    def feeding_label(self) -> str:
        """Return how figures write the feeding, for example ``GD (all 1,077)``."""
        return self.optimizer.label(split_sizes(self.dataset)[0])

    @property
    def flat(self) -> dict[str, Any]:
        """Return the leaves by dotted key; a group's choice stands under the group's own name.

        Data sets stand there by their titles.
        """
        found: dict[str, Any] = {}
        for name in FIELDS:
            value = getattr(self, name)
            if name in CHOSEN:
                found.update(_leaves(_Itself(value), name))
            else:
                found[name] = value
        found["dataset"] = self.dataset.title
        return found


FIELDS = tuple(field.name for field in fields(RunConfig))
CHOSEN = GROUPS.keys() | {"seeds"}
"""Fields that many runs of a grid share: what is derived from one is kept."""
KEPT = 4096


class _Itself:
    """A choice as a key by identity, since equal ones may be written differently: 0.0 and -0.0."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.value is other.value


@lru_cache(maxsize=KEPT)
def _leaves(choice: _Itself, path: str) -> tuple[tuple[str, Any], ...]:
    found: list[tuple[str, Any]] = []
    for field in fields(choice.value):
        inner = getattr(choice.value, field.name)
        key = path if field.name == "name" else f"{path}.{field.name}"
        found += _leaves(_Itself(inner), key) if is_dataclass(inner) else [(key, inner)]
    return tuple(found)


def validate(container: Mapping[str, Any]) -> RunConfig:
    """Return the run that a resolved configuration asks for.

    Parameters
    ----------
    container : mapping
        Plain dicts, lists and scalars, with a dict for each group of `GROUPS` and the keys of
        `Scalars`. Other keys are an error.

    Raises
    ------
    ConfigurationError
        One line for the first thing that is wrong.
    """
    for key in container:
        if key not in GROUPS and key not in SCALARS:
            known = sorted({*GROUPS, *SCALARS})
            raise ConfigurationError(f"{key}: unknown key; allowed: {', '.join(known)}{nearest(key, known)}")
    for group in GROUPS:
        if group not in container:
            raise ConfigurationError(f"{group}: missing")
    top = build(Scalars, {key: container[key] for key in SCALARS if key in container})
    chosen = {group: choose(GROUPS[group], group, container[group]) for group in GROUPS}
    run = RunConfig(seed=top.seed, seeds=top.seeds, dtype=top.dtype, **chosen)
    check(run)
    return run


def check(run: RunConfig) -> None:
    """Refuse choices that are each valid but make no sense together.

    Raises
    ------
    ConfigurationError
        One line for the first that do not.
    """
    run.dataset.check()
    names, hidden = run.architecture.activations, run.architecture.hidden_sizes
    for name in names or ():
        if name not in ACTIVATIONS:
            raise unknown("architecture.activations", name, ACTIVATIONS)
    if names is not None and len(names) != len(hidden):
        raise ConfigurationError(
            f"architecture.activations = {list(names)}: {len(names)} names for {len(hidden)} hidden "
            "layers; allowed: one name a hidden layer, or null for `activation` in all of them"
        )
    if run.output == "softmax" and run.outputs == 1:
        raise ConfigurationError(
            f"architecture.output = 'softmax': {run.dataset.title} is a regression with a single "
            "output column, whose softmax is always 1; allowed: identity, sigmoid, auto"
        )
    if run.output not in run.loss.outputs:
        why = ", whose values are no probabilities" if run.output == "identity" else ""
        raise ConfigurationError(
            f"loss = {_name(run.loss)!r}: not defined over {run.output} outputs{why}; allowed: "
            f"architecture.output={'|'.join(run.loss.outputs)}, or loss=mse"
        )
    if run.dataset.classes is None and _name(run.loss) == "cross_entropy":
        raise ConfigurationError(
            f"loss = 'cross_entropy': {run.dataset.title} is a regression; allowed: loss=mse"
        )
    _check_class_weight(run.loss.class_weight, run.dataset)
    train = split_sizes(run.dataset)[0]
    batch = run.optimizer.epoch(train).batch
    if batch > train:
        raise ConfigurationError(
            f"optimizer.batch_size = {batch}: larger than the {train:,} training "
            f"samples of {run.dataset.title}; allowed: 1 to {train}, or optimizer=gd for all at once"
        )
    update = batch * multiply_adds(run.sizes)
    if run.stopping.multiply_adds is not None and run.stopping.multiply_adds < update:
        raise ConfigurationError(
            f"stopping.multiply_adds = {run.stopping.multiply_adds:,}: less than one update costs; "
            f"allowed here: at least {update:,}"
        )
    _check_measures(run.diagnostics.measures)
    _check_measurable(run)


def _check_class_weight(weight: ClassWeight | None, dataset: Dataset) -> None:
    if weight is None:
        return
    given = weight if isinstance(weight, str) else list(weight)
    if dataset.classes is None:
        raise ConfigurationError(
            f"loss.class_weight = {given!r}: {dataset.title} is a regression; allowed: null"
        )
    if isinstance(weight, str):
        return
    if len(weight) != dataset.classes or not any(weight):
        raise ConfigurationError(
            f"loss.class_weight = {given}: {dataset.title} has {dataset.classes} classes; allowed: a "
            "weight for each, not all of them 0, or balanced, or null"
        )


def _check_measures(names: tuple[str, ...]) -> None:
    """Refuse diagnostics that there are not, and those named twice."""
    for place, name in enumerate(names):
        if name not in KNOWN:
            raise unknown("diagnostics.measures", name, KNOWN)
        if name in names[:place]:
            raise ConfigurationError(
                f"diagnostics.measures = {list(names)}: {name} twice; allowed: each name once"
            )


def _check_measurable(run: RunConfig) -> None:
    """Refuse diagnostics that the network is too large for, or has kinks for."""
    count = parameter_count(run.sizes, run.architecture.bias)
    for name in run.diagnostics.measures:
        most = MOST_PARAMETERS.get(name, count)
        if count > most:
            raise ConfigurationError(
                f"diagnostics.measures = {name!r}: the network has {count:,} parameters; allowed: at "
                f"most {most}, or measures without it"
            )
        kinked = [each.name for each in run.activations if each.name in KINKED]
        if name.startswith("hessian") and kinked:
            raise ConfigurationError(
                f"diagnostics.measures = {name!r}: {kinked[0]} has kinks, where there is no Hessian; "
                "allowed: smooth activations, such as sigmoid, tanh, softplus and identity"
            )


def _name(choice: Any) -> str:
    return str(choice.name)


def fingerprint(run: RunConfig, data_digest: str) -> str:
    """Return the run's identity: SHA-256 of its canonical JSON, its data and the numerics.

    Fields at the default they were introduced with are left out, so that a new key does not
    orphan the runs made before it.
    """
    texts = {
        name: _choice_written(_Itself(value)) if name in CHOSEN else _written(value)
        for name, value in _deviations(run).items()
    }
    parts = {"data": _written(data_digest), "numerics": _written(NUMERICS), "run": _joined(texts)}
    return hashlib.sha256(_joined(parts).encode()).hexdigest()


@lru_cache(maxsize=KEPT)
def _choice_written(choice: _Itself) -> str:
    return _written(choice.value)


def _written(value: Any) -> str:
    """Return canonical JSON of a value, without the fields that a dataclass has by default."""
    if is_dataclass(value):
        return _joined({name: _written(inner) for name, inner in _deviations(value).items()})
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _joined(texts: Mapping[str, str]) -> str:
    members = [f'"{name}":{texts[name]}' for name in sorted(texts)]
    return f"{{{','.join(members)}}}"


def _deviations(value: Any) -> dict[str, Any]:
    """Return a dataclass's name and the fields that differ from their default."""
    return {
        field.name: getattr(value, field.name)
        for field in fields(value)
        if field.name == "name" or field.default is MISSING or getattr(value, field.name) != field.default
    }
