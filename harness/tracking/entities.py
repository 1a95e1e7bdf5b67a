"""Tags and parameters as MLflow takes them."""

from collections.abc import Mapping

from mlflow.entities import Param, RunTag

from harness.tracking.texts import PARAMETER_LENGTH, TAG_LENGTH, storable


def tags(texts: Mapping[str, str]) -> list[RunTag]:
    """Return tags as a store takes them."""
    return [RunTag(key, storable(value, TAG_LENGTH)) for key, value in texts.items()]


def parameters(values: Mapping[str, object]) -> list[Param]:
    """Return parameters as a store takes them."""
    return [Param(key, storable(str(value), PARAMETER_LENGTH)) for key, value in values.items()]
