"""The studies of sweeps/, as they are written."""

import json
from collections.abc import Iterator
from typing import Any

import yaml

from harness import locations
from harness.errors import ConfigurationError, why
from harness.validation import foreign


def library() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and content of each study in sweeps/, in the order of their names.

    Raises
    ------
    ConfigurationError
        At the first file that cannot be read.
    """
    for name in names():
        yield name, read(name)


def names() -> list[str]:
    """Return what the studies in sweeps/ are called, whether they can be read or not."""
    return [path.stem for path in sorted(locations.SWEEPS.glob("*.yaml"))]


def read(name: str) -> dict[str, Any]:
    """Return the content of a study.

    Raises
    ------
    ConfigurationError
        One line naming the file, and the line or the key, if it is no mapping in YAML of what JSON can hold.
    """
    path = locations.SWEEPS / f"{name}.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(why(error)) from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}{_said(error)}") from None
    except ValueError as error:
        # Of bytes that are no text, and of dates that no calendar has.
        raise ConfigurationError(f"{path}: cannot be read: {error}") from None
    if not isinstance(content, dict):
        kind = "empty" if content is None else f"a {type(content).__name__}"
        raise ConfigurationError(f"{path}: is {kind}; needed: a mapping of a study's keys, such as name: ...")
    try:
        json.dumps(content)
    except TypeError:
        raise ConfigurationError(f"{path}: {foreign(content, '')}") from None
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    return content


def _said(error: yaml.YAMLError) -> str:
    """Return where a file is no YAML, and why, to be put behind its path."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    text = " ".join(str(problem or error).split())
    return f", line {mark.line + 1}: {text}" if mark is not None else f": {text}"
