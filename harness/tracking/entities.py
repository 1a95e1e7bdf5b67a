"""Tags and parameters as MLflow takes them."""

from collections.abc import Mapping

from mlflow.entities import Param, RunTag

from harness.tracking.texts import PARAMETER_LENGTH, TAG_LENGTH, storable

SOURCE = "python -m harness"
"""What MLflow shows as the source of a run."""


def tags(texts: Mapping[str, str]) -> list[RunTag]:
    """Return tags as a store takes them."""
    return [RunTag(key, storable(value, TAG_LENGTH)) for key, value in texts.items()]


def plain(texts: Mapping[str, str]) -> dict[str, str]:
    """Return tags by key as a store takes them."""
    return {tag.key: tag.value for tag in tags(texts)}


def parameters(values: Mapping[str, object]) -> list[Param]:
    """Return parameters as a store takes them."""
    return [Param(key, storable(str(value), PARAMETER_LENGTH)) for key, value in values.items()]
