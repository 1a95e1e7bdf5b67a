"""From plain containers to frozen dataclasses, and from a validator's findings to one line.

Rooms declare what they accept as standard-library dataclasses with annotated ranges and import no
validator; pydantic reads those declarations here: extra keys forbidden, infinities and NaN
refused, whole numbers, floats and booleans never taken for one another (but 1 is a float).
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import ErrorDetails

from harness.errors import ConfigurationError, nearest, unknown

T = TypeVar("T")

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
UNITED = ("int", "float", "str", "bool")
"""Where a value may be of several types, a finding's path names the one that it speaks of."""

_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(cls: type[Any]) -> TypeAdapter[Any]:
    if cls not in _ADAPTERS:
        _ADAPTERS[cls] = TypeAdapter(with_config(STRICT)(cls))
    return _ADAPTERS[cls]


def build(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """Return `cls` made from `values`.

    Parameters
    ----------
    where : str
        The key under which the values stand, for messages.

    Raises
    ------
    ConfigurationError
        One line naming the key, the value and what is allowed.
    """
    try:
        made: T = _adapter(cls).validate_json(json.dumps(values))
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise ConfigurationError(_sentence(cls, found[0], where)) from None
    except TypeError as error:
        raise ConfigurationError(f"{where or cls.__name__}: {error}") from None
    return made


def choose(registry: Mapping[str, type[T]], group: str, values: Any, *, by: str = "name") -> T:
    """Return the choice of a group: the class called ``values[by]``, with its parameters."""
    key = group if by == "name" else f"{group}.{by}"
    if not isinstance(values, Mapping) or not isinstance(values.get(by), str):
        raise ConfigurationError(f"{key} = {values!r}: not a choice; allowed: {', '.join(sorted(registry))}")
    if values[by] not in registry:
        raise unknown(key, values[by], registry)
    return build(registry[values[by]], values, group)


def _sentence(cls: type, found: ErrorDetails, where: str) -> str:
    path = [str(part) for part in found["loc"] if not str(part).endswith("]") and part not in UNITED]
    key = ".".join([part for part in (where, *path) if part])
    if found["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        known = sorted(field.name for field in fields(cls))
        return f"{key}: unknown key; allowed: {', '.join(known)}{nearest(path[-1], known)}"
    if found["type"] == "missing":
        return f"{key}: missing"
    given = found["input"]
    allowed = str(found["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    offer = ""
    if found["type"] == "literal_error":
        choices = str(found.get("ctx", {}).get("expected", "")).replace("'", "")
        offer = nearest(str(given), choices.replace(" or ", ", ").split(", "))
    if key == "stopping.epochs":
        offer = "; stopping.updates=0 trains nothing and records the start"
    return f"{key} = {given!r}: must be {allowed}{offer}"
