"""Texts as every store takes them: no longer than its columns, of characters that it can keep."""

from collections.abc import Mapping

from mlflow.entities import Param, RunTag

NAME_LENGTH = 250
"""Of a run's name, in MLflow's SQL schema; PostgreSQL refuses a longer one."""
TAG_LENGTH = 5000
PARAMETER_LENGTH = 6000
CUT = "…"


def storable(text: str, most: int) -> str:
    """Return a text that any store takes: without NUL and halves of characters, its middle left out if long.

    The ends stay: of names that differ, most do so at their ends.
    """
    # What is no character comes from a command line in another encoding; a store would refuse it whole.
    kept = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    if len(kept) <= most:
        return kept
    head = (most - len(CUT)) // 2
    return f"{kept[:head]}{CUT}{kept[len(kept) - (most - len(CUT) - head) :]}"


def run_name(name: str) -> str:
    """Return a run's name as a store takes it."""
    return storable(name, NAME_LENGTH)


def tags(texts: Mapping[str, str]) -> list[RunTag]:
    """Return tags as a store takes them."""
    return [RunTag(key, storable(value, TAG_LENGTH)) for key, value in texts.items()]


def parameters(values: Mapping[str, object]) -> list[Param]:
    """Return parameters as a store takes them."""
    return [Param(key, storable(str(value), PARAMETER_LENGTH)) for key, value in values.items()]
